"""The check taken together: an officer at an owner's side taps and types what the owner says."""

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from bot.desk.doors import Door, Rule, missing
from bot.desk.visits import Answer, Go, Page, Visit
from bot.platforms import web
from bot.turn import Event
from bot.web import pages
from dialogs.content import NOTICE
from dialogs.engine import BASE, BESIDE_OWNER, LASTING
from dialogs.events import Action, Command, Opened, Sent
from dialogs.flows.sharing import ASKED as SHARE
from dialogs.messages import Button, Message, from_json
from scheduler.days import day_in_japan
from storage import audits, clients, codes, contacts, journeys, owners, referrals, sittings
from storage.referrals import Referral
from storage.sittings import ACCOUNT, CHANNEL, Sitting

# What the page shows at the most: two whole checks.
HISTORY = 120
NAME = 80
# Pages of ours that a message may lead to from here. The others are as good as keys, and are the owner's own.
OPEN_PAGES = ("/notice", "/faq/")
# For so long after its end, an owner without an app of their own can still take the conversation along.
HANDING = codes.LIFE


# ---------------------------------------------------------------- beginning


def begin(visit: Visit) -> Answer:
    """Where a check is begun with somebody new, and where one goes on that has not ended."""
    return _form(visit, visit.query.get("event", ""), visit.query.get("name", ""), {})


def _form(visit: Visit, event: str, name: str, wrong: dict[str, bool]) -> Page:
    values = {
        "events": _events(visit),
        "event": event,
        "name": name,
        "wrong": wrong,
        "sittings": sittings.going_on(visit.connection, visit.member.id, visit.now),
    }
    return Page("desk/together.html", values, status=422 if any(wrong.values()) else 200)


def _events(visit: Visit) -> Sequence[Referral]:
    """The events at which somebody may be now, today's before others."""
    today = day_in_japan(visit.now)
    found = [e for e in referrals.of_agency(visit.connection, visit.agency.id, "event") if e.ended_at is None]
    return sorted(found, key=lambda event: abs((event.day or today) - today))


def begin_new(visit: Visit) -> Answer:
    """Begin with somebody new, who becomes a client of the agency's."""
    name, chosen = visit.given("name"), visit.given("event")
    event = next((event for event in _events(visit) if str(event.id) == chosen), None)
    wrong = {
        "name": len(name) > NAME,
        "event": bool(chosen) and event is None,
        "heard": visit.given("heard") != "yes",
    }
    if any(wrong.values()):
        return _form(visit, chosen, name, wrong)
    connection, address = visit.connection, web.new_address()
    owner = owners.lock(connection, CHANNEL, ACCOUNT, address, event.code if event else "", visit.now)
    referral_id = event.id if event else None
    clients.come(
        connection,
        owner.id,
        visit.agency.id,
        visit.now,
        referral_id=referral_id,
        member_id=visit.member.id,
        name=name,
    )
    journeys.note(connection, [_came(visit, owner.id, referral_id)])
    return _begun(visit, owner.id, address, Opened())


def _came(visit: Visit, owner_id: int, referral_id: int | None) -> journeys.Step:
    return {
        "owner_id": owner_id,
        "agency_id": visit.agency.id,
        "referral_id": referral_id,
        "channel": CHANNEL,
        "stands": "",
        "answered": 0,
        "depth": "",
        "seen_at": visit.now,
        "came_at": visit.now,
        "began_at": None,
        "contact_at": None,
    }


def _begun(visit: Visit, owner_id: int, address: str, first: Action) -> Go:
    id = sittings.begin(visit.connection, owner_id, visit.agency.id, visit.member.id, address, NOTICE, visit.now)
    event = _event(visit, address, "begun", first)
    return Go(f"/desk/together/{id}", subject=f"sitting:{id}", events=(event,))


def _event(visit: Visit, address: str, id: str, action: Action) -> Event:
    return Event(f"{address}:{id}"[:100], CHANNEL, ACCOUNT, address, action, known=True, member=visit.member.id)


def _client(visit: Visit) -> clients.Client:
    found = clients.seen(visit.connection, visit.agency.id, visit.path["client"])
    if found is None:
        raise missing()
    return found


def invite(visit: Visit) -> Answer:
    """Where a check is begun with a client."""
    return _client_form(visit, _client(visit), wrong=False)


def _client_form(visit: Visit, client: clients.Client, *, wrong: bool) -> Page:
    busy = not _free(visit, client.owner_id)
    values = {"client": client, "wrong": {"heard": wrong}, "busy": busy}
    return Page("desk/together_client.html", values, status=422 if wrong else 200, subject=client.subject)


def _free(visit: Visit, owner_id: int) -> bool:
    """Whether what is open in a conversation is the check, so that an officer may be shown it."""
    if sittings.asked(visit.connection, owner_id).startswith(SHARE):
        # What another agency asks is no matter of this one's.
        return False
    flows = sittings.flows(visit.connection, owner_id)
    return not flows or (flows[0] == BASE and not any(flow in LASTING for flow in flows))


def begin_with(visit: Visit) -> Answer:
    """Begin with a client, in the conversation that they have."""
    client = _client(visit)
    busy = not _free(visit, client.owner_id)
    if busy or visit.given("heard") != "yes":
        return _client_form(visit, client, wrong=not busy)
    address = web.new_address()
    contacts.add(visit.connection, client.owner_id, CHANNEL, ACCOUNT, address, visit.now)
    return _begun(visit, client.owner_id, address, Command("resume"))


# ---------------------------------------------------------------- the conversation


