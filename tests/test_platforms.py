"""Whole conversations on LINE, Telegram and Slack: over the real webhooks, the real libraries and the real database."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from bot import app
from bot.settings import PLATFORMS
from scheduler import paces
from storage import Database, outbox
from storage.schema import outbox as table
from tests.phones import LinePhone, Phone, SlackPhone, TelegramPhone
from tests.serving import serving
from tests.taking import NOW, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.standin import StandIn

QUICK, FULL = 0, 1
PHONES: dict[str, tuple[type[Phone], str]] = {
    "line": (LinePhone, "U" + "a" * 32),
    "telegram": (TelegramPhone, "4711"),
    "slack": (SlackPhone, "U0OWNER"),
}


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """These owners tap faster than one a second, and nobody wants to wait for what is tried again."""
    monkeypatch.setattr(paces, "FIRST", timedelta(milliseconds=5))
    for platform in PLATFORMS:
        module = import_module(f"bot.platforms.{platform}")
        monkeypatch.setattr(getattr(module, platform.capitalize()), "contact_rate", 1000.0)


@contextmanager
def phone(url: str, stand_in: StandIn, platform: str) -> Iterator[Phone]:
    """An owner's phone, over a server of this database."""
    kind, user = PHONES[platform]
    # Pictures are shown only where the platform could fetch them.
    with serving(url, settings={"public_url": "https://banso.example"} | stand_in.settings()) as server:
        owner = kind(server, stand_in, user)
        try:
            yield owner
        finally:
            owner.client.close()


def test_there_is_a_phone_for_every_platform() -> None:
    assert PHONES.keys() == PLATFORMS.keys()


@pytest.mark.parametrize("choice", [QUICK, FULL], ids=["quick", "full"])
@pytest.mark.parametrize("platform", PHONES)
def test_a_whole_check(database_url: str, stand_in: StandIn, platform: str, choice: int) -> None:
    with phone(database_url, stand_in, platform) as owner:
        owner.check(choice)
        assert "まず取り組みたい3つ" in owner.text()
        owner.says("メニュー")
        assert "何をしますか" in owner.text()
        owner.says("電帳法って、まず何をすればいいですか")
        assert "データのまま残す" in owner.text()
        owner.taps(next(press for press in owner.presses() if press.endswith(":more")))
        owner.says("大阪のよろず支援拠点はどこですか")
        assert "大阪府よろず支援拠点" in owner.text()
    assert stand_in.violations() == []
    database = Database(database_url)
    assert {row["state"] for row in rows(database, table)} == {"sent"}
    with database.reading() as connection:
        # Replies are free: a whole check costs nothing of LINE's quota.
        assert outbox.pushes(connection, "line", NOW.replace(year=2000)) == 0
    database.close()


def delivered(stand_in: StandIn, platform: str) -> list[str]:
    """What each accepted message was sent under: the token that it answers, or its key."""
    sends = {"line": ("/reply", "/push"), "telegram": ("sendMessage", "sendPhoto"), "slack": ("chat.postMessage",)}
    accepted = [call for call in stand_in.calls if call["platform"] == platform and call["status"] == 200]
    shown = [call for call in accepted if call["method"].endswith(sends[platform])]
    return [str(call["body"].get("replyToken") or call["retry_key"]) for call in shown]


@pytest.mark.parametrize("choice", [QUICK, FULL], ids=["quick", "full"])
@pytest.mark.parametrize("platform", PHONES)
def test_a_fifth_of_all_requests_fails_and_every_answer_arrives(
    database_url: str, stand_in: StandIn, platform: str, choice: int
) -> None:
    stand_in.faults(fail=0.2)
    with phone(database_url, stand_in, platform) as owner:
        owner.check(choice)
        assert "まず取り組みたい3つ" in owner.text()
        # Of a full check's many requests some fail for certain; of a quick one's few, by chance.
        assert choice == QUICK or any(call["status"] >= 500 for call in stand_in.calls)
        stand_in.faults(fail=0)
        owner.says("メニュー")
    assert stand_in.violations() == []
    database = Database(database_url)
    answers = rows(database, table)
    assert {row["state"] for row in answers} == {"sent"}
    assert len(answers) == owner.events
    if platform == "line":
        # Each answer once: as a reply, or as a push under a key of its own.
        sent = delivered(stand_in, "line")
        assert len(sent) == len(set(sent)) == len(answers)
    database.close()


def test_line_allows_few_requests_a_second_and_every_answer_arrives_once(
    database_url: str, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paces, "FIRST", timedelta(milliseconds=100))
    stand_in.faults(line_rps=5)
    with phone(database_url, stand_in, "line") as owner:
        owner.check(QUICK)
    assert any(call["status"] == 429 for call in stand_in.calls)
    assert stand_in.violations() == []
    database = Database(database_url)
    sent = delivered(stand_in, "line")
    assert len(sent) == len(set(sent)) == len(rows(database, table))
    database.close()


def test_a_token_that_has_ended_is_followed_by_a_push(database_url: str, stand_in: StandIn) -> None:
    with phone(database_url, stand_in, "line") as owner:
        owner.tokens = "expired"
        owner.opens()
    answers = [call for call in stand_in.calls if call["method"].endswith(("/reply", "/push"))]
    assert [(call["method"].rsplit("/", 1)[1], call["status"]) for call in answers] == [("reply", 400), ("push", 200)]


def test_line_shows_that_an_answer_is_on_its_way_when_it_takes_time(
    database_url: str, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "SLOW_SECONDS", 0)
    with phone(database_url, stand_in, "line") as owner:
        owner.opens()
        _, call = stand_in.wait(0, lambda call: call["method"].endswith("/chat/loading/start"))
    assert call["status"] == 200
    assert call["body"]["chatId"] == PHONES["line"][1]


def test_line_fetches_pictures_by_addresses_that_end(database_url: str, stand_in: StandIn) -> None:
    with phone(database_url, stand_in, "line") as owner:
        owner.check(QUICK)
        urls = [shown["originalContentUrl"] for shown in owner.all if shown["type"] == "image"]
        assert len(urls) == 2
        for url in urls:
            path = url.removeprefix("https://banso.example")
            picture = owner.client.get(owner.server + path)
            assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
            assert picture.content.startswith(b"\x89PNG")
            assert owner.client.get(owner.server + path.replace(".png", "x.png")).status_code == 410
