"""What a campaign did: counted of real letters and real deeds, told without anything small, and no surer than it is."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient
from typer.testing import CliRunner

from bot.app import make_app
from bot.cli import app as commands
from bot.desk import outcomes as telling
from bot.desk.api import ANSWERS
from bot.links import Links
from bot.outreach import begin as begin_sending
from bot.platforms.failures import Gone, Refused
from bot.turn import Event
from dialogs.content import packaged
from dialogs.events import Command, Left
from dialogs.letters import Letter, Step
from scoring.proportions import difference, wilson
from storage import Database, agencies, bookings, campaigns, consultations, outcomes, results, tokens
from storage.campaigns import Campaign
from storage.schema import contact, journey, link_tap, outbox, owner, recipient, result, sending
from tests.desk import sign_in, two
from tests.meetings import Meetings
from tests.outreach import Round, named, plain
from tests.serving import SECRET, settings_for
from tests.taking import NOW, finish, rows
from tests.talkers import Talker
from tests.test_api import expect_fits

DAY = timedelta(days=1)
PAGE = "https://www.example.go.jp/subsidy"


def campaign_of(connection: Connection, now: datetime = NOW, agency_id: int = 0, **values: Any) -> Campaign:
    """A campaign that has been sent."""
    agency_id = agency_id or agencies.add(connection, "見本", now).id
    steps = (Step(0, {"a": Letter("L", (("くわしく", PAGE), ("相談する", "consult"))), "b": Letter("M")}),)
    known = {"everybody": True, "steps": steps, "frozen_at": now} | values
    return campaigns.add(connection, agency_id, None, "締め切りのお知らせ", now, **known)


def letters(connection: Connection, one: Campaign, to: Mapping[int, str], now: datetime = NOW) -> None:
    """Letters of a campaign that were sent to these owners, by variant; to "-" none."""
    for id, variant in to.items():
        contact_id = connection.execute(select(contact.c.id).where(contact.c.owner_id == id)).scalar_one()
        mine = {"campaign_id": one.id, "owner_id": id, "contact_id": contact_id}
        state = {"state": "held" if variant == "-" else "done", "variant": variant, "step": 1}
        connection.execute(insert(recipient).values(mine | state | {"due_at": now, "frozen_at": now}))
        if variant != "-":
            row = str(uuid.uuid4())
            told = {"id": row, "turn": 1, "said": "", "messages": [], "made_at": now, "state": "sent"}
            connection.execute(insert(outbox).values(mine | told | {"settled_at": now, "attempts": 1}))
            connection.execute(insert(sending).values(mine | {"step": 0, "row_id": row, "at": now}))


def people(connection: Connection, number: int, now: datetime = NOW) -> list[int]:
    """So many owners who want news."""
    ids = []
    for n in range(number):
        row = {"tag": "t", "record": {}, "turns": 1, "made_at": now, "seen_at": now}
        id = connection.execute(insert(owner).values(row).returning(owner.c.id)).scalar_one()
        there = {"owner_id": id, "channel": "line", "account": "bot", "address": f"U{id}-{n}", "made_at": now}
        connection.execute(insert(contact).values(there))
        row = {"owner_id": id, "channel": "line", "stands": "", "answered": 0, "seen_at": now, "came_at": now}
        connection.execute(insert(journey).values(row | {"outreach_at": now}))
        ids.append(id)
    return ids


def begin(connection: Connection, ids: Sequence[int], at: datetime) -> None:
    """These begin their check."""
    connection.execute(update(journey).where(journey.c.owner_id.in_(ids)).values(began_at=at))


# ---------------------------------------------------------------- the interval


@pytest.mark.parametrize(
    ("given", "low", "high"),
    [
        # Table II of Newcombe's paper (Statistics in Medicine 17, 1998, 873-890), method 10.
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0000),
        ((10, 10, 0, 10), 0.6075, 1.0000),
    ],
)
def test_the_interval_is_that_of_the_published_tables(
    given: tuple[int, int, int, int], low: float, high: float
) -> None:
    found = difference(*given)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_an_interval_holds_what_it_is_of_nineteen_times_in_twenty() -> None:
    chance = random.Random(7)
    for size, other, part, of_other in ((400, 60, 0.10, 0.05), (50, 50, 0.3, 0.3), (2000, 200, 0.02, 0.04)):
        held = 0
        for _ in range(400):
            counts = [sum(chance.random() < p for _ in range(n)) for p, n in ((part, size), (of_other, other))]
            found = difference(counts[0], size, counts[1], other)
            held += found.low <= part - of_other <= found.high
        assert 0.92 <= held / 400 <= 0.985, (size, other)


PARTS = st.integers(1, 2000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


@given(PARTS, PARTS)
def test_an_interval_lies_around_its_difference_and_the_other_way_round_is_its_mirror(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    found, mirrored = difference(*one, *other), difference(*other, *one)
    assert -1 - 1e-9 <= found.low <= found.value <= found.high <= 1 + 1e-9
    assert found.low < found.high
    assert (found.low, found.high) == pytest.approx((-mirrored.high, -mirrored.low))
    assert found.sign == -mirrored.sign


@given(PARTS)
def test_nothing_differs_from_itself(one: tuple[int, int]) -> None:
    assert difference(*one, *one).sign == 0


@given(PARTS, st.integers(2, 50))
def test_more_people_make_it_surer(one: tuple[int, int], times: int) -> None:
    (low, high), (closer_low, closer_high) = wilson(*one), wilson(one[0] * times, one[1] * times)
    assert closer_high - closer_low < high - low


@pytest.mark.parametrize("total", [1, 2, 5, 10_000])
def test_none_and_all_have_an_interval_that_ends_there(total: int) -> None:
    assert wilson(0, total)[0] == 0
    assert wilson(total, total)[1] == 1
    assert 0 < wilson(0, total)[1] < 1
    assert 0 < wilson(total, total)[0] < 1


@pytest.mark.parametrize(("count", "total"), [(0, 0), (-1, 5), (6, 5)])
def test_what_is_no_part_of_a_whole_has_none(count: int, total: int) -> None:
    with pytest.raises(ValueError, match="no part"):
        wilson(count, total)


# ---------------------------------------------------------------- counting


class There(Talker):
    """An owner in an app ("line:one"), who goes through the check."""

    def __init__(self, app: str) -> None:
        self.channel, _, address = app.partition(":")
        super().__init__(address)

    def event(self) -> Event:
        return replace(super().event(), channel=self.channel, account="bot")


class Sent(Round):
    """An outreach whose links are counted, and of whose campaigns some get nothing."""

    def open(self) -> None:
        self.talkers: dict[str, There] = {}
        super().open()
        self.intake.house = replace(self.intake.house, lead=Links(SECRET).sign_way)

    def held(self, id: int, *apps: str) -> None:
        """These are the holdout of a campaign that has not sent anything yet."""
        with self.database.writing() as connection:
            mine = recipient.c.owner_id.in_([self.id(app) for app in apps])
            connection.execute(update(recipient).where(mine).values(variant="-", state="held"))

    def counts(self, id: int, variant: str = "a") -> dict[str, int]:
        """What is counted of a variant, without what nobody did."""
        with self.database.reading() as connection:
            arm = outcomes.outcome(connection, id).arms[variant]
        return {"recipients": arm.recipients} | {name: n for name, n in (arm.counts or {}).items() if n}

    def failures(self, id: int) -> dict[str, int]:
        """Why nothing was delivered."""
        with self.database.reading() as connection:
            return dict(outcomes.outcome(connection, id).failures.get("a", {}))

    def check(self, app: str) -> None:
        """Somebody goes through the check to its end, or through the next one."""
        finish(self.intake, self.talkers.setdefault(app, There(app)))


@contextmanager
def reaching(url: str) -> Iterator[Sent]:
    sent = Sent(url)
    try:
        yield sent
    finally:
        sent.close()


@pytest.fixture
def sent(database_url: str) -> Iterator[Sent]:
    with reaching(database_url) as one:
        yield one


def test_delivered_is_what_the_platform_took_and_all_else_has_a_reason(sent: Sent) -> None:
    apps = [f"telegram:{n}" for n in range(6)]
    sent.want(*apps)
    sent.run()
    id = sent.campaign(named("L"))
    sent.held(id, apps[5])
    assert sent.failures(id) == {"waiting": 5}
    sent.platforms["telegram"].fails["0"] = [Gone("blocked")]
    sent.platforms["telegram"].fails["1"] = [Refused("too long")]
    sent.do(apps[2], Command("nonews", "1"))
    sent.run()
    assert sent.counts(id) == {"recipients": 5, "delivered": 2, "left": 1}
    assert sent.failures(id) == {"gone": 1, "refused": 1, "optout": 1}
    assert sent.counts(id, "-") == {"recipients": 1}


def test_whoever_gets_the_same_letter_as_others_is_counted_by_themselves(sent: Sent) -> None:
    apps = [f"line:{n}" for n in range(7)]
    sent.want(*apps)
    sent.run()
    id = sent.campaign(plain("L"))
    sent.run()
    assert len(rows(sent.database, sending)) == 7
    assert sent.counts(id) == {"recipients": 7, "delivered": 7}


def test_a_tapped_button_counts_as_opened_once(sent: Sent) -> None:
    sent.want("line:one", "line:two")
    sent.run()
    id = sent.campaign(Step(0, {"a": Letter("L", (("相談する", "consult"),))}))
    sent.run()
    for _ in range(2):
        sent.do("line:one", Command("go", f"{id}.0.a.0"))
    assert sent.counts(id) == {"recipients": 2, "delivered": 2, "opened": 1}


def test_a_check_counts_after_the_letter_and_for_who_got_none_after_the_freezing(sent: Sent) -> None:
    apps = [f"telegram:{n}" for n in range(4)]
    sent.want(*apps)
    sent.run()
    sent.check(apps[0])
    sent.later(minutes=1)
    id = sent.campaign(named("L"))
    sent.held(id, apps[2], apps[3])
    # After the freezing, and before the letter.
    sent.check(apps[1])
    sent.check(apps[3])
    sent.later(minutes=1)
    sent.run()
    assert sent.counts(id) == {"recipients": 2, "delivered": 2}
    assert sent.counts(id, "-") == {"recipients": 2, "began": 1, "finished": 1}
    sent.later(minutes=1)
    sent.check(apps[0])
    # The questions of the check that was finished first are not begun anew, but it is finished anew.
    assert sent.counts(id) == {"recipients": 2, "delivered": 2, "began": 1, "finished": 1}


def test_a_result_that_is_put_right_is_not_finished_again(sent: Sent) -> None:
    sent.want("telegram:one")
    sent.check("telegram:one")
    (before,) = rows(sent.database, result)
    sent.later(days=40)
    with sent.database.writing() as connection:
        kept = {name: before[name] for name in ("owner_id", "run", "depth", "answers", "segment", "day")}
        results.save(connection, **kept, data=before["result"], balance={}, now=sent.now)
    (after,) = rows(sent.database, result)
    assert (after["made_at"], after["first_at"]) == (sent.now, before["made_at"])


@pytest.mark.parametrize(("days", "counted"), [(-1, 0), (0, 1), (29, 1), (30, 0), (45, 0)])
def test_what_is_done_within_thirty_days_counts(sent: Sent, days: int, counted: int) -> None:
    sent.want("telegram:one")
    sent.run()
    id = sent.campaign(named("L"))
    sent.run()
    with sent.database.writing() as connection:
        whose = sent.id("telegram:one")
        connection.execute(update(journey).where(journey.c.owner_id == whose).values(began_at=sent.now + days * DAY))
    assert sent.counts(id).get("began", 0) == counted


def test_who_stops_the_letters_or_blocks_us_has_left(sent: Sent) -> None:
    apps = [f"line:{n}" for n in range(4)]
    sent.want(*apps)
    sent.run()
    id = sent.campaign(plain("L"))
    sent.held(id, apps[3])
    sent.run()
    sent.later(minutes=1)
    sent.do(apps[0], Command("nonews", str(id)))
    sent.do(apps[1], Left())
    sent.do(apps[3], Command("news", "out"))
    assert sent.counts(id)["left"] == 2
    assert sent.counts(id, "-")["left"] == 1


def test_meetings_and_next_actions_count_when_they_come_about(database_url: str) -> None:
    meetings = Meetings(database_url)
    guide = meetings.expert("相談員")
    ids = {name: meetings.id(name) for name in ("books", "holds", "cancels", "acts")}
    database, now = meetings.database, meetings.now
    with database.writing() as connection:
        one = campaign_of(connection, now)
        letters(connection, one, dict.fromkeys(ids.values(), "a"), now)
        starts = now.replace(hour=1, minute=0) + DAY
    free = (starts + timedelta(hours=n) for n in range(6))
    token = meetings.book("books", guide, next(free))
    meetings.hold("holds", guide, next(free))
    cancelled = meetings.book("cancels", guide, next(free))
    with database.writing() as connection:
        found = bookings.find(connection, cancelled)
        assert found
        bookings.change(connection, found, "cancel", now)
        booked = bookings.find(connection, token)
        assert booked
        kept = consultations.keep(
            connection, replace(booked, owner_id=ids["acts"]), "", "", "", [("見積もりを取る", None)], now
        )
        before = outcomes.outcome(connection, one.id).arms["a"].counts
        bookings.change(connection, booked, "finish", now)
        for _ in range(2):
            consultations.answer(connection, kept.actions[0].id, "done", now + DAY)
        after = outcomes.outcome(connection, one.id).arms["a"].counts
        consultations.answer(connection, kept.actions[0].id, "open", now + DAY)
        undone = outcomes.outcome(connection, one.id).arms["a"].counts
    meetings.close()
    assert before
    assert after
    assert undone
    assert [[counts[deed] for deed in ("booked", "met", "acted")] for counts in (before, after, undone)] == [
        [2, 0, 0],
        [2, 1, 1],
        [2, 1, 0],
    ]


def test_what_forty_owners_did_is_what_was_counted_of_them_one_by_one(sent: Sent) -> None:
    apps = [f"{'line' if n % 2 else 'telegram'}:{n}" for n in range(40)]
    sent.want(*apps)
    sent.run()
    step = Step(
        0, {"a": Letter("L", (("相談する", "consult"),)), "b": Letter("M{{ industry }}", (("結果", "result"),))}
    )
    with sent.database.writing() as connection:
        one = campaign_of(connection, sent.now, steps=(step,), holdout=25)
        campaigns.turn(connection, one.id, "ready", sent.now)
        begin_sending(connection, campaigns.get(connection, one.id), sent.now)
    with sent.database.reading() as connection:
        found = dict(map(tuple, connection.execute(select(recipient.c.owner_id, recipient.c.variant))))
    of: dict[str, list[str]] = {}
    for app in apps:
        of.setdefault(found[sent.id(app)], []).append(app)
    assert min(map(len, of.values())) >= 5, of
    noted = {variant: Counter(recipients=len(mine)) for variant, mine in of.items()}

    def note(variant: str, *figures: str) -> None:
        noted[variant].update(figures)

    for variant, (first, *_) in of.items():
        # Out before it is sent; one of the holdout just the same.
        sent.later(minutes=1)
        sent.do(first, Command("nonews", "1"))
        note(variant, *(["left"] if variant == "-" else ["left", "optout"]))
    sent.later(minutes=1)
    sent.run()
    for variant, (_, *others) in of.items():
        note(variant, *["delivered"] * len(others) if variant != "-" else [])
        taps, finishes, blocks = others[:3], others[1:3], others[3]
        sent.later(minutes=1)
        for app in taps if variant != "-" else []:
            sent.do(app, Command("go", f"{one.id}.0.{variant}.0"))
            note(variant, "opened")
        for app in finishes:
            sent.check(app)
            note(variant, "began", "finished")
        sent.do(blocks, Left())
        note(variant, "left")
    sent.later(days=31)
    for _, *others in of.values():
        sent.do(others[0], Command("nonews", "1"))
    for variant, counts in noted.items():
        counts.pop("optout", None)
        assert sent.counts(one.id, variant) == counts, variant
    with sent.database.reading() as connection:
        failures = outcomes.outcome(connection, one.id).failures
    assert {variant: dict(why) for variant, why in failures.items()} == {"a": {"optout": 1}, "b": {"optout": 1}}


# ---------------------------------------------------------------- links


@contextmanager
def browsing(url: str, now: datetime = NOW) -> Iterator[TestClient]:
    served = make_app(Database(url), packaged(), settings_for("http://testserver"), lambda: now)
    with TestClient(served, follow_redirects=False) as browser:
        yield browser


LINK = Step(0, {"a": Letter("L", (("くわしく", PAGE), ("相談する", "consult")))})
PERSONAL = Step(0, {"a": Letter('L {{ industry or "" }}', (("くわしく", PAGE), ("相談する", "consult")))})


def path_in(sent: Sent) -> str:
    """The path that the link of the letter in the outbox leads through."""
    said = [row["messages"] for row in rows(sent.database, outbox) if row["campaign_id"]]
    button, consult, _ = said[-1][0]["buttons"]
    assert "url" not in consult
    assert button["url"].startswith("/go/")
    return str(button["url"])


@pytest.mark.parametrize(("step", "opened"), [(LINK, 0), (PERSONAL, 1)])
def test_a_link_counts_the_tap_and_leads_to_the_letters_own_address(
    sent: Sent, database_url: str, step: Step, opened: int
) -> None:
    sent.want("line:one")
    sent.run()
    id = sent.campaign(step)
    sent.run()
    with browsing(database_url) as browser:
        for _ in range(2):
            answer = browser.get(path_in(sent))
            assert (answer.status_code, answer.headers["location"]) == (302, PAGE)
            assert answer.headers["referrer-policy"] == "no-referrer"
    (taps,) = rows(sent.database, link_tap)
    assert (taps["button"], taps["taps"]) == (0, 2)
    # Of a letter that is the same for many nobody knows who tapped its link.
    assert sent.counts(id).get("opened", 0) == opened


@pytest.mark.parametrize(
    ("method", "headers"),
    [("HEAD", {}), ("GET", {"sec-purpose": "prefetch"}), ("GET", {"user-agent": "Slackbot-LinkExpanding 1.0"})],
)
def test_what_programmes_fetch_is_no_tap(sent: Sent, database_url: str, method: str, headers: dict[str, str]) -> None:
    sent.want("line:one")
    sent.run()
    sent.campaign(PERSONAL)
    sent.run()
    with browsing(database_url) as browser:
        assert browser.request(method, path_in(sent), headers=headers).headers["location"] == PAGE
    assert rows(sent.database, link_tap) == []
    assert rows(sent.database, recipient)[0]["tapped_at"] is None


def test_no_other_address_leads_anywhere(sent: Sent, database_url: str) -> None:
    sent.want("line:one")
    sent.run()
    id = sent.campaign(LINK)
    ours, theirs = Links(SECRET), Links("another secret")
    tag = f"{id}.0.a.0"
    wrong = [theirs.sign_way(tag, 0), ours.sign_way(f"{id}.0.a.1", 0), ours.sign_way(f"{id}.0.a.9", 0)]
    wrong += [ours.sign_way(f"{id + 1}.0.a.0", 0), ours.sign_way("nonsense", 0), "/go/https://evil.example", "/go/x"]
    with browsing(database_url) as browser:
        assert browser.get(ours.sign_way(tag, 0)).status_code == 302
        for path in wrong:
            answer = browser.get(path)
            assert (answer.status_code, "location" in answer.headers) == (404, False), path


def test_a_link_leads_on_though_its_tap_can_not_be_counted(
    sent: Sent, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent.want("line:one")
    sent.run()
    sent.campaign(LINK)
    sent.run()

    def away(*_: Any) -> None:
        raise OperationalError("", None, Exception())

    monkeypatch.setattr(outcomes, "tap", away)
    with browsing(database_url) as browser:
        assert browser.get(path_in(sent)).headers["location"] == PAGE


# ---------------------------------------------------------------- what is told


def results_of(database: Database, sizes: Mapping[str, tuple[int, int]], *, over: bool = True) -> telling.Results:
    """The results of a campaign of whose variants so many recipients began the check."""
    with database.writing() as connection:
        one = campaign_of(connection, ended_at=NOW, state="done")
        for variant, (size, began) in sizes.items():
            ids = people(connection, size)
            letters(connection, one, dict.fromkeys(ids, variant))
            begin(connection, ids[:began], NOW + DAY)
        return telling.results(connection, one, NOW + timedelta(days=30 if over else 29))


def said(found: telling.Results, figure: str = "began") -> dict[tuple[str, str], str]:
    """What is said of a figure, by who is compared."""
    return {(one.of.id, one.against.id): one.said for one in found.contrasts if one.figure == figure}


def test_a_difference_is_named_only_where_its_interval_is_clear_of_zero(database: Database) -> None:
    found = results_of(database, {"a": (60, 30), "b": (60, 28), "-": (60, 8)})
    assert said(found) == {("all", "-"): "more", ("a", "-"): "more", ("b", "-"): "more", ("b", "a"): "none"}
    (one,) = [one for one in found.contrasts if (one.of.id, one.figure) == ("a", "began") and one.against.id == "-"]
    expected = difference(30, 60, 8, 60)
    assert (one.points, one.low, one.high) == tuple(
        round(100 * at, 1) for at in (expected.value, expected.low, expected.high)
    )


def test_nothing_is_named_before_everybodys_time_is_over(database: Database) -> None:
    assert set(said(results_of(database, {"a": (60, 50), "-": (60, 8)}, over=False)).values()) == {"early"}


def test_nothing_is_named_while_letters_still_go_out(database: Database) -> None:
    with database.writing() as connection:
        one = campaign_of(connection, state="sending")
        ids = people(connection, 120)
        letters(connection, one, {id: "a" if n % 2 else "-" for n, id in enumerate(ids)})
        begin(connection, ids[1:100:2], NOW + DAY)
        found = telling.results(connection, one, NOW + timedelta(days=99))
    assert said(found) == {("", "-"): "early"}


def test_few_are_hidden_and_compared_with_nobody(database: Database) -> None:
    found = results_of(database, {"a": (40, 3), "b": (40, 20), "-": (4, 0)})
    groups = {group.id: group for group in found.groups}
    # Both, or the few of the one could be told from all.
    assert [groups[id].counts["began"] for id in ("all", "a", "b")] == [23, None, None]
    assert groups["-"].recipients is None
    assert set(said(found).values()) == {"hidden"}
    assert all(one.points is None for one in found.contrasts if one.said == "hidden")


def test_without_hiding_the_few_would_be_told(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.desk.hiding.FEWEST", 0)
    found = results_of(database, {"a": (40, 3), "b": (40, 20), "-": (4, 0)})
    assert [group.counts["began"] for group in found.groups] == [23, 3, 20, 0]


def test_why_letters_failed_is_told_without_the_few(database: Database) -> None:
    with database.writing() as connection:
        one = campaign_of(connection)
        ids = people(connection, 40)
        letters(connection, one, dict.fromkeys(ids, "a"))
        for state, some in (("dead", ids[:12]), ("gone", ids[12:15])):
            connection.execute(update(outbox).where(outbox.c.owner_id.in_(some)).values(state=state))
        assert telling.results(connection, one, NOW).failures == {"refused": None, "gone": None}
        connection.execute(update(outbox).where(outbox.c.owner_id.in_(ids[12:20])).values(state="gone"))
        assert telling.results(connection, one, NOW).failures == {"refused": 12, "gone": 8}


# ---------------------------------------------------------------- the page, the file, the API, the command


@dataclass(frozen=True)
class Told:
    """A browser that is signed in, and a campaign with results."""

    browser: TestClient
    one: Campaign
    token: str


@pytest.fixture
def told(database: Database, database_url: str) -> Iterator[Told]:
    people_ = two(database)
    with database.writing() as connection:
        one = campaign_of(connection, agency_id=people_.home.id, state="done", ended_at=NOW, holdout=10)
        for variant, size, began in (("a", 60, 30), ("b", 60, 28), ("-", 60, 8)):
            ids = people(connection, size)
            letters(connection, one, dict.fromkeys(ids, variant))
            begin(connection, ids[:began], NOW + DAY)
        way = outcomes.way(connection, f"{one.id}.0.a.0")
        assert way
        for _ in range(9):
            outcomes.tap(connection, way)
        token = tokens.make(connection, people_.home.id, people_.admin.id, "集計", NOW)
    with browsing(database_url, NOW + timedelta(days=30)) as browser:
        sign_in(database, browser, people_.officer, NOW + timedelta(days=30))
        yield Told(browser, one, token)


def test_the_page_tells_counts_differences_and_what_each_figure_means(told: Told) -> None:
    page = told.browser.get(f"/desk/campaigns/{told.one.id}/results").text
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    for words in ("120人", "48.3%", "13.3%", "+35.0", "多くなったと言えます", "差があるとは言えません", "9回", PAGE):
        assert words in text, words
    for mean in telling.words()["means"].values():
        assert mean in text
    assert "まだ途中です。" not in text
    assert "style=" not in page


def test_the_page_of_a_campaign_that_has_not_begun_says_so(told: Told, database: Database) -> None:
    with database.writing() as connection:
        one = campaigns.add(connection, told.one.agency_id, None, "下書き", NOW)
    assert "まだ決まっていません" in told.browser.get(f"/desk/campaigns/{one.id}/results").text


def test_the_file_tells_the_same(told: Told) -> None:
    answer = told.browser.get(f"/desk/campaigns/{told.one.id}/results.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf"), "Excel takes it for UTF-8"
    table = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    (began,) = [row for row in table if row and row[0] == "診断を始めた人"]
    assert began[1:] == ["58", "48.3", "30", "50.0", "28", "46.7", "8", "13.3"]
    assert ["送る人の全体", "送らない人(比較用)", "診断を始めた人"] in [row[:3] for row in table]


def test_programmes_are_told_the_same_page_by_page(told: Told, database: Database) -> None:
    with database.writing() as connection:
        newer = campaign_of(connection, agency_id=told.one.agency_id, state="sending")
        campaigns.add(connection, told.one.agency_id, None, "下書き", NOW)
    seen: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        path = f"/api/v1/campaigns?limit=1&after={after}"
        answer = told.browser.get(path, headers={"authorization": f"Bearer {told.token}"}).json()
        expect_fits(answer, ANSWERS["campaigns"])
        seen += answer["campaigns"]
        after = answer["next"]
    assert [one["id"] for one in seen] == [newer.id, told.one.id]
    assert seen[0]["groups"] == []
    groups = {group["id"]: (group["recipients"], group["began"]) for group in seen[1]["groups"]}
    assert groups == {"all": (120, 58), "a": (60, 30), "b": (60, 28), "-": (60, 8)}
    assert {"figure": "began", "of": "b", "against": "a", "said": "none"}.items() <= next(
        one.items()
        for one in seen[1]["differences"]
        if (one["of"], one["against"], one["figure"]) == ("b", "a", "began")
    )
    assert seen[1]["links"] == [{"step": 1, "variant": "a", "label": "くわしく", "address": PAGE, "taps": 9}]


def test_the_command_tells_it_in_words(told: Told, database: Database) -> None:
    with database.reading() as connection:
        found = telling.results(connection, told.one, NOW + timedelta(days=30))
    lines = list(telling.lines(telling.data(told.one, NOW, found)))
    assert "  all against -, began: +35.0 points (+21.1 to +45.9): more" in lines
    assert "  b against a, began: -3.3 points (-20.5 to +14.1): no difference can be told" in lines
    assert "  step 1 a, くわしく: tapped 9 times" in lines


def test_the_command_prints_it_and_names_a_campaign_that_is_not_there(
    told: Told, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    printed = CliRunner().invoke(commands, ["campaign", "results", str(told.one.id), "--json"])
    assert {group["id"]: group["began"] for group in json.loads(printed.stdout)["groups"]}["a"] == 30
    said = CliRunner().invoke(commands, ["campaign", "results", str(told.one.id)])
    assert "60 recipients: 60 delivered, 0 opened, 30 began" in said.stdout
    assert CliRunner().invoke(commands, ["campaign", "results", "99"]).exit_code == 1
