"""The API: what programmes of an agency may read, as JSON; described by the same table that it is served by."""

import functools
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from starlette.responses import JSONResponse, Response

from bot.desk import figures, outcomes, rooms
from bot.desk.doors import LARGEST_ID, Door, Rule
from bot.desk.figures import BY
from bot.desk.insight import ALL, MONTH, Looking, counted, looking
from bot.desk.visits import Answer, Call, Page, Visit
from storage import campaigns as all_campaigns
from storage import insights, paces, referrals, rosters, tokens, workshops
from storage.campaigns import STATES
from storage.journeys import STAGES
from storage.outcomes import FIGURES
from storage.rosters import Entry, Place, Wanted

VERSION = "1"
# A programme may ask so many times at once, and so many times a second after that.
BURST, RATE = 60, 1.0
LIMIT, MOST = 50, 200
# Each campaign is counted over all of its recipients.
FEW, MOST_CAMPAIGNS = 5, 10

Schema = dict[str, Any]
Asking = Callable[[Visit], Answer]


# ---------------------------------------------------------------- what is answered


def _count() -> Schema:
    return {"type": ["integer", "null"], "minimum": 0}


def _text(*choices: str) -> Schema:
    return {"type": "string", "enum": list(choices)} if choices else {"type": "string"}


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


MOMENT: Schema = {"type": "string", "format": "date-time"}
DAY: Schema = {"type": ["string", "null"], "format": "date"}
NUMBER: Schema = {"type": "integer"}
POINTS: Schema = {"type": ["number", "null"], "minimum": -100, "maximum": 100}
STEPS = {"type": "array", "items": _count(), "minItems": len(STAGES), "maxItems": len(STAGES)}
GROUP = _object(id=_text(), name=_text(), counts=STEPS)
NEED = _object(id=_text(), name=_text(), owners=_count())
ERROR = _object(error=_text())

ANSWERS: Mapping[str, Schema] = {
    "funnel": _object(counted_at=MOMENT, by=_text(*BY), stages=_list(_text(*STAGES)), total=GROUP, groups=_list(GROUP)),
    "leaving": _object(
        counted_at=MOMENT,
        questions=_list(
            _object(depth=_text("quick", "full"), question=_text(), title=_text(), reached=_count(), left=_count())
        ),
    ),
    "challenges-tools": _object(
        counted_at=MOMENT,
        owners=_count(),
        challenges=_list(NEED),
        tools=_list(NEED),
        both=_list(_object(challenge=_text(), tool=_text(), owners=_count())),
    ),
    "nps": _object(
        counted_at=MOMENT,
        votes=_list(
            _object(
                kind=_text(*figures.VOTES),
                **{part: _count() for part in ("asked", "answered", "promoters", "passives", "detractors")},
                nps={"type": ["integer", "null"], "minimum": -100, "maximum": 100},
            )
        ),
    ),
    "clients": _object(
        clients=_list(
            _object(
                id=NUMBER,
                share=_text("result", "all"),
                came_at=MOMENT,
                last_contact=MOMENT,
                stage=_text(*rosters.STAGES),
                segment=_text(),
                industry=_text(),
                size=_text(),
                prefecture=_text(),
                challenges=_list(_text()),
                open_actions=_count(),
            )
        ),
        next={"type": ["string", "null"]},
    ),
    "campaigns": _object(
        campaigns=_list(
            _object(
                id=NUMBER,
                name=_text(),
                state=_text(*STATES),
                started_at=MOMENT,
                counted_at=MOMENT,
                ends_at={"type": ["string", "null"], "format": "date-time"},
                groups=_list(_object(id=_text(), recipients=_count(), **{figure: _count() for figure in FIGURES})),
                differences=_list(
                    _object(
                        figure=_text(*outcomes.BESIDE_ANOTHER),
                        of=_text(),
                        against=_text(),
                        points=POINTS,
                        low=POINTS,
                        high=POINTS,
                        said=_text(*outcomes.SAID),
                    )
                ),
                failures=_list(_object(reason=_text(*outcomes.words()["failures"]), people=_count())),
                links=_list(_object(step=NUMBER, variant=_text(), label=_text(), address=_text(), taps=_count())),
            )
        ),
        next={"type": ["string", "null"]},
    ),
    "events": _object(
        events=_list(
            _object(
                id=NUMBER,
                name=_text(),
                day=DAY,
                place=_text(),
                **{part: _count() for part in ("joined", "began", "done")},
            )
        )
    ),
}
PERIOD: Mapping[str, Schema] = {
    "from": {"type": "string", "pattern": MONTH.pattern},
    "to": {"type": "string", "pattern": MONTH.pattern},
    "agency": _text(ALL),
}
PAGE: Mapping[str, Schema] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT},
    "after": _text(),
}
FEW_AT_ONCE: Mapping[str, Schema] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": MOST_CAMPAIGNS, "default": FEW},
    "after": _text(),
}


