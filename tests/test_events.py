"""体験会: made at the desk, joined on phones, and shown to the room in sums from which nobody's answer can be told."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from bot.app import make_app
from bot.desk import rooms
from bot.desk.hiding import FEWEST
from bot.desk.rooms import means, tally
from dialogs.content import packaged
from dialogs.events import Opened
from storage import Database, audits, referrals
from storage.schema import audit
from tests.desk import client_of, sign_in, visiting
from tests.serving import serving, settings_for
from tests.taking import NOW, finish, later, new_intake, rows
from tests.talkers import FULL, QUICK, Talker
from tests.test_browser import findings, overflow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.cookiejar import Cookie

    from playwright.sync_api import Browser

    from bot.intake import Intake
    from storage.referrals import Referral
    from tests.desk import Two

DAY = date(2026, 12, 15)
LABELS = {"a": "A", "b": "B"}


@pytest.fixture
def desk(database_url: str, database: Database, people: Two) -> Iterator[TestClient]:
    with visiting(database_url, people.officer, address="https://banso.example") as browser:
        yield browser


def event_of(database: Database, people: Two, kind: str = "event") -> Referral:
    with database.writing() as connection:
        return referrals.add(
            connection, people.home.id, people.officer.id, kind, "デジタル体験会", NOW, day=DAY, place="みなと会館"
        )


def join(intake: Intake, event: Referral, address: str, choice: int = QUICK) -> Talker:
    talker = Talker(address, choice)
    talker.hear(intake.take(talker.does(Opened(), code=event.code)))
    return talker


def words(html: str) -> str:
    """The words of a page, one blank between them."""
    return " ".join(re.sub(r"<(script|style|svg).*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL).split())


# ---------------------------------------------------------------- making, listing, ending


def test_an_event_is_made_and_stands_in_the_list(desk: TestClient, database: Database) -> None:
    made = desk.post("/desk/events", data={"name": "春の体験会", "day": "2026-12-15", "place": "会館"})
    assert made.status_code == 303
    assert "春の体験会" in desk.get(made.headers["location"]).text
    assert "2026年12月15日(火)" in desk.get("/desk/events").text
    assert [row["act"] for row in rows(database, audit)] == ["event.make"]


def test_what_the_page_of_an_event_leads_to_is_there(desk: TestClient, database: Database, people: Two) -> None:
    page = desk.get(f"/desk/events/{event_of(database, people).id}").text
    for path in set(re.findall(r'href="(/desk/[^"]+)"', page)) - {"/desk/insight"}:
        assert desk.get(path).status_code == 200, path


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": "", "day": "2026-12-15"}, "名前を、"),
        ({"name": "あ" * 81, "day": "2026-12-15"}, "名前を、"),
        ({"name": "会", "day": ""}, "今日か、"),
        ({"name": "会", "day": "2026-11-30"}, "今日か、"),
        ({"name": "会", "day": "2026-12-15", "place": "あ" * 101}, "場所は、"),
    ],
)
def test_what_is_wrong_with_an_event_is_said(desk: TestClient, given: dict[str, str], says: str) -> None:
    answer = desk.post("/desk/events", data=given)
    assert answer.status_code == 422
    assert says in answer.text
    assert given["name"] in answer.text


def test_nobody_joins_an_event_that_has_ended(desk: TestClient, database: Database, people: Two) -> None:
    event = event_of(database, people)
    assert desk.post(f"/desk/events/{event.id}/end").status_code == 303
    page = desk.get(f"/desk/events/{event.id}").text
    assert "この体験会は終了しました" in page
    assert event.code not in page
    with database.reading() as connection:
        found = referrals.find(connection, people.home.id, event.id)
    assert found
    assert found.ended_at == NOW


@pytest.mark.parametrize("page", ["", "/screen", "/figures", "/end"])
def test_another_agencys_event_is_not_there(desk: TestClient, database: Database, people: Two, page: str) -> None:
    event = event_of(database, people)
    sign_in(database, desk, people.other_admin)
    address = f"/desk/events/{event.id}{page}"
    assert (desk.post(address) if page == "/end" else desk.get(address)).status_code == 404
    assert event.name not in desk.get("/desk/events").text


def test_a_way_that_is_no_event_is_not_there(desk: TestClient, database: Database, people: Two) -> None:
    campaign = event_of(database, people, "campaign")
    assert desk.get(f"/desk/events/{campaign.id}").status_code == 404


# ---------------------------------------------------------------- what the room is shown


def test_how_many_came_is_said_from_five_on(desk: TestClient, database: Database, people: Two) -> None:
    event, intake = event_of(database, people), new_intake(database)
    for n in range(FEWEST - 1):
        join(intake, event, f"{n}")
    pages = [f"/desk/events/{event.id}", f"/desk/events/{event.id}/figures", "/desk/events"]
    assert all("5人未満" in words(desk.get(page).text).replace(" ", "") for page in pages)
    join(intake, event, "fifth")
    for page in pages:
        assert "5人" in words(desk.get(page).text).replace(" ", "")
    assert "参加 5 人" in words(desk.get(pages[1]).text)


def test_the_room_sees_its_answers_from_ten_on_and_means_from_five(
    desk: TestClient, database: Database, people: Two
) -> None:
    event, intake = event_of(database, people), new_intake(database)
    page = f"/desk/events/{event.id}/figures?show=answers"
    shown = []
    for n in range(2 * FEWEST):
        finish(intake, join(intake, event, f"{n}"))
        shown.append(desk.get(page).text)
    assert "平均" not in shown[FEWEST - 2]
    assert "平均" in shown[FEWEST - 1]
    assert "新たな販売先の拡大" not in shown[2 * FEWEST - 2]
    assert "新たな販売先の拡大" in shown[2 * FEWEST - 1]
    # Tools are asked for in the full check alone.
    assert "ファイル共有" not in shown[-1]
    assert "終えた 10 人以上" in words(shown[-1])


def test_what_is_answered_after_the_end_is_no_part_of_the_event(
    desk: TestClient, database: Database, people: Two
) -> None:
    event, intake = event_of(database, people), new_intake(database)
    talkers = [join(intake, event, f"{n}") for n in range(FEWEST)]
    for talker in talkers:
        finish(intake, talker)
    page = f"/desk/events/{event.id}"
    desk.post(f"{page}/end")
    before = desk.get(page).text
    afterwards = new_intake(database, later(days=1))
    for talker in talkers:
        talker.choice = FULL
        finish(afterwards, talker)
    assert "人と学び" not in desk.get(page).text
    assert words(desk.get(page).text) == words(before)


def test_the_pages_of_an_event_name_nobody(desk: TestClient, database: Database, people: Two) -> None:
    event, intake = event_of(database, people), new_intake(database)
    taken = finish(intake, join(intake, event, "one"))
    client_of(database, people.home.id, taken.owner_id, "all", "山田製作所")
    pages = ("", "/screen", "/screen?show=answers", "/figures")
    assert not any("山田製作所" in desk.get(f"/desk/events/{event.id}{page}").text for page in pages)


def test_the_screen_says_how_to_join_and_works_without_script(
    desk: TestClient, database: Database, people: Two
) -> None:
    event = event_of(database, people)
    page = desk.get(f"/desk/events/{event.id}/screen").text
    assert "banso.example/link" in page
    assert event.code in page
    assert "<svg" in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert " style=" not in page
    assert not re.search(r"<script(?![^>]* src=)", page)


def test_looking_at_figures_is_not_noted(desk: TestClient, database: Database, people: Two) -> None:
    event = event_of(database, people)
    desk.get(f"/desk/events/{event.id}/figures")
    assert rows(database, audit) == []
    with database.writing() as connection:
        audits.add(connection, people.home.id, people.officer.id, "event.make", NOW)
    assert rows(database, audit)


# ---------------------------------------------------------------- nobody's answer can be told

picks = st.lists(st.sets(st.sampled_from(sorted(LABELS))), max_size=40)


@given(picks)
def test_no_bar_tells_of_fewer_than_five_who_said_yes_or_did_not(said: list[set[str]]) -> None:
    chart = tally(LABELS, said)
    assert chart.people % FEWEST == 0
    for bar, id in zip(chart.bars, LABELS, strict=False):
        count = sum(id in one for one in said[: chart.people])
        if bar.known == "exact":
            assert bar.value == count
            assert min(count, chart.people - count) >= FEWEST
        elif bar.known == "few":
            assert (bar.value, count < FEWEST) == (0, True)
        else:
            # The same whoever of the last few did not say it, or all did.
            assert (bar.value, chart.people - count < FEWEST) == (chart.people - FEWEST + 1, True)


@given(picks, st.lists(st.sets(st.sampled_from(sorted(LABELS))), max_size=FEWEST - 1))
def test_who_comes_later_is_told_only_with_four_others(said: list[set[str]], more: list[set[str]]) -> None:
    whole = said[: rooms.fives(len(said))]
    assert tally(LABELS, whole + more) == tally(LABELS, whole)
    balance = [{"a": 10 * len(one), "b": 50} for one in whole]
    after = [*balance, *({"a": 100, "b": 0} for _ in more)]
    assert means(LABELS, after, []) == means(LABELS, balance, [])


def test_counted_one_by_one_the_last_to_come_would_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[set[str]] = [{"a"}] * 6 + [set()] * 6
    last = [*said, {"a"}]
    guarded = [tally(LABELS, those).bars[0].value for those in (said, last)]
    assert guarded[0] == guarded[1]
    monkeypatch.setattr(rooms, "fives", lambda people: people)
    bare = [tally(LABELS, those).bars[0].value for those in (said, last)]
    assert bare[1] - bare[0] == 1


def test_a_question_of_the_full_check_counts_those_who_were_asked() -> None:
    quick, full = {"a": 40}, {"a": 60, "b": 20}
    chart = means(LABELS, [*[quick] * 5, *[full] * 5], [full] * 5)
    assert [(bar.label, bar.value, bar.people) for bar in chart.bars] == [("A", 50, 10), ("B", 20, 5)]


# ---------------------------------------------------------------- live


def signed_in(url: str, database: Database, people: Two, address: str) -> Cookie:
    """The cookie of an officer who is signed in."""
    with TestClient(make_app(Database(url), packaged(), settings_for(address), lambda: NOW)) as signing:
        sign_in(database, signing, people.officer)
        (cookie,) = signing.cookies.jar
        return cookie


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_screen_follows_the_room_and_rests_while_nobody_looks(
    database_url: str, database: Database, people: Two, browser: Browser
) -> None:
    event, intake = event_of(database, people), new_intake(database)
    for n in range(FEWEST):
        join(intake, event, f"{n}")
    with serving(database_url, clock=lambda: NOW) as address:
        page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
        cookie = signed_in(database_url, database, people, address)
        page.context.add_cookies([{"name": cookie.name, "value": cookie.value or "", "url": address}])
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.clock.install()
        page.goto(f"{address}/desk/events/{event.id}/screen")
        page.get_by_text("参加", exact=True).wait_for()
        joined = page.locator(".counts dd").first
        assert joined.inner_text() == "5人"
        join(intake, event, "sixth")
        page.clock.run_for(5_000)
        page.get_by_text("6人が参加し").wait_for(state="attached")
        assert joined.inner_text() == "6人"
        page.evaluate("Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true})")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.clock.run_for(5_000)
        asked.clear()
        page.clock.run_for(60_000)
        assert not [url for url in asked if "/figures" in url]
        page.evaluate("Object.defineProperty(document, 'visibilityState', {value: 'visible', configurable: true})")
        with page.expect_request("**/figures*"):
            page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.context.close()


def test_days_of_events_are_those_of_japan(desk: TestClient) -> None:
    # NOW is ten o'clock in the morning there.
    today = (NOW + timedelta(hours=9)).date()
    assert desk.post("/desk/events", data={"name": "会", "day": today.isoformat()}).status_code == 303


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("width", [360, 1366])
def test_the_pages_hold_at_every_width(
    database_url: str, database: Database, people: Two, browser: Browser, width: int
) -> None:
    event, intake = event_of(database, people), new_intake(database)
    for n in range(2 * FEWEST):
        finish(intake, join(intake, event, f"{n}"))
    with serving(database_url, clock=lambda: NOW) as address:
        context = browser.new_context(viewport={"width": width, "height": 768})
        page = context.new_page()
        signing = signed_in(database_url, database, people, address)
        context.add_cookies([{"name": signing.name, "value": signing.value or "", "url": address}])
        one = f"/desk/events/{event.id}"
        for path in ("/desk/events", one, f"{one}/screen", f"{one}/screen?show=answers", "/desk/together"):
            page.goto(address + path)
            assert (path, findings(page), overflow(page)) == (path, [], 0)
            if width > 1000 and "screen" in path:
                tall = page.evaluate("document.documentElement.scrollHeight - innerHeight")
                assert tall <= 0, "the projector shows all of it at once"
        page.get_by_label("お伝えして").check()
        page.get_by_role("button", name="いっしょに診断を始める").click()
        page.get_by_role("button", name="ざっくり").click()
        page.get_by_label("新たな販売先").check()
        page.get_by_role("button", name="これで決定").click()
        assert (findings(page), overflow(page)) == ([], 0)
        page.get_by_role("button", name="QRコードを出す").click()
        page.get_by_role("button", name="おわる").click()
        assert "終わりました" in page.inner_text("h1")
        assert (findings(page), overflow(page)) == ([], 0)
        context.close()
