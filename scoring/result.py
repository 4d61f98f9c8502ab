"""A result as it is kept and shown: the score, what it was compared with, and the things to do first."""

from dataclasses import asdict, dataclass
from typing import Any

from scoring.advice import Action
from scoring.score import Axis, Reason, Score, Share

# Own data are shown only from so many firms on; below that the published national figures stand in.
ENOUGH_PEERS = 10


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the result stands beside: `own` data of n firms of the same industry and size, or the national figures."""

    own: bool
    n: int
    same_segment: int
    balance: dict[str, int]


@dataclass(frozen=True, slots=True)
class Result:
    """All that a result shows; made once, so that it reads the same for ever."""

    score: Score
    actions: tuple[Action, ...]
    comparison: Comparison


def compare(score: Score, peers: dict[str, Any] | None, national: dict[str, int]) -> Comparison:
    """Own data from ENOUGH_PEERS firms on, else the national numbers by segment (never a mixture)."""
    if peers and peers["n"] >= ENOUGH_PEERS:
        return Comparison(True, peers["n"], peers["segments"].get(score.segment, 0), peers["balance"])
    return Comparison(False, sum(national.values()), national.get(score.segment, 0), {})


def to_json(result: Result) -> dict[str, Any]:
    """A result as JSON data."""
    return asdict(result)


def from_json(data: dict[str, Any]) -> Result:
    """A result from its JSON data."""
    score = dict(data["score"])
    score["shares"] = tuple(Share(**share) for share in score["shares"])
    score["balance"] = tuple(Axis(**axis) for axis in score["balance"])
    score["reasons"] = tuple(Reason(**reason) for reason in score["reasons"])
    return Result(
        score=Score(**score),
        actions=tuple(Action(action["advice"], tuple(action["why"])) for action in data["actions"]),
        comparison=Comparison(**data["comparison"]),
    )
