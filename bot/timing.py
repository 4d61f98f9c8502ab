"""Timers on their way: those that are due come back as events, each to whom it is for."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot.intake import Clock, Intake
from bot.turn import Event, Taken
from dialogs.events import Woke
from dialogs.flows.notices import ELAPSED
from scheduler.days import JAPAN
from scheduler.reminders import loud, overdue
from storage import experts, owners, timers
from storage.experts import Expert
from storage.timers import Timer

# Timers claimed at once, and how long a claim lasts.
AT_ONCE, LEASE = 64, timedelta(seconds=30)
# What time itself does to a booking; others wait for it, whomever it is for.
ENDS = frozenset(f"{kind}:owner" for kind in ELAPSED)

log = structlog.get_logger()


def fire(intake: Intake, clock: Clock) -> list[Taken]:
    """Have what is due taken; gives what was. Whatever fails stays due, and is tried again after the lease."""
    with intake.database.reading() as connection:
        if not timers.any_due(connection, clock()):
            return []
    events = intake.write(lambda connection: claim(connection, clock())).result()
    taken = []
    for event, taking in [(event, intake.submit(event)) for event in events]:
        try:
            taken.append(taking.result())
        except SQLAlchemyError as error:
            # Its words would bring along what was to be written.
            log.error("timer", id=event.id, error=type(error).__name__)
        except Exception:
            # A defect in one notice must not keep the others from being told.
            log.exception("timer", id=event.id)
    return taken


def claim(connection: Connection, now: datetime) -> list[Event]:
    """Claim what is due, as events to those it is for; for whom nobody can be reached any more, it is dropped.

    What was held up until the night is left until the morning. What ends by itself ends all the same, told or not.
    """
    events = []
    for timer in timers.claim(connection, now, now + LEASE, AT_ONCE):
        expert = experts.find(connection, owner_id=timer.owner_id)
        zone = ZoneInfo(expert.profile.zone) if expert else JAPAN
        if timer.kind not in ENDS and overdue(timer.at, now, zone):
            timers.put_off(connection, timer.id, loud(now, zone))
        elif event := _event(connection, timer, expert):
            events.append(event)
        else:
            timers.fire(connection, timer.id)
            if expert:
                log.warning("timer", id=timer.id, expert=expert.id, error="there is no way to reach the expert")
    return events


def _event(connection: Connection, timer: Timer, expert: Expert | None) -> Event | None:
    """What a timer comes back as; None where nobody would notice."""
    woke = Woke(timer.id, timer.subject, timer.kind, timer.revision, timer.data)
    if reached := owners.reach(connection, timer.owner_id, expert.profile.prefers if expert else ""):
        return Event(f"timer:{timer.id}", *reached, woke)
    known = owners.reach(connection, timer.owner_id, gone=True) if timer.kind in ENDS else None
    return Event(f"timer:{timer.id}", *known, woke, quiet=True) if known else None
