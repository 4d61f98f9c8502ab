"""The pages behind the links of mails: what a mail says is answered there, as nobody can write to the bot by mail."""

import asyncio
import hashlib
import uuid
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bot.parts import Parts, parts_of
from bot.platforms import web
from bot.turn import Event, Taken
from bot.web import pages
from bot.web.guard import NO_STORE
from dialogs.events import Action, Command, Said
from dialogs.messages import Button, Message, from_json
from storage import codes, inbox, outbox
from storage.outbox import Told

# What is about the person and not about a meeting.
PERSONAL = {"link", "join", "enrol", "data", "erase", "discard", "settings", "restart", "answers", "hours"}
# What a form of such a page holds: an event, a press, a text, or the ticks of a multi-choice.
FIELDS = 100


async def show(request: Request) -> Response:
    """What can be answered. Nothing is done yet: programmes that look for viruses open every link of a mail."""
    parts = parts_of(request)
    found = await asyncio.to_thread(named, parts, request.path_params["signed"])
    if found is None:
        return ended()
    told, press = found
    messages = tuple(parts.pictures.seen(from_json(message)) for message in told.messages)
    said, button = next(pressed(messages, press), ("", None))
    event = uuid.uuid4().hex
    if button:
        page = pages.confirm_page(request.url.path, event, said, button)
    else:
        page = pages.act_page(request.url.path, event, pages.Entry(0, messages=messages))
    return HTMLResponse(page, headers=NO_STORE)


async def act(request: Request) -> Response:
    """Take what was pressed or written, once, and show what is answered to it."""
    parts = parts_of(request)
    if not web.same_site(request.headers):
        raise HTTPException(403)
    found = await asyncio.to_thread(named, parts, request.path_params["signed"])
    if found is None:
        return ended()
    told, _ = found
    async with request.form(max_files=0, max_fields=FIELDS) as form:
        done = "\n".join(str(value) for _, value in sorted(form.multi_items(), key=str))
        action = web.parse(form, told.address).action
    if beyond(parts, action):
        raise HTTPException(403)
    # The same words sent twice are one event; another button of a page that was gone back to is not.
    event_id = f"act:{hashlib.sha256(done.encode('utf-8', 'replace')).hexdigest()}"
    event = Event(event_id, told.channel, told.account, told.address, action, quiet=True)
    taken = await parts.take(event)
    entry = await asyncio.to_thread(answered, parts, event, taken)
    if any(message.file for message in taken.messages):
        # A page has no room for an invitation.
        await asyncio.wrap_future(parts.intake.write(lambda connection: send(connection, parts, taken)))
        parts.delivery.wake()
    return HTMLResponse(pages.act_page(request.url.path, uuid.uuid4().hex, entry), headers=NO_STORE)


def beyond(parts: Parts, action: Action) -> bool:
    """Whether an action is more than a mail is good for: a mail is forwarded, and who has it is not the person."""
    match action:
        case Said(text):
            return bool(codes.code_in(text)) or parts.content.phrases.words.command(text) in PERSONAL
        case Command(name):
            return name in PERSONAL
        case _:
            return False


def send(connection: Connection, parts: Parts, taken: Taken) -> None:
    """Have sent as well what was answered on the page."""
    outbox.push(connection, taken.owner_id, taken.turn, parts.intake.clock())


def named(parts: Parts, signed: str) -> tuple[Told, str] | None:
    """What was told, and the press that a link names; None where the link is not ours, or what it is of has gone."""
    read = parts.links.read_act(signed)
    if read is None:
        return None
    row, press = read
    with parts.database.reading() as connection:
        told = outbox.told(connection, row)
    return (told, press) if told else None


def answered(parts: Parts, event: Event, taken: Taken) -> pages.Entry:
    """What was answered to an event; where it was seen before, what was answered to it then."""
    if taken.messages:
        return pages.Entry(taken.turn, messages=taken.messages)
    with parts.database.reading() as connection:
        turn = inbox.turn_of(connection, taken.owner_id, event.id) or taken.turn
        since = outbox.exchanges(connection, taken.owner_id, turn - 1, taken.turn)
    answer = (message for one in since if one.turn == turn for message in one.messages)
    return pages.Entry(turn, messages=tuple(from_json(message) for message in answer))


def pressed(messages: Sequence[Message], press: str) -> Iterator[tuple[str, Button]]:
    """The buttons that carry this press, each with the words above it."""
    for message in messages:
        for button in (*message.buttons, message.done, message.none, *message.side):
            if button and press and button.press == press:
                yield message.text, button


def ended() -> Response:
    """A link that has ended, was cut off, or is of somebody who was erased."""
    return HTMLResponse(pages.act_ended_page(), 410, headers=NO_STORE)


ROUTES = [Route("/a/{signed}", show, methods=["GET"]), Route("/a/{signed}", act, methods=["POST"])]
