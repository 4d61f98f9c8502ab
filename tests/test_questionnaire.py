"""Reading the questionnaire: every defect is told with its place, and the worst case of taps is counted."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from dialogs.content import packaged
from dialogs.effects import Effect
from dialogs.flows import FLOWS, Scene
from dialogs.record import Frame
from dialogs.replay import replay
from knowledge.problems import ContentError, Problem
from scoring.questionnaire import FILE, Question, Questionnaire, check, load, most_taps
from tests.answers import REPEATABLE, any_answers

TEXT = FILE.read_text(encoding="utf-8")


def read(folder: Path, *edits: tuple[str, str]) -> Questionnaire:
    text = TEXT
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / FILE.name
    path.write_text(text, encoding="utf-8")
    return load(path)


def problems(folder: Path, *edits: tuple[str, str]) -> tuple[Problem, ...]:
    with pytest.raises(ContentError) as caught:
        read(folder, *edits)
    return caught.value.problems


def test_the_packaged_questionnaire_is_the_known_one() -> None:
    """Seven challenges, thirteen items, five pairs for each literacy, and 30 points for high."""
    found = check()
    assert found is check()
    assert (len(found.challenges), len(found.items), found.high_from) == (7, 13, 30)
    assert [len(found.pairs_for(literacy, quick=False)) for literacy in ("low", "high")] == [5, 5]
    assert [len(found.pairs_for(literacy, quick=True)) for literacy in ("low", "high")] == [1, 1]
    assert len(found.questions["prefecture"].choices) == 47
    assert found.questions["vision"].none


@pytest.mark.parametrize(
    ("old", "new", "place", "what", "remedy"),
    [
        ('label = "経営の改善"\n', "", "challenges[management].label", "is missing", "add `label"),
        ('title = "職場のネット環境"', 'title = ""', "items[net].title", "is empty", "write a text"),
        ('id = "finance"', 'id = "sales"', "challenges[sales].id", "stands twice", "its own"),
        ('serves = ["sales"]', 'serves = ["sails"]', "tools[shop].serves", "'sails' is no challenge", "[[challenges]]"),
        ('category = "money"', 'category = "gold"', "items[budget].category", "is no category", "[[categories]]"),
        ('literacy = "low"', 'literacy = "mid"', "pairs[q5.introduce].literacy", "is no literacy", '"low" or "high"'),
        ("high_from = 30", "high_from = 53", "literacy.high_from", "can't be reached", "threshold inside"),
        ("high_from = 30", "high_from = 13", "literacy.high_from", "can't be reached or left", "threshold inside"),
        ("points = 4\n", "", "attitude.choices[4].points", "is missing", "add `points"),
        ("points = 4", 'points = "4"', "attitude.choices[4].points", "not of type int", "write a int"),
        ("counts = true\n", "", "challenge.choices[urgent].counts", "is missing", "add `counts"),
        ('value = "some"', 'value = "soon"', "challenge.choices", "'soon' is no level", "one of"),
        ("a = 2\n", "", "pair.choices[a2].a", "is missing", "add `a"),
        ("quick = 12", "quick = 9", "taps.quick", "takes 10 taps, 9 are promised", "ask less"),
        ("full = 45", "full = 44", "taps.full", "takes 45 taps, 44 are promised", "ask less"),
        ('text = "「{label}」は', 'text = "「{lable}」は', "challenge", "nothing fills", "'hint', 'label'"),
        (
            'label = "お金のかけ方"',
            'label = "お金"\nlable = "お金"',
            "categories[money].lable",
            "not known",
            "spelling",
        ),
        ('skip = "いまは答えない"', "", "vision.skip", "is missing", "add `skip"),
        ('source = "report"\ntitle = "経営の課題"', 'title = "課題"', "challenge.source", "is missing", "add `source"),
        ("[stage]", "[stages]", "stage", "is missing", "add `stage"),
        ('{ value = "company"', '"company", { value = "company"', "form.choices", "not a list of tables", "{ … }"),
        ('also = ["販路"', 'also = [1, "販路"', "challenges[sales].also", "not a list of texts", '["…"'),
    ],
)
def test_each_defect_is_reported(tmp_path: Path, old: str, new: str, place: str, what: str, remedy: str) -> None:
    """A defect is told with its file, its place and what to do."""
    match = [problem for problem in problems(tmp_path, (old, new)) if problem.place == place and what in problem.what]
    assert len(match) == 1
    assert match[0].file == "check.toml"
    assert remedy in match[0].remedy


def test_a_missing_table_is_one_problem(tmp_path: Path) -> None:
    """Not one for each key that it would hold."""
    (problem,) = problems(tmp_path, ("[taps]\nquick = 12\nfull = 45", ""))
    assert (problem.place, problem.what) == ("taps", "is missing")


def test_all_defects_are_reported_at_once(tmp_path: Path) -> None:
    """Whoever edits the file mends it in one go."""
    edits = (("high_from = 30", "high_from = 99"), ("quick = 12", "quick = 2"), ('category = "use"', 'category = "us"'))
    found = problems(tmp_path, *edits)
    assert {problem.place for problem in found} == {"literacy.high_from", "taps.quick", "items[data].category"}


def test_a_file_that_is_no_toml_is_one_problem(tmp_path: Path) -> None:
    """What can't be read has no further problems."""
    (problem,) = problems(tmp_path, ("[taps]", "[taps"))
    assert "can't be read" in problem.what


