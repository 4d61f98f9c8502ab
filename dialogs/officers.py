"""What flows want of who else comes to a meeting, and of an expert's first coming, as values; bot/ has it done.

Views of bookings are those of dialogs.appointments.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InviteOfficer:
    """A code that brings an officer to a booking of the owner's; gives the view with "code", "link" and "until".

    None where there is no such booking any more.
    """

    token: str


@dataclass(frozen=True, slots=True)
class FindInvitation:
    """What a code leads to; gives the view of the booking, or None where it is no good (any more)."""

    code: str


@dataclass(frozen=True, slots=True)
class Attend:
    """Come to the booking that a code leads to, under a name; gives the view, or None where the code is used up."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class PutOut:
    """Take an officer out of a booking: the owner does (`guest` as in the view), or they themselves do (0).

    Gives the view with "called" (the name), or None where they are not there.
    """

    token: str
    guest: int = 0


@dataclass(frozen=True, slots=True)
class FindVisit:
    """A booking whose expert or officer one is; gives the view, or None."""

    token: str


@dataclass(frozen=True, slots=True)
class Write:
    """Write to the expert before a meeting, as its officer, or to its officers, as the expert.

    Gives the view, or None where there is nobody to write to any more.
    """

    token: str
    text: str


@dataclass(frozen=True, slots=True)
class PartyNotice:
    """The booking that news of its officers is about; gives the view, or None where it no longer concerns one."""

    subject: str


@dataclass(frozen=True, slots=True)
class Enrol:
    """Become the person of the expert whom a code is for.

    Gives {"outcome": "done", "own" (they are so already), "other" (they are another expert) or "ended" (the code is no
    good), "who", "page" (the path of the expert's page)}.
    """

    code: str


Officer = InviteOfficer | FindInvitation | Attend | PutOut | FindVisit | Write | PartyNotice | Enrol
