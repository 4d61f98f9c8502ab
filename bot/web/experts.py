"""An expert's own pages, and the page of a booking that its owner shares: for whoever has the address."""

import asyncio
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.case import CALLING, Case, case_card, desk_named, open_to_expert
from bot.offers import free_times
from bot.parts import Parts, parts_of
from bot.platforms import web
from bot.turn import Event
from bot.views import Views
from bot.web import pages
from bot.web.forms import Form, hours_form, read_hours, read_record, record_form
from bot.web.ways import chat_of
from dialogs.events import Action, Command, Filled
from dialogs.flows.booking import ANSWERS, SHOWN
from dialogs.messages import Message, from_json
from scheduler.days import day_in_japan, day_words, in_japan, time_words
from storage import bookings, consultations, contacts, experts, inbox, outbox, owners, results
from storage.bookings import Booking
from storage.experts import Expert

HEADERS = {"cache-control": "private, no-store", "x-robots-tag": "noindex"}
# What a form of these pages has at the most: a week's hours and many days that are otherwise.
FIELDS = 500
# What a button does by itself; the others are forms, as what they want to know is on the page.
COMMANDS = ("accept", "decline", "held", "missed")
# Days whose times can be proposed, and turns among which that of a form is looked for.
DAYS, TURNS = 14, 50


@dataclass(frozen=True, slots=True)
class Meeting:
    """A booking on its expert's pages. `phone` is "" where it is not to be called, or not yet."""

    view: Mapping[str, Any]
    phone: str
    begun: bool
    recorded: bool


@dataclass(frozen=True, slots=True)
class Times:
    """A day's times that can be proposed: as forms want them, and in words."""

    day: str
    times: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Desk:
    """An expert at their pages, at this moment: what there is to see."""

    connection: Connection
    parts: Parts
    expert: Expert
    now: datetime

    def meeting(self, one: Booking, recorded: bool) -> Meeting:
        """A booking as it is shown."""
        parts = self.parts
        seen = Views(self.connection, parts.content, self.expert.owner_id, self.now, parts.intake.house)
        calls = one.way == "phone" and one.state in CALLING and open_to_expert(one, self.now)
        return Meeting(seen.view(one) or {}, one.reach if calls else "", one.starts_at <= self.now, recorded)

    def overview(self) -> dict[str, list[Meeting]]:
        """The expert's meetings: requests that wait, what lies ahead, what has no record yet, and what has."""
        recorded = consultations.recorded(self.connection, self.expert.id)
        mine = bookings.of_expert(self.connection, self.expert.id)
        found: dict[str, list[Meeting]] = {"waiting": [], "ahead": [], "past": [], "recent": []}
        for one in mine:
            place = self._place(one, one.id in recorded)
            if place:
                found[place].append(self.meeting(one, one.id in recorded))
        found["recent"].reverse()
        return found

    def _place(self, one: Booking, recorded: bool) -> str:
        if not open_to_expert(one, self.now):
            return ""
        if one.state == "pending":
            return "waiting" if one.starts_at > self.now else ""
        if one.starts_at > self.now:
            return "ahead"
        if one.state == "proposed":
            return ""
        return "recent" if recorded or one.state == "no_show" else "past"

    def found(self, token: str) -> Booking:
        """A booking of this expert's; 404 where it is none, or another's by now."""
        one = bookings.find(self.connection, token)
        if one is None or one.expert_id != self.expert.id or one.state == "held":
            raise HTTPException(404)
        return one

    def can_record(self, one: Booking) -> bool:
        """Whether there can be a record of a meeting."""
        return one.state in CALLING and one.starts_at <= self.now and open_to_expert(one, self.now)

    def times(self, one: Booking) -> Sequence[Times]:
        """The times that can be proposed for a booking in place of its own."""
        if one.state not in ("pending", "confirmed") or one.starts_at <= self.now:
            return ()
        held = experts.held(self.connection, [self.expert.id], self.now)[self.expert.id]
        bookings.without(self.connection, held, [one.id], self.expert)
        free = [at for at in free_times(self.expert, held, self.now) if at != one.starts_at]
        days = [Times(day_words(day), tuple(map(self._time, of_day))) for day, of_day in groupby(free, day_in_japan)]
        return days[:DAYS]

    def _time(self, at: datetime) -> tuple[str, str]:
        """A time as a form wants it, and in words: by Japan's clock, and by the expert's where that is another."""
        here = in_japan(at)
        there = here.astimezone(ZoneInfo(self.expert.profile.zone))
        apart = there.utcoffset() != here.utcoffset()
        own = f"({day_words(there.date())} {time_words(there)})" if apart else ""
        return at.isoformat(timespec="minutes"), f"{time_words(here)}{own}"

    def card(self, one: Booking) -> Case | None:
        """The case card; None while the owner does not let the expert see it."""
        return case_card(self.connection, self.parts.content, one, self.now)

    def answer(self, event: str) -> Sequence[Message]:
        """What was answered to a form of these pages, by its event."""
        turn = inbox.turn_of(self.connection, self.expert.owner_id, event_id(event)) if event else None
        if turn is None:
            return ()
        turns = outbox.exchanges(self.connection, self.expert.owner_id, turn - 1, TURNS)
        return [from_json(message) for one in turns if one.turn == turn for message in one.messages]

    def contact(self) -> tuple[str, str, str]:
        """How the expert is reached, made where there is no way yet; in a transaction that writes."""
        reached = owners.reach(self.connection, self.expert.owner_id, self.expert.profile.prefers)
        if reached is None:
            reached = contacts.PAGE, contacts.PAGE_ACCOUNT, self.expert.token
            contacts.add(self.connection, self.expert.owner_id, *reached, self.now)
        return reached


