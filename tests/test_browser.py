"""The chat and the result in a real browser, as an owner with a phone meets them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ViewportSize

from scoring.questionnaire import check
from tests.sending import Memory
from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Locator, Page

# One database here: over HTTP the same is tested on both, and a browser takes seconds.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NARROW: ViewportSize = {"width": 360, "height": 740}
# The findings of axe that count: WCAG 2.2 A and AA, and its own best practices.
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def address(database_url: str) -> Iterator[str]:
    with serving(database_url) as served:
        yield served


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=NARROW, has_touch=True, is_mobile=True, locale="ja-JP")
    yield context
    context.close()


class Owner:
    """An owner at the page: answers what is asked by tapping, and counts the taps."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taps = 0

    @property
    def turn(self) -> Locator:
        """The newest turn on the page."""
        return self.page.locator("[data-turn]").last

    def tap(self, name: str | re.Pattern[str]) -> None:
        """Tap a button of the newest turn, and wait for the answer."""
        before = int(self.turn.get_attribute("data-turn") or 0)
        button = self.turn.get_by_role("button", name=name, exact=isinstance(name, str)).first
        button.click()
        self.taps += 1
        self.page.wait_for_selector(f"[data-turn='{before + 1}']")

    def tick(self, names: tuple[str, ...]) -> None:
        """Tick boxes of the newest question."""
        for name in names:
            self.turn.get_by_role("checkbox", name=re.compile(f"^{re.escape(name)}")).check()
            self.taps += 1

    def region(self, name: str) -> None:
        """Unfold a group of choices."""
        self.turn.locator("summary", has_text=name).click()
        self.taps += 1

    def quick(self) -> None:
        """The quick check, from the depth to the result."""
        self.tap("1分でざっくり")
        self.tick(("新たな販売先の拡大", "事務業務の効率化", "事業の引き継ぎ"))
        self.tap("これで決定")
        self.tap("紙や口頭が中心")
        for _ in range(3):
            self.tap("あまりあてはまらない")
        self.tap("Aに近い")

    def full(self) -> None:
        """The full check, from its first question to the result."""
        for _ in check().challenges:
            self.tap("とくに重要・すぐ取り組む")
        self.tick(("新たな販売先の拡大", "経営の改善", "財務の改善"))
        self.tap("これで決定")
        self.tick(("ファイル共有", "会計ソフト", "Web会議", "EDI(電子の受発注)"))
        self.tap("これで決定")
        for _ in check().items:
            self.tap("ややあてはまる")
        for _ in range(5):
            self.tap("どちらかというとB")
        self.tap("飲食サービス業")
        self.tap("1〜5人")
        self.region("東北")
        self.tap("青森県")
        self.tap("会社(法人)")
        self.tap("いまの規模で長く続けたい")


def opened(context: BrowserContext, address: str) -> Owner:
    page = context.new_page()
    page.goto(address)
    return Owner(page)


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return wide


def findings(page: Page) -> list[dict[str, Any]]:
    """What axe finds wrong with the page: rule, help, and the elements."""
    results = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}})
    return [
        {"rule": v["id"], "help": v["help"], "nodes": [n["html"][:120] for n in v["nodes"]]}
        for v in results.response["violations"]
    ]


def small_targets(page: Page) -> list[str]:
    """Controls of the page lower than 44 px (links within running text are no controls)."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("button, input:not([type=hidden]), summary, textarea, label")]
            .filter(e => e.offsetParent !== null && !e.closest("label") || e.tagName === "LABEL" && e.offsetParent)
            .filter(e => !e.classList.contains("hidden-label"))
            .map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
            .filter(([, r]) => r.width > 1 && r.height > 1 && r.height < 43.5).map(([html]) => html)"""
    )
    return found


def small_texts(page: Page) -> list[str]:
    """Texts of the page set smaller than 16 px."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("body *")]
            .filter(e => e.offsetParent !== null && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
            .filter(e => parseFloat(getComputedStyle(e).fontSize) < 15.99)
            .map(e => e.outerHTML.slice(0, 80))"""
    )
    return found


def assert_fit(page: Page) -> None:
    assert overflow(page) <= 0
    assert findings(page) == []
    assert small_targets(page) == []
    assert small_texts(page) == []


def test_the_quick_check_by_tapping_takes_at_most_twelve_taps(phone: BrowserContext, address: str) -> None:
    owner = opened(phone, address)
    assert_fit(owner.page)
    owner.quick()
    assert owner.taps <= check().max_taps["quick"]
    assert owner.page.get_by_text("診断結果").first.is_visible()
    assert_fit(owner.page)


