"""A conversation as tests have it: an owner's steps over the real path, each taken in a transaction of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select

from bot.house import House
from bot.timing import claim
from bot.turn import Event, take
from dialogs import presses, record
from dialogs.content import Content, packaged
from dialogs.events import Action, Command, Opened, Said, Sent, Toggled
from storage import Database, experts, invites, outbox, owners, results
from storage.schema import WAITS, contact, timer

if TYPE_CHECKING:
    from dialogs.messages import Button, Message
    from dialogs.record import Record
    from scheduler.experts import Profile
    from storage.experts import Expert

HOUSE = House(lambda owner_id: f"/me/{owner_id}", site="https://banso.example")
CODE = re.compile(r"(?:go|ex|bk|st|ag|iv)-[0-9a-z]{8}")
# Ten o'clock on a Tuesday morning in Japan.
START = datetime(2026, 12, 1, 1, 0)  # noqa: DTZ001 - UTC without zone, as the database keeps it


@dataclass(frozen=True)
class Turn:
    """One step as it went: what the owner said in words, and what was answered."""

    said: str
    messages: tuple[Message, ...]

    def buttons(self) -> list[Button]:
        """Everything that can be tapped, the latest message's first."""
        found: list[Button] = []
        for message in reversed(self.messages):
            ends = [button for button in (message.done, message.none) if button]
            found += [button for button in (*message.buttons, *ends, *message.side) if button.press]
        return found


