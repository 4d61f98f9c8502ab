"""LINE as a platform: what its webhooks mean, how messages look there, and how they are sent."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import inspect
import json
import re
import socket
import threading
import uuid
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linebot.v3 import messaging, webhooks
from linebot.v3.messaging import exceptions
from linebot.v3.messaging.exceptions import ApiException
from linebot.v3.models.events import UnknownEvent
from linebot.v3.webhook import WebhookParser
from markupsafe import Markup

from bot import preview, samples
from bot.content import written
from bot.pictures import Pictures
from bot.platforms import flex
from bot.platforms.failures import Busy, Gone, Refused, Unanswered, Unusable
from bot.platforms.fitting import utf16
from bot.platforms.limits import LINE
from bot.platforms.line import Line, failure
from bot.platforms.platform import Part, Platform, Sending, Unreadable
from bot.turn import Event
from dialogs import presses
from dialogs.content import packaged
from dialogs.engine import advance
from dialogs.events import Action, Command, Invited, Left, Opened, Said, Sent, Tapped
from dialogs.messages import Button, Message, Picture
from dialogs.record import Record
from tests import standin
from tests.answers import REPEATABLE
from tests.serving import settings_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PAYLOADS = Path(__file__).with_name("payloads") / "line"
RENDERED = PAYLOADS / "rendered"
ADDRESS = "https://banso.example"
SECRET = "a channel secret"
NOW = datetime(2026, 12, 1, 1, 0)  # noqa: DTZ001 - UTC without zone, as the clock gives it
CONTENT = packaged()


class Hung(Pictures):
    """Pictures at addresses that are the same every time; none where there is no https."""

    def __init__(self, address: str) -> None:
        self.address = address

    def url(self, picture: Picture) -> str | None:
        return f"{self.address}/p/{picture.kind}.png" if self.address.startswith("https:") else None


def line(address: str = ADDRESS, api: str = "http://127.0.0.1:9", **options: Any) -> Line:
    settings = settings_for(
        address, line_channel_secret=SECRET, line_channel_access_token="a channel token", line_api_url=api
    )
    return Line(settings, address, Hung(address), CONTENT.phrases, **options)


def test_it_fills_in_what_a_platform_is() -> None:
    platform: Platform = line()
    assert platform.channel == "line"
    # LINE counts 2,000 requests within a second, those of a burst among them.
    assert platform.rate + platform.burst <= 2000


# ---------------------------------------------------------------- signatures


def signature(body: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def test_a_body_signed_with_the_secret_is_authentic() -> None:
    body = (PAYLOADS / "message-text.json").read_bytes()
    assert line().authentic({"x-line-signature": signature(body)}, body, NOW)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-line-signature": ""},
        {"x-line-signature": "署名"},
        {"x-line-signature": signature(b"{}", "another secret")},
        {"x-line-signature": signature(b'{"events": []}')},
    ],
)
def test_a_body_without_the_right_signature_is_not_authentic(headers: dict[str, str]) -> None:
    assert not line().authentic(headers, b"{}", NOW)


def test_bytes_that_are_no_text_are_not_authentic() -> None:
    assert not line().authentic({"x-line-signature": signature(b"\xff")}, b"\xff", NOW)


# ---------------------------------------------------------------- what arrives

OWNER, OTHER = "U4af49806294af49806294af4980629ab", "U" + "0c1d2e3f" * 4
GROUP, ROOM = "C" + "a1b2c3d4" * 4, "R" + "5e6f7a8b" * 4

# What each recorded payload means: who it is from, what happened, and what may be a code.
MEANT: dict[str, list[tuple[str, Action, str]]] = {
    "follow": [(OWNER, Opened(), "")],
    "follow-unblocked": [(OWNER, Opened(), "")],
    "unfollow": [(OWNER, Left(), "")],
    "message-text": [(OWNER, Said("2番でお願いします $"), "")],
    "message-text-code": [(OWNER, Said("shokokai-2026"), "shokokai-2026")],
    "message-text-redelivered": [(OWNER, Said("あてはまる"), "")],
    "message-text-group": [],
    "message-sticker": [(OWNER, Sent("sticker"), "")],
    "message-image": [(OWNER, Sent("picture"), "")],
    "message-video": [(OWNER, Sent("other"), "")],
    "message-audio": [(OWNER, Sent("voice"), "")],
    "message-file": [(OWNER, Sent("file"), "")],
    "message-location": [(OWNER, Sent("place"), "")],
    "messageEdited": [],
    "postback": [(OWNER, Tapped("abcdef.1", "depth", "quick"), "")],
    "postback-start": [(OWNER, Opened(), "poster_7")],
    "postback-unknown": [(OWNER, Command("unknown"), "")],
    "unsend": [],
    "join-group": [(GROUP, Invited(), "")],
    "join-room": [(ROOM, Invited(), "")],
    "leave": [(GROUP, Left(), "")],
    "memberJoined": [],
    "memberLeft": [],
    "accountLink": [],
    "beacon": [],
    "videoPlayComplete": [],
    "membership": [],
    "module": [],
    "activated": [],
    "deactivated": [],
    "botSuspended": [],
    "botResumed": [],
    "delivery": [],
    "standby": [],
    "several": [(OWNER, Said("やっぱり"), ""), (OWNER, Sent("sticker"), ""), (OTHER, Command("back"), "")],
    "verify": [],
}

# Every kind of event, and of message in one, that LINE's published description of webhooks names.
EVENT_TYPES = {
    *("message", "messageEdited", "unsend", "follow", "unfollow", "join", "leave", "memberJoined", "memberLeft"),
    *("postback", "videoPlayComplete", "beacon", "accountLink", "membership", "module", "activated", "deactivated"),
    *("botSuspended", "botResumed", "delivery"),
}
MESSAGE_TYPES = {"text", "image", "video", "audio", "file", "location", "sticker"}


def body_of(*events: Any) -> bytes:
    return json.dumps({"destination": "U", "events": events}).encode()


def recorded(name: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = json.loads((PAYLOADS / f"{name}.json").read_bytes())["events"]
    return events


def meant(*events: Any) -> list[Action]:
    return [event.action for event in line().parse({}, body_of(*events)).events]


@pytest.mark.parametrize("name", sorted(path.stem for path in PAYLOADS.glob("*.json")))
def test_every_recorded_payload_means_what_the_table_says(name: str) -> None:
    arrived = line().parse({}, (PAYLOADS / f"{name}.json").read_bytes())
    assert [(event.address, event.action, event.code) for event in arrived.events] == MEANT[name]
    assert arrived.answer == ""


def test_the_table_has_nothing_that_is_not_recorded() -> None:
    assert {path.stem for path in PAYLOADS.glob("*.json")} == set(MEANT)


def test_every_type_that_line_can_send_is_recorded() -> None:
    events = [event for name in MEANT for event in recorded(name)]
    assert {event["type"] for event in events} == EVENT_TYPES
    assert {event["message"]["type"] for event in events if event["type"] == "message"} == MESSAGE_TYPES


def test_the_library_knows_no_further_types() -> None:
    types = {name for kind in (webhooks.Event, webhooks.MessageContent) for name in known_to(kind)}
    assert types == EVENT_TYPES | MESSAGE_TYPES


def known_to(model: Any) -> dict[str, str]:
    names: dict[str, str] = getattr(model, f"_{model.__name__}__discriminator_value_class_map")
    return names


@pytest.mark.parametrize("name", sorted(MEANT))
def test_the_library_reads_every_recorded_payload_too(name: str) -> None:
    events = WebhookParser(SECRET, lambda: True).parse((PAYLOADS / f"{name}.json").read_text("utf-8"), "")
    assert not any(isinstance(event, UnknownEvent) for event in events)
    assert [event.to_dict()["webhookEventId"] for event in events] == [e["webhookEventId"] for e in recorded(name)]


def test_an_event_brings_its_id_its_time_and_its_reply_token() -> None:
    assert line().parse({}, (PAYLOADS / "message-text.json").read_bytes()).events == (
        Event(
            id="01KAMADEUP0000000000000004",
            channel="line",
            account="bot",
            address=OWNER,
            action=Said("2番でお願いします $"),
            at=datetime(2026, 11, 21, 1, 0, 4),  # noqa: DTZ001 - UTC without zone
            reply="00000000000000000000000000000004",
        ),
    )


def test_what_is_sent_again_has_the_id_that_it_had() -> None:
    (event,) = recorded("message-text-redelivered")
    again = event | {"deliveryContext": {"isRedelivery": True}}
    first, second = line().parse({}, body_of(event, again)).events
    assert first == second


@pytest.mark.parametrize("timestamp", [None, "1795222803000", 1.5, True, 0, -1, 10**15, 10**30])
def test_a_time_that_cannot_be_is_none(timestamp: Any) -> None:
    (event,) = recorded("message-text")
    (read,) = line().parse({}, body_of(event | {"timestamp": timestamp})).events
    assert read.at is None


@pytest.mark.parametrize(("text", "code"), [("ab", ""), ("123", ""), ("あab1", ""), ("a-1", "a-1"), ("a" * 65, "")])
def test_only_a_text_that_could_be_a_code_is_one(text: str, code: str) -> None:
    (event,) = recorded("message-text")
    (read,) = line().parse({}, body_of(event | {"message": {"type": "text", "text": text}})).events
    assert (read.action, read.code) == (Said(text), code)


def test_the_words_on_a_sticker_are_no_code() -> None:
    (event,) = recorded("message-sticker")
    (read,) = line().parse({}, body_of(event | {"message": event["message"] | {"text": "code"}})).events
    assert (read.action, read.code) == (Sent("sticker"), "")


def test_a_start_without_a_code_of_the_right_form_still_opens_the_chat() -> None:
    (event,) = recorded("postback-start")
    (read,) = line().parse({}, body_of(event | {"postback": {"data": "start:あ"}})).events
    assert (read.action, read.code) == (Opened(), "")


def test_a_text_changed_in_the_chat_with_the_bot_is_answered_kindly() -> None:
    (event,) = recorded("messageEdited")
    assert meant(event | {"source": {"type": "user", "userId": OWNER}}) == [Sent("edited")]


def test_a_kind_of_message_that_line_may_add_is_answered_like_a_file() -> None:
    (event,) = recorded("message-sticker")
    assert meant(event | {"message": {"type": "hologram", "id": "1"}}) == [Sent("other")]


def test_a_sticker_of_a_kind_that_line_may_add_is_a_sticker() -> None:
    (event,) = recorded("message-sticker")
    event["message"]["stickerResourceType"] = "HOLOGRAM"
    assert meant(event) == [Sent("sticker")]


def test_a_kind_of_event_that_line_may_add_means_nothing() -> None:
    assert meant(recorded("follow")[0] | {"type": "things"}) == []


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        {},
        {"type": "message"},
        recorded("message-text")[0] | {"source": None},
        recorded("message-text")[0] | {"source": {"type": "user"}},
        recorded("message-text")[0] | {"source": {"type": "user", "userId": "U" * 201}},
        recorded("message-text")[0] | {"source": {"type": "user", "userId": "う"}},
        recorded("message-text")[0] | {"webhookEventId": "0" * 101},
        recorded("message-text")[0] | {"webhookEventId": ""},
        recorded("message-text")[0] | {"message": None},
        recorded("postback")[0] | {"postback": {"data": 1}},
        recorded("join-group")[0] | {"source": {"type": "group", "roomId": ROOM}},
    ],
)
def test_an_event_that_is_not_as_it_should_be_takes_no_other_with_it(odd: Any) -> None:
    assert meant(odd, *recorded("follow"), odd) == [Opened()]


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"{", b"[]", b"1", b"null", b"{}", b'{"events": {}}', b"[" * 100_000, b'{"events": 1' + b"0" * 5000],
)
def test_a_body_that_line_never_sends_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        line().parse({}, body)


ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(sorted(EVENT_TYPES)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
EVENTS = [event for name in MEANT for event in recorded(name)]


@st.composite
def distorted(draw: Callable[[Any], Any], value: Any) -> Any:
    """A value with parts of it left out or put in place by anything."""
    if draw(st.integers(0, 9)) == 0:
        return draw(ANY_JSON)
    if isinstance(value, dict):
        return {key: draw(distorted(inner)) for key, inner in value.items() if draw(st.integers(0, 19))}
    return value


def check_sound(event: Event) -> None:
    assert re.fullmatch(r"[!-~]{1,100}", event.id)
    assert re.fullmatch(r"[!-~]{1,200}", event.address)
    assert re.fullmatch(r"[\w-]{0,64}", event.code, re.ASCII)
    assert len(event.reply) <= 200
    assert event.at is None or event.at.tzinfo is None


@REPEATABLE
@given(st.lists(st.sampled_from(EVENTS).flatmap(distorted), max_size=4))
def test_distorted_events_give_sound_ones_or_none(events: list[Any]) -> None:
    for event in line_read(body_of(*events)):
        check_sound(event)


@REPEATABLE
@given(ANY_JSON | st.fixed_dictionaries({"events": ANY_JSON | st.lists(ANY_JSON)}))
def test_any_json_gives_sound_events_or_is_unreadable(body: Any) -> None:
    for event in line_read(json.dumps(body).encode()):
        check_sound(event)


@REPEATABLE
@given(st.binary(max_size=200))
def test_any_bytes_give_no_event_or_are_unreadable(body: bytes) -> None:
    assert line_read(body) == ()


READER = line()


def line_read(body: bytes) -> tuple[Event, ...]:
    try:
        return READER.parse({}, body).events
    except Unreadable:
        return ()


def test_the_page_on_line_tells_what_happens_to_every_payload() -> None:
    page = (Path(__file__).parents[1] / "docs" / "line.md").read_text("utf-8")
    section = page.split("## What happens to what arrives")[1].split("\n## ")[0]
    rows = [row.strip("|").split("|") for row in section.splitlines() if row.startswith("| ")][1:]
    told = {name: does for _, does, names in rows for name in re.findall(r"`(.+?)`", names)}
    assert set(told) == set(MEANT)
    assert {name for name, does in told.items() if does.strip().startswith("nothing")} == {
        name for name, events in MEANT.items() if not events
    }


# ---------------------------------------------------------------- screens


def turn(*steps: Action | int) -> tuple[Message, ...]:
    """What is answered last to an owner who does this from the start; a number is a tap on that choice."""
    record = Record("abcdef")
    messages: tuple[Message, ...] = ()
    for step in steps:
        action = presses.decode(messages[-1].buttons[step].press) if isinstance(step, int) else step
        assert action
        led = advance(CONTENT, record, action, lambda effect: None)
        record, messages = led.record, led.messages
    return messages


def question(id: str) -> Message:
    """A question of the check as it is asked."""
    owner = samples.owner(CONTENT, "low", "banso")
    return preview._asked(CONTENT, owner, id)


def result() -> tuple[Message, ...]:
    """What is said at the end of a check."""
    said = samples.owner(CONTENT, "low", "banso", again=True).says[-5:]
    return *(_message(say) for say in said), next_question()


def next_question() -> Message:
    asked = CONTENT.phrases.asks["next-full"]
    return Message(asked.text, "one", tuple(Button(c.label, f"c:{c.value[1:]}") for c in asked.choices))


def _message(say: Any) -> Message:
    if not say.picture:
        return Message(CONTENT.phrases.say(say.phrase, **say.values), buttons=say.buttons)
    kind, token, alt = say.picture
    return Message(picture=Picture(kind, token, CONTENT.phrases.say(alt, **say.values)), buttons=say.buttons)


SCREENS: dict[str, Callable[[], Sequence[Message]]] = {
    "greeting": lambda: turn(Opened()),
    "one-choice": lambda: [question("q4.net")],
    "many-ticked": lambda: turn(Opened(), 0, 2, 3),
    "prefectures": lambda: [question("prefecture")],
    "text": lambda: [question("vision")],
    "result": result,
    "menu": lambda: turn(Opened(), 0, Command("menu")),
    "address-in-text": lambda: [
        Message("相談先\nhttps://www.example.jp/desk\nどうぞ。", buttons=(Button("結果", url="/r/x"),))
    ],
}


@pytest.mark.parametrize("name", sorted(SCREENS))
def test_a_screen_is_rendered_to_the_letter(name: str, request: pytest.FixtureRequest) -> None:
    """After a change of the rendering: pytest tests/test_line.py --write-transcripts, and read the difference."""
    rendered = json.dumps(line().render(SCREENS[name](), ""), ensure_ascii=False, indent=1) + "\n"
    path = RENDERED / f"{name}.json"
    if request.config.getoption("write_transcripts"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(rendered, encoding="utf-8")
    assert rendered == path.read_text(encoding="utf-8")


def test_nothing_is_written_of_screens_that_are_not() -> None:
    assert {path.stem for path in RENDERED.glob("*.json")} == set(SCREENS)


class Collecting(preview._Chat):
    """Takes the place of the chat page, and keeps what it would show."""

    def __init__(self) -> None:
        super().__init__()
        self.turns_shown: list[tuple[Message, ...]] = []

    def show(self, *messages: Message) -> Markup:
        self.turns_shown.append(messages)
        return Markup()


def all_screens() -> list[Sequence[Message]]:
    chat, pieces = Collecting(), list(written())
    for screens in (
        preview._questions(CONTENT, chat),
        preview._asks(CONTENT, chat, pieces),
        preview._says(CONTENT, chat, pieces),
        preview._buttons(chat, pieces),
        preview._advice(CONTENT, chat),
    ):
        assert list(screens)
    talks = [[_message(say) for say in talk()] for talk in samples.talks(CONTENT)]
    return [*chat.turns_shown, *talks, *(screen() for screen in SCREENS.values())]


def test_every_screen_there_is_says_all_and_keeps_every_limit() -> None:
    screens = all_screens()
    assert len(screens) > 300
    for messages in screens:
        check(messages, line().render(messages, ""))
        check(messages, line("http://127.0.0.1:8000").render(messages, ""), "http://127.0.0.1:8000")


LETTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"))
WORDS = st.text(LETTERS, min_size=1, max_size=20).filter(str.strip)
LABELS = st.text(LETTERS, min_size=1, max_size=LINE.label).filter(
    lambda label: label.strip() and utf16(label) <= 2 * LINE.label
)
TEXTS = st.lists(
    WORDS | st.sampled_from(["", "https://www.example.jp/a?b=c", "くわしくは http://example.jp/ へ"]), max_size=6
).map("\n".join)
PRESSES = st.text(st.sampled_from("abc:.,-_/0123"), min_size=1, max_size=64)
TAPS = st.builds(
    Button,
    LABELS,
    PRESSES,
    hint=st.just("") | WORDS,
    group=st.sampled_from(["", "東", "西", "南"]),
    picked=st.booleans(),
)
LINKS = st.builds(Button, LABELS, url=st.sampled_from(["/r/token", "/notice", "https://www.example.jp/"]))
SIDES = st.lists(st.builds(Button, LABELS, PRESSES), max_size=4).map(tuple)
QUESTIONS = st.builds(
    Message,
    TEXTS.filter(str.strip),
    st.sampled_from(["one", "many", "text"]),
    st.lists(TAPS, max_size=24).map(tuple),
    done=st.none() | st.builds(Button, LABELS, PRESSES),
    none=st.none() | st.builds(Button, LABELS, PRESSES),
    limit=st.integers(0, 3),
    left=st.none() | st.integers(0, 45),
    total=st.integers(1, 46),
    side=SIDES,
)
SAYS = st.builds(Message, TEXTS, buttons=st.lists(LINKS, max_size=3).map(tuple), side=SIDES)
PICTURES = st.builds(
    Message, picture=st.builds(Picture, st.just("share"), WORDS, WORDS), buttons=st.lists(LINKS, max_size=2).map(tuple)
)


@settings(REPEATABLE, max_examples=60)
@given(st.lists(SAYS | QUESTIONS | PICTURES, max_size=8))
def test_whatever_is_said_is_said_whole_and_within_every_limit(messages: list[Message]) -> None:
    check(messages, line().render(messages, ""))


@settings(REPEATABLE, max_examples=40)
@given(st.integers(0, 130), st.sampled_from(["one", "many"]), st.sampled_from(["", "説明" * 20]), st.integers(1, 40))
def test_however_many_choices_there_are_none_is_lost(count: int, kind: str, hint: str, size: int) -> None:
    buttons = tuple(Button(f"答え{n}", f"a:{n}", hint=hint, group=str(n // size)) for n in range(count))
    message = Message(
        "どれですか。", kind, buttons, done=Button("決定", "d"), none=Button("ない", "n"), left=3, total=9
    )
    parts = line().render([message], "")
    check([message], parts)
    assert len(parts[0]["messages"]) <= LINE.messages


@settings(REPEATABLE, max_examples=30)
@given(st.integers(1, 30), st.booleans())
def test_a_long_text_is_parted_and_not_cut(thousands: int, tapped: bool) -> None:
    text = "".join(f"{n}番目の文です。" for n in range(thousands * 120))
    parts = line().render([Message(text, buttons=(Button("結果", url="/r/token"),) if tapped else ())], "")
    check([Message(text)], parts)
    assert [node["uri"] for node in nodes(parts) if "uri" in node] == [f"{ADDRESS}/r/token"] * tapped
    assert not any("番号で" in text for text in texts_in(parts))


# ---------------------------------------------------------------- what is checked of a rendering


def check(messages: Sequence[Message], parts: list[Part], address: str = ADDRESS) -> None:
    check_limits(parts)
    words = squeezed("".join(texts_in(parts)))
    for message in messages:
        check_said(message, parts, words, address)


def check_said(message: Message, parts: list[Part], words: str, address: str) -> None:
    assert squeezed(message.text) in words
    if message.left is not None and message.text.strip():
        assert squeezed(CONTENT.phrases.say("shown.left", left=message.left)) in words
    if message.picture and not address.startswith("https:"):
        assert squeezed(message.picture.alt) in words
    elif message.picture:
        assert f"{address}/p/{message.picture.kind}.png" in [n.get("originalContentUrl") for n in nodes(parts)]
    for button in (*message.buttons, *message.side, *(end for end in (message.done, message.none) if end)):
        check_button(button, parts, words, address)
    if message.kind == "many":
        assert words.count("☑") + words.count("☐") >= len(message.buttons)


def check_button(button: Button, parts: list[Part], words: str, address: str) -> None:
    carried = {node.get("data") or node.get("uri") for node in nodes(parts)}
    wanted = address + button.url if button.url.startswith("/") else button.url or button.press
    # A calendar file is for the phone's own browser, which hands it on.
    wanted += "?openExternalBrowser=1" if wanted.endswith(".ics") else ""
    numbered = squeezed(CONTENT.phrases.say("shown.numbered")) in words
    assert wanted in carried or numbered
    assert squeezed(button.label) in words
    assert squeezed(button.hint) in words
    assert squeezed(button.group) in words


def check_limits(parts: list[Part]) -> None:
    """The limits of the Messaging API reference, and what LINE's library would drop without a word."""
    objects = [node for part in parts for node in part["messages"]]
    assert not any("quickReply" in node for node in objects[:-1])
    for part in parts:
        assert 1 <= len(part["messages"]) <= 5
        assert all(messaging.Message.from_dict(node).to_dict() == node for node in part["messages"])
    for node in objects:
        check_object(node)
    for node in nodes(objects):
        check_node(node)


