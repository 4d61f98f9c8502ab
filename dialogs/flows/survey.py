"""The survey: one number, which counts at once, then a reason for who wants to give one."""

from dataclasses import replace

from dialogs.events import Command, Woke
from dialogs.flows.scene import Scene
from dialogs.messages import Button
from dialogs.presses import encode
from dialogs.steps import Ask, Do, Flow, Say
from dialogs.surveys import AskSurvey, KeepReason, KeepScore
from scoring.questionnaire import ANYTHING

SCORES = range(11)
ASKED = {"check": "survey.check", "booking": "survey.booking"}
# From which score on an owner is asked what was good, what could be better, or else what was wrong.
GOOD, FAIR = 9, 7


def asked(scene: Scene, subject: str) -> Flow:
    """Ask about a check ("check:<result's token>") or a consultation ("booking:7"), if it is time to."""
    if (yield Do("survey", AskSurvey(subject))):
        scores = tuple(Button(f"{score}", encode(Command("nps", f"{subject}-{score}"))) for score in SCORES)
        yield Say(ASKED[subject.partition(":")[0]], buttons=scores)
    return None


def survey(scene: Scene, woke: Woke) -> Flow:
    """What a timer of the survey's tells."""
    yield from asked(scene, woke.subject.removeprefix("survey:"))
    return None


def nps(scene: Scene) -> Flow:
    """Keep a score (`argument` is what it is about, and the score); another tap gives another one.

    Then back to the open question.
    """
    subject, _, text = scene.given.get("argument", "").rpartition("-")
    score = next((score for score in SCORES if str(score) == text), None)
    kept = score is not None and (yield Do("kept", KeepScore(subject, score)))
    if score is None or not kept:
        yield Say("survey.over")
        return None
    yield Say("survey.kept", {"score": score})
    why = scene.content.phrases.asks["why"]
    reason = yield Ask(replace(why, text=scene.content.phrases.say(_why(score)), words=ANYTHING))
    if reason:
        yield Do("reason", KeepReason(subject, reason))
        yield Say("survey.thanks.reason")
    else:
        yield Say("survey.thanks")
    return None


def _why(score: int) -> str:
    return "survey.why.good" if score >= GOOD else "survey.why.fair" if score >= FAIR else "survey.why.poor"
