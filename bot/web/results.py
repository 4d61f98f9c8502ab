"""Pages of results, pictures, and the export: what is had by an address that nobody guesses."""

import asyncio
import hashlib
import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bot.parts import Parts, parts_of
from bot.platforms import web
from bot.turn import Event
from bot.web import pages
from bot.web.result import result_view
from bot.web.ways import chat_of
from dialogs.events import Command
from dialogs.messages import FLYER
from scoring.result import from_json as result_from_json
from storage import owners, results, sittings


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
    beside = await asyncio.to_thread(beside_owner, parts, stored.token)
    page = pages.result_page(view, await chat_of(request, stored.owner_id), beside)
    return HTMLResponse(page, headers={"cache-control": "no-store"})


async def picture(request: Request) -> Response:
    """A picture of a result, for who has the result's address."""
    return await drawn(request, request.path_params["token"], request.path_params["kind"])


async def signed_picture(request: Request) -> Response:
    """A picture, by an address that ends: for platforms, which fetch what they show."""
    named = parts_of(request).links.read_picture(request.path_params["signed"])
    if named is None:
        raise HTTPException(410)
    token, kind = named
    return await attached(request, token) if kind == FLYER else await drawn(request, token, kind)


async def attached(request: Request, token: str) -> Response:
    """A picture that an agency attaches to a letter; 404 where its campaign is gone."""
    found = await asyncio.to_thread(parts_of(request).pictures.flyer, token)
    if found is None:
        raise HTTPException(404)
    content, media_type = found
    headers = {"cache-control": "private, max-age=86400", "cross-origin-resource-policy": "cross-origin"}
    return Response(content, media_type=media_type, headers=headers)


async def drawn(request: Request, token: str, kind: str) -> Response:
    """A picture as the result stands now; 404 where there is none."""
    parts = parts_of(request)
    svg = await asyncio.to_thread(parts.pictures.svg, token, kind)
    if svg is None:
        raise HTTPException(404)
    tag = f'"{hashlib.sha256(svg.encode()).hexdigest()[:32]}"'
    # The picture changes when an answer is changed, so the browser asks each time whether it still stands.
    headers = {"cache-control": "private, no-cache", "etag": tag}
    # A mail shows it, too, on whatever page it is read.
    headers["cross-origin-resource-policy"] = "cross-origin"
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


def beside_owner(parts: Parts, token: str) -> str:
    """The agency whose officer answered at the owner's side what led to a result; "" where nobody did."""
    with parts.database.reading() as connection:
        return sittings.beside(connection, token)


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


ROUTES = [
    Route("/r/{token}", result, methods=["GET"]),
    Route("/r/{token}/delete", delete_result, methods=["POST"]),
    Route("/r/{token}/{kind}.png", picture, methods=["GET"]),
    Route("/p/{signed}.png", signed_picture, methods=["GET"]),
    Route("/p/{signed}", signed_picture, methods=["GET"]),
    Route("/me/{signed}", export, methods=["GET"]),
]
