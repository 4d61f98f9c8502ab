"""The words of a Japanese text as a search compares them: base forms without okurigana, and how they sound."""

import re
import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from knowledge.folding import fold, katakana, plain

# The dictionary is 40 MB: nothing but a search should load it.
if TYPE_CHECKING:
    from sudachipy import Dictionary, Tokenizer

# The tokenizer takes 49,149 bytes; a sign has four at the most.
LONGEST = 12_000

# Parts of speech that carry no content of their own: particles, auxiliaries, marks, spaces, interjections.
_MUTE = frozenset(("補助記号", "空白", "記号"))
_BARE = _MUTE | {"助詞", "助動詞", "感動詞", "接続詞"}
# Prefectures, towns, regions; countries are something else: 日本 is in half of all names.
_PLACE = ("地名", "一般")
_OKURIGANA = re.compile(r"(?<=[一-龯々])[ぁ-ゖ]+$")
_READABLE = re.compile(r"[ァ-ヶー]+")

_own = threading.local()


@dataclass(frozen=True, slots=True)
class Word:
    """One word: `base` is its normal form without okurigana, `reading` its katakana, `content` false for particles.

    `place` is true for prefectures, towns and regions.
    """

    surface: str
    base: str
    reading: str
    content: bool
    place: bool = False


def words(text: str) -> list[Word]:
    """The words of a text, as far as the tokenizer takes it."""
    return [
        Word(
            surface=(surface := morpheme.surface()),
            base=_base(morpheme.normalized_form()),
            reading=""
            if (kind := (speech := morpheme.part_of_speech())[0]) in _MUTE
            else _reading(surface, morpheme.reading_form()),
            content=kind not in _BARE,
            place=speech[2:4] == _PLACE,
        )
        for morpheme in _tokenizer().tokenize(plain(text)[:LONGEST])
    ]


def sound(said: list[Word]) -> str:
    """How the words sound, in folded kana."""
    return fold("".join(word.reading for word in said))


def _base(form: str) -> str:
    return _OKURIGANA.sub("", plain(form))


def _reading(surface: str, reading: str) -> str:
    # What the dictionary does not know has no reading; what is kana is read as it stands.
    kana = katakana(surface)
    return kana if _READABLE.fullmatch(kana) or not reading else reading


def _tokenizer() -> "Tokenizer":
    if not hasattr(_own, "tokenizer"):
        from sudachipy import SplitMode

        # One for each thread: a tokenizer refuses a second caller while it works.
        _own.tokenizer = _dictionary().tokenizer(mode=SplitMode.A)
    tokenizer: Tokenizer = _own.tokenizer
    return tokenizer


@cache
def _dictionary() -> "Dictionary":
    from sudachipy import Dictionary

    return Dictionary(dict="small")
