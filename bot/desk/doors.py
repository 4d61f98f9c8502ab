"""Doors of the desk: every route says who may pass, and nobody else does.

A page is a function of one argument (`visits`); the door reads the request, finds out who it is, opens the transaction,
notes in the audit log what is to be noted there, and turns the answer into one of the web.
"""

import asyncio
import enum
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from sqlalchemy import Connection
from starlette.convertors import Convertor, register_url_convertor
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.desk.visits import Answer, Apart, Call, Go, Page, Upload, Visit
from bot.parts import Parts, parts_of
from bot.platforms import web
from bot.web import pages
from bot.web.guard import NO_STORE
from storage import agencies, audits, members, signins, tokens

COOKIE, PATH = "banso_desk", "/desk"
SIGN_IN = "/desk/sign-in"
# What somebody who is at the identity provider has been sent away with (bot/desk/provider.py).
AWAY = "banso_desk_away"
# A hash of a password takes 64 MB and all of a processor while it is made: so few at a time.
APART = ThreadPoolExecutor(4, thread_name_prefix="apart")
# What a form of the desk has at the most: a campaign's has the most, as it holds all of its letters.
FIELDS = 600
# No row has a larger number, and databases refuse to look for one.
LARGEST_ID = 2**31 - 1
# As many digits as that has: numbers of thousands can't even be read.
DIGITS = 10
HEADERS = NO_STORE | {"x-robots-tag": "noindex"}


class RowId(Convertor[int]):
    """The number of a row in an address; what is none that a row can have is the address of nothing."""

    regex = f"[0-9]{{1,{DIGITS}}}"

    def convert(self, value: str) -> int:
        """The number."""
        return int(value)

    def to_string(self, value: int) -> str:
        """As it stands in an address."""
        return str(value)


register_url_convertor("row", RowId())


class Rule(enum.Enum):
    """Who may pass a door."""

    PUBLIC = "anybody"
    MEMBER = "whoever is signed in"
    STAFF = "officers and admins"
    ADMIN = "admins"
    HOME = "admins of the agency that runs this server"
    API = "programmes with a token"


ROLES = {
    Rule.MEMBER: ("admin", "officer", "expert"),
    Rule.STAFF: ("admin", "officer"),
    Rule.ADMIN: ("admin",),
    Rule.HOME: ("admin",),
}


@dataclass(frozen=True, slots=True)
class Door:
    """A route of the desk: who may pass, and under which name it is noted in the audit log ("" where it is not)."""

    method: str
    path: str
    page: Callable[[Any], Answer]
    rule: Rule
    act: str = ""

    def route(self) -> Route:
        """The door as a route of the app."""
        return Route(self.path, self.serve, methods=[self.method])

    async def serve(self, request: Request) -> Response:
        """Answer one request."""
        parts = parts_of(request)
        if any(isinstance(id, int) and id > LARGEST_ID for id in request.path_params.values()):
            raise missing()
        if self.method == "POST" and not _own(request):
            raise HTTPException(403)
        given = await _form(request) if self.method == "POST" else {}
        run = _Run(self, parts, request, given)
        if self.method == "POST":
            answer = await asyncio.wrap_future(parts.intake.write(run.within))
        else:
            answer = await asyncio.to_thread(run.reading)
            if self.act and _fine(answer):
                await asyncio.wrap_future(parts.intake.write(lambda connection: run.note(connection, answer)))
        if isinstance(answer, Apart):
            run.found = await asyncio.get_running_loop().run_in_executor(APART, answer.work)
            run.then = answer.then
            answer = await asyncio.wrap_future(parts.intake.write(run.within))
        if isinstance(answer, Go):
            for event in answer.events:
                await parts.take(event)
        return await asyncio.to_thread(run.shown, answer)


