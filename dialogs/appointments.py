"""What flows want of bookings, as values; bot/ has it done by storage within the turn's transaction.

A booking is given to flows as a view, JSON data with words for people: {"token", "state", "revision", "topic" and
"topic_id", "way", "at" (UTC), "when" (by Japan's clock), "there" (by the expert's, "" where that is the same), "day",
"days" (until then, by the reader's days), "until" (when whoever is asked must have answered, or ""), "before" (the time
that was given up for it, or ""), "reminds" (which reminders are still to come), "who", "expert", "asks" (whether that
one must accept), "ways" (how that one can be met), "passed" (whether others were asked before), "reach" (for owner and
expert), "place", "shared", "recorded" (whether it has a record), "person" (whether somebody of the agency can be spoken
to), "file" (the path of its .ics, for the expert of that for their own calendar; "" for whom it is nothing), "page"
(of its record; "" but for owner and guests), "desk" (of the expert's page on it, for the expert), "sample" (the same,
for the owner in a demo, or ""), "mine" (what one is to it: "owner", "expert", "guest" or ""), "guests" ([{"id",
"name"}])}.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FreeSlots:
    """Times that are free, for a topic and a way of meeting.

    At most one of `wish` (an owner's words) and `day` (2026-12-01) narrows them down; `expert` names who it must be
    (0: whoever fits best), `near` a time (2026-12-01T05:00) that the three nearest are wanted of. Gives {"experts" (how
    many there are at all), "slots": [{"at", "expert", "day", "time", "who"}], "days": [{"day", "label", "free"}],
    "understood" (the wish in words, "" where it was not understood), "met" (whether the slots are what was asked for,
    or only near it), "asked" (the one day asked for), "holiday" (its name), "full" and "full_words" (the day, where it
    is full)}. What overlaps another booking of the owner's is not among them.
    """

    topic: str
    way: str
    wish: str = ""
    day: str = ""
    expert: int = 0
    near: str = ""


@dataclass(frozen=True, slots=True)
class AnyExpert:
    """Whether there is anybody to be booked at all; gives "free", "full" where all is taken, or "" for nobody."""


@dataclass(frozen=True, slots=True)
class FreeWays:
    """In which ways somebody is free to talk about a topic; gives a list of ways."""

    topic: str


@dataclass(frozen=True, slots=True)
class IsWish:
    """Whether these words name a time; nothing is kept."""

    text: str


@dataclass(frozen=True, slots=True)
class HoldSlot:
    """Hold a time while the owner confirms, in place of one held before; gives the view, or None where it is gone."""

    at: str
    expert: int
    topic: str
    way: str


@dataclass(frozen=True, slots=True)
class Overlapping:
    """Which booking of the owner's own is in the way of a time with an expert; gives its time in words, or ""."""

    at: str
    expert: int


@dataclass(frozen=True, slots=True)
class HasAgreed:
    """Whether the owner has agreed to this version of the notice; gives True or False."""

    notice: str


@dataclass(frozen=True, slots=True)
class Book:
    """Book what is held; gives the view, or None where the time has gone meanwhile.

    `reach` is how the owner is met, as far as the way needs it; `share` whether the expert may see their check.
    """

    token: str
    reach: str
    share: bool


@dataclass(frozen=True, slots=True)
class KnownReach:
    """The telephone number that the owner gave for an earlier booking; gives it, or ""."""


@dataclass(frozen=True, slots=True)
class LastExpert:
    """Who the owner met last, where they can be booked; gives {"id", "who"}, or None."""


@dataclass(frozen=True, slots=True)
class Bookings:
    """The owner's bookings that lie ahead, or that they were invited to; gives views, the next first."""


@dataclass(frozen=True, slots=True)
class FindBooking:
    """One booking of the owner's, or one that they are the expert of; gives the view, or None."""

    token: str


@dataclass(frozen=True, slots=True)
class MoveBooking:
    """Give a booking another time; gives the view, or None where that is not free."""

    token: str
    at: str


@dataclass(frozen=True, slots=True)
class CancelBooking:
    """Cancel a booking, by its owner or its expert; gives the view, or None where there is nothing to cancel.

    A request that its expert has yet to accept is left to others instead, as by "decline".
    """

    token: str


@dataclass(frozen=True, slots=True)
class ShareCheck:
    """Let the expert see the owner's check, or see it no more; gives the view, or None."""

    token: str
    share: bool


@dataclass(frozen=True, slots=True)
class AnswerProposal:
    """Take the time that the expert has proposed; gives the view, or None where it no longer stands.

    `revision` is that of the booking as it was shown (0: whatever it is).
    """

    token: str
    revision: int = 0


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """The expert takes a booking ("accept") or leaves it to others ("decline"); gives the view, or None if too late.

    `revision` is that of the booking as it was shown (0: whatever it is).
    """

    token: str
    answer: str
    revision: int = 0


@dataclass(frozen=True, slots=True)
class ProposeTime:
    """The expert proposes another time for a booking; gives the view, or None where that is not free."""

    token: str
    at: str


@dataclass(frozen=True, slots=True)
class TookPlace:
    """The expert says whether a meeting took place; gives the view, or None where that can't be said of it."""

    token: str
    yes: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """An expert's meetings that lie ahead; gives {"bookings": views, "page": the path of their page}, or None."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a timer is to tell of a booking, if it still makes sense.

    Gives {"booking": the view, "mine": "owner", "expert" or "guest"}, or None where there is nothing to tell.
    """

    kind: str
    subject: str
    revision: int


@dataclass(frozen=True, slots=True)
class Elapse:
    """Do what time has brought about of a booking, by its timer: "held" and "lapse" end it, "pass_on" asks the next.

    Gives the view, or None where something else has happened before.
    """

    kind: str
    subject: str
    revision: int


OfExpert = AnswerRequest | ProposeTime | TookPlace
# What gives the view of one booking.
OfBooking = (
    HoldSlot | Book | FindBooking | MoveBooking | CancelBooking | ShareCheck | AnswerProposal | Elapse | OfExpert
)
Appointment = (
    FreeSlots
    | AnyExpert
    | FreeWays
    | IsWish
    | Overlapping
    | HasAgreed
    | KnownReach
    | LastExpert
    | Bookings
    | Schedule
    | Notice
    | OfBooking
)
