"""Stored conversations in numbers."""

import random
import uuid
from typing import Any

from sqlalchemy import Connection, insert, select

from bot.clock import utc_now
from bot.house import House
from bot.intake import Intake
from dialogs.content import packaged
from dialogs.messages import Message
from storage import Database
from storage.schema import contact, inbox, outbox, owner
from tests.talkers import ACCOUNT, CHANNEL, Talker

# How far owners are who only fill the database, and how many of their turns are stored.
ANSWERED = 12
STORED_TURNS = 3
ROWS_AT_ONCE = 2_000


def new_intake(database: Database) -> Intake:
    """An intake over a database, not begun."""
    return Intake(database, packaged(), utc_now, House(lambda owner_id: f"/me/{owner_id}"))


def stored_address(n: int) -> str:
    """The address of the n-th owner that `fill` stores; as those of browsers, they lie about the index at random."""
    return uuid.UUID(int=random.Random(n).getrandbits(128)).hex


def fill(database: Database, count: int) -> tuple[Message, ...]:
    """Store so many conversations, all in the middle of the check; gives what was said in them last.

    One is had in earnest, the others are copies of it. For SQLite, as it numbers the owners itself.
    """
    pattern = Talker("pattern")
    intake = new_intake(database)
    for _ in range(ANSWERED):
        pattern.hear(intake.take(pattern.event()))
    with database.reading() as connection:
        stored = dict(connection.execute(select(owner)).mappings().one())
        said = [dict(row) for row in connection.execute(select(outbox).order_by(outbox.c.turn)).mappings()]
    for start in range(0, count, ROWS_AT_ONCE):
        with database.writing() as connection:
            _copy(connection, range(start, min(start + ROWS_AT_ONCE, count)), stored, said[-STORED_TURNS:])
    return pattern.messages


def _copy(connection: Connection, numbers: range, stored: dict[str, Any], said: list[dict[str, Any]]) -> None:
    at = {"channel": CHANNEL, "account": ACCOUNT}
    owners, contacts, events, answers = [], [], [], []
    for n in numbers:
        id, address = stored["id"] + 1 + n, stored_address(n)
        owners.append(stored | {"id": id})
        contacts.append(at | {"id": id, "owner_id": id, "address": address, "made_at": stored["made_at"]})
        for row in said:
            turn = {"owner_id": id, "turn": row["turn"]}
            events.append(at | turn | {"event_id": f"{address}:stored{row['turn']}", "at": row["made_at"]})
            answers.append(row | turn | {"id": str(uuid.uuid4()), "contact_id": id})
    for table, rows in ((owner, owners), (contact, contacts), (inbox, events), (outbox, answers)):
        connection.execute(insert(table), rows)
