"""What agencies are told of their owners in sums, and that nothing small can be told from it."""

from __future__ import annotations

import csv
import io
import itertools
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert
from starlette.testclient import TestClient

from bot.desk import figures, hiding, insight
from bot.desk.figures import Figures
from dialogs.content import packaged
from storage import Database, insights, referrals, surveys
from storage.insights import Scope
from storage.journeys import STAGES
from storage.schema import asked, journey, owner
from tests.desk import client_of, sign_in, two, visiting
from tests.taking import NOW, later

Cells = tuple[int, ...]


def tables(groups: int, steps: int, most: int) -> Iterator[Cells]:
    """Every way in which so many people at the most can lie in groups and places."""

    def up_to(cells: int, left: int) -> Iterator[Cells]:
        if not cells:
            yield ()
            return
        for here in range(left + 1):
            for rest in up_to(cells - 1, left - here):
                yield (here, *rest)

    return up_to(groups * steps, most)


def ways(cells: Cells, steps: int) -> dict[int, Cells]:
    """How many of each group came at least to each place."""
    rows = [cells[start : start + steps] for start in range(0, len(cells), steps)]
    return {group: tuple(sum(row[place:]) for place in range(steps)) for group, row in enumerate(rows)}


def told(cells: Cells, steps: int) -> tuple[Any, ...]:
    """All that is shown of a table."""
    groups, total = hiding.beside(ways(cells, steps))
    return (*groups.values(), total)


def group_sums(cells: Cells, steps: int) -> Iterator[int]:
    """Everything that could be small: how many of a group, or of all, are at a place, or at it and beyond."""
    rows = [cells[start : start + steps] for start in range(0, len(cells), steps)]
    for row in (*rows, tuple(map(sum, zip(*rows, strict=True)))):
        yield from row
        yield from (sum(row[place:]) for place in range(steps))


def expect_nothing_small_for_sure(known: dict[Any, list[Cells]], steps: int) -> None:
    """Of whoever knows as much, some table is true; none of what is small may be the same in all of them."""
    for possible in known.values():
        for values in zip(*(group_sums(cells, steps) for cells in possible), strict=True):
            assert len(set(values)) > 1 or not hiding.small(values[0]), possible


# ---------------------------------------------------------------- hiding


@pytest.mark.parametrize(("groups", "steps", "most"), [(3, 1, 22), (4, 1, 14), (2, 2, 16), (2, 3, 11)])
def test_nothing_small_can_be_told_by_who_knows_how_it_is_hidden(
    monkeypatch: pytest.MonkeyPatch, groups: int, steps: int, most: int
) -> None:
    monkeypatch.setattr(hiding, "FEWEST", 3)
    known = defaultdict(list)
    for cells in tables(groups, steps, most):
        known[told(cells, steps)].append(cells)
    expect_nothing_small_for_sure(known, steps)


def test_nothing_small_can_be_reckoned_from_the_sums_of_several_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hiding, "FEWEST", 3)
    groups, steps = 3, 2
    every = list(tables(groups, steps, 9))
    counts = [tuple(itertools.chain(*ways(cells, steps).values())) for cells in every]
    totals = [tuple(map(sum, zip(*ways(cells, steps).values(), strict=True))) for cells in every]
    masks: dict[tuple[bool, ...], set[Any]] = defaultdict(set)
    for cells, flat, total in zip(every, counts, totals, strict=True):
        shown = tuple(itertools.chain(*told(cells, steps)))
        mask = tuple(value is not None for value in shown)
        masks[mask].add(tuple(itertools.compress((*flat, *total), mask)))
    for mask, outcomes in masks.items():
        known = defaultdict(list)
        for cells, flat, total in zip(every, counts, totals, strict=True):
            seen = tuple(itertools.compress((*flat, *total), mask))
            if seen in outcomes:
                known[seen].append(cells)
        # Who came at all is seen, so all tables that fit are among these.
        expect_nothing_small_for_sure({seen: fits for seen, fits in known.items() if mask[-steps]}, steps)


