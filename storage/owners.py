"""Owners and how they are reached: finding, locking, saving, exporting and erasing them."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, exists, func, insert, select, true, update

from storage import bookings, journeys, results
from storage import outreach as news
from storage.outreach import CROWD
from storage.prepared import Prepared, insert_new
from storage.schema import (
    DUE,
    WAITS,
    agency,
    asked,
    booking,
    cell,
    client,
    consent,
    consultation,
    contact,
    expert,
    inbox,
    journey,
    link,
    member,
    next_action,
    note,
    outbox,
    outreach,
    owner,
    party,
    recipient,
    result,
    result_axis,
    seat,
    sending,
    sitting,
    survey,
    talk,
    timer,
    waiting,
)

# Channels on which nobody sees what they do not come and look for.
FETCHED = ("web", "terminal", "desk")


@dataclass(frozen=True, slots=True)
class Owner:
    """An owner as found by an address: row ids, the conversation's tag and record, and how many turns there were.

    `came_by` is the way by which they were sent to this address, `heard_at` when they were last heard there.
    """

    id: int
    contact_id: int
    tag: str
    record: dict[str, Any]
    turns: int
    came_by: str | None
    heard_at: datetime | None
    seen_at: datetime


class Row(TypedDict):
    """An owner after a turn; `erased_at` where their data went and nothing has begun since."""

    owner_id: int
    record: dict[str, Any]
    turns: int
    seen_at: datetime
    erased_at: datetime | None


_FIND = (
    select(
        owner.c.id,
        contact.c.id,
        owner.c.tag,
        owner.c.record,
        owner.c.turns,
        contact.c.came_by,
        contact.c.heard_at,
        owner.c.seen_at,
    )
    .join_from(contact, owner)
    .where(
        contact.c.channel == bindparam("channel"),
        contact.c.account == bindparam("account"),
        contact.c.address == bindparam("address"),
    )
)
# The contact is locked too, or who had to wait for the owner would be given what it was before.
# Whoever sets a timer for somebody else refers to their row, which must not have to wait for this.
_LOCK = Prepared(lambda _: _FIND.with_for_update(of=[owner, contact], key_share=True))
_SAVE = Prepared(
    lambda _: (
        update(owner)
        .where(owner.c.id == bindparam("owner_id"))
        .values({name: bindparam(name) for name in ("record", "turns", "seen_at", "erased_at")})
    )
)

_HEAR = Prepared(
    lambda _: (
        update(contact)
        .where(contact.c.id == bindparam("contact_id"))
        .values({name: bindparam(name) for name in ("came_by", "heard_at", "gone_at")})
    )
)


def find(connection: Connection, channel: str, account: str, address: str) -> Owner | None:
    """The owner at this address, without locking."""
    row = connection.execute(_FIND, {"channel": channel, "account": account, "address": address}).first()
    return Owner(*row) if row else None


def lock(connection: Connection, channel: str, account: str, address: str, came_by: str, now: datetime) -> Owner:
    """The owner at this address, held until the transaction ends; made where there is none."""
    at = {"channel": channel, "account": account, "address": address}
    row = _LOCK.first(connection, at)
    while row is None:
        _make(connection, at, came_by, now)
        row = _LOCK.first(connection, at)
    return Owner(*row)


def lock_known(connection: Connection, channel: str, account: str, address: str) -> Owner | None:
    """The owner at this address, held until the transaction ends; None where there is none."""
    row = _LOCK.first(connection, {"channel": channel, "account": account, "address": address})
    return Owner(*row) if row else None


def _make(connection: Connection, at: dict[str, str], came_by: str, now: datetime) -> None:
    tag = secrets.token_hex(3)
    made = connection.execute(
        insert(owner).values(tag=tag, record={}, turns=0, made_at=now, seen_at=now).returning(owner.c.id)
    ).scalar_one()
    row = dict(at, owner_id=made, came_by=came_by or None, made_at=now)
    added = connection.execute(insert_new(connection.dialect, contact).returning(contact.c.id), row).first()
    if added is None:
        # Another process met this owner at the same moment: its row stands, ours was never used.
        connection.execute(delete(owner).where(owner.c.id == made))


def save(connection: Connection, rows: Sequence[Row]) -> None:
    """Keep what turns have made of owners."""
    _SAVE.write(connection, rows)


class Heard(TypedDict):
    """A contact after an event: by which way it came, when it was last heard, since when it is gone."""

    contact_id: int
    came_by: str | None
    heard_at: datetime | None
    gone_at: datetime | None


def hear(connection: Connection, rows: Sequence[Heard]) -> None:
    """Keep what events have told of contacts."""
    _HEAR.write(connection, rows)


def gone(connection: Connection, contact_id: int, now: datetime) -> None:
    """Keep that a contact can't be reached any more; who has blocked us wants no news either."""
    left = update(contact).where(contact.c.id == contact_id).values(gone_at=now).returning(contact.c.owner_id)
    for owner_id in connection.execute(left).scalars().all():
        news.leave(connection, owner_id, now)


