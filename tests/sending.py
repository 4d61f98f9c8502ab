"""Sending in tests: a platform in memory, whose answers the test decides, and a clock that waiting moves."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.delivery import Delivery
from bot.house import House
from bot.intake import Intake
from bot.platforms.platform import Arrived, Part, Platform, Sending
from bot.turn import Event, Taken
from dialogs.content import packaged
from dialogs.events import Said
from storage import Database
from tests.taking import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.platforms.failures import Failure
    from dialogs.events import Action
    from dialogs.messages import Message


@dataclass
class Memory(Platform):
    """A platform that keeps what it is sent. `fails` are the failures that meet the next requests to an address."""

    channel: str = "line"
    rate: float = 1000
    burst: int = 1000
    contact_rate: float = 0
    contact_burst: int = 1
    crowd_rate: float = 0
    reply_seconds: float = 60
    sending_seconds: float = 18
    # Requests that a row is rendered as; 0: as many as it has messages.
    requests: int = 1
    fails: dict[str, list[Failure | None]] = field(default_factory=lambda: defaultdict(list))
    tried: list[tuple[Part, Sending]] = field(default_factory=list)
    taken: list[tuple[Part, Sending]] = field(default_factory=list)
    waited: list[str] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def authentic(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        return headers.get("x-test") == "authentic"

    def parse(self, headers: Mapping[str, str], body: bytes) -> Arrived:
        id, address, *text = body.decode().split(":")
        return Arrived(tuple(Event(id, self.channel, "bot", address, Said(one)) for one in text), "thanks")

    def render(self, messages: Sequence[Message], reply: str) -> list[Part]:
        if any(message.text == "broken" for message in messages):
            raise ValueError("broken")
        count = self.requests or len(messages)
        return [{"n": n, "of": count, "reply": reply, "text": messages[0].text} for n in range(count)]

    async def send(self, part: Part, sending: Sending) -> int:
        self.tried.append((part, sending))
        fails = self.fails[sending.address]
        failure = fails.pop(0) if fails else None
        if failure:
            raise failure
        self.taken.append((part, sending))
        self.arrived.set()
        return 0 if sending.reply else 1

    async def waiting(self, address: str) -> None:
        self.waited.append(address)

    async def invitation(self, code: str) -> str | None:
        return None

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Nothing to close."""


class Post:
    """An intake and a delivery over one database, with one platform; waiting moves the clock."""

    def __init__(self, url: str, platform: Memory | None = None) -> None:
        self.now = NOW
        self.platform = platform or Memory()
        self.database = Database(url)
        self.intake = Intake(self.database, packaged(), lambda: self.now, House(lambda owner_id: f"/me/{owner_id}"))
        self.delivery = Delivery(self.intake, {self.platform.channel: self.platform}, lambda: self.now, self.pause)
        self._events = 0
        self._lock = threading.Lock()

    async def pause(self, seconds: float) -> None:
        """Wait, at once."""
        self.now += timedelta(seconds=seconds)

    def take(self, action: Action, address: str = "owner", **more: Any) -> Taken:
        """An event of an owner on the platform."""
        self._events += 1
        return self.intake.take(Event(str(self._events), self.platform.channel, "bot", address, action, **more))

    def send(self) -> int:
        """Send what can be sent now; gives how many rows were tried."""
        return asyncio.run(self.delivery.once())

    def later(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)


@contextmanager
def posting(url: str, platform: Memory | None = None) -> Iterator[Post]:
    """A post whose intake runs."""
    post = Post(url, platform)
    post.intake.start()
    try:
        yield post
    finally:
        post.intake.stop()
        post.database.close()
