"""What a flow knows when it runs: the content, its own run, and the conversation below it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dialogs.content import Content
from dialogs.record import Frame
from dialogs.steps import Flow, Silent
from scoring.questionnaire import Question


@dataclass(frozen=True, slots=True)
class Scene:
    """A flow's surroundings. `given` are the frame's answers, `trail` the answered questions of the frame below.

    `below` is the frame at the bottom, `under` the flow that is come back to.
    """

    content: Content
    run: str
    given: dict[str, Any]
    below: Frame | None
    trail: tuple[tuple[Question, Any], ...]
    under: str = ""

    def back(self) -> Silent | None:
        """How a flow ends that goes back to the open question; where none was asked yet, nobody wants to hear it."""
        return None if self.below and self.below.asked else Silent()


@dataclass(frozen=True, slots=True)
class Entry:
    """A flow in the list of flows; `reads_below` where it wants the trail of the frame below."""

    flow: Callable[[Scene], Flow]
    reads_below: bool = False
