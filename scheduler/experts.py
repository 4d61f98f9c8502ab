"""An expert as what can be booked: for what, how and when; and the times that are free."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from scheduler.holidays import YEAR_END, holiday

# How an expert and an owner can meet.
WAYS = ("phone", "web", "visit")
# What a booking holds is counted in these; meetings begin on them.
CELL = timedelta(minutes=30)
# So far ahead an expert can be booked.
HORIZON = timedelta(days=60)
ZONE = "Asia/Tokyo"

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Weekly:
    """Hours of every week: the day (0 is Monday), from when to when by the expert's clock."""

    weekday: int
    begins: time
    ends: time


@dataclass(frozen=True, slots=True)
class Exceptional:
    """A day that is otherwise than every week: its hours, or none at all where both are None."""

    day: date
    begins: time | None = None
    ends: time | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What can be booked: empty `topics` and `prefectures` mean any; `minutes`, `buffer` in minutes, `notice` in hours.

    `languages` is only for information: nobody is chosen by it. `asks`: a booking waits until the expert accepts it.
    `prefers` is the channel by which they are told, `place` where owners come to, `meeting` the address of their web
    meetings, `busy_url` that of their own calendar.
    """

    zone: str = ZONE
    topics: tuple[str, ...] = ()
    prefectures: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("ja",)
    ways: tuple[str, ...] = ("phone", "web")
    minutes: int = 60
    buffer: int = 30
    notice: int = 2
    per_day: int = 4
    asks: bool = True
    on_holidays: bool = False
    weekly: tuple[Weekly, ...] = ()
    exceptions: tuple[Exceptional, ...] = ()
    place: str = ""
    meeting: str = ""
    prefers: str = ""
    busy_url: str = ""


def met_by(profile: Profile) -> tuple[str, ...]:
    """The ways in which owners can meet an expert: nobody finds a web meeting or a desk without its address."""
    needed = {"web": profile.meeting, "visit": profile.place}
    return tuple(way for way in profile.ways if needed.get(way, way))


def meets_at(profile: Profile, way: str) -> str:
    """Where an expert is met in this way: the address of web meetings, or the place; "" for another way."""
    return {"web": profile.meeting, "visit": profile.place}.get(way, "")


def length(profile: Profile) -> timedelta:
    """How long a meeting takes."""
    return timedelta(minutes=profile.minutes)


def local_day(profile: Profile, at: datetime) -> date:
    """The expert's day at this moment (UTC, without zone)."""
    return at.replace(tzinfo=UTC).astimezone(ZoneInfo(profile.zone)).date()


def cells(at: datetime, minutes: int, buffer: int) -> list[datetime]:
    """The half hours that a meeting holds, with the pause after it. A pause before it is that of the meeting before."""
    first = at.replace(minute=at.minute - at.minute % 30, second=0, microsecond=0)
    ends = at + timedelta(minutes=minutes + buffer)
    return [first + n * CELL for n in range(-((first - ends) // CELL))]


def open_spans(profile: Profile, day: date) -> list[Span]:
    """From when to when the expert works on a day of their own, in UTC without zone."""
    changed = [one for one in profile.exceptions if one.day == day]
    if changed:
        hours = [(one.begins, one.ends) for one in changed if one.begins and one.ends]
    elif not profile.on_holidays and profile.zone == ZONE and (holiday(day) or (day.month, day.day) in YEAR_END):
        # Japan's holidays, on weekends too; who works elsewhere keeps their own by exceptions.
        hours = []
    else:
        hours = [(one.begins, one.ends) for one in profile.weekly if one.weekday == day.weekday()]
    zone = ZoneInfo(profile.zone)
    return [(_utc(day, begins, zone), _utc(day, ends, zone)) for begins, ends in sorted(hours)]


def _utc(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC).replace(tzinfo=None)


def starts(
    profile: Profile,
    taken: Collection[datetime],
    booked: Mapping[date, int],
    busy: Sequence[Span],
    now: datetime,
) -> Iterator[datetime]:
    """When a meeting can begin, in order: within working hours and notice, where nothing else is.

    `taken` are cells that bookings hold, `booked` counts them by the expert's day, `busy` is what the expert's own
    calendar holds. All times are UTC without zone.
    """
    # What begins at this very moment can't be confirmed any more.
    first = max(now + timedelta(hours=profile.notice), now + timedelta(microseconds=1))
    day, last = local_day(profile, first), local_day(profile, now + HORIZON)
    while day <= last:
        if booked.get(day, 0) < profile.per_day:
            for begins, ends in open_spans(profile, day):
                yield from _within(profile, max(begins, first), begins, ends, taken, busy)
        day += timedelta(days=1)


def _within(
    profile: Profile,
    earliest: datetime,
    begins: datetime,
    ends: datetime,
    taken: Collection[datetime],
    busy: Sequence[Span],
) -> Iterator[datetime]:
    at = begins
    while at + length(profile) <= ends:
        free = all(cell not in taken for cell in cells(at, profile.minutes, profile.buffer))
        if at >= earliest and free and not any(since < at + length(profile) and at < until for since, until in busy):
            yield at
        at += CELL


# ---------------------------------------------------------------- as JSON data


def to_json(profile: Profile) -> dict[str, Any]:
    """A profile as JSON data."""
    plain: dict[str, Any] = {name: getattr(profile, name) for name in profile.__slots__}
    plain["weekly"] = [[one.weekday, _text(one.begins), _text(one.ends)] for one in profile.weekly]
    plain["exceptions"] = [[one.day.isoformat(), _text(one.begins), _text(one.ends)] for one in profile.exceptions]
    return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}


def from_json(data: Mapping[str, Any]) -> Profile:
    """A profile from its JSON data; what is not named is as by default."""
    values = {name: data[name] for name in Profile.__slots__ if name in data}
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    values["weekly"] = tuple(Weekly(day, *map(time.fromisoformat, hours)) for day, *hours in data.get("weekly", ()))
    values["exceptions"] = tuple(
        Exceptional(date.fromisoformat(day), *(time.fromisoformat(at) if at else None for at in hours))
        for day, *hours in data.get("exceptions", ())
    )
    return Profile(**values)


def _text(at: time | None) -> str | None:
    return at.strftime("%H:%M") if at else None