def _sitting(visit: Visit) -> Sitting:
    """A sitting of this member's own: nobody else of the agency was at the owner's side."""
    found = sittings.find(visit.connection, visit.member.id, visit.path["sitting"])
    if found is None or found.agency_id != visit.agency.id:
        raise missing()
    return found


def show(visit: Visit) -> Answer:
    """The conversation of a sitting; where it has ended, that it has, and how the owner can take it along."""
    one = _sitting(visit)
    closed = one.closed_at(visit.now)
    values: dict[str, Any] = {
        "sitting": one,
        "handing": _handing(visit, one, closed),
        "code": codes.of_owner(visit.connection, one.owner_id, visit.now),
        "minutes": codes.LIFE // timedelta(minutes=1),
        "site": visit.parts.public_url,
    }
    if closed:
        why = "nothing" if one.share == "nothing" else "ended"
        return Page("desk/sitting_closed.html", values | {"why": why}, subject=one.subject)
    exchanges = sittings.exchanges(visit.connection, one, HISTORY)
    entries = [pages.Entry(e.turn, e.said, tuple(_shown(e.turn, e.messages))) for e in exchanges]
    values |= {
        "entries": entries,
        "action": f"/desk/together/{one.id}#newest",
        "pictures": f"/desk/together/{one.id}/%s/%s.svg",
        "event": uuid.uuid4().hex,
    }
    return Page("desk/sitting.html", values, subject=one.subject)


def _handing(visit: Visit, one: Sitting, closed: datetime | None) -> bool:
    """Whether the owner may take the conversation along: not who has it in an app already, nor long after the end."""
    elsewhere = set(contacts.channels(visit.connection, [one.owner_id])[one.owner_id]) - {CHANNEL}
    return not elsewhere and (closed is None or visit.now < closed + HANDING)


def _shown(turn: int, messages: Sequence[dict[str, Any]]) -> Iterator[Message]:
    """The messages of a turn without what is the owner's own: the addresses of results and of exports."""
    for message in map(from_json, messages):
        buttons = tuple(button for button in message.buttons if _open(button))
        picture = replace(message.picture, token=str(turn)) if message.picture else None
        yield replace(message, buttons=buttons, picture=picture)


def _open(button: Button) -> bool:
    return not button.url.startswith("/") or button.url.startswith(OPEN_PAGES)


def picture(visit: Visit) -> Answer:
    """A picture of a result that was told in a sitting, while it lasts."""
    one = _sitting(visit)
    found = [] if one.closed_at(visit.now) else sittings.exchanges(visit.connection, one, 1, visit.path["turn"])
    for message in (from_json(message) for exchange in found for message in exchange.messages):
        if message.picture and message.picture.kind == visit.path["kind"]:
            svg = visit.parts.pictures.svg(message.picture.token, message.picture.kind)
            if svg:
                return Response(svg, media_type="image/svg+xml")
    raise missing()


def say(visit: Visit) -> Answer:
    """A tap or a text of the owner's, by the officer's hand."""
    one = _sitting(visit)
    here = f"/desk/together/{one.id}"
    if one.closed_at(visit.now):
        return Go(here, subject=one.subject)
    flows = sittings.flows(visit.connection, one.owner_id)
    if flows and not {*flows} <= {BASE, *BESIDE_OWNER}:
        # What the owner does meanwhile on their own phone is theirs.
        return Go(here, "together-elsewhere", one.subject)
    sent: list[tuple[str, UploadFile | str]] = [(name, text) for name, texts in visit.picked.items() for text in texts]
    action = Sent("file") if visit.files else web.parse(FormData(sent), one.address).action
    if sittings.answer(visit.connection, one.id, visit.now):
        audits.add(
            visit.connection, visit.agency.id, visit.member.id, "together.answer", visit.now, subject=one.subject
        )
    # The same form sent twice is one event; another one of a page that was gone back to is not.
    id = hashlib.sha256(repr(sorted(sent)).encode("utf-8", "replace")).hexdigest()[:40]
    return Go(f"{here}#newest", subject=one.subject, events=(_event(visit, one.address, id, action),))


# ---------------------------------------------------------------- the end


def end(visit: Visit) -> Answer:
    """End a sitting: from now on nothing of it is shown."""
    one = _sitting(visit)
    sittings.end(visit.connection, one, visit.now)
    return Go(f"/desk/together/{one.id}", "together-ended", one.subject)


def hand(visit: Visit) -> Answer:
    """A code by which the owner goes on with the conversation on their own phone."""
    one = _sitting(visit)
    if _handing(visit, one, one.closed_at(visit.now)):
        codes.make(visit.connection, one.owner_id, visit.now)
    return Go(f"/desk/together/{one.id}#code", subject=one.subject)


DOORS = [
    Door("GET", "/desk/together", begin, Rule.STAFF),
    Door("POST", "/desk/together", begin_new, Rule.STAFF, "together.begin"),
    Door("GET", "/desk/clients/{client:row}/together", invite, Rule.STAFF),
    Door("POST", "/desk/clients/{client:row}/together", begin_with, Rule.STAFF, "together.begin"),
    Door("GET", "/desk/together/{sitting:row}", show, Rule.STAFF),
    Door("POST", "/desk/together/{sitting:row}", say, Rule.STAFF),
    Door("GET", "/desk/together/{sitting:row}/{turn:row}/{kind}.svg", picture, Rule.STAFF),
    Door("POST", "/desk/together/{sitting:row}/end", end, Rule.STAFF, "together.end"),
    Door("POST", "/desk/together/{sitting:row}/hand", hand, Rule.STAFF, "together.hand"),
]
