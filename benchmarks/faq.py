"""How well the search answers: `make bench-faq`, on the development half of tests/faq, or on the set HALF names."""

import json
import random
import resource
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import cycle, islice
from pathlib import Path

from rapidfuzz import fuzz, process
from sudachipy import Dictionary, SplitMode, Tokenizer

from benchmarks.measuring import head, show, timed
from knowledge import faq, search
from knowledge.folding import fold
from knowledge.lexicon import Lexicon, lexicon
from knowledge.search import Collection, Document, Index, Tuning

# The sets that the search was tuned on, taken together by "all"; "blind" was looked at once, when that was done.
TUNED = ("dev", "held", "fresh", "last")
QUERIES = Path(__file__).parents[1] / "tests" / "faq"
SIZES = (300, 500, 3000)

Ranking = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class Query:
    """A phrasing of an owner's; nothing is `wanted` where it lies outside."""

    query: str
    style: str
    wanted: tuple[str, ...]
    kind: str = ""


def main() -> None:
    """Measure."""
    half = sys.argv[1] if len(sys.argv) > 1 else "dev"
    queries = read(half)
    documents = [search.document(entry) for entry in faq.entries().values()]
    memory(documents)
    inside, outside = [one for one in queries if one.wanted], [one for one in queries if not one.wanted]
    head(f"{len(documents)} entries; the set {half!r}: {len(inside)} queries, and {len(outside)} that lie outside")
    ours = Collection(documents, lexicon())
    head("SR@1, SR@3, MRR")
    for name, rank in rankings(documents, ours).items():
        show(name, figures(rank, inside))
    knowing(ours, inside, outside)
    head("By style: SR@1, SR@3, MRR")
    for style in sorted({one.style for one in inside}):
        some = [one for one in inside if one.style == style]
        show(f"{style} ({len(some)})", figures(ranked(ours), some))
    thresholds(ours, inside, outside)
    ablation(documents, inside)
    speed(documents, queries)


def read(half: str) -> list[Query]:
    files = [QUERIES / f"{half}.jsonl"] if half != "all" else [QUERIES / f"{one}.jsonl" for one in TUNED]
    rows = (json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines())
    return [Query(row["query"], row["style"], tuple(row["wanted"]), row.get("kind", "")) for row in rows]


# ---------------------------------------------------------------- rankings


def rankings(documents: Sequence[Document], ours: Collection) -> dict[str, Ranking]:
    return {
        "ours": ranked(ours),
        "Sudachi, BM25 (question x3, phrasings, answer)": by_terms(documents, _forms),
        "character pairs, BM25 (the same fields)": by_terms(documents, _pairs),
        "rapidfuzz WRatio over questions and phrasings": by_likeness(documents),
    }


def ranked(collection: Collection) -> Ranking:
    return lambda query: [hit.document.id for hit in search.search(collection, query, 20).hits]


def by_terms(documents: Sequence[Document], terms: Callable[[str], Iterator[str]]) -> Ranking:
    def bag(one: Document) -> dict[str, float]:
        found: dict[str, float] = {}
        for weight, text in ((3.0, one.title), *((1.0, text) for text in (*one.ask, one.answer))):
            for term in terms(text):
                found[term] = found.get(term, 0.0) + weight
        return found

    index = Index([bag(one) for one in documents])

    def rank(query: str) -> list[str]:
        scores = index.scores(dict.fromkeys(terms(query), 1.0))
        return [documents[n].id for n in sorted(range(len(scores)), key=lambda n: -scores[n])[:20]]

    return rank


@cache
def _tokenizer() -> Tokenizer:
    return Dictionary(dict="small").tokenizer(mode=SplitMode.A)


def _forms(text: str) -> Iterator[str]:
    return (morpheme.normalized_form() for morpheme in _tokenizer().tokenize(text))


def _pairs(text: str) -> Iterator[str]:
    folded = fold(text)
    return (folded[n : n + 2] for n in range(len(folded) - 1))


def by_likeness(documents: Sequence[Document]) -> Ranking:
    phrasings = [(text, one.id) for one in documents for text in (one.title, *one.ask)]
    texts = [text for text, _ in phrasings]

    def rank(query: str) -> list[str]:
        near = process.extract(query, texts, scorer=fuzz.WRatio, limit=60)
        return list(dict.fromkeys(phrasings[n][1] for _, _, n in near))

    return rank


# ---------------------------------------------------------------- figures


