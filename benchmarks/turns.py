"""The turn, from an event to the committed record and answer: alone, among many conversations, and many at once."""

import random
import time
import uuid
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update

from benchmarks.databases import sqlite
from benchmarks.measuring import median, show, spread, timed
from benchmarks.stored import fill, new_intake, stored_address
from bot.clock import utc_now
from bot.intake import Intake
from storage import Database
from storage.schema import contact, inbox, outbox, owner
from tests.talkers import ACCOUNT, CHANNEL, Talker

BLOCKS, BLOCK = 40, 25
FEW, MANY = 100, 100_000
VISITED, VISITS = 100, 8
OWNERS = 200
# From the first word through the whole check to the result, and into the next check.
ROUNDS = 40
# Turns a second of bots on other frameworks, with SQLite as ours is set (WAL, synchronous=FULL).
PEERS = {"aiogram-dialog": 488, "python-telegram-bot with SQL glue": 512, "aiogram": 632, "telegraf (Node)": 1_343}


class Floor:
    """What no turn could do without: reading an owner in one transaction and writing in another, by SQLAlchemy Core.

    Written are the values of the turn that the owner has just had, so that they are as large as a turn's.
    """

    read = (
        select(owner)
        .join_from(contact, owner)
        .where(
            contact.c.channel == CHANNEL,
            contact.c.account == ACCOUNT,
            contact.c.address == bindparam("address"),
        )
    )
    save = (
        update(owner)
        .where(owner.c.id == bindparam("of"))
        .values(record=bindparam("record"), turns=bindparam("turns"), seen_at=bindparam("seen_at"))
    )
    note = insert(inbox)
    answer = insert(outbox)

    def __init__(self, database: Database, address: str) -> None:
        self.database = database
        self.address = address
        self.written = 0

    def prepare(self) -> None:
        """Look up the values of the owner's last turn."""
        with self.database.reading() as connection:
            row = connection.execute(self.read, {"address": self.address}).mappings().one()
            self.owner = {"of": row["id"], "record": row["record"], "turns": row["turns"]}
            self.event = self._latest(connection, inbox, row["id"])
            self.said = self._latest(connection, outbox, row["id"])

    def _latest(self, connection: Connection, table: Table, owner_id: int) -> dict[str, Any]:
        latest = select(table).where(table.c.owner_id == owner_id).order_by(table.c.turn.desc()).limit(1)
        return dict(connection.execute(latest).mappings().one())

    def one_row(self) -> None:
        """Write the record alone, at a new time: SQLite writes nothing where nothing changes."""
        with self.database.reading() as connection:
            connection.execute(self.read, {"address": self.address}).one()
        with self.database.writing() as connection:
            connection.execute(self.save, self.owner | {"seen_at": utc_now()})

    def all_rows(self) -> None:
        """Write all that a turn writes."""
        self.written += 1
        with self.database.reading() as connection:
            connection.execute(self.read, {"address": self.address}).one()
        with self.database.writing() as connection:
            connection.execute(self.note, self.event | {"event_id": f"floor:{self.written}"})
            connection.execute(self.answer, self.said | {"id": str(uuid.uuid4())})
            connection.execute(self.save, self.owner | {"seen_at": utc_now()})


def alone(url: str) -> None:
    """(a) One turn at a time beside the floor, on one database, some of each in turns.

    Some, and not one of each: what has just run runs faster, and the two floors are much alike.
    """
    database = Database(url)
    intake, talker, floor = new_intake(database), Talker("alone"), Floor(database, "alone")
    turn: list[float] = []
    one: list[float] = []
    every: list[float] = []
    for _ in range(BLOCKS):
        turn += [_turn(intake, talker) for _ in range(BLOCK)]
        floor.prepare()
        one += [timed(floor.one_row) for _ in range(BLOCK)]
        every += [timed(floor.all_rows) for _ in range(BLOCK)]
    database.close()
    show("(a) one turn, alone", spread(turn))
    show("    floor: a read and a one-row write transaction", spread(one))
    show("    the same with all rows that a turn writes", spread(every))
    show("    turn / floor (aim: 2.0 at the most)", f"{median(turn) / median(one):6.2f}")
    show("    turn / floor with all rows", f"{median(turn) / median(every):6.2f}")


def among_many(folder: Path) -> None:
    """(b) The same turns of the same owners among few and among many stored conversations, in turns."""
    databases = {count: Database(sqlite(folder, f"stored-{count}")) for count in (FEW, MANY)}
    intakes = {count: new_intake(database) for count, database in databases.items()}
    talkers = {}
    for count, database in databases.items():
        messages = fill(database, count)
        visited = random.Random(1).sample(range(count), VISITED)
        talkers[count] = [Talker(stored_address(n), messages=messages) for n in visited]
    times: dict[int, list[float]] = {FEW: [], MANY: []}
    for _ in range(VISITS):
        for pair in zip(*talkers.values(), strict=True):
            for count, talker in zip(talkers, pair, strict=True):
                times[count].append(_turn(intakes[count], talker))
    for database in databases.values():
        database.close()
    for count in (FEW, MANY):
        show(f"(b) one turn among {count:,} stored conversations", spread(times[count]))
    show("    many / few (aim: 1.2 at the most)", f"{median(times[MANY]) / median(times[FEW]):6.2f}")


def at_once(url: str) -> None:
    """(c) Two crowds of owners go through the check: one owner after another, and all of them at once."""
    database = Database(url)
    intake = new_intake(database)
    intake.start()
    single = [Talker(f"single{n}") for n in range(OWNERS)]
    crowd = [Talker(f"crowd{n}") for n in range(OWNERS)]
    one_by_one, together = [], []
    for _ in range(ROUNDS):
        one_by_one.append(timed(lambda: _one_by_one(intake, single)))
        together.append(timed(lambda: _together(intake, crowd)))
    intake.stop()
    database.close()
    turns = OWNERS * ROUNDS
    show(f"(c) {OWNERS} owners one by one, from greeting to result", f"{sum(one_by_one) / turns:6.2f} ms a turn (mean)")
    show(f"    {OWNERS} owners at once", f"{sum(together) / turns:6.2f} ms a turn (mean)")
    show("    at once / one by one (aim: 1.0 at the most)", f"{sum(together) / sum(one_by_one):6.2f}")
    show("    at once, in all", f"{turns / sum(together) * 1000:6,.0f} turns a second")


def _turn(intake: Intake, talker: Talker) -> float:
    """How long one turn takes, in milliseconds."""
    event = talker.event()
    start = time.perf_counter()
    taken = intake.take(event)
    ended = time.perf_counter()
    talker.hear(taken)
    return (ended - start) * 1000


def _one_by_one(intake: Intake, talkers: list[Talker]) -> None:
    for talker in talkers:
        talker.hear(intake.submit(talker.event()).result())


def _together(intake: Intake, talkers: list[Talker]) -> None:
    futures = [intake.submit(talker.event()) for talker in talkers]
    for talker, future in zip(talkers, futures, strict=True):
        talker.hear(future.result())
