"""Experts: keeping, finding, and what is needed to know when they are free."""

import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, exists, func, insert, select, update

from scheduler.experts import CELL, Profile, Span, from_json, to_json
from storage.schema import booking, cell, contact, expert, owner, seat
from storage.texts import storable

# What was read of an expert's own calendar is good for so long.
TRUSTED = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Expert:
    """An expert: the person whom the bot talks to, what can be booked, and what their own calendar holds.

    `token` is the secret part of their page's address, `feed` of their calendar's. `busy_error` says why their own
    calendar can't be read; None where it can, or there is none. `reachable` tells whether there is any way to tell
    them of something.
    """

    id: int
    owner_id: int
    name: str
    active: bool
    profile: Profile
    token: str
    feed: str
    busy: tuple[Span, ...]
    busy_at: datetime | None
    busy_error: str | None
    reachable: bool = True

    def bookable_at(self, now: datetime) -> bool:
        """Whether they can be told of a booking, and it is known when they are free.

        It is not while the calendar that they keep can't be read, or was not lately.
        """
        return self.active and self.reachable and self.known_at(now)

    def known_at(self, now: datetime) -> bool:
        """Whether it is known when they are free."""
        read = self.busy_at is not None and self.busy_at >= now - TRUSTED and self.busy_error is None
        return read or not self.profile.busy_url


_COLUMNS = [
    expert.c[name]
    for name in ("id", "owner_id", "name", "active", "profile", "token", "feed", "busy", "busy_at", "busy_error")
]
_REACHABLE = exists().where(contact.c.owner_id == expert.c.owner_id, contact.c.gone_at.is_(None)).label("reachable")


def _expert(row: Any) -> Expert:
    busy = tuple((datetime.fromisoformat(since), datetime.fromisoformat(until)) for since, until in row.busy)
    values = row._asdict() | {"profile": from_json(row.profile), "busy": busy}
    return Expert(**values)


def add(connection: Connection, name: str, profile: Profile, now: datetime) -> Expert:
    """A new expert, with a person of their own who has yet to be reached."""
    person = {"tag": secrets.token_hex(3), "record": {}, "turns": 0, "made_at": now, "seen_at": now}
    owner_id = connection.execute(insert(owner).values(person).returning(owner.c.id)).scalar_one()
    row = {
        "owner_id": owner_id,
        "name": name,
        "active": True,
        "profile": to_json(profile),
        "token": secrets.token_urlsafe(18),
        "feed": secrets.token_urlsafe(18),
        "busy": [],
        "made_at": now,
    }
    id = connection.execute(insert(expert).values(row).returning(expert.c.id)).scalar_one()
    return get(connection, id)


def get(connection: Connection, id: int) -> Expert:
    """The expert with this id; raises where there is none."""
    return _expert(connection.execute(select(*_COLUMNS, _REACHABLE).where(expert.c.id == id)).one())


def find(connection: Connection, **by: Any) -> Expert | None:
    """The expert who has this `id`, `owner_id`, `name` (the first of that name), `token` or `feed`."""
    if "name" in by:
        # Names are sealed, and there are few experts.
        return next((one for one in all_of(connection) if one.name == by["name"]), None)
    given = {name: storable(value) if isinstance(value, str) else value for name, value in by.items()}
    conditions = [expert.c[name] == value for name, value in given.items()]
    row = connection.execute(select(*_COLUMNS, _REACHABLE).where(*conditions)).first()
    return _expert(row) if row else None


def all_of(connection: Connection) -> list[Expert]:
    """All experts, by id."""
    return [_expert(row) for row in connection.execute(select(*_COLUMNS, _REACHABLE).order_by(expert.c.id))]


def keep(connection: Connection, id: int, **values: Any) -> None:
    """Change what is kept of an expert: `name`, `active`, `profile`, `busy`, `busy_at`, `busy_error`, tokens."""
    if "profile" in values:
        values["profile"] = to_json(values["profile"])
    if "busy" in values:
        values["busy"] = [[since.isoformat(), until.isoformat()] for since, until in values["busy"]]
    connection.execute(update(expert).where(expert.c.id == id).values(values))


def claim_calendars(connection: Connection, now: datetime, every: timedelta, again: timedelta) -> list[Expert]:
    """Active experts whose own calendar is to be read now, by whoever asks first.

    That is `every` so often, and `again` after it could not be read, or has another address.
    """
    read = expert.c.busy_at.is_not(None) & expert.c.busy_error.is_(None)
    tried = expert.c.busy_tried_at
    due = tried.is_(None) | (tried <= now - every) | (~read & (tried <= now - again))
    rows = connection.execute(select(*_COLUMNS, _REACHABLE).where(expert.c.active, due))
    found = [one for one in map(_expert, rows) if one.profile.busy_url]
    claiming = update(expert).values(busy_tried_at=now)
    return [one for one in found if connection.execute(claiming.where(expert.c.id == one.id, due)).rowcount]


def keep_calendar(connection: Connection, one: Expert, now: datetime, busy: Sequence[Span], error: str | None) -> None:
    """Keep what was read of an expert's calendar, or why it could not be, unless it has another address by now."""
    profile = connection.execute(select(expert.c.profile).where(expert.c.id == one.id).with_for_update()).scalar_one()
    if from_json(profile).busy_url != one.profile.busy_url:
        return
    if error:
        keep(connection, one.id, busy_error=error)
    else:
        keep(connection, one.id, busy=busy, busy_at=now, busy_error=None)


def renew(connection: Connection, id: int) -> Expert:
    """Give an expert's page and calendar new addresses; those before end."""
    keep(connection, id, token=secrets.token_urlsafe(18), feed=secrets.token_urlsafe(18))
    return get(connection, id)


@dataclass(slots=True)
class Held:
    """What bookings hold of an expert's time: half hours, meetings by day, and how many meetings lie ahead."""

    cells: set[datetime]
    days: dict[date, int]
    ahead: int = 0


def held(connection: Connection, ids: Sequence[int], now: datetime) -> dict[int, Held]:
    """What is held of these experts' time from now on."""
    found: dict[int, Held] = defaultdict(lambda: Held(set(), {}))
    for id, at in connection.execute(
        select(cell.c.expert_id, cell.c.at).where(cell.c.expert_id.in_(ids), cell.c.at >= now - CELL)
    ):
        found[id].cells.add(at)
    days = select(seat.c.expert_id, seat.c.day, func.count()).where(seat.c.expert_id.in_(ids))
    for id, day, count in connection.execute(days.group_by(seat.c.expert_id, seat.c.day)):
        found[id].days[day] = count
    ahead = select(booking.c.expert_id, func.count()).where(booking.c.expert_id.in_(ids), booking.c.starts_at >= now)
    taken = booking.c.id.in_(select(seat.c.booking_id))
    for id, count in connection.execute(ahead.where(taken).group_by(booking.c.expert_id)):
        found[id].ahead = count
    return {id: found[id] for id in ids}