# ---------------------------------------------------------------- who asks how often


def limited(asking: Asking) -> Asking:
    """The same for programmes that do not ask too often; that a token is in use is noted now and then."""

    @functools.wraps(asking)
    def answer(visit: Visit) -> Answer:
        if not visit.parts.intake.write(lambda connection: _admit(connection, visit)).result():
            wait = str(round(1 / RATE))
            return JSONResponse({"error": "too many requests"}, 429, headers={"retry-after": wait})
        return asking(visit)

    return answer


def _admit(connection: Connection, visit: Visit) -> bool:
    tokens.note(connection, visit.token, visit.now)
    key = f"api:{visit.token}"
    # Who has not been there before has saved nothing up: so they may be so far ahead instead.
    ahead = visit.now + timedelta(seconds=(BURST - 1) / RATE)
    (start,) = paces.reserve(connection, key, [1], rate=RATE, burst=1, now=visit.now, until=ahead)
    return start is not None


def _wrong(names: str) -> Response:
    return JSONResponse({"error": f"can't be read: {names}"}, 400)


def _over(visit: Visit, answer: Callable[[Looking], dict[str, Any]]) -> Answer:
    """The answer over what a query looks at, if it can be read."""
    at = looking(visit)
    return _wrong(", ".join(at.wrong)) if at.wrong else JSONResponse(answer(at))


