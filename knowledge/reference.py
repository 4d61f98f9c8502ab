"""Where an owner is sent and what a result is held against: desks, materials and published figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TypeVar

from knowledge.problems import ContentError, Problem
from knowledge.tables import Table, no_twins, open_table

FILE = Path(__file__).with_name("reference.toml")
YOROZU = "yorozu"
SEGMENT = "segment-"
PREFECTURES = tuple(f"{number:02}" for number in range(1, 48))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What every stated fact carries: its source, the day it was checked, and its last day if any."""

    id: str
    source: str
    checked: date
    valid_until: date | None = None

    def expired(self, today: date) -> bool:
        """Whether the entry's last day has passed; that day itself still counts."""
        return self.valid_until is not None and self.valid_until < today


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk(Entry):
    """An office that an owner can turn to; without a `url` where we know no official page for certain."""

    name: str
    what: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Material(Entry):
    """Something that an owner can read or use alone."""

    name: str
    what: str
    url: str | None = None


Named = TypeVar("Named", Desk, Material)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure(Entry):
    """A published national figure: `value` as a number, `text` for the owner, `n` for how many were asked."""

    value: float
    text: str
    n: int


@dataclass(frozen=True, slots=True)
class Reference:
    """All entries by id; `yorozu` by prefecture code, as the same office stands in every prefecture."""

    desks: Mapping[str, Desk]
    yorozu: Mapping[str, Desk]
    materials: Mapping[str, Material]
    figures: Mapping[str, Figure]

    def desk(self, key: str, prefecture: str | None = None) -> Desk:
        """The desk of that id; of the yorozu desks the prefecture's own, where a code is given."""
        if key == YOROZU and prefecture:
            return self.yorozu[prefecture]
        return self.desks[key]

    def segments(self) -> dict[str, int]:
        """How many of the businesses counted nationally were of each segment, by the segment's id."""
        counted = {key: figure for key, figure in self.figures.items() if key.startswith(SEGMENT)}
        return {key.removeprefix(SEGMENT): int(figure.value) for key, figure in counted.items()}


def load(path: Path | None = None) -> Reference:
    """Read a reference file, by default Banso's own; raises ContentError with every problem in it."""
    problems: list[Problem] = []
    found = read(path or FILE, problems)
    if problems:
        raise ContentError(tuple(problems))
    return found


def read(path: Path, problems: list[Problem]) -> Reference:
    """A reference file as far as it can be read; what is wrong with it is noted in `problems`."""
    top = open_table(path, problems)
    groups = {key: top.tables(key) for key in ("desks", "yorozu", "materials", "figures")}
    top.close()
    for rows in groups.values():
        no_twins(rows, "id")
    desks = {key: _named(row, Desk, key, row.text("what")) for key, row in _by_id(groups["desks"])}
    if YOROZU not in desks:
        top.complain(f"has no desk {YOROZU!r}", "add it; the prefectures' take its `what`", "desks")
    what = desks[YOROZU].what if YOROZU in desks else ""
    yorozu = {code: _prefecture_desk(row, what) for code, row in _by_id(groups["yorozu"])}
    if missing := ", ".join(code for code in PREFECTURES if code not in yorozu):
        top.complain(f"has no row for {missing}", "add a row for each prefecture, 01 to 47", "yorozu")
    materials = {key: _named(row, Material, key, row.text("what")) for key, row in _by_id(groups["materials"])}
    figures = {key: _figure(row, key) for key, row in _by_id(groups["figures"])}
    return Reference(desks, yorozu, materials, figures)


@cache
def reference() -> Reference:
    """The reference that comes with Banso."""
    return load()


def _by_id(rows: list[Table]) -> list[tuple[str, Table]]:
    return [(row.text("id"), row) for row in rows]


def _prefecture_desk(row: Table, what: str) -> Desk:
    if row.data.get("id", PREFECTURES[0]) not in PREFECTURES:
        row.complain("is no prefecture code", 'write two digits, "01" to "47"', "id")
    return _named(row, Desk, YOROZU, what)


def _named(row: Table, kind: type[Named], key: str, what: str) -> Named:
    entry = kind(
        id=key,
        name=row.text("name"),
        what=what,
        url=_url(row),
        source=row.text("source"),
        checked=row.day("checked"),
        valid_until=_last_day(row),
    )
    row.close()
    return entry


def _figure(row: Table, key: str) -> Figure:
    figure = Figure(
        id=key,
        # A count is written 2194, a share 78.5: TOML has a type for each, we have one.
        value=row.take("value", float) if isinstance(row.data.get("value"), float) else row.number("value"),
        text=row.text("text"),
        n=row.number("n"),
        source=row.text("source"),
        checked=row.day("checked"),
        valid_until=_last_day(row),
    )
    row.close()
    return figure


def _url(row: Table) -> str | None:
    url = row.text("url", "")
    if url and not url.startswith(("https://", "http://")):
        row.complain("is no web address", "begin with https://, or leave `url` out", "url")
    return url or None


def _last_day(row: Table) -> date | None:
    return row.day("valid_until") if "valid_until" in row.data else None
