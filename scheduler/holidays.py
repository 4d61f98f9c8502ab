"""Japan's holidays, and the days on which its offices work."""

from datetime import date, timedelta
from functools import cache

import holidays

# It must be told the language, or the names follow the system's; it works years out as they are asked for, up to 2099,
# and holds substitute holidays (振替休日) and those between two others (国民の休日) without being told to.
_JAPAN = holidays.country_holidays("JP", language="ja")
# Offices are closed from 29 December to 3 January, of which only 1 January is a holiday by law (the days, as month and
# day, of 行政機関の休日に関する法律 第1条; most companies do the same).
YEAR_END = frozenset({(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)})
# What holidays are called: ten years hold every kind there is.
NAMES = frozenset(holidays.country_holidays("JP", language="ja", years=range(2024, 2034)).values())


@cache
def holiday(day: date) -> str:
    """The name of the holiday that this day is by law; "" where it is none."""
    return _JAPAN.get(day) or ""


@cache
def workday(day: date) -> bool:
    """Whether offices work: Monday to Friday, except holidays and the days round New Year."""
    return day.weekday() < 5 and not holiday(day) and (day.month, day.day) not in YEAR_END


@cache
def next_workday(day: date) -> date:
    """The first workday from this day on, which may be the day itself."""
    while not workday(day):
        day += timedelta(days=1)
    return day
