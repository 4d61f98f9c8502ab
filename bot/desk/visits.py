"""A request at the desk as its pages are given it, and what they answer with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from bot.parts import Parts
from bot.turn import Event
from storage.agencies import Agency
from storage.members import Member

# What a form field is given where the form has none of that name.
EMPTY = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent with a form."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """A request, and the transaction in which it is answered: one that writes for a POST, one that reads for a GET.

    `query` and `form` hold the last value of each name, `picked` all of them; `path` what stands in the address;
    `secret` is that of the cookie, "" without one, `away` what the browser was sent to the identity provider with;
    `host` is who asks, as far as the server can tell.
    """

    connection: Connection
    parts: Parts
    now: datetime
    path: Mapping[str, Any]
    query: Mapping[str, str]
    form: Mapping[str, str] = field(default_factory=dict)
    picked: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)
    secret: str = ""
    away: str = ""
    host: str = ""

    def given(self, name: str) -> str:
        """What a form says under this name, without blanks around it; "" for nothing."""
        return self.form.get(name, EMPTY).strip()


@dataclass(frozen=True, slots=True)
class Visit(Call):
    """A request of somebody who is signed in, or of a programme that has a token (its id; `member` is who made it)."""

    member: Member = field(kw_only=True)
    agency: Agency = field(kw_only=True)
    token: int = field(default=0, kw_only=True)


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its template below templates/desk/, what fills it. `subject` is what it is about ("client:7")."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Go:
    """Go on to another page, after a form. `done` names what is said there (templates/desk/done.html).

    `cookie` is the secret to keep in the browser, "" to take it away. `events` are taken once all is committed. `data`
    is noted with the act.
    """

    path: str
    done: str = ""
    subject: str = ""
    cookie: str | None = None
    events: tuple[Event, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Apart:
    """Something slow (a password's hash, another server) to be done in a thread of its own, outside any transaction.

    `then` answers, given the same request in a new transaction that writes, and what `work` gave.
    """

    work: Callable[[], Any]
    then: "Callable[[Any, Any], Answer]"


Answer = Page | Go | Apart | Response
