"""The turn: the one path by which every event is taken, within one transaction."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.effects import Effects
from dialogs import engine, record
from dialogs.content import Content
from dialogs.events import Action, Opened
from dialogs.messages import Message, to_json
from storage import inbox, outbox, owners
from storage.texts import storable

# What an owner said is kept up to this length; what is longer was answered with a word on its length.
SAID_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: its id on the channel, who it came from, and what it means to the conversation."""

    id: str
    channel: str
    account: str
    address: str
    action: Action

    @property
    def contact(self) -> tuple[str, str, str]:
        """Who it came from."""
        return self.channel, self.account, self.address


@dataclass(frozen=True, slots=True)
class Taken:
    """An event taken: whose it was and the number of its turn. `messages` is empty where it was seen before."""

    owner_id: int
    turn: int
    messages: tuple[Message, ...] = ()


# Gives the address at which an owner's data can be had for a while; the secret it needs is bot's alone.
Sign = Callable[[int], str]


def take(connection: Connection, content: Content, event: Event, now: datetime, sign: Sign) -> Taken:
    """Take one event: answer it, and keep record, answer and outbox row; an event seen before changes nothing."""
    return take_all(connection, content, [event], now, sign)[0]


def take_all(
    connection: Connection, content: Content, events: Sequence[Event], now: datetime, sign: Sign
) -> list[Taken]:
    """Take events as if one after another, all of them or none.

    They are taken in the order of their addresses, one owner's in their own: as every process locks owners in the same
    order, no two of them wait for each other.
    """
    taken: dict[int, Taken] = {}
    places = sorted(range(len(events)), key=lambda place: events[place].contact)
    while places:
        met = [(place, _lock(connection, events[place], now)) for place in places]
        first = {owner.id: place for place, owner in reversed(met)}
        turns = [(place, owner) for place, owner in met if first[owner.id] == place]
        answers = _take(connection, content, [(events[place], owner) for place, owner in turns], now, sign)
        taken |= {place: answer for (place, _), answer in zip(turns, answers, strict=True)}
        # An owner's next event is taken on what the one before has made of the record.
        places = [place for place, owner in met if first[owner.id] != place]
    return [taken[place] for place in range(len(events))]


def _lock(connection: Connection, event: Event, now: datetime) -> owners.Owner:
    came_by = storable(event.action.code) if isinstance(event.action, Opened) else ""
    return owners.lock(connection, *event.contact, came_by, now)


def _take(
    connection: Connection, content: Content, met: Sequence[tuple[Event, owners.Owner]], now: datetime, sign: Sign
) -> list[Taken]:
    """Take one event each of locked owners; what is written for all of them is written in one exchange."""
    new = inbox.add(
        connection,
        [
            {
                "channel": event.channel,
                "account": event.account,
                "event_id": storable(event.id),
                "owner_id": owner.id,
                "turn": owner.turns + 1,
                "at": now,
            }
            for event, owner in met
        ],
    )
    taken: list[Taken] = []
    answers: list[outbox.Row] = []
    records: list[owners.Row] = []
    for (event, owner), unseen in zip(met, new, strict=True):
        if not unseen:
            taken.append(Taken(owner.id, owner.turns))
            continue
        turn = owner.turns + 1
        effects = Effects(connection, owner.id, turn, now, sign)
        led = engine.advance(content, record.from_json(owner.tag, owner.record), event.action, effects.perform)
        answers.append(
            {
                "id": str(uuid.uuid4()),
                "owner_id": owner.id,
                "contact_id": owner.contact_id,
                "turn": turn,
                "said": "" if effects.erased else storable(led.said[:SAID_LIMIT]),
                "messages": [to_json(message) for message in led.messages],
                "made_at": now,
            }
        )
        records.append(
            {
                "owner_id": owner.id,
                "record": record.to_json(led.record),
                "turns": turn,
                "seen_at": now,
                # A second tap after the farewell is answered with it once more; it takes nothing up again.
                "erased_at": None if led.record.frames else now,
            }
        )
        taken.append(Taken(owner.id, turn, led.messages))
    outbox.add(connection, answers)
    owners.save(connection, records)
    return taken
