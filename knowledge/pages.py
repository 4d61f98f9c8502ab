"""The official pages that entries of the FAQ link to, each with the day on which somebody last saw that it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from knowledge.problems import ContentError, Problem
from knowledge.tables import no_twins, open_table

FILE = Path(__file__).with_name("sources.toml")


@dataclass(frozen=True, slots=True)
class Page:
    """A page that may be linked to."""

    url: str
    name: str
    checked: date


def load(path: Path = FILE) -> Mapping[str, Page]:
    """The pages by address; raises ContentError with every problem in the file."""
    problems: list[Problem] = []
    top = open_table(path, problems)
    rows = top.tables("sources")
    top.close()
    no_twins(rows, "url")
    pages = [Page(row.text("url"), row.text("name"), row.day("checked")) for row in rows]
    for row in rows:
        row.close()
    if problems:
        raise ContentError(tuple(problems))
    return {page.url: page for page in pages}


@cache
def pages() -> Mapping[str, Page]:
    """The pages that come with Banso."""
    return load()
