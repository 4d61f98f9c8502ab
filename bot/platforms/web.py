"""The web chat as a platform: who is at the page, and what the page's forms mean."""

import uuid
from collections.abc import Mapping
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from bot.turn import Event
from dialogs import presses
from dialogs.events import Action, Picked, Said, Sent

CHANNEL = "web"
ACCOUNT = "chat"
COOKIE = "banso"
COOKIE_SECONDS = 400 * 24 * 3600  # browsers keep none longer


class Cookies:
    """The cookie that names an owner's browser: a random id, signed, so that none can be made up."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeSerializer(secret, salt="owner-cookie")

    def read(self, request: Request) -> str | None:
        """The address that the request's cookie names; None where there is none, or it is broken."""
        try:
            address = self._serializer.loads(request.cookies.get(COOKIE, ""))
        except BadSignature:
            return None
        return address if isinstance(address, str) else None

    def give(self, response: Response, address: str, secure: bool) -> None:
        """Have the browser keep the address."""
        response.set_cookie(
            COOKIE,
            self._serializer.dumps(address),
            max_age=COOKIE_SECONDS,
            httponly=True,
            samesite="lax",
            secure=secure,
        )


def new_address() -> str:
    """An address for a browser not seen before."""
    return uuid.uuid4().hex


def same_site(headers: Mapping[str, str]) -> bool:
    """Whether a form comes from our own page; a browser says so in either of two headers."""
    site = headers.get("sec-fetch-site")
    if site:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host", "")


def parse(form: FormData, address: str) -> Event:
    """The event that a form of the chat page means; forms that no page of ours made mean nothing understood."""
    event_id = _text(form, "event")[:64] or uuid.uuid4().hex
    # The address is part of the id: an id made by a browser is unique within that browser alone.
    return Event(f"{address}:{event_id}"[:100], CHANNEL, ACCOUNT, address, _action(form))


def _action(form: FormData) -> Action:
    press = presses.decode(_text(form, "press"))
    if isinstance(press, Picked) and press.values is None:
        # The boxes ticked on the page are the whole answer; what was toggled elsewhere does not count.
        picked = tuple(value for value in form.getlist("pick") if isinstance(value, str))
        return Picked(press.run, press.question, picked)
    if press:
        return press
    if any(not isinstance(value, str) for value in form.values()):
        return Sent("file")
    return Said(_text(form, "text"))


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
