"""The rules of pace: never faster than the rate, never slower than it must be; repetitions that spread and end."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from scheduler.paces import FIRST, LONGEST, again_after, paced
from tests.taking import NOW

SECOND = timedelta(seconds=1)
GAPS = st.lists(st.integers(0, 5000).map(lambda n: timedelta(milliseconds=n)), max_size=30)


@given(GAPS, st.sampled_from([1.0, 2.0, 30.0]), st.integers(1, 5))
def test_no_second_holds_more_than_the_rate_and_the_burst(gaps: list[timedelta], rate: float, burst: int) -> None:
    now, free_at, starts = NOW, None, []
    for gap in gaps:
        now += gap
        start, free_at = paced(free_at, 1, rate=rate, burst=burst, now=now)
        assert start >= now
        starts.append(start)
    assert starts == sorted(starts)
    for n, start in enumerate(starts):
        within = [other for other in starts[n:] if other < start + SECOND]
        assert len(within) <= rate + burst


@given(st.integers(1, 5), st.sampled_from([1.0, 10.0]))
def test_who_has_waited_may_send_a_burst_and_no_more(burst: int, rate: float) -> None:
    free_at = None
    starts = []
    for _ in range(burst + 1):
        start, free_at = paced(free_at, 1, rate=rate, burst=burst, now=NOW)
        starts.append(start)
    assert starts == [NOW] * burst + [NOW + SECOND / rate]


def test_a_lot_of_requests_takes_the_time_of_them_all() -> None:
    _, free_at = paced(None, 10, rate=10, burst=1, now=NOW)
    assert paced(free_at, 1, rate=10, burst=1, now=NOW)[0] == NOW + SECOND


def test_without_a_rate_nothing_waits() -> None:
    assert paced(NOW + SECOND, 5, rate=0, burst=1, now=NOW) == (NOW, NOW)


def test_repetitions_come_after_one_two_four_seconds_up_to_five_minutes() -> None:
    assert [again_after(n, 1).total_seconds() for n in range(1, 11)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert again_after(10_000, 1) == LONGEST


@given(st.integers(1, 100), st.floats(0, 1))
def test_chance_spreads_repetitions_over_half_of_the_time(attempt: int, chance: float) -> None:
    assert FIRST / 2 <= again_after(attempt, 1) / 2 <= again_after(attempt, chance) <= again_after(attempt, 1)