def check_object(node: dict[str, Any]) -> None:
    match node["type"]:
        case "text":
            assert node["text"].strip()
            assert utf16(node["text"]) <= 5000
        case "image":
            assert node["originalContentUrl"].startswith("https://")
        case "flex":
            assert node["altText"].strip()
            assert utf16(node["altText"]) <= 1500
            assert len(json.dumps(node["contents"])) <= 50_000
    assert len(node.get("quickReply", {}).get("items", [])) <= 13


def check_node(node: dict[str, Any]) -> None:
    match node.get("type"):
        case "bubble":
            assert len(json.dumps(node)) <= 30_000
        case "carousel":
            assert len(node["contents"]) <= 12
            assert len({bubble["size"] for bubble in node["contents"]}) == 1
        case "text":
            assert node["text"].strip()
        case "box":
            assert node["contents"]
        case "postback" | "uri":
            assert utf16(node.get("label", "")) <= 20
            assert 1 <= len(node.get("data", "-")) <= 300
            assert utf16(node.get("displayText", "")) <= 300
            assert len(node.get("uri", "")) <= 1000


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Everything in a rendering, from the outside inwards."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(inner)


def texts_in(value: Any) -> Iterator[str]:
    """What can be read, in order; the labels of quick replies among it."""
    for node in nodes(value):
        if node.get("type") == "text":
            yield node["text"]
        elif "label" in node:
            yield node["label"]


