"""The web app: its routes as a literal list, and what it is made of."""

import asyncio
import contextlib
import hashlib
import json
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Send
from starlette.types import Scope as ASGIScope

from bot import metrics, ticker
from bot.calendars import Calendars
from bot.clock import utc_now
from bot.delivery import Delivery
from bot.drawing import Drawing
from bot.house import house
from bot.intake import Clock, Intake
from bot.links import Links
from bot.pictures import Pictures
from bot.platforms import switched_on, web
from bot.platforms.platform import Platform, Unreadable
from bot.settings import PLATFORMS, Settings
from bot.turn import Event, Taken, by_code
from bot.web import acts, pages
from bot.web import calendars as web_calendars
from bot.web import experts as web_experts
from bot.web.chats import chat_of, way
from bot.web.result import result_view
from dialogs.content import Content
from dialogs.engine import SENT_FOR
from dialogs.events import Action, Command, Opened
from dialogs.messages import from_json
from knowledge import search
from knowledge.faq import version
from scheduler.days import day_in_japan
from scoring import look
from scoring.result import from_json as result_from_json
from storage import Database, codes, invites, outbox, owners, results

STATIC = Path(__file__).parent / "web" / "static"
FONTS = Path(look.__file__).parent / "fonts"
# The page shows so many of the latest turns; all of them are in the export.
HISTORY = 200
LARGEST_BODY = 1024 * 1024
# An answer that takes longer than this is announced on the platform.
SLOW_SECONDS = 0.8
# A page that waits looks again so often, in case another process took the turn it waits for.
LOOK_AGAIN_SECONDS = 5.0
# A stream has so long to end by itself when the server stops.
CLOSING_SECONDS = 1.0

