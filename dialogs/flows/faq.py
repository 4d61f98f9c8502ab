"""A question of the owner's own: the answer, what belongs to it, and the way back; or an honest "I don't know"."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from dialogs.effects import FindAnswers, LookUp, RateAnswer
from dialogs.flows.scene import Scene
from dialogs.flows.side import desk_values
from dialogs.messages import Button
from dialogs.steps import Ask, Do, Flow, Say, Step
from knowledge.faq import Entry
from knowledge.reference import YOROZU
from scheduler.days import year_words
from scoring.questionnaire import Choice, Question

# The frame's own keys beside answers: the words that were typed, and the entry that was shown before them.
WORDS, AFTER = "argument", "_after"
# What an effect gave for the n-th entry that was shown.
SHOWN = "shown-"
# Near questions that are offered, and related ones beside an answer.
NEAR, RELATED = 3, 2
# The areas in which nobody but a 税理士 may say what holds for one business (税理士法).
TAX = ("invoice", "ebook", "einvoice")
# A choice, or words, that name an entry outright.
SEE = "see-"
# The way back, the flow of the check, and those of bookings under way.
BACK, CHECK, BOOKINGS = "/resume", "check", ("consult", "change")
# Part of a flow that gives the entry to show next, or None.
Next = Generator[Step, Any, str | None]


def question(scene: Scene) -> Flow:
    """Answer a question, then offer more of it, what is near, and a person; ends where the owner was."""
    text = scene.given.get(WORDS, "")
    if not text:
        text = yield Ask(_led_back(scene, scene.content.phrases.asks["question"]))
    found = yield from _found(scene, text)
    id = yield from _first(scene, found)
    shown = 0
    while id:
        id = yield from _answered(scene, found, id, shown)
        shown += 1
    return None


def last_shown(done: dict[str, Any]) -> str:
    """The entry that was shown last, from what the effects of a question's frame gave; "" where none was."""
    places = [int(name.removeprefix(SHOWN)) for name in done if name.startswith(SHOWN)]
    return str(done[f"{SHOWN}{max(places)}"]["id"]) if places else ""


def _found(scene: Scene, text: str) -> Generator[Step, Any, dict[str, Any]]:
    """What the words lead to: {"text", "confident", "outside", "ids", "asked"}."""
    if text.startswith(SEE):
        return {"text": "", "confident": True, "outside": "", "ids": [text.removeprefix(SEE)], "asked": None}
    who = {key: str(_below(scene).get(key) or "") for key in ("industry", "size", "prefecture")}
    found = yield Do("found", FindAnswers(text, scene.given.get(AFTER, ""), **who))
    return {"text": text, **found}


def _first(scene: Scene, found: dict[str, Any]) -> Next:
    """The entry to show first; None where the owner chose none."""
    ids = _known(scene, found["ids"])
    if found["confident"] and ids:
        return ids[0]
    near = () if found["outside"] else tuple(scene.content.faq[id] for id in ids[:NEAR])
    yield Say("faq.outside" if found["outside"] else "faq.unknown")
    choice = yield Ask(_with(scene, "faq-unknown" if near else "faq-ways", _links(scene, near, "near"), 0))
    return _seen(choice)


def _answered(scene: Scene, found: dict[str, Any], id: str, shown: int) -> Next:
    """Show an entry and ask what to do next; gives the next entry, or None where the owner has done."""
    looked = yield Do(f"{SHOWN}{shown}", LookUp(id, found["text"]))
    entry = scene.content.faq.get(looked["id"])
    if entry is None:
        yield Say("faq.gone")
        return None
    yield from _tell(scene, entry, looked, found["text"])
    choice = "more"
    if entry.id != scene.given.get(AFTER):
        choice = yield Ask(_choices(scene, entry, "faq", shown))
    if choice == "more":
        # Who asks on about the same entry wants to know more of it.
        yield from _more(entry)
        choice = yield Ask(_choices(scene, entry, "faq-read", shown))
    if choice in ("useful", "wrong") and found["asked"] is not None:
        yield Do(f"rated-{shown}", RateAnswer(found["asked"], entry.id, choice))
    if choice == "useful":
        yield Say("faq.thanks")
    if choice == "wrong":
        return (yield from _instead(scene, found, entry, shown))
    return _seen(choice)


def _instead(scene: Scene, found: dict[str, Any], entry: Entry, shown: int) -> Next:
    """The next best entry after one that did not fit; where there is none, a person to ask."""
    rest = [id for id in _known(scene, found["ids"])[shown + 1 :] if id != entry.id]
    if rest:
        yield Say("faq.next")
        return rest[0]
    yield Say("faq.human", desk_values(scene, YOROZU, _prefecture(scene, found["text"])))
    return None


