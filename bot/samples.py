"""Made-up owners, and what the flows say to them: what content is measured by, and what its preview shows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from bot import newcomers, rehearsals
from dialogs.content import Content
from dialogs.effects import (
    EarlierResult,
    Effect,
    ExportLink,
    FindAnswers,
    LatestResult,
    LookUp,
    MakeCode,
    SaveResult,
)
from dialogs.events import Woke
from dialogs.flows import FLOWS, Scene
from dialogs.flows.notices import notice
from dialogs.flows.outreach import offer
from dialogs.letters import LONGEST_ALT, LONGEST_LABEL, LONGEST_TEXT
from dialogs.outreach import FindNews, KeepNews, OfferNews, TakeLetter
from dialogs.record import Frame
from dialogs.replay import replay
from dialogs.steps import Say
from knowledge.faq import Entry
from scheduler.days import day_words
from scoring.advice import Action
from scoring.questionnaire import Choice, Question
from scoring.result import Result, to_json

SEGMENTS = tuple((literacy, type) for literacy in ("low", "high") for type in ("banso", "jiso"))
# As long as a run is with a tag from storage and more runs than any owner has had.
RUN = rehearsals.RUN
TOKEN = "sample"  # noqa: S105 - the address of a result that is nobody's
CODE = "go-abcd2345"
DAY = date(2026, 12, 22)
# What is said of news is filled with it: nobody sends so many letters in a week.
A_WEEK = {"a_week": 99}
LETTER = {
    "text": "文" * LONGEST_TEXT,
    "buttons": [["字" * LONGEST_LABEL, "resume", "999.9.a.9"]],
    "picture": TOKEN,
    "flyer": TOKEN,
    "alt": "文" * LONGEST_ALT,
}

Talk = Callable[[], tuple[Say, ...]]


@dataclass(frozen=True, slots=True)
class Owner:
    """A made-up owner: the questions asked in a check, the answers, the result and what was said with it."""

    asked: tuple[Question, ...]
    answers: dict[str, Any]
    result: Result
    says: tuple[Say, ...]


def owner(content: Content, literacy: str, type: str, depth: str = "full", again: bool = False) -> Owner:
    """An owner of this segment, with a check behind them; `again` where it was not the first."""
    answers = {"depth": depth} | {q.id: _answer(content, q, literacy, type) for q in _questions(content, depth)}
    saved: list[Result] = []

    def perform(effect: Effect) -> Any:
        match effect:
            case SaveResult():
                saved.append(effect.result)
                return TOKEN
            case EarlierResult() if again:
                return kept(owner(content, literacy, type, depth))
            case OfferNews():
                return A_WEEK
        return None

    run = rehearsals.run(content, "check", answers, perform)
    return Owner(tuple(question for question, _ in run.trail), answers, saved[-1], tuple(run.says))


def kept(owner: Owner) -> dict[str, Any]:
    """An owner's result as effects give it to flows."""
    return {"token": TOKEN, "day": day_words(DAY), "answers": owner.answers, "result": to_json(owner.result)}


def steps(content: Content, owner: Owner, advice: str) -> tuple[Say, ...]:
    """What is said to an owner whose first thing to do is this."""
    chosen = Result(owner.result.score, (Action(advice, ()),), owner.result.comparison)
    latest = kept(replace(owner, result=chosen))

    def perform(effect: Effect) -> Any:
        return latest if isinstance(effect, LatestResult) else None

    return tuple(rehearsals.run(content, "steps", {}, perform).says)


def talks(content: Content) -> Iterator[Talk]:
    """Talks with made-up owners of every kind: each segment and depth, each piece of advice, each side flow."""
    for literacy, type in SEGMENTS:
        for depth in ("quick", "full"):
            yield partial(_result_talk, content, literacy, type, depth)
        for advice in content.catalogue.advice:
            yield partial(_steps_talk, content, literacy, type, advice)
    for name in FLOWS:
        if name not in ("check", *rehearsals.MEETINGS):
            yield partial(_side_talk, content, name)
    yield from rehearsals.talks(content, lambda: kept(owner(content, "low", "banso")))
    yield from newcomers.talks(content)
    yield from (partial(_news_talk, content, choice, kept) for choice in ("in", "out") for kept in (True, False))
    yield partial(_letter_talk, content)
    for entry in content.faq.values():
        ended = "ended" if entry.valid_until else "unchecked"
        yield partial(answer, content, entry)
        yield partial(answer, content, entry, ended, entry.id if entry.valid_until else "")


def says(content: Content) -> Iterator[Say]:
    """Everything that is said in these talks."""
    return (say for talk in talks(content) for say in talk())


def _result_talk(content: Content, literacy: str, type: str, depth: str) -> tuple[Say, ...]:
    return owner(content, literacy, type, depth, again=True).says


