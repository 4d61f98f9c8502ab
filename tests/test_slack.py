"""Slack: what arrives, how messages look, and what becomes of those that are sent."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import re
import uuid
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from slack_sdk import errors
from slack_sdk.models.blocks import Block
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from starlette.datastructures import Headers

from bot import samples
from bot.pictures import Pictures
from bot.platforms import blocks, slack
from bot.platforms.failures import Busy, Failure, Gone, Refused, Unanswered, Unusable
from bot.platforms.platform import Arrived, Files, Part, Place, Sending, Unreadable, no_files
from bot.platforms.slack import ERRORS, Slack, failure_of
from bot.settings import Settings
from bot.turn import Event
from dialogs import presses
from dialogs.content import packaged
from dialogs.engine import advance
from dialogs.events import Action, Command, Invited, Opened, Picked, Said, Sent, Tapped, Toggled
from dialogs.messages import Button, File, Message, Picture
from dialogs.record import Frame, Record
from tests import standin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

ROOT = Path(__file__).parents[1]
PAYLOADS = Path(__file__).with_name("payloads") / "slack"
RENDERED = PAYLOADS / "rendered"

CONTENT = packaged()
SECRET = "a signing secret"
NOW = datetime(2026, 12, 1, 1, 0)  # noqa: DTZ001 - UTC without zone, as everywhere
OWNER, CHANNEL, DIRECT, SHOWN = "U0OWNER01", "C0GENERAL", "D0OWNERDM", "1796086800.000100"
# The desk's channel, and who stands for a thread in it.
DESK, THREAD = "C0DESK001", "C0DESK001:1796086700.000100"
KEY = uuid.UUID("5f0c2f7e-0000-4000-8000-00000000000f")

# The Events API's event types and the subtypes of messages: https://docs.slack.dev/reference/events and …/message,
# checked 2026-11-21. The last two have left it, but Slack's own type definitions still name them.
EVENTS = """
    agent_session_stopped agent_session_title_changed app_context_changed app_deleted app_home_opened app_installed
    app_mention app_rate_limited app_requested app_uninstalled app_uninstalled_team assistant_thread_context_changed
    assistant_thread_started call_rejected channel_archive channel_created channel_deleted channel_history_changed
    channel_id_changed channel_left channel_rename channel_shared channel_unarchive channel_unshared dnd_updated
    dnd_updated_user email_domain_changed emoji_changed entity_comments_requested entity_details_requested file_change
    file_comment_deleted file_created file_deleted file_public file_shared file_unshared function_executed
    grid_migration_finished grid_migration_started group_archive group_close group_deleted group_history_changed
    group_left group_open group_rename group_unarchive im_close im_created im_history_changed im_open invite_requested
    link_shared member_joined_channel member_left_channel message message_metadata_deleted message_metadata_posted
    message_metadata_updated pin_added pin_removed reaction_added reaction_removed shared_channel_invite_accepted
    shared_channel_invite_approved shared_channel_invite_declined shared_channel_invite_received
    shared_channel_invite_requested star_added star_removed subteam_created subteam_members_changed subteam_self_added
    subteam_self_removed subteam_updated team_access_granted team_access_revoked team_domain_change team_join
    team_rename tokens_revoked url_verification user_change user_connection user_huddle_changed user_profile_changed
    user_status_changed workflow_deleted workflow_published workflow_step_deleted workflow_step_execute
    workflow_unpublished file_comment_added file_comment_edited
"""
SUBTYPES = """
    assistant_app_thread bot_message channel_archive channel_convert_to_private channel_convert_to_public channel_join
    channel_leave channel_name channel_posting_permissions channel_purpose channel_topic channel_unarchive
    document_mention ekm_access_denied file_comment file_mention file_share group_archive group_join group_leave
    group_name group_purpose group_topic group_unarchive me_message message_changed message_deleted message_replied
    pinned_item reminder_add reply_broadcast thread_broadcast unpinned_item
"""
# https://docs.slack.dev/reference/interaction-payloads, and those of older ways that Bolt still tells apart.
INTERACTIONS = """
    block_actions block_suggestion dialog_cancellation dialog_submission dialog_suggestion interactive_message
    message_action shortcut view_closed view_submission workflow_step_edit
"""
# The errors under https://docs.slack.dev/reference/methods/chat.postMessage and …/chat.update, checked 2026-11-21.
DOCUMENTED = """
    access_denied accesslimited account_inactive as_user_not_supported attachment_payload_limit_exceeded block_mismatch
    blocked_file_type cannot_reply_to_message cant_broadcast_message cant_update_message channel_not_found
    deprecated_endpoint draft_already_deleted draft_already_sent draft_has_conflict draft_not_found
    duplicate_channel_not_found duplicate_message_not_found edit_window_closed ekm_access_denied
    enterprise_is_restricted external_channel_migrating fatal_error file_deleted file_is_deleted file_not_found
    file_share_limit_reached internal_error invalid_arg_name invalid_arguments invalid_array_arg invalid_attachments
    invalid_auth invalid_blocks invalid_blocks_format invalid_charset invalid_form_data invalid_metadata_format
    invalid_metadata_schema invalid_post_type is_archived is_inactive markdown_text_conflict max_file_sharing_exceeded
    message_limit_exceeded message_not_found messages_tab_disabled metadata_must_be_sent_from_app metadata_too_large
    method_deprecated missing_file_data missing_post_type missing_scope msg_blocks_too_long msg_too_long
    no_dual_broadcast_content_update no_permission no_text not_allowed_token_type not_authed not_in_channel
    org_login_required posting_to_channel_denied rate_limited ratelimited request_timeout restricted_action
    restricted_action_non_threadable_channel restricted_action_read_only_channel restricted_action_thread_locked
    restricted_action_thread_only_channel service_unavailable slack_connect_blocked_file_type
    slack_connect_canvas_sharing_blocked slack_connect_clip_sharing_blocked slack_connect_file_link_sharing_blocked
    slack_connect_file_upload_sharing_blocked slack_connect_lists_sharing_blocked streaming_state_conflict
    team_access_not_granted team_added_to_org team_not_found token_expired token_revoked too_many_attachments
    too_many_contact_cards two_factor_setup_required unable_to_share_files update_failed
