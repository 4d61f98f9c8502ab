"""The ticker: what is done from time to time. APScheduler only ticks; what is due stands in the database."""

from collections.abc import Callable

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError

from bot import busy, purge, timing
from bot.intake import Clock, Intake
from bot.settings import Settings
from bot.turn import Taken
from scheduler.days import FAREWELL
from storage import Database, enrolments, owners, paces, signins
from storage.retention import Limits

SWEEP_MINUTES = 10
TIMER_SECONDS = 2
CALENDAR_SECONDS = 60

log = structlog.get_logger()


def start(intake: Intake, told: Callable[[Taken], None], settings: Settings) -> BackgroundScheduler:
    """Begin to tick; every process may, as each tick only does what it finds due. End it with `shutdown`.

    `told` is called, in a thread of the ticker's, with each turn that a timer has led to.
    """
    database, clock = intake.database, intake.clock
    ticker = BackgroundScheduler(
        timezone="UTC", job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
    )
    ticker.add_job(lambda: sweep(database, clock), "interval", minutes=SWEEP_MINUTES)
    ticker.add_job(lambda: wake(intake, told), "interval", seconds=TIMER_SECONDS)
    ticker.add_job(lambda: look(database, clock, settings), "interval", seconds=CALENDAR_SECONDS)
    limits = settings.retention()
    ticker.add_job(lambda: clear(intake, limits, lambda: ticker.running), "interval", minutes=SWEEP_MINUTES)
    ticker.start()
    return ticker


def wake(intake: Intake, told: Callable[[Taken], None]) -> None:
    """Have timers that are due taken."""
    try:
        for taken in timing.fire(intake, intake.clock):
            told(taken)
    except SQLAlchemyError as error:
        # The database is away; what is due waits for it.
        log.error("timers", error=type(error).__name__)


def look(database: Database, clock: Clock, settings: Settings) -> None:
    """Read the calendars of experts that it is time for."""
    try:
        busy.refresh(database, clock, settings)
    except SQLAlchemyError as error:
        # The database is away; what was read is trusted for a while.
        log.error("calendars", error=type(error).__name__)


def clear(intake: Intake, limits: Limits, going: Callable[[], bool]) -> None:
    """Take away what is kept no longer, once a day."""
    try:
        purge.daily(intake, limits, going)
    except SQLAlchemyError as error:
        # The database is away; the rest goes tomorrow.
        log.error("purge", error=type(error).__name__)


def sweep(database: Database, clock: Clock) -> int:
    """Take away owners erased a while ago, paces long past, sign-ins that have run out; gives how many owners."""
    with database.writing() as connection:
        paces.sweep(connection, clock() - FAREWELL)
        signins.sweep(connection, clock())
        enrolments.sweep(connection, clock())
        return owners.sweep(connection, clock() - FAREWELL)