def squeezed(text: str) -> str:
    """A text without its spaces, at which it may have been parted."""
    return "".join(text.split())


# ---------------------------------------------------------------- what a rendering is to an owner


def sizes_of(parts: list[Part], text: str) -> set[str]:
    return {
        node["size"] for node in nodes(parts) if node.get("type") == "text" and text in node["text"] and "size" in node
    }


def test_questions_and_buttons_are_large_and_grow_with_the_letters_of_the_phone() -> None:
    parts = line().render([question("q4.net")], "")
    assert sizes_of(parts, "あてはまる") == {"lg"}
    assert sizes_of(parts, "あと") == {"md"}
    shown = [node for node in nodes(parts) if node.get("type") == "text"]
    assert all(node["scaling"] and node["wrap"] for node in shown)


def test_every_choice_is_a_button_over_the_whole_width() -> None:
    (flexed,) = line().render([question("q4.net")], "")[0]["messages"]
    boxes = [node for node in nodes(flexed["contents"]) if node.get("type") == "box" and "action" in node]
    assert [box["action"]["displayText"] for box in boxes] == [
        "あてはまる",
        "ややあてはまる",
        "あまりあてはまらない",
        "あてはまらない",
    ]
    assert {box["layout"] for box in boxes} == {"vertical"}


