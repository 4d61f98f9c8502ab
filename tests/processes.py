"""Processes for tests to race with and to kill.

They are forked from a server that has imported this module, and with it all that they need: 20 ms each, not seconds.
"""

from __future__ import annotations

import multiprocessing
import signal
from itertools import count, islice
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from dialogs.content import packaged
from dialogs.events import Opened, Said
from storage import Database, migrate, sealing
from tests.serving import KEY
from tests.taking import batch, event, new_intake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.synchronize import Barrier

    from bot.turn import Event

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["__main__", __name__, "tests.senders", "tests.bookers", "tests.preloaded"])
packaged()
sealing.use([KEY])

# Conversations that are under way at the same time in a process that is killed.
OWNERS = 3
# Events that both racing processes take at the same moment; events that each has for itself.
SHARED, OWN = 20, 20


def raced(url: str) -> list[tuple[list[bool], list[int], list[int]]]:
    """What came of the events of two processes that race over one database (see `race`)."""
    return _side_by_side(race, url)


def migrated_at_once(url: str) -> list[str]:
    """How two processes fared that migrated one database at the same moment: "" where well."""
    return _side_by_side(migrate_with_others, url)


def _side_by_side(work: Callable[..., None], url: str) -> list[Any]:
    """What two processes sent, "one" and "two"."""
    start = context.Barrier(2)
    running = []
    for name in ("one", "two"):
        receive, send = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(url, name, start, send))
        process.start()
        send.close()  # so that a process that fails ends the wait for what it would have sent
        running.append((process, receive))
    try:
        return [receive.recv() for _, receive in running]
    finally:
        start.abort()
        for process, receive in running:
            process.join()
            receive.close()


def migrate_with_others(url: str, name: str, start: Barrier, out: Connection) -> None:
    """Migrate when the other process does; sends what went wrong."""
    start.wait()
    try:
        migrate(url)
    except DBAPIError as error:
        out.send(f"{name}: {error}")
    else:
        out.send("")


def race(url: str, name: str, start: Barrier, out: Connection) -> None:
    """One of two processes, "one" and "two": sends what came of its events.

    That is: of each shared event, whether it was answered here; the turns of its own events of the shared owner; and
    those of a batch whose owners the other process takes at the same moment, in the opposite order.
    """
    database = Database(url)
    intake = new_intake(database)
    answered = []
    for n in range(SHARED):
        start.wait()
        # Every second event is the first of an owner whom both meet at the same moment.
        taken = intake.take(event(f"shared{n}", Opened(), "owner" if n % 2 else f"new{n}"))
        answered.append(bool(taken.messages))
    start.wait()
    turns = [intake.take(event(f"{name}{n}", Said("メニュー"))).turn for n in range(OWN)]
    start.wait()
    order = range(OWN) if name == "one" else range(OWN - 1, -1, -1)
    crossing = batch(intake, [event(f"{name} at once{n}", Opened(), f"batch{n}") for n in order])
    out.send((answered, turns, [future.result().turn for future in crossing]))
    database.close()


def endless(name: str) -> Iterator[Event]:
    """Events without end, of several owners in turn; each owner says the event's id."""
    for n in count():
        id = f"{name}.{n}"
        yield event(id, Said(id), f"owner{n % OWNERS}")


def killed(url: str, name: str, after: int) -> list[str]:
    """Have a process take `endless` events, and kill it after so many; gives the ids of all that it acknowledged."""
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=take_endlessly, args=(url, name, send))
    process.start()
    send.close()
    acknowledged = []
    try:
        while True:
            acknowledged.append(receive.recv())
            if len(acknowledged) == after:
                process.kill()
    except EOFError:  # all that it sent before it died has been read
        pass
    process.join()
    receive.close()
    assert process.exitcode == -signal.SIGKILL
    return acknowledged


def take_endlessly(url: str, name: str, out: Connection) -> None:
    """Take events, many to a commit, and send the id of each when it is acknowledged, until killed."""
    intake = new_intake(Database(url))
    intake.start()
    events = endless(name)
    while True:
        some = list(islice(events, 2 * OWNERS))
        for one, future in zip(some, [intake.submit(one) for one in some], strict=True):
            future.result()
            out.send(one.id)
