"""The web app over HTTP: who may, what is refused, and what is said when something is wrong."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.testclient import TestClient

from bot.app import make_app
from bot.parts import Parts
from bot.platforms import web
from bot.web import chat, guard
from dialogs.content import packaged
from storage import Database
from tests.serving import SECRET, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = {"sec-fetch-site": "same-origin"}
QUICK = ("quick", "", "1", "3", "3", "3", "a2")


@pytest.fixture
def client(database_url: str) -> Iterator[TestClient]:
    app = make_app(Database(database_url), packaged(), settings_for("http://testserver"))
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as opened:
        yield opened


def turns(client: TestClient) -> int:
    """How many turns the page shows."""
    return len(re.findall(r"data-turn=", client.get("/").text))


def presses(client: TestClient) -> list[str]:
    """What the buttons of the newest turn carry."""
    newest = client.get("/").text.rsplit("data-turn=", 1)[1]
    return re.findall(r'name="press"[^>]*value="([^"]+)"', newest)


def post(client: TestClient, **form: Any) -> Any:
    return client.post("/chat", data=form, headers=PAGE)


def finish(client: TestClient) -> str:
    """Answer the quick check; gives the path of the result."""
    client.get("/")
    for value in QUICK:
        answers = (press for press in presses(client) if press.startswith(("a:", "d:")))
        wanted = next(press for press in answers if not value or press.endswith(f":{value}"))
        post(client, press=wanted)
    found = re.search(r"/r/[\w-]+", client.get("/").text)
    assert found
    return found[0]


def test_the_first_visit_is_greeted_and_the_second_goes_on(client: TestClient) -> None:
    first = client.get("/")
    assert "伴走" in first.text
    assert web.COOKIE in first.cookies
    assert turns(client) == 1


def test_an_event_sent_twice_is_answered_once(client: TestClient) -> None:
    client.get("/")
    for _ in range(2):
        assert post(client, press=presses(client)[0], event="one").status_code == 303
    assert turns(client) == 2


def test_a_script_is_answered_without_a_page(client: TestClient) -> None:
    client.get("/")
    answer = client.post("/chat", data={"text": "1"}, headers=PAGE | {"accept": "application/json"})
    assert answer.status_code == 204


def test_a_broken_cookie_begins_anew_with_a_word(client: TestClient) -> None:
    client.cookies.set(web.COOKIE, "nonsense.nonsense")
    page = client.get("/")
    assert page.status_code == 200
    assert "前の会話を開けませんでした" in page.text
    client.cookies.clear()
    assert "前の会話を開けませんでした" not in client.get("/").text


def test_a_tap_without_a_cookie_leads_to_the_page(client: TestClient) -> None:
    answer = post(client, press="a:1.1:depth:quick")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_whoever_is_sent_for_it_begins_to_book_without_a_cookie(client: TestClient) -> None:
    answer = post(client, press="c:consult")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert turns(client) == 1
    page = client.get("/").text
    assert page.index("よろず支援拠点") < page.index("こんにちは")


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://elsewhere.example"}])
def test_another_site_may_not_post(client: TestClient, headers: dict[str, str]) -> None:
    path = finish(client)
    assert client.post("/chat", data={"text": "1"}, headers=headers).status_code == 403
    assert client.post(f"{path}/delete", headers=headers).status_code == 403
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "あ" * 10_000,
        "😀😀😀",
        "<script>alert(1)</script>",
        "\x00\x07\x1b[31m",
        "1\u202e2",
        "'; DROP TABLE owner; --",
    ],
)
def test_bad_input_gets_a_word_and_the_question_again(client: TestClient, text: str) -> None:
    client.get("/")
    assert post(client, text=text).status_code == 303
    page = client.get("/").text
    assert turns(client) == 2
    assert "1分でざっくり" in page.rsplit("data-turn=", 1)[1]
    assert "<script>alert" not in page


def test_a_file_gets_a_word(client: TestClient) -> None:
    client.get("/")
    client.post("/chat", files={"picture": ("a.png", b"png", "image/png")}, headers=PAGE)
    assert "文字とボタン" in client.get("/").text


def test_a_body_too_large_is_refused_kindly(client: TestClient) -> None:
    client.get("/")
    answer = post(client, text="a" * (guard.LARGEST_BODY + 1))
    assert answer.status_code == 413
    assert "<h1" in answer.text
    assert turns(client) == 1


@pytest.mark.parametrize("path", ["/chat", "/desk/sign-in"])
def test_a_body_too_large_that_tells_no_length_is_refused_as_well(client: TestClient, path: str) -> None:
    def body() -> Iterator[bytes]:
        yield b'--x\r\ncontent-disposition: form-data; name="a"; filename="a"\r\n\r\n'
        yield b"a" * guard.LARGEST_BODY
        yield b"\r\n--x--\r\n"

    headers = PAGE | {"content-type": "multipart/form-data; boundary=x"}
    answer = client.post(path, content=body(), headers=headers)
    assert (answer.status_code, "<h1" in answer.text) == (413, True)


def test_the_result_its_pictures_and_its_end(client: TestClient) -> None:
    path = finish(client)
    assert "診断結果" in client.get(path).text
    picture = client.get(f"{path}/share.png")
    assert picture.content.startswith(b"\x89PNG")
    again = client.get(f"{path}/share.png", headers={"if-none-match": picture.headers["etag"]})
    assert again.status_code == 304
    assert client.get(f"{path}/other.png").status_code == 404
    assert client.post(f"{path}/delete", headers=PAGE).status_code == 200
    assert client.get(path).status_code == 404
    assert client.get(f"{path}/share.png").status_code == 404
    assert client.post(f"{path}/delete", headers=PAGE).status_code == 404
    assert "消しました" in client.get("/").text


def test_the_export_holds_what_was_said_and_ends(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    finish(client)
    post(client, text="データ")
    found = re.search(r"/me/[\w.\-]+", client.get("/").text)
    assert found
    stored = client.get(found[0])
    assert stored.headers["content-disposition"].startswith("attachment")
    assert json.loads(stored.text)["results"][0]["answers"]["stage"] == "1"
    assert client.get(found[0] + "x").status_code == 410
    monkeypatch.setattr("bot.links.EXPORT_SECONDS", -1)
    assert client.get(found[0]).status_code == 410


@pytest.mark.parametrize("path", ["/", "/notice", "/nowhere", "/static/chat.css", "/healthz"])
def test_every_answer_carries_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert all(headers.get(name) == value for name, value in guard.HEADERS.items())


def test_a_method_that_is_not_there_gets_a_page(client: TestClient) -> None:
    answer = client.post("/notice")
    assert answer.status_code == 405
    assert "<h1" in answer.text


def test_a_defect_of_ours_shows_no_trace(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of the inside")

    client.get("/")
    monkeypatch.setattr("bot.turn.engine.advance", fail)
    answer = post(client, text="1")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_a_turn_is_streamed_to_the_page_that_waits(database_url: str) -> None:
    app = make_app(Database(database_url), packaged(), settings_for("http://testserver"))
    with TestClient(app) as client:
        client.get("/")
        parts: Parts = app.state.parts
        address = web.Cookies(SECRET)._serializer.loads(client.cookies[web.COOKIE])
        owner = chat.find(parts, address)
        assert owner

        async def first(after: int) -> dict[str, str]:
            shown = chat.Shown(address, owner.tag, after)
            async for event in chat.turns(parts, owner.id, shown, anyio.Event()):
                return event
            raise AssertionError("the stream ended")

        event = asyncio.run(first(0))
        assert (event["event"], event["id"]) == ("turn", "1")
        assert 'data-turn="1"' in event["data"]


def test_a_database_with_no_connection_left_is_away(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def wait_in_vain(*_: object) -> None:
        raise NoConnection("QueuePool limit reached")

    client.get("/")
    monkeypatch.setattr("bot.web.chat.find", wait_in_vain)
    answer = client.get("/")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "QueuePool" not in answer.text


@pytest.mark.parametrize(("text", "turn"), [("7", 7), ("", 0), ("-1", 0), ("x", 0), ("9" * 30, 0), ("9" * 5000, 0)])
def test_what_is_no_turn_number_asks_for_all_turns(text: str, turn: int) -> None:
    assert chat.turn_number(text) == turn


def test_a_stream_for_nobody_ends_at_once(client: TestClient) -> None:
    assert client.get("/chat/stream").status_code == 204


def test_the_process_and_the_database_are_told_apart(client: TestClient) -> None:
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").text == "ok\n"


def test_an_answer_has_a_page_of_its_own(client: TestClient) -> None:
    page = client.get("/faq/invoice-toha")
    assert page.status_code == 200
    assert "インボイス(適格請求書)とは何ですか" in page.text
    assert "国税庁 インボイス制度に関するQ&amp;A 問10" in page.text
    assert client.get("/faq/nothing-of-ours").status_code == 404


def test_a_version_of_a_rule_that_has_ended_leads_to_the_one_that_holds(client: TestClient) -> None:
    assert "いまは70%です" in client.get("/faq/keika-rate-80").text
