"""Insights: how many owners came how far, left where, have which challenges and tools, and would recommend us."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Select,
    and_,
    case,
    cast,
    distinct,
    func,
    or_,
    select,
    text,
    true,
)

from storage.clients import SEEN
from storage.journeys import STAGES
from storage.schema import asked, client, journey, next_action, referral, survey
from storage.surveys import DETRACTS, PROMOTES

# By what owners can be told apart; "day" is the day of Japan's on which they came.
DIMENSIONS = ("agency", "referral", "channel", "industry", "size", "prefecture", "literacy", "day")


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose owners are counted: those who came first by this agency (None: all there are), since when until when.

    Times are UTC without zone; None has no end. `viewer` is the agency whose people look: who shares something with it,
    it knows one by one. So it is counted as well how many it does not see (all of them where there is no viewer).
    """

    agency_id: int | None
    since: datetime | None = None
    until: datetime | None = None
    viewer: int | None = None


# How many there are, by what they are told apart by, and how many of these the viewer of a scope does not see.
Measures = tuple[dict[Any, Any], dict[Any, Any]]


def _within(scope: Scope, at: ColumnElement[datetime]) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [true()]
    if scope.agency_id is not None:
        conditions.append(journey.c.agency_id == scope.agency_id)
    if scope.since:
        conditions.append(at >= scope.since)
    if scope.until:
        conditions.append(at < scope.until)
    return and_(*conditions)


def _counted(scope: Scope, *columns: ColumnElement[Any]) -> Select[Any]:
    """These columns of journeys, then how many there are and how many of them the viewer of a scope does not see."""
    everybody = func.count()
    if scope.viewer is None:
        return select(*columns, everybody, everybody)
    # Not by a join, which looks every client up by itself and takes five times as long.
    seen = select(client.c.owner_id).where(client.c.agency_id == scope.viewer, client.c.share.in_(SEEN))
    return select(*columns, everybody, func.count(case((journey.c.owner_id.not_in(seen), 1))))


def _reached(stage: str) -> ColumnElement[bool]:
    there = journey.c[f"{stage}_at"].is_not(None)
    # A platform tells us how to reach whoever has only opened the chat.
    return there & journey.c.finished_at.is_not(None) if stage == "contact" else there


# The furthest place that somebody has come to, as a number: the last of the stages that they reached.
_FURTHEST = case(*[(_reached(stage), place) for place, stage in reversed(list(enumerate(STAGES))) if place], else_=0)


def _dimension(connection: Connection, name: str) -> ColumnElement[Any]:
    match name:
        case "agency" | "referral":
            return journey.c[f"{name}_id"]
        case "literacy":
            # The first part of "high-banso".
            return case((journey.c.segment.startswith("high-"), "high"), (journey.c.segment == "", ""), else_="low")
        case "day" if connection.dialect.name == "postgresql":
            return cast(journey.c.came_at + text("interval '9 hours'"), Date)
        case "day":
            return func.date(journey.c.came_at, "+9 hours")
    return journey.c[name]


def stages(connection: Connection, scope: Scope, by: str) -> Measures:
    """How many came at least as far as each of the stages, by one of DIMENSIONS; and the same of those not seen.

    Days are dates, agencies and ways their ids (None: neither), all else the ids of the check ("": not known).
    """
    key = _dimension(connection, by).label("key")
    query = _counted(scope, key, _FURTHEST.label("place")).where(_within(scope, journey.c.came_at))
    counts: tuple[dict[Any, list[int]], dict[Any, list[int]]] = ({}, {})
    for value, place, *both in connection.execute(query.group_by("key", "place")):
        known = date.fromisoformat(value) if by == "day" and isinstance(value, str) else value
        for measure, count in zip(counts, both, strict=True):
            measure.setdefault(known, [0] * len(STAGES))[place] += count
    everybody, unseen = ({value: _at_least(places) for value, places in measure.items()} for measure in counts)
    return everybody, unseen


def _at_least(counts: list[int]) -> tuple[int, ...]:
    """From how many are at each place to how many are there or further."""
    return tuple(sum(counts[place:]) for place in range(len(counts)))


def standing(connection: Connection, scope: Scope) -> Measures:
    """How many began which check, and stand at which question; by (depth, question). And the same of those not seen.

    With the question "" are those who came further than the check, with "?" those of whom it is not known.
    """
    done = _FURTHEST.not_in([STAGES.index("came"), STAGES.index("began")])
    question = case((done, ""), (journey.c.stands == "", "?"), else_=journey.c.stands).label("question")
    began = _within(scope, journey.c.came_at) & _FURTHEST.not_in([STAGES.index("came")])
    query = _counted(scope, journey.c.depth, question).where(began).group_by(journey.c.depth, "question")
    found = connection.execute(query).all()
    return {(row[0], row[1]): row[2] for row in found}, {(row[0], row[1]): row[3] for row in found}


@dataclass(frozen=True, slots=True)
class Needs:
    """How many of `total` owners who have a result have which challenge, which tool, and both."""

    total: int
    challenges: Mapping[str, int]
    tools: Mapping[str, int]
    both: Mapping[tuple[str, str], int]


