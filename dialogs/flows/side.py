"""Small flows beside the check: help, menu, a pause, a question of the owner's own."""

from dialogs.flows.scene import Scene
from dialogs.steps import Ask, Flow, Say, Silent


def help(scene: Scene) -> Flow:
    """How to use the chat; then back to the open question."""
    yield Say("help")
    return None


def later(scene: Scene) -> Flow:
    """A pause: all is kept, and one tap goes on."""
    yield Ask(scene.content.phrases.asks["later"])
    return Silent()


def menu(scene: Scene) -> Flow:
    """All that can be done."""
    yield Ask(scene.content.phrases.asks["menu"])
    return Silent()


def question(scene: Scene) -> Flow:
    """A question of the owner's own: a polite word until there is a FAQ; then back to the open question."""
    yield Say("question")
    yield Say("question.back")
    return None
