"""The audit log: who of an agency saw and changed what. Rows are added, and never changed (the database refuses)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from storage.schema import audit
from storage.texts import storable


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the log (see schema)."""

    id: int
    at: datetime
    member_id: int | None
    act: str
    subject: str
    data: dict[str, Any]


_COLUMNS = [audit.c[name] for name in Entry.__dataclass_fields__]


def add(
    connection: Connection,
    agency_id: int | None,
    member_id: int | None,
    act: str,
    now: datetime,
    subject: str = "",
    data: dict[str, Any] | None = None,
) -> None:
    """Note an act ("client.see") on a subject ("client:7"); `data` holds no personal data."""
    row = {"at": now, "agency_id": agency_id, "member_id": member_id, "act": act, "subject": subject[:60]}
    connection.execute(insert(audit).values(row | {"data": data or {}}))


def of_agency(
    connection: Connection,
    agency_id: int,
    *,
    member_id: int | None = None,
    act: str = "",
    before: int | None = None,
    most: int | None = None,
) -> Sequence[Entry]:
    """An agency's log, the newest first: of one member, of one act, older than the row `before`, `most` rows of it."""
    query = select(*_COLUMNS).where(audit.c.agency_id == agency_id).order_by(audit.c.id.desc()).limit(most)
    if member_id is not None:
        query = query.where(audit.c.member_id == member_id)
    if act:
        query = query.where(audit.c.act == storable(act))
    if before is not None:
        query = query.where(audit.c.id < before)
    return [Entry(*row) for row in connection.execute(query)]


def acts(connection: Connection, agency_id: int) -> Sequence[str]:
    """The acts that stand in an agency's log."""
    query = select(audit.c.act).where(audit.c.agency_id == agency_id).distinct().order_by(audit.c.act)
    return connection.execute(query).scalars().all()
