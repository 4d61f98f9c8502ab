"""Processes for tests to race with and to kill.

They are forked from a server that has imported this module, and with it all that they need: 20 ms each, not seconds.
"""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING

from dialogs.content import packaged
from dialogs.events import Opened, Said
from storage import Database
from tests.taking import batch, event, new_intake

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.synchronize import Barrier

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["__main__", __name__])
packaged()

# Events that both racing processes take at the same moment; events that each has for itself.
SHARED, OWN = 20, 20


def raced(url: str) -> list[tuple[list[bool], list[int], list[int]]]:
    """What came of the events of two processes that race over one database (see `race`)."""
    start = context.Barrier(2)
    racing = []
    for name in ("one", "two"):
        receive, send = context.Pipe(duplex=False)
        process = context.Process(target=race, args=(url, name, start, send))
        process.start()
        send.close()  # so that a process that fails ends the wait for what it would have sent
        racing.append((process, receive))
    try:
        return [receive.recv() for _, receive in racing]
    finally:
        start.abort()
        for process, receive in racing:
            process.join()
            receive.close()


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
