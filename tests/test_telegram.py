"""Telegram: what arrives and what it means, how messages look there, and what becomes of what is sent."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from contextlib import suppress
from copy import deepcopy
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from email.parser import BytesParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import httpx
import pytest
import telegram
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from starlette.datastructures import Headers
from telegram.constants import MessageAttachmentType

from bot import preview
from bot.pictures import Pictures
from bot.platforms import failures
from bot.platforms.fitting import ABREAST, utf16
from bot.platforms.platform import Platform, Sending, Unreadable
from bot.platforms.telegram import CONTENT, Telegram, failure
from bot.turn import Event
from dialogs import presses
from dialogs.content import packaged
from dialogs.events import Action, Command, Invited, Left, Opened, Picked, Said, Sent, Tapped, Toggled
from dialogs.messages import Button, File, Message, Picture
from tests import standin
from tests.answers import REPEATABLE, full
from tests.serving import settings_for
from tests.test_engine import Owner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bot.platforms.platform import Files, Part

PAYLOADS = Path(__file__).with_name("payloads") / "telegram"
RENDERED = PAYLOADS / "rendered"
DOCS = Path(__file__).parents[1] / "docs" / "telegram.md"

PUBLIC_URL = "https://banso.example"
SETTINGS = settings_for(PUBLIC_URL, telegram_bot_token="6000000001:made_up", telegram_webhook_secret="a-made-up-secret")
SECRET = "X-Telegram-Bot-Api-Secret-Token"
NOW = datetime(2026, 12, 1, 1, 0)  # noqa: DTZ001 - UTC without zone, as the database keeps it
PNG = b"\x89PNG made up"
ICS = b"BEGIN:VCALENDAR"
FILE = File("ics", "token", 2)

OWNER, GROUP = "5000000001", "-1001000000001"


class Drawn(Pictures):
    """Pictures that are there already, or (None) of a result that is gone."""

    def __init__(self, png: bytes | None = PNG) -> None:
        self.drawn = png

    async def file(self, picture: Picture) -> tuple[bytes, str] | None:
        return (self.drawn, "image/png") if self.drawn else None


class Server:
    """Telegram's end of the line: notes what is asked of it, and answers as told, in the end with a success."""

    def __init__(self, *answers: Exception | tuple[int, Any]) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        method = request.url.path.rpartition("/")[2]
        assert str(request.url).startswith("https://api.telegram.org/bot6000000001:made_up/")
        self.calls.append((method, fields(request)))
        answer = self.answers.pop(0) if self.answers else (200, {"ok": True, "result": result(method)})
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        return httpx.Response(status, content=body if isinstance(body, bytes) else json.dumps(body).encode())


