"""Booking an expert: what about, how, when; then one tap books."""

from collections.abc import Generator
from dataclasses import replace
from itertools import count
from typing import Any

from dialogs.appointments import (
    AnyExpert,
    Book,
    CancelBooking,
    FindBooking,
    FreeWays,
    HasAgreed,
    HoldSlot,
    KnownReach,
    MoveBooking,
    Overlapping,
)
from dialogs.consultations import CountVisits
from dialogs.content import NOTICE
from dialogs.effects import GiveConsent, LatestResult
from dialogs.events import Command
from dialogs.flows.check import NEXT
from dialogs.flows.scene import Scene
from dialogs.flows.side import desk_values
from dialogs.flows.times import STOP, View, Wanted, another, chosen, nobody, prefecture
from dialogs.flows.waiting import waited_for
from dialogs.messages import Button, File
from dialogs.presses import encode, row_id
from dialogs.steps import Ask, Do, Flow, Say, Silent, Step
from knowledge.reference import YOROZU
from scoring.questionnaire import Choice
from scoring.result import from_json

# A choice: an owner's own step as the topic.
STEP = "step-"
# What answers a booking as it was shown, and stands between its token and its revision there.
ANSWERS, SHOWN = ("accept", "decline", "agree"), "."
# The frame's own key: an earlier booking, in place of which another is wanted.
INSTEAD = "argument"
# A way out of a question that asks for something else.
WEB = "web"
# Telephone numbers in Japan have ten or eleven digits.
DIGITS = (10, 11)


def consult(scene: Scene) -> Flow:
    """Book an expert; where there is none to be booked, name the desk where people listen."""
    if (yield from _enough(scene, "visits")):
        return None
    anybody = yield Do("anybody", AnyExpert())
    if anybody != "free":
        yield from nobody(scene, anybody)
        return None
    sought = yield from _sought(scene)
    if sought is None:
        return scene.back()
    wanted, ways = sought
    attempt = 0
    while True:
        held = yield from _held(scene, wanted, attempt)
        met: tuple[View, str] | str = STOP
        if held:
            met = yield from _met(scene, wanted, held, ways, attempt)
        if held is None or met == STOP:
            return scene.back()
        if isinstance(met, str):
            attempt, wanted = attempt + 1, replace(wanted, wish="", day="", near=held["at"])
            continue
        held, reach = met
        sure, reach = yield from _sure(scene, held, reach, attempt)
        attempt += 1
        if sure == "other":
            wanted = replace(wanted, wish="", day="", near="")
            continue
        booked = yield Do(f"booked-{attempt}", Book(held["token"], reach, sure == "share"))
        if booked:
            acts = (*buttons(scene, booked), *_onward(scene))
            yield Say(f"booking.{booked['state']}", booked, buttons=acts, file=calendar(booked))
            return Silent()
        yield Say("booking.gone")
        wanted = replace(wanted, wish="", day="", near=held["at"])


def change(scene: Scene) -> Flow:
    """Another time for a booking (`argument` is its token), with the same expert."""
    before = yield from _before(scene)
    if before is None or before["state"] not in ("pending", "proposed", "confirmed"):
        yield Say("booking.over")
        return scene.back()
    yield Say("booking.change", before)
    moved = yield from another(scene, before, "moved", MoveBooking)
    if moved is None:
        return scene.back()
    moved |= {"before": before["when"]}
    yield Say(f"booking.{moved['state']}", moved, buttons=buttons(scene, moved), file=calendar(moved))
    return Silent()


def buttons(scene: Scene, view: View) -> tuple[Button, ...]:
    """What can be done with a booking."""
    labels = scene.content.phrases.buttons
    names = ("agree", "change", "cancel") if view["state"] == "proposed" else ("change", "cancel")
    acts = [Button(labels[name], press(name, view)) for name in names]
    sample = [Button(labels["sample"], url=view["sample"])] if view["sample"] else []
    return (*acts, Button(labels["calendar"], url=view["file"]), *sample)


def _onward(scene: Scene) -> tuple[Button, ...]:
    """The way back to a check that was left in its middle."""
    asked = scene.below.asked if scene.below and scene.below.flow == "check" else ""
    if not asked or asked in NEXT.values():
        return ()
    return (Button(scene.content.phrases.buttons["continue"], encode(Command("resume"))),)


