"""Every screen of the content on one page, each with the file and the key where its words stand."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import jinja2
from markupsafe import Markup

from bot import samples
from bot.content import ADVICE, CHECK, Piece, place, written
from bot.drawing import Drawing
from bot.samples import Owner
from bot.web import pages
from bot.web.pages import Entry
from dialogs import presses
from dialogs.content import Content, packaged
from dialogs.engine import advance
from dialogs.events import Command, Opened, Tapped
from dialogs.messages import Button, Message
from dialogs.record import Frame, Record
from dialogs.steps import Say
from scoring.look import css_variables, look
from scoring.questionnaire import Question

TEMPLATE = "preview.html.j2"
# The chat's own, so that a screen looks here as it does there.
STYLES = ("base.css", "chat.css")


@dataclass(frozen=True, slots=True)
class Look:
    """How a screen looks, part by part, to owners of one segment or ("") to all."""

    parts: tuple[Markup, ...]
    segment: str = ""


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen: where its words stand, its looks, and what else there is to say about it."""

    file: str
    key: str
    looks: tuple[Look, ...]
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Section:
    """Screens of one kind; the template has the words for it."""

    kind: str
    screens: tuple[Screen, ...]


class _Blank(jinja2.ChainableUndefined, jinja2.DebugUndefined):
    """A value that no sample has: shown as the blank that it is."""


def write(out: Path) -> int:
    """Write the page; gives the number of screens on it."""
    sections = _sections(packaged())
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("bot", "."),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    styles = [(pages.STATIC / name).read_text(encoding="utf-8") for name in STYLES if (pages.STATIC / name).exists()]
    page = environment.get_template(TEMPLATE).render(
        sections=sections,
        styles=Markup("\n".join([css_variables(look()), *styles])),  # noqa: S704 - our own files
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page, encoding="utf-8")
    return sum(len(screen.looks) for section in sections for screen in section.screens)


def _sections(content: Content) -> list[Section]:
    pieces = list(written())
    chat = _Chat()
    return [
        Section("questions", tuple(_questions(content, chat))),
        Section("results", tuple(_results(content, chat, pieces))),
        Section("asks", tuple(_asks(content, chat, pieces))),
        Section("says", tuple(_says(content, chat, pieces))),
        Section("buttons", tuple(_buttons(chat, pieces))),
        Section("advice", tuple(_advice(content, chat))),
    ]


class _Chat:
    """Messages as the chat page shows them; each turn has its own number, as ids are made of it."""

    def __init__(self) -> None:
        self.turns = count(1)

    def show(self, *messages: Message) -> Markup:
        """One turn with these messages."""
        # The chat's own template has escaped them.
        return Markup(pages.fragment(Entry(next(self.turns), messages=messages)))  # noqa: S704

    def look(self, *messages: Message) -> tuple[Look, ...]:
        """The one look of a screen that is the same to all."""
        return (Look((self.show(*messages),)),)


def _questions(content: Content, chat: _Chat) -> Iterator[Screen]:
    """Every question as it is shown when its turn comes: both depths, and the pairs of both literacies."""
    told = [
        samples.owner(content, literacy, "banso", depth) for literacy in ("low", "high") for depth in ("full", "quick")
    ]
    for id in content.questionnaire.questions:
        owner = next(one for one in told if any(question.id == id for question in one.asked))
        where, choices = place(content.questionnaire, id)
        yield Screen(CHECK, where, chat.look(_asked(content, owner, id)), {"choices": choices})


def _asked(content: Content, owner: Owner, id: str) -> Message:
    """A question as the engine asks it of an owner who comes back to it."""
    before = owner.asked[: [question.id for question in owner.asked].index(id)]
    answers = {question.id: owner.answers[question.id] for question in before}
    tag, _, _ = samples.RUN.partition(".")
    record = Record(tag, 1, (Frame("check", samples.RUN, answers),))
    return advance(content, record, Opened(), lambda effect: None).messages[-1]


def _asks(content: Content, chat: _Chat, pieces: list[Piece]) -> Iterator[Screen]:
    """Every side question with its buttons."""
    for piece in (piece for piece in pieces if piece.kind == "ask"):
        question = content.phrases.asks[piece.name]
        buttons = tuple(Button(c.label, _press(question, c.value), hint=c.hint) for c in question.choices)
        yield Screen(piece.file, piece.place, chat.look(Message(question.text, "one", buttons)))


def _press(question: Question, value: str) -> str:
    action = Command(value[1:]) if value.startswith("/") else Tapped(samples.RUN, question.id, value)
    return presses.encode(action)


def _says(content: Content, chat: _Chat, pieces: list[Piece]) -> Iterator[Screen]:
    """Every phrase, filled as far as there are samples for its blanks."""
    values = samples.values(content)
    environment = jinja2.Environment(undefined=_Blank, autoescape=False)  # noqa: S701 - the chat's template escapes
    for piece in (piece for piece in pieces if piece.kind == "say"):
        text = environment.from_string(piece.value).render(values[""] | values.get(piece.name, {})).strip()
        yield Screen(piece.file, piece.place, chat.look(Message(text)))


def _buttons(chat: _Chat, pieces: list[Piece]) -> Iterator[Screen]:
    for piece in (piece for piece in pieces if piece.kind == "button"):
        button = Button(piece.value, presses.encode(Command(piece.name)))
        yield Screen(piece.file, piece.place, chat.look(Message(buttons=(button,))))


def _advice(content: Content, chat: _Chat) -> Iterator[Screen]:
    """Every piece of advice: for low literacy with company, for high literacy alone."""
    labels = {tool.id: tool.label for tool in content.questionnaire.tools}
    industries = {choice.value: choice.label for choice in content.questionnaire.questions["industry"].choices}
    challenges = {challenge.id: challenge.label for challenge in content.questionnaire.challenges}
    told = [samples.owner(content, literacy, type) for literacy, type in (("low", "banso"), ("high", "jiso"))]
    for piece in content.catalogue.advice.values():
        notes = {
            "serves": "、".join(challenges[id] for id in piece.serves),
            "category": content.questionnaire.categories.get(piece.category, ""),
            "tool": labels.get(piece.tool, ""),
            "industries": "、".join(industries[id] for id in piece.industries),
            "team": "team" if piece.team else "",
            "effect": piece.effect,
        }
        looks = tuple(
            Look(
                (chat.show(*(_message(content, say) for say in samples.steps(content, owner, piece.id))),),
                owner.result.score.segment,
            )
            for owner in told
        )
        yield Screen(ADVICE, f"advice[{piece.id}]", looks, notes)


def _results(content: Content, chat: _Chat, pieces: list[Piece]) -> Iterator[Screen]:
    """What each segment is told at the end of a whole check, with its pictures."""
    where = {piece.name: piece for piece in pieces if piece.kind == "say"}
    drawing = Drawing(content)
    for literacy, type in samples.SEGMENTS:
        owner = samples.owner(content, literacy, type, again=True)
        shown: list[Markup] = []
        for say in owner.says:
            svg = drawing.svg(say.picture[0], owner.result, None) if say.picture else None
            # The drawing escapes every word that it is given.
            shown.append(Markup(svg) if svg else chat.show(_message(content, say)))  # noqa: S704
        keys = [where[say.phrase] for say in owner.says if say.phrase]
        places = ", ".join(piece.place for piece in keys)
        yield Screen(keys[0].file, places, (Look(tuple(shown), owner.result.score.segment),))


def _message(content: Content, say: Say) -> Message:
    return Message(content.phrases.say(say.phrase, **say.values), buttons=say.buttons)
