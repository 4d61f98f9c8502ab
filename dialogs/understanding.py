"""What an owner's typed words mean: a choice, several, a command or a question of their own."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from scoring.questionnaire import Choice, Question

# Below this likeness (0-100) a typo is not guessed at; the runner-up must lag by the margin (ours, from transcripts).
LIKENESS = 82
MARGIN = 5
# A label found inside a longer text is trusted only where the text is little longer than it, and on a scale still less.
SLACK = 8
SCALE_SLACK = 4
# A text of more signs tells a story, in which a word may mean anything.
STORY = 40

_KATAKANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}
_DROPPED = re.compile(r"[\s・「」『』()\[\]。.!,、:;~〜\-‐−_*#'\"]+")
_LONG = re.compile(r"[ー―─—]+")
_KANA = re.compile(r"[ぁ-ゖー]+")
_INTEGER = re.compile(r"\d+")
_NUMERALS = {numeral: n for n, numeral in enumerate("一二三四五六七八九十", 1)}
_DIGITS = r"[(\[<]?(\d{1,6}|[一二三四五六七八九十])[)\]>.]?"
_NUMBER = re.compile(rf"{_DIGITS}(番目?|ばん|つ目|つめ)?")
_PEOPLE = re.compile(rf"約?{_DIGITS}(?:人|名|にん|めい)(?:くらい|ぐらい|ほど|程度|ちょっと)?")


@dataclass(frozen=True, slots=True)
class Meant:
    """What texts come down to a command (see words.toml), folded already; `tail` is 0 where any number may follow."""

    command: str
    of: tuple[str, ...]
    wants: tuple[str, ...]
    perhaps: tuple[str, ...]
    but: tuple[str, ...]
    tail: int

    def read(self, folded: str) -> str:
        """How sure a folded text means it: "surely", "perhaps" or ""."""
        if any(word in folded for word in self.but):
            return ""
        ends = (folded.rfind(want) + len(want) for want in self.wants if want in folded)
        near = any(not self.tail or len(folded) - end <= self.tail for end in ends)
        if near and any(word in folded for word in self.of):
            return "surely"
        return "perhaps" if len(folded) <= STORY and any(word in folded for word in self.perhaps) else ""


@dataclass(frozen=True, slots=True)
class Words:
    """The words that are understood at any moment (see words.toml), folded already."""

    commands: dict[str, str]
    meant: tuple[Meant, ...]
    thanks: frozenset[str]
    whys: tuple[str, ...]
    question_marks: tuple[str, ...]
    question_ends: tuple[str, ...]
    question_backs: tuple[str, ...]
    everything: frozenset[str]
    nothing: frozenset[str]
    done: frozenset[str]
    separators: tuple[str, ...]
    denials: tuple[str, ...]
    endings: tuple[str, ...]
    same: tuple[tuple[str, str], ...]

    def fold(self, text: str) -> str:
        """`text` with width, kana, case, long vowels, spaces, marks and known spellings made alike."""
        folded = fold(text)
        for written, meant in self.same:
            folded = folded.replace(written, meant)
        return folded

    def plain(self, text: str) -> str:
        """`text` with width and case made alike, without the marks and the polite words that end a sentence."""
        said = unicodedata.normalize("NFKC", text).casefold().strip().rstrip("。.!、,?")
        ending = next((ending for ending in self.endings if said.endswith(ending)), "")
        return said.removesuffix(ending).strip() or said

    def readings(self, text: str) -> tuple[str, str]:
        """`text` folded: as it stands, and without the polite words that end a sentence."""
        return self.fold(text), self.fold(self.plain(text))

    def command(self, text: str) -> str | None:
        """The command that the whole text names."""
        return next((self.commands[reading] for reading in self.readings(text) if reading in self.commands), None)

    def means(self, text: str) -> dict[str, str]:
        """The commands that a longer text may come down to, each with "surely" or "perhaps"."""
        folded = self.fold(text)
        return {one.command: sure for one in self.meant if (sure := one.read(folded))}

    def gives_thanks(self, text: str) -> bool:
        """Whether the text says that all is well, and nothing else."""
        return any(reading in self.thanks for reading in self.readings(text))

    def asks_why(self, text: str) -> bool:
        """Whether the text would rather not answer, or asks what for."""
        folded = self.fold(text)
        return any(why in folded for why in self.whys)

    def finishes(self, text: str) -> bool:
        """Whether the text says that nothing more is to be ticked."""
        return any(reading in self.done for reading in self.readings(text))

    def refers_back(self, text: str) -> bool:
        """Whether a question may be about what was just said ("how long is that good for?")."""
        folded = self.fold(text)
        return any(folded.startswith(back) for back in self.question_backs)

    def is_question(self, text: str, strictly: bool) -> bool:
        """Whether the text looks like a question of the owner's own; `strictly` where it may be an answer as well."""
        plain = unicodedata.normalize("NFKC", text).strip().rstrip("。.!、,")
        marked = not strictly and any(mark in plain for mark in self.question_marks)
        return len(plain) >= 4 and (marked or plain.endswith(self.question_ends))

    def denies(self, folded: str) -> bool:
        """Whether a folded text denies something, takes it back or limits it."""
        return any(mark in folded for mark in self.denials)