"""


class Shelf(Pictures):
    """Pictures at addresses that do not change; with no address where the server has none."""

    def __init__(self, base: str) -> None:
        self.base = base

    def url(self, picture: Picture) -> str | None:
        return f"{self.base}/p/{picture.kind}.png" if self.base else None


def new_slack(
    api: str = "https://slack.com/api", pictures: str = "https://banso.example", files: Files = no_files
) -> Slack:
    given = Settings(
        slack_bot_token=SecretStr("xoxb-made-up"),
        slack_signing_secret=SecretStr(SECRET),
        slack_api_url=api,
        slack_desk_channel=DESK,
    )
    return Slack(given, "https://banso.example", Shelf(pictures), CONTENT.phrases, files)


# ---------------------------------------------------------------- whether it is from Slack


def signed(body: bytes, at: datetime = NOW, secret: str = SECRET) -> Headers:
    stamp = str(int((at - datetime(1970, 1, 1)).total_seconds()))  # noqa: DTZ001 - both in UTC
    mac = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256)
    return Headers({"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={mac.hexdigest()}"})


@pytest.mark.parametrize("off", [timedelta(0), timedelta(minutes=5), -timedelta(minutes=5)])
def test_what_slack_signed_within_five_minutes_is_authentic(off: timedelta) -> None:
    body = "payload=はい".encode()
    assert new_slack().authentic(signed(body), body, NOW + off)


@pytest.mark.parametrize("off", [timedelta(minutes=5, seconds=1), -timedelta(minutes=5, seconds=1)])
def test_what_was_signed_earlier_or_later_is_not(off: timedelta) -> None:
    assert not new_slack().authentic(signed(b"{}"), b"{}", NOW + off)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (signed(b"{}"), b"{} "),
        (signed(b"{}", secret="another"), b"{}"),
        (signed(b"\xff"), b"\xff"),
        (Headers({}), b"{}"),
        (Headers({"x-slack-request-timestamp": "1796086800"}), b"{}"),
        (Headers({"x-slack-request-timestamp": "soon", "x-slack-signature": "v0="}), b"{}"),
        (Headers({"x-slack-request-timestamp": "9" * 400, "x-slack-signature": "v0="}), b"{}"),
        (Headers({"x-slack-request-timestamp": "1796086800", "x-slack-signature": "v0=\xe9"}), b"{}"),
    ],
)
def test_anything_else_is_not_authentic(headers: Headers, body: bytes) -> None:
    assert not new_slack().authentic(headers, body, NOW)


# ---------------------------------------------------------------- what arrives


def happened(id: str, address: str, action: Action, at: str = "2026-12-01T01:00:00.000100") -> Event:
    return Event(id, "slack", "bot", address, action, datetime.fromisoformat(at))


def pressed(action: Action, *, toggle: bool = False, place: bool = True) -> Event:
    reply = json.dumps({"channel": DIRECT, "ts": SHOWN, "toggle": toggle}, separators=(",", ":")) if place else ""
    at = datetime.fromisoformat("2026-12-01T01:00:01.234567")
    return Event("", "slack", "bot", OWNER, action, at, reply=reply)


def commanded(n: int, action: Action, code: str = "") -> Event:
    return Event(f"13345224609.738474920.8088930838d88f00{n:04}", "slack", "bot", OWNER, action, code=code)


def at_desk(event: Event, address: str = THREAD) -> Event:
    return replace(event, address=address, reply="", known=True)


EDITED_AT = "2026-12-01T01:01:00.000200"
# What each payload means. An event without an id is one whose id is made from what it says.
MEANT: dict[str, Event | None] = {
    "message": happened("Ev0BANSO001", OWNER, Said("はい")),
    "message-marked": happened("Ev0BANSO002", OWNER, Said("R&Dはexample.jpとtaro@example.jpへ。売上 < 1億")),
    "message-thread": happened("Ev0BANSO003", OWNER, Said("つづけます")),
    "message-empty": happened("Ev0BANSO004", OWNER, Sent("other")),
    "message-me_message": happened("Ev0BANSO010", OWNER, Said("考えています")),
    "message-thread_broadcast": happened("Ev0BANSO011", OWNER, Said("こちらにも送ります")),
    "message-file_share": happened("Ev0BANSO012", OWNER, Sent("file")),
    "message-file_share-picture": happened("Ev0BANSO013", OWNER, Sent("picture")),
    "message-file_share-voice": happened("Ev0BANSO014", OWNER, Sent("voice")),
    "message-message_changed": happened("Ev0BANSO015", OWNER, Sent("edited"), EDITED_AT),
    "app_mention": happened("Ev0BANSO020", CHANNEL, Invited()),
    "member_joined_channel": happened("Ev0BANSO022", CHANNEL, Invited(), "2026-12-01T01:00:00.000500"),
    "block_actions": pressed(Tapped("000001.1", "depth", "quick")),
    "block_actions-toggle": pressed(Toggled("000001.1", "picks", "sales"), toggle=True),
    "block_actions-done": pressed(Picked("000001.1", "picks")),
    "block_actions-command": pressed(Command("menu")),
    "block_actions-menu": pressed(Tapped("000001.1", "prefecture", "kyoto")),
    "block_actions-foreign": pressed(Command("unknown")),
    "block_actions-home": pressed(Command("start"), place=False),
    "command": commanded(1, Opened()),
    "command-start": commanded(2, Opened()),
    "command-code": commanded(3, Opened(), code="よろず-12"),
    "command-name": commanded(4, Command("menu")),
    "command-words": commanded(5, Said("インボイスの payload とは? R&D")),
    "command-check": commanded(6, Opened()),
    "command-forward": commanded(8, Command("forward", "R&D みなと食品 株式会社")),
    "command-forward-none": commanded(9, Command("forward")),
    "message-desk": at_desk(happened("Ev0BANSO030", "", Said("こんにちは。佐藤です"))),
    "message-desk-private": at_desk(happened("Ev0BANSO031", "", Said("こんにちは。佐藤です"))),
    "message-desk-file_share": at_desk(happened("Ev0BANSO032", "", Sent("file"))),
    "block_actions-desk": at_desk(pressed(Command("finish", "thread")), f"{DESK}:{SHOWN}"),
    # Nobody told us anything.
    "other-desk": None,
    "message-bot": None,
    "message-channels": None,
    "message-groups": None,
    "message-mpim": None,
    "message-app_home": None,
    "message-message_changed-preview": None,
    "message-message_changed-bot": None,
    "message-message_changed-tombstone": None,
    "message-message_deleted": None,
    "other-subtypes": None,
    "app_mention-bot": None,
    "member_joined_channel-person": None,
    "app_home_opened": None,
    "app_home_opened-home": None,
    "tokens_revoked": None,
    "app_uninstalled": None,
    "other-events": None,
    "url_verification": None,
    "app_rate_limited": None,
    "ssl_check": None,
    "block_actions-link": None,
    "other-interactions": None,
}


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def bodies(name: str) -> list[dict[str, Any]]:
    """The objects that a payload file holds; inner events stand for whole ones."""
    data = payload(name)
    if not isinstance(data, list):
        return [data]
    return data if name == "other-interactions" else [payload("message") | {"event": event} for event in data]


def request(data: dict[str, Any]) -> tuple[Headers, bytes]:
    """An object as Slack sends it: commands as a form, interactions within one, all else as JSON."""
    form = Headers({"content-type": "application/x-www-form-urlencoded"})
    if "type" not in data:
        return form, urlencode(data).encode()
    if data["type"] in INTERACTIONS.split():
        return form, urlencode({"payload": json.dumps(data, ensure_ascii=False)}).encode()
    return Headers({"content-type": "application/json"}), json.dumps(data, ensure_ascii=False).encode()


@pytest.mark.parametrize("name", MEANT)
def test_every_payload_means_what_the_table_says(name: str) -> None:
    meant = MEANT[name]
    for data in bodies(name):
        events = new_slack().parse(*request(data)).events
        if meant and not meant.id:
            events = tuple(replace(event, id="") for event in events)
        assert events == ((meant,) if meant else ())


def test_the_table_has_every_payload() -> None:
    assert sorted(MEANT) == sorted(path.stem for path in PAYLOADS.glob("*.json"))


def test_there_is_a_payload_of_everything_that_slack_can_send() -> None:
    all_bodies = [data for name in MEANT for data in bodies(name)]
    told = [data["event"] for data in all_bodies if data.get("type") == "event_callback"]
    types = {event["type"] for event in told} | {"url_verification", "app_rate_limited"}
    assert sorted(types) == sorted(EVENTS.split())
    assert sorted({event["subtype"] for event in told if "subtype" in event and event["type"] == "message"}) == sorted(
        SUBTYPES.split()
    )
    assert sorted({data["type"] for data in all_bodies if "type" in data} - types - {"event_callback"}) == sorted(
        INTERACTIONS.split()
    )


def test_the_page_on_slack_names_every_payload_once() -> None:
    page = (ROOT / "docs" / "slack.md").read_text(encoding="utf-8")
    _, _, section = page.partition("\n## What happens to what arrives\n")
    rows = [row.split("|") for row in section.partition("\n## ")[0].splitlines() if row.startswith("| ")][1:]
    named = [name for row in rows for name in re.findall(r"`([\w-]+)\.json`", row[3])]
    assert sorted(named) == sorted(MEANT)


def test_the_address_is_verified_by_its_challenge() -> None:
    data = payload("url_verification")
    assert new_slack().parse(*request(data)) == Arrived(answer=data["challenge"])


def test_a_challenge_that_no_answer_could_hold_is_none() -> None:
    data = payload("url_verification") | {"challenge": "\ud800"}
    assert new_slack().parse(Headers({}), json.dumps(data).encode()) == Arrived()


def test_a_retry_is_the_same_event() -> None:
    headers, body = request(payload("message"))
    again = Headers({**headers, "x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout"})
    assert new_slack().parse(again, body) == new_slack().parse(headers, body)


def test_a_press_has_an_id_of_its_own_that_is_the_same_when_it_is_sent_again() -> None:
    data = payload("block_actions")
    later, elsewhere, other = deepcopy(data), deepcopy(data), deepcopy(data)
    later["actions"][0]["action_ts"] = "1796086802.234567"
    elsewhere["container"]["message_ts"] = "1796086800.000200"
    other["user"]["id"] = "U0OTHER01"
    ids = [new_slack().parse(*request(one)).events[0].id for one in (data, data, later, elsewhere, other)]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 4


@pytest.mark.parametrize("place", [{}, {"channel_id": "D \0"}, {"message_ts": "later"}, {"message_ts": None}, None])
def test_a_press_that_stands_nowhere_is_answered_anew(place: dict[str, Any] | None) -> None:
    data = payload("block_actions")
    data["container"] = data["container"] | place if place else place
    assert new_slack().parse(*request(data)).events[0].reply == ""


@pytest.mark.parametrize("stamp", ["", "soon", "99999999999.0", "-1.0", "nan", "1796086800.0000001", None, 1796086800])
def test_an_odd_time_is_none(stamp: object) -> None:
    data = payload("message")
    data["event"] |= {"event_ts": stamp, "ts": stamp}
    assert new_slack().parse(*request(data)).events[0].at is None


@pytest.mark.parametrize(("field", "value"), [("event_id", "E" * 101), ("event_id", "E v"), ("event_id", "")])
def test_an_id_that_is_none_of_slacks_is_no_event(field: str, value: str) -> None:
    assert new_slack().parse(*request(payload("message") | {field: value})) == Arrived()


@pytest.mark.parametrize("user", ["U" * 201, "U\0", "U\ud800", ""])
def test_a_user_that_is_none_of_slacks_is_no_event(user: str) -> None:
    data = payload("message")
    data["event"]["user"] = user
    assert new_slack().parse(Headers({}), json.dumps(data).encode()) == Arrived()


@pytest.mark.parametrize(
    ("type", "body"),
    [
        ("application/json", b""),
        ("application/json", b"no"),
        ("application/json", b"[]"),
        ("application/json", b"\xff"),
        ("application/json", b"[" * 100_000),
        ("application/json", b"payload=%7B%7D"),
        ("application/x-www-form-urlencoded", b"payload=no"),
        ("application/x-www-form-urlencoded", b"payload=[]"),
        ("application/x-www-form-urlencoded", b"\xff"),
    ],
)
def test_what_is_neither_json_nor_a_form_is_unreadable(type: str, body: bytes) -> None:
    with pytest.raises(Unreadable):
        new_slack().parse(Headers({"content-type": type}), body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
TYPES = st.sampled_from(["application/json", "application/x-www-form-urlencoded", ""])


def paths(data: Any) -> Iterator[tuple[Any, ...]]:
    """The way to everything within an object."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield (key,)
        yield from ((key, *path) for path in paths(value))


