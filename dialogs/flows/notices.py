"""What is told when a timer falls due: reminders, and what others have done to a booking. It asks nothing."""

from collections.abc import Callable, Generator, Mapping
from typing import Any

from dialogs.appointments import Elapse, FindBooking, Notice
from dialogs.events import Command, Woke
from dialogs.flows.booking import calendar, press
from dialogs.flows.forward import client
from dialogs.flows.human import talk
from dialogs.flows.officer import party
from dialogs.flows.outreach import letter, trial
from dialogs.flows.record import TOLD
from dialogs.flows.scene import Scene
from dialogs.flows.survey import asked, survey
from dialogs.flows.waiting import called
from dialogs.messages import Button
from dialogs.presses import encode
from dialogs.steps import Do, Flow, Say, Step

# What can be tapped below each notice, by what is told and to whom.
OWNERS = {
    "accepted": ("change", "cancel", "calendar", "unshare"),
    "day": ("change", "cancel", "calendar"),
    "hour": (),
    "moved": ("change", "cancel", "calendar", "share"),
    "proposed": ("agree", "change", "cancel"),
    "passed": ("change", "cancel", "unshare"),
    "declined": ("again",),
    "cancelled": ("again",),
    "withdrawn": ("again",),
    "missed": ("again", "human"),
}
EXPERTS = {
    "asked": ("accept", "propose", "decline", "case"),
    "unanswered": ("accept", "propose", "decline", "case"),
    "booked": ("case", "propose", "cancel", "calendar"),
    "moved": ("case", "propose", "cancel", "calendar"),
    "agreed": ("case", "cancel", "calendar"),
    "day": ("case", "calendar"),
    "hour": ("case",),
    "after": ("held", "missed"),
    "cancelled": (),
    "lapsed": (),
}
GUESTS = {
    "asked": (),
    "booked": ("calendar",),
    "accepted": ("calendar",),
    "agreed": ("calendar",),
    "moved": ("calendar",),
    "proposed": (),
    "day": ("calendar",),
    "hour": (),
    "cancelled": (),
    "declined": (),
    "lapsed": (),
}
# What waits for an answer, by the booking's state: how it is told, and what can be tapped below it.
NEWER = {
    "pending": ("notice.expert.asked", EXPERTS["asked"]),
    "proposed": ("notice.owner.proposed", OWNERS["proposed"]),
}
# What time itself brings about; of some of it nobody need be told.
ELAPSED = {"held": "notice.owner.held", "lapse": "notice.owner.lapse", "pass_on": ""}


def notice(scene: Scene, woke: Woke) -> Flow:
    """Tell what a timer was set for, where it still makes sense."""
    subject = woke.subject.partition(":")[0]
    yield from SUBJECTS[subject](scene, woke)
    return None


def _booking(scene: Scene, woke: Woke) -> Flow:
    kind, _, role = woke.kind.partition(":")
    if kind in ELAPSED:
        view = yield Do("elapsed", Elapse(kind, woke.subject, woke.revision))
        if view and ELAPSED[kind]:
            view |= woke.data
            yield Say(ELAPSED[kind], view, buttons=notice_buttons(scene, view, ("again",)))
        return None
    if kind == "forgotten":
        yield Say("notice.expert.cancelled", woke.data)
        return None
    found = yield Do("notice", Notice(woke.kind, woke.subject, woke.revision))
    if not found:
        return None
    role = role.partition(":")[0]
    view = found["booking"] | {"hidden": False} | woke.data
    acts = {"owner": OWNERS, "expert": EXPERTS, "guest": GUESTS}[role].get(kind, ())
    kept = "calendar" in acts or kind in ("cancelled", "withdrawn")
    file = calendar(view) if kept else None
    yield Say(f"notice.{role}.{kind}", view, buttons=notice_buttons(scene, view, acts), file=file)
    if kind == "thanks":
        yield from asked(scene, woke.subject)
    return None


def _passed(scene: Scene, woke: Woke) -> Flow:
    """A request that was not answered in time is another's."""
    yield Say("notice.expert.passed", woke.data)
    return None


def newer(scene: Scene, token: str, revision: int, state: str) -> Generator[Step, Any, bool]:
    """Show the request or proposal (by its `state`) that has come in place of the one (`revision`) that was answered.

    False where none has.
    """
    view = yield Do("newer", FindBooking(token))
    if not (revision and view and view["state"] == state and view["revision"] != revision):
        return False
    phrase, acts = NEWER[state]
    yield Say("answer.changed")
    yield Say(phrase, view, buttons=notice_buttons(scene, view, acts))
    return True


def notice_buttons(scene: Scene, view: dict[str, Any], acts: tuple[str, ...]) -> tuple[Button, ...]:
    """What can be tapped below a notice of a booking."""
    return tuple(_button(scene, view, act) for act in acts if _makes_sense(view, act))


def _makes_sense(view: dict[str, Any], act: str) -> bool:
    sense = {
        "share": view.get("hidden", False),
        "unshare": view["passed"] and view["shared"],
        "human": view["person"],
    }
    return bool(sense.get(act, True))


def _button(scene: Scene, view: dict[str, Any], act: str) -> Button:
    labels = scene.content.phrases.buttons
    links = {"calendar": view["file"], "case": view["desk"]}
    if act in links:
        return Button(labels[act], url=links[act])
    if act == "human":
        return Button(labels[act], encode(Command(act)))
    return Button(labels[act], press({"again": "consult"}.get(act, act), view))


SUBJECTS: Mapping[str, Callable[[Scene, Woke], Flow]] = TOLD | {
    "booking": _booking,
    "client": client,
    "passed": _passed,
    "campaign": letter,
    "trial": trial,
    "party": party,
    "survey": survey,
    "talk": talk,
    "waiting": called,
}
