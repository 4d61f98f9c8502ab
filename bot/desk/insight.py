"""Insight: how owners fare, in sums of an agency's owners or of all agencies', as pages and as files."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.responses import Response

from bot.desk import charts, figures
from bot.desk.doors import Door, Rule
from bot.desk.figures import BY, Funnel, Needs, Vain, Votes, percent, words
from bot.desk.hiding import FEWEST, Shown
from bot.desk.sheets import csv_file
from bot.desk.visits import Answer, Page, Visit
from scheduler.days import in_japan, moment_words
from storage.agencies import Agency
from storage.insights import Scope
from storage.journeys import STAGES

# By Japan's clock a day begins so long before it does by that of the database.
AHEAD = timedelta(hours=9)
# A period is asked for in months ("2026-11"): two days apart, two answers would differ by one day's people.
MONTH = re.compile("^(2[0-9]{3})-(0[1-9]|1[0-2])$")
ALL = "all"
# The pages, by the last part of their address ("" is the first).
TABS = ("", "leaving", "needs", "voices")

Figure = TypeVar("Figure")


@dataclass(frozen=True, slots=True)
class Looking:
    """What somebody looks at: by what, from which month to which (the last included), and at all agencies or one.

    Months are their first days. `wrong` names what was asked for and can't be.
    """

    by: str
    since: date | None
    until: date | None
    agency: str
    wrong: tuple[str, ...]

    def scope(self, agency: Agency) -> Scope:
        """Whose owners are counted."""
        since = _begins(self.since) if self.since else None
        until = _begins((self.until + timedelta(days=31)).replace(day=1)) if self.until else None
        return Scope(None if self.agency else agency.id, since, until, agency.id)

    @property
    def months(self) -> dict[str, str]:
        """From which month to which, as it stands in an address; "" for none."""
        return {name: f"{day:%Y-%m}" if day else "" for name, day in (("from", self.since), ("to", self.until))}

    def address(self, **other: str) -> str:
        """The same as the query of an address, with something else in place of what it says."""
        said = {"by": self.by, **self.months, "agency": self.agency} | other
        return urlencode({name: value for name, value in said.items() if value})


def _begins(day: date) -> datetime:
    return datetime(day.year, day.month, day.day) - AHEAD  # noqa: DTZ001 - UTC without zone


def looking(visit: Visit) -> Looking:
    """What a query asks for; what it can't have is left as if it had not been asked for."""
    query, wrong = visit.query, []
    months: dict[str, date | None] = {}
    for name in ("from", "to"):
        given = query.get(name, "").strip()
        months[name] = _month(given)
        wrong += [name] if given and months[name] is None else []
    everywhere = query.get("agency") == ALL
    if everywhere and not may_see_all(visit):
        wrong.append("agency")
    agency = ALL if everywhere and may_see_all(visit) else ""
    by = query.get("by", "") or BY[0]
    if by not in choices(agency):
        wrong += ["by"]
        by = BY[0]
    return Looking(by, months["from"], months["to"], agency, tuple(wrong))


def _month(given: str) -> date | None:
    found = MONTH.fullmatch(given)
    return date(int(found[1]), int(found[2]), 1) if found else None


def may_see_all(visit: Visit) -> bool:
    """Whether somebody may see sums over all agencies."""
    return visit.agency.home and visit.member.role == "admin"


def choices(agency: str) -> list[str]:
    """By what the ways of an agency's owners, or those of all agencies, can be looked at."""
    return [by for by in BY if by != ("referral" if agency else "agency")]


def counted(visit: Visit, at: Looking, count: Callable[..., Figure], *more: str) -> tuple[datetime, Figure]:
    """When a figure was counted (UTC), and what it is."""
    scope, content = at.scope(visit.agency), visit.parts.content
    key = (count.__name__, scope, more)
    return visit.parts.figures.get(key, visit.now, lambda: count(visit.connection, content, scope, *more))


# ---------------------------------------------------------------- pages


def _page(visit: Visit, at: Looking, tab: str, when: datetime, values: dict[str, Any]) -> Page:
    known = {
        "at": at,
        "tab": tab,
        "tabs": {name: words()["tabs"][name or "funnel"] for name in TABS},
        "choices": {by: words()["by"][by] for by in choices(at.agency)},
        "all": may_see_all(visit),
        "when": moment_words(in_japan(when)),
        "fewest": FEWEST,
        "words": words(),
    }
    return Page(f"desk/insight_{tab or 'funnel'}.html", known | values)


def funnel(visit: Visit) -> Answer:
    """How far owners came."""
    at = looking(visit)
    when, found = counted(visit, at, figures.funnel, at.by)
    stages = zip(words()["stages"].values(), found.total.counts, strict=True)
    ways = charts.bars((name, count, None) for name, count in stages)
    groups = charts.bars((one.name, one.counts[0], one.counts[2]) for one in found.groups)
    values = {"funnel": found, "ways": ways, "groups": groups, "narrowest": narrowest(found.total.counts)}
    return _page(visit, at, "", when, values)


def narrowest(counts: Shown) -> tuple[str, str, int] | None:
    """The two stages shown between which most are lost, and what part came from the one to the other, in percent.

    None where nobody is lost.
    """
    shown = [(stage, count) for stage, count in zip(STAGES, counts, strict=True) if count is not None]
    steps = [(percent(n, before), one, stage) for (one, before), (stage, n) in pairwise(shown)]
    parts = [(part, one, stage) for part, one, stage in steps if part is not None and part < 100]
    part, before, stage = min(parts, key=lambda step: step[0], default=(0, "", ""))
    return (before, stage, part) if stage else None


