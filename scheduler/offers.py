"""Which of many free times are shown: few enough to choose from, and not all alike."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby

from scheduler.days import in_japan

# Times shown at once: of any day, and in all; and how many stand in for one that has gone.
A_DAY, IN_ALL, NEAREST = 4, 8, 3
# Times of one day, where that day was asked for.
OF_ONE_DAY = 10
# Owners who don't ask for another time are offered one that begins between these, by their clock.
EARLY, LATE = time(8), time(20)
# Days shown at once.
DAYS = 10


@dataclass(frozen=True, slots=True)
class Slot:
    """A time (UTC, without zone) at which an expert is free."""

    at: datetime
    expert: int

    @property
    def day(self) -> date:
        """The owner's day."""
        return in_japan(self.at).date()


def best(free: Iterable[tuple[int, Iterable[datetime]]], rank: Callable[[int], tuple[float, ...]]) -> list[Slot]:
    """Each free time once, with the expert of the lowest rank; in order of time."""
    found: dict[datetime, int] = {}
    for expert, times in free:
        for at in times:
            if at not in found or rank(expert) < rank(found[at]):
                found[at] = expert
    return [Slot(at, found[at]) for at in sorted(found)]


def by_day(slots: Sequence[Slot]) -> Sequence[Slot]:
    """Those that begin when owners are up; all of them where none does."""
    return [slot for slot in slots if EARLY <= in_japan(slot.at).time() <= LATE] or slots


def soonest(slots: Sequence[Slot]) -> list[Slot]:
    """The next days' times, a few of each day and spread over it."""
    shown: list[Slot] = []
    for _, of_day in groupby(slots, key=lambda slot: slot.day):
        shown += spread(list(of_day), min(A_DAY, IN_ALL - len(shown)))
        if len(shown) == IN_ALL:
            break
    return shown


def spread(slots: Sequence[Slot], most: int) -> list[Slot]:
    """At most so many of these, spread over them; full hours alone where there are a few."""
    full = [slot for slot in slots if slot.at.minute == 0]
    chosen = full if len(full) >= min(most, A_DAY) else slots
    if len(chosen) <= most or most < 1:
        return list(chosen[: max(most, 0)])
    step = (len(chosen) - 1) / (most - 1) if most > 1 else 0
    return [chosen[round(n * step)] for n in range(most)]


def nearest(slots: Sequence[Slot], at: datetime) -> list[Slot]:
    """The few that are nearest to a time, in order."""
    near = sorted(slots, key=lambda slot: (abs(slot.at - at), slot.at))[:NEAREST]
    return sorted(near, key=lambda slot: slot.at)
