"""The page of what a campaign did in a real browser, full of figures, at the width of a phone and of a counter."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.desk.doors import COOKIE
from storage import Database, signins
from tests.desk import two
from tests.serving import serving
from tests.taking import NOW
from tests.test_browser import findings, overflow
from tests.test_outcomes import DAY, begin, campaign_of, letters, people

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("width", [360, 1366])
def test_the_results_read_well_on_a_phone_and_at_the_counter(browser: Browser, database_url: str, width: int) -> None:
    database, later = Database(database_url), NOW + timedelta(days=30)
    of_agencies = two(database)
    with database.writing() as connection:
        one = campaign_of(connection, agency_id=of_agencies.home.id, state="done", ended_at=NOW, holdout=10)
        for variant, size, began in (("a", 60, 30), ("b", 70, 20), ("-", 40, 8)):
            ids = people(connection, size)
            letters(connection, one, dict.fromkeys(ids, variant))
            begin(connection, ids[:began], NOW + DAY)
        secret = signins.begin(connection, of_agencies.officer.id, "full", later)
    database.close()
    with serving(database_url, clock=lambda: later) as address:
        context = browser.new_context(viewport={"width": width, "height": 800}, locale="ja-JP")
        context.add_cookies([{"name": COOKIE, "value": secret, "url": f"{address}/desk"}])
        page = context.new_page()
        page.goto(f"{address}/desk/campaigns/{one.id}/results")
        assert page.locator("figure.chart").count() == 5
        assert overflow(page) <= 0
        assert findings(page) == []
        context.close()
