"""The events taken: each once."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from sqlalchemy import Connection, bindparam, select

from storage.prepared import Prepared, insert_new
from storage.schema import inbox


class Row(TypedDict):
    """An event and the turn that takes it."""

    channel: str
    account: str
    event_id: str
    owner_id: int
    turn: int
    at: datetime


_ADD = Prepared(lambda dialect: insert_new(dialect, inbox))
_TAKEN_BY = select(inbox.c.owner_id, inbox.c.turn).where(
    inbox.c.channel == bindparam("channel"),
    inbox.c.account == bindparam("account"),
    inbox.c.event_id == bindparam("event_id"),
)


def turn_of(connection: Connection, owner_id: int, event_id: str) -> int | None:
    """The turn that took an event of this owner's, whichever contact it came from; None where there was none."""
    mine = (inbox.c.owner_id == owner_id) & (inbox.c.event_id == event_id)
    return connection.execute(select(inbox.c.turn).where(mine)).scalar()


def add(connection: Connection, rows: Sequence[Row]) -> list[bool]:
    """Note events; False for those that were noted before, which must not be taken again."""
    if _ADD.write(connection, rows) == len(rows):
        return [True] * len(rows)
    # Rare, so looked up one by one: what was noted just now bears the number of its turn, which none had before.
    taken = [connection.execute(_TAKEN_BY, dict(row)).one() for row in rows]
    return [(by.owner_id, by.turn) == (row["owner_id"], row["turn"]) for by, row in zip(taken, rows, strict=True)]
