"""Triggers: while a campaign is sending, those to whom it has happened since are added to it."""

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.settings import PUSHED
from storage import campaigns
from storage.campaigns import Campaign

if TYPE_CHECKING:
    from bot.intake import Intake

# What a trigger waits for is hours or days ago: looking more often finds nothing sooner.
EVERY = timedelta(minutes=10)


def look(intake: "Intake", one: Campaign, now: datetime) -> int:
    """Add whom the campaign's trigger brings, where it is time to look; gives how many they are."""
    if one.state != "sending" or not one.trigger or (one.looked_at and one.looked_at > now - EVERY):
        return 0
    return intake.write(partial(add, id=one.id, now=now)).result()


def add(connection: Connection, id: int, now: datetime) -> int:
    """Freeze those who are meant and to whom it has happened; everybody once, whoever looks."""
    if not campaigns.look(connection, id, now - EVERY, now):
        return 0
    one = campaigns.get(connection, id)
    return 0 if one.ended(now) else campaigns.freeze(connection, one, list(PUSHED), now)
