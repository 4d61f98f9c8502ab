"""The form in which a campaign is written: what stands in its fields, and the plan that it comes to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.campaigns import Plan, Wrong
from bot.desk.visits import Visit
from bot.desk.words import words
from bot.settings import PUSHED
from dialogs.flows.faq import SEE
from dialogs.letters import MOST_BUTTONS, SHARE, TARGETS, Letter, Step
from dialogs.library import GOALS, MOST_STEPS, MOST_VARIANTS, STAGES, TRIGGERS
from scheduler.days import day_in_japan
from storage import agencies, referrals
from storage.flyers import Flyer
from storage.segments import Segment

# What a segment lists, and its spans of days, as the form has them.
LISTS = (
    "stages",
    "segments",
    "challenges",
    "tools",
    "lacks",
    "industries",
    "sizes",
    "prefectures",
    "referrals",
    "agencies",
    "channels",
)
SPANS = ("seen_from", "seen_to", "finished_from", "finished_to")
LONGEST_SPAN = 3660
# Those of them that list rows of ours, by number.
NUMBERS = ("referrals", "agencies")
# A button that leads to an address of its own, and one to an answer of the FAQ, in the list of where buttons lead.
LINK, ANSWER = "link", "answer"


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form: fields by name, and what is ticked in each list."""

    fields: Mapping[str, str]
    ticked: Mapping[str, Sequence[str]]

    def get(self, name: str) -> str:
        """What stands in a field, without blanks around it."""
        return self.fields.get(name, "").strip()

    def number(self, name: str) -> int | None:
        """The number in a field; None for nothing, and -1 for what is no number."""
        text = self.get(name)
        return None if not text else int(text) if text.isdecimal() and len(text) < 6 else -1

    @property
    def steps(self) -> int:
        """How many steps there are in the form."""
        return min(max(self.number("count") or 0, 0), MOST_STEPS)

    @property
    def variants(self) -> str:
        """The names of its variants, one letter each."""
        many = min(max(self.number("variants") or 1, 1), MOST_VARIANTS)
        return "abcdefgh"[:many]


def typed(visit: Visit) -> Typed:
    """What was sent; the buttons of each letter one below the other, where a row between them was emptied."""
    sent = Typed(visit.form, {name: visit.picked.get(name, ()) for name in LISTS})
    rows = [f"{n}-{name}" for n in range(sent.steps) for name in sent.variants]
    return altered(sent, **{name: value for row in rows for name, value in _packed(sent, row).items()})


def _packed(sent: Typed, letter: str) -> dict[str, str]:
    names = ("label", "to", "url")
    rows = [[sent.get(f"{name}-{letter}-{i}") for name in names] for i in range(MOST_BUTTONS)]
    filled = [row for row in rows if any(row) and row not in (["", LINK, ""], ["", ANSWER, ""])]
    filled += [[""] * len(names)] * (MOST_BUTTONS - len(filled))
    return {f"{name}-{letter}-{i}": filled[i][at] for i in range(MOST_BUTTONS) for at, name in enumerate(names)}


def written(plan: Plan, questions: Mapping[str, str]) -> Typed:
    """A plan as the form shows it; `questions` are those of the FAQ, by id."""
    found = {"name": plan.name, "trigger": plan.trigger, "goal": plan.goal, "holdout": str(plan.holdout)}
    found |= {"count": str(len(plan.steps)), "variants": str(max((len(one.letters) for one in plan.steps), default=1))}
    found |= {name: str(days) for name in SPANS if (days := getattr(plan.segment, name)) is not None}
    found |= {"due": "yes" if plan.segment.due else "", "everybody": "yes" if plan.everybody else ""}
    found |= {"deadline": plan.segment.deadline, "ends_on": plan.ends_on.isoformat() if plan.ends_on else ""}
    for n, step in enumerate(plan.steps):
        found[f"days-{n}"] = str(step.days)
        for name, letter in step.letters.items():
            found |= {f"text-{n}-{name}": letter.text, f"picture-{n}-{name}": letter.picture}
            for i, (label, to) in enumerate(letter.buttons):
                found[f"label-{n}-{name}-{i}"] = label
                kind = to if to in TARGETS else ANSWER if to.startswith(SEE) else LINK
                found[f"to-{n}-{name}-{i}"] = kind
                whole = {ANSWER: questions.get(to.removeprefix(SEE), ""), LINK: to}
                found[f"url-{n}-{name}-{i}"] = whole.get(kind, "")
    return Typed(found, {name: [str(one) for one in getattr(plan.segment, name)] for name in LISTS})


def choices(visit: Visit) -> dict[str, dict[str, str]]:
    """What can be ticked in each list, with its words."""
    said, asked = words(), visit.parts.content.questionnaire
    tools = {one.id: one.label for one in asked.tools}
    of_agency = referrals.of_agency(visit.connection, visit.agency.id)
    found = {
        "stages": {name: said["stages"][name] for name in STAGES},
        "segments": said["segments"],
        "challenges": {one.id: one.label for one in asked.challenges},
        "tools": tools,
        "lacks": tools,
        "referrals": {str(one.id): one.name for one in of_agency},
        "agencies": {str(one.id): one.name for one in agencies.all_of(visit.connection)} if to_all(visit) else {},
        "channels": {name: said["channels"][name] for name in PUSHED},
    }
    for name, id in (("industries", "industry"), ("sizes", "size"), ("prefectures", "prefecture")):
        found[name] = {choice.value: choice.label for choice in asked.questions[id].choices}
    return {name: found[name] for name in LISTS}


