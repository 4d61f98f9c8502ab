"""Addressees: lists of people to invite, as agencies have them (CSV, Excel), read whole with all that is wrong."""

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import NoReturn
from xml.parsers import expat

from openpyxl import load_workbook

from bot.desk.words import words

# What a file may have at the most: bytes (its form has to fit into guard.LARGEST_BODY, too), people, lines and columns.
# A workbook is a zip file, which could become anything; what we take becomes this many bytes.
LARGEST, ROWS, LINES, COLUMNS, UNPACKED, PACKED = 1_000_000, 2_000, 10_000, 100, 10_000_000, 200
# So far down a header is looked for: above it may stand a title, and when the list was made.
TITLES = 10
LONGEST = {"name": 80, "mail": 200}
# More problems than these are not read by anybody; how many there are is told.
SHOWN = 50

_ASIDE = re.compile(r"\([^)]*\)|【[^】]*】|\[[^\]]*\]")
_MAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)
_BROKEN = re.compile(r"#(N/A|REF!|NAME\?|VALUE!|DIV/0!|NULL!|NUM!)")

# A line of a file: its number, and what stands in its cells.
Line = tuple[int, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to be invited; `line` is where they stand in the file, `mail` may be ""."""

    line: int
    name: str
    mail: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a file or, where `line` is not 0, with a line; `what` is a name of templates/desk/import."""

    what: str
    line: int = 0
    given: str = ""


@dataclass(frozen=True, slots=True)
class Addressees:
    """A file as it was read: people to invite, and whatever is wrong."""

    people: tuple[Person, ...] = ()
    problems: tuple[Problem, ...] = ()


class _Unreadable(Exception):
    def __init__(self, what: str, line: int = 0) -> None:
        super().__init__(what)
        self.problem = Problem(what, line)


def read(content: bytes) -> Addressees:
    """A file as a list of people; by its contents, as a name may say anything."""
    try:
        lines = _lines(content)
        place, fields = _header(lines)
    except _Unreadable as error:
        return Addressees(problems=(error.problem,))
    filled = [(number, cells) for number, cells in lines[place + 1 :] if any(cells)]
    if not filled:
        return Addressees(problems=(Problem("nobody"),))
    if len(filled) > ROWS:
        return Addressees(problems=(Problem("many"),))
    people: list[Person] = []
    problems: list[Problem] = []
    for number, cells in filled:
        person = _person(number, cells, fields)
        people.append(person)
        problems += _wrong(person)
    return Addressees(tuple(people), tuple(problems))


def alike(person: Person) -> tuple[str, str]:
    """What two entries have in common that are for one: the mail address, or the name of whom we know no address of."""
    return ("mail", person.mail.casefold()) if person.mail else ("name", _word(person.name))


def person(name: str, mail: str) -> Person:
    """Somebody as typed in a form, cleaned as a line of a file is."""
    return Person(0, _cleaned(name), _address(mail))


def wrong(one: Person) -> list[Problem]:
    """What is wrong with somebody as typed in a form."""
    return list(_wrong(one))


# ---------------------------------------------------------------- from bytes to lines


def _lines(content: bytes) -> list[Line]:
    if not content:
        raise _Unreadable("empty")
    if len(content) > LARGEST:
        raise _Unreadable("large")
    if content.startswith(b"PK\x03\x04"):
        return _of_workbook(content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        # What Excel wrote before 2007, and what it writes with a password.
        raise _Unreadable("old")
    return _of_text(_text(content))


def _of_workbook(content: bytes) -> list[Line]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
            # No part is ever unpacked further than it says.
            if len(parts) > PACKED or sum(part.file_size for part in parts) > UNPACKED:
                raise _Unreadable("large")
            for part in parts:
                _look_at(packed.read(part))
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        found = [_of_sheet(sheet) for sheet in sheets[:5]]
    except _Unreadable:
        raise
    except Exception:
        # Whatever a file that is none may set off in the libraries that read it.
        raise _Unreadable("unreadable") from None
    with_header = [lines for lines in found if _place(lines) is not None]
    return next(iter(with_header or found), [])


def _look_at(part: bytes) -> None:
    """Refuse XML with declarations of its own: no workbook has any, and by them a few letters become a gigabyte."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    # What is no XML at all is for who reads it.
    with suppress(expat.ExpatError):
        parser.Parse(part, True)


def _refuse(*_: object) -> NoReturn:
    raise _Unreadable("unreadable")


def _of_sheet(sheet: object) -> list[Line]:
    # What a sheet says of its own size is not always so, and may be all of the million lines that there can be.
    sheet.reset_dimensions()  # type: ignore[attr-defined]
    rows = sheet.iter_rows(max_row=LINES + 1, max_col=COLUMNS, values_only=True)  # type: ignore[attr-defined]
    lines: list[Line] = [(number, [_of_cell(cell) for cell in row]) for number, row in enumerate(rows, 1)]
    if any(any(cells) for number, cells in lines if number > LINES):
        raise _Unreadable("many")
    return lines


def _of_cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else _cleaned(str(value))


def _text(content: bytes) -> str:
    """A text in whichever encoding it is; Excel for Windows writes CP932 where it is not told otherwise."""
    bom = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if bom else ("utf-8-sig", "cp932"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _Unreadable("encoding")


def _of_text(text: str) -> list[Line]:
    """Lines by the sign between cells that makes most sense of them."""
    readings = [_separated(text, sign) for sign in (",", "\t", ";")]
    known = [reading for reading in readings if isinstance(reading, list)]
    if not known:
        raise next(reading for reading in readings if isinstance(reading, _Unreadable))
    best = max(known, key=_sense)
    if not _sense(best):
        failed = [reading for reading in readings if isinstance(reading, _Unreadable)]
        if failed:
            raise failed[0]
    return best


def _sense(lines: Sequence[Line]) -> int:
    """How many columns of a header are known, in this reading."""
    place = _place(lines)
    return 0 if place is None else sum(_word(cell) in _fields() for cell in lines[place][1])


def _separated(text: str, sign: str) -> "list[Line] | _Unreadable":
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)
    lines: list[Line] = []
    number = 1
    try:
        for row in islice(reader, LINES + 1):
            lines.append((number, [_cleaned(cell) for cell in row[:COLUMNS]]))
            number = reader.line_num + 1
    except csv.Error:
        return _Unreadable("quotes", number)
    return _Unreadable("many") if len(lines) > LINES else lines


# ---------------------------------------------------------------- from lines to people


@cache
def _fields() -> Mapping[str, str]:
    """What a column holds, by the words that may stand above it."""
    return {word: field for field, known in words()["addressees"].items() for word in known.split()}


def _word(text: str) -> str:
    """A text without what headers differ in: width and case, blanks and dashes, what stands in brackets."""
    folded = _ASIDE.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return "".join(sign for sign in folded if unicodedata.category(sign)[0] in "LNM")


def _place(lines: Sequence[Line]) -> int | None:
    """Which line is the header: the first with a column for names."""
    named = {word for word, field in _fields().items() if field != "mail"}
    places = (place for place, (_, cells) in enumerate(lines[:TITLES]) if any(_word(cell) in named for cell in cells))
    return next(places, None)


def _header(lines: Sequence[Line]) -> tuple[int, dict[str, int]]:
    """The place of the header, and the column of each field that it has; of two for one field, the first."""
    place = _place(lines)
    if place is None:
        raise _Unreadable("header" if any(any(cells) for _, cells in lines) else "empty")
    fields: dict[str, int] = {}
    for column, cell in enumerate(lines[place][1]):
        if field := _fields().get(_word(cell)):
            fields.setdefault(field, column)
    return place, fields


def _person(number: int, cells: Sequence[str], fields: dict[str, int]) -> Person:
    def cell(field: str) -> str:
        column = fields.get(field, len(cells))
        return cells[column] if column < len(cells) else ""

    parts = [cell("company"), cell("person") or f"{cell('family')} {cell('given')}".strip()]
    return Person(number, " ".join(part for part in parts if part), _address(cell("mail")))


def _cleaned(text: str) -> str:
    """A cell with single blanks, also where a line breaks within it, and without marks that nobody sees."""
    return " ".join("".join(sign for sign in text if unicodedata.category(sign) != "Cf").split())


def _address(text: str) -> str:
    """A mail address as it was meant, in whichever width it is typed."""
    return "".join(unicodedata.normalize("NFKC", _cleaned(text)).split())


def _wrong(one: Person) -> Iterator[Problem]:
    """What is wrong with a person, all of it."""
    if not one.name:
        yield Problem("nameless", one.line)
    for field, text in (("name", one.name), ("mail", one.mail)):
        if len(text) > LONGEST[field]:
            yield Problem(f"long-{field}", one.line, text[:20])
        elif _unprintable(text):
            yield Problem("signs", one.line)
    if _BROKEN.search(one.name):
        yield Problem("formula", one.line)
    if one.mail and len(one.mail) <= LONGEST["mail"] and not _unprintable(one.mail) and not _MAIL.fullmatch(one.mail):
        yield Problem("mail", one.line, one.mail)


def _unprintable(text: str) -> bool:
    """Whether a text has signs that are no writing: of control, or such as only one computer has a picture of."""
    return any(unicodedata.category(sign) in ("Cc", "Cs", "Co") for sign in text)


def twice(people: Iterable[Person]) -> dict[int, int]:
    """The lines of people who stand in a list a second time, each with the line of the first."""
    first: dict[tuple[str, str], int] = {}
    again: dict[int, int] = {}
    for one in people:
        line = first.setdefault(alike(one), one.line)
        if line != one.line:
            again[one.line] = line
    return again
