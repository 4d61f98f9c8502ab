"""Owners with a phone: they send what LINE, Telegram and Slack would send, and tap what they were sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import urllib.parse
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import httpx2

from dialogs import presses
from dialogs.events import Command, Picked, Tapped, Toggled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.standin import Call, StandIn


class Phone(ABC):
    """One owner on one platform. `shown` is what the latest answer holds, as data of the platform's."""

    platform = ""
    # What sends a message, and the keys under which a button's press stands in it.
    methods: tuple[str, ...] = ()
    key = ""
    picture = ""

    def __init__(self, server: str, stand_in: StandIn, user: str) -> None:
        self.server = server
        self.stand_in = stand_in
        self.user = user
        self.events = 0
        self.tokens = "token"
        self.heard = 0
        self.shown: list[Any] = []
        self.all: list[Any] = []
        self.client = httpx2.Client(timeout=60)

    # ------------------------------------------------------------ the owner

    @abstractmethod
    def opens(self) -> None:
        """Add the bot."""

    @abstractmethod
    def says(self, text: str) -> None:
        """Type a text."""

    @abstractmethod
    def taps(self, press: str) -> None:
        """Tap the button that carries this."""

    def check(self, choice: int) -> None:
        """Go through the check, always taking the choice at this place, or the last before it, to the result."""
        self.opens()
        while not self.has_picture():
            self.taps(self._next(choice))

    def _next(self, choice: int) -> str:
        """What is tapped next: of a multi-choice one is put on first, and a text is skipped."""
        actions = [(press, presses.decode(press)) for press in self.presses()]
        first = next(action for _, action in actions if isinstance(action, Tapped | Toggled))
        ends = [press for press, action in actions if isinstance(action, Picked) and action.values is None]
        if isinstance(first, Toggled):
            last = self.toggled = getattr(self, "toggled", "")
            self.toggled = first.question
            return ends[0] if last == first.question else presses.encode(first)
        answers = [press for press, action in actions if isinstance(action, Tapped)]
        return (answers[: choice + 1])[-1]

    # ------------------------------------------------------------ what is shown

    def presses(self) -> list[str]:
        """All that can be tapped in the latest answer, in order."""
        return [found for found in _values(self.shown, self.key) if presses.decode(found)]

    def has_picture(self) -> bool:
        """Whether the latest answer has a picture."""
        return self.picture in json.dumps(self.shown)

    def text(self) -> str:
        """All words of the latest answer."""
        return "\n".join(found for key in ("text", "altText", "caption") for found in _values(self.shown, key))

    # ------------------------------------------------------------ over the wire

    def posted(self, body: bytes, headers: dict[str, str]) -> httpx2.Response:
        """Send a webhook."""
        return self.client.post(f"{self.server}/webhooks/{self.platform}", content=body, headers=headers)

    def sent(self, body: bytes, headers: dict[str, str]) -> None:
        """Send a webhook, again until it is taken, and read what it is answered."""
        while self.posted(body, headers).status_code >= 500:
            pass
        self.shown = []
        while not self.complete():
            n, call = self.stand_in.wait(self.heard, self.mine)
            self.heard = n + 1
            self.shown += self.messages(call)
        self.all += self.shown

    def complete(self) -> bool:
        """Whether the latest answer is there as a whole: it ends with something to tap, but news."""
        found = [presses.decode(found) for found in _values(self.shown[-1:], self.key)]
        return any(action and action != Command("news", "in") for action in found)

    @abstractmethod
    def mine(self, call: Call) -> bool:
        """Whether a call brings this owner a message."""

    def messages(self, call: Call) -> list[Any]:
        """The messages in a call."""
        return [call["body"]]


class LinePhone(Phone):
    """An owner on LINE."""

    platform, key, picture = "line", "data", '"type": "image"'

    def opens(self) -> None:
        self.event({"type": "follow", "follow": {"isUnblocked": False}})

    def says(self, text: str) -> None:
        self.event({"type": "message", "message": {"type": "text", "id": "1", "text": text, "quoteToken": "q"}})

    def taps(self, press: str) -> None:
        self.event({"type": "postback", "postback": {"data": press}})

    def event(self, event: dict[str, Any]) -> None:
        """Have something happen."""
        self.events += 1
        self.token = f"{self.tokens}-{self.user}-{self.events}"
        common = {
            "webhookEventId": f"{self.user}-{self.events}",
            "timestamp": 1_790_000_000_000 + self.events,
            "mode": "active",
            "replyToken": self.token,
            "source": {"type": "user", "userId": self.user},
            "deliveryContext": {"isRedelivery": False},
        }
        self.sent(*line_webhook([common | event]))

    def mine(self, call: Call) -> bool:
        body = call["body"]
        mine = body.get("replyToken") == self.token or body.get("to") == self.user
        return bool(call["platform"] == "line" and call["status"] == 200 and mine)

    def messages(self, call: Call) -> list[Any]:
        found: list[Any] = call["body"]["messages"]
        return found


