"""Whatever owners and campaigns do, in whatever order: nobody who is out is sent anything, nobody anything twice."""

from __future__ import annotations

import inspect
import random
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete

from bot.platforms.failures import Busy
from dialogs.events import Command, Left, Opened, Said
from scheduler.outreach import allowed
from storage.outreach import CROWD, WEEK, Ready
from storage.schema import contact, metadata
from tests import outreach as talking
from tests.outreach import Round, named, plain
from tests.taking import rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.platforms.platform import Sending

APPS = ("line:a", "line:b", "line:c", "telegram:a", "telegram:d")
# What is said in each step; the texts tell campaign and step.
STEPS = {
    1: (plain("L1.1"), named("L1.2", 3)),
    2: (named("L2.1"), plain("L2.2", 8)),
    3: (plain("L3.1"), plain("L3.2", 1)),
}
MINUTES = (1, 90, 600, 1440, 4320, 10080)


class Letters(RuleBasedStateMachine):
    """Five apps, some of which turn out to be one person's, and three campaigns of two steps each."""

    url = ""

    @initialize()
    def begin(self) -> None:
        self.round = Round(self.url)
        with self.round.database.writing() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(delete(table))
        # Who is in, by the words of each app, as somebody who reads along would note it; persons are sets of apps.
        self.persons = [{app} for app in APPS]
        self.wants = dict.fromkeys(APPS, False)
        self.campaigns: dict[int, int] = {}
        # Whom each campaign found in when it began, without those who were out at any time since.
        self.began: dict[int, set[str]] = {}
        self.whom: dict[int, set[str]] = {}
        self.states: dict[int, str] = {}
        # Persons with whom somebody talks, by one of their apps.
        self.led: set[str] = set()
        self.got: list[tuple[str, str]] = []
        # What was tried first when, by app; what the platform did not take then may come to nothing.
        self.tried: dict[tuple[str, str], datetime] = {}
        self.round.meet(*APPS)
        for app in APPS[:-1]:
            self.opts_in(app)

    def teardown(self) -> None:
        if hasattr(self, "round"):
            try:
                self.end()
            finally:
                self.round.close()

    # ------------------------------------------------------------ what owners do

    @rule(app=st.sampled_from(APPS))
    def opts_in(self, app: str) -> None:
        self.round.do(app, Command("news", "in"))
        self.note(app, wants=True)

    @rule(app=st.sampled_from(APPS), typed=st.booleans())
    def opts_out(self, app: str, typed: bool) -> None:
        self.round.do(app, Said("配信停止") if typed else Command("nonews", "1"))
        self.note(app, wants=False)

    @rule(app=st.sampled_from(APPS))
    def blocks(self, app: str) -> None:
        self.round.do(app, Left())
        self.note(app, wants=False)

    @rule(app=st.sampled_from(APPS))
    def comes_back(self, app: str) -> None:
        self.round.do(app, Opened())

    @rule(app=st.sampled_from(APPS), other=st.sampled_from(APPS))
    def merges(self, app: str, other: str) -> None:
        one, two = self.person(app), self.person(other)
        if one is two:
            return
        said = [self.round.choice(name) for name in (app, other)]
        self.round.do(app, Opened())
        # What is typed would go to the person.
        self.talks_with_a_person(other, still=False)
        self.round.join(app, other)
        self.persons.remove(two)
        one |= two
        for which, found in self.began.items():
            # Whom a campaign has left out as one of the two, it leaves out.
            if (one & self.whom[which]) - found:
                found -= one
        if {"out", "left"} & set(said):
            self.note(app, wants=False)
        elif "in" in said:
            for name in one:
                self.wants[name] = True

    @rule(app=st.sampled_from(APPS), still=st.booleans())
    def talks_with_a_person(self, app: str, still: bool) -> None:
        self.round.do(app, Opened())
        talking.ends(self.round, app)
        self.led -= self.person(app)
        if still:
            talking.begins(self.round, app)
            self.led.add(app)

    # ------------------------------------------------------------ what campaigns do

    @rule(which=st.sampled_from(sorted(STEPS)))
    def starts(self, which: int) -> None:
        if which not in self.campaigns:
            self.campaigns[which] = self.round.campaign(*STEPS[which], name=f"L{which}")
            self.began[which] = {app for app in APPS if self.wants[app]}
            self.whom[which] = set(self.began[which])
            self.states[which] = "sending"

    @rule(which=st.sampled_from(sorted(STEPS)), state=st.sampled_from(("paused", "sending", "sending")))
    def turns(self, which: int, state: str) -> None:
        if which in self.campaigns and self.round.turn(self.campaigns[which], state):
            self.states[which] = state

    @rule(which=st.sampled_from(sorted(STEPS)), sure=st.integers(0, 9))
    def stops(self, which: int, sure: int) -> None:
        if which in self.campaigns and not sure:
            if self.round.turn(self.campaigns[which], "stopped"):
                self.states[which] = "stopped"
            self.began[which] = set()

    # ------------------------------------------------------------ what time and the program do

    @rule(minutes=st.sampled_from(MINUTES))
    def passes(self, minutes: int) -> None:
        self.round.later(minutes=minutes)

    @rule()
    def prepares(self) -> None:
        self.round.prepare()

    @rule()
    def sends(self) -> None:
        self.round.send()

    @rule()
    def stumbles(self) -> None:
        """The platforms are busy: what is sent next is not taken, and tried again."""
        crowds = [row["address"] for row in rows(self.round.database, contact) if row["address"].startswith(CROWD)]
        for channel, platform in self.round.platforms.items():
            for address in (*(app.partition(":")[2] for app in APPS if app.startswith(channel)), *crowds):
                platform.fails[address] = [Busy("slow", after=60)]
        self.round.send()
        for platform in self.round.platforms.values():
            platform.fails.clear()

    @rule()
    def restarts(self) -> None:
        self.round.close()
        self.round.open()

    # ------------------------------------------------------------ what must hold

    @invariant()
    def who_is_out_is_sent_nothing_and_nobody_too_much(self) -> None:
        if not hasattr(self, "round"):
            return
        for channel, platform in self.round.platforms.items():
            took = [id(sending) for _, sending in platform.taken]
            for part, sending in platform.tried:
                if part["text"].startswith("L"):
                    for address in sending.crowd or (sending.address,):
                        self.asked(f"{channel}:{address}", part["text"], sending, took=id(sending) in took)
            platform.tried.clear()
            platform.taken.clear()

    def asked(self, app: str, text: str, sending: Sending, *, took: bool) -> None:
        """The platform was asked to bring somebody a letter, and took it or not."""
        person, now = self.person(app), self.round.now
        first = (app, text) not in self.tried
        assert allowed(now), "nobody is disturbed"
        assert self.wants[app], f"{app} was out when it was sent {text}"
        assert text not in self.all_got(person), "nobody gets a step twice"
        # One request for many is made again as it was.
        assert not self.led & person or (sending.crowd and not first), "nothing comes between them and a person"
        if first:
            assert self.states[int(text[1])] == "sending", "what is held up waits"
            lately = [at for (one, _), at in self.tried.items() if one in person and at > now - WEEK]
            assert lately == [], "one a week over all campaigns"
            self.tried[app, text] = now
        if took:
            self.got.append((app, text))

    def end(self) -> None:
        """All goes on for long enough: who was in all the time has every step, and then there is silence."""
        self.who_is_out_is_sent_nothing_and_nobody_too_much()
        for app in APPS:
            self.talks_with_a_person(app, still=False)
        for which in self.campaigns:
            self.turns(which, "sending")
        for _ in range(48):
            if not self.left_out():
                break
            self.goes_on(days=1)
        assert not self.left_out(), "whoever was in all the time has every letter"
        self.goes_on(days=8)

    def goes_on(self, days: int) -> None:
        """Time passes, and all that is to happen then happens by day."""
        self.round.later(days=days)
        while not allowed(self.round.now):
            self.round.later(hours=1)
        self.round.run()
        self.who_is_out_is_sent_nothing_and_nobody_too_much()

    def left_out(self) -> set[tuple[str, str]]:
        """Which letters are still to come to whom; none that were refused once, and so may have come to nothing."""
        texts = {which: {f"L{which}.1", f"L{which}.2"} for which in self.began}
        return {
            (app, text)
            for which, found in self.began.items()
            for app in found
            for text in texts[which] - set(self.all_got(self.person(app)))
            if not any((one, text) in self.tried for one in self.person(app))
        }

    # ------------------------------------------------------------ who is who

    def person(self, app: str) -> set[str]:
        return next(person for person in self.persons if app in person)

    def note(self, app: str, *, wants: bool) -> None:
        for name in self.person(app):
            self.wants[name] = wants
            if not wants:
                for found in self.began.values():
                    found.discard(name)

    def all_got(self, person: set[str]) -> list[str]:
        return [text for app, text in self.got if app in person]


