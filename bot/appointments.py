"""What flows want of bookings, done by storage; who else has to know of it is told by a timer that is due at once."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.house import House
from bot.notices import THANKS, Notices
from bot.offers import Offers, free_times, is_free, offered, prefecture
from bot.views import Views, words
from bot.waiting import WaitingList
from dialogs.appointments import (
    AnswerProposal,
    AnswerRequest,
    AnyExpert,
    Appointment,
    Book,
    Bookings,
    CancelBooking,
    Elapse,
    FindBooking,
    FreeSlots,
    FreeWays,
    HasAgreed,
    HoldSlot,
    IsWish,
    KnownReach,
    LastExpert,
    MoveBooking,
    Notice,
    OfBooking,
    OfExpert,
    Overlapping,
    ProposeTime,
    Schedule,
    ShareCheck,
    TookPlace,
)
from dialogs.content import Content
from scheduler import wishes
from scheduler.bookings import Impossible
from scheduler.days import in_japan
from scheduler.experts import WAYS, Span, met_by
from scheduler.reminders import SHORTLY, hourly, loud, overdue
from storage import bookings, experts, owners, timers
from storage.bookings import HOLD, Booking
from storage.experts import Expert

# Meetings that an expert is shown in the chat; the page has all of them.
AHEAD = 5
# Bookings in these count towards how many an owner may have.
VISITS = ("pending", "proposed", "confirmed", "done")
# What a timer is good for only before the meeting.
BEFORE = (
    *("day", "hour", "unanswered", "asked", "proposed", "pass_on", "lapse"),
    *("accepted", "agreed", "moved", "booked"),
)
# What a timer is good for although the booking has changed, in these states.
STILL = {"thanks": ("done",)}


class Appointments:
    """The bookings of one turn, which is that of `person`: an owner, an expert or an officer."""

    def __init__(self, connection: Connection, content: Content, person: int, now: datetime, house: House) -> None:
        self.connection = connection
        self.content = content
        self.person = person
        self.now = now
        self.house = house
        self.notices = Notices(connection, now, house)
        self.views = Views(connection, content, person, now, house)
        self.waiting = WaitingList(connection, person, now)

    def perform(self, effect: Appointment) -> Any:
        """Do what the effect says; gives its result as JSON data."""
        try:
            return self._perform(effect)
        except Impossible:
            # A button of yesterday: the flow says that it is too late.
            return None

    def _perform(self, effect: Appointment) -> Any:
        match effect:
            case FreeSlots(topic, way):
                return offered(self.offers(topic, way), effect)
            case AnyExpert():
                return self.anybody()
            case FreeWays(topic):
                return [way for way in WAYS if self.offers(topic, way).any()]
            case Overlapping(at, expert):
                return self.overlapping(datetime.fromisoformat(at), expert)
            case HasAgreed(notice):
                return owners.agreed(self.connection, self.person, notice)
            case IsWish(text):
                return wishes.wish(text, self.now) is not None
            case KnownReach():
                return next((one.reach for one in bookings.of_owner(self.connection, self.person) if one.reach), "")
            case LastExpert():
                return self.last_expert()
            case Bookings():
                return [self.views.view(one) for one in self.ahead()]
            case Schedule():
                return self.schedule()
            case Notice(kind, subject, revision):
                return self.notice(kind, subject, revision)
            case _:
                return self.views.view(self._done(effect))

    def _done(self, effect: OfBooking) -> Booking | None:
        """The booking as an effect leaves it; None where that was not possible."""
        match effect:
            case HoldSlot():
                return self.hold(effect)
            case Book():
                return self.book(effect)
            case FindBooking(token):
                return self.mine(token)
            case MoveBooking(token, at):
                return self.move(token, datetime.fromisoformat(at))
            case CancelBooking(token):
                return self.cancel(token)
            case ShareCheck(token, share):
                return self.share(token, share)
            case AnswerProposal(token, revision):
                return self.agree(token, revision)
            case Elapse(kind, subject, revision):
                return self.elapse(kind, subject, revision)
            case _:
                return self._done_by_expert(effect)

    def _done_by_expert(self, effect: OfExpert) -> Booking | None:
        match effect:
            case AnswerRequest(token, "accept", revision):
                return self.accept(token, revision)
            case AnswerRequest(token, _, revision):
                return self.decline(token, revision)
            case ProposeTime(token, at):
                return self.propose(token, datetime.fromisoformat(at))
            case TookPlace(token, yes):
                return self.took_place(token, yes)

    # ------------------------------------------------------------ the owner

    def prefecture(self) -> str:
        """Where the owner's business is, as far as the check has told."""
        return prefecture(self.connection, self.person)

    def visits(self) -> dict[str, Any]:
        """How many consultations the owner has had or booked, and how many there may be (see CountVisits)."""
        count = sum(one.state in VISITS for one in bookings.of_owner(self.connection, self.person))
        most = self.house.visits
        return {"count": count, "most": most, "left": not most or count < most}

    def offers(self, topic: str, way: str) -> Offers:
        """What is free for this owner, but for when they are at another meeting."""
        taken = [span(one) for one in self.kept_by(self.person)]
        return Offers(self.connection, topic, way, self.prefecture(), self.now, taken)

    def kept_by(self, owner: int) -> list[Booking]:
        """The bookings of an owner that stand."""
        return [one for one in bookings.of_owner(self.connection, owner) if one.stands and one.state != "held"]

    def clash(self, owner: int, expert: Expert, at: datetime, but: int = 0) -> Booking | None:
        """What an owner has booked at the time of a meeting, apart from one booking."""
        ends = at + timedelta(minutes=expert.profile.minutes)
        others = (one for one in self.kept_by(owner) if one.id != but)
        return next((one for one in others if one.starts_at < ends and at < one.ends_at), None)

    def overlapping(self, at: datetime, id: int) -> str:
        """The time of what the owner has booked already, in words."""
        expert = experts.find(self.connection, id=id)
        found = self.clash(self.person, expert, at) if expert else None
        return words(found) if found else ""

    def anybody(self) -> str:
        """Whether somebody is free, all is taken, or nobody is there."""
        known = [one for one in experts.all_of(self.connection) if one.bookable_at(self.now) and works(one)]
        held = experts.held(self.connection, [one.id for one in known], self.now)
        free = any(is_free(one, held[one.id], self.now) for one in known)
        return "free" if free else "full" if known else ""

    def hold(self, effect: HoldSlot) -> Booking | None:
        """Hold a time for the owner, where it is (still) free."""
        at = datetime.fromisoformat(effect.at)
        expert = experts.find(self.connection, id=effect.expert)
        own = bookings.of_owner(self.connection, self.person)
        before = [one for one in own if one.state == "held"]
        if expert is None or not self.visits()["left"] or self.clash(self.person, expert, at):
            return None
        if at not in self.times(expert, own=before):
            return None
        held = bookings.hold(self.connection, self.person, expert, at, effect.topic, effect.way, self.now)
        if held:
            self.notices.at(held, "held:owner", held.owner_id, self.now + HOLD)
            for one in before:
                timers.cancel(self.connection, one.subject)
                self.freed(one)
            for one in own:
                if (one.state, one.expert_id, one.starts_at) == ("expired", expert.id, at):
                    # That it was given free is no news any more.
                    timers.cancel(self.connection, one.subject)
        return held

    def times(self, expert: Expert, own: list[Booking]) -> list[datetime]:
        """When the expert can be met, by somebody who would give up these bookings for it."""
        held = experts.held(self.connection, [expert.id], self.now)[expert.id]
        bookings.without(self.connection, held, [one.id for one in own], expert)
        return free_times(expert, held, self.now)

    def book(self, effect: Book) -> Booking | None:
        """Book what is held; what was freed meanwhile is held anew where it is free."""
        one = self.ahead_of(self.mine(effect.token))
        if one and one.state == "expired":
            again = HoldSlot(one.starts_at.isoformat(), one.expert_id, one.topic, one.way)
            one = self.hold(again)
        if one is None or not self.visits()["left"]:
            return None
        expert = experts.get(self.connection, one.expert_id)
        shared = self.now if effect.share else None
        act = "ask" if expert.profile.asks else "book"
        booked = bookings.change(self.connection, one, act, self.now, reach=effect.reach, shared_at=shared)
        self.notices.tell(booked, "asked" if expert.profile.asks else "booked", "expert", "guest")
        self.notices.plan(booked)
        self.waiting.leave_all(in_japan(booked.starts_at).date())
        return booked

    def last_expert(self) -> dict[str, Any] | None:
        """Who the owner has met, or was to meet, last."""
        for one in bookings.of_owner(self.connection, self.person):
            expert = experts.get(self.connection, one.expert_id)
            held = experts.held(self.connection, [expert.id], self.now)[expert.id]
            if one.state in ("done", "confirmed") and is_free(expert, held, self.now):
                return {"id": expert.id, "who": expert.name}
        return None

    def ahead(self) -> list[Booking]:
        """What stands and is not over, of one's own or where one was invited; the next first."""
        own = bookings.of_owner(self.connection, self.person) + bookings.of_guest(self.connection, self.person)
        return sorted(
            (one for one in own if one.stands and one.state != "held" and one.ends_at > self.now),
            key=lambda one: one.starts_at,
        )

    def move(self, token: str, at: datetime) -> Booking | None:
        """Another time with the same expert."""
        one = self.ahead_of(self.mine(token))
        if one is None or one.owner_id != self.person:
            return None
        expert = experts.get(self.connection, one.expert_id)
        if at not in self.times(expert, own=[one]) or self.clash(self.person, expert, at, but=one.id):
            return None
        act = "move_and_ask" if expert.profile.asks else "move"
        moved = bookings.move(self.connection, one, act, expert, at, self.now)
        if moved:
            self.freed(one)
            self.notices.tell(moved, "asked" if expert.profile.asks else "moved", "expert", "guest", before=words(one))
            self.notices.plan(moved, instead=one)
        return moved

    def cancel(self, token: str) -> Booking | None:
        """Cancel, by the owner or the expert; the others are told."""
        one = self.ahead_of(self.mine(token))
        if one is None:
            return None
        if self.person != one.owner_id and one.state == "pending":
            # Nothing is agreed on yet: somebody else may have the time.
            return self.pass_on(one)
        other = "expert" if self.person == one.owner_id else "owner"
        return self.call_off(one, {other: "cancelled", "guest": "cancelled"})

    def call_off(self, one: Booking, told: Mapping[str, str]) -> Booking:
        """Cancel a locked booking; `told` names the notice for each role. Raises Impossible."""
        gone = bookings.change(self.connection, one, "cancel", self.now)
        timers.cancel(self.connection, one.subject)
        for role, what in told.items() if one.state != "held" else ():
            self.notices.tell(gone, what, role)
        self.freed(one)
        return gone

    def rebook(self, one: Booking, expert: Expert, at: datetime) -> Booking | None:
        """Give a locked booking another time or expert, as the operator has agreed on with both; everybody is told.

        Another expert does not see the check before the owner lets them. None where that time is not free. Raises
        Impossible.
        """
        if at not in self.times(expert, own=[one]):
            return None
        shared = one.shared_at if expert.id == one.expert_id else None
        moved = bookings.move(self.connection, one, "move", expert, at, self.now, shared_at=shared)
        if moved:
            before = experts.get(self.connection, one.expert_id)
            self.freed(one)
            told = ["owner", "guest", *(["expert"] if before.id == expert.id else [])]
            self.notices.tell(moved, "moved", *told, before=words(one), hidden=one.shared_at != shared)
            if before.id != expert.id:
                self.notices.at(moved, "forgotten:expert", before.owner_id, self.now, when=words(one))
                self.notices.tell(moved, "booked", "expert")
            self.notices.plan(moved)
        return moved

    def share(self, token: str, share: bool) -> Booking | None:
        """Let the expert see the owner's check, or not any more."""
        one = self.mine(token)
        if one is None or one.owner_id != self.person:
            return None
        return bookings.note(self.connection, one, shared_at=self.now if share else None)

    def agree(self, token: str, revision: int = 0) -> Booking | None:
        """Take the time that the expert has proposed."""
        one = self.ahead_of(as_shown(self.mine(token), revision))
        if one is None or one.owner_id != self.person:
            return None
        agreed = bookings.change(self.connection, one, "agree", self.now)
        self.notices.tell(agreed, "agreed", "expert", "guest")
        self.notices.plan(agreed)
        return agreed

    def leave(self) -> None:
        """Cancel all that stands of somebody who wants to be forgotten; the booking itself goes with them."""
        for one in bookings.of_owner(self.connection, self.person):
            # Whoever comes; and who was yet to be told something, such as that it is cancelled.
            told = {timer.owner_id for timer in timers.of(self.connection, one.subject)}
            timers.cancel(self.connection, one.subject)
            if one.stands:
                bookings.change(self.connection, one, "cancel", self.now)
                told |= {person for _, person in self.notices.people(one)} if one.state != "held" else set()
                self.freed(one)
            # What others were told of it may have the owner's telephone number in it.
            bookings.forget_words(self.connection, one, self.now)
            for person in sorted(told - {self.person}) if self.ahead_of(one) else ():
                self.notices.at(one, f"forgotten:{person}", person, self.now, when=words(one))

    def retire(self) -> None:
        """Book an expert no more who wants to be forgotten: requests go to others, what is settled is cancelled."""
        expert = experts.find(self.connection, owner_id=self.person)
        if expert is None:
            return
        experts.keep(self.connection, expert.id, active=False)
        for one in bookings.of_expert(self.connection, expert.id):
            if one.state == "pending":
                self.pass_on(one)
            elif one.stands and self.ahead_of(one):
                self.cancel(one.token)

    # ------------------------------------------------------------ the expert

    def accept(self, token: str, revision: int = 0) -> Booking | None:
        """Take a request."""
        one = self.ahead_of(as_shown(self.mine(token, expert=True), revision))
        if one is None:
            return None
        taken = bookings.change(self.connection, one, "accept", self.now)
        self.notices.tell(taken, "accepted", "owner", "guest")
        self.notices.plan(taken)
        return taken

    def decline(self, token: str, revision: int = 0) -> Booking | None:
        """Leave a request to the next who is free at that time; the owner is told where there is none."""
        one = as_shown(self.mine(token, expert=True), revision)
        return self.pass_on(one) if one else None

    def pass_on(self, one: Booking, *, gently: bool = False) -> Booking:
        """Ask the next, and tell the owner who that is; refused where nobody has the time. `gently` as for `tell`.

        Whether the check may be seen goes along: it is for whoever takes the booking.
        """
        asked = [*one.asked, one.expert_id]
        near = prefecture(self.connection, one.owner_id)
        free = Offers(self.connection, one.topic, one.way, near, self.now)
        while slot := next((slot for slot in free.slots(without=asked) if slot.at == one.starts_at), None):
            expert = free.experts[slot.expert]
            act = "pass_on" if expert.profile.asks else "place"
            passed = bookings.move(self.connection, one, act, expert, one.starts_at, self.now, asked=asked)
            if passed:
                self.notices.tell(passed, "asked" if expert.profile.asks else "booked", "expert", gently=gently)
                if expert.profile.asks:
                    self.notices.tell(passed, "passed", "owner", gently=gently)
                else:
                    self.notices.tell(passed, "accepted", "owner", "guest", gently=gently)
                self.notices.plan(passed, self.notices.undisturbed(passed, "expert") if gently else None)
                self.freed(one)
                return passed
            asked.append(slot.expert)
        refused = bookings.change(self.connection, one, "refuse", self.now, asked=asked)
        timers.cancel(self.connection, one.subject, but=refused.revision)
        self.notices.tell(refused, "declined", "owner", "guest", gently=gently)
        self.freed(one)
        return refused

    def withdraw(self, one: Booking) -> Booking:
        """Ask the next in place of an expert who has not answered, and tell the one."""
        silent = experts.get(self.connection, one.expert_id)
        passed = self.pass_on(one, gently=True)
        # Told even where the booking, which is another's by now, changes meanwhile.
        due = loud(self.now, ZoneInfo(silent.profile.zone))
        news = {"when": words(one)}
        timers.add(self.connection, f"passed:{one.id}", "passed:expert", one.revision, silent.owner_id, due, news)
        return passed

    def propose(self, token: str, at: datetime) -> Booking | None:
        """Propose another time to the owner, which is held until they answer."""
        one = self.ahead_of(self.mine(token, expert=True))
        if one is None:
            return None
        expert = experts.get(self.connection, one.expert_id)
        if at not in self.times(expert, own=[one]) or self.clash(one.owner_id, expert, at, but=one.id):
            return None
        proposed = bookings.move(self.connection, one, "propose", expert, at, self.now)
        if proposed:
            self.freed(one)
            self.notices.tell(proposed, "proposed", "owner", *(["guest"] if one.state == "confirmed" else []))
            self.notices.plan(proposed, instead=one)
        return proposed

    def schedule(self) -> dict[str, Any] | None:
        """What lies ahead of the expert."""
        expert = experts.find(self.connection, owner_id=self.person)
        if expert is None:
            return None
        mine = bookings.of_expert(self.connection, expert.id)
        ahead = [self.views.view(one) for one in mine if one.stands and one.state != "held" and one.ends_at > self.now]
        return {"bookings": ahead[:AHEAD], "page": f"/x/{expert.token}"}

    def took_place(self, token: str, yes: bool) -> Booking | None:
        """Note whether a meeting that has begun took place."""
        one = self.mine(token, expert=True)
        if one is None or one.starts_at > self.now:
            return None
        done = "done" if yes else "no_show"
        return one if one.state == done else self.finish(one, yes=yes)

    def finish(self, one: Booking, *, yes: bool) -> Booking:
        """Note that a meeting took place, for which the owner is thanked once, or that nobody came."""
        finished = bookings.change(self.connection, one, "finish" if yes else "miss", self.now)
        self.notices.plan(finished)
        if not yes:
            self.notices.at(finished, "missed:owner", finished.owner_id, loud(self.now))
        elif one.state == "no_show" or not timers.told(self.connection, one.subject, "thanks:owner"):
            # Whoever was told that nobody came is told better at once.
            due = self.now if one.state == "no_show" else max(one.ends_at + THANKS, self.now)
            self.notices.at(finished, "thanks:owner", finished.owner_id, loud(due))
        return finished

    # ------------------------------------------------------------ timers

    def notice(self, kind: str, subject: str, revision: int) -> dict[str, Any] | None:
        """What a timer is to tell of a booking as it stands now; None where that no longer makes sense."""
        one = self._by_subject(subject)
        what = kind.split(":")[0]
        if one is None or (one.revision != revision and one.state not in STILL.get(what, ())):
            return None
        if what in BEFORE and one.starts_at <= self.now:
            return None
        if ":guest" in kind and self.person not in bookings.guests(self.connection, one.id):
            return None
        if what == "day" and one.starts_at - self.now <= SHORTLY and hourly(one.starts_at):
            # Late, as nothing ran: the other reminder is due as well, and says all that this one would.
            return None
        return {"booking": self.views.view(one), "mine": kind.split(":")[1]}

    def elapse(self, kind: str, subject: str, revision: int) -> Booking | None:
        """Do what time has brought about; None where something else has happened before."""
        one = self._by_subject(subject)
        if one and kind == "held" and one.state == "expired" and one.revision == revision + 1:
            # Somebody else who wanted the time has found before this timer that it was over.
            self.freed(one)
            return self._by_day(one, kind, revision)
        if one is None or one.revision != revision:
            return None
        if one.state == "expired":
            # It was at night; now it is told.
            return one
        if kind == "pass_on":
            return self.withdraw(one)
        ended = bookings.change(self.connection, one, "expire", self.now)
        timers.cancel(self.connection, one.subject)
        if one.state != "held":
            self.notices.tell(ended, "lapsed", "expert", "guest", gently=True)
        self.freed(one)
        return self._by_day(ended, kind, revision)

    def _by_day(self, one: Booking, kind: str, revision: int) -> Booking | None:
        """The booking, of which its owner is told; None where that is left for the morning, as it was held up."""
        timer = timers.find(self.connection, one.subject, f"{kind}:owner", revision)
        if timer is None or not overdue(timer.at, self.now):
            return one
        self.notices.at(one, f"{kind}:told", one.owner_id, loud(self.now), **timer.data)
        return None

    def _by_subject(self, subject: str) -> Booking | None:
        return bookings.lock(self.connection, int(subject.rpartition(":")[2]))

    def freed(self, one: Booking) -> None:
        """A time has come free: whoever waits for that day is told."""
        self.waiting.freed(one.starts_at)

    # ------------------------------------------------------------ looking

    def mine(self, token: str, expert: bool = False) -> Booking | None:
        """A booking, locked, where this person is its owner or its expert; its expert only where that is asked for."""
        found = bookings.find(self.connection, token)
        one = bookings.lock(self.connection, found.id) if found else None
        if one is None:
            return None
        people = dict(self.notices.people(one))
        allowed = {people["expert"]} if expert else {people["expert"], people["owner"]}
        return one if self.person in allowed else None

    def ahead_of(self, one: Booking | None) -> Booking | None:
        """The booking, if its time has not begun."""
        return one if one and one.starts_at > self.now else None


def as_shown(one: Booking | None, revision: int) -> Booking | None:
    """The booking, if it is still the one that was answered; any is where the answer does not say (0)."""
    return one if one and revision in (0, one.revision) else None


def works(expert: Expert) -> bool:
    """Whether an expert has hours, and can be met."""
    return bool((expert.profile.weekly or expert.profile.exceptions) and met_by(expert.profile))


def span(one: Booking) -> Span:
    """From when to when a meeting is."""
    return one.starts_at, one.ends_at
