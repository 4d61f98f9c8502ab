"""The turn: the one path by which every event is taken, within one transaction."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.effects import Effects
from dialogs import engine, record
from dialogs.content import Content
from dialogs.events import Action, Opened
from dialogs.messages import Message, to_json
from storage import inbox, outbox, owners

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
    came_by = event.action.code if isinstance(event.action, Opened) else ""
    owner = owners.lock(connection, event.channel, event.account, event.address, came_by, now)
    turn = owner.turns + 1
    new = inbox.add(
        connection,
        channel=event.channel,
        account=event.account,
        event_id=event.id,
        owner_id=owner.id,
        turn=turn,
        at=now,
    )
    if not new:
        return Taken(owner.id, owner.turns)
    effects = Effects(connection, owner.id, turn, now, sign)
    led = engine.advance(content, record.from_json(owner.tag, owner.record), event.action, effects.perform)
    outbox.add(
        connection,
        id=str(uuid.uuid4()),
        owner_id=owner.id,
        contact_id=owner.contact_id,
        turn=turn,
        said="" if effects.erased else led.said[:SAID_LIMIT],
        messages=[to_json(message) for message in led.messages],
        now=now,
    )
    owners.save(connection, owner.id, record.to_json(led.record), turn, now)
    if effects.erased:
        owners.mark_erased(connection, owner.id, now)
    return Taken(owner.id, turn, led.messages)
