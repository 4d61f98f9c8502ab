"""A stored result with the words that belong to it, ready for its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import ceil
from typing import Any

from dialogs.answers import answer_words
from knowledge.reference import Desk, Material, Reference
from scoring.advice import Action, Advice, Catalogue
from scoring.questionnaire import Questionnaire
from scoring.result import Result
from scoring.score import LEVEL_WEIGHT, UNBEGUN, Score

# National figures on what an owner is asked too, by the question that asks for it.
ASKED_NATIONALLY = {"q2.office": "office-challenge", "q4.useful": "useful", "q4.voices": "voices"}


@dataclass(frozen=True, slots=True)
class ShareRow:
    """One challenge's part of all there is to tackle, as in the picture."""

    label: str
    level: str
    started: bool
    percent: int
    earlier: int | None


@dataclass(frozen=True, slots=True)
class AxisRow:
    """One axis of the balance, as in the picture; `peers` is the mean of other firms."""

    label: str
    value: int
    earlier: int | None
    peers: int | None


@dataclass(frozen=True, slots=True)
class Quote:
    """One answer, given to these questions, that speaks for an advice; or the tool that was `missing` among them."""

    titles: tuple[str, ...]
    answer: str
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One of the things to do first. `way` says how to go on; a desk, a material or both help with it.

    `desk_in` and `material_in` are the number of an earlier step that tells about the same one, or 0.
    """

    title: str
    why: tuple[Quote, ...]
    step: str
    kind: str
    about: str
    cost: str
    effect: str
    sign: str
    way: str
    desk: Desk | None
    material: Material | None
    desk_in: int = 0
    material_in: int = 0


@dataclass(frozen=True, slots=True)
class Point:
    """The points of one answer; `a` and `b` count for going together and going alone."""

    title: str
    statement: str
    answer: str
    points: int
    a: int
    b: int


@dataclass(frozen=True, slots=True)
class Answered:
    """One question as it was asked, and its answer in words."""

    title: str
    text: str
    answer: str


@dataclass(frozen=True, slots=True)
class Nationally:
    """A published figure on a question that the owner answered too."""

    text: str
    title: str
    answer: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """The result before this one."""

    day: date
    segment: str
    depth: str
    points: int
    out_of: int


@dataclass(frozen=True, slots=True)
class ResultView:
    """All that the page of a result shows. `items` are the points of Q4, `pairs` those of Q5 or Q6."""

    token: str
    day: date
    depth: str
    literacy: str
    type: str
    points: int
    out_of: int
    a: int
    b: int
    high_from: int
    whole: int
    pass_mark: int
    shares: tuple[ShareRow, ...]
    balance: tuple[AxisRow, ...]
    steps: tuple[Step, ...]
    cost_note: str
    items: tuple[Point, ...]
    pairs: tuple[Point, ...]
    answers: tuple[Answered, ...]
    own_data: bool
    n: int
    same_segment: int
    same_percent: int
    nationally: tuple[Nationally, ...]
    source: str
    earlier: Earlier | None
    level_weight: Mapping[str, int]
    unbegun: int


def result_view(
    questionnaire: Questionnaire,
    catalogue: Catalogue,
    reference: Reference,
    *,
    result: Result,
    answers: Mapping[str, Any],
    token: str,
    day: date,
    earlier: tuple[Result, date] | None,
) -> ResultView:
    """The result with its words. What the content no longer has (a question, an advice) is left out."""
    score, comparison = result.score, result.comparison
    words = _Words(questionnaire, answers)
    before = earlier[0].score if earlier else None
    whole = len(questionnaire.items)
    return ResultView(
        token=token,
        day=day,
        depth=score.depth,
        literacy=score.literacy,
        type=score.type,
        points=score.points,
        out_of=score.out_of,
        a=score.a,
        b=score.b,
        high_from=questionnaire.high_from,
        whole=whole,
        pass_mark=ceil(questionnaire.high_from * score.answered / whole),
        shares=share_rows(questionnaire, score, before),
        balance=balance_rows(questionnaire, result, before),
        steps=_steps(catalogue, reference, result, words),
        cost_note=catalogue.note,
        items=words.points(score, {item.question: item.statement for item in questionnaire.items}),
        pairs=words.points(score, {pair.id: "" for pair in questionnaire.pairs}),
        answers=words.all(),
        own_data=comparison.own,
        n=comparison.n,
        same_segment=comparison.same_segment,
        same_percent=round(100 * comparison.same_segment / comparison.n) if comparison.n else 0,
        nationally=() if comparison.own else words.nationally(reference),
        source=questionnaire.source_title,
        earlier=Earlier(earlier[1], before.segment, before.depth, before.points, before.out_of)
        if earlier and before
        else None,
        level_weight=LEVEL_WEIGHT,
        unbegun=UNBEGUN,
    )


def share_rows(questionnaire: Questionnaire, score: Score, before: Score | None) -> tuple[ShareRow, ...]:
    """The shares with their labels, beside those of the result before."""
    labels = {challenge.id: challenge.label for challenge in questionnaire.challenges}
    then = {share.challenge: share.percent for share in before.shares} if before else {}
    return tuple(
        ShareRow(labels[share.challenge], share.level, share.started, share.percent, then.get(share.challenge))
        for share in score.shares
        if share.challenge in labels
    )


def balance_rows(questionnaire: Questionnaire, result: Result, before: Score | None) -> tuple[AxisRow, ...]:
    """The axes of the balance with their labels, beside those of the result before and of the peers."""
    labels, peers = questionnaire.categories, result.comparison.balance
    then = {axis.category: axis.value for axis in before.balance} if before else {}
    return tuple(
        AxisRow(labels[axis.category], axis.value, then.get(axis.category), peers.get(axis.category))
        for axis in result.score.balance
        if axis.category in labels
    )


def _steps(catalogue: Catalogue, reference: Reference, result: Result, words: "_Words") -> tuple[Step, ...]:
    steps: list[Step] = []
    for action in result.actions:
        if action.advice in catalogue.advice:
            step = _step(catalogue, reference, result.score, action, words)
            desks, materials = [before.desk for before in steps], [before.material for before in steps]
            steps.append(replace(step, desk_in=_place(desks, step.desk), material_in=_place(materials, step.material)))
    return tuple(steps)


def _place(told: Sequence[object], one: object) -> int:
    """The number, from 1, at which this one was told already; else 0."""
    return told.index(one) + 1 if one and one in told else 0


def _step(catalogue: Catalogue, reference: Reference, score: Score, action: Action, words: "_Words") -> Step:
    advice = catalogue.advice[action.advice]
    alone = score.type == "jiso"
    # Whoever finds the digital hard is shown a desk even when they would rather go alone.
    desk = not alone or score.literacy == "low"
    return Step(
        title=advice.title,
        why=words.quotes(action.why, advice),
        step=advice.step_low if score.literacy == "low" else advice.step_high,
        kind=advice.kind,
        about=advice.about,
        cost=catalogue.costs[advice.cost],
        effect=advice.effect,
        sign=advice.sign,
        way=advice.alone if alone else advice.together,
        desk=reference.desk(advice.desk, words.answers.get("prefecture")) if desk else None,
        material=reference.materials[advice.material] if alone else None,
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """The owner's answers in words."""

    questionnaire: Questionnaire
    answers: Mapping[str, Any]

    def answer(self, id: str) -> str:
        return answer_words(self.questionnaire.questions[id], self.answers[id])

    def known(self, id: str) -> bool:
        return id in self.questionnaire.questions and id in self.answers

    def quotes(self, ids: Sequence[str], advice: Advice) -> tuple[Quote, ...]:
        """The answers to these questions as far as they speak for the advice, those alike together."""
        titles: dict[tuple[str, str], list[str]] = {}
        for id in filter(self.known, ids):
            titles.setdefault(self.quoted(id, advice), []).append(self.questionnaire.questions[id].title)
        return tuple(Quote(tuple(asked), *quoted) for quoted, asked in titles.items())

    def quoted(self, id: str, advice: Advice) -> tuple[str, str]:
        """The answer to a question in words, or the tool that is missing in it."""
        question, chosen = self.questionnaire.questions[id], self.answers[id]
        missing = [tool.label for tool in self.questionnaire.tools if tool.id == advice.tool]
        if id == "q3" and missing and advice.tool not in chosen:
            return "", missing[0]
        if id == "picks":
            return answer_words(question, [value for value in chosen if value in advice.serves]), ""
        return self.answer(id), ""

    def points(self, score: Score, statements: Mapping[str, str]) -> tuple[Point, ...]:
        """The points of the questions that have a statement."""
        return tuple(
            Point(
                self.questionnaire.questions[reason.question].title,
                statements[reason.question],
                self.answer(reason.question),
                reason.points,
                reason.a,
                reason.b,
            )
            for reason in score.reasons
            if reason.question in statements and self.known(reason.question)
        )

    def all(self) -> tuple[Answered, ...]:
        asked = (question for id, question in self.questionnaire.questions.items() if self.known(id))
        return tuple(Answered(question.title, question.text, self.answer(question.id)) for question in asked)

    def nationally(self, reference: Reference) -> tuple[Nationally, ...]:
        return tuple(
            Nationally(reference.figures[figure].text, self.questionnaire.questions[id].title, self.answer(id))
            for id, figure in ASKED_NATIONALLY.items()
            if self.known(id) and figure in reference.figures
        )