def fields(request: httpx.Request) -> dict[str, Any]:
    """The parameters of a call, as Telegram reads them."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart"):
        found: dict[str, Any] = dict(parse_qsl(request.content.decode()))
    else:
        whole: Any = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + request.content)
        parts = {part.get_param("name", header="content-disposition"): part for part in whole.get_payload()}
        found = {name: part.get_payload(decode=True) for name, part in parts.items()}
        found = {name: value if parts[name].get_filename() else value.decode() for name, value in found.items()}
    return {name: unpacked(value) for name, value in found.items()}


def unpacked(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value[:1] in "[{" else value


def result(method: str) -> Any:
    """What a call gives where all goes well."""
    bot = {"id": 6000000001, "is_bot": True, "first_name": "伴走", "username": "banso_example_bot"}
    if method == "getMe":
        return bot
    if method in ("answerCallbackQuery", "sendChatAction"):
        return True
    return {"message_id": 1, "date": 0, "chat": {"id": int(OWNER), "type": "private"}, "from": bot, "text": "…"}


def platform(server: Server | None = None, png: bytes | None = PNG, files: Files = lambda file: ICS) -> Telegram:
    transport = httpx.MockTransport(server or Server())
    return Telegram(SETTINGS, PUBLIC_URL, Drawn(png), packaged().phrases, transport, files)


PLAIN = platform()


def test_telegram_is_a_platform() -> None:
    filled_in: Platform = PLAIN
    assert filled_in.channel == "telegram"


# ---------------------------------------------------------------- who it comes from


def test_the_secret_that_was_agreed_on_is_authentic() -> None:
    assert PLAIN.authentic(Headers({SECRET: "a-made-up-secret"}), b"{}", NOW)


@pytest.mark.parametrize("given", [{}, {SECRET: ""}, {SECRET: "another"}, {SECRET: "a-made-up-secret "}, {SECRET: "é"}])
def test_no_other_secret_is_authentic(given: dict[str, str]) -> None:
    assert not PLAIN.authentic(Headers(given), b"{}", NOW)


def test_without_a_secret_of_ours_nothing_is_authentic() -> None:
    open_door = Telegram(settings_for(PUBLIC_URL, telegram_bot_token="1:a"), PUBLIC_URL, Drawn(), packaged().phrases)
    assert not open_door.authentic(Headers({SECRET: ""}), b"{}", NOW)


# ---------------------------------------------------------------- what arrives


def parsed(body: Any) -> tuple[Event, ...]:
    return PLAIN.parse(Headers({}), json.dumps(body).encode()).events


def bodies(name: str) -> list[dict[str, Any]]:
    """The updates of a payload file, which holds one or several."""
    held = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return held if isinstance(held, list) else [held]


def means(action: Action, address: str = OWNER, at: datetime | None = NOW, code: str = "", reply: str = "") -> Event:
    return Event("", "telegram", "bot", address, action, at, code, reply)


def pressed(action: Action, message: int = 0, toggle: bool = False) -> Event:
    reply = {"query": "4382000000000000001", "message": message, "toggle": toggle}
    return means(action, at=None, reply=json.dumps(reply, separators=(",", ":")))


def names(text: str) -> list[str]:
    return text.split()


LATER = NOW + timedelta(seconds=30)
# What each payload means; those that mean nothing are named below.
MEANT = {
    "message.text": means(Said("はい、だいたい当てはまります😊")),
    "message.reply": means(Said("これのことです")),
    "message.forwarded": means(Said("補助金の締切は来月です")),
    "message.start": means(Opened()),
    "message.start-code": means(Opened(), code="CODE_2026-a"),
    "message.command": means(Command("menu")),
    "message.command-at": means(Command("help")),
    "message.command-check": means(Command("resume")),
    "message.command-unknown": means(Command("unknown")),
    "message.sticker": means(Sent("sticker")),
    "message.photo": means(Sent("picture")),
    "message.photo-album": means(Sent("picture")),
    "message.live_photo": means(Sent("picture")),
    "message.voice": means(Sent("voice")),
    "message.audio": means(Sent("voice")),
    "message.video_note": means(Sent("voice")),
    "message.document": means(Sent("file")),
    "message.location": means(Sent("place")),
    "message.venue": means(Sent("place")),
    "message.animation": means(Sent("other")),
    "message.video": means(Sent("other")),
    "message.contact": means(Sent("other")),
    "message.dice": means(Sent("other")),
    "message.game": means(Sent("other")),
    "message.poll": means(Sent("other")),
    "message.story": means(Sent("other")),
    "message.checklist": means(Sent("other")),
    "message.paid_media": means(Sent("other")),
    "message.giveaway": means(Sent("other")),
    "message.giveaway_winners": means(Sent("other")),
    "message.invoice": means(Sent("other")),
    "message.passport_data": means(Sent("other")),
    "message.rich_message": means(Sent("other")),
    "edited_message.text": means(Sent("edited"), at=LATER),
    "callback_query.choice": pressed(Tapped("7c3f1a.1", "q4.net", "4"), 40),
    "callback_query.tick": pressed(Toggled("7c3f1a.1", "q3", "sales"), 40, toggle=True),
    "callback_query.done": pressed(Picked("7c3f1a.1", "q3"), 40),
    "callback_query.command": pressed(Command("back", "7c3f1a.1:q4.net"), 40),
    "callback_query.foreign": pressed(Command("unknown"), 40),
    "callback_query.inaccessible": pressed(Toggled("7c3f1a.1", "q3", "sales"), 12, toggle=True),
    "callback_query.inline": pressed(Command("menu")),
    "my_chat_member.blocked": means(Left()),
    "my_chat_member.unblocked": means(Opened()),
    "my_chat_member.added": means(Invited(), GROUP),
    "my_chat_member.added-administrator": means(Invited(), GROUP),
    "my_chat_member.removed": means(Left(), GROUP),
}
NOTHING = names("""
    message.service message.group message.bot edited_message.location callback_query.game callback_query.group
    my_chat_member.promoted my_chat_member.channel channel_post edited_channel_post business_connection business_message
    edited_business_message deleted_business_messages guest_message message_reaction message_reaction_count inline_query
    chosen_inline_result shipping_query pre_checkout_query purchased_paid_media poll poll_answer chat_member
    chat_join_request chat_boost removed_chat_boost managed_bot
""")
FILES = sorted(path.stem for path in PAYLOADS.glob("*.json"))

# The kinds of updates in Bot API 10.1, and what a message may have.
UPDATES = names("""
    message edited_message channel_post edited_channel_post business_connection business_message edited_business_message
    deleted_business_messages guest_message message_reaction message_reaction_count inline_query chosen_inline_result
    callback_query shipping_query pre_checkout_query purchased_paid_media poll poll_answer my_chat_member chat_member
    chat_join_request chat_boost removed_chat_boost managed_bot
""")
HELD = names("""
    text rich_message animation audio document live_photo paid_media photo sticker story video video_note voice
    checklist contact dice game poll venue location invoice giveaway giveaway_winners passport_data
""")
SERVICE = names("""
    new_chat_members left_chat_member chat_owner_left chat_owner_changed new_chat_title new_chat_photo delete_chat_photo
    group_chat_created supergroup_chat_created channel_chat_created message_auto_delete_timer_changed migrate_to_chat_id
    migrate_from_chat_id pinned_message successful_payment refunded_payment users_shared chat_shared gift unique_gift
    gift_upgrade_sent connected_website write_access_allowed proximity_alert_triggered boost_added chat_background_set
    checklist_tasks_done checklist_tasks_added direct_message_price_changed forum_topic_created forum_topic_edited
    forum_topic_closed forum_topic_reopened general_forum_topic_hidden general_forum_topic_unhidden giveaway_created
    giveaway_completed managed_bot_created paid_message_price_changed poll_option_added poll_option_deleted
    suggested_post_approved suggested_post_approval_failed suggested_post_declined suggested_post_paid
    suggested_post_refunded video_chat_scheduled video_chat_started video_chat_ended video_chat_participants_invited
    web_app_data
