"""Triggers bring owners into a campaign once it has happened to them; a goal that is reached ends it for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, select, update

from bot import campaigns as rules
from bot import outreach, timing, triggers
from bot.house import House
from bot.intake import Intake
from bot.turn import Event, Taken
from dialogs.content import packaged
from dialogs.events import Action, Command
from dialogs.letters import Letter, Step
from dialogs.library import ready
from knowledge import faq
from scheduler.days import in_japan
from scheduler.experts import Profile
from storage import Database, agencies, campaigns, experts, journeys, segments
from storage.schema import booking, consultation, contact, journey, next_action, outbox, owner, recipient
from storage.segments import Segment
from tests.desk import client_of
from tests.meetings import weekly
from tests.taking import NOW, finish
from tests.talkers import QUICK, Talker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialogs.messages import Message
    from storage.campaigns import Campaign

CHANNEL = "telegram"
TWO = (Step(0, {"a": Letter("一通目です。")}), Step(3, {"a": Letter("二通目です。")}))


class Phone(Talker):
    """An owner whom a message can be pushed to."""

    def does(self, action: Action, code: str = "") -> Event:
        return replace(super().does(action, code), channel=CHANNEL, account="bot")


class Town:
    """Owners, campaigns and a clock; what is due is sent when it is asked for."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.now = NOW
        self.intake = self.process()
        self.agency = self.write(agencies.add, "見本", NOW).id

    def process(self) -> Intake:
        """One more process."""
        intake = Intake(self.database, packaged(), lambda: self.now, House(lambda id: f"/me/{id}", letters_a_week=9))
        intake.start()
        return intake

    def close(self) -> None:
        self.intake.stop()
        self.database.close()

    def write(self, act: Any, *given: Any, **named: Any) -> Any:
        with self.database.writing() as connection:
            return act(connection, *given, **named)

    def rows(self, query: Any) -> Any:
        with self.database.reading() as connection:
            return connection.execute(query).all()

    def owner(self, name: str, taps: int = 4, *, wants: bool = True) -> Phone:
        """Somebody who has come so far in the quick check (-1 to its end), and wants news."""
        phone = Phone(name, QUICK)
        for _ in range(max(taps, 1)):
            phone.hear(self.intake.take(phone.event()))
        if taps < 0:
            finish(self.intake, phone)
        if wants:
            self.does(phone, Command("news", "in"))
        return phone

    def does(self, phone: Phone, action: Action) -> Taken:
        return self.intake.take(phone.does(action))

    def campaign(self, name: str = "", **values: Any) -> Campaign:
        """A ready-made campaign, or one of our own, under way."""
        plan = rules.plan_from(ready()[name]) if name else rules.Plan("x", steps=TWO)
        one: Campaign = self.write(rules.add, self.agency, None, replace(plan, everybody=True, **values), self.now)
        self.write(campaigns.turn, one.id, "ready", self.now, starts_at=self.now)
        self.pass_(minutes=0)
        return one

    def pass_(self, **time: float) -> None:
        """Let time pass, and send what is due then."""
        self.now += timedelta(**time)
        for _ in range(5):
            outreach.tick(self.intake)
            timing.fire(self.intake, lambda: self.now)

    def letters(self, phone: Phone) -> list[Message]:
        """What campaigns have said to somebody."""
        query = select(outbox.c.messages).where(outbox.c.campaign_id.is_not(None), _of(phone)).order_by(outbox.c.turn)
        return [message for row in self.rows(query) for message in row.messages]

    def states(self, one: Campaign) -> list[tuple[int, str, str]]:
        query = select(recipient.c.step, recipient.c.state, recipient.c.reason)
        found = self.rows(query.where(recipient.c.campaign_id == one.id).order_by(recipient.c.owner_id))
        return [tuple(row) for row in found]


def _of(phone: Phone) -> Any:
    return outbox.c.contact_id.in_(select(contact.c.id).where(contact.c.address == phone.address))


@pytest.fixture
def town(database_url: str) -> Iterator[Town]:
    made = Town(database_url)
    yield made
    made.close()


def texts(messages: list[Message]) -> list[str]:
    return [message["text"] for message in messages]  # type: ignore[index]


# ---------------------------------------------------------------- what happens to owners