def press(act: str, view: View) -> str:
    """What a button carries that does something to a booking; what answers it names the revision that was shown."""
    argument = f"{view['token']}{SHOWN}{view['revision']}" if act in ANSWERS else view["token"]
    return encode(Command(act, argument))


def shown(scene: Scene) -> tuple[str, int]:
    """The booking's token and revision that such a button carries; 0 where it names none."""
    token, _, revision = scene.given.get("argument", "").partition(SHOWN)
    return token, row_id(revision) or 0


def calendar(view: View) -> File:
    """A booking for the calendar of whoever the view is for."""
    return File("ics-expert" if view["mine"] == "expert" else "ics", view["token"], view["revision"])


# ---------------------------------------------------------------- what about, and how


def _enough(scene: Scene, key: str) -> Generator[Step, Any, bool]:
    """Whether the owner has had as many consultations as there may be; then they are told who else helps."""
    visits = yield Do(key, CountVisits())
    if not visits or visits["left"]:
        return False
    yield Say("booking.enough", visits | desk_values(scene, YOROZU, prefecture(scene)))
    return True


def _before(scene: Scene) -> Generator[Step, Any, View | None]:
    """The booking that is named, if one is."""
    token = scene.given.get(INSTEAD)
    if not token:
        return None
    found: View | None = yield Do("before", FindBooking(token))
    return found


def _sought(scene: Scene) -> Generator[Step, Any, tuple[Wanted, list[str]] | None]:
    """What to look for, and the ways in which somebody is free; None where there is nothing, as has been said."""
    before = (yield from waited_for(scene.given.get(INSTEAD, ""))) or (yield from _before(scene)) or {}
    topic = before["topic_id"] if before else (yield from _topic(scene))
    if topic == STOP:
        yield Say("consult.stopped")
        return None
    ways = yield Do("ways", FreeWays(topic))
    way = yield from _way(scene, ways, before)
    if not way:
        yield from nobody(scene, "full")
        return None
    refused = before.get("at", "") if before.get("state") in ("declined", "cancelled") else ""
    return Wanted(topic, way, day=before.get("on", ""), near=before.get("at", ""), refused=refused), ways


def _topic(scene: Scene) -> Generator[Step, Any, str]:
    """What the talk is to be about; the owner's own three steps are proposed."""
    asked = scene.content.phrases.asks["topic"]
    latest = yield Do("latest", LatestResult())
    label = scene.content.phrases.buttons["step"]
    advice = scene.content.catalogue.advice
    actions = from_json(latest["result"]).actions if latest else ()
    known = [advice[action.advice] for action in actions if action.advice in advice]
    steps = [Choice(f"{STEP}{one.id}", f"{label}{n}", hint=one.title) for n, one in enumerate(known, 1)]
    *topics, stop = asked.choices
    asked = replace(asked, choices=(*topics, *steps, stop))
    topic: str = yield Ask(asked)
    return topic


def _way(scene: Scene, ways: list[str], before: View) -> Generator[Step, Any, str]:
    """How to talk, of the ways in which somebody is free; "" where there is none."""
    if before.get("way") in ways:
        return str(before["way"])
    asked = scene.content.phrases.asks["way"]
    asked = replace(asked, choices=tuple(choice for choice in asked.choices if choice.value in ways))
    if len(asked.choices) == 1:
        (only,) = asked.choices
        yield Say("way.only", {"way": only.value})
        return only.value
    way: str = (yield Ask(asked)) if asked.choices else ""
    return way


# ---------------------------------------------------------------- when


def _held(scene: Scene, wanted: Wanted, attempt: int) -> Generator[Step, Any, View | None]:
    """A time that is held for the owner; None where there is none, or where they would rather wait for one."""
    for n in range(attempt * 100, attempt * 100 + 100):
        choice = yield from chosen(scene, wanted, f"{n}")
        if choice is None:
            return None
        at, expert = choice
        held: View | None = yield Do(f"held-{n}", HoldSlot(at, expert, wanted.topic, wanted.way))
        if held:
            return held
        if (yield from _enough(scene, f"visits-{n}")):
            return None
        other = yield Do(f"other-{n}", Overlapping(at, expert))
        if other:
            yield Say("booking.overlap", {"when": other})
        else:
            yield Say("booking.gone")
        wanted.wish, wanted.day, wanted.near = "", "", at
    return None


