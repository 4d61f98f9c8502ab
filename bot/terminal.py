"""The conversation in a terminal, line by line."""

import uuid
from typing import TextIO

from bot.clock import utc_now
from bot.house import house
from bot.intake import Intake
from bot.links import Links
from bot.platforms import terminal
from bot.settings import Settings
from bot.turn import Event
from dialogs.content import Content
from dialogs.events import Action, Opened, Said
from storage import Database


def converse(database: Database, content: Content, settings: Settings, name: str, lines: TextIO, out: TextIO) -> None:
    """Talk until the lines end; the conversation goes on from where it was left."""
    intake = Intake(database, content, utc_now, house(settings, Links(settings.secret())))

    def take(action: Action) -> None:
        event = Event(uuid.uuid4().hex, terminal.CHANNEL, terminal.ACCOUNT, name, action)
        taken = intake.take(event)
        print(f"\n{terminal.render(taken.messages, settings.public_url)}\n", file=out, flush=True)

    print(terminal.greeting(), file=out)
    take(Opened())
    for line in lines:
        take(Said(line))
    database.close()
