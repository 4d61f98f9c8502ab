"""Waiting for a day that is full: being told of a time that has come free, and waiting no more."""

from collections.abc import Generator
from typing import Any

from dialogs.events import Command, Woke
from dialogs.flows.scene import Scene
from dialogs.messages import Button
from dialogs.presses import encode, row_id
from dialogs.steps import Do, Flow, Say, Step
from dialogs.waiting import Called, FindWaiting, StopWaiting

# An argument that is no booking's token but a number in the list.
PLACE = "w"


def waited_for(argument: str) -> Generator[Step, Any, dict[str, Any] | None]:
    """What is waited for under the number that an argument brings along, if it brings one."""
    number = row_id(argument.removeprefix(PLACE)) if argument.startswith(PLACE) else None
    if number is None:
        return None
    found: dict[str, Any] | None = yield Do("waited", FindWaiting(number))
    return found


def unwait(scene: Scene) -> Flow:
    """Wait for a day no more (`argument` is the number in the list)."""
    number = row_id(scene.given.get("argument", ""))
    left = None if number is None else (yield Do("left", StopWaiting(number)))
    if left:
        yield Say("waiting.left", left)
    else:
        yield Say("waiting.over")
    return scene.back()


def called(scene: Scene, woke: Woke) -> Flow:
    """Tell of a time that has come free."""
    found = yield Do("called", Called(woke.kind, int(woke.subject.rpartition(":")[2])))
    if found:
        look = Button(scene.content.phrases.buttons["look"], encode(Command("consult", f"{PLACE}{found['number']}")))
        yield Say("waiting.free", found, buttons=(look, stop(scene, found["number"])))
    return None


def stop(scene: Scene, number: int) -> Button:
    """The button that leaves the list."""
    return Button(scene.content.phrases.buttons["unwait"], encode(Command("unwait", str(number))))
