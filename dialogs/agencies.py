"""What flows want of agencies: who came by one, what each may see, and what its officers ask; bot/ has it done.

What an agency may see of an owner is given as a view, JSON data with words for people: {"id" (of the client), "agency"
(its name), "share" ("nothing", "result", "all", or "" while it was not answered), "since" (the day of the answer)}.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arrive:
    """Note that the owner has come by a code of an agency's.

    Gives a view with "outcome" ("came", "again" for who came by the agency before), "event" (the name of a 体験会, or
    "") and "ask" (whether there is a result of which nothing was said yet); {"outcome": "ended"} for a code that is
    good no more, None for one that is made up.
    """

    code: str


@dataclass(frozen=True, slots=True)
class OpenShares:
    """The agencies to which the owner has not said yet what they may see; gives a list of views."""


@dataclass(frozen=True, slots=True)
class Shares:
    """All agencies that the owner came by; gives a list of views."""


@dataclass(frozen=True, slots=True)
class KeepShare:
    """Keep what an agency may see from now on, with the version of the words that it was said to.

    Gives the view with "before" (what it could see) and "out" (whether an officer of that agency no longer comes to a
    booking for that); None where the owner is no client of this number.
    """

    client: int
    share: str
    wording: str


@dataclass(frozen=True, slots=True)
class FindWish:
    """What an officer has asked of the owner, as a timer names it: "invite" to book, or "join" a booking.

    Gives the view with "officer" (a name, or "") and, to join, what stands in that of the booking; None where it no
    longer makes sense, as for what the agency may not see any more.
    """

    client: int
    kind: str
    revision: int


@dataclass(frozen=True, slots=True)
class AnswerWish:
    """Answer what an officer has asked; gives what FindWish does, with "called" (who comes along), or None."""

    client: int
    kind: str
    revision: int
    yes: bool


@dataclass(frozen=True, slots=True)
class FindReply:
    """What a client has answered to this person, who is of an agency.

    Gives {"client" (its id), "called" (its name, or ""), "kind", "yes"}, with the view of the booking that they come
    to, if they do; None where the agency may not see the client any more.
    """

    subject: str
    kind: str
    revision: int


@dataclass(frozen=True, slots=True)
class BecomeMember:
    """Become the person of the member whom a code is for.

    Gives {"outcome": "done", "own" (they are so already) or "other" (they are another member), "who", "agency"}; None
    for a code that is good no more.
    """

    code: str


@dataclass(frozen=True, slots=True)
class FindMember:
    """Who of an agency this person is: gives {"who", "agency", "may" (whether they may invite)}, or None."""


@dataclass(frozen=True, slots=True)
class Forward:
    """Make a personal invitation to hand on; gives {"id", "called", "agency", "code", "link", "until"}, or None."""

    name: str


AgencyEffect = (
    Arrive | OpenShares | Shares | KeepShare | FindWish | AnswerWish | FindReply | BecomeMember | FindMember | Forward
)
