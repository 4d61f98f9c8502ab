"""The ticker: what is done from time to time. APScheduler only ticks; what is due stands in the database."""

from apscheduler.schedulers.background import BackgroundScheduler

from bot.intake import Clock
from scheduler.days import FAREWELL
from storage import Database, owners, paces

SWEEP_MINUTES = 10


def start(database: Database, clock: Clock) -> BackgroundScheduler:
    """Begin to tick; every process may, as each tick only does what it finds due. End it with `shutdown`."""
    ticker = BackgroundScheduler(
        timezone="UTC", job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
    )
    ticker.add_job(lambda: sweep(database, clock), "interval", minutes=SWEEP_MINUTES)
    ticker.start()
    return ticker


def sweep(database: Database, clock: Clock) -> int:
    """Take away what is left of owners erased a while ago, and paces long past; gives how many owners."""
    with database.writing() as connection:
        paces.sweep(connection, clock() - FAREWELL)
        return owners.sweep(connection, clock() - FAREWELL)
