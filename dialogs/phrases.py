"""The phrases as data: texts with their Jinja2 blanks, side questions, button labels and understood words."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from dialogs.understanding import Meant, Words, fold
from knowledge.problems import ContentError, Problem
from knowledge.tables import Table, open_table
from scoring.questionnaire import Choice, Question

FOLDER = Path(__file__).with_name("phrases")
WORDS = "words.toml"


@dataclass(frozen=True, slots=True)
class Phrases:
    """All phrases by name. A name that does not exist is a defect of the code, so it raises KeyError."""

    texts: dict[str, jinja2.Template]
    asks: dict[str, Question]
    buttons: dict[str, str]
    words: Words

    def say(self, name: str, **values: Any) -> str:
        """The phrase with its blanks filled; raises jinja2.UndefinedError where a value is missing."""
        return self.texts[name].render(values).strip()


def load(folder: Path = FOLDER) -> Phrases:
    """Read every phrase file of a folder; raises ContentError with every problem in them."""
    problems: list[Problem] = []
    # Plain text: what shows it as HTML escapes it.
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701
    texts: dict[str, jinja2.Template] = {}
    asks: dict[str, Question] = {}
    buttons: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.name == WORDS:
            continue
        top = open_table(path, problems)
        _add(texts, {name: _template(environment, say, name) for say, name in _keys(top, "say")}, top)
        _add(asks, {name: _ask(top.table("ask").table(name)) for _, name in _keys(top, "ask")}, top)
        _add(buttons, {name: table.text(name) for table, name in _keys(top, "button")}, top)
        top.close()
    words = _words(folder / WORDS, problems)
    if problems:
        raise ContentError(tuple(problems))
    return Phrases(texts, asks, buttons, words)


def _keys(top: Table, key: str) -> list[tuple[Table, str]]:
    if key not in top.data:
        return []
    table = top.table(key)
    return [(table, name) for name in table.data]


def _add(known: dict[str, Any], more: dict[str, Any], top: Table) -> None:
    for name in known.keys() & more.keys():
        top.complain(f"{name!r} stands in two files", "remove one", name)
    known |= more


def _template(environment: jinja2.Environment, table: Table, name: str) -> jinja2.Template:
    try:
        return environment.from_string(table.text(name))
    except jinja2.TemplateSyntaxError as error:
        table.complain(f"is no Jinja2: {error}", "correct the braces", name)
        return environment.from_string("")


def _ask(table: Table) -> Question:
    rows = table.tables("choices")
    choices = tuple(Choice(row.text("value"), row.text("label"), row.texts("also")) for row in rows)
    # A question with a limit of characters is answered by a text.
    limit = table.number("limit", 0)
    question = Question(
        table.place.removeprefix("ask."),
        table.text("title"),
        table.text("text"),
        choices,
        kind="text" if limit else "one",
        limit=limit,
        none=table.text("none", ""),
    )
    for closing in (*rows, table):
        closing.close()
    return question


def _words(path: Path, problems: list[Problem]) -> Words:
    top = open_table(path, problems)
    same = tuple((fold(left), fold(right)) for left, right in _pairs(top.table("same")))
    plain = Words({}, (), frozenset(), (), (), (), (), frozenset(), frozenset(), frozenset(), (), (), (), same)
    commands: dict[str, str] = {}
    table = top.table("commands")
    for name in table.data:
        for word in table.texts(name):
            if commands.setdefault(plain.fold(word), name) != name:
                table.complain(f"{word!r} names two commands", "leave it to one", name)
    many, question, denial, polite = (top.table(name) for name in ("many", "question", "denial", "polite"))
    thanks, why = top.table("thanks"), top.table("why")
    words = Words(
        commands=commands,
        meant=_meant(plain, top.table("meant"), commands.values()),
        thanks=_folded(plain, thanks.texts("words", None)),
        whys=_fold_all(plain, why, "marks"),
        question_marks=question.texts("marks", None),
        question_ends=question.texts("ends", None),
        question_backs=tuple(plain.fold(back) for back in question.texts("backs", None)),
        everything=_folded(plain, many.texts("all", None)),
        nothing=_folded(plain, many.texts("nothing", None)),
        done=_folded(plain, many.texts("done", None)),
        separators=many.texts("separators", None),
        denials=denial.texts("marks", None),
        endings=tuple(sorted(polite.texts("endings", None), key=len, reverse=True)),
        same=same,
    )
    for closing in (top, table, thanks, why, many, question, denial, polite):
        closing.close()
    return words


def _meant(words: Words, table: Table, commands: Collection[str]) -> tuple[Meant, ...]:
    found: list[Meant] = []
    for name in table.data:
        one = table.table(name)
        if name not in commands:
            table.complain(f"{name!r} is no command", "name one of [commands]", name)
        of, wants, perhaps, but = (_fold_all(words, one, key) for key in ("of", "wants", "perhaps", "but"))
        found.append(Meant(name, of, wants, perhaps, but, one.number("tail", 0)))
        one.close()
    table.close()
    return tuple(found)


def _fold_all(words: Words, table: Table, key: str) -> tuple[str, ...]:
    return tuple(words.fold(word) for word in table.texts(key, None))


def _pairs(table: Table) -> list[tuple[str, str]]:
    return [(written, table.text(written)) for written in table.data]


def _folded(words: Words, texts: Sequence[str]) -> frozenset[str]:
    return frozenset(words.fold(text) for text in texts)
