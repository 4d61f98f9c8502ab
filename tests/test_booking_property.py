"""Whatever owners, experts and time do to bookings, in whatever order: no time is held twice, all end informed."""

from __future__ import annotations

import inspect
import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete

from dialogs.appointments import (
    AnswerProposal,
    AnswerRequest,
    Book,
    CancelBooking,
    FreeSlots,
    MoveBooking,
    ProposeTime,
    TookPlace,
)
from dialogs.effects import EraseOwner
from dialogs.waiting import WaitForDay
from scheduler.days import in_japan
from storage.schema import metadata
from tests.bookers import expect_whole_bookings
from tests.meetings import Meetings, Told, weekly

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage.bookings import Booking

OWNERS = ("o1", "o2", "o3")
# What each notice says of a booking; a reminder says what was said before.
SAYS = {
    "owner": {
        "accepted": "confirmed",
        "proposed": "proposed",
        "declined": "declined",
        "cancelled": "cancelled",
        "held": "expired",
        "lapse": "expired",
        "moved": "confirmed",
        "passed": "pending",
        "missed": "no_show",
        "thanks": "confirmed",
    },
    "expert": {
        "asked": "pending",
        "unanswered": "pending",
        "booked": "confirmed",
        "moved": "confirmed",
        "agreed": "confirmed",
        "cancelled": "cancelled",
        "lapsed": "expired",
        "passed": "passed",
        "after": "confirmed",
    },
}
REMINDERS = ("day", "hour")
# What is as good as known: an owner knows a meeting as confirmed until its end, and is thanked later.
KNOWN = {"done": "confirmed"}
# What its expert has noted of a meeting that they know as confirmed.
NOTED = KNOWN | {"no_show": "confirmed"}


# An hour of Japan's that is in the day there and in Berlin.
BOTH_AWAKE = 18
MINUTES = (1, 10, 11, 60, 240, 600, 1440)
SEEDS, STEPS = 3, 150


