"""Processes killed while they prepare and send a campaign: on LINE nobody hears twice, and nobody is left out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from bot.turn import Event
from dialogs.events import Command
from dialogs.letters import Letter, Step
from storage import agencies, campaigns
from tests.processes import context
from tests.senders import deliver
from tests.standin import PATIENCE
from tests.taking import NOW, new_intake
from tests.test_kill_delivery import Killed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.standin import StandIn

PEOPLE, KILLS = 24, 8
STEPS = (Step(0, {"a": Letter("お知らせです。"), "b": Letter("{{ agency }}からのお知らせです。")}),)


class Campaigning(Killed):
    """Two processes that tick and deliver, one of which is killed again and again."""

    def start(self, name: str, keys: bool) -> None:
        """Start a process."""
        line = f"{self.stand_in.url}/line"
        process = context.Process(target=deliver, args=(self.url, line, name, self.clock, keys, True), daemon=True)
        process.start()
        self.running[name] = process
        self.killer.processes[name] = process.pid or 0

    def begin(self, kill: int) -> int:
        """A campaign to all of them."""
        with self.database.writing() as connection:
            agency = agencies.add(connection, f"見本{kill}", NOW)
            one = campaigns.add(connection, agency.id, None, "見本", NOW, everybody=True, steps=STEPS)
            campaigns.turn(connection, one.id, "ready", NOW, starts_at=NOW)
        return one.id

    def gather(self) -> None:
        """People who want news."""
        intake = new_intake(self.database)
        for n in range(PEOPLE):
            for id, value in (("start", ""), ("news", "in")):
                intake.take(Event(f"{id}{n}", "line", "bot", f"U{n:032x}", Command(id, value), quiet=True))

    def send(self, kill: int) -> Counter[str]:
        """Send a campaign, of which a process is killed; gives how often LINE took a letter for whom."""
        since = len(self.stand_in.calls)
        self.killer.arm()
        id = self.begin(kill)
        assert self.killer.killed.wait(PATIENCE)
        self._replace(f"process{kill}", keys=True)
        for _ in range(PATIENCE * 20):
            # What the dead had claimed is let go of in time.
            self.clock.value += 2
            with self.stand_in.calls.told:
                self.stand_in.calls.told.wait(0.05)
            with self.database.reading() as connection:
                if campaigns.get(connection, id).state == "done":
                    break
        with self.database.reading() as connection:
            found = campaigns.progress(connection, id, NOW)
        assert (found.prepared, found.sent, found.waiting) == (PEOPLE, PEOPLE, 0)
        taken = [call["body"]["to"] for call in self.stand_in.calls[since:] if call["status"] == 200]
        return Counter(one for to in taken for one in ([to] if isinstance(to, str) else to))


@pytest.fixture
def campaigning(
    request: pytest.FixtureRequest, stand_in: StandIn, capfd: pytest.CaptureFixture[str]
) -> Iterator[Campaigning]:
    run = Campaigning(request.getfixturevalue("postgres_slate").wiped(), stand_in)
    yield run
    run.close()
    # The stand-in complains of those who died while it spoke to them.
    capfd.readouterr()


def test_killed_at_any_moment_everybody_hears_a_campaign_exactly_once(campaigning: Campaigning) -> None:
    campaigning.gather()
    for name in ("one", "two"):
        campaigning.start(name, keys=True)
    for kill in range(KILLS):
        assert campaigning.send(kill) == {f"U{n:032x}": 1 for n in range(PEOPLE)}
    assert 0 < campaigning.killer.before < KILLS
    assert campaigning.stand_in.violations() == []
