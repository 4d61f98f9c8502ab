"""The pages as HTML: what they show of turns and results, and what they never contain."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from bot.settings import PLATFORMS
from bot.web import pages
from bot.web.pages import Entry, Way
from bot.web.result import ResultView, result_view
from dialogs import presses
from dialogs.content import packaged
from dialogs.events import Command, Picked, Tapped, Toggled
from dialogs.messages import Button, Message, Picture
from scoring.advice import Action
from scoring.result import Comparison, Result
from scoring.score import score
from storage.codes import LIFE
from storage.retention import Limits
from tests import answers

CONTENT = packaged()
DAY = date(2026, 11, 21)
VOID = {"meta", "link", "input", "img", "br"}
WAYS = (
    Way("line", "https://line.example/go-abcd2345"),
    Way("telegram", "https://t.example/go-abcd2345"),
    Way("slack", None),
)
MARKUP = '<script>alert("1")</script>'


class Element:
    """One element of a page: its name, attributes, text with that of what it holds, and what it stands in."""

    def __init__(self, name: str, attributes: dict[str, str | None], within: Element | None) -> None:
        self.name = name
        self.attributes = attributes
        self.within = within
        self.text = ""

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name) or ""

    def inside(self, name: str) -> bool:
        """Whether it stands in an element of this name."""
        return self.within is not None and (self.within.name == name or self.within.inside(name))


class Page(HTMLParser):
    """A page parsed: its elements in order. Complains where tags do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.open: list[Element] = []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs), self.open[-1] if self.open else None)
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().name == tag

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def all(self, name: str, css: str = "") -> list[Element]:
        """The elements of a name, and of a class where one is given."""
        return [e for e in self.elements if e.name == name and (not css or css in e["class"].split())]

    def rows(self) -> list[list[str]]:
        """The rows of the tables, each by the words of its cells."""
        cells = [e for e in self.elements if e.name in ("td", "th")]
        return [[" ".join(e.text.split()) for e in cells if e.within is row] for row in self.all("tr")]

    def text(self) -> str:
        return " ".join(self.elements[0].text.split())


def turn(*messages: Message, said: str = "") -> Page:
    return Page(pages.fragment(Entry(7, said, messages)))


def choices(values: str = "abc", **more: Any) -> tuple[Button, ...]:
    return tuple(Button(f"選択{v}", presses.encode(Tapped("r.1", "q", v)), **more) for v in values)


def boxes(values: str = "abc") -> tuple[Button, ...]:
    return tuple(Button(f"選択{v}", presses.encode(Toggled("r.1", "q", v)), picked=v == "b") for v in values)


DONE = Button("これで決定", presses.encode(Picked("r.1", "q")))
NONE = Button("とくにない", presses.encode(Picked("r.1", "q", ())))


# ---------------------------------------------------------------- the chat


def test_what_an_owner_typed_is_shown_as_text() -> None:
    page = turn(Message(f"「{MARKUP}」ですね。"), said=MARKUP)
    assert not page.all("script")
    assert page.all("span", "words")[0].text == MARKUP
    assert MARKUP in page.text()


def test_every_press_is_a_button_of_a_form_that_needs_no_script() -> None:
    side = (Button("戻る", presses.encode(Command("back", "r.1:q"))),)
    page = turn(Message("どれですか。", kind="one", buttons=choices(), side=side))
    buttons = page.all("button")
    assert [(b["name"], b["value"], b.text.strip()) for b in buttons] == [
        ("press", "a:r.1:q:a", "選択a"),
        ("press", "a:r.1:q:b", "選択b"),
        ("press", "a:r.1:q:c", "選択c"),
        ("press", "c:back:r.1:q", "戻る"),
    ]
    assert all(button.inside("form") for button in buttons)
    assert {(f["method"], f["action"]) for f in page.all("form")} == {("post", "/chat#newest")}


