"""Scoring: exactly the published rules, ours where nothing is published, and a reason for every point."""

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.reference import reference
from scoring.advice import catalogue, first_actions
from scoring.result import ENOUGH_PEERS, Comparison, Result, compare, from_json, to_json
from scoring.score import Axis, Reason, Score, Share, marked, percentages, score
from tests.answers import CHECK, REPEATABLE, any_answers, any_full, any_quick, full, quick

ITEMS = [item.question for item in CHECK.items]
SHORT = [item.question for item in CHECK.items_for(quick=True)]
NATIONAL = reference().segments()


def scored(answers: Mapping[str, Any]) -> Score:
    return score(CHECK, answers)


def points(total: int, items: list[str]) -> dict[str, str]:
    """Answers to these items that are worth `total` points, as evenly as can be."""
    each, rest = divmod(total, len(items))
    return {item: str(each + (n < rest)) for n, item in enumerate(items)}


# ---------------------------------------------------------------- literacy


@pytest.mark.parametrize(("total", "literacy"), [(13, "low"), (29, "low"), (30, "high"), (52, "high")])
def test_thirty_points_of_thirteen_items_are_high(total: int, literacy: str) -> None:
    """30 points and more are high literacy, 29 and less are low (report)."""
    found = scored(full() | points(total, ITEMS))
    assert (found.literacy, found.points) == (literacy, total)
    assert (found.answered, found.out_of) == (13, 52)


@REPEATABLE
@given(any_full())
def test_only_the_sum_of_points_decides(answers: dict[str, Any]) -> None:
    """Whichever items the points come from."""
    found = scored(answers)
    assert found.points == sum(int(answers[item]) for item in ITEMS)
    assert found.literacy == ("high" if found.points >= 30 else "low")


@pytest.mark.parametrize(("total", "literacy"), [(3, "low"), (6, "low"), (7, "high"), (12, "high")])
def test_the_short_form_is_held_against_the_same_average(total: int, literacy: str) -> None:
    """30 of thirteen items is 6.9 of three."""
    found = scored(quick() | points(total, SHORT))
    assert (found.literacy, found.points, found.answered, found.out_of) == (literacy, total, 3, 12)


@REPEATABLE
@given(st.lists(st.sampled_from(ITEMS), unique=True, min_size=1), st.data())
def test_any_part_of_the_items_is_held_against_the_same_average(items: list[str], data: st.DataObject) -> None:
    """Exact fractions, so that no rounding moves the border."""
    given_points = [data.draw(st.sampled_from("1234")) for _ in items]
    found = scored({"depth": "quick", "picks": ()} | dict(zip(items, given_points, strict=True)))
    average = Fraction(sum(map(int, given_points)), len(items))
    assert found.literacy == ("high" if average >= Fraction(30, 13) else "low")


# ---------------------------------------------------------------- 伴走 and 自走


@pytest.mark.parametrize(
    ("answers", "a", "b", "type"),
    [
        (("a2", "a2", "a2", "a2", "a2"), 10, 0, "banso"),
        (("b2", "b2", "b2", "b2", "b2"), 0, 10, "jiso"),
        (("a2", "b1", "even", "even", "even"), 2, 1, "banso"),
        (("a1", "b2", "even", "even", "even"), 1, 2, "jiso"),
        (("a2", "b1", "b1", "even", "even"), 2, 2, "banso"),
        (("even", "even", "even", "even", "even"), 0, 0, "banso"),
    ],
)
@pytest.mark.parametrize("literacy", ["low", "high"])
def test_the_higher_index_wins_and_a_tie_is_banso(
    literacy: str, answers: tuple[str, ...], a: int, b: int, type: str
) -> None:
    """A answers add up to 伴走, B answers to 自走; a tie counts as 伴走 (ours)."""
    pairs = [pair.id for pair in CHECK.pairs_for(literacy, quick=False)]
    found = scored(full(items="4" if literacy == "high" else "1") | dict(zip(pairs, answers, strict=True)))
    assert (found.a, found.b, found.type) == (a, b, type)
    assert found.segment == f"{literacy}-{type}"


