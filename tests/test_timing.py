"""Timers on their way: each told once, whoever fires it, and none lost to what fails beside it."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import structlog
from sqlalchemy import select, update

from bot import timing
from storage import owners, timers
from storage.schema import outbox, owner, timer
from tests.bookers import fire_beside, intake_at
from tests.meetings import Meetings, at
from tests.processes import _side_by_side as side_by_side
from tests.taking import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

MEETINGS = 6


@pytest.fixture
def meetings(database_url: str) -> Iterator[Meetings]:
    made = Meetings(database_url)
    yield made
    made.close()


def booked(meetings: Meetings) -> None:
    """As many owners as experts, whose meetings all begin at once, and who know that they are booked."""
    for n in range(MEETINGS):
        meetings.book(f"o{n}", meetings.expert(f"e{n}"), at(3, 14))
    meetings.fire()


# ---------------------------------------------------------------- once


def test_two_processes_that_fire_the_same_timers_remind_each_person_once(database_url: str) -> None:
    with closing(Meetings(database_url)) as meetings:
        booked(meetings)
        before = len(rows(meetings.database, outbox))
        fired = Counter(id for ids in side_by_side(fire_beside, database_url) for id in ids)
        assert sorted(fired.values()) == [1] * 2 * MEETINGS
        assert len(rows(meetings.database, outbox)) == before + 2 * MEETINGS


def test_without_a_note_that_a_timer_was_told_it_is_told_twice(
    meetings: Meetings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard off: what the same two claims do where firing is not noted."""
    booked(meetings)
    meetings.now = at(2, 18)
    first = meetings.claim()
    meetings.now += 2 * timing.LEASE
    second = meetings.claim()
    monkeypatch.setattr(timers, "fire", lambda connection, ids: set(ids))
    assert len(meetings.wake(second)) == len(meetings.wake(first)) == 2 * MEETINGS


# ---------------------------------------------------------------- what fails


def test_who_dies_with_claimed_timers_leaves_them_to_others(meetings: Meetings) -> None:
    booked(meetings)
    meetings.now = at(2, 18)
    assert len(meetings.claim()) == 2 * MEETINGS
    assert meetings.fire() == []
    meetings.now += timing.LEASE
    assert len(meetings.fire()) == 2 * MEETINGS


def test_a_timer_that_fails_keeps_no_other_from_being_told_and_is_tried_again(
    meetings: Meetings, database_url: str
) -> None:
    booked(meetings)
    broken = meetings.id("o0")
    with meetings.database.writing() as connection:
        good = connection.execute(select(owner.c.record).where(owner.c.id == broken)).scalar_one()
        connection.execute(update(owner).where(owner.c.id == broken).values(record={"frames": 1}))
    moment = at(2, 18)
    intake = intake_at(database_url, moment)
    with structlog.testing.capture_logs() as logged:
        taken = timing.fire(intake, intake.clock)
    assert len(taken) == 2 * MEETINGS - 1
    assert [line["event"] for line in logged] == ["timer"]
    with meetings.database.writing() as connection:
        connection.execute(update(owner).where(owner.c.id == broken).values(record=good))
    assert [one.owner_id for one in timing.fire(intake, lambda: moment + timing.LEASE)] == [broken]
    intake.stop()
    intake.database.close()


def test_a_timer_for_who_can_no_longer_be_reached_is_dropped(meetings: Meetings) -> None:
    booked(meetings)
    with meetings.database.writing() as connection:
        known = owners.lock(connection, "test", "chat", "o0", "", meetings.now)
        owners.gone(connection, known.contact_id, meetings.now)
    meetings.now = at(2, 18)
    assert len(meetings.fire()) == 2 * MEETINGS - 1
    left = [row for row in rows(meetings.database, timer) if row["owner_id"] == known.id and row["kind"] == "day:owner"]
    assert [row["state"] for row in left] == ["fired"]


def test_an_operator_hears_of_an_expert_who_was_not_told(meetings: Meetings) -> None:
    expert = meetings.expert("e")
    meetings.book("o", expert, at(3, 14))
    with meetings.database.writing() as connection:
        known = owners.lock(connection, "test", "chat", "e", "", meetings.now)
        owners.gone(connection, known.contact_id, meetings.now)
    with structlog.testing.capture_logs() as logged:
        assert meetings.fire() == []
    assert [(line["log_level"], line["event"], line["expert"]) for line in logged] == [("warning", "timer", expert.id)]


# ---------------------------------------------------------------- setting them


def test_what_is_set_already_stays_as_it_is(meetings: Meetings) -> None:
    mine = meetings.id("o")
    with meetings.database.writing() as connection:
        timers.add(connection, "booking:1", "day", 2, mine, at(2, 18))
        timers.add(connection, "booking:1", "day", 2, mine, at(9, 18))
        timers.add(connection, "booking:1", "day", 3, mine, at(4, 18))
        assert [one.at for one in timers.of(connection, "booking:1")] == [at(2, 18), at(4, 18)]
        timers.cancel(connection, "booking:1", but=3)
        assert [one.revision for one in timers.of(connection, "booking:1")] == [3]
        timers.cancel(connection, "booking:1")
        assert timers.of(connection, "booking:1") == []
        # What was cancelled is not set again either: its revision is past.
        timers.add(connection, "booking:1", "day", 3, mine, at(4, 18))
        assert timers.of(connection, "booking:1") == []


def test_many_of_a_kind_are_numbered(meetings: Meetings) -> None:
    mine = meetings.id("o")
    with meetings.database.writing() as connection:
        for n in range(3):
            timers.add_next(connection, "talk:1", "said", mine, at(1, 10), {"n": n})
        assert [(one.revision, one.data["n"]) for one in timers.of(connection, "talk:1")] == [(0, 0), (1, 1), (2, 2)]


def test_nothing_is_claimed_before_it_is_due_and_the_longest_due_first(meetings: Meetings) -> None:
    mine = meetings.id("o")
    with meetings.database.writing() as connection:
        for hour in (12, 11, 13):
            timers.add(connection, f"booking:{hour}", "day", 1, mine, at(2, hour))
        assert not timers.any_due(connection, at(2, 10, 59))
        assert timers.claim(connection, at(2, 10, 59), at(2, 12), 9) == []
        lease = at(2, 12) + timedelta(minutes=1)
        assert [one.subject for one in timers.claim(connection, at(2, 12), lease, 1)] == ["booking:11"]
        assert [one.subject for one in timers.claim(connection, at(2, 12), lease, 9)] == ["booking:12"]