def test_a_multi_choice_is_boxes_with_the_values_of_its_choices() -> None:
    page = turn(Message("どれですか。", kind="many", buttons=boxes(), done=DONE, none=NONE))
    ticks = page.all("input")
    assert [(t["type"], t["name"], t["value"], "checked" in t.attributes) for t in ticks] == [
        ("checkbox", "pick", "a", False),
        ("checkbox", "pick", "b", True),
        ("checkbox", "pick", "c", False),
    ]
    assert all(tick.inside("label") for tick in ticks)
    assert [b["value"] for b in page.all("button") if b["name"] == "press"] == [DONE.press, NONE.press]


@pytest.mark.parametrize(("limit", "shown"), [(0, 1), (2, 0)])
def test_all_can_be_chosen_at_once_where_there_is_no_limit(limit: int, shown: int) -> None:
    page = turn(Message("どれですか。", kind="many", buttons=boxes(), done=DONE, limit=limit))
    everything = page.all("button", "all")
    # Hidden until the script shows it: without one it would do nothing.
    assert ["hidden" in button.attributes for button in everything] == [True] * shown
    assert page.all("p", "count")[0]["data-limit"] == str(limit)


def test_groups_are_folded_up_and_a_group_of_one_is_not() -> None:
    buttons = (*choices("a", group="北海道"), *choices("bc", group="東北"), *choices("de", group="関東"))
    page = turn(Message("どこですか。", kind="one", buttons=buttons))
    assert [summary.text for summary in page.all("summary")] == ["東北", "関東"]
    assert all("open" not in group.attributes for group in page.all("details"))
    assert [b.inside("details") for b in page.all("button")] == [False, True, True, True, True]


def test_groups_keep_the_order_of_the_choices() -> None:
    buttons = (*choices("a"), *choices("bc", group="後"), *choices("de", group="先"), *choices("f"))
    page = turn(Message("どれですか。", kind="one", buttons=buttons))
    assert [b["value"][-1] for b in page.all("button")] == list("abcdef")


def test_a_text_question_offers_its_examples_the_box_and_the_way_past_it() -> None:
    skip = Button("いまは答えない", presses.encode(Tapped("r.1", "q", "")))
    page = turn(Message("夢は何ですか。", kind="text", buttons=choices(), none=skip))
    assert len(page.all("button")) == 4
    assert page.all("button")[-1]["value"] == "a:r.1:q:"
    assert [a["href"] for a in page.all("a")] == ["#text"]


@pytest.mark.parametrize(
    ("left", "words", "value"), [(12, "あと12問", "2"), (1, "あと1問", "13"), (0, "最後の質問です", "14")]
)
def test_progress_is_told_in_words_and_as_a_bar(left: int, words: str, value: str) -> None:
    page = turn(Message("どれですか。", kind="one", buttons=choices(), left=left, total=15))
    assert words in page.text()
    bar = page.all("progress")[0]
    assert (bar["role"], bar["value"], bar["max"]) == ("progressbar", value, "15")
    assert bar["aria-label"]


def test_a_question_outside_the_plan_has_no_progress() -> None:
    assert not turn(Message("どれですか。", kind="one", buttons=choices())).all("progress")


def test_the_choices_are_a_group_named_by_the_question() -> None:
    page = turn(Message("はじめに。"), Message("どれですか。\n1つ選んでください。", kind="one", buttons=choices()))
    group = next(e for e in page.elements if e["role"] == "group")
    name = next(e for e in page.elements if e["id"] == group["aria-labelledby"])
    assert name.text.split() == ["どれですか。", "1つ選んでください。"]


def test_the_first_text_of_a_turn_can_be_given_the_focus() -> None:
    page = turn(Message("はじめに。"), Message("どれですか。", kind="one", buttons=choices()))
    focusable = [e for e in page.elements if e["tabindex"] == "-1"]
    assert [e.text.strip() for e in focusable] == ["はじめに。"]


