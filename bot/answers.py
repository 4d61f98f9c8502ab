"""Answers to owners' own questions: the search of knowledge, seen with who asks and what they were shown before."""

from collections.abc import Sequence
from dataclasses import dataclass

from dialogs.content import Content
from dialogs.effects import FindAnswers
from knowledge import search

# Entries that a question leads to, the best first: one to show, and others in case it does not fit.
MOST = 4
# Below this score an entry is not even near: what fits is a syllable or two (tried on nonsense, ours).
NEAR = 2.0


@dataclass(frozen=True, slots=True)
class Found:
    """The entries for a question, by id; `outside` names the kind of question that no entry is for."""

    confident: bool
    outside: str
    ids: list[str]


def sure(text: str) -> bool:
    """Whether there is a sure answer to these words."""
    return search.search(search.packaged(), text, 1).confident


def found(content: Content, asked: FindAnswers) -> Found:
    """The entries for a question; one that says little by itself and refers back is about the answer before it."""
    place = content.questionnaire.questions["prefecture"].choice(asked.prefecture)
    owner = search.Owner(asked.industry, asked.size, place.label if place else "")
    before = content.faq.get(asked.after)
    finding = search.search(search.packaged(), asked.text, 2 * MOST, owner)
    if before and not finding.confident and content.phrases.words.refers_back(asked.text):
        about = search.search(search.packaged(), f"{before.title} {asked.text}", 2 * MOST, owner)
        return Found(True, "", _distinct(content, [before.id, *(hit.document.id for hit in about.hits)]))
    near = [hit.document.id for hit in finding.hits if finding.confident or hit.score >= NEAR]
    return Found(finding.confident, finding.outside, _distinct(content, near))


def _distinct(content: Content, ids: Sequence[str]) -> list[str]:
    """The entries, of each rule only one: which of its versions is shown, the day decides."""
    rules: dict[str, str] = {}
    for entry in (content.faq[id] for id in ids if id in content.faq):
        rules.setdefault(entry.rule or entry.id, entry.id)
    return list(rules.values())[:MOST]