class Bookings(RuleBasedStateMachine):
    """Three owners, three experts of different kinds, and a clock."""

    url = ""

    @initialize()
    def begin(self) -> None:
        self.meetings = Meetings(self.url, flushed=False)
        with self.meetings.database.writing() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(delete(table))
        few = {"minutes": 60, "per_day": 2, "notice": 0}
        self.experts = [
            self.meetings.expert("asked", weekly=weekly(10, 13), asks=True, **few),
            self.meetings.expert("open", weekly=weekly(11, 14), **few),
            self.meetings.expert("berlin", weekly=weekly(2, 4), zone="Europe/Berlin", asks=True, **few),
        ]
        # What each person knows of each booking, by address and the booking's id; and the reminders that were told.
        self.known: dict[tuple[str, int], str] = {}
        self.reminded: set[tuple[str, str, str, int]] = set()

    def teardown(self) -> None:
        if hasattr(self, "meetings"):
            self.end()
            self.meetings.close()

    # ------------------------------------------------------------ what happens

    @rule(owner=st.sampled_from(OWNERS), choice=st.integers(0, 7), day=st.booleans(), books=st.booleans())
    def hold(self, owner: str, choice: int, day: bool, books: bool) -> None:
        wanted = FreeSlots("it", "phone", day=in_japan(self.meetings.now).date().isoformat() if day else "")
        slots = self.meetings.do(owner, wanted)["slots"]
        if slots:
            slot = slots[choice % len(slots)]
            expert = next(one for one in self.experts if one.id == slot["expert"])
            before = [one for one in self.of(owner) if one.state == "held"]
            held = self.meetings.hold(owner, expert, datetime.fromisoformat(slot["at"]))
            assert held
            self.gives_up(owner, before)
            self.knows(owner, held)
            if books:
                self.knows(owner, self.meetings.do(owner, Book(held["token"], "09012345678", share=True)))

    @rule(owner=st.sampled_from(OWNERS), choice=st.integers(0, 3))
    def book(self, owner: str, choice: int) -> None:
        if one := self.pick(owner, choice, "held", "expired"):
            before = [other for other in self.of(owner) if other.state == "held" and other.id != one.id]
            booked = self.meetings.do(owner, Book(one.token, "09012345678", share=True))
            if booked and one.state == "expired":
                self.gives_up(owner, before)
            self.knows(owner, booked)

    @rule(owner=st.sampled_from(OWNERS), choice=st.integers(0, 3))
    def cancel(self, owner: str, choice: int) -> None:
        if one := self.pick(owner, choice):
            self.knows(owner, self.meetings.do(owner, CancelBooking(one.token)))

    @rule(owner=st.sampled_from(OWNERS), choice=st.integers(0, 3), time=st.integers(0, 2))
    def move(self, owner: str, choice: int, time: int) -> None:
        if (one := self.pick(owner, choice)) and (moment := self.other_time(one, time)):
            self.knows(owner, self.meetings.do(owner, MoveBooking(one.token, moment)))

    @rule(owner=st.sampled_from(OWNERS), choice=st.integers(0, 3))
    def agree(self, owner: str, choice: int) -> None:
        if one := self.pick(owner, choice):
            self.knows(owner, self.meetings.do(owner, AnswerProposal(one.token)))

    @rule(owner=st.sampled_from(OWNERS))
    def erase(self, owner: str) -> None:
        # Nobody need be told that a meeting which has begun is off.
        begun = {one.id for one in self.of(owner) if one.starts_at <= self.meetings.now}
        self.meetings.do(owner, EraseOwner())
        self.known = {key: state for key, state in self.known.items() if key[0] != owner and key[1] not in begun}

    @rule(owner=st.sampled_from(OWNERS), days=st.integers(0, 2))
    def wait(self, owner: str, days: int) -> None:
        day = in_japan(self.meetings.now).date() + timedelta(days=days)
        self.meetings.do(owner, WaitForDay(day.isoformat(), "it", "phone"))

    @rule(choice=st.integers(0, 5), answer=st.sampled_from(["accept", "decline"]))
    def answer(self, choice: int, answer: str) -> None:
        if found := self.pick_any(choice):
            one, expert = found
            answered = self.meetings.do(expert, AnswerRequest(one.token, answer))
            if answered and answer == "decline":
                self.known[expert, one.id] = "passed"
            else:
                self.knows(expert, answered)

    @rule(choice=st.integers(0, 5), time=st.integers(0, 2))
    def propose(self, choice: int, time: int) -> None:
        if (found := self.pick_any(choice)) and (moment := self.other_time(found[0], time)):
            self.knows(found[1], self.meetings.do(found[1], ProposeTime(found[0].token, moment)))

    @rule(choice=st.integers(0, 5))
    def call_off(self, choice: int) -> None:
        if found := self.pick_any(choice):
            one, expert = found
            gone = self.meetings.do(expert, CancelBooking(one.token))
            if gone and one.state == "pending":
                self.known[expert, one.id] = "passed"
            else:
                self.knows(expert, gone)

    @rule(choice=st.integers(0, 5), yes=st.booleans())
    def note(self, choice: int, yes: bool) -> None:
        if found := self.pick_any(choice):
            self.meetings.do(found[1], TookPlace(found[0].token, yes))

    @rule(minutes=st.sampled_from(MINUTES), runs=st.booleans())
    def pass_time(self, minutes: int, runs: bool) -> None:
        """With the program running, when every timer fires as it falls due; or without."""
        until = self.meetings.now + timedelta(minutes=minutes)
        while runs and (due := self.meetings.next_due()) <= until:
            self.meetings.now = due
            self.fire()
        self.meetings.now = until

    @rule()
    def fire(self) -> None:
        for told in self.meetings.fire():
            self.hear(told)

    @rule()
    def die(self) -> None:
        """The program ends with timers that it has claimed, and begins again."""
        self.meetings.claim()
        self.meetings.close()
        self.meetings.start()

    # ------------------------------------------------------------ what holds at any time

    @invariant()
    @precondition(lambda self: hasattr(self, "meetings"))
    def cells_are_those_of_bookings_that_stand(self) -> None:
        expect_whole_bookings(self.meetings.database)

    def hear(self, told: Told) -> None:
        """Take in what somebody was told; a reminder must be right, and the first."""
        kind, _, role = told.kind.partition(":")
        subject, _, number = told.subject.partition(":")
        if subject not in ("booking", "passed"):
            return
        id = int(number)
        one = next((one for one in self.meetings.bookings() if one.id == id), None)
        if kind in REMINDERS:
            assert one
            assert one.state == "confirmed"
            assert one.made_at <= self.meetings.now < one.starts_at
            assert (told.to, told.kind, told.subject, told.revision) not in self.reminded
            self.reminded.add((told.to, told.kind, told.subject, told.revision))
        elif kind == "forgotten":
            self.known[told.to, id] = "gone"
        elif kind in SAYS[role]:
            self.known[told.to, id] = SAYS[role][kind]

    def end(self) -> None:
        """Once everything has been told that is due, everybody knows how things stand."""
        self.meetings.now += timedelta(minutes=1)  # the leases of timers that were claimed in vain
        self.fire()
        # What was held up waits for the morning, wherever that is, or until the meeting is over.
        while in_japan(self.meetings.now).hour != BOTH_AWAKE or any(map(self.meets, self.meetings.bookings())):
            self.meetings.now += timedelta(hours=1)
            self.fire()
        standing = {one.id: one for one in self.meetings.bookings()}
        for (who, id), state in self.known.items():
            one = standing.get(id)
            if one is None:
                assert state in ("gone", "passed", "cancelled", "expired"), (who, id, state)
            elif who in OWNERS:
                assert state in (one.state, KNOWN.get(one.state)), (who, one)
            elif who == self.name(one):
                assert state in (one.state, NOTED.get(one.state), *self.silent(one)), (who, one)
            else:
                assert state == "passed", (who, one)
        for one in standing.values():
            owner = next(name for name in OWNERS if self.meetings.id(name) == one.owner_id)
            assert (owner, one.id) in self.known
            assert one.state in ("held", "expired", "cancelled") or (self.name(one), one.id) in self.known

    def meets(self, one: Booking) -> bool:
        """Whether a meeting has begun, and those who come have not been asked how it was."""
        return one.state == "confirmed" and one.starts_at <= self.meetings.now < one.ends_at + timedelta(hours=2)

    @staticmethod
    def silent(one: Booking) -> tuple[str, ...]:
        """What the last expert who was asked knows of a request that nobody took."""
        return ("passed",) if one.state == "declined" else ()

    # ------------------------------------------------------------ choosing

    def of(self, owner: str) -> list[Booking]:
        mine = self.meetings.id(owner)
        return [one for one in self.meetings.bookings() if one.owner_id == mine]

    def pick(self, owner: str, choice: int, *states: str) -> Booking | None:
        found = [one for one in self.of(owner) if one.state in (states or ("pending", "proposed", "confirmed"))]
        return found[choice % len(found)] if found else None

    def pick_any(self, choice: int) -> tuple[Booking, str] | None:
        """Any booking of which its expert has heard, and the expert."""
        found = [one for one in self.meetings.bookings() if (self.name(one), one.id) in self.known]
        return (found[choice % len(found)], self.name(found[choice % len(found)])) if found else None

    def name(self, one: Booking) -> str:
        return next(expert.name for expert in self.experts if expert.id == one.expert_id)

    def other_time(self, one: Booking, choice: int) -> str | None:
        wanted = FreeSlots(one.topic, one.way, expert=one.expert_id, near=one.starts_at.isoformat())
        slots = self.meetings.do(OWNERS[0], wanted)["slots"]
        return slots[choice % len(slots)]["at"] if slots else None

    def gives_up(self, owner: str, held: list[Booking]) -> None:
        """Whoever takes another time gives up what they held before."""
        self.known |= {(owner, one.id): "expired" for one in held}

    def knows(self, who: str, view: dict[str, Any] | None) -> None:
        """Whoever does something is told at once what has become of it."""
        if view:
            self.known[who, self.meetings.booking(view["token"]).id] = view["state"]


