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
