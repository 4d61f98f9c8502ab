"""The pages of an expert over HTTP: what they show to whom, what their forms do, and what is said when one is wrong."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, time, timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, update
from starlette.testclient import TestClient

from bot import samples
from bot.app import make_app
from bot.web.forms import hours_form, read_hours, read_record
from dialogs.appointments import (
    AnswerRequest,
    Book,
    Bookings,
    CancelBooking,
    FindBooking,
    MoveBooking,
    ShareCheck,
)
from dialogs.consultations import KeepRecord
from dialogs.content import packaged
from dialogs.effects import SaveResult
from dialogs.officers import PutOut
from scheduler.experts import Exceptional, Profile, from_json
from storage import Database, bookings, contacts, experts, owners
from storage.schema import contact
from storage.schema import outbox as sent
from tests.meetings import Meetings, at, weekly
from tests.serving import settings_for
from tests.taking import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.experts import Expert

PAGE = {"sec-fetch-site": "same-origin"}
MET = at(2, 10)
PHONE = "09012345678"
NINE = {"e0-day": "2026-12-07", "e0-from": "9:00", "e0-to": "10:00"}
OWNER = samples.owner(packaged(), "low", "banso")


@pytest.fixture
def meetings(database_url: str) -> Iterator[Meetings]:
    made = Meetings(database_url)
    yield made
    made.close()


@pytest.fixture
def client(meetings: Meetings) -> Iterator[TestClient]:
    app = make_app(Database(meetings.url), packaged(), settings_for("http://testserver"), lambda: meetings.now)
    with TestClient(app, follow_redirects=False) as opened:
        yield opened


class Page:
    """An expert at their page: sees words, and presses buttons of the forms that are there."""

    def __init__(self, client: TestClient, path: str) -> None:
        self.client = client
        self.path = path
        self.open()

    def open(self, path: str = "") -> str:
        answer = self.client.get(path or self.path)
        assert answer.status_code == 200, answer.status_code
        self.html = answer.text
        return self.words

    @property
    def words(self) -> str:
        """What the page says, without its head."""
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.html.partition("<main>")[2])).split())

    def form(self, button: str) -> tuple[str, dict[str, str]]:
        """Where the form with this button goes, and what it sends."""
        for attributes, inside in re.findall(r"<form([^>]*)>(.*?)</form>", self.html, re.DOTALL):
            pressed = re.search(rf"<button([^>]*)>(?:<span[^>]*>[^<]*</span>)?{re.escape(button)}</button>", inside)
            if pressed:
                action = re.search(r'action="([^"]*)"', attributes)
                assert action
                return action[1].partition("#")[0], fields(inside) | named(pressed[1])
        raise LookupError(f"no button {button!r}")

    def press(self, button: str, **written: str) -> str:
        """Press a button; gives the words of the page that comes."""
        path, values = self.form(button)
        return self.send(path, values | written)

    def send(self, path: str, values: dict[str, str]) -> str:
        answer = self.client.post(path, data=values, headers=PAGE)
        if answer.status_code == 303:
            return self.open(answer.headers["location"])
        assert answer.status_code == 422
        self.html = answer.text
        return self.words


def named(attributes: str) -> dict[str, str]:
    """A button's name and value."""
    found = dict(re.findall(r'(\w+)="([^"]*)"', attributes))
    return {found["name"]: unescape(found["value"])} if "name" in found else {}


def fields(inside: str) -> dict[str, str]:
    """What the fields of a form hold, as a browser would send it."""
    values: dict[str, str] = {}
    for attributes in re.findall(r"<input([^>]*)>", inside):
        if 'type="checkbox"' not in attributes or " checked" in attributes:
            values |= named(attributes)
    values |= {
        name: unescape(text)
        for name, text in re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>(.*?)</t', inside, re.DOTALL)
    }
    for name, options in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', inside, re.DOTALL):
        chosen = re.search(r'value="(\w*)" selected', options)
        values[name] = chosen[1] if chosen else ""
    return values