def test_links_are_links() -> None:
    page = turn(
        Message(
            "こちらです。", buttons=(Button("結果を見る", url="/r/abc"), Button("外へ", url="https://example.jp/"))
        ),
        Message("https://example.jp/yorozu\n相談できます。"),
    )
    assert [(a["href"], a["rel"]) for a in page.all("a")] == [
        ("/r/abc", ""),
        ("https://example.jp/", "noreferrer"),
        ("https://example.jp/yorozu", "noopener noreferrer"),
    ]
    assert not page.all("button")


def test_a_button_beside_a_text_is_a_button_too() -> None:
    page = turn(Message("消しました。", buttons=(Button("もう一度はじめる", presses.encode(Command("start"))),)))
    assert [b["value"] for b in page.all("button")] == ["c:start"]


def test_a_picture_has_words_and_a_size() -> None:
    page = turn(Message(picture=Picture("share", "tok", f"占有率。{MARKUP}")))
    image = page.all("img")[0]
    assert (image["src"], image["alt"], image["width"]) == ("/r/tok/share.png", f"占有率。{MARKUP}", "1040")
    assert image["height"]


def test_the_page_holds_the_very_turns_that_are_sent_to_it() -> None:
    entries = [Entry(1, "", (Message("こんにちは。"),)), Entry(2, "はい", (Message("では。"),))]
    page = pages.chat_page(entries)
    assert all(pages.fragment(entry) in page for entry in entries)
    assert [e["data-turn"] for e in Page(page).all("section")] == ["1", "2"]


def test_without_a_script_the_page_shows_the_newest_turn() -> None:
    page = Page(pages.chat_page([Entry(1), Entry(2)]))
    newest = next(n for n, e in enumerate(page.elements) if e["id"] == "newest")
    assert page.elements[newest + 1]["data-turn"] == "2"


def test_typed_words_have_a_labelled_box() -> None:
    page = Page(pages.chat_page([Entry(1)]))
    box = page.all("textarea")[0]
    assert (box["name"], box.inside("form")) == ("text", True)
    assert [label.text for label in page.all("label") if label["for"] == box["id"]] == ["ご自分の言葉で送る"]


def test_a_conversation_that_was_lost_is_told() -> None:
    assert "前の会話を開けませんでした" in pages.chat_page([Entry(1)], lost=True)
    assert "前の会話を開けませんでした" not in pages.chat_page([Entry(1)])


def test_the_words_of_a_failure_wait_in_the_page() -> None:
    page = Page(pages.chat_page([Entry(1)]))
    assert [b.text for b in page.all("button", "retry")] == ["もう一度送る"]
    assert all(b.inside("template") for b in page.all("button", "retry"))


# ---------------------------------------------------------------- the result


def owner(literacy: str, type: str, depth: str, **more: Any) -> dict[str, Any]:
    items, pairs = "3" if literacy == "high" else "2", "a1" if type == "banso" else "b1"
    if depth == "quick":
        given = answers.quick(("office", "sales"), items)
    else:
        given = answers.full({"office": "urgent", "sales": "urgent", "people": "some"}, items, started=("people",))
    return given | {id: pairs for id in given if id.startswith(("q5.", "q6."))} | more


NATIONAL = Comparison(own=False, n=4053, same_segment=2194, balance={})
PEERS = Comparison(own=True, n=23, same_segment=7, balance={"network": 61, "mind": 42})
ACTIONS = (
    Action("accounting", ("q2.office", "q2.sales", "q3", "q4.data")),
    Action("chat", ("q2.people",)),
    Action("website", ("picks", "stage", "q4.plan")),
)


def view(
    given: dict[str, Any],
    comparison: Comparison = NATIONAL,
    actions: tuple[Action, ...] = ACTIONS,
    earlier: tuple[Result, date] | None = None,
) -> ResultView:
    result = Result(score(CONTENT.questionnaire, given), actions, comparison)
    return result_view(
        CONTENT.questionnaire,
        CONTENT.catalogue,
        CONTENT.reference,
        result=result,
        answers=given,
        token="tok",
        day=DAY,
        earlier=earlier,
    )


