"""The step library: campaigns written as files, read with a word on every problem, and those that come ready-made."""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from dialogs.flows.faq import SEE
from dialogs.letters import (
    FIELDS,
    LONGEST_ALT,
    LONGEST_LABEL,
    LONGEST_TEXT,
    MOST_BUTTONS,
    SHARE,
    TARGETS,
    Letter,
    Step,
    WrongLetter,
    named,
    written,
)
from knowledge import faq
from knowledge.faq import Entry
from knowledge.folding import plain
from knowledge.problems import ContentError, Problem
from knowledge.tables import Table
from scoring.questionnaire import check

FOLDER = Path(__file__).with_name("library")
# What happens to an owner that adds them to a campaign under way; "" where all are there from the start.
TRIGGERS = ("welcome", "dropped", "unbooked", "action", "half-year")
# What a campaign wants to be reached: whoever has, gets nothing more of it.
GOALS = ("began", "finished", "booked", "met", "acted")
STAGES = ("began", "finished", "booked", "met", "acted")
SEGMENTS = ("low-banso", "low-jiso", "high-banso", "high-jiso")
MOST_STEPS, MOST_VARIANTS, LONGEST_NAME, LONGEST_ABOUT, MOST_HOLDOUT = 6, 4, 80, 200, 50
# A longer while between two steps is a slip (ours).
LONGEST_WAIT = 366

Standing = Literal["offered", "not yet", "out of season", "ended"]

# How files of pictures end that a letter can have.
PICTURES = (".png", ".jpg", ".jpeg")
# What the line begins with that says where a letter's facts are from.
SOURCED = "(出典:"

_VARIANT = re.compile(r"[a-z]")
# Days, amounts, shares and spans of time: what a reader relies on, and so must stand in an entry that is named.
_CLAIM = re.compile(r"\d+(?:年度?|月分?|日|時|円|万円|%|か月|週間|割)(?:\d+(?:月|日|時))*")
_SAMPLES: Mapping[str, Any] = dict.fromkeys(FIELDS, "見本") | {"points": 88}


@dataclass(frozen=True, slots=True)
class Draft:
    """A campaign as a file has it. `segment` is JSON data as storage.segments has them.

    `facts` are the FAQ's entries on which it rests: it is offered from `valid_from` to `valid_until` (both days
    included), and its letters are sent no longer; `months` are those of the year in which it is offered, none for all.
    """

    name: str
    about: str
    segment: Mapping[str, Any]
    steps: tuple[Step, ...]
    trigger: str
    goal: str
    holdout: int
    months: tuple[int, ...] = ()
    facts: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None

    def standing(self, on: date) -> Standing:
        """Whether it is offered on that day, or why not."""
        if self.valid_until and on > self.valid_until:
            return "ended"
        if self.valid_from and on < self.valid_from:
            return "not yet"
        return "out of season" if self.months and on.month not in self.months else "offered"


# ---------------------------------------------------------------- reading


def read(text: str, file: str = "campaign.toml", entries: Mapping[str, Entry] | None = None) -> Draft:
    """The campaign in the text of a TOML file; raises ContentError with every problem in it."""
    problems: list[Problem] = []
    draft = draft_of(text, file, problems, faq.entries() if entries is None else entries)
    if problems:
        raise ContentError(tuple(problems))
    return draft


@cache
def ready() -> Mapping[str, Draft]:
    """The campaigns that come with Banso, by the names of their files."""
    problems: list[Problem] = []
    found = read_all(sources(FOLDER), problems, faq.entries())
    if problems:
        raise ContentError(tuple(problems))
    return found


def read_all(texts: Mapping[str, str], problems: list[Problem], entries: Mapping[str, Entry]) -> dict[str, Draft]:
    """Ready-made campaigns as far as they can be read, by name; what is wrong with them is noted in `problems`."""
    return {name: draft_of(text, f"{name}.toml", problems, entries, True) for name, text in texts.items()}


def sources(folder: Path) -> dict[str, str]:
    """The text of each campaign by its name, in order."""
    return {path.stem: path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.glob("*.toml"))}