def test_who_stops_in_the_middle_is_written_to_once_on_the_next_day_and_goes_on_from_there(town: Town) -> None:
    phone, done, silent = town.owner("stops"), town.owner("done", -1), town.owner("silent", wants=False)
    asked = town.does(phone, Command("resume")).messages[-1]
    one = town.campaign("dropped")
    town.pass_(hours=8)
    assert town.letters(phone) == []
    # Early on the next morning nothing goes out.
    town.pass_(hours=13)
    assert in_japan(town.now).hour == 7
    assert town.letters(phone) == []
    town.pass_(hours=3)
    (letter,) = town.letters(phone)
    assert "途中まで残っています" in letter["text"]  # type: ignore[index]
    assert town.letters(done) == town.letters(silent) == []
    again = town.does(phone, Command("go", f"{one.id}.0.a.0")).messages
    assert again[-1] == asked
    # Once is once, however often it happens.
    town.pass_(days=2)
    town.pass_(days=20)
    assert len(town.letters(phone)) == 1
    assert town.states(one) == [(1, "done", "")]


def test_what_is_stale_is_not_written_of(town: Town) -> None:
    phone = town.owner("stops")
    one = town.campaign("dropped")
    town.now += timedelta(days=4)
    town.pass_(hours=1)
    assert town.letters(phone) == [] == town.states(one)


def test_who_does_not_book_is_written_to_after_three_and_ten_days(town: Town) -> None:
    phone = town.owner("reads", -1)
    one = town.campaign("unbooked")
    town.pass_(days=2)
    assert town.states(one) == []
    town.pass_(days=1)
    town.pass_(days=6)
    assert len(town.letters(phone)) == 1
    town.pass_(days=1)
    first, second = texts(town.letters(phone))
    # The first names what the result says to do first.
    assert "困りごとを1つ書き出す" not in first
    assert "その後、いかがですか。" in second


def test_who_books_in_between_is_left_alone(town: Town) -> None:
    phone = town.owner("books", -1)
    one = town.campaign("unbooked")
    town.pass_(days=3)
    town.now += timedelta(days=1)
    books(town, phone)
    town.pass_(days=30)
    assert len(town.letters(phone)) == 1
    assert town.states(one) == [(1, "done", "goal")]


def test_who_wants_news_is_welcomed_on_the_next_day(town: Town) -> None:
    town.campaign("welcome")
    phone = town.owner("new", 1)
    town.pass_(hours=5)
    assert town.letters(phone) == []
    town.pass_(hours=19)
    assert len(town.letters(phone)) == 1


def test_half_a_year_after_the_last_result_another_check_is_offered(town: Town) -> None:
    phone, other = town.owner("old", -1), town.owner("younger", -1)
    town.campaign("half-year")
    town.now += timedelta(days=100)
    town.does(other, Command("restart"))
    finish(town.intake, other)
    town.pass_(days=84)
    town.pass_(days=3)
    assert len(town.letters(phone)) == 1
    assert town.letters(other) == []


def test_an_owner_hears_of_a_next_action_shortly_before_its_day(town: Town) -> None:
    soon, far, done = (town.owner(name, -1) for name in ("soon", "far", "done"))
    for phone, day, state in ((soon, 4, "open"), (far, 30, "open"), (done, 4, "done")):
        agreed(town, phone, date(2026, 12, day), state)
    town.campaign("action")
    assert [len(town.letters(phone)) for phone in (soon, far, done)] == [1, 0, 0]


def test_two_processes_that_look_at_once_add_nobody_twice(town: Town) -> None:
    phone = town.owner("stops")
    one = town.campaign("dropped")
    town.now += timedelta(days=1)
    other = town.process()
    added = [
        triggers.look(intake, campaign, town.now) for intake in (town.intake, other) for campaign in [one_of(town)]
    ]
    assert sorted(added) == [0, 1]
    assert town.write(triggers.add, one.id, town.now + timedelta(hours=1)) == 0
    other.stop()
    town.pass_(minutes=1)
    assert len(town.letters(phone)) == 1


def test_a_campaign_that_is_paused_takes_nobody_in(town: Town) -> None:
    town.owner("stops")
    one = town.campaign("dropped")
    town.write(campaigns.turn, one.id, "paused", town.now)
    town.pass_(days=1)
    assert town.write(triggers.add, one.id, town.now) == 0
    assert town.states(one) == []


def one_of(town: Town) -> Campaign:
    with town.database.reading() as connection:
        return campaigns.in_state(connection, "sending")[0]


