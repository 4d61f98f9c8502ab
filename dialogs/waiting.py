"""What flows want of the list of those who wait for a day that is full, as values (see dialogs.appointments)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WaitForDay:
    """Be told when a time comes free on a day (2026-12-01) that is full; gives the number of the place in the list."""

    day: str
    topic: str
    way: str


@dataclass(frozen=True, slots=True)
class FindWaiting:
    """What the owner waits for under this number; gives {"topic_id", "way", "on" (2026-12-01)}, or None."""

    number: int


@dataclass(frozen=True, slots=True)
class StopWaiting:
    """Leave the list; gives {"day"} in words, or None where the owner was not in it any more."""

    number: int


@dataclass(frozen=True, slots=True)
class Called:
    """A timer of somebody in the list: "free" is their turn to be told, "look" the daily look for a free time.

    Gives {"number", "day" (in words), "minutes" (until the next is told)}, or None where there is nothing to tell.
    """

    kind: str
    number: int


Waiting = WaitForDay | FindWaiting | StopWaiting | Called