""")
ABOUT = names("""
    message_id message_thread_id direct_messages_topic from sender_chat sender_boost_count sender_business_bot
    sender_tag date guest_query_id business_connection_id chat forward_origin is_topic_message is_automatic_forward
    reply_to_message external_reply quote reply_to_story reply_to_checklist_task_id reply_to_poll_option_id via_bot
    guest_bot_caller_user guest_bot_caller_chat edit_date has_protected_content is_from_offline is_paid_post
    media_group_id author_signature paid_star_count entities link_preview_options suggested_post_info effect_id caption
    caption_entities show_caption_above_media has_media_spoiler reply_markup
""")


@pytest.mark.parametrize("name", FILES)
def test_a_payload_means_what_the_table_says(name: str) -> None:
    meant = (MEANT[name],) if name in MEANT else ()
    for body in bodies(name):
        assert tuple(replace(event, id="") for event in parsed(body)) == meant


def test_every_payload_is_in_the_table_once() -> None:
    assert sorted([*MEANT, *NOTHING]) == FILES


def test_there_is_a_payload_for_every_kind_of_update() -> None:
    assert {name.split(".")[0] for name in FILES} == set(UPDATES)


def test_there_is_a_payload_for_everything_that_a_message_may_hold() -> None:
    assert {name.removeprefix("message.") for name in FILES} >= set(HELD)
    assert set(HELD) == {"text", *CONTENT}
    assert [
        next(field for field in SERVICE if field in body["message"]) for body in bodies("message.service")
    ] == SERVICE


def test_the_library_knows_no_more_than_the_lists_do() -> None:
    assert set(UPDATES) == set(telegram.Update.ALL_TYPES)
    assert set(MessageAttachmentType) <= {*HELD, *SERVICE}
    assert {"from" if name == "from_user" else name for name in telegram.Message.__slots__ if name[0] != "_"} <= {
        *(*HELD, *SERVICE, *ABOUT)
    }


def test_the_docs_tell_of_every_payload_once() -> None:
    section = DOCS.read_text(encoding="utf-8").partition("## What happens to what arrives\n")[2].partition("\n## ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| ")][1:]
    told = [(row[2].strip(), name) for row in rows for name in re.findall(r"`(.+?)`", row[3])]
    assert sorted(name for _, name in told) == FILES
    assert {name for does, name in told if does == "nothing"} == set(NOTHING)


def test_an_events_id_is_that_of_the_update() -> None:
    for name in MEANT:
        for body in bodies(name):
            assert "album" in name or [event.id for event in parsed(body)] == [str(body["update_id"])]


def test_the_photos_of_an_album_are_one_event() -> None:
    first, second = (parsed(body)[0] for body in bodies("message.photo-album"))
    assert first.id == second.id == f"{OWNER}:13900000000000001"


def written(text: str) -> dict[str, Any]:
    body = bodies("message.text")[0]
    return body | {"message": body["message"] | {"text": text}}


@pytest.mark.parametrize(
    ("text", "action", "code"),
    [
        ("/start", Opened(), ""),
        ("/START", Opened(), ""),
        ("/start  a_B-9 ", Opened(), "a_B-9"),
        (f"/start {'x' * 64}", Opened(), "x" * 64),
        (f"/start {'x' * 65}", Opened(), ""),
        ("/start two words", Opened(), ""),
        ("/start コード", Opened(), ""),
        ("/startle", Command("unknown"), ""),
        ("/back", Command("back"), ""),
        ("/forward はまべ工業 株式会社", Command("forward", "はまべ工業 株式会社"), ""),
        ("/resume", Command("resume"), ""),
        ("/Answers please", Command("answers"), ""),
        ("/check@banso_example_bot", Command("resume"), ""),
        ("/メニュー", Said("/メニュー"), ""),
        ("/", Said("/"), ""),
        ("/home/hanako", Said("/home/hanako"), ""),
        ("売上/利益", Said("売上/利益"), ""),
        (" はい\n", Said(" はい\n"), ""),
    ],
)
def test_a_typed_text_is_a_command_only_where_it_is_written_as_one(text: str, action: Action, code: str) -> None:
    (event,) = parsed(written(text))
    assert (event.action, event.code) == (action, code)


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"1", b"null", b'"{}"', b"\xff", b"[" * 100_000, b"{" * 100_000])
def test_what_is_no_object_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        PLAIN.parse(Headers({}), body)


@pytest.mark.parametrize(
    ("field", "odd"),
    [("date", None), ("date", "soon"), ("date", 10**20), ("date", -(10**20)), ("photo", 1), ("reply_to_message", [1])],
)
def test_an_odd_field_costs_nobody_their_words(field: str, odd: Any) -> None:
    body = written("はい")
    body["message"][field] = odd
    (event,) = parsed(body)
    assert (event.action, event.at) == (Said("はい"), None)


@pytest.mark.parametrize(
    "change",
    [
        {"update_id": 10**100},
        {"update_id": "7"},
        {"update_id": True},
        {"message": {"chat": {"id": 10**200, "type": "private"}}},
        {"message": {"chat": {"id": "5", "type": "private"}}},
        {"message": {"chat": {"id": 5, "type": "sender"}}},
        {"message": {"text": ["はい"]}},
        {"message": {"text": ""}},
    ],
)
def test_what_nothing_real_has_is_no_event(change: dict[str, Any]) -> None:
    body = written("はい")
    nested = {key: body[key] | value if isinstance(value, dict) else value for key, value in change.items()}
    assert parsed(body | nested) == ()


def test_a_tick_of_which_no_message_is_known_changes_none() -> None:
    body = bodies("callback_query.inline")[0]
    (event,) = parsed(body | {"callback_query": body["callback_query"] | {"data": "t:7c3f1a.1:q3:sales"}})
    assert json.loads(event.reply)["toggle"] is False


def test_who_was_not_away_is_not_welcomed_back() -> None:
    body = bodies("my_chat_member.unblocked")[0]
    assert parsed(body | {"my_chat_member": body["my_chat_member"] | {"old_chat_member": {"status": "left"}}}) == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(UPDATES) | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)
EVERY = [bodies(name)[0] for name in FILES]
ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    10**30,
    1e300,
    "",
    "private",
    "\ud800\0",
    "x" * 300,
    [],
    [[]],
    {},
    {"id": {}},
    [{"id": 1}],
]


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where there is something in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, held in inner:
        yield (*path, key)
        yield from places(held, (*path, key))


@st.composite
def odd_update(draw: st.DrawFn) -> Any:
    """An update as published, but for some fields that are missing or of another kind."""
    body = deepcopy(draw(st.sampled_from(EVERY)))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(list(places(body)) or [("x",)]))
        holder = body
        for key in way:
            holder = holder[key]
        if draw(st.booleans()):
            holder[last] = deepcopy(draw(st.sampled_from(ODD)))
        else:
            del holder[last]
        if not body:
            break
    return body


def holds(events: Sequence[Event]) -> None:
    assert len(events) <= 1
    for event in events:
        assert 0 < len(event.id) <= 100
        assert 0 < len(event.address) <= 200
        assert re.fullmatch(r"[A-Za-z0-9_-]{0,64}", event.code)
        assert event.at is None or event.at.tzinfo is None
        assert not event.reply or set(json.loads(event.reply)) == {"query", "message", "toggle"}


@REPEATABLE
@given(st.binary(max_size=200))
def test_any_bytes_are_unreadable_or_mean_nothing(body: bytes) -> None:
    with suppress(Unreadable):
        assert PLAIN.parse(Headers({}), body).events == ()


@REPEATABLE
@given(st.dictionaries(st.sampled_from(["update_id", *UPDATES]), JSON, max_size=4))
def test_any_object_is_read(body: dict[str, Any]) -> None:
    holds(parsed(body))


@REPEATABLE
@given(odd_update())
def test_any_update_with_odd_fields_is_read(body: Any) -> None:
    holds(parsed(body))


# ---------------------------------------------------------------- what is shown


def typical() -> dict[str, tuple[Message, ...]]:
    """Screens as an owner meets them, by name."""
    owner, answers = Owner(), full({"sales": "urgent", "finance": "some"})
    screens = {"greeting": owner.act(Opened()).messages}
    while not owner.ended():
        screens[owner.asked()] = owner.turns[-1].messages
        if owner.asked() == "q3":
            values = [choice.value for choice in packaged().questionnaire.questions["q3"].choices]
            ticks = [owner.act(Toggled(owner.record.top.run, "q3", value)) for value in values[1:3]]
            screens["ticks"] = ticks[-1].messages
        owner.answer(answers[owner.asked()])
    screens["result"] = owner.turns[-1].messages
    screens["menu"] = owner.command("menu").messages
    return screens


TYPICAL = typical()
SHOWN = {
    "greeting": "greeting",
    "choice": "q4.vital",
    "many": "q3",
    "ticks": "ticks",
    "prefecture": "prefecture",
    "text": "vision",
    "result": "result",
    "menu": "menu",
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_typical_screen_looks_as_it_is_written(name: str, request: pytest.FixtureRequest) -> None:
    """To write them anew: --write-transcripts."""
    parts = PLAIN.render(TYPICAL[SHOWN[name]], "")
    path = RENDERED / f"{name}.json"
    if request.config.getoption("write_transcripts"):
        path.write_text(json.dumps(parts, ensure_ascii=False, indent=1, default=asdict) + "\n", encoding="utf-8")
    assert json.loads(json.dumps(parts, default=asdict)) == json.loads(path.read_text(encoding="utf-8"))


def test_every_rendering_is_of_a_typical_screen() -> None:
    assert sorted(path.stem for path in RENDERED.iterdir()) == sorted(SHOWN)


class Recorder(preview._Chat):
    """Notes the messages that the preview shows."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[tuple[Message, ...]] = []

    def show(self, *messages: Message) -> Markup:
        self.shown.append(messages)
        return super().show(*messages)


