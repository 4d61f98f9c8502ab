"""The things to do first: always three, each for a reason, and none that does not suit the owner."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from knowledge.problems import ContentError, Problem
from knowledge.reference import reference
from scoring.advice import FILE, FOUNDATION, HOW_MANY, Action, Advice, catalogue, first_actions, load
from scoring.questionnaire import check
from scoring.score import score
from tests.answers import CHECK, REPEATABLE, any_answers, any_full, any_quick, full, quick

ADVICE = catalogue().advice
TOOLS = tuple(tool.id for tool in CHECK.tools)
CHALLENGES = tuple(challenge.id for challenge in CHECK.challenges)


def actions(answers: Mapping[str, Any]) -> tuple[Action, ...]:
    return first_actions(catalogue(), CHECK, answers, score(CHECK, answers))


def pieces(answers: Mapping[str, Any]) -> list[Advice]:
    return [ADVICE[action.advice] for action in actions(answers)]


def names(answers: Mapping[str, Any]) -> list[str]:
    return [piece.id for piece in pieces(answers)]


@REPEATABLE
@given(any_answers)
def test_always_three_different_pieces(answers: dict[str, Any]) -> None:
    """Whatever is answered, there are three things to do, and the same three each time."""
    found = actions(answers)
    assert len({action.advice for action in found}) == HOW_MANY == len(found)
    assert actions(dict(reversed(answers.items()))) == found


@REPEATABLE
@given(any_full())
def test_no_piece_is_for_somebody_else(answers: dict[str, Any]) -> None:
    """No tool in use, nothing for a team where there is none, nothing for other industries."""
    for piece in pieces(answers):
        assert piece.tool not in answers["q3"]
        assert not (piece.team and answers["size"] == "0")
        assert not piece.industries or answers["industry"] in piece.industries


@REPEATABLE
@given(any_quick())
def test_nothing_is_proposed_for_an_industry_not_known(answers: dict[str, Any]) -> None:
    """A pub's till is not proposed to a builder, so not to somebody either who may be one."""
    assert not any(piece.industries for piece in pieces(answers))


@REPEATABLE
@given(any_answers)
def test_the_newest_tools_are_not_proposed_to_who_works_on_paper(answers: dict[str, Any]) -> None:
    """Who is not at home with tools begins with what others have long used."""
    low = score(check(), answers).literacy == "low"
    assert not any(piece.practised for piece in pieces(answers) if low or answers.get("stage") == "1")


@REPEATABLE
@given(any_answers)
def test_each_piece_has_a_reason_among_the_answers(answers: dict[str, Any]) -> None:
    """The owner can be told for each piece which answers led to it."""
    for action in actions(answers):
        assert action.why
        assert set(action.why) <= answers.keys()


@REPEATABLE
@given(any_answers)
def test_the_first_piece_serves_a_challenge_or_a_missing_foundation(answers: dict[str, Any]) -> None:
    """What the owner wants to tackle comes first; only a foundation that is missing may come before it."""
    scored = score(CHECK, answers)
    challenges = {share.challenge for share in scored.shares}
    first = pieces(answers)[0]
    lowest = min(axis.value for axis in scored.balance)
    weakest = {axis.category for axis in scored.balance if axis.value == lowest <= FOUNDATION}
    if challenges:
        assert challenges & set(first.serves) or (first.category in weakest and not first.tool)


@REPEATABLE
@given(any_answers)
def test_a_pressing_challenge_is_served(answers: dict[str, Any]) -> None:
    """With pressing challenges, one of the first two pieces serves one; so with a single one, it is that."""
    pressing = {share.challenge for share in score(CHECK, answers).shares if share.level == "urgent"}
    if pressing:
        assert any(pressing & set(piece.serves) for piece in pieces(answers)[:2])


@pytest.mark.parametrize("challenge", CHALLENGES)
@pytest.mark.parametrize("used", [(), TOOLS], ids=["no tools", "all tools"])
def test_the_only_pressing_challenge_of_a_beginner_comes_first(challenge: str, used: tuple[str, ...]) -> None:
    """An owner with nothing in place and one pressing challenge is not sent off to other things."""
    answers = full({challenge: "urgent"}, items="1", q3=used, size="0", industry="construction")
    assert challenge in pieces(answers)[0].serves


@pytest.mark.parametrize("challenge", CHALLENGES)
def test_one_pick_of_the_short_check_comes_first(challenge: str) -> None:
    """In the short check as well, though neither tools nor size are known."""
    assert challenge in pieces(quick((challenge,), items="1"))[0].serves


