"""Events in tests of which one has to wait for another's transaction: on PostgreSQL, as SQLite has one writer."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING

from sqlalchemy import text

from bot.house import House
from bot.turn import Event, Taken, take
from dialogs.content import packaged
from storage import Database
from tests.taking import NOW, new_intake

if TYPE_CHECKING:
    from sqlalchemy import Connection


def taken_behind(url: str, ahead: Event, behind: Event) -> Taken:
    """What becomes of an event that comes while the transaction of another is open, and must wait for its end."""
    taken: list[Taken] = []
    with closing(Database(url)) as one, closing(Database(url)) as two:
        waiting = threading.Thread(target=lambda: taken.append(new_intake(two).take(behind)))
        with one.writing() as connection:
            take(connection, packaged(), ahead, NOW, House(str))
            waiting.start()
            while not _holds_up(connection):
                pass
        waiting.join()
    return taken[0]


def _holds_up(connection: Connection) -> bool:
    """Whether anybody waits for this transaction."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
    return bool(connection.execute(waiting).scalar_one())
