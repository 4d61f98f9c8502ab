"""The fixtures that every test may ask for, and the options of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storage import sealing
from tests.serving import KEY

if TYPE_CHECKING:
    from storage import Database
    from tests.desk import Two

pytest_plugins = ["tests.databases", "tests.browser", "tests.standin"]


@pytest.fixture(autouse=True)
def sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test writes is sealed with the key of the tests, whatever was used before; so do commands."""
    monkeypatch.setenv("DATA_KEYS", KEY)
    sealing.use([KEY])


@pytest.fixture
def people(database: Database) -> Two:
    """Two agencies with their people."""
    from tests.desk import two

    return two(database)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Our options."""
    parser.addoption(
        "--write-transcripts", action="store_true", help="write tests/transcripts anew instead of comparing with them"
    )