def figures(rank: Ranking, queries: Sequence[Query]) -> str:
    """SR@1, SR@3 and MRR."""
    places = [_place(rank(one.query), one.wanted) for one in queries]
    rates = (_share(place == 1 for place in places), _share(0 < place <= 3 for place in places))
    return f"{rates[0]:.3f}  {rates[1]:.3f}  {statistics.mean(1 / place if place else 0.0 for place in places):.3f}"


def _place(found: Sequence[str], wanted: Sequence[str]) -> int:
    """The place of the first wanted, from 1; 0 where none is found."""
    return next((n for n, id in enumerate(found, 1) if id in wanted), 0)


def _share(marks: Iterator[bool]) -> float:
    return statistics.mean(map(float, marks))


def knowing(ours: Collection, inside: Sequence[Query], outside: Sequence[Query]) -> None:
    """Whether it knows what it does not know."""
    answered = [one for one in outside if search.search(ours, one.query).confident]
    silent = [one for one in inside if not search.search(ours, one.query).confident]
    show("outside, answered all the same", f"{len(answered) / len(outside):.3f}  {[one.kind for one in answered]}")
    show("inside, not answered", f"{len(silent) / len(inside):.3f}  {[one.style for one in silent]}")


def thresholds(ours: Collection, inside: Sequence[Query], outside: Sequence[Query]) -> None:
    """What to choose Tuning's `sure` (down) and `sure_if_covered` (across) by, after the entries have changed."""
    head("Outside answered / inside not, by `sure` (down) and `sure_if_covered` (across)")
    across, kept = (4.0, 5.0, 6.0, 6.5, 7.0, 8.0, 9.0), ours.tuning
    show("", "".join(f"{covered:9}" for covered in across))
    for sure in (8.0, 10.0, 12.0, 14.0, 16.0, 20.0):
        cells = []
        for covered in across:
            ours.tuning = replace(kept, sure=sure, sure_if_covered=covered)
            cells.append(f"{_answered(ours, outside):5}/{len(inside) - _answered(ours, inside):<3}")
        show(f"{sure}", "".join(cells))
    ours.tuning = kept


def _answered(ours: Collection, queries: Sequence[Query]) -> int:
    return sum(search.search(ours, one.query).confident for one in queries)


def ablation(documents: Sequence[Document], inside: Sequence[Query]) -> None:
    """What each part is worth: the figures without it."""
    head("Without one part: SR@1, SR@3, MRR")
    tuned = Tuning()
    without = {
        "nothing left out": Collection(documents, lexicon()),
        "the lexicon": Collection(documents, Lexicon(empty=lexicon().empty)),
        "the words that say nothing": Collection(documents, replace(lexicon(), empty=frozenset())),
        "the dialects": Collection(documents, replace(lexicon(), dialect={})),
        "how much of the query is covered": Collection(documents, lexicon(), replace(tuned, covered=0.0)),
        "sounds": Collection(documents, lexicon(), replace(tuned, sounds=0.0)),
        "likeness (rapidfuzz)": Collection(documents, lexicon(), replace(tuned, likeness=0.0)),
        "the best phrasing by itself": Collection(documents, lexicon(), replace(tuned, phrasing=0.0)),
        "the answer": Collection(documents, lexicon(), replace(tuned, answer=0.0)),
        "other phrasings": Collection([replace(one, ask=()) for one in documents], lexicon()),
    }
    for name, collection in without.items():
        show(name, figures(ranked(collection), inside))
    bare = [replace(one, ask=()) for one in documents]
    show("neither phrasings nor lexicon", figures(ranked(Collection(bare, Lexicon())), inside))
    show("… and Sudachi, BM25 on the same", figures(by_terms(bare, _forms), inside))


def memory(documents: Sequence[Document]) -> None:
    kept = Collection(islice(cycle(documents), 500), lexicon())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    show(f"Memory of the whole process with {len(kept.documents)} entries", f"{peak:.0f} MB at the most")


def speed(documents: Sequence[Document], queries: Sequence[Query]) -> None:
    head("Milliseconds a query, one thread: p50, p95")
    asked = random.Random(1).sample(queries, len(queries))
    for size in SIZES:
        collection = Collection(islice(cycle(documents), size), lexicon())
        times = sorted(timed(lambda one=one, c=collection: search.search(c, one.query)) for one in asked * 3)  # type: ignore[misc]
        show(f"{size} entries", f"{statistics.median(times):.2f}  {times[int(len(times) * 0.95)]:.2f}")


if __name__ == "__main__":
    main()
