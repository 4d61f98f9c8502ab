"""The purge: what is kept no longer goes once a day, early in Japan's morning, by whichever process is first."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection

from bot.intake import Intake
from scheduler.days import in_japan
from storage import Database, retention
from storage.retention import Limits

# From this hour on, by Japan's clock: whoever was up late has gone to bed.
HOUR = 3

Write = Callable[[Callable[[Connection], Any]], Any]

log = structlog.get_logger()


def daily(intake: Intake, limits: Limits, going: Callable[[], bool]) -> dict[str, int] | None:
    """Purge, if it is time and nobody has today; gives what went. It ends where `going` says that this process does."""
    now = intake.clock()
    here = in_japan(now)
    if here.hour < HOUR:
        return None
    with intake.database.reading() as connection:
        if retention.begun(connection, here.date()):
            return None

    # Each portion waits its turn among the events of owners.
    def write(work: Callable[[Connection], Any]) -> Any:
        return intake.write(work).result()

    run = write(partial(retention.begin, day=here.date(), now=now))
    return None if run is None else _purge(intake.database, write, run, limits, now, going)


def at_once(database: Database, limits: Limits, now: datetime) -> dict[str, int]:
    """Purge now, because an operator says so; gives what went."""

    def write(work: Callable[[Connection], Any]) -> Any:
        with database.writing() as connection:
            return work(connection)

    run = write(partial(retention.begin, day=None, now=now))
    return _purge(database, write, run, limits, now, lambda: True)


def _purge(
    database: Database, write: Write, run: int, limits: Limits, now: datetime, going: Callable[[], bool]
) -> dict[str, int]:
    counts = {name: _away(database, write, name, limits, now, going) for name in retention.KINDS}
    write(partial(retention.end, id=run, counts=counts))
    log.info("purge", **counts)
    return counts


def _away(database: Database, write: Write, name: str, limits: Limits, now: datetime, going: Callable[[], bool]) -> int:
    """Take away all of a kind, a portion at a time; gives how many."""
    total, took = 0, 1
    # Where nothing went of what was found, somebody else holds it: tomorrow, then.
    while took:
        with database.reading() as connection:
            keys = retention.find(connection, name, limits, now)
        took = 0
        for portion in retention.portions(name, keys):
            if not going():
                return total + took
            took += write(partial(retention.take, name=name, keys=portion, limits=limits, now=now))
        total += took
    return total
