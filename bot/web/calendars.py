"""Calendar files over HTTP: of one booking, and the feed that an expert's calendar subscribes to."""

import asyncio
import hashlib

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.calendars import method_of
from bot.parts import parts_of


async def booking(request: Request) -> Response:
    """A booking as it stands, for whoever has the address of its page."""
    return _answer(request, await asyncio.to_thread(parts_of(request).calendars.at_page, request.path_params["page"]))


async def experts_booking(request: Request) -> Response:
    """A booking as its expert's own calendar wants it."""
    parts, named = parts_of(request), request.path_params
    made = asyncio.to_thread(parts.calendars.of_expert, named["token"], named["booking"], parts.intake.clock())
    return _answer(request, await made)


async def feed(request: Request) -> Response:
    """An expert's bookings, for a calendar that subscribes to them."""
    parts = parts_of(request)
    named = request.path_params["feed"]
    return _answer(request, await asyncio.to_thread(parts.calendars.feed, named, parts.intake.clock()))


def _answer(request: Request, ics: bytes | None) -> Response:
    """A calendar file; 404 where there is none, 304 where the browser or the calendar has it already."""
    if ics is None:
        raise HTTPException(404)
    tag = f'"{hashlib.sha256(ics).hexdigest()[:32]}"'
    headers = {"cache-control": "private, no-cache", "etag": tag, "x-robots-tag": "noindex"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    # Not as an attachment: phones then show the event at once, and offer to keep it.
    headers["content-disposition"] = 'inline; filename="banso.ics"'
    kind = f"text/calendar; charset=utf-8; method={method_of(ics)}"
    return Response(ics, headers=headers, media_type=kind)


# Before the pages whose paths are these without the ending.
ROUTES = [
    Route("/b/{page}.ics", booking, methods=["GET"]),
    Route("/x/{token}/{booking}.ics", experts_booking, methods=["GET"]),
    Route("/x/{feed}.ics", feed, methods=["GET"]),
]