def test_the_way_out_stands_below_the_last_message_only() -> None:
    first, last = line().render([question("q4.net"), question("q4.net")], "")[0]["messages"]
    assert [item["action"]["displayText"] for item in last["quickReply"]["items"]] == [
        "戻る",
        "あとで続ける",
        "メニュー",
    ]
    assert "quickReply" not in first
    assert {"戻る", "あとで続ける", "メニュー"} <= set(texts_in(first))


def test_a_label_too_long_for_a_quick_reply_becomes_a_button() -> None:
    side = (Button("戻る", "c:back"), Button("🙂" * 11, "c:smile"))
    (shown,) = line().render([Message("どうしますか。", "one", (Button("はい", "a"),), side=side)], "")[0]["messages"]
    assert [item["action"]["data"] for item in shown["quickReply"]["items"]] == ["c:back"]
    assert "🙂" * 11 in texts_in(shown["contents"])


def test_prefectures_stand_in_few_bubbles_of_about_the_same_height() -> None:
    asked, choices = line().render([question("prefecture")], "")[0]["messages"]
    assert "どの都道府県" in "".join(texts_in(asked["contents"]))
    heights = [sum("action" in node for node in nodes(bubble)) for bubble in choices["contents"]["contents"]]
    assert heights == [7, 7, 9, 7, 9, 8]


