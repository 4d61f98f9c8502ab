"""A person of the agency in the chat: the way there and back, and what is told in between."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from dialogs.content import NOTICE
from dialogs.effects import GiveConsent
from dialogs.events import Command, Woke
from dialogs.flows.scene import Scene
from dialogs.flows.side import desk_values
from dialogs.messages import Button
from dialogs.presses import encode, row_id
from dialogs.steps import Ask, Do, Flow, Say, Silent, Step
from dialogs.talks import EndTalk, FindDesk, OpenTalk, PassTime, TakeWords
from knowledge.reference import YOROZU
from scoring.questionnaire import ANYTHING


def human(scene: Scene) -> Flow:
    """Talk with a person (`argument` is the number of a talk to go on with): now, or by leaving a message."""
    labels = scene.content.phrases.buttons
    desk = yield Do("desk", FindDesk())
    consult = Button(labels["consult"], encode(Command("consult")))
    if desk is None:
        near = str(scene.below.answers.get("prefecture") or "") if scene.below else ""
        yield Say("human.none", desk_values(scene, YOROZU, near), buttons=(consult,))
        return scene.back()
    if desk["led"]:
        yield Say("human.already", buttons=(finish_button(scene),))
        return Silent()
    number = scene.given.get("argument", "")
    if not desk["open"] or not number:
        # Who writes back knows where it goes.
        about = (Button(labels["notice"], url="/notice"),) if desk["new"] else ()
        yield Say("human.open" if desk["open"] else "human.shut", desk, buttons=about)
    words = yield from _words(scene, desk, "human-back" if number else "human" if desk["open"] else "human-left")
    if not words:
        yield Say("human.no")
        return scene.back()
    if desk["new"]:
        yield Do("consent", GiveConsent(NOTICE))
    talk = yield Do("talk", OpenTalk(words, row_id(number) or 0))
    if talk and talk["led"]:
        yield Say("human.through", talk, buttons=(finish_button(scene),))
        return Silent()
    if talk:
        yield Say("human.kept", talk, buttons=(consult,))
    return scene.back()


def _words(scene: Scene, desk: dict[str, Any], ask: str) -> Generator[Step, Any, str]:
    """What the owner wants to tell the desk; "" where they would rather not."""
    asked = scene.content.phrases.asks[ask]
    ways = {choice.value: choice for choice in asked.choices}
    before = ways.pop("asked", None)
    if before and desk["asked"]:
        # It need not be typed again.
        ways = {"asked": replace(before, hint=desk["asked"])} | ways
    words: str = yield Ask(replace(asked, choices=tuple(ways.values()), words=ANYTHING))
    if words == ways["stop"].label:
        return ""
    return str(desk["asked"]) if "asked" in ways and words == ways["asked"].label else words


def finish(scene: Scene) -> Flow:
    """Have the bot lead again; typed where nobody else does, it is a pause."""
    gone = yield Do("ended", EndTalk())
    if gone and gone["desk"]:
        yield Say("thread.finished" if gone["ended"] else "thread.over")
        return Silent() if gone["ended"] else None
    if gone or "argument" in scene.given:
        yield Say("talk.back" if gone else "talk.over")
        return scene.back()
    yield Ask(scene.content.phrases.asks["later"])
    return Silent()


def finish_button(scene: Scene) -> Button:
    """The button by which the bot leads again."""
    return Button(scene.content.phrases.buttons["finish"], encode(Command("finish", "talk")))


def thread(scene: Scene) -> Flow:
    """What the desk can do in the thread of a talk. It lies below whatever else is open, and never ends."""
    while True:
        yield Ask(scene.content.phrases.asks["thread"])


# ---------------------------------------------------------------- what is told


def talk(scene: Scene, woke: Woke) -> Flow:
    """Tell what was said on the other side, or what time has brought about."""
    if woke.kind in ("unanswered", "silence"):
        found = yield Do("passed", PassTime(woke.kind, woke.subject, woke.data.get("since", "")))
        if found:
            yield _to_owner(scene, found)
        return None
    for told in (yield Do("words", TakeWords(woke.subject, woke.kind, woke.revision, woke.data))):
        yield _to_desk(scene, told) if woke.kind == "to-desk" else _to_owner(scene, told)
    return None


def _to_desk(scene: Scene, told: dict[str, Any]) -> Say:
    label = scene.content.phrases.asks["thread"].choices[0].label
    end = told["what"] in ("opened", "resumed") and not told["left"]
    buttons = (Button(label, encode(Command("finish", "thread"))),) if end else ()
    return Say(f"thread.{told['what']}", told, buttons=buttons)


def _to_owner(scene: Scene, told: dict[str, Any]) -> Say:
    labels = scene.content.phrases.buttons
    what = "answered" if told["what"] == "said" and not told["led"] else told["what"]
    if what == "unanswered":
        consult = Button(labels["consult"], encode(Command("consult")))
        return Say("talk.unanswered", told, buttons=(finish_button(scene), consult) if told["led"] else (consult,))
    reply = Button(labels["reply"], encode(Command("human", str(told["id"]))))
    onward = Button(labels["onward"], encode(Command("resume")))
    buttons = {"answered": (reply,), "ended": (onward,), "closed": (onward,)}
    return Say(f"talk.{what}", told, buttons=buttons.get(what, ()))
