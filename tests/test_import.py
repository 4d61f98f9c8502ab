"""Lists of clients as agencies have them become invitations: all that is right, or none of it."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from starlette.testclient import TestClient

from bot.desk import addressees
from bot.desk.addressees import Person, Problem, read
from bot.web import pages
from bot.web.guard import LARGEST_BODY
from storage import Database, referrals
from storage.schema import audit, invitation, referral
from tests.desk import Two, sign_in, visiting
from tests.taking import NOW, rows

NEW, FILE, ALL = (f"/desk/forward/invitations/{name}" for name in ("new", "file", "all"))
TABLE = [
    ["会社名", "電話", "氏名", "メールアドレス"],
    ["株式会社みなと", "03-0000-0000", "山田 太郎", "yamada@example.jp"],
    ["", "", "佐藤商店", ""],
]
PEOPLE = (Person(2, "株式会社みなと 山田 太郎", "yamada@example.jp"), Person(3, "佐藤商店", ""))


def table(lines: Sequence[Sequence[str]], sign: str = ",") -> str:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=sign).writerows(lines)
    return written.getvalue()


def workbook(lines: Sequence[Sequence[object]], before: Sequence[Sequence[object]] = ()) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet
    for line in lines:
        sheet.append(list(line))
    if before:
        hidden = book.create_sheet("控え", 0)
        hidden.sheet_state = "hidden"
        for line in before:
            hidden.append(list(line))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def told(content: bytes) -> list[tuple[str, int]]:
    return [(problem.what, problem.line) for problem in read(content).problems]


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize("sign", [",", "\t", ";"])
@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig", "utf-16"])
def test_a_list_is_read_in_each_encoding_and_with_each_sign_between_cells(encoding: str, sign: str) -> None:
    assert read(table(TABLE, sign).encode(encoding)).people == PEOPLE


def test_a_workbook_is_read_as_it_is_seen() -> None:
    assert read(workbook(TABLE, before=[["会社名"], ["見えない会社"]])).people == PEOPLE


@pytest.mark.parametrize(
    ("header", "cells", "name"),
    [
        (["事業者名"], ["あおぞら"], "あおぞら"),
        (["【必須】屋号"], ["あおぞら"], "あおぞら"),
        (["ご担当者名(任意)", "企業名"], ["山田", "あおぞら"], "あおぞら 山田"),
        (["姓", "名"], ["山田", "太郎"], "山田 太郎"),
        (["Ｃｏｍｐａｎｙ", "Name"], ["Aozora", "Yamada"], "Aozora Yamada"),
        (["会員名", "ﾌﾘｶﾞﾅ"], ["あおぞら", "アオゾラ"], "あおぞら"),
    ],
)
def test_a_header_is_known_in_several_wordings(header: list[str], cells: list[str], name: str) -> None:
    (person,) = read(table([header, cells]).encode()).people
    assert person.name == name


@pytest.mark.parametrize("word", ["メール", "E-mail", "Ｅメール", "e-mailアドレス", "メールアドレス（任意）", "mail"])
def test_a_column_of_mail_addresses_is_known_in_several_wordings(word: str) -> None:
    (person,) = read(table([["氏名", word], ["山田", "ＹＡＭＡＤＡ＠example.jp "]]).encode()).people
    assert person.mail == "YAMADA@example.jp"


def test_titles_above_the_header_and_empty_lines_count_as_lines_and_as_nothing_else() -> None:
    lines = [["会員名簿"], ["2026年12月1日"], [], ["氏名"], ["山田"], ["", ""], ["佐藤"]]
    assert [(one.line, one.name) for one in read(table(lines).encode()).people] == [(5, "山田"), (7, "佐藤")]


def test_cells_come_in_one_line_and_without_what_nobody_sees() -> None:
    (person,) = read(table([["氏名"], [" 山田\n 太\u200b郎　様 "]]).encode()).people
    assert person.name == "山田 太郎 様"


def test_of_formulas_the_values_are_read_and_numbers_as_they_are_written() -> None:
    people = read(workbook([["店名"], [101.0], ["=CONCAT(1,2)"], ["あおぞら"]])).people
    # Nobody has computed the formula yet, so it has no value.
    assert [one.name for one in people] == ["101", "あおぞら"]


def test_all_problems_are_told_at_once_with_their_lines() -> None:
    lines = [
        ["会社名", "メール"],
        ["あ" * 81, "x@@y"],
        ["", "a@example.jp"],
        ["#REF!", ""],
        ["よい", "a@example.jp"],
        ["外字\ue000", ""],
    ]
    found = [("long-name", 2), ("mail", 2), ("nameless", 3), ("formula", 4), ("signs", 6)]
    assert told(table(lines).encode()) == found
    assert told(workbook(lines)) == found


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"a" * (addressees.LARGEST + 1), "large"),
        (b"\xd0\xcf\x11\xe0 an old workbook", "old"),
        (b"PK\x03\x04 no workbook", "unreadable"),
        (b"\x80\x81\xff\xff", "encoding"),
        ("氏名\n山田\n".encode("utf-16-le"), "encoding"),
        ("山田,yamada@example.jp\n".encode(), "header"),
        ("メール\nyamada@example.jp\n".encode(), "header"),
        ("氏名\n\n".encode(), "nobody"),
        (("氏名\n" + "山田\n" * (addressees.ROWS + 1)).encode(), "many"),
        (("\n" * addressees.LINES + "氏名\n").encode(), "many"),
    ],
)
def test_a_file_that_is_no_list_is_told_for_what_it_is(content: bytes, what: str) -> None:
    assert told(content) == [(what, 0)]


def test_a_quote_that_never_ends_is_told_where_it_begins() -> None:
    assert told('氏名\n山田\n"佐藤\n鈴木\n'.encode()) == [("quotes", 3)]


def test_as_many_as_may_be_are_read() -> None:
    people = read(("氏名\n" + "山田\n" * addressees.ROWS).encode()).people
    assert len(people) == addressees.ROWS


def packed(parts: dict[str, int]) -> bytes:
    """A zip file of parts of so many bytes each."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        for name, size in parts.items():
            file.writestr(name, b" " * size)
    return written.getvalue()


