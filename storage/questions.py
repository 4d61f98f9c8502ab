"""What owners asked in their own words, and what they said of the answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, insert, select, update

from storage.schema import asked
from storage.texts import storable

# Of longer ones the beginning is kept.
LENGTH = 300


def ask(
    connection: Connection,
    owner_id: int,
    text: str,
    *,
    confident: bool,
    entry: str | None,
    now: datetime,
    area: str = "",
) -> int:
    """Keep a question, the entry that it led to, and what the nearest one is about; gives its number."""
    row = {"owner_id": owner_id, "at": now, "text": storable(text)[:LENGTH], "confident": confident, "entry": entry}
    row["area"] = area
    number: int = connection.execute(insert(asked).values(row).returning(asked.c.id)).scalar_one()
    return number


def rate(connection: Connection, owner_id: int, number: int, entry: str, verdict: str) -> None:
    """Keep what an owner says of the answer to a question of theirs."""
    mine = (asked.c.id == number) & (asked.c.owner_id == owner_id)
    connection.execute(update(asked).where(mine).values(rated=entry, verdict=verdict))


def latest(connection: Connection, owner_id: int, since: datetime) -> str:
    """What an owner asked last, if it was since then; "" where nothing was."""
    query = select(asked.c.text).where(asked.c.owner_id == owner_id, asked.c.at >= since)
    return connection.execute(query.order_by(asked.c.id.desc()).limit(1)).scalar_one_or_none() or ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How an entry fared: how often it was shown first, found useful and found wrong."""

    entry: str
    shown: int
    useful: int
    wrong: int


def tallies(connection: Connection, since: datetime) -> list[Tally]:
    """How entries fared since a time, by id."""
    counts = [func.count(case((asked.c.verdict == verdict, 1))) for verdict in ("useful", "wrong")]
    query = select(asked.c.entry, func.count(), *counts).where(asked.c.at >= since, asked.c.entry.is_not(None))
    return [Tally(*row) for row in connection.execute(query.group_by(asked.c.entry).order_by(asked.c.entry))]


def in_vain(connection: Connection, since: datetime, most: int) -> Sequence[str]:
    """The latest questions that had no sure answer, or one that was found wrong."""
    unanswered = asked.c.confident.is_(False) | (asked.c.verdict == "wrong")
    query = select(asked.c.text).where(asked.c.at >= since, unanswered).order_by(asked.c.id.desc()).limit(most)
    return connection.execute(query).scalars().all()
