"""Every door of the desk, tried as everybody: an agency sees its own alone, and each role what it may."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from httpx2 import Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from bot.app import ROUTES, make_app
from bot.desk.doors import ROLES, SIGN_IN, Door, Rule
from bot.desk.routes import DOORS
from dialogs.content import packaged
from storage import Database, clients, members
from tests.desk import OURS, sign_in
from tests.serving import settings_for
from tests.world import FREE, LATER, OWNER, PARAMETER, SECRET, SOMETIMES, World
from tests.world import world as world

# Routes that are no doors of the desk, each with what keeps it: an address that can't be guessed (A), the cookie of a
# browser (C), a platform's signature (S); or what is there tells nothing of anybody (-).
OPEN = {
    "/": "C",
    "/chat": "C",
    "/chat/stream": "C",
    "/r/{token}": "A",
    "/r/{token}/delete": "A",
    "/r/{token}/{kind}.png": "A",
    "/p/{signed}.png": "A",
    "/p/{signed}": "A",
    "/me/{signed}": "A",
    "/b/{page}.ics": "A",
    "/b/{page}": "A",
    "/x/{feed}.ics": "A",
    "/x/{token}/{booking}.ics": "A",
    "/x/{token}": "A",
    "/x/{token}/hours": "A",
    "/x/{token}/{booking}": "A",
    "/a/{signed}": "A",
    "/go/{signed}": "A",
    "/link": "-",
    "/link/{code}": "A",
    "/webhooks/{platform}": "S",
    "/faq/{entry}": "-",
    "/notice": "-",
    "/healthz": "-",
    "/readyz": "-",
    "/metrics": "-",
    "/static/look.css": "-",
    "/static/fonts": "-",
    "/static": "-",
}


@pytest.fixture
def browser(world: World, database_url: str) -> Iterator[TestClient]:
    app = make_app(Database(database_url), packaged(), settings_for("http://testserver"), lambda: LATER)
    with TestClient(app, follow_redirects=False, raise_server_exceptions=False) as browser:
        yield browser


def through(browser: TestClient, door: Door, path: str, token: str = "") -> Response:
    """Go through a door, with a form that says nothing where it wants one."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    if door.method == "POST":
        return browser.post(path, headers=headers | OURS, data={})
    return browser.get(path, headers=headers)


def doors(keep: Callable[[Door], bool]) -> list[Door]:
    """The doors for which something holds."""
    return [door for door in DOORS if keep(door)]


def test_every_route_is_a_door_with_a_rule_or_is_known_to_be_open() -> None:
    served = {door.path for door in DOORS}
    for route in ROUTES:
        assert isinstance(route, Route | Mount)
        assert route.path in served | OPEN.keys(), f"{route.path}: make it a Door, or say in OPEN what keeps it"
    assert OPEN.keys() <= {route.path for route in ROUTES if isinstance(route, Route | Mount)}


def test_every_part_of_a_path_is_known_here(world: World) -> None:
    for door in DOORS:
        for name in PARAMETER.findall(door.path):
            assert name in world.own or name in FREE, f"{door.path}: say whose {{{name}}} is, in World.own"


def test_nobody_passes_without_signing_in(browser: TestClient, world: World) -> None:
    for door in doors(lambda door: door.rule is not Rule.PUBLIC):
        for path in world.paths(door):
            answer = through(browser, door, path)
            if door.rule is Rule.API:
                assert answer.status_code == 401, path
            else:
                assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, SIGN_IN), path


def test_each_role_passes_its_own_doors_alone(browser: TestClient, world: World, database: Database) -> None:
    for role in ("officer", "expert"):
        for door in DOORS:
            if role in ROLES.get(door.rule, (role,)):
                continue
            sign_in(database, browser, world.somebody(role), LATER)
            for path in world.paths(door):
                assert through(browser, door, path).status_code == 403, (role, path)


def test_an_admin_of_another_agency_is_not_at_home(browser: TestClient, world: World, database: Database) -> None:
    sign_in(database, browser, world.people.other_admin, LATER)
    for door in doors(lambda door: door.rule is Rule.HOME):
        assert through(browser, door, world.paths(door)[0]).status_code == 403, door.path


def test_what_is_an_agencys_opens_for_its_own_people(browser: TestClient, world: World, database: Database) -> None:
    shown = ""
    for door in doors(lambda door: door.rule in ROLES and door.method == "GET"):
        for path in world.paths(door):
            sign_in(database, browser, world.people.admin, LATER)
            answer = through(browser, door, path)
            assert answer.status_code < 400 or any(part in door.path for part in SOMETIMES), path
            shown += answer.text
    # Without this, the tests below could find nothing because nothing is ever shown.
    assert SECRET in shown
    assert OWNER in shown


def test_what_is_an_agencys_is_not_there_for_another(browser: TestClient, world: World, database: Database) -> None:
    for door in doors(lambda door: door.rule in ROLES):
        for path in world.paths(door):
            sign_in(database, browser, world.people.other_admin, LATER)
            answer = through(browser, door, path)
            assert SECRET not in answer.text, path
            if set(PARAMETER.findall(door.path)) & set(world.own):
                assert answer.status_code == 404, path


def test_a_token_opens_what_is_its_own_agencys_alone(browser: TestClient, world: World) -> None:
    for door in doors(lambda door: door.rule is Rule.API):
        for path in world.paths(door):
            assert through(browser, door, path, world.token).status_code == 200, path
            assert SECRET not in through(browser, door, path, world.other_token).text, path


def test_what_an_owner_no_longer_shares_is_nowhere_from_the_next_request(
    browser: TestClient, world: World, database: Database
) -> None:
    with database.writing() as connection:
        client = clients.seen(connection, world.people.home.id, int(world.own["client"]))
        assert client
        clients.share(connection, client, "nothing", "test", LATER)
    for door in doors(lambda door: door.rule in ROLES or door.rule is Rule.API):
        for path in world.paths(door):
            sign_in(database, browser, world.people.admin, LATER)
            answer = through(browser, door, path, world.token if door.rule is Rule.API else "")
            assert OWNER not in answer.text, path
            if "{client" in door.path:
                assert answer.status_code == 404, path


def test_who_has_left_passes_no_door(browser: TestClient, world: World, database: Database) -> None:
    sign_in(database, browser, world.people.admin, LATER)
    with database.writing() as connection:
        members.keep(connection, world.people.admin.id, active=False)
    for door in doors(lambda door: door.rule in ROLES):
        assert through(browser, door, world.paths(door)[0]).status_code == 303, door.path
