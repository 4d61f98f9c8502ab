"""What a flow may yield, and what it may end with."""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from dialogs.effects import Effect
from dialogs.messages import Button, File
from scoring.questionnaire import Question


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a question; gives the answer: a choice's value, a tuple of values, or a text ("" where skipped).

    `ticked` are the choices of a multi-choice that are on from the start.
    """

    question: Question
    ticked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Say:
    """Say a phrase; gives None. `values` fill the phrase, `picture` is (kind, token, phrase of the words for it).

    `file` is what the message brings along.
    """

    phrase: str
    values: dict[str, Any] = field(default_factory=dict)
    buttons: tuple[Button, ...] = ()
    picture: tuple[str, str, str] | None = None
    file: File | None = None


@dataclass(frozen=True, slots=True)
class Do:
    """Have something done or looked up; gives its result (JSON data), which the record keeps under `name`.

    It is done once for the answers above it, and again when one of those changes, so every effect must bear
    being repeated.
    """

    name: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class Plan:
    """The questions that lie ahead, from which the number of those left is counted; gives None."""

    questions: tuple[str, ...]


Step = Ask | Say | Do | Plan


@dataclass(frozen=True, slots=True)
class Revise:
    """Ended by changing an answer of the conversation below."""

    question: str
    value: Any


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Ended by giving the conversation below these answers instead of its own."""

    answers: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StartOver:
    """Ended by beginning a new run of the check, with these answers known already."""

    answers: dict[str, Any]


@dataclass(frozen=True, slots=True)
class GoInto:
    """Ended by going on with another flow, on top of the conversation below; `answers` are known to it already."""

    flow: str
    answers: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LieOn:
    """Ended with another flow in place of the whole conversation below."""

    flow: str


@dataclass(frozen=True, slots=True)
class Forget:
    """Ended with all that was known being forgotten."""


@dataclass(frozen=True, slots=True)
class Silent:
    """Ended without coming back to the open question."""


Outcome = Revise | Rewrite | StartOver | GoInto | LieOn | Forget | Silent | None
Flow = Generator[Step, Any, Outcome]
