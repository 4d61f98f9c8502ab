"""One client of an agency: what they share, and what the agency's people can do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.case import desk_named
from bot.desk import clients as list_of
from bot.desk.doors import Door, Rule, missing
from bot.desk.visits import Answer, Go, Page, Visit
from bot.desk.words import words
from bot.views import topic_words
from bot.web.result import result_view
from scheduler.days import day_in_japan, in_japan, meeting_words, moment_words
from scheduler.reminders import loud
from scoring.result import from_json
from storage import bookings, clients, consultations, experts, members, notes, results, rosters, timers
from storage.bookings import Booking
from storage.clients import Client
from storage.consultations import Consultation
from storage.members import Member
from storage.results import Kept
from storage.timers import Timer

# An owner is invited to book so often at the most.
AGAIN = timedelta(days=7)
LONGEST_NAME = 80
# A meeting that an officer can ask to come along to.
OPEN = ("pending", "proposed", "confirmed")


@dataclass(frozen=True, slots=True)
class Checked:
    """A result in a line; `beside` is who of the agency answered it with the owner, or ""."""

    id: int
    day: Any
    depth: str
    points: int
    out_of: int
    segment: str
    steps: tuple[str, ...]
    beside: str


@dataclass(frozen=True, slots=True)
class Meeting:
    """A consultation. `record` is None where there is none (yet); `handover` names the desk after it, or is "".

    `coming` tells whether who looks comes along: "yes", "no" where the owner would rather be alone, "asked" where they
    have yet to say, "can" where they may be asked, or "".
    """

    id: int
    day: Any
    when: str
    topic: str
    way: str
    expert: str
    state: str
    ahead: bool
    record: Consultation | None
    handover: str
    coming: str


@dataclass(frozen=True, slots=True)
class Invited:
    """That an owner was invited to book: when (a moment in words), by whom, and from which day that can be again."""

    when: str
    by: str
    again: Any


def client_of(visit: Visit, *, held: bool = False) -> Client:
    """The client of the address, as far as they share something with this agency now; 404 for any other.

    `held` where something is to be done that nobody else may do at the same moment.
    """
    find = clients.lock if held else clients.seen
    found = find(visit.connection, visit.agency.id, visit.path["client"])
    if found is None:
        raise missing()
    return found


def path_of(one: Client) -> str:
    """Where a client's page is."""
    return f"/desk/clients/{one.id}"


# ---------------------------------------------------------------- looking


def shown(visit: Visit) -> Answer:
    """All that a client shares, and what the agency has noted."""
    return page_of(visit, client_of(visit))


def page_of(visit: Visit, one: Client, said: str = "", status: int = 200) -> Page:
    """A client's page; with what is `said` at its top, where something that was sent to it can't be done."""
    everybody = members.of_agency(visit.connection, visit.agency.id)
    named = {member.id: member.name for member in everybody}
    entries = rosters.everybody(visit.connection, visit.agency.id, rosters.Wanted(ids=[one.id]))
    values = {
        "client": one,
        "line": next(list_of.lines(visit, entries), None),
        "shares": words()["shares"],
        "since": day_in_japan(one.share_at) if one.share_at else None,
        "staff": _in_charge(everybody, one),
        "results": [_checked(visit, kept, named) for kept in results.history(visit.connection, one.owner_id)],
        "meetings": _meetings(visit, one) if one.share == "all" else [],
        "invited": _invited(visit, one, named),
        "notes": notes.of_client(visit.connection, one),
        "moment": _moment,
    }
    return Page("desk/client.html", values | ({"done": said} if said else {}), status)


def _moment(at: datetime) -> str:
    there = in_japan(at)
    return f"{there.year}年{moment_words(there)}"


def _in_charge(everybody: Sequence[Member], one: Client) -> list[Member]:
    """Who can look after a client, and who does."""
    return [each for each in everybody if (each.active and each.role != "expert") or each.id == one.member_id]


def _checked(visit: Visit, kept: Kept, named: dict[int, str]) -> Checked:
    said, advice = words(), visit.parts.content.catalogue.advice
    result = from_json(kept.stored.result)
    return Checked(
        id=kept.id,
        day=kept.stored.day,
        depth=said["depths"][kept.stored.depth],
        points=result.score.points,
        out_of=result.score.out_of,
        segment=said["segments"][result.score.segment],
        steps=tuple(advice[action.advice].title for action in result.actions if action.advice in advice),
        # Whom of another agency an owner meets is no matter of this one's.
        beside=named.get(kept.member_id or 0, ""),
    )


def _meetings(visit: Visit, one: Client) -> list[Meeting]:
    """The consultations, the latest first; what was only held and never asked for is none."""
    records = {record.booking_id: record for record in consultations.of_owner(visit.connection, one.owner_id)}
    asked = _asked(visit, one)
    mine = [each for each in bookings.of_owner(visit.connection, one.owner_id) if each.state != "held"]
    return [_meeting(visit, each, records.get(each.id), asked) for each in mine]


