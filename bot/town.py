"""The demo's town: made-up owners, experts and agencies who go through the real flows, so that a desk is seen alive.

Time passes here alone, from some weeks ago until now; what falls due meanwhile is told, and answered, as it would be.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.house import House
from bot.lastlook import last_look
from bot.timing import claim
from bot.turn import Event, Taken, take
from dialogs import presses
from dialogs.content import Content
from dialogs.events import Action, Command, Filled, Opened, Picked, Said, Tapped, Toggled
from dialogs.messages import Message
from scheduler.days import day_in_japan
from storage import Database, contacts, outbox, owners, timers
from storage.clients import SHARES
from storage.outbox import Claimed, Settled

CHANNEL, ACCOUNT = "web", "chat"
# The app in which owners go on who want news.
APP, APP_ACCOUNT = "line", "bot"
# Messages that arrive in one go.
AT_ONCE = 500
# A conversation that has not ended after so many taps has gone in a circle.
MOST_TAPS = 120


@dataclass(frozen=True, slots=True)
class Plan:
    """What an owner will do: how many questions they answer (None: all), what they share, how far they go then."""

    name: str
    code: str
    came_at: datetime
    deep: bool
    leaves_after: int | None
    share: str
    books: bool
    acts: bool
    score: int | None


@dataclass(slots=True)
class Town:
    """A database in which the town lives, and its clock."""

    database: Database
    content: Content
    house: House
    now: datetime
    records: Sequence[Mapping[str, Any]]
    plans: dict[str, Plan] = field(default_factory=dict)
    events: int = 0

    def live(self, plans: Sequence[Plan], until: datetime) -> None:
        """Have owners come one after another, and time pass in between and afterwards."""
        for plan in sorted(plans, key=lambda plan: plan.came_at):
            self.pass_time(plan.came_at)
            address = f"town-{len(self.plans):03}"
            self.plans[address] = plan
            with self.database.writing() as connection:
                self._visit(connection, address, plan)
        self.pass_time(until)

    def pass_time(self, until: datetime) -> None:
        """Let time pass; what falls due is told at its time, and whoever is told of something reacts to it."""
        while (due := self._next()) and due <= until:
            self.now = max(self.now, due)
            with self.database.writing() as connection:
                for event in claim(connection, self.now):
                    self._react(connection, event, self._take(connection, event).messages)
                self.deliver(connection)
        self.now = max(self.now, until)

    def _next(self) -> datetime | None:
        with self.database.reading() as connection:
            return timers.next_due(connection)

    # ------------------------------------------------------------ letters

    def want_news(self) -> None:
        """Have most of those who have been there and stayed go on in an app, and want news."""
        with self.database.writing() as connection:
            for address, plan in self.plans.items():
                if plan.leaves_after is None and place(plan.name, "news", 8):
                    contact = (CHANNEL, ACCOUNT, address)
                    self._do(connection, contact, Command("news", "in"))
                    owner = owners.find(connection, *contact)
                    if owner:
                        contacts.add(connection, owner.id, APP, APP_ACCOUNT, address, self.now)

    def deliver(self, connection: Connection) -> None:
        """What is due in the app arrives at once; nobody but the town is asked."""
        claimed = outbox.claim(connection, APP, self.now, self.now + timedelta(minutes=1), AT_ONCE)
        left = last_look(connection, claimed, self.house.letters_a_week, self.now)
        outbox.settle(connection, [_arrived(row, self.now) for row in left])

    # ------------------------------------------------------------ owners

    def _visit(self, connection: Connection, address: str, plan: Plan) -> None:
        """An owner comes, answers as far as they will, and may book an expert."""
        contact = (CHANNEL, ACCOUNT, address)
        messages = self._do(connection, contact, Opened(), plan.code)
        for answered in range(MOST_TAPS):
            if plan.leaves_after is not None and answered > plan.leaves_after:
                return
            action = self._next_answer(address, plan, messages)
            if action is None:
                break
            messages = self._do(connection, contact, action)
        if plan.books:
            self._book(connection, contact)

    def _book(self, connection: Connection, contact: tuple[str, str, str]) -> None:
        messages = self._do(connection, contact, Command("consult"))
        for _ in range(MOST_TAPS):
            asked = _asked(messages)
            if asked is None or asked.kind == "say":
                return
            taps = _taps(asked)
            if asked.kind == "text":
                messages = self._do(connection, contact, Said("090-0000-0000"))
                continue
            if not taps:
                return
            action = taps[place(contact[2], asked.text, min(len(taps), 4))]
            sure = taps[0].question.startswith("sure")
            messages = self._do(connection, contact, taps[0] if sure else action)

    def _next_answer(self, address: str, plan: Plan, messages: Sequence[Message]) -> Action | None:
        asked = _asked(messages)
        if asked is None:
            return None
        if asked.kind == "many" and asked.done:
            action = presses.decode(asked.done.press)
            values = [tap.value for tap in map(presses.decode, _presses(asked)) if isinstance(tap, Toggled)]
            few = [value for value in values if place(address, f"{asked.text}{value}", 3) == 0]
            limited = tuple((few or values[:1])[: asked.limit or len(values)])
            return replace(action, values=limited) if isinstance(action, Picked) else None
        if asked.kind == "text":
            return presses.decode(asked.none.press) if asked.none else None
        taps = _taps(asked)
        if {tap.value for tap in taps} & set(SHARES):
            return next((tap for tap in taps if tap.value == plan.share), None)
        if {tap.value for tap in taps} == {"quick", "full"}:
            return next(tap for tap in taps if tap.value == ("full" if plan.deep else "quick"))
        return taps[place(address, asked.text, len(taps))] if taps else None

    # ------------------------------------------------------------ reactions

    def _react(self, connection: Connection, event: Event, messages: Sequence[Message]) -> None:
        """What somebody does who is told of something: an expert takes requests and writes records."""
        commands = [command for command in map(presses.decode, _all_presses(messages)) if isinstance(command, Command)]
        plan = self.plans.get(event.address)
        for command in commands:
            match command.name:
                case "accept" | "held":
                    self._do(connection, event.contact, command)
                    if command.name == "held":
                        self._record(connection, event, command.argument)
                    return
                case "action" if plan and plan.acts and command.argument.endswith("-done"):
                    self._do(connection, event.contact, command)
                    return
                case "go" if place(event.address, command.argument, 3) == 0:
                    self._do(connection, event.contact, command)
                    if plan and plan.books:
                        self._book(connection, event.contact)
                    return
                case "nps" if plan and plan.score is not None and command.argument.endswith(f"-{plan.score}"):
                    self._skip(connection, event, self._do(connection, event.contact, command))
                    return

    def _skip(self, connection: Connection, event: Event, messages: Sequence[Message]) -> None:
        asked = _asked(messages)
        skipping = presses.decode(asked.none.press) if asked and asked.none else None
        if skipping:
            self._do(connection, event.contact, skipping)

    def _record(self, connection: Connection, event: Event, token: str) -> None:
        """An expert writes down what came of a meeting."""
        chosen = self.records[place(token, "record", len(self.records))]
        day = day_in_japan(self.now) + timedelta(days=14)
        actions = [{"text": text, "day": day.isoformat()} for text in chosen["actions"]]
        values = {"situation": chosen["situation"], "support": chosen["support"], "handover": "", "actions": actions}
        self._do(connection, event.contact, Filled("record", values | {"argument": token}))

    # ------------------------------------------------------------ within

    def _do(
        self, connection: Connection, contact: tuple[str, str, str], action: Action, code: str = ""
    ) -> Sequence[Message]:
        self.events += 1
        return self._take(connection, Event(f"town:{self.events}", *contact, action, code=code, quiet=True)).messages

    def _take(self, connection: Connection, event: Event) -> Taken:
        return take(connection, self.content, event, self.now, self.house)


def _arrived(row: Claimed, now: datetime) -> Settled:
    return {
        "claimed": row.id,
        "claim": row.attempts,
        "state": "sent",
        "due_at": None,
        "parts": 1,
        "pushed": 1,
        "reply": "",
        "error": None,
        "settled_at": now,
    }


def place(*of: Any) -> int:
    """A place below the last argument: always the same for the same words, and otherwise as if by chance."""
    *words, below = of
    seen = hashlib.sha256("\n".join(map(str, words)).encode()).digest()
    return int.from_bytes(seen[:4], "big") % int(below)


def _asked(messages: Sequence[Message]) -> Message | None:
    return next((message for message in reversed(messages) if message.kind != "say"), None)


def _presses(message: Message) -> Iterator[str]:
    return (button.press for button in message.buttons if button.press)


def _all_presses(messages: Sequence[Message]) -> Iterator[str]:
    return (press for message in messages for press in _presses(message))


def _taps(message: Message) -> list[Tapped]:
    return [tap for tap in map(presses.decode, _presses(message)) if isinstance(tap, Tapped) and tap.value]
