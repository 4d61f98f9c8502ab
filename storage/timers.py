"""Timers: what is to come back as an event, to whom and when. Each is told once, whoever fires it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from storage.prepared import insert_new, insert_row
from storage.schema import WAITS, timer


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer: what it is about ("booking:7"), what of it, the revision it was made for, for whom, and for when."""

    id: int
    subject: str
    kind: str
    revision: int
    owner_id: int
    at: datetime
    data: dict[str, Any]


_COLUMNS = (timer.c.id, timer.c.subject, timer.c.kind, timer.c.revision, timer.c.owner_id, timer.c.at, timer.c.data)


def add(
    connection: Connection,
    subject: str,
    kind: str,
    revision: int,
    owner_id: int,
    at: datetime,
    data: dict[str, Any] | None = None,
) -> None:
    """Have somebody told of something at a time; what is set already stays as it is."""
    row = {"subject": subject, "kind": kind, "revision": revision, "owner_id": owner_id}
    values = row | {"at": at, "due_at": at, "data": data or {}}
    connection.execute(insert_new(connection.dialect, timer), values)


def wake(connection: Connection, subject: str, kind: str, owner_ids: Sequence[int], at: datetime) -> None:
    """Have each of these people told of something, by a timer of their own; who was told before is told again."""
    added = insert_row(connection.dialect, timer)
    anew = {"state": "due", "at": added.excluded.at, "due_at": added.excluded.due_at}
    key = (timer.c.subject, timer.c.kind, timer.c.revision)
    rows = [
        {"subject": subject, "kind": kind, "revision": id, "owner_id": id, "at": at, "due_at": at, "data": {}}
        for id in owner_ids
    ]
    connection.execute(added.on_conflict_do_update(index_elements=key, set_=anew), rows)


def add_next(
    connection: Connection, subject: str, kind: str, owner_id: int, at: datetime, data: dict[str, Any]
) -> None:
    """Have something told that is one of many of its kind; whoever calls holds a lock on the subject."""
    same = (timer.c.subject == subject) & (timer.c.kind == kind)
    # Not a count: who is erased takes their timers along, and a number that was given is never given again.
    number = connection.execute(select(func.coalesce(func.max(timer.c.revision), -1) + 1).where(same)).scalar_one()
    add(connection, subject, kind, number, owner_id, at, data)


def cancel(connection: Connection, subject: str, but: int | None = None) -> None:
    """Cancel what is still to come of a subject, but for what was set for this revision."""
    mine = (timer.c.subject == subject) & WAITS
    if but is not None:
        mine &= timer.c.revision != but
    connection.execute(update(timer).where(mine).values(state="cancelled"))


def claim(connection: Connection, now: datetime, lease_until: datetime, most: int) -> list[Timer]:
    """Claim what is due, the longest due first. Who dies with a claim leaves it to others when the lease ends."""
    due = select(*_COLUMNS).where(WAITS, timer.c.due_at <= now).order_by(timer.c.due_at, timer.c.id).limit(most)
    claimed = [Timer(*row) for row in connection.execute(due.with_for_update(skip_locked=True))]
    if claimed:
        mine = timer.c.id.in_([one.id for one in claimed])
        connection.execute(update(timer).where(mine).values(due_at=lease_until))
    return claimed


def put_off(connection: Connection, id: int, until: datetime) -> None:
    """Leave a claimed timer until a later time."""
    connection.execute(update(timer).where(timer.c.id == id, WAITS).values(due_at=until))


def any_due(connection: Connection, now: datetime) -> bool:
    """Whether there is anything to claim."""
    return connection.execute(select(timer.c.id).where(WAITS, timer.c.due_at <= now).limit(1)).first() is not None


def next_due(connection: Connection) -> datetime | None:
    """When there is something to claim next; None where nothing is set."""
    at: datetime | None = connection.execute(select(func.min(timer.c.due_at)).where(WAITS)).scalar_one()
    return at


def fire(connection: Connection, ids: Collection[int]) -> set[int]:
    """Note that timers are being told of; gives those that were neither told nor cancelled before."""
    if not ids:
        return set()
    fired = update(timer).where(timer.c.id.in_(ids), WAITS).values(state="fired").returning(timer.c.id)
    return set(connection.execute(fired).scalars())


def find(connection: Connection, subject: str, kind: str, revision: int) -> Timer | None:
    """The one timer of this kind that was set for this revision, told or not."""
    mine = (timer.c.subject == subject) & (timer.c.kind == kind) & (timer.c.revision == revision)
    row = connection.execute(select(*_COLUMNS).where(mine)).first()
    return Timer(*row) if row else None


def told(connection: Connection, subject: str, kind: str) -> bool:
    """Whether anything of this kind was told of a subject."""
    mine = (timer.c.subject == subject) & (timer.c.kind == kind) & (timer.c.state == "fired")
    return connection.execute(select(timer.c.id).where(mine).limit(1)).first() is not None


def people(connection: Connection, subject: str) -> set[int]:
    """Who was told anything of a subject, or is to be."""
    return set(connection.execute(select(timer.c.owner_id).where(timer.c.subject == subject).distinct()).scalars())


def of(connection: Connection, subject: str) -> Sequence[Timer]:
    """What is still to come of a subject, in order."""
    query = select(*_COLUMNS).where(timer.c.subject == bindparam("subject"), WAITS).order_by(timer.c.at, timer.c.id)
    return [Timer(*row) for row in connection.execute(query, {"subject": subject})]


def ever(connection: Connection, subject: str, kind: str) -> Sequence[Timer]:
    """All of one kind that was ever set of a subject, told or not, in order."""
    mine = (timer.c.subject == subject) & (timer.c.kind == kind)
    return [Timer(*row) for row in connection.execute(select(*_COLUMNS).where(mine).order_by(timer.c.revision))]
