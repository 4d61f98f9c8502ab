"""LINE: what its webhooks mean, and how messages are sent there, first as a free reply and then as a push."""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import aiohttp
from linebot.v3.messaging import (
    AsyncApiClient,
    AsyncMessagingApi,
    Configuration,
    ShowLoadingAnimationRequest,
)
from linebot.v3.messaging.exceptions import ApiException, OpenApiException
from linebot.v3.webhook import SignatureValidator

from bot.pictures import Pictures
from bot.platforms.failures import Busy, Failure, Gone, Refused, Unanswered, Unusable
from bot.platforms.flex import Flex
from bot.platforms.platform import Arrived, Part, Sending, Unreadable
from bot.settings import Settings
from bot.turn import Event
from dialogs import presses
from dialogs.events import Action, Command, Invited, Left, Opened, Said, Sent
from dialogs.messages import Message
from dialogs.phrases import Phrases

CHANNEL, ACCOUNT = "line", "bot"
TIME_LIMIT = 5.0
# How long the loading animation lasts at the most; it ends with the next message. LINE takes multiples of 5.
LOADING_SECONDS = 20
# As many as a process has on their way.
CONNECTIONS = 200
# Parts of the requests of a second: how many may come in a row after a rest, and how many are left unused, as requests
# made evenly do not arrive quite as evenly.
SAVED_UP, SPARE = 0.01, 0.02

SENT = {"sticker": "sticker", "image": "picture", "audio": "voice", "file": "file", "location": "place"}
START = "start:"
START_CODE = re.compile(rf"{START}[A-Za-z0-9_-]{{1,64}}")
# A typed text that may be a code, and not the number of a choice.
TYPED_CODE = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_-]{3,64}")
ID, ADDRESS, TOKEN = (re.compile(rf"[!-~]{{1,{most}}}") for most in (100, 200, 200))
# In milliseconds; nothing of LINE's was ever earlier.
YEAR_2001 = 10**12
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC without zone, as everywhere

# LINE's own words, from the error messages of the Messaging API reference and its FAQ. A blocked or deleted contact is
# none of these: LINE takes such a message, and tells of the block by the event "unfollow".
MONTHLY_LIMIT, USED_UP = "monthly limit", "reply token"
UNKNOWN_CONTACT = ("Failed to send messages", "The property, 'to'")
IDS = re.compile(r"\b[UCR][0-9a-f]{32}\b")


