"""Databases to measure: made-up ones in a folder on a disk, written as durably as in earnest."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import create_engine, text

from storage import migrate
from tests import databases

# Where databases may be made, best first: many a machine has /tmp in memory.
PLACES = (tempfile.gettempdir(), "/var/tmp", ".")  # noqa: S108
IN_MEMORY = ("tmpfs", "ramfs")
# What the tests' server goes without, and a server in earnest must not.
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


def filesystem(folder: str | Path) -> str:
    """The kind of filesystem that a folder is on, as Linux tells."""
    mounts = Path("/proc/mounts")
    lines = mounts.read_text(encoding="utf-8").splitlines() if mounts.exists() else []
    kinds = {mount: kind for _, mount, kind, *_ in map(str.split, lines)}
    path = Path(folder).resolve()
    return next((kinds[str(place)] for place in (path, *path.parents) if str(place) in kinds), "unknown")


@contextmanager
def on_disk() -> Iterator[Path]:
    """A folder for databases, taken away in the end."""
    place = next((place for place in PLACES if filesystem(place) not in IN_MEMORY), PLACES[0])
    with tempfile.TemporaryDirectory(prefix="banso_bench_", dir=place) as folder:
        Path(folder).chmod(0o711)  # PostgreSQL may have to run as somebody else
        yield Path(folder)


def sqlite(folder: Path, name: str) -> str:
    """The URL of a new SQLite database."""
    url = f"sqlite:///{folder / name}.sqlite3"
    migrate(url)
    return url


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """The URL of a new database on a PostgreSQL server of our own: that of the tests, made durable."""
    os.environ.pop(databases.LENT, None)
    tempfile.tempdir = str(folder)
    run = cast("pytest.Config", object())
    databases.pytest_configure(run)
    try:
        url = databases.postgres_server()
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for setting in DURABLE:
                connection.execute(text(f"ALTER SYSTEM SET {setting} = on"))
            connection.execute(text("SELECT pg_reload_conf()"))
        engine.dispose()
        migrate(url)
        yield url
    finally:
        databases.pytest_unconfigure(run)
        databases.postgres_server.cache_clear()
        tempfile.tempdir = None


def described(url: str) -> str:
    """A PostgreSQL server's version, and whether it is durable."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in ("server_version", *DURABLE)}
    engine.dispose()
    return f"{found.pop('server_version')}, {', '.join(f'{name}={value}' for name, value in found.items())}"
