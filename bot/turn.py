"""The turn: the one path by which every event is taken, within one transaction."""

import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.effects import Effects
from bot.house import House
from bot.mailbag import Mailbag
from bot.settings import PUSHED
from dialogs import engine, record
from dialogs.content import Content
from dialogs.events import Action, Command, Left, Linked, Opened, Said, Sent, Woke
from dialogs.flows.check import NEXT
from dialogs.flows.sharing import ASKED as SHARE
from dialogs.messages import Message, to_json
from dialogs.outreach import letter_of
from dialogs.record import Frame
from storage import codes, inbox, invites, journeys, outbox, outreach, owners, referrals, timers
from storage.texts import storable

# What an owner said is kept up to this length; what is longer was answered with a word on its length.
SAID_LIMIT = 2000
# What a code of an invitation leads to, by how it begins.
INVITED = {"ex": "enrol", "bk": "attend", "st": "staff"}
# A text by which a member makes an invitation, where the platform knows no such command.
FORWARD = re.compile(r"[//]forward(?:\s+(.*))?", re.DOTALL)
# The first message, or the one after the greeting that adding the bot was answered with, may be a start code.
FIRST_TURNS = 1


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: its id on the channel, who it came from, and what it means to the conversation.

    `at` is when, by the platform's clock, in UTC without zone. `code` is what may be the way by which the owner was
    sent, or a code by which they come over from another app. `reply` is what the platform's module needs to answer this
    event directly (such as LINE's reply token); it is kept with the answer until that is sent. `quiet` is set where
    whoever waits for the answer is shown it at once, so that nothing need be sent; `known` where it concerns only
    somebody who is known already, and nobody is to be made of it. `member` is who of an agency tapped or typed it for
    the owner, at their side.
    """

    id: str
    channel: str
    account: str
    address: str
    action: Action
    at: datetime | None = None
    code: str = ""
    reply: str = ""
    quiet: bool = False
    known: bool = False
    member: int | None = None

    @property
    def contact(self) -> tuple[str, str, str]:
        """Who it came from."""
        return self.channel, self.account, self.address


@dataclass(frozen=True, slots=True)
class Taken:
    """An event taken: whose it was and the number of its turn. `messages` is empty where it was seen before.

    `joined` is who it turned out to be, where that is another owner, whose conversation goes on.
    """

    owner_id: int
    turn: int
    messages: tuple[Message, ...] = ()
    joined: int | None = None


def take(connection: Connection, content: Content, event: Event, now: datetime, house: House) -> Taken:
    """Take one event: answer it, and keep record, answer and outbox row; an event seen before changes nothing."""
    return take_all(connection, content, [event], now, house)[0]


def take_all(
    connection: Connection, content: Content, events: Sequence[Event], now: datetime, house: House
) -> list[Taken]:
    """Take events as if one after another, all of them or none.

    They are taken in the order of their addresses, one owner's in their own: as every process locks owners in the same
    order, no two of them wait for each other. (Owners with several apps, and those who join, may be met in any order:
    then the database breaks off one of two transactions that do, and it is run again.)
    """
    taking = _Taking(connection, content, now, house)
    taken: dict[int, Taken] = {}
    places = sorted(range(len(events)), key=lambda place: events[place].contact)
    while places:
        locked = [(place, taking.lock(events[place])) for place in places]
        # A timer for somebody who is no more, a word in a thread that is none of ours.
        taken |= {place: Taken(0, 0) for place, owner in locked if owner is None}
        met = [(place, owner) for place, owner in locked if owner]
        first = {owner.id: place for place, owner in reversed(met)}
        turns = [(place, owner) for place, owner in met if first[owner.id] == place]
        answers = taking.take([(events[place], owner) for place, owner in turns])
        for (place, owner), answer in zip(turns, answers, strict=True):
            joined = answer.joined
            taken[place] = answer if joined is None else taking.join(events[place], owner.id, joined)
        # An owner's next event is taken on what the one before has made of the record.
        places = [place for place, owner in met if first[owner.id] != place]
    return [taken[place] for place in range(len(events))]


@dataclass(slots=True)
class _Taking:
    """A transaction in which events are taken, and the rows that it has yet to write."""

    connection: Connection
    content: Content
    now: datetime
    house: House
    answers: list[outbox.Row] = field(default_factory=list)
    records: list[owners.Row] = field(default_factory=list)
    heard: list[owners.Heard] = field(default_factory=list)
    steps: list[journeys.Step] = field(default_factory=list)
    # Owners who are no more, and who they turned out to be.
    gone: dict[int, int] = field(default_factory=dict)
    mailbag: Mailbag = field(init=False)

    def __post_init__(self) -> None:
        self.mailbag = Mailbag(self.connection, self.house.letters_a_week, self.now)

    def lock(self, event: Event) -> owners.Owner | None:
        """The owner whose event it is; None where it is for those who are known already, and this one is not."""
        if event.known or isinstance(event.action, Woke):
            return owners.lock_known(self.connection, *event.contact)
        return owners.lock(self.connection, *event.contact, _way(event), self.now)

    def take(self, met: Sequence[tuple[Event, owners.Owner]]) -> list[Taken]:
        """Take one event each of locked owners; what is written for all of them is written in one exchange."""
        new = self.unseen(met)
        fresh = [one for one, unseen in zip(met, new, strict=True) if unseen]
        self.mailbag.fill([letter for event, owner in fresh for letter in _letter(event, owner)])
        taken = [
            self.turn(event, owner, _meant(event, owner)) if unseen else Taken(owner.id, owner.turns)
            for (event, owner), unseen in zip(met, new, strict=True)
        ]
        self.write()
        return taken

    def unseen(self, met: Sequence[tuple[Event, owners.Owner]]) -> list[bool]:
        """Note events, or that timers are being told of; False for each that was before."""
        happened = [(event, owner) for event, owner in met if not isinstance(event.action, Woke)]
        rows: list[inbox.Row] = [
            {
                "channel": event.channel,
                "account": event.account,
                "event_id": storable(event.id),
                "owner_id": owner.id,
                "turn": owner.turns + 1,
                "at": self.now,
            }
            for event, owner in happened
        ]
        new = iter(inbox.add(self.connection, rows))
        fired = timers.fire(self.connection, [event.action.timer for event, _ in met if isinstance(event.action, Woke)])
        return [event.action.timer in fired if isinstance(event.action, Woke) else next(new) for event, _ in met]

    def turn(self, event: Event, owner: owners.Owner, action: Action) -> Taken:
        """Have the conversation take an action, and note what is to be written of it."""
        turn = owner.turns + 1
        pushed = event.channel in PUSHED and not event.quiet
        effects = Effects(
            self.connection, self.content, owner.id, turn, self.now, self.house, event.member, self.mailbag
        )
        before, beside = record.from_json(owner.tag, owner.record), event.member is not None
        led = engine.advance(self.content, before, action, effects.perform, beside=beside)
        said = event.action.text if isinstance(event.action, Said) else ""
        woken = isinstance(action, Woke)
        if woken and not led.messages:
            # It no longer made sense to say anything; nobody has noticed.
            return Taken(owner.id, owner.turns)
        # Words that went on to a person are part of the conversation, too, though nothing is answered to them. (Who
        # has joined another conversation is answered there.)
        if led.messages or (led.said and effects.joined is None):
            pushed = pushed and bool(led.messages)
            self.answers.append(
                {
                    "id": effects.outreach.row or str(uuid.uuid4()),
                    "owner_id": owner.id,
                    "contact_id": owner.contact_id,
                    "turn": turn,
                    "said": "" if effects.erased else storable((led.said or said)[:SAID_LIMIT]),
                    "messages": [to_json(message) for message in led.messages],
                    "made_at": self.now,
                    "state": "due" if pushed else "fetched",
                    "due_at": self.now if pushed else None,
                    "reply": storable(event.reply) if pushed else "",
                    "member_id": event.member,
                    "campaign_id": effects.outreach.campaign_id,
                }
            )
        self.records.append(
            {
                "owner_id": owner.id,
                "record": record.to_json(led.record),
                "turns": turn,
                "seen_at": owner.seen_at if woken else self.now,
                # A second tap after the farewell is answered with it once more; it takes nothing up again.
                # An expert may have been told of much without ever having said a word.
                "erased_at": None if led.record.frames or not led.record.runs else self.now,
            }
        )
        if led.record.frames and led.record.frames[0].flow == engine.BASE and not woken:
            self.steps.append(_step(event, owner.id, led.record.frames[0], effects, self.now))
        if isinstance(action, Left):
            outbox.give_up(self.connection, owner.contact_id, self.now)
            outreach.leave(self.connection, owner.id, self.now)
        if event.channel in PUSHED and not effects.erased and not woken:
            self.heard.append(_heard(event, owner, self.now))
        return Taken(owner.id, turn, led.messages, effects.joined)

    def write(self) -> None:
        """Write what was noted."""
        outbox.add(self.connection, self.answers)
        owners.save(self.connection, self.records)
        owners.hear(self.connection, self.heard)
        journeys.note(self.connection, self.steps)
        self.answers, self.records, self.heard, self.steps = [], [], [], []

    def join(self, event: Event, gone: int, into: int) -> Taken:
        """Make one of two owners who are one person, and go on with the conversation that stays."""
        while into in self.gone:
            into = self.gone[into]
        if into != gone:
            Effects(self.connection, self.content, into, 0, self.now, self.house).agencies.merge(gone)
            self.gone[gone] = into
        taken = self.turn(event, owners.lock(self.connection, *event.contact, "", self.now), Linked())
        self.write()
        return replace(taken, joined=into)


def _letter(event: Event, owner: owners.Owner) -> Iterator[tuple[int, int, int]]:
    """The letter that an event is for, by campaign, step and owner; nothing for any other event."""
    if isinstance(event.action, Woke) and (letter := letter_of(event.action.subject, event.action.kind)):
        yield *letter, owner.id


def _way(event: Event) -> str:
    """The way by which somebody was sent, if they are new; not a code by which they come over, or were invited."""
    return "" if by_code(event.code) else storable(event.code[:100])


def by_code(text: str) -> Command | None:
    """What a text that is a code of ours leads to; None for any other text."""
    if code := codes.code_in(text):
        return Command("join", code)
    if code := invites.code_in(text):
        return Command(INVITED[code.partition("-")[0]], code)
    if code := referrals.code_in(text):
        return Command("referred", code)
    return None


def _typed(text: str) -> Command | None:
    """What a typed text means to whoever sends it, before any conversation looks at it."""
    if forward := FORWARD.fullmatch(text.strip()):
        return Command("forward", (forward[1] or "").strip())
    return by_code(text)


def _meant(event: Event, owner: owners.Owner) -> Action:
    """What an event means, seen with what is known of its contact."""
    action = event.action
    said = action.text if isinstance(action, Said) else ""
    command = by_code(event.code) or _typed(said)
    if command and not event.known:
        return command
    if said and event.code and owner.turns <= FIRST_TURNS:
        return Opened()
    if said and event.at and owner.heard_at and event.at < owner.heard_at:
        # A button says which question it belongs to; a text that was overtaken on its way would answer a wrong one.
        return Sent("late", said)
    return action


def _heard(event: Event, owner: owners.Owner, now: datetime) -> owners.Heard:
    """What an event tells of its contact."""
    times = [at for at in (event.at, owner.heard_at) if at]
    way = _way(event) if owner.turns <= FIRST_TURNS else ""
    return {
        "contact_id": owner.contact_id,
        "came_by": owner.came_by or way or None,
        "heard_at": max(times, default=None),
        "gone_at": now if isinstance(event.action, Left) else None,
    }


def _step(event: Event, owner_id: int, check: Frame, effects: Effects, now: datetime) -> journeys.Step:
    """How far the owner is by the record of their check."""
    answered = sum(not id.startswith("_") for id in check.answers)
    agency, referral = effects.came_by
    return {
        "owner_id": owner_id,
        "agency_id": agency,
        "referral_id": referral,
        "channel": event.channel,
        "stands": "" if check.asked in NEXT.values() or check.asked.startswith(SHARE) else check.asked,
        "answered": answered,
        "depth": str(check.answers.get("depth", "")),
        "seen_at": now,
        "came_at": now,
        "began_at": now if answered else None,
        "contact_at": now if event.channel in PUSHED else None,
    }
