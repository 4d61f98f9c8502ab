"""Processes killed between claiming a row and recording what became of it: nothing is lost, nothing comes twice."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from bot.delivery import lease
from bot.platforms.line import Line
from bot.turn import Event
from dialogs.events import Said
from storage import Database
from storage.schema import outbox
from tests.processes import context
from tests.senders import deliver
from tests.standin import PATIENCE
from tests.taking import later, new_intake, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.standin import StandIn

KILLS = 24
OWNERS = 6


class Killer:
    """Kills whoever makes one of the next requests: before LINE takes it, or before it hears that LINE did."""

    def __init__(self, stand_in: StandIn) -> None:
        self.chance = random.Random(20261201)
        self.processes: dict[str, int] = {}
        self.killed = threading.Event()
        self.victim = ""
        self.countdown = 0
        self.before = 0
        self._lock = threading.Lock()
        self._line = stand_in.module.Handler.line
        stand_in.module.Handler.line = lambda handler, *request: self.line(handler, *request)

    def arm(self) -> None:
        """Kill at one of the next requests."""
        with self._lock:
            self.killed.clear()
            self.countdown = self.chance.randint(1, OWNERS - 1)

    def line(self, handler: Any, path: str, body: dict[str, Any], query: dict[str, Any]) -> Any:
        """Play LINE's part."""
        with self._lock:
            self.countdown -= 1
            now = self.countdown == 0
            before = now and self.chance.random() < 0.5
            if now:
                self.victim = handler.headers["Authorization"].removeprefix("Bearer ")
                self.before += before
        if before:
            self._kill()
            raise ConnectionAbortedError
        answer = self._line(handler, path, body, query)
        if now:
            self._kill()
        return answer

    def _kill(self) -> None:
        os.kill(self.processes[self.victim], signal.SIGKILL)
        self.killed.set()


@pytest.fixture
def killed(request: pytest.FixtureRequest, stand_in: StandIn, capfd: pytest.CaptureFixture[str]) -> Iterator[Killed]:
    """Two processes over PostgreSQL."""
    run = Killed(request.getfixturevalue("postgres_slate").wiped(), stand_in)
    yield run
    run.close()
    # The stand-in complains of those who died while it spoke to them.
    capfd.readouterr()


class Killed:
    """A run of two processes that deliver, one of which is killed in each round."""

    def __init__(self, url: str, stand_in: StandIn) -> None:
        self.url = url
        self.stand_in = stand_in
        self.database = Database(url)
        # Without a lock, as whoever is killed while they hold it would never give it back.
        self.clock = context.Value("d", 0.0, lock=False)
        self.killer = Killer(stand_in)
        self.running: dict[str, Any] = {}

    def start(self, name: str, keys: bool) -> None:
        """Start a process."""
        process = context.Process(
            target=deliver, args=(self.url, f"{self.stand_in.url}/line", name, self.clock, keys), daemon=True
        )
        process.start()
        self.running[name] = process
        self.killer.processes[name] = process.pid or 0

    def rounds(self, count: int, keys: bool = True) -> Counter[int]:
        """Kill one of them `count` times; gives how often LINE took how many rows.

        Without lasting keys nobody can tell the rows apart: then all pushes that LINE took count as taken once.
        """
        for name in ("one", "two"):
            self.start(name, keys)
        for kill in range(count):
            self.killer.arm()
            self._take(kill)
            assert self.killer.killed.wait(PATIENCE)
            self._replace(f"process{kill}", keys)
            self._settled()
        sent = rows(self.database, outbox)
        assert {row["state"] for row in sent} == {"sent"}
        accepted = Counter(_key(call) for call in self.stand_in.calls if call["status"] == 200)
        tokens = sum(n for key, n in accepted.items() if key.startswith("token"))
        assert 0 < tokens < sum(accepted.values())
        if not keys:
            return Counter({1: sum(accepted.values()) - tokens})
        return Counter(accepted[row["id"]] + accepted[f"token-{row['said']}"] for row in sent)

    def _take(self, kill: int) -> None:
        """Have something to send: half of it can be answered directly, the other half is pushed."""
        intake = new_intake(self.database, later(seconds=self.clock.value))
        for n in range(OWNERS):
            reply = f"token-{kill}-{n}" if n % 2 else ""
            intake.take(Event(f"{kill}-{n}", "line", "bot", f"U{n:032x}", Said(f"{kill}-{n}"), reply=reply))

    def _replace(self, name: str, keys: bool) -> None:
        victim = self.running.pop(self.killer.victim)
        victim.join()
        assert victim.exitcode == -signal.SIGKILL
        self.clock.value += lease(Line.sending_seconds).total_seconds() + 1
        self.start(name, keys)

    def _settled(self) -> None:
        """Wait until nothing is due any more."""
        for _ in range(PATIENCE * 20):
            if all(row["state"] != "due" for row in rows(self.database, outbox)):
                return
            with self.stand_in.calls.told:
                self.stand_in.calls.told.wait(0.05)

    def close(self) -> None:
        """End what still runs."""
        for process in self.running.values():
            process.kill()
            process.join()
        self.database.close()


def test_two_processes_killed_again_and_again_lose_nothing_and_send_nothing_twice(killed: Killed) -> None:
    assert killed.rounds(KILLS) == {1: KILLS * OWNERS}
    assert 0 < killed.killer.before < KILLS
    assert killed.stand_in.violations() == []


def test_without_a_lasting_key_line_takes_some_twice(killed: Killed) -> None:
    assert killed.rounds(6, keys=False)[1] > 6 * OWNERS // 2


def _key(call: dict[str, Any]) -> str:
    return str(call["body"].get("replyToken") or call["retry_key"])
