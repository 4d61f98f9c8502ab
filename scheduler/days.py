"""Days as owners in Japan count and name them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

JAPAN = ZoneInfo("Asia/Tokyo")
WEEKDAYS = "月火水木金土日"

# How long the bare address of an erased owner stays, so that the farewell can reach them.
FAREWELL = timedelta(hours=1)


def day_in_japan(now: datetime) -> date:
    """The day in Japan at this moment (UTC, without zone)."""
    return now.replace(tzinfo=UTC).astimezone(JAPAN).date()


def day_words(day: date) -> str:
    """A day with its weekday, as in 12月15日(火)."""
    return f"{day.month}月{day.day}日({WEEKDAYS[day.weekday()]})"


def year_words(day: date) -> str:
    """A day with its year and weekday, as in 2026年12月15日(火)."""
    return f"{day.year}年{day_words(day)}"


def in_japan(at: datetime) -> datetime:
    """A moment (UTC, without zone) by Japan's clock, with its zone."""
    return at.replace(tzinfo=UTC).astimezone(JAPAN)


def time_words(at: datetime) -> str:
    """A time of day, as in 14時 or 14時30分."""
    return f"{at.hour}時{at.minute:02}分" if at.minute else f"{at.hour}時"


def moment_words(at: datetime) -> str:
    """A day and a time, as in 12月15日(火) 14時."""
    return f"{day_words(at.date())} {time_words(at)}"


def meeting_words(start: datetime, end: datetime) -> str:
    """From when to when, as in 12月15日(火) 14時から15時; both by one clock."""
    return f"{day_words(start.date())} {time_words(start)}から{time_words(end)}"
