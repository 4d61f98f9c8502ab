"""Members of agencies in the chat: how it becomes theirs, invitations to hand on, and what clients have answered."""

from dataclasses import replace

from dialogs.agencies import BecomeMember, FindMember, FindReply, Forward
from dialogs.events import Woke
from dialogs.flows.officer import visit_buttons
from dialogs.flows.referred import OWNERS, WISHES, wished
from dialogs.flows.scene import Scene
from dialogs.messages import Button
from dialogs.steps import Ask, Do, Flow, LieOn, Say, Silent
from scoring.questionnaire import ANYTHING


def member(scene: Scene) -> Flow:
    """All that a member can do in the chat. It lies below whatever else is open, and never ends."""
    while True:
        yield Ask(scene.content.phrases.asks["member"])


def staff(scene: Scene) -> Flow:
    """Become the member whom a code (`argument`) is for; who has answered nothing of a check gets a member's menu."""
    found = yield Do("joined", BecomeMember(scene.given.get("argument", "")))
    if not found:
        yield Say("staff.ended")
        return None
    yield Say(f"staff.{found['outcome']}", {"who": found["who"], "agency": found["agency"]})
    fresh = scene.below is not None and scene.below.flow == OWNERS and not scene.below.answers
    return LieOn("member") if fresh and found["outcome"] == "done" else None


def forward(scene: Scene) -> Flow:
    """A personal invitation to hand on, for the firm or person that `argument` names, or that is asked for."""
    who = yield Do("member", FindMember())
    if not who:
        yield Say("forward.stranger")
        return scene.back()
    if not who["may"]:
        yield Say("forward.expert", {"agency": who["agency"]})
        return scene.back()
    name = scene.given.get("argument", "").strip()
    if not name:
        name = yield Ask(replace(scene.content.phrases.asks["forward-name"], words=ANYTHING))
    made = yield Do("made", Forward(name))
    if not made:
        yield Say("forward.stranger")
        return scene.back()
    page = Button(scene.content.phrases.buttons["invitation"], url=f"/desk/forward/invitations/{made['id']}")
    yield Say("forward.done", made, buttons=(page,))
    # By itself, as a phone copies a message whole.
    yield Say("forward.words", made)
    return Silent()


def client(scene: Scene, woke: Woke) -> Flow:
    """What a timer tells of a client: the owner what an officer has asked, and the officer what the owner answered."""
    if woke.kind in WISHES:
        yield from wished(scene, woke)
        return None
    found = yield Do("reply", FindReply(woke.subject, woke.kind, woke.revision))
    if not found:
        return None
    page = Button(scene.content.phrases.buttons["client"], url=f"/desk/clients/{found['client']}")
    called = {"called": found["called"]}
    if found["kind"] == "join" and found["yes"]:
        yield Say("replied.joins", found, buttons=(*visit_buttons(scene, found), page))
    elif found["kind"] == "join":
        yield Say("replied.alone", called, buttons=(page,))
    else:
        yield Say("replied.books" if found["yes"] else "replied.later", called, buttons=(page,))
    return None
