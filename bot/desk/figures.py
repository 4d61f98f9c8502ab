"""Figures: what is counted of owners, as the pages of the desk, its files and its API show it.

Nothing small is in them (hiding). They are kept for a minute, as all of an agency's people look at the same.
"""

import threading
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bot.desk import hiding
from bot.desk.hiding import Shown
from dialogs.content import Content
from scoring.questionnaire import Questionnaire
from storage import agencies, insights
from storage.insights import Scope
from storage.journeys import STAGES

# By what the way of owners can be looked at; "agency" where all agencies are, "referral" where one is.
BY = ("time", "referral", "channel", "industry", "size", "prefecture", "literacy", "agency")
# So long a figure is good for, and so many are kept.
KEPT, MOST = timedelta(minutes=1), 500
# Up to so many weeks are shown as weeks, more as months.
WEEKS = 6
# How days are put together in periods, each by its first day.
Gathering = Callable[[Mapping[date, tuple[int, ...]]], dict[date, tuple[int, ...]]]
VOTES = ("check", "booking")


@cache
def words() -> dict[str, dict[str, str]]:
    """The words of each table of insight.toml."""
    tables: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("insight.toml").read_text("utf-8"))
    return tables


@dataclass(frozen=True, slots=True)
class Group:
    """Some owners, and how many of them came how far: one count a stage of STAGES, None where it is hidden."""

    id: str
    name: str
    counts: Shown

    @property
    def rates(self) -> Shown:
        """What part of those at the stage before came to each stage, in percent; None where it can't be said."""
        pairs = zip((None, *self.counts), self.counts, strict=False)
        return tuple(percent(count, before) for before, count in pairs)


@dataclass(frozen=True, slots=True)
class Funnel:
    """How far owners came: all of them, and in groups; `by` is one of BY."""

    by: str
    total: Group
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """A question of a check: how many came to it and how many stopped there, None where that is hidden."""

    depth: str
    question: str
    title: str
    reached: int | None
    left: int | None


@dataclass(frozen=True, slots=True)
class Need:
    """A challenge or a tool, and how many have it."""

    id: str
    name: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Needs:
    """Challenges and tools of so many owners; `cells` has a row a challenge, with one count a tool."""

    total: int | None
    challenges: tuple[Need, ...]
    tools: tuple[Need, ...]
    cells: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Votes:
    """Who was asked whether they recommend us after a "check" or a "booking", and what they said."""

    kind: str
    asked: int | None
    answered: int | None
    promoters: int | None
    passives: int | None
    detractors: int | None
    nps: int | None


@dataclass(frozen=True, slots=True)
class Vain:
    """How many owners asked in vain: about which areas of the FAQ, and which entries they found wrong.

    Only those that many asked about are here.
    """

    areas: tuple[Need, ...]
    entries: tuple[Need, ...]


def percent(part: int | None, whole: int | None) -> int | None:
    """A part of a whole, in percent."""
    return round(100 * part / whole) if part is not None and whole else None


# ---------------------------------------------------------------- counting


def funnel(connection: Connection, content: Content, scope: Scope, by: str) -> Funnel:
    """How far owners came."""
    if by == "time":
        return _over_time(insights.stages(connection, scope, "day"))
    measures = insights.stages(connection, scope, by)
    names = _names(connection, content, scope, by)
    order = [*names, *sorted(measures[0].keys() - names.keys(), key=str)]
    return _funnel(by, [{key: counts[key] for key in order if key in counts} for counts in measures], names)


def _funnel(by: str, measures: Sequence[Mapping[Any, tuple[int, ...]]], names: Mapping[Any, str]) -> Funnel:
    """The ways of groups, in their order."""
    shown, total = hiding.beside(*measures) if measures[0] else ({}, (0,) * len(STAGES))
    unknown = words()["columns"]["unknown"]
    lines = [Group(str("" if key is None else key), names.get(key, unknown), steps) for key, steps in shown.items()]
    return Funnel(by, Group("", words()["columns"]["total"], total), tuple(lines))


def _names(connection: Connection, content: Content, scope: Scope, by: str) -> dict[Any, str]:
    """What groups are called, in the order in which they are shown."""
    known, columns = words(), words()["columns"]
    match by:
        case "agency":
            return {one.id: one.name for one in agencies.all_of(connection)} | {None: columns["nowhere"]}
        case "referral":
            return insights.ways(connection, scope.agency_id or 0) | {None: columns["direct"]}
        case "channel" | "literacy":
            return known["channels" if by == "channel" else by]
        case "time":
            return {}
    return {choice.value: choice.label for choice in content.questionnaire.questions[by].choices}


def _over_time(days: Sequence[Mapping[date, tuple[int, ...]]]) -> Funnel:
    """The ways of those who came in each week, where these are few weeks and nothing of them is hidden; or month."""
    if days[0] and (max(days[0]) - min(days[0])).days < 7 * WEEKS:
        by_week = _periods(days, insights.weeks, lambda monday: monday + timedelta(weeks=1), "week")
        if None not in by_week.total.counts and all(None not in week.counts for week in by_week.groups):
            return by_week
    return _periods(days, insights.months, lambda first: (first + timedelta(days=31)).replace(day=1), "month")


def _periods(
    days: Sequence[Mapping[date, tuple[int, ...]]], gathered: Gathering, after: Callable[[date], date], kind: str
) -> Funnel:
    """Days `gathered` in periods, without a gap; `after` gives the first day of the next."""
    begins: list[date] = []
    while days[0] and (not begins or after(begins[-1]) <= max(days[0])):
        begins.append(after(begins[-1]) if begins else min(gathered(days[0])))
    found, nobody = [gathered(each) for each in days], (0,) * len(STAGES)
    name = words()["columns"][kind]
    names = {day.isoformat(): name.format(year=day.year, month=day.month, day=day.day) for day in begins}
    return _funnel("time", [{day.isoformat(): each.get(day, nobody) for day in begins} for each in found], names)


