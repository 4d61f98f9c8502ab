"""Running a flow over its record, up to the first question without an answer."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from dialogs.effects import Effect
from dialogs.record import Frame
from dialogs.steps import Ask, Do, Flow, Outcome, Plan, Say
from scoring.questionnaire import SAID, Question

Perform = Callable[[Effect], Any]


@dataclass(slots=True)
class Replay:
    """Where a flow stands: what it said since the last answer, the question it waits for, or what it ended with."""

    says: list[Say] = field(default_factory=list)
    open: Question | None = None
    ticked: tuple[str, ...] = ()
    outcome: Outcome = None
    trail: list[tuple[Question, Any]] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    done: dict[str, Any] = field(default_factory=dict)
    plan: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()
    gone: bool = False

    @property
    def left(self) -> int:
        """How many planned questions wait behind the open one; those answered in advance do not."""
        ahead = [id for id in self.plan if id not in self.known]
        return len(ahead) - (self.open is not None and self.open.id in ahead)


def replay(flow: Flow, frame: Frame, perform: Perform) -> Replay:
    """Run `flow` over the frame's answers; effects not yet in the record are performed, in order."""
    run = Replay(known=frozenset(frame.answers))
    reply: Any = None
    while True:
        try:
            step = flow.send(reply)
        except StopIteration as end:
            run.outcome = end.value
            return run
        reply = None
        match step:
            case Ask(question, ticked):
                answer = _answer(question, frame.answers)
                if answer is None:
                    run.open, run.ticked, run.gone = question, ticked, question.id in frame.answers
                    flow.close()
                    return run
                run.trail.append((question, answer))
                run.order.append(question.id)
                run.says.clear()
                reply = answer
            case Do(name, effect):
                if name not in frame.done:
                    frame = replace(frame, done=frame.done | {name: perform(effect)})
                run.order.append(name)
                reply = run.done[name] = frame.done[name]
            case Say():
                run.says.append(step)
            case Plan(questions):
                run.plan = questions


def _answer(question: Question, answers: dict[str, Any]) -> Any:
    """The recorded answer as far as it still holds: a choice that is gone was not answered."""
    answer = answers.get(question.id)
    if question.kind == "one":
        known = isinstance(answer, str) and (question.choice(answer) or (question.words and answer.startswith(SAID)))
        return answer if known else None
    if question.kind == "many":
        return None if answer is None else tuple(value for value in answer if question.choice(value))
    return answer


def answered(frame: Frame, order: list[str], question: str, value: Any) -> Frame:
    """The frame with one answer given, changed or (None) dropped, and without the effects that came after it."""
    answers = {id: answer for id, answer in frame.answers.items() if id != question or value is not None}
    if value is not None:
        answers[question] = value
    after = set(order[order.index(question) + 1 :]) if question in order else set()
    done = {name: result for name, result in frame.done.items() if name not in after}
    return replace(frame, answers=answers, done=done)
