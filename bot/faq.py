"""`banso faq`: searching the entries from the command line, and editing them as a table."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.content import ids_of
from knowledge import faq, search
from knowledge.lexicon import lexicon
from knowledge.problems import ContentError, Problem
from knowledge.reference import reference
from knowledge.search import Collection, Document
from scoring.questionnaire import check

LISTS = ("ask", "related", "industries", "sizes", "challenges", "facts")
DAYS = ("dated", "checked", "valid_from", "valid_until")
PARTS = ("answer", *faq.HEADINGS)
# The keys of the front matter, in the order in which they are written.
HEAD = (
    *("title", "ask", "related", "industries", "sizes", "challenges", "desk", "next", "source", "url"),
    *("dated", "checked", "valid_from", "valid_until", "rule", "follows", "after", "facts"),
)
COLUMNS = ("id", "area", *HEAD, *PARTS)

_SEPARATORS = re.compile(r"[|\n]")
# What Excel in Japan makes of 2026-11-21.
_EXCEL_DAY = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})")


# ---------------------------------------------------------------- searching


def collection(path: Path | None = None) -> Collection:
    """What is searched: Banso's own entries, or a file of {"id", "question", "answer"} lines."""
    if path is None:
        return search.packaged()
    rows = _lines(path, ("id", "question", "answer"))
    return Collection([Document(row["id"], row["question"], row["answer"]) for row in rows], lexicon())


def found(collection: Collection, query: str, limit: int) -> dict[str, Any]:
    """What `banso faq search` prints of one query."""
    finding = search.search(collection, query, limit)
    results = [
        {
            "id": hit.document.id,
            "title": hit.document.title,
            "score": round(hit.score, 3),
            "answer": hit.document.answer,
        }
        for hit in finding.hits
    ]
    return {"confident": finding.confident, "results": results}


def batch(collection: Collection, path: Path, limit: int) -> Iterator[dict[str, Any]]:
    """What `--batch` prints, one object a line of the file."""
    for row in _lines(path, ("id", "query")):
        yield {"id": row["id"], **found(collection, row["query"], limit)}


def _lines(path: Path, keys: tuple[str, ...]) -> list[dict[str, str]]:
    """The objects of a JSON Lines file, each key a text; raises ContentError with every line that is none."""
    problems: list[Problem] = []
    lines = enumerate(path.read_text(encoding="utf-8-sig", errors="replace").split("\n"), 1)
    rows = [_line(path.name, n, line, keys, problems) for n, line in lines if line.strip()]
    if problems:
        raise ContentError(tuple(problems))
    return rows


def _line(file: str, n: int, line: str, keys: tuple[str, ...], problems: list[Problem]) -> dict[str, str]:
    try:
        row = json.loads(line)
        return {key: row[key] if isinstance(row[key], str) else str(row[key]) for key in keys}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        what = f"is no object with {', '.join(keys)}: {error}"
        problems.append(Problem(file, f"line {n}", what, "write one JSON object a line"))
        return {}


# ---------------------------------------------------------------- entries as a table


def export(folder: Path = faq.FOLDER) -> bytes:
    """All entries as CSV for a spreadsheet: UTF-8 with BOM, lists with a line each."""
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS)
    table.writeheader()
    for file, text in faq.sources(folder).items():
        area, _, id = file.removesuffix(".md").rpartition("/")
        table.writerow({"id": id, "area": area} | {key: _cell(value) for key, value in faq.parse(text).items()})
    return out.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def take_in(path: Path, folder: Path = faq.FOLDER) -> list[str]:
    """Write the entries of a CSV file below the folder; gives the files that changed.

    Raises ContentError with every problem, and writes nothing then.
    """
    problems: list[Problem] = []
    rows = _rows(path, problems)
    texts = {f"{row['area']}/{row['id']}.md": _rendered(row) for _, row in rows}
    old = faq.sources(folder)
    notes: list[Problem] = []
    faq.read(old | texts, notes, ids_of(check(), reference()))
    problems += _placed(notes, path.name, {f"{row['area']}/{row['id']}.md": n for n, row in rows})
    if problems:
        raise ContentError(tuple(problems))
    changed = [file for file, text in texts.items() if file not in old or _said(old[file]) != _said(text)]
    for file in changed:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(texts[file], encoding="utf-8")
    return changed


def _rows(path: Path, problems: list[Problem]) -> list[tuple[int, dict[str, Any]]]:
    """The rows of a table by their number, each cell in the form of its key."""
    try:
        table = csv.DictReader(io.StringIO(_decoded(path.read_bytes()), newline=""), restkey="")
        rows = list(enumerate(table, 2))
    except (UnicodeDecodeError, csv.Error) as error:
        problems.append(Problem(path.name, "(file)", f"can't be read: {error}", "save it as CSV, UTF-8 or Shift_JIS"))
        return []
    columns = table.fieldnames or ()
    unknown = [column for column in columns if column not in COLUMNS]
    missing = [column for column in ("id", "area", "title", "answer") if column not in columns]
    problems += [
        Problem(path.name, "row 1", f"{one!r} is not known here", f"use {', '.join(COLUMNS)}") for one in unknown
    ]
    problems += [Problem(path.name, "row 1", f"has no column {one!r}", "add it") for one in missing]
    for n, row in rows:
        if row.pop("", None):
            problems.append(Problem(path.name, f"row {n}", "has more cells than row 1", "put commas into quotes"))
    _check_twins(path.name, rows, problems)
    return [(n, {key: _value(key, cell or "") for key, cell in row.items()}) for n, row in rows] if not problems else []


def _check_twins(file: str, rows: Iterable[tuple[int, Mapping[str, str]]], problems: list[Problem]) -> None:
    seen: dict[str | None, int] = {}
    for n, row in rows:
        if seen.setdefault(row.get("id"), n) != n:
            problems.append(Problem(file, f"row {n}", f"has the id of row {seen[row.get('id')]}", "give each its own"))


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp932")


def _value(key: str, cell: str) -> str | list[str]:
    text = cell.replace("\r\n", "\n").replace("\r", "\n").strip()
    if key in LISTS:
        return [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
    day = _EXCEL_DAY.fullmatch(text) if key in DAYS else None
    return f"{day[1]}-{int(day[2]):02}-{int(day[3]):02}" if day else text


def _said(text: str) -> dict[str, Any]:
    """What an entry's file says, however it is written: an empty list says as much as none."""
    try:
        return {key: value for key, value in faq.parse(text).items() if value}
    except ValueError:
        return {}


def _rendered(row: Mapping[str, Any]) -> str:
    """An entry's file. What JSON writes of texts and lists of texts, TOML reads."""
    head = [f"{key} = {_toml(row[key])}" for key in HEAD if row.get(key)]
    parts = [f"## {heading}\n{row[key]}\n" for key, heading in faq.HEADINGS.items() if row.get(key)]
    return "\n".join(["+++", *head, "+++", f"{row['answer']}\n", *parts])


def _toml(value: str | list[str]) -> str:
    if isinstance(value, str) or len(value) < 2:
        return json.dumps(value, ensure_ascii=False)
    return "".join(["[\n", *(f"  {json.dumps(one, ensure_ascii=False)},\n" for one in value), "]"])


def _placed(notes: Iterable[Problem], file: str, rows: Mapping[str, int]) -> list[Problem]:
    """Problems by the row that they came from; those of entries that stand already, by their file."""
    return [
        replace(note, file=file, place=f"row {rows[note.file]}, {note.place}") if note.file in rows else note
        for note in notes
    ]