# ---------------------------------------------------------------- goals


def books(town: Town, phone: Phone, state: str = "confirmed", held: bool = False) -> None:
    """A booking of this owner's, made now."""
    profile = Profile(weekly=weekly(9, 17), asks=False)
    with town.database.writing() as connection:
        expert = experts.add(connection, "専門家", profile, town.now)
        row: dict[str, Any] = dict.fromkeys(("topic", "way", "reach", "place"), "phone") | {"asked": [], "minutes": 60}
        row |= {"token": phone.address, "page": phone.address, "owner_id": owner_id(connection, phone)}
        row |= {"expert_id": expert.id, "state": "held" if held else state, "revision": 1}
        times = dict.fromkeys(("starts_at", "made_at", "changed_at"), town.now)
        connection.execute(insert(booking).values(row | times))


def agreed(town: Town, phone: Phone, day: date, state: str = "open", done_at: datetime | None = None) -> None:
    """A next action of this owner's."""
    books(town, phone, "done")
    with town.database.writing() as connection:
        id = owner_id(connection, phone)
        of = connection.execute(select(booking.c.id).where(booking.c.owner_id == id)).scalar_one()
        texts_ = {"situation": "", "support": "", "handover": "", "made_at": town.now, "changed_at": town.now}
        made = insert(consultation).values(booking_id=of, owner_id=id, **texts_).returning(consultation.c.id)
        row = {"consultation_id": connection.execute(made).scalar_one(), "owner_id": id, "text": "見積もりを取る"}
        connection.execute(insert(next_action).values(row | {"day": day, "state": state, "done_at": done_at}))


def owner_id(connection: Any, phone: Phone) -> int:
    return int(connection.execute(select(contact.c.owner_id).where(contact.c.address == phone.address)).scalar_one())


def checks(town: Town, phone: Phone) -> None:
    town.does(phone, Command("restart"))
    finish(town.intake, phone)


def acts(town: Town, phone: Phone) -> None:
    agreed(town, phone, date(2026, 12, 30), "done", town.now)


def meets(town: Town, phone: Phone) -> None:
    books(town, phone, "done")


REACHING = {"finished": checks, "began": checks, "booked": books, "met": meets, "acted": acts}


@pytest.mark.parametrize("goal", REACHING)
def test_who_reaches_the_goal_after_being_frozen_gets_no_further_step(town: Town, goal: str) -> None:
    before, after, never = (town.owner(name, -1) for name in ("before", "after", "never"))
    REACHING[goal](town, before)
    town.now += timedelta(minutes=5)
    one = town.campaign(goal=goal)
    town.now += timedelta(minutes=5)
    REACHING[goal](town, after)
    town.pass_(days=3)
    assert [len(town.letters(phone)) for phone in (before, after, never)] == [2, 1, 2]
    assert town.states(one) == [(2, "done", ""), (1, "done", "goal"), (2, "done", "")]


def test_without_a_goal_whoever_does_what_others_want_gets_all_steps(town: Town) -> None:
    phone = town.owner("books", -1)
    town.campaign()
    books(town, phone)
    town.pass_(days=3)
    assert len(town.letters(phone)) == 2


def test_a_place_that_is_only_held_or_a_booking_that_was_cancelled_is_no_goal(town: Town) -> None:
    holds, cancels = town.owner("holds", -1), town.owner("cancels", -1)
    town.campaign(goal="booked")
    town.now += timedelta(minutes=5)
    books(town, holds, held=True)
    books(town, cancels, "cancelled")
    town.pass_(days=3)
    assert [len(town.letters(phone)) for phone in (holds, cancels)] == [2, 2]


def test_a_goal_that_is_reached_while_a_letter_is_being_written_stops_it(town: Town) -> None:
    books_, waits = town.owner("books", -1), town.owner("waits", -1)
    one = town.campaign(goal="booked")
    town.now += timedelta(days=3)
    outreach.tick(town.intake)
    assert [state for _, state, _ in town.states(one)] == ["woken", "woken"]
    books(town, books_)
    timing.fire(town.intake, lambda: town.now)
    assert [len(town.letters(phone)) for phone in (books_, waits)] == [1, 2]
    assert town.states(one) == [(1, "done", "goal"), (2, "done", "")]


# ---------------------------------------------------------------- days


