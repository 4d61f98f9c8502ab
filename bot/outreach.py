"""Outreach: what flows want of it, done by storage; and the tick that prepares what campaigns have due."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from bot import triggers
from bot.lastlook import put_aside
from bot.mailbag import Mailbag, next_at
from bot.quota import Quota, against, need, unlimited
from bot.settings import PUSHED
from dialogs.content import Content
from dialogs.flows.outreach import letter_buttons
from dialogs.letters import SHARE, Letter, named, personal, written
from dialogs.messages import FLYER, Message, Picture, to_json
from dialogs.outreach import FindNews, KeepNews, OfferNews, OutreachEffect, TakeLetter, Tap
from scheduler import outreach as hours
from scoring.result import Result
from scoring.result import from_json as result_from_json
from storage import agencies, campaigns, outbox, outcomes, outreach, owners, results
from storage.campaigns import Campaign
from storage.outreach import CROWD, Ready

if TYPE_CHECKING:
    from bot.intake import Intake

# Recipients prepared in one transaction: as many as LINE takes in one multicast.
AT_ONCE = 500
# No more is prepared than is soon sent, so that a pause is one: recipients on LINE, and on each other channel. (A
# letter waits in the line of its owner's own answers, so few are prepared where they leave slowly.)
MOST_AHEAD, AHEAD = 1000, 300
# Fewer are not worth a transaction.
WORTHWHILE = 100
# LINE is asked again after so long what is left of its quota, where it did not answer.
ASK_AGAIN = timedelta(minutes=1)
# LINE's multicast of one message to many; others know none.
MULTICAST = ("line", "bot")


# The path that leads to where a link of a letter leads, by the link's tag and whose letter it is (0: of many).
Lead = Callable[[str, int], str]


log = structlog.get_logger()


@dataclass(slots=True)
class Outreach:
    """Outreach as far as one turn of one owner has to do with it; `row` is the row of the outbox that it makes."""

    connection: Connection
    content: Content
    owner_id: int
    now: datetime
    cap: int
    member: int | None = None
    lead: Lead | None = None
    mailbag: Mailbag | None = None
    row: str = ""
    campaign_id: int | None = None

    def perform(self, effect: OutreachEffect) -> Any:
        """Do what the effect says; gives its result as JSON data."""
        match effect:
            case FindNews():
                return {"choice": outreach.choice(self.connection, self.owner_id), "a_week": self.cap}
            case OfferNews(wording, back):
                return {"a_week": self.cap} if self.offers(wording, back=back) else None
            case KeepNews(choice, how, wording):
                words = self.words(wording)
                return outreach.keep(self.connection, self.owner_id, choice, how, words, self.now)
            case TakeLetter(campaign, step):
                return self.take(campaign, step)
            case Tap(tag):
                return self.tap(tag)

    def offers(self, wording: str, *, back: bool) -> bool:
        """Whether news is offered; not at an officer's side, as only the owner can answer, nor where none is sent."""
        if self.member is not None or not self.cap:
            return False
        return outreach.offer(self.connection, self.owner_id, self.words(wording), self.now, back=back)

    def words(self, wording: str) -> str:
        """The version of the words with the number that they were filled with."""
        return f"{wording}/{self.cap}"

    def take(self, id: int, step: int) -> dict[str, Any] | None:
        """The letter of a step, as the mailbag holds it."""
        due = self.mailbag.take(id, step, self.owner_id) if self.mailbag else None
        if due is None:
            return None
        one, variant = due.campaign, due.ready.variant
        self.row, self.campaign_id = due.row, id
        letter = one.steps[step].letters[variant]
        values, token = self.known(letter)
        values["agency"] = due.agency
        return {
            "text": written(letter, values),
            "buttons": led(one, step, variant, letter, self.lead, self.owner_id),
            "picture": token if letter.picture == SHARE else "",
            "flyer": letter.flyer,
            "alt": letter.alt,
        }

    def known(self, letter: Letter) -> tuple[dict[str, Any], str]:
        """What a letter may name of its reader, and the token of their latest result, if it asks for any of it."""
        asks = letter.picture == SHARE or named(letter) - {"agency"}
        stored = results.latest(self.connection, self.owner_id) if asks else None
        if stored is None:
            return {}, ""
        return known(self.content, result_from_json(stored.result), stored.answers), stored.token

    def tap(self, tag: str) -> str:
        """Where a button of a letter leads."""
        way = outcomes.way(self.connection, tag)
        if way is None or not outreach.tap(self.connection, way.campaign_id, self.owner_id, self.now):
            return ""
        return way.target