def expert_of(meetings: Meetings, name: str = "見本 花子", **profile: Any) -> Expert:
    return meetings.expert(name, **{"asks": True} | profile)


def booked(meetings: Meetings, expert: Expert, *, share: bool = True, way: str = "phone", start: Any = MET) -> str:
    """A booking by an owner who has made the check; gives its token."""
    meetings.do("owner", SaveResult("run", OWNER.answers, OWNER.result))
    token: str = meetings.hold("owner", expert, start)["token"]
    assert meetings.do("owner", Book(token, PHONE, share))
    return token


def state(meetings: Meetings, token: str) -> str:
    return meetings.booking(token).state


# ---------------------------------------------------------------- the overview


def test_nobody_else_comes_to_an_experts_pages_and_nothing_keeps_them(client: TestClient, meetings: Meetings) -> None:
    expert = expert_of(meetings)
    token = booked(meetings, expert)
    shared = f"/b/{meetings.booking(token).page}"
    for path in (f"/x/{expert.token}", f"/x/{expert.token}/hours", f"/x/{expert.token}/{token}", shared):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-store")
        assert answer.headers["x-robots-tag"] == "noindex"
    other = expert_of(meetings, "別人")
    for path in (
        "/x/nobody",
        "/x/nobody/hours",
        f"/x/{other.token}/{token}",
        f"/x/{expert.token}/nothing",
        "/b/nothing",
        f"/b/{token}",
        "/x/a%00b",
        "/b/a%00b",
        f"/x/{expert.token}/a%00b",
    ):
        assert client.get(path).status_code == 404
        assert client.post(path, data={"act": "accept"}, headers=PAGE).status_code in (404, 405)


def test_the_record_is_theirs_who_come_and_not_theirs_who_were_asked_or_put_out(
    client: TestClient, meetings: Meetings
) -> None:
    expert = expert_of(meetings)
    token = booked(meetings, expert)
    guest = meetings.id("guest")
    with meetings.database.writing() as connection:
        bookings.invite(connection, meetings.booking(token).id, guest, meetings.now)
    (mine,), (seen,) = meetings.do("owner", Bookings()), meetings.do("guest", Bookings())
    assert mine["page"] == seen["page"] == f"/b/{meetings.booking(token).page}"
    assert token not in mine["page"]
    asked = meetings.do(expert.name, FindBooking(token))
    assert (asked["page"], asked["file"]) == ("", f"/x/{expert.token}/{token}.ics")
    assert client.get(seen["page"]).status_code == 200
    assert meetings.do("owner", PutOut(token, guest))
    assert client.get(seen["page"]).status_code == client.get(seen["file"]).status_code == 404
    (mine,) = meetings.do("owner", Bookings())
    assert client.get(mine["page"]).status_code == client.get(mine["file"]).status_code == 200


def test_an_answer_on_a_page_that_has_been_overtaken_answers_nothing(client: TestClient, meetings: Meetings) -> None:
    expert = expert_of(meetings)
    token = booked(meetings, expert)
    page = Page(client, f"/x/{expert.token}")
    assert meetings.do("owner", MoveBooking(token, at(3, 15).isoformat()))
    assert "内容が変わりました" in page.press("受ける")
    assert state(meetings, token) == "pending"
    page.press("受ける")
    assert state(meetings, token) == "confirmed"


def test_who_cannot_be_told_of_bookings_reads_that_there_are_none(client: TestClient, meetings: Meetings) -> None:
    expert = expert_of(meetings)
    with meetings.database.writing() as connection:
        connection.execute(update(contact).values(gone_at=meetings.now))
    assert "お知らせの届け先がない" in Page(client, f"/x/{expert.token}").words


def test_calendar_files_beside_the_pages_are_still_files(client: TestClient, meetings: Meetings) -> None:
    expert = expert_of(meetings)
    token = booked(meetings, expert)
    for path in (f"/x/{expert.feed}.ics", f"/x/{expert.token}/{token}.ics", f"/b/{meetings.booking(token).page}.ics"):
        assert client.get(path).headers["content-type"].startswith("text/calendar")


