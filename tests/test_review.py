"""The review of the FAQ: what an editor is told of entries, links and questions in vain."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from bot.house import House
from bot.review import clusters, ending, review, unchecked, unlisted, wrong
from bot.turn import Event, take
from dialogs.content import packaged
from dialogs.events import Opened
from knowledge.pages import pages
from storage import Database, questions
from storage.questions import Tally
from tests.taking import NOW

if TYPE_CHECKING:
    from knowledge.faq import Entry

TODAY = date(2026, 12, 1)
FAQ = packaged().faq
ONE: Entry = FAQ["toroku-hissu"]


def test_what_ends_within_ninety_days_is_told_the_first_to_end_first() -> None:
    def until(id: str, days: int) -> Entry:
        return replace(ONE, id=id, valid_until=TODAY + timedelta(days=days))

    found = ending({e.id: e for e in (until("c", 91), until("b", 90), until("a", -5), ONE)}, TODAY)
    assert [line.split()[1] for line in found] == ["a", "b"]


def test_what_nobody_has_checked_for_half_a_year_is_told() -> None:
    old = replace(ONE, id="old", checked=date(2026, 5, 1))
    assert [line.split()[1] for line in unchecked({"old": old, ONE.id: ONE}, TODAY)] == ["old"]


def test_every_link_stands_in_the_list_of_sources() -> None:
    assert unlisted(FAQ, pages()) == []
    assert pages().keys() == {entry.url for entry in FAQ.values() if entry.url}
    assert unlisted({"x": replace(ONE, url="https://elsewhere.example/")}, pages()) != []


def test_entries_that_are_called_wrong_more_often_than_useful_are_told() -> None:
    assert wrong([Tally("a", 9, 3, 3), Tally("b", 9, 1, 2)]) == ["b: 2 wrong, 1 useful, 9 shown"]


def test_questions_that_are_alike_are_one_cluster() -> None:
    asked = [
        "キャッシュレス決済の手数料",
        "外国人を雇いたい",
        "キャッシュレスの決済手数料は",
        "けっさい手数料 キャッシュレス",
    ]
    found = clusters(asked)
    assert found[0][0] == "キャッシュレス決済の手数料"
    assert ["外国人を雇いたい"] in found
    assert sorted(text for cluster in found for text in cluster) == sorted(asked)


def test_the_review_counts_what_was_asked_and_said_of_it(database_url: str) -> None:
    database = Database(database_url)
    with database.writing() as connection:
        owner = take(
            connection, packaged(), Event("1", "web", "chat", "one", Opened()), NOW, House(lambda id: f"/me/{id}")
        ).owner_id
        first = questions.ask(connection, owner, "登録は必ず?", confident=True, entry=ONE.id, now=NOW)
        questions.rate(connection, owner, first, ONE.id, "useful")
        second = questions.ask(connection, owner, "手書きでも?", confident=True, entry="tegaki", now=NOW)
        questions.rate(connection, owner, second, "tegaki", "wrong")
        questions.rate(connection, owner + 1, second, "tegaki", "useful")  # not this owner's to say
        questions.ask(connection, owner, "火星の天気", confident=False, entry=None, now=NOW)
        questions.ask(connection, owner, "昔の質問", confident=False, entry=None, now=NOW - timedelta(days=181))
    with database.reading() as connection:
        since = NOW - timedelta(days=180)
        assert questions.tallies(connection, since) == [Tally("tegaki", 1, 0, 1), Tally(ONE.id, 1, 1, 0)]
        assert questions.in_vain(connection, since, 10) == ["火星の天気", "手書きでも?"]
    lines = list(review(database, FAQ, pages(), NOW, TODAY))
    assert "  tegaki: 1 wrong, 0 useful, 1 shown" in lines
    assert f"Found by nobody within 180 days (2 answers): {len(FAQ) - 2}" in lines
    database.close()
