"""The entries of the FAQ: how they are read, which of them hold on a day, and how they travel as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from bot import faq as commands
from bot.content import ids_of
from bot.content import problems as content_problems
from knowledge import faq
from knowledge.faq import Entry, Ids
from knowledge.problems import ContentError, Problem
from knowledge.reference import reference
from scoring.questionnaire import check

IDS = Ids(frozenset({"yorozu"}), frozenset({"retail"}), frozenset({"0"}), frozenset({"finance"}))
HEAD = """
title = "いま何%控除できますか"
ask = ["何割ひける?", "番号なし 控除", "なんわりひけるの", "免税の相手に払った", "控除 何パー"]
related = ["later"]
industries = ["retail"]
sizes = ["0"]
challenges = ["finance"]
desk = "yorozu"
next = "会計ソフトの税区分を見直す。"
source = "国税庁 問113"
url = "https://www.nta.go.jp/113"
dated = "2026-04"
checked = "2026-11-21"
valid_from = "2026-10-01"
valid_until = "2028-09-30"
rule = "rate"
follows = "later"
after = "2028年10月からは50%です。"
facts = ["rate-schedule"]
"""
BODY = """70%です。2026年10月1日から2028年9月30日までの支払いがその対象になります。

## くわしく
例えば110万円の外注費なら、7万円です。

## 条件
本則課税の人の話です。

