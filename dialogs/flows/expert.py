"""What an expert does with requests and bookings."""

from typing import Any

from dialogs.appointments import AnswerRequest, FindBooking, ProposeTime, Schedule, TookPlace
from dialogs.events import Command
from dialogs.flows.booking import calendar, shown
from dialogs.flows.notices import EXPERTS as NOTICES
from dialogs.flows.notices import newer, notice_buttons
from dialogs.flows.scene import Scene
from dialogs.flows.times import another
from dialogs.messages import Button
from dialogs.officers import Enrol
from dialogs.presses import encode
from dialogs.steps import Ask, Do, Flow, Say, Silent

# What only experts are offered to do.
EXPERTS = ("enrol", "accept", "decline", "propose", "held", "missed", "schedule", "desk", "record", "offer", "hours")


def desk(scene: Scene) -> Flow:
    """All that an expert can do. It lies below whatever else is open, and never ends."""
    while True:
        yield Ask(scene.content.phrases.asks["desk"])


def enrol(scene: Scene) -> Flow:
    """Become the expert whom a code (`argument`) is for; then back to the open question."""
    found = yield Do("enrolled", Enrol(scene.given.get("argument", "")))
    labels = scene.content.phrases.buttons
    mine = found["outcome"] in ("done", "own")
    own = (Button(labels["schedule"], encode(Command("schedule"))), Button(labels["page"], url=found["page"]))
    yield Say(f"enrol.{found['outcome']}", found, buttons=own if mine else ())
    return Silent() if found["outcome"] == "done" else None


def schedule(scene: Scene) -> Flow:
    """The meetings that lie ahead, and the expert's own page."""
    found = yield Do("ahead", Schedule())
    labels = scene.content.phrases.buttons
    if not found:
        yield Say("expert.none")
        return None
    for view in found["bookings"]:
        yield Say("expert.one", view, buttons=expert_buttons(scene, view))
    phrase = "expert.page" if found["bookings"] else "expert.free"
    yield Say(phrase, buttons=(Button(labels["page"], url=found["page"]),))
    return Silent()


def accept(scene: Scene) -> Flow:
    """Take a request (`argument` is the booking's token)."""
    token, revision = shown(scene)
    view = yield Do("answered", AnswerRequest(token, "accept", revision))
    if not view:
        yield from _late(scene, token, revision)
        return Silent()
    yield Say("expert.accepted", view, buttons=expert_buttons(scene, view), file=calendar(view))
    return Silent()


def decline(scene: Scene) -> Flow:
    """Leave a request to others."""
    token, revision = shown(scene)
    view = yield Do("answered", AnswerRequest(token, "decline", revision))
    if view:
        yield Say("expert.declined")
    else:
        yield from _late(scene, token, revision)
    return Silent()


def _late(scene: Scene, token: str, revision: int) -> Flow:
    """Say that it is too late; or show the request that has come in place of the one (`revision`) that was answered."""
    if not (yield from newer(scene, token, revision, "pending")):
        yield Say("expert.late")
    return None


def propose(scene: Scene) -> Flow:
    """Propose another time to the owner."""
    view = yield Do("before", FindBooking(scene.given.get("argument", "")))
    if not view or view["state"] not in ("pending", "confirmed"):
        yield Say("expert.late")
        return Silent()
    yield Say("expert.propose", view)
    proposed = yield from another(scene, view, "proposed", ProposeTime)
    if proposed:
        yield Say("expert.proposed", proposed)
    return Silent()


def held(scene: Scene) -> Flow:
    """Note that a meeting took place, and ask for the record."""
    view = yield Do("held", TookPlace(scene.given.get("argument", ""), yes=True))
    if not view:
        yield Say("expert.late")
        return Silent()
    labels = scene.content.phrases.buttons
    yield Say("expert.record", view, buttons=(Button(labels["record"], url=view["desk"]),))
    return Silent()


def missed(scene: Scene) -> Flow:
    """Note that nobody came."""
    view = yield Do("held", TookPlace(scene.given.get("argument", ""), yes=False))
    yield Say("expert.missed" if view else "expert.late")
    return Silent()


def expert_buttons(scene: Scene, view: dict[str, Any]) -> tuple[Button, ...]:
    """What an expert can do with a booking that stands."""
    acts = {"pending": NOTICES["asked"], "proposed": ("case",)}.get(view["state"], NOTICES["booked"])
    return notice_buttons(scene, view, acts)
