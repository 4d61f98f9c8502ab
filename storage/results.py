"""Results of the check: keeping, finding, comparing and deleting them."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, desc, func, insert, not_, or_, select, update

from storage.schema import result, result_axis
from storage.texts import storable


@dataclass(frozen=True, slots=True)
class Stored:
    """A result as kept; `result` and `answers` are JSON data."""

    owner_id: int
    run: str
    depth: str
    token: str
    day: date
    answers: dict[str, Any]
    result: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """A result with the id of its row, and who of an agency answered for the owner, at their side."""

    id: int
    member_id: int | None
    stored: Stored


# Later results have greater ids: one that is scored anew is kept as a new row.
_OWN = result.c.owner_id == bindparam("whose")
_SAME = (_OWN, result.c.run == bindparam("run"), result.c.depth == bindparam("depth"))
_STORED = select(
    result.c.owner_id,
    result.c.run,
    result.c.depth,
    result.c.token,
    result.c.day,
    result.c.answers,
    result.c.result,
)
_BY_TOKEN = _STORED.where(result.c.token == bindparam("token"))
_LATEST = _STORED.where(_OWN).order_by(desc(result.c.id)).limit(1)
_ITSELF = select(result.c.id).where(*_SAME).scalar_subquery()
# One of the same depth comes first: points of another depth are on another scale.
_BEFORE = (
    _LATEST.where(not_(and_(*_SAME)), or_(_ITSELF.is_(None), result.c.id < _ITSELF))
    .order_by(None)
    .order_by((result.c.depth == bindparam("depth")).desc(), result.c.id.desc())
)
_PEERS = (
    result.c.industry == bindparam("industry"),
    result.c.size == bindparam("size"),
    result.c.latest.is_(True),
    result.c.owner_id != bindparam("whose"),
)
_SEGMENTS = select(result.c.segment, func.count()).where(*_PEERS).group_by(result.c.segment)
_MEANS = (
    select(result_axis.c.category, func.avg(result_axis.c.value))
    .join_from(result_axis, result)
    .where(*_PEERS)
    .group_by(result_axis.c.category)
)
_FIND = select(result.c.id, result.c.token, result.c.first_at, result.c.made_at).where(*_SAME)
_DROP_AXES = delete(result_axis).where(result_axis.c.result_id == bindparam("id"))
_DROP = delete(result).where(result.c.id == bindparam("id"))
_OVERTAKE = update(result).where(_OWN, result.c.latest.is_(True)).values(latest=False)
_ADD = insert(result).returning(result.c.id)
_ADD_AXES = insert(result_axis)


def save(
    connection: Connection,
    *,
    owner_id: int,
    run: str,
    depth: str,
    answers: dict[str, Any],
    data: dict[str, Any],
    segment: str,
    balance: dict[str, int],
    day: date,
    now: datetime,
    member_id: int | None = None,
) -> str:
    """Keep a result in place of the one of the same run and depth; gives its token (the same as before, if any)."""
    old = connection.execute(_FIND, {"whose": owner_id, "run": run, "depth": depth}).first()
    token = old.token if old else secrets.token_urlsafe(18)
    if old:
        connection.execute(_DROP_AXES, {"id": old.id})
        connection.execute(_DROP, {"id": old.id})
    if depth == "full":
        connection.execute(_OVERTAKE, {"whose": owner_id})
    row = {
        "owner_id": owner_id,
        "run": run,
        "depth": depth,
        "token": token,
        "day": day,
        "made_at": now,
        "first_at": (old.first_at or old.made_at) if old else now,
        "answers": answers,
        "result": data,
        "segment": segment,
        "industry": answers.get("industry"),
        "size": answers.get("size"),
        "latest": depth == "full",
        "member_id": member_id,
    }
    made = connection.execute(_ADD, row).scalar_one()
    axes = [{"result_id": made, "category": category, "value": value} for category, value in balance.items()]
    if axes:
        connection.execute(_ADD_AXES, axes)
    return token


def by_token(connection: Connection, token: str) -> Stored | None:
    """The result with this token."""
    row = connection.execute(_BY_TOKEN, {"token": storable(token)}).first()
    return Stored(*row) if row else None


def latest(connection: Connection, owner_id: int) -> Stored | None:
    """An owner's latest result."""
    row = connection.execute(_LATEST, {"whose": owner_id}).first()
    return Stored(*row) if row else None


def history(connection: Connection, owner_id: int) -> list[Kept]:
    """All results of an owner, the latest first."""
    query = _STORED.add_columns(result.c.id, result.c.member_id).where(_OWN).order_by(desc(result.c.id))
    rows = connection.execute(query, {"whose": owner_id}).all()
    return [Kept(row.id, row.member_id, Stored(*row[:-2])) for row in rows]


def before(connection: Connection, owner_id: int, run: str, depth: str) -> Stored | None:
    """The result to hold this one against: the latest of the same depth before it, else the latest of the other."""
    row = connection.execute(_BEFORE, {"whose": owner_id, "run": run, "depth": depth}).first()
    return Stored(*row) if row else None


def peers(connection: Connection, owner_id: int, industry: str, size: str) -> dict[str, Any]:
    """The latest full results of other owners of this industry and size: how many, by segment, mean balance."""
    same = {"whose": owner_id, "industry": industry, "size": size}
    counts = connection.execute(_SEGMENTS, same).all()
    means = connection.execute(_MEANS, same).all()
    return {
        "n": sum(n for _, n in counts),
        "segments": dict(map(tuple, counts)),
        "balance": {category: round(float(mean)) for category, mean in means},
    }


def remove(connection: Connection, owner_id: int, token: str) -> bool:
    """Delete one result of an owner; the full one before it counts among peers again."""
    own = result.c.owner_id == owner_id
    gone = connection.execute(delete(result).where(own, result.c.token == storable(token))).rowcount
    _mark_latest(connection, owner_id)
    return gone == 1


def move(connection: Connection, from_id: int, to_id: int) -> None:
    """Make one owner's results another's, who is the same person; of their full ones only the newest counts."""
    connection.execute(update(result).where(result.c.owner_id == from_id).values(owner_id=to_id))
    connection.execute(_OVERTAKE, {"whose": to_id})
    _mark_latest(connection, to_id)


def _mark_latest(connection: Connection, owner_id: int) -> None:
    full = (result.c.owner_id == owner_id, result.c.depth == "full")
    newest = select(func.max(result.c.id)).where(*full).scalar_subquery()
    connection.execute(update(result).where(result.c.id == newest).values(latest=True))
