"""Hearing words in a run of kana: what was typed without kanji, read again as words that are known."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby, pairwise

from knowledge.folding import fold, katakana
from knowledge.words import Word

# What a kana costs that belongs to no known word, beside the rarest of words.
STRANGE = 2.0
# Words of one kana are everywhere; a shorter run of kana is an ending as often as a word.
LEAST, RUN = 2, 4
# A sound that is mostly a particle's says nothing.
MOSTLY = 0.3

_SCRIPTS = re.compile("[ぁ-ゖー]+"), re.compile("[ァ-ヶー]+")
Span = tuple[int, int]


class Hearing:
    """The words of a collection by how they sound."""

    def __init__(self, said: Iterable[Word]) -> None:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for word in said:
            counts[fold(word.reading)][word.base if word.content else ""] += 1
        counts.pop("", None)
        total = sum(map(Counter.total, counts.values())) or 1
        self._costs = {kana: math.log(total / counted.total()) for kana, counted in counts.items()}
        # How often a sound is which word; "" stands for all that say nothing.
        self._shares = {
            kana: {base: n / counted.total() for base, n in counted.items() if len(kana) >= LEAST}
            for kana, counted in counts.items()
        }
        self._strange = math.log(total) + STRANGE
        self._longest = max(map(len, counts), default=0)

    def again(self, said: list[Word]) -> list[Word]:
        """The words, those in kana read again: the tokenizer is at a loss where no kanji divides them."""
        found: list[Word] = []
        for script, group in groupby(said, _script):
            run = list(group)
            long = script is not None and sum(len(word.surface) for word in run) >= RUN
            found += self._again(run) if long else run
        return found

    def _again(self, run: list[Word]) -> Iterator[Word]:
        ends = [0]
        for word in run:
            ends.append(ends[-1] + len(fold(word.reading)))
        read = dict(zip(pairwise(ends), run, strict=True))
        sound = fold("".join(word.reading for word in run))
        return (self._word(sound[start:end], read.get((start, end))) for start, end in self._spans(sound, read))

    def _spans(self, sound: str, read: Collection[Span]) -> list[Span]:
        """Where the words lie that the sound is likeliest made of, by how often each is said; those `read` are rare."""
        best, back = [0.0], [0]
        for end in range(1, len(sound) + 1):
            starts = range(max(0, end - self._longest), end)
            ways = [(best[at] + cost, at) for at in starts if (cost := self._costs.get(sound[at:end])) is not None]
            ways += [(best[at] + self._strange, at) for at in starts if (at, end) in read]
            least, start = min([(best[-1] + self._strange, end - 1), *ways])
            best.append(least)
            back.append(start)
        found, end = [], len(sound)
        while end:
            found.append((back[end], end))
            end = back[end]
        return found[::-1]

    def _word(self, kana: str, read: Word | None) -> Word:
        """What is heard as a word: the tokenizer's own where that is among those it can be, or nothing is known."""
        shares = self._shares.get(kana)
        if read and (not shares or (read.content and read.base in shares)):
            return read
        known = {base: share for base, share in (shares or {}).items() if base}
        base = max(known, key=known.__getitem__, default=kana)
        return Word(kana, base, katakana(kana), content=known.get(base, 0.0) > MOSTLY)


def _script(word: Word) -> int | None:
    return next((n for n, script in enumerate(_SCRIPTS) if script.fullmatch(word.surface)), None)
