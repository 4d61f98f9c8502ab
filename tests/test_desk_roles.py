"""The main path of each role in a real browser, at the width of a phone and of a counter."""

from __future__ import annotations

import re
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import pyotp
import pytest

from bot import passwords
from bot.clock import utc_now
from storage import Database, members, referrals
from tests.serving import serving
from tests.test_desk_browser import assert_reads_well, sign_in
from tests.test_desk_browser import window as window
from tests.world import LATER, SECRET, World
from tests.world import world as world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Locator, Page

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PASSWORD = "minato no asa wa hayai"
# What leads back or aside, where the first button of a question is pressed.
ONWARD = "button:visible:not(.side *)"


@pytest.fixture
def address(world: World, database_url: str) -> Iterator[str]:
    """The app, by a clock that goes on from when the world was made: answers in the chat come when their time has."""
    began = utc_now()
    with serving(database_url, clock=lambda: LATER + (utc_now() - began)) as served:
        yield served


def code(secret: str, later: int = 0) -> str:
    """What an app of codes shows, so many seconds later."""
    return pyotp.TOTP(secret).at(LATER.replace(tzinfo=UTC) + timedelta(seconds=later))


def press(page: Page, label: str) -> None:
    page.locator("main").get_by_role("button", name=label, exact=True).click()


def by_password(page: Page, mail: str, secret: str, later: int = 0) -> None:
    """Sign in as somebody does who has a password and an app."""
    page.get_by_label("メールアドレス").fill(mail)
    page.get_by_label("パスワード").fill(PASSWORD)
    press(page, "次へ進む")
    page.get_by_label("6けたの番号").fill(code(secret, later))
    press(page, "サインインする")


def newest(page: Page) -> Locator:
    return page.locator("#turns > section").last


def answered(page: Page, act: Locator) -> Locator:
    """The turn that comes when something is pressed or sent in a conversation."""
    before = newest(page).get_attribute("data-turn")
    act.click()
    page.wait_for_function(
        "before => [...document.querySelectorAll('#turns > section')].at(-1).dataset.turn !== before", arg=before
    )
    return newest(page)


def say(page: Page, words: str) -> Locator:
    page.locator("#text").fill(words)
    return answered(page, page.get_by_role("button", name="送る", exact=True))


def quick_check(page: Page) -> Locator:
    """Go through the quick check, up to the question of what the agency may see."""
    turn = answered(page, page.get_by_role("button", name=re.compile("^1分で")))
    while not (share := turn.get_by_role("button", name="結果だけ見せる")).count():
        box = turn.locator("label.choice")
        if box.count():
            box.first.click()
            turn = answered(page, turn.locator("button.solid:visible").last)
        else:
            turn = answered(page, turn.locator(ONWARD).first)
    return share


def test_an_admin_adds_an_officer_who_enrols_and_signs_in(
    window: BrowserContext, address: str, world: World, database_url: str
) -> None:
    sign_in(window, database_url, address, world.people.admin)
    page = window.new_page()
    page.goto(f"{address}/desk/staff")
    add = page.locator("form", has=page.get_by_role("button", name="追加してリンクを作る"))
    add.get_by_label("お名前").fill("山本")
    add.get_by_label("メールアドレス").fill("yamamoto@example.jp")
    press(page, "追加してリンクを作る")
    assert_reads_well(page)
    link = page.locator("code").inner_text()
    page.get_by_role("button", name="サインアウト").click()

    page.goto(link)
    assert page.get_by_role("heading", level=1).inner_text() == "山本さんの設定"
    secret = page.locator("input[name=secret]").input_value()
    page.get_by_label("新しいパスワード", exact=False).first.fill(PASSWORD)
    page.get_by_label("もう一度").fill(PASSWORD)
    page.get_by_label("6けたの番号").fill("000000")
    press(page, "設定してサインインする")
    # A wrong code is said at its field, and the app that was just set up stays good.
    assert "番号が違うようです" in page.locator("#wrong-code").inner_text()
    assert_reads_well(page)
    page.get_by_label("新しいパスワード", exact=False).first.fill(PASSWORD)
    page.get_by_label("もう一度").fill(PASSWORD)
    page.get_by_label("6けたの番号").fill(code(secret))
    press(page, "設定してサインインする")
    assert page.url.startswith(f"{address}/desk/clients")
    assert "設定ができました" in page.get_by_role("status").first.inner_text()
    # The rooms of an admin are not an officer's.
    assert page.locator(".rooms").get_by_role("link", name="職員").count() == 0
    page.get_by_role("button", name="サインアウト").click()

    page.goto(f"{address}/desk/forward")
    page.get_by_label("メールアドレス").fill("yamamoto@example.jp")
    page.get_by_label("パスワード").fill("something else")
    press(page, "次へ進む")
    assert page.get_by_label("メールアドレス").input_value() == "yamamoto@example.jp"
    assert_reads_well(page)
    by_password(page, "yamamoto@example.jp", secret, later=30)
    assert page.url == f"{address}/desk/forward"
    page.goto(link)
    assert page.get_by_role("heading", level=1).inner_text() == "このリンクは、もう使えません"


