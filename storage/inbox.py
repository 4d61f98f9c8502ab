"""The events taken: each once."""

from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from storage.schema import inbox

_ADD = {
    name: dialect.insert(inbox).on_conflict_do_nothing()
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}


def add(
    connection: Connection,
    *,
    channel: str,
    account: str,
    event_id: str,
    owner_id: int,
    turn: int,
    at: datetime,
) -> bool:
    """Note an event; False where it was noted before, and then it must not be taken again."""
    row = {
        "channel": channel,
        "account": account,
        "event_id": event_id,
        "owner_id": owner_id,
        "turn": turn,
        "at": at,
    }
    return connection.execute(_ADD[connection.dialect.name], row).rowcount == 1
