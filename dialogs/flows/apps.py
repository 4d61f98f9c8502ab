"""Going on in another app: a code made in one, brought along to the other."""

from dialogs.effects import FindCode, JoinConversation, MakeCode
from dialogs.flows.scene import Scene
from dialogs.messages import Button
from dialogs.steps import Ask, Do, Flow, Say, Silent


def link(scene: Scene) -> Flow:
    """A code by which the conversation goes on elsewhere; then back to the open question."""
    made = yield Do("code", MakeCode())
    page = Button(scene.content.phrases.buttons["ways"], url=f"/link/{made['code']}")
    yield Say("link", {"minutes": made["minutes"]}, buttons=(page,))
    # By itself, as a phone copies a message whole.
    yield Say("link.code", {"code": made["code"]})
    return None


def join(scene: Scene) -> Flow:
    """Go on here with the conversation that a code (`argument`) is from, once the owner is sure.

    It is asked because a code may come from anybody: whose conversation this becomes must be the owner's own wish.
    """
    code = scene.given.get("argument", "")
    whose = yield Do("whose", FindCode(code))
    if whose != "other":
        yield Say(f"join.{whose}" if whose in ("own", "experts", "members") else "join.ended")
        return None
    sure = yield Ask(scene.content.phrases.asks["join"])
    if sure == "no":
        yield Say("join.no")
        return None
    joined = yield Do("joined", JoinConversation(code))
    if not joined:
        yield Say("join.ended")
        return None
    return Silent()