def told_to_who_knows(own: Cells, cells: Cells, steps: int, *, unseen: bool) -> tuple[Any, ...]:
    """All that is shown of a table to who knows some of its people one by one, and the others not."""
    together = ways(tuple(map(sum, zip(own, cells, strict=True))), steps)
    groups, total = hiding.beside(together, ways(cells, steps)) if unseen else hiding.beside(together)
    return (*groups.values(), total)


def expect_nothing_small_of_others(groups: int, steps: int, own: int, most: int, *, unseen: bool) -> None:
    others = list(tables(groups, steps, most))
    for known_ones in tables(groups, steps, own):
        known = defaultdict(list)
        for cells in others:
            known[told_to_who_knows(known_ones, cells, steps, unseen=unseen)].append(cells)
        expect_nothing_small_for_sure(known, steps)


@pytest.mark.parametrize(
    ("groups", "steps", "own", "most"), [(1, 1, 9, 9), (3, 1, 4, 11), (4, 1, 2, 9), (2, 2, 4, 8), (1, 3, 4, 9)]
)
def test_who_knows_their_own_list_learns_of_no_few_who_are_not_on_it(
    monkeypatch: pytest.MonkeyPatch, groups: int, steps: int, own: int, most: int
) -> None:
    monkeypatch.setattr(hiding, "FEWEST", 3)
    expect_nothing_small_of_others(groups, steps, own, most, unseen=True)
    with pytest.raises(AssertionError):
        expect_nothing_small_of_others(groups, steps, own, most, unseen=False)


@given(
    st.lists(
        st.tuples(st.sets(st.integers(0, 2)), st.sets(st.integers(0, 3)), st.booleans()),
        max_size=40,
    )
)
def test_nor_learns_they_what_few_others_need(people: list[tuple[set[int], set[int], bool]]) -> None:
    def table(of: list[tuple[set[int], set[int], bool]]) -> Any:
        rows = {row: sum(row in own for own, _, _ in of) for row in range(3)}
        columns = {column: sum(column in own for _, own, _ in of) for column in range(4)}
        return {(r, c): sum(r in a and c in b for a, b, _ in of) for r in rows for c in columns}, rows, columns, len(of)

    others = table([one for one in people if one[2]])
    cells, first, second = hiding.crossed(table(people), others)
    for shown, count in ((first, others[1]), (second, others[2]), (cells, others[0])):
        assert not any(hiding.small(count[key]) for key, value in shown.items() if value is not None)
    for (row, column), count in cells.items():
        if count is not None:
            both, r, c = others[0][row, column], others[1][row], others[2][column]
            assert not any(map(hiding.small, (r - both, c - both, others[3] - r - c + both)))


def test_without_hiding_it_would_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hiding, "FEWEST", 3)
    # What is small is left out, and nothing else: the fault that the tests above find.
    known = defaultdict(list)
    for cells in tables(3, 1, 12):
        shown = tuple(None if hiding.small(count) else count for count in cells)
        known[shown, sum(cells)].append(cells)
    with pytest.raises(AssertionError):
        expect_nothing_small_for_sure(known, 1)


@given(st.lists(st.tuples(*[st.integers(0, 30)] * 3), min_size=1, max_size=9))
def test_no_difference_of_what_is_shown_is_small(leaves: list[tuple[int, ...]]) -> None:
    given = ways(tuple(itertools.chain(*leaves)), 3)
    groups, total = hiding.beside(given)
    for steps in (*groups.values(), total):
        here = [count for count in steps if count is not None]
        assert not any(map(hiding.small, here))
        assert not any(hiding.small(a - b) for a, b in itertools.pairwise(here))
    for place, all_ in enumerate(total):
        column = [steps[place] for steps in groups.values()]
        if all_ is not None:
            assert not hiding.small(all_ - sum(count for count in column if count))
        else:
            assert column == [None] * len(column)


