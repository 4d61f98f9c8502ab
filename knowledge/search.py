"""Finding the entries that answer an owner's words, and knowing when none does."""

import math
import re
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice

from rapidfuzz import fuzz

from knowledge.faq import Entry, entries
from knowledge.folding import fold, plain
from knowledge.hearing import Hearing
from knowledge.lexicon import Lexicon, lexicon, written
from knowledge.reference import YOROZU, reference
from knowledge.words import Word, sound, words

# Who writes more than this has said it before.
MOST = 1000
# BM25: how soon a repeated term counts no more, and how much a long text weighs less.
SATURATION, LENGTH = 2.0, 0.8
# So many of the best are looked at once more.
SHORTLIST = 20
# Kana of a reading that are compared together: three tell words apart, two outlive a kana misheard between them.
KANA = (2, 3)
# What a word weighs that says nothing, and how many words of a meaning weigh in full.
EMPTY, NAME = 0.25, 3
# A town's name is this term, too, and weighs so much: 「秋田で」 asks what 「大阪で」 does, unless a title has it.
TOWN, TOWNS = "(town)", 1.0

_KANA = re.compile("[ぁ-ゖ]*")


@dataclass(frozen=True, slots=True)
class Document:
    """What can be found: an entry of ours, or any question with its answer; `places` are the prefectures it names."""

    id: str
    title: str
    answer: str
    ask: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Owner:
    """What is known of who asks; the prefecture by its name."""

    industry: str = ""
    size: str = ""
    prefecture: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A document and how well it fits."""

    document: Document
    score: float


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, the best first; `outside` names the kind of question that no document is for."""

    confident: bool
    hits: tuple[Hit, ...]
    outside: str = ""


@dataclass(frozen=True, slots=True)
class Tuning:
    """How much each part counts, by the sets of tests/faq; `make bench-faq` shows what each is worth."""

    title: float = 3.0
    ask: float = 1.0
    answer: float = 0.25
    phrasing: float = 0.5  # the one phrasing that fits best, beside all of them together
    sounds: float = 0.5
    meaning: float = 1.0  # what the lexicon adds, beside the owner's own words
    likeness: float = 0.3
    covered: float = 1.0  # more for who has something of everything that was asked
    owner: float = 0.1
    # From this score on an answer is given; from the lower one where as much of the query is covered.
    sure: float = 13.0
    sure_if_covered: float = 7.5
    answered: float = 0.75  # so much of what seems to lie outside a document must have to answer it all the same


class Index:
    """BM25 over bags of weighted terms."""

    def __init__(self, bags: Sequence[Mapping[str, float]]) -> None:
        self.size = len(bags)
        counts = Counter(term for bag in bags for term in bag)
        self.weight = {term: math.log(1 + (self.size - n + 0.5) / (n + 0.5)) for term, n in counts.items()}
        # What a term weighs that no document has: a little more than the rarest.
        self.unknown = math.log(1 + (self.size + 0.5) / 0.5)
        # Arrays, as there are some hundred thousand of these.
        self.where: dict[str, array[int]] = defaultdict(lambda: array("I"))
        self.gains: dict[str, array[float]] = defaultdict(lambda: array("f"))
        sizes = [sum(bag.values()) for bag in bags]
        mean = sum(sizes) / max(self.size, 1) or 1.0
        for n, bag in enumerate(bags):
            slack = SATURATION * (1 - LENGTH + LENGTH * sizes[n] / mean)
            for term, times in bag.items():
                self.where[term].append(n)
                self.gains[term].append(self.weight[term] * times * (SATURATION + 1) / (times + slack))

    def scores(self, terms: Mapping[str, float]) -> list[float]:
        """How well each document fits the weighted terms."""
        found = [0.0] * self.size
        for term, weight in terms.items():
            if term in self.where:
                for n, gain in zip(self.where[term], self.gains[term], strict=True):
                    found[n] += weight * gain
        return found

    def covered(self, terms: Mapping[str, float], n: int) -> float:
        """The share of the terms, by weight, that the document has."""
        masses = {term: weight * self.weight.get(term, self.unknown) for term, weight in terms.items()}
        has = sum(mass for term, mass in masses.items() if self._has(term, n))
        return has / (sum(masses.values()) or 1.0)

    def _has(self, term: str, n: int) -> bool:
        where = self.where.get(term, ())
        return (at := bisect_left(where, n)) < len(where) and where[at] == n


