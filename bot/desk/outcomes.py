"""Outcomes: what a campaign did, beside who got none of it, as a page, a file, JSON and lines of text.

Nothing small is in it (hiding). That one group did more of something than another is said only where the interval of
the difference is clear of zero, and everybody's time is over: who looks before that, again and again, finds differences
that are none.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bot.desk import charts, hiding
from bot.desk.campaigns import of_visit
from bot.desk.doors import Door, Rule
from bot.desk.hiding import FEWEST, Shown
from bot.desk.sheets import csv_file
from bot.desk.visits import Answer, Page, Visit
from scheduler.days import day_in_japan, in_japan, time_words
from scoring import proportions
from storage import outcomes
from storage.campaigns import NOBODY, Campaign
from storage.outcomes import DEEDS, FIGURES, WINDOW, Arm, Outcome

# Figures of which each is reached by some of those who reached the one before.
WAYS = (("delivered", "opened"), ("began", "finished"), ("booked",), ("met",), ("acted",), ("left",))
# What can be compared: with who got nothing, and of two variants.
BESIDE_NOBODY, BESIDE_ANOTHER = DEEDS, ("opened", *DEEDS)
# All to whom letters go, whatever is said to them.
ALL = "all"
SAID = ("more", "less", "none", "early", "hidden")


@cache
def words() -> dict[str, dict[str, str]]:
    """The words of each table of outcomes.toml."""
    tables: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("outcomes.toml").read_text("utf-8"))
    return tables


@dataclass(frozen=True, slots=True)
class Group:
    """Some of a campaign's recipients: a variant ("a"), all to whom letters go ("all") or the holdout ("-").

    `counts` has what is counted of them, None where it is hidden.
    """

    id: str
    recipients: int | None
    counts: Mapping[str, int | None]

    @property
    def name(self) -> str:
        """What the group is called."""
        known = {ALL: "all", NOBODY: "held", "": "one"}.get(self.id)
        return words()["arms"][known] if known else words()["arms"]["variant"].format(name=self.id.upper())

    def rate(self, figure: str) -> float | None:
        """What part of the recipients a figure is true of, in percent; None where it can't be said."""
        count = self.counts.get(figure)
        return round(100 * count / self.recipients, 1) if self.recipients and count is not None else None


@dataclass(frozen=True, slots=True)
class Contrast:
    """How many more of a group did something than of another, in points of a percentage with their 95 % interval.

    `said` is one of SAID; without counts to tell it from, the numbers are None.
    """

    figure: str
    of: Group
    against: Group
    points: float | None
    low: float | None
    high: float | None
    said: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a letter: its step (from 1), variant, label and address, and how often it was tapped."""

    step: int
    variant: str
    label: str
    address: str
    taps: int | None


@dataclass(frozen=True, slots=True)
class Results:
    """What a campaign did. `ends_at` is when everybody's time is over, `over` whether it is."""

    groups: tuple[Group, ...]
    contrasts: tuple[Contrast, ...]
    failures: Mapping[str, int | None]
    links: tuple[Link, ...]
    ends_at: datetime | None
    over: bool


def results(connection: Connection, one: Campaign, now: datetime) -> Results:
    """What a campaign did so far, as far as it may be told."""
    found = outcomes.outcome(connection, one.id)
    over = one.ended_at is not None and found.ends_at is not None and now >= found.ends_at
    groups = _groups(found)
    delivered = groups[0].counts.get("delivered") if groups and groups[0].id != NOBODY else None
    return Results(
        groups,
        tuple(_contrasts(groups, over=over)),
        _failures(found) if delivered is not None else {},
        tuple(_links(one, found)),
        found.ends_at,
        over,
    )


def _groups(found: Outcome) -> tuple[Group, ...]:
    """All to whom letters go first, then the variants where there are several, then the holdout."""
    sent = {variant: arm for variant, arm in found.arms.items() if variant != NOBODY}
    groups: list[Group] = []
    if sent:
        variants, together = _hidden(sent, WAYS)
        groups = [_group(ALL, together), *(_group(name, ways) for name, ways in variants.items())]
        if len(sent) == 1:
            groups = [_group("", together)]
    if NOBODY in found.arms:
        held, _ = _hidden({NOBODY: found.arms[NOBODY]}, WAYS[1:])
        groups.append(_group(NOBODY, held[NOBODY]))
    return tuple(groups)


Ways = Mapping[tuple[str, ...], Shown]