def known(content: Content, found: Result, answers: Mapping[str, Any]) -> dict[str, Any]:
    """What a letter may name of a reader with this result, in words."""
    questionnaire = content.questionnaire
    labels = {challenge.id: challenge.label for challenge in questionnaire.challenges}
    values: dict[str, Any] = {"points": found.score.points}
    if found.actions:
        values["step"] = content.catalogue.advice[found.actions[0].advice].title
    if found.score.shares:
        values["challenge"] = labels[found.score.shares[0].challenge]
    for name in ("industry", "prefecture"):
        choice = questionnaire.questions[name].choice(answers.get(name) or "")
        values[name] = choice.label if choice else ""
    return values


def tag(one: Campaign, step: int, variant: str, n: int) -> str:
    """What a button of a letter carries."""
    return f"{one.id}.{step}.{variant}.{n}"


def led(
    one: Campaign, step: int, variant: str, letter: Letter, lead: Lead | None, owner_id: int = 0
) -> list[list[str]]:
    """The buttons of a letter, as (label, target, tag); a link's target is our path that leads there, with `lead`."""
    found = []
    for n, (label, to) in enumerate(letter.buttons):
        name = tag(one, step, variant, n)
        found.append([label, lead(name, owner_id) if lead and to.startswith("https://") else to, name])
    return found


# ---------------------------------------------------------------- the tick


def tick(intake: "Intake", ask: Callable[[], Quota] = unlimited) -> int:
    """Start campaigns whose time has come, and prepare what is due; gives how many recipients were looked at.

    `ask` asks LINE what is left of the month.
    """
    now = intake.clock()
    with intake.database.reading() as connection:
        live = campaigns.in_state(connection, "ready", "sending")
    prepared = 0
    for one in live:
        try:
            prepared += _further(intake, one, ask, now)
        except OperationalError:
            raise
        except Exception as error:
            # A defect in one campaign must not keep the others from being sent. (Its words may name somebody.)
            log.error("campaign", id=one.id, error=type(error).__name__)
    return prepared


def _further(intake: "Intake", one: Campaign, ask: Callable[[], Quota], now: datetime) -> int:
    """Start one campaign, or prepare what it has due; gives how many recipients were looked at."""
    if one.state == "ready" and one.starts_at and one.starts_at <= now:
        _start(intake, one, ask, now)
    if not hours.allowed(now):
        return 0
    triggers.look(intake, one, now)
    house = intake.house
    ready = partial(prepare, content=intake.content, id=one.id, cap=house.letters_a_week, now=now, lead=house.lead)
    found: int = intake.write(ready).result()
    if not found:
        intake.write(partial(conclude, id=one.id, now=now)).result()
    return found


def _start(intake: "Intake", one: Campaign, ask: Callable[[], Quota], now: datetime) -> None:
    """Start a campaign, where it stays within LINE's quota."""
    with intake.database.reading() as connection:
        needed = need(connection, one, now)
    # Asked outside any transaction, and only where LINE has anything to do with it.
    why = against(needed.messages, needed.left(ask())) if needed.messages else ""
    intake.write(partial(hinder, one=one, why=why, now=now) if why else partial(begin, one=one, now=now)).result()


def hinder(connection: Connection, one: Campaign, why: str, now: datetime) -> None:
    """Keep a campaign from starting: too much is a draft again; where LINE did not answer, it is asked again."""
    if why == "quota":
        campaigns.turn(connection, one.id, "draft", now, hindered=why, starts_at=None)
    else:
        campaigns.hinder(connection, one.id, why, now + ASK_AGAIN)