@st.composite
def odd_payloads(draw: st.DrawFn) -> dict[str, Any]:
    """An object of Slack's with some of it missing, or something else in its place."""
    data: dict[str, Any] = deepcopy(draw(st.sampled_from([data for name in MEANT for data in bodies(name)])))
    for path in draw(st.lists(st.sampled_from(list(paths(data))), max_size=4, unique=True)):
        with contextlib.suppress(KeyError, IndexError, TypeError):
            *way, last = path
            inner = data
            for key in way:
                inner = inner[key]
            if draw(st.booleans()):
                del inner[last]
            else:
                inner[last] = draw(JSON)
    return data


def check_parsed(headers: Headers, body: bytes) -> None:
    """Nothing but Unreadable is raised, and whatever events there are can be taken and answered."""
    try:
        arrived = new_slack().parse(headers, body)
    except Unreadable:
        return
    assert arrived.answer.encode() or not arrived.answer
    for event in arrived.events:
        assert 0 < len(event.id) <= 100
        assert 0 < len(event.address) <= 200
        assert (event.id + event.address).isascii()
        assert (event.id + event.address).isprintable()
        assert event.at is None or event.at.tzinfo is None
        assert not event.reply or set(json.loads(event.reply)) == {"channel", "ts", "toggle"}


@settings(deadline=None)
@given(TYPES, st.binary() | st.text().map(str.encode) | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_arrives_is_read_or_unreadable(type: str, body: bytes) -> None:
    check_parsed(Headers({"content-type": type}), body)


@settings(deadline=None, max_examples=200)
@given(odd_payloads())
def test_whatever_is_odd_in_a_payload_does_no_harm(data: dict[str, Any]) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    check_parsed(Headers({}), json.dumps(data).encode())
    check_parsed(Headers(form), urlencode({"payload": json.dumps(data)}).encode())
    check_parsed(Headers(form), urlencode(data, errors="replace").encode())


# ---------------------------------------------------------------- how it looks

RUN = samples.RUN
OWNED = [
    samples.owner(CONTENT, literacy, "banso", depth, again=True)
    for literacy in ("low", "high")
    for depth in ("full", "quick")
]


def before(id: str) -> Record:
    """A conversation in which this question comes next."""
    told = next(owner for owner in OWNED if any(question.id == id for question in owner.asked))
    earlier = told.asked[: [question.id for question in told.asked].index(id)]
    answers = {question.id: told.answers[question.id] for question in earlier}
    return Record(RUN.partition(".")[0], 1, (Frame("check", RUN, answers),))


def after(record: Record, *actions: Action) -> tuple[Message, ...]:
    """What the last of these actions is answered with."""
    messages: tuple[Message, ...] = ()
    for action in actions:
        turn = advance(CONTENT, record, action, lambda effect: None)
        record, messages = turn.record, turn.messages
    return messages


def result(owner: samples.Owner) -> tuple[Message, ...]:
    """What an owner is told at the end of a check."""
    say = CONTENT.phrases.say
    return tuple(
        Message(picture=Picture(*one.picture[:2], say(one.picture[2], **one.values)))
        if one.picture
        else Message(say(one.phrase, **one.values), buttons=one.buttons)
        for one in owner.says
    )


def ticked(id: str, count: int) -> tuple[Message, ...]:
    values = [choice.value for choice in CONTENT.questionnaire.questions[id].choices[:count]]
    return after(before(id), Opened(), *(Toggled(RUN, id, value) for value in values))


def place(*, toggle: bool) -> str:
    return json.dumps({"channel": DIRECT, "ts": SHOWN, "toggle": toggle})


SCREENS: dict[str, tuple[Message, ...]] = {
    "greeting": after(Record("ffffff", 0, ()), Opened()),
    "one": after(before("q2.management"), Opened())[-1:],
    "many": ticked("picks", 2),
    "prefecture": after(before("prefecture"), Opened())[-1:],
    "text": after(before("vision"), Opened())[-1:],
    "result": result(OWNED[0]),
    "menu": after(before("q2.management"), Opened(), Command("menu")),
}


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_looks_as_recorded(name: str, request: pytest.FixtureRequest) -> None:
    parts = new_slack().render(SCREENS[name], place(toggle=name == "many"))
    path = RENDERED / f"{name}.json"
    if request.config.getoption("write_transcripts"):
        path.write_text(json.dumps(parts, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert parts == json.loads(path.read_text(encoding="utf-8"))


def test_nothing_but_these_screens_is_recorded() -> None:
    assert sorted(path.stem for path in RENDERED.glob("*.json")) == sorted(SCREENS)


def screens() -> Iterator[tuple[Message, ...]]:
    """Every screen there is."""
    yield from SCREENS.values()
    yield from (after(before(id), Opened()) for id in CONTENT.questionnaire.questions)
    yield from (result(owner) for owner in OWNED)
    for talk in samples.talks(CONTENT):
        told = [say for say in talk() if say.phrase]
        yield tuple(Message(CONTENT.phrases.say(say.phrase, **say.values), buttons=say.buttons) for say in told)
    for ask in CONTENT.phrases.asks.values():
        buttons = [Button(choice.label, presses.encode(Tapped(RUN, ask.id, choice.value))) for choice in ask.choices]
        yield (Message(ask.text, "one", tuple(buttons)),)


def test_every_screen_is_shown_whole_and_within_the_limits() -> None:
    for messages in screens():
        check_shown(messages)


# Each sign can be seen, and none is what a label or a text may begin or end with and lose.
SIGNS = st.characters(codec="utf-8", categories=("L", "N", "P", "S"))
WORDS = st.text(SIGNS, min_size=1, max_size=75)
PRESSES = st.text(SIGNS, max_size=12).map(lambda value: presses.encode(Tapped(RUN, "q", value)))
BUTTONS = st.builds(
    Button,
    label=WORDS,
    press=PRESSES,
    hint=st.just("") | st.text(SIGNS, max_size=90),
    group=st.sampled_from(["", "", "関東", "九州・沖縄"]),
    picked=st.booleans(),
) | st.builds(Button, label=WORDS, url=st.sampled_from(["/r/abc", "https://example.jp/?a=1&b=2"]))
TEXTS = st.text(SIGNS | st.sampled_from("\n。<&*"), max_size=200)
LONG_TEXTS = TEXTS | st.builds(lambda text, times: text * times, TEXTS, st.integers(2, 60))
MESSAGES = st.builds(
    Message,
    text=LONG_TEXTS,
    kind=st.sampled_from(["say", "one", "text"]),
    buttons=st.lists(BUTTONS, max_size=6).map(tuple)
    | st.builds(lambda button, times: (button,) * times, BUTTONS, st.integers(20, 120)),
    none=st.none() | st.builds(Button, label=WORDS, press=PRESSES),
    left=st.none() | st.integers(0, 40),
    side=st.lists(st.builds(Button, label=WORDS, press=PRESSES), max_size=3).map(tuple),
    picture=st.none() | st.builds(Picture, kind=st.just("share"), token=st.just("t"), alt=LONG_TEXTS),
)
MANY = st.builds(
    lambda message, done, limit: replace(message, kind="many", done=done, limit=limit, picture=None),
    MESSAGES,
    st.builds(Button, label=WORDS, press=PRESSES),
    st.integers(0, 3),
)


@settings(deadline=None)
@given(st.lists(MESSAGES | MANY, max_size=4), st.sampled_from(["https://banso.example", ""]))
def test_any_messages_are_shown_whole_and_within_the_limits(messages: list[Message], pictures: str) -> None:
    check_shown(messages, pictures)


def check_shown(messages: Sequence[Message], pictures: str = "https://banso.example") -> None:
    """Everything that the messages say can be read, every button pressed, and Slack takes it."""
    parts = new_slack(pictures=pictures).render(messages, "")
    for part in parts:
        check_limits(part)
    shown = [block for part in parts for block in part["blocks"]]
    read = squeezed("".join(strings(shown)))
    for message in messages:
        assert squeezed(message.text) in read
        assert message.picture is None or squeezed(message.picture.alt) in read
        ends = [button for button in (message.done, message.none) if button]
        for button in (*message.buttons, *ends, *message.side):
            carried = [element for element in elements(shown) if goes(element, button)]
            assert carried
            assert squeezed(button.label) in read
            assert squeezed(button.hint) in read
            assert squeezed(button.group) in read


def check_limits(part: Part) -> None:
    """Block Kit's limits, as the reference and Slack's own library have them."""
    assert 1 <= len(part["text"]) <= 4000
    assert 1 <= len(part["blocks"]) <= 50
    for block in part["blocks"]:
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.validate_json()
        assert len(json.dumps(part["blocks"], ensure_ascii=False)) < 12_000 or len(part["blocks"]) == 1
    ids = [element["action_id"] for element in elements(part["blocks"])]
    assert len(ids) == len(set(ids))
    for element in elements(part["blocks"]):
        if element["type"] == "button":
            assert 1 <= len(element["text"]["text"]) <= 75
            assert len(element.get("value", element.get("url", ""))) >= 1
        for option in options(element):
            assert 1 <= len(option["text"]["text"]) <= 75
            assert 1 <= len(option["value"]) <= 150
            assert len(option.get("description", {"text": "x"})["text"]) in range(1, 76)


def strings(data: Any) -> Iterator[str]:
    """Every text and image's words within blocks, in order; a label without its tick."""
    match data:
        case {"type": "link", "url": str(url)}:
            yield url
        case {"text": str(text)}:
            yield text.removeprefix("✓ ")
        case {"alt_text": str(text)}:
            yield text
        case dict():
            yield from (text for value in data.values() for text in strings(value))
        case list():
            yield from (text for value in data for text in strings(value))


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def elements(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Everything that can be tapped."""
    rows = [block["elements"] for block in shown if block["type"] == "actions"]
    return [element for row in rows for element in row] + [
        block["accessory"] for block in shown if block["type"] == "section"
    ]


def options(element: dict[str, Any]) -> list[dict[str, Any]]:
    """The options of a menu."""
    groups = element.get("option_groups", [])
    assert all(1 <= len(group["options"]) <= 100 and 1 <= len(group["label"]["text"]) <= 75 for group in groups)
    assert len(element.get("options", [])) <= 100
    return [*element.get("options", []), *(option for group in groups for option in group["options"])]


def goes(element: dict[str, Any], button: Button) -> bool:
    """Whether tapping the element does what the button does."""
    if button.url:
        return bool(element.get("url", "").endswith(button.url))
    return button.press in (element.get("value"), *(option["value"] for option in options(element)))


def test_the_stand_in_takes_every_screen() -> None:
    stand_in = standin.loaded()
    for part in (part for messages in screens() for part in rendered(*messages)):
        what = {"text": part["text"], "blocks": part["blocks"]}
        posted = {"channel": OWNER, "client_msg_id": str(KEY), "unfurl_links": False, "unfurl_media": False}
        assert stand_in.slack_call("chat.postMessage", posted | what, "token") == []
        changed = {"channel": DIRECT, "ts": SHOWN, "parse": "none"}
        assert stand_in.slack_call("chat.update", changed | what, "token") == []


def rendered(*messages: Message, reply: str = "", pictures: str = "https://banso.example") -> list[Part]:
    return new_slack(pictures=pictures).render(messages, reply)


def test_nothing_in_a_text_is_interpreted_but_addresses() -> None:
    said = "*A* & B <!channel> :smile: https://example.jp/?a=1&b=2。"
    (part,) = rendered(Message(said))
    assert part["text"] == "*A* &amp; B &lt;!channel&gt; :smile: https://example.jp/?a=1&amp;b=2。"
    (section,) = part["blocks"][0]["elements"]
    assert section["elements"] == [
        {"type": "text", "text": "*A* & B <!channel> :smile: "},
        {"type": "link", "url": "https://example.jp/?a=1&b=2"},
        {"type": "text", "text": "。"},
    ]


def test_buttons_of_our_own_pages_lead_to_their_whole_address() -> None:
    (part,) = rendered(Message("できました。", buttons=(Button("見る", url="/r/abc"),)))
    assert elements(part["blocks"])[0]["url"] == "https://banso.example/r/abc"


def test_a_picture_that_slack_can_not_fetch_is_told_in_words() -> None:
    (part,) = rendered(Message(picture=Picture("share", "t", "売上が4割。")), pictures="")
    assert [block["type"] for block in part["blocks"]] == ["rich_text"]
    assert part["text"] == "売上が4割。"


def test_a_picture_with_many_words_has_them_beside_it_too() -> None:
    alts = ["売上が4割。", "売上が4割。" * 400]
    kinds = [
        [block["type"] for block in rendered(Message(picture=Picture("share", "t", alt)))[0]["blocks"]] for alt in alts
    ]
    assert kinds == [["image"], ["image", "rich_text"]]


@pytest.mark.parametrize(("length", "picked", "beside"), [(75, False, []), (76, False, [76]), (74, True, [76])])
def test_a_label_too_long_for_a_button_stands_beside_it(length: int, beside: list[int], *, picked: bool) -> None:
    (part,) = rendered(Message("?", "one", (Button("あ" * length, "c:menu", picked=picked),)))
    check_limits(part)
    assert [len(block["text"]["text"]) for block in part["blocks"] if block["type"] == "section"] == beside


@pytest.mark.parametrize(("count", "length", "menus"), [(25, 8, 0), (26, 8, 1), (100, 8, 1), (101, 8, 2), (26, 80, 0)])
def test_more_choices_than_buttons_are_read_at_a_glance_are_menus(count: int, length: int, menus: int) -> None:
    message = Message("?", "one", tuple(Button(f"{n}".rjust(length, "の"), f"c:{n}") for n in range(count)))
    found = [element["type"] for part in rendered(message) for element in elements(part["blocks"])]
    assert found.count("static_select") == menus
    check_shown([message])


def test_more_blocks_than_a_message_holds_are_parted() -> None:
    assert [len(part["blocks"]) for part in rendered(*[Message("はい")] * 60)] == [50, 10]


def test_messages_of_one_turn_are_one_request_but_a_multi_choice_stands_alone() -> None:
    one, many = Message("では、始めます。"), ticked("picks", 0)[-1]
    assert len(rendered(one, one, one)) == 1
    assert [len(rendered(*turn)) for turn in ((one, many), (many, one), (one, many, one))] == [2, 2, 3]


@pytest.mark.parametrize(
    ("messages", "reply", "update"),
    [
        (ticked("picks", 1), place(toggle=True), True),
        (ticked("picks", 1), place(toggle=False), False),
        (ticked("picks", 1), "", False),
        ((Message("3つまで選べます。"), *ticked("picks", 1)), place(toggle=True), False),
        ((Message("では、次です。"),), place(toggle=True), False),
        ((replace(ticked("picks", 1)[0], buttons=ticked("picks", 1)[0].buttons * 9),), place(toggle=True), False),
    ],
)
def test_only_a_multi_choice_that_was_ticked_is_changed_in_place(
    messages: tuple[Message, ...], reply: str, *, update: bool
) -> None:
    assert [part["update"] for part in rendered(*messages, reply=reply)] == [update] * len(rendered(*messages))


# ---------------------------------------------------------------- what becomes of what is sent

PLAIN: Part = {"text": "はい", "blocks": [{"type": "divider"}], "update": False}
CHANGED: Part = PLAIN | {"update": True}
SENDING = Sending(OWNER, KEY, place(toggle=True))

Answer = web.Response | dict[str, Any] | None
# The connection ends without an answer.
BROKEN = web.Response()


class Fake:
    """Slack for as long as its answers last: an object, a whole response, or (None) none at all."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.connections: list[object] = []
        self.over = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        assert request.headers["authorization"] == "Bearer xoxb-made-up"
        self.calls.append((request.match_info["method"], await request.json()))
        self.connections.append(request.transport)
        answer = self.answers.pop(0)
        if answer is None:
            await self.over.wait()
        if answer is BROKEN and request.transport:
            request.transport.close()
        return web.json_response(answer) if isinstance(answer, dict) else answer or web.Response()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_post("/api/{method}", self.handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/api"
        finally:
            self.over.set()
            await runner.cleanup()

    def send(self, part: Part = PLAIN, sending: Sending = SENDING, files: Files = no_files) -> int | Place:
        """Have a part sent to it."""

        async def run() -> int | Place:
            async with self.serving() as api:
                platform = new_slack(api, files=files)
                await platform.start()
                try:
                    return await platform.send(part, sending)
                finally:
                    await platform.stop()

        return asyncio.run(run())


def refused(error: str) -> dict[str, Any]:
    return {"ok": False, "error": error}


def test_a_message_is_posted_to_the_person_under_its_key() -> None:
    fake = Fake({"ok": True})
    assert fake.send() == 0
    posted = {"channel": OWNER, "text": "はい", "blocks": [{"type": "divider"}], "client_msg_id": str(KEY)}
    assert fake.calls == [("chat.postMessage", posted | {"unfurl_links": False, "unfurl_media": False})]


ICS = b"BEGIN:VCALENDAR"
FILE = File("ics", "token", 2)


def test_a_file_comes_with_the_last_request_of_its_turn() -> None:
    many = ticked("picks", 0)[-1]
    parts = rendered(Message("決まりました。", file=FILE), many)
    assert [part.get("file") for part in parts] == [None, FILE]
    assert "file" not in rendered(Message("はい"))[0]


def test_a_file_is_brought_into_the_conversation_that_the_text_stands_in() -> None:
    given: list[dict[str, Any]] = []

    class Client:
        async def chat_postMessage(self, **message: Any) -> dict[str, Any]:  # noqa: N802 - the library's name
            return {"ok": True, "channel": DIRECT}

        async def files_upload_v2(self, **file: Any) -> None:
            given.append(file)

    platform: Any = new_slack(files=lambda file: ICS)
    platform._client = Client()
    asyncio.run(platform.send(PLAIN | {"file": FILE}, SENDING))
    assert given == [{"channel": DIRECT, "filename": "banso.ics", "content": ICS}]


def test_the_stand_in_takes_a_file(stand_in: standin.StandIn) -> None:
    brought(stand_in.url, lambda file: ICS)
    assert [call["method"] for call in stand_in.calls] == [
        "chat.postMessage",
        "files.getUploadURLExternal",
        "files.completeUploadExternal",
    ]
    assert stand_in.violations() == []


def test_a_file_that_can_not_be_made_or_brought_is_no_failure(stand_in: standin.StandIn) -> None:
    def broken(file: File) -> bytes:
        raise RuntimeError

    brought(stand_in.url, broken)
    brought(stand_in.url, lambda file: None)
    assert [call["method"] for call in stand_in.calls] == ["chat.postMessage"] * 2
    # Whatever is asked of it after the message fails.
    fake = Fake({"ok": True, "channel": DIRECT})
    assert fake.send(PLAIN | {"file": FILE}, files=lambda file: ICS) == 0
    assert len(fake.calls) == 1


def test_a_file_that_takes_too_long_is_let_go(stand_in: standin.StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack, "FILE_SECONDS", 0)
    brought(stand_in.url, lambda file: ICS)
    assert [call["method"] for call in stand_in.calls] == ["chat.postMessage"]


def brought(url: str, files: Files) -> None:
    """Have a message with a file sent to the stand-in."""

    async def run() -> int | Place:
        platform = new_slack(f"{url}/slack/api", files=files)
        await platform.start()
        try:
            return await platform.send(PLAIN | {"file": FILE}, SENDING)
        finally:
            await platform.stop()

    assert asyncio.run(run()) == 0


def test_a_file_of_our_own_is_no_message_to_us() -> None:
    event = {"type": "message", "channel_type": "im", "subtype": "file_share", "user": OWNER, "files": [{}]}
    body = {"type": "event_callback", "event_id": "Ev1", "event": event}
    for bot, heard in (("U0BOT", 1), (OWNER, 0)):
        data = json.dumps(body | {"authorizations": [{"user_id": bot}]}).encode()
        assert len(new_slack().parse(Headers({}), data).events) == heard


def test_the_first_message_to_the_desk_begins_a_thread() -> None:
    fake = Fake({"ok": True, "channel": DESK, "ts": SHOWN})
    assert fake.send(sending=Sending(f"{DESK}:new-1", KEY)) == Place(f"{DESK}:{SHOWN}")
    assert fake.calls[0][1]["channel"] == DESK
    assert "thread_ts" not in fake.calls[0][1]


def test_what_follows_is_said_in_it() -> None:
    fake = Fake({"ok": True, "channel": DESK, "ts": "1796086900.000100"})
    assert fake.send(sending=Sending(THREAD, KEY)) == 0
    assert (fake.calls[0][1]["channel"], fake.calls[0][1]["thread_ts"]) == tuple(THREAD.split(":"))


def test_without_a_desk_its_channel_is_like_any_other() -> None:
    platform = Slack(Settings(slack_desk_channel=""), "", Shelf(""), CONTENT.phrases)
    assert platform.parse(*request(payload("message-desk"))) == Arrived()
    (press,) = platform.parse(*request(payload("block_actions-desk"))).events
    assert (press.address, press.known) == ("U0STAFF01", False)


def test_a_ticked_multi_choice_is_changed_where_it_stands() -> None:
    fake = Fake({"ok": True})
    assert fake.send(CHANGED) == 0
    changed = {"channel": DIRECT, "ts": SHOWN, "text": "はい", "blocks": [{"type": "divider"}], "parse": "none"}
    assert fake.calls == [("chat.update", changed)]


def test_it_is_posted_where_its_place_is_no_longer_known() -> None:
    fake = Fake({"ok": True})
    fake.send(CHANGED, replace(SENDING, reply=""))
    assert [method for method, _ in fake.calls] == ["chat.postMessage"]


@pytest.mark.parametrize("error", ["message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"])
def test_what_can_not_be_changed_can_still_be_posted(error: str) -> None:
    with pytest.raises(Unusable, match=error):
        Fake(refused(error)).send(CHANGED)


@pytest.mark.parametrize(("error", "failure"), [("ratelimited", Busy), ("internal_error", Unanswered)])
def test_a_change_that_may_yet_succeed_is_tried_again(error: str, failure: type[Failure]) -> None:
    with pytest.raises(failure):
        Fake(refused(error)).send(CHANGED)


def test_a_picture_that_slack_refuses_is_sent_in_words() -> None:
    image = {"type": "image", "image_url": "https://banso.example/p/share.png", "alt_text": "売上が4割。"}
    fake = Fake(refused("invalid_blocks"), {"ok": True})
    fake.send(PLAIN | {"blocks": [image, {"type": "divider"}]})
    assert [block["type"] for block in fake.calls[1][1]["blocks"]] == ["rich_text", "divider"]
    with pytest.raises(Refused, match="invalid_blocks"):
        Fake(refused("invalid_blocks")).send()


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        ("ratelimited", Busy),
        ("invalid_auth", Busy),
        ("token_revoked", Busy),
        ("account_inactive", Busy),
        ("not_authed", Busy),
        ("missing_scope", Busy),
        ("messages_tab_disabled", Busy),
        ("channel_not_found", Gone),
        ("is_archived", Gone),
        ("not_in_channel", Gone),
        ("user_disabled", Gone),
        ("service_unavailable", Unanswered),
        ("fatal_error", Unanswered),
        ("request_timeout", Unanswered),
        ("msg_blocks_too_long", Refused),
        ("restricted_action", Refused),
        ("an_error_of_next_year", Refused),
    ],
)
def test_an_error_of_slacks_means_this(error: str, failure: type[Failure]) -> None:
    with pytest.raises(failure, match=error):
        Fake(refused(error)).send()


def test_every_documented_error_is_in_the_table() -> None:
    assert sorted(set(DOCUMENTED.split()) - set(ERRORS)) == []


def test_too_many_requests_say_when_to_come_back() -> None:
    answer = web.json_response(refused("ratelimited"), status=429, headers={"Retry-After": "30"})
    with pytest.raises(Busy) as busy:
        Fake(answer).send()
    assert busy.value.after == 30


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=502, text="<h1>Bad Gateway</h1>", content_type="text/html"),
        web.Response(status=503, text="busy", content_type="text/plain"),
        web.Response(text="fine", content_type="text/plain"),
        web.Response(text="<h1>Hello</h1>", content_type="text/html"),
        web.Response(text="{", content_type="application/json"),
        web.Response(text="[]", content_type="application/json"),
        web.Response(text='"x"', content_type="application/json"),
        web.Response(text='{"ok": false, "error": 7}', content_type="application/json"),
        web.Response(body=b"\xff", content_type="application/json"),
        web.Response(status=404, text="Not Found", content_type="text/html"),
        web.Response(status=302, headers={"Location": "http://127.0.0.1:9/"}),
    ],
    ids=range(11),
)
def test_an_answer_that_is_not_slacks_leaves_it_open(answer: web.Response) -> None:
    with pytest.raises(Unanswered):
        Fake(answer).send()


