"""The ticker: what is done from time to time. APScheduler only ticks; what is due stands in the database."""

import logging
from collections.abc import Callable

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError

from bot import busy, outreach, purge, quota, timing
from bot.intake import Clock, Intake
from bot.settings import Settings
from bot.turn import Taken
from scheduler.days import FAREWELL
from storage import Database, enrolments, owners, paces, signins
from storage.retention import Limits

SWEEP_MINUTES = 10
TIMER_SECONDS = 1
CALENDAR_SECONDS = 60

log = structlog.get_logger()
SKIPPED = "maximum number of running instances"


def start(intake: Intake, told: Callable[[Taken], None], settings: Settings) -> BackgroundScheduler:
    """Begin to tick; every process may, as each tick only does what it finds due. End it with `shutdown`.

    `told` is called, in a thread of the ticker's, with each turn that a timer has led to.
    """
    # That a tick still goes on when the next is due is as it should be, while a campaign is sent.
    logging.getLogger("apscheduler.scheduler").addFilter(_worth_telling)
    database, clock = intake.database, intake.clock
    ticker = BackgroundScheduler(
        timezone="UTC", job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
    )
    ticker.add_job(lambda: sweep(database, clock), "interval", minutes=SWEEP_MINUTES)
    ticker.add_job(lambda: wake(intake, told), "interval", seconds=TIMER_SECONDS)
    ticker.add_job(lambda: look(database, clock, settings), "interval", seconds=CALENDAR_SECONDS)
    ticker.add_job(lambda: reach_out(intake, told, settings), "interval", seconds=TIMER_SECONDS)
    limits = settings.retention()
    ticker.add_job(lambda: clear(intake, limits, lambda: ticker.running), "interval", minutes=SWEEP_MINUTES)
    ticker.start()
    return ticker


def _worth_telling(record: logging.LogRecord) -> bool:
    return SKIPPED not in str(record.msg)


def wake(intake: Intake, told: Callable[[Taken], None]) -> None:
    """Have timers that are due taken."""
    try:
        while (some := timing.fire_some(intake, intake.clock)) is not None:
            for taken in some:
                told(taken)
    except SQLAlchemyError as error:
        # The database is away; what is due waits for it.
        log.error("timers", error=type(error).__name__)


def reach_out(intake: Intake, told: Callable[[Taken], None], settings: Settings) -> None:
    """Have campaigns prepare what they have due, and tell it, as long as there is anything."""
    try:
        while outreach.tick(intake, lambda: quota.ask(settings)):
            wake(intake, told)
    except SQLAlchemyError as error:
        # The database is away; what is due waits for it.
        log.error("campaigns", error=type(error).__name__)


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