def _hidden(arms: Mapping[str, Arm], ways: Sequence[tuple[str, ...]]) -> tuple[dict[str, Ways], Ways]:
    """What is shown of each arm, and of all of them together, by way; each begins with the recipients."""
    shown: dict[str, dict[tuple[str, ...], Shown]] = {name: {} for name in arms}
    together: dict[tuple[str, ...], Shown] = {}
    for way in ways:
        counted = {name: (arm.recipients, *map(arm.of, way)) for name, arm in arms.items()}
        of_arms, together[way] = hiding.beside(counted)
        for name, steps in of_arms.items():
            shown[name][way] = steps
    return dict(shown), together


def _group(id: str, ways: Ways) -> Group:
    counts = {figure: count for way, steps in ways.items() for figure, count in zip(way, steps[1:], strict=True)}
    return Group(id, next(iter(ways.values()))[0], counts)


def _contrasts(groups: Sequence[Group], *, over: bool) -> Iterator[Contrast]:
    sent = [group for group in groups if group.id != NOBODY]
    for held in groups[len(sent) :]:
        yield from (_contrast(figure, group, held, over=over) for group in sent for figure in BESIDE_NOBODY)
    for first, second in combinations([group for group in sent if group.id not in (ALL, "")], 2):
        yield from (_contrast(figure, second, first, over=over) for figure in BESIDE_ANOTHER)


def _contrast(figure: str, of: Group, against: Group, *, over: bool) -> Contrast:
    count, other = of.counts[figure], against.counts[figure]
    if count is None or other is None or not of.recipients or not against.recipients:
        return Contrast(figure, of, against, None, None, None, "hidden")
    found = proportions.difference(count, of.recipients, other, against.recipients)
    points, low, high = (round(100 * value, 1) for value in (found.value, found.low, found.high))
    clear = {1: "more", -1: "less", 0: "none"}[found.sign]
    return Contrast(figure, of, against, points, low, high, clear if over or clear == "none" else "early")


def _failures(found: Outcome) -> dict[str, int | None]:
    """Why nothing was delivered to how many, the most first."""
    counts: dict[str, int] = {}
    for variant, reasons in found.failures.items():
        for reason, count in reasons.items() if variant != NOBODY else ():
            known = reason if reason in words()["failures"] else "other"
            counts[known] = counts.get(known, 0) + count
    if not counts:
        return {}
    shown, _ = hiding.beside({reason: (count,) for reason, count in sorted(counts.items(), key=lambda at: -at[1])})
    return {reason: count for reason, (count,) in shown.items()}


def _links(one: Campaign, found: Outcome) -> Iterator[Link]:
    for step, letters in enumerate(one.steps):
        for variant, letter in sorted(letters.letters.items()):
            for place, (label, to) in enumerate(letter.buttons):
                if to.startswith("https://"):
                    taps = hiding.shown(found.taps.get((step, variant, place), 0))
                    yield Link(step + 1, variant, label, to, taps)


# ---------------------------------------------------------------- the page


def counted(visit: Visit, one: Campaign) -> tuple[datetime, Results]:
    """When the results were counted (UTC), and what they are; good for a minute."""
    key = ("results", one.id, one.state)
    return visit.parts.figures.get(key, visit.now, lambda: results(visit.connection, one, visit.now))


def page(visit: Visit) -> Answer:
    """What a campaign did."""
    one = of_visit(visit)
    when, found = counted(visit, one)
    first = found.groups[0] if found.groups and found.groups[0].id != NOBODY else None
    names = words()["figures"]
    way = [(names["recipients"], first.recipients, None)] if first else []
    way += [(names[figure], first.counts[figure], None) for figure in WAYS[0]] if first else []
    values = {
        "one": one,
        "found": found,
        "way": charts.bars(way),
        "pairs": [(pair, charts.spans(_spans(lines)), lines) for pair, lines in _pairs(found.contrasts)],
        "figures": FIGURES,
        "when": time_words(in_japan(when)),
        "ends_on": day_in_japan(found.ends_at) if found.ends_at else None,
        "days": WINDOW.days,
        "fewest": FEWEST,
        "words": words(),
    }
    return Page("desk/campaign_results.html", values)


def _pairs(contrasts: Iterable[Contrast]) -> list[tuple[tuple[Group, Group], list[Contrast]]]:
    pairs: dict[tuple[str, str], list[Contrast]] = {}
    for one in contrasts:
        pairs.setdefault((one.of.id, one.against.id), []).append(one)
    return [((lines[0].of, lines[0].against), lines) for lines in pairs.values()]


def _spans(lines: Iterable[Contrast]) -> Iterator[tuple[str, float | None, float | None, float | None]]:
    return ((words()["figures"][one.figure], one.points, one.low, one.high) for one in lines)


