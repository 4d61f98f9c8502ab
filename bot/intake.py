"""The intake: events of all conversations taken one after another, many to a commit when many come at once.

One thread writes. A commit costs a disk flush, whatever is in it, so events that wait while one is under way
share the next. Each is acknowledged only when the commit that holds it is durable.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from bot.turn import Event, Sign, Taken, take_all
from dialogs.content import Content
from storage import Database

# Events to a commit at the most: beyond it, the first would wait longer for the last than a flush saves.
BATCH = 64
# Tries of a transaction that another process got in the way of.
TRIES = 3

Clock = Callable[[], datetime]
_Job = tuple[Event, "Future[Taken]"]


class Intake:
    """Takes the events of each contact in the order in which they are submitted. Begun by `start`, ended by `stop`."""

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
        # From here on it can't be cancelled: who no longer waits for the answer finds it in the conversation.
        future.set_running_or_notify_cancel()
        self._jobs.put((event, future))
        return future

    def take(self, event: Event) -> Taken:
        """Take one event here and now, in a transaction of its own."""
        return self._take([event])[0]

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
            taken = self._take([event for event, _ in jobs])
        except Exception as error:
            if len(jobs) == 1 or _away(error):
                for _, future in jobs:
                    future.set_exception(error)
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
                    return take_all(connection, self.content, events, self.clock(), self.sign)
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
