"""What can happen in a conversation, whatever the platform: the actions that the engine takes."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Opened:
    """The owner opened the chat, or added the bot."""


@dataclass(frozen=True, slots=True)
class Linked:
    """The owner came over from another app, by a code that was made there."""


@dataclass(frozen=True, slots=True)
class Invited:
    """The bot was added to a group, where it holds no conversations."""


@dataclass(frozen=True, slots=True)
class Left:
    """The owner blocked the bot, or the group put it out: there is nobody to answer."""


@dataclass(frozen=True, slots=True)
class Said:
    """The owner typed or spoke a text."""

    text: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The owner sent what is no text; `kind` is one of SENT. What is "late" is a text all the same."""

    kind: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Tapped:
    """A choice of the question `question` in the run `run`; an empty value skips a question that may be skipped."""

    run: str
    question: str
    value: str


@dataclass(frozen=True, slots=True)
class Toggled:
    """One choice of a multi-choice put on or off; nothing is answered yet."""

    run: str
    question: str
    value: str


@dataclass(frozen=True, slots=True)
class Picked:
    """A multi-choice answered; `values` None means: with what has been toggled so far."""

    run: str
    question: str
    values: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A wish that is no answer, such as back or menu."""

    name: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Woke:
    """A timer has fallen due: what it is about ("booking:7"), what of it, and the revision it was made for."""

    timer: int
    subject: str
    kind: str
    revision: int
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filled:
    """A form on a page of ours was sent: the name of the flow that takes it, and what was written in it."""

    form: str
    values: dict[str, Any]


# "edited" is a text that was changed after it was sent, "late" one that other messages have overtaken on the way.
SENT = ("sticker", "picture", "voice", "file", "place", "edited", "late", "other")

Action = Opened | Linked | Invited | Left | Said | Sent | Tapped | Toggled | Picked | Command | Woke | Filled