def reach(
    connection: Connection, owner_id: int, prefers: str = "", *, gone: bool = False
) -> tuple[str, str, str] | None:
    """Channel, account and address by which somebody is told of something; None where they can't be reached.

    The channel that they prefer, else where they were heard last; what is fetched only where nothing can be pushed.
    With `gone`, where they can't be reached any more counts as well.
    """
    query = select(contact.c.channel, contact.c.account, contact.c.address)
    latest = contact.c.heard_at.is_(None), contact.c.heard_at.desc(), contact.c.id
    order = (contact.c.channel == prefers).desc(), contact.c.channel.in_(FETCHED), *latest
    mine = (contact.c.owner_id == owner_id) & (true() if gone else contact.c.gone_at.is_(None))
    row = connection.execute(query.where(mine).order_by(*order).limit(1)).first()
    return (row.channel, row.account, row.address) if row else None


def any_there(connection: Connection) -> bool:
    """Whether there is anybody at all, erased or not."""
    return connection.execute(select(contact.c.id).where(contact.c.address != CROWD).limit(1)).first() is not None


def first_contact(connection: Connection, owner_id: int) -> tuple[str, str, str]:
    """Channel, account and address by which an owner was first met."""
    query = select(contact.c.channel, contact.c.account, contact.c.address)
    row = connection.execute(query.where(contact.c.owner_id == owner_id).order_by(contact.c.id).limit(1)).one()
    return row.channel, row.account, row.address


def give_consent(connection: Connection, owner_id: int, notice: str, now: datetime) -> None:
    """Keep that the owner agreed to this version of the notice."""
    connection.execute(update(owner).where(owner.c.id == owner_id).values(notice=notice, consented_at=now))


def agreed(connection: Connection, owner_id: int, notice: str) -> bool:
    """Whether what the owner agreed to last is this version of the notice."""
    found = connection.execute(select(owner.c.notice).where(owner.c.id == owner_id)).scalar_one_or_none()
    return bool(found == notice)


def merge(connection: Connection, gone: int, into: int) -> None:
    """Make one owner of two, who are one person: `into` goes on, with the contacts and results of `gone` as well.

    What was said with `gone` comes before all turns of `into`; its record of answers ends.
    """
    both = {
        row.id: row for row in connection.execute(select(owner).where(owner.c.id.in_([gone, into])).with_for_update())
    }
    # Events are forgotten before what was said, so the first turn that is known of may stand in either.
    firsts = [select(func.min(table.c.turn)).where(table.c.owner_id == into) for table in (inbox, outbox)]
    first = min(connection.execute(query).scalar_one() or 1 for query in firsts)
    back = both[gone].turns + 1 - min(first, 1)
    for table in (inbox, outbox):
        moved = update(table).where(table.c.owner_id == gone)
        connection.execute(moved.values(owner_id=into, turn=table.c.turn - back))
    journeys.merge(connection, gone, into)
    results.move(connection, gone, into)
    # Whoever sat beside one of the two has seen nothing of the conversation that goes on.
    ended = {"owner_id": into, "ended_at": func.coalesce(sitting.c.ended_at, sitting.c.began_at)}
    connection.execute(update(sitting).where(sitting.c.owner_id == gone).values(ended))
    _merge_clients(connection, gone, into)
    for table in (contact, asked, timer, booking, consultation, next_action, expert, consent, note, member):
        connection.execute(update(table).where(table.c.owner_id == gone).values(owner_id=into))
    for table, key in ((party, party.c.booking_id), (waiting, waiting.c.day), (survey, survey.c.subject)):
        # Where both have one, that of the one who goes on stands.
        own = table.alias()
        both_have = exists().where(own.c.owner_id == into, own.c[key.name] == key)
        connection.execute(delete(table).where(table.c.owner_id == gone, both_have))
        connection.execute(update(table).where(table.c.owner_id == gone).values(owner_id=into))
    _merge_letters(connection, gone, into)
    # Nobody comes along to a booking of their own.
    own_booking = party.c.booking_id.in_(select(booking.c.id).where(booking.c.owner_id == into))
    connection.execute(delete(party).where(party.c.owner_id == into, own_booking))
    connection.execute(update(talk).where(talk.c.owner_id == gone).values(owner_id=into))
    connection.execute(delete(link).where(link.c.owner_id == gone))
    if both[into].notice is None:
        given = {"notice": both[gone].notice, "consented_at": both[gone].consented_at}
        connection.execute(update(owner).where(owner.c.id == into).values(given))
    connection.execute(delete(owner).where(owner.c.id == gone))


