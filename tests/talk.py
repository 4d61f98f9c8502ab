"""A conversation as tests have it: an owner's steps over the real path, each taken in a transaction of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.turn import Event, take
from dialogs import presses, record
from dialogs.content import Content, packaged
from dialogs.events import Action, Command, Opened, Said, Sent, Toggled
from storage import Database, codes, outbox, owners, results

if TYPE_CHECKING:
    from dialogs.messages import Button, Message
    from dialogs.record import Record

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
        return messages

    def again(self) -> tuple[Message, ...]:
        """The latest event arrives once more; nothing may be answered to it."""
        return self._take(self._latest)

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)

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
        """The latest code that was said in any app."""
        messages = [message for turns in self.apps.values() for turn in turns for message in turn.messages]
        found = [message.text for message in messages if codes.code_in(message.text)]
        if not found:
            raise LookupError("no code was made")
        return found[-1]

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
            return take(connection, self.content, event, self.now, lambda owner_id: f"/me/{owner_id}").messages

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
