"""A database: its engine, reading and writing transactions, and its migrations."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor

from storage.texts import storable

MIGRATIONS = Path(__file__).with_name("migrations")
# How long a writer waits for another process's transaction on SQLite, in milliseconds.
BUSY_TIMEOUT = 10_000
# How often a new file is asked for its write-ahead log while others do the same.
WAL_TRIES = 20
# How long PostgreSQL may take to answer at all, in seconds.
CONNECT_TIMEOUT = 5
# The number under which PostgreSQL knows that somebody migrates: any that nobody else uses.
MIGRATING = 0x62616E736F

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Database:
    """One database. Transactions are short and hold nothing but storage: nobody sends inside one."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._writer = self.engine.execution_options(banso_writes=True)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes; on SQLite it takes the write lock at once, so that no update is lost."""
        with self._writer.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(
            url,
            json_serializer=_json,
            # The parameters of a statement are what owners said; they must not get into a log with its error.
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=8,
            max_overflow=8,
            connect_args={"connect_timeout": CONNECT_TIMEOUT},
        )
    # A "file:" address (SQLite's own, as for reading only) names no folder of ours.
    if parsed.database and parsed.database != ":memory:" and not parsed.database.startswith("file:"):
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, json_serializer=_json, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _json(data: Any) -> str:
    # Japanese as it is takes half the room of its escapes.
    return storable(_encode(data))


def _prepare_sqlite(connection: Any, _: object) -> None:
    # The driver's own transaction handling would begin late and lose updates; ours is explicit (see _begin_sqlite).
    dbapi: DBAPIConnection = connection
    dbapi.isolation_level = None
    cursor = dbapi.cursor()
    for pragma in (f"busy_timeout={BUSY_TIMEOUT}", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    _keep_wal(cursor)
    cursor.close()


def _keep_wal(cursor: DBAPICursor) -> None:
    """Have the database keep a write-ahead log.

    On a new file two processes may want that at the same moment, and SQLite refuses one of them at once instead of
    having it wait; so that one waits for the write lock, and asks again.
    """
    for _ in range(WAL_TRIES):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("COMMIT")
        else:
            return
    cursor.execute("PRAGMA journal_mode=WAL")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("banso_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def migrate(url: str) -> None:
    """Bring the database at `url` to the newest schema, making it where there is none."""
    database = Database(url)
    try:
        with database.writing() as connection:
            if connection.dialect.name == "postgresql":
                # Servers that start together migrate one after another; on SQLite the transaction sees to that.
                connection.execute(select(func.pg_advisory_xact_lock(MIGRATING)))
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        database.close()
