"""Answers in the owner's words."""

from typing import Any

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
