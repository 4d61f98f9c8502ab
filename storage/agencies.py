"""Agencies: who they are, and the picture that stands for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from storage.schema import agency


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency (see schema); `home` is the one that runs this server."""

    id: int
    name: str
    home: bool
    ask: str
    made_at: datetime


_COLUMNS = [agency.c[name] for name in Agency.__dataclass_fields__]


def add(connection: Connection, name: str, now: datetime) -> Agency:
    """A new agency; the first of all is the home one."""
    first = connection.execute(select(agency.c.id).limit(1)).first() is None
    row = {"name": name, "home": first, "made_at": now}
    return get(connection, connection.execute(insert(agency).values(row).returning(agency.c.id)).scalar_one())


def get(connection: Connection, id: int) -> Agency:
    """The agency with this id; raises where there is none."""
    return Agency(*connection.execute(select(*_COLUMNS).where(agency.c.id == id)).one())


def by_name(connection: Connection, name: str) -> Agency | None:
    """The agency of this name."""
    row = connection.execute(select(*_COLUMNS).where(agency.c.name == name)).first()
    return Agency(*row) if row else None


def all_of(connection: Connection) -> Sequence[Agency]:
    """All agencies, by id."""
    return [Agency(*row) for row in connection.execute(select(*_COLUMNS).order_by(agency.c.id))]


def keep(connection: Connection, id: int, **values: Any) -> None:
    """Change `name`, or `logo` (bytes) and `logo_type` (its media type)."""
    connection.execute(update(agency).where(agency.c.id == id).values(values))


def logo(connection: Connection, id: int) -> tuple[bytes, str] | None:
    """An agency's picture and its media type."""
    row = connection.execute(select(agency.c.logo, agency.c.logo_type).where(agency.c.id == id)).first()
    return (row.logo, row.logo_type) if row and row.logo else None
