"""Booking an expert: what about, how, when; then one tap books."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from dialogs.appointments import (
    AnyExpert,
    Book,
    CancelBooking,
    FindBooking,
    FreeSlots,
    FreeWays,
    HasAgreed,
    HoldSlot,
    KnownReach,
    LastExpert,
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
from dialogs.flows.waiting import stop, waited_for
from dialogs.messages import Button, File
from dialogs.presses import encode, row_id
from dialogs.steps import Ask, Do, Flow, Say, Silent, Step
from dialogs.talks import FindDesk
from dialogs.waiting import WaitForDay
from knowledge.reference import YOROZU
from scoring.questionnaire import SAID, TIME, Choice, Question
from scoring.result import from_json

# Choices: a time, a day, and an owner's own step as the topic.
SLOT, DAY, STEP = "s-", "d-", "step-"
# What answers a booking as it was shown, and stands between its token and its revision there.
ANSWERS, SHOWN = ("accept", "decline", "agree"), "."
# The frame's own key: an earlier booking, in place of which another is wanted.
INSTEAD = "argument"
# Ways out of a question that asks for something else.
STOP, KEEP, WEB = "stop", "keep", "web"
# Telephone numbers in Japan have ten or eleven digits.
DIGITS = (10, 11)

View = dict[str, Any]


@dataclass(slots=True)
class Wanted:
    """What is looked for so far; `only` is the expert it must be (0: anybody), `refused` a time that no expert had.

    `instead` tells that it is for a booking that stands, and stays with its expert.
    """

    topic: str
    way: str
    wish: str = ""
    day: str = ""
    near: str = ""
    only: int = 0
    refused: str = ""
    instead: bool = False

    def slots(self) -> FreeSlots:
        """The times to look for."""
        return FreeSlots(self.topic, self.way, self.wish, self.day, self.only, self.near)


def consult(scene: Scene) -> Flow:
    """Book an expert; where there is none to be booked, name the desk where people listen."""
    if (yield from _enough(scene, "visits")):
        return None
    anybody = yield Do("anybody", AnyExpert())
    if anybody != "free":
        yield from _nobody(scene, anybody)
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
    wanted = Wanted(before["topic_id"], before["way"], only=before["expert"], near=before["at"], instead=True)
    attempt = 0
    while True:
        choice = yield from chosen(scene, wanted, f"{attempt}")
        if choice is None:
            return scene.back()
        at, _ = choice
        moved = yield Do(f"moved-{attempt}", MoveBooking(before["token"], at))
        if moved:
            moved |= {"before": before["when"]}
            yield Say(f"booking.{moved['state']}", moved, buttons=buttons(scene, moved), file=calendar(moved))
            return Silent()
        yield Say("booking.gone")
        attempt += 1
        wanted = replace(wanted, wish="", day="", near=at)


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


def calendar(view: View, kind: str = "ics") -> File:
    """A booking for a calendar, which may be the expert's ("ics-expert")."""
    return File(kind, view["token"], view["revision"])


# ---------------------------------------------------------------- what about, and how


def _enough(scene: Scene, key: str) -> Generator[Step, Any, bool]:
    """Whether the owner has had as many consultations as there may be; then they are told who else helps."""
    visits = yield Do(key, CountVisits())
    if not visits or visits["left"]:
        return False
    yield Say("booking.enough", visits | desk_values(scene, YOROZU, _prefecture(scene)))
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
        yield from _nobody(scene, "full")
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


def _nobody(scene: Scene, anybody: str) -> Flow:
    """Say that nobody is free, or that there is nobody, and where else people listen."""
    values = desk_values(scene, YOROZU, _prefecture(scene))
    if anybody:
        labels = scene.content.phrases.buttons
        desk = yield Do("desk", FindDesk())
        person = (Button(labels["human"], encode(Command("human"))),) if desk else ()
        yield Say("slot.none", values, buttons=person)
    else:
        yield Say("consult", values)
    return None


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


