"""The links of letters: on to the address that stands in the letter, and counted on the way."""

import asyncio
from datetime import datetime

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.parts import Parts, parts_of
from bot.web.guard import NO_STORE
from storage import outcomes, outreach
from storage.outcomes import Way

# Where somebody comes from is nothing to who is at the other end.
HEADERS = NO_STORE | {"referrer-policy": "no-referrer", "x-robots-tag": "noindex"}

log = structlog.get_logger()


async def go(request: Request) -> Response:
    """Go on to where a link of a letter leads; nowhere else than to the address that stands in the letter."""
    parts = parts_of(request)
    found = await asyncio.to_thread(named, parts, request.path_params["signed"])
    if found is None:
        raise HTTPException(404)
    now = parts.intake.clock()
    if tapped(request):
        try:
            await asyncio.wrap_future(parts.intake.write(lambda connection: count(connection, *found, now)))
        except SQLAlchemyError as error:
            # Who wants to read on shall not wait for our figures.
            log.error("letter link", error=type(error).__name__)
    return RedirectResponse(found[0].target, 302, headers=HEADERS)


def named(parts: Parts, signed: str) -> tuple[Way, int] | None:
    """Where a signed part leads, and whose letter it is (0: of many); None where it is not ours, or leads nowhere."""
    read = parts.links.read_way(signed)
    if read is None:
        return None
    with parts.database.reading() as connection:
        way = outcomes.way(connection, read[0])
    return (way, read[1]) if way and way.target.startswith("https://") else None


def tapped(request: Request) -> bool:
    """Whether it was tapped, as far as can be told: not fetched ahead, and not looked at by a programme."""
    ahead = request.headers.get("sec-purpose") or request.headers.get("purpose")
    return request.method == "GET" and not ahead and "bot" not in request.headers.get("user-agent", "").lower()


def count(connection: Connection, way: Way, owner_id: int, now: datetime) -> None:
    """Count a tap; where it is known whose letter it is, as theirs."""
    outcomes.tap(connection, way)
    if owner_id:
        outreach.tap(connection, way.campaign_id, owner_id, now)


ROUTES = [Route("/go/{signed}", go, methods=["GET"])]
