"""The list of those who wait for a full day: told one after another when a time comes free, as long as it is."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from dialogs import presses
from dialogs.appointments import AnswerRequest, Book, CancelBooking, MoveBooking
from dialogs.effects import EraseOwner
from dialogs.events import Command
from dialogs.waiting import StopWaiting, WaitForDay
from storage import experts, owners
from storage.schema import waiting
from tests.meetings import Meetings, at
from tests.taking import rows
from tests.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL = "2026-12-03"


class Full(Meetings):
    """A day with one meeting, which is taken by "o"; the first, the second and the third wait for it, in this order."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.e = self.expert("e", per_day=1)
        self.token = self.book("o", self.e, at(3, 10))
        self.fire()
        self.places = {}
        for name in ("first", "second", "third"):
            self.now += timedelta(minutes=1)
            self.places[name] = self.wait(name)
        self.now = at(1, 11)

    def wait(self, name: str, topic: str = "it", way: str = "phone") -> int:
        place: int = self.do(name, WaitForDay(FULL, topic, way))
        return place

    def free(self) -> None:
        assert self.do("o", CancelBooking(self.token))

    def called(self, until: Any) -> list[tuple[Any, str]]:
        """Who is told of a free time, and when."""
        return [(when, to) for when, to, kind in self.go_to(until) if kind == "free"]


@pytest.fixture
def full(database_url: str) -> Iterator[Full]:
    made = Full(database_url)
    yield made
    made.close()


def test_who_came_first_is_told_first_and_the_others_every_half_hour(full: Full) -> None:
    full.free()
    assert full.called(at(1, 20)) == [(at(1, 11), "first"), (at(1, 11, 30), "second"), (at(1, 12), "third")]


def test_once_the_time_is_taken_nobody_else_is_told(full: Full) -> None:
    full.free()
    assert full.called(at(1, 11, 10)) == [(at(1, 11), "first")]
    full.book("first", full.e, at(3, 11))
    assert full.called(at(3, 8)) == []
    assert [row["owner_id"] for row in rows(full.database, waiting)] == [full.id("second"), full.id("third")]


def test_while_a_time_is_held_nobody_is_told_and_if_it_is_not_booked_it_is_free_again(full: Full) -> None:
    full.free()
    full.called(at(1, 11, 25))
    full.hold("first", full.e, at(3, 11))
    # At half past it was held, so it was nobody's turn; at 11:35 it begins with the first again.
    assert full.called(at(1, 13)) == [
        (at(1, 11, 35), "first"),
        (at(1, 12, 5), "second"),
        (at(1, 12, 35), "third"),
    ]


def test_two_times_that_come_free_at_once_are_told_to_two(full: Full) -> None:
    other = full.expert("f", per_day=1)
    token = full.book("p", other, at(3, 14))
    full.fire()
    full.free()
    full.do("p", CancelBooking(token))
    assert full.called(at(1, 11, 20)) == [(at(1, 11), "first"), (at(1, 11), "second")]


@pytest.mark.parametrize("how", ["move", "decline", "hold", "erase"])
def test_a_time_comes_free_in_other_ways_too(full: Full, how: str) -> None:
    if how == "move":
        assert full.do("o", MoveBooking(full.token, at(4, 10).isoformat()))
    elif how == "erase":
        full.do("o", EraseOwner())
    else:
        full.do("o", CancelBooking(full.token))
        for name, place in full.places.items():
            full.do(name, StopWaiting(place))
        asks = full.expert("asks", asks=True, per_day=1)
        with full.database.writing() as connection:
            experts.keep(connection, full.e.id, active=False)
        held = full.hold("o", asks, at(3, 10))
        if how == "decline":
            full.do("o", Book(held["token"], "", share=False))
            full.fire()
        full.places["first"] = full.wait("first")
        if how == "decline":
            assert full.do("asks", AnswerRequest(held["token"], "decline"))["state"] == "declined"
    assert [to for _, to in full.called(full.now + timedelta(minutes=15))] == ["first"]


def test_hours_that_were_added_are_found_by_the_daily_look(full: Full) -> None:
    full.expert("new")
    assert full.called(at(2, 10)) == [(at(2, 9), "first"), (at(2, 9, 30), "second"), (at(2, 10), "third")]


def test_who_waits_for_what_nobody_free_can_do_is_passed_over(full: Full) -> None:
    full.wait("first", way="visit")
    full.free()
    assert full.called(at(1, 11, 40)) == [(at(1, 11), "second"), (at(1, 11, 30), "third")]


def test_nobody_is_woken_for_it(full: Full) -> None:
    full.now = at(1, 22)
    full.free()
    assert full.called(at(2, 8, 30)) == [(at(2, 8), "first"), (at(2, 8, 30), "second")]


def test_nobody_is_told_in_the_morning_of_what_was_taken_at_night(full: Full) -> None:
    full.now = at(1, 22)
    full.free()
    full.book("p", full.e, at(3, 10))
    assert full.called(at(3, 8)) == []


def test_who_leaves_the_list_is_not_told_and_keeps_nobody_waiting(full: Full) -> None:
    full.free()
    full.called(at(1, 11, 10))
    assert full.do("second", StopWaiting(full.places["second"])) == {"day": "12月3日(木)"}
    assert full.do("second", StopWaiting(full.places["second"])) is None
    assert full.do("first", StopWaiting(full.places["third"])) is None  # another's place
    assert full.called(at(1, 12)) == [(at(1, 11, 30), "third")]


def test_who_is_erased_leaves_the_list(full: Full) -> None:
    full.do("first", EraseOwner())
    full.free()
    assert full.called(at(1, 11, 10)) == [(at(1, 11), "second")]


def test_who_blocked_the_bot_is_passed_over(full: Full) -> None:
    with full.database.writing() as connection:
        owners.gone(connection, owners.lock(connection, "test", "chat", "first", "", full.now).contact_id, full.now)
    full.free()
    assert full.called(at(1, 11, 10)) == [(at(1, 11), "second")]


def test_a_day_that_is_past_is_waited_for_no_more(full: Full) -> None:
    assert full.called(at(4, 10)) == []
    assert rows(full.database, waiting) == []
    assert full.next_due().year > 2100


def test_to_wait_twice_keeps_the_place(full: Full) -> None:
    assert full.wait("first", topic="invoice") == full.places["first"]
    assert [row["topic"] for row in rows(full.database, waiting)] == ["invoice", "it", "it"]


# ---------------------------------------------------------------- in the conversation


def test_the_button_leads_straight_to_the_times_of_that_day(full: Full, database_url: str) -> None:
    with closing(Talk(database_url, address="w")) as talk:
        talk.do(Command("consult"))
        talk.tap("IT導入")
        talk.tap("電話で話す")
        talk.tap("ほかの日を見る")
        talk.tap("12月3日(木)")
        talk.tap("空きを待つ")
        waits = next(message for message in talk.shown() if "空きが出たら" in message.text)
        assert [button.label for button in waits.buttons] == ["待つのをやめる"]
        for name, place in full.places.items():
            full.do(name, StopWaiting(place))
        full.free()
        (told,) = [one for one in full.fire() if one.kind == "free"]
        look, stop = [presses.decode(button.press) for button in told.messages[-1].buttons]
        assert isinstance(look, Command)
        assert isinstance(stop, Command)
        shown = talk.do(look)[-1]
        assert {button.label.split()[0] for button in shown.buttons if " " in button.label} == {"12月3日(木)"}
        assert "12月3日(木)の空きを待つのを、やめました" in talk.do(stop)[0].text
        assert "もう終わっています" in talk.do(stop)[0].text