def chosen(scene: Scene, wanted: Wanted, n: str) -> Generator[Step, Any, tuple[str, int] | None]:
    """A time and its expert, chosen from those shown, by day, or by words."""
    looked = 0
    while True:
        key = f"{n}-{looked}"
        found = yield Do(f"slots-{key}", wanted.slots())
        found = found | {"slots": [one for one in found["slots"] if one["at"] != wanted.refused]}
        if not found["slots"] and wanted.only and not wanted.instead:
            yield Say("slot.same")
            wanted.only, looked = 0, looked + 1
            continue
        if not found["slots"]:
            yield from _nothing(scene, wanted, found)
            return None
        yield from _tell(wanted, found)
        choice = yield Ask((yield from _times(scene, wanted, found, key)))
        looked += 1
        if choice.startswith(SLOT):
            at, _, expert = choice.removeprefix(SLOT).rpartition("/")
            return _iso(at), int(expert)
        if choice in (STOP, KEEP):
            yield Say("consult.stopped" if choice == STOP else "cancel.no")
            return None
        if choice == "wait":
            number = yield Do(f"wait-{key}", WaitForDay(found["full"], wanted.topic, wanted.way))
            yield Say("booking.wait", found, buttons=(stop(scene, number),))
            return None
        if choice == "days":
            choice = yield Ask(_days(scene, found, key))
        if choice.startswith(DAY):
            wanted.day, wanted.wish, wanted.near = choice.removeprefix(DAY), "", ""
        elif choice == "same":
            last = yield Do("last", LastExpert())
            wanted.only = last["id"] if last else 0
        else:
            wanted.wish, wanted.day, wanted.near = choice.removeprefix(SAID), "", ""


def _nothing(scene: Scene, wanted: Wanted, found: dict[str, Any]) -> Flow:
    """Say that nothing is free at all."""
    if wanted.instead:
        yield Say("slot.only")
    else:
        yield from _nobody(scene, "full" if found["experts"] else "")
    return None


def _tell(wanted: Wanted, found: dict[str, Any]) -> Flow:
    """What was understood, and what is full."""
    if wanted.wish and found["understood"]:
        yield Say("slot.understood", found)
    if found["full"]:
        yield Say("slot.full", found)
    elif not found["met"]:
        yield Say("slot.near", found)
    return None


def _times(scene: Scene, wanted: Wanted, found: dict[str, Any], key: str) -> Generator[Step, Any, Question]:
    """The times that are free, and the ways to others."""
    asked = scene.content.phrases.asks["slot"]
    last = yield Do("last", LastExpert())
    ways = {choice.value: choice for choice in asked.choices}
    kept = [ways["days"]] if found["days"] else []
    kept += [ways["same"]] if last and not wanted.only else []
    # Who waits is told of any expert's times.
    kept += [ways["wait"]] if found["full"] and not wanted.only else []
    kept += [ways[KEEP if wanted.instead else STOP]]
    times = [
        Choice(f"{SLOT}{_short(one['at'])}/{one['expert']}", f"{one['day']} {one['time']}") for one in found["slots"]
    ]
    return replace(asked, id=f"slot-{key}", choices=(*times, *kept), words=TIME)


def _days(scene: Scene, found: dict[str, Any], key: str) -> Question:
    """The days on which anybody works; a full one can be waited for."""
    asked = scene.content.phrases.asks["day"]
    full = scene.content.phrases.buttons["full"]
    shown = [Choice(f"{DAY}{one['day']}", one["label"], hint="" if one["free"] else full) for one in found["days"]]
    return replace(asked, id=f"day-{key}", choices=(*asked.choices, *shown), words=TIME)


def _short(at: str) -> str:
    """A time as it fits a button: 2612010500."""
    return at[2:].translate(str.maketrans("", "", "-:T"))


def _iso(short: str) -> str:
    return f"20{short[:2]}-{short[2:4]}-{short[4:6]}T{short[6:8]}:{short[8:10]}"


def _prefecture(scene: Scene) -> str:
    return str(scene.below.answers.get("prefecture") or "") if scene.below else ""


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
