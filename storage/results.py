"""Results of the check: keeping, finding, comparing and deleting them."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, desc, func, insert, or_, select, update

from storage.schema import result, result_axis


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


_COLUMNS = (
    result.c.owner_id,
    result.c.run,
    result.c.depth,
    result.c.token,
    result.c.day,
    result.c.answers,
    result.c.result,
)


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
) -> str:
    """Keep a result in place of the one of the same run and depth; gives its token (the same as before, if any)."""
    key = (result.c.owner_id == owner_id, result.c.run == run, result.c.depth == depth)
    old = connection.execute(select(result.c.id, result.c.token).where(*key)).first()
    token = old.token if old else secrets.token_urlsafe(18)
    if old:
        connection.execute(delete(result_axis).where(result_axis.c.result_id == old.id))
        connection.execute(delete(result).where(result.c.id == old.id))
    if depth == "full":
        connection.execute(update(result).where(result.c.owner_id == owner_id).values(latest=False))
    made = connection.execute(
        insert(result)
        .values(
            owner_id=owner_id,
            run=run,
            depth=depth,
            token=token,
            day=day,
            made_at=now,
            answers=answers,
            result=data,
            segment=segment,
            industry=answers.get("industry"),
            size=answers.get("size"),
            latest=depth == "full",
        )
        .returning(result.c.id)
    ).scalar_one()
    rows = [{"result_id": made, "category": name, "value": value} for name, value in balance.items()]
    connection.execute(insert(result_axis), rows)
    return token


def by_token(connection: Connection, token: str) -> Stored | None:
    """The result with this token."""
    row = connection.execute(select(*_COLUMNS).where(result.c.token == token)).first()
    return Stored(*row) if row else None


def latest(connection: Connection, owner_id: int) -> Stored | None:
    """An owner's latest result."""
    query = select(*_COLUMNS).where(result.c.owner_id == owner_id)
    row = connection.execute(query.order_by(desc(result.c.made_at), desc(result.c.id)).limit(1)).first()
    return Stored(*row) if row else None


def before(connection: Connection, owner_id: int, run: str, depth: str) -> Stored | None:
    """An owner's latest result other than that of this run and depth, made before it where it stands already."""
    query = select(*_COLUMNS).where(result.c.owner_id == owner_id, or_(result.c.run != run, result.c.depth != depth))
    own = connection.execute(
        select(result.c.made_at).where(result.c.owner_id == owner_id, result.c.run == run, result.c.depth == depth)
    ).scalar()
    if own:
        query = query.where(result.c.made_at < own)
    row = connection.execute(query.order_by(desc(result.c.made_at), desc(result.c.id)).limit(1)).first()
    return Stored(*row) if row else None


def peers(connection: Connection, owner_id: int, industry: str, size: str) -> dict[str, Any]:
    """The latest full results of other owners of this industry and size: how many, by segment, mean balance."""
    same = (
        result.c.industry == industry,
        result.c.size == size,
        result.c.latest.is_(True),
        result.c.owner_id != owner_id,
    )
    counts = connection.execute(select(result.c.segment, func.count()).where(*same).group_by(result.c.segment)).all()
    means = connection.execute(
        select(result_axis.c.category, func.avg(result_axis.c.value))
        .join_from(result_axis, result)
        .where(*same)
        .group_by(result_axis.c.category)
    ).all()
    return {
        "n": sum(n for _, n in counts),
        "segments": dict(map(tuple, counts)),
        "balance": {category: round(float(mean)) for category, mean in means},
    }


def remove(connection: Connection, owner_id: int, token: str) -> bool:
    """Delete one result of an owner; the full one before it counts among peers again."""
    gone = connection.execute(delete(result).where(result.c.owner_id == owner_id, result.c.token == token)).rowcount
    newest = connection.execute(
        select(result.c.id)
        .where(result.c.owner_id == owner_id, result.c.depth == "full")
        .order_by(desc(result.c.made_at), desc(result.c.id))
        .limit(1)
    ).scalar()
    if newest:
        connection.execute(update(result).where(result.c.id == newest).values(latest=True))
    return gone == 1