# ---------------------------------------------------------------- files, JSON, lines


def rows(found: Results) -> list[Sequence[object]]:
    """The tables: what was counted of each group, the differences, what was not delivered, and the links."""
    names, columns, groups = words()["figures"], words()["columns"], found.groups
    head: list[object] = [columns["figure"]]
    table: list[Sequence[object]] = [head]
    for group in groups:
        head += [group.name, f"{group.name} {columns['rate']}"]
    table.append([names["recipients"], *(cell for group in groups for cell in (group.recipients, ""))])
    table += [[names[at], *(cell for group in groups for cell in _cells(group, at))] for at in FIGURES]
    table += [[], [columns[name] for name in ("of", "against", "figure", "points", "low", "high", "said")]]
    for one in found.contrasts:
        said = words()["said"][one.said]
        table.append([one.of.name, one.against.name, names[one.figure], one.points, one.low, one.high, said])
    table += [[], [columns["reason"], columns["people"]]]
    table += [[words()["failures"][reason], count] for reason, count in found.failures.items()]
    table += [[], [columns["link"], columns["taps"]]]
    table += [[f"{one.step} {one.variant.upper()} {one.label} {one.address}", one.taps] for one in found.links]
    return [[columns["hidden"] if value is None else value for value in row] for row in table]


def _cells(group: Group, figure: str) -> tuple[object, object]:
    """Count and percentage; blank where there is nothing to be counted (to the holdout nothing is delivered)."""
    return (group.counts[figure], group.rate(figure)) if figure in group.counts else ("", "")


def file(visit: Visit) -> Answer:
    """The same as a file."""
    one = of_visit(visit)
    return csv_file(rows(counted(visit, one)[1]), f"banso-campaign-{one.id}", visit.query)


def data(one: Campaign, when: datetime, found: Results) -> dict[str, Any]:
    """The results as JSON data; who is compared is named by the group's id."""
    return {
        "id": one.id,
        "name": one.name,
        "state": one.state,
        "started_at": _moment(one.frozen_at),
        "counted_at": _moment(when),
        "ends_at": _moment(found.ends_at),
        "groups": [
            {"id": group.id or ALL, "recipients": group.recipients}
            | {figure: group.counts.get(figure) for figure in FIGURES}
            for group in found.groups
        ],
        "differences": [
            {"figure": at.figure, "of": at.of.id or ALL, "against": at.against.id}
            | {name: getattr(at, name) for name in ("points", "low", "high", "said")}
            for at in found.contrasts
        ],
        "failures": [{"reason": reason, "people": count} for reason, count in found.failures.items()],
        "links": [
            {name: getattr(link, name) for name in ("step", "variant", "label", "address", "taps")}
            for link in found.links
        ],
    }


def _moment(at: datetime | None) -> str | None:
    return at.replace(tzinfo=UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else None


def lines(told: Mapping[str, Any]) -> Iterator[str]:
    """The same in words, from `data`."""
    over = f"over on {told['ends_at'][:10]}" if told["ends_at"] else "nobody yet"
    yield f"{told['id']}  {told['name']}  ({told['state']}; {WINDOW.days} days each, {over})"
    for group in told["groups"]:
        counts = ", ".join(f"{_count(group[figure])} {figure}" for figure in FIGURES if _has(group, figure))
        yield f"  {group['id']:<4} {_count(group['recipients'])} recipients: {counts}"
    for one in told["differences"]:
        pair = f"  {one['of']} against {one['against']}, {one['figure']}:"
        if one["points"] is None:
            yield f"{pair} too few to be compared"
        else:
            yield f"{pair} {one['points']:+} points ({one['low']:+} to {one['high']:+}): {SENTENCES[one['said']]}"
    for one in told["failures"]:
        yield f"  not delivered, {one['reason']}: {_count(one['people'])}"
    for one in told["links"]:
        yield f"  step {one['step']} {one['variant']}, {one['label']}: tapped {_count(one['taps'])} times"


SENTENCES = {
    "more": "more",
    "less": "fewer",
    "none": "no difference can be told",
    "early": "not everybody's time is over",
}


def _count(count: int | None) -> str:
    return f"fewer than {FEWEST}, or hidden" if count is None else f"{count:,}"


def _has(group: Mapping[str, Any], figure: str) -> bool:
    return group["id"] != NOBODY or figure in DEEDS


DOORS = [
    Door("GET", "/desk/campaigns/{campaign:int}/results", page, Rule.STAFF),
    Door("GET", "/desk/campaigns/{campaign:int}/results.csv", file, Rule.STAFF),
]
