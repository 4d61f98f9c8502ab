"""Reminders: when they are due, that nobody is disturbed by one that makes no sense, and that none comes twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.appointments import AnswerProposal, AnswerRequest, CancelBooking, MoveBooking, ProposeTime, TookPlace
from dialogs.effects import EraseOwner
from scheduler.days import JAPAN
from scheduler.reminders import LOUD, QUIET, loud, overdue, reminders, unanswered
from storage import bookings, owners
from tests.meetings import Meetings, at, weekly

if TYPE_CHECKING:
    from collections.abc import Iterator

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1))  # noqa: DTZ001
AHEAD = st.timedeltas(timedelta(minutes=1), timedelta(days=60))
ZONES = st.sampled_from([JAPAN, BERLIN])


@pytest.fixture
def meetings(database_url: str) -> Iterator[Meetings]:
    made = Meetings(database_url)
    yield made
    made.close()


# ---------------------------------------------------------------- rules


@pytest.mark.parametrize(
    ("now", "start", "due"),
    [
        (at(1, 10), at(3, 14), {"day": at(2, 18), "hour": at(3, 13)}),
        (at(2, 18), at(3, 14), {"day": at(2, 18), "hour": at(3, 13)}),  # too late for the evening: at once
        (at(3, 10), at(3, 14), {"day": at(3, 10), "hour": at(3, 13)}),
        (at(3, 13, 30), at(3, 14), {"hour": at(3, 13, 30)}),  # too late for both: one of them, at once
        (at(1, 10), at(3, 8, 30), {"day": at(2, 18)}),  # an hour before would wake the owner
        (at(2, 22), at(3, 14), {"day": at(3, 8), "hour": at(3, 13)}),  # booked at night: in the morning
        (at(2, 22), at(3, 8), {}),
        (at(31, 10), at(1, 14, month=1, year=2027), {"day": at(31, 18), "hour": at(1, 13, month=1, year=2027)}),
    ],
)
def test_reminders_are_due_the_evening_and_the_hour_before(
    now: datetime, start: datetime, due: dict[str, datetime]
) -> None:
    assert reminders(start, now) == due


def test_an_expert_is_reminded_by_their_own_clock() -> None:
    monday = datetime(2027, 3, 29, 8)  # noqa: DTZ001 - ten o'clock in Berlin, the day after the clocks went forward
    due = reminders(monday, at(1, 10), BERLIN)
    assert due["day"] == datetime(2027, 3, 28, 16)  # noqa: DTZ001 - 18:00 of a day that has summer time already
    assert due["hour"] == monday - HOUR
    sunday = datetime(2026, 10, 25, 9)  # noqa: DTZ001 - ten o'clock, hours after the clocks went back
    assert reminders(sunday, at(1, 10, month=10), BERLIN)["day"] == datetime(2026, 10, 24, 16)  # noqa: DTZ001


@given(MOMENTS, AHEAD, ZONES)
def test_no_reminder_is_due_before_the_booking_or_after_the_start_or_at_night(
    now: datetime, ahead: timedelta, zone: ZoneInfo
) -> None:
    for due in reminders(now + ahead, now, zone).values():
        assert now <= due < now + ahead
        assert loud(due, zone) == due


@given(MOMENTS, ZONES)
def test_the_night_ends_at_eight(moment: datetime, zone: ZoneInfo) -> None:
    there = loud(moment, zone).replace(tzinfo=ZoneInfo("UTC")).astimezone(zone)
    assert LOUD <= there.time() < QUIET
    if loud(moment, zone) != moment:
        assert there.time() == LOUD
        assert loud(moment, zone) - moment <= timedelta(hours=12)  # eleven, and one where the clocks go back


@pytest.mark.parametrize(
    ("asked", "start", "remind", "ask"),
    [
        (at(1, 9), at(4, 10), at(1, 13), at(1, 17)),
        (at(1, 10), at(1, 13), at(1, 11), at(1, 12)),  # near: thirds
        (at(1, 15), at(4, 10), at(1, 19), at(2, 8)),  # the next is not asked at night
        (at(1, 22), at(2, 16), at(2, 8), at(2, 12)),  # nor is an expert reminded, who then has yet time to answer
        (at(1, 22), at(2, 9), at(2, 8), at(2, 8, 30)),
        (at(1, 22), at(2, 7), at(2, 1), at(2, 4)),  # the meeting is over before the night is
    ],
)
def test_who_does_not_answer_is_reminded_and_then_the_next_is_asked(
    asked: datetime, start: datetime, remind: datetime, ask: datetime
) -> None:
    assert unanswered(asked, start, timedelta(hours=4)) == (remind, ask)


@given(MOMENTS, AHEAD, ZONES)
def test_the_next_is_asked_after_the_reminder_and_before_the_meeting(
    asked: datetime, ahead: timedelta, zone: ZoneInfo
) -> None:
    remind, ask = unanswered(asked, asked + ahead, timedelta(hours=4), zone)
    assert asked < remind < ask < asked + ahead


def test_what_was_held_up_until_the_night_waits_and_what_happens_at_night_does_not() -> None:
    assert overdue(at(1, 18), at(1, 22))
    assert not overdue(at(1, 18), at(1, 20))
    assert not overdue(at(1, 22), at(1, 23))
    assert not overdue(at(1, 20, 59), at(1, 21))


# ---------------------------------------------------------------- in the course of a booking


def test_both_are_reminded_and_afterwards_asked_and_thanked(meetings: Meetings) -> None:
    meetings.book("o", meetings.expert("e"), at(3, 14))
    told = meetings.go_to(at(5, 10))
    assert told == [
        (at(1, 10), "e", "booked:expert"),
        *((at(2, 18), to, kind) for to, kind in (("o", "day:owner"), ("e", "day:expert"))),
        *((at(3, 13), to, kind) for to, kind in (("o", "hour:owner"), ("e", "hour:expert"))),
        (at(3, 15, 30), "e", "after:expert"),
        (at(3, 16), "o", "thanks:owner"),
    ]


def test_who_comes_along_is_reminded_too(meetings: Meetings) -> None:
    token = meetings.book("o", meetings.expert("e"), at(3, 14))
    guest = meetings.id("g")
    with meetings.database.writing() as connection:
        bookings.invite(connection, meetings.booking(token).id, guest, meetings.now)
    assert meetings.do("o", MoveBooking(token, at(3, 15).isoformat()))
    told = [(when, kind) for when, to, kind in meetings.go_to(at(4, 10)) if to == "g"]
    role = f"guest:{guest}"
    assert told == [(at(1, 10), f"moved:{role}"), (at(2, 18), f"day:{role}"), (at(3, 14), f"hour:{role}")]


@pytest.mark.parametrize("who", ["o", "e"])
def test_nobody_is_reminded_of_what_was_cancelled(meetings: Meetings, who: str) -> None:
    token = meetings.book("o", meetings.expert("e"), at(3, 14))
    meetings.fire()
    meetings.do(who, CancelBooking(token))
    other = {"o": ("e", "cancelled:expert"), "e": ("o", "cancelled:owner")}[who]
    assert [(to, kind) for _, to, kind in meetings.go_to(at(9, 10))] == [other]


def test_a_booking_that_was_moved_is_reminded_of_at_its_new_time_alone(meetings: Meetings) -> None:
    token = meetings.book("o", meetings.expert("e"), at(3, 14))
    meetings.go_to(at(2, 20))
    assert meetings.do("o", MoveBooking(token, at(8, 14).isoformat()))
    told = [(when, kind) for when, to, kind in meetings.go_to(at(9, 10)) if to == "o"]
    assert told == [(at(7, 18), "day:owner"), (at(8, 13), "hour:owner"), (at(8, 16), "thanks:owner")]


def test_a_reminder_that_was_claimed_before_the_booking_was_cancelled_says_nothing(meetings: Meetings) -> None:
    token = meetings.book("o", meetings.expert("e"), at(3, 14))
    meetings.fire()
    meetings.now = at(2, 18)
    claimed = meetings.claim()
    assert len(claimed) == 2
    meetings.do("o", CancelBooking(token))
    assert meetings.wake(claimed) == []


@pytest.mark.parametrize("cancelled", [False, True])
def test_when_an_owner_is_forgotten_the_expert_hears_once_that_nobody_comes(
    meetings: Meetings, cancelled: bool
) -> None:
    expert = meetings.expert("e")
    token = meetings.book("o", expert, at(3, 14))
    meetings.fire()
    if cancelled:  # and of that the expert has not been told yet
        meetings.do("o", CancelBooking(token))
    meetings.do("o", EraseOwner())
    assert meetings.go_to(at(9, 10)) == [(at(1, 10), "e", f"forgotten:{expert.owner_id}")]


def test_thanks_come_where_it_took_place_and_not_where_nobody_came(meetings: Meetings) -> None:
    expert = meetings.expert("e")
    came, stayed = meetings.book("o", expert, at(3, 10)), meetings.book("p", expert, at(3, 12))
    meetings.go_to(at(3, 11, 30))
    assert meetings.do("e", TookPlace(came, yes=True))
    told = meetings.go_to(at(3, 13, 30))
    assert (at(3, 12), "o", "thanks:owner") in told
    assert (at(3, 13, 30), "e", "after:expert") in told
    assert meetings.do("e", TookPlace(stayed, yes=False))
    assert meetings.go_to(at(9, 10)) == [(at(3, 13, 30), "p", "missed:owner")]


def test_who_was_missed_by_mistake_is_thanked_once_all_the_same(meetings: Meetings) -> None:
    token = meetings.book("o", meetings.expert("e"), at(3, 14))
    meetings.go_to(at(3, 15, 30))
    for yes in (False, True):
        assert meetings.do("e", TookPlace(token, yes=yes))
    assert [(to, kind) for _, to, kind in meetings.go_to(at(9, 10))] == [("o", "thanks:owner")]
    assert any(button.press.startswith("c:nps") for one in meetings.told[-1].messages for button in one.buttons)


def test_an_expert_in_berlin_is_reminded_on_the_evening_there(meetings: Meetings) -> None:
    meetings.book("o", meetings.expert("b", zone="Europe/Berlin", weekly=weekly(9, 12)), at(3, 18))
    told = meetings.go_to(at(3, 19))
    assert (at(2, 18), "o", "day:owner") in told
    assert (at(3, 2), "b", "day:expert") in told  # 18:00 in Berlin, eight hours behind
    assert (at(3, 17), "b", "hour:expert") in told


# ---------------------------------------------------------------- an expert who must accept


def test_who_has_not_answered_is_reminded_then_the_next_is_asked_and_in_the_end_the_owner_told(
    meetings: Meetings,
) -> None:
    token = meetings.book("o", meetings.expert("one", asks=True), at(3, 14))
    meetings.expert("two", asks=True)
    told = meetings.go_to(at(2, 13))
    assert told == [
        (at(1, 10), "one", "asked:expert"),
        (at(1, 14), "one", "unanswered:expert"),
        (at(1, 18), "two", "asked:expert"),
        (at(1, 18), "o", "passed:owner"),
        (at(1, 18), "one", "passed:expert"),
        (at(2, 8), "two", "unanswered:expert"),
        (at(2, 12), "o", "declined:owner"),
        (at(2, 12), "two", "passed:expert"),
    ]
    assert meetings.booking(token).state == "declined"
    again = meetings.told[-2].messages[-1]
    assert "12月3日(木)" in again.text
    assert [button.label for button in again.buttons] == ["ほかの時間を探す"]


def test_what_time_has_done_is_told_to_each_when_it_is_day_there(meetings: Meetings) -> None:
    meetings.expert("tokyo", asks=True, weekly=weekly(9, 20))
    berlin = meetings.expert("berlin", asks=True, zone="Europe/Berlin", weekly=weekly(8, 17))
    meetings.now = at(1, 20)
    token = meetings.book("o", berlin, at(4, 17))
    told = meetings.go_to(at(3, 8))
    assert meetings.booking(token).state == "declined"
    assert told == [
        (at(1, 20), "berlin", "asked:expert"),
        (at(2, 0), "berlin", "unanswered:expert"),
        (at(2, 4), "berlin", "passed:expert"),
        (at(2, 8), "tokyo", "asked:expert"),
        (at(2, 8), "o", "passed:owner"),
        (at(2, 12), "tokyo", "unanswered:expert"),
        (at(2, 16), "o", "declined:owner"),
        (at(2, 16), "tokyo", "passed:expert"),
    ]


def test_nobody_is_reminded_of_a_meeting_that_is_not_accepted_yet(meetings: Meetings) -> None:
    meetings.house = replace(meetings.house, patience=timedelta(hours=12))
    token = meetings.book("o", meetings.expert("e", asks=True), at(2, 16))
    told = meetings.go_to(at(1, 19))
    assert [kind for _, to, kind in told if to == "o"] == []
    assert meetings.do("e", AnswerRequest(token, "accept"))
    told = meetings.go_to(at(2, 15))
    # The evening before had gone, so the owner was reminded at once.
    assert [(when, kind) for when, to, kind in told if to == "o"] == [
        (at(1, 19), "accepted:owner"),
        (at(1, 19), "day:owner"),
        (at(2, 15), "hour:owner"),
    ]


def test_a_proposal_lapses_and_both_are_told(meetings: Meetings) -> None:
    token = meetings.book("o", meetings.expert("e"), at(8, 14))
    meetings.fire()
    assert meetings.do("e", ProposeTime(token, at(9, 10).isoformat()))
    told = meetings.go_to(at(9, 12))
    assert told == [
        (at(1, 10), "o", "proposed:owner"),
        (at(3, 10), "o", "lapse:owner"),
        (at(3, 10), "e", "lapsed:expert"),
    ]
    assert meetings.do("o", AnswerProposal(token)) is None


def test_a_proposal_for_soon_leaves_time_to_answer(meetings: Meetings) -> None:
    token = meetings.book("o", meetings.expert("e", notice=0), at(3, 14))
    meetings.fire()
    assert meetings.do("e", ProposeTime(token, at(1, 10, 30).isoformat()))
    assert meetings.kinds() == [("o", "proposed:owner")]
    assert meetings.do("o", AnswerProposal(token))
    assert ("e", "agreed:expert") in meetings.kinds()


# ---------------------------------------------------------------- while nothing ran


def restarted(meetings: Meetings, moment: datetime) -> list[tuple[str, str]]:
    """The program was off until a moment; who is told what when it begins again."""
    meetings.close()
    meetings.now = moment
    meetings.start()
    return meetings.kinds()


def test_what_fell_due_while_nothing_ran_goes_out_if_it_still_makes_sense(meetings: Meetings) -> None:
    meetings.book("o", meetings.expert("e"), at(3, 14))
    meetings.fire()
    assert restarted(meetings, at(3, 9)) == [("o", "day:owner"), ("e", "day:expert")]
    # Both were due; one reminder says all.
    meetings.book("p", meetings.expert("f"), at(4, 14))
    meetings.fire()
    assert [one for one in restarted(meetings, at(4, 13, 30)) if one[0] in "pf"] == [
        ("p", "hour:owner"),
        ("f", "hour:expert"),
    ]


def test_a_reminder_of_a_meeting_that_has_begun_is_dropped(meetings: Meetings) -> None:
    meetings.book("o", meetings.expert("e"), at(3, 14))
    meetings.fire()
    assert restarted(meetings, at(3, 14)) == []
    assert restarted(meetings, at(3, 20)) == [("e", "after:expert"), ("o", "thanks:owner")]


def test_what_was_held_up_until_the_night_comes_in_the_morning(meetings: Meetings) -> None:
    meetings.book("o", meetings.expert("e"), at(3, 14))
    meetings.fire()
    assert restarted(meetings, at(2, 23)) == []
    assert meetings.go_to(at(3, 12)) == [(at(3, 8), "o", "day:owner"), (at(3, 8), "e", "day:expert")]


def test_a_request_whose_time_came_while_nothing_ran_is_declined_and_never_accepted(meetings: Meetings) -> None:
    token = meetings.book("o", meetings.expert("e", asks=True), at(3, 14))
    meetings.expert("f", asks=True)
    meetings.fire()
    meetings.now = at(3, 15)
    assert meetings.do("e", AnswerRequest(token, "accept")) is None
    assert set(restarted(meetings, at(3, 15))) == {("o", "declined:owner"), ("e", "passed:expert")}


@pytest.mark.parametrize("ended", [at(1, 20, 45), at(1, 18)])
def test_what_ends_by_itself_ends_at_night_too_and_is_told_in_the_morning(meetings: Meetings, ended: datetime) -> None:
    expert = meetings.expert("e")
    meetings.now = ended
    meetings.hold("o", expert, at(3, 13))
    assert restarted(meetings, at(1, 23)) == []
    assert [one.state for one in meetings.bookings()] == ["expired"]
    assert meetings.hold("p", expert, at(3, 13))
    assert [one for one in meetings.go_to(at(2, 12)) if one[1] == "o"] == [(at(2, 8), "o", "held:told")]
    assert "空けました" in meetings.told[-1].messages[0].text


def test_a_proposal_that_lapsed_while_nothing_ran_frees_its_time_at_night_and_is_told_in_the_morning(
    meetings: Meetings,
) -> None:
    token = meetings.book("o", meetings.expert("e"), at(8, 14))
    meetings.fire()
    assert meetings.do("e", ProposeTime(token, at(9, 10).isoformat()))
    meetings.fire()
    assert restarted(meetings, at(3, 23)) == []
    assert meetings.booking(token).state == "expired"
    assert meetings.go_to(at(5, 12)) == [(at(4, 8), "e", "lapsed:expert"), (at(4, 8), "o", "lapse:told")]


def test_who_was_passed_over_at_night_hears_of_it_in_the_morning_whatever_comes_of_the_request(
    meetings: Meetings,
) -> None:
    token = meetings.book("o", meetings.expert("one", asks=True), at(4, 14))
    meetings.expert("two", asks=True)
    meetings.fire()
    assert restarted(meetings, at(1, 23)) == []
    assert meetings.do("o", CancelBooking(token))
    told = meetings.go_to(at(2, 12))
    assert (at(2, 8), "one", "passed:expert") in told
    assert [kind for _, to, kind in told if to == "two"] == ["cancelled:expert"]


def test_the_night_is_that_of_whom_something_is_for(meetings: Meetings) -> None:
    meetings.book("o", meetings.expert("b", zone="Europe/Berlin", weekly=weekly(9, 12)), at(3, 18))
    meetings.fire()
    # 4:00 in Japan is 20:00 in Berlin: the one is left to sleep, the other is told.
    assert restarted(meetings, at(3, 4)) == [("b", "day:expert")]
    assert (at(3, 8), "o", "day:owner") in meetings.go_to(at(3, 12))


def test_what_was_settled_is_not_told_after_the_meeting(meetings: Meetings) -> None:
    expert = meetings.expert("e", asks=True)
    tokens = [meetings.book(f"o{n}", expert, at(3, 9 + 2 * n)) for n in range(2)]
    meetings.fire()
    meetings.do("e", AnswerRequest(tokens[0], "accept"))
    meetings.do("e", ProposeTime(tokens[1], at(3, 15).isoformat()))
    meetings.do("o1", AnswerProposal(tokens[1]))
    told = {kind for _, kind in restarted(meetings, at(6, 12))}
    assert told == {"after:expert", "thanks:owner"}


# ---------------------------------------------------------------- never twice


def test_a_timer_that_two_claimed_is_told_once(meetings: Meetings) -> None:
    meetings.book("o", meetings.expert("e"), at(3, 14))
    meetings.fire()
    meetings.now = at(2, 18)
    first = meetings.claim()
    assert meetings.claim() == []  # the lease
    meetings.now += timedelta(minutes=1)
    second = meetings.claim()
    assert [one.id for one in first] == [one.id for one in second]
    assert len(meetings.wake(second)) == 2
    assert meetings.wake(first) == []


def test_nothing_is_told_to_who_cannot_be_reached(meetings: Meetings) -> None:
    meetings.book("o", meetings.expert("e"), at(3, 14))
    meetings.fire()
    with meetings.database.writing() as connection:
        contact = owners.lock(connection, "test", "chat", "o", "", meetings.now).contact_id
        owners.gone(connection, contact, meetings.now)
    assert {to for _, to, _ in meetings.go_to(at(5, 10))} == {"e"}
