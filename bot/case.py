"""The case card: what the expert of a booking may know of its owner, and for how long."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from bot.web.result import ShareRow, share_rows
from dialogs.answers import answer_words
from dialogs.content import Content
from knowledge.reference import Desk
from scheduler.days import day_in_japan
from scoring.result import from_json
from storage import bookings, consultations, experts, results
from storage.bookings import Booking
from storage.consultations import Consultation
from storage.results import Stored

# What an expert may know of an owner, and write of a meeting, ends so long after it.
OPEN_FOR = timedelta(days=90)
# An expert who has accepted calls the owner, or has called in vain.
CALLING = ("confirmed", "done", "no_show")


@dataclass(frozen=True, slots=True)
class Earlier:
    """The record of an earlier meeting of the owner's with this expert, with the day of it and their name then."""

    day: date
    who: str
    record: Consultation


@dataclass(frozen=True, slots=True)
class Check:
    """What the latest check has told, in words; "" and none where it did not ask."""

    day: date
    depth: str
    industry: str
    size: str
    prefecture: str
    vision: str
    stage: str
    tools: str
    literacy: str
    type: str
    points: int
    out_of: int
    challenges: tuple[ShareRow, ...]
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """The case card; `check` is None where no check was made.

    `guests` are the names of those who come along, `visits` is how many meetings took place so far.
    """

    check: Check | None
    guests: tuple[str, ...]
    visits: int
    earlier: tuple[Earlier, ...]


def open_to_expert(one: Booking, now: datetime) -> bool:
    """Whether the expert of a booking still has to do with its owner."""
    lives = (one.stands and one.state != "held") or one.state in CALLING
    return lives and now <= one.ends_at + OPEN_FOR


def case_card(connection: Connection, content: Content, one: Booking, now: datetime) -> Case | None:
    """The case card of a booking; None while its owner does not let the expert see it."""
    if one.shared_at is None or not open_to_expert(one, now):
        return None
    stored = results.latest(connection, one.owner_id)
    return Case(
        check=_check(content, stored) if stored else None,
        guests=tuple(bookings.guests(connection, one.id).values()),
        visits=consultations.done(connection, one.owner_id),
        earlier=tuple(_earlier(connection, one)),
    )


def _check(content: Content, stored: Stored) -> Check:
    result = from_json(stored.result)
    advice = content.catalogue.advice
    return Check(
        day=stored.day,
        depth=stored.depth,
        **{id: _words(content, stored, id) for id in ("industry", "size", "prefecture", "vision", "stage")},
        tools=_words(content, stored, "q3"),
        literacy=result.score.literacy,
        type=result.score.type,
        points=result.score.points,
        out_of=result.score.out_of,
        challenges=share_rows(content.questionnaire, result.score, None),
        steps=tuple(advice[action.advice].title for action in result.actions if action.advice in advice),
    )


def _words(content: Content, stored: Stored, id: str) -> str:
    """An answer in words; "" where it was not asked for, or was passed over."""
    question, answer = content.questionnaire.questions.get(id), stored.answers.get(id)
    return answer_words(question, answer) if question and answer else ""


def _earlier(connection: Connection, one: Booking) -> Sequence[Earlier]:
    # What was said to another expert is that one's; the owner tells as much of it as they like.
    mine = [other for other in bookings.of_owner(connection, one.owner_id) if other.expert_id == one.expert_id]
    others = {other.id: other for other in mine if other.id != one.id}
    return [
        Earlier(day_in_japan(other.starts_at), experts.get(connection, other.expert_id).name, record)
        for record in consultations.of_owner(connection, one.owner_id)
        if (other := others.get(record.booking_id))
    ]


def desk_named(content: Content, handover: str, prefecture: str) -> tuple[str, Desk | None]:
    """The name of the desk that an owner is handed over to ("" for none), and what is known of it."""
    choice = content.phrases.asks["handover"].choice(handover)
    if choice is None:
        return "", None
    if handover not in content.reference.desks:
        return choice.label, None
    desk = content.reference.desk(handover, prefecture)
    return desk.name, desk
