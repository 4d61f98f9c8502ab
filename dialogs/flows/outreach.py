"""Outreach: whether an owner wants news, a campaign's letter, and what its buttons lead to."""

from collections.abc import Sequence

from dialogs.content import Content
from dialogs.events import Command, Woke
from dialogs.flows.faq import SEE, WORDS
from dialogs.flows.scene import Scene
from dialogs.messages import FLYER, Button
from dialogs.outreach import FindNews, KeepNews, OfferNews, TakeLetter, Tap, letter_of
from dialogs.presses import encode
from dialogs.steps import Ask, Do, Flow, GoInto, Say, Silent

# The version of the words to which owners say that they want news (tied to them by a test).
WORDING = "2026-11-24"
# What the buttons of a letter carry that is only tried out.
TRIED = "tried"


def offer(scene: Scene, *, back: bool = False) -> Flow:
    """Offer news, once there is a result, or to who comes `back`; nothing is asked, so nobody need answer."""
    found = yield Do("news", OfferNews(WORDING, back))
    if found:
        yield Say("news.back" if back else "news.offer", found, buttons=(_again(scene), _notice(scene)))
    return None


def news(scene: Scene) -> Flow:
    """Whether the owner wants news: said with the button (`argument`), or asked here."""
    choice = scene.given.get("argument", "")
    if choice not in ("in", "out"):
        found = yield Do("before", FindNews())
        yield Say("news.now", found or {"choice": "", "a_week": 1}, buttons=(_notice(scene),))
        choice = yield Ask(scene.content.phrases.asks["news"])
    kept = yield Do("kept", KeepNews(choice, "news", WORDING))
    if choice == "out":
        yield Say("news.out", buttons=(_again(scene),))
    elif kept:
        yield Say("news.in")
    else:
        yield Say("news.others")
    return scene.back()


def nonews(scene: Scene) -> Flow:
    """The button in every letter, or the words: at once, and for good."""
    how = "letter" if scene.given.get("argument") else "words"
    yield Do("kept", KeepNews("out", how, WORDING))
    yield Say("news.out", buttons=(_again(scene),))
    return Silent()


def _again(scene: Scene) -> Button:
    return Button(scene.content.phrases.buttons["news"], encode(Command("news", "in")))


def _notice(scene: Scene) -> Button:
    return Button(scene.content.phrases.buttons["notice"], url="/notice")


def letter(scene: Scene, woke: Woke) -> Flow:
    """Say a campaign's letter, if it still makes sense."""
    letter = letter_of(woke.subject, woke.kind)
    found = (yield Do("letter", TakeLetter(*letter))) if letter else None
    if letter and found:
        if found["picture"]:
            yield Say("", {}, picture=("share", found["picture"], "alt.letter"))
        if found["flyer"]:
            yield Say("", {"alt": found["alt"]}, picture=(FLYER, found["flyer"], "alt.flyer"))
        buttons = letter_buttons(scene.content, found["buttons"], letter[0])
        yield Say("outreach.letter", {"text": found["text"]}, buttons=buttons)
    return None


def letter_buttons(content: Content, buttons: Sequence[Sequence[str]], campaign: int) -> tuple[Button, ...]:
    """The buttons of a letter, from (label, target, tag), and below them the one that ends all letters."""
    stop = Button(content.phrases.buttons["nonews"], encode(Command("nonews", f"{campaign}")))
    return (*(_button(label, target, tag) for label, target, tag in buttons), stop)


def trial(scene: Scene, woke: Woke) -> Flow:
    """A letter on the phone of who writes it: its buttons lead nowhere, and nothing is counted."""
    yield Say("outreach.trial", {name: woke.data[name] for name in ("step", "variant", "picture")})
    if woke.data["flyer"]:
        yield Say("", {"alt": woke.data["alt"]}, picture=(FLYER, woke.data["flyer"], "alt.flyer"))
    tried = encode(Command("go", TRIED))
    stop = Button(scene.content.phrases.buttons["nonews"], tried)
    buttons = tuple(_button(label, target, TRIED) for label, target in woke.data["buttons"])
    yield Say("outreach.letter", {"text": woke.data["text"]}, buttons=(*buttons, stop))
    return None


def _button(label: str, target: str, tag: str) -> Button:
    # A path of ours counts the tap, and goes on to the letter's own address.
    if target.startswith(("https://", "/")):
        return Button(label, url=target)
    return Button(label, encode(Command("go", tag)))


def go(scene: Scene) -> Flow:
    """A button of a letter: on to where it leads."""
    if scene.given.get("argument") == TRIED:
        yield Say("outreach.tried")
        return scene.back()
    target = yield Do("tapped", Tap(scene.given.get("argument", "")))
    if not target:
        yield Say("outreach.gone")
        return scene.back()
    if target == "resume":
        yield Say("resume")
        return scene.back()
    if target.startswith(SEE):
        return GoInto("question", {WORDS: target})
    return GoInto(target)
