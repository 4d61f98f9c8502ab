"""Results as they are stored: once a run and depth, the latest of each owner among the peers, the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert

from dialogs.events import Command
from storage import Database, results
from storage.schema import owner, result, result_axis
from tests.taking import NOW, finish, later, new_intake, rows
from tests.talkers import FULL, QUICK, Talker

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNERS = 4


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with four owners, 1 to 4."""
    opened = Database(database_url)
    with opened.writing() as connection:
        made = [{"tag": f"tag{n}", "record": {}, "turns": 0, "made_at": NOW, "seen_at": NOW} for n in range(OWNERS)]
        connection.execute(insert(owner), made)
    yield opened
    opened.close()


def keep(
    database: Database,
    owner_id: int,
    run: str,
    *,
    depth: str = "full",
    at: str = "retail/1",
    segment: str = "high-jiso",
    balance: int = 50,
    hours: float = 0,
) -> str:
    """Keep a result of an owner of the industry and size `at`; gives its token."""
    industry, size = at.split("/")
    now = later(hours=hours)
    with database.writing() as connection:
        return results.save(
            connection,
            owner_id=owner_id,
            run=run,
            depth=depth,
            answers={"industry": industry, "size": size},
            data={"run": run, "depth": depth},
            segment=segment,
            balance={"people": balance, "data": 100 - balance},
            day=now.date(),
            now=now,
        )


def latest_ones(database: Database) -> list[str]:
    """The runs whose results count among peers."""
    return [row["run"] for row in rows(database, result) if row["latest"]]


def before(database: Database, owner_id: int, run: str, depth: str = "full") -> str | None:
    """The run and depth of the result before that of a run."""
    with database.reading() as connection:
        found = results.before(connection, owner_id, run, depth)
    return f"{found.run} {found.depth}" if found else None


def latest(database: Database, owner_id: int) -> str | None:
    """The run and depth of an owner's latest result."""
    with database.reading() as connection:
        found = results.latest(connection, owner_id)
    return f"{found.run} {found.depth}" if found else None


def peers(database: Database, owner_id: int, at: str = "retail/1") -> dict[str, object]:
    with database.reading() as connection:
        return results.peers(connection, owner_id, *at.split("/"))


def remove(database: Database, owner_id: int, token: str) -> bool:
    with database.writing() as connection:
        return results.remove(connection, owner_id, token)


# ---------------------------------------------------------------- keeping


def test_a_result_is_kept_once_a_run_and_depth(database: Database) -> None:
    tokens = [keep(database, 1, "run1"), keep(database, 1, "run2"), keep(database, 1, "run2", depth="quick")]
    assert len(set(tokens)) == 3
    assert keep(database, 1, "run1", balance=70, segment="low-banso", hours=1) == tokens[0]
    stored = {row["token"]: row for row in rows(database, result)}
    assert set(stored) == set(tokens)
    assert (stored[tokens[0]]["segment"], stored[tokens[0]]["made_at"]) == ("low-banso", later(hours=1))
    axes = {(row["result_id"], row["category"]): row["value"] for row in rows(database, result_axis)}
    assert len(axes) == 6
    assert axes[stored[tokens[0]]["id"], "people"] == 70


def test_a_result_is_found_by_its_token(database: Database) -> None:
    token = keep(database, 1, "run1")
    with database.reading() as connection:
        found = results.by_token(connection, token)
        assert found
        assert (found.owner_id, found.run, found.depth, found.day) == (1, "run1", "full", NOW.date())
        assert (found.answers, found.result) == (
            {"industry": "retail", "size": "1"},
            {"run": "run1", "depth": "full"},
        )
        assert [results.by_token(connection, odd) for odd in ("", "x", "\0", "\ud83d")] == [None] * 4


def test_a_result_without_a_balance_can_be_kept(database: Database) -> None:
    with database.writing() as connection:
        results.save(
            connection,
            owner_id=1,
            run="run1",
            depth="quick",
            answers={},
            data={},
            segment="low-jiso",
            balance={},
            day=NOW.date(),
            now=NOW,
        )
    assert len(rows(database, result)) == 1


