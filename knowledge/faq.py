"""What owners ask and what is true: the entries of knowledge/faq, their validity, and a word on every defect."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from knowledge.folding import fold
from knowledge.problems import ContentError, Problem
from knowledge.reference import reference
from knowledge.tables import Table

FOLDER = Path(__file__).with_name("faq")
AREAS = ("invoice", "ebook", "einvoice", "subsidy", "support", "tool", "term")
# The parts of an entry's text, by the key that they have in a table: their heading, and the most they hold.
HEADINGS = {"more": "くわしく", "conditions": "条件", "mistake": "よくある間違い"}
ROOM = {"title": 60, "next": 60, "after": 80, "answer": 300, "more": 500, "conditions": 200, "mistake": 200}
LEAST_ANSWER, LEAST_ASK, MOST_RELATED = 20, 5, 4
# After so many days without a look at its source an entry is shown with its date (half a year: ours).
FRESH = timedelta(days=183)

Standing = Literal["valid", "ended", "not yet", "unchecked"]

_FILE = re.compile(r"\+\+\+\n(.*?)\n\+\+\+\n(.*)", re.DOTALL)
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_NAME = re.compile(r"[a-z0-9-]{1,30}")  # a button carries it
_DATED = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
_MARKUP = re.compile(r"<[a-z/]|\*\*|\]\(|https?://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One question with its answer; `dated` is the source's own date, as exact as it is known."""

    id: str
    area: str
    title: str
    ask: tuple[str, ...]
    answer: str
    more: str
    conditions: str
    mistake: str
    next: str
    desk: str
    source: str
    url: str | None
    dated: str
    checked: date
    valid_from: date | None
    valid_until: date | None
    rule: str
    follows: str
    after: str
    related: tuple[str, ...]
    industries: tuple[str, ...]
    sizes: tuple[str, ...]
    challenges: tuple[str, ...]

    @property
    def readable(self) -> str:
        """All that the owner can read of the answer."""
        return "\n\n".join(filter(None, (self.answer, self.more, self.conditions, self.mistake, self.next)))

    def holds(self, on: date) -> bool:
        """Whether the day lies within the entry's validity; its last day itself does."""
        return (self.valid_from or date.min) <= on <= (self.valid_until or date.max)


@dataclass(frozen=True, slots=True)
class Ids:
    """What an entry may name: desks, and the choices and challenges of the check; None where that is not known."""

    desks: frozenset[str] | None = None
    industries: frozenset[str] | None = None
    sizes: frozenset[str] | None = None
    challenges: frozenset[str] | None = None


# ---------------------------------------------------------------- validity


def standing(entry: Entry, on: date) -> Standing:
    """Whether the entry holds on that day, and whether anybody has looked at its source within half a year."""
    if entry.valid_from and on < entry.valid_from:
        return "not yet"
    if entry.valid_until and on > entry.valid_until:
        return "ended"
    return "unchecked" if on - entry.checked > FRESH else "valid"


def version(entries: Mapping[str, Entry], entry: Entry, on: date) -> Entry:
    """The entry of the same rule that holds on that day; else the one that follows; else the entry itself."""
    same = [other for other in entries.values() if entry.rule and other.rule == entry.rule]
    held = next((other for other in (entry, *same) if other.holds(on)), None)
    if held:
        return held
    # The reader sees to it that what follows ends later, so this ends, too.
    while standing(entry, on) == "ended" and entry.follows in entries:
        entry = entries[entry.follows]
    return entry


# ---------------------------------------------------------------- reading


def load(folder: Path | None = None, ids: Ids | None = None) -> dict[str, Entry]:
    """The entries by id, by default Banso's own; raises ContentError with every problem in them."""
    problems: list[Problem] = []
    found = read(sources(folder or FOLDER), problems, ids or Ids(frozenset(reference().desks)))
    if problems:
        raise ContentError(tuple(problems))
    return found


