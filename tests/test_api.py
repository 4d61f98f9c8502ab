"""The API: what programmes of an agency are told, how it is described, and who asks too often."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot.desk import api
from bot.desk.api import ANSWERS, BURST, ENDPOINTS
from bot.desk.doors import Rule
from bot.desk.routes import DOORS
from storage import Database, clients, referrals, tokens
from storage.schema import api_token, audit, client, journey
from tests.desk import Two, client_of, sign_in, visiting
from tests.taking import NOW, finish, later, new_intake, rows
from tests.talkers import Talker
from tests.test_insight import come, until

KINDS: dict[str, Any] = {"object": dict, "array": list, "string": str, "integer": int, "number": float}
KINDS["null"] = type(None)
FORMATS = {"date": date.fromisoformat, "date-time": datetime.fromisoformat}


def expect_fits(value: Any, schema: dict[str, Any], at: str = "") -> None:
    """As much of JSON Schema as the description uses."""
    known = {"type", "properties", "required", "additionalProperties", "items", "enum", "format", "minimum", "maximum"}
    assert schema.keys() <= known | {"minItems", "maxItems", "default"}, at
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    assert isinstance(value, tuple(KINDS[kind] for kind in kinds)), (at, value)
    assert not isinstance(value, bool), at
    assert "enum" not in schema or value in schema["enum"], (at, value)
    match value:
        case dict():
            assert value.keys() == schema["properties"].keys() == set(schema["required"]), at
            for name, one in value.items():
                expect_fits(one, schema["properties"][name], f"{at}.{name}")
        case list():
            assert schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)), at
            for one in value:
                expect_fits(one, schema["items"], f"{at}[]")
        case int() | float():
            assert schema.get("minimum", value) <= value <= schema.get("maximum", value), at
        case str():
            FORMATS.get(schema.get("format", ""), str)(value)


class Clock:
    """A clock that is set by hand."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def browser(database_url: str, clock: Clock) -> Iterator[TestClient]:
    with visiting(database_url, clock=clock) as browser:
        yield browser


@pytest.fixture
def token(database: Database, people: Two) -> str:
    with database.writing() as connection:
        return tokens.make(connection, people.home.id, people.admin.id, "集計", NOW)


def ask(browser: TestClient, path: str, token: str) -> Any:
    """What is answered to a programme that has this token."""
    return browser.get(path, headers={"authorization": f"Bearer {token}"})


def checked(database: Database, address: str) -> int:
    """An owner who has a result."""
    finish(new_intake(database), Talker(address))
    ids: list[int] = [row["owner_id"] for row in rows(database, journey)]
    return max(ids)


def test_every_answer_is_as_the_description_says(
    browser: TestClient, database: Database, people: Two, token: str
) -> None:
    client_of(database, people.home.id, checked(database, "one"), "all")
    client_of(database, people.home.id, checked(database, "two"), "result")
    known = {"segment": "high-jiso", "challenges": ",sales,", "tools": ",ai,", "depth": "quick"}
    come(database, people.home.id, 7, **until("finished"), **known)
    come(database, people.home.id, 6, began_at=NOW, stands="picks", depth="quick")
    with database.writing() as connection:
        referrals.add(connection, people.home.id, None, "event", "体験会", NOW, day=date(2026, 12, 5))
    for endpoint in ENDPOINTS:
        answer = ask(browser, endpoint.path, token)
        assert answer.status_code == 200, endpoint
        expect_fits(answer.json(), ANSWERS[endpoint.name], endpoint.name)
        assert all(answer.json().values()) or endpoint.name in ("clients", "campaigns"), endpoint
    for by in ANSWERS["funnel"]["properties"]["by"]["enum"]:
        query = "&agency=all" if by == "agency" else ""
        answer = ask(browser, f"/api/v1/funnel?by={by}{query}", token)
        assert answer.json()["by"] == by
        expect_fits(answer.json(), ANSWERS["funnel"])


def test_what_is_described_is_what_is_served(browser: TestClient) -> None:
    described = browser.get("/api/openapi.json").json()
    assert described["openapi"] == "3.1.0"
    doors = {door.path for door in DOORS if door.path.startswith("/api/v")}
    assert described["paths"].keys() == doors
    assert {door.rule for door in DOORS if door.path in doors} == {Rule.API}
    refs = set(re.findall(r"#/components/schemas/([\w-]+)", browser.get("/api/openapi.json").text))
    assert refs == described["components"]["schemas"].keys()
    for endpoint in ENDPOINTS:
        operation = described["paths"][endpoint.path]["get"]
        assert [one["name"] for one in operation["parameters"]] == list(endpoint.parameters)
        assert operation["responses"].keys() == {"200", "400", "401", "429"}
    assert set(api.words()["parameters"]) == {name for one in ENDPOINTS for name in one.parameters}


def test_people_can_read_the_description_without_signing_in(browser: TestClient) -> None:
    page = browser.get("/api/docs").text
    assert "<script" not in page
    for endpoint in ENDPOINTS:
        assert endpoint.path in page


