"""Japan's holidays and workdays."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from scheduler.holidays import NAMES, holiday, next_workday, workday


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 11, 23), "勤労感謝の日"),
        (date(2026, 11, 24), ""),
        (date(2026, 5, 6), "振替休日"),  # for 3 May, a Sunday: the first day after it that is none
        (date(2026, 9, 22), "国民の休日"),  # between two holidays
        (date(2027, 3, 22), "振替休日"),
        (date(2027, 1, 1), "元日"),
        (date(2027, 1, 2), ""),
        (date(2027, 1, 11), "成人の日"),
        (date(2027, 10, 11), "スポーツの日"),
        (date(2150, 1, 1), ""),  # beyond what the library knows
    ],
)
def test_holidays_have_their_japanese_names(day: date, name: str) -> None:
    assert holiday(day) == name


def test_there_is_no_holiday_whose_name_is_unknown() -> None:
    days = [date(2034, 1, 1) + timedelta(n) for n in range(10 * 365)]
    assert {holiday(day) for day in days} == {"", *NAMES}


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 20), True),  # a Friday
        (date(2026, 11, 21), False),  # a Saturday
        (date(2026, 11, 22), False),
        (date(2026, 11, 23), False),  # a holiday
        (date(2026, 12, 28), True),
        (date(2026, 12, 29), False),
        (date(2026, 12, 31), False),
        (date(2027, 1, 1), False),
        (date(2028, 1, 3), False),  # a Monday
        (date(2028, 1, 4), True),
    ],
)
def test_offices_work_from_monday_to_friday_except_holidays_and_new_year(day: date, works: bool) -> None:
    assert workday(day) is works


@pytest.mark.parametrize(
    ("day", "following"),
    [
        (date(2026, 11, 20), date(2026, 11, 20)),
        (date(2026, 11, 21), date(2026, 11, 24)),
        (date(2026, 12, 29), date(2027, 1, 4)),
        (date(2026, 5, 2), date(2026, 5, 7)),
    ],
)
def test_the_next_workday_may_be_the_day_itself(day: date, following: date) -> None:
    assert next_workday(day) == following
