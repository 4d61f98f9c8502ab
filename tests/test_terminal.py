"""The conversation in the terminal: the same bot, with numbered choices."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from bot.settings import Settings
from bot.terminal import converse
from dialogs.content import packaged
from storage import Database
from tests.serving import SECRET

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def talk(database_url: str) -> Callable[[str], str]:
    """Say these lines in a terminal of its own; gives what it showed."""

    def say(lines: str) -> str:
        settings = Settings(_env_file=None, database_url=database_url, secret_key=SecretStr(SECRET))
        shown = io.StringIO()
        converse(Database(database_url), packaged(), settings, "somebody", io.StringIO(lines), shown)
        return shown.getvalue()

    return say


def test_a_quick_check_by_numbers_ends_in_a_result(talk: Callable[[str], str]) -> None:
    shown = talk("1\n1と3\n1\n3\n3\n3\n1\n")
    assert "1. 1分でざっくり" in shown
    assert "診断結果" in shown
    assert "[図] 取組むべきことの占有率" in shown
    assert "http://127.0.0.1:8000/r/" in shown


def test_a_terminal_opened_again_goes_on_from_the_very_question(talk: Callable[[str], str]) -> None:
    talk("1\n1と3\n")
    shown = talk("")
    assert "おかえりなさい" in shown
    assert "1. 紙や口頭が中心" in shown


def test_what_is_not_understood_is_answered_with_the_choices(talk: Callable[[str], str]) -> None:
    shown = talk("ほげ\n\n99\n")
    assert shown.count("1. 1分でざっくり") == 4


def test_the_ways_out_are_shown_in_words(talk: Callable[[str], str]) -> None:
    shown = talk("2\nあとで続ける\n続ける\n")
    assert "[戻る・あとで続ける・メニュー]" in shown
    assert shown.rstrip().endswith("[戻る・あとで続ける・メニュー]")