def draft_of(
    text: str, file: str, problems: list[Problem], entries: Mapping[str, Entry], founded: bool = False
) -> Draft:
    """The campaign as far as it can be read; what is wrong with it is noted in `problems`.

    `founded` is whether each day, amount and share that it names must stand in an entry that it names, as in those
    that come ready-made; an agency may know of days of its own.
    """
    try:
        top = Table(tomllib.loads(text), file, "", problems)
    except tomllib.TOMLDecodeError as error:
        problems.append(Problem(file, "(file)", f"can't be read: {error}", "correct the TOML"))
        # Of a file that can't be read nothing more is said.
        top = Table({}, file, "", [])
    rows = top.tables("steps")
    named_here = [id for row in rows for id in _facts_of(row)]
    deadline = top.data.get("segment", {}).get("deadline", "") if isinstance(top.data.get("segment"), dict) else ""
    facts = tuple(dict.fromkeys([*named_here, *([deadline] if isinstance(deadline, str) and deadline else [])]))
    held = [entries[id] for id in facts if id in entries]
    days = [one.valid_until for one in held if one.valid_until]
    if "until" in top.data:
        # What a letter makes of an entry may end before the entry does.
        days.append(top.day("until"))
    draft = Draft(
        name=_short(top, "name", LONGEST_NAME),
        about=_short(top, "about", LONGEST_ABOUT, ""),
        segment=_segment(top, entries),
        steps=tuple(_step(row, entries, founded) for row in rows),
        trigger=_one_of(top, "trigger", TRIGGERS),
        goal=_one_of(top, "goal", GOALS),
        holdout=_between(top, "holdout", 0, MOST_HOLDOUT, 0),
        months=_months(top),
        facts=facts,
        valid_from=max((one.valid_from for one in held if one.valid_from), default=None),
        valid_until=min(days, default=None),
    )
    if founded and set(draft.segment) & set(LOCAL):
        top.complain(f"has {' or '.join(LOCAL)}, which are others on each server", "leave them out", "segment")
    top.close()
    _check_steps(top, draft)
    return draft


def _short(table: Table, key: str, most: int, default: str | None = None) -> str:
    text = table.text(key, default).strip()
    if len(text) > most:
        table.complain(f"has {len(text)} characters, {most} fit", "shorten it", key)
    return text


def _one_of(table: Table, key: str, known: Collection[str]) -> str:
    given = table.text(key, "")
    if given and given not in known:
        table.complain(f"{given!r} is not known", f"use one of {', '.join(known)}, or leave it out", key)
    return given


def _between(table: Table, key: str, least: int, most: int, default: int | None = None) -> int:
    number = table.number(key, default)
    if not least <= number <= most:
        table.complain(f"{number} is not between {least} and {most}", "write a number between the two", key)
    return number


def _months(top: Table) -> tuple[int, ...]:
    given = top.take("months", list, [])
    if any(not isinstance(one, int) or not 1 <= one <= 12 for one in given):
        top.complain("is not a list of months", "write [12, 1] for December and January", "months")
        return ()
    return tuple(given)


# ---------------------------------------------------------------- for whom


def conditions() -> Mapping[str, Collection[str] | None]:
    """What a segment may list, and the values of each list that there are; None for any text."""
    asked, known = check().questions, check()
    return {
        "stages": STAGES,
        "segments": SEGMENTS,
        "challenges": [one.id for one in known.challenges],
        "tools": [one.id for one in known.tools],
        "lacks": [one.id for one in known.tools],
        "industries": [one.value for one in asked["industry"].choices],
        "sizes": [one.value for one in asked["size"].choices],
        "prefectures": [one.value for one in asked["prefecture"].choices],
        "channels": None,
        "referrals": None,
        "agencies": None,
    }


# What a segment may list by what only one agency, or one server, knows: codes of ways, and names of agencies.
LOCAL = ("referrals", "agencies")


# Days since the owner was last heard, and since they finished the check: from and to.
SPANS = ("seen_from", "seen_to", "finished_from", "finished_to")


def _segment(top: Table, entries: Mapping[str, Entry]) -> dict[str, Any]:
    if "segment" not in top.data:
        return {}
    table = top.table("segment")
    found: dict[str, Any] = {}
    for key, known in conditions().items():
        if key in table.data:
            found[key] = list(table.texts(key))
            for one in found[key]:
                if known is not None and one not in known:
                    table.complain(f"{one!r} is not known", f"name some of {', '.join(known)}", key)
    for key in SPANS:
        if key in table.data:
            found[key] = _between(table, key, 0, 3660)
    if "due" in table.data:
        found["due"] = table.flag("due")
    if "deadline" in table.data:
        found["deadline"] = table.text("deadline")
        _check_deadline(table, found["deadline"], entries)
    table.close()
    return found


def _check_deadline(table: Table, id: str, entries: Mapping[str, Entry]) -> None:
    if id not in entries:
        table.complain(f"{id!r} is no entry", "name a file of knowledge/faq", "deadline")
    elif not entries[id].valid_until:
        table.complain(f"{id!r} has no last day", "name an entry that has `valid_until`", "deadline")


# ---------------------------------------------------------------- what is said


def _facts_of(row: Table) -> list[str]:
    """The entries that any variant of a step names."""
    tables = [one for one in row.data.values() if isinstance(one, dict)]
    lists = [one.get("facts", []) for one in tables]
    return [id for one in lists if isinstance(one, list) for id in one if isinstance(id, str)]


def _step(row: Table, entries: Mapping[str, Entry], founded: bool) -> Step:
    days = _between(row, "days", 0, LONGEST_WAIT)
    names = sorted(name for name in row.data if _VARIANT.fullmatch(name))
    if not names:
        row.complain("has no letter", "add [steps.a] with a text", "a")
    letters = {name: _letter(row.table(name), entries, founded) for name in names}
    row.close()
    return Step(days, letters)


