"""Looking for a time: those that are free are shown, and others by day or in words, until one is chosen."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Any

from dialogs.appointments import FreeSlots, LastExpert, MoveBooking, ProposeTime
from dialogs.events import Command
from dialogs.flows.scene import Scene
from dialogs.flows.side import desk_values
from dialogs.flows.waiting import stop
from dialogs.messages import Button
from dialogs.presses import encode
from dialogs.steps import Ask, Do, Flow, Say, Step
from dialogs.talks import FindDesk
from dialogs.waiting import WaitForDay
from knowledge.reference import YOROZU
from scoring.questionnaire import SAID, TIME, Choice, Question

# Choices: a time, and a day.
SLOT, DAY = "s-", "d-"
# Ways out of a question that asks for something else.
STOP, KEEP = "stop", "keep"

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


def another(
    scene: Scene, before: View, key: str, take: Callable[[str, str], MoveBooking | ProposeTime]
) -> Generator[Step, Any, View | None]:
    """A booking at another time, as `take` has it; chosen anew where that has gone. None where none was wanted."""
    wanted = Wanted(before["topic_id"], before["way"], only=before["expert"], near=before["at"], instead=True)
    attempt = 0
    while True:
        choice = yield from chosen(scene, wanted, f"{attempt}")
        if choice is None:
            return None
        at, _ = choice
        taken: View | None = yield Do(f"{key}-{attempt}", take(before["token"], at))
        if taken:
            return taken
        yield Say("booking.gone")
        attempt += 1
        wanted = replace(wanted, wish="", day="", near=at)


def _nothing(scene: Scene, wanted: Wanted, found: dict[str, Any]) -> Flow:
    """Say that nothing is free at all."""
    if wanted.instead:
        yield Say("slot.only")
    else:
        yield from nobody(scene, "full" if found["experts"] else "")
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


def nobody(scene: Scene, anybody: str) -> Flow:
    """Say that nobody is free, or that there is nobody, and where else people listen."""
    values = desk_values(scene, YOROZU, prefecture(scene))
    if anybody:
        labels = scene.content.phrases.buttons
        desk = yield Do("desk", FindDesk())
        person = (Button(labels["human"], encode(Command("human"))),) if desk else ()
        yield Say("slot.none", values, buttons=person)
    else:
        yield Say("consult", values)
    return None


def prefecture(scene: Scene) -> str:
    """Where the owner's business is, as far as the check below has told, or ""."""
    return str(scene.below.answers.get("prefecture") or "") if scene.below else ""