def test_a_short_form_without_items_or_pairs_is_reported(tmp_path: Path) -> None:
    """Both literacies need a pair in both forms."""
    path = tmp_path / "check.toml"
    path.write_text(TEXT.replace("quick = true\n", ""), encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        load(path)
    assert [problem.place for problem in caught.value.problems] == ["pairs", "pairs", "items"]


# ---------------------------------------------------------------- taps


def test_a_choice_with_a_limit_takes_a_tap_for_each_tick(tmp_path: Path) -> None:
    """And one to end it; without a limit, all at once and then the others off may be shorter."""
    limited, unlimited = read(tmp_path, ("limit = 3", "limit = 2")), read(tmp_path, ("limit = 3\n", ""))
    assert most_taps(limited)["quick"] == most_taps(check())["quick"] - 1
    assert most_taps(unlimited)["quick"] == most_taps(check())["quick"] + 1


def test_the_packaged_check_keeps_its_promise() -> None:
    """Both depths stay within the taps that check.toml promises."""
    assert most_taps(check()) == {"quick": 10, "full": 45}
    assert all(most_taps(check())[depth] <= most for depth, most in check().max_taps.items())


def walk(answers: dict[str, Any]) -> list[Question]:
    """The questions that the flow of the check asks for these answers."""

    def perform(effect: Effect) -> Any:
        return "token" if "result" in getattr(effect, "__slots__", ()) else None

    scene = Scene(packaged(), "t.1", {}, None, ())
    run = replay(FLOWS["check"].flow(scene), Frame("check", "t.1", answers), perform)
    return [question for question, _ in run.trail]


def grouped(question: Question) -> bool:
    """Whether a group has to be opened before its choices can be tapped."""
    return any(choice.group for choice in question.choices)


@settings(REPEATABLE, max_examples=25)
@given(any_answers)
def test_what_is_counted_is_what_the_flow_asks(answers: dict[str, Any]) -> None:
    """No owner needs more taps than `most_taps` says, by the questions that the flow really asks."""
    asked = walk(answers)
    taps = 0
    for question in asked:
        ticked, count = len(answers[question.id]) if question.kind == "many" else 0, len(question.choices)
        taps += 1 + (ticked if question.limit else min(ticked, count - ticked + 1)) + grouped(question)
    assert asked[0].id == "depth"
    assert taps <= most_taps(check())[answers["depth"]]


def test_the_worst_case_can_happen() -> None:
    """The counts are not larger than need be: some owner needs every tap."""
    for depth, literacy in product(("quick", "full"), "14"):
        answers: dict[str, Any] = {"depth": depth, "picks": ("sales", "people", "office"), "stage": "1", "vision": ""}
        for question in check().questions.values():
            first = tuple(choice.value for choice in question.choices)
            half = first[: (len(first) + 1) // 2]
            default = half if question.kind == "many" else literacy if question.id.startswith("q4") else first[0]
            answers.setdefault(question.id, default)
        asked = [question for question in walk(answers) if question.id in answers]
        taps = [1 + (len(answers[q.id]) if q.kind == "many" else 0) + grouped(q) for q in asked]
        assert sum(taps) == most_taps(check())[depth]
