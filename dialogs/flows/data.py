"""What is stored about the owner: having it, deleting one result, deleting everything."""

from dialogs import presses
from dialogs.effects import DeleteResult, EraseOwner, ExportLink
from dialogs.events import Command
from dialogs.flows.check import AGAIN
from dialogs.flows.scene import Scene
from dialogs.messages import Button
from dialogs.steps import Ask, Do, Flow, Forget, Rewrite, Say, Silent


def data(scene: Scene) -> Flow:
    """A link to all that is stored, and the way to delete it."""
    phrases = scene.content.phrases
    link = yield Do("link", ExportLink())
    yield Say("data", buttons=(Button(phrases.buttons["export"], url=link),))
    yield Ask(phrases.asks["data"])
    return Silent()


def erase(scene: Scene) -> Flow:
    """Delete all that is stored, once the owner is sure."""
    phrases = scene.content.phrases
    sure = yield Ask(phrases.asks["erase"])
    if sure == "no":
        yield Say("erase.no")
        return None
    yield Do("erase", EraseOwner())
    again = Button(phrases.buttons["start"], presses.encode(Command("start")))
    yield Say("erase.done", buttons=(again,))
    return Forget()


def discard(scene: Scene) -> Flow:
    """Delete one result, from its page (`argument` is its token); the check that led to it is forgotten too."""
    token = scene.given.get("argument", "")
    found = yield Do("discard", DeleteResult(token))
    yield Say("discard.done" if found else "discard.none")
    if found and scene.below and token in scene.below.done.values():
        return Rewrite({AGAIN: []})
    return None
