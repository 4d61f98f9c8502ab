"""The phrases and what the engine understands belong together; that all are used and fit is for test_content."""

import re

import pytest

from dialogs.content import packaged
from dialogs.flows import FLOWS

PHRASES = packaged().phrases
# What stands in quotes in a phrase and is no command: a way to write an answer.
EXAMPLES = {"1と3", "まず何から始めるか", "来週火曜の午後", "09012345678", "みなと商工会議所の佐藤", "伴走"}
# … for members of agencies: a page of the desk, and a command of Slack's.
EXAMPLES |= {"自分の設定", "/forward 会社名"}


def said() -> list[str]:
    """All phrases as they stand, with their blanks."""
    from bot.content import written

    pieces = list(written())
    return [p.value for p in pieces if p.kind == "say"] + [p.value["text"] for p in pieces if p.kind == "ask"]


def test_what_a_phrase_tells_the_owner_to_write_is_understood() -> None:
    """Every 「…」 in a phrase is a command that may be typed at any moment, or stands on what is shown with it."""
    quoted = {words for text in said() for words in re.findall(r"「([^」]+)」", text) if "{{" not in words}
    labels = {choice.label for ask in PHRASES.asks.values() for choice in ask.choices} | {*PHRASES.buttons.values()}
    assert {words for words in quoted - EXAMPLES - labels if PHRASES.words.command(words) is None} == set()
    assert quoted >= EXAMPLES


@pytest.mark.parametrize("name", ["back", "later", "menu"])
def test_a_quiet_button_may_be_typed(name: str) -> None:
    """The label of a button beside every question means the same where it is typed."""
    assert PHRASES.words.command(PHRASES.buttons[name]) == name


def test_the_button_that_ends_a_multi_choice_may_be_typed() -> None:
    """So that whoever can't tap can end it too."""
    assert PHRASES.words.finishes(PHRASES.buttons["done"])


# What only a button, a code or a form leads to, as it has to be said of what.
OF_SOMETHING = {
    *("accept", "action", "agree", "attend", "cancel", "change", "decline", "discard", "dismiss", "enrol", "guest"),
    *("held", "hours", "join", "leave", "missed", "nps", "offer", "officer", "propose", "record", "share", "thread"),
    *("go", "unshare", "unwait", "write", "member", "referred", "reply", "staff"),
}


@pytest.mark.parametrize("name", sorted(set(FLOWS) - OF_SOMETHING - {"check", "deepen", "question"}))
def test_every_flow_may_be_called_by_name(name: str) -> None:
    """Whatever stands in the menu can be had by a typed word at any moment, too."""
    assert name in PHRASES.words.commands.values()
