"""What is said to owners: adding it within the turn, and fetching it by turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import Connection, bindparam, insert, select

from storage.prepared import Prepared
from storage.schema import outbox


class Row(TypedDict):
    """Messages to be sent to a contact, as one sending; `said` is what they answer."""

    id: str
    owner_id: int
    contact_id: int
    turn: int
    said: str
    messages: list[dict[str, Any]]
    made_at: datetime


_ADD = Prepared(lambda _: insert(outbox))
_LATEST = (
    select(outbox.c.turn, outbox.c.said, outbox.c.messages)
    .where(outbox.c.owner_id == bindparam("owner_id"), outbox.c.turn > bindparam("after"))
    .order_by(outbox.c.turn.desc())
    .limit(bindparam("most"))
)


def add(connection: Connection, rows: Sequence[Row]) -> None:
    """Add what is to be sent."""
    _ADD.write(connection, rows)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One turn as it went: what was said and what was answered."""

    turn: int
    said: str
    messages: list[dict[str, Any]]


def exchanges(connection: Connection, owner_id: int, after: int, most: int) -> list[Exchange]:
    """The latest `most` turns of an owner after turn `after`, in order."""
    rows = connection.execute(_LATEST, {"owner_id": owner_id, "after": after, "most": most}).all()
    return [Exchange(*row) for row in reversed(rows)]
