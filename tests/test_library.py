"""The step library: what a campaign's file holds, what is said of a wrong one, and those that come ready-made."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

import pytest

from bot import campaigns as rules
from bot.content import library_texts
from dialogs import library
from dialogs.content import packaged
from dialogs.letters import LONGEST_TEXT, Letter, written
from dialogs.library import SOURCED, draft_of, leads, read, ready, unfounded
from knowledge import faq
from knowledge.problems import ContentError, Problem
from storage import segments, triggers
from storage.segments import Segment

WHOLE = """
name = "締切のお知らせ"
trigger = "unbooked"
goal = "booked"
holdout = 10
months = [11, 12]

[segment]
stages = ["finished"]
prefectures = ["13"]
seen_to = 90
due = true

[[steps]]
days = 0
[steps.a]
text = "こんにちは。{{ step or '一歩' }}から始めませんか。"
buttons = [{ label = "続きから", to = "resume" }, { label = "サイト", to = "https://example.jp/" }]
[steps.b]
text = "お知らせです。"
picture = "share"

[[steps]]
days = 3
[steps.a]
text = "その後、いかがですか。"
[steps.b]
text = "もう一度です。"
"""


def said_of(text: str) -> list[str]:
    with pytest.raises(ContentError) as wrong:
        read(text)
    return [f"{problem.place}: {problem.what}" for problem in wrong.value.problems]


def test_a_file_holds_all_of_a_campaign() -> None:
    draft = read(WHOLE)
    assert (draft.name, draft.trigger, draft.goal, draft.holdout) == ("締切のお知らせ", "unbooked", "booked", 10)
    assert [step.days for step in draft.steps] == [0, 3]
    assert draft.steps[0].letters["a"].buttons == (("続きから", "resume"), ("サイト", "https://example.jp/"))
    assert draft.steps[0].letters["b"] == Letter("お知らせです。", (), "share")
    segment = segments.from_json(dict(draft.segment))
    assert segment == Segment(stages=("finished",), prefectures=("13",), seen_to=90, due=True)


def test_all_problems_are_told_at_once_each_with_its_place_and_what_to_do() -> None:
    text = """
