"""An expert's pages and the shared record in a real browser, on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot import samples
from dialogs.appointments import AnswerRequest, Book
from dialogs.consultations import KeepRecord
from dialogs.content import packaged
from dialogs.effects import SaveResult
from scheduler.experts import Exceptional
from tests.meetings import Meetings, at, weekly
from tests.serving import serving
from tests.test_browser import assert_fit, overflow
from tests.test_browser import phone as phone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from playwright.sync_api import BrowserContext, Page

    from storage.experts import Expert

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

LONG = "とても長い相談の記録です。" * 12
OWNER = samples.owner(packaged(), "low", "banso")


class Desk:
    """An expert with a meeting that waits for an answer, one that is settled, one without a record and one with it."""

    def __init__(self, meetings: Meetings, address: str) -> None:
        self.meetings = meetings
        self.address = address
        profile = {"weekly": (*weekly(9, 12), *weekly(13, 17)), "ways": ("phone", "web", "visit")}
        place = "東京都千代田区神田1-2-3 神田ビル5階"
        self.expert: Expert = meetings.expert(
            "見本 花子", **profile, asks=True, place=place, exceptions=(Exceptional(at(29, 9).date()),)
        )
        self.path = f"{address}/x/{self.expert.token}"
        meetings.do("owner", SaveResult("run", OWNER.answers, OWNER.result))
        self.recorded, self.past, self.settled = map(self.book, (at(2, 10), at(2, 14), at(4, 9)))
        for token in (self.recorded, self.past, self.settled):
            meetings.do("見本 花子", AnswerRequest(token, "accept"))
        meetings.now = at(2, 16)
        self.waiting = self.book(at(8, 14))
        self.record(self.recorded)

    def book(self, start: datetime) -> str:
        token: str = self.meetings.hold("owner", self.expert, start)["token"]
        assert self.meetings.do("owner", Book(token, "09012345678", share=True))
        return token

    def record(self, token: str) -> None:
        actions = ({"text": "会計ソフトを無料で試す", "day": "2026-12-10"}, {"text": LONG[:100], "day": ""})
        kept = KeepRecord(token, LONG, LONG, "yorozu", actions)
        assert self.meetings.do("見本 花子", kept)

    def shared(self, token: str) -> str:
        """The address of a booking's page."""
        return f"{self.address}/b/{self.meetings.booking(token).page}"


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    meetings = Meetings(database_url)
    with serving(database_url, clock=lambda: meetings.now) as address:
        yield Desk(meetings, address)
    meetings.close()


def opened(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    return page


def test_every_page_fits_a_phone_and_a_computer(phone: BrowserContext, desk: Desk) -> None:
    pages = ["", "/hours", *(f"/{token}" for token in (desk.waiting, desk.settled, desk.past, desk.recorded))]
    addresses = [f"{desk.path}{page}" for page in pages] + [desk.shared(desk.recorded)]
    page = phone.new_page()
    for address in addresses:
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(address)
        assert_fit(page)
        page.set_viewport_size({"width": 1366, "height": 900})
        assert overflow(page) <= 0


def test_what_is_wrong_fits_a_phone_and_stands_beside_its_field(phone: BrowserContext, desk: Desk) -> None:
    page = opened(phone, f"{desk.path}/hours")
    page.get_by_label("月曜の1つめの終わり").fill("08:00")
    page.get_by_label("1回の長さ").fill("1000")
    page.get_by_role("button", name="空き時間を保存する").click()
    page.get_by_role("alert").wait_for()
    assert page.get_by_label("月曜の1つめの終わり").get_attribute("aria-describedby") == "wrong-w00"
    assert_fit(page)
    page.get_by_label("月曜の1つめの終わり").fill("12:00")
    page.get_by_label("1回の長さ").fill("45")
    page.get_by_role("button", name="空き時間を保存する").click()
    page.get_by_text("設定を保存しました").wait_for()


def test_a_request_is_accepted_by_keyboard_alone(phone: BrowserContext, desk: Desk) -> None:
    page = opened(phone, desk.path)
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "受ける":
            break
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    assert "お引き受けありがとうございます" in page.get_by_role("status").inner_text()
    assert desk.meetings.booking(desk.waiting).state == "confirmed"


def test_a_record_is_written_on_a_phone_and_reaches_the_shared_page(phone: BrowserContext, desk: Desk) -> None:
    page = opened(phone, f"{desk.path}/{desk.past}")
    page.get_by_label("現状").fill("請求書は手書き")
    page.get_by_label("支援内容", exact=True).fill("会計ソフトを比べた")
    page.get_by_label("すること").first.fill("無料で試す")
    page.get_by_label("いつまでに").first.fill("2026-12-15")
    page.get_by_label("引き継ぎ先").select_option(label="よろず支援拠点")
    page.get_by_role("button", name="記録を保存して届ける").dblclick()
    page.get_by_role("status").wait_for()
    page.goto(desk.shared(desk.past))
    assert "12月15日(火)まで" in page.get_by_role("list").inner_text()


def test_another_time_is_proposed_in_two_taps(phone: BrowserContext, desk: Desk) -> None:
    page = opened(phone, desk.path)
    page.get_by_role("link", name="日時を変える").click()
    page.locator("#times button").first.click()
    page.get_by_role("status").wait_for()
    assert desk.meetings.booking(desk.settled).state == "proposed"


def test_all_of_it_works_at_double_size(phone: BrowserContext, desk: Desk) -> None:
    page = phone.new_page()
    for path in ("", "/hours", f"/{desk.past}"):
        page.goto(f"{desk.path}{path}")
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert overflow(page) <= 0


def test_a_meeting_is_cancelled_only_after_it_was_asked(phone: BrowserContext, desk: Desk) -> None:
    page = opened(phone, desk.path)
    assert not page.get_by_role("button", name="予約を取り消す").first.is_visible()
    page.locator("summary", has_text="取り消す").first.click()
    page.get_by_role("button", name="予約を取り消す").first.click()
    page.get_by_role("status").wait_for()
    assert desk.meetings.booking(desk.settled).state == "cancelled"
