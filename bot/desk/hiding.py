"""Hiding: sums of fewer than five people are not shown, nor anything from which one could be computed.

Several measures of the same may be given, each of a part of the people of the one before: what is shown is the first,
and what is small by any of them is hidden. So who knows some of the people one by one, as an agency those who share
with it, is told of no few of the others, where these are a measure. What can be told from two pages for different
months, or for one agency and for all, lies beyond this.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

# So many people are the fewest of whom anything is said.
FEWEST = 5

# Counts, None where one is hidden.
Shown = tuple[int | None, ...]
Row = TypeVar("Row", bound=Hashable)
Column = TypeVar("Column", bound=Hashable)
# How many have both of two things, how many have each row and each column, and how many there are.
Table = tuple[Mapping[tuple[Row, Column], int], Mapping[Row, int], Mapping[Column, int], int]


def small(count: int) -> bool:
    """Whether this is too few to be shown; nobody is not."""
    return 0 < count < FEWEST


def shown(*count: int) -> int | None:
    """A count that nothing else is shown of."""
    return None if any(map(small, count)) else count[0]


def along(*measures: Sequence[int]) -> Shown:
    """The steps of a way, each reached by some of those who reached the one before.

    Neither how many reached a step that is shown is small, nor how many are lost between two that are.
    """
    steps: list[int | None] = []
    last: tuple[int, ...] | None = None
    for here in zip(*measures, strict=True):
        lost = [before - now for before, now in zip(last or here, here, strict=True)]
        hidden = any(map(small, (*here, *lost)))
        steps.append(None if hidden else here[0])
        last = last if hidden else here
    return tuple(steps)


def beside(*measures: Mapping[Row, Sequence[int]]) -> tuple[dict[Row, Shown], Shown]:
    """The same way of several groups, of which everybody is in one; and of all of them together.

    Of each group the same holds as along a way. Those that are hidden at a step are enough together: so many that what
    is shown of all and of the others tells of none of them.
    """
    groups, kept = measures[0], dict[int, set[Row]]()
    total = along(*([sum(column) for column in zip(*each.values(), strict=True)] for each in measures))
    sides = [_Side(each, kept) for each in measures]
    for step, all_ in enumerate(total):
        if all_ is not None:
            _show(sides, kept, step)
    steps = range(len(total))
    cells = {
        group: tuple(counts[step] if group in kept.get(step, ()) else None for step in steps)
        for group, counts in groups.items()
    }
    return cells, total


def _show(sides: Sequence["_Side[Row]"], kept: dict[int, set[Row]], step: int) -> None:
    """Show the next step of as many groups as can be shown."""
    groups = set(sides[0].groups)
    kept[step] = {group for group in groups if not any(side.small(group, step) for side in sides)}
    while kept[step] != groups and kept[step]:
        # Nobody counts as few here, or it could be told that there is somebody in each of the others.
        kept[step] = {group for group in kept[step] if all(side.here(group, step) for side in sides)}
        # The last measure first, which those are part of who are not known: what it hides must not depend on others.
        told = next((told for side in reversed(sides) if (told := side.few(step))), None)
        if told is None:
            return
        # All that are as small as the smallest, or their order would tell which of them it was.
        sizes = {group: size for group in kept[step] if (size := told(group))}
        least = min(sizes.values(), default=None)
        kept[step] = {group for group in kept[step] if sizes.get(group) != least} if sizes else set()


class _Side(Generic[Row]):
    """Groups side by side by one measure, and which of them are `kept` (shown) at which of the steps so far."""

    def __init__(self, groups: Mapping[Row, Sequence[int]], kept: Mapping[int, set[Row]]) -> None:
        self.groups = groups
        self.kept = kept

    def here(self, group: Row, step: int) -> int:
        """How many of a group are at a step."""
        return self.groups[group][step]

    def small(self, group: Row, step: int) -> bool:
        """Whether few of a group are at a step, or were lost on the way to it."""
        return small(self.here(group, step)) or small(self._lost(group, step))

    def _before(self, group: Row, step: int) -> int | None:
        """The last step before this one that is shown of a group."""
        return max((one for one, kept in self.kept.items() if one < step and group in kept), default=None)

    def _after(self, group: Row, step: int) -> int | None:
        """The next step after this one that is shown of a group."""
        return min((one for one, kept in self.kept.items() if one > step and group in kept), default=None)

    def _lost(self, group: Row, step: int) -> int:
        """How many of a group have been lost since the last step that is shown of it."""
        before = self._before(group, step)
        return 0 if before is None else self.groups[group][before] - self.groups[group][step]

    def few(self, step: int) -> Callable[[Row], int] | None:
        """What would tell of too few at a step, as how much each group adds to it; None where nothing does."""
        hidden = {one: [group for group in self.groups if group not in kept] for one, kept in self.kept.items()}
        here = [self.here(group, step) for group in hidden[step]]
        if small(sum(here)) or _told(here):
            return lambda group: self.here(group, step)
        if all(self._before(group, step) is not None for group in hidden[step]) and small(
            sum(self._lost(group, step) for group in hidden[step])
        ):
            return lambda group: self._lost(group, step)
        for one in self.kept.keys() - {step}:
            # At one step or the other they are hidden: how many of them are lost between the two is known.
            either = {*hidden[one], *hidden[step]}
            if small(sum(self._between(group, one, step) for group in either)):
                return lambda group, one=one, either=either: (  # type: ignore[misc]
                    0 if group in either else self._between(group, one, step)
                )
            after = {group: self._after(group, one) for group in hidden[one]}
            if after and None not in after.values() and small(self._lost_after(one, after)):
                return lambda group, after=after: int(after.get(group) == step)  # type: ignore[misc]
        return None

    def _between(self, group: Row, one: int, other: int) -> int:
        return self.groups[group][one] - self.groups[group][other]

    def _lost_after(self, step: int, after: Mapping[Row, int | None]) -> int:
        return sum(self._between(group, step, next_) for group, next_ in after.items() if next_ is not None)


def _told(counts: Sequence[int]) -> bool:
    """Whether the sum of hidden counts tells each of them, as it is the most that they can be."""
    return sum(counts) == (FEWEST - 1) * len(counts)


def crossed(
    *measures: Table[Row, Column],
) -> tuple[dict[tuple[Row, Column], int | None], dict[Row, int | None], dict[Column, int | None]]:
    """How many have both of two things, and how many have each, where everybody may have several of either.

    What is shown of two things tells how many have the one, the other and neither: none of these is small.
    """
    _, rows, columns, _ = measures[0]
    cells: dict[tuple[Row, Column], int | None] = {}
    sums: tuple[dict[Row, int | None], dict[Column, int | None]] = ({}, {})
    for row in rows:
        counts = [(of_row[row], total - of_row[row]) for _, of_row, _, total in measures]
        sums[0][row] = None if _any_small(counts) else counts[0][0]
    for column in columns:
        counts = [(of_column[column], total - of_column[column]) for _, _, of_column, total in measures]
        sums[1][column] = None if _any_small(counts) else counts[0][0]
    for row in rows:
        for column in columns:
            parts = [_parts(table, row, column) for table in measures]
            hidden = sums[0][row] is None or sums[1][column] is None or _any_small(parts)
            cells[row, column] = None if hidden else parts[0][0]
    return cells, *sums


def _parts(table: Table[Row, Column], row: Row, column: Column) -> tuple[int, int, int, int]:
    """How many have both, the one alone, the other alone, and neither."""
    both, rows, columns, total = table
    count = both.get((row, column), 0)
    return count, rows[row] - count, columns[column] - count, total - rows[row] - columns[column] + count


def _any_small(measures: Sequence[tuple[int, ...]]) -> bool:
    return any(small(count) for counts in measures for count in counts)


def voted(promoters: int, passives: int, detractors: int) -> tuple[Shown, int | None]:
    """Who would recommend us, who does not mind and who would not, all or none of them; and the score (NPS).

    The score is told without the three where many a way of voting would have led to it.
    """
    votes = (promoters, passives, detractors)
    answered, lead = sum(votes), promoters - detractors
    if answered < FEWEST:
        return (None, None, None) if answered else votes, None
    score = round(100 * lead / answered)
    if not any(map(small, votes)):
        return votes, score
    return (None, None, None), score if (answered - abs(lead)) // 2 + 1 >= FEWEST else None
