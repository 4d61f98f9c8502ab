"""Answers: what the record keeps of what was pressed, and how they read in the owner's words."""

from typing import Any

from dialogs.events import Picked, Tapped, Toggled
from scoring.questionnaire import SAID, Question

# Characters of an answer that is shown beside something else.
SHORT = 60


def answer_words(question: Question, value: Any) -> str:
    """An answer in the words that the owner saw."""
    if question.kind == "text":
        return str(value) or question.none
    if question.words and isinstance(value, str) and value.startswith(SAID):
        return value.removeprefix(SAID)
    values = value if isinstance(value, (list, tuple)) else (value,)
    labels = [choice.label for choice in question.choices if choice.value in values]
    return "、".join(labels) or question.none


def in_short(question: Question, value: Any) -> str:
    """An answer as it is shown beside something else: on one line, and cut where it is long."""
    words = " ".join(answer_words(question, value).split())
    return words if len(words) <= SHORT else words[: SHORT - 1] + "…"


def pressed(question: Question, action: Tapped | Picked | Toggled) -> Any:
    """What the record keeps for a button; None where it answers nothing by itself."""
    match action:
        case Tapped(_, _, value):
            return answer(question, (value,) if value else ())
        case Picked(_, _, tuple() as values):
            return answer(question, values)
        case _:
            return None


def answer(question: Question, values: tuple[str, ...]) -> Any:
    """What the record keeps for these values; None where they don't answer the question."""
    chosen = [choice for choice in question.choices if choice.value in values]
    if len(chosen) < len(set(values)):
        return None
    if question.kind == "many":
        return None if 0 < question.limit < len(chosen) else [choice.value for choice in chosen]
    if question.kind == "text" and question.none and not chosen:
        return ""
    if len(chosen) != 1:
        return None
    (choice,) = chosen
    return choice.label if question.kind == "text" and not choice.value.startswith("/") else choice.value


def is_menu(question: Question) -> bool:
    """Whether every choice of a question is a command, so that nothing can be answered to it."""
    return bool(question.choices) and all(choice.value.startswith("/") for choice in question.choices)
