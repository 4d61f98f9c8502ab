"""Reading the reference: desks by prefecture, and a word on every defect at once."""

from datetime import date
from pathlib import Path
from textwrap import dedent

import pytest

from knowledge.problems import ContentError, Problem
from knowledge.reference import PREFECTURES, Reference, load, reference

DESK = """
    [[desks]]
    id = "yorozu"
    name = "よろず支援拠点"
    what = "国の相談所です。"
    url = "https://yorozu.example/"
    source = "全国本部"
    checked = "2026-11-21"
"""
MATERIAL = """
    [[materials]]
    id = "guide"
    name = "手引き"
    what = "無料の手引きです。"
    source = "手引きの出典"
    checked = "2026-11-21"
"""
FIGURE = """
    [[figures]]
    id = "share"
    value = 78.5
    text = "78.5%でした。"
    n = 4053
    source = "報告書"
    checked = "2026-11-21"
"""


def row(code: str) -> str:
    return f"""
    [[yorozu]]
    id = "{code}"
    name = "よろず {code}"
    url = "https://{code}.example/"
    source = "一覧"
    checked = "2026-07-06"
"""


PREFECTURE_ROWS = "".join(map(row, PREFECTURES))
GOOD = DESK + PREFECTURE_ROWS + MATERIAL + FIGURE


def read(folder: Path, text: str) -> Reference:
    path = folder / "reference.toml"
    path.write_text(dedent(text), encoding="utf-8")
    return load(path)


def problems(folder: Path, text: str) -> tuple[Problem, ...]:
    with pytest.raises(ContentError) as caught:
        read(folder, text)
    return caught.value.problems


def test_a_good_file_loads(tmp_path: Path) -> None:
    """Desks, materials and figures are found by id, with their dates as dates."""
    found = read(tmp_path, GOOD)
    assert found.desk("yorozu").name == "よろず支援拠点"
    assert found.materials["guide"].url is None
    assert (found.figures["share"].value, found.figures["share"].n) == (78.5, 4053)
    assert found.desk("yorozu").checked == date(2026, 11, 21)


def test_the_packaged_file_loads() -> None:
    """The file that comes with Banso is good, and read once."""
    assert reference() is reference()
    assert reference().desks
    assert reference().materials
    assert reference().figures


@pytest.mark.parametrize("code", PREFECTURES)
def test_every_prefecture_has_its_own_desk(code: str) -> None:
    """An owner is sent to the yorozu desk of the own prefecture."""
    desk = reference().desk("yorozu", code)
    assert desk is reference().yorozu[code]
    assert desk.name != reference().desk("yorozu").name
    assert desk.url
    assert desk.what == reference().desk("yorozu").what


def test_the_prefectures_desks_differ() -> None:
    """No two prefectures share a desk's name."""
    assert len({desk.name for desk in reference().yorozu.values()}) == 47


@pytest.mark.parametrize("prefecture", [None, ""])
def test_without_a_prefecture_the_national_desk_is_named(prefecture: str | None) -> None:
    """An owner who left the prefecture out is sent to the national page."""
    assert reference().desk("yorozu", prefecture).name == "よろず支援拠点"


def test_other_desks_do_not_depend_on_the_prefecture() -> None:
    """Only the yorozu desk differs by prefecture."""
    assert reference().desk("shokokai", "13") is reference().desk("shokokai")


def test_an_entry_expires_after_its_last_day(tmp_path: Path) -> None:
    """The last day itself still counts; an entry without one never expires."""
    found = read(tmp_path, GOOD.replace('"手引きの出典"', '"手引きの出典"\n    valid_until = "2027-03-31"'))
    assert not found.materials["guide"].expired(date(2027, 3, 31))
    assert found.materials["guide"].expired(date(2027, 4, 1))
    assert not found.desk("yorozu").expired(date(2100, 1, 1))


def test_a_date_may_stand_without_quotes(tmp_path: Path) -> None:
    """TOML's own dates are understood as well."""
    found = read(tmp_path, GOOD.replace('"2026-07-06"', "2026-07-06"))
    assert found.desk("yorozu", "13").checked == date(2026, 7, 6)