def _merge_clients(connection: Connection, gone: int, into: int) -> None:
    """Where both are clients of an agency, the one who goes on stays; the latest word on what it may see holds.

    What the agency knew of the other alone (a name, who looks after them, by which way they came) stays, too.
    """
    own = client.alias()
    for row in connection.execute(select(client).where(client.c.owner_id == gone)):
        theirs = (own.c.owner_id == into) & (own.c.agency_id == row.agency_id)
        stays = connection.execute(select(own).where(theirs)).first()
        if stays is None:
            connection.execute(update(client).where(client.c.id == row.id).values(owner_id=into))
            continue
        connection.execute(update(note).where(note.c.client_id == row.id).values(client_id=stays.id))
        kept = {name: getattr(stays, name) or getattr(row, name) for name in KNOWN}
        kept["came_at"] = min(stays.came_at, row.came_at)
        if row.share_at and (stays.share_at is None or row.share_at > stays.share_at):
            kept |= {"share": row.share, "share_at": row.share_at}
        connection.execute(update(client).where(client.c.id == stays.id).values(kept))
        connection.execute(delete(client).where(client.c.id == row.id))


def _merge_letters(connection: Connection, gone: int, into: int) -> None:
    """Whoever did not want news as one of the two wants none; of a campaign that both are in, one goes on."""
    for table, key in ((recipient, ("campaign_id",)), (sending, ("campaign_id", "step"))):
        own = table.alias()
        same = (own.c[name] == table.c[name] for name in key)
        both = exists().where(own.c.owner_id == into, *same)
        connection.execute(delete(table).where(table.c.owner_id == gone, both))
        connection.execute(update(table).where(table.c.owner_id == gone).values(owner_id=into))
    news.merge(connection, gone, into)


# Every table, under the name that the export gives it, in the order in which rows can be deleted. What is not listed
# here would neither be shown to its owner nor taken away.
_ALL = {
    "timers": timer,
    "surveys": survey,
    "next_actions": next_action,
    "consultations": consultation,
    "waiting": waiting,
    "invitations": party,
    "half_hours": cell,
    "seats": seat,
    "bookings": booking,
    "talks": talk,
    "balances": result_axis,
    "results": result,
    "links": link,
    "questions": asked,
    "letters": sending,
    "campaigns": recipient,
    "news": outreach,
    "notes": note,
    "consents": consent,
    "agencies": client,
    "sittings": sitting,
    "journey": journey,
    "events": inbox,
    "conversation": outbox,
    "contacts": contact,
    "owner": owner,
}
# What an agency knows of a client, besides what the client lets it see.
KNOWN = ("name", "member_id", "invitation_id", "referral_id")
# What timers for others may tell of an owner, by the tables whose rows they are about. Those of the last two are of no
# use once the owner is erased; of the others, who was to come along is still told that nothing will be.
ABOUT = {
    booking: bookings.ABOUT[:-1],
    talk: ("talk",),
    consultation: ("record",),
    client: ("client",),
}
# Who is not the person of an expert, of a member, of a thread that an owner talks in, or of a crowd.
NOBODYS = ~(
    exists().where(expert.c.owner_id == owner.c.id)
    | exists().where(member.c.owner_id == owner.c.id)
    | exists().where(talk.c.desk_id == owner.c.id)
    | exists().where(contact.c.owner_id == owner.c.id, contact.c.address == CROWD)
)
# Owners swept in one transaction at the most: while it lasts, nobody is answered on SQLite.
SWEPT = 500


