"""The page of a campaign in a real browser: while it is sent, figures and buttons are up to date by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from bot import campaigns as rules
from bot import outreach
from dialogs.letters import Letter, Step
from storage import Database, campaigns
from storage.schema import outbox
from tests.desk import two
from tests.serving import serving
from tests.test_browser import findings, overflow
from tests.test_campaign_pages import CONTENT, reader
from tests.test_desk_browser import sign_in
from tests.world import LATER

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_figures_and_buttons_change_while_somebody_looks(browser: Browser, database_url: str) -> None:
    database = Database(database_url)
    people = two(database)
    for n in range(6):
        reader(database, people.home.id, f"U{n}")
    plan = rules.Plan("年末のお知らせ", steps=(Step(0, {"a": Letter("こんにちは。")}),))
    with database.writing() as connection:
        one = rules.add(connection, people.home.id, people.admin.id, plan, LATER)
        rules.turn(connection, one, "start", LATER)
        outreach.begin(connection, one, LATER)
        outreach.prepare(connection, CONTENT, one.id, 1, LATER)
    window = browser.new_context(viewport={"width": 360, "height": 800}, locale="ja-JP")
    # Nothing else runs there: no server of this test sends, and time passes when it is told to.
    window.clock.install()
    with serving(database_url, clock=lambda: LATER) as address:
        sign_in(window, database_url, address, people.admin)
        page = window.new_page()
        page.goto(f"{address}/desk/campaigns/{one.id}")
        assert page.get_by_text("0通を届けました").is_visible()
        assert overflow(page) <= 0
        assert findings(page) == []
        with database.writing() as connection:
            sent = update(outbox).where(outbox.c.campaign_id == one.id)
            connection.execute(sent.values(state="sent", due_at=None, settled_at=LATER))
        page.clock.run_for(5000)
        page.get_by_text("6通を届けました").wait_for()
        with database.writing() as connection:
            campaigns.turn(connection, one.id, "paused", LATER)
        page.clock.run_for(5000)
        page.get_by_role("button", name="再開する").wait_for()
    window.close()
    database.close()
