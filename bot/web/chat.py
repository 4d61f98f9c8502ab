"""The page of the chat itself: the turns it shows, what is said on it, and the turns that come while it is open."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import anyio
from sse_starlette import EventSourceResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.parts import Parts, parts_of
from bot.platforms import web
from bot.turn import Event, by_code
from bot.web import pages
from bot.web.guard import LARGEST_BODY
from dialogs.engine import SENT_FOR
from dialogs.events import Action, Command, Opened
from dialogs.messages import from_json
from storage import outbox, owners, referrals

# The page shows so many of the latest turns; all of them are in the export.
HISTORY = 200
# A stream has so long to end by itself when the server stops.
CLOSING_SECONDS = 1.0


async def chat(request: Request) -> Response:
    """The chat page; a browser not seen before is greeted."""
    parts = parts_of(request)
    address = parts.cookies.read(request)
    lost = address is None and web.COOKIE in request.cookies
    address = address or web.new_address()
    tag, entries = await asyncio.to_thread(history, parts, address)
    code = request.query_params.get("c", "")
    if (command := by_code(code)) and (entries or referrals.is_for_one(command.argument)):
        # Whoever is known is asked there, and what is good once is not used up by a programme that looks at links.
        return RedirectResponse(f"/link/{command.argument}", 303)
    if not entries:
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
    seen = parts.pictures.seen
    return [pages.Entry(e.turn, e.said, tuple(seen(from_json(message)) for message in e.messages)) for e in exchanges]


ROUTES = [
    Route("/", chat, methods=["GET"]),
    Route("/chat", say, methods=["POST"]),
    Route("/chat/stream", stream, methods=["GET"]),
]