@given(st.lists(st.tuples(st.sets(st.integers(0, 2)), st.sets(st.integers(0, 3))), max_size=40))
def test_neither_who_has_both_nor_who_has_one_alone_is_small(people: list[tuple[set[int], set[int]]]) -> None:
    rows = {row: sum(row in own for own, _ in people) for row in range(3)}
    columns = {column: sum(column in own for _, own in people) for column in range(4)}
    both = {(r, c): sum(r in a and c in b for a, b in people) for r in rows for c in columns}
    cells, first, second = hiding.crossed((both, rows, columns, len(people)))
    for (row, column), count in cells.items():
        r, c = first[row], second[column]
        if count is not None:
            assert r is not None
            assert c is not None
            assert not any(map(hiding.small, (count, r - count, c - count, len(people) - r - c + count)))


@given(st.tuples(*[st.integers(0, 25)] * 3))
def test_a_score_tells_of_no_small_group_of_voters(votes: tuple[int, int, int]) -> None:
    shown, score = hiding.voted(*votes)
    if shown != (None, None, None):
        assert shown == votes
        assert not any(map(hiding.small, votes))
        return
    if score is not None:
        total, lead = sum(votes), votes[0] - votes[2]
        fitting = [(p, total - 2 * p + lead, p - lead) for p in range(total + 1)]
        fitting = [one for one in fitting if min(one) >= 0]
        assert votes in fitting
        assert len(fitting) >= hiding.FEWEST


# ---------------------------------------------------------------- the pages


@pytest.fixture
def browser(database_url: str) -> Iterator[TestClient]:
    with visiting(database_url) as browser:
        yield browser


def come(database: Database, agency_id: int | None, many: int, **known: Any) -> list[int]:
    """So many owners come by an agency, and are the same in all that is said here."""
    with database.writing() as connection:
        person = {"tag": "abc", "record": {}, "turns": 3, "made_at": NOW, "seen_at": NOW}
        ids = [connection.execute(insert(owner).values(person).returning(owner.c.id)).scalar_one() for _ in range(many)]
        row = {"agency_id": agency_id, "channel": "web", "stands": "", "answered": 0, "seen_at": NOW, "came_at": NOW}
        connection.execute(insert(journey), [row | known | {"owner_id": id} for id in ids])
    return ids


def until(stage: str) -> dict[str, Any]:
    """The times of who has come as far as this stage."""
    return {f"{one}_at": NOW for one in STAGES[: STAGES.index(stage) + 1]}


def sheet(browser: TestClient, path: str) -> list[list[str]]:
    """A file as Excel reads it."""
    content = browser.get(path).content
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_an_agency_is_told_how_far_its_own_owners_came(browser: TestClient, database: Database) -> None:
    people = two(database)
    come(database, people.home.id, 12, **until("came"))
    come(database, people.home.id, 8, **until("finished"), segment="high-jiso", industry="retail")
    come(database, people.other.id, 30, **until("acted"))
    sign_in(database, browser, people.officer)
    rows = sheet(browser, "/desk/insight.csv?by=industry")
    assert rows[1][:6] == ["全体", "20", "8", "40", "8", "100"]
    assert [row[:2] for row in rows[2:]] == [["小売業", "8"], ["不明", "12"]]
    page = browser.get("/desk/insight?by=industry").text
    assert "12月1日(火) 10時に数えました。" in page
    # The officer is told where most are lost, and what helps there.
    assert "「診断が完了」から「連絡先を登録」までです。進んだ方は0%です。LINEなど" in page
    assert "小売業" in page


def test_a_step_counts_for_who_came_further_and_opening_line_is_not_far(
    browser: TestClient, database: Database
) -> None:
    people = two(database)
    come(database, people.home.id, 6, contact_at=NOW, came_at=NOW, channel="line")
    come(database, people.home.id, 5, booked_at=NOW, began_at=NOW)
    with database.reading() as connection:
        found = insights.stages(connection, Scope(people.home.id), "channel")
    counts = {"line": (6, 0, 0, 0, 0, 0, 0), "web": (5, 5, 5, 5, 5, 0, 0)}
    assert found == (counts, counts)


