"""Taking events in tests: an intake whose clock stands still, and a look at the rows that it leaves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, select

from bot.house import House
from bot.intake import Intake
from bot.turn import Event, Taken
from dialogs.content import packaged
from storage import Database
from tests.talkers import ACCOUNT, CHANNEL, Talker

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from dialogs.events import Action

NOW = datetime(2026, 12, 1, 1, 0)  # noqa: DTZ001 - UTC without zone, as the database keeps it


def new_intake(database: Database, now: datetime = NOW) -> Intake:
    """An intake over a database, not begun."""
    return Intake(database, packaged(), lambda: now, House(lambda owner_id: f"/me/{owner_id}"))


def event(id: str, action: Action, address: str = "owner", code: str = "") -> Event:
    """An event of one owner's."""
    return Event(id, CHANNEL, ACCOUNT, address, action, code=code)


def batch(intake: Intake, events: Sequence[Event]) -> list[Future[Taken]]:
    """Take events as one batch: they all wait already when the intake begins. It has ended when this returns."""
    futures = [intake.submit(one) for one in events]
    intake.start()
    intake.stop()
    return futures


def finish(intake: Intake, talker: Talker) -> Taken:
    """Go on to the end of a check, or of the next one; gives the turn that brought the result."""
    while True:
        taken = intake.take(talker.event())
        talker.hear(taken)
        if any(message.picture for message in taken.messages):
            return taken


def rows(database: Database, table: Table) -> list[dict[str, Any]]:
    """The rows of a table in the order of its key, or of its turns where it has them."""
    order = [table.c.owner_id, table.c.turn] if "turn" in table.c else list(table.primary_key)
    with database.reading() as connection:
        return [dict(row) for row in connection.execute(select(table).order_by(*order)).mappings()]


def later(**time: float) -> datetime:
    """Some time after NOW."""
    return NOW + timedelta(**time)
