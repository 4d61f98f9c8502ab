"""Timers on their way: those that are due come back as events, each to whom it is for."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot.intake import Clock, Intake
from bot.turn import Event, Taken
from dialogs.events import Woke
from dialogs.flows.notices import ELAPSED
from dialogs.outreach import letter_of
from scheduler.days import JAPAN
from scheduler.reminders import loud, overdue
from storage import experts, outreach, owners, timers
from storage.timers import Timer

# Timers claimed at once, and how long a claim lasts.
AT_ONCE, LEASE = 64, timedelta(seconds=10)
# What time itself does to a booking; others wait for it, whomever it is for.
ENDS = frozenset(f"{kind}:owner" for kind in ELAPSED)

log = structlog.get_logger()


def fire(intake: Intake, clock: Clock) -> list[Taken]:
    """Have what is due taken, all of it; gives what was. What fails stays due, and is tried again after the lease."""
    taken: list[Taken] = []
    while (some := fire_some(intake, clock)) is not None:
        taken += some
    return taken


def fire_some(intake: Intake, clock: Clock) -> list[Taken] | None:
    """Have some of what is due taken; None where nothing is."""
    with intake.database.reading() as connection:
        if not timers.any_due(connection, clock()):
            return None
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
    claimed = timers.claim(connection, now, now + LEASE, AT_ONCE)
    letters: dict[int, list[Timer]] = defaultdict(list)
    events = []
    for timer in claimed:
        if letter := letter_of(timer.subject, timer.kind):
            letters[letter[0]].append(timer)
        elif event := _event(connection, timer, now):
            events.append(event)
    for id, theirs in letters.items():
        events += _letters(connection, id, theirs)
    return events


def _letters(connection: Connection, id: int, claimed: Sequence[Timer]) -> Iterator[Event]:
    """What timers of a campaign's letters come back as, each by the contact to which its letter goes."""
    # When letters may go out is looked at when they are told.
    reached = outreach.reach(connection, id, [timer.owner_id for timer in claimed])
    timers.fire(connection, [timer.id for timer in claimed if timer.owner_id not in reached])
    for timer in claimed:
        if there := reached.get(timer.owner_id):
            yield Event(f"timer:{timer.id}", *there, _woke(timer))


def _event(connection: Connection, timer: Timer, now: datetime) -> Event | None:
    """What a timer comes back as; None where it is put off, or nobody would notice."""
    expert = experts.find(connection, owner_id=timer.owner_id)
    zone = ZoneInfo(expert.profile.zone) if expert else JAPAN
    if timer.kind not in ENDS and overdue(timer.at, now, zone):
        timers.put_off(connection, timer.id, loud(now, zone))
        return None
    if reached := owners.reach(connection, timer.owner_id, expert.profile.prefers if expert else ""):
        return Event(f"timer:{timer.id}", *reached, _woke(timer))
    known = owners.reach(connection, timer.owner_id, gone=True) if timer.kind in ENDS else None
    if known:
        return Event(f"timer:{timer.id}", *known, _woke(timer), quiet=True)
    timers.fire(connection, [timer.id])
    if expert:
        log.warning("timer", id=timer.id, expert=expert.id, error="there is no way to reach the expert")
    return None


def _woke(timer: Timer) -> Woke:
    return Woke(timer.id, timer.subject, timer.kind, timer.revision, timer.data)
