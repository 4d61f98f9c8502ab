"""The turn and the intake: each event answered once, whoever else is at it, and nothing left of what failed.

Where something keeps a fault away, a pair of tests shows the fault without it.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import MetaData, UniqueConstraint, create_engine, insert, make_url, text
from sqlalchemy.exc import IntegrityError, OperationalError

from bot.intake import TRIES
from bot.turn import SAID_LIMIT, Taken
from dialogs import engine
from dialogs.content import NOTICE
from dialogs.events import Command, Opened, Said, Sent, Tapped
from storage import Database, inbox, owners
from storage import database as database_module
from storage.prepared import Prepared
from storage.schema import contact, metadata, outbox, owner
from storage.schema import inbox as inbox_table
from tests.processes import OWN, SHARED, raced
from tests.taking import batch, event, later, new_intake, rows
from tests.talkers import Talker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from dialogs.content import Content
    from dialogs.events import Action
    from dialogs.record import Record
    from dialogs.replay import Perform


def numbers(database: Database) -> list[int]:
    """The numbers of the turns that were answered, owner by owner."""
    return [row["turn"] for row in rows(database, outbox)]


# ---------------------------------------------------------------- an event seen twice


def test_an_event_seen_twice_is_answered_once(database: Database) -> None:
    intake = new_intake(database)
    first = intake.take(event("1", Opened()))
    before = rows(database, owner)
    again = new_intake(database, later(days=1)).take(event("1", Opened()))
    assert first.messages
    assert again == Taken(first.owner_id, first.turn)
    assert rows(database, owner) == before
    assert numbers(database) == [1]


def test_without_its_note_an_event_seen_twice_is_answered_twice(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "add", lambda connection, noted: [True] * len(noted))
    intake = new_intake(database)
    intake.take(event("1", Opened()))
    intake.take(event("1", Opened()))
    assert numbers(database) == [1, 2]


def test_an_event_twice_in_a_batch_is_answered_once_and_so_are_its_neighbours(database: Database) -> None:
    new_intake(database).take(event("1", Opened()))
    events = [
        event("1", Opened()),
        event("2", Said("メニュー")),
        event("other", Opened(), "other"),
        event("2", Said("メニュー")),
        event("3", Said("メニュー")),
    ]
    taken = [future.result() for future in batch(new_intake(database), events)]
    assert [bool(one.messages) for one in taken] == [False, True, True, False, True]
    assert [one.turn for one in taken] == [1, 2, 1, 2, 3]
    assert numbers(database) == [1, 2, 3, 1]


def test_a_batch_is_answered_as_the_same_events_are_one_by_one(database: Database) -> None:
    said: list[Action] = [Opened(), *(Said(text) for text in ("2", "1", "なに?", "2", "戻る", "3"))]
    one_by_one = new_intake(database)
    for address in ("a", "b"):
        for n, action in enumerate(said):
            one_by_one.take(event(f"{address}{n}", action, address))
    crossed = [event(f"{address}{n}", action, address) for n, action in enumerate(said) for address in ("d", "c")]
    taken = [future.result() for future in batch(new_intake(database), crossed)]

    assert [one.turn for one in taken] == [turn for turn in range(1, len(said) + 1) for _ in "dc"]
    texts: dict[int, list[list[str]]] = {}
    for row in rows(database, outbox):
        texts.setdefault(row["owner_id"], []).append([message["text"] for message in row["messages"]])
    first, *others = texts.values()
    assert len(first) == len(said)
    assert others == [first] * 3


def test_two_threads_with_one_event_answer_it_once(database: Database) -> None:
    intake, start = new_intake(database), threading.Barrier(2)
    taken: list[Taken] = []

    def run() -> None:
        start.wait()
        taken.append(intake.take(event("1", Opened())))

    _in_threads([run, run])
    assert sorted(bool(one.messages) for one in taken) == [False, True]
    assert {(one.owner_id, one.turn) for one in taken} == {(taken[0].owner_id, 1)}
    assert (len(rows(database, owner)), len(rows(database, contact)), numbers(database)) == (1, 1, [1])


def _in_threads(work: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_two_processes_answer_each_event_once_and_lose_none(database_url: str) -> None:
    one, two = raced(database_url)
    (answered_by_one, turns_of_one, batch_of_one), (answered_by_two, turns_of_two, batch_of_two) = one, two
    assert all(a != b for a, b in zip(answered_by_one, answered_by_two, strict=True)), (
        "each shared event is answered by one of them alone"
    )
    assert sorted(turns_of_one + turns_of_two) == list(range(SHARED // 2 + 1, SHARED // 2 + 2 * OWN + 1))
    assert sorted(batch_of_one + batch_of_two) == [1] * OWN + [2] * OWN
    database = Database(database_url)
    met = rows(database, contact)
    assert len(met) == len(rows(database, owner)) == 1 + SHARED // 2 + OWN
    for one_owner in rows(database, owner):
        own = [row["turn"] for row in rows(database, outbox) if row["owner_id"] == one_owner["id"]]
        assert own == list(range(1, one_owner["turns"] + 1))
    database.close()


# ---------------------------------------------------------------- two at one owner


class Unguarded(Database):
    """A database as SQLAlchemy opens it where nobody tells it how: the driver begins transactions when it sees fit."""

    def __init__(self, url: str) -> None:
        self.engine = create_engine(url)
        self._writer = self.engine.execution_options()


def impatient(url: str, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A database that does not wait for the transactions of others."""
    if url.startswith("postgresql"):
        hurried = make_url(url).update_query_dict({"options": "-clock_timeout=10"})
        return Database(hurried.render_as_string(hide_password=False))
    with monkeypatch.context() as patch:
        patch.setattr(database_module, "BUSY_TIMEOUT", 10)
        database = Database(url)
        with database.reading():
            pass  # opens the one connection that it is going to use
    return database


