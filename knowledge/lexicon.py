"""The reviewed words of owners: what they mean in official terms, which say nothing, and what lies outside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from knowledge.folding import plain
from knowledge.problems import ContentError, Problem
from knowledge.tables import Table, open_table
from knowledge.words import sound, words

FILE = Path(__file__).with_name("lexicon.toml")
# So few letters turn up in many a word by chance; so few kana in many a sound.
LEAST_LETTERS, LEAST_SOUND = 2, 5


@dataclass(frozen=True, slots=True)
class Outside:
    """Something that owners ask and no entry answers; `always` where that is so in any collection; in `kana`, too."""

    kind: str
    said: str
    always: bool
    kana: str = ""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Meanings by how they are `written`, the same by sound; words that say nothing; what lies outside; dialects."""

    means: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sounds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    empty: frozenset[str] = frozenset()
    outside: tuple[Outside, ...] = ()
    dialect: Mapping[str, str] = field(default_factory=dict)

    def standard(self, text: str) -> str:
        """`text` in plain letters, and without dialect as far as the lexicon knows it."""
        left, parts = plain(text), []
        lengths = sorted({len(said) for said in self.dialect}, reverse=True)
        at = 0
        while at < len(left):
            said = next((left[at : at + n] for n in lengths if left[at : at + n] in self.dialect), left[at])
            parts.append(self.dialect.get(said, said))
            at += len(said)
        return "".join(parts)


def load(path: Path | None = None) -> Lexicon:
    """Read a lexicon, by default Banso's own; raises ContentError with every problem in it."""
    problems: list[Problem] = []
    found = read(path or FILE, problems)
    if problems:
        raise ContentError(tuple(problems))
    return found


def written(text: str) -> str:
    """`text` as what is said is looked for in it: without spaces, in one width and case; kana as they stand.

    Hiragana and katakana are kept apart: 「これじゃ」 would hold a レジ, 「ばかり」 an insult.
    """
    return "".join(plain(text).split())


@cache
def lexicon() -> Lexicon:
    """The lexicon that comes with Banso."""
    return load()


def read(path: Path, problems: list[Problem]) -> Lexicon:
    """A lexicon as far as it can be read; what is wrong with it is noted in `problems`."""
    top = open_table(path, problems)
    rows, outside, dialect = top.tables("means"), top.tables("outside"), top.tables("dialect")
    empty = frozenset(word.base for text in top.texts("empty", None) for word in words(text))
    top.close()
    means = _means(rows)
    beyond = tuple(one for row in outside for one in _outside(row))
    lexicon = Lexicon(means, _sounds(means), empty, beyond, _dialect(dialect))
    for row in (*rows, *outside, *dialect):
        row.close()
    return lexicon


def _means(rows: list[Table]) -> dict[str, tuple[str, ...]]:
    means: dict[str, tuple[str, ...]] = {}
    for row in rows:
        term = row.text("term")
        row.place = f"means[{term}]"
        bases = tuple(dict.fromkeys(word.base for word in words(term) if word.content))
        for said in _said(row):
            if said in means:
                row.complain(f"{said!r} is said for another term, too", "keep it where it belongs", "said")
            if said == written(term):
                row.complain(f"{said!r} is the term itself", "remove it", "said")
            means.setdefault(said, bases)
    return means


def _sounds(means: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The meanings by how they sound, for who types in kana; what is written in kana is found as it stands."""
    heard = {sound(words(said)): bases for said, bases in means.items()}
    return {kana: bases for kana, bases in heard.items() if len(kana) >= LEAST_SOUND and kana not in means}


def _outside(row: Table) -> list[Outside]:
    kind, always = row.text("kind"), row.flag("always")
    row.place = f"outside[{kind}]"
    return [Outside(kind, said, always, _kana(said)) for said in _said(row)]


def _kana(said: str) -> str:
    """How it is typed without kanji, where that is too long to turn up by chance."""
    kana = sound(words(said))
    return kana if len(kana) >= LEAST_SOUND else ""


def _dialect(rows: list[Table]) -> dict[str, str]:
    meant: dict[str, str] = {}
    for row in rows:
        plainly = row.text("plain")
        row.place = f"dialect[{plainly}]"
        for said in _said(row):
            if said in meant:
                row.complain(f"{said!r} is said for something else, too", "keep it where it belongs", "said")
            meant.setdefault(said, plain(plainly))
    return meant


def _said(row: Table) -> list[str]:
    every = [written(text) for text in row.texts("said", None)]
    for said in every:
        if len(said) < LEAST_LETTERS:
            row.complain(f"{said!r} is too short", f"write {LEAST_LETTERS} letters at least", "said")
        if every.count(said) > 1:
            row.complain(f"{said!r} stands twice", "keep one", "said")
    return [said for said in every if len(said) >= LEAST_LETTERS]
