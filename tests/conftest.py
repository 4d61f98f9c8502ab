"""The fixtures that every test may ask for, and the options of our own."""

import pytest

pytest_plugins = ["tests.databases", "tests.browser", "tests.standin"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Our options."""
    parser.addoption(
        "--write-transcripts", action="store_true", help="write tests/transcripts anew instead of comparing with them"
    )