def _known(scene: Scene, ids: Sequence[str]) -> list[str]:
    """Those of the entries that there still are."""
    return [id for id in ids if id in scene.content.faq]


def _seen(choice: str) -> str | None:
    """The entry that a choice names."""
    return choice.removeprefix(SEE) if choice.startswith(SEE) else None


# ---------------------------------------------------------------- what is said


def _tell(scene: Scene, entry: Entry, looked: dict[str, Any], text: str) -> Flow:
    """The answer, with what is to be known of its date, its source and whom to ask."""
    ended = scene.content.faq.get(looked["ended"])
    if ended:
        yield Say("faq.ended", {"title": ended.title, "until": _day(ended.valid_until), "after": ended.after})
    prefecture = _prefecture(scene, text)
    desk = scene.content.reference.desk(entry.desk, prefecture)
    values = {
        "title": entry.title,
        "answer": entry.answer,
        "standing": looked["standing"],
        "begins": _day(entry.valid_from),
        "until": _day(entry.valid_until),
        "after": entry.after,
        "source": entry.source,
        "checked": _day(entry.checked),
        "tax": entry.area in TAX,
        "desk": desk.name,
    }
    page = (Button(scene.content.phrases.buttons["source"], url=entry.url),) if entry.url else ()
    yield Say("faq.answer", values, buttons=page)
    if entry.desk == YOROZU and prefecture:
        yield Say("faq.desk", desk_values(scene, YOROZU, prefecture))
    return None


def _more(entry: Entry) -> Flow:
    """The rest of an entry."""
    if entry.more:
        yield Say("faq.more", {"more": entry.more})
    if entry.conditions or entry.mistake or entry.next:
        yield Say("faq.rest", {"conditions": entry.conditions, "mistake": entry.mistake, "next": entry.next})
    return None


def _day(day: date | None) -> str:
    return year_words(day) if day else ""


# ---------------------------------------------------------------- what can be chosen


def _choices(scene: Scene, entry: Entry, ask: str, shown: int) -> Question:
    """What can be done with an answer: read on, rate it, go to what is related, to a person, or back."""
    related = [scene.content.faq[id] for id in entry.related[:RELATED] if id in scene.content.faq]
    question = _with(scene, ask, _links(scene, related, "related"), shown)
    if entry.more or entry.conditions or entry.mistake or entry.next:
        return question
    return replace(question, choices=tuple(choice for choice in question.choices if choice.value != "more"))


def _with(scene: Scene, ask: str, links: Sequence[Choice], n: int) -> Question:
    """A question of the phrases with these links before what leads away; each time one of its own."""
    asked = scene.content.phrases.asks[ask]
    own = [choice for choice in asked.choices if not choice.value.startswith("/")]
    ways = [choice for choice in asked.choices if choice.value.startswith("/")]
    return _led_back(scene, replace(asked, id=f"{ask}-{n}", choices=(*own, *links, *ways)))


def _led_back(scene: Scene, asked: Question) -> Question:
    """The question with the way back named after what it leads back to."""
    labels = scene.content.phrases.buttons
    label = ""
    if scene.under in BOOKINGS:
        label = labels["to-booking"]
    elif scene.under != CHECK:
        label = labels["to-other"]
    elif not (scene.below and scene.below.asked):
        label = labels["to-begin"]
    named = (replace(one, label=label) if label and one.value == BACK else one for one in asked.choices)
    return replace(asked, choices=tuple(named))


def _links(scene: Scene, entries: Sequence[Entry], name: str) -> tuple[Choice, ...]:
    """Entries as choices; their titles are too long for a button, so they stand below its label."""
    label = scene.content.phrases.buttons[name]
    return tuple(Choice(f"{SEE}{one.id}", f"{label}{n}", hint=one.title) for n, one in enumerate(entries, 1))


# ---------------------------------------------------------------- who asks


def _below(scene: Scene) -> dict[str, Any]:
    return scene.below.answers if scene.below else {}


def _prefecture(scene: Scene, text: str) -> str:
    """The prefecture that is named in the words, else the owner's own; "" where none is known."""
    places = scene.content.questionnaire.questions["prefecture"].choices
    named = (place.value for place in places if any(name in text for name in (place.label, *place.also)))
    return next(named, str(_below(scene).get("prefecture") or ""))
