"""Proportions: how sure one can be of a part of a whole, and of the difference between two such parts."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

# Two-sided: one interval in twenty misses what it is of.
SURE = 0.95
_Z = NormalDist().inv_cdf((1 + SURE) / 2)


@dataclass(frozen=True, slots=True)
class Difference:
    """How much larger one part is than another, and between what that lies; as parts of 1, from -1 to 1."""

    value: float
    low: float
    high: float

    @property
    def sign(self) -> int:
        """1 where the first is larger, -1 where it is smaller, 0 where it can't be said, as zero is possible."""
        return 1 if self.low > 0 else -1 if self.high < 0 else 0


def wilson(count: int, total: int) -> tuple[float, float]:
    """Between what a part lies with 95 % (Wilson's score interval, without correction for continuity).

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal of the American
    Statistical Association 22 (1927), 209-212. Raises ValueError where `count` is no part of a `total` above zero.
    """
    if not 0 <= count <= total or not total:
        raise ValueError("no part of a whole")
    part, square = count / total, _Z**2
    middle = (part + square / (2 * total)) / (1 + square / total)
    half = _Z / (1 + square / total) * sqrt(part * (1 - part) / total + square / (4 * total**2))
    # At the ends it is zero and one by the formula, but for what floating point makes of it.
    return (max(0.0, middle - half) if count else 0.0), (min(1.0, middle + half) if count < total else 1.0)


def difference(count: int, total: int, other: int, of_other: int) -> Difference:
    """How much larger `count` of `total` is than `other` of `of_other`, and between what that lies with 95 %.

    Source: R. G. Newcombe, Interval estimation for the difference between independent proportions: comparison of eleven
    methods, Statistics in Medicine 17 (1998), 873-890, method 10 (hybrid score, from Wilson's intervals of the two).
    Raises ValueError as `wilson` does.
    """
    (low, high), (other_low, other_high) = wilson(count, total), wilson(other, of_other)
    part, other_part = count / total, other / of_other
    value = part - other_part
    return Difference(
        value,
        value - sqrt((part - low) ** 2 + (other_high - other_part) ** 2),
        value + sqrt((high - part) ** 2 + (other_part - other_low) ** 2),
    )
