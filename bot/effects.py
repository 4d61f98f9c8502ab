"""What flows want done, done by storage within the turn's transaction."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot import answers
from bot.agencies import Agencies
from bot.appointments import Appointments
from bot.consultations import Consultations
from bot.house import House
from bot.mailbag import Mailbag
from bot.officers import Officers
from bot.outreach import Outreach
from bot.surveys import Surveys
from bot.talks import Talks
from bot.waiting import WaitingList
from dialogs.agencies import (
    AgencyEffect,
    AnswerWish,
    Arrive,
    BecomeMember,
    FindMember,
    FindReply,
    FindWish,
    Forward,
    KeepShare,
    OpenShares,
    Shares,
)
from dialogs.appointments import Appointment
from dialogs.consultations import (
    AnswerAction,
    ConsultationEffect,
    CountVisits,
    FindAction,
    FindRecord,
    KeepHours,
    KeepRecord,
)
from dialogs.content import Content
from dialogs.effects import (
    DeleteResult,
    EarlierResult,
    Effect,
    EraseOwner,
    ExportLink,
    FindAnswers,
    FindCode,
    GiveConsent,
    JoinConversation,
    LatestResult,
    LookUp,
    MakeCode,
    Peers,
    RateAnswer,
    Recognise,
    SaveResult,
)
from dialogs.officers import (
    Attend,
    Enrol,
    FindInvitation,
    FindVisit,
    InviteOfficer,
    Officer,
    PartyNotice,
    PutOut,
    Write,
)
from dialogs.outreach import FindNews, KeepNews, OfferNews, OutreachEffect, TakeLetter, Tap
from dialogs.surveys import AskSurvey, KeepReason, KeepScore, Survey
from dialogs.talks import EndTalk, FindDesk, IsLed, OpenTalk, PassBack, PassOn, PassTime, TakeWords
from dialogs.waiting import Called, FindWaiting, StopWaiting, WaitForDay, Waiting
from knowledge import faq
from scheduler.days import day_in_japan, day_words
from scheduler.named import named_day
from scoring.result import from_json, to_json
from scoring.score import marked
from storage import codes, experts, journeys, members, owners, questions, results

# What is kept of an owner's answers beside the result itself, to be counted by.
PROFILE_KEPT = ("industry", "size", "prefecture")


class Effects:
    """The effects of one turn of one owner.

    `erased` tells that the owner's data went, `joined` which owner this one turned out to be; `member` is who of an
    agency acts for the owner, at their side.
    """

    def __init__(
        self,
        connection: Connection,
        content: Content,
        owner_id: int,
        turn: int,
        now: datetime,
        house: House,
        member: int | None = None,
        mailbag: Mailbag | None = None,
    ) -> None:
        self.connection = connection
        self.content = content
        self.owner_id = owner_id
        self.turn = turn
        self.now = now
        self.house = house
        self.appointments = Appointments(connection, content, owner_id, now, house)
        self.officers = Officers(self.appointments)
        self.agencies = Agencies(self.officers, content.phrases, member)
        self.consultations = Consultations(connection, content, self.appointments)
        self.waiting = WaitingList(connection, owner_id, now)
        self.surveys = Surveys(connection, owner_id, now)
        self.talks = Talks(connection, owner_id, now, house)
        self.outreach = Outreach(connection, content, owner_id, now, house.letters_a_week, member, house.lead, mailbag)
        self.erased = False
        self.joined: int | None = None
        self.member = member

    def perform(self, effect: Effect) -> Any:
        """Do what the effect says; gives its result as JSON data."""
        match effect:
            case GiveConsent(notice):
                owners.give_consent(self.connection, self.owner_id, notice, self.now)
            case EarlierResult(run, depth):
                return shown(results.before(self.connection, self.owner_id, run, depth))
            case LatestResult():
                return shown(results.latest(self.connection, self.owner_id))
            case Peers(industry, size):
                return results.peers(self.connection, self.owner_id, industry, size)
            case SaveResult():
                return self.save(effect)
            case DeleteResult(token):
                gone = results.remove(self.connection, self.owner_id, token)
                self.describe()
                return gone
            case ExportLink():
                return self.house.sign(self.owner_id)
            case EraseOwner():
                self.appointments.leave()
                self.appointments.retire()
                self.officers.leave()
                self.waiting.leave_all()
                self.talks.leave()
                owners.erase(self.connection, self.owner_id, self.turn, self.now)
                self.erased = True
            case MakeCode() | FindCode() | JoinConversation():
                return self.link(effect)
            case FindAnswers() | Recognise() | LookUp() | RateAnswer():
                return self.answer(effect)
            case FindDesk() | OpenTalk() | PassOn() | PassBack() | IsLed() | EndTalk() | TakeWords() | PassTime():
                return self.talks.perform(effect)
            case _:
                return self.around_meetings(effect)
        return None

    @property
    def came_by(self) -> tuple[int | None, int | None]:
        """By which agency, and which of its ways, the owner has come in this turn."""
        return self.agencies.came_by

    def around_meetings(
        self, effect: Appointment | ConsultationEffect | Officer | Survey | Waiting | AgencyEffect | OutreachEffect
    ) -> Any:
        """What has to do with meetings, before and after them, and with who brings owners there."""
        match effect:
            case Arrive() | OpenShares() | Shares() | KeepShare() | FindWish() | AnswerWish() | FindReply():
                return self.agencies.perform(effect)
            case BecomeMember() | FindMember() | Forward():
                return self.agencies.perform(effect)
            case FindNews() | OfferNews() | KeepNews() | TakeLetter() | Tap():
                return self.outreach.perform(effect)
            case AskSurvey() | KeepScore() | KeepReason():
                return self.surveys.perform(effect)
            case WaitForDay() | FindWaiting() | StopWaiting() | Called():
                return self.waiting.perform(effect)
            case KeepRecord() | FindRecord() | FindAction() | AnswerAction() | KeepHours() | CountVisits():
                return self.consultations.perform(effect)
            case (
                InviteOfficer()
                | FindInvitation()
                | Attend()
                | PutOut()
                | FindVisit()
                | Write()
                | PartyNotice()
                | Enrol()
            ):
                return self.officers.perform(effect)
            case _:
                return self.appointments.perform(effect)

    def link(self, effect: MakeCode | FindCode | JoinConversation) -> Any:
        """What has to do with going on in another app."""
        match effect:
            case MakeCode():
                code = codes.make(self.connection, self.owner_id, self.now)
                return {"code": code, "minutes": codes.LIFE // timedelta(minutes=1)}
            case FindCode(code):
                whose = codes.owner_of(self.connection, code, self.now)
                if whose is not None and (apart := self.two(whose)):
                    return apart
                return "" if whose is None else "own" if whose == self.owner_id else "other"
            case JoinConversation(code):
                whose = codes.owner_of(self.connection, code, self.now)
                if whose is not None and not self.two(whose):
                    self.joined = codes.use(self.connection, code, self.now)
                return self.joined is not None

    def two(self, other: int) -> str:
        """Whether this person and another are two "experts" or two "members", who stay two; "" for no such two.

        Each expert has hours, bookings and pages, each member an agency.
        """
        people = (self.owner_id, other)
        if self.owner_id == other:
            return ""
        if all(experts.find(self.connection, owner_id=person) for person in people):
            return "experts"
        return "members" if all(members.find(self.connection, owner_id=person) for person in people) else ""

    def answer(self, effect: FindAnswers | Recognise | LookUp | RateAnswer) -> Any:
        """What has to do with questions of the owner's own."""
        match effect:
            case FindAnswers():
                return self.find(effect)
            case Recognise(text):
                return answers.sure(text)
            case LookUp(id, text):
                return self.look_up(id, text)
            case RateAnswer(number, entry, verdict):
                questions.rate(self.connection, self.owner_id, number, entry, verdict)
        return None

    def find(self, effect: FindAnswers) -> dict[str, Any]:
        """Look for answers, and keep the question."""
        found = answers.found(self.content, effect)
        nearest = found.ids[0] if found.ids else None
        number = questions.ask(
            self.connection,
            self.owner_id,
            effect.text,
            confident=found.confident,
            area=self.content.faq[nearest].area if nearest else "",
            entry=nearest if found.confident else None,
            now=self.now,
        )
        return {"confident": found.confident, "outside": found.outside, "ids": found.ids, "asked": number}

    def look_up(self, id: str, text: str) -> dict[str, Any]:
        """The entry that holds on the day that is named, or today."""
        today = day_in_japan(self.now)
        on = named_day(text, today) or today
        entry = self.content.faq.get(id)
        if entry is None:
            return {"id": id, "standing": "ended", "ended": ""}
        held = faq.version(self.content.faq, entry, on)
        ended = entry.id if held is not entry and faq.standing(entry, on) == "ended" else ""
        standing = faq.standing(held, on)
        if standing == "unchecked":
            # Whether it was checked of late has to do with today, whatever day is asked about.
            standing = "unchecked" if today - held.checked > faq.FRESH else "valid"
        return {"id": held.id, "standing": standing, "ended": ended}

    def save(self, effect: SaveResult) -> str:
        """Keep a result; gives its token."""
        score = effect.result.score
        token = results.save(
            self.connection,
            owner_id=self.owner_id,
            run=effect.run,
            depth=score.depth,
            answers=effect.answers,
            data=to_json(effect.result),
            segment=score.segment,
            balance={axis.category: axis.value for axis in score.balance},
            day=day_in_japan(self.now),
            now=self.now,
            member_id=self.member,
        )
        self.surveys.after_check(token)
        journeys.mark(self.connection, self.owner_id, "finished", self.now)
        self.describe()
        return token

    def describe(self) -> None:
        """Keep what the latest result says of the owner, to be counted by."""
        stored = results.latest(self.connection, self.owner_id)
        answers = stored.answers if stored else {}
        profile = {name: str(answers.get(name) or "") for name in PROFILE_KEPT}
        levels = marked(self.content.questionnaire, answers)
        segment = from_json(stored.result).score.segment if stored else ""
        journeys.describe(
            self.connection, self.owner_id, segment, profile, levels.keys(), tools=answers.get("q3") or ()
        )


def shown(stored: results.Stored | None) -> dict[str, Any] | None:
    """A stored result as flows see it."""
    if stored is None:
        return None
    return {
        "token": stored.token,
        "day": day_words(stored.day),
        "answers": stored.answers,
        "result": stored.result,
    }
