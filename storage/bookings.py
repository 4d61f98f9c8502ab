"""Bookings, and the half hours that they hold.

No two bookings hold one half hour of an expert's, and no day holds more of them than the expert wants: the rows of
`cell` and `seat` are taken with the booking, in one transaction, and a row that is there already is another's.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, select, update

from scheduler import bookings as rules
from scheduler.experts import cells, local_day, meets_at
from storage import outbox, timers
from storage.experts import Expert, Held
from storage.journeys import mark, take_back
from storage.prepared import insert_new
from storage.schema import booking, cell, expert, party, seat
from storage.texts import storable

# What timers about a booking call it.
ABOUT = ("booking", "passed", "party")
# A booking that has come to one of these was asked for by its owner.
BOOKED = ("pending", "confirmed")
# So long a time is held while its owner confirms.
HOLD = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Booking:
    """A booking as kept (see schema)."""

    id: int
    token: str
    page: str
    owner_id: int
    expert_id: int
    topic: str
    way: str
    starts_at: datetime
    minutes: int
    state: str
    revision: int
    held_until: datetime | None
    reach: str
    place: str
    shared_at: datetime | None
    asked: list[int]
    made_at: datetime
    changed_at: datetime

    @property
    def ends_at(self) -> datetime:
        """When the meeting ends."""
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def subject(self) -> str:
        """What its timers are about."""
        return f"booking:{self.id}"

    @property
    def stands(self) -> bool:
        """Whether it holds its time."""
        return self.state in rules.OCCUPYING


_COLUMNS = [booking.c[name] for name in Booking.__dataclass_fields__]


def _found(connection: Connection, query: Select[Any]) -> list[Booking]:
    return [Booking(*row) for row in connection.execute(query)]


def find(connection: Connection, token: str) -> Booking | None:
    """The booking with this token, without locking."""
    return next(iter(_found(connection, select(*_COLUMNS).where(booking.c.token == storable(token)))), None)


def at_page(connection: Connection, page: str) -> Booking | None:
    """The booking whose page has this address, without locking."""
    return next(iter(_found(connection, select(*_COLUMNS).where(booking.c.page == storable(page)))), None)


def lock(connection: Connection, id: int) -> Booking | None:
    """A booking, held until the transaction ends."""
    return next(iter(_found(connection, select(*_COLUMNS).where(booking.c.id == id).with_for_update())), None)


def of_owner(connection: Connection, owner_id: int) -> list[Booking]:
    """An owner's bookings, the latest meeting first."""
    query = select(*_COLUMNS).where(booking.c.owner_id == owner_id)
    return _found(connection, query.order_by(booking.c.starts_at.desc(), booking.c.id.desc()))


def of_guest(connection: Connection, owner_id: int) -> list[Booking]:
    """The bookings that an officer was invited to, the latest meeting first."""
    invited = booking.c.id.in_(select(party.c.booking_id).where(party.c.owner_id == owner_id))
    return _found(connection, select(*_COLUMNS).where(invited).order_by(booking.c.starts_at.desc()))


def of_expert(connection: Connection, expert_id: int) -> list[Booking]:
    """An expert's bookings, the earliest meeting first."""
    query = select(*_COLUMNS).where(booking.c.expert_id == expert_id)
    return _found(connection, query.order_by(booking.c.starts_at, booking.c.id))


def all_of(
    connection: Connection,
    states: Sequence[str] = rules.STATES,
    most: int = 1000,
    *,
    expert_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Booking]:
    """Bookings in these states, the latest made first; only this expert's, and those that begin from when till when."""
    query = select(*_COLUMNS).where(booking.c.state.in_(states))
    if expert_id is not None:
        query = query.where(booking.c.expert_id == expert_id)
    if since:
        query = query.where(booking.c.starts_at >= since)
    if until:
        query = query.where(booking.c.starts_at < until)
    return _found(connection, query.order_by(booking.c.id.desc()).limit(most))


def guests(connection: Connection, id: int) -> dict[int, str]:
    """Who else comes to a booking: what they call themselves, by owner id, in the order in which they came."""
    query = select(party.c.owner_id, party.c.name).where(party.c.booking_id == id)
    rows = connection.execute(query.order_by(party.c.made_at, party.c.owner_id))
    return {row.owner_id: row.name for row in rows}


def invite(connection: Connection, id: int, owner_id: int, now: datetime, name: str = "") -> bool:
    """Bring somebody to a booking; False where they are there already."""
    row = {"booking_id": id, "owner_id": owner_id, "made_at": now, "name": name}
    # Not by the count of rows, which PostgreSQL's driver does not tell of such an insert.
    new = insert_new(connection.dialect, party).returning(party.c.owner_id)
    return connection.execute(new, row).first() is not None


def put_out(connection: Connection, id: int, owner_id: int) -> str | None:
    """Take somebody out of a booking; gives what they called themselves, or None where they were not there.

    Its page has another address from then on.
    """
    gone = delete(party).where(party.c.booking_id == id, party.c.owner_id == owner_id).returning(party.c.name)
    name = connection.execute(gone).scalar_one_or_none()
    if name is not None:
        connection.execute(update(booking).where(booking.c.id == id).values(page=secrets.token_urlsafe(18)))
    return name


# ---------------------------------------------------------------- taking times


