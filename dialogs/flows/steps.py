"""The three things to do first, one message each."""

from dataclasses import replace
from typing import Any

from dialogs import presses
from dialogs.content import Content
from dialogs.effects import LatestResult
from dialogs.events import Command
from dialogs.flows.faq import SEE
from dialogs.flows.scene import Scene
from dialogs.messages import Button
from dialogs.steps import Do, Flow, Say
from scoring.result import Result, from_json


def steps(scene: Scene) -> Flow:
    """Tell the three steps of the latest result; then back to the open question."""
    latest = yield Do("latest", LatestResult())
    if not latest:
        yield Say("steps.none")
        return None
    result = from_json(latest["result"])
    # A piece of advice may have left the catalogue since.
    kept = tuple(action for action in result.actions if action.advice in scene.content.catalogue.advice)
    if not kept:
        yield Say("steps.gone")
        return None
    result = replace(result, actions=kept)
    for n in range(len(result.actions)):
        yield Say("steps.one", step_values(scene.content, result, n), buttons=_about(scene.content, result, n))
    yield from _way_on(scene.content, result, latest)
    return None


def step_values(content: Content, result: Result, n: int) -> dict[str, Any]:
    """What the phrase of the n-th step is filled with."""
    advice = content.catalogue.advice[result.actions[n].advice]
    return {
        "n": n + 1,
        "title": advice.title,
        "kind": advice.kind,
        "cost": content.catalogue.costs[advice.cost],
        "step": advice.step_low if result.score.literacy == "low" else advice.step_high,
        "sign": advice.sign,
    }


def _about(content: Content, result: Result, n: int) -> tuple[Button, ...]:
    """The way to what the n-th step's tool is, where the FAQ explains it."""
    entry = content.catalogue.advice[result.actions[n].advice].about
    if entry not in content.faq:
        return ()
    return (Button(content.phrases.buttons["about"], presses.encode(Command("question", f"{SEE}{entry}"))),)


def _way_on(content: Content, result: Result, latest: dict[str, Any]) -> Flow:
    """Who comes along (伴走), or with what to go on alone (自走)."""
    first = content.catalogue.advice[result.actions[0].advice]
    page = Button(content.phrases.buttons["result"], url=f"/r/{latest['token']}")
    if result.score.type == "jiso":
        yield Say("steps.alone", {"alone": first.alone}, buttons=(page,))
    else:
        desk = content.reference.desk(first.desk, latest["answers"].get("prefecture"))
        values = {"together": first.together, "desk": desk.name, "url": desk.url}
        yield Say("steps.together", values, buttons=(page,))
    return None
