"""Slack as a platform: what its webhooks mean, how messages look there, and what becomes of those that are sent."""

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.signature import Clock, SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.pictures import Pictures
from bot.platforms.blocks import Blocks, without_pictures, words
from bot.platforms.failures import Busy, Failure, Gone, Refused, Unanswered, Unusable
from bot.platforms.platform import Arrived, Files, Part, Place, Sending, Unreadable, no_files
from bot.settings import Settings
from bot.turn import Event
from dialogs import presses
from dialogs.events import Action, Command, Invited, Opened, Said, Sent, Toggled
from dialogs.flows import FLOWS
from dialogs.messages import File, Message
from dialogs.phrases import Phrases

ACCOUNT = "bot"
# Between channel and thread, in the address of who stands for a thread of the desk's.
THREAD = ":"
# The command by which members of agencies make invitations, beside /banso.
FORWARD = "/forward"
# Words after /banso that are commands.
COMMANDS = {*FLOWS, "back", "resume"}
# Messages that a person has written: to the bot, as /me, and from a thread to the whole conversation, too.
WRITTEN = (None, "me_message", "thread_broadcast")
SECONDS = 10
# Within sending_seconds there is so much left for a file.
FILE_SECONDS = 4

# What Slack's answers mean to a message. Those that its reference names for chat.postMessage and chat.update are all
# here; any other is Refused.
_MEANT = {
    # Too much at once; or ours to mend, such as a token or a setting of the app, and until then nothing is lost.
    Busy: """
        external_channel_migrating message_limit_exceeded rate_limited ratelimited
        access_denied accesslimited account_inactive deprecated_endpoint ekm_access_denied
        enterprise_is_restricted invalid_auth messages_tab_disabled method_deprecated missing_scope
        no_permission not_allowed_token_type not_authed org_login_required team_access_not_granted
        team_added_to_org token_expired token_revoked two_factor_setup_required
    """,
    # Whoever it is for is not there any more, or has put us out.
    Gone: """
        cannot_dm_bot channel_not_found is_archived is_inactive not_in_channel user_disabled user_not_found
        users_not_found
    """,
    # It may have been done, in whole or in part; of duplicates it is known that they were there.
    Unanswered: """
        duplicate_channel_not_found duplicate_message_not_found fatal_error internal_error request_timeout
        service_unavailable update_failed
    """,
    Refused: """
        as_user_not_supported attachment_payload_limit_exceeded block_mismatch blocked_file_type
        cannot_reply_to_message cant_broadcast_message cant_update_message draft_already_deleted
        draft_already_sent draft_has_conflict draft_not_found edit_window_closed file_deleted
        file_is_deleted file_not_found file_share_limit_reached invalid_arg_name invalid_arguments
        invalid_array_arg invalid_attachments invalid_blocks invalid_blocks_format invalid_charset
        invalid_form_data invalid_metadata_format invalid_metadata_schema invalid_post_type
        markdown_text_conflict max_file_sharing_exceeded message_not_found metadata_must_be_sent_from_app
        metadata_too_large missing_file_data missing_post_type msg_blocks_too_long msg_too_long
        no_dual_broadcast_content_update no_text posting_to_channel_denied restricted_action
        restricted_action_non_threadable_channel restricted_action_read_only_channel
        restricted_action_thread_locked restricted_action_thread_only_channel
        slack_connect_blocked_file_type slack_connect_canvas_sharing_blocked
        slack_connect_clip_sharing_blocked slack_connect_file_link_sharing_blocked
        slack_connect_file_upload_sharing_blocked slack_connect_lists_sharing_blocked
        streaming_state_conflict team_not_found too_many_attachments too_many_contact_cards
        unable_to_share_files
    """,
}
ERRORS: dict[str, type[Failure]] = {name: failure for failure, names in _MEANT.items() for name in names.split()}

_ID = re.compile(r"[\w.:-]{1,100}", re.ASCII)
_TIME = re.compile(r"\d{1,10}(\.\d{1,6})?", re.ASCII)
# <https://example.com|example.com>, <@U123>: what a typed address or name has become on its way.
_MARKED = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")

# The library writes whole requests to its log where that is open to debugging.
_LOG = logging.getLogger(__name__)
_LOG.setLevel(logging.INFO)
log = structlog.get_logger()


