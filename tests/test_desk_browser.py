"""Every page of the desk in a real browser, at the width of a phone and of a counter; and each role's main path."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from bot.desk.doors import COOKIE, PATH, ROLES, Door, Rule
from bot.desk.routes import DOORS
from storage import Database, signins
from tests.serving import serving
from tests.test_browser import findings, overflow
from tests.world import LATER, SOMETIMES, World
from tests.world import world as world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

    from storage.members import Member

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PHONE, COUNTER = {"width": 360, "height": 800}, {"width": 1366, "height": 768}
# What a door gives that is no page.
FILES = (".csv", ".json", ".xlsx", "{format}", "{kind}", "{flyer}", "/logo", "/figures")


@pytest.fixture
def address(world: World, database_url: str) -> Iterator[str]:
    with serving(database_url, clock=lambda: LATER) as served:
        yield served


@pytest.fixture(params=[PHONE, COUNTER], ids=["phone", "counter"])
def window(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=request.param, has_touch=request.param is PHONE, locale="ja-JP")
    yield context
    context.close()


def sign_in(window: BrowserContext, database_url: str, address: str, member: Member) -> None:
    database = Database(database_url)
    with database.writing() as connection:
        secret = signins.begin(connection, member.id, "full", LATER)
    database.close()
    host = urlsplit(address).hostname or ""
    window.add_cookies([{"name": COOKIE, "value": secret, "domain": host, "path": PATH}])


def pages_of(role: str) -> list[Door]:
    """The doors that show a page to somebody of this role."""
    mine = [door for door in DOORS if door.method == "GET" and role in ROLES.get(door.rule, ())]
    return [door for door in mine if not any(part in door.path for part in (*FILES, *SOMETIMES))]


def assert_reads_well(page: Page) -> None:
    assert overflow(page) <= 0, page.url
    assert findings(page) == [], page.url


def test_every_page_fits_and_is_accessible(
    window: BrowserContext, address: str, world: World, database_url: str
) -> None:
    sign_in(window, database_url, address, world.people.admin)
    page = window.new_page()
    for door in pages_of("admin"):
        for path in world.paths(door):
            answer = page.goto(f"{address}{path}")
            assert answer
            assert answer.ok, path
            assert_reads_well(page)


def test_every_page_that_is_anybodys_fits_and_is_accessible(window: BrowserContext, address: str, world: World) -> None:
    page = window.new_page()
    for door in [door for door in DOORS if door.method == "GET" and door.rule is Rule.PUBLIC]:
        if not any(part in door.path for part in FILES):
            page.goto(f"{address}{world.paths(door)[0]}")
            assert_reads_well(page)