@pytest.mark.parametrize(
    "bomb",
    [
        packed({"xl/worksheets/sheet1.xml": addressees.UNPACKED + 1}),
        packed({f"{n}.xml": 1 for n in range(addressees.PACKED + 1)}),
    ],
)
def test_a_zip_bomb_is_not_unpacked(bomb: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    monkeypatch.setattr(addressees, "load_workbook", lambda file, **_: opened.append(file))
    assert (told(bomb), opened) == ([("large", 0)], [])
    # Without the limits it would be.
    monkeypatch.setattr(addressees, "UNPACKED", 10**9)
    monkeypatch.setattr(addressees, "PACKED", 10**9)
    read(bomb)
    assert len(opened) == 1


def declaring(words: bytes) -> bytes:
    """A workbook whose sheet declares a text, by which each of its names is written."""
    source, written = zipfile.ZipFile(io.BytesIO(workbook(TABLE))), io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        for part in source.infolist():
            content = source.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                content = words + content[content.index(b"<worksheet") :]
            file.writestr(part.filename, content)
    return written.getvalue()


def test_a_workbook_in_which_a_few_letters_mean_many_is_not_read() -> None:
    assert read(declaring(b"")).people == PEOPLE
    assert told(declaring(b'<!DOCTYPE a [<!ENTITY a "aaaa">]>')) == [("unreadable", 0)]


def test_a_sheet_that_says_it_has_a_million_lines_is_read_as_far_as_it_goes() -> None:
    source, written = zipfile.ZipFile(io.BytesIO(workbook(TABLE))), io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        for part in source.infolist():
            content = source.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                assert b'ref="A1:D3"' in content
                content = content.replace(b'ref="A1:D3"', b'ref="A1:XFD1048576"')
            file.writestr(part.filename, content)
    assert read(written.getvalue()).people == PEOPLE


NAMES = st.text(
    st.characters(codec="cp932", categories=["L", "N", "P", "S"], exclude_characters="¢£¬‖−〜"), min_size=1, max_size=20
).filter(lambda text: not re.search("#[A-Z]", text))


@settings(max_examples=60, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=5), st.sampled_from(["cp932", "utf-8", "utf-16"]), st.sampled_from(",\t;"))
def test_whatever_a_spreadsheet_writes_comes_back(names: list[str], encoding: str, sign: str) -> None:
    content = table([["氏名", "メール"], *([name, ""] for name in names)], sign).encode(encoding)
    given = read(content)
    assert [one.name for one in given.people] == [addressees.person(name, "").name for name in names]