WEIGHTS = {
    "opts_in": 8,
    "opts_out": 2,
    "blocks": 1,
    "comes_back": 2,
    "talks_with_a_person": 2,
    "merges": 1,
    "starts": 3,
    "turns": 3,
    "stops": 1,
    "passes": 8,
    "prepares": 8,
    "sends": 8,
    "stumbles": 1,
    "restarts": 1,
}
GIVEN: dict[str, Callable[[random.Random], Any]] = {
    "app": lambda chance: chance.choice(APPS),
    "other": lambda chance: chance.choice(APPS),
    "which": lambda chance: chance.choice(sorted(STEPS)),
    "state": lambda chance: chance.choice(("paused", "sending")),
    "sure": lambda chance: chance.randrange(10),
    "minutes": lambda chance: chance.choice(MINUTES[:4]),
    "typed": lambda chance: chance.random() < 0.5,
    "still": lambda chance: chance.random() < 0.5,
}
ACTS = 120
# Lives in which much is sent, and much of all else comes to pass.
SEEDS = 3, 9


def machine_on(url: str) -> Letters:
    machine: Letters = type("Machine", (Letters,), {"url": url})()
    machine.begin()
    return machine


@pytest.mark.parametrize("seed", SEEDS)
def test_over_many_weeks_who_is_out_is_left_alone_and_nobody_left_out(database_url: str, seed: int) -> None:
    """A long life, the same every time."""
    chance, machine = random.Random(seed), machine_on(database_url)
    for name in chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=ACTS):
        act = getattr(machine, name)
        act(**{one: GIVEN[one](chance) for one in inspect.signature(act).parameters})
        machine.who_is_out_is_sent_nothing_and_nobody_too_much()
    machine.teardown()
    assert machine.got, "something must have been sent"


