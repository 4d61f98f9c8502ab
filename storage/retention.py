"""Retention: what is kept no longer than its time, found and taken away a few rows at once, and when that was done.

Each kind of thing is found by reading, which keeps nobody waiting, and taken away by its keys, if what it was found by
still holds then. The audit log is never touched, and consents stay as long as their owner.
"""

from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, exists, func, or_, select, tuple_, update

from scheduler.bookings import OCCUPYING
from storage import bookings, owners
from storage.clients import SEEN
from storage.prepared import insert_new
from storage.schema import (
    DUE,
    ON_THEIR_WAY,
    WAITS,
    asked,
    booking,
    campaign,
    client,
    enrolment,
    inbox,
    invitation,
    invite,
    link,
    note,
    outbox,
    owner,
    party,
    purge,
    recipient,
    sending,
    signin,
    timer,
)

# What can't be used any more is of use for so long to whoever asks why.
SPENT = timedelta(days=7)
# So many are found at once, so many rows taken in one transaction, and so many owners, with all that is theirs.
FOUND, ROWS, OWNERS = 10_000, 500, 25


@dataclass(frozen=True, slots=True)
class Limits:
    """For how many months things are kept, each from when it was last of use."""

    owners: int = 36
    messages: int = 24
    questions: int = 24
    events: int = 3
    invitations: int = 12
    notes: int = 12


@dataclass(frozen=True, slots=True)
class Purge:
    """One run: when it was, and how many of each kind went."""

    at: datetime
    counts: Mapping[str, int]


def back(now: datetime, months: int) -> datetime:
    """The same time so many months before, or the last day of that month."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


Which = Callable[[Limits, datetime], ColumnElement[bool]]
Take = Callable[[Connection, ColumnElement[bool], datetime], int]


@dataclass(frozen=True, slots=True)
class _Kind:
    """Which rows of a table are kept no longer, and how so many of them are taken away."""

    table: Table
    over: Which
    take: Take
    at_once: int = ROWS


def _unheard(limits: Limits, now: datetime) -> ColumnElement[bool]:
    """Owners not heard of for long; not who is somebody of an agency's, or has a meeting ahead."""
    ahead = booking.c.state.in_(OCCUPYING) & (booking.c.starts_at > now)
    books = exists().where(booking.c.owner_id == owner.c.id, ahead)
    comes = exists().where(party.c.owner_id == owner.c.id, party.c.booking_id == booking.c.id, ahead)
    return (owner.c.seen_at < back(now, limits.owners)) & owners.NOBODYS & ~books & ~comes


def _said(limits: Limits, now: datetime) -> ColumnElement[bool]:
    return (outbox.c.made_at < back(now, limits.messages)) & ~DUE


def _told(limits: Limits, now: datetime) -> ColumnElement[bool]:
    return (timer.c.at < back(now, limits.messages)) & ~WAITS & (timer.c.data != {})


def _happened(limits: Limits, now: datetime) -> ColumnElement[bool]:
    # Not longer than what was answered: a page without a word on it is greeted as the event that it was greeted by.
    return inbox.c.at < back(now, min(limits.events, limits.messages))


def _ended(limits: Limits, now: datetime) -> ColumnElement[bool]:
    named = (invitation.c.name != "") | (invitation.c.mail != "")
    return (invitation.c.ends_at < back(now, limits.invitations)) & named


def _noted(limits: Limits, now: datetime) -> ColumnElement[bool]:
    since = func.coalesce(client.c.share_at, client.c.came_at)
    ended = client.c.share.not_in(SEEN) & (since < back(now, limits.notes))
    return exists().where(client.c.id == note.c.client_id, ended)


def _over(table: Table) -> Which:
    """Whom a campaign was for, and what they were sent, some time after its end; then the campaign itself.

    One with a trigger may never end: of such it is what was begun, and is over, so long ago.
    """

    def over(limits: Limits, now: datetime) -> ColumnElement[bool]:
        since = back(now, limits.messages)
        ended = campaign.c.ended_at < since
        if table is campaign:
            left = (exists().where(one.c.campaign_id == campaign.c.id) for one in (sending, recipient))
            return ended & ~or_(*left)
        past = sending.c.at < since if table is sending else (recipient.c.frozen_at < since) & ~ON_THEIR_WAY
        return exists().where(campaign.c.id == table.c.campaign_id, or_(ended, (campaign.c.trigger != "") & past))

    return over