@given(st.binary(max_size=300))
def test_no_bytes_are_too_strange_to_be_told_of(content: bytes) -> None:
    given = read(content)
    assert given.problems or given.people
    read(b"PK\x03\x04" + content)


# ---------------------------------------------------------------- on the desk


@pytest.fixture
def browser(database_url: str, database: Database, people: Two) -> Iterator[TestClient]:
    with visiting(database_url, people.officer) as browser:
        yield browser


def shown(browser: TestClient, content: bytes, **fields: str) -> str:
    """The page that a file leads to."""
    return browser.post(FILE, files={"file": ("名簿.csv", content)}, data=fields).text


def signed(page: str) -> dict[str, str]:
    """What the form of such a page holds."""
    return {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("signed", "way", "list")}  # type: ignore[index]


def invited(database: Database) -> list[tuple[str, str]]:
    return [(row["name"], row["mail"]) for row in rows(database, invitation)]


def test_a_list_is_shown_first_and_then_made_as_a_campaign_of_its_own(
    browser: TestClient, database: Database, people: Two
) -> None:
    page = shown(browser, table(TABLE).encode("cp932"), list="12月の名簿")
    assert "2件を読み取りました" in page
    assert invited(database) == []
    answer = browser.post(ALL, data=signed(page))
    assert invited(database) == [("株式会社みなと 山田 太郎", "yamada@example.jp"), ("佐藤商店", "")]
    (way,) = rows(database, referral)
    assert (way["name"], way["kind"], way["agency_id"]) == ("12月の名簿", "campaign", people.home.id)
    assert {row["referral_id"] for row in rows(database, invitation)} == {way["id"]}
    assert "佐藤商店" in browser.get(answer.headers["location"]).text
    acts = [(row["act"], row["subject"], row["data"]) for row in rows(database, audit)]
    assert ("invite.import", f"referral:{way['id']}", {"count": 2}) in acts


def test_nothing_is_made_of_a_list_with_a_problem(browser: TestClient, database: Database) -> None:
    answer = browser.post(
        FILE, files={"file": ("a.csv", table([["氏名", "メール"], ["山田", "x"], ["", "y@"]]).encode())}
    )
    assert answer.status_code == 422
    assert ["2行目" in answer.text, "3行目" in answer.text, 'name="signed"' in answer.text] == [True, True, False]
    assert "直すところは3か所です" in answer.text
    assert invited(database) == []


def test_no_file_is_told_of(browser: TestClient) -> None:
    assert "選ばれていません" in browser.post(FILE, data={"name": "x"}).text


def test_the_same_form_sent_twice_makes_nothing_more(browser: TestClient, database: Database) -> None:
    form = signed(shown(browser, table(TABLE).encode()))
    browser.post(ALL, data=form)
    assert "import-again" in browser.post(ALL, data=form).headers["location"]
    assert [len(invited(database)), len(rows(database, referral))] == [2, 1]