def every_screen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Message, ...]]:
    """All that the preview has, and what owners meet on the way through the check."""
    recorder = Recorder()
    monkeypatch.setattr(preview, "_Chat", lambda: recorder)
    preview._sections(packaged())
    assert len(recorder.shown) > 100
    return [*recorder.shown, *TYPICAL.values()]


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def told(parts: Sequence[Part]) -> str:
    """All that these requests have to read, without the white space at which texts are parted."""
    return squeezed("".join(part.get("text", "") + part.get("caption", "") for part in parts))


def keys(parts: Sequence[Part]) -> list[dict[str, str]]:
    keyboards = [part["reply_markup"]["inline_keyboard"] for part in parts if "reply_markup" in part]
    return [key for keyboard in keyboards for row in keyboard for key in row]


def nothing_is_lost(messages: Sequence[Message], parts: Sequence[Part]) -> None:
    read, tapped = told(parts), keys(parts)
    for message in messages:
        assert squeezed(message.text) in read
        assert not message.picture or squeezed(message.picture.alt) in read
        assert not message.file or message.file in [part.get("document") for part in parts]
        ends = [button for button in (message.done, message.none) if button]
        for button in (*message.buttons, *ends, *message.side):
            assert squeezed(button.hint) in read
            assert squeezed(button.group) in read
            address = f"{PUBLIC_URL}{button.url}" if button.url.startswith("/") else button.url
            mine = [key for key in tapped if key["text"].endswith(button.label)]
            listed = squeezed(button.label + address) in read and button in message.buttons
            assert listed or any(key.get("callback_data", key.get("url")) == (button.press or address) for key in mine)