@pytest.mark.parametrize(("items", "asked", "other"), [("1", "q5.", "q6."), ("4", "q6.", "q5.")])
def test_only_the_pairs_of_the_own_literacy_count(items: str, asked: str, other: str) -> None:
    """Q5 is of low literacy alone, Q6 of high alone: answers left from an earlier turn don't count."""
    answers = full(items=items)
    answers |= {pair.id: "b2" if pair.id.startswith(other) else "a1" for pair in CHECK.pairs}
    found = scored(answers)
    assert (found.a, found.b, found.type) == (5, 0, "banso")
    assert {reason.question[:3] for reason in found.reasons} == {"q4.", asked}


# ---------------------------------------------------------------- challenges and shares


def test_both_upper_choices_mark_a_challenge() -> None:
    """とくに重要 and 課題ではある count as 課題あり, the lower choices don't."""
    answers = full() | {"q2.sales": "urgent", "q2.office": "some", "q2.people": "none", "q2.work": "unknown"}
    assert marked(CHECK, answers) == {"sales": "urgent", "office": "some"}


def test_a_pick_of_the_short_form_is_pressing() -> None:
    """In the questionnaire's order, whatever the order of the taps."""
    assert list(marked(CHECK, quick(("office", "sales"))).items()) == [("sales", "urgent"), ("office", "urgent")]


def test_shares_weigh_level_and_beginning() -> None:
    """A pressing challenge weighs twice an ordinary one, one not begun twice one that is (ours)."""
    levels = {"sales": "some", "finance": "urgent", "people": "some", "office": "urgent"}
    found = scored(full(levels, started=("finance", "sales")))
    assert found.shares == (
        Share("office", "urgent", started=False, weight=4, percent=45),
        Share("finance", "urgent", started=True, weight=2, percent=22),
        Share("people", "some", started=False, weight=2, percent=22),
        Share("sales", "some", started=True, weight=1, percent=11),
    )


def test_without_challenges_there_are_no_shares() -> None:
    """Nothing is made up where an owner marks nothing."""
    assert scored(full()).shares == ()


@REPEATABLE
@given(any_answers)
def test_shares_add_up_to_a_hundred(answers: dict[str, Any]) -> None:
    """Of every owner with a challenge, largest first."""
    shares = scored(answers).shares
    assert {share.challenge: share.level for share in shares} == marked(CHECK, answers)
    assert sum(share.percent for share in shares) == (100 if shares else 0)
    assert [share.weight for share in shares] == sorted((share.weight for share in shares), reverse=True)


@REPEATABLE
@given(st.dictionaries(st.text(), st.integers(0, 10**6)))
def test_percentages_are_whole_fair_and_complete(weights: dict[str, int]) -> None:
    """They add up to 100, none is a whole percent off, and of two weights the larger never gets less."""
    percents = percentages(weights)
    total = sum(weights.values())
    if not total:
        assert percents == {}
        return
    assert percents.keys() == weights.keys()
    assert sum(percents.values()) == 100
    for id, percent in percents.items():
        assert abs(percent - Fraction(100 * weights[id], total)) < 1
        assert all(percent >= percents[other] for other in weights if weights[id] > weights[other])


# ---------------------------------------------------------------- reasons and balance


@REPEATABLE
@given(any_answers)
def test_the_reasons_add_up_to_the_points(answers: dict[str, Any]) -> None:
    """Every point has its question and answer, and every answer asked for is there once."""
    found = scored(answers)
    assert sum(reason.points for reason in found.reasons) == found.points
    assert sum(reason.a for reason in found.reasons) == found.a
    assert sum(reason.b for reason in found.reasons) == found.b
    assert all(reason.answer == answers[reason.question] for reason in found.reasons)
    asked = [reason.question for reason in found.reasons]
    pairs = CHECK.pairs_for(found.literacy, quick=found.depth == "quick")
    items = CHECK.items_for(quick=found.depth == "quick")
    assert asked == [*(item.question for item in items), *(pair.id for pair in pairs)]