@pytest.mark.parametrize(("once", "made"), [({"once": "1"}, ["佐藤"]), ({}, ["山田", "佐藤", "佐藤", "鈴木"])])
def test_who_stands_there_twice_or_is_invited_already_is_pointed_out_and_left_out_at_will(
    browser: TestClient, database: Database, people: Two, once: dict[str, str], made: list[str]
) -> None:
    with database.writing() as connection:
        referrals.invite(connection, people.home.id, people.officer.id, "山田", "", NOW)
        referrals.invite(connection, people.home.id, people.officer.id, "すずき", "S@example.jp", NOW)
        gone = referrals.invite(connection, people.home.id, people.officer.id, "佐藤", "", NOW)
        referrals.withdraw(connection, people.home.id, NOW, id=gone.id)
        referrals.invite(connection, people.other.id, people.other_officer.id, "佐藤", "", NOW)
    lines = [["氏名", "メール"], ["山田", ""], ["佐藤", ""], ["佐藤", ""], ["鈴木", "s@example.jp"]]
    page = shown(browser, table(lines).encode())
    assert re.findall(r"<b>(\d)行目</b> (\S+):(\S+)</li>", page) == [
        ("2", "山田", "2027年1月30日(土)まで使える招待があります。"),
        ("4", "佐藤", "3行目と同じ方のようです。"),
        ("5", "鈴木", "2027年1月30日(土)まで使える招待があります。"),
    ]
    browser.post(ALL, data=signed(page) | once)
    assert [name for name, _ in invited(database)[4:]] == made


def test_a_form_of_another_agency_or_a_made_up_one_makes_nothing(
    browser: TestClient, database: Database, people: Two
) -> None:
    form = signed(shown(browser, table(TABLE).encode()))
    sign_in(database, browser, people.other_officer)
    for data in (form, form | {"signed": "made.up"}):
        assert "import-late" in browser.post(ALL, data=data).headers["location"]
    assert invited(database) == []


def test_a_list_can_be_part_of_a_way_that_is_there(browser: TestClient, database: Database, people: Two) -> None:
    with database.writing() as connection:
        way = referrals.add(connection, people.home.id, None, "event", "体験会", NOW)
        foreign = referrals.add(connection, people.other.id, None, "campaign", "よその案内", NOW)
    browser.post(ALL, data=signed(shown(browser, table(TABLE).encode(), way=str(way.id))))
    browser.post(ALL, data=signed(shown(browser, "氏名\n鈴木\n".encode(), way=str(foreign.id), list="別の名簿")))
    ways = {row["id"]: row["name"] for row in rows(database, referral)}
    assert [ways[row["referral_id"]] for row in rows(database, invitation)] == ["体験会", "体験会", "別の名簿"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_longest_list_fits_into_the_form_that_makes_it(browser: TestClient, database: Database) -> None:
    line = [f"{chr(0x4E00 + n)}{chr(0x5000 + n * 3)}株式会社 " * 6 for n in range(addressees.ROWS)]
    content = table([["氏名", "メール"], *([name[:80], f"{n:x}@example.jp"] for n, name in enumerate(line))]).encode()
    assert len(content) < addressees.LARGEST
    form = signed(shown(browser, content))
    assert len(form["signed"]) < LARGEST_BODY / 2
    assert browser.post(ALL, data=form).status_code == 303
    assert len(invited(database)) == addressees.ROWS


def test_every_problem_has_words() -> None:
    made = set(
        re.findall(r'(?:Problem|_Unreadable)\(f?"([a-z-]+)', Path(addressees.__file__).read_text(encoding="utf-8"))
    )
    template = Path(pages.__file__).with_name("templates") / "desk" / "import.html"
    worded = set(re.findall(r'^  "([a-z-]+)": "', template.read_text(encoding="utf-8"), re.MULTILINE))
    assert made - {"long-"} == worded - {"long-name", "long-mail"}
    assert Problem("long-name").what in worded