def test_meetings_stand_where_something_is_to_be_done(client: TestClient, meetings: Meetings) -> None:
    expert = expert_of(meetings)
    path = f"/x/{expert.token}"
    page = Page(client, path)
    for none in ("待っている申し込みはありません", "これからの相談はありません", "記録を書いていない相談はありません"):
        assert none in page.words
    token = booked(meetings, expert)
    assert "12月2日(水) 10時から11時" in page.open().partition("これからの相談")[0]
    meetings.do(expert.name, AnswerRequest(token, "accept"))
    assert "10時から11時" in page.open().partition("これからの相談")[2].partition("記録がまだの相談")[0]
    meetings.now = MET + timedelta(minutes=1)
    assert "10時から11時" in page.open().partition("記録がまだの相談")[2]
    texts = {"situation": "手書き", "support": "比べた", "handover": ""}
    meetings.do(expert.name, KeepRecord(token, actions=(), **texts))
    assert "10時から11時" in page.open().partition("終わった相談")[2]
    meetings.now = MET + timedelta(days=91)
    assert "10時から11時" not in page.open()


@pytest.mark.parametrize(
    ("button", "before", "after", "answer"),
    [
        ("受ける", "pending", "confirmed", "お引き受けありがとうございます"),
        ("辞退", "pending", "declined", "辞退になりました"),
        ("予約を取り消す", "confirmed", "cancelled", "取り消しました"),
        ("行われた", "begun", "done", "おつかれさまでした"),
        ("行われなかった", "begun", "no_show", "お会いできなかったと記録しました"),
    ],
)
def test_each_button_does_what_it_says(
    client: TestClient, meetings: Meetings, button: str, before: str, after: str, answer: str
) -> None:
    expert = expert_of(meetings)
    token = booked(meetings, expert)
    if before != "pending":
        meetings.do(expert.name, AnswerRequest(token, "accept"))
    if before == "begun":
        meetings.now = MET + timedelta(minutes=1)
    page = Page(client, f"/x/{expert.token}")
    assert answer in page.press(button)
    assert state(meetings, token) == after


def test_another_time_is_chosen_from_what_is_free(client: TestClient, meetings: Meetings) -> None:
    expert = expert_of(meetings)
    token = booked(meetings, expert)
    meetings.book("other", expert, at(3, 9))
    page = Page(client, f"/x/{expert.token}/{token}")
    assert "別の日時を提案" in page.words
    assert not re.search(r'value="2026-12-03T00:00"', page.html)
    assert "提案しました" in page.press("15時")
    one = meetings.booking(token)
    assert (one.state, one.starts_at) == ("proposed", at(1, 15))
    assert ("owner", "proposed:owner") in meetings.kinds()
    # Gone meanwhile, or none at all: said, and nothing has changed.
    for moment in ("2026-12-03T00:00", "nonsense"):
        sent_form = {"act": "offer", "booking": token, "at": moment, "event": moment}
        assert "ほかの時間を選んでください" in page.send(f"/x/{expert.token}", sent_form)
    assert meetings.booking(token).revision == one.revision


def test_a_second_click_counts_once_and_shows_the_same_answer(client: TestClient, meetings: Meetings) -> None:
    expert = expert_of(meetings)
    token = booked(meetings, expert)
    page = Page(client, f"/x/{expert.token}")
    path, values = page.form("受ける")
    first = page.send(path, values)
    revision = meetings.booking(token).revision
    assert page.send(path, values) == first
    assert "お引き受けありがとうございます" in first
    assert meetings.booking(token).revision == revision
    # The same button of a page drawn anew is another click, and too late.
    late = packaged().phrases.say("expert.late")
    assert late in page.send(path, values | {"event": "another"})


