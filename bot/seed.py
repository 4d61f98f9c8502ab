"""The demo's people, who are made up and say so: experts, agencies with their desk, and owners who have been there."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bot import campaigns, experts, outreach
from bot.house import House
from bot.town import ACCOUNT, CHANNEL, Plan, Town, place
from dialogs.content import Content
from dialogs.library import ready
from scheduler.days import day_in_japan
from scheduler.outreach import next_allowed
from storage import Database, agencies, clients, contacts, members, notes, owners, referrals
from storage import experts as kept
from storage.agencies import Agency
from storage.clients import Client
from storage.experts import Expert
from storage.members import Member

FILE = Path(__file__).with_name("seed.toml")
# Those of every one of them: a meeting may begin within the hour, on holidays too.
ALWAYS = {"notice": 0, "buffer": 0, "per_day": 12, "on_holidays": True}
# The town has been there for so long.
WEEKS = 10
# So long ago a campaign was sent: what came of it is over.
LETTERS_AGO = timedelta(days=34)
# The ready-made campaigns of which one has been sent, and one is a draft.
SENT, DRAFT = "unbooked", "half-year"


@dataclass(frozen=True, slots=True)
class Seeded:
    """Who can be tried in the demo."""

    experts: list[Expert]
    members: list[Member]


@dataclass(frozen=True, slots=True)
class Sent:
    """A way by which owners come: its code, and when that is, where it is an event."""

    code: str
    begins_at: datetime | None


def seed(database: Database, content: Content, house: House, now: datetime, *, lived: bool = True) -> Seeded:
    """The made-up people, put into a database in which nobody has been yet; none where others are, who may be real.

    Where nobody has `lived` there, owners are left out.
    """
    given = tomllib.loads(FILE.read_text(encoding="utf-8"))
    begins = now - timedelta(weeks=WEEKS)
    with database.writing() as connection:
        new = not owners.any_there(connection)
        if new:
            _experts(connection, content, given["experts"], begins)
            ways = [way for row in given["agencies"] for way in _agency(connection, row, begins, now)]
    if new and lived:
        town = Town(database, content, house, begins, given["records"])
        plans = [_plan(name, ways, begins) for name in given["owners"]]
        _write_to(town, plans, next_allowed(now - LETTERS_AGO))
        town.live([plan for plan in plans if plan.came_at > town.now], now)
        _look_after(town, given["notes"])
    with database.reading() as connection:
        there = kept.all_of(connection)
        people = [one for agency in agencies.all_of(connection) for one in members.of_agency(connection, agency.id)]
    ours = {one.name for one in there} <= {row["name"] for row in given["experts"]}
    return Seeded(there, people) if ours else Seeded([], [])


def _experts(connection: Connection, content: Content, rows: list[dict[str, Any]], now: datetime) -> None:
    for row in rows:
        given = {name: value for name, value in row.items() if name != "name"}
        made = experts.add(connection, content, row["name"], ALWAYS | given, now)
        # Nobody but who tries the demo is told of anything.
        contacts.add(connection, made.owner_id, contacts.PAGE, contacts.PAGE_ACCOUNT, made.token, now)


def _agency(connection: Connection, row: Mapping[str, Any], begins: datetime, now: datetime) -> list[Sent]:
    """An agency with its people and ways; gives the ways by which owners come."""
    agency = agencies.add(connection, row["name"], begins)
    people = [_member(connection, agency, one, begins) for one in row["members"]]
    officer = next(one for one in people if one.role == "officer")
    ways = [
        referrals.add(connection, agency.id, officer.id, way["kind"], way["name"], begins, **_event(way, now))
        for way in row["ways"]
    ]
    for name in row["invited"]:
        referrals.invite(connection, agency.id, officer.id, name, "", now)
    # The more owners have come by a way, the more often it stands here.
    used = [(way, given.get("weight", 1)) for way, given in zip(ways, row["ways"], strict=True)]
    return [Sent(way.code, _begins(way.day)) for way, weight in used for _ in range(weight)]


def _begins(day: date | None) -> datetime | None:
    """When an event begins: two o'clock in the afternoon in Japan."""
    return datetime.combine(day, time(5)) if day else None


