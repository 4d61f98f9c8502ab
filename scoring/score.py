"""From answers to a result: literacy, type, shares and balance, with the reason for every point."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from scoring.questionnaire import Challenge, Questionnaire

Answers = Mapping[str, Any]

# What a challenge weighs among the things to tackle (ours): a pressing one twice an ordinary one, and one that
# nobody has begun on twice one that is under way.
LEVEL_WEIGHT = {"urgent": 2, "some": 1}
UNBEGUN = 2


@dataclass(frozen=True, slots=True)
class Reason:
    """Why points were given: this answer to this question; `a` and `b` count for 伴走 and 自走."""

    question: str
    answer: str
    points: int = 0
    a: int = 0
    b: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """One challenge's part of all there is to tackle; `percent` of all shares add up to 100."""

    challenge: str
    level: str
    started: bool
    weight: int
    percent: int


@dataclass(frozen=True, slots=True)
class Axis:
    """One category of Q4: 0 where every item got the least points, 100 where every item got the most."""

    category: str
    value: int
    answered: int


@dataclass(frozen=True, slots=True)
class Score:
    """The scored check. `literacy` is "high" or "low", `type` is "banso" (伴走) or "jiso" (自走)."""

    version: str
    depth: str
    literacy: str
    type: str
    points: int
    answered: int
    out_of: int
    a: int
    b: int
    shares: tuple[Share, ...]
    balance: tuple[Axis, ...]
    reasons: tuple[Reason, ...]

    @property
    def segment(self) -> str:
        """The segment's id, such as "high-banso"."""
        return f"{self.literacy}-{self.type}"


def score(questionnaire: Questionnaire, answers: Answers) -> Score:
    """Score the answers of a finished check, by the rules in check.toml (those of the report of March 2023)."""
    points = point_reasons(questionnaire, answers)
    literacy = literacy_of(questionnaire, points)
    pairs = _pair_reasons(questionnaire, answers, literacy)
    a, b = sum(reason.a for reason in pairs), sum(reason.b for reason in pairs)
    return Score(
        version=questionnaire.version,
        depth=answers["depth"],
        literacy=literacy,
        # The higher index wins; a tie counts as 伴走: help offered in vain costs less than help withheld (ours).
        type="jiso" if b > a else "banso",
        points=sum(reason.points for reason in points),
        answered=len(points),
        out_of=_highest(questionnaire) * len(points),
        a=a,
        b=b,
        shares=_shares(questionnaire, answers),
        balance=_balance(questionnaire, points),
        reasons=points + pairs,
    )


def point_reasons(questionnaire: Questionnaire, answers: Answers) -> tuple[Reason, ...]:
    """The points of Q4, item by item; items without an answer are left out."""
    reasons = []
    for item in questionnaire.items:
        choice = questionnaire.questions[item.question].choice(answers.get(item.question, ""))
        if choice:
            reasons.append(Reason(item.question, choice.value, points=choice.points))
    return tuple(reasons)


def literacy_of(questionnaire: Questionnaire, points: tuple[Reason, ...]) -> str:
    """Literacy: "high" from 30 points of thirteen items on (report).

    A short form is held against the same average (ours).
    """
    total = sum(reason.points for reason in points)
    whole = len(questionnaire.items)
    return "high" if total * whole >= questionnaire.high_from * len(points) and points else "low"


def marked(questionnaire: Questionnaire, answers: Answers) -> dict[str, str]:
    """The challenges that the owner has, by id, with "urgent" or "some"; in the questionnaire's order."""
    if "picks" in answers:
        return {c.id: "urgent" for c in questionnaire.challenges if c.id in answers["picks"]}
    return {c.id: answers[c.question] for c in questionnaire.challenges if _counts(questionnaire, c, answers)}


def _counts(questionnaire: Questionnaire, challenge: Challenge, answers: Answers) -> bool:
    choice = questionnaire.questions[challenge.question].choice(answers.get(challenge.question, ""))
    return choice is not None and choice.counts


def _highest(questionnaire: Questionnaire) -> int:
    return max(choice.points for choice in questionnaire.questions[questionnaire.items[0].question].choices)


def _pair_reasons(questionnaire: Questionnaire, answers: Answers, literacy: str) -> tuple[Reason, ...]:
    reasons = []
    for pair in questionnaire.pairs_for(literacy, quick=False):
        choice = questionnaire.questions[pair.id].choice(answers.get(pair.id, ""))
        if choice:
            reasons.append(Reason(pair.id, choice.value, a=choice.a, b=choice.b))
    return tuple(reasons)


def _shares(questionnaire: Questionnaire, answers: Answers) -> tuple[Share, ...]:
    begun = set(answers.get("started", ()))
    levels = marked(questionnaire, answers)
    weights = {id: LEVEL_WEIGHT[level] * (1 if id in begun else UNBEGUN) for id, level in levels.items()}
    percents = percentages(weights)
    order = sorted(weights, key=lambda id: -weights[id])
    return tuple(Share(id, levels[id], id in begun, weights[id], percents[id]) for id in order)


def percentages(weights: Mapping[str, int]) -> dict[str, int]:
    """Whole percents that add up to 100, the largest remainders rounded up; empty for no weights."""
    total = sum(weights.values())
    if not total:
        return {}
    exact = {id: Fraction(100 * weight, total) for id, weight in weights.items()}
    floors = {id: int(part) for id, part in exact.items()}
    rest = 100 - sum(floors.values())
    for id in sorted(exact, key=lambda id: floors[id] - exact[id])[:rest]:
        floors[id] += 1
    return floors


def _balance(questionnaire: Questionnaire, points: tuple[Reason, ...]) -> tuple[Axis, ...]:
    given = {reason.question: reason.points for reason in points}
    choices = questionnaire.questions[questionnaire.items[0].question].choices
    low, high = min(c.points for c in choices), max(c.points for c in choices)
    axes = []
    for category in questionnaire.categories:
        got = [given[i.question] for i in questionnaire.items if i.category == category and i.question in given]
        if got:
            axes.append(Axis(category, round(100 * (sum(got) / len(got) - low) / (high - low)), len(got)))
    return tuple(axes)
