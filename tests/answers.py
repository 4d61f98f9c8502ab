"""Made-up owners: answers to the whole check and to the short one, for tests of what is made of them."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from scoring.questionnaire import Question, check
from scoring.score import marked

CHECK = check()
# No deadline, as tests do not look at the clock, and the same examples each time.
REPEATABLE = settings(derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SHORT = ("q4.net", "q4.voices", "q4.budget")


def full(challenges: dict[str, str] | None = None, items: str = "3", **others: Any) -> dict[str, Any]:
    """A whole check: challenges not named are none, every item of Q4 is answered alike, unless told otherwise."""
    answers: dict[str, Any] = {"depth": "full"}
    answers |= {c.question: (challenges or {}).get(c.id, "none") for c in CHECK.challenges}
    if marked(CHECK, answers):
        answers["started"] = ()
    answers |= {"q3": ()} | {item.question: items for item in CHECK.items}
    answers |= {"industry": "retail", "size": "1", "prefecture": "13", "form": "sole", "vision": ""}
    answers |= {pair.id: "even" for pair in CHECK.pairs}
    return answers | {key.replace("__", "."): value for key, value in others.items()}


def quick(picks: tuple[str, ...] = (), items: str = "3", **others: Any) -> dict[str, Any]:
    """A short check, its items answered alike."""
    answers: dict[str, Any] = {"depth": "quick", "picks": picks, "stage": "1"}
    answers |= {item.question: items for item in CHECK.items_for(quick=True)}
    answers |= {pair.id: "even" for pair in CHECK.pairs if pair.quick}
    return answers | {key.replace("__", "."): value for key, value in others.items()}


def _one(question: Question) -> st.SearchStrategy[str]:
    return st.sampled_from([choice.value for choice in question.choices])


def _some(question: Question) -> st.SearchStrategy[tuple[str, ...]]:
    values = [choice.value for choice in question.choices]
    return st.lists(st.sampled_from(values), unique=True, max_size=question.limit or None).map(tuple)


def _answer(question: Question) -> st.SearchStrategy[Any]:
    if question.kind == "text":
        return st.just("")
    return _some(question) if question.kind == "many" else _one(question)


@st.composite
def any_full(draw: st.DrawFn) -> dict[str, Any]:
    """Any owner's answers to the whole check, as the flow records them: pairs of the own literacy may be told apart."""
    ids = [id for id in CHECK.questions if id not in ("picks", "stage")]
    answers = {"depth": "full"} | {id: draw(_answer(CHECK.questions[id])) for id in ids}
    levels = marked(CHECK, answers)
    answers["started"] = tuple(id for id in answers["started"] if id in levels)
    if not levels:
        del answers["started"]
    return answers


@st.composite
def any_quick(draw: st.DrawFn) -> dict[str, Any]:
    """Any owner's answers to the short check."""
    ids = ["picks", "stage", *SHORT, *(pair.id for pair in CHECK.pairs if pair.quick)]
    return {"depth": "quick"} | {id: draw(_answer(CHECK.questions[id])) for id in ids}


any_answers = st.one_of(any_full(), any_quick())
