"""The 経営チェック: from the welcome to the result, in two depths."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dialogs.content import NOTICE, Content
from dialogs.effects import EarlierResult, GiveConsent, Peers, SaveResult
from dialogs.flows.outreach import offer
from dialogs.flows.scene import Scene
from dialogs.flows.sharing import consents
from dialogs.flows.steps import step_values
from dialogs.messages import Button
from dialogs.steps import Ask, Do, Flow, Plan, Rewrite, Say, Silent, StartOver
from scoring.advice import first_actions
from scoring.questionnaire import Questionnaire
from scoring.result import Result, compare, from_json
from scoring.score import Score, literacy_of, marked, point_reasons, score

PROFILE = ("industry", "size", "prefecture", "form")
# The questions whose answers were brought along: from an earlier run, and from the quick depth into the full one.
AGAIN = "_again"
DEEPER = "_deeper"
# What is asked once a result is there, by depth.
NEXT = {"quick": "next-quick", "full": "next-full"}


def check(scene: Scene) -> Flow:
    """Welcome, consent, depth, questions, result; ends in the menu of what to do next and never leaves it."""
    content = scene.content
    if AGAIN in scene.given:
        yield Say("welcome.again")
    else:
        notice = Button(content.phrases.buttons["notice"], url="/notice")
        yield Say("welcome.what")
        yield Say("welcome.consent", buttons=(notice,))
    depth = yield Ask(content.phrases.asks["depth"])
    yield Do("consent", GiveConsent(NOTICE))
    answers: dict[str, Any] = {"depth": depth}
    yield from (_quick if depth == "quick" else _full)(scene, answers)
    yield from _result(scene, answers)
    yield from consents(scene)
    yield from offer(scene)
    while True:
        yield Ask(content.phrases.asks[NEXT[depth]])


def restart(scene: Scene) -> Flow:
    """A new run, once the owner is sure; what the profile said is brought along."""
    sure = yield Ask(scene.content.phrases.asks["restart"])
    if sure == "no":
        yield Say("restart.no")
        return None
    known = scene.below.answers if scene.below else {}
    brought = {id: known[id] for id in PROFILE if id in known}
    return StartOver({AGAIN: list(brought), **brought})


def deepen(scene: Scene) -> Flow:
    """From the quick depth into the full one, keeping every answer: a challenge picked was called pressing."""
    given = dict(scene.below.answers) if scene.below else {}
    if given.get("depth") == "full":
        yield Say("deepen.already")
        return None
    if not scene.below or scene.below.asked != NEXT["quick"]:
        yield Say("deepen.early")
        return None
    for challenge in scene.content.questionnaire.challenges:
        if challenge.id in given.get("picks", ()):
            given[challenge.question] = "urgent"
    given.pop("picks", None)
    yield Say("full.deeper")
    return Rewrite(given | {"depth": "full", DEEPER: list(given)})


def _ask(content: Content, answers: dict[str, Any], ids: Sequence[str]) -> Flow:
    """Ask these questions of the questionnaire and note the answers."""
    for id in ids:
        answers[id] = yield Ask(content.questionnaire.questions[id])
    return Silent()


def _section(scene: Scene, answers: dict[str, Any], intro: str, ids: Sequence[str]) -> Flow:
    """Ask the questions of a section; its first words come before the first whose answer was not brought along."""
    brought = {*scene.given.get(AGAIN, ()), *scene.given.get(DEEPER, ())}
    first = next((id for id in ids if id not in brought), None)
    for id in ids:
        if id == first:
            yield Say(intro)
        yield from _ask(scene.content, answers, [id])
    return Silent()


def _quick(scene: Scene, answers: dict[str, Any]) -> Flow:
    questionnaire = scene.content.questionnaire
    items = [item.question for item in questionnaire.items_for(quick=True)]
    pairs = [pair.id for pair in questionnaire.pairs_for("high", quick=True)]
    yield Say("quick.begin")
    yield Plan(("picks", "stage", *items, *pairs))
    yield from _ask(scene.content, answers, ["picks", "stage", *items])
    pairs = [pair.id for pair in questionnaire.pairs_for(_literacy(questionnaire, answers), quick=True)]
    yield Plan(("picks", "stage", *items, *pairs))
    yield from _ask(scene.content, answers, pairs)
    return Silent()


def _full(scene: Scene, answers: dict[str, Any]) -> Flow:
    content, questionnaire = scene.content, scene.content.questionnaire
    challenges = [challenge.question for challenge in questionnaire.challenges]
    items = [item.question for item in questionnaire.items]
    pairs = _pairs(questionnaire, "high")
    yield Plan((*challenges, "started", "q3", *items, *pairs, *PROFILE, "vision"))
    if DEEPER not in scene.given:
        yield Say("full.begin")
    yield from _section(scene, answers, "q2.begin", challenges)
    started = ["started"] if marked(questionnaire, answers) else []
    yield Plan((*challenges, *started, "q3", *items, *pairs, *PROFILE, "vision"))
    yield from _started(questionnaire, answers)
    yield from _ask(content, answers, ["q3"])
    yield from _section(scene, answers, "q4.begin", items)
    pairs = _pairs(questionnaire, _literacy(questionnaire, answers))
    yield Plan((*challenges, *started, "q3", *items, *pairs, *PROFILE, "vision"))
    yield from _section(scene, answers, "pair.begin", pairs)
    yield from _section(scene, answers, "profile.begin", PROFILE)
    if scene.given.get(AGAIN):
        yield Say("welcome.kept")
    yield Say("vision.begin")
    yield from _ask(content, answers, ["vision"])
    return Silent()


def _pairs(questionnaire: Questionnaire, literacy: str) -> list[str]:
    return [pair.id for pair in questionnaire.pairs_for(literacy, quick=False)]


def _literacy(questionnaire: Questionnaire, answers: dict[str, Any]) -> str:
    return literacy_of(questionnaire, point_reasons(questionnaire, answers))


def _started(questionnaire: Questionnaire, answers: dict[str, Any]) -> Flow:
    """What is being done about the challenges that were marked, where any were."""
    levels = marked(questionnaire, answers)
    if levels:
        question = questionnaire.questions["started"]
        choices = tuple(choice for choice in question.choices if choice.value in levels)
        answers["started"] = yield Ask(replace(question, choices=choices))
    return Silent()


def _result(scene: Scene, answers: dict[str, Any]) -> Flow:
    """Score, compare, keep and tell."""
    content = scene.content
    scored = score(content.questionnaire, answers)
    earlier = yield Do("earlier", EarlierResult(scene.run, scored.depth))
    peers = None
    if scored.depth == "full":
        peers = yield Do("peers", Peers(answers["industry"], answers["size"]))
    actions = first_actions(content.catalogue, content.questionnaire, answers, scored)
    result = Result(scored, actions, compare(scored, peers, content.reference.segments()))
    token = yield Do("result", SaveResult(scene.run, answers, result))
    page = Button(content.phrases.buttons["result"], url=f"/r/{token}")
    values = _values(content, result, earlier)
    yield Say("result.summary", values, buttons=(page,))
    yield Say("", values, picture=("share", token, "alt.share"))
    yield Say("", values, picture=("balance", token, "alt.balance"))
    yield Say("result.first", values)
    return Silent()


def _values(content: Content, result: Result, earlier: dict[str, Any] | None) -> dict[str, Any]:
    """What the phrases of the result are filled with."""
    scored = result.score
    labels = {challenge.id: challenge.label for challenge in content.questionnaire.challenges}
    return {
        "quick": scored.depth == "quick",
        "literacy": scored.literacy,
        "type": scored.type,
        "points": scored.points,
        "out_of": scored.out_of,
        "shares": [{"label": labels[s.challenge], "percent": s.percent} for s in scored.shares],
        "balance": [
            {"label": content.questionnaire.categories[axis.category], "value": axis.value} for axis in scored.balance
        ],
        "titles": [content.catalogue.advice[action.advice].title for action in result.actions],
        "step": step_values(content, result, 0)["step"],
        "earlier": _earlier(earlier, scored.depth),
    }


def _earlier(earlier: dict[str, Any] | None, depth: str) -> dict[str, Any] | None:
    """The points of the earlier result; None where there is none, or where they were counted on another scale."""
    if not earlier:
        return None
    before: Score = from_json(earlier["result"]).score
    if before.depth != depth:
        return None
    return {"day": earlier["day"], "points": before.points, "out_of": before.out_of}