def to_all(visit: Visit) -> bool:
    """Whether somebody may write to owners of all agencies."""
    return visit.agency.home and visit.member.role == "admin"


def questions(visit: Visit) -> dict[str, str]:
    """The questions of the FAQ that are not over, by id; no two are the same."""
    today = day_in_japan(visit.now)
    entries = visit.parts.content.faq.values()
    return {one.id: one.title for one in entries if not one.valid_until or one.valid_until >= today}


def deadlines(visit: Visit) -> dict[str, tuple[str, date]]:
    """The answers of the FAQ that have a last day still ahead, with that day, by id."""
    today = day_in_japan(visit.now)
    held = [(one.valid_until, one) for one in visit.parts.content.faq.values() if one.valid_until and one.holds(today)]
    return {one.id: (one.title, day) for day, one in sorted(held, key=lambda pair: (pair[0], pair[1].id))}


def plan(visit: Visit, sent: Typed, pictures: Sequence[Flyer] = ()) -> tuple[Plan, dict[str, Wrong]]:
    """The plan that the form comes to; and what of it can't be read. `pictures` are the campaign's own."""
    found: dict[str, Wrong] = {}
    segment, ends_on = _segment(visit, sent, found), _day(visit, sent, found)
    ids = {title: id for id, title in questions(visit).items()}
    alts = {one.token: one.alt for one in pictures}
    numbers = {name: sent.number(name) for name in ("holdout", *(f"days-{n}" for n in range(sent.steps)))}
    given = Plan(
        name=sent.get("name"),
        everybody=bool(sent.get("everybody")),
        segment=segment,
        steps=tuple(_step(sent, n, ids, alts) for n in range(sent.steps)),
        trigger=sent.get("trigger") if sent.get("trigger") in TRIGGERS else "",
        goal=sent.get("goal") if sent.get("goal") in GOALS else "",
        holdout=numbers["holdout"] or 0,
        ends_on=ends_on,
    )
    return given, found


def _day(visit: Visit, sent: Typed, found: dict[str, Wrong]) -> date | None:
    if not sent.get("ends_on"):
        return None
    try:
        day = date.fromisoformat(sent.get("ends_on"))
    except ValueError:
        found["ends_on"] = Wrong("day")
        return None
    if day < day_in_japan(visit.now):
        found["ends_on"] = Wrong("over")
    return day


def _segment(visit: Visit, sent: Typed, found: dict[str, Wrong]) -> Segment:
    known = choices(visit)
    values: dict[str, Any] = {name: tuple(one for one in sent.ticked[name] if one in known[name]) for name in LISTS}
    values |= {name: tuple(map(int, values[name])) for name in NUMBERS}
    for name in SPANS:
        days = sent.number(name)
        if days is not None and not 0 <= days <= LONGEST_SPAN:
            found[name] = Wrong("range", str(LONGEST_SPAN))
            days = None
        values[name] = days
    values["due"] = bool(sent.get("due"))
    values["deadline"] = sent.get("deadline") if sent.get("deadline") in visit.parts.content.faq else ""
    return Segment(**values)


def _step(sent: Typed, n: int, ids: Mapping[str, str], alts: Mapping[str, str]) -> Step:
    return Step(sent.number(f"days-{n}") or 0, {name: _letter(sent, n, name, ids, alts) for name in sent.variants})


def _letter(sent: Typed, n: int, variant: str, ids: Mapping[str, str], alts: Mapping[str, str]) -> Letter:
    buttons = [_button(sent, f"{n}-{variant}-{i}", ids) for i in range(MOST_BUTTONS)]
    text = sent.get(f"text-{n}-{variant}").replace("\r\n", "\n")
    picture = sent.get(f"picture-{n}-{variant}")
    picture = picture if picture in (SHARE, *alts) else ""
    return Letter(text, tuple(one for one in buttons if any(one)), picture, alts.get(picture, ""))


def _button(sent: Typed, place: str, ids: Mapping[str, str]) -> tuple[str, str]:
    label, to, whole = (sent.get(f"{name}-{place}") for name in ("label", "to", "url"))
    if to == ANSWER:
        # What is no question of ours leads nowhere, and that is said.
        return label, f"{SEE}{ids.get(whole, '')}"
    return label, whole if to == LINK else to if to in TARGETS else ""


# ---------------------------------------------------------------- its shape


def shaped(sent: Typed, do: str) -> Typed:
    """The form with a step or a variant more or less, and all else as it was typed."""
    what, _, which = do.partition(":")
    if what == "add-step":
        return altered(sent, count=str(min(sent.steps + 1, MOST_STEPS)))
    if what == "add-variant":
        return altered(sent, variants=str(min(len(sent.variants) + 1, MOST_VARIANTS)))
    if what == "drop-variant":
        return altered(sent, variants=str(max(len(sent.variants) - 1, 1)))
    if what == "drop-step" and which.isdecimal() and int(which) < sent.steps:
        return _without(sent, int(which))
    return sent


def altered(sent: Typed, **changed: str) -> Typed:
    """The form with these fields as they are given, and all else as it was typed."""
    return Typed({**sent.fields, **changed}, sent.ticked)


def _without(sent: Typed, dropped: int) -> Typed:
    """The form without this step; those after it move up."""
    left: dict[str, str] = {}
    for name, value in sent.fields.items():
        kind, *rest = name.split("-")
        if rest and rest[0].isdecimal():
            n = int(rest[0])
            if n != dropped:
                left["-".join([kind, str(n - (n > dropped)), *rest[1:]])] = value
        else:
            left[name] = value
    return Typed({**left, "count": str(sent.steps - 1)}, sent.ticked)