# How often each thing happens in a long run, and what it is given.
WEIGHTS = {
    "hold": 8,
    "answer": 8,
    "propose": 4,
    "agree": 6,
    "book": 2,
    "move": 3,
    "cancel": 2,
    "call_off": 1,
    "note": 2,
    "wait": 2,
    "erase": 1,
    "pass_time": 8,
    "fire": 8,
    "die": 1,
}
GIVEN: dict[str, Callable[[random.Random], Any]] = {
    "owner": lambda chance: chance.choice(OWNERS),
    "choice": lambda chance: chance.randrange(8),
    "day": lambda chance: chance.random() < 0.5,
    "books": lambda chance: chance.random() < 0.8,
    "time": lambda chance: chance.randrange(3),
    "days": lambda chance: chance.randrange(3),
    "answer": lambda chance: chance.choice(["accept", "accept", "decline"]),
    "yes": lambda chance: chance.random() < 0.5,
    "minutes": lambda chance: chance.choice(MINUTES),
    "runs": lambda chance: chance.random() < 0.7,
}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_after_many_days_everybody_is_informed(database_url: str, seed: int) -> None:
    """Long runs, the same every time, in which everything comes to pass."""
    chance = random.Random(seed)
    machine = type("Machine", (Bookings,), {"url": database_url})()
    machine.begin()
    for name in chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=STEPS):
        act = getattr(machine, name)
        act(**{one: GIVEN[one](chance) for one in inspect.signature(act).parameters})
        machine.cells_are_those_of_bookings_that_stand()
    machine.teardown()


def test_whatever_happens_to_bookings_everybody_ends_informed(database_url: str) -> None:
    machine = type("Machine", (Bookings,), {"url": database_url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=8,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