def limits_hold(parts: Sequence[Part]) -> None:
    for part in parts:
        bare = part["method"] in ("editMessageReplyMarkup", "sendDocument")
        assert ("text" in part) + ("caption" in part) + bare == 1
        assert part.get("text", "-").strip()
        assert part.get("caption", "-").strip()
        assert utf16(part.get("text", "")) <= 4096
        assert utf16(part.get("caption", "")) <= 1024
        markup = part.get("reply_markup", {"inline_keyboard": [[]]})
        assert len(json.dumps(markup)) <= 10_000
        # Words have three buttons in a row at the most, bare numbers more.
        assert all(
            len(row) <= (ABREAST if all(key["text"].isdecimal() for key in row) else 3)
            for row in markup["inline_keyboard"]
        )
    tapped = keys(parts)
    assert all(("url" in key) + ("callback_data" in key) == 1 and key["text"].strip() for key in tapped)
    assert all(1 <= len(key.get("callback_data", "-").encode()) <= 64 for key in tapped)
    assert all(key.get("url", "https://").startswith("https://") for key in tapped)
    assert all(len(keys([part])) <= 100 for part in parts)


def test_every_screen_is_shown_whole_and_within_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for messages in every_screen(monkeypatch):
        parts = PLAIN.render(messages, "")
        nothing_is_lost(messages, parts)
        limits_hold(parts)


WORDS = st.text("あア漢𠮷😊aZ1 。、\n!?", min_size=1, max_size=40).map(lambda text: f"本{text}文")
LONG = st.builds(lambda words, times: words * times, WORDS, st.integers(1, 260))
LABEL = st.text("あ漢a1😊", min_size=1, max_size=30)
PRESS = st.builds(lambda value: presses.encode(Tapped("abcdef.12", "q4.net", value)), st.text("abc1", max_size=20))
GROUPS = st.sampled_from(["", "北", "南"])
ENDS = st.builds(Button, LABEL, PRESS, hint=st.just("") | WORDS)
TAPS = st.builds(Button, LABEL, PRESS, hint=st.just("") | WORDS, group=GROUPS, picked=st.booleans())
LINKS = st.builds(Button, LABEL, url=st.sampled_from(["/r/token", "https://example.jp/a"]))
PICTURES = st.builds(Picture, st.just("share"), st.just("token"), LONG)


@st.composite
def any_message(draw: st.DrawFn) -> Message:
    kind = draw(st.sampled_from(["say", "one", "many", "text"]))
    count = draw(st.sampled_from([0, 1, 7, 9, 47, 99, 101]))
    button = TAPS | LINKS if kind == "say" else TAPS
    return Message(
        text=draw(LONG | st.just("")),
        kind=kind,
        buttons=tuple(draw(st.lists(button, min_size=min(count, 9), max_size=9)) * 12)[:count],
        done=draw(ENDS) if kind == "many" else None,
        none=draw(st.none() | ENDS),
        limit=draw(st.integers(0, 3)),
        left=draw(st.none() | st.integers(0, 30)),
        side=tuple(draw(st.lists(ENDS, max_size=3))),
        picture=draw(st.none() | PICTURES),
        file=draw(st.none() | st.just(FILE)),
    )


@REPEATABLE
@given(st.lists(any_message(), min_size=1, max_size=4))
def test_any_messages_are_shown_whole_and_within_the_limits(messages: list[Message]) -> None:
    parts = PLAIN.render(messages, "")
    nothing_is_lost(messages, parts)
    limits_hold(parts)


def test_words_before_a_question_come_in_one_message_with_it() -> None:
    button = Button("はい", "a:abcdef.1:x:1")
    (part,) = PLAIN.render([Message("一。"), Message("二。"), Message("三か。", "one", (button,), left=2)], "")
    assert part["text"] == "一。\n\n二。\n\n三か。\n\nあと2問"
    assert part["reply_markup"] == {"inline_keyboard": [[{"text": "はい", "callback_data": button.press}]]}


def test_words_that_fit_in_no_one_message_come_in_several() -> None:
    parts = PLAIN.render([Message("あ" * 4000), Message("い" * 4000)], "")
    assert [len(part["text"]) for part in parts] == [4000, 4000]


def test_a_long_text_has_its_buttons_at_its_end() -> None:
    parts = PLAIN.render([Message("文。" * 3000, "one", (Button("はい", "a:abcdef.1:x:1"),))], "")
    assert [bool(keys([part])) for part in parts] == [False, True]


def test_each_choice_has_a_row_of_its_own_as_long_as_they_are_few() -> None:
    assert [len(row) for row in rows_of("q4.vital")] == [1, 1, 1, 1, 3]


def test_many_short_choices_share_rows_but_not_across_groups() -> None:
    rows = rows_of("prefecture")
    groups = {choice.label: choice.group for choice in packaged().questionnaire.questions["prefecture"].choices}
    assert max(map(len, rows)) == 3
    assert all(len({groups[label] for label in row}) == 1 for row in rows[:-1])
    assert [label for row in rows[:-1] for label in row] == list(groups)