@cache
def entries() -> dict[str, Entry]:
    """The entries that come with Banso."""
    return load()


def sources(folder: Path) -> dict[str, str]:
    """The text of each entry by its place below the folder ("invoice/late.md"), in order."""
    found = sorted(path for path in folder.glob("**/*.md") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8", errors="replace") for path in found}


def read(texts: Mapping[str, str], problems: list[Problem], ids: Ids) -> dict[str, Entry]:
    """Entries as far as they can be read, by id; what is wrong with them is noted in `problems`."""
    heads = [(_head(file, text, problems), file) for file, text in texts.items()]
    found = [(head, _entry(head, file, ids)) for head, file in heads]
    _settle(found)
    return {entry.id: entry for _, entry in found}


def parse(text: str) -> dict[str, Any]:
    """Front matter and parts of an entry's text as one table; raises ValueError with what is wrong."""
    parts = _FILE.fullmatch(text.replace("\r\n", "\n"))
    if not parts:
        raise ValueError("has no front matter between two lines +++")
    keys = {heading: key for key, heading in HEADINGS.items()}
    answer, *rest = _HEADING.split(parts[2])
    named = {
        keys.get(heading, f"## {heading}"): body.strip() for heading, body in zip(rest[::2], rest[1::2], strict=True)
    }
    return tomllib.loads(parts[1]) | {"answer": answer.strip()} | named


def _head(file: str, text: str, problems: list[Problem]) -> Table:
    try:
        return Table(parse(text), file, "", problems)
    except ValueError as error:
        problems.append(Problem(file, "(file)", f"can't be read: {error}", "correct the front matter"))
        # Of a file that can't be read nothing more is said.
        return Table({}, file, "", [])


def _entry(head: Table, file: str, ids: Ids) -> Entry:
    area, _, name = file.removesuffix(".md").rpartition("/")
    if area not in AREAS:
        head.complain(f"{area!r} is no area", f"use one of {', '.join(AREAS)}", "(folder)")
    if not _NAME.fullmatch(name):
        head.complain(f"{name!r} is no id", "use lower-case letters, digits and hyphens", "(name)")
    head.read.add("facts")  # a note for those who write
    entry = Entry(
        id=name,
        area=area,
        title=head.text("title"),
        ask=head.texts("ask", None),
        answer=head.text("answer"),
        more=head.text("more", ""),
        conditions=head.text("conditions", ""),
        mistake=head.text("mistake", ""),
        next=head.text("next", ""),
        desk=head.text("desk"),
        source=head.text("source"),
        url=head.text("url", "") or None,
        dated=head.text("dated"),
        checked=head.day("checked"),
        valid_from=_day_or_none(head, "valid_from"),
        valid_until=_day_or_none(head, "valid_until"),
        rule=head.text("rule", ""),
        follows=head.text("follows", ""),
        after=head.text("after", ""),
        related=head.texts("related"),
        industries=head.texts("industries"),
        sizes=head.texts("sizes"),
        challenges=head.texts("challenges"),
    )
    head.close()
    if head.data:
        _check(head, entry, ids)
    return entry


def _day_or_none(head: Table, key: str) -> date | None:
    return head.day(key) if key in head.data else None


# ---------------------------------------------------------------- one entry


def _check(head: Table, entry: Entry, ids: Ids) -> None:
    for key, most in ROOM.items():
        if (length := len(getattr(entry, key))) > most:
            head.complain(f"has {length} characters, {most} fit", "shorten it", key)
    if 0 < len(entry.answer) < LEAST_ANSWER:
        head.complain(f"has {len(entry.answer)} characters", f"answer in {LEAST_ANSWER} at least", "answer")
    if len(entry.ask) < LEAST_ASK:
        head.complain(f"has {len(entry.ask)} phrasings", f"write {LEAST_ASK} at least", "ask")
    if len(entry.related) > MOST_RELATED:
        head.complain(f"has {len(entry.related)} ids", f"keep the {MOST_RELATED} nearest", "related")
    if not _DATED.fullmatch(entry.dated):
        head.complain(f"{entry.dated!r} is no date", "write 2026, 2026-04 or 2026-04-01", "dated")
    if entry.url and not entry.url.startswith(("https://", "http://")):
        head.complain("is no web address", "begin with https://, or leave `url` out", "url")
    for key in ("answer", *HEADINGS):
        if found := _MARKUP.search(getattr(entry, key)):
            head.complain(f"has markup or an address: {found[0]}", "write plain text; addresses go to `url`", key)
    _check_validity(head, entry)
    for key in ("industries", "sizes", "challenges"):
        _check_known(head, key, getattr(entry, key), getattr(ids, key))
    _check_known(head, "desk", filter(None, [entry.desk]), ids.desks)


def _check_validity(head: Table, entry: Entry) -> None:
    if entry.valid_until and not entry.after:
        head.complain(
            "is missing where `valid_until` stands", "say what holds afterwards, or that nobody knows", "after"
        )
    for key in ("after", "follows"):
        if getattr(entry, key) and not entry.valid_until:
            head.complain("stands without `valid_until`", "add the last day, or remove it", key)
    if (entry.valid_from or date.min) > (entry.valid_until or date.max):
        head.complain("lies after `valid_until`", "put the two in order", "valid_from")


def _check_known(head: Table, key: str, named: Iterable[str], known: frozenset[str] | None) -> None:
    for id in named:
        if known is not None and id not in known:
            head.complain(f"{id!r} is not known", f"name one of {', '.join(sorted(known))}", key)


# ---------------------------------------------------------------- entries among each other


def _settle(found: list[tuple[Table, Entry]]) -> None:
    by_id: dict[str, tuple[Table, Entry]] = {}
    for head, entry in found:
        if entry.id in by_id:
            head.complain(f"{entry.id!r} is the name of {by_id[entry.id][0].file}, too", "give each its own", "(name)")
        by_id.setdefault(entry.id, (head, entry))
    for head, entry in found:
        for id in entry.related:
            if id not in by_id or id == entry.id:
                head.complain(f"{id!r} is no other entry", "correct the id or remove it", "related")
        if entry.follows:
            _check_following(head, entry, by_id.get(entry.follows, (head, None))[1])
    _check_twins(found)
    _check_rules(found)


def _check_following(head: Table, entry: Entry, next: Entry | None) -> None:
    if next is None:
        head.complain(f"{entry.follows!r} is no entry", "correct the id or remove it", "follows")
    elif (next.valid_until or date.max) <= (entry.valid_until or date.min):
        head.complain(f"{entry.follows!r} does not end later", "name the entry that holds afterwards", "follows")


def _check_twins(found: list[tuple[Table, Entry]]) -> None:
    seen: dict[str, str] = {}
    for head, entry in found:
        for key, text in _phrasings(entry):
            if (folded := fold(text)) in seen:
                head.complain(f"{text!r} stands in {seen[folded]} already", "keep it where it belongs", key)
            seen.setdefault(folded, head.file)


def _phrasings(entry: Entry) -> Iterator[tuple[str, str]]:
    if entry.title:
        yield "title", entry.title
    for text in entry.ask:
        yield "ask", text


def _check_rules(found: list[tuple[Table, Entry]]) -> None:
    rules: dict[str, list[tuple[date, date, Table]]] = {}
    for head, entry in found:
        if entry.rule:
            span = (entry.valid_from or date.min, entry.valid_until or date.max, head)
            rules.setdefault(entry.rule, []).append(span)
    for spans in rules.values():
        spans.sort(key=lambda span: span[:2])
        for (_, last, one), (first, _, other) in pairwise(spans):
            if first <= last:
                other.complain(
                    f"overlaps with {one.file}", "let one version of a rule end before the next", "valid_from"
                )