def begin(connection: Connection, one: Campaign, now: datetime) -> int:
    """Start a campaign: freeze whom it is for; gives how many they are."""
    if not campaigns.turn(connection, one.id, "sending", now, frozen_at=now, hindered=""):
        return 0
    return campaigns.freeze(connection, one, list(PUSHED), now)


def prepare(
    connection: Connection, content: Content, id: int, cap: int, now: datetime, lead: Lead | None = None
) -> int:
    """Hand the next due recipients of a campaign to the outbox, or to a timer; gives how many were looked at."""
    one = campaigns.held(connection, [id])[id]
    if one.state != "sending":
        return 0
    waiting, found = campaigns.on_its_way(connection, id), 0
    for channel in PUSHED:
        most, least = (MOST_AHEAD, AT_ONCE) if channel == MULTICAST[0] else (AHEAD, WORTHWHILE)
        room = most - waiting[channel]
        if room >= least:
            found += _prepare(connection, content, one, channel, min(room, AT_ONCE), cap, now, lead)
    return found


def conclude(connection: Connection, id: int, now: datetime) -> None:
    """Have those looked at again who were lost on the way; a campaign of which nothing is left is done."""
    outreach.call_back(connection, id, now)
    one = campaigns.get(connection, id)
    # Not held before it is over: two who hold it to tell letters, and then want it alone, would wait for each other.
    if (not one.trigger or one.ended(now)) and campaigns.over(connection, id):
        campaigns.turn(connection, id, "done", now)


def _prepare(
    connection: Connection,
    content: Content,
    one: Campaign,
    channel: str,
    most: int,
    cap: int,
    now: datetime,
    lead: Lead | None,
) -> int:
    """Hand the next due recipients on a channel on; gives how many were looked at."""
    found = outreach.due(connection, one.id, channel, now, most)
    aside = put_aside(connection, one, found, cap, now)
    alike: dict[tuple[int, str], list[Ready]] = {}
    for ready in found:
        if ready.owner_id not in aside:
            alike.setdefault((ready.step, ready.variant), []).append(ready)
    for (step, variant), whom in alike.items():
        if channel == MULTICAST[0] and not personal(one.steps[step].letters[variant]):
            _multicast(connection, content, one, step, variant, whom, now, lead)
        else:
            outreach.wake(connection, one.id, step, [ready.owner_id for ready in whom], now)
    return len(found)


def _multicast(
    connection: Connection,
    content: Content,
    one: Campaign,
    step: int,
    variant: str,
    whom: Sequence[Ready],
    now: datetime,
    lead: Lead | None,
) -> None:
    """One row of the outbox for all to whom the same is said: its contact stands for them."""
    row = str(uuid.uuid4())
    rows = [(ready, row) for ready in whom]
    if not outreach.sent(connection, one.id, step, rows, now, next_at(one, step, now)):
        return
    crowd = owners.lock(connection, *MULTICAST, CROWD, "", now)
    letter = one.steps[step].letters[variant]
    values = {"agency": agencies.get(connection, one.agency_id).name}
    messages = say(content, one, step, variant, letter, written(letter, values), lead)
    outbox.add(
        connection,
        [
            {
                "id": row,
                "owner_id": crowd.id,
                "contact_id": crowd.contact_id,
                "turn": 1,
                "said": "",
                "messages": [to_json(message) for message in messages],
                "made_at": now,
                "state": "due",
                "due_at": now,
                "reply": "",
                "member_id": None,
                "campaign_id": one.id,
            }
        ],
    )


def say(
    content: Content, one: Campaign, step: int, variant: str, letter: Letter, text: str, lead: Lead | None = None
) -> tuple[Message, ...]:
    """A letter that is the same for all, as its flow would say it: the agency's picture, if any, then the words."""
    found = led(one, step, variant, letter, lead)
    words = Message(content.phrases.say("outreach.letter", text=text), buttons=letter_buttons(content, found, one.id))
    if not letter.flyer:
        return (words,)
    alt = content.phrases.say("alt.flyer", alt=letter.alt)
    return Message(picture=Picture(FLYER, letter.flyer, alt)), words