def rows_of(id: str) -> list[list[str]]:
    (part,) = PLAIN.render(TYPICAL[id][-1:], "")
    return [[key["text"] for key in row] for row in part["reply_markup"]["inline_keyboard"]]


def test_more_choices_than_telegram_takes_become_a_list_to_answer_by_number() -> None:
    buttons = tuple(Button(f"地域{n}", f"a:abcdef.1:x:{n}", picked=n == 3) for n in range(1, 102))
    (part,) = PLAIN.render([Message("どこですか。", "many", buttons, done=Button("決定", "d:abcdef.1:x"))], "")
    assert "3. ✓ 地域3\n4. ☐ 地域4\n" in part["text"]
    assert packaged().phrases.say("shown.numbered") in part["text"]
    assert [key["text"] for key in keys([part])] == ["決定"]


def test_buttons_without_words_get_some() -> None:
    (part,) = PLAIN.render([Message(buttons=(Button("もう一度", "c:start"),))], "")
    assert part["text"] == packaged().phrases.say("shown.choose")


def test_a_picture_without_words_gets_some() -> None:
    (part,) = PLAIN.render([Message(picture=Picture("share", "token", ""))], "")
    assert part["caption"] == packaged().phrases.say("shown.picture")


def test_no_part_of_a_long_text_is_blank() -> None:
    parts = PLAIN.render([Message(f"{'あ' * 4096}\n{' ' * 4096}\nい")], "")
    assert [part["text"] for part in parts] == ["あ" * 4096, "い"]


def test_no_message_shows_a_preview_of_its_links() -> None:
    (part,) = PLAIN.render([Message("https://example.jp")], "")
    assert part["link_preview_options"] == {"is_disabled": True}


# ---------------------------------------------------------------- ticks


TICK = json.dumps({"query": "77", "message": 12, "toggle": True})
NO_TICK = json.dumps({"query": "77", "message": 12, "toggle": False})


def test_a_tick_changes_the_keyboard_where_it_stands() -> None:
    (part,) = PLAIN.render(TYPICAL["ticks"], TICK)
    assert (part["method"], part["message_id"]) == ("editMessageReplyMarkup", 12)
    assert [key["text"][0] for key in keys([part])][:4] == ["☐", "✓", "✓", "☐"]
    limits_hold([part])


@pytest.mark.parametrize(
    ("messages", "reply"),
    [
        (TYPICAL["ticks"], NO_TICK),
        (TYPICAL["ticks"], ""),
        ((Message("3つまでです。"), *TYPICAL["ticks"]), TICK),
        ((*TYPICAL["ticks"], Message("3つまでです。")), TICK),
        (TYPICAL["q4.vital"], TICK),
    ],
)
def test_any_other_answer_is_a_message_of_its_own(messages: Sequence[Message], reply: str) -> None:
    assert {part["method"] for part in PLAIN.render(messages, reply)} == {"sendMessage"}


# ---------------------------------------------------------------- what is sent


def sent(part: Part, server: Server, reply: str = "", png: bytes | None = PNG) -> list[tuple[str, dict[str, Any]]]:
    """What sending a part asks of Telegram."""
    assert asyncio.run(platform(server, png).send(part, Sending(OWNER, uuid.UUID(int=1), reply))) == 0
    return server.calls


QUESTION = {
    "method": "sendMessage",
    "text": "はい?",
    "reply_markup": {"inline_keyboard": [[{"text": "A", "url": "b"}]]},
}
EDIT = {"method": "editMessageReplyMarkup", "message_id": 12, "reply_markup": {"inline_keyboard": []}}
PHOTO: Part = {"method": "sendPhoto", "photo": Picture("share", "token", "割合"), "caption": "割合"}


def test_a_message_is_sent_as_it_was_rendered() -> None:
    for parts in (PLAIN.render(messages, "") for messages in TYPICAL.values()):
        for part in (part for part in parts if part["method"] == "sendMessage"):
            expected = {key: value for key, value in part.items() if key != "method"}
            assert sent(part, Server()) == [("sendMessage", expected | {"chat_id": OWNER})]


def test_a_picture_is_sent_as_a_file() -> None:
    expected = {"chat_id": OWNER, "caption": "割合", "photo": PNG}
    assert sent(PHOTO, Server()) == [("sendPhoto", expected)]


def test_of_a_picture_that_is_gone_its_words_are_sent() -> None:
    ((method, given),) = sent(PHOTO, Server(), png=None)
    assert (method, given["text"]) == ("sendMessage", "割合")


BRINGING: Part = {"method": "sendDocument", "document": FILE}


def brought(
    server: Server, files: Files = lambda file: ICS, *, again: bool = False
) -> list[tuple[str, dict[str, Any]]]:
    """What sending a file asks of Telegram."""
    sending = Sending(OWNER, uuid.UUID(int=1), again=again)
    assert asyncio.run(platform(server, files=files).send(BRINGING, sending)) == 0
    return server.calls


def test_a_file_follows_the_text_and_its_buttons() -> None:
    shown = PLAIN.render([Message("決まりました。", buttons=(Button("見る", url="/b/token"),), file=FILE)], "")
    assert [part["method"] for part in shown] == ["sendMessage", "sendDocument"]
    assert shown[1] == BRINGING