def test_the_full_check_by_tapping_takes_at_most_forty_five_taps(phone: BrowserContext, address: str) -> None:
    owner = opened(phone, address)
    owner.tap("5分でしっかり")
    owner.full()
    assert owner.taps <= check().max_taps["full"]
    assert owner.page.get_by_text("診断結果").first.is_visible()
    assert_fit(owner.page)


def test_the_pictures_of_the_result_are_drawn_and_have_words(phone: BrowserContext, address: str) -> None:
    owner = opened(phone, address)
    owner.quick()
    pictures = owner.turn.locator("img")
    assert pictures.count() == 2
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        owner.page.wait_for_function("image => image.naturalWidth === 1040", arg=picture.element_handle())
        assert picture.get_attribute("alt")


def test_the_result_page_fits_and_leads_back(phone: BrowserContext, address: str) -> None:
    owner = opened(phone, address)
    owner.quick()
    owner.turn.get_by_role("link", name="結果のページを見る").click()
    owner.page.wait_for_url(re.compile(r"/r/"))
    assert_fit(owner.page)
    owner.page.set_viewport_size({"width": 1366, "height": 900})
    assert findings(owner.page) == []


def test_the_result_prints_on_one_a4(phone: BrowserContext, address: str) -> None:
    owner = opened(phone, address)
    owner.tap("5分でしっかり")
    owner.full()
    owner.turn.get_by_role("link", name="結果のページを見る").click()
    owner.page.wait_for_url(re.compile(r"/r/"))
    owner.page.wait_for_load_state("networkidle")
    printed = owner.page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


@pytest.mark.parametrize(
    "path",
    [
        *("/notice", "/faq/invoice-toha", "/nowhere", "/r/nothing", "/me/nothing"),
        *("/link", "/link?code=nothing", "/link/nothing", "/b/nothing", "/x/nothing"),
    ],
)
def test_every_other_page_fits(phone: BrowserContext, address: str, path: str) -> None:
    page = phone.new_page()
    page.goto(address + path)
    assert_fit(page)


class Inviting(Memory):
    """A platform whose chat has an address."""

    async def invitation(self, code: str) -> str | None:
        return f"https://{self.channel}.example/a-bot-with-a-long-name?start={code}"


