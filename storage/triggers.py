"""What happens to owners that brings them into a campaign under way."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, false, func, literal_column, select

from scheduler.days import day_in_japan
from storage.schema import journey, next_action, result

# Those that lie in what an owner shares with an agency only together with all else.
TOLD_BY_ALL = ("action",)
# From when to when afterwards: on the next day, and not when it is stale; a weekend may lie between.
NEXT_DAY = timedelta(hours=20), timedelta(hours=72)
# Three days after a result, and a weekend more.
READ = timedelta(days=3), timedelta(days=6)
# Half a year after a result, and long holidays more.
HALF_YEAR = timedelta(days=183), timedelta(days=197)
# So many days before the day of a next action.
BEFORE = 3


def _between(column: ColumnElement[datetime], span: tuple[timedelta, timedelta], now: datetime) -> ColumnElement[bool]:
    since, until = span
    return and_(column <= now - since, column > now - until)


def _welcome(now: datetime) -> ColumnElement[bool]:
    """Who said that they want news."""
    return _between(journey.c.outreach_at, NEXT_DAY, now)


def _dropped(now: datetime) -> ColumnElement[bool]:
    """Who stopped in the middle of a check."""
    begun = journey.c.began_at.is_not(None) & (journey.c.stands != "")
    return begun & _between(journey.c.seen_at, NEXT_DAY, now)


def _unbooked(now: datetime) -> ColumnElement[bool]:
    """Who has had a result for the first time, and has booked nobody."""
    return journey.c.booked_at.is_(None) & _between(journey.c.finished_at, READ, now)


def _action(now: datetime) -> ColumnElement[bool]:
    """Whose next action has its day soon."""
    today = day_in_japan(now)
    soon = next_action.c.day.between(today, today + timedelta(days=BEFORE))
    return journey.c.owner_id.in_(
        select(next_action.c.owner_id).where(next_action.c.state == literal_column("'open'"), soon)
    )


def _half_year(now: datetime) -> ColumnElement[bool]:
    """Whose latest result has become old."""
    latest = func.max(result.c.made_at)
    return journey.c.owner_id.in_(
        select(result.c.owner_id).group_by(result.c.owner_id).having(_between(latest, HALF_YEAR, now))
    )


_CONDITIONS: dict[str, Callable[[datetime], ColumnElement[bool]]] = {
    "welcome": _welcome,
    "dropped": _dropped,
    "unbooked": _unbooked,
    "action": _action,
    "half-year": _half_year,
}


def happened(trigger: str, now: datetime) -> ColumnElement[bool]:
    """What holds for the journeys of those to whom it has happened; nobody's, where there is no such trigger."""
    condition = _CONDITIONS.get(trigger)
    return condition(now) if condition else false()
