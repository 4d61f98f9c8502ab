"""Clients who want the same times: as threads, as processes that race, and as one that is killed meanwhile."""

from __future__ import annotations

import random
import signal
import threading
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from bot import timing
from bot.intake import Intake
from dialogs.appointments import AnswerRequest, Book, CancelBooking, MoveBooking
from dialogs.content import packaged
from dialogs.events import Command, Tapped
from scheduler.experts import cells, local_day
from storage import Database, bookings, experts, owners
from storage.schema import cell, seat
from tests.meetings import HOUSE, Meetings, at
from tests.processes import context
from tests.talk import START, Talk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from multiprocessing.connection import Connection as Pipe
    from multiprocessing.synchronize import Barrier

    from sqlalchemy import Connection

    from storage.experts import Expert

# Clients to one engine, each of whom has a connection of its own.
TO_ONE = 8
# Bookings that each of two racing processes tries to make.
TRIES = 6


def unguarded(url: str) -> None:
    """Take the primary keys of cells and seats away."""
    database = Database(url)
    with database.writing() as connection:
        for table in (cell, seat):
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"ALTER TABLE {table.name} DROP CONSTRAINT pk_{table.name}"))
            else:
                columns = ", ".join(column.name for column in table.columns)
                connection.execute(text(f"DROP TABLE {table.name}"))
                connection.execute(text(f"CREATE TABLE {table.name} ({columns})"))
    database.close()


def take(connection: Connection, n: int, slots: Sequence[tuple[Expert, datetime]], most: int) -> bool:
    """Client n takes the first slot that can be had: slot n, or one of those after it, in a round; tries so many."""
    mine = owners.lock(connection, "test", "chat", f"client{n}", "", START)
    wanted = (slots[(n + place) % len(slots)] for place in range(most))
    return any(bookings.hold(connection, mine.id, expert, at, "it", "web", START) for expert, at in wanted)


