"""What is said to owners: adding it within the turn, and fetching it by turn."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from storage.schema import outbox

_ADD = insert(outbox)


def add(
    connection: Connection,
    *,
    id: str,
    owner_id: int,
    contact_id: int,
    turn: int,
    said: str,
    messages: list[dict[str, Any]],
    now: datetime,
) -> None:
    """Add messages to be sent to a contact, as one sending."""
    row = {
        "id": id,
        "owner_id": owner_id,
        "contact_id": contact_id,
        "turn": turn,
        "said": said,
        "messages": messages,
        "made_at": now,
    }
    connection.execute(_ADD, row)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One turn as it went: what was said and what was answered."""

    turn: int
    said: str
    messages: list[dict[str, Any]]


def exchanges(connection: Connection, owner_id: int, after: int, most: int) -> list[Exchange]:
    """The latest `most` turns of an owner after turn `after`, in order."""
    rows = connection.execute(
        select(outbox.c.turn, outbox.c.said, outbox.c.messages)
        .where(outbox.c.owner_id == owner_id, outbox.c.turn > after)
        .order_by(outbox.c.turn.desc())
        .limit(most)
    ).all()
    return [Exchange(*row) for row in reversed(rows)]
