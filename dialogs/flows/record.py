"""The record of a meeting: the expert writes it, its owner is told of it, and is asked how the next actions go."""

from typing import Any

from dialogs.appointments import FindBooking, ProposeTime, Schedule
from dialogs.consultations import AnswerAction, FindAction, FindRecord, KeepHours, KeepRecord
from dialogs.events import Command, Woke
from dialogs.flows.scene import Scene
from dialogs.messages import Button
from dialogs.presses import encode, row_id
from dialogs.steps import Do, Flow, Say, Silent

# What can be said of a next action; its button and the phrase that answers it have one name.
ANSWERED = {"done": "action.done", "open": "action.open", "dropped": "action.dropped"}

# ---------------------------------------------------------------- the expert


def record(scene: Scene) -> Flow:
    """Keep the form on a meeting; without one (a button, not a form) say where it is."""
    token = scene.given.get("argument", "")
    if "support" not in scene.given:
        view = yield Do("before", FindBooking(token))
        if not view:
            yield Say("expert.late")
            return Silent()
        yield Say("record.form", buttons=(Button(scene.content.phrases.buttons["record"], url=view["desk"]),))
        return Silent()
    given = scene.given
    actions = tuple(given["actions"])
    kept = yield Do("kept", KeepRecord(token, given["situation"], given["support"], given["handover"], actions))
    yield Say("record.kept" if kept else "expert.late")
    return Silent()


def offer(scene: Scene) -> Flow:
    """Propose a time that was chosen on the page."""
    token, at = scene.given.get("argument", ""), scene.given.get("at", "")
    view = (yield Do("proposed", ProposeTime(token, at))) if at else None
    if view:
        yield Say("expert.proposed", view)
    else:
        yield Say("offer.gone")
    return Silent()


def hours(scene: Scene) -> Flow:
    """Keep the form on an expert's hours; without one say where it is."""
    if "profile" in scene.given:
        kept = yield Do("kept", KeepHours(scene.given["profile"]))
        yield Say("hours.kept" if kept else "expert.none")
        return Silent()
    found = yield Do("ahead", Schedule())
    if not found:
        yield Say("expert.none")
        return Silent()
    yield Say("hours.form", buttons=(Button(scene.content.phrases.buttons["hours"], url=f"{found['page']}/hours"),))
    return Silent()


# ---------------------------------------------------------------- the owner


def action(scene: Scene) -> Flow:
    """Keep what the owner says of a next action (`argument` is its id and the answer: "12-done")."""
    number, _, state = scene.given.get("argument", "").rpartition("-")
    id, found = row_id(number), None
    if id is not None and state in ANSWERED:
        found = yield Do("answered", AnswerAction(id, state))
    if not found:
        yield Say("action.gone")
        return Silent()
    buttons = () if state == "done" else (_again(scene, found["token"]),)
    yield Say(ANSWERED[state], found, buttons=buttons)
    return Silent()


def told(scene: Scene, woke: Woke) -> Flow:
    """The owner has the record."""
    found = yield Do("record", FindRecord(_id(woke)))
    if found:
        page = Button(scene.content.phrases.buttons["shared"], url=found["page"])
        yield Say("record.told", found | woke.data, buttons=(page,))
    return None


def due(scene: Scene, woke: Woke) -> Flow:
    """The day of a next action has come."""
    found = yield Do("action", FindAction(_id(woke)))
    if found:
        labels = scene.content.phrases.buttons
        acts = [Button(labels[name], _answer(found["id"], state)) for state, name in ANSWERED.items()]
        yield Say("action.due", found, buttons=tuple(acts))
    return None


def follow(scene: Scene, woke: Woke) -> Flow:
    """Some time after the meeting: how it goes with what is still open; nothing where nothing is."""
    found = yield Do("record", FindRecord(_id(woke)))
    left = [one for one in found["actions"] if one["state"] == "open"] if found else []
    if left:
        label = scene.content.phrases.buttons["action-nth"]
        acts = [Button(f"{n}{label}", _answer(one["id"], "done")) for n, one in enumerate(left, 1)]
        yield Say(f"follow.{woke.kind}", found | {"actions": left}, buttons=(*acts, _again(scene, found["token"])))
    return None


def _id(woke: Woke) -> int:
    return int(woke.subject.rpartition(":")[2])


def _answer(id: int, state: str) -> str:
    return encode(Command("action", f"{id}-{state}"))


def _again(scene: Scene, token: str) -> Button:
    return Button(scene.content.phrases.buttons["consult-again"], encode(Command("consult", token)))


# What a timer's flow is, by what it is about.
TOLD: dict[str, Any] = {"record": told, "action": due, "follow": follow}
