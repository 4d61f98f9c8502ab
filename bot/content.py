"""Every problem of the content at once, each with its file, its place and what to do about it."""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

import jinja2
import jinja2.meta
import structlog

from bot import clock, samples, usage
from bot.platforms.limits import LIMITS
from bot.usage import Usage, Use
from dialogs import library, phrases, presses
from dialogs.content import Content
from dialogs.events import Command, Tapped, Toggled
from dialogs.flows import FLOWS
from dialogs.flows.faq import SEE
from dialogs.library import SOURCED, Draft
from dialogs.phrases import Phrases
from knowledge import faq, lexicon, reference
from knowledge.problems import ContentError, Problem
from knowledge.reference import Entry, Reference
from scheduler.days import day_in_japan
from scoring import advice, questionnaire
from scoring.advice import Advice, Catalogue
from scoring.questionnaire import Choice, Question, Questionnaire

ROOT = Path(__file__).parents[1]
CHECK, ADVICE, REFERENCE = "scoring/check.toml", "scoring/advice.toml", "knowledge/reference.toml"
FAQ, LEXICON = "knowledge/faq", "knowledge/lexicon.toml"
PHRASES, TRANSCRIPTS = "dialogs/phrases", "tests/transcripts"
LIBRARY = "dialogs/library"

# A sentence on a phone: longer ones are read twice (ours).
SENTENCE = 70
# Commands of the engine itself, beside the flows.
COMMANDS = {"back", "resume", "start", *FLOWS} - {"check"}
# Figures that the result page names by their id.
FIGURES = ("total", "office-challenge", "useful", "voices")
VISION = "vision"

_SENTENCES = re.compile(r"(?<=[。??!!])|\n")
_TAGS = re.compile(r"{%.*?%}|{#.*?#}", re.DOTALL)
_BLANKS = re.compile(r"{{.*?}}", re.DOTALL)

Read = TypeVar("Read")
Found = TypeVar("Found")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Piece:
    """One entry of a phrase file: `kind` is "say", "ask" or "button"."""

    file: str
    kind: str
    name: str
    value: Any

    @property
    def place(self) -> str:
        """Where it stands in its file."""
        return f"{self.kind}.{self.name}"


@dataclass(frozen=True, slots=True)
class Shown:
    """A text that owners see: a "label" on a button, a "text" as a message of its own, or a "part" of one."""

    file: str
    place: str
    text: str
    kind: str


def problems(root: Path = ROOT, today: date | None = None) -> list[Problem]:
    """All problems of the content below `root`, which holds the folders as the project does."""
    found: list[Problem] = []
    content = _read(root, found)
    pieces = list(written(root))
    use = usage.read(root)
    if not any(problem.file.startswith(PHRASES) and problem.place == "(file)" for problem in found):
        # While a phrase file can't be read, nobody knows what is missing.
        found += _missing_phrases(pieces, use)
    found += _missing_values(pieces, use)
    fits = not found
    found += _unused_phrases(pieces, use)
    shown = [*question_texts(content.questionnaire), *advice_texts(content.catalogue)]
    shown += [*reference_texts(content.reference), *phrase_texts(pieces), *faq_texts(content.faq.values())]
    shown += library_texts(content.library)
    found += [problem for one in shown for problem in _length_problems(one)]
    found += _press_problems(content.questionnaire, pieces)
    found += _command_problems(root, pieces)
    found += _about_problems(content)
    found += _reference_problems(content.reference, today or day_in_japan(clock.utc_now()))
    if content.phrases:
        whole = Content(content.questionnaire, content.catalogue, content.reference, content.phrases, content.faq)
        found += _talk_problems(whole, pieces, fits)
    found += _transcript_problems(root, pieces, use)
    return list(dict.fromkeys(found))


# ---------------------------------------------------------------- reading what can be read


@dataclass(frozen=True, slots=True)
class _Found:
    questionnaire: Questionnaire
    catalogue: Catalogue
    reference: Reference
    phrases: Phrases | None
    faq: Mapping[str, faq.Entry]
    library: Mapping[str, Draft]


