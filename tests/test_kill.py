"""What a killed process leaves: all that it acknowledged, each turn once, and nothing half done."""

from __future__ import annotations

import random
from itertools import islice

from sqlalchemy import text

from storage import Database
from storage.schema import inbox, outbox, owner
from tests.processes import OWNERS, endless, killed
from tests.taking import new_intake, rows

KILLS = 12
END_OTHERS = text(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)


def settled(url: str) -> Database:
    """The database when the server has noticed that its client is dead, and has ended what that had begun."""
    database = Database(url)
    if database.engine.dialect.name == "postgresql":
        with database.reading() as connection:
            connection.execute(END_OTHERS)
    return database


def expect_whole_turns(database: Database) -> None:
    """Each owner's turns are numbered without a gap, and each has its event, its answer and nothing else."""
    events = {(row["owner_id"], row["turn"]): row["event_id"] for row in rows(database, inbox)}
    answers = rows(database, outbox)
    assert {(row["owner_id"], row["turn"]): row["said"] for row in answers} == events
    assert len(answers) == len(events) == len(rows(database, inbox))
    for row in rows(database, owner):
        assert [turn for id, turn in events if id == row["id"]] == list(range(1, row["turns"] + 1))


def test_a_process_killed_at_any_point_loses_nothing_acknowledged(database_url: str) -> None:
    chance = random.Random(20261201)
    sent: list[str] = []
    for kill in range(KILLS):
        acknowledged = killed(database_url, f"kill{kill}", chance.randint(1, 25))
        # Sent, but perhaps not acknowledged, can have been twice as many as are taken at once.
        sent += [one.id for one in islice(endless(f"kill{kill}"), len(acknowledged) + 4 * OWNERS)]
        database = settled(database_url)
        answered = {row["said"] for row in rows(database, outbox) if row["messages"]}
        assert answered >= set(acknowledged)
        assert answered <= set(sent)
        expect_whole_turns(database)
        database.close()

    database = Database(database_url)
    intake = new_intake(database)
    before = rows(database, outbox)
    everything = {one.id: one for kill in range(KILLS) for one in islice(endless(f"kill{kill}"), len(sent))}
    noted = {row["event_id"] for row in rows(database, inbox)}
    again = [intake.take(everything[id]) for id in sent]
    assert {id for id, taken in zip(sent, again, strict=True) if not taken.messages} == noted
    expect_whole_turns(database)
    after = rows(database, outbox)
    assert [row for row in after if row["said"] in noted] == before
    assert {row["said"] for row in after} == set(sent)
    for id in sent:
        assert intake.take(everything[id]).messages == ()
    assert rows(database, outbox) == after
    database.close()
