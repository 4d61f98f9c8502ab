"""What the desk calls what is kept under ids of ours, from words.toml."""

import tomllib
from functools import cache
from pathlib import Path


@cache
def words() -> dict[str, dict[str, str]]:
    """The words of each table, by id."""
    tables: dict[str, dict[str, str]] = tomllib.loads(
        Path(__file__).with_name("words.toml").read_text(encoding="utf-8")
    )
    return tables
