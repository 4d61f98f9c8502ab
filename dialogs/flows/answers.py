"""Changing an earlier answer, chosen from the list of them."""

from dataclasses import replace

from dialogs.answers import answer_words
from dialogs.flows.scene import Scene
from dialogs.steps import Ask, Flow, Revise, Say
from scoring.questionnaire import Choice

STAY = "-"


def answers(scene: Scene) -> Flow:
    """List the answers, ask the chosen question anew, and put the new answer in its place."""
    if not scene.trail:
        yield Say("answers.none")
        return None
    listed = scene.content.phrases.asks["answers"]
    rows = tuple(
        Choice(asked.id, asked.title, hint=answer_words(asked, value), group=asked.part) for asked, value in scene.trail
    )
    which = yield Ask(replace(listed, choices=(*listed.choices, *rows)))
    if which == STAY:
        return None
    asked, value = next((question, value) for question, value in scene.trail if question.id == which)
    yield Say("current", {"answer": answer_words(asked, value)})
    new = yield Ask(asked)
    yield Say("answers.done")
    return Revise(which, new)
