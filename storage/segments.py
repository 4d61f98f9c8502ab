"""Segments: which owners a campaign is for, as conditions on what is known of them, and how many they are."""

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, false, func, literal_column, or_, select, true

from knowledge import faq
from scheduler.days import day_in_japan
from storage.clients import SEEN
from storage.outreach import WANTS
from storage.rosters import TOLD_BY_ALL
from storage.schema import client, contact, journey, next_action

# How far an owner is: begun and not finished, finished and not booked, …
STAGES = ("began", "finished", "booked", "met", "acted")
# So long before its last day a subsidy is news.
NEAR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Segment:
    """Who is meant; an empty list means anybody. `agencies` are those by which owners came first.

    `seen_from` and `seen_to` are days since the last contact, `finished_from` and `finished_to` since the last check;
    None for any. `due` is whether a next action of theirs is open and due within a week. `deadline` names an entry of
    the FAQ that has a last day: meant are those for whom it fits, while that day is near.
    """

    stages: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    challenges: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    prefectures: tuple[str, ...] = ()
    referrals: tuple[int, ...] = ()
    agencies: tuple[int, ...] = ()
    channels: tuple[str, ...] = ()
    seen_from: int | None = None
    seen_to: int | None = None
    finished_from: int | None = None
    finished_to: int | None = None
    due: bool = False
    deadline: str = ""


def to_json(segment: Segment) -> dict[str, Any]:
    """A segment as JSON data."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(segment).items()}


def from_json(data: dict[str, Any]) -> Segment:
    """A segment from JSON data."""
    known = {one.name for one in fields(Segment)}
    values: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in data.items() if n in known}
    return Segment(**values)


def shares(agency_id: int, levels: Collection[str]) -> ColumnElement[bool]:
    """What holds for the journeys of those who let an agency see so much."""
    mine = (client.c.owner_id == journey.c.owner_id) & (client.c.agency_id == agency_id)
    return exists().where(mine, client.c.share.in_(levels))


def _stage(name: str, whole: ColumnElement[bool]) -> ColumnElement[bool]:
    """Who has come so far, and not further."""
    after = {"began": "finished", "finished": "booked", "booked": "met", "met": "acted"}.get(name)
    here: ColumnElement[bool] = journey.c[f"{name}_at"].is_not(None)
    if name in TOLD_BY_ALL:
        here &= whole
    return and_(here, journey.c[f"{after}_at"].is_(None)) if after else here


def _listed(column: Any, ids: Collection[str]) -> ColumnElement[bool]:
    return or_(*(column.contains(f",{id},", autoescape=True) for id in ids))


def condition(segment: Segment, now: datetime, whole: ColumnElement[bool]) -> ColumnElement[bool]:
    """What holds for the journeys of those who are meant; `whole` has to, where meetings come into it."""
    found: list[ColumnElement[bool]] = []
    if segment.stages:
        found.append(or_(*(_stage(name, whole) for name in segment.stages)))
    for name, column in (
        ("segments", "segment"),
        ("industries", "industry"),
        ("sizes", "size"),
        ("prefectures", "prefecture"),
        ("referrals", "referral_id"),
        ("agencies", "agency_id"),
    ):
        if given := getattr(segment, name):
            found.append(journey.c[column].in_(given))
    if segment.challenges:
        found.append(_listed(journey.c.challenges, segment.challenges))
    if segment.tools:
        found.append(_listed(journey.c.tools, segment.tools))
    if segment.lacks:
        found.append(~_listed(journey.c.tools, segment.lacks))
    for name, column in (("seen", "seen_at"), ("finished", "finished_at")):
        since, until = getattr(segment, f"{name}_from"), getattr(segment, f"{name}_to")
        if since is not None:
            found.append(journey.c[column] <= now - timedelta(days=since))
        if until is not None:
            found.append(journey.c[column] > now - timedelta(days=until))
    return and_(true(), *found, *_pressing(segment, now, whole))


def _pressing(segment: Segment, now: datetime, whole: ColumnElement[bool]) -> Iterator[ColumnElement[bool]]:
    """Of a segment's conditions those on what is soon to come."""
    if segment.due:
        week = day_in_japan(now) + timedelta(days=7)
        open_ = (next_action.c.owner_id == journey.c.owner_id) & (next_action.c.state == literal_column("'open'"))
        yield whole & exists().where(open_, next_action.c.day <= week)
    if segment.deadline:
        yield _fits(segment.deadline, now)


def last_day(segment: Segment) -> date | None:
    """The last day of what a segment is about; None where that has none."""
    entry = faq.entries().get(segment.deadline)
    return entry.valid_until if entry else None


def _fits(id: str, now: datetime) -> ColumnElement[bool]:
    """For whom an entry of the FAQ holds that ends soon: by what it says of industries, sizes and challenges.

    What it says nothing of keeps nobody out; where what an owner is like is not known, it is not taken to fit.
    """
    entry, today = faq.entries().get(id), day_in_japan(now)
    near = entry and entry.valid_until and entry.valid_until - today <= NEAR
    if not entry or not near or not entry.holds(today):
        return false()
    found: list[ColumnElement[bool]] = []
    for named, column in ((entry.industries, journey.c.industry), (entry.sizes, journey.c.size)):
        if named:
            found.append(column.in_(named))
    if entry.challenges:
        found.append(_listed(journey.c.challenges, entry.challenges))
    return and_(true(), *found)


def _reach(segment: Segment, pushed: Collection[str]) -> Any:
    """The contact by which each owner is reached: where they were heard last, of what can be pushed to."""
    there = (contact.c.owner_id == journey.c.owner_id) & contact.c.gone_at.is_(None)
    latest = contact.c.heard_at.is_(None), contact.c.heard_at.desc(), contact.c.id
    channels = [channel for channel in pushed if not segment.channels or channel in segment.channels]
    of = select(contact.c.id).where(there, contact.c.channel.in_(channels)).order_by(*latest).limit(1)
    return of.correlate(journey).scalar_subquery()


def members(
    segment: Segment,
    agency_id: int,
    *,
    everybody: bool,
    pushed: Collection[str],
    now: datetime,
    happened: ColumnElement[bool] | None = None,
) -> Select[Any]:
    """Owner and contact of all who are meant and want news: an agency's clients, as far as they share, or everybody.

    By meetings and next actions an agency means only those of its clients who share all with it.
    `happened` is what must have happened to them besides (see triggers).
    """
    wants = WANTS & condition(segment, now, true() if everybody else shares(agency_id, ("all",)))
    if happened is not None:
        wants &= happened
    if not everybody:
        wants &= shares(agency_id, SEEN)
    # The offset keeps PostgreSQL from looking for each contact twice.
    reached = select(journey.c.owner_id, _reach(segment, pushed).label("contact_id")).where(wants).offset(0)
    found = reached.subquery()
    return select(found.c.owner_id, found.c.contact_id).where(found.c.contact_id.is_not(None))


def count(
    connection: Connection, segment: Segment, agency_id: int, *, everybody: bool, pushed: Collection[str], now: datetime
) -> dict[str, int]:
    """How many would be reached, by channel."""
    meant = members(segment, agency_id, everybody=everybody, pushed=pushed, now=now).subquery()
    query = select(contact.c.channel, func.count()).join_from(meant, contact, contact.c.id == meant.c.contact_id)
    return dict(map(tuple, connection.execute(query.group_by(contact.c.channel))))
