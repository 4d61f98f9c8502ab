"""Working hours as people write them: "mon-fri 9:00-12:00,13:00-17:00; sat 10:00-12:00"."""

import re
from collections.abc import Iterator
from datetime import time
from itertools import groupby, pairwise

from scheduler.experts import Weekly

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS = "9:00-12:00,13:00-17:00"
WEEK = f'"mon-fri {HOURS}; sat 10:00-12:00", with the days {", ".join(DAYS)}'

_SPAN = re.compile(r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})")

Hours = tuple[time, time]


def weekly(text: str) -> tuple[Weekly, ...]:
    """The hours of every week, in order; none for "". Raises ValueError that says how they are written."""
    found: list[Weekly] = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        days, _, hours = part.partition(" ")
        found += [Weekly(day, *one) for day in _days(days) for one in spans(hours)]
    found.sort(key=lambda one: (one.weekday, one.begins))
    for one, after in pairwise(found):
        if one.weekday == after.weekday and after.begins < one.ends:
            raise ValueError(f"{DAYS[one.weekday]} has two spans that overlap; write {WEEK}")
    return tuple(found)


def spans(text: str) -> list[Hours]:
    """The hours of one day, in order; raises ValueError that says how they are written."""
    found = sorted(_span(part.strip()) for part in text.split(","))
    if any(after[0] < one[1] for one, after in pairwise(found)):
        raise ValueError(f"{text!r} has two spans that overlap; write {HOURS}")
    return found


def written(hours: tuple[Weekly, ...]) -> str:
    """The hours of every week as `weekly` reads them; days with the same hours together."""
    by_day = {n: [(one.begins, one.ends) for one in hours if one.weekday == n] for n in range(len(DAYS))}
    parts = []
    for same, together in groupby(by_day, key=lambda n: by_day[n]):
        days = list(together)
        names = DAYS[days[0]] if len(days) == 1 else f"{DAYS[days[0]]}-{DAYS[days[-1]]}"
        if same:
            parts.append(f"{names} {written_spans(same)}")
    return "; ".join(parts)


def written_spans(hours: list[Hours]) -> str:
    """The hours of one day as `spans` reads them."""
    return ",".join(f"{begins:%H:%M}-{ends:%H:%M}" for begins, ends in hours)


def _days(text: str) -> Iterator[int]:
    for part in text.lower().split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError(f"{part!r} is no day; write {WEEK}")
        begins, ends = DAYS.index(first), DAYS.index(last or first)
        # "sat-mon" goes round the week's end.
        yield from (n % len(DAYS) for n in range(begins, ends + 1 + len(DAYS) * (ends < begins)))


def _span(text: str) -> Hours:
    found = _SPAN.fullmatch(text)
    begins, ends = (_time(found[1], found[2]), _time(found[3], found[4])) if found else (None, None)
    if begins is None or ends is None or begins >= ends or begins.minute % 30:
        raise ValueError(f"{text!r} is no span of hours that begins at a full or half hour; write {HOURS}")
    return begins, ends


def _time(hour: str, minute: str) -> time | None:
    return time(int(hour), int(minute)) if int(hour) < 24 and int(minute) < 60 else None