def test_a_step_that_falls_on_a_weekend_waits_for_monday_morning(town: Town) -> None:
    town.now += timedelta(days=1)
    phone = town.owner("any")
    one = town.campaign()
    (due,) = town.rows(select(recipient.c.due_at).where(recipient.c.campaign_id == one.id))
    # Wednesday and three days are a Saturday.
    assert in_japan(due.due_at).strftime("%a %d %H:%M") == "Mon 07 09:00"
    town.pass_(days=3)
    assert len(town.letters(phone)) == 1
    town.now = due.due_at
    town.pass_(minutes=0)
    assert len(town.letters(phone)) == 2


def test_nothing_is_said_any_more_once_what_it_says_has_ended(town: Town) -> None:
    phone = town.owner("any")
    one = town.campaign(ends_on=date(2026, 12, 3))
    other = town.campaign(ends_on=date(2026, 12, 4))
    town.pass_(days=3)
    assert town.states(one) == [(1, "out", "ended")]
    assert town.states(other) == [(2, "done", "")]
    assert texts(town.letters(phone)) == ["一通目です。", "一通目です。", "二通目です。"]
    with town.database.writing() as connection:
        connection.execute(update(outbox).values(state="sent", due_at=None))
    town.pass_(minutes=1)
    assert [town.write(campaigns.get, id).state for id in (one.id, other.id)] == ["done", "done"]


def test_a_trigger_brings_nobody_in_once_what_it_says_has_ended(town: Town) -> None:
    town.owner("stops")
    one = town.campaign("dropped", ends_on=date(2026, 12, 1))
    town.pass_(days=1)
    assert town.states(one) == []
    assert town.write(campaigns.get, one.id).state == "done"


# ---------------------------------------------------------------- for whom a deadline matters


def test_a_deadline_near_enough_is_for_those_whom_its_entry_fits(town: Town) -> None:
    entry = faq.entries()["jz-now"]
    assert (entry.sizes, entry.challenges, entry.industries) == (("0", "1", "6"), ("sales",), ())
    whom = {"fits": ("1", ["sales", "office"]), "large": ("51", ["sales"]), "other": ("1", ["office"])}
    ids = {}
    for name, (size, challenges) in whom.items():
        ids[name] = owner = town.write(owner_id, town.owner(name))
        town.write(journeys.describe, owner, "low-banso", {"size": size}, challenges, [])
    town.owner("unknown")

    def meant(deadline: str, day: date) -> list[int]:
        now = datetime(day.year, day.month, day.day, 3)  # noqa: DTZ001
        query = segments.members(Segment(deadline=deadline), 0, everybody=True, pushed=[CHANNEL], now=now)
        return [row.owner_id for row in town.rows(query)]

    assert meant("jz-now", date(2026, 11, 5)) == [ids["fits"]]
    assert meant("jz-now", date(2026, 12, 4)) == [ids["fits"]]
    # It does not hold any more, has not begun, or ends in more than thirty days; or there is none of that name.
    assert meant("jz-now", date(2026, 12, 5)) == meant("jz-now", date(2026, 11, 4)) == []
    assert meant("kani-r8", date(2027, 2, 28)) == meant("no-such", date(2026, 12, 1)) == []


def test_a_campaign_with_a_deadline_ends_with_it_whatever_its_makers_wrote(town: Town) -> None:
    one = town.campaign(segment=Segment(deadline="jz-now"))
    assert not one.ended(datetime(2026, 12, 4, 14, 59))  # noqa: DTZ001 - in Japan just before midnight
    assert one.ended(datetime(2026, 12, 4, 15))  # noqa: DTZ001


def test_who_has_stopped_wanting_news_is_brought_in_by_nothing(town: Town) -> None:
    phone = town.owner("stops")
    one = town.campaign("dropped")
    with town.database.writing() as connection:
        connection.execute(update(journey).values(outreach_at=None))
    town.pass_(days=1)
    assert town.letters(phone) == []
    assert town.states(one) == []


# ---------------------------------------------------------------- who gets what