def test_what_a_page_answers_is_not_sent_as_well(client: TestClient, meetings: Meetings) -> None:
    expert = expert_of(meetings)
    token = booked(meetings, expert)
    with meetings.database.writing() as connection:
        owner = owners.lock(connection, "line", "bot", "U1", "", meetings.now)
        contacts.add(connection, expert.owner_id, "line", "bot", "U2", meetings.now)
    Page(client, f"/x/{expert.token}").press("受ける")
    (row,) = [row for row in rows(meetings.database, sent) if row["owner_id"] == expert.owner_id]
    assert (row["state"], state(meetings, token), owner.turns) == ("fetched", "confirmed", 0)


def test_an_expert_whom_nobody_can_reach_is_met_at_the_page_alone(client: TestClient, meetings: Meetings) -> None:
    expert = expert_of(meetings)
    token = booked(meetings, expert)
    with meetings.database.writing() as connection:
        connection.execute(delete(contact).where(contact.c.owner_id == expert.owner_id))
    assert "お引き受けありがとうございます" in Page(client, f"/x/{expert.token}").press("受ける")
    assert state(meetings, token) == "confirmed"
    with meetings.database.writing() as connection:
        assert owners.reach(connection, expert.owner_id) == ("web", "expert", expert.token)
        contacts.set_mail(connection, expert.owner_id, "jiro@example.jp", meetings.now)
        # Nobody sees what waits on a page: whatever can be pushed goes before it.
        assert owners.reach(connection, expert.owner_id) == ("mail", "bot", "jiro@example.jp")
    Page(client, f"/x/{expert.token}").press("予約を取り消す")
    assert len([row for row in rows(meetings.database, contact) if row["owner_id"] == expert.owner_id]) == 2


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://elsewhere.example"}])
def test_another_site_may_not_post(client: TestClient, meetings: Meetings, headers: dict[str, str]) -> None:
    expert = expert_of(meetings)
    token = booked(meetings, expert)
    for path in (f"/x/{expert.token}", f"/x/{expert.token}/hours", f"/x/{expert.token}/{token}"):
        assert client.post(path, data={"act": "accept", "booking": token}, headers=headers).status_code == 403
    assert state(meetings, token) == "pending"


def test_one_experts_page_does_nothing_to_anothers_booking(client: TestClient, meetings: Meetings) -> None:
    expert, other = expert_of(meetings), expert_of(meetings, "別人")
    token = booked(meetings, expert)
    page = Page(client, f"/x/{other.token}")
    for name in ("accept", "decline", "held", "missed", "cancel", "offer"):
        values = {"act": name, "booking": token, "event": name, "at": at(1, 15).isoformat()}
        page.send(f"/x/{other.token}", values)
    assert state(meetings, token) == "pending"


# ---------------------------------------------------------------- the case card


def test_the_card_is_there_only_with_consent_and_goes_with_it_at_once(client: TestClient, meetings: Meetings) -> None:
    expert = expert_of(meetings)
    token = booked(meetings, expert, share=False)
    page = Page(client, f"/x/{expert.token}/{token}")
    industry = packaged().questionnaire.questions["industry"].choice(OWNER.answers["industry"])
    assert industry
    hidden = "診断の結果は、いま見られません"
    seen = []
    for share in (None, True, False):
        if share is not None:
            meetings.do("owner", ShareCheck(token, share))
        words = page.open()
        seen.append((industry.label in words, "資本金 未確認" in words, hidden in words))
    assert seen == [(False, False, True), (True, True, False), (False, False, True)]


def test_the_card_holds_what_the_check_has_told(client: TestClient, meetings: Meetings) -> None:
    expert = expert_of(meetings)
    words = Page(client, f"/x/{expert.token}/{booked(meetings, expert)}").words
    advice = packaged().catalogue.advice
    for action in OWNER.result.actions:
        assert advice[action.advice].title in words
    for label in (
        "業種",
        "所在地",
        "従業員数",
        "延べ相談回数 0回",
        "同席支援機関 なし",
        "課題",
        "使っている道具",
        "しっかり診断",
    ):
        assert label in words


