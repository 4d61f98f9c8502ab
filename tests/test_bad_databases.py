"""A database that can't be written, or is away for a while: nothing is half done, and it goes on where it was."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from starlette.testclient import TestClient

from bot.app import make_app
from dialogs.content import packaged
from dialogs.events import Opened, Said
from storage import Database, migrate
from storage import database as database_module
from storage.schema import contact, inbox, metadata, outbox, owner
from tests.serving import settings_for
from tests.taking import batch, event, new_intake, rows

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Table

WRITTEN = [contact, inbox, outbox, owner]


def rename(database: Database, table: str, new: str) -> None:
    with database.writing() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO {new}"))


@pytest.mark.parametrize("table", WRITTEN, ids=lambda table: table.name)
def test_a_table_that_is_away_fails_the_turn_and_nothing_after_it(database: Database, table: Table) -> None:
    intake = new_intake(database)
    intake.take(event("1", Opened()))
    before = {table.name: rows(database, table) for table in metadata.sorted_tables}
    rename(database, table.name, "away")
    with pytest.raises(DBAPIError):
        intake.take(event("2", Said("メニュー")))
    futures = batch(new_intake(database), [event(f"new{n}", Said("メニュー"), f"owner{n}") for n in range(3)])
    assert all(isinstance(future.exception(), DBAPIError) for future in futures)
    rename(database, "away", table.name)
    assert {table.name: rows(database, table) for table in metadata.sorted_tables} == before
    assert intake.take(event("2", Said("メニュー"))).turn == 2


@pytest.mark.parametrize("blank_database_url", ["postgresql"], indirect=True)  # SQLite has no server
def test_a_server_that_is_away_fails_turns_until_it_is_back(blank_database_url: str) -> None:
    migrate(blank_database_url)
    database = Database(blank_database_url)
    intake = new_intake(database)
    intake.take(event("1", Opened()))
    address = urlsplit(blank_database_url)
    name = address.path.removeprefix("/")
    server = create_engine(address._replace(path="/postgres").geturl(), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'))
        ended = text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = :name")
        connection.execute(ended, {"name": name})
        for _ in range(2):
            with pytest.raises(OperationalError):
                intake.take(event("2", Said("メニュー")))
        connection.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'))
    server.dispose()
    assert intake.take(event("2", Said("メニュー"))).turn == 2
    assert [row["turn"] for row in rows(database, outbox)] == [1, 2]
    database.close()


def test_a_file_for_reading_only_fails_turns_and_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path / 'banso.sqlite3'}"
    migrate(url)
    writable = Database(url)
    new_intake(writable).take(event("1", Opened()))
    read_only = Database(f"sqlite:///file:{tmp_path / 'banso.sqlite3'}?mode=ro&uri=true")
    with pytest.raises(OperationalError, match="readonly"):
        new_intake(read_only).take(event("2", Said("メニュー")))
    assert [row["turn"] for row in rows(read_only, outbox)] == [1]
    assert new_intake(writable).take(event("2", Said("メニュー"))).turn == 2
    read_only.close()
    writable.close()
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [], "a folder was made of the address"


@pytest.mark.parametrize("broken", ["not a database" * 100, "SQLite format 3\0" + "x" * 5000])
def test_a_file_that_is_no_database_fails_turns(tmp_path: Path, broken: str) -> None:
    (tmp_path / "banso.sqlite3").write_text(broken, encoding="ascii")
    database = Database(f"sqlite:///{tmp_path / 'banso.sqlite3'}")
    with pytest.raises(DBAPIError):
        new_intake(database).take(event("1", Opened()))
    database.close()


def test_a_path_below_a_file_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        Database(f"sqlite:///{tmp_path / 'file' / 'banso.sqlite3'}")


def test_a_file_that_another_process_holds_too_long_fails_the_turn_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT", 1)
    url = f"sqlite:///{tmp_path / 'banso.sqlite3'}"
    migrate(url)
    database, other = Database(url), Database(url)
    with other.writing(), pytest.raises(OperationalError, match="locked"):
        new_intake(database).take(event("1", Opened()))
    assert new_intake(database).take(event("1", Opened())).turn == 1
    database.close()
    other.close()


def test_the_page_says_kindly_that_the_database_is_away_and_the_event_is_taken_once(database_url: str) -> None:
    database = Database(database_url)
    app = make_app(Database(database_url), packaged(), settings_for("http://testserver"))
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        client.get("/")
        words = {"text": "メニュー", "event": "said-once"}
        page = {"sec-fetch-site": "same-origin"}
        rename(database, "inbox", "away")
        for accept in ("text/html", "application/json"):
            away = client.post("/chat", data=words, headers=page | {"accept": accept})
            assert (away.status_code, away.headers["retry-after"]) == (503, "5")
            assert "<html" in away.text
            for trace in ("Traceback", "inbox", "INSERT", "sqlalchemy", "psycopg", "sqlite3", "Error"):
                assert trace not in away.text
        rename(database, "away", "inbox")
        assert [row["turn"] for row in rows(database, outbox)] == [1]
        for _ in range(2):
            assert client.post("/chat", data=words, headers=page).status_code == 303
        assert [(row["turn"], row["said"]) for row in rows(database, outbox)] == [(1, ""), (2, "メニュー")]
    database.close()
