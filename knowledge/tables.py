"""Reading TOML content so that every problem of a file is reported together, with its place and remedy."""

import tomllib
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from knowledge.problems import Problem


class Table:
    """One table of a content file; what is missing or misspelt in it is noted in the shared `problems`."""

    def __init__(self, data: dict[str, Any], file: str, place: str, problems: list[Problem]) -> None:
        self.data = data
        self.file = file
        self.place = place
        self.problems = problems
        self.read: set[str] = set()

    def complain(self, what: str, remedy: str, key: str = "") -> None:
        """Note a problem at this table, or at one key of it."""
        place = ".".join(part for part in (self.place, key) if part) or "(top)"
        problem = Problem(self.file, place, what, remedy)
        if problem not in self.problems:
            self.problems.append(problem)

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        """The value of `key` where it is of `kind`; else `default`, noted as a problem where that is None."""
        self.read.add(key)
        value = self.data.get(key)
        # bool is an int for Python, but "counts = 1" for "counts = true" is a slip worth a word.
        if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
            return value
        if value is not None:
            self.complain(f"is not of type {kind.__name__}", f"write a {kind.__name__}", key)
        elif default is None:
            self.complain("is missing", f"add `{key} = …`", key)
        return kind() if default is None else default

    def text(self, key: str, default: str | None = None) -> str:
        """A non-empty string, unless a default is given."""
        value: str = self.take(key, str, default)
        if key in self.data and not value.strip() and default is None:
            self.complain("is empty", "write a text", key)
        return value

    def number(self, key: str, default: int | None = None) -> int:
        """A whole number."""
        value: int = self.take(key, int, default)
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false."""
        value: bool = self.take(key, bool, default)
        return value

    def day(self, key: str) -> date:
        """A day, as TOML's own date or as year-month-day in quotes."""
        self.read.add(key)
        value = self.data.get(key)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if value is None:
            self.complain("is missing", f'add `{key} = "2026-11-21"`, the day in that form', key)
            return date.min
        day = _iso_day(value)
        if day is None:
            self.complain(f"{value!r} is no date", 'write year-month-day, as in "2026-11-21"', key)
        return day or date.min

    def texts(self, key: str, default: Sequence[str] | None = ()) -> tuple[str, ...]:
        """A list of strings; None as default makes it obligatory."""
        value = self.take(key, list, None if default is None else list(default))
        if any(not isinstance(item, str) for item in value):
            self.complain("is not a list of texts", 'write ["…", "…"]', key)
            return ()
        return tuple(value)

    def table(self, key: str) -> "Table":
        """The table [key]."""
        # What is missing as a whole is one problem, not one for each key that it would hold.
        problems = self.problems if isinstance(self.data.get(key), dict) else []
        return Table(self.take(key, dict), self.file, f"{self.place}.{key}".lstrip("."), problems)

    def tables(self, key: str) -> list["Table"]:
        """The tables [[key]]; each is placed by its id or value where it has one, else by its number."""
        found = self.take(key, list)
        rows = [row for row in found if isinstance(row, dict)]
        if len(rows) < len(found):
            self.complain("is not a list of tables", f"write [[{key}]], or {{ … }} for each", key)
        place = f"{self.place}.{key}".lstrip(".")
        return [
            Table(row, self.file, f"{place}[{row.get('id', row.get('value', n))}]", self.problems)
            for n, row in enumerate(rows)
        ]

    def close(self) -> None:
        """Note every key that nothing has read: most often a misspelling."""
        for key in sorted(self.data.keys() - self.read):
            self.complain("is not known here", "correct the spelling or remove it", key)


def _iso_day(value: object) -> date | None:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    # fromisoformat also takes "20261121" and "2026-W47-6", which nobody reads at a glance.
    return day if str(day) == value else None


def open_table(path: Path, problems: list[Problem]) -> Table:
    """The top table of a TOML file; a file that can't be read is one problem and an empty table."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(Problem(path.name, "(file)", f"can't be read: {error}", "correct the TOML"))
        # Not raised: the other files are read all the same, and what is missing here is no problem of its own.
        return Table({}, path.name, "", [])
    return Table(data, path.name, "", problems)


def no_twins(tables: Sequence[Table], key: str) -> None:
    """Note every table whose `key` repeats that of one before it."""
    seen: set[object] = set()
    for table in tables:
        value = table.data.get(key)
        if value in seen:
            table.complain(f"{value!r} stands twice", "give each its own", key)
        seen.add(value)


def fill(table: Table, text: str, **values: str) -> str:
    """`text` with its {placeholders} filled; one that nothing fills is a problem of the table."""
    try:
        return text.format(**values)
    except (KeyError, IndexError, ValueError) as error:
        table.complain(f"has a placeholder that nothing fills: {error}", f"use {sorted(values)}")
        return text