def _read(root: Path, found: list[Problem]) -> _Found:
    """All content as far as it can be read, whatever is wrong with one file or another."""

    def take(file: str, read: Callable[[Path, list[Problem]], Read]) -> Read:
        notes: list[Problem] = []
        value = read(root / file, notes)
        # Of a folder each note names the file itself.
        found.extend(replace(note, file=f"{file}/{note.file}" if file in (FAQ, LIBRARY) else file) for note in notes)
        return value

    check = take(CHECK, questionnaire.read)
    places = take(REFERENCE, reference.read)
    catalogue = take(ADVICE, lambda path, notes: advice.read(path, check, places, notes))
    take(LEXICON, lexicon.read)
    try:
        loaded = phrases.load(root / PHRASES)
    except ContentError as error:
        loaded = None
        found.extend(replace(note, file=f"{PHRASES}/{note.file}") for note in error.problems)
    answers = take(FAQ, lambda path, notes: faq.read(faq.sources(path), notes, ids_of(check, places)))
    ready = take(LIBRARY, lambda path, notes: library.read_all(library.sources(path), notes, answers))
    return _Found(check, catalogue, places, loaded, answers, ready)


def ids_of(check: Questionnaire, places: Reference) -> faq.Ids:
    """What an entry of the FAQ may name; anything, where the file that says it can't be read."""
    asked = check.questions
    industries, sizes = (
        {choice.value for choice in asked[id].choices} if id in asked else () for id in ("industry", "size")
    )
    challenges = (challenge.id for challenge in check.challenges)
    return faq.Ids(*(frozenset(known) or None for known in (places.desks, industries, sizes, challenges)))


def written(root: Path = ROOT) -> Iterator[Piece]:
    """Every entry of the phrase files with the place where it stands; what can't be read is left out."""
    for path in sorted((root / PHRASES).glob("*.toml")):
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except (UnicodeDecodeError, tomllib.TOMLDecodeError):
            continue
        for kind, form in (("say", str), ("ask", dict), ("button", str)):
            table = data.get(kind)
            for name, value in table.items() if isinstance(table, dict) else ():
                if isinstance(value, form):
                    yield Piece(str(path.relative_to(root)), kind, name, value)


# ---------------------------------------------------------------- phrases and the code that says them


def _missing_phrases(pieces: list[Piece], use: Usage) -> Iterator[Problem]:
    for one in use.uses:
        if not any(one.kind == piece.kind and one.means(piece.name) for piece in pieces):
            what = f"names {one.name!r}, which no phrase file has"
            yield Problem(one.file, f"line {one.line}", what, f"add it under [{one.kind}] in {PHRASES}/")


def _unused_phrases(pieces: list[Piece], use: Usage) -> Iterator[Problem]:
    for piece in pieces:
        if not use.names(piece.kind, piece.name):
            yield Problem(piece.file, piece.place, "is used nowhere", "remove it, or correct its name")


def _missing_values(pieces: list[Piece], use: Usage) -> Iterator[Problem]:
    """Blanks of a phrase that some use of it has no value for."""
    for piece in (piece for piece in pieces if piece.kind == "say"):
        uses = [one for one in use.uses if one.kind == "say" and one.means(piece.name) and one.given is not None]
        for one in uses:
            for blank in sorted(blanks(piece.value) - one.given if one.given is not None else ()):
                what = f"has a blank {blank!r} that {one.file} line {one.line} does not fill"
                yield Problem(piece.file, piece.place, what, f"use only {sorted(one.given or ())}, or give it there")


def blanks(text: str) -> frozenset[str]:
    """The names of the values that a phrase needs; none where it is no Jinja2, which is told elsewhere."""
    try:
        return frozenset(jinja2.meta.find_undeclared_variables(_jinja().parse(text)))
    except jinja2.TemplateSyntaxError:
        return frozenset()


@cache
def _jinja() -> jinja2.Environment:
    return jinja2.Environment(autoescape=False)  # noqa: S701 - only parsed, never shown


