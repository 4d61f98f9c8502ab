"""Owners and how they are reached: finding, locking, saving, exporting and erasing them."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.schema import contact, inbox, outbox, owner, result


@dataclass(frozen=True, slots=True)
class Owner:
    """An owner as found by an address: row ids, the conversation's tag and record, and how many turns there were."""

    id: int
    contact_id: int
    tag: str
    record: dict[str, Any]
    turns: int


_FIND = (
    select(owner.c.id, contact.c.id, owner.c.tag, owner.c.record, owner.c.turns)
    .join_from(contact, owner)
    .where(
        contact.c.channel == bindparam("channel"),
        contact.c.account == bindparam("account"),
        contact.c.address == bindparam("address"),
    )
)
_LOCK = _FIND.with_for_update(of=owner)
_SAVE = (
    update(owner)
    .where(owner.c.id == bindparam("owner_id"))
    .values(record=bindparam("record"), turns=bindparam("turns"), seen_at=bindparam("now"), erased_at=None)
)


def find(connection: Connection, channel: str, account: str, address: str) -> Owner | None:
    """The owner at this address, without locking."""
    row = connection.execute(_FIND, {"channel": channel, "account": account, "address": address}).first()
    return Owner(*row) if row else None


def lock(connection: Connection, channel: str, account: str, address: str, came_by: str, now: datetime) -> Owner:
    """The owner at this address, held until the transaction ends; made where there is none."""
    at = {"channel": channel, "account": account, "address": address}
    row = connection.execute(_LOCK, at).first()
    if row is None:
        _make(connection, at, came_by, now)
        row = connection.execute(_LOCK, at).one()
    return Owner(*row)


def _make(connection: Connection, at: dict[str, str], came_by: str, now: datetime) -> None:
    tag = secrets.token_hex(3)
    made = connection.execute(
        insert(owner).values(tag=tag, record={}, turns=0, made_at=now, seen_at=now).returning(owner.c.id)
    ).scalar_one()
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = dict(at, owner_id=made, came_by=came_by or None, made_at=now)
    added = connection.execute(
        dialect.insert(contact).values(row).on_conflict_do_nothing().returning(contact.c.id)
    ).first()
    if added is None:
        # Another process met this owner at the same moment: its row stands, ours was never used.
        connection.execute(delete(owner).where(owner.c.id == made))


def save(connection: Connection, owner_id: int, record: dict[str, Any], turns: int, now: datetime) -> None:
    """Keep the record after a turn."""
    connection.execute(_SAVE, {"owner_id": owner_id, "record": record, "turns": turns, "now": now})


def first_contact(connection: Connection, owner_id: int) -> tuple[str, str, str]:
    """Channel, account and address by which an owner was first met."""
    query = select(contact.c.channel, contact.c.account, contact.c.address)
    row = connection.execute(query.where(contact.c.owner_id == owner_id).order_by(contact.c.id).limit(1)).one()
    return row.channel, row.account, row.address


def give_consent(connection: Connection, owner_id: int, notice: str, now: datetime) -> None:
    """Keep that the owner agreed to this version of the notice."""
    connection.execute(update(owner).where(owner.c.id == owner_id).values(notice=notice, consented_at=now))


def export(connection: Connection, owner_id: int) -> dict[str, Any]:
    """All that is stored about an owner, as JSON data."""
    tables = (
        ("owner", select(owner).where(owner.c.id == owner_id)),
        ("contacts", select(contact).where(contact.c.owner_id == owner_id)),
        ("results", select(result).where(result.c.owner_id == owner_id).order_by(result.c.id)),
        ("events", select(inbox).where(inbox.c.owner_id == owner_id).order_by(inbox.c.turn)),
        ("conversation", select(outbox).where(outbox.c.owner_id == owner_id).order_by(outbox.c.turn)),
    )
    found = {name: [dict(row) for row in connection.execute(query).mappings()] for name, query in tables}
    plain: dict[str, Any] = json.loads(json.dumps(found, default=str, ensure_ascii=False))
    return plain


def erase(connection: Connection, owner_id: int, turn: int) -> None:
    """Delete all about an owner but the bare address, which the farewell needs; `sweep` takes that away later.

    The event of this turn stays known, so that a second copy of it does not begin anything.
    """
    connection.execute(delete(result).where(result.c.owner_id == owner_id))
    connection.execute(delete(inbox).where(inbox.c.owner_id == owner_id, inbox.c.turn != turn))
    connection.execute(delete(outbox).where(outbox.c.owner_id == owner_id))
    connection.execute(update(contact).where(contact.c.owner_id == owner_id).values(came_by=None))
    connection.execute(update(owner).where(owner.c.id == owner_id).values(notice=None, consented_at=None))


def mark_erased(connection: Connection, owner_id: int, now: datetime) -> None:
    """Mark an owner whose farewell is on its way; a new turn takes the mark off."""
    connection.execute(update(owner).where(owner.c.id == owner_id).values(erased_at=now))


def sweep(connection: Connection, before: datetime) -> int:
    """Take away what is left of the owners erased before this time; gives how many."""
    gone = connection.execute(select(owner.c.id).where(owner.c.erased_at < before)).scalars().all()
    for table in (result, inbox, outbox, contact):
        connection.execute(delete(table).where(table.c.owner_id.in_(gone)))
    connection.execute(delete(owner).where(owner.c.id.in_(gone)))
    return len(gone)