def test_no_answer_in_time_leaves_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack, "SECONDS", 0.05)
    with pytest.raises(Unanswered, match="Timeout"):
        Fake(None).send()


def test_no_connection_leaves_it_open() -> None:
    async def run() -> None:
        async with Fake().serving() as api:
            platform = new_slack(api)
        await platform.start()
        try:
            await platform.send(PLAIN, SENDING)
        finally:
            await platform.stop()

    with pytest.raises(Unanswered, match="ConnectorError"):
        asyncio.run(run())


def test_a_broken_connection_leaves_it_open_and_nothing_is_repeated_meanwhile() -> None:
    fake = Fake(BROKEN, {"ok": True})
    with pytest.raises(Unanswered):
        fake.send()
    assert len(fake.calls) == 1


def test_messages_go_over_one_connection() -> None:
    fake = Fake({"ok": True}, {"ok": True})

    async def run() -> None:
        async with fake.serving() as api:
            platform = new_slack(api)
            await platform.start()
            await platform.send(PLAIN, SENDING)
            await platform.send(PLAIN, SENDING)
            await platform.stop()

    asyncio.run(run())
    assert len(fake.connections) == 2
    assert len(set(fake.connections)) == 1


def answered(status: int, data: dict[str, Any]) -> Exception:
    response = AsyncSlackResponse(
        client=None, http_verb="POST", api_url="", req_args={}, data=data, headers={}, status_code=status
    )
    failed: type[Exception] = errors.SlackApiError
    return failed("no", response)