def test_who_is_few_is_hidden_in_page_and_file(browser: TestClient, database: Database) -> None:
    people = two(database)
    come(database, people.home.id, 20, **until("came"), industry="retail")
    come(database, people.home.id, 3, **until("came"), industry="construction")
    come(database, people.home.id, 9, **until("came"), industry="")
    sign_in(database, browser, people.officer)
    counts = {row[0]: row[1] for row in sheet(browser, "/desk/insight.csv?by=industry")}
    # The three could be reckoned from the others, so the fewest of those are hidden with them.
    assert counts == {"業種": "来訪", "全体": "32", "小売業": "20", "建設業": "非表示", "不明": "非表示"}
    assert "9人" not in browser.get("/desk/insight?by=industry").text


def test_only_months_that_are_asked_for_count_by_the_clock_of_japan(browser: TestClient, database: Database) -> None:
    people = two(database)
    # Three in the afternoon (UTC) is midnight in Japan.
    last = NOW.replace(day=31, hour=14, minute=59)
    come(database, people.home.id, 6, came_at=last)
    come(database, people.home.id, 7, came_at=last + timedelta(minutes=1))
    sign_in(database, browser, people.officer)
    assert sheet(browser, "/desk/insight.csv?from=2026-12&to=2026-12")[1][1] == "6"
    assert sheet(browser, "/desk/insight.csv?from=2027-01")[1][1] == "7"
    assert 'type="month" name="from" value="2027-01"' in browser.get("/desk/insight?from=2027-01").text
    with database.reading() as connection:
        days, _ = insights.stages(connection, Scope(None), "day")
    assert {day: counts[0] for day, counts in days.items()} == {date(2026, 12, 31): 6, date(2027, 1, 1): 7}


@pytest.mark.parametrize("given", ["2026-12-02", "2026-13", "2026-1", "1999-12", "2026年12月"])
def test_nobody_is_shown_two_periods_that_are_a_day_apart(browser: TestClient, database: Database, given: str) -> None:
    people = two(database)
    come(database, people.home.id, 6)
    sign_in(database, browser, people.officer)
    assert "指定の一部を読み取れませんでした" in browser.get(f"/desk/insight?to={given}").text
    assert sheet(browser, f"/desk/insight.csv?from={given}&to={given}")[1][1] == "6"


def test_weeks_are_months_where_any_of_them_is_hidden(database: Database) -> None:
    come(database, None, 20, came_at=later(days=0))
    come(database, None, 3, came_at=later(days=7))
    come(database, None, 20, came_at=later(days=14))
    with database.reading() as connection:
        months = figures.funnel(connection, packaged(), Scope(None), "time").groups
    assert [(one.id, one.counts[0]) for one in months] == [("2026-12-01", 43)]


def sharing(database: Database, agency_id: int, ids: list[int]) -> None:
    """These owners let an agency see their results."""
    for id in ids:
        client_of(database, agency_id, id, "result")


def test_who_shares_nothing_is_not_told_by_taking_away_who_stands_in_the_agencys_own_list(
    browser: TestClient, database: Database
) -> None:
    people = two(database)
    known = {**until("finished"), "segment": "high-jiso", "depth": "quick", "challenges": ",sales,"}
    ids = come(database, people.home.id, 20, industry="retail", **known)
    sharing(database, people.home.id, ids[:17])
    sign_in(database, browser, people.officer)
    # Seventeen stand in the list, so "20" would tell of three who share nothing.
    came = [row[:4] for row in sheet(browser, "/desk/insight.csv?by=industry")[1:]]
    assert came == [[name, "非表示", "非表示", "非表示"] for name in ("全体", "小売業")]
    assert len(sheet(browser, "/desk/insight/leaving.csv")) == 1
    assert sheet(browser, "/desk/insight/needs.csv")[1][1] == "非表示"
    come(database, people.home.id, 2, industry="retail", **known)
    with database.reading() as connection:
        scope = Scope(people.home.id, viewer=people.home.id)
        (group,) = figures.funnel(connection, packaged(), scope, "industry").groups
    assert group.counts[:3] == (22, 22, 22), "five share nothing now"


def test_where_nobody_or_many_share_nothing_all_are_told(browser: TestClient, database: Database) -> None:
    people = two(database)
    sharing(database, people.home.id, come(database, people.home.id, 8, industry="retail"))
    sign_in(database, browser, people.officer)
    assert [row[1] for row in sheet(browser, "/desk/insight.csv?by=industry")[1:]] == ["8", "8"]