def test_a_file_is_sent_as_it_stands() -> None:
    assert brought(Server()) == [("sendDocument", {"chat_id": OWNER, "document": ICS})]


def test_a_file_that_can_not_be_made_holds_up_nothing() -> None:
    def broken(file: File) -> bytes:
        raise RuntimeError

    assert brought(Server(), broken) == []
    assert brought(Server(), lambda file: None) == []


def test_a_file_that_is_refused_or_twice_unanswered_is_let_go() -> None:
    assert len(brought(Server(refused("file must be non-empty")))) == 1
    assert len(brought(Server(httpx.ReadTimeout("")), again=True)) == 1
    with pytest.raises(failures.Unanswered):
        brought(Server(httpx.ReadTimeout("")))
    with pytest.raises(failures.Gone):
        brought(Server(refused("chat not found")), again=True)
    with pytest.raises(failures.Busy):
        brought(Server((429, {"parameters": {"retry_after": 7}})), again=True)


def test_a_pressed_button_is_told_first_that_it_was_heard() -> None:
    calls = sent(EDIT, Server(), TICK)
    assert [method for method, _ in calls] == ["answerCallbackQuery", "editMessageReplyMarkup"]
    assert calls[0][1] == {"callback_query_id": "77"}
    assert calls[1][1] == {"chat_id": OWNER, "message_id": "12", "reply_markup": {"inline_keyboard": []}}


@pytest.mark.parametrize("answer", [httpx.ReadTimeout(""), (400, {"description": "Bad Request: query is too old"})])
def test_a_button_that_waits_no_longer_is_no_matter(answer: Any) -> None:
    assert [method for method, _ in sent(QUESTION, Server(answer), NO_TICK)][1:] == ["sendMessage"]


def refused(description: str, **parameters: int) -> tuple[int, dict[str, Any]]:
    more = {"parameters": parameters} if parameters else {}
    return 400, {"ok": False, "error_code": 400, "description": f"Bad Request: {description}"} | more


def test_a_keyboard_that_is_so_already_counts_as_changed() -> None:
    same = "message is not modified: specified new message content and reply markup are exactly the same as a current"
    assert len(sent(EDIT, Server(refused(same)))) == 1


@pytest.mark.parametrize("why", ["message can't be edited", "message to edit not found", "MESSAGE_ID_INVALID"])
def test_a_message_that_can_not_be_changed_is_sent_anew(why: str) -> None:
    with pytest.raises(failures.Unusable):
        sent(EDIT, Server(refused(why)))


FAILED: list[tuple[Exception | tuple[int, Any], type[failures.Failure]]] = [
    (refused("chat not found"), failures.Gone),
    (refused("user not found"), failures.Gone),
    (refused("PEER_ID_INVALID"), failures.Gone),
    (refused("have no rights to send a message"), failures.Gone),
    (refused("not enough rights to send text messages to the chat"), failures.Gone),
    (refused("group chat was upgraded to a supergroup chat", migrate_to_chat_id=-100), failures.Gone),
    (refused("message text is empty"), failures.Refused),
    (refused("message is too long"), failures.Refused),
    (refused("reply markup is too long"), failures.Refused),
    ((400, b"<html>"), failures.Refused),
    ((401, {"ok": False, "description": "Unauthorized"}), failures.Busy),
    ((403, {"ok": False, "description": "Forbidden: bot was blocked by the user"}), failures.Gone),
    ((403, {"ok": False, "description": "Forbidden: user is deactivated"}), failures.Gone),
    ((404, {"ok": False, "description": "Not Found"}), failures.Busy),
    ((409, {"ok": False, "description": "Conflict: terminated by other long poll"}), failures.Busy),
    ((413, b"<html>"), failures.Unanswered),
    ((429, {"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": 7}}), failures.Busy),
    ((500, {"ok": False, "description": "Internal Server Error"}), failures.Unanswered),
    ((502, b"<html>Bad Gateway"), failures.Unanswered),
    ((503, b""), failures.Unanswered),
    ((200, b"<html>Please log in"), failures.Unanswered),
    ((200, {"ok": True}), failures.Unanswered),
    ((302, b""), failures.Unanswered),
    (httpx.ConnectError("refused"), failures.Unanswered),
    (httpx.ConnectTimeout("slow"), failures.Unanswered),
    (httpx.ReadTimeout("slow"), failures.Unanswered),
    (httpx.WriteTimeout("slow"), failures.Unanswered),
    (httpx.PoolTimeout("full"), failures.Unanswered),
    (httpx.ReadError("reset"), failures.Unanswered),
    (httpx.RemoteProtocolError("half an answer"), failures.Unanswered),
    (RuntimeError("a defect below"), failures.Unanswered),
]


@pytest.mark.parametrize(("answer", "meant"), FAILED)
def test_what_telegram_answers_is_told_as_a_failure(answer: Any, meant: type[failures.Failure]) -> None:
    with pytest.raises(failures.Failure) as failed:
        sent(QUESTION, Server(answer))
    assert type(failed.value) is meant
    # What a log would tell of its cause may quote the message.
    assert failed.value.__suppress_context__
    assert failed.value.__cause__ is None


def test_any_other_status_leaves_open_what_became_of_the_message() -> None:
    named = {answer[0] for answer, _ in FAILED if isinstance(answer, tuple)}
    for status in set(range(300, 600)) - named:
        with pytest.raises(failures.Unanswered):
            sent(QUESTION, Server((status, {"ok": False})))