def event_id(event: str) -> str:
    """The id of a form's event, as it is kept."""
    return f"x:{event}"[:100]


def at_desk(connection: Connection, parts: Parts, token: str) -> Desk:
    """The expert whose pages have this token; 404 where there is none."""
    expert = experts.find(connection, token=token)
    if expert is None:
        raise HTTPException(404)
    return Desk(connection, parts, expert, parts.intake.clock())


# ---------------------------------------------------------------- looking


async def overview(request: Request) -> Response:
    """All that an expert has to do with."""
    return await _page(request, _overview)


def _overview(desk: Desk, request: Request) -> str:
    return _render("expert.html", desk, request, known=desk.expert.known_at(desk.now), **desk.overview())


async def meeting(request: Request) -> Response:
    """One booking, with the case card and the record."""
    return await _page(request, _meeting)


def _meeting(desk: Desk, request: Request, form: Form | None = None) -> str:
    one = desk.found(request.path_params["booking"])
    record = consultations.of_booking(desk.connection, one.id)
    recordable = desk.can_record(one)
    return _render(
        "case.html",
        desk,
        request,
        meeting=desk.meeting(one, record is not None),
        times=desk.times(one),
        card=desk.card(one),
        open=open_to_expert(one, desk.now),
        form=(form or record_form(record)) if recordable else None,
        handovers=desk.parts.content.phrases.asks["handover"].choices,
    )


async def hours(request: Request) -> Response:
    """What can be booked of an expert, as a form."""
    return await _page(request, _hours)


def _hours(desk: Desk, request: Request, form: Form | None = None) -> str:
    return _render(
        "hours.html",
        desk,
        request,
        form=form or hours_form(desk.expert.profile, day_in_japan(desk.now)),
        channels=_channels(desk),
        read_at=in_japan(desk.expert.busy_at) if desk.expert.busy_at else None,
        readable=desk.expert.known_at(desk.now),
        feed=f"{desk.parts.public_url}/x/{desk.expert.feed}.ics",
    )


def _channels(desk: Desk) -> list[str]:
    """The channels by which the expert can be told of something."""
    found = contacts.channels(desk.connection, [desk.expert.owner_id])[desk.expert.owner_id]
    return [channel for channel in found if channel != contacts.PAGE]


async def shared(request: Request) -> Response:
    """A booking and its record, for the owner and whoever has the address from them."""
    parts = parts_of(request)
    owner_id, values = await asyncio.to_thread(_shared, parts, request.path_params["page"])
    chat = await chat_of(request, owner_id)
    return HTMLResponse(pages.page("shared.html", chat=chat, **values), headers=HEADERS)


def _shared(parts: Parts, page: str) -> tuple[int, dict[str, Any]]:
    """Whose the booking is, and what its page shows."""
    now = parts.intake.clock()
    with parts.database.reading() as connection:
        one = bookings.at_page(connection, page)
        if one is None or one.state == "held":
            raise HTTPException(404)
        record = consultations.of_booking(connection, one.id)
        latest = results.latest(connection, one.owner_id)
        prefecture = str(latest.answers.get("prefecture") or "") if latest else ""
        name, desk = desk_named(parts.content, record.handover if record else "", prefecture)
        view = Views(connection, parts.content, one.owner_id, now, parts.intake.house).view(one)
        over = one.ends_at <= now
        return one.owner_id, {"view": view, "record": record, "name": name, "desk": desk, "over": over}