class Slack:
    """Slack, with the one workspace that the token belongs to."""

    channel = "slack"
    # https://docs.slack.dev/reference/methods/chat.postMessage#rate_limiting: several hundred a minute in a workspace,
    # with generous bursts; one a second in a conversation, where what comes in bursts may not be shown
    # (https://docs.slack.dev/apis/web-api/rate-limits).
    rate = 5.0
    burst = 20
    contact_rate = 1.0
    contact_burst = 1
    crowd_rate = 0.0
    # A message can be changed for much longer than it makes sense.
    sending_seconds = 15.0
    reply_seconds = 24 * 3600.0

    def __init__(
        self, settings: Settings, public_url: str, pictures: Pictures, phrases: Phrases, files: Files = no_files
    ) -> None:
        self._settings = settings
        self._files = files
        self._public_url = public_url
        self._pictures = pictures
        self._phrases = phrases
        self._session: aiohttp.ClientSession | None = None

    # ------------------------------------------------------------ what arrives

    def authentic(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        secret = self._settings.slack_signing_secret.get_secret_value()
        sent, signature = headers.get("x-slack-request-timestamp"), headers.get("x-slack-signature")
        try:
            return SignatureVerifier(secret, _Standing(now)).is_valid(body, sent, signature)
        except (ValueError, TypeError, OverflowError):
            # Headers or a body that Slack's never are: no number, no ASCII, no UTF-8.
            return False

    def parse(self, headers: Mapping[str, str], body: bytes) -> Arrived:
        match _read(headers, body):
            case {"type": "url_verification", "challenge": str(challenge)} if challenge.isascii():
                return Arrived(answer=challenge)
            case data:
                event = _event(data, self._settings.slack_desk_channel)
                return Arrived((event,) if event and _ID.fullmatch(event.id) and _ID.fullmatch(event.address) else ())

    # ------------------------------------------------------------ what is sent

    def render(self, messages: Sequence[Message], reply: str) -> list[Part]:
        requests = Blocks(self._public_url, self._pictures, self._phrases).messages(messages)
        ticked = [message.kind for message in messages] == ["many"] and len(requests) == 1
        update = ticked and bool(reply) and json.loads(reply)["toggle"]
        parts: list[Part] = [{"text": words(blocks), "blocks": blocks, "update": update} for blocks in requests]
        file = next((message.file for message in messages if message.file), None)
        if parts and file:
            parts[-1]["file"] = file
        return parts

    async def send(self, part: Part, sending: Sending) -> int | Place:
        try:
            channel, ts = await self._request(part, sending)
        except Refused:
            # Slack fetches a picture while it takes the message, and refuses the whole where it can't.
            blocks = without_pictures(part["blocks"])
            if blocks == part["blocks"]:
                raise
            channel, ts = await self._request(part | {"blocks": blocks}, sending)
        if "file" in part:
            await self._bring(part["file"], channel)
        place, thread = _parted(sending.address)
        return Place(f"{place}{THREAD}{ts}") if THREAD in sending.address and not thread and ts else 0

    async def _bring(self, file: File, channel: str) -> None:
        """Bring a file along. The text has arrived, and its button leads to the same file: so a failure is none."""
        try:
            async with asyncio.timeout(FILE_SECONDS):
                made = await asyncio.to_thread(self._files, file)
                if made:
                    await self._client.files_upload_v2(channel=channel, filename="banso.ics", content=made)
        except Exception as error:
            log.warning("file", channel=Slack.channel, error=type(error).__name__)

    async def _request(self, part: Part, sending: Sending) -> tuple[str, str]:
        """Show the part; gives the conversation that it stands in, and its time, which is its id there."""
        what = {"text": part["text"], "blocks": part["blocks"]}
        update = json.loads(sending.reply) if part["update"] and sending.reply else None
        try:
            if update:
                channel, ts = update["channel"], update["ts"]
                answer = await self._client.chat_update(channel=channel, ts=ts, parse="none", **what)
            else:
                # Slack names this key among the errors of the method but not among its arguments: it may keep a message
                # from being shown twice, and nothing relies on it.
                channel, thread = _parted(sending.address)
                answer = await self._client.chat_postMessage(
                    channel=channel,
                    client_msg_id=str(sending.key),
                    unfurl_links=False,
                    unfurl_media=False,
                    thread_ts=thread or None,
                    **what,
                )
        except Exception as error:  # the library lets through what its parts raise, on odd answers even AttributeError
            failure = failure_of(error)
        else:
            ts = answer.get("ts")
            return str(answer.get("channel") or channel), ts if isinstance(ts, str) and _TIME.fullmatch(ts) else ""
        # An error of the library holds the whole answer; none of it may get into a log.
        raise Unusable(str(failure)) if update and isinstance(failure, Gone | Refused) else failure

    async def waiting(self, address: str) -> None:
        """Slack shows nothing of this kind for an app."""

    async def invitation(self, code: str) -> str | None:
        return None

    # ------------------------------------------------------------ the connection

    async def start(self) -> None:
        # Without this session the library would open one for each request.
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS))
        self._client = AsyncWebClient(
            self._settings.slack_bot_token.get_secret_value(),
            base_url=self._settings.slack_api_url + "/",
            session=self._session,
            retry_handlers=[],
            logger=_LOG,
        )

    async def stop(self) -> None:
        if self._session:
            await self._session.close()