def _spent(table: Table) -> _Kind:
    return _Kind(table, lambda _, now: table.c.ends_at < now - SPENT, _deleted(table))


def _deleted(table: Table) -> Take:
    return lambda connection, which, _: connection.execute(delete(table).where(which)).rowcount


def _emptied(table: Table, **values: Any) -> Take:
    return lambda connection, which, _: connection.execute(update(table).where(which).values(values)).rowcount


def _forget(connection: Connection, which: ColumnElement[bool], now: datetime) -> int:
    """Take owners away whole, with what others were told of their meetings; who is just being heard of stays."""
    found = select(owner.c.id).where(which).with_for_update(skip_locked=True, of=owner)
    ids = connection.execute(found).scalars().all()
    for id in ids:
        for one in bookings.of_owner(connection, id):
            bookings.forget_words(connection, one, now)
    owners.remove(connection, ids)
    return len(ids)


KINDS = {
    "owners": _Kind(owner, _unheard, _forget, OWNERS),
    "messages": _Kind(outbox, _said, _deleted(outbox)),
    "notices": _Kind(timer, _told, _emptied(timer, data={})),
    "questions": _Kind(asked, lambda limits, now: asked.c.at < back(now, limits.questions), _deleted(asked)),
    "events": _Kind(inbox, _happened, _deleted(inbox)),
    "invitations": _Kind(invitation, _ended, _emptied(invitation, name="", mail="")),
    "notes": _Kind(note, _noted, _deleted(note)),
    "letters": _Kind(sending, _over(sending), _deleted(sending)),
    "recipients": _Kind(recipient, _over(recipient), _deleted(recipient)),
    "campaigns": _Kind(campaign, _over(campaign), _deleted(campaign)),
    "sign_ins": _spent(signin),
    "enrolments": _spent(enrolment),
    "codes": _spent(invite),
    "links": _spent(link),
}


def count(connection: Connection, limits: Limits, now: datetime) -> dict[str, int]:
    """How many of each kind are kept no longer."""
    return {
        name: connection.execute(
            select(func.count()).select_from(kind.table).where(kind.over(limits, now))
        ).scalar_one()
        for name, kind in KINDS.items()
    }


def find(connection: Connection, name: str, limits: Limits, now: datetime) -> Sequence[tuple[Any, ...]]:
    """The keys of what is kept no longer, up to FOUND of them."""
    kind = KINDS[name]
    rows = connection.execute(select(*kind.table.primary_key).where(kind.over(limits, now)).limit(FOUND))
    return [tuple(row) for row in rows]


def portions(name: str, keys: Sequence[tuple[Any, ...]]) -> list[Sequence[tuple[Any, ...]]]:
    """Keys in portions that can be taken away in one transaction without anybody having to wait for long."""
    size = KINDS[name].at_once
    return [keys[start : start + size] for start in range(0, len(keys), size)]


def take(connection: Connection, name: str, keys: Sequence[tuple[Any, ...]], limits: Limits, now: datetime) -> int:
    """Take away one portion of what was found, where it is still kept no longer; gives how many."""
    kind = KINDS[name]
    return kind.take(connection, tuple_(*kind.table.primary_key).in_(keys) & kind.over(limits, now), now)


# ---------------------------------------------------------------- what was done


def begun(connection: Connection, day: date) -> bool:
    """Whether somebody has begun the run of a day."""
    return connection.execute(select(purge.c.id).where(purge.c.day == day)).first() is not None


def begin(connection: Connection, day: date | None, now: datetime) -> int | None:
    """Begin a run, as that of a day of Japan's or (None) out of turn; gives its id, None where somebody else has."""
    row: dict[str, Any] = {"at": now, "day": day, "data": {}}
    return connection.execute(insert_new(connection.dialect, purge).returning(purge.c.id), row).scalar_one_or_none()


def end(connection: Connection, id: int, counts: Mapping[str, int]) -> None:
    """Keep what a run has taken away."""
    connection.execute(update(purge).where(purge.c.id == id).values(data=dict(counts)))


def latest(connection: Connection) -> Purge | None:
    """The latest run; None where there was none."""
    row = connection.execute(select(purge.c.at, purge.c.data).order_by(purge.c.id.desc()).limit(1)).first()
    return Purge(row.at, row.data) if row else None
