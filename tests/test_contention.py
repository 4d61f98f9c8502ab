"""No half hour is held twice and no day over its capacity, whoever wants it at once: the guard on, and off."""

from __future__ import annotations

import random
from datetime import date, time
from typing import TYPE_CHECKING

import pytest

from scheduler.experts import Exceptional
from storage import Database
from tests.bookers import clashes, contend, expect_whole_bookings, killed, race, unguarded
from tests.meetings import Meetings, at, weekly
from tests.processes import _side_by_side as side_by_side
from tests.test_kill import settled

if TYPE_CHECKING:
    from datetime import datetime

    from storage.experts import Expert

CLIENTS, SLOTS = 64, 40
KILLS = 5


def wanted(url: str, days: int) -> list[tuple[Expert, datetime]]:
    """The times of four experts who see ten owners in all: on one day, or five on each of two days."""
    meetings = Meetings(url)
    experts = [
        meetings.expert(f"e{n}", weekly=weekly(8, 18), minutes=30, buffer=30, per_day=10 // days) for n in range(4)
    ]
    meetings.close()
    return [
        (expert, at(1 + day, 8 + hour))
        for day in range(1, days + 1)
        for hour in range(12 - 2 * days)
        for expert in experts
    ]


@pytest.mark.parametrize("days", [1, 2], ids=["half hours", "seats"])
def test_of_64_clients_40_have_a_slot_each_and_the_others_are_told_no(database_url: str, days: int) -> None:
    got = contend(database_url, CLIENTS, wanted(database_url, days))
    assert sum(got) == SLOTS
    assert clashes(database_url) == (0, 0)
    database = Database(database_url)
    expect_whole_bookings(database)
    database.close()


@pytest.mark.parametrize("days", [1, 2], ids=["half hours", "seats"])
def test_without_the_primary_keys_they_are_booked_twice(database_url: str, days: int) -> None:
    slots = wanted(database_url, days)
    unguarded(database_url)
    got = contend(database_url, CLIENTS, slots)
    assert sum(got) > SLOTS
    twice, over = clashes(database_url)
    assert twice > 0 if days == 1 else over > 0


def test_meetings_that_overlap_in_part_never_both_stand(database_url: str) -> None:
    """Times half an hour apart, each of which takes an hour and a half."""
    meetings = Meetings(database_url)
    expert = meetings.expert("e", weekly=weekly(8, 18), per_day=10)
    meetings.close()
    got = contend(database_url, 24, [(expert, at(2, 8 + n // 2, n % 2 * 30)) for n in range(18)])
    assert 3 <= sum(got) <= 6
    assert clashes(database_url) == (0, 0)


def test_two_processes_give_one_time_to_one_of_two_owners_and_the_other_is_shown_the_nearest(database_url: str) -> None:
    meetings = Meetings(database_url)
    # Six times in all, as half of the owners can have one.
    days = tuple(Exceptional(date(2026, 12, day), time(9), time(12)) for day in (3, 4))
    meetings.expert("e", weekly=(), exceptions=days, buffer=0, per_day=3)
    meetings.close()
    came = [owner for owners in side_by_side(race, database_url) for owner in owners]
    assert sum(booked for booked, _ in came) == 6
    assert sum(gone for _, gone in came) > 0
    assert clashes(database_url) == (0, 0)
    database = Database(database_url)
    expect_whole_bookings(database)
    database.close()


def test_a_process_killed_at_any_point_leaves_whole_bookings(database_url: str) -> None:
    meetings = Meetings(database_url)
    for n in range(3):
        meetings.expert(f"e{n}", asks=n > 0)
    meetings.close()
    chance = random.Random(20261202)
    for kill in range(KILLS):
        killed(database_url, f"kill{kill}", chance.randint(1, 40))
        database = settled(database_url)
        expect_whole_bookings(database)
        database.close()
    assert clashes(database_url) == (0, 0)