@dataclass(slots=True)
class _Run:
    """One request at a door."""

    door: Door
    parts: Parts
    request: Request
    given: dict[str, Any]
    visit: Visit | None = None
    then: Callable[[Any, Any], Answer] | None = None
    found: Any = None

    def reading(self) -> Answer:
        """Answer in a transaction that reads; that somebody is still there is noted now and then."""
        now = self.parts.intake.clock()
        with self.parts.database.reading() as connection:
            answer = self.within(connection)
            secret = self.request.cookies.get(COOKIE, "")
            found = signins.find(connection, secret, now) if self.visit and secret else None
        if found and now - found.seen_at > signins.NOTED:
            self.parts.intake.write(lambda connection: signins.note(connection, found, now))
        return answer

    def within(self, connection: Connection) -> Answer:
        """Answer within a transaction."""
        call = self._call(connection)
        if self.door.rule is Rule.PUBLIC:
            return self._page(call)
        refused = self._enter(call)
        if refused is not None:
            return refused
        answer = self._page(self.visit)
        writes = self.door.method == "POST" or self.then is not None
        if writes and self.door.act and _fine(answer):
            self.note(connection, answer)
        return answer

    def _page(self, call: Call | None) -> Answer:
        return self.then(call, self.found) if self.then else self.door.page(call)

    def _call(self, connection: Connection) -> Call:
        request = self.request
        return Call(
            connection,
            self.parts,
            self.parts.intake.clock(),
            request.path_params,
            dict(request.query_params),
            secret=request.cookies.get(COOKIE, ""),
            away=request.cookies.get(AWAY, ""),
            host=request.client.host if request.client else "",
            **self.given,
        )

    def _enter(self, call: Call) -> Answer | None:
        """Find out who it is; gives the answer for who may not pass."""
        api = self.door.rule is Rule.API
        self.visit = _by_token(call, self.request) if api else _by_cookie(call)
        if self.visit is None:
            return _refused(401, "who is this? send Authorization: Bearer TOKEN") if api else self._sign_in()
        if api:
            return None
        may = self.visit.member.role in ROLES[self.door.rule]
        if not may or (self.door.rule is Rule.HOME and not self.visit.agency.home):
            return Page("desk/forbidden.html", status=403)
        return None

    def _sign_in(self) -> Answer:
        to = self.request.url.path if self.door.method == "GET" else "/desk"
        query = self.request.url.query if self.door.method == "GET" else ""
        whole = f"{to}?{query}" if query else to
        return Go(f"{SIGN_IN}?{urlencode({'to': whole})}" if whole != "/desk" else SIGN_IN)

    def note(self, connection: Connection, answer: Answer) -> None:
        """Note in the audit log that this was done."""
        if self.visit is None:
            return
        subject = getattr(answer, "subject", "") or next((f"{k}:{v}" for k, v in self.request.path_params.items()), "")
        member, agency = self.visit.member, self.visit.agency
        data = dict(getattr(answer, "data", {}))
        audits.add(connection, agency.id, member.id, self.door.act, self.visit.now, subject, data)

    def shown(self, answer: Answer) -> Response:
        """The answer as one of the web."""
        match answer:
            case Page(template, values, status):
                who = {"member": self.visit.member, "agency": self.visit.agency} if self.visit else {}
                query = self.request.query_params
                said = {"done": query.get("done", ""), "here": self.request.url.path}
                text = pages.page(template, **({"member": None, "agency": None} | who | said | dict(values)))
                return HTMLResponse(text, status, headers=HEADERS)
            case Go(path, done):
                mark = "&" if "?" in path else "?"
                response = RedirectResponse(f"{path}{mark}done={quote(done)}" if done else path, 303, headers=HEADERS)
                self._keep(response, answer.cookie)
                return response
            case Apart():
                raise TypeError("what was found apart leads to a page")
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

    def _keep(self, response: Response, secret: str | None) -> None:
        if secret is not None:
            response.delete_cookie(AWAY, path=PATH)
        if secret == "":
            response.delete_cookie(COOKIE, path=PATH)
        elif secret:
            response.set_cookie(COOKIE, secret, path=PATH, httponly=True, samesite="lax", secure=self.parts.secure)


def _fine(answer: Answer) -> bool:
    """Whether something was shown or done, so that it is worth noting."""
    if isinstance(answer, Apart):
        return False
    if isinstance(answer, Go):
        return not answer.path.startswith(SIGN_IN)
    return (answer.status if isinstance(answer, Page) else answer.status_code) < 400


def _own(request: Request) -> bool:
    """Whether a form comes from a page of ours; every browser says where a form comes from, so silence is no yes."""
    said = request.headers.get("sec-fetch-site") or request.headers.get("origin")
    return bool(said) and web.same_site(request.headers)


async def _form(request: Request) -> dict[str, Any]:
    form: dict[str, str] = {}
    picked: dict[str, list[str]] = {}
    files: dict[str, Upload] = {}
    async with request.form(max_files=2, max_fields=FIELDS) as sent:
        for name, value in sent.multi_items():
            if isinstance(value, UploadFile):
                files[name] = Upload(value.filename or "", await value.read())
            else:
                form[name] = value
                picked.setdefault(name, []).append(value)
    return {"form": form, "picked": picked, "files": files}


def _visit(call: Call, member_id: int, agency_id: int | None = None, token: int = 0) -> Visit | None:
    member = members.find(call.connection, id=member_id)
    if member is None or not member.active:
        return None
    agency = agencies.get(call.connection, agency_id or member.agency_id)
    given = {name: getattr(call, name) for name in Call.__dataclass_fields__}
    return Visit(**given, member=member, agency=agency, token=token)


def _by_cookie(call: Call) -> Visit | None:
    found = signins.find(call.connection, call.secret, call.now) if call.secret else None
    return _visit(call, found.member_id) if found and found.stage == "full" else None


def _by_token(call: Call, request: Request) -> Visit | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    found = tokens.find(call.connection, token.strip()) if scheme.lower() == "bearer" else None
    return _visit(call, found.member_id, found.agency_id, found.id) if found else None


def _refused(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status, headers={"www-authenticate": "Bearer"})


def number(visit: Call, name: str) -> int | None:
    """A number of the query; None where it has none, 404 for what is none of ours."""
    given = visit.query.get(name, "")
    if given and not re.fullmatch("[0-9]{1,9}", given):
        raise missing()
    return int(given) if given else None


def missing() -> HTTPException:
    """What is not there, or not this agency's, which is the same to who asks."""
    return HTTPException(404)