def line_webhook(events: list[dict[str, Any]]) -> tuple[bytes, dict[str, str]]:
    """A body as LINE sends it, and the headers that make it authentic."""
    body = json.dumps({"destination": "U" + "0" * 32, "events": events}, ensure_ascii=False).encode()
    return body, line_headers(body)


def line_headers(body: bytes) -> dict[str, str]:
    """The headers that make a body authentic on LINE."""
    signature = base64.b64encode(hmac.new(b"line-secret", body, hashlib.sha256).digest()).decode()
    return {"content-type": "application/json", "x-line-signature": signature}


def telegram_headers() -> dict[str, str]:
    """The headers that make any body authentic on Telegram."""
    return {"content-type": "application/json", "x-telegram-bot-api-secret-token": "telegram-secret"}


def slack_headers(body: bytes, kind: str) -> dict[str, str]:
    """The headers that make a body authentic on Slack, for five minutes by the server's own clock."""
    now = str(int(time.time()))  # noqa: TID251
    signature = hmac.new(b"slack-secret", f"v0:{now}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": now, "x-slack-signature": f"v0={signature}", "content-type": kind}


class TelegramPhone(Phone):
    """An owner on Telegram; `user` is a number."""

    platform, key, picture = "telegram", "callback_data", '"photo"'

    def opens(self) -> None:
        self.says("/start")

    def says(self, text: str) -> None:
        self.update({"message": {"message_id": self.events + 1, "date": 1_790_000_000, "text": text} | self._whose()})

    def taps(self, press: str) -> None:
        message = {"message_id": 1, "date": 1_790_000_000, "text": "…"} | self._whose()
        query = {"id": str(self.events), "chat_instance": "1", "data": press, "message": message}
        self.update({"callback_query": query | {"from": self._whose()["from"]}})

    def _whose(self) -> dict[str, Any]:
        person = {"id": int(self.user), "is_bot": False, "first_name": "花子"}
        return {"chat": {"id": int(self.user), "type": "private", "first_name": "花子"}, "from": person}

    def update(self, update: dict[str, Any]) -> None:
        """Have something happen."""
        self.events += 1
        body = json.dumps({"update_id": int(self.user) * 10_000 + self.events} | update).encode()
        self.sent(body, telegram_headers())

    def mine(self, call: Call) -> bool:
        body = call["body"]
        shows = "text" in body or "photo" in body or "reply_markup" in body
        return call["platform"] == "telegram" and call["status"] == 200 and shows and str(body["chat_id"]) == self.user

    def messages(self, call: Call) -> list[Any]:
        body = dict(call["body"])
        if isinstance(body.get("reply_markup"), str):
            body["reply_markup"] = json.loads(body["reply_markup"])
        return [body]


class SlackPhone(Phone):
    """A person on Slack."""

    platform, key, picture = "slack", "value", '"type": "image"'

    def opens(self) -> None:
        self.says("こんにちは")

    def says(self, text: str) -> None:
        self.events += 1
        event = {
            "type": "message",
            "channel": "D1",
            "channel_type": "im",
            "user": self.user,
            "text": text,
            "ts": f"{self.events}.1",
        }
        body = {
            "type": "event_callback",
            "team_id": "T1",
            "event_id": f"Ev{self.user}{self.events}",
            "event_time": 1_790_000_000 + self.events,
            "event": event,
        }
        self._signed(json.dumps(body).encode(), "application/json")

    def taps(self, press: str) -> None:
        self.events += 1
        action = {"type": "button", "action_id": "a", "block_id": "b", "value": press, "action_ts": str(self.events)}
        payload = {
            "type": "block_actions",
            "user": {"id": self.user, "team_id": "T1"},
            "team": {"id": "T1"},
            "container": {"type": "message", "message_ts": "1.1", "channel_id": "D1"},
            "channel": {"id": "D1", "name": "directmessage"},
            "trigger_id": f"{self.events}.1",
            "actions": [action],
        }
        form = urllib.parse.urlencode({"payload": json.dumps(payload)}).encode()
        self._signed(form, "application/x-www-form-urlencoded")

    def _signed(self, body: bytes, kind: str) -> None:
        self.sent(body, slack_headers(body, kind))

    def mine(self, call: Call) -> bool:
        body = call["body"]
        to = body.get("channel") in (self.user, "D1")
        return call["platform"] == "slack" and call["status"] == 200 and call["method"].startswith("chat.") and to

    def messages(self, call: Call) -> list[Any]:
        body = dict(call["body"])
        if isinstance(body.get("blocks"), str):
            body["blocks"] = json.loads(body["blocks"])
        return [body]


def _values(node: Any, key: str) -> Iterator[str]:
    """All texts under this key, however deep, in order."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key and isinstance(value, str):
                yield value
            else:
                yield from _values(value, key)
    elif isinstance(node, list):
        for one in node:
            yield from _values(one, key)
