"""体験会: owners try the check together, each on their own phone; a screen shows how the room has answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from bot.desk import hiding, leaflets, rooms
from bot.desk.doors import Door, Rule, missing
from bot.desk.visits import Answer, Go, Page, Visit
from scheduler.days import day_in_japan
from storage import referrals, workshops
from storage.referrals import Referral
from storage.workshops import Turnout

NAME, PLACE = 80, 100
# What the screen shows: how to join, or how the room has answered.
VIEWS = ("join", "answers")
# A projector has room for so many tools.
TOOLS = 6


@dataclass(frozen=True, slots=True)
class Line:
    """An event in the list, with how many came (None below five)."""

    event: Referral
    joined: int | None


def listed(visit: Visit) -> Answer:
    """The agency's events, ahead and past, and the form for a new one."""
    return _list(visit, {}, {})


def make(visit: Visit) -> Answer:
    """A new event."""
    given = {name: visit.given(name) for name in ("name", "day", "place")}
    day = _day(given["day"])
    wrong = {
        "name": not given["name"] or len(given["name"]) > NAME,
        "day": day is None or day < day_in_japan(visit.now),
        "place": len(given["place"]) > PLACE,
    }
    if day is None or any(wrong.values()):
        return _list(visit, given, wrong)
    made = referrals.add(
        visit.connection,
        visit.agency.id,
        visit.member.id,
        "event",
        given["name"],
        visit.now,
        day=day,
        place=given["place"],
    )
    return Go(f"/desk/events/{made.id}", "event-made", _subject(made))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _list(visit: Visit, given: Mapping[str, str], wrong: Mapping[str, bool]) -> Page:
    today = day_in_japan(visit.now)
    found = referrals.of_agency(visit.connection, visit.agency.id, "event")
    came = workshops.turnouts(visit.connection, [event.id for event in found])
    lines = [Line(event, rooms.shown(came[event.id].joined)) for event in found]
    lines.sort(key=lambda line: (line.event.day or today, line.event.id))
    ahead = [line for line in lines if line.event.ended_at is None and (line.event.day or today) >= today]
    past = [line for line in reversed(lines) if line not in ahead]
    values = {"ahead": ahead, "past": past, "given": given, "wrong": wrong, "today": today}
    return Page("desk/events.html", values, status=422 if any(wrong.values()) else 200)


def _event(visit: Visit) -> Referral:
    found = referrals.find(visit.connection, visit.agency.id, visit.path["referral"])
    if found is None or found.kind != "event":
        raise missing()
    return found


def _subject(event: Referral) -> str:
    return f"referral:{event.id}"


def one(visit: Visit) -> Answer:
    """An event: how owners join, and how it went."""
    return Page("desk/event.html", _values(visit, _event(visit), answers=True))


def _values(visit: Visit, event: Referral, *, answers: bool) -> dict[str, Any]:
    """What the pages of an event show of it, and of the room in sum: how many came, and where wanted their answers."""
    turnout = workshops.turnouts(visit.connection, [event.id]).get(event.id, Turnout())
    first, full = workshops.sheets(visit.connection, event.id, event.ended_at) if answers else ((), ())
    room = rooms.room(visit.parts.content.questionnaire, turnout, first, full)
    address = leaflets.address_of(visit, event.code)
    return {
        "event": event,
        "room": room,
        "address": address,
        "typed": address.removeprefix("https://").rpartition("/")[0],
        "enough": hiding.FEWEST,
        "bars_from": rooms.BARS_FROM,
        "today": day_in_japan(visit.now),
    }


def end(visit: Visit) -> Answer:
    """End an event: nobody joins it any more, and its figures stay as they are."""
    event = _event(visit)
    referrals.end(visit.connection, visit.agency.id, event.id, visit.now)
    return Go(f"/desk/events/{event.id}", "event-ended", _subject(event))


def screen(visit: Visit) -> Answer:
    """The page for the projector."""
    event = _event(visit)
    values = _drawn(visit, event)
    live = f"/desk/events/{event.id}/figures?{urlencode({'show': values['view']})}"
    return Page("desk/screen.html", values | {"live": live})


def figures(visit: Visit) -> Answer:
    """What changes on that page."""
    return Page("desk/screen_live.html", _drawn(visit, _event(visit)))


def _drawn(visit: Visit, event: Referral) -> dict[str, Any]:
    asked = visit.query.get("show", "")
    view = asked if asked in VIEWS else VIEWS[0]
    values = _values(visit, event, answers=view == "answers")
    tools = rooms.most_first(values["room"].tools)
    return values | {"tools": rooms.Chart(tools.people, tools.whole, tools.bars[:TOOLS]), "view": view}


DOORS = [
    Door("GET", "/desk/events", listed, Rule.STAFF),
    Door("POST", "/desk/events", make, Rule.STAFF, "event.make"),
    Door("GET", "/desk/events/{referral:row}", one, Rule.STAFF),
    Door("POST", "/desk/events/{referral:row}/end", end, Rule.STAFF, "event.end"),
    Door("GET", "/desk/events/{referral:row}/screen", screen, Rule.STAFF),
    Door("GET", "/desk/events/{referral:row}/figures", figures, Rule.STAFF),
]
