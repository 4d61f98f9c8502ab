"""What of the FAQ wants looking after (`banso faq review`): what ends, what is unchecked, wrong, or missing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from rapidfuzz import fuzz

from knowledge.faq import Entry, standing
from knowledge.folding import fold
from knowledge.pages import Page
from storage import Database, questions
from storage.questions import Tally

# What ends within so many days is told; what was asked is looked at for as long as owners' needs last (ours).
AHEAD, BACK = timedelta(days=90), timedelta(days=180)
# Questions in vain that are looked at, and how alike (0 to 100) those of one cluster are.
MOST, ALIKE = 2000, 55.0


def review(
    database: Database, entries: Mapping[str, Entry], pages: Mapping[str, Page], now: datetime, today: date
) -> Iterator[str]:
    """The lines of the review, section by section."""
    with database.reading() as connection:
        tallies = questions.tallies(connection, now - BACK)
        vain = questions.in_vain(connection, now - BACK, MOST)
    yield from _section("Ended, or ends within 90 days", ending(entries, today))
    yield from _section("Not checked for half a year", unchecked(entries, today))
    yield from _section("Links that are not in knowledge/sources.toml", unlisted(entries, pages))
    yield from _section("Called wrong more often than useful", wrong(tallies))
    yield from _section(f"Asked in vain within {BACK.days} days", _clustered(vain))
    asked = sum(tally.shown for tally in tallies)
    shown = {tally.entry for tally in tallies}
    unfound = [id for id in entries if id not in shown] if asked else []
    yield from _section(f"Found by nobody within {BACK.days} days ({asked} answers)", unfound)


def ending(entries: Mapping[str, Entry], today: date) -> list[str]:
    """Entries that have ended or soon will, the first to end first."""
    found = [entry for entry in entries.values() if entry.valid_until and entry.valid_until <= today + AHEAD]
    return [f"{one.valid_until}  {one.id}  {one.title}" for one in sorted(found, key=lambda one: str(one.valid_until))]


def unchecked(entries: Mapping[str, Entry], today: date) -> list[str]:
    """Entries whose source nobody has looked at for long, the longest first."""
    found = [entry for entry in entries.values() if standing(entry, today) == "unchecked"]
    return [f"{one.checked}  {one.id}  {one.title}" for one in sorted(found, key=lambda one: one.checked)]


def unlisted(entries: Mapping[str, Entry], pages: Mapping[str, Page]) -> list[str]:
    """Links of entries to pages that nobody has listed."""
    return [f"{entry.id}  {entry.url}" for entry in entries.values() if entry.url and entry.url not in pages]


def wrong(tallies: Sequence[Tally]) -> list[str]:
    """Entries that did not help."""
    found = [tally for tally in tallies if tally.wrong > tally.useful]
    return [f"{one.entry}: {one.wrong} wrong, {one.useful} useful, {one.shown} shown" for one in found]


def clusters(texts: Sequence[str]) -> list[list[str]]:
    """Questions that are alike, the largest cluster first; each joins the first cluster whose first is like it."""
    found: list[tuple[str, list[str]]] = []
    for text in texts:
        folded = fold(text)
        near = next((cluster for first, cluster in found if fuzz.ratio(first, folded) >= ALIKE), None)
        if near is None:
            found.append((folded, [text]))
        else:
            near.append(text)
    return sorted((cluster for _, cluster in found), key=len, reverse=True)


def _clustered(texts: Sequence[str]) -> list[str]:
    return [f"{len(cluster)} x  {cluster[0]}" for cluster in clusters(texts)]


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    yield f"{title}: {len(lines) or 'none'}"
    yield from (f"  {line}" for line in lines)
