"""The audit log of an agency, which its admins can read and nobody can change."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from bot.desk.doors import Door, Rule, number
from bot.desk.sheets import csv_file
from bot.desk.visits import Answer, Page, Visit
from scheduler.days import in_japan
from storage import audits, members
from storage.audits import Entry

AUDIT = "/desk/audit"
ROWS = 100
WORDS = Path(__file__).with_name("acts.toml")


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the log in words; `at` is by Japan's clock, `who` "" for who runs the server."""

    at: datetime
    who: str
    act: str
    subject: str
    data: str


@cache
def words() -> dict[str, dict[str, str]]:
    """What acts and subjects are called."""
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))


def audit(visit: Visit) -> Answer:
    """The newest rows of the log, or those before one of them; of one member or one act, if wanted."""
    before = number(visit, "before")
    rows = audits.of_agency(visit.connection, visit.agency.id, before=before, most=ROWS + 1, **_filter(visit))
    people = _people(visit)
    values = {
        "lines": [_line(row, people) for row in rows[:ROWS]],
        "older": rows[ROWS - 1].id if len(rows) > ROWS else None,
        "newest": before is None,
        "acts": {act: words()["acts"].get(act, act) for act in audits.acts(visit.connection, visit.agency.id)},
        "people": people,
        "chosen": {name: visit.query.get(name, "") for name in ("member", "act")},
    }
    return Page("desk/audit.html", values)


def _filter(visit: Visit) -> dict[str, Any]:
    return {"member_id": number(visit, "member"), "act": visit.query.get("act", "")[:40]}


def _people(visit: Visit) -> dict[int, str]:
    return {one.id: one.name for one in members.of_agency(visit.connection, visit.agency.id)}


def _line(row: Entry, people: dict[int, str]) -> Line:
    kind, _, id = row.subject.partition(":")
    known = people.get(int(id)) if kind == "member" and id.isdigit() else None
    return Line(
        in_japan(row.at),
        people.get(row.member_id, _subject("member", str(row.member_id))) if row.member_id else "",
        words()["acts"].get(row.act, row.act),
        known or _subject(kind, id),
        " ".join(words()["data"].get(f"{name}.{value}", f"{name}={value}") for name, value in row.data.items()),
    )


def _subject(kind: str, id: str) -> str:
    return f"{words()['subjects'].get(kind, kind)} {id}".strip()


def table(visit: Visit) -> Answer:
    """The log as a table for a spreadsheet, by the same filter."""
    people = _people(visit)
    lines = [_line(row, people) for row in audits.of_agency(visit.connection, visit.agency.id, **_filter(visit))]
    rows = [(f"{one.at:%Y-%m-%d %H:%M:%S}", one.who, one.act, one.subject, one.data) for one in lines]
    return csv_file([list(words()["columns"].values()), *rows], "audit", visit.query)


DOORS = [
    Door("GET", AUDIT, audit, Rule.ADMIN),
    Door("GET", f"{AUDIT}.csv", table, Rule.ADMIN, "audit.export"),
]