Act = tuple[str, dict[str, Any]]
BEGUN: list[Act] = [("starts", {"which": 1}), ("prepares", {})]
SHORT: dict[str, tuple[list[Act], str]] = {
    "optout": ([*BEGUN, ("opts_out", {"app": "line:a", "typed": True}), ("sends", {})], "was out when"),
    "cap": ([*BEGUN, ("starts", {"which": 3}), ("prepares", {}), ("sends", {}), ("sends", {})], "one a week"),
    "led": ([*BEGUN, ("talks_with_a_person", {"app": "line:a", "still": True}), ("sends", {})], "them and a person"),
}


@pytest.mark.parametrize("reason", SHORT)
def test_the_machine_finds_it_when_one_look_is_left_out(
    database_url: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pair: with every look nothing is found in the same short life."""
    acts, fault = SHORT[reason]
    look = Ready.against
    for blind in (False, True):
        if blind:
            monkeypatch.setattr(Ready, "against", lambda self, cap: "" if (why := look(self, cap)) == reason else why)
        machine = machine_on(database_url)
        try:
            with pytest.raises(AssertionError, match=fault) if blind else nullcontext():
                for name, given in acts:
                    getattr(machine, name)(**given)
                    machine.who_is_out_is_sent_nothing_and_nobody_too_much()
        finally:
            machine.round.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whatever_happens_who_is_out_is_left_alone_and_nobody_left_out(database_url: str) -> None:
    machine = type("Machine", (Letters,), {"url": database_url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=9, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