def fold(text: str) -> str:
    """`text` with width, case, kana, long vowels, spaces and punctuation made alike."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_KATAKANA)
    return _LONG.sub("ー", _DROPPED.sub("", plain))


def clean(text: str) -> str:
    """`text` without control characters, except line breaks, and without blanks around it."""
    spaced = text.replace("\t", " ")
    return "".join(c for c in spaced if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs")).strip()


def exact(words: Words, question: Question, text: str) -> tuple[str, ...] | None:
    """The values that the text names outright (number, label, other name, head count); None where it names none.

    The words for choosing nothing give ().
    """
    folded = words.fold(text)
    if question.none and folded and folded in words.nothing | {words.fold(question.none)}:
        return ()
    names = _parts(words, question) | _names(words, question)
    if question.kind == "many":
        if folded in words.everything:
            return tuple(choice.value for choice in question.choices)
        return _several(words, question, names, unicodedata.normalize("NFKC", text), words.separators)
    value = _outright(words, question, names, text)
    return None if value is None else (value,)


def labelled(words: Words, question: Question, text: str) -> tuple[str, ...] | None:
    """The choice whose label the text is; None where there is none."""
    folded = words.fold(text)
    return next(((choice.value,) for choice in question.choices if folded and words.fold(choice.label) == folded), None)


def likely(words: Words, question: Question, text: str) -> tuple[str, ...] | None:
    """The value that the text most likely means: a label within it, or one that differs by a typo."""
    folded = words.fold(words.plain(text))
    # A number is never a typo of another.
    digits = _INTEGER.findall(folded)
    names = {name: value for name, value in _names(words, question).items() if _INTEGER.findall(name) in ([], digits)}
    found = {_alike(words, names, folded)}
    if question.kind != "many":
        # A list half read would be worse than asking again, so only a single choice is looked for within a text.
        scale = any(choice.points or choice.a or choice.b or choice.counts for choice in question.choices)
        found.add(_at_once(words, names, text) or _contained(words, names, folded, scale))
    values = tuple(value for value in found if value is not None)
    return values if len(values) == 1 else None


def mentioned(words: Words, question: Question, text: str) -> Choice | None:
    """The one choice of which a longer text speaks; None where there is none, or more than one."""
    folded = words.fold(text)
    names = {name: value for name, value in _names(words, question).items() if not value.startswith("/")}
    inside = [name for name in names if len(name) > (2 if _KANA.fullmatch(name) else 1) and name in folded]
    found = {names[name] for name in inside if not any(name != other and name in other for other in inside)}
    return question.choice(found.pop()) if len(found) == 1 else None


def number(words: Words, text: str) -> int | None:
    """The number that the whole text is, written in any way."""
    found = _NUMBER.fullmatch(words.plain(text))
    return _count(found[1]) if found else None


def _count(digits: str) -> int:
    return _NUMERALS.get(digits) or int(digits)


def _names(words: Words, question: Question) -> dict[str, str]:
    """The values by each folded name of theirs."""
    names: dict[str, str] = {}
    for choice in question.choices:
        for name in (choice.label, *choice.also):
            names.setdefault(words.fold(name), choice.value)
    return names


def _parts(words: Words, question: Question) -> dict[str, str]:
    """The values by each part of their labels (「医療・福祉」) that is no part of another's."""
    found: dict[str, set[str]] = {}
    for choice in question.choices:
        for part in choice.label.split("・"):
            found.setdefault(words.fold(part), set()).add(choice.value)
    return {part: values.pop() for part, values in found.items() if len(part) > 1 and len(values) == 1}