class Line:
    """The platform LINE, as one official account."""

    channel = CHANNEL
    # 2,000 requests a second for each of reply and push (Messaging API reference, rate limits): what may come in a row
    # counts within that second, too. LINE names no limit for one contact.
    rate = 1960.0
    burst = 20
    contact_rate = 0.0
    contact_burst = 0
    # https://developers.line.biz/en/reference/messaging-api/#rate-limits: 200 multicasts a second for a channel.
    crowd_rate = 198.0
    # A reply token may be used within a minute of the event (Messaging API reference, reply token), and this counts
    # from when the event was taken.
    reply_seconds = 45.0
    # Short, so that a reply of which nobody knows what became can be tried again while its token lives.
    sending_seconds = 6.0

    def __init__(
        self,
        settings: Settings,
        public_url: str,
        pictures: Pictures,
        phrases: Phrases,
        *,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        self._configuration = Configuration(
            host=settings.line_api_url, access_token=settings.line_channel_access_token.get_secret_value()
        )
        self._configuration.connection_pool_maxsize = CONNECTIONS
        self.rate, self.burst = self.pace(settings)
        self._signatures = SignatureValidator(settings.line_channel_secret.get_secret_value())
        self._flex = Flex(public_url, pictures, phrases)
        # The library's own limit is five minutes.
        self._limit = {"_request_timeout": aiohttp.ClientTimeout(total=time_limit)}
        self._client: Any = None
        self._api: Any = None
        self._basic_id = ""

    @classmethod
    def pace(cls, settings: Settings) -> tuple[float, int]:
        """How many requests it makes a second by the settings, and how many may come in a row."""
        if not (most := settings.line_requests_per_second):
            return cls.rate, cls.burst
        return most * (1 - SPARE), max(round(most * SAVED_UP), 1)

    async def start(self) -> None:
        self._client = AsyncApiClient(self._configuration)
        self._api = AsyncMessagingApi(self._client)

    async def stop(self) -> None:
        if self._client:
            await self._client.close()

    # ------------------------------------------------------------ what arrives

    def authentic(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        signature = headers.get("x-line-signature")
        try:
            return signature is not None and bool(self._signatures.validate(body.decode(), signature))
        except UnicodeError:
            return False

    def parse(self, headers: Mapping[str, str], body: bytes) -> Arrived:
        return Arrived(tuple(event for given in _given(body) if (event := _event(given))))

    # ------------------------------------------------------------ what is sent

    def render(self, messages: Sequence[Message], reply: str) -> list[Part]:
        return self._flex.requests(messages)

    async def send(self, part: Part, sending: Sending) -> int:
        return await (self._reply(part, sending) if sending.reply else self._push(part, sending))

    async def _reply(self, part: Part, sending: Sending) -> int:
        """The free way. It takes no retry key; but a token that an earlier attempt has used up tells the same."""
        try:
            await self._call("reply", {**part, "replyToken": sending.reply}, {})
        except ApiException as error:
            taken_before = sending.again and error.status == 400 and USED_UP in _message(error)
            if not taken_before:
                raise Unusable(_reason(error)) from None
        except (OpenApiException, aiohttp.ClientError, OSError, ValueError) as error:
            raise failure(error) from None
        return 0

    async def _push(self, part: Part, sending: Sending) -> int:
        method = "multicast" if sending.crowd else "push"
        to = list(sending.crowd) or sending.address
        try:
            await self._call(method, {**part, "to": to}, {"X-Line-Retry-Key": str(sending.key)})
        except (OpenApiException, aiohttp.ClientError, OSError, ValueError) as error:
            if getattr(error, "status", None) != 409:
                # What LINE or the library says in full may hold what was sent, so it goes no further.
                raise failure(error) from None
        return len(sending.crowd) or 1

    async def _call(self, method: str, body: Part, headers: dict[str, str]) -> None:
        """One request for messages, over the library's client but without its models.

        Those took some 10 ms for a question with its buttons, of the one processor that all conversations share.
        """
        await self._client.call_api(
            f"/v2/bot/message/{method}",
            "POST",
            header_params={"Accept": "application/json", "Content-Type": "application/json", **headers},
            body=body,
            response_types_map={},
            auth_settings=["Bearer"],
            **self._limit,
        )

    async def waiting(self, address: str) -> None:
        if not address.startswith("U"):
            return
        request = ShowLoadingAnimationRequest(chatId=address, loadingSeconds=LOADING_SECONDS)
        with suppress(Exception):
            await self._api.show_loading_animation(request, **self._limit)

    async def invitation(self, code: str) -> str | None:
        with suppress(Exception):
            self._basic_id = self._basic_id or (await self._api.get_bot_info(**self._limit)).basic_id
        if not self._basic_id:
            return None
        chat = f"https://line.me/R/oaMessage/{quote(self._basic_id, safe='')}/"
        return f"{chat}?{quote(code, safe='')}" if code else chat


# ---------------------------------------------------------------- reading a webhook

# By hand and not by the library's models: those read a body as a whole or not at all, and a sticker of a new kind, or
# one field left out, loses them both the owner's words and the reply token.


def _given(body: bytes) -> list[Any]:
    try:
        match json.loads(body):
            case {"events": list(events)}:
                return events
    except (ValueError, RecursionError):
        pass
    raise Unreadable("no JSON object with a list of events")


def _event(given: Any) -> Event | None:
    """What an event means; None where it means nothing, or is not as LINE's are."""
    id, address, action = _id(given), _address(given), _action(given)
    if not (id and address and action):
        return None
    return Event(id, CHANNEL, ACCOUNT, address, action, _at(given), _code(given), _reply_token(given))


def _id(given: Any) -> str:
    match given:
        case {"webhookEventId": str(id)} if ID.fullmatch(id):
            return id
    return ""


def _address(given: Any) -> str:
    match given:
        case {
            "source": {"type": "user", "userId": str(id)}
            | {"type": "group", "groupId": str(id)}
            | {"type": "room", "roomId": str(id)}
        } if ADDRESS.fullmatch(id):
            return id
    return ""


def _action(given: Any) -> Action | None:
    match given:
        case {"mode": "standby"}:
            # Another module of the account is talking with the owner.
            return None
        case {"source": {"type": "user"}}:
            return _done(given)
        case {"source": {"type": "group" | "room"}, "type": "join"}:
            return Invited()
        case {"source": {"type": "group" | "room"}, "type": "leave"}:
            return Left()
    return None


def _done(given: Any) -> Action | None:
    """What an owner has done, in the chat with us alone."""
    match given:
        case {"type": "follow"}:
            return Opened()
        case {"type": "unfollow"}:
            return Left()
        case {"type": "message", "message": {"type": "text", "text": str(text)}}:
            return Said(text)
        case {"type": "message", "message": {"type": str(kind)}}:
            return Sent(SENT.get(kind, "other"))
        case {"type": "messageEdited"}:
            return Sent("edited")
        case {"type": "postback", "postback": {"data": str(data)}}:
            return Opened() if data.startswith(START) else presses.decode(data) or Command("unknown")
    return None


def _code(given: Any) -> str:
    match given:
        case {"type": "message", "message": {"type": "text", "text": str(text)}} if TYPED_CODE.fullmatch(text):
            return text
        case {"type": "postback", "postback": {"data": str(data)}} if START_CODE.fullmatch(data):
            return data.removeprefix(START)
    return ""


def _at(given: Any) -> datetime | None:
    match given:
        case {"timestamp": int(milliseconds)} if milliseconds > YEAR_2001:
            with suppress(OverflowError):
                return EPOCH + timedelta(milliseconds=milliseconds)
    return None


def _reply_token(given: Any) -> str:
    match given:
        case {"replyToken": str(token)} if TOKEN.fullmatch(token):
            return token
    return ""


# ---------------------------------------------------------------- what fails


def failure(error: Exception) -> Failure:
    """What an exception of the library, or of the transport below it, means for a push."""
    match error:
        case ApiException():
            return _answered(error)
        case OpenApiException():
            return Refused(f"the library does not take it: {type(error).__name__}")
        case aiohttp.ClientConnectorError():
            # Nothing has left us, so it has surely not been taken.
            return Busy("no connection to LINE")
        case _:
            return Unanswered(type(error).__name__)


def _answered(error: ApiException) -> Failure:
    status, reason, message = error.status or 0, _reason(error), _message(error)
    if status == 429 and MONTHLY_LIMIT not in message:
        return Busy(reason, _seconds((error.headers or {}).get("retry-after", "")))
    if status == 400 and message.startswith(UNKNOWN_CONTACT):
        return Gone(reason)
    return Refused(reason) if 400 <= status < 500 else Unanswered(reason)


def _reason(error: ApiException) -> str:
    return f"{error.status} {IDS.sub('…', _message(error))}".strip()


def _message(error: ApiException) -> str:
    """The message in LINE's answer; "" where it has none, or it is no answer of LINE's."""
    with suppress(ValueError):
        match json.loads(error.body or ""):
            case {"message": str(message)}:
                return message
    return ""


def _seconds(retry_after: str) -> float | None:
    return float(retry_after) if re.fullmatch(r"[0-9]{1,6}", retry_after) else None