def test_a_large_group_is_parted_evenly_and_a_few_choices_need_no_carousel() -> None:
    large = [Button(str(n), f"a:{n}", group="甲" if n < 13 else "乙") for n in range(20)]
    assert [len(page) for page in flex._pages(large)] == [6, 7, 7]
    assert flex._pages(large[8:16]) == [large[8:16]]
    assert [len(page) for page in flex._pages([replace(button, group="") for button in large])] == [20]


def test_a_tick_shows_what_is_picked_and_is_not_said_when_tapped() -> None:
    parts = line().render(turn(Opened(), 0, 2), "")
    assert "☑ 財務の改善" in texts_in(parts)
    assert "☐ 経営の改善" in texts_in(parts)
    assert not any("☑" in node.get("displayText", "") for node in nodes(parts))


def test_a_calendar_file_is_opened_outside_of_lines_own_browser() -> None:
    links = [Button("ファイル", url="/b/token.ics"), Button("ページ", url="/b/token")]
    shown = nodes(line().render([Message("どうぞ。", buttons=tuple(links))], ""))
    found = [node["uri"] for node in shown if "uri" in node]
    assert found == [f"{ADDRESS}/b/token.ics?openExternalBrowser=1", f"{ADDRESS}/b/token"]


def test_an_address_in_a_bubble_can_be_tapped() -> None:
    parts = line().render(SCREENS["address-in-text"](), "")
    (tapped,) = [node for node in nodes(parts) if node.get("text") == "https://www.example.jp/desk"]
    assert tapped["action"] == {"type": "uri", "uri": "https://www.example.jp/desk"}