def _steps_talk(content: Content, literacy: str, type: str, advice: str) -> tuple[Say, ...]:
    return steps(content, owner(content, literacy, type), advice)


def _side_talk(content: Content, flow: str) -> tuple[Say, ...]:
    def perform(effect: Effect) -> Any:
        match effect:
            case ExportLink():
                return "/me"
            case MakeCode():
                return {"code": CODE, "minutes": 15}
            case FindNews():
                return {"choice": "out"} | A_WEEK
            case LatestResult() if flow == "result":
                return kept(owner(content, "low", "banso"))
            case FindAnswers():
                return {"confident": False, "outside": "", "ids": list(content.faq)[:3], "asked": 1}
            case LookUp(id):
                return {"id": id, "standing": "valid", "ended": ""}
        return None

    return tuple(rehearsals.run(content, flow, {}, perform).says)


def _news_talk(content: Content, choice: str, kept: bool) -> tuple[Say, ...]:
    given: dict[type, Any] = {FindNews: {"choice": choice} | A_WEEK, KeepNews: kept, OfferNews: A_WEEK}

    def perform(effect: Effect) -> Any:
        return given.get(type(effect))

    back = offer(Scene(content, "", {}, None, ()), back=True)
    says = replay(back, Frame("notice", ""), perform).says
    for answers in ({}, {"news": choice}, {"argument": choice}):
        says += rehearsals.run(content, "news", answers, perform).says
    return tuple(says)


def _letter_talk(content: Content) -> tuple[Say, ...]:
    """A letter of a campaign as long as can be, and as it is tried out."""
    data = LETTER | {"step": 9, "variant": "a", "buttons": [LETTER["buttons"][0][:2]]}
    told = (Woke(1, "campaign:999", "step9", 1), Woke(1, "trial:999", "step9", 1, data))
    scene = Scene(content, "", {}, None, ())

    def perform(effect: Effect) -> Any:
        return LETTER if isinstance(effect, TakeLetter) else None

    return tuple(say for woke in told for say in replay(notice(scene, woke), Frame("notice", ""), perform).says)


def answer(content: Content, entry: Entry, standing: str = "valid", ended: str = "") -> tuple[Say, ...]:
    """All that is said of an entry of the FAQ: the answer and the rest of it, then of what to do where it is wrong."""
    found = {"confident": True, "outside": "", "ids": [entry.id], "asked": 1}
    looked = {"id": entry.id, "standing": standing, "ended": ended}
    given = {"argument": entry.title, "faq-0": "more", "faq-read-0": "wrong"}

    def perform(effect: Effect) -> Any:
        return found if isinstance(effect, FindAnswers) else looked if isinstance(effect, LookUp) else None

    return tuple(rehearsals.run(content, "question", given, perform).says)


def values(content: Content) -> dict[str, dict[str, Any]]:
    """Values to fill each phrase with: what flows give a made-up owner; under "" what the engine gives, by name."""
    questions = content.questionnaire.questions
    industry, vision, picks = questions["industry"], questions["vision"], questions["picks"]
    label, count = industry.choices[0].label, len(industry.choices)
    found: dict[str, dict[str, Any]] = {
        "": {"answer": label, "label": label, "count": count, "number": 4, "limit": picks.limit},
        "text.long": {"limit": vision.limit, "length": vision.limit + 1},
    }
    for say in says(content):
        name = say.picture[2] if say.picture else say.phrase
        found.setdefault(name, say.values)
    return found


def _questions(content: Content, depth: str) -> list[Question]:
    short = {"picks", "stage"}
    questions = content.questionnaire.questions.values()
    return [question for question in questions if depth == "quick" or question.id not in short]


def _answer(content: Content, question: Question, literacy: str, type: str) -> Any:
    """An answer that leads to the segment, and differs from question to question within it."""
    place = list(content.questionnaire.questions).index(question.id)
    if question.kind == "many":
        chosen = question.choices[place % 2 :: 2 if literacy == "high" else 4]
        return tuple(choice.value for choice in chosen[: question.limit or None])
    if question.kind == "text":
        return question.choices[0].label
    return _choice(question, place, literacy, type).value


def _choice(question: Question, place: int, literacy: str, type: str) -> Choice:
    best = sorted(question.choices, key=lambda choice: -choice.points)
    if best[0].points > best[-1].points:
        half = best[: len(best) // 2] if literacy == "high" else best[len(best) // 2 :]
        return half[place * place % len(half)]
    if any(choice.a or choice.b for choice in best):
        return max(best, key=lambda choice: choice.a - choice.b if type == "banso" else choice.b - choice.a)
    return question.choices[place % len(question.choices)]