@pytest.fixture
def inviting(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A site with platforms of which two have an address."""
    platforms = {"line": Inviting(), "telegram": Inviting(channel="telegram"), "slack": Memory(channel="slack")}
    monkeypatch.setattr("bot.app.switched_on", lambda *_: platforms)
    with serving(database_url) as served:
        yield served


def linked(owner: Owner) -> None:
    """Go to the page of the ways to other apps."""
    owner.page.get_by_role("textbox").fill("スマホで続ける")
    owner.page.get_by_role("button", name="送る").click()
    owner.turn.get_by_role("link", name="つなぎ方を見る").click()
    owner.page.wait_for_url(re.compile(r"/link/go-"))


def test_the_ways_to_other_apps_fit_a_phone_and_a_computer(phone: BrowserContext, inviting: str) -> None:
    page = opened(phone, inviting).page
    linked(Owner(page))
    assert_fit(page)
    line, scan = page.get_by_role("link", name="LINEを開く"), page.get_by_role("img", name="LINEのQRコード")
    assert [above(line, scan), scan.is_visible()] == [True, True]
    page.set_viewport_size({"width": 1366, "height": 900})
    assert overflow(page) <= 0
    assert findings(page) == []
    assert not above(line, scan)


def above(one: Locator, other: Locator) -> bool:
    """Whether one element ends before the other begins."""
    upper, lower = one.bounding_box(), other.bounding_box()
    assert upper
    assert lower
    return upper["y"] + upper["height"] <= lower["y"]


@pytest.mark.parametrize("scripts", [True, False])
def test_another_browser_goes_on_where_the_first_one_is(
    browser: Browser, phone: BrowserContext, inviting: str, scripts: bool
) -> None:
    first = opened(phone, inviting)
    first.tap("1分でざっくり")
    linked(first)
    context = browser.new_context(viewport=NARROW, java_script_enabled=scripts)
    other = opened(context, inviting)
    other.tap("5分でしっかり")
    tab = opened(context, inviting) if scripts else None
    other.page.goto(first.page.url)
    if scripts:
        assert_fit(other.page)
    other.page.get_by_role("button", name="このブラウザで続ける").click()
    other.turn.get_by_role("button", name="つないで続ける").click()
    other.page.get_by_text("つながりました").wait_for()
    # The conversation of the first browser, from its beginning, and nothing of the other's own.
    assert [turn.get_attribute("data-turn") for turn in other.page.locator("[data-turn]").all()] == ["1", "2", "3", "4"]
    assert other.page.get_by_text("しっかり診断です").count() == 0
    other.tap("とくにない")
    first.page.goto(inviting)
    assert "会社の仕事のやり方" in first.turn.inner_text()
    if tab:
        tab.page.get_by_text("つながりました").wait_for()
    context.close()


def test_the_check_works_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=NARROW, java_script_enabled=False)
    owner = opened(context, address)
    owner.quick()
    assert owner.page.get_by_text("診断結果").first.is_visible()
    context.close()


def test_the_check_works_by_keyboard_alone(phone: BrowserContext, address: str) -> None:
    owner = opened(phone, address)
    page = owner.page
    for name in ("1分でざっくり", "とくにない", "紙や口頭が中心", "あてはまる", "あてはまる", "あてはまる", "Bに近い"):
        before = int(owner.turn.get_attribute("data-turn") or 0)
        # Where the focus is after an answer, the choices are a few tabs ahead.
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent.trim()") == name:
                break
        page.keyboard.press("Enter")
        page.wait_for_selector(f"[data-turn='{before + 1}']")
    assert page.get_by_text("診断結果").first.is_visible()


def test_a_reload_and_a_restart_go_on_from_the_very_question(browser: Browser, database_url: str) -> None:
    context = browser.new_context(viewport=NARROW)
    with serving(database_url) as address:
        owner = opened(context, address)
        owner.tap("1分でざっくり")
        owner.tick(("人材の確保",))
        owner.tap("これで決定")
        port = int(address.rsplit(":", 1)[1])
    with serving(database_url, port=port) as address:
        owner.page.goto(address)
        owner.tap("紙や口頭が中心")
        assert "職場のインターネット環境" in owner.turn.inner_text()
    context.close()


def test_the_page_goes_on_when_the_server_comes_back(browser: Browser, database_url: str) -> None:
    context = browser.new_context(viewport=NARROW)
    with serving(database_url) as address:
        owner = opened(context, address)
        owner.tap("1分でざっくり")
        port = int(address.rsplit(":", 1)[1])
    owner.turn.get_by_role("button", name="とくにない").click()
    retry = owner.page.get_by_role("button", name="もう一度送る")
    retry.wait_for()
    with serving(database_url, port=port):
        retry.click()
        owner.page.wait_for_selector("[data-turn='3']")
        assert "会社の仕事のやり方" in owner.turn.inner_text()
    context.close()


def test_a_tap_in_one_tab_shows_in_the_other(phone: BrowserContext, address: str) -> None:
    first = opened(phone, address)
    second = opened(phone, address)
    first.tap("1分でざっくり")
    second.page.wait_for_selector("[data-turn='2']")
    # The same question is open in both; who answers second with an old button is answered kindly.
    first.tap("とくにない")
    second.page.wait_for_selector("[data-turn='3']")
    second.page.locator("[data-turn='2']").get_by_role("button", name="とくにない").click()
    second.page.wait_for_selector("[data-turn='4']")
    assert "前の質問のボタン" in second.turn.inner_text()


def test_a_double_tap_answers_once(phone: BrowserContext, address: str) -> None:
    owner = opened(phone, address)
    owner.turn.get_by_role("button", name="1分でざっくり").dblclick()
    owner.page.wait_for_selector("[data-turn='2']")
    owner.tap("とくにない")
    assert "会社の仕事のやり方" in owner.turn.inner_text()


def test_typed_markup_is_shown_as_typed(phone: BrowserContext, address: str) -> None:
    owner = opened(phone, address)
    box = owner.page.get_by_role("textbox")
    box.fill("<img src=x onerror=alert(1)>")
    owner.page.get_by_role("button", name="送る").click()
    owner.page.wait_for_selector("[data-turn='2']")
    assert "<img src=x" in owner.turn.inner_text()
    assert owner.turn.locator("img[src=x]").count() == 0


def test_the_page_is_usable_at_double_zoom(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=NARROW)
    owner = opened(context, address)
    # As the setting for larger text does: twice the letters on the same narrow screen.
    owner.page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert overflow(owner.page) <= 0
    owner.tap("1分でざっくり")
    assert overflow(owner.page) <= 0
    context.close()


def test_erasing_leaves_nothing_on_the_page(phone: BrowserContext, address: str, tmp_path: Path) -> None:
    owner = opened(phone, address)
    owner.quick()
    owner.tap("メニューを見る")
    owner.tap("保存した内容を見る")
    with owner.page.expect_download() as download:
        owner.turn.get_by_role("link", name="内容を受け取る").click()
    download.value.save_as(tmp_path / "banso.json")
    assert "事務業務の効率化" in (tmp_path / "banso.json").read_text() or (tmp_path / "banso.json").stat().st_size > 500
    owner.tap("すべて消す")
    owner.tap("すべて消す")
    owner.page.reload()
    assert owner.page.locator("[data-turn]").count() == 1
    assert "すべて消しました" in owner.turn.inner_text()