class Talk:
    """One owner's conversation. Steps give the bot's messages; what an owner can't do raises LookupError.

    The owner may have several apps (`go_to`), each with turns of its own.
    """

    def __init__(self, url: str, content: Content | None = None, *, address: str = "owner") -> None:
        self.url = url
        self.content = content or packaged()
        self.address = address
        self.now = START
        self.apps: dict[str, list[Turn]] = {}
        self.house = HOUSE
        # The latest code that somebody has made, or that was said in any app.
        self.made = ""
        self.database = Database(url)
        self._events = 0
        self._latest: Action = Opened()

    # ------------------------------------------------------------ the owner

    def open(self, code: str = "") -> tuple[Message, ...]:
        """Open the chat, or come back to it; with a code where a link brings one along."""
        return self.do(Opened(), code)

    def say(self, text: str) -> tuple[Message, ...]:
        """Type a text."""
        return self.do(Said(text))

    def send(self, kind: str) -> tuple[Message, ...]:
        """Send what is no text, such as a "sticker" or a "picture"."""
        return self.do(Sent(kind))

    def tap(self, label: str) -> tuple[Message, ...]:
        """Tap a button of the latest turn."""
        return self.tap_old(label, 0)

    def tap_old(self, label: str, turns_back: int) -> tuple[Message, ...]:
        """Tap a button that was shown some turns ago."""
        return self.do(self.action(label, turns_back))

    def toggle(self, label: str) -> tuple[Message, ...]:
        """Put one choice of a multi-choice on or off."""
        action = self.action(label)
        if not isinstance(action, Toggled):
            raise LookupError(f"[{label}] is no choice of a multi-choice")
        return self.do(action)

    def pick(self, labels: list[str]) -> tuple[Message, ...]:
        """Answer a multi-choice: the choices one by one, then the button that ends it."""
        for label in labels:
            self.toggle(label)
        done = next((message.done for message in self.shown() if message.done), None)
        if done is None:
            raise LookupError("no multi-choice is open")
        return self.tap(done.label)

    def go_to(self, address: str) -> None:
        """Go on in another app."""
        self.address = address

    def thread(self) -> str:
        """Where the desk reads and writes: the thread of the latest talk with it."""
        with self.database.reading() as connection:
            query = select(contact.c.address).where(contact.c.address.like("desk:%")).order_by(contact.c.id.desc())
            found: str | None = connection.execute(query.limit(1)).scalar_one_or_none()
        if found is None:
            raise LookupError("nobody talks with the desk")
        return found

    def delete_result(self) -> tuple[Message, ...]:
        """Delete the latest result on its page."""
        stored = self.result()
        if stored is None:
            raise LookupError("there is no result")
        return self.do(Command("discard", stored.token))

    # ------------------------------------------------------------ the world

    def do(self, action: Action, code: str = "") -> tuple[Message, ...]:
        """Have an action taken as an event of its own."""
        self._events += 1
        self._latest = action
        messages = self._take(action, code)
        self.turns.append(Turn(self._said(), messages))
        said = [code for message in messages for code in CODE.findall(message.text)]
        self.made = said[-1] if said else self.made
        return messages

    def again(self) -> tuple[Message, ...]:
        """The latest event arrives once more; nothing may be answered to it."""
        return self._take(self._latest)

    def wait(self, **time: float) -> None:
        """Let time pass, while nothing runs."""
        self.now += timedelta(**time)

    def fire(self) -> list[tuple[str, tuple[Message, ...]]]:
        """Have the timers tell that are due; gives who was told what. They are turns of those who are told."""
        told: list[tuple[str, tuple[Message, ...]]] = []
        while True:
            with self.database.writing() as connection:
                events = claim(connection, self.now)
            if not events:
                return told
            for event in events:
                with self.database.writing() as connection:
                    messages = take(connection, self.content, event, self.now, self.house).messages
                if messages:
                    self.apps.setdefault(event.address, []).append(Turn("", messages))
                    told.append((event.address, messages))

    def pass_time(self, until: datetime) -> list[tuple[str, tuple[Message, ...]]]:
        """Let time pass while all runs: what falls due is told at its time; gives who was told what."""
        told = self.fire()
        while (due := self._next_timer()) and due <= until:
            self.now = max(self.now, due)
            told += self.fire()
        self.now = max(self.now, until)
        return told

    def _next_timer(self) -> datetime | None:
        with self.database.reading() as connection:
            due: datetime | None = connection.execute(select(func.min(timer.c.due_at)).where(WAITS)).scalar_one()
            return due

    def expert(self, name: str, profile: Profile, address: str = "") -> Expert:
        """An expert begins to be booked; with an address they are told of it there."""
        with self.database.writing() as connection:
            made = experts.add(connection, name, profile, self.now)
            if address:
                row = {"channel": "test", "account": "chat", "address": address, "owner_id": made.owner_id}
                connection.execute(insert(contact).values(row | {"made_at": self.now}))
        return made

    def invite(self, subject: str) -> str:
        """An operator makes a code for an expert ("expert:1")."""
        with self.database.writing() as connection:
            self.made = invites.make(connection, subject, self.now)
        return self.made

    def restart(self) -> None:
        """Stop the program and start it anew on the same database."""
        self.database.close()
        self.database = Database(self.url)

    def with_content(self, content: Content) -> None:
        """Start the program anew with other content."""
        self.content = content
        self.restart()

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    # ------------------------------------------------------------ looking

    @property
    def turns(self) -> list[Turn]:
        """The turns of this app so far."""
        return self.apps.setdefault(self.address, [])

    def code(self) -> str:
        """The latest code that somebody has made, or that was said in any app."""
        if not self.made:
            raise LookupError("no code was made")
        return self.made

    def shown(self) -> tuple[Message, ...]:
        """The messages of the latest turn."""
        return self.turns[-1].messages

    def action(self, label: str, turns_back: int = 0) -> Action:
        """What the button with this label does, among those shown some turns ago."""
        buttons = self.turns[-1 - turns_back].buttons()
        found = next((button for button in buttons if button.label == label), None)
        if found is None:
            raise LookupError(f"no button [{label}] among {[button.label for button in buttons]}")
        action = presses.decode(found.press)
        if action is None:
            raise LookupError(f"the button [{label}] carries {found.press!r}")
        return action

    def record(self) -> Record:
        """The record as the database has it."""
        owner = self._owner()
        return record.from_json(owner.tag, owner.record)

    def answers(self) -> dict[str, Any]:
        """The answers of the check under way."""
        return self.record().frames[0].answers

    def result(self) -> results.Stored | None:
        """The owner's latest result."""
        with self.database.reading() as connection:
            return results.latest(connection, self._owner().id)

    # ------------------------------------------------------------ within

    def _take(self, action: Action, code: str = "") -> tuple[Message, ...]:
        event = Event(f"{self.address}-{self._events}", "test", "chat", self.address, action, code=code)
        with self.database.writing() as connection:
            return take(connection, self.content, event, self.now, self.house).messages

    def _owner(self) -> owners.Owner:
        with self.database.reading() as connection:
            owner = owners.find(connection, "test", "chat", self.address)
        if owner is None:
            raise LookupError("this owner has not been met")
        return owner

    def _said(self) -> str:
        owner = self._owner()
        with self.database.reading() as connection:
            return outbox.exchanges(connection, owner.id, owner.turns - 1, 1)[-1].said