def test_a_token_that_is_none_is_told_so_as_json(
    browser: TestClient, database: Database, people: Two, token: str
) -> None:
    with database.writing() as connection:
        (known,) = tokens.of_agency(connection, people.home.id)
        tokens.end(connection, people.home.id, known.id, NOW)
    for given in (token, "banso_made-up", ""):
        answer = ask(browser, "/api/v1/nps", given)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        expect_fits(answer.json(), api.ERROR)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/funnel?by=shoesize",
        "/api/v1/nps?from=yesterday",
        "/api/v1/leaving?to=2026-13",
        "/api/v1/challenges-tools?from=2026-11-01",
        "/api/v1/clients?limit=0",
        "/api/v1/clients?limit=9999",
        "/api/v1/clients?limit=²",
        f"/api/v1/clients?limit={'9' * 5000}",
        f"/api/v1/clients?after=2026-12-01~{'9' * 5000}",
        "/api/v1/clients?after=somewhere",
        "/api/v1/clients?after=2026-12-01~-7",
        "/api/v1/campaigns?limit=11",
        "/api/v1/campaigns?after=-1",
    ],
)
def test_what_can_not_be_read_is_refused_as_json(browser: TestClient, token: str, path: str) -> None:
    answer = ask(browser, path, token)
    assert answer.status_code == 400
    expect_fits(answer.json(), api.ERROR)


def test_all_agencies_are_for_tokens_of_admins_of_who_runs_the_server(
    browser: TestClient, database: Database, people: Two, token: str
) -> None:
    come(database, people.other.id, 7)
    with database.writing() as connection:
        other = tokens.make(connection, people.other.id, people.other_admin.id, "集計", NOW)
    assert ask(browser, "/api/v1/funnel?agency=all", token).json()["total"]["counts"][0] == 7
    assert ask(browser, "/api/v1/funnel", token).json()["total"]["counts"][0] == 0
    assert ask(browser, "/api/v1/funnel?agency=all", other).status_code == 400


def test_few_are_hidden_from_programmes_too(browser: TestClient, database: Database, people: Two, token: str) -> None:
    come(database, people.home.id, 4)
    assert ask(browser, "/api/v1/funnel", token).json()["total"]["counts"] == [None, 0, 0, 0, 0, 0, 0]


def test_clients_are_told_page_by_page_as_far_as_they_share(
    browser: TestClient, database: Database, people: Two, token: str
) -> None:
    ids = come(database, people.home.id, 5, **until("met"), challenges=",sales,", segment="high-jiso")
    for n, id in enumerate(ids):
        client_of(database, people.home.id, id, ("all", "result", "nothing", "", "all")[n], name="ひみつ商店")
    seen, after = [], ""
    while True:
        answer = ask(browser, f"/api/v1/clients?limit=2{after}", token)
        assert "ひみつ" not in answer.text
        seen += answer.json()["clients"]
        if answer.json()["next"] is None:
            break
        after = f"&after={answer.json()['next']}"
    assert sorted((one["share"], one["stage"], one["open_actions"]) for one in seen) == [
        ("all", "met", 0),
        ("all", "met", 0),
        ("result", "finished", None),
    ]
    assert {tuple(one["challenges"]) for one in seen} == {("sales",)}
    (noted,) = {row["act"] for row in rows(database, audit)}
    assert noted == "api.clients"


def test_who_ends_the_share_is_gone_from_the_next_request(
    browser: TestClient, database: Database, people: Two, token: str
) -> None:
    (id,) = come(database, people.home.id, 1)
    one = client_of(database, people.home.id, id)
    assert len(ask(browser, "/api/v1/clients", token).json()["clients"]) == 1
    with database.writing() as connection:
        clients.share(connection, one, "nothing", "test", NOW)
    assert ask(browser, "/api/v1/clients", token).json()["clients"] == []
    assert len(rows(database, client)) == 1


def test_who_asks_too_often_is_told_to_wait_and_others_are_not(
    browser: TestClient, database: Database, people: Two, token: str, clock: Clock
) -> None:
    with database.writing() as connection:
        another = tokens.make(connection, people.home.id, people.admin.id, "別の集計", NOW)
    for _ in range(BURST):
        assert ask(browser, "/api/v1/events", token).status_code == 200
    answer = ask(browser, "/api/v1/events", token)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    expect_fits(answer.json(), api.ERROR)
    assert ask(browser, "/api/v1/events", another).status_code == 200
    clock.now = later(seconds=1)
    assert ask(browser, "/api/v1/events", token).status_code == 200


def test_it_is_noted_once_a_minute_that_a_token_is_in_use(
    browser: TestClient, database: Database, token: str, clock: Clock
) -> None:
    noted = []
    for seconds in (0, 30, 61):
        clock.now = later(seconds=seconds)
        ask(browser, "/api/v1/events", token)
        noted.append(rows(database, api_token)[0]["used_at"])
    assert noted == [NOW, NOW, later(seconds=61)]


def test_a_token_opens_no_page_and_a_cookie_no_answer(
    browser: TestClient, database: Database, people: Two, token: str
) -> None:
    assert ask(browser, "/desk/insight", token).status_code == 303
    sign_in(database, browser, people.admin)
    assert browser.get("/api/v1/funnel").status_code == 401
