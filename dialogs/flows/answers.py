"""Changing an earlier answer, chosen from the list of them."""

from dataclasses import replace

from dialogs.answers import in_short
from dialogs.flows.scene import Scene
from dialogs.steps import Ask, Flow, Revise, Say
from scoring.questionnaire import Choice

STAY = "-"


def answers(scene: Scene) -> Flow:
    """List the answers, ask the chosen question anew, and put the new answer in its place."""
    # The depth is not in the list: it leads another way through the check, and is no answer about the firm.
    trail = [(asked, value) for asked, value in scene.trail if asked.id in scene.content.questionnaire.questions]
    if not trail:
        yield Say("answers.none")
        return None
    listed = scene.content.phrases.asks["answers"]
    firm = scene.content.phrases.say("answers.firm")
    rows = tuple(Choice(q.id, q.title, hint=in_short(q, value), group=q.part or firm) for q, value in trail)
    which = yield Ask(replace(listed, choices=(*listed.choices, *rows)))
    if which == STAY:
        return None
    asked, value = next((question, value) for question, value in trail if question.id == which)
    yield Say("current", {"answer": in_short(asked, value)})
    new = yield Ask(asked, ticked=value if asked.kind == "many" else ())
    yield Say("answers.done")
    return Revise(which, new)
