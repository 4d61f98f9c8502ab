"""Who else comes to a meeting: an officer is invited, comes, writes to the expert before, leaves."""

from dataclasses import replace
from typing import Any

from dialogs.appointments import FindBooking
from dialogs.events import Command, Woke
from dialogs.flows.scene import Scene
from dialogs.messages import Button, File
from dialogs.officers import Attend, FindInvitation, FindVisit, InviteOfficer, PartyNotice, PutOut, Write
from dialogs.presses import encode
from dialogs.steps import Ask, Do, Flow, Say, Silent
from scoring.questionnaire import ANYTHING

# Between the token of a booking and one of its guests, in what a button carries.
OF = "/"

View = dict[str, Any]


def officer(scene: Scene) -> Flow:
    """All that an officer can do who came by an invitation. It lies below whatever else is open, and never ends."""
    while True:
        yield Ask(scene.content.phrases.asks["officer"])


# ---------------------------------------------------------------- the owner


def guest(scene: Scene) -> Flow:
    """A code and a link by which an officer comes to a booking (`argument` is its token), to be passed on."""
    view = yield Do("invited", InviteOfficer(scene.given.get("argument", "")))
    if not view:
        yield Say("booking.over")
        return scene.back()
    yield Say("guest.how", view)
    # By itself, as a phone copies a message whole.
    yield Say("guest.words", view)
    return Silent()


def dismiss(scene: Scene) -> Flow:
    """Take an officer out of a booking (`argument` names both), once the owner is sure."""
    token, _, number = scene.given.get("argument", "").rpartition(OF)
    view = yield Do("before", FindBooking(token))
    guests = {str(one["id"]): one for one in view["guests"]} if view and view["mine"] == "owner" else {}
    if number not in guests:
        yield Say("guest.gone")
        return scene.back()
    yield Say("guest.which", view | {"called": guests[number]["name"]})
    sure = yield Ask(scene.content.phrases.asks["dismiss"])
    if sure == "no":
        yield Say("guest.stays")
        return scene.back()
    out = yield Do("out", PutOut(token, int(number)))
    yield Say("guest.out" if out else "guest.gone", out or {})
    return Silent()


def guest_buttons(scene: Scene, view: View) -> tuple[Button, ...]:
    """What an owner can do about who comes along."""
    labels = scene.content.phrases.buttons
    invite = Button(labels["guest"], encode(Command("guest", view["token"])))
    named = (f"{view['token']}{OF}{one['id']}" for one in view["guests"])
    return (invite, *(Button(labels["dismiss"], encode(Command("dismiss", one))) for one in named))


# ---------------------------------------------------------------- the officer


def attend(scene: Scene) -> Flow:
    """Come to the booking that a code (`argument`) leads to, once it is clear what one sees, and who one is."""
    code = scene.given.get("argument", "")
    view = yield Do("found", FindInvitation(code))
    if not view or view["mine"]:
        yield Say(f"attend.{view['mine']}" if view else "attend.ended", view or {})
        return scene.back()
    yield Say("attend.what", view)
    sure = yield Ask(scene.content.phrases.asks["attend"])
    if sure == "no":
        yield Say("attend.no")
        return scene.back()
    name = yield Ask(replace(scene.content.phrases.asks["attend-name"], words=ANYTHING))
    visit = yield Do("attended", Attend(code, name))
    if not visit:
        yield Say("attend.ended")
        return scene.back()
    yield Say("attend.done", visit, buttons=visit_buttons(scene, visit), file=_file(visit))
    return Silent()


def leave(scene: Scene) -> Flow:
    """No longer come to a booking (`argument` is its token), once the officer is sure."""
    view = yield Do("before", FindVisit(scene.given.get("argument", "")))
    if not view or view["mine"] != "guest":
        yield Say("attend.over")
        return scene.back()
    yield Say("leave.which", view)
    sure = yield Ask(scene.content.phrases.asks["leave"])
    if sure == "no":
        yield Say("leave.no")
        return scene.back()
    out = yield Do("out", PutOut(view["token"]))
    yield Say("leave.done" if out else "attend.over", out or {})
    return Silent()


def visit_buttons(scene: Scene, view: View) -> tuple[Button, ...]:
    """What an officer can do with a booking."""
    labels = scene.content.phrases.buttons
    acts = [Button(labels[name], encode(Command(name, view["token"]))) for name in ("write", "leave")]
    pages = [Button(labels["calendar"], url=view["file"]), Button(labels["visit"], url=view["page"])]
    return (acts[0], *pages, acts[1])


def _file(view: View) -> File:
    return File("ics", view["token"], view["revision"])


# ---------------------------------------------------------------- officer and expert


def write(scene: Scene) -> Flow:
    """Write to the expert before a meeting (`argument` is its token), or, as the expert, to who comes along."""
    view = yield Do("before", FindVisit(scene.given.get("argument", "")))
    if not view:
        yield Say("attend.over")
        return scene.back()
    asked = scene.content.phrases.asks["write-back" if view["mine"] == "expert" else "write"]
    text = yield Ask(replace(asked, words=ANYTHING))
    sent = yield Do("written", Write(view["token"], text))
    yield Say("write.done" if sent else "attend.over", sent or {})
    return Silent()


def party(scene: Scene, woke: Woke) -> Flow:
    """Tell that an officer has come or gone, or what was written."""
    view = yield Do("about", PartyNotice(woke.subject))
    if not view:
        return None
    role, values = view["mine"], {**view, **woke.data}
    if woke.kind == "left" and not role:
        yield Say("notice.guest.out", values)
    elif woke.kind == "wrote" and role in ("expert", "guest"):
        back = Button(scene.content.phrases.buttons["answer"], encode(Command("write", view["token"])))
        yield Say(f"wrote.{role}", values, buttons=(back,))
    elif woke.kind != "wrote" and role in ("owner", "expert"):
        ways = guest_buttons(scene, view)[1:] if role == "owner" else ()
        yield Say(f"joined.{role}" if woke.kind == "joined" else f"left.{role}", values, buttons=ways)
    return None