def test_a_missing_foundation_comes_before_a_challenge_under_way() -> None:
    """Without a net there is nothing to build on, and the challenge is being tackled already."""
    weak = {"q4__net": "1", "q4__vital": "1", "q4__devices": "1"}
    answers = full({"sales": "some"}, started=("sales",), **weak)
    assert names(answers)[0] == "net"
    assert "sales" in pieces(answers)[1].serves


@pytest.mark.parametrize("piece", ["payroll", "chat", "learn", "storage"])
def test_what_is_for_a_team_is_not_for_one(piece: str) -> None:
    """An owner without employees is never told to count hours; with employees it is a good piece."""
    assert ADVICE[piece].team
    wants = dict.fromkeys(ADVICE[piece].serves, "urgent")
    others = {id for id in TOOLS if id != piece}
    assert piece not in names(full(wants, q3=tuple(others), size="0"))
    assert piece in names(full(wants, items="2", q3=tuple(others), size="6"))


def test_a_team_piece_ranks_lower_where_the_size_is_unknown() -> None:
    """The short check does not ask how many work there: such a piece may come, but behind others as good."""
    assert "chat" not in names(quick(("office",)))
    assert "chat" in names(quick(("office", "work", "people")))


@pytest.mark.parametrize("piece", ["shop", "pos"])
def test_shop_and_till_are_not_for_builders(piece: str) -> None:
    """A builder has no goods to sell by mail and no till; a grocer has both."""
    others = tuple(id for id in TOOLS if id != piece)
    assert piece in names(full({"sales": "urgent"}, q3=others, industry="retail"))
    assert piece not in names(full({"sales": "urgent"}, q3=others, industry="construction"))


def test_what_is_in_place_is_proposed_after_what_is_not() -> None:
    """An owner who backs up the data is not told to, just because it would serve a challenge."""
    assert "safety" in names(full({"succession": "urgent"}, q3=TOOLS, q4__safety="1"))
    assert names(full({"succession": "urgent"}, q3=TOOLS))[0] == "handover"
    assert "net" not in names(full({"office": "urgent"}, items="4"))


def test_tools_rank_lower_at_a_later_stage() -> None:
    """Where the work is done by tools already, the short check does not know which: others come first."""
    assert ADVICE[names(quick(("sales",), stage="1"))[0]].tool
    assert not ADVICE[names(quick(("sales",), stage="4"))[0]].tool
    stages = [choice.value for choice in check().questions["stage"].choices]
    assert stages[-2:] == ["3", "4"]


def test_the_reasons_are_the_answers_that_led_to_the_piece() -> None:
    """Challenges first, the most pressing before the others, then the missing tool, then weak items."""
    answers = full({"finance": "some", "office": "urgent"}, items="2", q3=tuple(t for t in TOOLS if t != "accounting"))
    why = {action.advice: action.why for action in actions(answers)}
    assert why["accounting"] == ("q2.office", "q2.finance", "q3", "q4.data")
    (first, *_) = actions(quick(("sales",)))
    assert first == Action("website", ("picks", "stage"))


def problems(folder: Path, old: str, new: str) -> tuple[Problem, ...]:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    path = folder / FILE.name
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        load(path, check(), reference())
    return caught.value.problems


@pytest.mark.parametrize(
    ("old", "new", "place", "what"),
    [
        ('industries = ["retail", "food", "personal"]', 'industries = ["pub"]', "advice[pos].industries", "'pub'"),
        ('items = ["net"]', 'items = ["data"]', "advice[net].items", "'data'"),
        ("team = true", 'team = "yes"', "advice[chat].team", "type bool"),
        ('tool = "website"', 'tool = "web"', "advice[website].tool", "'web'"),
        ('desk = "bank"', 'desk = "bnak"', "advice[banking].desk", "'bnak'"),
        ("cost = 1", "cost = 5", "advice[website].cost", "5"),
        ('serves = ["sales", "people"]', 'serves = ["sales", "work"]', "advice[website].serves", "'work'"),
        ('id = "voice"', 'id = "voice"\nteam = true', "advice", "anybody serves 'sales'"),
        ('source = "ours"', "", "advice[voice].source", "no source"),
    ],
)
def test_each_defect_is_reported(tmp_path: Path, old: str, new: str, place: str, what: str) -> None:
    """A slip of the pen is told with its place and what to do."""
    (problem,) = problems(tmp_path, old, new)
    assert (problem.file, problem.place) == ("advice.toml", place)
    assert what in problem.what
    assert problem.remedy
