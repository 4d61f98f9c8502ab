"""Bookings: many owners who want the same few times, beside the bare insert that guards them."""

import sqlite3
from contextlib import closing
from functools import partial
from typing import Any

import psycopg
from sqlalchemy import delete, make_url

from benchmarks.measuring import median, show, timed
from benchmarks.stored import new_intake
from storage import Database
from storage.schema import booking, cell, seat
from tests.bookers import clashes, take
from tests.meetings import Meetings, at, weekly

CLIENTS, SLOTS, EXPERTS, ROUNDS = 64, 40, 4, 5
# Slots that a client tries: the one wanted and, as owners are shown, three more.
TRIES = 4

Slots = list[tuple[Any, Any]]


def contenders(url: str) -> None:
    """(h) Clients, each of whom takes the first slot that can be had; and the same half hours by the bare driver."""
    with closing(Meetings(url)) as meetings:
        experts = [meetings.expert(f"expert{n}", weekly=weekly(8, 18), minutes=30, per_day=10) for n in range(EXPERTS)]
        # Whose half hours the bare inserts are: a row of `cell` is some booking's.
        patron = meetings.booking(meetings.hold("patron", experts[0], at(9, 10))["token"]).id
    slots = [(one, at(2, 8 + hour)) for hour in range(SLOTS // EXPERTS) for one in experts]
    database = Database(url)
    booked: list[float] = []
    bare: list[float] = []
    together: list[float] = []
    for _ in range(ROUNDS):
        for times, work in ((booked, _one_by_one), (together, _at_once)):
            _free(database, patron)
            times.append(timed(partial(work, database, slots)))
            _expect_all(database)
        _free(database, patron)
        with closing(_connected(url)) as connection:
            bare.append(timed(partial(_insert, connection, [(one.id, start, patron) for one, start in slots])))
    database.close()
    show(f"(h) {CLIENTS} clients for {SLOTS} slots, a commit each", f"{_a_second(booked)} bookings a second")
    show("    floor: their half hours by the bare driver", f"{_a_second(bare)} a second")
    show("    booking / floor", f"{median(booked) / median(bare):6.2f}")
    show("    at once, through the one writing thread of a process", f"{_a_second(together)} bookings a second")


def _a_second(milliseconds: list[float]) -> str:
    return f"{SLOTS / median(milliseconds) * 1000:6,.0f}"


def _free(database: Database, but: int) -> None:
    """Free every half hour, and take away every booking but one."""
    with database.writing() as connection:
        connection.execute(delete(cell))
        connection.execute(delete(seat))
        connection.execute(delete(booking).where(booking.c.id != but))


def _expect_all(database: Database) -> None:
    with database.reading() as connection:
        assert len(connection.execute(seat.select()).all()) == SLOTS
    assert clashes(database.engine.url.render_as_string(hide_password=False)) == (0, 0)


def _one_by_one(database: Database, slots: Slots) -> None:
    for n in range(CLIENTS):
        with database.writing() as connection:
            take(connection, n, slots, TRIES)


def _at_once(database: Database, slots: Slots) -> None:
    intake = new_intake(database)
    waiting = [intake.write(partial(take, n=n, slots=slots, most=TRIES)) for n in range(CLIENTS)]
    intake.start()
    got = [one.result() for one in waiting]
    intake.stop()
    assert sum(got) == SLOTS


def _insert(connection: Any, slots: list[tuple[int, Any, int]]) -> None:
    """The same clients and slots with nothing but the guarded insert."""
    lite = isinstance(connection, sqlite3.Connection)
    row = "(?, ?, ?)" if lite else "(%s, %s, %s)"
    insert = f"INSERT INTO cell (expert_id, at, booking_id) VALUES {row}, {row} ON CONFLICT DO NOTHING"  # noqa: S608
    cursor, got = connection.cursor(), 0
    for n in range(CLIENTS):
        cursor.execute("BEGIN IMMEDIATE" if lite else "BEGIN")
        for place in range(TRIES):
            expert, start, patron = slots[(n + place) % len(slots)]
            halves = [start, start.replace(minute=30)]
            times = [half.isoformat(" ", "microseconds") if lite else half for half in halves]
            cursor.execute(insert, [value for half in times for value in (expert, half, patron)])
            if cursor.rowcount == len(times):
                got += 1
                break
        cursor.execute("COMMIT")
    assert got == SLOTS


def _connected(url: str) -> Any:
    if not url.startswith("sqlite"):
        return psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True)
    connection = sqlite3.connect(str(make_url(url).database), isolation_level=None)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection
