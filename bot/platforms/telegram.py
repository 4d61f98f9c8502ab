"""Telegram as a platform: an owner's private chat with the bot, where choices are buttons under a question's text."""

import asyncio
import hmac
import json
import logging
import os
import re
import unicodedata
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import httpx
import structlog
import telegram
from telegram.constants import InlineKeyboardMarkupLimit, MessageLimit
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from bot.pictures import Pictures
from bot.platforms import fitting
from bot.platforms.failures import Busy, Failure, Gone, Refused, Unanswered, Unusable
from bot.platforms.limits import TELEGRAM
from bot.platforms.platform import Arrived, Files, Part, Sending, Unreadable, no_files
from bot.settings import Settings
from bot.turn import Event
from dialogs import presses
from dialogs.events import Action, Command, Invited, Left, Opened, Said, Sent, Toggled
from dialogs.flows import FLOWS
from dialogs.messages import Button, Message
from dialogs.phrases import Phrases

CHANNEL = "telegram"
ACCOUNT = "bot"
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the header's name
SECONDS = 10.0

# What a message may hold instead of text, by the first that it has: an animation comes as a document, too, a live photo
# as a photo, a venue as a location. What is not named here tells of the chat itself and wants no answer.
CONTENT = {
    "sticker": "sticker",
    "animation": "other",
    "photo": "picture",
    "live_photo": "picture",
    "voice": "voice",
    "audio": "voice",
    "video_note": "voice",
    "document": "file",
    "location": "place",
    "venue": "place",
    "video": "other",
    "contact": "other",
    "dice": "other",
    "game": "other",
    "poll": "other",
    "story": "other",
    "checklist": "other",
    "paid_media": "other",
    "giveaway": "other",
    "giveaway_winners": "other",
    "invoice": "other",
    "passport_data": "other",
    "rich_message": "other",
}

# The fields that are read of an update, and what stands for those that the library can't do without.
_READ = frozenset(
    (
        *("update_id", "message", "edited_message", "callback_query", "my_chat_member"),
        *("message_id", "chat", "from", "text", "data", "id", "type", "is_bot", "chat_instance"),
        *("old_chat_member", "new_chat_member", "user", "status"),
    )
)
_LEAST = {"date": 0, "is_bot": False, "first_name": "", "chat_instance": "", "until_date": 0}

# Telegram refuses a keyboard beyond these; only developers' reports tell of the second.
_KEYS = min(TELEGRAM.buttons, InlineKeyboardMarkupLimit.TOTAL_BUTTON_NUMBER)
_KEYBOARD_BYTES = 10_000
# Up to so many choices have a row each. Of more, as many share a row as a phone shows in full: by the columns of the
# longest label, a kanji taking two.
_TALL = 8
_COLUMNS = ((3, 12), (2, 18))

_EDIT = "editMessageReplyMarkup"
_FILE = "sendDocument"
# Who is blocked or deleted is forbidden (403); these are told as a bad request.
_GONE = re.compile(
    r"(chat|user) not found|peer_id_invalid|chat_write_forbidden|channel_private|rights to send",
    re.IGNORECASE,
)

# The library is to give times as timedelta, as it will do later; until it is told so it warns each time.
os.environ.setdefault("PTB_TIMEDELTA", "true")
# It notes the address of every request, and the bot's token is in that.
logging.getLogger("httpx").setLevel(logging.WARNING)

log = structlog.get_logger()


class Telegram:
    """One bot of ours on Telegram; fills in Platform."""

    channel = CHANNEL
    # https://core.telegram.org/bots/faq: about 30 messages a second in all; one a second to one chat, where short
    # bursts pass. Groups have less, but hear one message ever.
    rate = 30.0
    burst = 30
    contact_rate = 1.0
    contact_burst = 3
    crowd_rate = 0.0
    # A keyboard can be changed at any time; longer than this nothing is tried to be sent anyway.
    reply_seconds = 24 * 3600.0
    sending_seconds = 20.0

    def __init__(
        self,
        settings: Settings,
        public_url: str,
        pictures: Pictures,
        phrases: Phrases,
        transport: httpx.AsyncBaseTransport | None = None,
        files: Files = no_files,
    ) -> None:
        self._secret = settings.telegram_webhook_secret.get_secret_value().encode()
        self._public_url = public_url
        self._pictures = pictures
        self._files = files
        self._say = phrases.say
        self._request = _Request(
            read_timeout=SECONDS,
            write_timeout=SECONDS,
            connect_timeout=SECONDS,
            pool_timeout=SECONDS,
            media_write_timeout=SECONDS,
            httpx_kwargs={"transport": transport} if transport else None,
        )
        self._bot = ExtBot(
            settings.telegram_bot_token.get_secret_value(),
            base_url=f"{settings.telegram_api_url}/bot",
            request=self._request,
            get_updates_request=self._request,
        )
        self._methods: dict[str, Callable[..., Awaitable[Any]]] = {
            "sendMessage": self._bot.send_message,
            "sendPhoto": self._bot.send_photo,
            _FILE: self._bot.send_document,
            _EDIT: self._bot.edit_message_reply_markup,
        }
        self._username = ""

    # ------------------------------------------------------------ what arrives

    def authentic(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        given = headers.get(SECRET_HEADER)
        return bool(self._secret) and given is not None and hmac.compare_digest(given.encode(), self._secret)

    def parse(self, headers: Mapping[str, str], body: bytes) -> Arrived:
        update = self._update(_object(body))
        event = _event(update) if update else None
        return Arrived((event,) if event and _real(event) else ())

    def _update(self, data: dict[str, Any]) -> telegram.Update | None:
        """The update; where the library can't read it, what was said is looked for without the rest."""
        for read in (dict, _bare):
            # The library raises whatever comes of a field that is missing or of another type.
            with suppress(Exception):
                return telegram.Update.de_json(read(data), self._bot)
        return None

    # ------------------------------------------------------------ what is shown

    def render(self, messages: Sequence[Message], reply: str) -> list[Part]:
        answered = json.loads(reply) if reply else {}
        if answered.get("toggle") and len(messages) == 1 and messages[0].kind == "many":
            keyboard = self._keyboard(_marked(messages[0]))
            if _fits(keyboard):
                # Not the text: what was said before the question stands in the same message.
                return [{"method": _EDIT, "message_id": answered["message"], "reply_markup": keyboard}]
        shown = fitting.joined([self._shown(message) for message in messages], TELEGRAM.messages, TELEGRAM.text)
        return [part for message in shown for part in self._parts(message)]

    def _parts(self, message: Message) -> Iterator[Part]:
        """The requests for a message as `_shown` made it: its picture, its text with the buttons, then its file."""
        if message.picture:
            words = message.picture.alt.strip() or self._say("shown.picture")
            caption, *more = fitting.parted(words, MessageLimit.CAPTION_LENGTH)
            yield {"method": "sendPhoto", "photo": message.picture, "caption": caption}
            yield from map(_text, more)
        *texts, last = [text for text in fitting.parted(message.text, TELEGRAM.text) if text.strip()] or [""]
        yield from map(_text, texts)
        keyboard = self._keyboard(message)
        if last:
            yield _text(last) | ({"reply_markup": keyboard} if keyboard["inline_keyboard"] else {})
        if message.file:
            yield {"method": _FILE, "document": message.file}

    def _shown(self, message: Message) -> Message:
        """The message with its ticks set, and with what buttons have no room for written below its text."""
        marked = _marked(message)
        fits = _fits(self._keyboard(marked))
        listed = marked if fits else fitting.numbered(self._in_full(marked))
        text = listed.text.strip() or (self._say("shown.choose") if any(_rows(message)) else "")
        lines = (text, _hints(message), _groups(message), self._how(message, fits), self._left(message))
        return replace(listed, text="\n\n".join(filter(None, lines)))

    def _how(self, message: Message, fits: bool) -> str:
        """How to answer, where that does not show."""
        if not fits:
            return self._say("shown.numbered")
        if message.kind != "many" or not message.done:
            return ""
        if message.limit:
            return self._say("shown.many.limit", limit=message.limit, done=message.done.label)
        return self._say("shown.many", done=message.done.label)

    def _left(self, message: Message) -> str:
        return "" if message.left is None else self._say("shown.left", left=message.left)

    def _keyboard(self, message: Message) -> dict[str, Any]:
        return {"inline_keyboard": [[self._key(button, message) for button in row] for row in _rows(message)]}

    def _key(self, button: Button, message: Message) -> dict[str, str]:
        if button.url:
            return {"text": button.label, "url": self._absolute(button.url)}
        look = {"style": "primary"} if button == message.done else {}
        return {"text": button.label, "callback_data": button.press, **look}

    def _in_full(self, message: Message) -> Message:
        """The message with the addresses of its buttons in their labels, for a list where only words can stand."""
        buttons = (replace(b, label=f"{b.label} {self._absolute(b.url)}".strip()) for b in message.buttons)
        return replace(message, buttons=tuple(buttons))

    def _absolute(self, url: str) -> str:
        return f"{self._public_url}{url}" if url.startswith("/") else url

    # ------------------------------------------------------------ what is sent

    async def send(self, part: Part, sending: Sending) -> int:
        if sending.reply:
            await self._settle(json.loads(sending.reply)["query"])
        method = part["method"]
        ready = await self._drawn(part)
        if ready is None:
            return 0
        try:
            async with asyncio.timeout(SECONDS):
                await self._methods[ready.pop("method")](chat_id=sending.address, **ready)
        except Exception as error:
            meant = failure(error, method)
            if meant and not (method == _FILE and _dispensable(meant, sending)):
                # The library's own error may quote what was sent.
                raise meant from None
        return 0

    async def _drawn(self, part: Part) -> Part | None:
        """The part with its picture or file as it stands now.

        Where the result is gone, the words for its picture alone; None where there is no file to send.
        """
        if "document" in part:
            try:
                made = await asyncio.to_thread(self._files, part["document"])
            except Exception as error:
                # The text has arrived, and its button leads to the same file.
                log.warning("file", channel=CHANNEL, error=type(error).__name__)
                return None
            return part | {"document": made, "filename": "banso.ics"} if made else None
        if "photo" not in part:
            return dict(part)
        found = await self._pictures.file(part["photo"])
        if found is None:
            return _text(part["caption"])
        content, media_type = found
        return part | {"photo": content, "filename": f"banso.{media_type.removeprefix('image/')}"}

    async def _settle(self, query: str) -> None:
        """Have the button no longer wait; it does so by itself after a while, so a failure is none."""
        with suppress(Exception):
            async with asyncio.timeout(SECONDS):
                await self._bot.answer_callback_query(query)

    async def waiting(self, address: str) -> None:
        with suppress(Exception):
            async with asyncio.timeout(SECONDS):
                await self._bot.send_chat_action(address, "typing")

    async def invitation(self, code: str) -> str | None:
        if not self._username:
            with suppress(Exception):
                async with asyncio.timeout(SECONDS):
                    self._username = (await self._bot.get_me()).username or ""
        if not self._username:
            return None
        return f"https://t.me/{self._username}?start={code}" if code else f"https://t.me/{self._username}"

    async def start(self) -> None:
        await self._request.initialize()

    async def stop(self) -> None:
        await self._request.shutdown()


class _Request(HTTPXRequest):
    """The library's requests, but for its log of every answer that it can't read: such an answer may quote an owner."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        try:
            data: dict[str, Any] = json.loads(payload)
        except ValueError as error:
            raise TelegramError("The answer is no JSON") from error
        return data


def failure(error: Exception, method: str = "") -> Failure | None:
    """What an error in calling this method means; None where things stand already as they were asked to."""
    words = _words(error)
    match error:
        case RetryAfter(retry_after=after):
            return Busy(words, after.total_seconds() if isinstance(after, timedelta) else after)
        case BadRequest() if method == _EDIT:
            return None if "not modified" in words else Unusable(words)
        case BadRequest() if not _GONE.search(words):
            return Refused(words)
        case BadRequest() | Forbidden() | ChatMigrated():
            return Gone(words)
        case InvalidToken() | Conflict() | EndPointNotFound():
            # Not the message's fault: it waits for an operator to set the bot right.
            return Busy(words)
        case _:
            return Unanswered(words)


def _dispensable(meant: Failure, sending: Sending) -> bool:
    """Whether a file that could not be sent is let go: what follows it must not wait, and a button leads to it, too."""
    return isinstance(meant, Refused) or (isinstance(meant, Unanswered) and sending.again)


def _words(error: Exception) -> str:
    """An error in words, without what they quote of a message and without ids."""
    said = re.sub(r"""(["'`]).*\1|\S+://\S+|\d{5,}""", "…", str(error), flags=re.DOTALL)
    return f"{type(error).__name__}: {said}"


# ---------------------------------------------------------------- reading updates


def _object(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("The body is no JSON") from error
    if not isinstance(data, dict):
        raise Unreadable("The body is no object")
    return data


def _bare(value: Any) -> Any:
    """An update with nothing in it but the fields that are read."""
    if not isinstance(value, dict):
        return value
    return _LEAST | {key: _bare(inner) for key, inner in value.items() if key in _READ}


def _event(update: telegram.Update) -> Event | None:
    """What an update means; None where it means nothing to us. An id or an address that is none is ""."""
    id = _number(update.update_id)
    if update.message:
        return _written(id, update.message)
    if update.edited_message:
        return _edited(id, update.edited_message)
    if update.callback_query:
        return _pressed(id, update.callback_query)
    if update.my_chat_member:
        return _moved(id, update.my_chat_member)
    return None


def _real(event: Event) -> bool:
    """Whether id and address are such as Telegram gives."""
    return 0 < len(event.id) <= 100 and 0 < len(event.address) <= 200


def _number(value: Any) -> str:
    return str(value) if type(value) is int else ""


def _owner(message: telegram.Message) -> str:
    """The address of the owner who wrote; "" where it was nobody in a private chat."""
    match message.chat, message.from_user:
        case telegram.Chat(type="private"), telegram.User(is_bot=True):
            return ""
        case telegram.Chat(type="private", id=id), _:
            return _number(id)
    return ""


def _at(date: datetime | None) -> datetime | None:
    """A time in UTC without zone; the epoch stands for none."""
    return date.astimezone(UTC).replace(tzinfo=None) if date and date.timestamp() else None


def _written(id: str, message: telegram.Message) -> Event | None:
    address, at = _owner(message), _at(message.date)
    if isinstance(message.text, str) and message.text:
        action, code = _typed(message.text)
        return Event(id, CHANNEL, ACCOUNT, address, action, at, code)
    kind = next((kind for field, kind in CONTENT.items() if _has(message, field)), "")
    if not kind:
        return None
    if isinstance(message.media_group_id, str):
        # The pictures of an album come one by one; as one event they get one answer.
        id = f"{address}:{message.media_group_id}"
    return Event(id, CHANNEL, ACCOUNT, address, Sent(kind), at)


def _has(message: telegram.Message, field: str) -> bool:
    """Whether a message has this field, also where it is newer than the library."""
    return bool(getattr(message, field, None)) or field in message.api_kwargs


def _typed(text: str) -> tuple[Action, str]:
    """What a text means, and the code that it brings along."""
    command = re.fullmatch(r"/(\w+)(?:@\w+)?(?:\s+(.*))?", text, re.ASCII | re.DOTALL)
    if not command:
        return Said(text), ""
    name, rest = command[1].lower(), (command[2] or "").strip()
    if name == "start":
        return Opened(), rest if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", rest) else ""
    if name in ("check", "resume"):
        return Command("resume"), ""
    if name == "forward":
        return Command(name, rest), ""
    return Command(name if name in FLOWS or name == "back" else "unknown"), ""


def _edited(id: str, message: telegram.Message) -> Event | None:
    """A text changed after it was sent; what else changes, such as a live location, wants no answer."""
    if not isinstance(message.text, str):
        return None
    return Event(id, CHANNEL, ACCOUNT, _owner(message), Sent("edited"), _at(message.edit_date))


def _pressed(id: str, query: telegram.CallbackQuery) -> Event | None:
    """A button under a message of ours, which may no longer be at hand; Telegram does not say when it was pressed."""
    match query.message, query.from_user, query.data:
        case telegram.MaybeInaccessibleMessage(chat=telegram.Chat(type="private")), telegram.User(), str():
            message = int(_number(query.message.message_id) or 0)
        case None, telegram.User(), str():
            message = 0
        case _:
            return None
    action = presses.decode(query.data) or Command("unknown")
    reply = {"query": str(query.id), "message": message, "toggle": isinstance(action, Toggled) and message > 0}
    written = json.dumps(reply, separators=(",", ":"))
    return Event(id, CHANNEL, ACCOUNT, _number(query.from_user.id), action, reply=written)


def _moved(id: str, changed: telegram.ChatMemberUpdated) -> Event | None:
    """The bot itself was blocked or let in again by an owner, added to a group or put out of it."""
    stand = [getattr(part, "status", "") for part in (changed.old_chat_member, changed.new_chat_member)]
    match getattr(changed.chat, "type", ""), *stand:
        case "private", _, "kicked":
            action: Action = Left()
        case "private", "kicked", "member":
            action = Opened()
        case "group" | "supergroup", "left" | "kicked", "member" | "administrator":
            action = Invited()
        case "group" | "supergroup", _, "left" | "kicked":
            action = Left()
        case _:
            return None
    return Event(id, CHANNEL, ACCOUNT, _number(changed.chat.id), action, _at(changed.date))


# ---------------------------------------------------------------- fitting messages


def _text(text: str) -> Part:
    return {"method": "sendMessage", "text": text, "link_preview_options": {"is_disabled": True}}


def _fits(keyboard: dict[str, Any]) -> bool:
    """Whether Telegram takes a keyboard of this size."""
    return sum(map(len, keyboard["inline_keyboard"])) <= _KEYS and len(json.dumps(keyboard)) <= _KEYBOARD_BYTES


def _marked(message: Message) -> Message:
    """A multi-choice with its ticks before the labels; any other message as it is."""
    if message.kind != "many":
        return message
    marked = (replace(button, label=f"{'✓' if button.picked else '☐'} {button.label}") for button in message.buttons)
    return replace(message, buttons=tuple(marked))


def _rows(message: Message) -> Iterator[Sequence[Button]]:
    """All buttons of a message, row by row: its choices, groups apart; what ends it; the quiet ways out together."""
    columns = _columns(message.buttons) if len(message.buttons) > _TALL else 1
    for _, group in groupby(message.buttons, key=lambda button: button.group):
        yield from _split(tuple(group), columns)
    yield from ([button] for button in (message.done, message.none) if button)
    yield from _split(message.side, _columns(message.side))


def _split(buttons: Sequence[Button], columns: int) -> Iterator[Sequence[Button]]:
    return (buttons[n : n + columns] for n in range(0, len(buttons), columns))


def _columns(buttons: Sequence[Button]) -> int:
    """How many of these may share a row."""
    if (numbers := fitting.abreast(buttons)) > 1:
        return numbers
    widest = max((_width(button.label) for button in buttons), default=0)
    return next((columns for columns, width in _COLUMNS if widest <= width), 1)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WFA" else 1 for sign in text)


def _hints(message: Message) -> str:
    """What is said about single choices, one a line."""
    buttons = (*message.buttons, message.done, message.none, *message.side)
    return "\n".join(f"・{button.label}:{button.hint}" for button in buttons if button and button.hint)


def _groups(message: Message) -> str:
    """In which order the groups of choices stand; a keyboard has no headings."""
    return " ▸ ".join(dict.fromkeys(button.group for button in message.buttons if button.group))