def test_the_card_ends_ninety_days_after_the_meeting(client: TestClient, meetings: Meetings) -> None:
    expert = expert_of(meetings)
    tokens = [booked(meetings, expert), booked(meetings, expert, start=at(3, 10))]
    for token in tokens:
        meetings.do(expert.name, AnswerRequest(token, "accept"))
    meetings.do("owner", CancelBooking(tokens[1]))
    seen = []
    for token, days in ((tokens[0], 0), (tokens[0], 90), (tokens[0], 91), (tokens[1], 0)):
        meetings.now = MET + timedelta(days=days)
        words = Page(client, f"/x/{expert.token}/{token}").words
        seen.append(("資本金" in words, PHONE in words))
    assert seen == [(True, True), (True, True), (False, False), (False, False)]


def test_who_passed_a_request_on_sees_nothing_of_it_any_more(client: TestClient, meetings: Meetings) -> None:
    expert, other = expert_of(meetings), expert_of(meetings, "別人")
    token = booked(meetings, expert)
    Page(client, f"/x/{expert.token}").press("辞退")
    assert meetings.booking(token).expert_id == other.id
    assert client.get(f"/x/{expert.token}/{token}").status_code == 404
    assert "資本金" in Page(client, f"/x/{other.token}/{token}").words


def test_the_telephone_number_is_shown_once_it_is_accepted(client: TestClient, meetings: Meetings) -> None:
    expert = expert_of(meetings)
    token = booked(meetings, expert)
    path = f"/x/{expert.token}/{token}"
    assert (PHONE in Page(client, path).words, PHONE in Page(client, f"/x/{expert.token}").words) == (False, False)
    meetings.do(expert.name, AnswerRequest(token, "accept"))
    assert PHONE in Page(client, path).words


def test_earlier_records_are_shown_with_the_same_consent_and_to_who_wrote_them(
    client: TestClient, meetings: Meetings
) -> None:
    first, second = expert_of(meetings, asks=False), expert_of(meetings, "別人", asks=False)
    token = booked(meetings, first)
    meetings.now = MET + timedelta(hours=2)
    texts = {"situation": "手書きの帳簿", "support": "比べた", "handover": ""}
    meetings.do(first.name, KeepRecord(token, actions=({"text": "試す", "day": "2026-12-10"},), **texts))
    later = booked(meetings, first, start=at(8, 10), share=False)
    page = Page(client, f"/x/{first.token}/{later}")
    assert "手書きの帳簿" not in page.words
    meetings.do("owner", ShareCheck(later, share=True))
    words = page.open()
    assert "手書きの帳簿" in words
    assert "延べ相談回数 1回" in words
    elsewhere = booked(meetings, second, start=at(9, 10))
    other = Page(client, f"/x/{second.token}/{elsewhere}").words
    assert "延べ相談回数 1回" in other
    assert "手書きの帳簿" not in other


# ---------------------------------------------------------------- the record


def test_a_record_is_written_read_and_edited_on_one_form(client: TestClient, meetings: Meetings) -> None:
    expert = expert_of(meetings, asks=False)
    token = booked(meetings, expert)
    page = Page(client, f"/x/{expert.token}/{token}")
    assert "相談の時間になると、ここで書けます" in page.words
    meetings.now = MET + timedelta(minutes=50)
    page.open()
    written = {"situation": "手書き\r\n月に40枚", "support": "<b>比べた</b>", "handover": "itc"}
    rows_written = {"a0-text": "試す", "a0-day": "2026-12-10", "a2-text": "数える"}
    assert "記録を保存しました" in page.press("記録を保存して届ける", **written, **rows_written)
    _, values = page.form("記録を保存して届ける")
    assert (values["situation"], values["support"], values["handover"]) == ("手書き\n月に40枚", "<b>比べた</b>", "itc")
    assert (values["a0-text"], values["a0-day"], values["a1-text"], values["a2-text"]) == (
        "試す",
        "2026-12-10",
        "数える",
        "",
    )
    assert "記録を保存しました" in page.press("記録を保存して届ける", **{"a0-day": "2026-12-11"})
    shown = Page(client, f"/b/{meetings.booking(token).page}")
    assert "2026年12月11日(金)まで" in shown.words
    assert "<b>比べた</b>" in shown.words
    assert "ITコーディネータ" in shown.words


