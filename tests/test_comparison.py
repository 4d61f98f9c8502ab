"""What a result is compared with, from the first owner of a window to the eleventh of an industry and size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from bot.app import make_app
from dialogs.content import packaged
from scoring.result import ENOUGH_PEERS
from storage import Database
from tests.serving import settings_for
from tests.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pages(database_url: str) -> Iterator[TestClient]:
    app = make_app(Database(database_url), packaged(), settings_for("http://testserver"))
    with TestClient(app) as opened:
        yield opened


def finish(url: str, name: str, industry: str = "飲食サービス業") -> str:
    """Have an owner go through the whole check; gives the path of the result."""
    talk = Talk(url, address=name)
    talk.open()
    talk.tap("5分でしっかり")
    for _ in range(7):
        talk.tap("課題・いずれ取り組む")
    talk.tap("まだ始めていない")
    talk.tap("どれも使っていない")
    for _ in range(13):
        talk.tap("ややあてはまる")
    for _ in range(5):
        talk.tap("Aに近い")
    for label in (industry, "1〜5人", "青森県", "個人事業", "いまは答えない"):
        talk.tap(label)
    stored = talk.result()
    talk.close()
    assert stored
    return f"/r/{stored.token}"


def test_the_national_figures_stand_in_until_there_are_enough_peers(database_url: str, pages: TestClient) -> None:
    others = [finish(database_url, f"other {n}") for n in range(ENOUGH_PEERS)]
    last = pages.get(others[-1]).text
    assert "みらデジ事業 令和4年度報告書" in last
    assert "4,053" in last
    # Nine were there before the tenth; the eleventh is the first to have ten others.
    eleventh = pages.get(finish(database_url, "eleventh")).text
    assert f"{ENOUGH_PEERS}社" in eleventh
    assert "4,053" not in eleventh
    # A firm of another industry has no peers yet.
    assert "4,053" in pages.get(finish(database_url, "carpenter", industry="建設業")).text
