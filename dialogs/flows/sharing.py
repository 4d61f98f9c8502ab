"""What agencies may see: asked once there is a result, shown and changed under 「共有」."""

from dataclasses import replace
from typing import Any

from dialogs.agencies import KeepShare, OpenShares, Shares
from dialogs.events import Command
from dialogs.flows.scene import Scene
from dialogs.messages import Button
from dialogs.presses import encode, row_id
from dialogs.steps import Ask, Do, Flow, Say, Silent

# The version of the words by which it is asked: the day of their latest change. It is kept with every answer.
WORDING = "2026-11-22"
# How the question's id begins, before the client's.
ASKED = "share-"
# What can be chosen, and the button that does so; to end what is seen has words of its own.
LABELS = {"nothing": "share-nothing", "result": "share-result", "all": "share-all"}
SEEN = ("result", "all")


def consents(scene: Scene) -> Flow:
    """Ask about every agency of which nothing was said yet."""
    for one in (yield Do("sharing", OpenShares())) or ():
        yield from consent(scene, one)
    return None


def consent(scene: Scene, one: dict[str, Any]) -> Flow:
    """Ask what one agency may see."""
    phrases = scene.content.phrases
    text = phrases.say("sharing.ask", agency=one["agency"])
    level = yield Ask(replace(phrases.asks["agency-share"], id=f"{ASKED}{one['id']}", text=text))
    kept = yield Do(f"shared-{one['id']}", KeepShare(one["id"], level, WORDING))
    if kept:
        yield Say(f"sharing.kept.{level}", {"agency": kept["agency"], "out": kept["out"]})
    return None


def sharing(scene: Scene) -> Flow:
    """What each agency may see, with the buttons that change it; `argument` is a client and a choice ("7-result")."""
    number, _, level = scene.given.get("argument", "").rpartition("-")
    id = row_id(number)
    if id is not None and level in LABELS:
        yield from _change(id, level)
        return scene.back()
    return (yield from _listed(scene, (yield Do("agencies", Shares())) or ()))


def hide(scene: Scene) -> Flow:
    """Let the agency see nothing any more; where several see something, the owner chooses."""
    known = (yield Do("agencies", Shares())) or ()
    seen = [one for one in known if one["share"] in SEEN]
    if len(seen) != 1:
        return (yield from _listed(scene, seen))
    yield from _change(seen[0]["id"], "nothing")
    return scene.back()


def _change(id: int, level: str) -> Flow:
    kept = yield Do("kept", KeepShare(id, level, WORDING))
    if not kept:
        yield Say("sharing.gone")
    elif level == "nothing" and kept["before"] in SEEN:
        yield Say("sharing.ended", {"agency": kept["agency"], "out": kept["out"]})
    else:
        yield Say(f"sharing.kept.{level}", {"agency": kept["agency"], "out": kept["out"]})
    return None


def _listed(scene: Scene, known: Any) -> Flow:
    if not known:
        yield Say("sharing.none")
        return scene.back()
    yield Say("sharing.what")
    for one in known:
        yield Say("sharing.one", one, buttons=_buttons(scene, one))
    return Silent()


def _buttons(scene: Scene, one: dict[str, Any]) -> tuple[Button, ...]:
    names = LABELS | ({"nothing": "share-end"} if one["share"] in SEEN else {})
    labels = scene.content.phrases.buttons
    return tuple(
        Button(labels[name], encode(Command("sharing", f"{one['id']}-{level}")))
        for level, name in names.items()
        if level != one["share"]
    )