class Collection:
    """Documents made ready to be searched."""

    def __init__(self, documents: Iterable[Document], known: Lexicon, tuning: Tuning | None = None) -> None:
        self.documents = tuple(documents)
        self.lexicon = known
        self.tuning = tuning or Tuning()
        self.hearing = Hearing(word for one in self.documents for text in _kanji(one) for word in words(text))
        # Each document's words are let go of before the next: together they are larger than all that is kept.
        read = [self._read(one) for one in self.documents]
        self.terms = Index([one.terms for one in read])
        self.sounds = Index([one.sounds for one in read])
        self.phrasings = Index([phrasing for one in read for phrasing in one.phrasings])
        self.heard = [one.heard for one in read]
        self.questions = ["\n".join(map(written, (one.title, *one.ask))) for one in self.documents]

    def words(self, text: str) -> list[Word]:
        """The words of a question, dialect and kana understood."""
        return self.hearing.again(words(self.lexicon.standard(text)))

    def _read(self, one: Document) -> "_Bags":
        asked, answer = [self.words(text) for text in (one.title, *one.ask)], _anywhere(words(one.answer))
        # A town in the title is the one that it is for; in another phrasing it is an example.
        asked = [_anywhere(said) for said in asked] if any(word.place for word in asked[0]) else asked
        weights = (self.tuning.title, *(self.tuning.ask for _ in one.ask), self.tuning.answer)
        said = list(zip(weights, (*asked, answer), strict=True))
        phrasings = [dict.fromkeys(_terms(one), 1.0) for one in asked]
        return _Bags(_bag(_terms, said), _bag(_sounds, said), phrasings, [sound(one) for one in asked])


@dataclass(frozen=True, slots=True)
class _Bags:
    """A document as bags of weighted terms and sounds; its phrasings as bags of their own, and as they sound."""

    terms: dict[str, float]
    sounds: dict[str, float]
    phrasings: list[dict[str, float]]
    heard: list[str]


def _kanji(one: Document) -> Iterator[str]:
    """The texts whose words can be told for certain: those in kana alone are what is to be understood by them."""
    return (text for text in (one.title, *one.ask, one.answer) if not _KANA.fullmatch(fold(text)))


def _anywhere(said: list[Word]) -> list[Word]:
    return [replace(word, place=False) for word in said]


def _bag(parts: Callable[[list[Word]], list[str]], texts: list[tuple[float, list[Word]]]) -> dict[str, float]:
    bag: dict[str, float] = defaultdict(float)
    for weight, said in texts:
        for part in parts(said):
            bag[part] += weight
    return bag


def search(collection: Collection, query: str, limit: int = 5, owner: Owner | None = None) -> Finding:
    """The documents that fit the query best, and whether the first of them answers it."""
    asked = _read(collection, query)
    scores = _scores(collection, asked)
    best = sorted(range(len(scores)), key=lambda n: -scores[n])[: max(SHORTLIST, limit)]
    fit = {n: scores[n] * _closeness(collection, asked, n) * _fits(collection, n, owner) for n in best if scores[n] > 0}
    found = sorted(fit, key=lambda n: -fit[n])
    hits = tuple(Hit(collection.documents[n], fit[n]) for n in found[:limit])
    outside = _outside(collection, asked, found[:1])
    return Finding(bool(found) and not outside and _sure(collection, asked, found[0], fit[found[0]]), hits, outside)


@cache
def packaged() -> Collection:
    """The entries that come with Banso."""
    return Collection(map(document, entries().values()), lexicon())


def document(entry: Entry) -> Document:
    """An entry as what can be found."""
    places = tuple(place for place in _places() if place in entry.title)
    return Document(entry.id, entry.title, entry.readable, entry.ask, entry.industries, entry.sizes, places)


@cache
def _places() -> tuple[str, ...]:
    yorozu = reference().desks[YOROZU].name
    return tuple(desk.name.removesuffix(yorozu) for desk in reference().yorozu.values())