def shown(*args: Any, **named: Any) -> Page:
    return Page(pages.result_page(view(*args, **named)))


def earlier() -> tuple[Result, date]:
    return Result(score(CONTENT.questionnaire, owner("low", "banso", "full")), ACTIONS, NATIONAL), date(2026, 5, 10)


@pytest.mark.parametrize("depth", ["quick", "full"])
@pytest.mark.parametrize("type", ["banso", "jiso"])
@pytest.mark.parametrize("literacy", ["high", "low"])
def test_each_segment_has_its_verdict_and_its_way_on(literacy: str, type: str, depth: str) -> None:
    page = shown(owner(literacy, type, depth))
    sentence = page.all("p", "sentence")[0].text
    assert ("整ってきています" if literacy == "high" else "これから整えていく") in sentence
    assert ("だれかと一緒に" if type == "banso" else "ご自分たちで") in sentence
    steps = page.all("li", "step")
    assert len(steps) == 3
    advice = CONTENT.catalogue.advice["accounting"]
    text = steps[0].text
    assert advice.title in text
    assert (advice.step_low if literacy == "low" else advice.step_high) in text
    assert (advice.together if type == "banso" else advice.alone) in text
    # A desk for whoever wants somebody alongside or finds the digital hard, materials for whoever goes alone.
    assert (CONTENT.reference.desk(advice.desk, "13").name in text) == (type == "banso" or literacy == "low")
    assert (CONTENT.reference.materials[advice.material].what in text) == (type == "jiso")
    for words in (advice.kind, advice.effect, advice.sign, CONTENT.catalogue.costs[advice.cost]):
        assert words in text


def test_only_a_first_estimate_says_what_it_left_out_and_leads_on() -> None:
    banner = shown(owner("low", "banso", "quick")).all("div", "estimate")
    assert "省きました" in banner[0].text
    assert not shown(owner("low", "banso", "full")).all("div", "estimate")


def test_the_answers_that_speak_for_a_step_are_quoted() -> None:
    page = shown(owner("low", "banso", "full"))
    reasons = [" ".join(e.text.split()) for e in page.all("li") if e.inside("ul") and "ため" in e.text]
    # Those answered alike stand together; of the tools, the one that is missing is named.
    assert reasons[0] == "「事務業務の効率化」「新たな販売先の拡大」に「とくに重要・すぐ取り組む」とお答えのため"
    assert reasons[1] == "「使っている道具」に「会計ソフト」がないため"
    assert reasons[2] == "「数字の活用」に「あまりあてはまらない」とお答えのため"


def test_of_the_picked_challenges_those_are_quoted_that_the_step_serves() -> None:
    steps = view(owner("low", "banso", "quick")).steps
    assert [(quote.titles, quote.answer) for quote in steps[2].why] == [
        (("いちばんの課題",), "新たな販売先の拡大"),
        (("デジタル化の段階",), "紙や口頭が中心"),
    ]


def test_an_owner_is_sent_to_the_desk_of_the_own_prefecture() -> None:
    page = shown(owner("low", "banso", "full", prefecture="46"), actions=(Action("website", ()),))
    desk = CONTENT.reference.desk("yorozu", "46")
    assert [a.text for a in page.all("a") if a["href"] == desk.url] == [desk.name]
    assert f"出典:{desk.source}(2026年7月6日に確認)" in page.text()


def test_the_same_desk_is_explained_once() -> None:
    page = shown(owner("low", "banso", "full"), actions=(Action("website", ()), Action("chat", ())))
    assert page.text().count(CONTENT.reference.desk("yorozu").what) == 1
    assert "1番と同じです" in page.text()


