"""When an expert can be met: across zones, changes of the clock, holidays and years; and profiles as data."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.experts import (
    CELL,
    HORIZON,
    Exceptional,
    Profile,
    Weekly,
    cells,
    from_json,
    length,
    local_day,
    open_spans,
    starts,
    to_json,
)
from tests.meetings import at, weekly

NOW = at(1, 10)  # a Tuesday


def free(profile: Profile, now: datetime = NOW, **known: Any) -> list[datetime]:
    return list(starts(profile, known.get("taken", ()), known.get("booked", {}), known.get("busy", ()), now))


def of_day(profile: Profile, day: date, now: datetime = NOW, **known: Any) -> list[time]:
    """The times of one of the expert's own days, by the expert's clock."""
    zone = ZoneInfo(profile.zone)
    found = [one.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone) for one in free(profile, now, **known)]
    return [one.time() for one in found if one.date() == day]


def hours(*whole: float) -> list[time]:
    return [time(int(hour), int(hour % 1 * 60)) for hour in whole]


# ---------------------------------------------------------------- a day


def test_meetings_begin_on_half_hours_and_end_within_the_hours_of_work() -> None:
    assert of_day(Profile(weekly=weekly(9, 12)), date(2026, 12, 2)) == hours(9, 9.5, 10, 10.5, 11)
    assert of_day(Profile(weekly=weekly(9, 12), minutes=90), date(2026, 12, 2)) == hours(9, 9.5, 10, 10.5)
    assert of_day(Profile(weekly=weekly(9, 10), minutes=90), date(2026, 12, 2)) == []


def test_two_spans_of_a_day_keep_the_pause_between_them() -> None:
    spans = (Weekly(2, time(13), time(15)), Weekly(2, time(9), time(11)))
    assert of_day(Profile(weekly=spans), date(2026, 12, 2)) == hours(9, 9.5, 10, 13, 13.5, 14)


def test_what_is_taken_keeps_its_own_pause_and_that_of_the_meeting_before() -> None:
    profile = Profile(weekly=weekly(9, 15), minutes=60, buffer=30)
    taken = set(cells(at(2, 11), 60, 30))
    assert of_day(profile, date(2026, 12, 2), taken=taken) == hours(9, 9.5, 12.5, 13, 13.5, 14)


def test_a_time_in_the_experts_own_calendar_is_not_free_and_needs_no_pause() -> None:
    profile = Profile(weekly=weekly(9, 13))
    busy = [(at(2, 10, 15), at(2, 10, 45)), (at(3, 0), at(4, 0))]
    assert of_day(profile, date(2026, 12, 2), busy=busy) == hours(9, 11, 11.5, 12)
    assert of_day(profile, date(2026, 12, 3), busy=busy) == []


def test_a_day_with_as_many_meetings_as_wanted_is_full() -> None:
    profile = Profile(weekly=weekly(9, 13), per_day=2)
    assert of_day(profile, date(2026, 12, 2), booked={date(2026, 12, 2): 2}) == []
    assert of_day(profile, date(2026, 12, 2), booked={date(2026, 12, 2): 1}) != []


@pytest.mark.parametrize(("notice", "first"), [(0, at(1, 10, 30)), (2, at(1, 12)), (24, at(2, 10)), (47, at(3, 9))])
def test_nobody_is_booked_at_shorter_notice_than_they_want(notice: int, first: datetime) -> None:
    assert free(Profile(weekly=weekly(9, 17), notice=notice))[0] == first


def test_a_time_under_way_is_not_offered_even_without_notice() -> None:
    assert free(Profile(weekly=weekly(9, 17), notice=0), at(1, 10, 1))[0] == at(1, 10, 30)


def test_nothing_is_offered_beyond_the_horizon() -> None:
    profile = Profile(weekly=weekly(9, 17, days=range(7)), on_holidays=True)
    assert local_day(profile, free(profile)[-1]) == local_day(profile, NOW + HORIZON)


# ---------------------------------------------------------------- days that are otherwise


def test_an_exception_takes_the_place_of_the_weekly_hours() -> None:
    changed = (
        Exceptional(date(2026, 12, 2)),
        Exceptional(date(2026, 12, 3), time(18), time(20)),
        Exceptional(date(2026, 12, 3), time(8), time(9)),
        Exceptional(date(2026, 12, 5), time(10), time(11)),  # a Saturday
    )
    profile = Profile(weekly=weekly(9, 17), exceptions=changed)
    assert of_day(profile, date(2026, 12, 2)) == []
    assert of_day(profile, date(2026, 12, 3)) == hours(8, 18, 18.5, 19)
    assert of_day(profile, date(2026, 12, 5)) == hours(10)


def test_nobody_works_on_holidays_and_at_the_turn_of_the_year_but_who_wants_to() -> None:
    whole = Profile(weekly=weekly(9, 10, days=range(7)))
    days = {local_day(whole, one) for one in free(whole, at(25, 10))}
    all_days = [date(2026, 12, 26) + timedelta(days=n) for n in range(25)]
    closed = [date(2026, 12, day) for day in (29, 30, 31)] + [date(2027, 1, day) for day in (1, 2, 3, 11)]
    assert [day for day in all_days if day not in days] == closed
    willing = Profile(weekly=weekly(9, 10, days=range(7)), on_holidays=True)
    assert set(closed) <= {local_day(willing, one) for one in free(willing, at(25, 10))}
    asked = Profile(weekly=weekly(9, 10), exceptions=(Exceptional(date(2026, 12, 31), time(9), time(10)),))
    assert of_day(asked, date(2026, 12, 31), at(25, 10)) == hours(9)


def test_a_year_ends_without_a_gap_or_a_day_twice() -> None:
    profile = Profile(weekly=weekly(9, 10, days=range(7)), on_holidays=True)
    found = free(profile, at(30, 10))[:4]
    assert found == [
        at(31, 9),
        at(1, 9, month=1, year=2027),
        at(2, 9, month=1, year=2027),
        at(3, 9, month=1, year=2027),
    ]


# ---------------------------------------------------------------- zones


@pytest.mark.parametrize(
    ("friday", "before", "after"),
    [
        (date(2027, 3, 26), 8, 7),  # the clocks go forward on the 28th: 9:00 is 8:00 UTC, then 7:00
        (date(2026, 10, 23), 7, 8),  # and back on the 25th
    ],
)
def test_an_expert_in_berlin_keeps_their_hours_when_the_clocks_change(friday: date, before: int, after: int) -> None:
    berlin = Profile(zone="Europe/Berlin", weekly=weekly(9, 11), notice=0)
    now = datetime.combine(friday, time(0))
    monday = friday + timedelta(days=3)
    found = free(berlin, now)[:6]
    assert found == [
        *(datetime.combine(friday, time(before)) + n * CELL for n in range(3)),
        *(datetime.combine(monday, time(after)) + n * CELL for n in range(3)),
    ]
    assert of_day(berlin, friday, now) == of_day(berlin, monday, now) == hours(9, 9.5, 10)


@pytest.mark.parametrize(("day", "hours_open"), [(date(2027, 3, 28), 5), (date(2026, 10, 25), 7)])
def test_the_night_of_the_change_is_as_long_as_it_is(day: date, hours_open: int) -> None:
    """From midnight to six by the clock, which is five hours in spring and seven in autumn."""
    berlin = Profile(zone="Europe/Berlin", weekly=weekly(0, 6, days=(6,)), notice=0, buffer=0)
    ((begins, ends),) = open_spans(berlin, day)
    assert ends - begins == timedelta(hours=hours_open)
    found = [one for one in free(berlin, begins - timedelta(hours=1)) if begins <= one < ends]
    assert len(found) == len(set(found)) == 2 * hours_open - 1


def test_japans_holidays_are_not_berlins() -> None:
    berlin = Profile(zone="Europe/Berlin", weekly=weekly(9, 10))
    assert of_day(berlin, date(2027, 1, 11), at(25, 10)) == hours(9)


def test_the_day_that_counts_is_the_experts() -> None:
    """23:00 in Berlin is the next morning in Japan; a full day there closes it."""
    berlin = Profile(zone="Europe/Berlin", weekly=weekly(22, 23), notice=0, per_day=1)
    assert local_day(berlin, at(3, 6)) == date(2026, 12, 2)
    assert at(3, 6) in free(berlin)
    assert at(3, 6) not in free(berlin, booked={date(2026, 12, 2): 1})
    assert at(3, 6) in free(berlin, booked={date(2026, 12, 3): 1})


@given(
    st.sampled_from(["Asia/Tokyo", "Europe/Berlin", "America/Los_Angeles", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001
    st.integers(0, 4),
    st.sampled_from([30, 45, 60, 90]),
    st.sampled_from([0, 15, 30]),
)
def test_whatever_is_offered_lies_within_the_hours_and_holds_nothing_of_anothers(
    zone: str, now: datetime, notice: int, minutes: int, buffer: int
) -> None:
    profile = Profile(zone=zone, weekly=weekly(9, 12), minutes=minutes, buffer=buffer, notice=notice)
    found = free(profile, now)
    assert found == sorted(set(found))
    taken = {cell for one in found[::3] for cell in cells(one, minutes, buffer)}
    for one in free(profile, now, taken=taken):
        assert one >= now + timedelta(hours=notice)
        assert taken.isdisjoint(cells(one, minutes, buffer))
        begins, ends = open_spans(profile, local_day(profile, one))[0]
        assert begins <= one
        assert one + length(profile) <= ends


# ---------------------------------------------------------------- as data


def test_a_profile_survives_as_data() -> None:
    profile = Profile(
        zone="Europe/Berlin",
        topics=("it", "subsidy"),
        weekly=(Weekly(0, time(9), time(12)), Weekly(0, time(13, 30), time(17))),
        exceptions=(Exceptional(date(2026, 12, 24)), Exceptional(date(2026, 12, 26), time(9), time(10))),
        asks=False,
    )
    assert from_json(to_json(profile)) == profile
    assert from_json({}) == Profile()
