"""The fixtures that every test may ask for, and the options of our own."""

import pytest

from storage import sealing
from tests.serving import KEY

pytest_plugins = ["tests.databases", "tests.browser", "tests.standin"]


@pytest.fixture(autouse=True)
def sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test writes is sealed with the key of the tests, whatever was used before; so do commands."""
    monkeypatch.setenv("DATA_KEYS", KEY)
    sealing.use([KEY])


def pytest_addoption(parser: pytest.Parser) -> None:
    """Our options."""
    parser.addoption(
        "--write-transcripts", action="store_true", help="write tests/transcripts anew instead of comparing with them"
    )