def test_a_wrong_record_says_so_beside_the_field_and_loses_nothing(client: TestClient, meetings: Meetings) -> None:
    expert = expert_of(meetings, asks=False)
    token = booked(meetings, expert)
    meetings.now = MET + timedelta(minutes=50)
    page = Page(client, f"/x/{expert.token}/{token}")
    written = {"situation": "手書き", "support": " ", "a0-text": "", "a0-day": "2026-12-10", "handover": "yorozu"}
    words = page.press("記録を保存して届ける", **written)
    assert "まだ保存していません" in words
    assert "内容を書いてください" in words
    assert re.search(r'id="support"[^>]*aria-describedby="wrong-support"', page.html)
    _, values = page.form("記録を保存して届ける")
    assert (values["situation"], values["a0-day"], values["handover"]) == ("手書き", "2026-12-10", "yorozu")
    assert "記録を保存しました" in page.press("記録を保存して届ける", support="比べた", **{"a0-text": "試す"})


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ({"situation": ""}, {"situation": "empty"}),
        ({"support": "あ" * 1001}, {"support": "long"}),
        ({"a0-text": "あ" * 101}, {"a0": "long"}),
        ({"a1-day": "2026-12-10"}, {"a1": "empty"}),
        ({"a1-text": "試す", "a1-day": "来週"}, {"a1": "day"}),
        ({"a2-text": "試す", "a2-day": "2026-12-01"}, {"a2": "early"}),
        ({"a0-text": "試す", "a1-text": " 試す"}, {"a1": "twice"}),
        ({"handover": "elsewhere"}, {}),
    ],
)
def test_what_can_be_wrong_with_a_record(written: dict[str, str], wrong: dict[str, str]) -> None:
    form = read_record({"situation": "手書き", "support": "比べた"} | written, date(2026, 12, 2))
    assert form.wrong == wrong
    assert form.values["handover"] == ""


# ---------------------------------------------------------------- hours


def test_hours_are_changed_on_the_page(client: TestClient, meetings: Meetings) -> None:
    expert = expert_of(meetings, exceptions=(Exceptional(date(2026, 11, 2)), Exceptional(date(2026, 12, 29))))
    page = Page(client, f"/x/{expert.token}/hours")
    assert f"http://testserver/x/{expert.feed}.ics" in page.words
    written = {
        "w00-to": "12:00",
        "w01-from": "13:00",
        "w01-to": "18:30",
        "w40-from": "",
        "w40-to": "",
        "notice": "２４",
    }
    written |= {"e1-day": "2027-01-05", "e1-from": "10:00", "e1-to": "12:00", "way-visit": "on", "place": "神田1-2-3"}
    assert "保存しました" in page.press("空き時間を保存する", **written)
    with meetings.database.reading() as connection:
        kept = experts.get(connection, expert.id).profile
    monday = [(one.begins, one.ends) for one in kept.weekly if one.weekday == 0]
    assert monday == [(time(9), time(12)), (time(13), time(18, 30))]
    assert {one.weekday for one in kept.weekly} == {0, 1, 2, 3}
    ahead = (Exceptional(date(2026, 12, 29)), Exceptional(date(2027, 1, 5), time(10), time(12)))
    assert (kept.exceptions, kept.notice, kept.place, kept.ways) == (ahead, 24, "神田1-2-3", ("phone", "web", "visit"))
    assert (kept.asks, kept.minutes) == (True, 60)