HEADERS = {
    "content-security-policy": "default-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}

NO_STORE = {"cache-control": "no-store"}

log = structlog.get_logger()


class Arrivals:
    """Wakes the pages that wait for an owner's next turn."""

    def __init__(self) -> None:
        self._waiting: dict[int, set[asyncio.Event]] = {}

    def announce(self, owner_id: int) -> None:
        """A turn of this owner has been taken."""
        for event in self._waiting.get(owner_id, ()):
            event.set()

    async def wait(self, arrival: asyncio.Event, closing: anyio.Event) -> None:
        """Wait for an arrival, for the server to close, or until it is time to look again."""
        waiting = [asyncio.create_task(event.wait()) for event in (arrival, closing)]
        await asyncio.wait(waiting, timeout=LOOK_AGAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        arrival.clear()

    @contextlib.contextmanager
    def listening(self, owner_id: int) -> Iterator[asyncio.Event]:
        """An event that is set at each turn of this owner, for as long as the block lasts."""
        event = asyncio.Event()
        self._waiting.setdefault(owner_id, set()).add(event)
        try:
            yield event
        finally:
            self._waiting[owner_id].discard(event)
            if not self._waiting[owner_id]:
                del self._waiting[owner_id]


@dataclass(slots=True)
class Parts:
    """What the app is made of; the routes find it in `request.app.state.parts`."""

    database: Database
    content: Content
    intake: Intake
    cookies: web.Cookies
    links: Links
    drawing: Drawing
    pictures: Pictures
    calendars: Calendars
    platforms: Mapping[str, Platform]
    delivery: Delivery
    public_url: str
    secure: bool
    arrivals: Arrivals = field(default_factory=Arrivals)

    def take(self, event: Event) -> "asyncio.Future[Taken]":
        """Have an event taken, and wake the pages that wait for its answer and whoever sends it."""
        taking = asyncio.wrap_future(self.intake.submit(event))
        taking.add_done_callback(self._taken)
        metrics.EVENTS.labels(event.channel).inc()
        return taking

    def _taken(self, taking: "asyncio.Future[Taken]") -> None:
        if not taking.cancelled() and not taking.exception():
            self.told(taking.result())

    def told(self, taken: Taken) -> None:
        """A turn was taken: wake who waits for it."""
        self.arrivals.announce(taken.owner_id)
        self.delivery.wake()


def parts_of(request: Request) -> Parts:
    """The parts of the app that serves this request."""
    parts: Parts = request.app.state.parts
    return parts


# ---------------------------------------------------------------- the chat


async def chat(request: Request) -> Response:
    """The chat page; a browser not seen before is greeted."""
    parts = parts_of(request)
    address = parts.cookies.read(request)
    lost = address is None and web.COOKIE in request.cookies
    address = address or web.new_address()
    tag, entries = await asyncio.to_thread(history, parts, address)
    if not entries:
        code = request.query_params.get("c", "")
        await parts.take(Event(f"{address}:opened", web.CHANNEL, web.ACCOUNT, address, Opened(), code=code))
        tag, entries = await asyncio.to_thread(history, parts, address)
    response = HTMLResponse(pages.chat_page(entries, tag=tag, lost=lost), headers={"cache-control": "no-store"})
    parts.cookies.give(response, address, parts.secure)
    return response


async def say(request: Request) -> Response:
    """A form of the chat page: a tap or a text."""
    parts = parts_of(request)
    if not web.same_site(request.headers):
        raise HTTPException(403)
    known = parts.cookies.read(request)
    address = known or web.new_address()
    async with request.form(max_files=1, max_fields=100, max_part_size=LARGEST_BODY) as form:
        event = web.parse(form, address)
    if known is None and not begins(event.action):
        # Without its cookie the page belongs to nobody; it is drawn anew, which begins a conversation.
        return RedirectResponse("/", 303)
    taken = await parts.take(event)
    if known and "application/json" in request.headers.get("accept", "") and not taken.joined:
        return Response(status_code=204)
    # Also for a script whose page shows a conversation that has just joined another.
    response = RedirectResponse("/", 303)
    if known is None:
        parts.cookies.give(response, address, parts.secure)
    return response


def begins(action: Action) -> bool:
    """Whether somebody new may begin with this button, such as that of a page for booking."""
    return isinstance(action, Command) and action.name in SENT_FOR


async def stream(request: Request) -> Response:
    """The turns of the conversation `of` after `after`, as they come, as server-sent events."""
    parts = parts_of(request)
    address = parts.cookies.read(request)
    owner = await asyncio.to_thread(find, parts, address) if address else None
    if address is None or owner is None:
        # 204 tells an EventSource to stop asking.
        return Response(status_code=204)
    seen = request.headers.get("last-event-id") or request.query_params.get("after", "0")
    shown = Shown(address, request.query_params.get("of", owner.tag), turn_number(seen))
    closing = anyio.Event()
    return EventSourceResponse(
        turns(parts, owner.id, shown, closing), ping=20, shutdown_event=closing, shutdown_grace_period=CLOSING_SECONDS
    )


def turn_number(text: str) -> int:
    """The number of a turn as a page sends it; 0 for what is none, or more than any database can count."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows: the browser's address, the tag of the conversation, and the number of its latest turn."""

    address: str
    tag: str
    turn: int


async def turns(parts: Parts, owner_id: int, shown: Shown, closing: anyio.Event) -> AsyncIterator[dict[str, str]]:
    """The turns of an owner as events for the page, for as long as it listens and the server is not closing."""
    with parts.arrivals.listening(owner_id) as arrival:
        while not closing.is_set():
            entries = await asyncio.to_thread(news, parts, shown)
            if entries is None:
                # An event without data would never reach the page.
                yield {"event": "moved", "data": "/"}
                return
            for entry in entries:
                shown = replace(shown, turn=entry.turn)
                yield {"event": "turn", "id": str(entry.turn), "data": pages.fragment(entry)}
            await parts.arrivals.wait(arrival, closing)


def news(parts: Parts, shown: Shown) -> list[pages.Entry] | None:
    """The turns that a page has yet to show; None where its conversation has joined another."""
    owner = find(parts, shown.address)
    if owner is None:
        return []
    return entries_of(parts, owner.id, shown.turn) if owner.tag == shown.tag else None


def find(parts: Parts, address: str) -> owners.Owner | None:
    """The owner who is at a browser's address."""
    with parts.database.reading() as connection:
        return owners.find(connection, web.CHANNEL, web.ACCOUNT, address)


def history(parts: Parts, address: str) -> tuple[str, list[pages.Entry]]:
    """Tag and latest turns of the conversation at a browser's address; "" and none where there is none."""
    owner = find(parts, address)
    return (owner.tag, entries_of(parts, owner.id, 0)) if owner else ("", [])


def entries_of(parts: Parts, owner_id: int, after: int) -> list[pages.Entry]:
    """The latest turns of an owner after turn `after`."""
    with parts.database.reading() as connection:
        exchanges = outbox.exchanges(connection, owner_id, after, HISTORY)
    return [pages.Entry(e.turn, e.said, tuple(from_json(message) for message in e.messages)) for e in exchanges]


# ---------------------------------------------------------------- the result


async def result(request: Request) -> Response:
    """The page of a result, for whoever has its address."""
    parts = parts_of(request)
    stored, before = await asyncio.to_thread(found, parts, request.path_params["token"])
    view = result_view(
        parts.content.questionnaire,
        parts.content.catalogue,
        parts.content.reference,
        result=result_from_json(stored.result),
        answers=stored.answers,
        token=stored.token,
        day=stored.day,
        earlier=(result_from_json(before.result), before.day) if before else None,
    )
    page = pages.result_page(view, await chat_of(request, stored.owner_id))
    return HTMLResponse(page, headers={"cache-control": "no-store"})


async def picture(request: Request) -> Response:
    """A picture of a result, for who has the result's address."""
    return await drawn(request, request.path_params["token"], request.path_params["kind"])


async def signed_picture(request: Request) -> Response:
    """A picture of a result, by an address that ends: for platforms, which fetch what they show."""
    named = parts_of(request).links.read_picture(request.path_params["signed"])
    if named is None:
        raise HTTPException(410)
    return await drawn(request, *named)


async def drawn(request: Request, token: str, kind: str) -> Response:
    """A picture as the result stands now; 404 where there is none."""
    parts = parts_of(request)
    svg = await asyncio.to_thread(parts.pictures.svg, token, kind)
    if svg is None:
        raise HTTPException(404)
    tag = f'"{hashlib.sha256(svg.encode()).hexdigest()[:32]}"'
    # The picture changes when an answer is changed, so the browser asks each time whether it still stands.
    headers = {"cache-control": "private, no-cache", "etag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(await parts.drawing.png(svg), media_type="image/png", headers=headers)


def found(parts: Parts, token: str) -> tuple[results.Stored, results.Stored | None]:
    """A result and the one before it; 404 where there is none."""
    with parts.database.reading() as connection:
        stored = results.by_token(connection, token)
        if stored is None:
            raise HTTPException(404)
        return stored, results.before(connection, stored.owner_id, stored.run, stored.depth)


async def delete_result(request: Request) -> Response:
    """Delete a result, in the conversation of the owner whose it is."""
    parts = parts_of(request)
    if not web.same_site(request.headers):
        raise HTTPException(403)
    token = request.path_params["token"]
    contact = await asyncio.to_thread(contact_of, parts, token)
    channel, account, address = contact
    command = Command("discard", token)
    await parts.take(Event(f"{address}:discard:{token}"[:100], channel, account, address, command))
    return HTMLResponse(pages.deleted_page())


def contact_of(parts: Parts, token: str) -> tuple[str, str, str]:
    """How the owner of a result is reached."""
    with parts.database.reading() as connection:
        stored = results.by_token(connection, token)
        if stored is None:
            raise HTTPException(404)
        return owners.first_contact(connection, stored.owner_id)


async def export(request: Request) -> Response:
    """All that is stored about an owner, by a link good for a day."""
    parts = parts_of(request)
    owner_id = parts.links.read(request.path_params["signed"])
    if owner_id is None:
        raise HTTPException(410)
    data = await asyncio.to_thread(stored_data, parts, owner_id)
    return Response(
        json.dumps(data, ensure_ascii=False, indent=2),
        media_type="application/json",
        headers={
            "content-disposition": 'attachment; filename="banso.json"',
            "cache-control": "no-store",
        },
    )


def stored_data(parts: Parts, owner_id: int) -> dict[str, Any]:
    """All that is stored about an owner; 410 where there is no such owner any more."""
    with parts.database.reading() as connection:
        data = owners.export(connection, owner_id)
    if not data["owner"]:
        raise HTTPException(410)
    return data


# ---------------------------------------------------------------- one person, several apps


async def link(request: Request) -> Response:
    """The ways in which the conversation that a code is from goes on elsewhere, for whoever has the code."""
    parts, now = parts_of(request), parts_of(request).intake.clock()
    if code := invites.code_in(request.path_params["code"]):
        return await invitation(parts, code, now)
    code = codes.code_in(request.path_params["code"])
    good, own = await asyncio.to_thread(known, parts, code, parts.cookies.read(request), now)
    if good is None:
        return problem("ended", 410, NO_STORE)
    page = pages.link_page(
        code,
        good.ends_at,
        -((now - good.ends_at) // timedelta(minutes=1)),
        await asyncio.gather(*(way(parts.platforms[on], code) for on in PLATFORMS if on in parts.platforms)),
        own=own,
        site=parts.public_url,
        event=uuid.uuid4().hex,
    )
    return HTMLResponse(page, headers=NO_STORE)


async def invitation(parts: Parts, code: str, now: datetime) -> Response:
    """The ways to where somebody is invited to by a code: a meeting, or to be reached as an expert."""
    command = by_code(code)
    if command is None or not await asyncio.to_thread(invited, parts, code, now):
        return problem("ended", 410, NO_STORE)
    ways = await asyncio.gather(*(way(platform, code) for platform in parts.platforms.values()))
    page = pages.page("invite.html", name=command.name, code=code, ways=ways, event=uuid.uuid4().hex)
    return HTMLResponse(page, headers=NO_STORE)


def invited(parts: Parts, code: str, now: datetime) -> bool:
    """Whether a code of an invitation is still good."""
    with parts.database.reading() as connection:
        return invites.find(connection, code, now) is not None


def known(parts: Parts, code: str, address: str | None, now: datetime) -> tuple[codes.Good | None, bool]:
    """What is known of a code, and whether it is from the conversation of the browser at this address."""
    with parts.database.reading() as connection:
        good = codes.find(connection, code, now)
        owner = owners.find(connection, web.CHANNEL, web.ACCOUNT, address) if address else None
    return good, good is not None and owner is not None and good.owner_id == owner.id


async def enter(request: Request) -> Response:
    """Where a code is typed that stands on another screen."""
    typed = request.query_params.get("code", "")
    if command := by_code(typed):
        return RedirectResponse(f"/link/{command.argument}", 303, headers=NO_STORE)
    return HTMLResponse(pages.enter_page(typed), headers=NO_STORE)


async def join_here(request: Request) -> Response:
    """Have this browser go on with the conversation that a code is from; there it is asked once more."""
    parts = parts_of(request)
    if not web.same_site(request.headers):
        raise HTTPException(403)
    address = parts.cookies.read(request) or web.new_address()
    async with request.form(max_files=0, max_fields=1) as form:
        event_id = str(form.get("event", "")) or uuid.uuid4().hex
    join = by_code(request.path_params["code"]) or Command("join")
    await parts.take(Event(f"{address}:{event_id}"[:100], web.CHANNEL, web.ACCOUNT, address, join))
    response = RedirectResponse("/", 303)
    parts.cookies.give(response, address, parts.secure)
    return response


# ---------------------------------------------------------------- the platforms


async def webhook(request: Request) -> Response:
    """What a platform has to tell: taken before it is acknowledged, so that what fails is sent again."""
    parts = parts_of(request)
    platform = parts.platforms.get(request.path_params["platform"])
    if platform is None:
        return PlainTextResponse("", 404)
    body = await whole(request)
    if not platform.authentic(request.headers, body, utc_now()):
        metrics.REFUSED.labels(platform.channel).inc()
        return PlainTextResponse("", 401)
    try:
        arrived = platform.parse(request.headers, body)
    except Unreadable:
        metrics.UNREADABLE.labels(platform.channel).inc()
        return PlainTextResponse("", 400)
    # One writing thread takes them in the order in which they are handed over.
    taking = [parts.take(event) for event in arrived.events]
    if taking:
        _, slow = await asyncio.wait(taking, timeout=SLOW_SECONDS)
        if slow:
            await platform.waiting(arrived.events[-1].address)
        await asyncio.gather(*taking)
    return PlainTextResponse(arrived.answer)


async def whole(request: Request) -> bytes:
    """The body, which may come without its length being told; 413 where it is too large."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_BODY:
            raise HTTPException(413)
    return body


# ---------------------------------------------------------------- other pages


async def answer(request: Request) -> Response:
    """One answer of the FAQ, as it stands today."""
    parts = parts_of(request)
    entry = parts.content.faq.get(request.path_params["entry"])
    if entry is None:
        raise HTTPException(404)
    today = day_in_japan(utc_now())
    entry = version(parts.content.faq, entry, today)
    return HTMLResponse(pages.answer_page(entry, parts.content.reference.desk(entry.desk), today))


async def notice(request: Request) -> Response:
    """The full notice on personal data."""
    return HTMLResponse(pages.notice_page())


async def colours(request: Request) -> Response:
    """The design tokens as CSS variables."""
    return PlainTextResponse(look.css_variables(look.look()), media_type="text/css")


async def alive(request: Request) -> Response:
    """Whether the process runs."""
    return PlainTextResponse("ok\n")


async def ready(request: Request) -> Response:
    """Whether the database answers."""
    await asyncio.to_thread(ask_database, parts_of(request))
    return PlainTextResponse("ok\n")


def ask_database(parts: Parts) -> None:
    """Raise where the database does not answer."""
    with parts.database.reading() as connection:
        connection.execute(text("SELECT 1"))


async def counts(request: Request) -> Response:
    """What is counted, for Prometheus."""
    return Response(await asyncio.to_thread(metrics.page), media_type="text/plain; version=0.0.4")


ROUTES = [
    Route("/", chat, methods=["GET"]),
    Route("/chat", say, methods=["POST"]),
    Route("/chat/stream", stream, methods=["GET"]),
    Route("/r/{token}", result, methods=["GET"]),
    Route("/r/{token}/delete", delete_result, methods=["POST"]),
    Route("/r/{token}/{kind}.png", picture, methods=["GET"]),
    Route("/p/{signed}.png", signed_picture, methods=["GET"]),
    Route("/me/{signed}", export, methods=["GET"]),
    *web_calendars.ROUTES,
    *web_experts.ROUTES,
    Route("/link", enter, methods=["GET"]),
    Route("/link/{code}", link, methods=["GET"]),
    Route("/link/{code}", join_here, methods=["POST"]),
    Route("/webhooks/{platform}", webhook, methods=["POST"]),
    *acts.ROUTES,
    Route("/faq/{entry}", answer, methods=["GET"]),
    Route("/notice", notice, methods=["GET"]),
    Route("/healthz", alive, methods=["GET"]),
    Route("/readyz", ready, methods=["GET"]),
    Route("/metrics", counts, methods=["GET"]),
    Route("/static/look.css", colours, methods=["GET"]),
    Mount("/static/fonts", StaticFiles(directory=FONTS)),
    Mount("/static", StaticFiles(directory=STATIC)),
]


# ---------------------------------------------------------------- what goes wrong


async def database_away(request: Request, error: Exception) -> Response:
    """The database does not answer or can't be written: nothing was taken, and the owner may try again."""
    log.error("database", error=type(error).__name__, cause=type(getattr(error, "orig", None)).__name__)
    return problem("busy", 503, {"retry-after": "5"})


async def refused(request: Request, error: Exception) -> Response:
    """A page that does not exist, a form that may not be sent."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    kinds = {403: "method", 404: "not_found", 405: "method", 410: "gone", 413: "too_large"}
    return problem(kinds.get(status, "not_found" if status < 500 else "busy"), status)


async def broken(request: Request, error: Exception) -> Response:
    """A defect of ours: a kind word for the owner, the trace for the operator alone."""
    return problem("busy", 500)


def problem(kind: str, status: int, headers: dict[str, str] | None = None) -> Response:
    """A page that says kindly what is wrong. Made after the middleware has gone, so it brings the headers itself."""
    return HTMLResponse(pages.problem_page(kind), status, headers=HEADERS | (headers or {}))


class Guard:
    """Refuses bodies too large to be ours, and puts the security headers on every answer."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            await problem("too_large", 413)(scope, receive, send)
            return

        async def send_guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                extra = [(n.encode(), v.encode()) for n, v in HEADERS.items() if n.encode() not in given]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        await self.app(scope, receive, send_guarded)


def make_app(database: Database, content: Content, settings: Settings, clock: Clock = utc_now) -> Starlette:
    """The app over a migrated database. Its threads and processes live from start-up to shut-down."""
    secret = settings.secret()
    links = Links(secret)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        intake = Intake(database, content, clock, house(settings, links))
        drawing = Drawing(content)
        pictures = Pictures(database, drawing, links, settings.public_url)
        calendars = Calendars(database, content, settings.public_url)
        platforms = switched_on(settings, pictures, content.phrases, calendars)
        delivery = Delivery(intake, platforms, clock)
        app.state.parts = Parts(
            database=database,
            content=content,
            intake=intake,
            cookies=web.Cookies(secret),
            links=links,
            drawing=drawing,
            pictures=pictures,
            calendars=calendars,
            platforms=platforms,
            delivery=delivery,
            public_url=settings.public_url,
            secure=settings.public_url.startswith("https://"),
        )
        intake.start()
        for platform in platforms.values():
            await platform.start()
        delivery.start()
        # Making the search ready takes a second, which no owner's question should have to wait for.
        ready = asyncio.create_task(asyncio.to_thread(search.packaged))
        loop = asyncio.get_running_loop()

        def told(taken: Taken) -> None:
            loop.call_soon_threadsafe(app.state.parts.told, taken)

        ticking = ticker.start(intake, told, settings)
        yield
        # What a tick has begun is taken by the intake, which must not end before.
        await asyncio.to_thread(ticking.shutdown)
        await delivery.stop()
        await ready
        for platform in platforms.values():
            await platform.stop()
        await asyncio.to_thread(intake.stop)
        drawing.close()
        database.close()

    return Starlette(
        routes=ROUTES,
        middleware=[Middleware(Guard)],
        exception_handlers={
            DBAPIError: database_away,
            NoConnection: database_away,
            HTTPException: refused,
            Exception: broken,
        },
        lifespan=lifespan,
    )
