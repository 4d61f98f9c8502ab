"""Talks of owners with people at the agency's desk: who is talking, and in which thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from storage.prepared import Prepared
from storage.schema import contact, talk


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk (see storage.schema)."""

    id: int
    owner_id: int
    desk_id: int
    led: bool
    opened_at: datetime
    heard_at: datetime
    waits_since: datetime | None

    @property
    def subject(self) -> str:
        """What its timers are about."""
        return f"talk:{self.id}"


_ALL = select(*(talk.c[name] for name in Talk.__dataclass_fields__))
# Asked at every text that is typed.
_LED = Prepared(lambda _: select(talk.c.id).where(talk.c.owner_id == bindparam("owner_id"), talk.c.led))


def _found(connection: Connection, query: Select[Any]) -> list[Talk]:
    return [Talk(*row) for row in connection.execute(query)]


def begin(connection: Connection, owner_id: int, desk_id: int, now: datetime) -> Talk:
    """A new talk of an owner in the thread that a person stands for; nobody leads it yet."""
    values = {"owner_id": owner_id, "desk_id": desk_id, "led": False, "opened_at": now, "heard_at": now}
    id = connection.execute(insert(talk).values(values).returning(talk.c.id)).scalar_one()
    return Talk(id, owner_id, desk_id, led=False, opened_at=now, heard_at=now, waits_since=None)


def is_led(connection: Connection, owner_id: int) -> bool:
    """Whether what an owner types goes to the desk."""
    return _LED.first(connection, {"owner_id": owner_id}) is not None


def of_owner(connection: Connection, owner_id: int) -> Sequence[Talk]:
    """An owner's talks, held until the transaction ends; those that are led first, the latest before others."""
    mine = _ALL.where(talk.c.owner_id == owner_id).order_by(talk.c.led.desc(), talk.c.id.desc())
    return _found(connection, mine.with_for_update())


def in_thread(connection: Connection, desk_id: int) -> Talk | None:
    """The talk in a thread, held until the transaction ends."""
    return next(iter(_found(connection, _ALL.where(talk.c.desk_id == desk_id).with_for_update())), None)


def lock(connection: Connection, id: int) -> Talk | None:
    """A talk, held until the transaction ends."""
    return next(iter(_found(connection, _ALL.where(talk.c.id == id).with_for_update())), None)


def keep(connection: Connection, id: int, **values: Any) -> None:
    """Keep what has become of a talk."""
    connection.execute(update(talk).where(talk.c.id == id).values(values))


def move(connection: Connection, contact_id: int, address: str) -> None:
    """Keep that a contact is reached elsewhere from now on: its first message has begun a thread."""
    connection.execute(update(contact).where(contact.c.id == contact_id).values(address=address))
