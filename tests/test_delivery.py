"""Delivery: each row reaches its contact, in order, at the platform's pace, whatever fails on the way."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, update
from sqlalchemy.exc import OperationalError

from bot import held
from bot.delivery import AT_ONCE, _state, lease
from bot.platforms.failures import Busy, Failure, Gone, Refused, Unanswered, Unusable
from bot.turn import Event
from dialogs.events import Command, Left, Opened, Said
from scheduler.paces import LIFE
from storage import Database, outbox, paces
from storage.schema import contact, pace
from storage.schema import outbox as table
from tests.sending import Memory, Post, posting
from tests.taking import NOW, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

LEASE = lease(Memory().sending_seconds)


@pytest.fixture
def post(database_url: str) -> Iterator[Post]:
    with posting(database_url) as opened:
        yield opened


def states(post: Post) -> list[str]:
    return [row["state"] for row in rows(post.database, table)]


def addresses(post: Post) -> list[str]:
    return [sending.address for _, sending in post.platform.taken]


# ---------------------------------------------------------------- as it should go


def test_an_answer_is_sent_once(post: Post) -> None:
    post.take(Opened())
    assert post.send() == 1
    assert post.send() == 0
    assert states(post) == ["sent"]
    ((part, sending),) = post.platform.taken
    assert part["text"].startswith("こんにちは")
    assert sending == type(sending)("owner", uuid.UUID(rows(post.database, table)[0]["id"]))


def test_a_page_fetches_so_nothing_is_sent(post: Post) -> None:
    post.platform.channel = "web"
    post.take(Opened())
    assert post.send() == 0
    assert states(post) == ["fetched"]


def test_a_contact_hears_in_order_and_contacts_do_not_wait_for_each_other(post: Post) -> None:
    for address in ("one", "two"):
        post.take(Opened(), address)
        post.take(Said("メニュー"), address)
    post.platform.fails["one"] = [Busy("later")]
    assert post.send() == 2
    assert post.send() == 1
    assert addresses(post) == ["two", "two"]
    post.later(minutes=1)
    assert [post.send(), post.send(), post.send()] == [1, 1, 0]
    assert addresses(post) == ["two", "two", "one", "one"]
    said = [part["text"] for part, sending in post.platform.taken if sending.address == "one"]
    assert [text.startswith("こんにちは") for text in said] == [True, False]


def test_what_answers_directly_is_used_while_it_lasts(post: Post) -> None:
    post.take(Opened(), reply="token")
    post.take(Opened(), "late", reply="token")
    with post.database.writing() as connection:
        connection.execute(update(table).where(table.c.owner_id == 2).values(made_at=NOW - timedelta(seconds=61)))
    post.send()
    assert {sending.address: sending.reply for _, sending in post.platform.taken} == {"owner": "token", "late": ""}
    assert {part["reply"] for part, _ in post.platform.taken} == {"token", ""}
    assert [row["pushes"] for row in rows(post.database, table)] == [0, 1]


def test_what_was_said_on_one_app_is_answered_there(post: Post) -> None:
    post.take(Opened())
    post.platform.channel = "telegram"
    post.take(Opened(), "other")
    assert post.send() == 1
    assert addresses(post) == ["owner"]


def test_no_more_rows_are_claimed_than_can_be_under_way(post: Post) -> None:
    for n in range(AT_ONCE + 3):
        post.take(Opened(), f"owner{n}")
    assert [post.send(), post.send(), post.send()] == [AT_ONCE, 3, 0]


def test_the_loop_sends_what_it_is_woken_for_and_ends(post: Post) -> None:
    async def run() -> None:
        post.delivery.start()
        await asyncio.wrap_future(post.intake.submit(Event("1", "line", "bot", "owner", Opened())))
        post.delivery.wake()
        await post.platform.arrived.wait()
        await post.delivery.stop()

    asyncio.run(run())
    assert states(post) == ["sent"]


def test_the_loop_outlives_a_defect_and_a_database_that_is_away(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.delivery.LOOK_AGAIN_SECONDS", 0)
    claim, troubles = outbox.claim, [ValueError("a defect"), OperationalError("SELECT", None, Exception("away"))]

    def troubled(connection: Connection, *more: Any) -> list[outbox.Claimed]:
        if troubles:
            raise troubles.pop()
        return claim(connection, *more)

    monkeypatch.setattr(outbox, "claim", troubled)

    async def run() -> None:
        post.take(Opened())
        post.delivery.start()
        await post.platform.arrived.wait()
        await post.delivery.stop()

    asyncio.run(run())
    assert states(post) == ["sent"]


# ---------------------------------------------------------------- what fails


@pytest.mark.parametrize("failure", [Busy("later"), Unanswered("no answer")], ids=["busy", "unanswered"])
def test_what_may_not_have_arrived_is_sent_again_under_the_same_key(post: Post, failure: Failure) -> None:
    post.platform.fails["owner"] = [failure, failure]
    post.take(Opened(), reply="token")
    assert post.send() == 1
    assert post.send() == 0
    post.later(minutes=1)
    assert post.send() == 1
    post.later(minutes=1)
    assert post.send() == 1
    (first, second, third) = [sending for _, sending in post.platform.tried]
    assert first.key == second.key == third.key
    assert (first.again, second.again, third.again) == (False, True, True)
    assert states(post) == ["sent"]
    assert post.platform.waited == ["owner"]


def test_busy_platforms_are_left_alone_for_as_long_as_they_say(post: Post) -> None:
    post.platform.fails["owner"] = [Busy("later", after=100)]
    post.take(Opened())
    post.send()
    post.later(seconds=99)
    assert post.send() == 0
    post.later(seconds=2)
    assert post.send() == 1


def test_a_closed_way_of_answering_is_given_up_and_the_message_is_sent(post: Post) -> None:
    post.platform.fails["owner"] = [Unusable("the token has ended")]
    post.take(Opened(), reply="token")
    assert [post.send(), post.send(), post.send()] == [1, 1, 0]
    assert [sending.reply for _, sending in post.platform.tried] == ["token", ""]
    assert [row["pushes"] for row in rows(post.database, table)] == [1]


def test_what_is_never_taken_is_a_dead_letter_and_the_next_goes_on(post: Post) -> None:
    post.platform.fails["owner"] = [Refused("400 it has no text")]
    post.take(Opened())
    post.take(Said("メニュー"))
    assert [post.send(), post.send(), post.send()] == [1, 1, 0]
    assert states(post) == ["dead", "sent"]
    assert rows(post.database, table)[0]["error"] == "400 it has no text"


def test_who_is_gone_is_sent_nothing_more_until_they_come_back(post: Post) -> None:
    post.platform.fails["owner"] = [Gone("blocked")]
    post.take(Opened())
    post.take(Said("メニュー"))
    assert [post.send(), post.send()] == [1, 0]
    assert states(post) == ["gone", "gone"]
    assert rows(post.database, contact)[0]["gone_at"] == NOW
    post.take(Opened())
    assert post.send() == 1
    assert states(post) == ["gone", "gone", "sent"]
    assert rows(post.database, contact)[0]["gone_at"] is None


def test_who_blocks_the_bot_is_not_sent_what_was_still_due(post: Post) -> None:
    post.take(Opened())
    assert post.take(Left()).messages == ()
    assert post.send() == 0
    assert states(post) == ["gone"]
    assert rows(post.database, contact)[0]["gone_at"] == NOW


def test_requests_that_were_made_are_not_made_again(post: Post) -> None:
    post.platform.requests = 3
    post.platform.fails["owner"] = [None, Unanswered("no answer")]
    post.take(Opened(), reply="token")
    post.send()
    post.later(minutes=1)
    post.send()
    assert [part["n"] for part, _ in post.platform.tried] == [0, 1, 1, 2]
    keys = [sending.key for _, sending in post.platform.tried]
    assert keys[1] == keys[2]
    assert len(set(keys)) == 3
    # Only the first request answers the event itself.
    assert [sending.reply for _, sending in post.platform.tried] == ["token", "", "", ""]
    assert [row["pushes"] for row in rows(post.database, table)] == [2]


def test_what_cannot_be_rendered_holds_up_nothing(post: Post) -> None:
    post.take(Opened())
    post.take(Opened(), "other")
    with post.database.writing() as connection:
        broken = [{"text": "broken"}]
        connection.execute(update(table).where(table.c.owner_id == 1).values(messages=broken))
    assert post.send() == 2
    assert states(post) == ["dead", "sent"]


def test_after_a_day_it_is_a_dead_letter(post: Post) -> None:
    post.platform.fails["owner"] = [Unanswered("no answer")] * 3
    post.take(Opened())
    post.send()
    post.later(hours=23)
    post.send()
    assert states(post) == ["due"]
    post.later(hours=2)
    post.send()
    assert states(post) == ["dead"]


@pytest.mark.parametrize("failure", [*Failure.__subclasses__()], ids=lambda kind: kind.__name__)
def test_every_failure_has_its_end(post: Post, failure: type[Failure]) -> None:
    post.platform.fails["owner"] = [failure("so")]
    post.take(Opened())
    post.send()
    ends = {Busy: "due", Unanswered: "due", Unusable: "due", Gone: "gone", Refused: "dead"}
    assert states(post) == [ends[failure]]


# ---------------------------------------------------------------- claims


def claims(database: Database, after: timedelta = timedelta(0)) -> list[outbox.Claimed]:
    with database.writing() as connection:
        return outbox.claim(connection, "line", NOW + after, NOW + after + LEASE, 10)


def settled(claimed: outbox.Claimed, state: str = "sent") -> outbox.Settled:
    return {
        "claimed": claimed.id,
        "claim": claimed.attempts,
        "state": state,
        "due_at": None,
        "parts": 1,
        "pushed": 0,
        "reply": "",
        "error": None,
        "settled_at": NOW,
    }


def test_a_claim_ends_with_its_lease_and_only_the_latest_settles(post: Post) -> None:
    post.take(Opened())
    (first,) = claims(post.database)
    assert claims(post.database, LEASE - timedelta(seconds=1)) == []
    (second,) = claims(post.database, LEASE)
    assert (first.id, first.attempts, second.attempts) == (second.id, 1, 2)
    with post.database.writing() as connection:
        outbox.settle(connection, [settled(first, "dead")])
    assert states(post) == ["due"]
    with post.database.writing() as connection:
        outbox.settle(connection, [settled(second)])
        outbox.settle(connection, [settled(second, "dead")])
    assert states(post) == ["sent"]


def test_what_was_said_later_waits_while_the_earlier_is_on_its_way(post: Post) -> None:
    post.take(Opened())
    post.take(Said("メニュー"))
    assert len(claims(post.database)) == 1
    assert claims(post.database) == []


def test_two_that_claim_at_once_claim_different_rows(postgres_url: str) -> None:
    with posting(postgres_url) as post:
        for n in range(6):
            post.take(Opened(), f"owner{n}")
        with post.database.writing() as one, post.database.writing() as other:
            mine = outbox.claim(one, "line", NOW, NOW + LEASE, 4)
            theirs = outbox.claim(other, "line", NOW, NOW + LEASE, 4)
    assert (len(mine), len(theirs)) == (4, 2)
    assert not {row.id for row in mine} & {row.id for row in theirs}


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("postgres_slate").wiped()
    return url


def test_the_farewell_is_sent_before_the_address_goes(post: Post) -> None:
    from storage import owners

    post.take(Opened())
    post.take(Command("erase"))
    taken = post.take(Said("すべて消す"))
    assert taken.messages
    with post.database.writing() as connection:
        assert owners.sweep(connection, NOW + timedelta(days=1)) == 0
    post.send()
    with post.database.writing() as connection:
        assert owners.sweep(connection, NOW + timedelta(days=1)) == 1


# ---------------------------------------------------------------- paces


def test_an_accounts_rate_is_held_by_all_processes_together(database_url: str) -> None:
    """Two deliveries over one database, twenty rows, ten requests a second after five at once."""
    starts = []
    with (
        posting(database_url, Memory(rate=10, burst=5)) as one,
        posting(database_url, Memory(rate=10, burst=5)) as two,
    ):
        for n in range(20):
            one.take(Opened(), f"owner{n}")
        for _ in range(10):
            for post in (one, two):
                with post.database.writing() as connection:
                    starts += [lot.start for lot in post.delivery.claim(connection, 3)]
                post.later(seconds=0.5)
    assert len(starts) == 20
    starts.sort()
    for n, start in enumerate(starts):
        assert len([other for other in starts[n:] if other - start < timedelta(seconds=1)]) <= 15


def test_without_the_shared_row_two_processes_send_twice_as_fast(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own: dict[str, int] = {}
    shared = paces.reserve

    def reserve(connection: object, key: str, costs: list[int], **more: object) -> object:
        return shared(connection, f"{key}:{own['process']}", costs, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(paces, "reserve", reserve)
    starts = []
    with (
        posting(database_url, Memory(rate=10, burst=5)) as one,
        posting(database_url, Memory(rate=10, burst=5)) as two,
    ):
        for n in range(40):
            one.take(Opened(), f"owner{n}")
        for own["process"], post in enumerate((one, two)):
            with post.database.writing() as connection:
                starts += [lot.start for lot in post.delivery.claim(connection, 15)]
    assert len([start for start in starts if start - min(starts) < timedelta(seconds=1)]) > 15


def test_a_contact_is_sent_a_few_requests_at_once_and_then_one_a_second(database_url: str) -> None:
    platform = Memory(requests=5, contact_rate=1, contact_burst=3)
    times = []
    with posting(database_url, platform) as post:
        post.take(Opened())
        post.take(Said("メニュー"))
        pause = post.delivery.pause

        async def noted(seconds: float) -> None:
            times.append(seconds)
            await pause(seconds)

        post.delivery.pause = noted
        post.send()
        assert times == [1.0, 1.0]
        # The next row waits in the table, not in the process.
        assert post.send() == 0
        post.later(seconds=1)
        assert post.send() == 1
        assert times == [1.0] * 6
        assert {row["key"] for row in rows(post.database, pace)} == {"line", "line:1"}


def test_a_long_line_is_given_back_and_nobody_else_is_kept_from_it(database_url: str) -> None:
    with posting(database_url, Memory(rate=1, burst=1)) as post:
        for n in range(5):
            post.take(Opened(), f"owner{n}")
        assert post.send() == 2
        assert [row["attempts"] for row in rows(post.database, table)] == [1, 1, 0, 0, 0]


def test_waits_grow_and_end(post: Post) -> None:
    post.take(Opened())
    (claimed,) = claims(post.database)
    state, due_at = _state(Unanswered("so"), claimed, NOW)
    assert state == "due"
    assert due_at is not None
    assert NOW < due_at < NOW + timedelta(seconds=2) < NOW + LIFE


# ---------------------------------------------------------------- what an operator sees


def test_an_operator_sees_tries_again_and_drops_what_is_dead(post: Post) -> None:
    for address in ("one", "two", "three"):
        post.platform.fails[address] = [Refused("400 no such thing")]
        post.take(Opened(), address)
    post.take(Opened(), "four")
    assert post.send() == 4
    (first, second, third) = [row["id"] for row in rows(post.database, table) if row["state"] == "dead"]
    listed = list(held.lines(post.database, 50))
    assert [line.split()[0] for line in listed] == [first, second, third]
    assert all("dead" in line and "400 no such thing" in line for line in listed)
    assert not any("こんにちは" in line for line in listed)
    assert list(held.lines(post.database, 2))[-1].startswith("… the oldest 2")

    assert held.retry(post.database, first) == 1
    post.later(days=3650)
    assert post.send() == 1
    assert held.drop(post.database, second) == 1
    assert held.drop(post.database, second) == 0
    assert held.retry(post.database, None) == 1
    post.later(days=3650)
    assert post.send() == 1
    assert states(post) == ["sent", "dropped", "sent", "sent"]
    assert held.drop(post.database, None) == 0
    assert list(held.lines(post.database, 50)) == ["Nothing is due, and nothing is dead."]