def leaving(connection: Connection, content: Content, scope: Scope) -> tuple[Stop, ...]:
    """Where those who began stopped, question by question, in the order of each check."""
    measures = insights.standing(connection, scope)
    ways = [_began(standing) for standing in measures]
    shown = hiding.beside(*ways)[0] if ways[0] else {}
    stops: list[Stop] = []
    for depth in words()["depths"]:
        first, last = shown.get(depth, (None, None))
        if first:
            left = [
                {question: count for (where, question), count in standing.items() if where == depth and question}
                for standing in measures
            ]
            began = [way[depth][0] for way in ways]
            stops += _stops(content.questionnaire, depth, began, left, ended=last is not None)
    return tuple(stops)


def _began(standing: Mapping[tuple[str, str], int]) -> dict[str, tuple[int, int]]:
    """How many began each check, and how many ended it."""
    ways = {depth: (0, 0) for depth, _ in standing}
    for (depth, question), count in standing.items():
        began, done = ways[depth]
        ways[depth] = began + count, done + (0 if question else count)
    return ways


def _stops(
    asked: Questionnaire, depth: str, began: Sequence[int], left: Sequence[Mapping[str, int]], *, ended: bool
) -> list[Stop]:
    """The questions of one check. Those of whom it is not known where they stand have come to none of them.

    How many have `ended` it is not told where that is hidden.
    """
    order = [question for question in questions(asked, depth) if question in asked.questions]
    reached = [_reached(order, *measure) for measure in zip(began, left, strict=True)]
    steps = hiding.along(*(each if ended else each[:-1] for each in reached))[1:]
    after = (*steps[1:], None)
    return [
        Stop(depth, question, asked.questions[question].title, here, _less(here, then))
        for question, here, then in zip(order, steps, after, strict=False)
    ]


def _reached(order: Sequence[str], began: int, left: Mapping[str, int]) -> list[int]:
    """How many began, how many came to each of these questions, and how many came beyond them."""
    reached = [began, began - sum(count for question, count in left.items() if question not in order)]
    for question in order:
        reached.append(reached[-1] - left.get(question, 0))
    return reached


def _less(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else before - after


def questions(asked: Questionnaire, depth: str) -> list[str]:
    """The questions of a check in their order, with those that only some are asked."""
    quick = depth == "quick"
    items = [item.question for item in asked.items_for(quick)]
    pairs = [pair.id for literacy in ("low", "high") for pair in asked.pairs_for(literacy, quick)]
    if quick:
        return ["picks", "stage", *items, *pairs]
    profile = ("industry", "size", "prefecture", "form")
    return [*(one.question for one in asked.challenges), "started", "q3", *items, *pairs, *profile, "vision"]


def needs(connection: Connection, content: Content, scope: Scope) -> Needs:
    """Challenges and tools, by the latest result of each owner."""
    measures, asked = insights.needs(connection, scope), content.questionnaire
    cells, rows, columns = hiding.crossed(*(_table(asked, found) for found in measures))
    return Needs(
        hiding.shown(*(found.total for found in measures)),
        tuple(Need(one.id, one.label, rows[one.id]) for one in asked.challenges),
        tuple(Need(one.id, one.label, columns[one.id]) for one in asked.tools),
        tuple(tuple(cells[row.id, column.id] for column in asked.tools) for row in asked.challenges),
    )


def _table(asked: Questionnaire, found: insights.Needs) -> hiding.Table[str, str]:
    challenges = {one.id: found.challenges.get(one.id, 0) for one in asked.challenges}
    tools = {one.id: found.tools.get(one.id, 0) for one in asked.tools}
    return found.both, challenges, tools, found.total


def votes(connection: Connection, content: Content, scope: Scope) -> tuple[Votes, ...]:
    """Whether owners recommend us."""
    found = []
    for kind in VOTES:
        asked, *said = insights.votes(connection, scope, kind)
        (promoters, passives, detractors), score = hiding.voted(*said)
        were_asked, answered = hiding.along((asked, sum(said)))
        found.append(Votes(kind, were_asked, answered, promoters, passives, detractors, score))
    return tuple(found)


def vain(connection: Connection, content: Content, scope: Scope) -> Vain:
    """What owners asked in vain."""
    areas = {area or "none": count for area, count in insights.in_vain(connection, scope).items()}
    entries = insights.found_wrong(connection, scope)
    names = words()["areas"]
    return Vain(
        tuple(Need(id, name, areas[id]) for id, name in names.items() if areas.get(id, 0) >= hiding.FEWEST),
        tuple(
            Need(id, content.faq[id].title, count)
            for id, count in sorted(entries.items(), key=lambda entry: -entry[1])
            if count >= hiding.FEWEST and id in content.faq
        ),
    )


# ---------------------------------------------------------------- keeping


@dataclass(slots=True)
class Figures:
    """Figures that were counted within the last minute, with when that was."""

    kept: dict[Any, tuple[datetime, Any]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Any, now: datetime, count: Callable[[], Any]) -> tuple[datetime, Any]:
        """When a figure was counted, and what it is; counted now where that is too long ago."""
        with self.lock:
            found = self.kept.get(key)
            if found and now - found[0] < KEPT:
                return found
            if len(self.kept) >= MOST:
                self.kept.clear()
        counted = now, count()
        with self.lock:
            self.kept[key] = counted
        return counted
