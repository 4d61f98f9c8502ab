"""What a platform is to the rest of Banso. LINE, Telegram and Slack fill this in, one module each."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.turn import Event
from dialogs.messages import File, Message

# One request to a platform, as data: what it holds is the platform's own affair.
Part = dict[str, Any]
# What makes the files that messages bring along, as they stand when they are sent; None where there is none any more.
Files = Callable[[File], bytes | None]


def no_files(file: File) -> bytes | None:
    """Where nothing makes files."""
    return None


class Unreadable(ValueError):
    """A body that is authentic, or claims to be, and yet nothing that the platform sends: answered with 400."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A webhook as read: the events in it, in order, and what it wants for an answer once they are taken."""

    events: tuple[Event, ...] = ()
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Sending:
    """One request on its way to a contact.

    `key` is the same at every attempt. `reply` is what the event brought along for answering it directly (see
    Event.reply), "" where that can't be used any more. `again` tells that an earlier attempt was made, of which nobody
    knows what became. `crowd` are the addresses, where the same goes to many at once.
    """

    address: str
    key: uuid.UUID
    reply: str = ""
    again: bool = False
    crowd: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where the contact is from now on: the request has begun a thread, in which all that follows is said."""

    address: str


class Platform(Protocol):
    """One platform with one account of ours on it."""

    # Also the last part of the webhook's path.
    channel: str
    # So many requests a second may be made to it in all, by all processes together …
    rate: float
    # … and so many in a row; then so many a second to one contact (0: no limit of its own).
    burst: int
    contact_rate: float
    contact_burst: int
    # So many requests a second may be for a crowd (see Sending); 0 where it takes none.
    crowd_rate: float
    # For so long after an event it can be answered directly (see Sending.reply).
    reply_seconds: float
    # A sending is broken off after so many seconds; soon after that others may try it.
    sending_seconds: float

    def authentic(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        """Whether the body comes from the platform; compared in constant time, on the raw bytes."""

    def parse(self, headers: Mapping[str, str], body: bytes) -> Arrived:
        """The events in an authentic body; raises Unreadable."""

    def render(self, messages: Sequence[Message], reply: str) -> list[Part]:
        """The requests that show these messages; `reply` is the event's own, as in Sending."""

    async def send(self, part: Part, sending: Sending) -> int | Place:
        """Make one request; gives how many messages of a quota it cost, or the place that it began.

        Raises a Failure.
        """

    async def waiting(self, address: str) -> None:
        """Show that an answer is on its way, where the platform can; never raises."""

    async def invitation(self, code: str) -> str | None:
        """The address that opens the chat with the bot and brings this code along, if any; None where there is none."""

    async def start(self) -> None:
        """Open what needs a running event loop."""

    async def stop(self) -> None:
        """Close it."""
