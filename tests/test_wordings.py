"""The tokens into which owners' words for days and times are cut."""

from __future__ import annotations

from datetime import date

import pytest

from scheduler.wordings import TOKENS, Token, read

TODAY = date(2026, 11, 21)


def cut(text: str) -> list[str]:
    """The tokens of a text as kind:words, and what stands behind them in brackets."""
    return [
        f"{token.kind}:{token.text}" + "".join(f"[{behind}]" for behind in (token.mark, token.denied) if behind)
        for token in read(text, TODAY)
    ]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("１２月３日（木）", "month:12月[next] day:3日[next]"),
        ("12がつ3にち", "month:12月[next] day:3日[next]"),
        ("R8.12.3", "month:2026年12月[next] day:3日[next]"),
        ("来月の火曜", "month:2026年12月 weekday:火曜[next]"),
        ("来年", "year:2027年[next]"),
        ("さらいしゅうのあさ", "week:再来週 period:朝[next]"),
        ("スポーツの日", "sort:すぽーつの日[next]"),
        ("明晩8時半", "later:明日 clock:夜8時半[next]"),
        ("9時ー17時", "clock:9時[from] clock:17時[next]"),
        ("3、4、5日", "day:3日[comma] day:4日[comma] day:5日[next]"),
        ("月〜金", "weekday:月曜[from] weekday:金曜[next]"),
        ("インボイスによる、2時間の相談", ""),
    ],
)
def test_however_it_is_written_it_is_cut_into_the_same_tokens(text: str, tokens: str) -> None:
    assert cut(text) == tokens.split()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("火曜以降", "weekday:火曜[after]"),
        ("火曜まで", "weekday:火曜[until]"),
        ("火曜より前", "weekday:火曜[before]"),
        ("火曜または水曜", "weekday:火曜[or] weekday:水曜[next]"),
        ("来週は、火曜", "week:来週[pause] weekday:火曜[next]"),
        ("火曜以外", "weekday:火曜[but]"),
        ("火曜と水曜は無理", "weekday:火曜[and][no] weekday:水曜[no]"),
        ("来週、水曜は無理", "week:来週[comma] weekday:水曜[no]"),
        ("火曜の午後は無理", "weekday:火曜[no]"),
        ("火曜が無理なら水曜", "weekday:火曜 weekday:水曜[next]"),
        ("火曜しか無理", "weekday:火曜"),
    ],
)
def test_a_token_knows_what_stands_behind_it(text: str, tokens: str) -> None:
    assert cut(text) == tokens.split()


def test_a_limit_and_a_denial_are_not_what_is_wanted() -> None:
    assert Token("weekday", "火曜", mark="or").wanted
    assert not Token("weekday", "火曜", mark="until").wanted
    assert not Token("weekday", "火曜", denied="but").wanted


def test_a_time_may_be_rough_and_a_weekday_each() -> None:
    assert [token.about for token in read("3時ごろか5時", TODAY)] == [True, False]
    assert [token.every for token in read("毎週火曜", TODAY)] == [True]
    assert [token.every for token in read("火曜", TODAY)] == [False]


def test_of_a_long_text_only_the_first_tokens_are_read() -> None:
    assert len(read("火曜、" * 1000, TODAY)) == TOKENS