def test_telegram_may_say_for_how_long_to_wait() -> None:
    with pytest.raises(failures.Busy) as failed:
        sent(QUESTION, Server((429, {"parameters": {"retry_after": 7}})))
    assert failed.value.after == 7


ERRORS: dict[Callable[[], telegram.error.TelegramError], type[failures.Failure]] = {
    lambda: telegram.error.BadRequest("message text is empty"): failures.Refused,
    lambda: telegram.error.ChatMigrated(-1001000000009): failures.Gone,
    lambda: telegram.error.Conflict("two of us"): failures.Busy,
    lambda: telegram.error.EndPointNotFound("no such method"): failures.Busy,
    lambda: telegram.error.Forbidden("bot was blocked by the user"): failures.Gone,
    lambda: telegram.error.InvalidToken(): failures.Busy,
    lambda: telegram.error.NetworkError("reset"): failures.Unanswered,
    lambda: telegram.error.PassportDecryptionError("never asked for"): failures.Unanswered,
    lambda: telegram.error.RetryAfter(3): failures.Busy,
    lambda: telegram.error.TelegramError("anything else"): failures.Unanswered,
    lambda: telegram.error.TimedOut(): failures.Unanswered,
}


def test_every_error_of_the_library_is_told_as_a_failure() -> None:
    assert {type(make()).__name__ for make in ERRORS} == set(telegram.error.__all__)
    for make, meant in ERRORS.items():
        assert type(failure(make())) is meant


def test_a_failures_words_hold_nothing_of_the_message() -> None:
    url = f"inline keyboard button URL '{PUBLIC_URL}/r/token' is invalid: Wrong HTTP URL for chat {OWNER}"
    assert str(failure(telegram.error.BadRequest(url))) == (
        "BadRequest: inline keyboard button URL … is invalid: Wrong HTTP URL for chat …"
    )
    assert str(failure(RuntimeError("on 'Hanako: yes'"))) == "RuntimeError: on …"
    assert "token" not in str(failure(telegram.error.NetworkError(f"no answer from {PUBLIC_URL}/bottoken")))


def test_an_answer_that_is_no_json_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(failures.Unanswered):
        sent(QUESTION, Server((200, b"Hanako said yes")))
    assert "Hanako" not in caplog.text


def test_the_token_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        sent(QUESTION, Server())
    assert "made_up" not in caplog.text


def test_no_request_is_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr("bot.platforms.telegram.SECONDS", 0.001)
    silent = Telegram(SETTINGS, PUBLIC_URL, Drawn(), packaged().phrases, httpx.MockTransport(never))
    with pytest.raises(failures.Unanswered):
        asyncio.run(silent.send(QUESTION, Sending(OWNER, uuid.UUID(int=1), NO_TICK)))
    asyncio.run(silent.waiting(OWNER))
    assert asyncio.run(silent.invitation("CODE")) is None


@pytest.mark.parametrize("answers", [(), (httpx.ReadTimeout(""),), ((403, {}),), (RuntimeError(),)])
def test_that_an_answer_is_on_its_way_is_shown_where_that_works(answers: tuple[Any, ...]) -> None:
    server = Server(*answers)
    asyncio.run(platform(server).waiting(OWNER))
    assert server.calls == [("sendChatAction", {"chat_id": OWNER, "action": "typing"})]


def test_an_invitation_opens_the_bot_with_the_code() -> None:
    server = Server(httpx.ConnectError(""))
    bot = platform(server)
    invited = [asyncio.run(bot.invitation(code)) for code in ("one", "two", "three")]
    # The name is asked for until it is known, and then no more.
    assert invited == [None, "https://t.me/banso_example_bot?start=two", "https://t.me/banso_example_bot?start=three"]
    assert len(server.calls) == 2


def test_once_stopped_it_can_be_started_again() -> None:
    bot = platform()

    async def stopped_and_started() -> int:
        await bot.start()
        await bot.stop()
        with pytest.raises(failures.Unanswered):
            await bot.send(QUESTION, Sending(OWNER, uuid.UUID(int=1)))
        await bot.start()
        return await bot.send(QUESTION, Sending(OWNER, uuid.UUID(int=1)))

    assert asyncio.run(stopped_and_started()) == 0


# ---------------------------------------------------------------- as published


@pytest.fixture(scope="module")
def published() -> Any:
    """What holds requests and updates against the published description; it is no part of the product."""
    return standin.loaded()


def test_the_payloads_are_as_published(published: Any) -> None:
    for name in FILES:
        for body in bodies(name):
            problems: list[str] = []
            published.check_telegram(["Update"], body, name, problems)
            assert problems == []


def test_the_lists_are_as_published(published: Any) -> None:
    kinds = [field["name"] for field in published.TELEGRAM["types"]["Update"]["fields"]]
    assert sorted(kinds) == sorted(["update_id", *UPDATES])
    held = [field["name"] for field in published.TELEGRAM["types"]["Message"]["fields"]]
    assert sorted(held) == sorted([*HELD, *SERVICE, *ABOUT])


def test_the_requests_are_as_published(published: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [part for messages in every_screen(monkeypatch) for part in PLAIN.render(messages, "")]
    parts += [*PLAIN.render(TYPICAL["ticks"], TICK), *PLAIN.render([Message("決まりました。", file=FILE)], "")]
    for part in parts:
        files = {key: made for key, made in (("photo", PNG), ("document", ICS)) if key in part}
        ready = part | {"chat_id": OWNER} | files
        assert published.telegram_call(ready.pop("method"), ready) == []
