"""Small flows beside the check: help, menus, a pause, the latest result, where to turn."""

from typing import Any

from dialogs.effects import LatestResult
from dialogs.flows.scene import Scene
from dialogs.messages import Button
from dialogs.steps import Ask, Do, Flow, Say, Silent

# Where an owner is sent who looks for support measures.
MATERIAL = "mirasapo"
# What lies below the conversations of experts, officers and members.
MENUS = ("desk", "officer", "member")


def help(scene: Scene) -> Flow:
    """How to use the chat; then back to the open question."""
    yield Say("help")
    return None


def later(scene: Scene) -> Flow:
    """A pause: all is kept, and one tap goes on."""
    yield Ask(scene.content.phrases.asks["later"])
    return Silent()


def menu(scene: Scene) -> Flow:
    """All that can be done; experts, officers and members have a menu of their own below."""
    if scene.below and scene.below.flow in MENUS:
        return None
    yield Ask(scene.content.phrases.asks["menu"])
    return Silent()


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


def desk_values(scene: Scene, key: str, prefecture: str) -> dict[str, Any]:
    """What a phrase about a desk is filled with."""
    desk = scene.content.reference.desk(key, prefecture)
    return {"desk": desk.name, "what": desk.what, "url": desk.url}


def support(scene: Scene) -> Flow:
    """Where support measures are listed; then back to the open question."""
    material = scene.content.reference.materials[MATERIAL]
    yield Say("support", {"title": material.name, "what": material.what, "url": material.url})
    return None
