"""What is said to owners: adding it within the turn, fetching it by turn, and claiming and settling what is pushed."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from storage import paces
from storage.prepared import Prepared
from storage.schema import DEAD, DUE, PUSHED, contact, outbox, pace


class Row(TypedDict):
    """Messages to be sent to a contact, as one sending; `said` is what they answer.

    `state` is "fetched" with `due_at` None, or "due".
    """

    id: str
    owner_id: int
    contact_id: int
    turn: int
    said: str
    messages: list[dict[str, Any]]
    made_at: datetime
    state: str
    due_at: datetime | None
    reply: str
    member_id: int | None
    campaign_id: int | None


_ADD = Prepared(lambda _: insert(outbox).values({name: bindparam(name) for name in Row.__annotations__}))
_LATEST = (
    select(outbox.c.turn, outbox.c.said, outbox.c.messages)
    .where(outbox.c.owner_id == bindparam("owner_id"), outbox.c.turn > bindparam("after"))
    .order_by(outbox.c.turn.desc())
    .limit(bindparam("most"))
)


def add(connection: Connection, rows: Sequence[Row]) -> None:
    """Add what is to be sent."""
    _ADD.write(connection, rows)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One turn as it went: what was said and what was answered."""

    turn: int
    said: str
    messages: list[dict[str, Any]]


def exchanges(connection: Connection, owner_id: int, after: int, most: int) -> list[Exchange]:
    """The latest `most` turns of an owner after turn `after`, in order."""
    rows = connection.execute(_LATEST, {"owner_id": owner_id, "after": after, "most": most}).all()
    return [Exchange(*row) for row in reversed(rows)]


@dataclass(frozen=True, slots=True)
class Told:
    """What a row has said, and to whom: whose conversation it is of, and by which contact."""

    owner_id: int
    channel: str
    account: str
    address: str
    messages: list[dict[str, Any]]


def told(connection: Connection, id: str) -> Told | None:
    """What the row with this id has said; None where it is no more, as when its owner was erased."""
    columns = (outbox.c.owner_id, contact.c.channel, contact.c.account, contact.c.address, outbox.c.messages)
    row = connection.execute(select(*columns).join_from(outbox, contact).where(outbox.c.id == id)).first()
    return Told(*row) if row else None


# ---------------------------------------------------------------- what is pushed