class _Standing(Clock):
    """A clock that stands at a time given in UTC without zone."""

    def __init__(self, now: datetime) -> None:
        self._seconds = now.replace(tzinfo=UTC).timestamp()

    def now(self) -> float:
        return self._seconds


def _parted(address: str) -> tuple[str, str]:
    """Conversation and thread of an address; no thread where none is meant, or it has yet to begin."""
    channel, _, thread = address.partition(THREAD)
    return channel, thread if _TIME.fullmatch(thread) else ""


# ---------------------------------------------------------------- reading


def _read(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The body's object: JSON, a form, or JSON in a form's `payload`."""
    try:
        text = body.decode()
        if "x-www-form-urlencoded" in headers.get("content-type", ""):
            form = dict(parse_qsl(text, keep_blank_values=True))
            data = json.loads(form["payload"]) if "payload" in form else form
        else:
            data = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("neither JSON nor a form") from None
    if not isinstance(data, dict):
        raise Unreadable("no object")
    return data


def _event(data: dict[str, Any], desk: str) -> Event | None:
    """What happened; in the `desk`'s channel, only what is done in a thread."""
    match data:
        case {"type": "event_callback", "event_id": str(id), "event": {"channel": str(channel)} as event} if (
            channel and channel == desk
        ):
            return _written_at_desk(id, event, data.get("authorizations"))
        case {"type": "event_callback", "event_id": str(id), "event": {"type": str()} as event}:
            return _happened(id, event, data.get("authorizations"))
        case {"type": "block_actions", "user": {"id": str(user)}, "actions": [{"action_ts": str()} as action, *_]}:
            event = _pressed(user, action, data.get("container"))
            return _at_desk(event, data["container"]) if event and _place_of(data.get("container")) == desk else event
        case {"command": command, "trigger_id": str(id), "user_id": str(user)} if command == FORWARD:
            return Event(id, Slack.channel, ACCOUNT, user, Command("forward", _words(data.get("text"))))
        case {"command": str(), "trigger_id": str(id), "user_id": str(user)}:
            return _commanded(id, user, data.get("text"))
        case _:
            return None


def _happened(id: str, event: dict[str, Any], authorizations: object) -> Event | None:
    """An event of the Events API. Bots are not listened to, ourselves least of all."""
    at = _time(event.get("event_ts") or event.get("ts"))
    match event, authorizations:
        case {"bot_id": str()}, _:
            return None
        case {"type": "message", "user": str(user)}, [{"user_id": str(bot)}, *_] if user == bot:
            # A file of our own may come back without the bot's id.
            return None
        case {"type": "message", "channel_type": "im"}, _:
            person, action = _told(event)
            return Event(id, Slack.channel, ACCOUNT, person, action, at) if action else None
        case {"type": "app_mention", "channel": str(channel)}, _:
            return Event(id, Slack.channel, ACCOUNT, channel, Invited(), at)
        case (
            {"type": "member_joined_channel", "channel": str(channel), "user": str(member)},
            [{"user_id": str(bot)}, *_],
        ) if member == bot:
            return Event(id, Slack.channel, ACCOUNT, channel, Invited(), at)
        case _:
            return None


def _written_at_desk(id: str, event: dict[str, Any], authorizations: object) -> Event | None:
    """What a person has written in a thread of the desk's channel."""
    match event, authorizations:
        case {"bot_id": str()}, _:
            return None
        case {"user": str(user)}, [{"user_id": str(bot)}, *_] if user == bot:
            return None
        case {"type": "message", "subtype": "message_changed"}, _:
            return None
        case {"type": "message", "channel": str(channel), "thread_ts": str(thread)}, _ if thread != event.get("ts"):
            _, action = _told(event)
            at = _time(event.get("event_ts") or event.get("ts"))
            address = f"{channel}{THREAD}{thread}"
            return Event(id, Slack.channel, ACCOUNT, address, action, at, known=True) if action else None
        case _:
            return None


def _at_desk(event: Event, container: dict[str, Any]) -> Event | None:
    """A button in a thread of the desk's, whoever presses it."""
    thread = container.get("thread_ts") or container.get("message_ts")
    address = f"{container['channel_id']}{THREAD}{thread}"
    return replace(event, address=address, reply="", known=True)


def _place_of(container: object) -> str:
    match container:
        case {"channel_id": str(channel)} if channel:
            return channel
        case _:
            return "-"


def _told(message: dict[str, Any]) -> tuple[str, Action | None]:
    """Who told us what in a message of a direct conversation; no action where nobody did."""
    match message:
        case {"subtype": "message_changed", "message": dict(new), "previous_message": dict(old)}:
            return _edited(new, old)
        case {"subtype": "file_share", "user": str(user)}:
            return user, Sent(_kind(message.get("files")))
        case {"user": str(user), "text": str(text)} if message.get("subtype") in WRITTEN:
            return user, Said(typed(text)) if text else Sent("other")
        case _:
            return "", None


def _edited(new: dict[str, Any], old: dict[str, Any]) -> tuple[str, Action | None]:
    """A person's own words, changed; not by a preview that Slack has added, nor by ourselves."""
    match new:
        case {"user": str(user), "edited": dict(), "text": str(text)} if not new.get("bot_id"):
            return user, Sent("edited") if text != old.get("text") else None
        case _:
            return "", None


def _kind(files: object) -> str:
    match files:
        case [{"subtype": "slack_audio"}, *_]:
            # A voice message, which may well come as video/mp4.
            return "voice"
        case [{"mimetype": str(mimetype)}, *_]:
            return {"image": "picture", "audio": "voice"}.get(mimetype.split("/")[0], "file")
        case _:
            return "file"


def _pressed(user: str, action: dict[str, Any], container: object) -> Event | None:
    """A button or a menu; one that is a link carries nothing."""
    match action:
        case {"value": str(press)} | {"selected_option": {"value": str(press)}}:
            pass
        case _:
            return None
    meant = presses.decode(press) or Command("unknown")
    reply = _place(container, toggled=isinstance(meant, Toggled))
    # Nothing in it is an id by itself; together these are one, and the same when it is sent again.
    parts = [user, reply, action["action_ts"], action.get("action_id"), press]
    id = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return Event(id, Slack.channel, ACCOUNT, user, meant, _time(action["action_ts"]), reply=reply)


def _place(container: object, *, toggled: bool) -> str:
    """Which message a button stands in, for changing it; "" where it stands in none."""
    match container:
        case {"channel_id": str(channel), "message_ts": str(ts)} if _ID.fullmatch(channel) and _TIME.fullmatch(ts):
            return json.dumps({"channel": channel, "ts": ts, "toggle": toggled}, separators=(",", ":"))
        case _:
            return ""


def _commanded(id: str, user: str, text: object) -> Event:
    """`/banso`, alone or with a code, a command or any other word."""
    said = _words(text)
    match said.split(maxsplit=1):
        case [] | ["start" | "check"]:
            return Event(id, Slack.channel, ACCOUNT, user, Opened())
        case ["start", code]:
            return Event(id, Slack.channel, ACCOUNT, user, Opened(), code=code)
        case [word] if word in COMMANDS:
            return Event(id, Slack.channel, ACCOUNT, user, Command(word))
        case _:
            return Event(id, Slack.channel, ACCOUNT, user, Said(said))


def _words(text: object) -> str:
    return typed(text).strip() if isinstance(text, str) else ""


def typed(text: str) -> str:
    """A text as it was typed, without what Slack marks addresses and its three control characters with."""
    plain = _MARKED.sub(lambda marked: marked[2] or marked[1], text)
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _time(stamp: object) -> datetime | None:
    if not isinstance(stamp, str) or not _TIME.fullmatch(stamp):
        return None
    return datetime.fromtimestamp(float(stamp), UTC).replace(tzinfo=None)


# ---------------------------------------------------------------- failing


def failure_of(error: Exception) -> Failure:
    """What an exception of the library, or of the transport below it, means to the message."""
    match error:
        case SlackApiError():
            return _answered(error.response)
        case SlackClientError():
            return Refused(f"the request could not be made: {type(error).__name__}")
        case _:
            return Unanswered(f"no answer: {type(error).__name__}")


def _answered(response: Any) -> Failure:
    """An answer that is no success: Slack's own, or a page where its JSON should be."""
    # Where there was no JSON, this is aiohttp's answer itself.
    status = int(response.status if isinstance(response, aiohttp.ClientResponse) else response.status_code)
    data = getattr(response, "data", None)
    code = data.get("error") if isinstance(data, dict) else None
    name = code if isinstance(code, str) and re.fullmatch(r"[a-z_]{1,60}", code) else "no word"
    reason = f"answered with status {status}, {name}"
    if status == 429 or ERRORS.get(name) is Busy:
        return Busy(reason, _seconds(response.headers.get("Retry-After")))
    if status >= 500 or not isinstance(code, str):
        return Unanswered(reason)
    return ERRORS.get(name, Refused)(reason)


def _seconds(after: object) -> float | None:
    return float(after) if isinstance(after, str) and after.isdecimal() else None