def test_the_numbers_of_the_pictures_stand_in_tables() -> None:
    page = shown(owner("low", "banso", "full"))
    assert [i["src"] for i in page.all("img")] == ["/r/tok/share.png", "/r/tok/balance.png"]
    assert all("表" in image["alt"] for image in page.all("img"))
    rows = page.rows()
    assert ["事務業務の効率化", "すぐに", "44%"] in rows
    assert ["人材の確保 着手済み", "いずれは", "11%"] in rows
    assert ["ネット環境", "33"] in rows
    assert "前回" not in page.text()
    assert "同業他社" not in page.text()


def test_earlier_numbers_stand_beside_the_new_ones() -> None:
    page = shown(owner("high", "jiso", "full", **{"q2.finance": "some"}), earlier=earlier())
    rows = page.rows()
    assert ["事務業務の効率化", "すぐに", "36%", "44%"] in rows
    assert ["財務の改善", "いずれは", "18%", "なし"] in rows
    assert ["ネット環境", "67", "33"] in rows
    assert "前回(2026年5月10日(日)のしっかり診断)は52点満点で26点" in page.text()


def test_own_peers_are_shown_without_national_figures() -> None:
    page = shown(owner("high", "jiso", "full"), PEERS)
    assert "23社のうち" in page.text()
    assert "7社(30%)" in page.text()
    rows = page.rows()
    assert ["ネット環境", "67", "61"] in rows
    assert ["活用と安全", "67", "なし"] in rows
    assert "全国" not in page.text()
    assert "4,053" not in page.text()


def test_national_figures_are_shown_with_their_source_and_age() -> None:
    page = shown(owner("high", "banso", "full"))
    text = page.text()
    assert "4,053の会社やお店のうち" in text
    assert "2,194(54%)" in text
    assert "出典:みらデジ事業 令和4年度報告書(2023年3月)、4,053者。全国の数字は2022〜23年のものです。" in text
    assert "78.5%" in text
    assert "「事務業務の効率化」へのあなたのお答えは「とくに重要・すぐ取り組む」です。" in text
    assert "同業他社" not in text


def test_every_point_has_its_reason() -> None:
    page = shown(owner("low", "jiso", "full"))
    rows = page.rows()
    for item in CONTENT.questionnaire.items:
        title = CONTENT.questionnaire.questions[item.question].title
        assert [f"{title} {item.statement}", "あまりあてはまらない", "2"] in rows
    assert ["合計", "26"] in rows
    assert ["ツールの導入", "どちらかというとB", "0", "1"] in rows
    assert ["合計", "0", "5"] in rows
    assert "13問の合計は26点です。30点以上を「整ってきている」とします。" in page.text()
    assert "私たちが決めたものです" in page.text()


def test_a_short_form_is_held_against_the_same_average() -> None:
    text = shown(owner("low", "banso", "quick")).text()
    assert "3問の合計は6点です。" in text
    assert "同じ平均で、3問なら7点以上です。" in text


def test_all_answers_are_listed_and_typed_ones_are_text() -> None:
    page = shown(owner("low", "banso", "full", vision=MARKUP))
    listed = {e.text for e in page.all("dd")}
    assert {MARKUP, "小売業", "東京都", "どれも使っていない", "人材の確保"} <= listed
    assert len(page.all("script")) == 1


def test_without_challenges_there_is_nothing_to_share_out() -> None:
    page = shown(answers.full())
    assert "課題に挙げたものはありません。" in page.text()


def test_what_the_content_no_longer_has_is_left_out() -> None:
    given = owner("low", "banso", "full", **{"q4.gone": "2"})
    left = view(given, actions=(Action("gone", ("q2.office",)), Action("website", ("q4.gone", "q2.sales"))))
    assert [step.title for step in left.steps] == [CONTENT.catalogue.advice["website"].title]
    assert [quote.titles for quote in left.steps[0].why] == [("新たな販売先の拡大",)]


