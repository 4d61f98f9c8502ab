"""Days that owners name in their own words."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.named import named_day

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2029年の控除は何%ですか", date(2029, 1, 1)),
        ("2028年10月からは?", date(2028, 10, 1)),
        ("2028年10月1日からは?", date(2028, 10, 1)),
        ("令和11年4月に買ったら", date(2029, 4, 1)),
        ("令和9年度の申請", date(2027, 1, 1)),
        ("R10.10の仕入れ", date(2028, 10, 1)),
        ("2030年の3月", date(2030, 3, 1)),
        ("来年はどうなりますか", date(2027, 1, 1)),
        ("再来年は?", date(2028, 1, 1)),
        ("去年の分は", date(2025, 12, 31)),
        ("2029年13月", date(2029, 1, 1)),
        ("いま何%ですか", None),
        ("10月から変わった?", None),
        ("従業員が2026人", date(2026, 1, 1)),
    ],
)
def test_a_day_is_read_as_owners_write_it(text: str, day: date | None) -> None:
    assert named_day(text, TODAY) == day


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    named_day(text, TODAY)