def hold(
    connection: Connection, owner_id: int, expert: Expert, at: datetime, topic: str, way: str, now: datetime
) -> Booking | None:
    """Hold a time for an owner, in place of one they held before; None where somebody else has it."""
    lapsed = (booking.c.held_until <= now) & (booking.c.expert_id == expert.id)
    _let_go(connection, lapsed, now)
    row = {
        # Operators type it after a command, where what begins with "-" is an option.
        "token": secrets.token_urlsafe(9).replace("-", "_"),
        "page": secrets.token_urlsafe(18),
        "owner_id": owner_id,
        "expert_id": expert.id,
        "topic": topic,
        "way": way,
        "starts_at": at,
        "minutes": expert.profile.minutes,
        "state": "held",
        "revision": 1,
        "held_until": now + HOLD,
        "reach": "",
        "place": meets_at(expert.profile, way),
        "asked": [],
        "made_at": now,
        "changed_at": now,
    }
    with connection.begin_nested() as savepoint:
        _let_go(connection, booking.c.owner_id == owner_id, now)
        id = connection.execute(insert(booking).values(row).returning(booking.c.id)).scalar_one()
        if not _take(connection, id, expert, at):
            savepoint.rollback()
            return None
    return lock(connection, id)


def _let_go(connection: Connection, which: ColumnElement[bool], now: datetime) -> None:
    # One statement: what its owner books while it waits is no longer held when it looks again.
    values = {"state": "expired", "revision": booking.c.revision + 1, "held_until": None, "changed_at": now}
    gone = update(booking).where(booking.c.state == "held", which).values(values).returning(booking.c.id)
    ids = connection.execute(gone).scalars().all()
    if ids:
        _free(connection, ids)


def _free(connection: Connection, ids: Sequence[int]) -> None:
    for table in (cell, seat):
        connection.execute(delete(table).where(table.c.booking_id.in_(ids)))


def _take(connection: Connection, id: int, expert: Expert, at: datetime) -> bool:
    """Take a meeting's half hours, and a seat of its day; False where one of them is another's."""
    profile = expert.profile
    wanted = [
        {"expert_id": expert.id, "at": one, "booking_id": id} for one in cells(at, profile.minutes, profile.buffer)
    ]
    taken = insert_new(connection.dialect, cell).values(wanted).returning(cell.c.at)
    if len(connection.execute(taken).all()) < len(wanted):
        return False
    day = local_day(profile, at)
    for number in range(1, profile.per_day + 1):
        one = {"expert_id": expert.id, "day": day, "number": number, "booking_id": id}
        if connection.execute(insert_new(connection.dialect, seat).returning(seat.c.number), one).first():
            return True
    return False


def without(connection: Connection, held: Held, ids: Sequence[int], expert: Expert) -> None:
    """Take out of what is held of an expert's time what these bookings of theirs hold."""
    mine = cell.c.booking_id.in_(ids) & (cell.c.expert_id == expert.id)
    held.cells -= set(connection.execute(select(cell.c.at).where(mine)).scalars())
    seats = seat.c.booking_id.in_(ids) & (seat.c.expert_id == expert.id)
    for day in connection.execute(select(seat.c.day).where(seats)).scalars():
        held.days[day] -= 1


# ---------------------------------------------------------------- changing


def change(connection: Connection, one: Booking, act: str, now: datetime, **values: Any) -> Booking:
    """Do something to a locked booking that leaves it its time, or ends it; raises Impossible."""
    state = rules.after(one.state, act)
    values |= {"state": state, "revision": one.revision + 1, "held_until": None, "changed_at": now}
    if state in BOOKED:
        values["booked_at"] = func.coalesce(booking.c.booked_at, now)
    connection.execute(update(booking).where(booking.c.id == one.id).values(values))
    if state not in rules.OCCUPYING:
        _free(connection, [one.id])
    _note(connection, one, state, values.get("reach", ""), now)
    return _again(connection, one)


def _note(connection: Connection, one: Booking, state: str, reach: str, now: datetime) -> None:
    """Note how far the owner has come by this."""
    reached = {"contact": bool(reach), "booked": state in BOOKED, "met": state == "done"}
    for stage in (stage for stage, there in reached.items() if there):
        mark(connection, one.owner_id, stage, now)
    if one.state == "done" and state != "done":
        others = select(booking.c.id).where(booking.c.owner_id == one.owner_id, booking.c.state == "done")
        take_back(connection, one.owner_id, "met", unless=others)


def move(
    connection: Connection, one: Booking, act: str, expert: Expert, at: datetime, now: datetime, **values: Any
) -> Booking | None:
    """Give a locked booking another time or expert; None where that time is not free, and nothing has changed."""
    rules.after(one.state, act)
    with connection.begin_nested() as savepoint:
        _free(connection, [one.id])
        if not _take(connection, one.id, expert, at):
            savepoint.rollback()
            return None
    place = meets_at(expert.profile, one.way)
    values |= {"expert_id": expert.id, "starts_at": at, "minutes": expert.profile.minutes, "place": place}
    return change(connection, one, act, now, **values)


def note(connection: Connection, one: Booking, **values: Any) -> Booking:
    """Keep something about a booking that changes nothing of the meeting."""
    connection.execute(update(booking).where(booking.c.id == one.id).values(values))
    return _again(connection, one)


def forget_words(connection: Connection, one: Booking, now: datetime) -> None:
    """Take back what others were told of a booking: its experts and guests, now or before, by the bot or in a turn."""
    people = {person for name in ABOUT for person in timers.people(connection, f"{name}:{one.id}")}
    people |= guests(connection, one.id).keys()
    experts = select(expert.c.owner_id).where(expert.c.id.in_([one.expert_id, *one.asked]))
    people |= set(connection.execute(experts).scalars())
    outbox.forget(connection, one.token, people - {one.owner_id}, one.made_at, now)


def _again(connection: Connection, one: Booking) -> Booking:
    found = lock(connection, one.id)
    if found is None:
        raise LookupError("a booking that is locked can't go")
    return found