@pytest.mark.parametrize("choice", [QUICK, FULL], ids=["quick", "full"])
def test_an_answer_changed_after_the_result_changes_it_in_its_place(database: Database, choice: int) -> None:
    intake, talker = new_intake(database), Talker("talker", choice)
    finish(intake, talker)
    (first,) = rows(database, result)
    for _ in range(2):
        talker.hear(intake.take(talker.does(Command("back"))))
    talker.choice = 1 - choice
    finish(new_intake(database, later(hours=1)), talker)
    (changed,) = rows(database, result)
    assert {key: changed[key] for key in ("owner_id", "run", "depth", "token", "latest")} == {
        key: first[key] for key in ("owner_id", "run", "depth", "token", "latest")
    }
    assert changed["made_at"] == later(hours=1)
    assert changed["answers"] != first["answers"]


# ---------------------------------------------------------------- the latest, and the one before


def test_only_the_latest_full_result_of_an_owner_counts_among_peers(database: Database) -> None:
    keep(database, 1, "run1")
    assert latest_ones(database) == ["run1"]
    keep(database, 1, "run2", depth="quick")
    keep(database, 2, "theirs", depth="quick")
    assert latest_ones(database) == ["run1"]
    keep(database, 2, "theirs")
    keep(database, 1, "run2")
    assert latest_ones(database) == ["theirs", "run2"]


def test_the_latest_result_and_the_one_before_it(database: Database) -> None:
    assert (latest(database, 1), before(database, 1, "run1")) == (None, None)
    keep(database, 2, "theirs")
    keep(database, 1, "run1", depth="quick")
    assert (latest(database, 1), before(database, 1, "run1", "quick")) == ("run1 quick", None)
    # Not yet kept itself: whatever there is came before it.
    assert before(database, 1, "run1") == "run1 quick"
    keep(database, 1, "run1")
    keep(database, 1, "run2")
    assert latest(database, 1) == "run2 full"
    assert before(database, 1, "run2") == "run1 full"
    assert before(database, 1, "run1") == "run1 quick"
    assert before(database, 1, "run1", "quick") is None
    # Scored anew, the first is the latest.
    keep(database, 1, "run1", depth="quick")
    assert latest(database, 1) == "run1 quick"
    assert before(database, 1, "run1", "quick") == "run2 full"


def test_a_clock_put_back_changes_no_order(database: Database) -> None:
    keep(database, 1, "run1", hours=1)
    keep(database, 1, "run2", hours=0)
    assert (latest(database, 1), before(database, 1, "run2")) == ("run2 full", "run1 full")


# ---------------------------------------------------------------- peers


def test_peers_are_the_latest_full_results_of_others_alike(database: Database) -> None:
    assert peers(database, 1) == {"n": 0, "segments": {}, "balance": {}}
    keep(database, 1, "own")
    assert peers(database, 1)["n"] == 0
    keep(database, 2, "before", balance=0, segment="low-banso")
    keep(database, 2, "now", balance=40)
    keep(database, 3, "now", balance=45)
    keep(database, 3, "short", depth="quick", balance=0)
    keep(database, 4, "now", balance=60, segment="low-banso")
    assert peers(database, 1) == {
        "n": 3,
        "segments": {"high-jiso": 2, "low-banso": 1},
        "balance": {"people": 48, "data": 52},
    }
    keep(database, 4, "elsewhere", at="retail/2")
    assert peers(database, 1)["n"] == 2
    assert peers(database, 1, "retail/2") == {
        "n": 1,
        "segments": {"high-jiso": 1},
        "balance": {"people": 50, "data": 50},
    }
    assert peers(database, 1, "construction/1")["n"] == 0


# ---------------------------------------------------------------- deleting


def test_a_result_is_deleted_by_its_owner_alone(database: Database) -> None:
    token = keep(database, 1, "run1")
    keep(database, 2, "theirs")
    assert not remove(database, 2, token)
    assert not remove(database, 1, "no such token")
    assert not remove(database, 1, "\0")
    assert remove(database, 1, token)
    assert not remove(database, 1, token)
    assert [row["run"] for row in rows(database, result)] == ["theirs"]
    assert {row["result_id"] for row in rows(database, result_axis)} == {rows(database, result)[0]["id"]}
    assert latest_ones(database) == ["theirs"]


def test_with_the_latest_result_gone_the_full_one_before_it_counts_again(database: Database) -> None:
    keep(database, 1, "run1")
    keep(database, 1, "run2")
    token = keep(database, 1, "run3")
    keep(database, 1, "run3", depth="quick")
    assert remove(database, 1, token)
    assert latest_ones(database) == ["run2"]
    assert peers(database, 2)["n"] == 1