def _of(table: Table, owner_ids: Sequence[int]) -> ColumnElement[bool]:
    """What holds for these owners' rows of a table."""
    if table is owner:
        return owner.c.id.in_(owner_ids)
    if table is result_axis:
        return result_axis.c.result_id.in_(select(result.c.id).where(_of(result, owner_ids)))
    if table in (cell, seat):
        return table.c.booking_id.in_(select(booking.c.id).where(_of(booking, owner_ids)))
    if table is party:
        # Their own invitations, and those of others to their bookings.
        return party.c.owner_id.in_(owner_ids) | party.c.booking_id.in_(
            select(booking.c.id).where(_of(booking, owner_ids))
        )
    return table.c.owner_id.in_(owner_ids)


def export(connection: Connection, owner_id: int) -> dict[str, Any]:
    """All that is stored about an owner, as JSON data."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, table in reversed(_ALL.items()):
        order = [table.c.turn] if "turn" in table.c else table.primary_key
        rows = connection.execute(select(table).where(_of(table, [owner_id])).order_by(*order)).mappings()
        found[name] = [dict(row) for row in rows]
    met = (*found["agencies"], *found["consents"], *found["sittings"])
    known = agency.c.id.in_([row["agency_id"] for row in met])
    named = connection.execute(select(agency.c.id, agency.c.name).where(known).order_by(agency.c.id)).mappings()
    found["agency_names"] = [dict(row) for row in named]
    plain: dict[str, Any] = json.loads(json.dumps(found, default=str, ensure_ascii=False))
    return plain


def erase(connection: Connection, owner_id: int, turn: int, now: datetime) -> None:
    """Delete all about an owner but the bare address, which the farewell needs; `sweep` takes that away later.

    The event of this turn stays known, so that a second copy of it does not begin anything. What others were told, or
    are to be told, goes as well, but for what has just been set: that nothing will be.
    """
    for table, names in ABOUT.items():
        told = _timers(connection, table, names, [owner_id])
        connection.execute(delete(timer).where(told if table in (client, consultation) else told & ~WAITS))
    words = _timers(connection, booking, bookings.ABOUT[-1:], [owner_id])
    connection.execute(delete(timer).where(words))
    for table in _ALL.values():
        mine = _of(table, [owner_id])
        if table is owner:
            connection.execute(update(owner).where(mine).values(notice=None, consented_at=None, made_at=now))
        elif table is contact:
            connection.execute(update(contact).where(mine).values(came_by=None, heard_at=None, made_at=now))
        elif table is inbox:
            connection.execute(delete(inbox).where(mine, inbox.c.turn != turn))
        else:
            connection.execute(delete(table).where(mine))


def sweep(connection: Connection, before: datetime) -> int:
    """Take away what is left of owners erased before this time; gives of how many."""
    # Locked, so that none of them can come back meanwhile; who is just doing so is passed over.
    # Who has not got the farewell yet is still needed, for as long as it is tried.
    waiting = exists().where(outbox.c.owner_id == owner.c.id, DUE)
    due = (
        select(owner.c.id)
        .where(owner.c.erased_at < before, ~waiting, NOBODYS)
        .limit(SWEPT)
        .with_for_update(skip_locked=True)
    )
    gone = connection.execute(due).scalars().all()
    remove(connection, gone)
    return len(gone)


def remove(connection: Connection, owner_ids: Sequence[int]) -> None:
    """Delete all about these owners, and what others are to be told of them."""
    if not owner_ids:
        return
    for table, names in (ABOUT | {booking: bookings.ABOUT}).items():
        connection.execute(delete(timer).where(_timers(connection, table, names, owner_ids)))
    for table in _ALL.values():
        connection.execute(delete(table).where(_of(table, owner_ids)))


def _timers(
    connection: Connection, table: Table, names: Sequence[str], owner_ids: Sequence[int]
) -> ColumnElement[bool]:
    """What holds for the timers about these owners' rows of a table."""
    ids = connection.execute(select(table.c.id).where(table.c.owner_id.in_(owner_ids))).scalars().all()
    return timer.c.subject.in_([f"{name}:{id}" for name in names for id in ids])