def test_a_question_answered_in_words_alone_is_a_text_message() -> None:
    assert line().render([Message("お名前は?", "text", left=0, total=5)], "") == [
        {"messages": [{"type": "text", "text": "最後の質問です\nお名前は?"}]}
    ]


def test_a_picture_without_https_is_told_in_words() -> None:
    message = Message(picture=Picture("share", "t", "占有率は50%です。"))
    assert line("http://127.0.0.1:8000").render([message], "") == [
        {"messages": [{"type": "text", "text": "占有率は50%です。"}]}
    ]


def test_too_many_choices_become_a_list_to_answer_by_number() -> None:
    buttons = tuple(Button(f"答え{n}", f"a:{n}") for n in range(1, 98))
    shown, ends = line().render([Message("どれですか。", "one", buttons, none=Button("ない", "n"))], "")[0]["messages"]
    assert "\n97. 答え97\n" in shown["text"]
    assert shown["text"].endswith("番号でお答えください。")
    assert list(texts_in(ends)) == ["ない"]


def test_plain_texts_are_joined_so_that_one_free_reply_holds_them_all() -> None:
    says = [Message(f"{n}つ目です。") for n in range(7)]
    (part,) = line().render([*says, question("prefecture")], "")
    assert len(part["messages"]) == 5


def test_more_than_one_request_holds_goes_into_several() -> None:
    pictures = [Message(picture=Picture("share", "t", "図")) for _ in range(6)]
    assert [len(part["messages"]) for part in line().render(pictures, "")] == [5, 1]


def test_nothing_to_say_makes_no_request() -> None:
    assert line().render([Message(), Message(" \n")], "") == []