# ---------------------------------------------------------------- how to be met, and whether it is right so


def _met(
    scene: Scene, wanted: Wanted, held: View, ways: list[str], attempt: int
) -> Generator[Step, Any, tuple[View, str] | str]:
    """What is held, and at which number to call; STOP where it is not wanted any more, "" where it has gone."""
    reach = yield from _reach(scene, held, ways, attempt)
    if reach == STOP:
        yield Do(f"left-{attempt}", CancelBooking(held["token"]))
        yield Say("consult.stopped")
        return STOP
    if reach == WEB:
        wanted.way = WEB
        by_web = yield from _by_web(held, wanted.topic, attempt)
        return (by_web, "") if by_web else ""
    # While the number was looked for, the time may have been given free: then it is held anew.
    kept = yield Do(f"kept-{attempt}", FindBooking(held["token"]))
    if not reach or (kept and kept["state"] == "held"):
        return held, reach
    again = yield Do(f"again-{attempt}", HoldSlot(held["at"], held["expert"], wanted.topic, wanted.way))
    if again:
        return again, reach
    yield Say("booking.gone")
    return ""


def _reach(scene: Scene, held: View, ways: list[str], attempt: int) -> Generator[Step, Any, str]:
    """The telephone number, where the talk is to be by telephone; one that is known is not asked again.

    Or what the owner would rather do: WEB, STOP.
    """
    if held["way"] != "phone":
        return ""
    known = yield Do("reach", KnownReach())
    if known:
        return str(known)
    yield Say("reach.held", held)
    return (yield from _number(scene, f"{attempt}", (WEB, STOP) if WEB in ways else (STOP,)))


def _by_web(held: View, topic: str, attempt: int) -> Generator[Step, Any, View | None]:
    """The same time as a web meeting; None where its expert has none, and it is given free."""
    again: View | None = None
    if WEB in held["ways"]:
        again = yield Do(f"web-{attempt}", HoldSlot(held["at"], held["expert"], topic, WEB))
    if again is None:
        yield Do(f"left-{attempt}", CancelBooking(held["token"]))
        yield Say("way.only", {"way": WEB})
    return again


def _number(scene: Scene, key: str, others: tuple[str, ...] = ()) -> Generator[Step, Any, str]:
    """A telephone number, asked for until one can be read; or one of the `others` that were chosen instead."""
    asked = scene.content.phrases.asks["reach"]
    asked = replace(asked, choices=tuple(choice for choice in asked.choices if choice.value in others))
    for n in count():
        text: str = yield Ask(replace(asked, id=f"reach-{key}-{n}"))
        other = next((choice.value for choice in asked.choices if choice.label == text), "")
        number = other or telephone(text)
        if number:
            return number
        yield Say("reach.unclear")
    raise AssertionError("asked for without end")


def telephone(text: str) -> str:
    """The telephone number in a text, as digits; "" where there is none."""
    digits = "".join(str(int(sign)) for sign in text if sign.isdecimal())
    if digits.startswith("81"):
        digits = f"0{digits[2:]}"
    return digits if len(digits) in DIGITS and digits.startswith("0") else ""


def _sure(scene: Scene, held: View, reach: str, attempt: int) -> Generator[Step, Any, tuple[str, str]]:
    """Whether to book what is held, and at which number to call; in the same tap, whether the expert sees the check."""
    latest = yield Do("latest", LatestResult())
    asked = scene.content.phrases.asks["sure" if latest else "sure-plain"]
    if not reach:
        asked = replace(asked, choices=tuple(choice for choice in asked.choices if choice.value != "number"))
    new = not (yield Do(f"agreed-{attempt}", HasAgreed(NOTICE)))
    notice = Button(scene.content.phrases.buttons["notice"], url="/notice")
    for n in count():
        yield Say("booking.held", held | {"reach": reach})
        if new and not n:
            yield Say("booking.consent", held, buttons=(notice,))
        sure = yield Ask(replace(asked, id=f"sure-{attempt}-{n}"))
        if new:
            yield Do("consent", GiveConsent(NOTICE))
        if sure != "number":
            return sure, reach
        reach = yield from _number(scene, f"{attempt}-{n}")
    raise AssertionError("asked for without end")
