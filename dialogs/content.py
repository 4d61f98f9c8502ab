"""All content in one value: what the flows ask, say, advise and refer to."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from dialogs import phrases
from dialogs.phrases import Phrases
from knowledge import faq
from knowledge.faq import Entry
from knowledge.reference import Reference, reference
from scoring.advice import Catalogue, catalogue
from scoring.questionnaire import Questionnaire, check

# The version of the notice that the owner agrees to: the day of its latest change in substance.
NOTICE = "2026-11-24"


@dataclass(frozen=True, slots=True)
class Content:
    """The content that a conversation draws on; flows read it, nothing changes it."""

    questionnaire: Questionnaire
    catalogue: Catalogue
    reference: Reference
    phrases: Phrases
    faq: Mapping[str, Entry]


@cache
def packaged() -> Content:
    """The content that comes with Banso; raises ContentError where it contradicts itself."""
    return Content(check(), catalogue(), reference(), phrases.load(), faq.entries())
