"""Making alike what is written differently and means the same: width, case, kana, dashes, long vowels, marks."""

import re
import unicodedata

_KATAKANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}
_HIRAGANA = {after: before for before, after in _KATAKANA.items()}
_DASHES = re.compile(r"(?<=[ァ-ヶぁ-ゖー])[-‐‑‒–—―─~〜]+|ー{2,}")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]+")
_MARKS = re.compile(r"[\W_ー]+")


def plain(text: str) -> str:
    """`text` with width, case and the dashes that lengthen a kana made alike; still to be read."""
    # Halves of a sign outside the basic plane, which no encoder takes.
    whole = text.encode("utf-8", "ignore").decode("utf-8")
    return _DASHES.sub("ー", _UNSEEN.sub("", unicodedata.normalize("NFKC", whole)).casefold())


def fold(text: str) -> str:
    """`text` as hiragana, kanji, letters and digits alone, without lengthened vowels: equal where the words are."""
    return _MARKS.sub("", plain(text)).translate(_KATAKANA)


def katakana(text: str) -> str:
    """`text` with its hiragana as katakana."""
    return text.translate(_HIRAGANA)
