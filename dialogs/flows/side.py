"""Small flows beside the check: help, menus, a pause, the latest result, where to turn."""

from dialogs.effects import LatestResult
from dialogs.flows.scene import Scene
from dialogs.messages import Button
from dialogs.steps import Ask, Do, Flow, Say, Silent

# Where an owner is sent who wants a person to talk to, and who looks for support measures.
DESK, MATERIAL = "yorozu", "mirasapo"


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


def settings(scene: Scene) -> Flow:
    """What is stored, and where to go on."""
    yield Ask(scene.content.phrases.asks["settings"])
    return Silent()


def result(scene: Scene) -> Flow:
    """The way to the latest result; then back to the open question."""
    latest = yield Do("latest", LatestResult())
    if not latest:
        yield Say("result.none")
        return None
    page = Button(scene.content.phrases.buttons["result"], url=f"/r/{latest['token']}")
    yield Say("result.latest", {"day": latest["day"]}, buttons=(page,))
    return None


def consult(scene: Scene) -> Flow:
    """A desk where a person listens, of the owner's prefecture where that is known; then back to the open question."""
    prefecture = scene.below.answers.get("prefecture") if scene.below else None
    desk = scene.content.reference.desk(DESK, prefecture)
    yield Say("consult", {"desk": desk.name, "what": desk.what, "url": desk.url})
    return None


def support(scene: Scene) -> Flow:
    """Where support measures are listed; then back to the open question."""
    material = scene.content.reference.materials[MATERIAL]
    yield Say("support", {"title": material.name, "what": material.what, "url": material.url})
    return None
