"""What an owner does with a booking that stands: looks, cancels, takes what was proposed, shows the check."""

from dialogs.appointments import AnswerProposal, Bookings, CancelBooking, FindBooking, ShareCheck
from dialogs.effects import LatestResult
from dialogs.events import Command
from dialogs.flows import booking
from dialogs.flows.booking import buttons, calendar, shown
from dialogs.flows.expert import propose
from dialogs.flows.notices import newer
from dialogs.flows.officer import guest_buttons, visit_buttons
from dialogs.flows.scene import Scene
from dialogs.messages import Button
from dialogs.presses import encode
from dialogs.steps import Ask, Do, Flow, Say, Silent


def booked(scene: Scene) -> Flow:
    """The bookings that lie ahead; then back to the open question."""
    ahead = yield Do("ahead", Bookings())
    latest = yield Do("latest", LatestResult())
    labels = scene.content.phrases.buttons
    if not ahead:
        yield Say("booked.none", buttons=(Button(labels["consult"], encode(Command("consult"))),))
        return scene.back()
    for view in ahead:
        if view["mine"] == "guest":
            yield Say("visit.one", view, buttons=visit_buttons(scene, view))
            continue
        sharing = "unshare" if view["shared"] else "share"
        more = (Button(labels[sharing], encode(Command(sharing, view["token"]))),) if latest else ()
        acts = (*buttons(scene, view), *more, *guest_buttons(scene, view))
        yield Say("booked.one", view | {"checked": latest is not None}, buttons=acts)
    return Silent()


def change(scene: Scene) -> Flow:
    """Another time for a booking (`argument` is its token): the owner takes one, its expert proposes one."""
    view = yield Do("whose", FindBooking(scene.given.get("argument", "")))
    return (yield from propose(scene) if view and view["mine"] == "expert" else booking.change(scene))


def cancel(scene: Scene) -> Flow:
    """Cancel a booking (`argument` is its token), once whoever wants it is sure."""
    token = scene.given.get("argument", "")
    view = yield Do("before", FindBooking(token))
    if not view or view["state"] not in ("pending", "proposed", "confirmed"):
        yield Say("booking.over")
        return scene.back()
    yield Say("cancel.which", view)
    sure = yield Ask(scene.content.phrases.asks["cancel"])
    if sure == "no":
        yield Say("cancel.no")
        return scene.back()
    gone = yield Do("cancelled", CancelBooking(token))
    if not gone:
        yield Say("booking.over")
        return scene.back()
    if view["mine"] == "expert" and gone["state"] != "cancelled":
        yield Say("expert.declined")
        return Silent()
    again = Button(scene.content.phrases.buttons["again"], encode(Command("consult", token)))
    acts = (again,) if gone["mine"] == "owner" else ()
    yield Say("cancel.done", gone, buttons=acts, file=calendar(gone))
    return Silent()


def agree(scene: Scene) -> Flow:
    """Take the time that the expert has proposed."""
    token, revision = shown(scene)
    view = yield Do("agreed", AnswerProposal(token, revision))
    if not view:
        if (yield from newer(scene, token, revision, "proposed")):
            return Silent()
        yield Say("booking.over")
        return scene.back()
    yield Say("booking.confirmed", view, buttons=buttons(scene, view), file=calendar(view))
    return Silent()


def share(scene: Scene) -> Flow:
    """Let the expert of a booking see the check."""
    view = yield Do("shared", ShareCheck(scene.given.get("argument", ""), share=True))
    yield Say("share.yes" if view else "booking.over")
    return scene.back()


def unshare(scene: Scene) -> Flow:
    """Let the expert of a booking see the check no more."""
    view = yield Do("shared", ShareCheck(scene.given.get("argument", ""), share=False))
    yield Say("share.no" if view else "booking.over")
    return scene.back()
