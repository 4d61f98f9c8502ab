"""When somebody is reminded of a meeting, and when nobody is disturbed."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduler.days import JAPAN

# The evening before, by the clock of whom it is for, and so long before the meeting.
EVENING, SHORTLY = time(18), timedelta(hours=1)
# Between these nothing is sent that nobody waits for.
QUIET, LOUD = time(21), time(8)
# What is told later than this after it fell due was held up.
LATE = timedelta(minutes=10)
# What comes of the meeting is asked after so long.
AFTER = timedelta(minutes=30)
# When the owner is asked how the next action goes: on its day at this time, and so long after the meeting.
MORNING = time(9)
FOLLOW_UPS = {"two_weeks": timedelta(days=14), "three_months": timedelta(days=91)}


def reminders(start: datetime, now: datetime, zone: ZoneInfo = JAPAN) -> dict[str, datetime]:
    """When to remind of a meeting that was booked now: "day" before and "hour" before (UTC, without zone).

    What the booking came too late for is due at once, as one reminder; none is due in the quiet hours, where one of an
    early meeting would be: the one of the evening before stands for it.
    """
    evening = _utc(datetime.combine(_there(start, zone).date() - timedelta(days=1), EVENING, zone))
    due = {"day": evening, "hour": start - SHORTLY}
    if not hourly(start, zone):
        del due["hour"]
    late = [kind for kind, at in due.items() if at <= now]
    if late:
        due = {kind: at for kind, at in due.items() if at > now} | {late[-1]: loud(now, zone)}
    return {kind: at for kind, at in due.items() if at < start}


def hourly(start: datetime, zone: ZoneInfo = JAPAN) -> bool:
    """Whether a meeting is reminded of an hour before: not where that falls into the quiet hours."""
    return loud(start - SHORTLY, zone) == start - SHORTLY


def loud(at: datetime, zone: ZoneInfo = JAPAN) -> datetime:
    """The moment itself, or the end of the quiet hours that it falls into (UTC, without zone)."""
    there = _there(at, zone)
    if LOUD <= there.time() < QUIET:
        return at
    day = there.date() + timedelta(days=there.time() >= QUIET)
    return _utc(datetime.combine(day, LOUD, zone))


def morning(day: date) -> datetime:
    """When the owner is asked about what was to be done by this day of Japan's (UTC, without zone)."""
    return _utc(datetime.combine(day, MORNING, JAPAN))


def unanswered(
    asked: datetime, start: datetime, patience: timedelta, zone: ZoneInfo = JAPAN
) -> tuple[datetime, datetime]:
    """When an expert who has not answered is reminded, and when the next is asked; sooner where the meeting is near.

    Neither is in the expert's quiet hours, unless the meeting is over before they are.
    """
    step = min(patience, (start - asked) / 3)
    remind, ask = loud(asked + step, zone), loud(asked + 2 * step, zone)
    if ask >= start:
        return asked + step, asked + 2 * step
    # Whoever is reminded in the morning has yet time to answer.
    return remind, max(ask, remind + min(step, (start - remind) / 2))


def overdue(at: datetime, now: datetime, zone: ZoneInfo = JAPAN) -> bool:
    """Whether something that was to be told by day (at `at`) is so late that it can't be before the quiet hours' end.

    What fell due while nothing ran must not wake anybody; what comes of what somebody has just done may.
    """
    return now - at > LATE and loud(at, zone) == at and loud(now, zone) != now


def _there(at: datetime, zone: ZoneInfo) -> datetime:
    return at.replace(tzinfo=UTC).astimezone(zone)


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)