def test_every_colour_is_one_of_the_look() -> None:
    parts = [line().render(screen(), "") for screen in SCREENS.values()]
    colours = {value for node in nodes(parts) for key, value in node.items() if key.endswith(("olor", "Color"))}
    look = flex.LOOK
    assert colours == {look.ink, look.soft_ink, look.paper, look.indigo, f"{look.indigo}14"}


def test_the_stand_in_has_nothing_against_any_screen() -> None:
    held, problems = standin.loaded(), list[str]()
    schema = {"$ref": "#/components/schemas/PushMessageRequest"}
    for messages in all_screens():
        for part in line().render(messages, ""):
            held.check_line(schema, {**part, "to": OWNER}, "body", problems)
            held.check_line_limits(part, "body", problems)
    assert problems == []


# ---------------------------------------------------------------- what is sent


class Server(ThreadingHTTPServer):
    """Plays LINE: gives its answers one after another, the last one over and over, and keeps what it was asked."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, *answers: Any) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(body)

    def do_GET(self) -> None:
        self.answer(None)

    def answer(self, body: Any) -> None:
        self.server.asked.append((self.path, {key.lower(): value for key, value in self.headers.items()}, body))
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer == "reset":
            self.connection.shutdown(socket.SHUT_RDWR)
        elif answer == "silence":
            self.server.over.wait()
        else:
            self.give(*answer)

    def give(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for key, value in (
            {"Content-Type": "application/json", "Content-Length": str(len(data))} | (headers or {})
        ).items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serving(*answers: Any) -> Iterator[Server]:
    with Server(*answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


SENT = (200, {"sentMessages": [{"id": "1", "quoteToken": "q"}]})
KEY = uuid.UUID("123e4567-e89b-12d3-a456-426614174000")
PUSH, REPLY = Sending(OWNER, KEY), Sending(OWNER, KEY, reply="token")
AGAIN = replace(REPLY, again=True)
PART: Part = {"messages": [{"type": "text", "text": "こんにちは"}]}
USED = (400, {"message": "Invalid reply token"})


async def started(platform: Line, act: Callable[[Line], Any]) -> Any:
    await platform.start()
    try:
        # Longer than any limit that tests set, shorter than the library's own.
        async with asyncio.timeout(20):
            return await act(platform)
    finally:
        await platform.stop()


def ask(server: Server, act: Callable[[Line], Any]) -> Any:
    return asyncio.run(started(line(api=server.url, time_limit=0.2 if "silence" in server.answers else 10), act))


def send(sending: Sending, *answers: Any, part: Part = PART) -> int:
    with serving(*answers) as server:
        cost: int = ask(server, lambda platform: platform.send(part, sending))
        return cost


def test_a_reply_goes_with_its_token_and_without_a_key_and_is_free() -> None:
    with serving(SENT) as server:
        assert ask(server, lambda platform: platform.send(PART, REPLY)) == 0
    ((path, headers, body),) = server.asked
    assert path == "/v2/bot/message/reply"
    assert body == {**PART, "replyToken": "token"}
    assert headers["authorization"] == "Bearer a channel token"
    assert "x-line-retry-key" not in headers


def test_a_push_goes_to_the_address_with_its_key_and_costs_one() -> None:
    with serving(SENT) as server:
        assert ask(server, lambda platform: platform.send(PART, PUSH)) == 1
    ((path, headers, body),) = server.asked
    assert path == "/v2/bot/message/push"
    assert body == {**PART, "to": OWNER}
    assert headers["x-line-retry-key"] == str(KEY)


@pytest.mark.parametrize("name", sorted(SCREENS))
def test_what_is_rendered_arrives_whole(name: str) -> None:
    (part,) = line().render(SCREENS[name](), "")
    with serving(SENT) as server:
        ask(server, lambda platform: platform.send(part, PUSH))
    assert server.asked[0][2]["messages"] == part["messages"]


def test_a_key_that_line_has_taken_before_counts_as_sent() -> None:
    assert send(PUSH, (409, {"message": "The retry key is already accepted"})) == 1


def test_a_token_used_up_by_an_attempt_of_which_nothing_was_heard_counts_as_sent() -> None:
    assert send(AGAIN, USED) == 0


@pytest.mark.parametrize(
    ("sending", "answer"),
    [
        (REPLY, USED),
        (AGAIN, (400, {"message": "The request body has 1 error(s)"})),
        (REPLY, (401, {"message": "Authentication failed"})),
        (REPLY, (429, {"message": "The API rate limit has been exceeded. Try again later."})),
        (REPLY, (500, {"message": "The server is temporarily unavailable"})),
        (AGAIN, (503, b"<html>")),
    ],
)
def test_a_reply_that_is_refused_goes_on_without_its_token(sending: Sending, answer: Any) -> None:
    with pytest.raises(Unusable):
        send(sending, answer)


@pytest.mark.parametrize("sending", [REPLY, AGAIN, PUSH])
@pytest.mark.parametrize("answer", ["reset", "silence", (200, b"\xff"), (500, b"\xff")])
def test_where_no_answer_can_be_read_nobody_knows(sending: Sending, answer: Any) -> None:
    with pytest.raises(Unanswered):
        send(sending, answer)


@pytest.mark.parametrize("sending", [REPLY, PUSH])
def test_without_a_connection_nothing_was_taken_and_it_is_tried_later(sending: Sending) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        platform = line(api=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(Busy):
            asyncio.run(started(platform, lambda platform: platform.send(PART, sending)))


def test_a_request_ends_before_its_claim_does() -> None:
    assert inspect.signature(Line).parameters["time_limit"].default < Line.sending_seconds


@pytest.mark.parametrize(("header", "after"), [({"Retry-After": "7"}, 7), ({}, None), ({"Retry-After": "soon"}, None)])
def test_a_busy_line_says_when_to_come_again(header: dict[str, str], after: float | None) -> None:
    with pytest.raises(Busy) as busy:
        send(PUSH, (429, {"message": "The API rate limit has been exceeded. Try again later."}, header))
    assert busy.value.after == after


def test_at_the_end_of_the_monthly_quota_nothing_helps() -> None:
    with pytest.raises(Refused, match="429 You have reached your monthly limit"):
        send(PUSH, (429, {"message": "You have reached your monthly limit."}))


@pytest.mark.parametrize(
    "message", ["Failed to send messages", "The property, 'to', in the request body is invalid (line: -, column: -)"]
)
def test_a_contact_that_line_does_not_know_is_gone(message: str) -> None:
    with pytest.raises(Gone):
        send(PUSH, (400, {"message": message}))


def test_a_failure_names_status_and_reason_but_nobody() -> None:
    with pytest.raises(Refused) as refused:
        send(PUSH, (403, {"message": f"{OWNER} may not be reached"}))
    assert str(refused.value) == "403 … may not be reached"
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


@pytest.mark.parametrize("status", range(100, 600))
def test_every_status_has_its_meaning(status: int) -> None:
    kind = type(failure(ApiException(status=status)))
    if status == 429:
        assert kind is Busy
    elif 400 <= status < 500:
        assert kind is Refused
    else:
        assert kind is Unanswered


def subclasses(kind: type[BaseException]) -> set[type[BaseException]]:
    return {kind}.union(*(subclasses(below) for below in kind.__subclasses__()))


# What the library and its transport can raise, and what it means; who is above them means the same unless told here.
MEANINGS: dict[type[BaseException], type[Exception]] = {
    exceptions.OpenApiException: Refused,
    ApiException: Unanswered,
    aiohttp.ClientError: Unanswered,
    aiohttp.ClientConnectorError: Busy,
    TimeoutError: Unanswered,
    ConnectionResetError: Unanswered,
    ValueError: Unanswered,
}


def made(kind: Any) -> Exception:
    """An exception of this kind; an answer of LINE's without a status, which never was one."""
    error: Exception = kind(reason="none") if issubclass(kind, ApiException) else kind.__new__(kind)
    return error


