"""Charts of the desk: bars as a template draws them, with words beside every one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# What fits beside each other on a phone, in characters; the table says it whole.
ROOM = 18
# A bar is so wide at the most, in percent of the picture: the rest is for its number.
WIDEST = 74


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: `wide` and `inner` in percent of the picture, None where it is hidden or there is none."""

    name: str
    count: int | None
    wide: float | None
    inner: float | None = None


def bars(rows: Iterable[tuple[str, int | None, int | None]]) -> Sequence[Bar]:
    """Bars for names with a count, and with a part of it that is drawn within (None: none)."""
    given = list(rows)
    most = max((count for _, count, _ in given if count), default=1)

    def wide(count: int | None) -> float | None:
        return None if count is None else round(WIDEST * count / most, 2)

    return [Bar(_short(name), count, wide(count), wide(inner)) for name, count, inner in given]


def _short(name: str) -> str:
    return name if len(name) <= ROOM else f"{name[: ROOM - 1]}…"


@dataclass(frozen=True, slots=True)
class Span:
    """A difference and between what it lies, in percent of the picture from its left; None where it can't be told."""

    name: str
    at: float | None
    left: float | None
    wide: float | None


def spans(rows: Iterable[tuple[str, float | None, float | None, float | None]]) -> Sequence[Span]:
    """Spans for names with a value, its lowest and its highest; zero is in the middle of what is drawn."""
    given = list(rows)
    most = max((abs(edge) for _, _, low, high in given for edge in (low, high) if edge is not None), default=0) or 1

    def place(value: float) -> float:
        return round(WIDEST / 2 * (1 + value / most), 2)

    return [
        Span(_short(name), None, None, None)
        if value is None or low is None or high is None
        else Span(_short(name), place(value), place(low), round(place(high) - place(low), 2))
        for name, value, low, high in given
    ]
