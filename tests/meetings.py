"""Experts and owners who book them, over the real effects and timers but without a conversation: short to tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, insert, select

from bot.effects import Effects
from bot.house import House
from bot.timing import claim
from bot.turn import Event, take
from dialogs.appointments import Book, HoldSlot
from dialogs.content import packaged
from dialogs.events import Woke
from scheduler.experts import Profile, Weekly
from storage import Database, experts, owners
from storage.bookings import Booking, all_of
from storage.schema import WAITS, contact, timer
from tests.talk import START

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dialogs.effects import Effect
    from dialogs.events import Action
    from dialogs.messages import Message
    from storage.experts import Expert

MEETING = "https://meet.example/1"
# No timer is due then.
NEVER = datetime(9999, 1, 1)  # noqa: DTZ001
HOUSE = House(lambda owner_id: f"/me/{owner_id}")


def weekly(begins: int, ends: int, days: Sequence[int] = range(5)) -> tuple[Weekly, ...]:
    """The same full hours on these days of every week."""
    return tuple(Weekly(day, time(begins), time(ends)) for day in days)


def at(day: int, hour: int, minute: int = 0, month: int = 12, year: int = 2026) -> datetime:
    """A moment by Japan's clock, as the database keeps it."""
    return datetime(year, month, day, hour, minute) - timedelta(hours=9)  # noqa: DTZ001


@dataclass(frozen=True)
class Told:
    """What a timer has told: whom (an address), what ("day:owner"), of which booking and revision, in which words."""

    to: str
    kind: str
    subject: str
    revision: int
    messages: tuple[Message, ...]


class Meetings:
    """A database with a clock of its own, and what happens in it; persons are named by their address."""

    def __init__(self, url: str, *, flushed: bool = True) -> None:
        self.url = url
        self.flushed = flushed
        self.now = START
        self.house = HOUSE
        self.told: list[Told] = []
        self.turns = 0
        self.start()

    def start(self) -> None:
        """Begin anew on the same database."""
        self.database = Database(self.url)
        if not self.flushed and self.url.startswith("sqlite"):
            event.listen(self.database.engine, "connect", lambda made, _: made.execute("PRAGMA synchronous=OFF"))

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def expert(self, name: str, **profile: Any) -> Expert:
        """A new expert who can be reached; works from 9 to 17 on weekdays and need not be asked, if nothing is said."""
        known = replace(Profile(weekly=weekly(9, 17), asks=False, meeting=MEETING), **profile)
        with self.database.writing() as connection:
            made = experts.add(connection, name, known, self.now)
            row = {"owner_id": made.owner_id, "channel": "test", "account": "chat", "address": name}
            connection.execute(insert(contact).values(row | {"made_at": self.now}))
        return made

    def id(self, address: str) -> int:
        """A person's id; they are made where they are not known."""
        with self.database.writing() as connection:
            return owners.lock(connection, "test", "chat", address, "", self.now).id

    def do(self, address: str, effect: Effect) -> Any:
        """An effect of a turn of this person's."""
        with self.database.writing() as connection:
            owner = owners.lock(connection, "test", "chat", address, "", self.now)
            effects = Effects(connection, packaged(), owner.id, owner.turns + 1, self.now, self.house)
            return effects.perform(effect)

    def act(self, address: str, action: Action) -> tuple[Message, ...]:
        """A turn of this person's; gives what was answered."""
        self.turns += 1
        one = Event(f"turn{self.turns}", "test", "chat", address, action)
        with self.database.writing() as connection:
            return take(connection, packaged(), one, self.now, self.house).messages

    def hold(self, address: str, expert: Expert, start: datetime) -> Any:
        """Hold a time."""
        return self.do(address, HoldSlot(start.isoformat(), expert.id, "it", "phone"))

    def book(self, address: str, expert: Expert, start: datetime) -> str:
        """Hold a time and book it; gives the token."""
        token: str = self.hold(address, expert, start)["token"]
        assert self.do(address, Book(token, "09012345678", share=False))
        return token

    def claim(self) -> list[Event]:
        """Claim timers that are due."""
        with self.database.writing() as connection:
            return claim(connection, self.now)

    def wake(self, events: Sequence[Event]) -> list[Told]:
        """Have claimed timers taken; gives what they told."""
        told = []
        for one in events:
            assert isinstance(one.action, Woke)
            with self.database.writing() as connection:
                taken = take(connection, packaged(), one, self.now, self.house)
            if taken.messages:
                woke = one.action
                told.append(Told(one.address, woke.kind, woke.subject, woke.revision, taken.messages))
        self.told += told
        return told

    def fire(self) -> list[Told]:
        """Fire what is due, and what comes of it, until nothing is."""
        told: list[Told] = []
        while events := self.claim():
            told += self.wake(events)
        return told

    def kinds(self) -> list[tuple[str, str]]:
        """Fire what is due; gives who was told what."""
        return [(one.to, one.kind) for one in self.fire()]

    def go_to(self, moment: datetime) -> list[tuple[datetime, str, str]]:
        """Let time pass until a moment, firing every timer when it falls due; gives when who was told what."""
        seen = []
        while self.now < moment:
            self.now = min(self.next_due(), moment)
            seen += [(self.now, to, kind) for to, kind in self.kinds()]
        return seen

    def next_due(self) -> datetime:
        """When the next timer falls due, or the end of time."""
        with self.database.reading() as connection:
            found = connection.execute(select(timer.c.due_at).where(WAITS).order_by(timer.c.due_at).limit(1)).scalar()
        return max(found, self.now) if found else NEVER

    def bookings(self) -> list[Booking]:
        """All bookings, in the order in which they were made."""
        with self.database.reading() as connection:
            return all_of(connection)[::-1]

    def booking(self, token: str) -> Booking:
        """One booking."""
        return next(one for one in self.bookings() if one.token == token)