def leaving(visit: Visit) -> Answer:
    """Where owners stop."""
    at = looking(visit)
    when, stops = counted(visit, at, figures.leaving)
    depths = {
        depth: (
            [stop for stop in stops if stop.depth == depth],
            charts.bars((stop.title, stop.reached, stop.left) for stop in stops if stop.depth == depth),
        )
        for depth in words()["depths"]
    }
    return _page(visit, at, "leaving", when, {"depths": {depth: found for depth, found in depths.items() if found[0]}})


def needs(visit: Visit) -> Answer:
    """Challenges and tools."""
    at = looking(visit)
    when, found = counted(visit, at, figures.needs)
    rows = zip(found.challenges, found.cells, strict=True)
    values = {
        "needs": found,
        "rows": list(rows),
        "challenges": charts.bars((one.name, one.count, None) for one in found.challenges),
        "tools": charts.bars((one.name, one.count, None) for one in found.tools),
    }
    return _page(visit, at, "needs", when, values)


def voices(visit: Visit) -> Answer:
    """Whether owners recommend us, and what they asked in vain."""
    at = looking(visit)
    when, found = counted(visit, at, figures.votes)
    _, vain = counted(visit, at, figures.vain)
    names = words()["votes"]
    drawn = {
        one.kind: charts.bars((names[part], getattr(one, part), None) for part in PARTS)
        for one in found
        if one.promoters is not None
    }
    asked = charts.bars((one.name, one.count, None) for one in vain.areas)
    return _page(visit, at, "voices", when, {"votes": found, "drawn": drawn, "vain": vain, "asked": asked})


PARTS = ("promoters", "passives", "detractors")


# ---------------------------------------------------------------- files

Rows = list[Sequence[object]]


def _file(visit: Visit, name: str, rows: Rows) -> Response:
    hidden = words()["columns"]["hidden"]
    filled = [[hidden if value is None else value for value in row] for row in rows]
    return csv_file(filled, f"banso-{name}", visit.query)


def funnel_rows(found: Funnel) -> Rows:
    """The table of the stages, a line a group."""
    stages, rate = words()["stages"], words()["columns"]["rate"]
    later = [[name, f"{name}({rate}、%)"] for name in list(stages.values())[1:]]
    head = [words()["by"][found.by], stages["came"], *(label for pair in later for label in pair)]
    rows: Rows = [head]
    for group in (found.total, *found.groups):
        pairs = zip(group.counts[1:], group.rates[1:], strict=True)
        rows.append([group.name, group.counts[0], *(value for n, part in pairs for value in (n, _known(n, part)))])
    return rows


def _known(count: int | None, part: int | None) -> int | str | None:
    """A part of the stage before; "" where there is nobody of whom it would be one."""
    return "" if part is None and count is not None else part


def funnel_file(visit: Visit) -> Answer:
    """The stages as a file."""
    at = looking(visit)
    _, found = counted(visit, at, figures.funnel, at.by)
    return _file(visit, "funnel", funnel_rows(found))


def leaving_file(visit: Visit) -> Answer:
    """Where owners stop, as a file."""
    _, stops = counted(visit, looking(visit), figures.leaving)
    depths, columns = words()["depths"], words()["columns"]
    rows: Rows = [[columns[name] for name in ("depth", "question", "reached", "left")]]
    rows += [[depths[stop.depth], stop.title, stop.reached, stop.left] for stop in stops]
    return _file(visit, "leaving", rows)


def needs_rows(found: Needs) -> Rows:
    """The table of challenges and tools."""
    columns = words()["columns"]
    rows: Rows = [[columns["challenge"], columns["people"], *(tool.name for tool in found.tools)]]
    rows.append([columns["total"], found.total, *(tool.count for tool in found.tools)])
    rows += [[one.name, one.count, *cells] for one, cells in zip(found.challenges, found.cells, strict=True)]
    return rows


def needs_file(visit: Visit) -> Answer:
    """Challenges and tools as a file."""
    _, found = counted(visit, looking(visit), figures.needs)
    return _file(visit, "needs", needs_rows(found))


def voices_rows(found: Sequence[Votes], vain: Vain) -> Rows:
    """The votes, a line each; then what was asked in vain."""
    names, columns = words()["votes"], words()["columns"]
    rows: Rows = [[columns["score"], *(names[one.kind] for one in found)]]
    rows += [[names[part], *(getattr(one, part) for one in found)] for part in ("asked", "answered", *PARTS, "nps")]
    rows += [[], [columns["area"], columns["owners"]], *([one.name, one.count] for one in vain.areas)]
    rows += [[], [columns["entry"], columns["owners"]], *([one.name, one.count] for one in vain.entries)]
    return rows


def voices_file(visit: Visit) -> Answer:
    """Votes and questions as a file."""
    at = looking(visit)
    _, found = counted(visit, at, figures.votes)
    _, vain = counted(visit, at, figures.vain)
    return _file(visit, "voices", voices_rows(found, vain))


DOORS = [
    Door("GET", "/desk/insight", funnel, Rule.STAFF),
    Door("GET", "/desk/insight.csv", funnel_file, Rule.STAFF),
    Door("GET", "/desk/insight/leaving", leaving, Rule.STAFF),
    Door("GET", "/desk/insight/leaving.csv", leaving_file, Rule.STAFF),
    Door("GET", "/desk/insight/needs", needs, Rule.STAFF),
    Door("GET", "/desk/insight/needs.csv", needs_file, Rule.STAFF),
    Door("GET", "/desk/insight/voices", voices, Rule.STAFF),
    Door("GET", "/desk/insight/voices.csv", voices_file, Rule.STAFF),
]
