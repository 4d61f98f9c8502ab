"""The webhooks: what is refused, what is taken once and in order, and that nothing acknowledged is lost."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from starlette.testclient import TestClient

from bot import metrics
from bot.app import make_app
from bot.web.guard import LARGEST_BODY
from dialogs.content import packaged
from storage import Database
from storage.schema import contact, inbox, outbox
from tests.phones import line_headers, line_webhook, slack_headers, telegram_headers
from tests.serving import settings_for
from tests.taking import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYLOADS = Path(__file__).with_name("payloads")
USER = "U" + "a" * 32
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
# Nothing listens there: what is to be sent stays due.
NOWHERE = "http://127.0.0.1:9"
ON = {
    "line_channel_secret": "line-secret",
    "line_channel_access_token": "line-token",
    "line_api_url": NOWHERE,
    "telegram_bot_token": "1:telegram-token",
    "telegram_webhook_secret": "telegram-secret",
    "telegram_api_url": NOWHERE,
    "slack_bot_token": "xoxb-token",
    "slack_signing_secret": "slack-secret",
    "slack_api_url": NOWHERE,
}


@contextmanager
def opened(url: str, **others: str) -> Iterator[TestClient]:
    """The app with every platform on, and whoever calls it."""
    app = make_app(Database(url), packaged(), settings_for("https://banso.example", **ON | others))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def client(database_url: str) -> Iterator[TestClient]:
    with opened(database_url) as one:
        yield one


def event(n: int, kind: dict[str, Any], user: str = USER, at: int = 1_790_000_000_000) -> dict[str, Any]:
    """An event as LINE sends it."""
    common = {
        "webhookEventId": f"event-{user[-3:]}-{n}",
        "timestamp": at,
        "mode": "active",
        "replyToken": f"token-{n}",
        "source": {"type": "user", "userId": user},
        "deliveryContext": {"isRedelivery": False},
    }
    return common | kind


FOLLOW = {"type": "follow", "follow": {"isUnblocked": False}}


def said(words: str) -> dict[str, Any]:
    return {"type": "message", "message": {"type": "text", "id": "1", "text": words, "quoteToken": "q"}}


def post(client: TestClient, *events: dict[str, Any]) -> int:
    """Have LINE send these events in one body; gives the answer's status."""
    body, headers = line_webhook(list(events))
    return client.post("/webhooks/line", content=body, headers=headers).status_code


def stored(url: str) -> list[tuple[int, str]]:
    """The turns answered so far, with what was said."""
    database = Database(url)
    found = [(row["turn"], row["said"]) for row in rows(database, outbox)]
    database.close()
    return found


def made(platform: str, body: bytes, kind: str) -> dict[str, str]:
    """Headers that make a body authentic."""
    match platform:
        case "line":
            return line_headers(body)
        case "telegram":
            return telegram_headers()
        case _:
            return slack_headers(body, kind)


# ---------------------------------------------------------------- who may speak


@pytest.mark.parametrize("platform", ["line", "telegram", "slack"])
@pytest.mark.parametrize("broken", ["missing", "wrong", "odd"])
def test_what_is_not_authentic_is_refused_and_counted(client: TestClient, platform: str, broken: str) -> None:
    body, _ = line_webhook([event(1, FOLLOW)])
    given = {} if broken == "missing" else made(platform, body + b" ", JSON)
    if broken == "odd" or (platform == "telegram" and given):
        given = {name: "é" if name.startswith("x-") else value for name, value in given.items()}
    before = metrics.REFUSED.labels(platform)._value.get()
    headers = {name.encode(): value.encode() for name, value in given.items()}
    assert client.post(f"/webhooks/{platform}", content=body, headers=headers).status_code == 401
    assert metrics.REFUSED.labels(platform)._value.get() == before + 1
    assert f'banso_webhooks_refused_total{{platform="{platform}"}}' in client.get("/metrics").text


def test_nothing_of_what_is_refused_is_kept(database_url: str) -> None:
    with opened(database_url) as client:
        body, headers = line_webhook([event(1, FOLLOW)])
        client.post("/webhooks/line", content=body + b" ", headers=headers)
    database = Database(database_url)
    assert rows(database, inbox) == rows(database, contact) == rows(database, outbox) == []
    database.close()