# ---------------------------------------------------------------- the query


@dataclass(frozen=True, slots=True)
class _Query:
    """An owner's words: `own` are those that say something, `terms` add what the lexicon takes them to mean."""

    text: str
    kana: str
    own: dict[str, float]
    terms: dict[str, float]
    sounds: dict[str, float]
    heard: str


def _read(collection: Collection, query: str) -> _Query:
    known = collection.lexicon
    # Cut again in plain letters, as one sign may stand for eighteen of them.
    query = plain(query[:MOST])[:MOST]
    said = collection.words(query)
    text, heard = written(query), sound(said)
    meant = [(one, bases) for one, bases in known.means.items() if one in text]
    meant += [(one, bases) for one, bases in known.sounds.items() if one in heard]
    # What the lexicon has explained is no unknown word any more.
    explained = "\n".join(one for one, _ in meant)
    spoken = {word.base: EMPTY if word.base in known.empty else 1.0 for word in said if word.content}
    rest = {word.base: 1.0 for word in said if spoken.get(word.base) == 1.0 and word.surface not in explained}
    # A long official name must not outweigh what is asked about it.
    added = {base: collection.tuning.meaning * min(1.0, NAME / len(bases)) for _, bases in meant for base in bases}
    towns = {TOWN: TOWNS} if any(word.place for word in said) else {}
    sounds = dict.fromkeys(_sounds(said), collection.tuning.sounds)
    return _Query(text, fold(query), added | rest, added | towns | spoken, sounds, heard)


def _terms(said: list[Word]) -> list[str]:
    return [word.base for word in said if word.content] + [TOWN for word in said if word.place][:1]


def _sounds(said: list[Word]) -> list[str]:
    heard = sound(said)
    return [heard[n : n + kana] for kana in KANA for n in range(len(heard) - kana + 1)]


# ---------------------------------------------------------------- the documents


def _scores(collection: Collection, asked: _Query) -> list[float]:
    phrased = iter(collection.phrasings.scores(asked.terms))
    best = [max(islice(phrased, len(heard))) for heard in collection.heard]
    parts = zip(collection.terms.scores(asked.terms), collection.sounds.scores(asked.sounds), best, strict=True)
    weighted = (term + sounds + collection.tuning.phrasing * phrasing for term, sounds, phrasing in parts)
    # By the weight of a word that no document has, so that scores of small and large collections compare.
    return [score / collection.terms.unknown for score in weighted]


def _closeness(collection: Collection, asked: _Query, n: int) -> float:
    """How much of the query the document has, and how much it sounds like one of its questions, mistyped or not."""
    likest = max(fuzz.partial_ratio(asked.heard, heard) for heard in collection.heard[n]) / 100
    covered = collection.terms.covered(asked.terms, n)
    return (1 + collection.tuning.likeness * likest) * (1 + collection.tuning.covered * covered)


def _fits(collection: Collection, n: int, owner: Owner | None) -> float:
    """More where the document is for such an owner, less where it is for others."""
    one, weight = collection.documents[n], collection.tuning.owner
    if owner is None:
        return 1.0
    pairs = ((owner.industry, one.industries), (owner.size, one.sizes), (owner.prefecture, one.places))
    return math.prod(1 + weight if mine in theirs else 1 - weight for mine, theirs in pairs if mine and theirs)


def _outside(collection: Collection, asked: _Query, best: list[int]) -> str:
    """The kind of what lies outside, unless the best document has a question on it, and on the rest of the query."""
    said = [
        one for one in collection.lexicon.outside if one.said in asked.text or (one.kana and one.kana in asked.kana)
    ]
    answers = [n for n in best if said and collection.terms.covered(asked.own, n) >= collection.tuning.answered]
    questions = "".join(collection.questions[n] for n in answers)
    return next((one.kind for one in said if one.always or one.said not in questions), "")


def _sure(collection: Collection, asked: _Query, n: int, score: float) -> bool:
    """Whether so much fits, or so much of what was asked, that chance is unlikely."""
    covered = max(collection.terms.covered(asked.own, n), collection.sounds.covered(asked.sounds, n))
    return score >= collection.tuning.sure or score * covered >= collection.tuning.sure_if_covered