def test_an_officer_refers_owners_and_looks_after_one(
    window: BrowserContext, address: str, world: World, database_url: str
) -> None:
    sign_in(window, database_url, address, world.people.officer)
    page = window.new_page()
    page.goto(f"{address}/desk/forward")
    page.get_by_label("どの案内ですか").select_option("campaign")
    page.get_by_label("名前", exact=False).last.fill("会報12月号")
    press(page, "案内を作る")
    assert "案内を作りました" in page.get_by_role("status").first.inner_text()
    sign = page.locator("b.sign").inner_text()
    page.get_by_role("link", name="チラシ(A4)").click()
    assert sign in page.locator(".leaflet").inner_text()
    assert_reads_well(page)

    page.goto(f"{address}/desk/clients")
    page.get_by_role("link", name=re.compile(SECRET)).first.click()
    page.get_by_label("新しいメモ").fill("電話で様子をうかがった。")
    press(page, "メモを保存する")
    assert page.locator("p.kept", has_text="電話で様子をうかがった。").is_visible()
    press(page, "相談の予約をすすめる")
    assert "相談の予約をすすめました" in page.get_by_role("status").first.inner_text()
    # Not twice within a week: the button has gone, and it is said until when.
    assert page.get_by_role("button", name="相談の予約をすすめる").count() == 0
    assert "次は、" in page.locator("main").inner_text()
    assert_reads_well(page)


def test_an_officer_runs_an_event_and_begins_a_check_together(
    window: BrowserContext, address: str, world: World, database_url: str
) -> None:
    sign_in(window, database_url, address, world.people.officer)
    page = window.new_page()
    page.goto(f"{address}/desk/events")
    page.get_by_label("名前", exact=False).fill("年の瀬の体験会")
    page.get_by_label("日", exact=True).fill("2026-12-20")
    press(page, "体験会を作る")
    event = page.url.partition("?")[0]
    sign = page.locator("dd.sign").inner_text()
    page.get_by_role("link", name="会場の画面をひらく").click()
    assert sign in page.locator("main").inner_text()
    assert_reads_well(page)
    page.get_by_role("link", name="みんなの答え").click()
    assert "5人未満" in page.locator(".counts").inner_text()
    page.get_by_role("link", name="支援デスクに戻る").click()
    assert page.url == event

    page.get_by_role("link", name="いっしょに診断する").click()
    page.get_by_label("機関での呼び名", exact=False).fill("浜の食堂")
    page.get_by_label(re.compile("^お伝えして")).check()
    press(page, "いっしょに診断を始める")
    page.get_by_role("button", name=re.compile("^1分で")).click()
    page.get_by_text("あと5問").wait_for()
    assert_reads_well(page)
    press(page, "おわる")
    assert page.get_by_role("heading", level=1).inner_text() == "いっしょに診断は終わりました"


def test_the_sign_in_of_an_expert_leads_to_the_experts_own_pages(
    window: BrowserContext, address: str, world: World, database_url: str
) -> None:
    secret, database = passwords.new_secret(), Database(database_url)
    with database.writing() as connection:
        members.keep(connection, world.expert.id, password=passwords.hashed(PASSWORD), secret=secret)
    database.close()
    page = window.new_page()
    page.goto(f"{address}/desk")
    by_password(page, world.expert.mail, secret)
    assert page.url.startswith(f"{address}/x/")
    assert "相談員さんの予定" in page.get_by_role("heading", level=1).inner_text()
    page.goto(f"{address}/desk/clients")
    assert page.get_by_role("heading", level=1).inner_text() == "このページはひらけません"
    assert_reads_well(page)


def test_an_owner_who_was_sent_shares_a_result_and_ends_it(
    window: BrowserContext, address: str, world: World, database_url: str
) -> None:
    database, home = Database(database_url), world.people.home
    with database.writing() as connection:
        way = referrals.add(connection, home.id, world.people.officer.id, "agency", "窓口の案内", LATER)
    database.close()
    sign_in(window, database_url, address, world.people.officer)
    owner, officer = window.new_page(), window.new_page()

    def shared() -> int:
        officer.bring_to_front()
        officer.goto(f"{address}/desk/clients?way={way.id}")
        return officer.locator("table.roster tbody tr").count()

    # Nothing moves on a page that is behind another.
    owner.bring_to_front()
    owner.goto(f"{address}/link/{way.code}")
    assert owner.get_by_role("heading", level=1).inner_text() == f"{home.name}からのご案内"
    assert_reads_well(owner)
    owner.get_by_role("button", name="この画面で始める").click()
    assert f"{home.name}のご案内ですね" in newest(owner).inner_text()
    share = quick_check(owner)
    asked = newest(owner).inner_text()
    # What is seen is said before it is chosen, down to what an officer's list has.
    for part in ("業種", "従業員数", "都道府県", "ご案内で来た日", "最後に使った日", "課題"):
        assert part in asked
    assert shared() == 0
    owner.bring_to_front()
    answered(owner, share)
    assert shared() == 1
    officer.locator("table.roster a").first.click()
    seen = officer.url
    assert_reads_well(officer)

    owner.bring_to_front()
    turn = say(owner, "共有")
    assert_reads_well(owner)
    answered(owner, turn.get_by_role("button", name="共有をやめる"))
    assert "何も見えません" in newest(owner).inner_text()
    assert shared() == 0
    gone = officer.goto(seen)
    assert gone
    assert gone.status == 404
    officer.get_by_role("link", name="支援デスクへ戻る").click()
    assert officer.url == f"{address}/desk/clients"
