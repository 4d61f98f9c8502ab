"""The intake: events of all conversations taken one after another, many to a commit when many come at once.

One thread writes, whatever this process writes. A commit costs a disk flush, whatever is in it, so events (and what
delivery has to note) that wait while one is under way share the next. Each is acknowledged only when the commit that
holds it is durable.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from bot.house import House
from bot.turn import Event, Taken, take_all
from dialogs.content import Content
from storage import Database

# Events to a commit at the most: beyond it, the first would wait longer for the last than a flush saves.
BATCH = 64
# Tries of a transaction that another process got in the way of.
TRIES = 3

Clock = Callable[[], datetime]
# Something to be written; it may be run more than once, as the transaction is when another process got in its way.
Work = Callable[[Connection], Any]
_Job = tuple[Event | Work, "Future[Any]"]
Done = TypeVar("Done")


class Intake:
    """Takes the events of each contact in the order in which they are submitted. Begun by `start`, ended by `stop`."""

    def __init__(self, database: Database, content: Content, clock: Clock, house: House) -> None:
        self.database = database
        self.content = content
        self.clock = clock
        self.house = house
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)

    def start(self) -> None:
        """Begin to take events."""
        self._thread.start()

    def stop(self) -> None:
        """Take what was submitted, then end."""
        self._jobs.put(None)
        self._thread.join()

    def submit(self, event: Event) -> "Future[Taken]":
        """Have an event taken; the future is done when the commit is durable, or holds the database's error."""
        return self._put(event)

    def write(self, work: "Callable[[Connection], Done]") -> "Future[Done]":
        """Have something written; the future is done with what it gives when the commit is durable."""
        return self._put(work)

    def _put(self, job: Event | Work) -> "Future[Any]":
        future: Future[Any] = Future()
        # From here on it can't be cancelled: who no longer waits for the answer finds it in the conversation.
        future.set_running_or_notify_cancel()
        self._jobs.put((job, future))
        return future

    def take(self, event: Event) -> Taken:
        """Take one event here and now, in a transaction of its own."""
        taken: Taken = self._do([event])[0]
        return taken

    def _run(self) -> None:
        ended = False
        while not ended:
            jobs: list[_Job] = []
            # Waits for the first; the others are those that wait already.
            while len(jobs) < BATCH and not (jobs and self._jobs.empty()):
                job = self._jobs.get()
                if job is None:
                    ended = True
                    break
                jobs.append(job)
            if jobs:
                self._settle(jobs)

    def _settle(self, jobs: list[_Job]) -> None:
        """Take a batch; where it fails, each of it alone, so that one bad event can't spoil its neighbours."""
        try:
            done = self._do([job for job, _ in jobs])
        except Exception as error:
            if len(jobs) == 1 or _away(error):
                for _, future in jobs:
                    future.set_exception(error)
            else:
                for job in jobs:
                    self._settle([job])
            return
        for (_, future), one in zip(jobs, done, strict=True):
            future.set_result(one)

    def _do(self, jobs: list[Event | Work]) -> list[Any]:
        """Do it all in one transaction; events first, so that all processes lock owners before anything else."""
        events = [job for job in jobs if isinstance(job, Event)]
        for attempt in range(1, TRIES + 1):
            try:
                with self.database.writing() as connection:
                    taken = iter(take_all(connection, self.content, events, self.clock(), self.house))
                    done = [None if isinstance(job, Event) else job(connection) for job in jobs]
                    return [next(taken) if isinstance(job, Event) else did for job, did in zip(jobs, done, strict=True)]
            except DBAPIError as error:
                # What was committed all the same, unknown to us, is seen as taken before.
                if attempt == TRIES or not _passing(error):
                    raise
        raise AssertionError("the last try returns or raises")


def _passing(error: DBAPIError) -> bool:
    """Whether trying again at once may help: a lost race, a deadlock, a serialisation failure, a connection gone."""
    return isinstance(error, IntegrityError) or error.connection_invalidated or _crossed(error)


def _away(error: Exception) -> bool:
    """Whether it is the database that fails, whatever the event: then the next one need not be tried in its turn."""
    return isinstance(error, OperationalError | InterfaceError) and not _crossed(error)


def _crossed(error: DBAPIError) -> bool:
    """Whether two processes got in each other's way, as PostgreSQL calls it."""
    return getattr(error.orig, "sqlstate", None) in ("40001", "40P01")
