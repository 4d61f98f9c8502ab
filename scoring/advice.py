"""The things to do first: which pieces of advice fit the answers, and which answers say so."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from knowledge.problems import ContentError, Problem
from knowledge.reference import Reference
from knowledge.reference import reference as packaged_reference
from knowledge.tables import Table, no_twins, open_table
from scoring.questionnaire import Questionnaire
from scoring.questionnaire import check as packaged_check
from scoring.score import Answers, Score

FILE = Path(__file__).with_name("advice.toml")
HOW_MANY = 3

# The weights below are ours, tried on made-up owners of each segment.
WEAK_CATEGORY = 3.0  # at its weakest, a category counts as much as a pressing challenge and a bit
ALREADY_SERVED = 0.4  # a challenge that an earlier piece serves counts so much less for the next
COST_STEP = 0.3  # each step of cost, so that of equals the cheaper comes first


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing an owner may do; texts are for the owner, `cost` is an order of magnitude (1 to 4)."""

    id: str
    title: str
    kind: str
    effect: str
    sign: str
    cost: int
    step_low: str
    step_high: str
    alone: str
    together: str
    material: str
    desk: str
    serves: tuple[str, ...]
    tool: str
    category: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All advice, with the labels of the orders of cost and the word on whose estimate they are."""

    advice: dict[str, Advice]
    costs: dict[int, str]
    note: str


@dataclass(frozen=True, slots=True)
class Action:
    """A piece of advice chosen for an owner, and the questions whose answers speak for it."""

    advice: str
    why: tuple[str, ...]


def first_actions(
    catalogue: Catalogue, questionnaire: Questionnaire, answers: Answers, score: Score
) -> tuple[Action, ...]:
    """The three things to do first, the most useful first; a tool in use is never proposed."""
    weights = {share.challenge: float(share.weight) for share in score.shares}
    weakness = {axis.category: (100 - axis.value) / 100 for axis in score.balance}
    used = set(answers.get("q3", ()))
    left = [advice for advice in catalogue.advice.values() if advice.tool not in used]
    chosen: list[Action] = []
    while left and len(chosen) < HOW_MANY:
        best = max(left, key=lambda advice: _worth(advice, weights, weakness))
        left.remove(best)
        chosen.append(Action(best.id, _why(best, questionnaire, answers, score)))
        weights = {id: w * (ALREADY_SERVED if id in best.serves else 1) for id, w in weights.items()}
        weakness = {id: w * (ALREADY_SERVED if id == best.category else 1) for id, w in weakness.items()}
    return tuple(chosen)


def _worth(advice: Advice, weights: dict[str, float], weakness: dict[str, float]) -> float:
    served = sum(weights.get(challenge, 0.0) for challenge in advice.serves)
    return served + WEAK_CATEGORY * weakness.get(advice.category, 0.0) - COST_STEP * advice.cost


def _why(advice: Advice, questionnaire: Questionnaire, answers: Answers, score: Score) -> tuple[str, ...]:
    marked = {share.challenge for share in score.shares}
    asked = "picks" if "picks" in answers else ""
    why = [
        asked or challenge.question
        for challenge in questionnaire.challenges
        if challenge.id in advice.serves and challenge.id in marked
    ]
    if advice.tool and "q3" in answers:
        why.append("q3")
    if advice.category:
        weak = {reason.question for reason in score.reasons if 0 < reason.points <= 2}
        why += [i.question for i in questionnaire.items if i.category == advice.category and i.question in weak]
    return tuple(dict.fromkeys(why))


def load(path: Path, questionnaire: Questionnaire, reference: Reference) -> Catalogue:
    """Read and check an advice file against the questionnaire and the reference; raises ContentError."""
    problems: list[Problem] = []
    top = open_table(path, problems)
    costs = top.table("costs")
    labels = {n: costs.text(str(n)) for n in range(1, 5)}
    note = costs.text("note")
    costs.close()
    rows = top.tables("advice")
    no_twins(rows, "id")
    advice = [_advice(row, questionnaire, reference) for row in rows]
    top.close()
    served = {challenge for piece in advice for challenge in piece.serves}
    for challenge in questionnaire.challenges:
        if challenge.id not in served:
            top.complain(f"no advice serves {challenge.id!r}", "write one", "advice")
    if problems:
        raise ContentError(tuple(problems))
    return Catalogue({piece.id: piece for piece in advice}, labels, note)


def _advice(row: Table, questionnaire: Questionnaire, reference: Reference) -> Advice:
    row.read.add("source")
    if not row.data.get("source"):
        row.complain("has no source", 'write "ours" or the ids of the facts', "source")
    advice = Advice(
        id=row.text("id"),
        title=row.text("title"),
        kind=row.text("kind"),
        effect=row.text("effect"),
        sign=row.text("sign"),
        cost=row.number("cost"),
        step_low=row.text("step_low"),
        step_high=row.text("step_high"),
        alone=row.text("alone"),
        together=row.text("together"),
        material=row.text("material"),
        desk=row.text("desk"),
        serves=row.texts("serves", None),
        tool=row.text("tool", ""),
        category=row.text("category", ""),
    )
    row.close()
    known: dict[str, set[str] | set[int]] = {
        "serves": {challenge.id for challenge in questionnaire.challenges},
        "tool": {tool.id for tool in questionnaire.tools} | {""},
        "category": set(questionnaire.categories) | {""},
        "material": set(reference.materials),
        "desk": set(reference.desks),
        "cost": {1, 2, 3, 4},
    }
    for key, allowed in known.items():
        named = getattr(advice, key)
        for name in named if isinstance(named, tuple) else (named,):
            if name not in allowed:
                row.complain(f"{name!r} is not known", "correct it or add what it names", key)
    return advice


@cache
def catalogue() -> Catalogue:
    """The advice that comes with Banso."""
    return load(FILE, packaged_check(), packaged_reference())
