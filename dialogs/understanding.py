"""What an owner's typed words mean: a choice, several, a command or a question of their own."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from scoring.questionnaire import Choice, Question

# Below this likeness (0-100) a typo is not guessed at; the runner-up must lag by the margin (ours, from transcripts).
LIKENESS = 80
MARGIN = 5
# A label found inside a longer text is trusted only where the text is little longer than it.
SLACK = 8

_KATAKANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}
_DROPPED = re.compile(r"[\s・「」『』()\[\]。.!,、:;~〜\-‐−_*#'\"]+")
_LONG = re.compile(r"[ー―─—]+")
_NUMBER = re.compile(r"(\d{1,3})(?:番目?|ばん|つ目|つめ)?(?:です|で)?")
_PEOPLE = re.compile(r"(\d{1,6})(?:人|名|にん|めい)(?:です|くらい|ぐらい|ほど)?")
_NUMERALS = {numeral: n for n, numeral in enumerate("一二三四五六七八九十", 1)}


@dataclass(frozen=True, slots=True)
class Words:
    """The words that are understood at any moment (see words.toml), folded already."""

    commands: dict[str, str]
    question_marks: tuple[str, ...]
    everything: frozenset[str]
    nothing: frozenset[str]
    separators: tuple[str, ...]
    denials: tuple[str, ...]
    same: tuple[tuple[str, str], ...]

    def fold(self, text: str) -> str:
        """`text` with width, kana, case, long vowels, spaces, marks and known spellings made alike."""
        folded = fold(text)
        for written, meant in self.same:
            folded = folded.replace(written, meant)
        return folded

    def command(self, text: str) -> str | None:
        """The command that the whole text names."""
        return self.commands.get(self.fold(text))

    def is_question(self, text: str) -> bool:
        """Whether the text looks like a question of the owner's own."""
        plain = unicodedata.normalize("NFKC", text)
        return len(plain.strip()) >= 4 and any(mark in plain for mark in self.question_marks)

    def denies(self, folded: str) -> bool:
        """Whether a folded text denies something."""
        return any(mark in folded for mark in self.denials)


def fold(text: str) -> str:
    """`text` with width, case, kana, long vowels, spaces and punctuation made alike."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_KATAKANA)
    return _LONG.sub("ー", _DROPPED.sub("", plain))


def clean(text: str) -> str:
    """`text` without control characters, except line breaks, and without blanks around it."""
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs")).strip()


def exact(words: Words, question: Question, text: str) -> tuple[str, ...] | None:
    """The values that the text names outright (number, label, other name, head count); None where it names none.

    The words for choosing nothing give ().
    """
    if question.kind == "many":
        return _several(words, question, text)
    if question.none and words.fold(text) == words.fold(question.none):
        return ()
    value = _outright(words, question.choices, text)
    return None if value is None else (value,)


def likely(words: Words, question: Question, text: str) -> tuple[str, ...] | None:
    """The value that the text most likely means: a label within it, or one that differs by a typo."""
    folded = words.fold(text)
    if not folded:
        return None
    names = [(words.fold(name), choice.value) for choice in question.choices for name in _names(choice)]
    found = _contained(words, names, folded) or _alike(words, names, folded)
    return None if found is None else (found,)


def number(text: str) -> int | None:
    """The number that the whole text is, written in any way."""
    folded = fold(text)
    if folded in _NUMERALS:
        return _NUMERALS[folded]
    found = _NUMBER.fullmatch(folded)
    return int(found[1]) if found else None


def _names(choice: Choice) -> tuple[str, ...]:
    return (choice.label, *choice.also)


def _outright(words: Words, choices: Sequence[Choice], text: str) -> str | None:
    people = _PEOPLE.fullmatch(fold(text))
    if people:
        count = int(people[1])
        return next((c.value for c in choices if c.span and c.span[0] <= count <= c.span[1]), None)
    folded = words.fold(text)
    named = next((c.value for c in choices if any(words.fold(n) == folded for n in _names(c))), None)
    if named is not None and folded:
        return named
    index = number(text)
    return choices[index - 1].value if index and index <= len(choices) else None


def _several(words: Words, question: Question, text: str) -> tuple[str, ...] | None:
    folded = words.fold(text)
    if folded in words.nothing or (question.none and folded == words.fold(question.none)):
        return ()
    if folded in words.everything:
        return tuple(choice.value for choice in question.choices)
    whole = _outright(words, question.choices, text)
    if whole is not None:
        return (whole,)
    named = [_outright(words, question.choices, part) for part in _parts(words, text)]
    found = [value for value in named if value is not None]
    # One part that is not understood spoils the whole: a half-read answer would be worse than asking again.
    return tuple(dict.fromkeys(found)) if named and len(found) == len(named) else None


def _parts(words: Words, text: str) -> list[str]:
    parts = [unicodedata.normalize("NFKC", text)]
    for separator in words.separators:
        parts = [piece for part in parts for piece in part.split(separator)]
    return [part for part in parts if part.strip()]


def _contained(words: Words, names: Iterable[tuple[str, str]], folded: str) -> str | None:
    inside = [(name, value) for name, value in names if len(name) >= 2 and name in folded]
    if not inside:
        return None
    longest = max(len(name) for name, _ in inside)
    values = {value for name, value in inside if len(name) == longest}
    name = next(name for name, _ in inside if len(name) == longest)
    if len(values) > 1 or len(folded) > longest + SLACK:
        return None
    return None if words.denies(folded.replace(name, "")) else values.pop()


def _alike(words: Words, names: Sequence[tuple[str, str]], folded: str) -> str | None:
    likeness: dict[str, float] = {}
    for name, value in names:
        # A denial and its opposite differ by a letter or two, so they are never taken for each other.
        if words.denies(name) == words.denies(folded):
            likeness[value] = max(likeness.get(value, 0.0), fuzz.ratio(name, folded))
    ranked = sorted(likeness.items(), key=lambda pair: -pair[1])
    if not ranked or ranked[0][1] < LIKENESS:
        return None
    if len(ranked) > 1 and ranked[0][1] - ranked[1][1] < MARGIN:
        return None
    return ranked[0][0]