def test_wrong_hours_say_so_beside_the_field_and_lose_nothing(client: TestClient, meetings: Meetings) -> None:
    expert = expert_of(meetings)
    page = Page(client, f"/x/{expert.token}/hours")
    words = page.press("空き時間を保存する", **{"w00-from": "18:00", "busy_url": "http://a.example/", "place": "神田"})
    assert "終わりを、始まりより後に" in words
    assert "「https://」で始まる" in words
    _, values = page.form("空き時間を保存する")
    assert (values["w00-from"], values["busy_url"], values["place"]) == ("18:00", "http://a.example/", "神田")
    with meetings.database.reading() as connection:
        assert experts.get(connection, expert.id).profile == expert.profile


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ({"w00-from": ""}, {"w00": "both"}),
        ({"w00-from": "朝"}, {"w00": "time"}),
        ({"w00-from": "17:00"}, {"w00": "order"}),
        ({"w01-from": "16:00", "w01-to": "18:00"}, {"w01": "overlap"}),
        ({"e0-from": "9:00", "e0-to": "10:00"}, {"e0": "day"}),
        ({"e0-day": "あす"}, {"e0": "day"}),
        ({"e0-day": "2026-12-07", "e1-day": "2026-12-07", "e1-from": "9:00", "e1-to": "10:00"}, {"e0": "closed"}),
        (
            {
                f"e{n}-{part}": value
                for n in (0, 1)
                for part, value in (("day", "2026-12-07"), ("from", "9:00"), ("to", "10:00"))
            },
            {"e1": "overlap"},
        ),
        ({"minutes": "5"}, {"minutes": "number"}),
        ({"notice": "-1"}, {"notice": "number"}),
        ({"per_day": "九十九"}, {"per_day": "number"}),
        ({"way-phone": "", "way-web": ""}, {"ways": "none"}),
        ({"way-visit": "on"}, {"place": "empty"}),
        ({"meeting": "javascript:alert(1)"}, {"meeting": "address"}),
        ({"busy_url": "https://[nonsense"}, {"busy_url": "address"}),
        ({"busy_url": "https://a.example/" + "a" * 500}, {"busy_url": "long"}),
        ({"e99999999-day": "2026-12-07", "ex-day": "x"}, {}),
    ],
)
def test_what_can_be_wrong_with_hours(written: dict[str, str], wrong: dict[str, str]) -> None:
    fields = dict(hours_form(Profile(weekly=weekly(9, 17)), date(2026, 12, 1)).fields)
    assert read_hours(fields | written, ()).wrong == wrong


def test_a_form_sent_as_it_is_changes_nothing() -> None:
    profile = Profile(
        weekly=(*weekly(9, 12), *weekly(13, 17)),
        exceptions=(Exceptional(date(2026, 12, 7), time(9), time(10)), Exceptional(date(2026, 12, 8))),
        asks=False,
        on_holidays=True,
        prefers="line",
    )
    form = read_hours(hours_form(profile, date(2026, 12, 1)).fields, ("line",))
    assert form.wrong == {}
    ordered = tuple(sorted(profile.weekly, key=lambda one: (one.weekday, one.begins)))
    assert from_json(form.values) == replace(profile, weekly=ordered)


# ---------------------------------------------------------------- the shared page


def test_the_shared_page_shows_the_booking_and_then_the_record(client: TestClient, meetings: Meetings) -> None:
    expert = expert_of(meetings, asks=False)
    token = booked(meetings, expert)
    page = Page(client, f"/b/{meetings.booking(token).page}")
    assert "12月2日(水) 10時から11時" in page.words
    assert "決まっています" in page.words
    meetings.now = MET + timedelta(hours=2)
    assert "専門家がまとめています" in page.open()
    texts = {"situation": "手書き", "support": "比べた", "handover": "yorozu"}
    meetings.do(expert.name, KeepRecord(token, actions=({"text": "試す", "day": ""},), **texts))
    words = page.open()
    for shown in ("手書き", "比べた", "試す", "これから", "よろず支援拠点"):
        assert shown in words
    assert PHONE not in words


def test_a_time_that_is_only_held_has_no_page(client: TestClient, meetings: Meetings) -> None:
    expert = expert_of(meetings)
    token = meetings.hold("owner", expert, MET)["token"]
    assert client.get(f"/b/{meetings.booking(token).page}").status_code == 404
    assert client.get(f"/x/{expert.token}/{token}").status_code == 404
