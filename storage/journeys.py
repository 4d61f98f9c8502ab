"""Journeys: how far owners have come, one narrow row each, from which everything is counted."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import Connection, Dialect, Select, bindparam, case, delete, exists, func, select, update
from sqlalchemy.sql.dml import UpdateBase

from storage.prepared import Prepared, insert_row
from storage.schema import journey, result

# What is reached on the way, in order; "came" is there with the row itself.
STAGES = ("came", "began", "finished", "contact", "booked", "met", "acted")
# What stays as it was first, whatever comes later.
_FIRST = ("agency_id", "referral_id", "began_at", "contact_at")


class Step(TypedDict):
    """An owner after a turn of theirs: where which check stands, how many answers it has, and since when.

    `agency_id` and `referral_id` are by which they came in this turn, if they did.
    """

    owner_id: int
    agency_id: int | None
    referral_id: int | None
    channel: str
    stands: str
    answered: int
    depth: str
    seen_at: datetime
    came_at: datetime
    began_at: datetime | None
    contact_at: datetime | None


def _noting(dialect: Dialect) -> UpdateBase:
    row = insert_row(dialect, journey).values({name: bindparam(name) for name in Step.__annotations__})
    kept = {name: func.coalesce(journey.c[name], row.excluded[name]) for name in _FIRST}
    new = {name: row.excluded[name] for name in ("stands", "answered", "seen_at")}
    first = case((journey.c.finished_at.is_(None), row.excluded.depth), else_=journey.c.depth)
    return row.on_conflict_do_update(index_elements=["owner_id"], set_=kept | new | {"depth": first})


_NOTE = Prepared(_noting)


def note(connection: Connection, rows: Sequence[Step]) -> None:
    """Keep how far owners are after a turn each."""
    _NOTE.write(connection, rows)


def mark(connection: Connection, owner_id: int, stage: str, now: datetime) -> None:
    """An owner has reached a stage; whoever reached it before, did then."""
    at = journey.c[f"{stage}_at"]
    mine = (journey.c.owner_id == owner_id) & at.is_(None)
    connection.execute(update(journey).where(mine).values({at.name: now}))


def take_back(connection: Connection, owner_id: int, stage: str, *, unless: Select[Any]) -> None:
    """A stage turns out not to have been reached, unless by something else that this query finds."""
    mine = (journey.c.owner_id == owner_id) & ~exists(unless)
    connection.execute(update(journey).where(mine).values({f"{stage}_at": None}))


def describe(
    connection: Connection,
    owner_id: int,
    segment: str,
    profile: dict[str, str],
    challenges: Collection[str],
    tools: Collection[str],
) -> None:
    """Keep what an owner's latest result says of them; `profile` may have "industry", "size" and "prefecture"."""
    lists = {"challenges": _listed(challenges), "tools": _listed(tools)}
    values = {"segment": segment} | profile | lists
    connection.execute(update(journey).where(journey.c.owner_id == owner_id).values(values))


def _listed(ids: Collection[str]) -> str:
    return f",{','.join(sorted(ids))}," if ids else ""


def merge(connection: Connection, gone: int, into: int) -> None:
    """Make one journey of two owners' who are one person: what either reached first counts."""
    rows = {
        row.owner_id: row for row in connection.execute(select(journey).where(journey.c.owner_id.in_([gone, into])))
    }
    if gone not in rows:
        return
    if into not in rows:
        connection.execute(update(journey).where(journey.c.owner_id == gone).values(owner_id=into))
        return
    both = sorted(rows.values(), key=lambda row: row.came_at)
    newest = select(result.c.owner_id).where(result.c.owner_id.in_(rows)).order_by(result.c.id.desc()).limit(1)
    described = rows.get(connection.execute(newest).scalar() or into, rows[into])
    finished = next((row for row in both if row.finished_at), rows[into])
    values = {}
    for stage in STAGES:
        times = [at for row in both if (at := getattr(row, f"{stage}_at"))]
        values[f"{stage}_at"] = min(times, default=None)
    came = next((row for row in both if row.agency_id), both[0])
    values |= {name: getattr(came, name) for name in ("agency_id", "referral_id", "channel")}
    values |= {
        name: getattr(described, name) for name in ("segment", "industry", "size", "prefecture", "challenges", "tools")
    }
    values |= {"depth": finished.depth, "seen_at": max(row.seen_at for row in both)}
    # Who wants no news as one of the two says so apart (see outreach.merge).
    values["outreach_at"] = min((row.outreach_at for row in both if row.outreach_at), default=None)
    connection.execute(delete(journey).where(journey.c.owner_id == gone))
    connection.execute(update(journey).where(journey.c.owner_id == into).values(values))


def drop_unbegun(connection: Connection, owner_id: int) -> None:
    """Count somebody no more who turns out to be no owner, unless a check was begun."""
    connection.execute(delete(journey).where(journey.c.owner_id == owner_id, journey.c.began_at.is_(None)))