def test_every_exception_of_the_library_and_its_transport_has_its_meaning() -> None:
    own = {kind for _, kind in inspect.getmembers(exceptions, inspect.isclass) if issubclass(kind, Exception)}
    raised = own | subclasses(aiohttp.ClientError) | {TimeoutError, ConnectionResetError, UnicodeDecodeError}
    for kind in raised:
        error = made(kind)
        nearest = next(above for above in kind.__mro__ if above in MEANINGS)
        assert type(failure(error)) is MEANINGS[nearest], kind


# ---------------------------------------------------------------- what else is asked of LINE


def test_while_an_answer_is_made_an_owner_sees_that_it_is() -> None:
    with serving((202, {})) as server:
        ask(server, lambda platform: platform.waiting(OWNER))
    ((path, _, body),) = server.asked
    assert path == "/v2/bot/chat/loading/start"
    assert body == {"chatId": OWNER, "loadingSeconds": 20}


def test_a_group_sees_no_animation() -> None:
    with serving((202, {})) as server:
        ask(server, lambda platform: platform.waiting(GROUP))
    assert server.asked == []


@pytest.mark.parametrize("answer", ["reset", "silence", (400, {"message": "no"}), (500, b"\xff"), (202, b"{")])
def test_an_animation_that_fails_is_nobodys_concern(answer: Any) -> None:
    with serving(answer) as server:
        ask(server, lambda platform: platform.waiting(OWNER))
    assert len(server.asked) == 1


BOT_INFO = {"userId": "U", "basicId": "@216ru", "displayName": "伴走", "chatMode": "bot", "markAsReadMode": "auto"}


def test_an_invitation_opens_the_chat_with_the_code_and_the_name_is_asked_for_once() -> None:
    async def invite_twice(platform: Line) -> list[str | None]:
        return [await platform.invitation(code) for code in ("k7", "a/b")]

    with serving((500, {}), (200, BOT_INFO)) as server:
        assert ask(server, lambda platform: platform.invitation("k7")) is None
        invitations = ask(server, invite_twice)
    assert invitations == ["https://line.me/R/oaMessage/%40216ru/?k7", "https://line.me/R/oaMessage/%40216ru/?a%2Fb"]
    assert [path for path, _, _ in server.asked] == ["/v2/bot/info"] * 2


def test_stopping_what_was_never_started_is_nothing() -> None:
    asyncio.run(line().stop())
