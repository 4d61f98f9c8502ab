"""Who waits for a day that is full, in the order in which they came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, exists, select, update

from storage.prepared import insert_new
from storage.schema import contact, waiting


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who waits for a day of Japan's; `offered_at` is when they were last told of a free time."""

    id: int
    owner_id: int
    day: date
    topic: str
    way: str
    prefecture: str
    made_at: datetime
    offered_at: datetime | None

    @property
    def subject(self) -> str:
        """What their timers are about."""
        return f"waiting:{self.id}"


_ALL = select(*(waiting.c[name] for name in Waiting.__dataclass_fields__))


def _found(connection: Connection, query: Select[Any]) -> list[Waiting]:
    return [Waiting(*row) for row in connection.execute(query)]


def add(
    connection: Connection, owner_id: int, day: date, topic: str, way: str, prefecture: str, now: datetime
) -> Waiting:
    """Have an owner wait for a day; who waits for it already keeps the place, and waits for what is wanted now."""
    wanted = {"topic": topic, "way": way, "prefecture": prefecture}
    connection.execute(
        insert_new(connection.dialect, waiting), {"owner_id": owner_id, "day": day, "made_at": now} | wanted
    )
    mine = (waiting.c.owner_id == owner_id) & (waiting.c.day == day)
    connection.execute(update(waiting).where(mine).values(wanted))
    return _found(connection, _ALL.where(mine))[0]


def lock(connection: Connection, id: int) -> Waiting | None:
    """Somebody who waits, held until the transaction ends."""
    return next(iter(_found(connection, _ALL.where(waiting.c.id == id).with_for_update())), None)


def of_owner(connection: Connection, owner_id: int) -> list[Waiting]:
    """The days that an owner waits for, the next first."""
    return _found(connection, _ALL.where(waiting.c.owner_id == owner_id).order_by(waiting.c.day))


def line(connection: Connection, day: date, behind: Waiting | None = None) -> Sequence[Waiting]:
    """Who waits for a day and can be reached, in order; only those `behind` somebody where that is given."""
    reached = exists().where(contact.c.owner_id == waiting.c.owner_id, contact.c.gone_at.is_(None))
    everybody = _found(connection, _ALL.where(waiting.c.day == day, reached).order_by(waiting.c.made_at, waiting.c.id))
    return [one for one in everybody if not behind or (one.made_at, one.id) > (behind.made_at, behind.id)]


def offer(connection: Connection, id: int, now: datetime) -> None:
    """Note that somebody is being told of a free time."""
    connection.execute(update(waiting).where(waiting.c.id == id).values(offered_at=now))


def remove(connection: Connection, id: int) -> None:
    """Have somebody wait no more."""
    connection.execute(delete(waiting).where(waiting.c.id == id))