def _letter(table: Table, entries: Mapping[str, Entry], founded: bool) -> Letter:
    facts = table.texts("facts")
    text, picture, alt = table.text("text").strip(), table.text("picture", ""), table.text("alt", "").strip()
    buttons = tuple(_button(row, entries) for row in table.tables("buttons")) if "buttons" in table.data else ()
    table.close()
    for id in facts:
        if id not in entries:
            table.complain(f"{id!r} is no entry", "name a file of knowledge/faq", "facts")
    cited = [entries[id] for id in facts if id in entries]
    _check_picture(table, picture, alt, founded)
    if len({label for label, _ in buttons}) < len(buttons):
        table.complain("has two buttons that say the same", "say of each where it leads", "buttons")
    if len(buttons) > MOST_BUTTONS:
        table.complain(f"has {len(buttons)} buttons, {MOST_BUTTONS} fit", "keep the most useful", "buttons")
    if founded:
        for claim in unfounded(text, cited):
            what = f"{claim!r} stands in no entry that is named"
            table.complain(what, "name the entry in `facts`, or leave it out", "text")
    letter = Letter("\n\n".join([text, *sourced(cited)]), buttons, picture, alt)
    _check_text(table, letter)
    return letter


def _check_picture(table: Table, picture: str, alt: str, founded: bool) -> None:
    own = not founded and picture.lower().endswith(PICTURES)
    if picture not in ("", SHARE) and not own:
        remedy = f'write "{SHARE}" for the picture of the result' + (
            "" if founded else ", or the name of a JPEG or PNG beside this file"
        )
        table.complain(f"{picture!r} is not known", remedy, "picture")
    if own and not alt:
        table.complain("is missing", "say what the picture says, for who can't see it", "alt")
    if alt and picture in ("", SHARE):
        table.complain("belongs to no picture", "leave it out, or name the picture's file in `picture`", "alt")
    if len(alt) > LONGEST_ALT:
        table.complain(f"has {len(alt)} characters, {LONGEST_ALT} fit", "shorten it", "alt")


def _check_text(table: Table, letter: Letter) -> None:
    try:
        named(letter)
        for values in ({}, _SAMPLES):
            if (length := len(written(letter, values))) >= LONGEST_TEXT:
                table.complain(f"has {LONGEST_TEXT} characters or more with its sources", "shorten it", "text")
            if not length:
                table.complain("says nothing to whom nothing is known of", "write what stands there then", "text")
    except WrongLetter as error:
        remedy = f"use {', '.join(FIELDS)} as in {{{{ step or '…' }}}}"
        table.complain(f"is no template: {error}", remedy, "text")


def _button(row: Table, entries: Mapping[str, Entry]) -> tuple[str, str]:
    label, to = _short(row, "label", LONGEST_LABEL), row.text("to")
    row.close()
    if not leads(to, entries):
        remedy = f"use one of {', '.join(TARGETS)}, {SEE} with an entry's id, or an address that begins with https://"
        row.complain(f"{to!r} leads nowhere", remedy, "to")
    return label, to


def leads(to: str, entries: Mapping[str, Entry]) -> bool:
    """Whether a button can lead there: to a flow, an answer of the FAQ ("see-gbiz-time"), or an address."""
    return to in TARGETS or to.startswith("https://") or (to.startswith(SEE) and to.removeprefix(SEE) in entries)


def unfounded(text: str, cited: Collection[Entry]) -> list[str]:
    """The days, amounts and shares in a text that stand in none of the entries."""
    known = _figures("\n".join([entry.readable for entry in cited]))
    claims = dict.fromkeys(_CLAIM.findall(_figures(text)))
    return [one for one in claims if not re.search(rf"(?<!\d){re.escape(one)}", known)]


def _figures(text: str) -> str:
    """A text with its figures written alike."""
    return re.sub(r"(?<=\d),(?=\d)", "", plain(text))


def sourced(cited: Collection[Entry]) -> list[str]:
    """The line below a letter that says where its facts are from, and of when; none without facts."""
    lines = dict.fromkeys(f"{entry.source}、{_dated(entry.dated)}" for entry in cited)
    return [f"{SOURCED}{'/'.join(lines)})"] if lines else []


def _dated(day: str) -> str:
    """The source's day, as exactly as it is known."""
    year, *rest = day.split("-")
    units = ("月", "日")
    return f"{year}年" + "".join(f"{int(one)}{unit}" for one, unit in zip(rest, units, strict=False))


def _check_steps(top: Table, draft: Draft) -> None:
    if len(draft.steps) > MOST_STEPS:
        top.complain(f"has {len(draft.steps)} steps, {MOST_STEPS} fit", "keep fewer", "steps")
    if "steps" in top.data and not draft.steps:
        top.complain("is empty", "add [[steps]]", "steps")
    variants = [set(step.letters) for step in draft.steps]
    if any(one != variants[0] for one in variants[1:]):
        top.complain("has other variants in one step than in another", "write each in every step", "steps")
    if variants and len(variants[0]) > MOST_VARIANTS:
        top.complain(f"has {len(variants[0])} variants, {MOST_VARIANTS} fit", "keep fewer", "steps")
    if draft.valid_from and draft.valid_until and draft.valid_from > draft.valid_until:
        top.complain("names entries that never hold together", "name those that hold on the same days", "facts")