def _meeting(visit: Visit, one: Booking, record: Consultation | None, asked: Mapping[str, str]) -> Meeting:
    content, begins = visit.parts.content, in_japan(one.starts_at)
    stored = results.latest(visit.connection, one.owner_id) if record and record.handover else None
    prefecture = stored.answers.get("prefecture") or "" if stored else ""
    return Meeting(
        id=one.id,
        day=begins.date(),
        when=f"{begins.year}年{meeting_words(begins, in_japan(one.ends_at))}",
        topic=topic_words(content, one.topic),
        way=one.way,
        expert=experts.get(visit.connection, one.expert_id).name,
        state=one.state,
        ahead=one.stands and one.starts_at > visit.now,
        record=record,
        handover=desk_named(content, record.handover, prefecture)[0] if record and record.handover else "",
        coming=_coming(visit, one, asked),
    )


def _coming(visit: Visit, one: Booking, asked: Mapping[str, str]) -> str:
    if one.state not in OPEN or one.starts_at <= visit.now:
        return ""
    if visit.member.owner_id in bookings.guests(visit.connection, one.id):
        return "yes"
    return asked.get(one.token, "can")


def _asked(visit: Visit, one: Client) -> Mapping[str, str]:
    """The bookings (tokens) of a client that who looks has asked to come along to, and what has become of it."""
    told = timers.ever(visit.connection, one.subject, "join")
    alone = {each.revision for each in timers.ever(visit.connection, one.subject, "join-no")}
    mine = [each for each in told if each.data.get("member") == visit.member.id]
    return {each.data["booking"]: "no" if each.revision in alone else "asked" for each in mine}


def _invited(visit: Visit, one: Client, named: dict[int, str]) -> Invited | None:
    last = _last_invited(visit, one)
    if last is None:
        return None
    free = last.at + AGAIN
    by = named.get(last.data.get("member", 0), "")
    return Invited(_moment(last.at), by, _moment(free) if free > visit.now else None)


def _last_invited(visit: Visit, one: Client) -> Timer | None:
    return next(reversed(timers.ever(visit.connection, one.subject, "invite")), None)


def result(visit: Visit) -> Answer:
    """One result of a client's: the pictures with their numbers, and the three things to do first."""
    one = client_of(visit)
    history = results.history(visit.connection, one.owner_id)
    found = next((kept for kept in history if kept.id == visit.path["result"]), None)
    if found is None:
        raise missing()
    stored, parts = found.stored, visit.parts
    before = results.before(visit.connection, stored.owner_id, stored.run, stored.depth)
    now, then = from_json(stored.result), from_json(before.result) if before else None
    view = result_view(
        parts.content.questionnaire,
        parts.content.catalogue,
        parts.content.reference,
        result=now,
        answers=stored.answers,
        token="",
        day=stored.day,
        earlier=(then, before.day) if before and then else None,
    )
    named = {member.id: member.name for member in members.of_agency(visit.connection, visit.agency.id)}
    pictures = {kind: parts.drawing.svg(kind, now, then) for kind in ("share", "balance")}
    values = {"client": one, "view": view, "pictures": pictures, "line": _checked(visit, found, named)}
    return Page("desk/result.html", values | {"segments": words()["segments"]}, subject=one.subject)


# ---------------------------------------------------------------- doing


def changed(visit: Visit) -> Answer:
    """What the agency calls a client, and who looks after them."""
    one = client_of(visit)
    staff = {str(each.id): each.id for each in _in_charge(members.of_agency(visit.connection, visit.agency.id), one)}
    charge = visit.given("charge")
    if charge and charge not in staff:
        raise missing()
    name = visit.given("name")[:LONGEST_NAME]
    clients.keep(visit.connection, one.id, name=name, member_id=staff.get(charge))
    return Go(path_of(one), done="client-changed")


def invite(visit: Visit) -> Answer:
    """Have the owner invited to book an expert."""
    one = client_of(visit, held=True)
    last = _last_invited(visit, one)
    if last and last.at + AGAIN > visit.now:
        return page_of(visit, one, "client-invited-before", 409)
    at = loud(visit.now)
    timers.add_next(visit.connection, one.subject, "invite", one.owner_id, at, {"member": visit.member.id})
    return Go(path_of(one), done="client-invited" if at == visit.now else "client-invited-later")


def join(visit: Visit) -> Answer:
    """Have the owner asked whether who looks may come along to a meeting."""
    one = client_of(visit, held=True)
    mine = bookings.of_owner(visit.connection, one.owner_id) if one.share == "all" else []
    found = next((each for each in mine if str(each.id) == visit.given("booking")), None)
    if found is None or _coming(visit, found, _asked(visit, one)) != "can":
        raise missing()
    at, data = loud(visit.now), {"booking": found.token, "member": visit.member.id}
    timers.add_next(visit.connection, one.subject, "join", one.owner_id, at, data)
    return Go(path_of(one), done="client-asked" if at == visit.now else "client-asked-later")


DOORS = [
    Door("GET", "/desk/clients/{client:row}", shown, Rule.STAFF, "client.see"),
    Door("POST", "/desk/clients/{client:row}", changed, Rule.STAFF, "client.change"),
    Door("GET", "/desk/clients/{client:row}/results/{result:row}", result, Rule.STAFF, "client.see"),
    Door("POST", "/desk/clients/{client:row}/invite", invite, Rule.STAFF, "client.invite"),
    Door("POST", "/desk/clients/{client:row}/join", join, Rule.STAFF, "client.join"),
]