def _moment(at: datetime) -> str:
    return at.replace(tzinfo=UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


# ---------------------------------------------------------------- sums


@limited
def funnel(visit: Visit) -> Answer:
    """How far owners came."""

    def answer(at: Looking) -> dict[str, Any]:
        when, found = counted(visit, at, figures.funnel, at.by)
        return {"counted_at": _moment(when), "stages": STAGES, **asdict(found)}

    return _over(visit, answer)


@limited
def leaving(visit: Visit) -> Answer:
    """Where owners stop."""

    def answer(at: Looking) -> dict[str, Any]:
        when, stops = counted(visit, at, figures.leaving)
        return {"counted_at": _moment(when), "questions": [asdict(stop) for stop in stops]}

    return _over(visit, answer)


@limited
def challenges_tools(visit: Visit) -> Answer:
    """Challenges and tools."""

    def answer(at: Looking) -> dict[str, Any]:
        when, found = counted(visit, at, figures.needs)
        lists = {
            name: [{"id": one.id, "name": one.name, "owners": one.count} for one in ones]
            for name, ones in (("challenges", found.challenges), ("tools", found.tools))
        }
        both = [
            {"challenge": challenge.id, "tool": tool.id, "owners": count}
            for challenge, cells in zip(found.challenges, found.cells, strict=True)
            for tool, count in zip(found.tools, cells, strict=True)
        ]
        return {"counted_at": _moment(when), "owners": found.total, **lists, "both": both}

    return _over(visit, answer)


@limited
def nps(visit: Visit) -> Answer:
    """Whether owners recommend us."""

    def answer(at: Looking) -> dict[str, Any]:
        when, found = counted(visit, at, figures.votes)
        return {"counted_at": _moment(when), "votes": [asdict(one) for one in found]}

    return _over(visit, answer)


# ---------------------------------------------------------------- clients and events


@limited
def clients(visit: Visit) -> Answer:
    """The clients who share something, who was last met first."""
    limit = visit.query.get("limit", str(LIMIT))
    if not re.fullmatch("[0-9]{1,3}", limit) or not 1 <= int(limit) <= MOST:
        return _wrong("limit")
    try:
        place = _place(visit.query.get("after", ""))
    except (ValueError, OverflowError):
        return _wrong("after")
    found, _, more = rosters.page(visit.connection, visit.agency.id, Wanted(), place, int(limit))
    actions = insights.open_actions(visit.connection, visit.agency.id, [one.id for one in found])
    shown = [_client(one, actions.get(one.id, 0)) for one in found]
    after = f"{found[-1].seen_at.isoformat()}~{found[-1].id}" if more else None
    return JSONResponse({"clients": shown, "next": after})


def _place(after: str) -> Place | None:
    at, _, id = after.partition("~")
    if not after:
        return None
    seen = datetime.fromisoformat(at)
    number = int(id)
    if seen.tzinfo is not None or not 0 <= number <= LARGEST_ID:
        raise ValueError("no place of ours")
    return Place(seen, number)


def _client(one: Entry, actions: int) -> dict[str, Any]:
    kept = {name: getattr(one, name) for name in ("id", "share", "stage", "segment", "industry", "size", "prefecture")}
    times = {"came_at": _moment(one.came_at), "last_contact": _moment(one.seen_at)}
    open_actions = actions if one.share == "all" else None
    return kept | times | {"challenges": list(one.challenges), "open_actions": open_actions}


@limited
def events(visit: Visit) -> Answer:
    """The agency's events, the newest first."""
    found = referrals.of_agency(visit.connection, visit.agency.id, "event")
    came = workshops.turnouts(visit.connection, [event.id for event in found])
    return JSONResponse({"events": [_event(event, came[event.id]) for event in found]})


def _event(event: referrals.Referral, came: workshops.Turnout) -> dict[str, Any]:
    about = {"id": event.id, "name": event.name, "place": event.place}
    day = event.day.isoformat() if event.day else None
    # As the event's own page says it: who asks again and again sees nobody come or go.
    counts = {"joined": rooms.shown(came.joined), "began": rooms.fives(came.began), "done": rooms.fives(came.done)}
    return about | {"day": day} | counts


@limited
def campaigns(visit: Visit) -> Answer:
    """What the agency's campaigns that have started did, the newest first."""
    limit = _number(visit.query.get("limit", str(FEW)), MOST_CAMPAIGNS)
    before = _number(visit.query.get("after", "") or str(LARGEST_ID), LARGEST_ID)
    if limit is None or before is None:
        return _wrong("limit" if limit is None else "after")
    started = [one for one in all_campaigns.of_agency(visit.connection, visit.agency.id) if one.frozen_at]
    found = [one for one in started if one.id < before or not visit.query.get("after")][: limit + 1]
    told = [outcomes.data(one, *outcomes.counted(visit, one)) for one in found[:limit]]
    return JSONResponse({"campaigns": told, "next": str(found[limit - 1].id) if len(found) > limit else None})


def _number(given: str, most: int) -> int | None:
    """A number from 1 to the most there may be; None where it is none."""
    known = given.isascii() and given.isdigit() and len(given) <= len(str(most))
    return int(given) if known and 1 <= int(given) <= most else None


# ---------------------------------------------------------------- the table, and what is said of it


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One thing that can be read: by which page, with which parameters."""

    name: str
    page: Asking
    parameters: Mapping[str, Schema]
    act: str = ""

    @property
    def path(self) -> str:
        """Where it is."""
        return f"/api/v{VERSION}/{self.name}"


ENDPOINTS = (
    Endpoint("funnel", funnel, {"by": _text(*BY), **PERIOD}),
    Endpoint("leaving", leaving, PERIOD),
    Endpoint("challenges-tools", challenges_tools, PERIOD),
    Endpoint("nps", nps, PERIOD),
    Endpoint("clients", clients, PAGE, "api.clients"),
    Endpoint("events", events, {}),
    Endpoint("campaigns", campaigns, FEW_AT_ONCE),
)


@cache
def words() -> dict[str, Any]:
    """What api.toml says."""
    return tomllib.loads(Path(__file__).with_name("api.toml").read_text("utf-8"))


def description(address: str) -> dict[str, Any]:
    """The API in OpenAPI 3.1, for a server at this address."""
    said = words()
    errors = {
        status: {
            "description": text,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/error"}}},
        }
        for status, text in said["errors"].items()
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": said["title"], "version": VERSION, "description": said["about"]},
        "servers": [{"url": address}],
        "security": [{"token": []}],
        "paths": {one.path: {"get": _operation(one, errors)} for one in ENDPOINTS},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {**ANSWERS, "error": ERROR},
        },
    }


def _operation(one: Endpoint, errors: dict[str, Any]) -> dict[str, Any]:
    said = words()
    parameters = [
        {"name": name, "in": "query", "required": False, "description": said["parameters"][name], "schema": schema}
        for name, schema in one.parameters.items()
    ]
    schema = {"$ref": f"#/components/schemas/{one.name}"}
    good = {"200": {"description": said["endpoints"][one.name], "content": {"application/json": {"schema": schema}}}}
    known = {"operationId": one.name, "summary": said["endpoints"][one.name], "parameters": parameters}
    return known | {"responses": good | errors}


def openapi(call: Call) -> Answer:
    """The description for programmes."""
    return JSONResponse(description(call.parts.public_url))


def docs(call: Call) -> Answer:
    """The description for people."""
    values = {"api": description(call.parts.public_url), "endpoints": ENDPOINTS, "words": words(), "burst": BURST}
    return Page("desk/api.html", values | {"address": call.parts.public_url})


DOORS = [
    *(Door("GET", one.path, one.page, Rule.API, one.act) for one in ENDPOINTS),
    Door("GET", "/api/openapi.json", openapi, Rule.PUBLIC),
    Door("GET", "/api/docs", docs, Rule.PUBLIC),
]