def needs(connection: Connection, scope: Scope) -> tuple[Needs, Needs]:
    """What owners' latest results say of challenges and tools; and the same of those not seen."""
    have = _within(scope, journey.c.came_at) & (journey.c.segment != "")
    query = _counted(scope, journey.c.challenges, journey.c.tools).where(have)
    found = connection.execute(query.group_by(journey.c.challenges, journey.c.tools)).all()
    return _needs([(row[0], row[1], row[2]) for row in found]), _needs([(row[0], row[1], row[3]) for row in found])


def _needs(found: Sequence[tuple[str, str, int]]) -> Needs:
    """Challenges and tools of owners, by how many have which of either listed."""
    by_challenges: dict[str, Counter[str]] = {}
    sizes: Counter[str] = Counter()
    for challenges, tools, count in found:
        by_challenges.setdefault(challenges, Counter())[tools] += count
        sizes[challenges] += count
    parted: dict[str, list[str]] = {}
    both: Counter[tuple[str, str]] = Counter()
    each: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for challenges, counts in by_challenges.items():
        own: Counter[str] = Counter()
        for tools, count in counts.items():
            if tools not in parted:
                parted[tools] = _parts(tools)
            for tool in parted[tools]:
                own[tool] += count
        each[1].update(own)
        for challenge in _parts(challenges):
            each[0][challenge] += sizes[challenges]
            for tool, count in own.items():
                both[challenge, tool] += count
    return Needs(sizes.total(), each[0], each[1], both)


def _parts(listed: str) -> list[str]:
    return [id for id in listed.split(",") if id]


def votes(connection: Connection, scope: Scope, kind: str) -> tuple[int, int, int, int]:
    """How many were asked whether they recommend us, and how many would, do not mind and would not.

    `kind` is "check" or "booking"; it goes by the day on which they were asked or answered.
    """
    score = survey.c.score
    groups = (score >= PROMOTES, (score > DETRACTS) & (score < PROMOTES), score <= DETRACTS)
    counted = [func.count(case((group, 1))) for group in groups]
    query = select(func.count(), *counted).join_from(survey, journey, journey.c.owner_id == survey.c.owner_id)
    row = connection.execute(query.where(survey.c.subject.startswith(f"{kind}:"), _within(scope, survey.c.at))).one()
    return row[0], row[1], row[2], row[3]


def in_vain(connection: Connection, scope: Scope) -> dict[str, int]:
    """How many owners asked something that had no sure answer or a wrong one, by what is nearest ("": nothing)."""
    vain = or_(asked.c.confident.is_(False), asked.c.verdict == "wrong")
    query = select(asked.c.area, func.count(distinct(asked.c.owner_id)))
    query = query.join_from(asked, journey, journey.c.owner_id == asked.c.owner_id)
    found = connection.execute(query.where(vain, _within(scope, asked.c.at)).group_by(asked.c.area))
    return dict(found.all())


def found_wrong(connection: Connection, scope: Scope) -> dict[str, int]:
    """How many owners found an entry of the FAQ wrong, by entry."""
    query = select(asked.c.rated, func.count(distinct(asked.c.owner_id)))
    query = query.join_from(asked, journey, journey.c.owner_id == asked.c.owner_id)
    wrong = (asked.c.verdict == "wrong") & asked.c.rated.is_not(None)
    found = connection.execute(query.where(wrong, _within(scope, asked.c.at)).group_by(asked.c.rated))
    return dict(found.all())


def ways(connection: Connection, agency_id: int) -> dict[int, str]:
    """What an agency's ways are called, by id."""
    query = select(referral.c.id, referral.c.name).where(referral.c.agency_id == agency_id)
    return dict(connection.execute(query).all())


def weeks(days: Mapping[date, tuple[int, ...]]) -> dict[date, tuple[int, ...]]:
    """Days in weeks, each by its Monday."""
    return _together(days, {day: day - timedelta(days=day.weekday()) for day in days})


def months(days: Mapping[date, tuple[int, ...]]) -> dict[date, tuple[int, ...]]:
    """Days in months, each by its first day."""
    return _together(days, {day: day.replace(day=1) for day in days})


def _together(days: Mapping[date, tuple[int, ...]], into: Mapping[date, date]) -> dict[date, tuple[int, ...]]:
    found: dict[date, tuple[int, ...]] = {}
    for day in sorted(days):
        before = found.get(into[day], (0,) * len(days[day]))
        found[into[day]] = tuple(a + b for a, b in zip(before, days[day], strict=True))
    return found


def open_actions(connection: Connection, agency_id: int, ids: Collection[int]) -> dict[int, int]:
    """How many next actions are open of these clients of an agency's, of those who share all."""
    shared = (client.c.agency_id == agency_id) & (client.c.share == "all") & client.c.id.in_(ids)
    query = select(client.c.id, func.count()).join(next_action, next_action.c.owner_id == client.c.owner_id)
    found = connection.execute(query.where(shared, next_action.c.state == "open").group_by(client.c.id))
    return dict(found.all())