def test_a_result_can_be_deleted_printed_and_left() -> None:
    page = shown(owner("low", "banso", "full"))
    assert [(f["method"], f["action"], f.inside("details")) for f in page.all("form")] == [
        ("post", "/chat#newest", False),
        ("post", "/r/tok/delete", True),
    ]
    assert ["hidden" in b.attributes for b in page.all("button") if b["id"] == "print"] == [True]
    assert any(a["href"] == "/" for a in page.all("a", "hollow"))


# ---------------------------------------------------------------- every page


def every_page() -> dict[str, str]:
    kinds = ("not_found", "gone", "ended", "busy", "too_large", "method")
    question = Message("どれですか。", kind="many", buttons=boxes(), done=DONE, none=NONE, left=1, total=3)
    return {
        "chat": pages.chat_page([Entry(1, "", (question,)), Entry(2, "選択b", (question,))], lost=True),
        "result": pages.result_page(view(owner("low", "jiso", "full"), PEERS, earlier=earlier())),
        "quick": pages.result_page(view(owner("high", "banso", "quick"))),
        "notice": pages.notice_page(Limits()),
        "deleted": pages.deleted_page(),
        "link": link_page(own=True),
        "link from elsewhere": link_page(own=False),
        "enter": pages.enter_page(),
        "enter again": pages.enter_page("abc"),
        **{kind: pages.problem_page(kind) for kind in kinds},
    }


def link_page(*, own: bool, ways: tuple[Way, ...] = WAYS) -> str:
    until = datetime(2026, 12, 1, 15, 5)  # noqa: DTZ001 - UTC without zone, as the database keeps it
    return pages.link_page("go-abcd2345", until, 14, ways, own=own, site="https://banso.example", event="e1")


