"""Owners whom an agency has sent: their coming, and what its officers ask of them later."""

from dialogs.agencies import AnswerWish, Arrive, FindWish
from dialogs.events import Command, Woke
from dialogs.flows.officer import guest_buttons
from dialogs.flows.scene import Scene
from dialogs.flows.sharing import consent
from dialogs.messages import Button
from dialogs.presses import encode, row_id
from dialogs.steps import Do, Flow, GoInto, Say, Silent

# What lies below an owner's conversation; by whatever else lies there, it is somebody else's chat.
OWNERS = "check"
# What an officer can ask of a client, and what is tapped for yes and for no.
WISHES = {"invite": ("invite-yes", "invite-no"), "join": ("join-yes", "join-no")}


def referred(scene: Scene) -> Flow:
    """Come by an agency's code (`argument`); then the check begins, or goes on where it was."""
    if scene.below and scene.below.flow != OWNERS:
        yield Say("referred.elsewhere")
        return None
    found = yield Do("arrived", Arrive(scene.given.get("argument", "")))
    if not found:
        yield Say("referred.unknown")
        return None
    outcome = found["outcome"]
    if outcome == "ended":
        yield Say("referred.ended")
        return None
    yield Say("referred.came" if outcome == "came" else "referred.again", found)
    if found["ask"]:
        yield from consent(scene, found)
    return None


def wished(scene: Scene, woke: Woke) -> Flow:
    """Tell the owner what an officer has asked, with the buttons that answer it."""
    client = int(woke.subject.rpartition(":")[2])
    found = yield Do("wish", FindWish(client, woke.kind, woke.revision))
    if found:
        labels = scene.content.phrases.buttons
        yes, no = WISHES[woke.kind]
        told = f"{woke.kind}-{client}.{woke.revision}"
        acts = (Button(labels[yes], _reply(told, "yes")), Button(labels[no], _reply(told, "no")))
        see = Button(labels["sharing"], encode(Command("sharing")))
        yield Say("wish.invite" if woke.kind == "invite" else "wish.join", found, buttons=(*acts, see))
    return None


def _reply(wish: str, answer: str) -> str:
    return encode(Command("reply", f"{wish}-{answer}"))


def reply(scene: Scene) -> Flow:
    """Answer what an officer has asked (`argument`: "join-7.0-yes"); who would book goes on to do so."""
    kind, client, revision, yes = _wish(scene.given.get("argument", ""))
    found = (yield Do("answered", AnswerWish(client, kind, revision, yes))) if kind else None
    if not found:
        yield Say("wish.gone")
        return scene.back()
    if not yes:
        yield Say("wish.no", {"agency": found["agency"]})
        return scene.back()
    if kind == "invite":
        return GoInto("consult")
    yield Say("joined.owner", found, buttons=guest_buttons(scene, found)[1:])
    return Silent()


def _wish(argument: str) -> tuple[str, int, int, bool]:
    """Kind, client, revision and answer that a button carries; "" where it carries none of ours."""
    kind, _, rest = argument.partition("-")
    wish, _, answer = rest.rpartition("-")
    client, _, revision = wish.partition(".")
    numbers = row_id(client), row_id(revision)
    if kind not in WISHES or answer not in ("yes", "no") or numbers[0] is None or numbers[1] is None:
        return "", 0, 0, False
    return kind, numbers[0], numbers[1], answer == "yes"