async def _page(request: Request, render: Any, *rest: Any, status: int = 200) -> Response:
    """A page of an expert's; the answer to a form stands on it where the address names one."""
    parts = parts_of(request)

    def drawn() -> str:
        with parts.database.reading() as connection:
            page: str = render(at_desk(connection, parts, request.path_params["token"]), request, *rest)
        return page

    return HTMLResponse(await asyncio.to_thread(drawn), status, headers=HEADERS)


def _render(template: str, desk: Desk, request: Request, **values: Any) -> str:
    answer = desk.answer(request.query_params.get("e", ""))
    return pages.page(template, expert=desk.expert, answer=answer, event=uuid.uuid4().hex, **values)


# ---------------------------------------------------------------- doing


async def act(request: Request) -> Response:
    """A button of a meeting."""
    given = await _given(request)
    token = given.get("booking", "")
    match given.get("act", ""):
        case name if name in COMMANDS:
            argument = f"{token}{SHOWN}{given.get('revision', '')}" if name in ANSWERS else token
            return await _take(request, given, Command(name, argument), "")
        case "cancel":
            # The page has asked already.
            return await _take(request, given, Filled("cancel", {"argument": token, "cancel": "yes"}), "")
        case "offer":
            return await _take(request, given, Filled("offer", {"argument": token, "at": _moment(given)}), "")
    raise HTTPException(404)


def _moment(given: Mapping[str, str]) -> str:
    """The time that a form names; "" where it names none."""
    try:
        return datetime.fromisoformat(given.get("at", "")).isoformat(timespec="minutes")
    except ValueError:
        return ""


async def write_record(request: Request) -> Response:
    """The record of a meeting."""
    given = await _given(request)
    parts = parts_of(request)
    named = request.path_params

    def met() -> datetime:
        with parts.database.reading() as connection:
            return at_desk(connection, parts, named["token"]).found(named["booking"]).starts_at

    form = read_record(given, day_in_japan(await asyncio.to_thread(met)))
    if form.wrong:
        return await _page(request, _meeting, form, status=422)
    filled = Filled("record", form.values | {"argument": named["booking"]})
    return await _take(request, given, filled, f"/{named['booking']}")


async def write_hours(request: Request) -> Response:
    """What can be booked of an expert."""
    given = await _given(request)
    parts = parts_of(request)

    def channels() -> list[str]:
        with parts.database.reading() as connection:
            return _channels(at_desk(connection, parts, request.path_params["token"]))

    form = read_hours(given, await asyncio.to_thread(channels))
    if form.wrong:
        return await _page(request, _hours, form, status=422)
    return await _take(request, given, Filled("hours", {"profile": form.values}), "/hours")


async def _given(request: Request) -> dict[str, str]:
    """What a form of our own pages holds."""
    if not web.same_site(request.headers):
        raise HTTPException(403)
    async with request.form(max_files=0, max_fields=FIELDS) as form:
        return {name: value for name, value in form.multi_items() if isinstance(value, str)}


async def _take(request: Request, given: Mapping[str, str], action: Action, back: str) -> Response:
    """Take what a form means, once, as an event of the expert's; what is answered is shown on the page."""
    parts = parts_of(request)
    token = request.path_params["token"]

    def contact(connection: Connection) -> tuple[str, str, str]:
        return at_desk(connection, parts, token).contact()

    reached = await asyncio.wrap_future(parts.intake.write(contact))
    # A second click sends the same; another button of a page that was gone back to does not.
    done = "\n".join(f"{name}={given[name]}" for name in sorted(given))
    event = hashlib.sha256(done.encode("utf-8", "replace")).hexdigest()
    await parts.take(Event(event_id(event), *reached, action, quiet=True))
    return RedirectResponse(f"/x/{token}{back}?e={event}", 303, headers=HEADERS)


# After the calendar files, whose paths are some of these with an ending.
ROUTES = [
    Route("/x/{token}", overview, methods=["GET"]),
    Route("/x/{token}", act, methods=["POST"]),
    Route("/x/{token}/hours", hours, methods=["GET"]),
    Route("/x/{token}/hours", write_hours, methods=["POST"]),
    Route("/x/{token}/{booking}", meeting, methods=["GET"]),
    Route("/x/{token}/{booking}", write_record, methods=["POST"]),
    Route("/b/{page}", shared, methods=["GET"]),
]
