"""Journeys say what the other tables say: marks, corrections, joining, forgetting, and who was there before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text

from dialogs.appointments import Book, CancelBooking, HoldSlot, TookPlace
from dialogs.consultations import AnswerAction, KeepRecord
from dialogs.effects import DeleteResult, EraseOwner
from storage import Database, owners, results
from storage.database import MIGRATIONS
from storage.schema import booking, contact, journey, next_action, owner, result
from tests.meetings import Meetings, at
from tests.taking import NOW, finish, new_intake, rows
from tests.talkers import QUICK, Talker

TIMES = ("began", "finished", "contact", "booked", "met", "acted")
# What a time that was only held may have come to.
NOT_YET = ("held", "expired", "cancelled")


@pytest.fixture
def meetings(database_url: str) -> Iterator[Meetings]:
    meetings = Meetings(database_url, flushed=False)
    yield meetings
    meetings.close()


def checked(meetings: Meetings, address: str, choice: int = QUICK) -> int:
    """Somebody who has a result, and whom the meetings know by the same address."""
    talker = Talker(address, choice)
    finish(new_intake(meetings.database, meetings.now), talker)
    with meetings.database.writing() as connection:
        found = owners.find(connection, "web", "chat", address)
        assert found
        row = {"owner_id": found.id, "channel": "test", "account": "chat", "address": address}
        connection.execute(insert(contact).values(row | {"made_at": meetings.now}))
        return found.id


def of(meetings: Meetings, owner_id: int) -> dict[str, Any]:
    """The journey of one owner."""
    return next(row for row in rows(meetings.database, journey) if row["owner_id"] == owner_id)


def reached(meetings: Meetings, owner_id: int) -> set[str]:
    """The stages that a journey says were reached."""
    mine = of(meetings, owner_id)
    return {stage for stage in TIMES if mine[f"{stage}_at"]}


def as_tables_say(meetings: Meetings, owner_id: int) -> set[str]:
    """The same, by the tables in which it is done."""
    mine = {
        table.name: [row for row in rows(meetings.database, table) if row["owner_id"] == owner_id]
        for table in (booking, next_action, result)
    }
    asked_for = [one for one in mine["booking"] if one["state"] not in NOT_YET or one["reach"]]
    facts = {
        "began": True,
        "finished": bool(mine["result"]),
        "contact": any(one["reach"] for one in mine["booking"]),
        "booked": bool(asked_for),
        "met": any(one["state"] == "done" for one in mine["booking"]),
        "acted": any(one["state"] == "done" for one in mine["next_action"]),
    }
    return {stage for stage, true in facts.items() if true}


def test_a_journey_begins_with_the_first_answer_and_ends_with_the_next_action(meetings: Meetings) -> None:
    expert = meetings.expert("相談員")
    id = checked(meetings, "owner")
    assert reached(meetings, id) == {"began", "finished"}
    token = meetings.book("owner", expert, at(2, 10))
    assert reached(meetings, id) == {"began", "finished", "contact", "booked"}
    meetings.now = at(2, 12)
    actions = ({"text": "見積もりを取る", "day": "2026-12-20"},)
    meetings.do("相談員", KeepRecord(token, "", "", "", actions))
    assert "met" in reached(meetings, id)
    meetings.do("owner", AnswerAction(rows(meetings.database, next_action)[0]["id"], "done"))
    assert reached(meetings, id) == set(TIMES)
    assert of(meetings, id)["acted_at"] == meetings.now


def test_what_is_taken_back_was_not_reached(meetings: Meetings) -> None:
    expert = meetings.expert("相談員")
    id = checked(meetings, "owner")
    token = meetings.book("owner", expert, at(2, 10))
    meetings.now = at(2, 12)
    meetings.do("相談員", TookPlace(token, yes=True))
    meetings.do("相談員", TookPlace(token, yes=False))
    assert "met" not in reached(meetings, id)


def test_a_held_time_is_no_booking(meetings: Meetings) -> None:
    expert = meetings.expert("相談員")
    id = checked(meetings, "owner")
    meetings.hold("owner", expert, at(2, 10))
    assert "booked" not in reached(meetings, id)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("hold", "book", "cancel", "came", "missed", "record", "done", "open")), st.integers(0, 2)
    ),
    max_size=14,
)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_after_whatever_happens_the_journey_says_what_the_tables_say(
    meetings: Meetings, steps: list[tuple[str, int]]
) -> None:
    meetings.now = NOW
    number = len(rows(meetings.database, owner))
    expert, address = meetings.expert(f"expert{number}"), f"owner{number}"
    id, tokens, day = checked(meetings, address), [""] * 3, 3
    for act, which in steps:
        token = tokens[which]
        match act:
            case "hold" if meetings.now < at(day, 9):
                held = meetings.do(address, HoldSlot(at(day, 10 + which).isoformat(), expert.id, "it", "phone"))
                tokens[which] = held["token"] if held else token
            case "book":
                meetings.do(address, Book(token, "09012345678", share=False))
            case "cancel":
                meetings.do(address, CancelBooking(token))
            case "came" | "missed":
                meetings.now = max(meetings.now, at(day, 10 + which, 30))
                meetings.do(f"expert{number}", TookPlace(token, yes=act == "came"))
            case "record":
                meetings.now = max(meetings.now, at(day, 10 + which, 30))
                meetings.do(f"expert{number}", KeepRecord(token, "", "", "", ({"text": f"{which}", "day": ""},)))
            case "done" | "open":
                mine = [row["id"] for row in rows(meetings.database, next_action) if row["owner_id"] == id]
                for action in mine[which : which + 1]:
                    meetings.do(address, AnswerAction(action, act))
        assert reached(meetings, id) == as_tables_say(meetings, id), act


def test_of_two_who_are_one_the_first_of_each_counts_and_the_latest_result_describes(meetings: Meetings) -> None:
    first = checked(meetings, "page", QUICK)
    meetings.now = NOW.replace(day=2)
    second = checked(meetings, "phone")
    began = of(meetings, first)["began_at"]
    latest = of(meetings, second)
    with meetings.database.writing() as connection:
        owners.merge(connection, first, second)
    (kept,) = rows(meetings.database, journey)
    assert (kept["owner_id"], kept["began_at"]) == (second, began)
    assert [kept[name] for name in ("segment", "challenges", "tools")] == [
        latest[name] for name in ("segment", "challenges", "tools")
    ]


def test_of_two_who_are_one_the_latest_result_describes_also_where_the_other_goes_on(meetings: Meetings) -> None:
    first = checked(meetings, "page")
    full = {name: of(meetings, first)[name] for name in ("industry", "prefecture")}
    with meetings.database.writing() as connection:
        made = owners.lock(connection, "web", "chat", "empty", "", meetings.now).id
        row = {"owner_id": made, "channel": "web", "stands": "depth", "answered": 0}
        connection.execute(insert(journey).values(row | {"seen_at": NOW, "came_at": NOW}))
        owners.merge(connection, first, made)
    (kept,) = rows(meetings.database, journey)
    assert kept["segment"]
    assert {name: kept[name] for name in full} == full
    assert kept["finished_at"]


def test_a_result_that_is_deleted_describes_nobody_any_more(meetings: Meetings) -> None:
    id = checked(meetings, "owner", 1)
    with meetings.database.reading() as connection:
        stored = results.latest(connection, id)
    assert stored
    assert of(meetings, id)["industry"]
    meetings.do("owner", DeleteResult(stored.token))
    mine = of(meetings, id)
    assert {mine[name] for name in ("segment", "industry", "size", "prefecture", "challenges", "tools")} == {""}


def test_nothing_is_left_of_who_wants_to_be_forgotten(meetings: Meetings) -> None:
    checked(meetings, "owner")
    meetings.do("owner", EraseOwner())
    assert rows(meetings.database, journey) == []


# ---------------------------------------------------------------- who was there before


def upgrade(database: Database, to: str) -> None:
    with database.writing() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, to)


ANSWERS = (
    '{"depth": "full", "q2.sales": "urgent", "q2.people": "some", "q2.work": "no", "q3": ["chat", "ai"],'
    ' "prefecture": "tokyo"}'
)


def person(connection: Any, id: int, channel: str = "web", agreed: bool = True) -> None:
    """Somebody as the release before kept them."""
    at: dict[str, Any] = {"id": id, "now": datetime(2026, 6, 1), "yes": datetime(2026, 6, 2) if agreed else None}  # noqa: DTZ001
    made = (
        "INSERT INTO owner (id, tag, record, turns, consented_at, made_at, seen_at)"
        " VALUES (:id, 'abc', '{}', 3, :yes, :now, :now)"
    )
    reached = (
        "INSERT INTO contact (owner_id, channel, account, address, made_at) VALUES (:id, :channel, 'a', :id, :now)"
    )
    connection.execute(text(made), at)
    connection.execute(text(reached.replace("'a', :id", f"'a', '{id}'")), at | {"channel": channel})


def test_owners_who_were_there_before_have_come_as_far_as_the_tables_say(blank_database_url: str) -> None:
    database = Database(blank_database_url)
    upgrade(database, "0004")
    day = {"now": datetime(2026, 6, 3)}  # noqa: DTZ001
    with database.writing() as connection:
        person(connection, 1, "web", agreed=False)
        person(connection, 2, "line")
        person(connection, 3, "slack")
        person(connection, 4, "slack")
        kept = (
            "INSERT INTO result (owner_id, run, depth, token, day, made_at, answers, result, segment, industry, size,"
            " latest)"
            " VALUES (2, 'r', 'full', 't', '2026-06-03', :now, :answers, '{}', 'high-jiso', 'retail', '5', true)"
        )
        connection.execute(text(kept), day | {"answers": ANSWERS})
        expert = (
            "INSERT INTO expert (id, owner_id, name, active, profile, token, feed, busy, made_at)"
            " VALUES (1, 3, '', true, '{}', 't', 'f', '[]', :now)"
        )
        connection.execute(text(expert), day)
        booked = (
            "INSERT INTO booking (id, token, page, owner_id, expert_id, topic, way, starts_at, minutes, state,"
            " revision, reach, place, asked, made_at, changed_at)"
            " VALUES (1, 't', 'p', 2, 1, 'it', 'phone', :now, 60, 'done', 1, '090', '', '[]', :now, :now)"
        )
        connection.execute(text(booked), day)
        guest = "INSERT INTO party (booking_id, owner_id, name, made_at) VALUES (1, 4, '', :now)"
        connection.execute(text(guest), day)
    upgrade(database, "head")
    found = {row["owner_id"]: row for row in rows(database, journey)}
    database.close()
    # Neither the expert nor the officer is an owner who was sent through the check.
    assert found.keys() == {1, 2}
    assert {stage for stage in TIMES if found[1][f"{stage}_at"]} == set()
    two = found[2]
    assert {stage for stage in TIMES if two[f"{stage}_at"]} == {"began", "finished", "contact", "booked", "met"}
    assert (two["challenges"], two["tools"], two["prefecture"]) == (",people,sales,", ",ai,chat,", "tokyo")
    assert (two["depth"], two["segment"], two["industry"], two["channel"]) == ("full", "high-jiso", "retail", "line")