def _command_problems(root: Path, pieces: list[Piece]) -> Iterator[Problem]:
    """Buttons and words for commands that there are not."""
    for piece in pieces:
        for value, _ in _choices(piece):
            if value.startswith("/") and value[1:] not in COMMANDS:
                what = f"{value!r} is no command"
                yield Problem(piece.file, f"{piece.place}.choices[{value}]", what, f"name one of {sorted(COMMANDS)}")
    try:
        words = tomllib.loads((root / PHRASES / phrases.WORDS).read_text(encoding="utf-8")).get("commands", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return  # told already
    for name in words if isinstance(words, dict) else ():
        if name not in COMMANDS:
            what = f"{name!r} is no command"
            yield Problem(f"{PHRASES}/{phrases.WORDS}", f"commands.{name}", what, f"name one of {sorted(COMMANDS)}")


def _about_problems(content: "_Found") -> Iterator[Problem]:
    """Advice, and buttons, that lead to entries of the FAQ that there are not."""
    for piece in content.catalogue.advice.values():
        if piece.about and piece.about not in content.faq:
            yield Problem(
                ADVICE, f"advice[{piece.id}].about", f"{piece.about!r} is no entry", "name a file of knowledge/faq"
            )
    asks = content.phrases.asks.items() if content.phrases else ()
    for name, choice in ((name, choice) for name, ask in asks for choice in ask.choices):
        if choice.value.startswith(SEE) and choice.value.removeprefix(SEE) not in content.faq:
            what = f"{choice.value!r} leads to no entry"
            yield Problem(
                f"{PHRASES}/faq.toml", f"ask.{name}.choices[{choice.value}]", what, "name a file of knowledge/faq"
            )


def _choices(piece: Piece) -> list[tuple[str, str]]:
    """Values and labels of a side question, as far as they can be read."""
    rows = piece.value.get("choices", ()) if piece.kind == "ask" else ()
    pairs = [(row.get("value"), row.get("label")) for row in rows if isinstance(row, dict)]
    return [(value, label) for value, label in pairs if isinstance(value, str) and isinstance(label, str)]


# ---------------------------------------------------------------- what owners see


def place(check: Questionnaire, id: str) -> tuple[str, str]:
    """Where a question stands in check.toml, and where its choices do."""
    kind, _, row = id.partition(".")
    if any(pair.id == id for pair in check.pairs):
        return f"pairs[{id}]", "pair.choices"
    match kind:
        case "q2":
            return f"challenges[{row}]", "challenge.choices"
        case "q3":
            return "tool", "tools"
        case "q4":
            return f"items[{row}]", "attitude.choices"
        case "started" | "picks":
            return id, "challenges"
        case "vision":
            return id, f"{id}.examples"
    return id, f"{id}.choices"


def question_texts(check: Questionnaire) -> Iterator[Shown]:
    """What owners see of check.toml. A question's title is a label too: in the list of answers to change."""
    for question in check.questions.values():
        where, choices = place(check, question.id)
        yield Shown(CHECK, f"{where}.text", question.text, "text")
        yield Shown(CHECK, f"{where}.title", question.title, "label")
        yield Shown(CHECK, f"{where}.none", question.none, "label")
        for choice in question.choices:
            yield Shown(CHECK, f"{choices}[{choice.value}]", choice.label, "label")
            yield Shown(CHECK, f"{choices}[{choice.value}].hint", choice.hint, "part")
    for id, label in check.categories.items():
        yield Shown(CHECK, f"categories[{id}].label", label, "part")
    for item in check.items:
        yield Shown(CHECK, f"items[{item.id}].statement", item.statement, "part")


def advice_texts(catalogue: Catalogue) -> Iterator[Shown]:
    """What owners see of advice.toml."""
    for piece in catalogue.advice.values():
        for key in ("title", "kind", "effect", "sign", "step_low", "step_high", "alone", "together"):
            yield Shown(ADVICE, f"advice[{piece.id}].{key}", _text(piece, key), "part")
    for cost, label in catalogue.costs.items():
        yield Shown(ADVICE, f"costs.{cost}", label, "part")
    yield Shown(ADVICE, "costs.note", catalogue.note, "part")


def reference_texts(known: Reference) -> Iterator[Shown]:
    """What owners see of reference.toml."""
    for desk in known.desks.values():
        yield Shown(REFERENCE, f"desks[{desk.id}].what", desk.what, "part")
    for material in known.materials.values():
        yield Shown(REFERENCE, f"materials[{material.id}].what", material.what, "part")
    for figure in known.figures.values():
        yield Shown(REFERENCE, f"figures[{figure.id}].text", figure.text, "part")


def faq_texts(entries: Iterable[faq.Entry]) -> Iterator[Shown]:
    """What owners see of the entries."""
    for entry in entries:
        for key in faq.ROOM:
            yield Shown(f"{FAQ}/{entry.area}/{entry.id}.md", key, str(getattr(entry, key)), "part")


def library_texts(drafts: Mapping[str, Draft]) -> Iterator[Shown]:
    """What owners see of ready-made campaigns; each blank one sign long."""
    for name, draft in drafts.items():
        file = f"{LIBRARY}/{name}.toml"
        yield Shown(file, "name", draft.name, "part")
        for n, step in enumerate(draft.steps):
            for variant, letter in step.letters.items():
                # Names of sources are as long as they are.
                text = letter.text.partition(SOURCED)[0]
                yield Shown(file, f"steps[{n}].{variant}.text", _BLANKS.sub("…", _TAGS.sub("\n", text)), "part")
                for label, _ in letter.buttons:
                    yield Shown(file, f"steps[{n}].{variant}.buttons", label, "label")


def _text(piece: Advice, key: str) -> str:
    return str(getattr(piece, key))


def phrase_texts(pieces: Iterable[Piece]) -> Iterator[Shown]:
    """What owners see of the phrase files; of a template all ways through it, each blank one sign long."""
    for piece in pieces:
        match piece.kind, piece.value:
            case "button", label:
                yield Shown(piece.file, piece.place, label, "label")
            case "say", text:
                yield Shown(piece.file, piece.place, _BLANKS.sub("…", _TAGS.sub("\n", text)), "part")
            case _:
                yield Shown(piece.file, f"{piece.place}.text", str(piece.value.get("text", "")), "text")
                yield Shown(piece.file, f"{piece.place}.title", str(piece.value.get("title", "")), "part")
                for value, label in _choices(piece):
                    yield Shown(piece.file, f"{piece.place}.choices[{value}]", label, "label")


def _length_problems(shown: Shown) -> Iterator[Problem]:
    length = len(shown.text)
    name, most = _tightest("label")
    if shown.kind == "label" and length > most:
        what = f"has {length} characters, a label on {name} holds {most}"
        yield Problem(shown.file, shown.place, what, "shorten it")
    if shown.kind == "text":
        yield from _too_long(shown.file, shown.place, shown.text)
    for sentence in filter(None, _SENTENCES.split(shown.text)):
        if len(sentence) > SENTENCE:
            what = f"has a sentence of {len(sentence)} characters: {sentence[:20]}…"
            yield Problem(shown.file, shown.place, what, f"make two of it, of {SENTENCE} at most")


def _too_long(file: str, where: str, text: str) -> Iterator[Problem]:
    name, most = _tightest("text")
    if len(text) > most:
        what = f"has {len(text)} characters, a message on {name} holds {most}"
        yield Problem(file, where, what, "shorten it, or make two of it")


def _tightest(kind: str) -> tuple[str, int]:
    """The platform on which a "label" or a "text" has the least room: what fits there fits everywhere."""
    return min(((name, getattr(limits, kind)) for name, limits in LIMITS.items()), key=lambda pair: pair[1])


def _talk_problems(content: Content, pieces: list[Piece], fits: bool) -> Iterator[Problem]:
    """What shows only in talks with made-up owners: phrases too long once they are filled, and the order."""
    longest: dict[str, str] = {}
    for talk in samples.talks(content):
        for name, text in _tried(partial(_filled, content, talk), fits):
            longest[name] = max(longest.get(name, ""), text, key=len)
    for piece in pieces:
        if piece.kind == "say" and piece.name in longest:
            yield from _too_long(piece.file, piece.place, longest[piece.name])
    for depth in ("quick", "full"):
        yield from dream_problems(_tried(partial(_asked, content, depth), fits))


def _filled(content: Content, talk: samples.Talk) -> Sequence[tuple[str, str]]:
    return [(say.phrase, content.phrases.say(say.phrase, **say.values)) for say in talk() if say.phrase]


def _asked(content: Content, depth: str) -> Sequence[Question]:
    return samples.owner(content, "low", "banso", depth).asked


def _tried(attempt: Callable[[], Sequence[Found]], fits: bool) -> Sequence[Found]:
    """What the attempt gives. Content that does not fit together may not bear it, which is told already."""
    try:
        return attempt()
    except Exception:
        if fits:
            raise
        return ()


def _press_problems(check: Questionnaire, pieces: list[Piece]) -> Iterator[Problem]:
    """Buttons that would carry more than a platform takes back."""
    for question in check.questions.values():
        where, choices = place(check, question.id)
        yield from _long_press(CHECK, where, Command("back", f"{samples.RUN}:{question.id}"))
        yield from _long_press(CHECK, where, Tapped(samples.RUN, "answers", question.id))
        for choice in question.choices:
            yield from _long_press(CHECK, f"{choices}[{choice.value}]", _press(question, choice))
    for piece in pieces:
        for value, _ in _choices(piece):
            press = Command(value[1:]) if value.startswith("/") else Tapped(samples.RUN, piece.name, value)
            yield from _long_press(piece.file, f"{piece.place}.choices[{value}]", press)


def _press(question: Question, choice: Choice) -> presses.Press:
    kind = Toggled if question.kind == "many" else Tapped
    return kind(samples.RUN, question.id, choice.value)


def _long_press(file: str, where: str, press: presses.Press) -> Iterator[Problem]:
    size = len(presses.encode(press).encode())
    if size > presses.LIMIT:
        what = f"makes a button that carries {size} bytes, {presses.LIMIT} fit (a kana or kanji takes 3)"
        yield Problem(file, where, what, "shorten the value, or the id of its question")


def dream_problems(asked: Sequence[Question]) -> Iterator[Problem]:
    """The dream asked first lost owners, and a question that can't be passed over loses more: neither for it."""
    # The first of all is the depth, which is no question about the business.
    for n, question in enumerate(asked):
        if question.id == VISION and n <= 1:
            yield Problem(CHECK, VISION, "is asked first", "ask something easy before it")
        if question.id == VISION and not question.none:
            yield Problem(CHECK, VISION, "can't be skipped", 'give it `skip = "…"`')


# ---------------------------------------------------------------- facts


def _reference_problems(known: Reference, today: date) -> Iterator[Problem]:
    groups: dict[str, Mapping[str, Entry]] = {
        "desks": known.desks,
        "yorozu": known.yorozu,
        "materials": known.materials,
        "figures": known.figures,
    }
    for group, entries in groups.items():
        for id, entry in entries.items():
            if entry.expired(today):
                what = f"ended on {entry.valid_until}"
                yield Problem(REFERENCE, f"{group}[{id}].valid_until", what, "look at the source again, or remove it")
    segments = [f"{reference.SEGMENT}{literacy}-{type}" for literacy, type in samples.SEGMENTS]
    for id in (*segments, *FIGURES):
        # Of a file that can't be read nothing is known, which is told already.
        if known.figures and id not in known.figures:
            yield Problem(REFERENCE, "figures", f"has no {id!r}, which results show", "add it with its source")


# ---------------------------------------------------------------- transcripts


def _transcript_problems(root: Path, pieces: list[Piece], use: Usage) -> Iterator[Problem]:
    """Flows of which no transcript holds a word that they alone say."""
    folder = root / TRANSCRIPTS
    if not folder.is_dir():
        log.info("transcripts passed over", missing=str(folder))
        return
    told = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt")))
    for name, entry in FLOWS.items():
        own = _own(use, entry.flow)
        said = [
            piece for piece in pieces for one in own if one.kind == piece.kind and fnmatchcase(piece.name, one.name)
        ]
        # Where no file has what a flow says, that is told already.
        if said and not any(line in told for piece in said for line in _lines(piece)):
            what = f"no transcript shows the flow {name!r}"
            yield Problem(TRANSCRIPTS, "(folder)", what, "write one in which it says something")


def _own(use: Usage, flow: Callable[..., object]) -> list[Use]:
    """What a flow says itself; where that is nothing, what is said in its module on its behalf."""
    flows = [one for one in use.uses if one.file.startswith("dialogs/flows/")]
    file = f"{flow.__module__.replace('.', '/')}.py"
    itself = [one for one in flows if one.function == flow.__name__]
    return itself or [one for one in flows if one.file == file and one.function.startswith("_")]


def _lines(piece: Piece) -> list[str]:
    """The lines of a phrase that stand in a conversation as they are written."""
    text = piece.value.get("text", "") if piece.kind == "ask" else piece.value
    return [line for line in _BLANKS.sub("\n", _TAGS.sub("\n", text)).splitlines() if len(line) > 5]
