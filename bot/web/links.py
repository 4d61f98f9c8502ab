"""The pages behind codes: where a conversation goes on elsewhere, and where somebody is invited to."""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.parts import Parts, parts_of
from bot.platforms import web
from bot.turn import Event, by_code
from bot.web import pages
from bot.web.guard import NO_STORE, problem
from bot.web.ways import way, ways
from dialogs.events import Command
from scheduler.days import day_in_japan
from storage import agencies, codes, invites, owners, referrals
from storage.agencies import Agency
from storage.referrals import Invitation, Referral


async def link(request: Request) -> Response:
    """The ways in which the conversation that a code is from goes on elsewhere, for whoever has the code."""
    parts, now = parts_of(request), parts_of(request).intake.clock()
    if code := referrals.code_in(request.path_params["code"]):
        return await sent_by(parts, code, now)
    if code := invites.code_in(request.path_params["code"]):
        return await invitation(parts, code, now)
    code = codes.code_in(request.path_params["code"])
    good, own = await asyncio.to_thread(known, parts, code, parts.cookies.read(request), now)
    if good is None:
        return problem("ended", 410, request.url.path, NO_STORE)
    page = pages.link_page(
        code,
        good.ends_at,
        -((now - good.ends_at) // timedelta(minutes=1)),
        await ways(parts, code),
        own=own,
        site=parts.public_url,
        event=uuid.uuid4().hex,
    )
    return HTMLResponse(page, headers=NO_STORE)


async def invitation(parts: Parts, code: str, now: datetime) -> Response:
    """The ways to where somebody is invited to by a code: a meeting, or to be reached as an expert."""
    command = by_code(code)
    if command is None or not await asyncio.to_thread(invited, parts, code, now):
        return problem("ended", 410, f"/link/{code}", NO_STORE)
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


@dataclass(frozen=True, slots=True)
class Sender:
    """By whom somebody is sent with a code: the agency, whether it has a logo, the event; whether the code is good.

    Whom an invitation is meant for is not here, and neither is whether it was used: who has the code could be anybody,
    or the agency itself, which is not to know (storage/referrals.STANDINGS).
    """

    agency: Agency
    logo: bool
    event: Referral | None
    good: bool
    until: datetime | None = None


def sender(parts: Parts, code: str, now: datetime) -> Sender | None:
    """By whom somebody is sent with a code; None for one that was made up."""
    with parts.database.reading() as connection:
        found = referrals.by_code(connection, code)
        if found is None:
            return None
        until = found.ends_at if isinstance(found, Invitation) else None
        good = found.ended_at is None if isinstance(found, Referral) else found.withdrawn_at is None
        way: Referral | None
        if isinstance(found, Referral):
            way = found
        else:
            way = referrals.find(connection, found.agency_id, found.referral_id) if found.referral_id else None
        agency = agencies.get(connection, found.agency_id)
        logo = agencies.logo(connection, agency.id) is not None
    event = way if way and way.kind == "event" else None
    return Sender(agency, logo, event, good and (until is None or until > now), until)


async def sent_by(parts: Parts, code: str, now: datetime) -> Response:
    """The ways to begin for whom an agency has sent; a code that is good no more leads there without it."""
    found = await asyncio.to_thread(sender, parts, code, now)
    good = found is not None and found.good
    page = pages.page(
        "referral.html",
        sender=found,
        code=code if good else "",
        until=day_in_japan(found.until) if found and found.until else None,
        ways=await ways(parts, code if good else ""),
        event=uuid.uuid4().hex,
    )
    return HTMLResponse(page, 200 if good else 410, headers=NO_STORE)


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


ROUTES = [
    Route("/link", enter, methods=["GET"]),
    Route("/link/{code}", link, methods=["GET"]),
    Route("/link/{code}", join_here, methods=["POST"]),
]
