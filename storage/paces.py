"""Rates held by all processes together: when the next request may be made (GCRA, a row a platform and a contact)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Dialect, String, bindparam, cast, delete, select, update
from sqlalchemy.sql.dml import UpdateBase

from scheduler.paces import fitting, paced
from storage.prepared import Prepared, insert_new, insert_row
from storage.schema import contact, pace

# The key of a contact's row, from a row of contact.
CONTACT_KEY = contact.c.channel + ":" + cast(contact.c.id, String)

# The row says when the account is free again; it is locked from here to the end of the transaction.
_READ = select(pace.c.free_at).where(pace.c.key == bindparam("key"))


def _kept(dialect: Dialect) -> UpdateBase:
    row = insert_row(dialect, pace).values(key=bindparam("key"), free_at=bindparam("free_at"))
    return row.on_conflict_do_update(index_elements=[pace.c.key], set_={"free_at": row.excluded.free_at})


_KEEP = Prepared(_kept)


def reserve(
    connection: Connection,
    key: str,
    costs: Sequence[int],
    *,
    rate: float,
    burst: int,
    now: datetime,
    until: datetime,
    since: datetime | None = None,
) -> list[datetime | None]:
    """Reserve requests, `costs` of them at a time, at `rate` a second after `burst` at once.

    Gives when each lot may begin; None, and nothing reserved, for those that would begin after `until`. A key that is
    new has waited `since` then; without it, it begins to wait now.
    """
    connection.execute(insert_new(connection.dialect, pace), {"key": key, "free_at": since or now})
    free_at: datetime = connection.execute(_READ.with_for_update(), {"key": key}).scalar_one()
    starts: list[datetime | None] = []
    for cost in costs:
        start, after = paced(free_at, cost, rate=rate, burst=burst, now=now)
        starts.append(start if start <= until else None)
        if start <= until:
            free_at = after
    connection.execute(update(pace).where(pace.c.key == key).values(free_at=free_at))
    return starts


def room(connection: Connection, key: str, *, rate: float, burst: int, now: datetime, until: datetime) -> int | None:
    """How many requests could be reserved that begin until a time (None: any number); nothing is reserved by it."""
    free_at = connection.execute(_READ, {"key": key}).scalar()
    return fitting(free_at or now, rate=rate, burst=burst, now=now, until=until)


def keep(connection: Connection, key: str, free_at: datetime) -> None:
    """Keep when the next request may be made to a contact."""
    _KEEP.write(connection, [{"key": key, "free_at": free_at}])


def sweep(connection: Connection, before: datetime) -> None:
    """Take away rows that no longer hold anything back."""
    connection.execute(delete(pace).where(pace.c.free_at < before))
