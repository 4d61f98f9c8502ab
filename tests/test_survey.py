"""The survey: who is asked when, what is kept of the answer, how its eleven buttons look, and what is made of it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, select

from bot import stats
from bot.platforms.blocks import Blocks
from bot.platforms.fitting import abreast
from bot.platforms.flex import Flex
from bot.platforms.telegram import Telegram
from bot.web import pages
from dialogs import presses
from dialogs.content import packaged
from dialogs.events import Command
from dialogs.messages import Button, Message
from scheduler.experts import Profile
from storage import Database, owners, surveys
from storage.schema import survey
from tests.meetings import at, weekly
from tests.serving import settings_for
from tests.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = ("1分でざっくり", "人材の確保", "これで決定", "紙や口頭が中心", *["あてはまる"] * 3, "Aに近い")


@pytest.fixture
def talk(database_url: str) -> Iterator[Talk]:
    talk = Talk(database_url)
    talk.open()
    yield talk
    talk.close()


def check(talk: Talk) -> None:
    """Go through the quick check."""
    for label in QUICK:
        talk.tap(label)


def asked(talk: Talk, **time: float) -> list[datetime]:
    """Let time pass; gives when the survey was brought up, whatever it is about."""
    before = talk.now
    told = talk.pass_time(before + timedelta(**time))
    with talk.database.reading() as connection:
        times = (
            connection.execute(select(survey.c.at).where(survey.c.at > before).order_by(survey.c.at)).scalars().all()
        )
    assert len(times) == len([one for _, messages in told for one in messages if len(one.buttons) == 11])
    return list(times)


def kept(talk: Talk) -> list[tuple[Any, ...]]:
    with talk.database.reading() as connection:
        return [tuple(row) for row in connection.execute(select(survey.c.score, survey.c.reason))]


# ---------------------------------------------------------------- who is asked when


def test_an_owner_is_asked_an_hour_after_the_result_and_not_again_within_a_month(talk: Talk) -> None:
    check(talk)
    assert asked(talk, minutes=59) == []
    assert len(asked(talk, days=20)) == 1
    for again in (0, 1):
        talk.say("最初から")
        talk.tap("最初から始める")
        check(talk)
        assert len(asked(talk, days=11)) == again


def test_an_answer_that_is_changed_asks_for_no_second_survey(talk: Talk) -> None:
    check(talk)
    talk.wait(minutes=30)
    talk.tap("答えを見直す")
    talk.tap(next(button.label for button in talk.shown()[-1].buttons if "紙や口頭" in button.hint))
    talk.tap("紙や口頭が中心")
    assert len(asked(talk, days=2)) == 1


@pytest.mark.parametrize(("hour", "due"), [(19, at(1, 20)), (20, at(2, 8)), (23, at(2, 8))])
def test_nobody_is_asked_in_the_evening(talk: Talk, hour: int, due: datetime) -> None:
    talk.now = at(1, hour)
    check(talk)
    assert asked(talk, days=1) == [due]


def test_what_fell_due_while_nothing_ran_is_asked_in_the_morning(talk: Talk) -> None:
    check(talk)
    talk.now = at(1, 23)
    assert asked(talk, hours=12) == [at(2, 8)]


def test_who_has_deleted_the_result_or_everything_is_not_asked(talk: Talk) -> None:
    check(talk)
    talk.delete_result()
    assert asked(talk, days=1) == []
    check(talk)
    talk.say("すべて消す")
    talk.tap("すべて消す")
    assert asked(talk, days=1) == []
    assert kept(talk) == []


def book(talk: Talk) -> None:
    """Book the expert who is free at once, for the next morning."""
    talk.do(Command("consult"))
    for label in ("補助金", "Web会議で話す"):
        talk.tap(label)
    first = next(button.label for button in talk.shown()[-1].buttons if button.label.startswith("12月2日"))
    talk.tap(first)
    sure = next(
        button.label for button in talk.shown()[-1].buttons if button.label.endswith(("予約する", "見せずに予約"))
    )
    talk.tap(sure)


def test_a_consultation_is_asked_about_and_the_check_before_it_is_not(talk: Talk) -> None:
    talk.expert("鈴木 次郎", _profile(), "expert")
    check(talk)
    book(talk)
    [when] = asked(talk, days=10)
    assert when.date() == at(2, 12).date()
    assert talk.shown()[0].text.endswith("お届けします。")
    talk.tap("10")
    assert kept(talk) == [(10, "")]


@pytest.mark.parametrize("end", ["cancel", "missed"])
def test_a_consultation_that_was_not_is_not_asked_about(talk: Talk, end: str) -> None:
    talk.expert("鈴木 次郎", _profile(), "expert")
    book(talk)
    if end == "cancel":
        talk.tap("予約を取り消す")
        talk.tap("予約を取り消す")
    else:
        talk.pass_time(at(2, 10, 30))
        talk.go_to("expert")
        talk.tap("行われなかった")
    assert asked(talk, days=10) == []


def _profile() -> Profile:
    return Profile(weekly=weekly(9, 17), asks=False, meeting="https://meet.example/1")


# ---------------------------------------------------------------- the answer


def test_one_tap_is_kept_at_once_and_the_reason_when_it_comes(talk: Talk) -> None:
    check(talk)
    asked(talk, hours=2)
    talk.tap("9")
    assert kept(talk) == [(9, "")]
    talk.say("あ" * 801)
    assert kept(talk) == [(9, "")]
    talk.say("あ" * 800)
    assert kept(talk) == [(9, "あ" * 800)]


def test_a_score_may_be_typed_where_it_was_the_last_thing_shown(talk: Talk) -> None:
    check(talk)
    asked(talk, days=1)
    talk.say("8")
    assert kept(talk) == [(8, "")]
    talk.say("補助金のことがわかるとよいのですが、どうでしょうか")
    assert kept(talk) == [(8, "補助金のことがわかるとよいのですが、どうでしょうか")]
    talk.say("7")
    assert kept(talk)[0][0] == 8


def test_another_tap_changes_the_number_and_drops_the_reason_for_the_first(talk: Talk) -> None:
    check(talk)
    asked(talk, hours=2)
    talk.tap("9")
    talk.say("わかりやすかった")
    for number, left in (("9", "わかりやすかった"), ("2", "")):
        button = (
            next(turn for turn in talk.turns if len(turn.messages[0].buttons) == 11).messages[0].buttons[int(number)]
        )
        action = presses.decode(button.press)
        assert action
        talk.do(action)
        assert kept(talk) == [(int(number), left)]
    talk.tap("書かずに終える")
    assert kept(talk) == [(2, "")]


@pytest.mark.parametrize(
    "argument", ["", "-", "7", "check:nobody-7", "check:{token}-11", "check:{token}-x", "booking:1-3"]
)
def test_what_nobody_was_asked_is_not_kept(talk: Talk, argument: str) -> None:
    check(talk)
    asked(talk, hours=2)
    result = talk.result()
    assert result
    talk.do(Command("nps", argument.format(token=result.token)))
    assert kept(talk) == [(None, "")]
    assert "受け付けていません" in talk.shown()[0].text


def test_somebody_elses_survey_is_not_answered(talk: Talk) -> None:
    check(talk)
    asked(talk, hours=2)
    action = talk.action("0")
    talk.go_to("stranger")
    talk.open()
    talk.do(action)
    assert kept(talk) == [(None, "")]


# ---------------------------------------------------------------- how it looks


SCALE = Message("?", buttons=tuple(Button(str(n), presses.encode(Command("nps", f"booking:1-{n}"))) for n in range(11)))


def test_numbers_stand_six_in_a_row_and_words_do_not() -> None:
    assert abreast(SCALE.buttons) == 6
    assert abreast((*SCALE.buttons, Button("やめる", "c:menu"))) == 1
    assert abreast(()) == 1


def test_the_scale_is_two_rows_on_every_platform() -> None:
    settings = settings_for("https://banso.example", telegram_bot_token="1:a", telegram_webhook_secret="b")
    telegram = Telegram(settings, "https://banso.example", _no_pictures(), packaged().phrases)
    [part] = telegram.render([SCALE], "")
    assert [len(row) for row in part["reply_markup"]["inline_keyboard"]] == [6, 5]

    [blocks] = Blocks("", _no_pictures(), packaged().phrases).messages([SCALE])
    assert [len(block["elements"]) for block in blocks if block["type"] == "actions"] == [6, 5]

    [request] = Flex("", _no_pictures(), packaged().phrases).requests([SCALE])
    [flex] = request["messages"]
    rows = [node for node in _boxes(flex["contents"]) if node.get("layout") == "horizontal"]
    assert [len([cell for cell in row["contents"] if "action" in cell]) for row in rows] == [6, 5]
    assert {len(row["contents"]) for row in rows} == {6}
    assert flex["altText"] == "?"

    assert '<div class="list numbers">' in pages.fragment(pages.Entry(1, "", (SCALE,)))


def _no_pictures() -> Any:
    class NoPictures:
        def url(self, picture: object) -> None:
            return None

    return NoPictures()


def _boxes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in (node.get("body"), *node.get("contents", ())):
        if child:
            yield from _boxes(child)


# ---------------------------------------------------------------- what is made of it


def answers(url: str, kind: str, scores: list[int | None], **more: Any) -> None:
    """Answers of as many owners."""
    database = Database(url)
    with database.writing() as connection:
        for n, score in enumerate(scores):
            owner = owners.lock(connection, "test", "chat", f"{kind}-{n}", "", at(1, 10))
            row = {"owner_id": owner.id, "subject": f"{kind}:{n}", "score": score, "reason": "", "at": at(1, 10)}
            connection.execute(insert(survey).values(row | more))
    database.close()


def figures(url: str, since: str = "", with_reasons: bool = False) -> dict[str, Any]:
    database = Database(url)
    with database.reading() as connection:
        found = stats.nps(connection, packaged().reference, since, with_reasons)
    database.close()
    return found


def test_the_score_is_promoters_less_detractors(database_url: str) -> None:
    answers(database_url, "check", [10, 9, 9, 8, 7, 6, 0, 0, 0, 0, None])
    answers(database_url, "booking", [10])
    found = figures(database_url)
    check = found["check"]
    assert (check["asked"], check["answered"]) == (11, 10)
    assert (check["promoters"], check["passives"], check["detractors"]) == (3, 2, 5)
    assert (check["nps"], check["mean"], check["few"]) == (-20.0, 4.9, False)
    assert (found["booking"]["nps"], found["booking"]["few"]) == (100.0, True)
    assert check["national"] == {"nps": -47.4, "n": 211, "source": "みらデジ事業 令和4年度報告書(2023年3月)"}
    assert found["booking"]["national"]["nps"] == -12.7


def test_few_answers_are_said_to_be_few_and_none_to_be_none(database_url: str) -> None:
    answers(database_url, "check", [10] * 9)
    said = list(stats.lines(figures(database_url)))
    assert "fewer than 10 answers say little" in said[0]
    assert said[2] == "Consultation: no answers yet (0 asked)"


def test_answers_from_before_a_day_are_left_out(database_url: str) -> None:
    answers(database_url, "check", [10])
    assert figures(database_url, "2026-12-01")["check"]["answered"] == 1
    assert figures(database_url, "2026-12-02")["check"]["answered"] == 0


def test_reasons_are_shown_only_where_they_are_asked_for(database_url: str) -> None:
    answers(database_url, "check", [3], reason="質問が\n多い")
    assert "多い" not in json.dumps(figures(database_url), ensure_ascii=False)
    found = figures(database_url, with_reasons=True)
    assert found["check"]["reasons"] == [{"score": 3, "reason": "質問が\n多い"}]
    assert "   3  質問が 多い" in list(stats.lines(found))


def test_every_kind_of_survey_is_counted() -> None:
    assert set(stats.NATIONAL) == set(stats.NAMES) == set(surveys.KINDS)
