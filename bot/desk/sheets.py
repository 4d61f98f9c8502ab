"""Tables as files that Excel opens as they are meant: in its character set, and without formulas."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from starlette.responses import Response

# What a file can be written in, by the name that a link gives it; the first where it gives none.
CHARSETS = {"utf-8": "utf-8-sig", "cp932": "cp932"}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Signs by which a spreadsheet takes a cell for a formula; Japan's Excel takes the wide ones as well.
FORMULA = tuple("=+-@＝＋－＠")
# Signs that CP932 knows by another code point.
_CP932 = str.maketrans({"\u301c": "\uff5e", "\u2212": "\uff0d", "\u2016": "\u2225", "\u2014": "\u2015"})


def cell(value: object) -> str:
    """A value as a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    if isinstance(value, int | float):
        return text
    formula = text.lstrip().startswith(FORMULA) or text.startswith(("\t", "\r", "\n"))
    return f"'{text}" if formula else text


def csv_file(rows: Iterable[Sequence[object]], name: str, query: Mapping[str, str]) -> Response:
    """Rows as a file to download; `charset` in the query chooses one of CHARSETS."""
    charset = CHARSETS.get(query.get("charset", ""), CHARSETS["utf-8"])
    out = io.StringIO()
    csv.writer(out).writerows([cell(value) for value in row] for row in rows)
    text = out.getvalue().translate(_CP932) if charset == "cp932" else out.getvalue()
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    kind = "text/csv; charset=" + ("shift_jis" if charset == "cp932" else "utf-8")
    return Response(text.encode(charset, "replace"), media_type=kind, headers=headers)


def lacking(rows: Iterable[Sequence[object]]) -> str:
    """The first sign of rows that CP932 lacks; "" where it has all of them."""
    try:
        "".join(cell(value) for row in rows for value in row).translate(_CP932).encode("cp932")
    except UnicodeEncodeError as error:
        return str(error.object)[error.start]
    return ""


def workbook(rows: Iterable[Sequence[object]], name: str) -> Response:
    """Rows as a workbook of one sheet, to download."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append([ILLEGAL_CHARACTERS_RE.sub("", cell(value)) for value in row])
    out = io.BytesIO()
    book.save(out)
    return download(out.getvalue(), f"{name}.xlsx", XLSX)


def download(content: bytes, name: str, kind: str) -> Response:
    """A file to download."""
    return Response(content, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})