def test_a_reason_says_what_an_answer_was_worth() -> None:
    """Points for an item, an index for a pair."""
    found = scored(full(q4__net="2") | {"q6.fit": "b1"})
    assert Reason("q4.net", "2", points=2) in found.reasons
    assert Reason("q6.fit", "b1", b=1) in found.reasons


@REPEATABLE
@given(any_answers)
def test_the_balance_stays_within_its_axis(answers: dict[str, Any]) -> None:
    """From 0 to 100, over the categories of which something was asked."""
    found = scored(answers)
    assert all(0 <= axis.value <= 100 for axis in found.balance)
    assert sum(axis.answered for axis in found.balance) == found.answered
    asked = {item.category for item in CHECK.items if item.question in answers}
    assert [axis.category for axis in found.balance] == [id for id in CHECK.categories if id in asked]


@pytest.mark.parametrize(("items", "value"), [("1", 0), ("2", 33), ("3", 67), ("4", 100)])
def test_the_balance_is_the_mean_of_its_items(items: str, value: int) -> None:
    """The least points are 0, the most are 100."""
    assert {axis.value for axis in scored(full(items=items)).balance} == {value}
    assert scored(full(q4__data="1", q4__safety="4")).balance[-1] == Axis("use", 50, 2)


@REPEATABLE
@given(any_quick())
def test_the_score_remembers_version_and_depth(answers: dict[str, Any]) -> None:
    """So that a later questionnaire does not change what a result meant."""
    found = scored(answers)
    assert (found.version, found.depth) == (CHECK.version, "quick")


# ---------------------------------------------------------------- comparison and storage


def peers(n: int) -> dict[str, Any]:
    return {"n": n, "segments": {"low-banso": n - 2, "high-jiso": 2}, "balance": {"network": 41, "mind": 52}}


@pytest.mark.parametrize("found", [None, {"n": 0, "segments": {}, "balance": {}}, peers(ENOUGH_PEERS - 1)])
def test_up_to_nine_peers_the_national_figures_stand_in(found: dict[str, Any] | None) -> None:
    """Fewer peers would say who they are; nothing of theirs shows."""
    assert ENOUGH_PEERS == 10
    assert compare(scored(full(items="1")), found, NATIONAL) == Comparison(False, 4053, 672, {})


def test_from_ten_peers_on_they_alone_are_shown() -> None:
    """Own data, and none of the national figures: never a mixture."""
    assert compare(scored(full(items="1")), peers(10), NATIONAL) == Comparison(True, 10, 8, peers(10)["balance"])
    assert compare(scored(full(items="4")), peers(10), NATIONAL).same_segment == 0


@REPEATABLE
@given(any_answers, st.sampled_from([None, *map(peers, range(2, 14))]))
def test_a_comparison_is_of_one_source(answers: dict[str, Any], found: dict[str, Any] | None) -> None:
    """Whoever is compared, the numbers come from peers or from the nation."""
    compared = compare(scored(answers), found, NATIONAL)
    source: dict[str, Any] = found if compared.own and found else {"n": 4053, "segments": NATIONAL, "balance": {}}
    assert compared.own == (found is not None and found["n"] >= 10)
    assert (compared.n, compared.balance) == (source["n"], source["balance"])
    assert compared.same_segment == source["segments"].get(scored(answers).segment, 0)


@REPEATABLE
@given(any_answers, st.sampled_from([None, peers(12)]))
def test_a_result_survives_storage(answers: dict[str, Any], found: dict[str, Any] | None) -> None:
    """What is read back from JSON is what was kept, to the last reason."""
    own = scored(answers)
    result = Result(own, first_actions(catalogue(), CHECK, answers, own), compare(own, found, NATIONAL))
    assert from_json(json.loads(json.dumps(to_json(result), ensure_ascii=False))) == result
