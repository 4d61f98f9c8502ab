"""Which times are offered to an owner, and whose."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from dialogs.appointments import AnyExpert, FreeSlots, FreeWays, Overlapping
from scheduler.days import in_japan
from scheduler.offers import A_DAY, IN_ALL, OF_ONE_DAY, Slot, best, nearest, soonest, spread
from storage import experts
from tests.meetings import Meetings, at, weekly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.experts import Expert


@pytest.fixture
def meetings(database_url: str) -> Iterator[Meetings]:
    made = Meetings(database_url)
    yield made
    made.close()


def slots(meetings: Meetings, topic: str = "it", way: str = "phone", **wanted: Any) -> dict[str, Any]:
    found: dict[str, Any] = meetings.do("o", FreeSlots(topic, way, **wanted))
    return found


def whose(meetings: Meetings, topic: str = "it", way: str = "phone") -> set[int]:
    return {slot["expert"] for slot in slots(meetings, topic, way)["slots"]}


def times(found: dict[str, Any]) -> list[str]:
    return [f"{slot['day']} {slot['time']}" for slot in found["slots"]]


# ---------------------------------------------------------------- choosing


def of_days(*counts: int) -> list[Slot]:
    return [
        Slot(at(1 + day, 9) + n * timedelta(minutes=30), 1) for day, count in enumerate(counts) for n in range(count)
    ]


def test_few_of_each_of_the_next_days_are_shown_in_order() -> None:
    shown = soonest(of_days(10, 10, 10))
    assert [slot.day for slot in shown] == [date(2026, 12, 1)] * A_DAY + [date(2026, 12, 2)] * (IN_ALL - A_DAY)
    assert shown == sorted(shown, key=lambda slot: slot.at)
    assert len(soonest(of_days(1, 0, 2, 1))) == 4


def test_a_few_of_many_are_spread_over_the_day_on_full_hours() -> None:
    assert [in_japan(slot.at).strftime("%H:%M") for slot in spread(of_days(16), 4)] == [
        "09:00",
        "11:00",
        "14:00",
        "16:00",
    ]
    assert spread(of_days(3), 4) == of_days(3)
    assert spread(of_days(3), 0) == []
    assert len(spread(of_days(8), 1)) == 1


def test_the_nearest_three_come_in_order_from_both_sides() -> None:
    assert [slot.at for slot in nearest(of_days(10), at(1, 11, 10))] == [at(1, 10, 30), at(1, 11), at(1, 11, 30)]


def test_a_time_at_which_several_are_free_is_shown_once_with_the_one_who_fits_best() -> None:
    one, two = [at(1, 9), at(1, 10)], [at(1, 10), at(1, 11)]
    assert best([(1, one), (2, two)], lambda id: (-id,)) == [Slot(at(1, 9), 1), Slot(at(1, 10), 2), Slot(at(1, 11), 2)]


# ---------------------------------------------------------------- whose times


def test_who_knows_the_topic_is_offered_and_somebody_else_only_where_nobody_does(meetings: Meetings) -> None:
    it, tax = meetings.expert("it", topics=("it",)), meetings.expert("tax", topics=("invoice", "subsidy"))
    assert whose(meetings, "it") == whose(meetings, "step-anything") == {it.id}
    assert whose(meetings, "invoice") == {tax.id}
    assert whose(meetings, "management") <= {it.id, tax.id} != set()


def test_who_is_met_in_another_way_is_not_offered(meetings: Meetings) -> None:
    meetings.expert("web", ways=("web",), meeting="https://meet.example/1")
    assert slots(meetings)["experts"] == 0
    assert slots(meetings, way="web")["experts"] == 1


def test_who_is_off_or_whose_calendar_cannot_be_read_is_not_offered(meetings: Meetings) -> None:
    expert = meetings.expert("e")
    for values in ({"active": False}, {"active": True, "profile": with_calendar(expert)}, {"busy_error": "404"}):
        with meetings.database.writing() as connection:
            experts.keep(connection, expert.id, **values)
        assert slots(meetings)["slots"] == []
    with meetings.database.writing() as connection:
        experts.keep(connection, expert.id, busy_error=None, busy_at=meetings.now, busy=[(at(2, 0), at(3, 0))])
    assert slots(meetings, day="2026-12-02")["full"] == "2026-12-02"


def with_calendar(expert: Expert) -> Any:
    return replace(expert.profile, busy_url="https://calendar.example/e.ics")


# ---------------------------------------------------------------- which


def test_today_and_tomorrow_come_first(meetings: Meetings) -> None:
    meetings.expert("e")
    found = slots(meetings)
    assert times(found) == [
        *(f"12月1日(火) {hour}時" for hour in (12, 13, 15, 16)),
        *(f"12月2日(水) {hour}時" for hour in (9, 11, 14, 16)),
    ]
    assert found["met"]
    assert [day["label"] for day in found["days"]][:5] == [
        "12月1日(火)",
        "12月2日(水)",
        "12月3日(木)",
        "12月4日(金)",
        "12月7日(月)",
    ]


def test_a_wish_is_met_or_the_nearest_times_are_shown(meetings: Meetings) -> None:
    meetings.expert("e")
    met = slots(meetings, wish="12月8日の午後")
    assert met["met"]
    assert {slot["day"] for slot in met["slots"]} == {"12月8日(火)"}
    sunday = slots(meetings, wish="12月6日 10時")
    assert not sunday["met"]
    assert not sunday["full"]  # nobody works on Sundays, so there is nothing to wait for
    assert len(sunday["slots"]) == 3


def test_a_full_day_is_called_full_and_the_nearest_times_are_shown(meetings: Meetings) -> None:
    expert = meetings.expert("e", per_day=1)
    meetings.book("p", expert, at(2, 10))
    for wanted in ({"day": "2026-12-02"}, {"wish": "12月2日"}):
        found = slots(meetings, **wanted)
        assert found["full"] == "2026-12-02"
        assert len(found["slots"]) == 3
        assert "12月2日(水)" not in {slot["day"] for slot in found["slots"]}
    assert next(day for day in found["days"] if day["day"] == "2026-12-02")["free"] == 0


def test_the_times_of_one_day_fit_on_a_screen(meetings: Meetings) -> None:
    meetings.expert("e", weekly=weekly(8, 20))
    assert len(slots(meetings, day="2026-12-02")["slots"]) == OF_ONE_DAY


def test_an_expert_in_berlin_is_offered_at_the_owners_time(meetings: Meetings) -> None:
    meetings.expert("b", zone="Europe/Berlin", weekly=weekly(9, 10))
    assert times(slots(meetings, day="2026-12-02")) == ["12月2日(水) 17時"]


def test_nobody_is_offered_a_start_at_night_who_does_not_ask_for_it(meetings: Meetings) -> None:
    meetings.expert("b", zone="Europe/Berlin", weekly=weekly(9, 18), buffer=0)
    shown = [slot["time"] for slot in slots(meetings)["slots"] + slots(meetings, day="2026-12-02")["slots"]]
    assert {"17時", "20時"} <= set(shown)
    assert not {"21時", "22時", "0時"} & set(shown)
    assert "12月2日(水) 22時" in times(slots(meetings, wish="12月2日の22時"))


def test_who_works_at_night_alone_is_offered_then(meetings: Meetings) -> None:
    meetings.expert("b", zone="Europe/Berlin", weekly=weekly(14, 16))
    assert times(slots(meetings, day="2026-12-02"))[0] == "12月2日(水) 22時"


def test_half_hours_are_shown_only_where_few_full_ones_are_free(meetings: Meetings) -> None:
    meetings.expert("e", minutes=30, buffer=0)
    assert {slot["time"][-1] for slot in slots(meetings, day="2026-12-02")["slots"]} == {"時"}
    assert "9時30分" in {slot["time"] for slot in slots(meetings, wish="12月2日の午前")["slots"]}


def test_a_day_that_is_off_for_all_is_called_by_its_name(meetings: Meetings) -> None:
    meetings.expert("e")
    assert slots(meetings, wish="1月11日")["holiday"] == "成人の日"
    assert slots(meetings, wish="12月2日")["holiday"] == ""


def test_a_way_is_offered_only_where_owners_can_find_the_expert(meetings: Meetings) -> None:
    meetings.expert("e", ways=("phone", "web", "visit"), meeting="")
    assert meetings.do("o", FreeWays("it")) == ["phone"]
    meetings.expert("f", ways=("web", "visit"), meeting="https://meet.example/f", place="見本町1-2")
    assert meetings.do("o", FreeWays("it")) == ["phone", "web", "visit"]


def test_it_is_known_whether_anybody_is_there_and_free(meetings: Meetings) -> None:
    assert meetings.do("o", AnyExpert()) == ""
    idle = meetings.expert("idle", weekly=())
    assert meetings.do("o", AnyExpert()) == ""
    busy = (at(1, 0), at(1, 0, year=2028))
    with meetings.database.writing() as connection:
        experts.keep(connection, idle.id, profile=replace(idle.profile, weekly=weekly(9, 17)), busy=[busy])
    assert meetings.do("o", AnyExpert()) == "full"
    with meetings.database.writing() as connection:
        experts.keep(connection, idle.id, busy=[])
    assert meetings.do("o", AnyExpert()) == "free"


def test_nothing_is_offered_or_held_that_overlaps_another_booking_of_the_owner(meetings: Meetings) -> None:
    one, two = meetings.expert("one"), meetings.expert("two")
    meetings.book("o", one, at(2, 10))
    for address, offered in (("o", False), ("p", True)):
        found = meetings.do(address, FreeSlots("it", "phone", wish="12月2日の9時から11時", expert=two.id))["slots"]
        assert ("9時30分" in {slot["time"] for slot in found}) is offered
    assert meetings.hold("o", two, at(2, 10, 30)) is None
    assert meetings.do("o", Overlapping(at(2, 10, 30).isoformat(), two.id)) == "12月2日(水) 10時から11時"
    assert meetings.hold("p", two, at(2, 10, 30))