def crossing(monkeypatch: pytest.MonkeyPatch, other: Database, event_id: str) -> None:
    """In the middle of the next turn, when its owner has been read, the same owner has another turn elsewhere."""
    ours = inbox.add

    def add(connection: Connection, noted: Sequence[inbox.Row]) -> list[bool]:
        monkeypatch.setattr(inbox, "add", ours)
        new_intake(other).take(event(event_id, Said("メニュー")))
        return ours(connection, noted)

    monkeypatch.setattr(inbox, "add", add)


def test_no_turn_comes_between_another(database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    new_intake(database).take(event("1", Opened()))
    other = impatient(database_url, monkeypatch)
    crossing(monkeypatch, other, "2")
    with pytest.raises(OperationalError, match="lock"):
        new_intake(database).take(event("3", Said("メニュー")))
    other.close()
    new_intake(database).take(event("3", Said("メニュー")))
    assert numbers(database) == [1, 2]


def test_without_the_lock_a_turn_comes_between_and_is_lost(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owners, "_LOCK", Prepared(lambda _: owners._FIND))
    database, other = Unguarded(database_url), Unguarded(database_url)
    new_intake(database).take(event("1", Opened()))
    crossing(monkeypatch, other, "2")
    new_intake(database).take(event("3", Said("メニュー")))
    assert numbers(database) == [1, 2, 2], "two turns of one number: the record of the first was overwritten"
    assert rows(database, owner)[0]["turns"] == 2
    database.close()
    other.close()


def meeting(monkeypatch: pytest.MonkeyPatch, other: Database) -> None:
    """When the next new contact has been looked for and not found, it is met elsewhere."""
    ours = owners._make

    def make(connection: Connection, at: dict[str, str], came_by: str, now: datetime) -> None:
        monkeypatch.setattr(owners, "_make", ours)
        new_intake(other).take(event("theirs", Opened(), code="theirs"))
        ours(connection, at, came_by, now)

    monkeypatch.setattr(owners, "_make", make)


def test_a_contact_met_twice_at_once_is_one_owner(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Unguarded on SQLite, where otherwise nobody else gets as far as to look.
    database, other = Unguarded(database_url), Unguarded(database_url)
    meeting(monkeypatch, other)
    taken = new_intake(database).take(event("ours", Opened(), code="ours"))
    (met,) = rows(database, contact)
    assert met["came_by"] == "theirs"
    assert [row["id"] for row in rows(database, owner)] == [met["owner_id"]] == [taken.owner_id]
    assert numbers(database) == [1, 2]
    database.close()
    other.close()


def test_without_unique_contacts_a_contact_met_twice_at_once_is_two_owners(
    blank_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, other = Unguarded(blank_database_url), Unguarded(blank_database_url)
    loose = MetaData()
    for table in metadata.sorted_tables:
        table.to_metadata(loose)
    twin = loose.tables["contact"]
    twin.constraints -= {constraint for constraint in twin.constraints if isinstance(constraint, UniqueConstraint)}
    loose.create_all(database.engine)
    meeting(monkeypatch, other)
    new_intake(database).take(event("ours", Opened(), code="ours"))
    assert len(rows(database, contact)) == len(rows(database, owner)) == 2
    database.close()
    other.close()


# ---------------------------------------------------------------- what fails


def failing(monkeypatch: pytest.MonkeyPatch, words: str, error: Exception) -> list[str]:
    """Let the engine fail at these words; gives a list to which it adds everything that it is told."""
    told: list[str] = []
    advance = engine.advance

    def poisoned(content: Content, record: Record, action: Action, perform: Perform, *, beside: bool) -> engine.Turn:
        said = action.text if isinstance(action, Said) else ""
        told.append(said)
        if said == words:
            raise error
        return advance(content, record, action, perform, beside=beside)

    monkeypatch.setattr(engine, "advance", poisoned)
    return told


def test_a_turn_that_fails_leaves_nothing_and_can_be_taken_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = new_intake(database)
    intake.take(event("1", Opened()))
    before = {table.name: rows(database, table) for table in metadata.sorted_tables}
    with monkeypatch.context() as patch:
        failing(patch, "poison", ValueError("of no kind the database knows"))
        for address in ("owner", "new"):
            with pytest.raises(ValueError, match="of no kind"):
                intake.take(event("2", Said("poison"), address))
    assert {table.name: rows(database, table) for table in metadata.sorted_tables} == before
    assert intake.take(event("2", Said("poison"))).turn == 2


def test_a_poisonous_event_does_not_spoil_its_neighbours(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    error = ValueError("poison")
    failing(monkeypatch, "poison", error)
    events = [
        event("1", Said("こんにちは")),
        event("2", Said("poison")),
        event("3", Said("メニュー")),
        event("4", Said("poison"), "new"),
        event("5", Said("こんにちは"), "other"),
    ]
    futures = batch(new_intake(database), events)
    assert [future.exception() for future in futures] == [None, error, None, error, None]
    assert [futures[n].result().turn for n in (0, 2, 4)] == [1, 2, 1]
    assert {row["event_id"] for row in rows(database, inbox_table)} == {"1", "3", "5"}
    assert len(rows(database, contact)) == 2


def test_a_database_that_fails_is_not_asked_for_every_event_of_a_batch(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = OperationalError("SELECT 1", None, Exception("away"))
    told = failing(monkeypatch, "poison", away)
    events = [event(str(n), Said("poison"), f"owner{n}") for n in range(20)]
    futures = batch(new_intake(database), events)
    assert [future.exception() for future in futures] == [away] * 20
    assert len(told) == 1


def test_a_lost_race_is_run_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = IntegrityError("INSERT", None, Exception("somebody was faster"))
    told = failing(monkeypatch, "poison", lost)
    with pytest.raises(IntegrityError):
        new_intake(database).take(event("1", Said("poison")))
    assert len(told) == TRIES
    assert rows(database, inbox_table) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has no server
def test_a_connection_that_the_server_ends_in_a_turn_is_made_anew(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, executioner = Database(database_url), Database(database_url)
    ours = inbox.add

    def add(connection: Connection, noted: Sequence[inbox.Row]) -> list[bool]:
        monkeypatch.setattr(inbox, "add", ours)
        (own,) = connection.exec_driver_sql("SELECT pg_backend_pid()").one()
        with executioner.reading() as other:
            other.execute(text("SELECT pg_terminate_backend(:own, 5000)"), {"own": own})
        return ours(connection, noted)

    monkeypatch.setattr(inbox, "add", add)
    assert new_intake(database).take(event("1", Opened())).turn == 1
    assert numbers(database) == [1]
    database.close()
    executioner.close()


def test_whoever_stops_waiting_stops_nobody_else(database: Database) -> None:
    """As when a server is stopped, and the requests under way are cancelled."""
    intake = new_intake(database)

    async def impatiently() -> None:
        waiting = asyncio.wrap_future(intake.submit(event("1", Opened())))
        waiting.cancel()
        intake.start()
        await asyncio.wrap_future(intake.submit(event("2", Said("メニュー"))))

    asyncio.run(impatiently())
    intake.stop()
    assert numbers(database) == [1, 2]


# ---------------------------------------------------------------- what is kept


def test_an_owner_came_by_the_way_of_the_first_contact(database: Database) -> None:
    intake = new_intake(database)
    intake.take(event("1", Opened(), code="flyer"))
    intake.take(event("2", Opened(), code="newsletter"))
    intake.take(event("3", Said("こんにちは"), "other"))
    assert [row["came_by"] for row in rows(database, contact)] == ["flyer", None]


def test_consent_is_kept_with_the_version_of_the_notice(database: Database) -> None:
    intake, talker = new_intake(database), Talker("owner")
    talker.hear(intake.take(talker.event()))
    assert [(row["notice"], row["consented_at"]) for row in rows(database, owner)] == [(None, None)]
    talker.hear(new_intake(database, later(minutes=1)).take(talker.event()))
    talker.hear(new_intake(database, later(minutes=2)).take(talker.event()))
    assert [(row["notice"], row["consented_at"]) for row in rows(database, owner)] == [(NOTICE, later(minutes=1))]


def test_what_an_owner_said_is_kept_up_to_a_length(database: Database) -> None:
    intake = new_intake(database)
    intake.take(event("1", Opened()))
    intake.take(event("2", Said("長" * 3 * SAID_LIMIT)))
    assert [row["said"] for row in rows(database, outbox)] == ["", "長" * SAID_LIMIT]


@pytest.mark.parametrize("odd", ["a\0b", "a\ud83db", "\0"], ids=["nul", "half a pair", "nul alone"])
def test_signs_that_no_database_takes_stop_nothing(database: Database, odd: str) -> None:
    intake = new_intake(database)
    actions: list[Action] = [
        Opened(),
        Said(odd),
        Tapped(odd, odd, odd),
        Command("discard", odd),
        Sent("file"),
        Said("メニュー"),
    ]
    for n, action in enumerate(actions, 1):
        assert intake.take(event(f"{odd}{n}", action, code=odd)).turn == n
        assert intake.take(event(f"{odd}{n}", action, code=odd)).messages == ()
    assert numbers(database) == [1, 2, 3, 4, 5, 6]


def test_two_contacts_of_one_owner_have_one_conversation(database: Database) -> None:
    new_intake(database).take(event("1", Opened()))
    (first,) = rows(database, contact)
    with database.writing() as connection:
        connection.execute(insert(contact).values(first | {"id": 99, "address": "also the owner"}))
    events = [event("2", Said("メニュー")), event("3", Said("メニュー"), "also the owner")]
    taken = [future.result() for future in batch(new_intake(database), events)]
    assert sorted(one.turn for one in taken) == [2, 3]
    assert {row["contact_id"] for row in rows(database, outbox)} == {first["id"], 99}
    assert rows(database, owner)[0]["turns"] == 3
