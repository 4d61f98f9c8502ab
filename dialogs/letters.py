"""Letters of a campaign: what is said in each of its steps, by variant, and where its buttons lead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

# Where a button can lead: a flow of ours, or "resume" for the question that is open.
TARGETS = ("resume", "result", "steps", "consult", "booked", "deepen", "restart", "support", "human", "menu", "sharing")
# What a text can name of its reader; each may be missing, so a text says what stands there then: {{ step or "…" }}.
FIELDS = ("agency", "step", "points", "challenge", "industry", "prefecture")
MOST_BUTTONS = 4
LONGEST_TEXT, LONGEST_LABEL, LONGEST_ALT = 500, 20, 100
# The picture of the reader's own result, among those that a letter can have.
SHARE = "share"
# With its fields and what stands there without them a text is longer than what is read of it, but not by far.
LONGEST_SOURCE = 4 * LONGEST_TEXT


@dataclass(frozen=True, slots=True)
class Letter:
    """One message: its text (a template), buttons as (label, target or https address), and a picture.

    `picture` is "", SHARE, or the token of one that the agency attaches, with the words `alt` for who can't see it.
    """

    text: str
    buttons: tuple[tuple[str, str], ...] = ()
    picture: str = ""
    alt: str = ""

    @property
    def flyer(self) -> str:
        """The picture that the agency attaches, which is the same for everybody; "" without one."""
        return "" if self.picture == SHARE else self.picture


@dataclass(frozen=True, slots=True)
class Step:
    """What is said so many days after the step before, by variant ("a", "b" …)."""

    days: int
    letters: Mapping[str, Letter]


class WrongLetter(ValueError):
    """A text that is no template of ours; says what is wrong with it."""


# What a text may be made of: whether a field is known, and what stands there then. Loops and sums may be without end,
# and a text is written for thousands.
_ALLOWED = frozenset(
    ("Template", "Output", "TemplateData", "Name", "Const", "If", "CondExpr", "And", "Or", "Not", "Compare", "Operand")
)
_FILTERS = frozenset(("default", "d"))
# Only values: nothing of ours or of Python's can be reached from a text.
_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=jinja2.ChainableUndefined, keep_trailing_newline=False)


def named(letter: Letter) -> set[str]:
    """The fields that a text names; without any, the letter is the same for everybody. Raises WrongLetter."""
    return set(_read(letter.text)[0])


@lru_cache(maxsize=256)
def _read(text: str) -> tuple[frozenset[str], jinja2.Template]:
    """The fields of a text, and its template, kept for its many readers; raises WrongLetter."""
    if len(text) > LONGEST_SOURCE:
        raise WrongLetter(f"has more than {LONGEST_SOURCE} characters")
    try:
        parsed = _ENVIRONMENT.parse(text)
        parts = list(parsed.find_all(nodes.Node))
        made_of = {node.name if isinstance(node, nodes.Filter) else type(node).__name__ for node in parts}
        # Before anything is compiled: Jinja reckons with constants while it compiles, however long that takes.
        if refused := made_of - _ALLOWED - _FILTERS:
            raise WrongLetter(f"refused: {', '.join(sorted(refused))}")
        fields = frozenset(node.name for node in parts if isinstance(node, nodes.Name))
        if unknown := fields - set(FIELDS):
            raise WrongLetter(f"unknown: {', '.join(sorted(unknown))}")
        return fields, _ENVIRONMENT.from_string(parsed)
    except jinja2.TemplateSyntaxError as error:
        raise WrongLetter(str(error.message)) from error
    except WrongLetter:
        raise
    except (RecursionError, MemoryError, SyntaxError, ValueError) as error:
        # Of parts within parts within parts, which neither Jinja nor Python takes.
        raise WrongLetter("too much within itself") from error


def personal(letter: Letter) -> bool:
    """Whether a letter is another one for each reader."""
    return letter.picture == SHARE or bool(named(letter))


def written(letter: Letter, values: Mapping[str, Any]) -> str:
    """The text for one reader; raises WrongLetter."""
    try:
        text = _read(letter.text)[1].render({name: values.get(name) or "" for name in FIELDS})
    except (jinja2.TemplateError, ArithmeticError, TypeError) as error:
        raise WrongLetter(str(error)) from error
    return text.strip()[:LONGEST_TEXT]


def steps_from(data: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Steps from JSON data, as `steps_to` makes them."""
    return tuple(
        Step(
            one["days"],
            {
                name: Letter(
                    letter["text"],
                    tuple((label, to) for label, to in letter["buttons"]),
                    letter["picture"],
                    letter.get("alt", ""),
                )
                for name, letter in one["letters"].items()
            },
        )
        for one in data
    )


def steps_to(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Steps as JSON data."""
    return [
        {
            "days": step.days,
            "letters": {
                name: {
                    "text": one.text,
                    "buttons": [list(pair) for pair in one.buttons],
                    "picture": one.picture,
                    "alt": one.alt,
                }
                for name, one in step.letters.items()
            },
        }
        for step in steps
    ]