def _event(way: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    if "days" not in way:
        return {}
    return {"day": day_in_japan(now + timedelta(days=way["days"])), "place": way["place"]}


def _member(connection: Connection, agency: Agency, row: Mapping[str, Any], now: datetime) -> Member:
    expert = kept.find(connection, name=row["expert"]) if "expert" in row else None
    expert_id = expert.id if expert else None
    return members.add(connection, agency.id, row["name"], row["mail"], row["role"], now, expert_id)


def _plan(name: str, ways: Sequence[Sent], begins: datetime) -> Plan:
    """What an owner will do, at some time in the weeks: some leave in the middle, some share nothing, some book."""

    def chance(of: str, below: int) -> int:
        return place(name, of, below)

    # One in ten comes without any agency, one in five leaves in the middle.
    shares = chance("share", 8)
    way = ways[chance("way", len(ways))] if chance("sent", 10) else Sent("", None)
    event = way.begins_at and way.begins_at + timedelta(minutes=chance("late", 40))
    return Plan(
        name=name,
        code=way.code,
        came_at=event or begins + timedelta(minutes=chance("came", WEEKS * 7 * 24 * 60)),
        deep=chance("deep", 3) > 0,
        leaves_after=2 + chance("leaves after", 9) if chance("leaves", 4) == 0 else None,
        share="nothing" if shares < 4 else "result" if shares == 4 else "all",
        books=chance("books", 3) > 0,
        acts=chance("acts", 4) > 0,
        score=4 + chance("score", 7) if chance("says", 6) else None,
    )


def _write_to(town: Town, plans: Sequence[Plan], begins: datetime) -> None:
    """Live until a campaign of the home agency's has been sent to all who want news, and leave a draft of another."""
    town.live([plan for plan in plans if plan.came_at <= begins], begins)
    town.want_news()
    at = town.now
    with town.database.writing() as connection:
        home = next(one for one in agencies.all_of(connection) if one.home)
        admin = next(one for one in members.of_agency(connection, home.id) if one.role == "admin")
        draft = campaigns.plan_from(ready()[DRAFT])
        campaigns.add(connection, home.id, admin.id, draft, at, DRAFT)
        # Sent at once to who has a result, where the ready-made one waits for results that come.
        plan = replace(campaigns.plan_from(ready()[SENT]), trigger="", everybody=True)
        one = campaigns.add(connection, home.id, admin.id, plan, at, SENT)
        campaigns.turn(connection, one, "start", at)
        outreach.begin(connection, one, at)
    for wait in (*(timedelta(days=step.days) for step in one.steps), timedelta(days=1)):
        at = next_allowed(at + wait)
        town.live([plan for plan in plans if town.now < plan.came_at <= at], at)
        with town.database.writing() as connection:
            outreach.prepare(connection, town.content, one.id, town.house.letters_a_week, at)
            town.deliver(connection)
        town.pass_time(at)
    with town.database.writing() as connection:
        outreach.conclude(connection, one.id, at)


def _look_after(town: Town, notes_on: list[str]) -> None:
    """Officers give the clients whom they see a name, take some of them on, and note what they have heard."""
    with town.database.writing() as connection:
        for address, plan in town.plans.items():
            owner = owners.find(connection, CHANNEL, ACCOUNT, address)
            for one in clients.of_owner(connection, owner.id) if owner else ():
                if one.share in clients.SEEN:
                    _look_after_one(connection, one, plan, notes_on, town.now)


def _look_after_one(connection: Connection, one: Client, plan: Plan, notes_on: list[str], now: datetime) -> None:
    people = [member for member in members.of_agency(connection, one.agency_id) if member.role != "expert"]
    officer = people[place(plan.name, "officer", len(people))]
    clients.keep(connection, one.id, name=plan.name, member_id=officer.id if place(plan.name, "taken", 3) else None)
    if place(plan.name, "noted", 3) == 0:
        notes.add(connection, one, officer.id, notes_on[place(plan.name, "note", len(notes_on))], now)
