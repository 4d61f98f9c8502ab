"""The intake: events of all conversations taken one after another, many to a commit when many come at once.

One thread writes. A commit costs a disk flush, whatever is in it, so events that wait while one is under way
share the next. Each is acknowledged only when the commit that holds it is durable.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from bot.turn import Event, Sign, Taken, take
from dialogs.content import Content
from storage import Database

# Events to a commit at the most: beyond it, the first would wait longer for the last than a flush saves.
BATCH = 64
# Tries of one event whose transaction another process got in the way of.
TRIES = 3

Clock = Callable[[], datetime]
_Job = tuple[Event, "Future[Taken]"]


class Intake:
    """Takes events in the order in which they are submitted. Start it with `start`, end it with `stop`."""

    def __init__(self, database: Database, content: Content, clock: Clock, sign: Sign) -> None:
        self.database = database
        self.content = content
        self.clock = clock
        self.sign = sign
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
        future: Future[Taken] = Future()
        self._jobs.put((event, future))
        return future

    def take(self, event: Event) -> Taken:
        """Take one event here and now, in a transaction of its own."""
        return self._take([event])[0]

    def _run(self) -> None:
        ended = False
        while not ended:
            first = self._jobs.get()
            jobs = [first] if first else []
            ended = first is None
            while len(jobs) < BATCH and not self._jobs.empty():
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
            taken = self._take([event for event, _ in jobs])
        except Exception as error:
            if len(jobs) == 1:
                jobs[0][1].set_exception(error)
            else:
                for job in jobs:
                    self._settle([job])
            return
        for (_, future), one in zip(jobs, taken, strict=True):
            future.set_result(one)

    def _take(self, events: list[Event]) -> list[Taken]:
        for attempt in range(1, TRIES + 1):
            try:
                with self.database.writing() as connection:
                    return [take(connection, self.content, event, self.clock(), self.sign) for event in events]
            except (IntegrityError, OperationalError) as error:
                # Two processes met at one row; the loser tries again on what the winner left.
                if attempt == TRIES or not _passing(error):
                    raise
        raise AssertionError("the last try returns or raises")


def _passing(error: DBAPIError) -> bool:
    """Whether trying again may help: a lost race, a deadlock, a serialisation failure, a lock held too long."""
    code = getattr(error.orig, "sqlstate", None)
    return isinstance(error, IntegrityError) or code in ("40001", "40P01") or "locked" in str(error.orig)
