"""What flows want of the records of meetings, as values; bot/ has it done by storage within the turn's transaction.

A record is given to flows as a view, JSON data with words for people: {"id", "token" (of the booking), "day", "who",
"situation", "support", "handover" (the name of a desk, or ""), "url" (of its page, or ""), "actions": [{"id", "text",
"by" (a day in words, or ""), "state"}], "page" (the path of the shared record)}.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class KeepRecord:
    """Keep what the expert has written of a meeting, and have its owner told; gives the view, or None if it can't be.

    `actions` are {"text", "day" (2026-12-15, or "")}, `handover` is a desk (see HANDOVERS), or "".
    """

    token: str
    situation: str
    support: str
    handover: str
    actions: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class FindRecord:
    """The record with this id, where it is the owner's; gives the view, or None."""

    id: int


@dataclass(frozen=True, slots=True)
class FindAction:
    """One open next action of the owner's; gives {"id", "text", "day" (of the meeting), "token"}, or None."""

    id: int


@dataclass(frozen=True, slots=True)
class AnswerAction:
    """Keep what the owner says of a next action ("open", "done", "dropped"); gives as FindAction does."""

    id: int
    state: str


@dataclass(frozen=True, slots=True)
class KeepHours:
    """Keep what an expert has written of their hours, as parts of scheduler.experts.Profile in JSON data.

    Gives True; None where this person is no expert.
    """

    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CountVisits:
    """How many consultations the owner has had or booked, and the limit; gives {"count", "most", "left": bool}."""


ConsultationEffect = KeepRecord | FindRecord | FindAction | AnswerAction | KeepHours | CountVisits

# The desks that an owner can be handed over to.
HANDOVERS = ("yorozu", "shokokai", "chusho119", "itc")
# What can be said of a next action.
STATES = ("done", "open", "dropped")