def test_holdout_and_variants_are_as_large_as_they_should_be_and_tell_nothing_of_each_other(town: Town) -> None:
    many, count = 2000, 6
    person = {"tag": "abc", "record": {}, "turns": 1, "made_at": NOW, "seen_at": NOW}
    with town.database.writing() as connection:
        connection.execute(insert(owner), [person | {"id": id} for id in range(1, many + 1)])
        there = {"channel": CHANNEL, "account": "bot", "made_at": NOW}
        people = [there | {"id": id, "owner_id": id, "address": f"{id}"} for id in range(1, many + 1)]
        connection.execute(insert(contact), people)
        row = {"channel": CHANNEL, "stands": "", "answered": 0, "seen_at": NOW, "came_at": NOW, "outreach_at": NOW}
        connection.execute(insert(journey), [row | {"owner_id": id} for id in range(1, many + 1)])
    step = Step(0, {"a": Letter("一"), "b": Letter("二")})
    frozen = []
    for _ in range(count):
        plan = rules.Plan("x", everybody=True, steps=(step,), holdout=20)
        one = town.write(rules.add, town.agency, None, plan, NOW)
        assert town.write(campaigns.freeze, one, [CHANNEL], NOW) == many
        assert town.write(campaigns.freeze, one, [CHANNEL], NOW) == 0, "whoever is in it stays as they are"
        query = select(recipient.c.variant).where(recipient.c.campaign_id == one.id).order_by(recipient.c.owner_id)
        frozen.append([row.variant for row in town.rows(query)])
    for first in frozen:
        # Four standard deviations of what chance would do: 72 of 2,000.
        assert abs(first.count("-") - 0.2 * many) < 72
        assert abs(first.count("a") - first.count("b")) < 160
    for first, second in combinations(frozen, 2):
        both = list(zip(first, second, strict=True))
        again = sum(pair == ("-", "-") for pair in both)
        alike = sum(pair in (("a", "a"), ("b", "b")) for pair in both)
        assert 0.5 * 0.04 * many < again < 1.5 * 0.04 * many
        assert 0.8 * 0.32 * many < alike < 1.2 * 0.32 * many


# ---------------------------------------------------------------- what an agency is told


def test_by_meetings_and_next_actions_an_agency_reaches_only_who_shares_all_with_it(town: Town) -> None:
    ids = {}
    for name in ("all", "result", "nothing", "stranger"):
        phone = town.owner(name)
        agreed(town, phone, date(2026, 12, 4))
        ids[name] = id = town.write(owner_id, phone)
        town.write(journeys.mark, id, "booked", town.now)
        if name != "stranger":
            client_of(town.database, town.agency, id, name)

    def meant(segment: Segment, *, everybody: bool = False) -> list[str]:
        query = segments.members(segment, town.agency, everybody=everybody, pushed=[CHANNEL], now=town.now)
        found = {row.owner_id for row in town.rows(query)}
        return [name for name, id in ids.items() if id in found]

    assert meant(Segment()) == ["all", "result"]
    for told_by_all in (Segment(due=True), Segment(stages=("booked",))):
        assert meant(told_by_all) == ["all"]
        assert meant(told_by_all, everybody=True) == list(ids)
    one = town.write(rules.add, town.agency, None, rules.Plan("x", steps=TWO, trigger="action"), town.now)
    town.write(campaigns.freeze, one, [CHANNEL], town.now)
    assert [row.owner_id for row in town.rows(select(recipient.c.owner_id))] == [ids["all"]]


def test_a_week_ahead_is_counted_from_the_day_in_japan(town: Town) -> None:
    agreed(town, town.owner("any"), date(2026, 12, 9))

    def meant(now: datetime) -> int:
        query = segments.members(Segment(due=True), 0, everybody=True, pushed=[CHANNEL], now=now)
        return len(town.rows(query))

    # Eight in the morning of the 2nd in Japan, and an hour before that day began.
    assert meant(datetime(2026, 12, 1, 23)) == 1  # noqa: DTZ001
    assert meant(datetime(2026, 12, 1, 14)) == 0  # noqa: DTZ001


# ---------------------------------------------------------------- where buttons lead


def test_a_button_leads_to_an_answer_of_the_faq_and_from_there_back(town: Town) -> None:
    phone = town.owner("any")
    asked = town.does(phone, Command("resume")).messages[-1]
    letter = Letter("GビズIDのことです。", (("GビズIDの取り方", "see-gbiz-time"),))
    one = town.campaign(steps=(Step(0, {"a": letter}),))
    told = town.does(phone, Command("go", f"{one.id}.0.a.0")).messages
    assert any("早ければその日" in message.text for message in told)
    assert town.does(phone, Command("resume")).messages[-1] == asked
    assert [row.tapped_at for row in town.rows(select(recipient.c.tapped_at))] == [town.now]
