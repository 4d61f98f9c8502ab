"""How a room of owners has answered, in sums from which the answers of fewer than five can't be told.

Whoever looks at a screen sees it change, so it is not enough that each figure is of five people: the difference between
two of them must not be one person's answer either. So answers are counted in fives: those of a sixth person are shown
once there are ten. A bar says how many of a known number said yes, and so how many did not: where either is below five,
it says no more than that. Below ten, one of the two always is, so there are no bars. Means begin at five.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.desk.hiding import FEWEST
from scoring.questionnaire import Questionnaire
from scoring.score import marked
from storage.workshops import Sheet, Turnout

# Of fewer, those who said yes or those who did not are too few to be told.
BARS_FROM = 2 * FEWEST


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: `value` is how many people, or the mean of so many `people`, from 0 to 100.

    `known` is "exact", or "few" (below five) or "most" (all but a few), of which the value tells nothing more.
    """

    label: str
    value: int
    people: int
    known: str = "exact"


@dataclass(frozen=True, slots=True)
class Chart:
    """The bars of one question, of `people` who answered it, out of `whole`; none where there are too few as yet."""

    people: int
    whole: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Room:
    """What may be said of a room: how many came (None below five), how many at least began and are done (in fives)."""

    joined: int | None
    began: int
    done: int
    challenges: Chart
    tools: Chart
    balance: Chart


def fives(people: int) -> int:
    """The greatest multiple of five that is no more than this."""
    return people - people % FEWEST


def shown(people: int) -> int | None:
    """How many people, where that may be told."""
    return people if people >= FEWEST else None


def room(questionnaire: Questionnaire, turnout: Turnout, first: Sequence[Sheet], full: Sequence[Sheet]) -> Room:
    """What may be said of a room; the sheets are in the order in which they came."""
    labels = {challenge.id: challenge.label for challenge in questionnaire.challenges}
    tools = {tool.id: tool.label for tool in questionnaire.tools}
    return Room(
        shown(turnout.joined),
        fives(turnout.began),
        fives(turnout.done),
        tally(labels, [marked(questionnaire, sheet.answers).keys() for sheet in first]),
        tally(tools, [sheet.answers.get("q3") or () for sheet in full]),
        means(questionnaire.categories, [sheet.balance for sheet in first], [sheet.balance for sheet in full]),
    )


def tally(labels: Mapping[str, str], said: Sequence[Collection[str]]) -> Chart:
    """How many have said each of these, of those who answered in the order in which they did."""
    counted = said[: fives(len(said))]
    if len(counted) < BARS_FROM:
        return Chart(len(counted), BARS_FROM, ())
    counts = {id: sum(id in one for one in counted) for id in labels}
    return Chart(len(counted), len(counted), tuple(_bar(labels[id], counts[id], len(counted)) for id in labels))


def _bar(label: str, count: int, people: int) -> Bar:
    if count < FEWEST:
        return Bar(label, 0, people, "few")
    if people - count < FEWEST:
        return Bar(label, people - FEWEST + 1, people, "most")
    return Bar(label, count, people)


def means(labels: Mapping[str, str], first: Sequence[Mapping[str, int]], full: Sequence[Mapping[str, int]]) -> Chart:
    """The mean of each of these, of those who have it; some are asked for in the full check alone."""
    bars = []
    for id, label in labels.items():
        values = max(([one[id] for one in those if id in one] for those in (first, full)), key=len)
        counted = values[: fives(len(values))]
        if counted:
            bars.append(Bar(label, round(sum(counted) / len(counted)), len(counted)))
    return Chart(max((bar.people for bar in bars), default=0), 100, tuple(bars))


def most_first(chart: Chart) -> Chart:
    """The same with the longest bars first, as far as their length is told."""
    return Chart(chart.people, chart.whole, tuple(sorted(chart.bars, key=lambda bar: -bar.value)))