## よくある間違い
50%と覚えている人がいます。
"""
LATER = (
    HEAD.replace("いま何%", "2028年10月からは何%")
    .replace(
        '["何割ひける?", "番号なし 控除", "なんわりひけるの", "免税の相手に払った", "控除 何パー"]',
        '["あ1", "い2", "う3", "え4", "お5"]',
    )
    .replace('"later"', '"now"')
    .replace('follows = "now"\n', "")
    .replace('after = "2028年10月からは50%です。"\n', "")
    .replace('valid_from = "2026-10-01"\nvalid_until = "2028-09-30"', 'valid_from = "2028-10-01"')
)
Texts = dict[str, str]


def written(head: str, body: str = BODY) -> str:
    return f"+++{head}+++\n{body}"


def good() -> Texts:
    return {"invoice/now.md": written(HEAD), "invoice/later.md": written(LATER)}


def read(texts: Texts) -> tuple[dict[str, Entry], list[Problem]]:
    problems: list[Problem] = []
    return faq.read(texts, problems, IDS), problems


def entry(id: str = "now") -> Entry:
    return read(good())[0][id]


def placed(folder: Path, texts: Texts) -> Path:
    for file, text in texts.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text, encoding="utf-8")
    return folder


# ---------------------------------------------------------------- reading


def test_an_entry_is_read_with_all_that_its_file_says() -> None:
    found, problems = read(good())
    assert problems == []
    now = found["now"]
    assert (now.id, now.area, now.dated, now.checked) == ("now", "invoice", "2026-04", date(2026, 11, 21))
    assert (now.valid_from, now.valid_until) == (date(2026, 10, 1), date(2028, 9, 30))
    assert now.answer.startswith("70%です。")
    assert (now.more, now.conditions) == ("例えば110万円の外注費なら、7万円です。", "本則課税の人の話です。")
    assert now.mistake == "50%と覚えている人がいます。"


def test_all_that_an_owner_can_read_is_there_in_order() -> None:
    now = entry()
    assert now.readable.split("\n\n") == [now.answer, now.more, now.conditions, now.mistake, now.next]


def test_a_file_from_windows_reads_the_same() -> None:
    windows = {file: text.replace("\n", "\r\n") for file, text in good().items()}
    assert read(windows) == read(good())


def test_the_packaged_entries_are_in_order_and_many() -> None:
    problems: list[Problem] = []
    found = faq.read(faq.sources(faq.FOLDER), problems, ids_of(check(), reference()))
    assert problems == []
    assert len(found) >= 200
    assert faq.entries() is faq.entries()


def change(old: str, new: str, file: str = "invoice/now.md") -> Callable[[Texts], Texts]:
    def changed(texts: Texts) -> Texts:
        assert old in texts[file], old
        return texts | {file: texts[file].replace(old, new, 1)}

    return changed


def move(to: str) -> Callable[[Texts], Texts]:
    return lambda texts: texts | {to: texts["invoice/now.md"]}


DEFECTS = [
    (change("+++\ntitle", "title"), "(file)", "no front matter"),
    (change('"2026-04"', "2026-04-"), "(file)", "can't be read"),
    (change('title = "いま何%控除できますか"\n', ""), "title", "is missing"),
    (change("いま何%", "い" * 60), "title", "60 fit"),
    (change("いま何%", "2028年10月からは何%"), "title", "already"),
    (change("あ1", "何割 ヒケル", "invoice/later.md"), "ask", "already"),
    (change("番号なし 控除", "何割ひける!"), "ask", "already"),
    (change('"控除 何パー"', ""), "ask", "4 phrasings"),
    (change('ask = ["何割ひける?"', 'ask = [1, "何割ひける?"'), "ask", "list of texts"),
    (change('related = ["later"]', 'related = ["never"]'), "related", "'never'"),
    (change('related = ["later"]', 'related = ["now"]'), "related", "'now'"),
    (change('related = ["later"]', 'related = ["later", "later", "later", "later", "later"]'), "related", "5 ids"),
    (change('["retail"]', '["retial"]'), "industries", "'retial'"),
    (change('["0"]', '["zero"]'), "sizes", "'zero'"),
    (change('["finance"]', '["money"]'), "challenges", "'money'"),
    (change('desk = "yorozu"', 'desk = "yorizu"'), "desk", "'yorizu'"),
    (change('desk = "yorozu"\n', ""), "desk", "is missing"),
    (change("会計ソフト", "会" * 60), "next", "60 fit"),
    (change('source = "国税庁 問113"\n', ""), "source", "is missing"),
    (change("https://www.nta.go.jp/113", "www.nta.go.jp/113"), "url", "no web address"),
    (change('"2026-04"', '"April"'), "dated", "no date"),
    (change('checked = "2026-11-21"', 'checked = "2026/11/21"'), "checked", "no date"),
    (change('checked = "2026-11-21"\n', ""), "checked", "is missing"),
    (change('valid_from = "2026-10-01"', 'valid_from = "2029-10-01"'), "valid_from", "after `valid_until`"),
    (change('after = "2028年10月からは50%です。"\n', ""), "after", "is missing where"),
    (change("2028年10月からは50%", "後" * 80), "after", "80 fit"),
    (change('valid_until = "2028-09-30"\n', ""), "after", "without `valid_until`"),
    (change('valid_until = "2028-09-30"\n', ""), "follows", "without `valid_until`"),
    (change('follows = "later"', 'follows = "never"'), "follows", "'never'"),
    (change('follows = "later"', 'follows = "now"'), "follows", "does not end later"),
    (change("title", "titel"), "titel", "not known"),
    (change("## くわしく", "## 詳しく"), "## 詳しく", "not known"),
    (change("70%です。", "7" * 300), "answer", "300 fit"),
    (change(BODY, "70%です。\n"), "answer", "has 6 characters"),
    (change("例えば", "例" * 500), "more", "500 fit"),
    (change("本則課税", "本" * 200), "conditions", "200 fit"),
    (change("50%と", "五" * 200), "mistake", "200 fit"),
    (change("例えば", "**例えば**"), "more", "markup"),
    (change("例えば", "https://www.nta.go.jp "), "more", "markup"),
    (change("70%です。", "<b>70%</b>です。"), "answer", "markup"),
    (move("invoice/Now_1.md"), "(name)", "no id"),
    (move("invoices/again.md"), "(folder)", "no area"),
    (move("ebook/now.md"), "(name)", "name of"),
]


@pytest.mark.parametrize(("plant", "place", "what"), DEFECTS, ids=[f"{place}: {what}" for _, place, what in DEFECTS])
def test_each_defect_is_told_with_its_file_and_a_remedy(plant: Callable[[Texts], Texts], place: str, what: str) -> None:
    problems = read(plant(good()))[1]
    told = [problem for problem in problems if problem.place == place and what in problem.what]
    assert told, problems
    assert all(problem.file.endswith(".md") and problem.remedy for problem in told)


def test_versions_of_a_rule_that_overlap_are_told() -> None:
    problems = read(change('valid_from = "2028-10-01"', 'valid_from = "2028-09-30"', "invoice/later.md")(good()))[1]
    assert [(problem.file, problem.place) for problem in problems] == [("invoice/later.md", "valid_from")]


def test_all_defects_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    texts = change('desk = "yorozu"', 'desk = "x"')(change("あ1", "い2", "invoice/later.md")(good()))
    with pytest.raises(ContentError) as caught:
        faq.load(placed(tmp_path, texts), IDS)
    assert {problem.file for problem in caught.value.problems} == {"invoice/now.md", "invoice/later.md"}


def test_the_check_of_all_content_tells_them_too(tmp_path: Path) -> None:
    long = "あ" * 71
    text = change("例えば", f"{long}。")(good())["invoice/now.md"]
    placed(tmp_path / "knowledge" / "faq", {"invoice/now.md": text})
    told = {(problem.file, problem.place) for problem in content_problems(tmp_path)}
    file = "knowledge/faq/invoice/now.md"
    assert {(file, "related"), (file, "more")} <= told


# ---------------------------------------------------------------- validity


@pytest.mark.parametrize(
    ("on", "standing"),
    [
        (date(2026, 9, 30), "not yet"),
        (date(2026, 10, 1), "valid"),
        (date(2027, 5, 23), "valid"),
        (date(2027, 5, 24), "unchecked"),
        (date(2028, 9, 30), "unchecked"),
        (date(2028, 10, 1), "ended"),
    ],
)
def test_an_entry_holds_from_its_first_day_to_its_last_and_is_looked_at_every_half_year(
    on: date, standing: str
) -> None:
    assert faq.standing(entry(), on) == standing


@pytest.mark.parametrize(("on", "id"), [(date(2028, 9, 30), "now"), (date(2028, 10, 1), "later")])
@pytest.mark.parametrize("asked", ["now", "later"])
def test_of_a_rule_s_versions_the_one_of_the_day_answers(on: date, id: str, asked: str) -> None:
    found = read(good())[0]
    assert faq.version(found, found[asked], on).id == id


def test_without_a_rule_what_follows_answers_once_an_entry_has_ended() -> None:
    texts = {file: text.replace('rule = "rate"\n', "") for file, text in good().items()}
    found, problems = read(texts)
    assert problems == []
    assert faq.version(found, found["now"], date(2030, 1, 1)).id == "later"
    assert faq.version(found, found["now"], date(2027, 1, 1)).id == "now"


def test_where_nothing_holds_or_follows_the_entry_itself_is_left() -> None:
    found = read(good())[0]
    assert faq.version({"now": found["now"]}, found["now"], date(2030, 1, 1)).id == "now"
    assert faq.version(found, found["now"], date(2020, 1, 1)).id == "now"


def test_of_our_own_rules_each_day_has_one_version() -> None:
    found = faq.entries()
    assert faq.version(found, found["keika-rate-70"], date(2026, 11, 21)).id == "keika-rate-70"
    assert faq.version(found, found["keika-rate-70"], date(2028, 10, 1)).id == "keika-rate-50"


# ---------------------------------------------------------------- as a table


def rows(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline="")))


def table(path: Path, rows: list[dict[str, str]], encoding: str = "utf-8-sig") -> Path:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(out.getvalue().encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "cp932"])
def test_what_is_exported_comes_back_as_it_was(tmp_path: Path, encoding: str) -> None:
    old, new = placed(tmp_path / "old", good()), tmp_path / "new"
    path = table(tmp_path / "faq.csv", rows(commands.export(old)), encoding)
    assert sorted(commands.take_in(path, new)) == ["invoice/later.md", "invoice/now.md"]
    assert faq.load(new, IDS) == faq.load(old, IDS)


def test_our_own_entries_come_back_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "faq.csv").write_bytes(commands.export())
    commands.take_in(tmp_path / "faq.csv", tmp_path / "new")
    assert faq.load(tmp_path / "new") == faq.entries()


def test_files_that_say_the_same_already_are_left_as_they_are(tmp_path: Path) -> None:
    folder = placed(tmp_path / "faq", change('url = "', 'url  =  "')(good()))
    before = faq.sources(folder)
    (tmp_path / "faq.csv").write_bytes(commands.export(folder))
    assert commands.take_in(tmp_path / "faq.csv", folder) == []
    assert faq.sources(folder) == before


def test_lists_are_split_at_bars_and_lines_and_days_as_a_spreadsheet_writes_them(tmp_path: Path) -> None:
    folder = placed(tmp_path / "faq", good())
    row = rows(commands.export(folder))[1]
    row |= {"ask": "か1|き2|く3\r\nけ4|こ5||", "checked": "2026/12/1"}
    commands.take_in(table(tmp_path / "faq.csv", [row]), folder)
    now = faq.load(folder, IDS)["now"]
    assert now.ask == ("か1", "き2", "く3", "け4", "こ5")
    assert now.checked == date(2026, 12, 1)


def test_quotes_backslashes_and_lines_survive(tmp_path: Path) -> None:
    folder = placed(tmp_path / "faq", good())
    odd = 'C:\\temp の "例"\tです'
    row = rows(commands.export(folder))[1] | {"next": odd}
    commands.take_in(table(tmp_path / "faq.csv", [row]), folder)
    assert faq.load(folder, IDS)["now"].next == odd


def told(tmp_path: Path, rows: list[dict[str, str]], folder: Path) -> list[tuple[str, str]]:
    before = faq.sources(folder)
    with pytest.raises(ContentError) as caught:
        commands.take_in(table(tmp_path / "faq.csv", rows), folder)
    assert faq.sources(folder) == before
    return [(problem.file, problem.place) for problem in caught.value.problems]


def test_all_defects_of_a_table_are_told_by_row_and_nothing_is_written(tmp_path: Path) -> None:
    folder = placed(tmp_path / "faq", good())
    later, now = rows(commands.export(folder))
    found = told(
        tmp_path, [later | {"desk": "x"}, now | {"title": "新しい題ですか"}, now | {"id": "third", "area": "y"}], folder
    )
    assert ("faq.csv", "row 2, desk") in found
    assert ("faq.csv", "row 4, (folder)") in found


@pytest.mark.parametrize(
    ("change", "place"),
    [({"colour": "red"}, "row 1"), ({"id": "../../etc/now"}, "row 2, (folder)"), ({"id": ""}, "row 2, (name)")],
)
def test_a_row_that_names_no_entry_is_told(tmp_path: Path, change: dict[str, str], place: str) -> None:
    folder = placed(tmp_path / "faq", good())
    assert ("faq.csv", place) in told(tmp_path, [rows(commands.export(folder))[1] | change], folder)


def test_two_rows_of_one_id_are_told(tmp_path: Path) -> None:
    folder = placed(tmp_path / "faq", good())
    now = rows(commands.export(folder))[1]
    assert told(tmp_path, [now, now], folder) == [("faq.csv", "row 3")]


@pytest.mark.parametrize("raw", [b"\x81", b"id,area,title,answer\n1,2,3,4,5\n", b"", b"name\nx\n", b"a\0b,c\n"])
def test_a_file_that_is_no_such_table_is_told(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "faq.csv").write_bytes(raw)
    with pytest.raises(ContentError):
        commands.take_in(tmp_path / "faq.csv", tmp_path / "faq")
    assert not (tmp_path / "faq").exists()
