"""Campaigns on their way: what is sent to whom, held, given back and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, select, update

from bot import outreach as ticking
from bot import timing
from bot.platforms.failures import Busy, Gone, Refused
from bot.platforms.line import Line
from bot.quota import Quota
from bot.turn import Event
from dialogs.events import Command
from dialogs.letters import Letter, Step
from storage import agencies, campaigns, owners, paces
from storage.outreach import CROWD
from storage.schema import contact, owner, recipient, sending
from tests.sending import Memory, Post, posting
from tests.serving import settings_for
from tests.taking import NOW, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.campaigns import Progress

SAME, OWN = Letter("お知らせです。"), Letter("{{ agency }}からのお知らせです。")
PEOPLE = 6


@pytest.fixture
def post(database_url: str) -> Iterator[Post]:
    with posting(database_url) as opened:
        yield opened


def crowd(post: Post, people: int = PEOPLE) -> None:
    """So many who want news; what they were told for it is sent."""
    for n in range(people):
        post.take(Command("start"), f"U{n}")
        post.take(Command("news", "in"), f"U{n}")
    while post.send():
        pass
    post.platform.taken.clear()
    post.platform.tried.clear()


def started(post: Post, letter: Letter = SAME, name: str = "見本") -> int:
    """A campaign to all of them that is to start now."""
    with post.database.writing() as connection:
        agency = agencies.add(connection, name, NOW)
        steps = (Step(0, {"a": letter}),)
        one = campaigns.add(connection, agency.id, None, "見本", NOW, everybody=True, steps=steps)
        campaigns.turn(connection, one.id, "ready", NOW, starts_at=NOW)
    return one.id


def tick(post: Post) -> None:
    while ticking.tick(post.intake):
        timing.fire(post.intake, post.intake.clock)
    timing.fire(post.intake, post.intake.clock)


def turn(post: Post, id: int, state: str) -> None:
    with post.database.writing() as connection:
        assert campaigns.turn(connection, id, state, post.now)


def heard(post: Post) -> list[str]:
    """Who was sent a letter, once for each."""
    return sorted(one for _, to in post.platform.taken for one in to.crowd or (to.address,))


def progress(post: Post, id: int) -> Progress:
    with post.database.reading() as connection:
        return campaigns.progress(connection, id, post.now)


EVERYBODY = [f"U{n}" for n in range(PEOPLE)]


def test_what_is_the_same_for_all_is_one_request_and_counted_for_each(post: Post) -> None:
    crowd(post)
    id = started(post)
    tick(post)
    assert post.send() == 1
    assert heard(post) == EVERYBODY
    found = progress(post, id)
    assert (found.recipients, found.prepared, found.sent, found.waiting) == (PEOPLE, PEOPLE, PEOPLE, 0)
    assert (found.a_minute, found.seconds_left, found.failed) == (PEOPLE, 0, {})
    tick(post)
    with post.database.reading() as connection:
        assert campaigns.get(connection, id).state == "done"


def test_what_is_personal_is_a_turn_of_each(post: Post) -> None:
    crowd(post)
    started(post, OWN)
    tick(post)
    post.send()
    assert heard(post) == EVERYBODY
    assert {part["text"] for part, _ in post.platform.taken} == {"見本からのお知らせです。"}


@pytest.mark.parametrize("letter", [SAME, OWN])
def test_a_pause_holds_what_was_not_tried_and_going_on_sends_it_once(post: Post, letter: Letter) -> None:
    crowd(post)
    id = started(post, letter)
    tick(post)
    turn(post, id, "paused")
    assert post.send() == 0
    assert progress(post, id).waiting == PEOPLE
    # Longer than a row is tried.
    post.later(days=2)
    turn(post, id, "sending")
    post.platform.fails.update({address: [Busy("later")] for address in (CROWD, *EVERYBODY)})
    post.send()
    post.later(minutes=1)
    post.send()
    assert heard(post) == EVERYBODY


def test_a_pause_while_timers_are_on_their_way_leaves_nobody_out(post: Post) -> None:
    crowd(post)
    id = started(post, OWN)
    ticking.tick(post.intake)
    turn(post, id, "paused")
    timing.fire(post.intake, post.intake.clock)
    turn(post, id, "sending")
    tick(post)
    post.send()
    assert heard(post) == EVERYBODY


@pytest.mark.parametrize("letter", [SAME, OWN])
def test_stopped_at_once_means_what_was_not_tried(post: Post, letter: Letter) -> None:
    crowd(post)
    id = started(post, letter)
    tick(post)
    post.platform.fails[CROWD], post.platform.fails["U0"] = [Busy("later")], [Busy("later")]
    turn(post, id, "paused")
    turn(post, id, "stopped")
    post.later(minutes=1)
    assert post.send() == 0
    assert progress(post, id).failed == {"dropped": PEOPLE}


def test_who_was_woken_for_nothing_is_looked_at_again(post: Post) -> None:
    crowd(post)
    id = started(post, OWN)
    ticking.tick(post.intake)
    with post.database.writing() as connection:
        connection.execute(update(contact).where(contact.c.address == "U0").values(gone_at=NOW))
    for _ in range(3):
        tick(post)
    assert dict(progress(post, id).out) == {"gone": 1}


def test_one_unknown_address_does_not_keep_the_letter_from_the_others(post: Post) -> None:
    crowd(post)
    started(post)
    tick(post)
    post.platform.fails[CROWD] = [Gone("400")]
    post.platform.fails["U0"] = [Gone("400")]
    post.send()
    tick(post)
    post.send()
    assert heard(post) == EVERYBODY[1:]
    assert [row["address"] for row in rows(post.database, contact) if row["gone_at"]] == ["U0"]


def test_failures_are_counted_by_what_the_platform_said(post: Post) -> None:
    crowd(post)
    id = started(post, OWN)
    tick(post)
    post.platform.fails["U0"], post.platform.fails["U1"] = [Refused("400 no")], [Refused("400 no")]
    post.send()
    found = progress(post, id)
    assert (found.sent, dict(found.failed)) == (PEOPLE - 2, {"400 no": 2})


def test_an_answer_goes_before_letters_that_have_waited_longer(post: Post) -> None:
    crowd(post)
    started(post, OWN)
    tick(post)
    post.later(seconds=5)
    post.take(Command("start"), "new")
    with post.database.writing() as connection:
        lots = post.delivery.claim(connection, 1)
    assert [lot.row.address for lot in lots] == ["new"]


def test_no_more_is_claimed_than_can_begin_soon(database_url: str) -> None:
    with posting(database_url, Memory(rate=2, burst=1)) as post:
        crowd(post, 0)
        for n in range(9):
            post.take(Command("start"), f"U{n}")
        with post.database.writing() as connection:
            assert paces.room(connection, "line", rate=2, burst=1, now=post.now, until=post.now) == 1
            assert len(post.delivery.claim(connection, 50)) == 3
            assert post.delivery.claim(connection, 50) == []


@pytest.mark.parametrize(("settings", "rate"), [({}, 2000), ({"line_requests_per_second": "100"}, 100)])
def test_line_is_never_asked_more_often_in_a_second_than_it_takes(settings: dict[str, str], rate: int) -> None:
    line = Line(settings_for("https://x.example", line_api_url="http://127.0.0.1:1", **settings), "", None, None)  # type: ignore[arg-type]
    assert 0.97 * rate < line.rate <= line.rate + line.burst <= rate


@pytest.mark.parametrize(("left", "state", "why"), [(PEOPLE - 1, "draft", "quota"), (PEOPLE, "sending", "")])
def test_a_campaign_that_would_overrun_the_quota_does_not_start(post: Post, left: int, state: str, why: str) -> None:
    crowd(post)
    id = started(post)
    ticking.tick(post.intake, lambda: Quota(True, left, ""))
    with post.database.reading() as connection:
        found = campaigns.get(connection, id)
    assert (found.state, found.hindered) == (state, why)


def test_while_the_quota_can_not_be_asked_a_campaign_waits(post: Post) -> None:
    crowd(post)
    id = started(post)
    ticking.tick(post.intake, lambda: Quota(why="away"))
    with post.database.reading() as connection:
        assert campaigns.get(connection, id).hindered == "unknown"
    post.later(minutes=1)
    tick(post)
    post.send()
    assert heard(post) == EVERYBODY
    with post.database.reading() as connection:
        assert campaigns.get(connection, id).hindered == ""


@pytest.mark.parametrize("guarded", [True, False])
def test_the_key_of_what_was_handed_over_keeps_everybody_from_a_second_letter(post: Post, guarded: bool) -> None:
    crowd(post)
    id = started(post)
    tick(post)
    post.send()
    with post.database.writing() as connection:
        # As a process would see it that looked before the other had committed.
        connection.execute(update(recipient).values(state="due", step=0))
        if not guarded:
            connection.execute(sending.delete())
    tick(post)
    post.send()
    assert heard(post) == sorted(EVERYBODY if guarded else EVERYBODY * 2)
    assert progress(post, id).prepared == PEOPLE


def test_the_contact_that_stands_for_many_is_nobody(post: Post) -> None:
    with post.database.writing() as connection:
        made = {"tag": "0", "record": {}, "turns": 0, "made_at": NOW, "seen_at": NOW}
        id = connection.execute(insert(owner).values(made).returning(owner.c.id)).scalar_one()
        there = {"owner_id": id, "channel": "line", "account": "bot", "address": CROWD, "made_at": NOW}
        connection.execute(insert(contact).values(there))
        assert not owners.any_there(connection)
        assert connection.execute(select(owner.c.id).where(owners.NOBODYS)).all() == []


def test_one_contact_stands_for_all_batches(post: Post) -> None:
    crowd(post)
    started(post)
    tick(post)
    assert [row["address"] for row in rows(post.database, contact)].count(CROWD) == 1
    post.intake.take(Event("stop", "line", "bot", "U0", Command("nonews", "1")))
    post.send()
    letters = [to.crowd for _, to in post.platform.taken if to.crowd]
    assert letters == [tuple(EVERYBODY[1:])]


@pytest.mark.parametrize(("left", "state"), [(2 * PEOPLE - 1, "draft"), (2 * PEOPLE, "sending")])
@pytest.mark.parametrize("letter", [SAME, OWN])
def test_what_another_campaign_still_takes_of_the_month_is_not_left(
    post: Post, letter: Letter, left: int, state: str
) -> None:
    crowd(post)
    first = started(post, letter)
    ticking.tick(post.intake, lambda: Quota(True, left, ""))
    turn(post, first, "paused")
    second = started(post, name="みなと")
    ticking.tick(post.intake, lambda: Quota(True, left, ""))
    with post.database.reading() as connection:
        assert campaigns.get(connection, second).state == state


def test_of_a_campaign_in_steps_those_of_this_month_are_still_to_come(post: Post) -> None:
    crowd(post)
    steps = tuple(Step(days, {"a": SAME}) for days in (0, 3, 28))
    with post.database.writing() as connection:
        agency = agencies.add(connection, "見本", NOW)
        one = campaigns.add(connection, agency.id, None, "見本", NOW, everybody=True, steps=steps)
        campaigns.turn(connection, one.id, "ready", NOW, starts_at=NOW)
    owed = []
    for _ in range(2):
        tick(post)
        with post.database.reading() as connection:
            owed.append(campaigns.owed(connection, "line", post.now))
        post.send()
    with post.database.reading() as connection:
        assert [*owed, campaigns.owed(connection, "slack", post.now)] == [2 * PEOPLE, PEOPLE, 0]


def test_a_campaign_that_can_not_be_written_keeps_no_other_back(post: Post) -> None:
    crowd(post)
    started(post, Letter("{{ what_we_do_not_know }}"))
    started(post, name="みなと")
    tick(post)
    post.send()
    assert heard(post) == EVERYBODY


@pytest.mark.parametrize("tag", [f"{'9' * 30}.0.a.0", "1.0.a", "1.-1.a.0", "1.0.a.9", "x.0.a.0", ""])
def test_a_forged_button_leads_nowhere(post: Post, tag: str) -> None:
    crowd(post, 1)
    started(post, Letter("お知らせです。", (("つづける", "resume"),)))
    tick(post)
    post.send()
    post.platform.taken.clear()
    post.take(Command("go", tag), "U0")
    post.send()
    assert "このお知らせは、もう終わりました。" in str([part for part, _ in post.platform.taken])