def push(connection: Connection, owner_id: int, turn: int, now: datetime) -> None:
    """Have sent, too, what was only to be fetched."""
    fetched = (outbox.c.owner_id == owner_id) & (outbox.c.turn == turn) & (outbox.c.state == "fetched")
    connection.execute(update(outbox).where(fetched).values(state="due", due_at=now))


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that may be sent now, by whoever claimed it and until the lease ends; `attempts` counts this one.

    `free_at` is when the next request may be made to the contact. `crowd` are the addresses of all whom it is for,
    where the contact stands for many.
    """

    id: str
    contact_id: int
    channel: str
    account: str
    address: str
    messages: list[dict[str, Any]]
    made_at: datetime
    attempts: int
    parts: int
    reply: str
    free_at: datetime | None
    campaign_id: int | None = None
    crowd: tuple[str, ...] = ()


class Settled(TypedDict):
    """What became of a row that was `claimed`: its state, and where it is still "due", when to try again.

    Only the claim with this number of `attempts` settles it. `parts` are all requests made for it so far, `pushed` what
    those of this attempt cost; `reply` is what is left of the direct way.
    """

    claimed: str
    claim: int
    state: str
    due_at: datetime | None
    parts: int
    pushed: int
    reply: str
    error: str | None
    settled_at: datetime | None


_earlier = outbox.alias("earlier")
_SETTLE = Prepared(
    lambda _: (
        update(outbox)
        .where(outbox.c.id == bindparam("claimed"), outbox.c.attempts == bindparam("claim"), DUE)
        .values(
            {name: bindparam(name) for name in ("state", "due_at", "parts", "reply", "error", "settled_at")}
            | {"pushes": outbox.c.pushes + bindparam("pushed")}
        )
    )
)


def _due(channels: Collection[str], now: datetime) -> Select[Any]:
    """The head of each contact's line: nothing said before it is still to be sent, but for letters that wait a while.

    (In the night a campaign's letter must not keep the owner's own answers back.)
    """
    return (
        select(
            outbox.c.id,
            outbox.c.contact_id,
            contact.c.channel,
            contact.c.account,
            contact.c.address,
            outbox.c.messages,
            outbox.c.made_at,
            outbox.c.attempts + 1,
            outbox.c.parts,
            outbox.c.reply,
            pace.c.free_at,
            outbox.c.campaign_id,
        )
        .join_from(outbox, contact)
        .outerjoin(pace, pace.c.key == paces.CONTACT_KEY)
        .where(
            DUE,
            outbox.c.due_at <= now,
            contact.c.channel.in_(channels),
            or_(pace.c.free_at.is_(None), pace.c.free_at <= now),
            ~exists().where(
                _earlier.c.contact_id == outbox.c.contact_id,
                _earlier.c.state == literal_column("'due'"),
                _earlier.c.turn < outbox.c.turn,
                or_(_earlier.c.campaign_id.is_(None), _earlier.c.due_at <= now),
            ),
        )
    )


def any_due(connection: Connection, channels: Collection[str], now: datetime) -> bool:
    """Whether there is anything to claim."""
    return connection.execute(_due(channels, now).limit(1)).first() is not None


def claim(connection: Connection, channel: str, now: datetime, lease_until: datetime, most: int) -> list[Claimed]:
    """Claim what is due on a channel, answers before letters of campaigns, the longest due first.

    At most one row of each contact. Who dies with a claim leaves it to others when the lease ends.
    """
    order = outbox.c.campaign_id.is_not(None), outbox.c.due_at
    query = _due([channel], now).order_by(*order).limit(most).with_for_update(of=outbox, skip_locked=True)
    claimed = [Claimed(*row) for row in connection.execute(query)]
    if claimed:
        mine = outbox.c.id.in_([row.id for row in claimed])
        connection.execute(update(outbox).where(mine).values(due_at=lease_until, attempts=outbox.c.attempts + 1))
    return claimed


def give_back(connection: Connection, ids_due: Sequence[tuple[str, datetime]]) -> None:
    """Undo claims that come to nothing for now: the rows are due at these times, as if they had not been claimed."""
    if ids_due:
        statement = update(outbox).where(outbox.c.id == bindparam("row"))
        values = {"due_at": bindparam("at"), "attempts": outbox.c.attempts - 1}
        connection.execute(statement.values(values), [{"row": id, "at": at} for id, at in ids_due])


def put_off(connection: Connection, ids: Sequence[str], until: datetime) -> None:
    """Undo claims of rows that were never tried, and leave them until a later time as if they were made then."""
    if ids:
        values = {"due_at": until, "made_at": until, "attempts": outbox.c.attempts - 1}
        connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(values))


def settle(connection: Connection, settled: Sequence[Settled]) -> None:
    """Keep what became of claimed rows; a claim that was taken over meanwhile settles nothing."""
    _SETTLE.write(connection, settled)


def give_up(connection: Connection, contact_id: int, now: datetime) -> None:
    """Send nothing more of what is due to a contact."""
    mine = outbox.c.contact_id == contact_id
    connection.execute(update(outbox).where(mine, DUE).values(state="gone", due_at=None, settled_at=now))


def pushes(connection: Connection, channel: str, since: datetime) -> int:
    """What sendings on a channel have cost of its quota since a time."""
    counted = select(func.sum(outbox.c.pushes)).join_from(outbox, contact)
    total = connection.execute(
        counted.where(PUSHED, outbox.c.settled_at >= since, contact.c.channel == channel)
    ).scalar_one()
    return int(total or 0)


def forget(connection: Connection, token: str, people: Collection[int], since: datetime, now: datetime) -> None:
    """Take back the words of everything that these people were told since then with this token in it.

    None of it is sent any more.
    """
    mine = outbox.c.owner_id.in_(people) & (outbox.c.made_at >= since)
    told = connection.execute(select(outbox.c.id, outbox.c.messages).where(mine))
    said = outbox.c.id.in_([row.id for row in told if token in json.dumps(row.messages)])
    connection.execute(update(outbox).where(said, DUE).values(state="dropped", due_at=None, settled_at=now))
    connection.execute(update(outbox).where(said).values(messages=[], said=""))


# ---------------------------------------------------------------- what an operator sees


@dataclass(frozen=True, slots=True)
class Held:
    """A row that is not sent, or not yet, without anything personal."""

    id: str
    channel: str
    state: str
    made_at: datetime
    due_at: datetime | None
    attempts: int
    error: str | None


def held(connection: Connection, most: int) -> list[Held]:
    """The oldest rows that are due or dead."""
    query = select(
        outbox.c.id,
        contact.c.channel,
        outbox.c.state,
        outbox.c.made_at,
        outbox.c.due_at,
        outbox.c.attempts,
        outbox.c.error,
    )
    rows = connection.execute(
        query.join_from(outbox, contact)
        .where(or_(DEAD, DUE))
        .order_by(outbox.c.made_at, outbox.c.owner_id, outbox.c.turn)
        .limit(most)
    )
    return [Held(*row) for row in rows]


def _held(id: str | None, states: ColumnElement[bool]) -> ColumnElement[bool]:
    return states if id is None else states & (outbox.c.id == id)


def retry(connection: Connection, id: str | None, now: datetime) -> int:
    """Have a dead or due row tried at once, or all dead ones; gives how many."""
    states = DEAD if id is None else or_(DEAD, DUE)
    values = {"state": "due", "due_at": now, "settled_at": None}
    return connection.execute(update(outbox).where(_held(id, states)).values(values)).rowcount


def drop(connection: Connection, id: str | None, now: datetime) -> int:
    """Never send a dead or due row, or all dead ones; gives how many."""
    states = DEAD if id is None else or_(DEAD, DUE)
    values = {"state": "dropped", "due_at": None, "settled_at": now}
    return connection.execute(update(outbox).where(_held(id, states)).values(values)).rowcount
