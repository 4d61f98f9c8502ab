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
FOR_ANYBODY = "without tool, team, industries and practised"

# The weights below are ours, tried on made-up owners of each segment, beside those of score.py for challenges.
WEAK = 2.0  # at its weakest, an item of Q4 counts as much as a pressing challenge that is under way
ALREADY_SERVED = 0.6  # a challenge or an item that an earlier piece serves counts so much less for the next
ALREADY_DONE = 0.3  # a challenge counts so much less for a piece whose items the owner says are in place
COST_STEP = 0.2  # each step of cost, so that of equals the cheaper comes first
PERHAPS_IDLE = 1.0  # off a piece that may be of no use, as nobody has asked yet for the tools or the employees
# Only an axis of the balance as low as this may come before what the owner wants to tackle.
FOUNDATION = 25

# Values of check.toml: nobody is employed; the stage of paper, and those at which tools are in use.
ALONE = "0"
PAPER = "1"
LATER_STAGES = ("3", "4")


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing an owner may do; texts are for the owner, `cost` is an order of magnitude (1 to 4).

    `about` is the entry of the FAQ that explains the kind of tool, "" for none. `items` are those of Q4 that it mends.
    With `team` it is for owners with employees, with `industries` for those, with `practised` for those who are at home
    with tools already.
    """

    id: str
    title: str
    kind: str
    about: str
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
    items: tuple[str, ...]
    team: bool
    industries: tuple[str, ...]
    practised: bool

    @property
    def for_anybody(self) -> bool:
        """Whether no tool in use, size or industry can rule it out."""
        return not (self.tool or self.team or self.industries or self.practised)


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
    """The three things to do first, the most useful first; never a tool in use, or what is for other businesses."""
    needs = _Needs(questionnaire, answers, score)
    left = [advice for advice in catalogue.advice.values() if _fits(advice, answers, score)]
    chosen: list[Advice] = []
    while left and len(chosen) < HOW_MANY:
        best = max(needs.candidates(left, chosen), key=needs.worth)
        left.remove(best)
        chosen.append(best)
        needs.serve(best)
    return tuple(Action(advice.id, needs.why(advice)) for advice in chosen)


def _fits(advice: Advice, answers: Answers, score: Score) -> bool:
    """Whether the piece is for such a business at all, as far as the answers tell."""
    # Who works on paper begins with what others have long used, not with the newest.
    if advice.practised and (score.literacy == "low" or answers.get("stage") == PAPER):
        return False
    if advice.tool in answers.get("q3", ()) or (advice.team and answers.get("size") == ALONE):
        return False
    # An industry not known yet rules out more: pieces for some industries suit the others badly.
    return not advice.industries or answers.get("industry") in advice.industries


class _Needs:
    """What an owner needs, by the answers; the more is served, the less of it is left."""

    def __init__(self, questionnaire: Questionnaire, answers: Answers, score: Score) -> None:
        self.answers = answers
        self.levels = {share.challenge: share.level for share in score.shares}
        self.weights = {share.challenge: float(share.weight) for share in score.shares}
        self.asked = {c.id: "picks" if "picks" in answers else c.question for c in questionnaire.challenges}
        self.about_tools = "q3" if "q3" in answers else "stage"
        self.tools_in_use = self.about_tools == "stage" and answers.get("stage") in LATER_STAGES
        self.items = {item.id: item.question for item in questionnaire.items}
        self.weakness: dict[str, float] = {}
        self.weak: set[str] = set()
        for item in questionnaire.items:
            question = questionnaire.questions[item.question]
            given = question.choice(answers.get(item.question, ""))
            if given:
                points = [choice.points for choice in question.choices]
                self.weakness[item.id] = (max(points) - given.points) / (max(points) - min(points))
            if given and not given.counts:
                self.weak.add(item.id)
        lowest = min((axis.value for axis in score.balance), default=100)
        self.foundations = {axis.category for axis in score.balance if axis.value == lowest <= FOUNDATION}

    def candidates(self, left: list[Advice], chosen: list[Advice]) -> list[Advice]:
        """What may come next: until a pressing challenge is served (or, without one, any), only what serves it.

        A foundation that is missing may come before, but only one.
        """
        pressing = {challenge for challenge, level in self.levels.items() if level == "urgent"}
        aims = pressing or set(self.levels)
        if not aims or any(aims & set(advice.serves) for advice in chosen):
            return left
        aimed = [advice for advice in left if aims & set(advice.serves)]
        if not chosen:
            aimed += [advice for advice in left if self.is_foundation(advice) and advice not in aimed]
        return aimed or left

    def is_foundation(self, advice: Advice) -> bool:
        """Whether the piece mends the weakest category, where that is very weak, and needs no tool for it."""
        return advice.category in self.foundations and not advice.tool

    def worth(self, advice: Advice) -> tuple[bool, float]:
        """What the piece is worth to the owner now; one that no answer speaks for comes last."""
        served = sum(self.weights.get(challenge, 0.0) for challenge in advice.serves)
        known = [self.weakness[id] for id in advice.items if id in self.weakness]
        if known and not advice.tool and not self.weak.intersection(advice.items):
            served *= ALREADY_DONE
        mended = sum(known) / len(known) if known else 0.0
        doubts = (advice.team and "size" not in self.answers) + (bool(advice.tool) and self.tools_in_use)
        # Not their sum: hardly anything is in place where literacy is low, and the challenges would drown in that.
        worth = max(served, WEAK * mended) - COST_STEP * advice.cost - PERHAPS_IDLE * doubts
        return bool(self.reasons(advice)), worth

    def serve(self, advice: Advice) -> None:
        """Count what the piece serves for less from now on."""
        for challenge in self.weights.keys() & set(advice.serves):
            self.weights[challenge] *= ALREADY_SERVED
        for item in self.weakness.keys() & set(advice.items):
            self.weakness[item] *= ALREADY_SERVED

    def reasons(self, advice: Advice) -> tuple[str, ...]:
        """The questions whose answers speak for the piece: challenges, the missing tool, weak items."""
        why = [self.asked[challenge] for challenge in self.levels if challenge in advice.serves]
        if advice.tool and not self.tools_in_use and self.about_tools in self.answers:
            why.append(self.about_tools)
        why += [self.items[item] for item in self.items if item in advice.items and item in self.weak]
        return tuple(dict.fromkeys(why))

    def why(self, advice: Advice) -> tuple[str, ...]:
        """The reasons; for a piece without one, the question on tools: it is named because those are in use."""
        return self.reasons(advice) or ((self.about_tools,) if self.about_tools in self.answers else ())


def load(path: Path, questionnaire: Questionnaire, reference: Reference) -> Catalogue:
    """Read and check an advice file against the questionnaire and the reference; raises ContentError."""
    problems: list[Problem] = []
    catalogue = read(path, questionnaire, reference, problems)
    if problems:
        raise ContentError(tuple(problems))
    return catalogue


def read(path: Path, questionnaire: Questionnaire, reference: Reference, problems: list[Problem]) -> Catalogue:
    """An advice file as far as it can be read; what is wrong with it is noted in `problems`."""
    top = open_table(path, problems)
    costs = top.table("costs")
    labels = {n: costs.text(str(n)) for n in range(1, 5)}
    note = costs.text("note")
    costs.close()
    rows = top.tables("advice")
    no_twins(rows, "id")
    advice = [_advice(row, questionnaire, reference) for row in rows]
    top.close()
    _check_cover(top, advice, questionnaire)
    return Catalogue({piece.id: piece for piece in advice}, labels, note)


def _check_cover(top: Table, advice: list[Advice], questionnaire: Questionnaire) -> None:
    """Whoever the owner is and whatever tools are in use, three pieces are left, and one for each challenge."""
    anybody = [piece for piece in advice if piece.for_anybody]
    if len(anybody) < HOW_MANY:
        top.complain(f"only {len(anybody)} pieces are for anybody", f"write {HOW_MANY} {FOR_ANYBODY}", "advice")
    served = {challenge for piece in anybody for challenge in piece.serves}
    for challenge in questionnaire.challenges:
        if challenge.id not in served:
            top.complain(f"no advice for anybody serves {challenge.id!r}", f"write one {FOR_ANYBODY}", "advice")


def _advice(row: Table, questionnaire: Questionnaire, reference: Reference) -> Advice:
    row.read.add("source")
    if not row.data.get("source"):
        row.complain("has no source", 'write "ours" or the ids of the facts', "source")
    category = row.text("category", "")
    whole = tuple(item.id for item in questionnaire.items if item.category == category)
    advice = Advice(
        id=row.text("id"),
        title=row.text("title"),
        kind=row.text("kind"),
        about=row.text("about", ""),
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
        category=category,
        items=row.texts("items", whole),
        team=row.flag("team"),
        industries=row.texts("industries"),
        practised=row.flag("practised"),
    )
    row.close()
    _check_names(row, advice, questionnaire, reference)
    return advice


def _check_names(row: Table, advice: Advice, questionnaire: Questionnaire, reference: Reference) -> None:
    tools = {tool.id: tool for tool in questionnaire.tools}
    industry = questionnaire.questions.get("industry")
    known: dict[str, set[str] | set[int]] = {
        "serves": {challenge.id for challenge in questionnaire.challenges},
        "tool": set(tools),
        "category": set(questionnaire.categories),
        "items": {item.id for item in questionnaire.items if item.category == advice.category},
        "industries": {choice.value for choice in industry.choices} if industry else set(),
        "material": set(reference.materials),
        "desk": set(reference.desks),
        "cost": {1, 2, 3, 4},
    }
    for key, allowed in known.items():
        named = getattr(advice, key)
        for name in named if isinstance(named, tuple) else (named,):
            # A file that can't be read knows nothing; it is reported itself, and need not be here once more.
            if key in row.data and allowed and name not in allowed:
                row.complain(f"{name!r} is not known", "correct it or add what it names", key)
    if advice.tool in tools:
        for challenge in sorted(set(advice.serves) & {c.id for c in questionnaire.challenges}):
            if challenge not in tools[advice.tool].serves:
                row.complain(f"serves {challenge!r}, its tool does not", "take it out, or add it to the tool", "serves")


@cache
def catalogue() -> Catalogue:
    """The advice that comes with Banso."""
    return load(FILE, packaged_check(), packaged_reference())
