"""What flows want of talks with people at the agency's desk, as values; bot/ has it done."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class FindDesk:
    """The desk; gives None where there is none.

    Else {"who", "open" (whether it is, now), "opens" (when next, in words), "led" (whether somebody leads already),
    "asked" (the owner's question of just now, or ""), "new" (whether the owner has yet to agree to the notice as it is
    now)}.
    """


@dataclass(frozen=True, slots=True)
class OpenTalk:
    """Pass the owner's first words to the desk, in the thread of the talk with this number, or of one of late.

    Where there is neither, a new one begins. Where the desk is closed, they wait there until it opens, and nobody
    leads. Gives {"id", "led", "who", "opens"}, or None where there is no desk any more.
    """

    words: str
    talk: int = 0


@dataclass(frozen=True, slots=True)
class PassOn:
    """Pass on what an owner wrote, or (without words) that they sent something of a kind (see dialogs.events).

    Gives None where nobody leads, so that it is for the bot; else {"remark"}: "" for none, or "words" where it was no
    text.
    """

    words: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class PassBack:
    """Pass the words of a person at the desk to the owner, from the thread that this person stands for.

    Gives {"remark"}: "" for none, "words" where it was no text, "gone" or "unreachable" where nobody gets it.
    """

    words: str


@dataclass(frozen=True, slots=True)
class IsLed:
    """Whether what the owner types goes to the desk."""


@dataclass(frozen=True, slots=True)
class EndTalk:
    """Have the bot lead again.

    Gives {"desk" (whether it is the desk that does it), "ended" (whether anybody led)}, or None to an owner who talked
    with nobody.
    """


@dataclass(frozen=True, slots=True)
class TakeWords:
    """All that is to be told of a talk to one side, in order, of which a timer has brought along a part.

    Gives a list of {"what", "led", "id", …}.
    """

    subject: str
    kind: str
    revision: int
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PassTime:
    """What time has brought about: "unanswered" (where the owner waits `since` then, still), or "silence".

    Gives {"what", "led", "who", "opens" ("" where the desk is open)}, or None where there is nothing to tell.
    """

    kind: str
    subject: str
    since: str = ""


Talking = FindDesk | OpenTalk | PassOn | PassBack | IsLed | EndTalk | TakeWords | PassTime