def contend(url: str, clients: int, slots: Sequence[tuple[Expert, datetime]]) -> list[bool]:
    """So many clients at the same moment, each on a connection of its own; gives who got a slot."""
    databases = [Database(url) for _ in range(-(-clients // TO_ONE))]
    start = threading.Barrier(clients)
    got: dict[int, bool] = {}

    def client(n: int) -> None:
        database = databases[n // TO_ONE]
        with database.reading():
            start.wait()
        while n not in got:
            try:
                with database.writing() as connection:
                    taken = take(connection, n, slots, len(slots))
                got[n] = taken
            except OperationalError as error:
                # SQLite does not serve those who wait in order, and sends some away in the end.
                if "locked" not in str(error):
                    raise

    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in databases:
        database.close()
    return [got[n] for n in range(clients)]


def clashes(url: str) -> tuple[int, int]:
    """How many half hours are held by more than one booking that stands, and how many days have too many of them."""
    database = Database(url)
    with database.reading() as connection:
        known = {one.id: one for one in experts.all_of(connection)}
        standing = [one for one in bookings.all_of(connection) if one.stands]
    database.close()
    held: Counter[tuple[int, object]] = Counter()
    days: Counter[tuple[int, object]] = Counter()
    for one in standing:
        profile = known[one.expert_id].profile
        held.update((one.expert_id, at) for at in cells(one.starts_at, one.minutes, profile.buffer))
        days[one.expert_id, local_day(profile, one.starts_at)] += 1
    over = sum(count > known[expert].profile.per_day for (expert, _), count in days.items())
    return sum(count > 1 for count in held.values()), over


def expect_whole_bookings(database: Database) -> None:
    """What stands has all of its half hours and one seat; nothing else has any."""
    with database.reading() as connection:
        known = {one.id: one for one in experts.all_of(connection)}
        standing = [one for one in bookings.all_of(connection) if one.stands]
        held = {tuple(row) for row in connection.execute(select(cell.c.expert_id, cell.c.at, cell.c.booking_id))}
        seats = sorted(
            tuple(row) for row in connection.execute(select(seat.c.expert_id, seat.c.day, seat.c.booking_id))
        )
    profiles = {one.id: known[one.expert_id].profile for one in standing}
    assert held == {
        (one.expert_id, at, one.id)
        for one in standing
        for at in cells(one.starts_at, one.minutes, profiles[one.id].buffer)
    }
    assert seats == sorted((one.expert_id, local_day(profiles[one.id], one.starts_at), one.id) for one in standing)


# ---------------------------------------------------------------- processes


def race(url: str, name: str, start: Barrier, out: Pipe) -> None:
    """One of two processes whose owners tap the first time shown at the same moment; sends who was booked.

    Of each owner: 1 if they were booked, and how often the time that they tapped had gone.
    """
    came = []
    for n in range(TRIES):
        with closing(Talk(url, address=f"{name}{n}")) as talk:
            talk.do(Command("consult"))
            for label in ("IT導入", "Web会議で話す"):
                # Nothing more is asked once the other process's owner has taken the last time.
                if any(button.label == label for message in talk.shown() for button in message.buttons):
                    talk.tap(label)
            start.wait()
            gone = 0
            while first := next((one for one in actions(talk) if one.value.startswith("s-")), None):
                talk.do(first)
                gone += any("埋まってしまいました" in message.text for message in talk.shown())
            if booked := any(one.value == "plain" for one in actions(talk)):
                talk.tap("この内容で予約する")
            came.append((int(booked), gone))
    out.send(came)


def actions(talk: Talk) -> list[Tapped]:
    """What can be tapped as an answer, in order."""
    shown = [talk.action(button.label) for message in talk.shown() for button in message.buttons if button.press]
    return [one for one in shown if isinstance(one, Tapped)]


def intake_at(url: str, moment: datetime) -> Intake:
    """An intake that has begun, on a database of its own, at a moment that stands still."""
    intake = Intake(Database(url), packaged(), lambda: moment, HOUSE)
    intake.start()
    return intake


def fire_beside(url: str, name: str, start: Barrier, out: Pipe) -> None:
    """Fire what is due as another process does; every second time under a clock that has outlived the leases."""
    fired = []
    for n in range(4):
        intake = intake_at(url, at(2, 18) + n * 2 * timing.LEASE)
        start.wait()
        fired += [taken.owner_id for taken in timing.fire(intake, intake.clock) if taken.messages]
        intake.stop()
        intake.database.close()
    out.send(fired)


def killed(url: str, name: str, after: int) -> None:
    """Have a process book, move and cancel, and kill it after so many acts."""
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=book_endlessly, args=(url, name, send))
    process.start()
    send.close()
    done = 0
    try:
        while True:
            receive.recv()
            done += 1
            if done == after:
                process.kill()
    except EOFError:
        pass
    process.join()
    receive.close()
    assert process.exitcode == -signal.SIGKILL


def book_endlessly(url: str, name: str, out: Pipe) -> None:
    """Hold, book, accept, move and cancel, telling of each, until killed."""
    meetings = Meetings(url)
    chance = random.Random(name)
    with meetings.database.reading() as connection:
        everybody = experts.all_of(connection)
    while True:
        expert, address = chance.choice(everybody), f"{name}{chance.randrange(6)}"
        start = at(chance.randrange(2, 5), chance.randrange(9, 16), chance.choice((0, 30)))
        held = meetings.hold(address, expert, start)
        out.send("held")
        if held:
            meetings.do(address, Book(held["token"], "", share=False))
            out.send("booked")
            meetings.do(expert.name, AnswerRequest(held["token"], chance.choice(("accept", "decline"))))
            out.send("answered")
            meetings.do(address, MoveBooking(held["token"], at(7, chance.randrange(9, 16)).isoformat()))
            out.send("moved")
            if chance.random() < 0.7:
                meetings.do(address, CancelBooking(held["token"]))
                out.send("cancelled")