def test_who_runs_the_server_takes_its_own_list_away_from_all_agencies_sum_in_vain(
    browser: TestClient, database: Database
) -> None:
    people = two(database)
    sharing(database, people.home.id, come(database, people.home.id, 9)[:6])
    come(database, people.other.id, 7)
    sign_in(database, browser, people.admin)
    counts = {row[0]: row[1] for row in sheet(browser, "/desk/insight.csv?agency=all&by=agency")[1:]}
    assert counts == {"全体": "16", people.home.name: "非表示", people.other.name: "非表示"}


def test_what_can_not_be_read_is_said_and_left_out(browser: TestClient, database: Database) -> None:
    people = two(database)
    sign_in(database, browser, people.officer)
    answer = browser.get("/desk/insight?from=yesterday&by=shoesize&agency=all")
    assert answer.status_code == 200
    assert "指定の一部を読み取れませんでした" in answer.text


def test_only_the_admins_of_who_runs_the_server_see_all_agencies(browser: TestClient, database: Database) -> None:
    people = two(database)
    come(database, people.home.id, 6)
    come(database, people.other.id, 7)
    come(database, None, 8)
    path = "/desk/insight.csv?agency=all&by=agency"
    seen = {}
    for member in (people.admin, people.officer, people.other_admin):
        sign_in(database, browser, member)
        seen[member.id] = {row[0]: row[1] for row in sheet(browser, path)[1:]}
    assert seen[people.admin.id] == {"全体": "21", people.home.name: "6", people.other.name: "7", "機関の案内なし": "8"}
    assert seen[people.officer.id]["全体"] == "6"
    assert seen[people.other_admin.id]["全体"] == "7"


def test_weeks_and_months_have_no_gap(database: Database) -> None:
    come(database, None, 5, came_at=later(days=0))
    come(database, None, 5, came_at=later(days=15))
    with database.reading() as connection:
        weeks = figures.funnel(connection, packaged(), Scope(None), "time").groups
    assert [(one.id, one.counts[0]) for one in weeks] == [("2026-11-30", 5), ("2026-12-07", 0), ("2026-12-14", 5)]
    come(database, None, 5, came_at=later(days=100))
    with database.reading() as connection:
        months = figures.funnel(connection, packaged(), Scope(None), "time").groups
    assert [(one.name, one.counts[0]) for one in months] == [
        ("2026年12月", 10),
        ("2027年1月", 0),
        ("2027年2月", 0),
        ("2027年3月", 5),
    ]


def test_it_is_told_where_owners_stop_and_how_many_came_to_it(browser: TestClient, database: Database) -> None:
    people = two(database)
    came = {"came_at": NOW, "began_at": NOW, "depth": "quick"}
    come(database, people.home.id, 6, **came, stands="picks")
    come(database, people.home.id, 7, **came, stands="stage")
    come(database, people.home.id, 9, **came, finished_at=NOW, segment="high-jiso")
    sign_in(database, browser, people.officer)
    rows = sheet(browser, "/desk/insight/leaving.csv")
    assert rows[1:4] == [
        ["ざっくり診断", "いちばんの課題", "22", "6"],
        ["ざっくり診断", "デジタル化の段階", "16", "7"],
        ["ざっくり診断", rows[3][1], "9", "0"],
    ]
    assert "いちばんの課題" in browser.get("/desk/insight/leaving").text


def test_challenges_stand_against_tools(browser: TestClient, database: Database) -> None:
    people = two(database)
    known = {**until("finished"), "segment": "high-jiso"}
    come(database, people.home.id, 10, **known, challenges=",people,sales,", tools=",ai,")
    come(database, people.home.id, 6, **known, challenges=",sales,", tools=",chat,")
    sign_in(database, browser, people.officer)
    rows = sheet(browser, "/desk/insight/needs.csv")
    asked_of = packaged().questionnaire
    tools = {tool.id: 2 + place for place, tool in enumerate(asked_of.tools)}
    lines = {row[0]: row for row in rows}
    labels = {one.id: one.label for one in asked_of.challenges}
    assert lines["全体"][1] == "16"
    assert (lines[labels["sales"]][1], lines[labels["sales"]][tools["ai"]]) == ("16", "10")
    assert lines[labels["people"]][tools["chat"]] == "0"
    assert "組み合わせ" in browser.get("/desk/insight/needs").text