def test_every_status_means_something() -> None:
    means = {status: type(failure_of(answered(status, {}))) for status in range(100, 600)}
    assert {status for status, failure in means.items() if failure is Busy} == {429}
    assert {status for status, failure in means.items() if failure is Unanswered} == set(means) - {429}
    assert isinstance(failure_of(answered(400, refused("no_text"))), Refused)
    assert isinstance(failure_of(answered(500, refused("no_text"))), Unanswered)


def family(error: type[Exception]) -> Iterator[type[Exception]]:
    for child in error.__subclasses__():
        yield child
        yield from family(child)


@pytest.mark.parametrize("error", [errors.SlackClientError, *family(errors.SlackClientError)])
def test_every_exception_of_the_library_is_a_refusal_but_what_slack_answered(error: type[Exception]) -> None:
    made = answered(200, refused("no_text")) if error is errors.SlackApiError else error.__new__(error)
    assert type(failure_of(made)) is Refused


@pytest.mark.parametrize(
    "error", [aiohttp.ClientError, *family(aiohttp.ClientError), TimeoutError, OSError, ValueError, AttributeError]
)
def test_every_exception_below_the_library_leaves_it_open(error: type[Exception]) -> None:
    assert type(failure_of(error.__new__(error))) is Unanswered


def test_neither_failures_nor_the_log_tell_what_was_sent_to_whom(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    part = PLAIN | {"text": "秘密の相談"}
    with pytest.raises(Refused) as failure:
        Fake(refused("no_text") | {"response_metadata": {"messages": ["秘密の相談"]}}).send(part)
    assert failure.value.__context__ is None
    told = f"{failure.value} {caplog.text}"
    assert not [secret for secret in (OWNER, "秘密", "xoxb") if secret in told]


def test_slack_shows_no_waiting_and_has_no_link_that_brings_a_code() -> None:
    asyncio.run(new_slack().waiting(OWNER))
    assert asyncio.run(new_slack().invitation("go-abcdefgh")) is None


def test_a_platform_that_was_never_begun_can_be_stopped() -> None:
    asyncio.run(new_slack().stop())


def test_words_are_never_longer_than_a_change_may_be() -> None:
    (block,) = rendered(Message("<" * 2999))[0]["blocks"]
    assert 4000 >= len(blocks.words([block])) > 3000
