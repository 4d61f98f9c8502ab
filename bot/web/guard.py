"""What is on every answer and what is let through to none: security headers, pages of problems, the largest body."""

import re
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.types import Message, Receive, Scope, Send

from bot.web import pages

LARGEST_BODY = 1024 * 1024
# What may be larger: a form of the desk with a picture in it (bot/flyers.py), and how large.
UPLOAD = re.compile("/desk/campaigns/[0-9]+/flyers")
LARGEST_UPLOAD = 6 * 1024 * 1024

HEADERS = {
    "content-security-policy": "default-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
# Who has come by https comes by https again, for a year.
SECURE_HEADERS = HEADERS | {"strict-transport-security": "max-age=31536000"}
NO_STORE = {"cache-control": "no-store"}


def problem(kind: str, status: int, path: str, headers: dict[str, str] | None = None) -> Response:
    """A page that says kindly what is wrong. Made after the middleware has gone, so it brings the headers itself."""
    page = pages.problem_page(kind, desk=path.startswith("/desk"))
    return HTMLResponse(page, status, headers=HEADERS | (headers or {}))


class Guard:
    """Refuses bodies too large to be ours, and puts the security headers on every answer; `secure` is for https."""

    def __init__(self, app: Any, secure: bool = False) -> None:
        self.app = app
        self.headers = [(n.encode(), v.encode()) for n, v in (SECURE_HEADERS if secure else HEADERS).items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        length = dict(scope["headers"]).get(b"content-length", b"0")
        most = LARGEST_UPLOAD if UPLOAD.fullmatch(scope["path"]) else LARGEST_BODY
        if not length.isdigit() or int(length) > most:
            await problem("too_large", 413, scope["path"])(scope, receive, send)
            return

        arrived = 0

        async def receive_guarded() -> Message:
            # A body may come without a word on its length.
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > most:
                raise HTTPException(413)
            return message

        async def send_guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                extra = [(name, value) for name, value in self.headers if name not in given]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        await self.app(scope, receive_guarded, send_guarded)