def test_who_recommends_us_is_told_without_a_word_of_why(browser: TestClient, database: Database) -> None:
    people = two(database)
    ids = come(database, people.home.id, 20)
    with database.writing() as connection:
        for n, id in enumerate(ids):
            surveys.ask(connection, id, f"check:{id}", NOW)
            surveys.keep(connection, id, f"check:{id}", 10 if n < 12 else 3, NOW)
            surveys.give_reason(connection, id, f"check:{id}", "ひみつの理由")
    sign_in(database, browser, people.officer)
    page = browser.get("/desk/insight/voices").text
    assert "+20" in page
    assert "ひみつの理由" not in page
    rows = {row[0]: row[1] for row in sheet(browser, "/desk/insight/voices.csv") if row}
    assert (rows["答えた人"], rows["NPS"], rows["すすめない(0〜6点)"]) == ("20", "20", "8")


def test_what_was_asked_in_vain_is_told_by_area_from_five_owners_on_and_never_in_their_words(
    browser: TestClient, database: Database
) -> None:
    people = two(database)
    ids = come(database, people.home.id, 9)
    row = {"at": NOW, "text": "ひみつの質問", "confident": False, "area": "subsidy"}
    with database.writing() as connection:
        connection.execute(insert(asked), [row | {"owner_id": id} for id in ids[:5]])
        # Many questions of few are few.
        connection.execute(insert(asked), [row | {"owner_id": id, "area": "tool"} for id in ids[:4] * 3])
    sign_in(database, browser, people.officer)
    page = browser.get("/desk/insight/voices").text
    assert "補助金" in page
    assert "デジタルの道具" not in page
    assert "ひみつの質問" not in page


def test_names_of_ways_are_no_formulas_in_a_file(browser: TestClient, database: Database) -> None:
    people = two(database)
    with database.writing() as connection:
        way = referrals.add(connection, people.home.id, None, "campaign", "=1+1", NOW)
    come(database, people.home.id, 6, referral_id=way.id)
    sign_in(database, browser, people.officer)
    assert sheet(browser, "/desk/insight.csv?by=referral")[2][0] == "'=1+1"


def test_figures_are_kept_for_a_minute_and_those_of_one_agency_are_not_anothers() -> None:
    kept, counted = Figures(), []

    def count(value: int) -> int:
        counted.append(value)
        return value

    assert kept.get("a", NOW, lambda: count(1)) == (NOW, 1)
    assert kept.get("a", later(seconds=59), lambda: count(2)) == (NOW, 1)
    assert kept.get("b", later(seconds=59), lambda: count(3))[1] == 3
    assert kept.get("a", later(seconds=60), lambda: count(4)) == (later(seconds=60), 4)
    assert counted == [1, 3, 4]


def test_words_and_stages_agree() -> None:
    words = figures.words()
    assert tuple(words["stages"]) == STAGES
    assert set(words["by"]) == set(figures.BY)
    assert {choice for at in ("", insight.ALL) for choice in insight.choices(at)} == set(figures.BY)
    for depth in words["depths"]:
        assert set(figures.questions(packaged().questionnaire, depth)) <= packaged().questionnaire.questions.keys()


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ((40, 40, None, 20, 20, None, None), ("began", "contact", 50)),
        ((40, 30, 20, 20, 5, 5, 5), ("contact", "booked", 25)),
        ((40,) * 7, None),
        ((None,) * 7, None),
        ((0,) * 7, None),
    ],
)
def test_where_most_are_lost_is_told_of_what_is_shown(
    counts: tuple[int | None, ...], told: tuple[str, str, int] | None
) -> None:
    assert insight.narrowest(counts) == told