@pytest.mark.parametrize("name", every_page())
def test_a_page_has_one_heading_landmarks_and_a_way_back(name: str) -> None:
    page = Page(every_page()[name])
    assert page.all("html")[0]["lang"] == "ja"
    assert [len(page.all(part)) for part in ("h1", "header", "main", "title")] == [1, 1, 1, 1]
    assert {"name": "robots", "content": "noindex"} in [e.attributes for e in page.all("meta")]
    assert any(a["href"] == "/" for a in page.all("a"))
    ids = [e["id"] for e in page.elements if e["id"]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", every_page())
def test_a_page_needs_nothing_but_this_site(name: str) -> None:
    page = Page(every_page()[name])
    used = [e[key] for e in page.elements for key in ("src", "href") if e.name in ("script", "link", "img") and e[key]]
    assert used
    assert all(address.startswith("/") for address in used)
    static = [address for address in used if address.startswith("/static/") and "look.css" not in address]
    for address in static:
        assert (pages.STATIC / address.removeprefix("/static/").partition("?")[0]).is_file()


@pytest.mark.parametrize("template", sorted(Path(pages.__file__).parent.glob("templates/*.html")), ids=lambda p: p.name)
def test_no_template_has_style_or_script_in_line(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"\s(style|on[a-z]+)\s*=", text)
    assert not re.search(r"<style|<script(?![^>]*\ssrc=)|javascript:", text)


def test_the_ways_to_go_on_are_a_code_links_and_what_a_phone_can_scan() -> None:
    page = Page(link_page(own=True))
    assert "go-abcd2345" in [e.text for e in page.all("p", "sign")]
    assert "0時05分まで(あと14分)、1回だけ使えます。" in page.text()
    links = {a.text: a["href"] for a in page.all("a", "solid")}
    assert links == {
        "LINEを開く": "https://line.example/go-abcd2345",
        "Telegramを開く": "https://t.example/go-abcd2345",
    }
    assert [e["aria-label"] for e in page.all("div", "qr")] == [
        "LINEのQRコード",
        "TelegramのQRコード",
        "別のブラウザで開くためのQRコード",
    ]
    assert len(page.all("path")) == 3
    assert "Slackの伴走へのダイレクトメッセージに、上の合言葉を送ってください。" in page.text()
    assert "https://banso.example/link" in [e.text for e in page.all("p", "address")]


def test_every_platform_has_its_words_with_a_link_and_without() -> None:
    for address in ("https://app.example/go-abcd2345", None):
        page = Page(link_page(own=True, ways=tuple(Way(channel, address) for channel in PLATFORMS)))
        assert [h.text for h in page.all("h2")][1:-1] == ["LINEで続ける", "Telegramで続ける", "Slackで続ける"]
        assert len(page.all("a", "solid")) == (3 if address else 0)


def test_only_another_browser_is_offered_to_go_on_itself() -> None:
    assert Page(link_page(own=True)).all("form") == []
    page = Page(link_page(own=False))
    assert [(f["method"], f["action"]) for f in page.all("form")] == [("post", "/link/go-abcd2345#newest")]
    assert [b.text for b in page.all("button")] == ["このブラウザで続ける"]


def test_what_was_typed_and_is_no_code_can_be_mended() -> None:
    (box,) = [e for e in Page(pages.enter_page(MARKUP)).all("input") if e["name"] == "code"]
    assert (box["value"], box["aria-invalid"]) == (MARKUP, "true")
    (box,) = [e for e in Page(pages.enter_page()).all("input") if e["name"] == "code"]
    assert (box["value"], box["aria-invalid"]) == ("", "")


def test_pages_tell_the_same_of_how_long_a_code_is_good() -> None:
    minutes = f"{LIFE // timedelta(minutes=1)}分"
    assert minutes in Page(pages.problem_page("ended")).text()
    assert f"合言葉({minutes}で使えなくなります)" in Page(pages.notice_page(Limits())).text()


def test_the_notice_says_where_everything_is_had_and_deleted() -> None:
    text = Page(pages.notice_page(Limits())).text()
    told = (
        "電話番号",
        "相談の記録",
        "担当者",
        "すすめたい度合い",
        "同席する方",
        "メールアドレス",
        "LINE",
        "Slack",
        "90日",
    )
    for words in (
        *told,
        "クッキー",
        "この窓口を運営する機関",
        "JSON",
        "内容を受け取る",
        "すべて消す",
        "いつまで",
        "10社以上",
    ):
        assert words in text


def test_the_notice_says_for_how_long_things_are_kept_as_the_settings_have_it() -> None:
    text = Page(pages.notice_page(Limits(owners=48, messages=18, notes=5))).text()
    for words in ("4年たつと", "チャットの言葉は1年6か月", "やめてから5か月"):
        assert words in text


def test_the_buttons_that_the_notice_names_exist() -> None:
    labels = {choice.label for ask in CONTENT.phrases.asks.values() for choice in ask.choices}
    labels.update(CONTENT.phrases.buttons.values())
    assert {"メニュー", "保存した内容を見る", "内容を受け取る", "すべて消す", "ほかのアプリで続ける"} <= labels
    text = Page(pages.notice_page(Limits())).text()
    ways = re.findall("「([^」]+)」(?:から「([^」]+)」)?を押します", text)
    named = {label for pair in ways for label in pair if label} - {"この結果を消す"}
    assert named >= {"予約を見る", "診断を見せない", "予約を取り消す", "同席を取りやめる", "自動の案内に戻る"}
    assert named <= labels


def test_the_address_of_a_static_file_changes_with_its_contents() -> None:
    digest = sha256((pages.STATIC / "chat.css").read_bytes()).hexdigest()[:8]
    assert f'href="/static/chat.css?v={digest}"' in pages.chat_page([Entry(1)])


def test_no_word_of_the_page_stands_in_a_script() -> None:
    for script in pages.STATIC.glob("*.js"):
        code = re.sub(r"//.*", "", script.read_text(encoding="utf-8"))
        assert not re.search(r"[ぁ-んァ-ヶ一-龠]", code.replace('"、"', ""))