@pytest.mark.parametrize(
    ("old", "new", "place", "what", "remedy"),
    [
        ('name = "手引き"', "", "materials[guide].name", "missing", "add `name"),
        ('source = "手引きの出典"', "", "materials[guide].source", "missing", "add `source"),
        ('source = "手引きの出典"', 'source = " "', "materials[guide].source", "empty", "write a text"),
        ("n = 4053", 'n = "4053"', "figures[share].n", "type int", "write a int"),
        ("value = 78.5", "", "figures[share].value", "missing", "add `value"),
        ("n = 4053", "n = 4053\n    N = 1", "figures[share].N", "not known", "spelling"),
        ('id = "47"', 'id = "46"', "yorozu[46].id", "stands twice", "its own"),
        ('id = "47"', 'id = "48"', "yorozu[48].id", "no prefecture code", '"01" to "47"'),
        (row("31") + row("32"), "", "yorozu", "31, 32", "01 to 47"),
        ("https://13.example/", "13.example", "yorozu[13].url", "no web address", "https://"),
        (DESK, "", "desks", "no desk 'yorozu'", "add it"),
        ("[[materials]]", "[[material]]", "material", "not known", "spelling"),
    ],
)
def test_each_defect_is_reported(tmp_path: Path, old: str, new: str, place: str, what: str, remedy: str) -> None:
    """A defect is told with its file, its place and what to do."""
    assert old in GOOD
    found = problems(tmp_path, GOOD.replace(old, new))
    match = [problem for problem in found if problem.place == place and what in problem.what]
    assert match
    assert all(problem.file == "reference.toml" and remedy in problem.remedy for problem in match)


@pytest.mark.parametrize(
    "day",
    ['"2026-02-30"', '"20261121"', '"2026年11月21日"', '"2026-11"', "2026", "2026-11-21T00:00:00", '""'],
)
@pytest.mark.parametrize("key", ["checked", "valid_until"])
def test_a_bad_date_is_reported(tmp_path: Path, key: str, day: str) -> None:
    """Only a day written as year-month-day is a date."""
    checked = "" if key == "checked" else 'checked = "2026-11-21"'
    figure = FIGURE.replace('checked = "2026-11-21"', f"{checked}\n    {key} = {day}")
    (problem,) = problems(tmp_path, DESK + PREFECTURE_ROWS + MATERIAL + figure)
    assert (problem.place, "no date" in problem.what) == (f"figures[share].{key}", True)
    assert "year-month-day" in problem.remedy


def test_a_missing_day_of_checking_is_reported(tmp_path: Path) -> None:
    """Nothing is stated without the day on which it was checked."""
    (problem,) = problems(tmp_path, GOOD.replace('checked = "2026-07-06"', "", 1))
    assert (problem.place, problem.what) == ("yorozu[01].checked", "is missing")


def test_all_defects_are_reported_at_once(tmp_path: Path) -> None:
    """Whoever edits the file mends it in one go: each defect has a line of its own."""
    text = GOOD.replace('source = "報告書"', "").replace('name = "手引き"', "").replace(row("05"), "")
    with pytest.raises(ContentError) as caught:
        read(tmp_path, text)
    assert {problem.place for problem in caught.value.problems} == {
        "figures[share].source",
        "materials[guide].name",
        "yorozu",
    }
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert all(line.startswith("reference.toml: ") for line in lines)


@pytest.mark.parametrize("text", ["[[desks]", "\x00"])
def test_a_file_that_is_no_toml_is_one_problem(tmp_path: Path, text: str) -> None:
    """A file that can't be read at all is said to be so."""
    (problem,) = problems(tmp_path, text)
    assert problem.file == "reference.toml"
    assert "can't be read" in problem.what


def test_a_missing_file_is_one_problem(tmp_path: Path) -> None:
    """A path that leads nowhere is a problem of the content, not a crash."""
    with pytest.raises(ContentError):
        load(tmp_path / "none.toml")
