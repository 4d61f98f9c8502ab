"""Rosters: the clients who share something with an agency, filtered, page by page, and counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from storage.clients import SEEN
from storage.schema import client, journey

# How far a client can be seen to have come, in order. What lies after the check is told by consultations.
STAGES = ("came", "began", "finished", "booked", "met", "acted")
TOLD_BY_ALL = STAGES[3:]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which clients are asked for; what is left as it is does not matter.

    `member_id` is the officer in charge, 0 for nobody; `since` and `until` are from when till when they were last met.
    `invited` is whether they came by an invitation of their own; `ids` are the only ones that come into question.
    """

    stage: str = ""
    segment: str = ""
    challenge: str = ""
    member_id: int | None = None
    referral_id: int | None = None
    invited: bool = False
    since: datetime | None = None
    until: datetime | None = None
    ids: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A client in a roster, as far as they share; `challenges` are ids, `seen_at` is when they were last met."""

    id: int
    name: str
    share: str
    share_at: datetime | None
    came_at: datetime
    seen_at: datetime
    stage: str
    segment: str
    industry: str
    size: str
    prefecture: str
    challenges: tuple[str, ...]
    member_id: int | None
    referral_id: int | None
    invited: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a roster: after the client who was last met then, or before them."""

    seen_at: datetime
    id: int
    before: bool = False


def _reached(stage: str) -> ColumnElement[bool]:
    reached = journey.c[f"{stage}_at"].is_not(None)
    return and_(client.c.share == "all", reached) if stage in TOLD_BY_ALL else reached


_stage = case(*((_reached(stage), stage) for stage in reversed(STAGES[1:])), else_=STAGES[0])
_NEWEST = journey.c.seen_at.desc(), client.c.id.desc()
_OLDEST = journey.c.seen_at, client.c.id
_ENTRY = (
    client.c.id,
    client.c.name,
    client.c.share,
    client.c.share_at,
    client.c.came_at,
    journey.c.seen_at,
    _stage.label("stage"),
    *(journey.c[name] for name in ("segment", "industry", "size", "prefecture", "challenges")),
    client.c.member_id,
    client.c.referral_id,
    client.c.invitation_id.is_not(None).label("invited"),
)


def _of(agency_id: int, wanted: Wanted, *columns: Any) -> Select[Any]:
    """These columns of the clients who share something with an agency, of those that are asked for."""
    query = select(*columns).join_from(client, journey, journey.c.owner_id == client.c.owner_id)
    query = query.where(client.c.agency_id == agency_id, client.c.share.in_(SEEN))
    conditions: dict[str, ColumnElement[bool]] = {
        "stage": _stage == wanted.stage,
        "segment": journey.c.segment == wanted.segment,
        "challenge": journey.c.challenges.contains(f",{wanted.challenge},", autoescape=True),
        "invited": client.c.invitation_id.is_not(None),
    }
    query = query.where(*(condition for name, condition in conditions.items() if getattr(wanted, name)))
    if wanted.member_id is not None:
        query = query.where(
            client.c.member_id == wanted.member_id if wanted.member_id else client.c.member_id.is_(None)
        )
    if wanted.referral_id is not None:
        query = query.where(client.c.referral_id == wanted.referral_id)
    if wanted.since:
        query = query.where(journey.c.seen_at >= wanted.since)
    if wanted.until:
        query = query.where(journey.c.seen_at < wanted.until)
    return query if wanted.ids is None else query.where(client.c.id.in_(wanted.ids))


def _entry(row: Any) -> Entry:
    return Entry(**row._asdict() | {"challenges": tuple(filter(None, row.challenges.split(",")))})


def page(
    connection: Connection, agency_id: int, wanted: Wanted, place: Place | None, most: int
) -> tuple[list[Entry], bool, bool]:
    """So many clients, who was met last first, beginning at a place; and whether there are more before and after."""
    # Which they are is found first: to sort tens of thousands of whole rows would take three times as long.
    query = _of(agency_id, wanted, client.c.id)
    back = place is not None and place.before
    if place:
        query = query.where(_beyond(place))
    ids = connection.execute(query.order_by(*_OLDEST if back else _NEWEST).limit(most + 1)).scalars().all()
    more = len(ids) > most
    found = everybody(connection, agency_id, Wanted(ids=ids[:most]))
    return found, more if back else place is not None, back or more


def _beyond(place: Place) -> ColumnElement[bool]:
    at, here = journey.c.seen_at, journey.c.seen_at == place.seen_at
    if place.before:
        return or_(at > place.seen_at, and_(here, client.c.id > place.id))
    return or_(at < place.seen_at, and_(here, client.c.id < place.id))


def everybody(connection: Connection, agency_id: int, wanted: Wanted) -> list[Entry]:
    """All clients who are asked for, who was met last first."""
    return [_entry(row) for row in connection.execute(_of(agency_id, wanted, *_ENTRY).order_by(*_NEWEST))]


def names(connection: Connection, agency_id: int, wanted: Wanted, most: int) -> dict[int, str] | None:
    """What those who are asked for are called, by id; None where they are more than so many."""
    if count(connection, agency_id, wanted) > most:
        return None
    return {row.id: row.name for row in connection.execute(_of(agency_id, wanted, client.c.id, client.c.name))}


def count(connection: Connection, agency_id: int, wanted: Wanted) -> int:
    """How many clients are asked for."""
    found: int = connection.execute(_of(agency_id, wanted, func.count())).scalar_one()
    return found


def counts(connection: Connection, agency_id: int) -> tuple[int, int]:
    """How many clients share something with an agency, and how many came and share nothing."""
    query = select(client.c.share, func.count().label("number")).where(client.c.agency_id == agency_id)
    found: dict[str, int] = {row.share: row.number for row in connection.execute(query.group_by(client.c.share))}
    seen = sum(found.get(share, 0) for share in SEEN)
    return seen, sum(found.values()) - seen
