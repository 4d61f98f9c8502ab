"""What a flow knows when it runs: the content, its own run, and the conversation below it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dialogs.content import Content
from dialogs.record import Frame
from dialogs.steps import Flow
from scoring.questionnaire import Question


@dataclass(frozen=True, slots=True)
class Scene:
    """A flow's surroundings. `given` are the frame's answers, `trail` the answered questions of the frame below."""

    content: Content
    run: str
    given: dict[str, Any]
    below: Frame | None
    trail: tuple[tuple[Question, Any], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A flow in the list of flows; `reads_below` where it wants the trail of the frame below."""

    flow: Callable[[Scene], Flow]
    reads_below: bool = False
