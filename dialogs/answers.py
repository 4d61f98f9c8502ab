"""Answers in the owner's words."""

from typing import Any

from scoring.questionnaire import Question


def answer_words(question: Question, value: Any) -> str:
    """An answer in the words that the owner saw."""
    if question.kind == "text":
        return str(value) or question.none
    values = value if isinstance(value, (list, tuple)) else (value,)
    labels = [choice.label for choice in question.choices if choice.value in values]
    return "、".join(labels) or question.none
