"""What a transcript can't show of a conversation over the real path: what is kept, and whose buttons are obeyed."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from bot.turn import SAID_LIMIT
from tests.talk import Talk


@pytest.fixture
def talk(database_url: str) -> Iterator[Talk]:
    """An owner who has come to the last question of the quick check."""
    with closing(Talk(database_url)) as talk:
        talk.open()
        talk.tap("1分でざっくり")
        talk.pick(["財務の改善", "人材の確保"])
        for label in ("紙や口頭が中心", "あてはまる", "ややあてはまる", "あてはまらない"):
            talk.tap(label)
        yield talk


def test_what_was_answered_and_said_is_kept(talk: Talk) -> None:
    """Answers as values, the owner's side of the conversation in words."""
    talk.tap("Aに近い")
    kept = talk.result()
    assert kept
    assert kept.answers == talk.answers()
    assert kept.answers["picks"] == ["finance", "people"]
    said = [turn.said for turn in talk.turns]
    assert said[:5] == ["", "1分でざっくり", "", "", "財務の改善、人材の確保"]
    assert said[-2:] == ["あてはまらない", "Aに近い"]


def test_a_restart_and_a_month_change_nothing(talk: Talk) -> None:
    """The record after them is the record before them."""
    before = talk.record()
    talk.wait(days=30)
    talk.restart()
    assert talk.record() == before


def test_an_edited_answer_keeps_the_address_of_the_result(talk: Talk) -> None:
    """Whoever was given the link sees the new result."""
    talk.tap("Aに近い")
    before = talk.result()
    talk.tap("答えを見直す")
    talk.tap("いちばんの課題")
    talk.toggle("財務の改善")
    talk.tap("これで決定")
    after = talk.result()
    assert before
    assert after
    assert after.token == before.token
    assert after.answers == before.answers | {"picks": ["people"]}


def test_what_is_no_answer_changes_nothing(talk: Talk) -> None:
    """Junk of every sort: the record stays, but for what it counts."""
    before = talk.answers()
    for text in ("", "\0", "\ud800", "あ" * 10_000, "<b>x</b>", "😀", "'; DROP TABLE owner; --"):
        talk.say(text)
    talk.send("sticker")
    talk.send("picture")
    assert talk.answers() == before
    assert max(len(turn.said) for turn in talk.turns) == SAID_LIMIT


def test_a_button_of_another_conversation_is_not_obeyed(talk: Talk, database_url: str) -> None:
    """Buttons carry the conversation: one that was passed on does nothing elsewhere."""
    with closing(Talk(database_url, address="another")) as other:
        other.open()
        other.tap("1分でざっくり")
        before = other.record()
        other.do(talk.action("Aに近い"))
        other.do(talk.action("戻る"))
        assert other.answers() == before.frames[0].answers


def test_an_event_that_comes_twice_is_answered_once(talk: Talk) -> None:
    """The second copy brings no answer and changes nothing."""
    talk.tap("Aに近い")
    before = talk.record()
    assert talk.again() == ()
    assert talk.record() == before