def _outright(words: Words, question: Question, names: dict[str, str], text: str) -> str | None:
    for reading in words.readings(text):
        if reading in names:
            return names[reading]
    plain = words.plain(text)
    people = _PEOPLE.fullmatch(plain)
    if people:
        return _spanning(question.choices, _count(people[1]))
    found = _NUMBER.fullmatch(plain)
    if not found:
        return None
    count = _count(found[1])
    nth = question.choices[count - 1].value if 1 <= count <= len(question.choices) else None
    if found[2] or not any(choice.span for choice in question.choices):
        return nth
    # A bare number may be a head count as well as a place in the list; it is taken where both say the same.
    spanning = _spanning(question.choices, count)
    return spanning if nth is None or nth == spanning else None


def _spanning(choices: Sequence[Choice], count: int) -> str | None:
    return next((choice.value for choice in choices if choice.span and choice.span[0] <= count <= choice.span[1]), None)


def _several(
    words: Words, question: Question, names: dict[str, str], text: str, separators: tuple[str, ...]
) -> tuple[str, ...] | None:
    whole = _outright(words, question, names, text)
    if whole is not None:
        return (whole,)
    for n, separator in enumerate(separators, 1):
        parts = [part for part in text.split(separator) if part.strip()]
        if len(parts) > 2 * len(question.choices):
            return None
        if len(parts) > 1:
            named = [_several(words, question, names, part, separators[n:]) for part in parts]
            # One part that is not understood spoils the whole: a half-read answer would be worse than asking again.
            found = [value for values in named if values is not None for value in values]
            return tuple(dict.fromkeys(found)) if None not in named else None
    return None


def _at_once(words: Words, names: dict[str, str], text: str) -> str | None:
    """The choice that the text begins with, apart from the rest by a mark: 「はい、使っています」."""
    head, *rest = re.split(r"[、。,.!\s]+", unicodedata.normalize("NFKC", text).strip(), maxsplit=1)
    head, tail = words.fold(head), words.fold("".join(rest))
    value = names.get(head)
    if len(tail) > 2 * SLACK or names.get(tail, value) != value:
        return None
    return None if words.denies(tail) and not words.denies(head) else value


def _contained(words: Words, names: dict[str, str], folded: str, scale: bool) -> str | None:
    # Two kana turn up in many a word; and what stands before a step of a scale most often changes the step.
    inside = [
        name
        for name in names
        if len(name) > (2 if _KANA.fullmatch(name) else 1) and (folded.startswith(name) if scale else name in folded)
    ]
    if not inside:
        return None
    longest = max(len(name) for name in inside)
    found = [name for name in inside if len(name) == longest]
    if len({names[name] for name in found}) > 1 or len(folded) > longest + (SCALE_SLACK if scale else SLACK):
        return None
    return None if words.denies(folded.replace(found[0], "")) else names[found[0]]


def _alike(words: Words, names: dict[str, str], folded: str) -> str | None:
    likeness: dict[str, float] = {}
    for name, value in names.items():
        # A denial and its opposite differ by a letter or two, so they are never taken for each other; and a word put
        # before a label or behind it changes what it means, so the beginning must be the same, and no label whole.
        apart = name[:1] != folded[:1] or name in folded or words.denies(name) != words.denies(folded)
        if not apart:
            likeness[value] = max(likeness.get(value, 0.0), fuzz.ratio(name, folded))
    ranked = sorted(likeness.items(), key=lambda pair: -pair[1])
    if not ranked or ranked[0][1] < LIKENESS:
        return None
    if len(ranked) > 1 and ranked[0][1] - ranked[1][1] < MARGIN:
        return None
    return ranked[0][0]