name = 1
colour = "red"
trigger = "rain"
holdout = 99
months = [13]
[segment]
stages = ["asleep"]
deadline = "gbiz-time"
[[steps]]
days = -1
[steps.a]
text = "{{ wages }}"
buttons = [
  { label = "とても長いので入りきらないボタンの名前です", to = "nowhere" },
  { label = "見る", to = "see-nothing" },
]
facts = ["no-such"]
[[steps]]
days = 3
[steps.b]
text = ""
"""
    with pytest.raises(ContentError) as wrong:
        read(text, "mine.toml")
    found = wrong.value.problems
    assert {problem.place for problem in found} >= {
        "name",
        "colour",
        "trigger",
        "holdout",
        "months",
        "segment.stages",
        "segment.deadline",
        "steps[0].days",
        "steps[0].a.text",
        "steps[0].a.facts",
        "steps[0].a.buttons[0].label",
        "steps[0].a.buttons[0].to",
        "steps[0].a.buttons[1].to",
        "steps[1].b.text",
        "steps",
    }
    assert all(problem.file == "mine.toml" and problem.remedy for problem in found)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name =", "(file): can't be read"),
        ('name = "x"', "steps: is missing"),
        ('name = "x"\nsteps = []', "steps: is empty"),
        ('name = "x"\n[[steps]]\ndays = 0', "steps[0].a: has no letter"),
        ('name = "x"\n[[steps]]\ndays = 0\n[steps.a]\ntext = "{{ step }}"', "steps[0].a.text: says nothing"),
        (f'name = "x"\n[[steps]]\ndays = 0\n[steps.a]\ntext = "{"あ" * LONGEST_TEXT}"', "steps[0].a.text: has 500"),
    ],
)
def test_what_can_t_be_sent_is_no_campaign(text: str, told: str) -> None:
    assert any(line.startswith(told) for line in said_of(text)), said_of(text)


PICTURED = 'name = "x"\n[[steps]]\ndays = 0\n[steps.a]\ntext = "一"\n'


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('picture = "flyer.gif"\nalt = "絵"', "steps[0].a.picture: 'flyer.gif' is not known"),
        ('picture = "flyer.png"', "steps[0].a.alt: is missing"),
        ('picture = "share"\nalt = "絵"', "steps[0].a.alt: belongs to no picture"),
        (f'picture = "flyer.jpg"\nalt = "{"字" * 101}"', "steps[0].a.alt: has 101"),
    ],
)
def test_a_picture_has_a_file_and_words_for_it(lines: str, told: str) -> None:
    assert any(line.startswith(told) for line in said_of(PICTURED + lines)), said_of(PICTURED + lines)


def test_a_ready_made_campaign_has_no_picture_of_anybodys_own() -> None:
    text = PICTURED + 'picture = "flyer.png"\nalt = "絵"'
    assert read(text).steps[0].letters["a"] == Letter("一", (), "flyer.png", "絵")
    problems: list[Problem] = []
    draft_of(text, "ready.toml", problems, {}, founded=True)
    assert "steps[0].a.picture" in {problem.place for problem in problems}


def test_a_segment_of_a_file_can_say_whatever_a_segment_can() -> None:
    named = {*library.conditions(), *library.SPANS, "due", "deadline"}
    assert named == {one.name for one in fields(Segment)}
    assert set(library.TRIGGERS) == set(triggers._CONDITIONS)


# ---------------------------------------------------------------- what it rests on


def test_every_day_amount_and_share_stands_in_an_entry_that_is_named() -> None:
    entry = faq.entries()["jz-now"]
    assert unfounded("2026年12月15日17時まで。様式4は12月4日まで。", [entry]) == []
    assert unfounded("12月14日まで。補助は200万円、70%。", [entry]) == ["12月14日", "200万円", "70%"]
    # The end of another number is none of ours.
    assert unfounded("2月15日まで。", [entry]) == ["2月15日"]
    problems: list[Problem] = []
    wrong = '[[steps]]\ndays = 0\n[steps.a]\ntext = "12月14日までです。"\nfacts = ["jz-now"]'
    draft_of(f'name = "x"\n{wrong}', "x.toml", problems, faq.entries(), founded=True)
    assert [problem.what for problem in problems] == ["'12月14日' stands in no entry that is named"]


def test_an_agency_s_own_file_may_name_a_day_of_its_own() -> None:
    draft = read('name = "体験会"\n[[steps]]\ndays = 0\n[steps.a]\ntext = "体験会は12月10日14時からです。"')
    assert draft.steps[0].letters["a"].text == "体験会は12月10日14時からです。"


def test_a_letter_says_where_its_facts_are_from_and_of_when() -> None:
    text = ready()["jizokuka"].steps[0].letters["a"].text
    assert text.endswith(
        "(出典:小規模事業者持続化補助金(一般型・通常枠)第20回公募要領、2026年8月2日/デジタル庁 GビズIDの案内、2026年)"
    )


def test_what_rests_on_a_fact_is_offered_while_it_holds_and_no_longer() -> None:
    draft = ready()["jizokuka"]
    assert draft.valid_until == faq.entries()["jz-now"].valid_until == date(2026, 12, 4)
    standings = [draft.standing(date(2026, *day)) for day in ((11, 4), (11, 5), (12, 4), (12, 5))]
    assert standings == ["not yet", "offered", "offered", "ended"]


def test_a_file_can_end_earlier_than_its_facts_and_keep_to_its_months() -> None:
    draft = ready()["invoice-january"]
    assert (faq.entries()["toroku-kibobi"].valid_until or date.min) > date(2026, 12, 17)
    days = [(2026, 10, 31), (2026, 12, 17), (2026, 12, 18)]
    assert [draft.standing(date(*day)) for day in days] == ["out of season", "offered", "ended"]


# ---------------------------------------------------------------- those that come ready-made


def test_the_library_has_what_agencies_ask_for_first() -> None:
    assert {"welcome", "dropped", "unbooked", "action", "half-year"} <= ready().keys()
    assert {"jizokuka", "gbizid", "january", "invoice-january", "invoice-rate", "sanwari", "aoiro"} <= ready().keys()
    # Each trigger has its campaign.
    assert {draft.trigger for draft in ready().values()} == {"", *library.TRIGGERS}


@pytest.mark.parametrize("name", ready())
def test_a_ready_made_campaign_can_be_sent_as_it_is(name: str) -> None:
    draft, content = ready()[name], packaged()
    assert rules.wrong(rules.plan_from(draft), content) == {}
    assert draft.about
    for step in draft.steps:
        for letter in step.letters.values():
            assert all(leads(to, content.faq) for _, to in letter.buttons)
            # A figure has its source.
            assert SOURCED in letter.text or not unfounded(letter.text, [])
            assert "「」" not in written(letter, {})


def test_what_ready_made_campaigns_say_is_measured_as_all_content_is() -> None:
    shown = list(library_texts(ready()))
    assert any(one.place == "steps[1].a.text" and "その後、いかがですか。" in one.text for one in shown)
    assert {one.kind for one in shown} == {"part", "label"}
    assert not any(SOURCED in one.text or "{" in one.text for one in shown)