def test_a_platform_that_is_off_or_unknown_is_not_there(database_url: str) -> None:
    body, headers = line_webhook([event(1, FOLLOW)])
    with opened(database_url, line_channel_secret="") as client:
        assert client.post("/webhooks/line", content=body, headers=headers).status_code == 404
        assert client.post("/webhooks/fax", content=body, headers=headers).status_code == 404
        assert client.get("/webhooks/telegram").status_code == 405


def test_the_console_may_verify_and_slack_may_ask_for_its_challenge(client: TestClient) -> None:
    assert post(client) == 200
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1aB", "token": "t"}).encode()
    answer = client.post("/webhooks/slack", content=body, headers=slack_headers(body, JSON))
    assert (answer.status_code, answer.text) == (200, "3eZbrw1aB")


def test_a_body_too_large_is_refused_even_where_its_length_is_not_told(client: TestClient) -> None:
    def pieces() -> Iterator[bytes]:
        yield from [b"x" * 1024] * (LARGEST_BODY // 1024 + 1)

    assert client.post("/webhooks/line", content=pieces()).status_code == 413


def test_what_nobody_can_read_is_a_bad_request(client: TestClient) -> None:
    for platform in ("line", "telegram", "slack"):
        body = b"{"
        answer = client.post(f"/webhooks/{platform}", content=body, headers=made(platform, body, JSON))
        assert answer.status_code == 400


# ---------------------------------------------------------------- once, and in order


def test_an_event_sent_again_is_answered_once(database_url: str) -> None:
    with opened(database_url) as client:
        first = event(1, FOLLOW)
        again = first | {"deliveryContext": {"isRedelivery": True}}
        assert [post(client, first), post(client, again), post(client, first, again)] == [200, 200, 200]
    assert len(stored(database_url)) == 1


def test_both_copies_at_the_same_moment_in_two_servers_are_answered_once(database_url: str) -> None:
    with opened(database_url) as one, opened(database_url) as two:
        start = threading.Barrier(2)
        statuses = []

        def send(client: TestClient) -> None:
            for n in range(10):
                start.wait()
                statuses.append(post(client, event(n, said("メニュー"))))

        threads = [threading.Thread(target=send, args=(client,)) for client in (one, two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [200] * 20
    assert [turn for turn, _ in stored(database_url)] == list(range(1, 11))


def test_several_events_in_one_body_are_taken_in_order(database_url: str) -> None:
    words = ["1", "売上", "メニュー", "ヘルプ", "戻る", "2"]
    with opened(database_url) as client:
        assert post(client, event(0, FOLLOW), *(event(n, said(w)) for n, w in enumerate(words, 1))) == 200
    answered = stored(database_url)
    assert [turn for turn, _ in answered] == list(range(1, 8))
    assert [words for _, words in answered][3:5] == ["メニュー", "ヘルプ"]


def test_a_text_that_was_overtaken_is_kept_and_answers_nothing(database_url: str) -> None:
    with opened(database_url) as client:
        post(client, event(0, FOLLOW, at=1_790_000_000_000))
        post(client, event(1, said("2"), at=1_790_000_009_000))
        post(client, event(2, said("1"), at=1_790_000_005_000))
    database = Database(database_url)
    late = rows(database, outbox)[-1]
    assert late["said"] == "1"
    assert late["messages"][0]["text"].startswith("前に送られた文")
    # The first question of the whole check is still open.
    assert late["messages"][-1]["kind"] == rows(database, outbox)[1]["messages"][-1]["kind"]
    assert late["messages"][-1]["text"] == rows(database, outbox)[1]["messages"][-1]["text"]
    database.close()


# ---------------------------------------------------------------- nothing is lost


def test_an_event_that_fails_is_a_server_error_and_is_taken_when_it_comes_again(database_url: str) -> None:
    database = Database(database_url)
    with opened(database_url) as client:
        with database.writing() as connection:
            connection.execute(text("ALTER TABLE outbox RENAME TO elsewhere"))
        assert post(client, event(1, FOLLOW)) >= 500
        with database.writing() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO outbox"))
        assert rows(database, inbox) == []
        assert post(client, event(1, FOLLOW)) == 200
    assert len(rows(database, outbox)) == 1
    database.close()


# ---------------------------------------------------------------- by which way they came


def test_a_code_is_kept_from_the_first_contact_on_every_platform(database_url: str) -> None:
    with opened(database_url) as client:
        client.get("/", params={"c": "poster"})
        post(client, event(1, said("cci-osaka"), "U" + "1" * 32))
        post(client, event(1, FOLLOW, "U" + "2" * 32))
        post(client, event(2, said("shinkin_7"), "U" + "2" * 32))
        post(client, event(1, {"type": "postback", "postback": {"data": "start:fair"}}, "U" + "3" * 32))
        post(client, event(1, FOLLOW, "U" + "4" * 32), event(2, said("1"), "U" + "4" * 32))
        post(client, event(3, said("toolate"), "U" + "4" * 32))
        chat = {"id": 7, "type": "private", "first_name": "花子"}
        message = {"message_id": 1, "date": 1_790_000_000, "chat": chat, "text": "/start yorozu-13"}
        person = {"id": 7, "is_bot": False, "first_name": "花子"}
        body = json.dumps({"update_id": 1, "message": message | {"from": person}}).encode()
        assert client.post("/webhooks/telegram", content=body, headers=telegram_headers()).status_code == 200
    database = Database(database_url)
    came = [row["came_by"] for row in rows(database, contact)]
    assert came == ["poster", "cci-osaka", "shinkin_7", "fair", None, "yorozu-13"]
    greeted = {row["contact_id"]: row["messages"][0]["text"] for row in reversed(rows(database, outbox))}
    assert len({greeted[n] for n in (1, 2, 4, 6)}) == 1
    database.close()


# ---------------------------------------------------------------- whatever comes


@cache
def recorded(platform: str) -> list[Any]:
    """The recorded payloads of a platform."""
    return [json.loads(path.read_text("utf-8")) for path in sorted((PAYLOADS / platform).glob("*.json"))]


ODD = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.lists(st.none(), max_size=2))


@st.composite
def distorted(draw: st.DrawFn, platform: str) -> Any:
    """A recorded payload with a few of its values left out, or odd."""
    payload = json.loads(json.dumps(draw(st.sampled_from(recorded(platform)))))
    for _ in range(draw(st.integers(0, 4))):
        node = payload
        while isinstance(node, dict | list) and node:
            key = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
            if not isinstance(node[key], dict | list) or draw(st.integers(0, 3)) == 0:
                node[key] = draw(ODD)
                break
            node = node[key]
    return payload


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One app for all the bodies of a test."""
    from storage import migrate

    url = f"sqlite:///{tmp_path_factory.mktemp('fuzz') / 'banso.sqlite3'}"
    migrate(url)
    with opened(url) as client:
        yield client


MANY = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck), derandomize=True)


@pytest.mark.parametrize("platform", ["line", "telegram", "slack"])
def test_no_authentic_body_is_a_server_error(lasting: TestClient, platform: str) -> None:
    @MANY
    @given(st.one_of(distorted(platform), st.recursive(ODD, lambda inner: st.dictionaries(st.text(), inner))))
    def sent(payload: Any) -> None:
        body = json.dumps(payload).encode()
        answer = lasting.post(f"/webhooks/{platform}", content=body, headers=made(platform, body, JSON))
        assert answer.status_code in (200, 400)

    sent()


@pytest.mark.parametrize("kind", [JSON, FORM, "", "text/plain; charset=x"])
@pytest.mark.parametrize("platform", ["line", "telegram", "slack"])
def test_no_bytes_are_a_server_error(lasting: TestClient, platform: str, kind: str) -> None:
    @MANY
    @given(st.one_of(st.binary(), st.binary().map(lambda some: b"payload=" + some)))
    def sent(body: bytes) -> None:
        answer = lasting.post(
            f"/webhooks/{platform}", content=body, headers=made(platform, body, kind) | {"content-type": kind}
        )
        assert answer.status_code < 500

    sent()
