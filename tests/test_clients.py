"""The clients of an agency at its desk: what is shown of whom, for how long, and what its people can do."""

from __future__ import annotations

import csv
import io
import re
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from bot import samples
from bot.app import make_app
from bot.desk import clients as desk_clients
from bot.desk.sheets import cell
from bot.desk.words import words
from dialogs import presses
from dialogs.consultations import KeepRecord
from dialogs.content import packaged
from dialogs.effects import DeleteResult, SaveResult
from dialogs.events import Opened, Said
from storage import Database, bookings, clients, notes, referrals, results
from storage.schema import audit, journey, member, result, timer
from tests.desk import OURS, Two, client_of, sign_in, two
from tests.meetings import Meetings, at
from tests.serving import settings_for
from tests.taking import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from dialogs.events import Action
    from dialogs.messages import Button
    from storage.clients import Client
    from storage.experts import Expert
    from storage.members import Member
    from tests.databases import Slate

NAME, PHONE, WORDS, QUESTION = "みなと食堂", "09012345678", "手書きの帳簿", "インボイスの登録はいつまでですか"
MET = at(2, 10)


@dataclass
class Office:
    """Two agencies with a browser at their desk, and the owners who talk with the bot."""

    meetings: Meetings
    people: Two
    browser: TestClient

    def owner(self, address: str = "owner", segment: str = "low-banso", depth: str = "full") -> int:
        """An owner who has made the check."""
        literacy, _, type = segment.partition("-")
        self.meetings.act(address, Opened())
        made = samples.owner(packaged(), literacy, type, depth)
        self.meetings.do(address, SaveResult(f"{address}.{depth}", made.answers, made.result))
        return self.meetings.id(address)

    def client(self, owner_id: int, share: str = "all", name: str = NAME, agency_id: int = 0, **more: int) -> Client:
        """That owner as a client of the first agency's, or of another's."""
        with self.meetings.database.writing() as connection:
            agency = agency_id or self.people.home.id
            one = clients.come(connection, owner_id, agency, self.meetings.now, name=name, **more)
        self.share(one, share)
        return one

    def share(self, one: Client, level: str) -> None:
        """The owner says what the agency may see."""
        if level:
            with self.meetings.database.writing() as connection:
                clients.share(connection, one, level, "test", self.meetings.now)

    def met_last(self, one: Client, at: datetime) -> None:
        """The owner was last met then."""
        self.journey(one, seen_at=at)

    def journey(self, one: Client, **values: object) -> None:
        with self.meetings.database.writing() as connection:
            connection.execute(update(journey).where(journey.c.owner_id == one.owner_id).values(values))

    def sign_in(self, member: Member) -> None:
        """Somebody else sits down at the browser."""
        sign_in(self.meetings.database, self.browser, member, self.meetings.now)

    def see(self, path: str) -> str:
        """The words of a page."""
        answer = self.browser.get(path)
        assert answer.status_code == 200, answer.status_code
        return said(answer.text)

    def post(self, path: str, **form: object) -> str:
        """Send a form; gives the words of the page that comes."""
        answer = self.browser.post(path, data=form, headers=OURS)
        if answer.status_code == 303:
            return self.see(answer.headers["location"])
        assert answer.status_code < 500
        return f"{answer.status_code} {said(answer.text)}"

    def listed(self, query: str = "") -> list[str]:
        """Who stands in the list, by name."""
        page = self.browser.get(f"/desk/clients{query}").text
        return re.findall(r'<a href="/desk/clients/\d+">([^<]*)</a>', page)

    def file(self, query: str = "") -> list[list[str]]:
        """The rows of the list as a file."""
        answer = self.browser.get(f"/desk/clients.csv{query}")
        return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))

    def acts(self) -> list[tuple[str, str]]:
        """What the audit log says."""
        return [(row["act"], row["subject"]) for row in rows(self.meetings.database, audit)]

    def timers(self, kind: str) -> list[dict[str, object]]:
        return [row for row in rows(self.meetings.database, timer) if row["kind"] == kind]

    def result_id(self) -> int:
        return int(rows(self.meetings.database, result)[-1]["id"])


def pressed(button: Button) -> Action:
    """What a button does."""
    action = presses.decode(button.press)
    assert action
    return action


def said(html: str) -> str:
    """The words of the page proper."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html.partition("<main")[2])).split())


@pytest.fixture
def office(database_url: str) -> Iterator[Office]:
    meetings = Meetings(database_url)
    app = make_app(Database(database_url), packaged(), settings_for("http://testserver"), lambda: meetings.now)
    with TestClient(app, follow_redirects=False) as browser:
        made = Office(meetings, two(meetings.database, meetings.now), browser)
        made.sign_in(made.people.officer)
        yield made
    meetings.close()


def consulted(office: Office) -> tuple[Client, Expert]:
    """A client who shares all, has met an expert, and has a meeting ahead."""
    one = office.client(office.owner())
    office.meetings.act("owner", Said(QUESTION))
    expert = office.meetings.expert("山田")
    token = office.meetings.book("owner", expert, MET)
    office.meetings.now = MET + timedelta(hours=2)
    texts = {"situation": WORDS, "support": "道具を比べた", "handover": "yorozu"}
    actions = ({"text": "無料版を試す", "day": "2026-12-10"},)
    office.meetings.do(expert.name, KeepRecord(token, actions=actions, **texts))
    office.meetings.book("owner", expert, at(8, 13))
    office.sign_in(office.people.officer)
    return one, expert


# ---------------------------------------------------------------- what is shared


def test_who_shares_nothing_stands_nowhere(office: Office) -> None:
    for place, share in enumerate(("", "nothing")):
        one = office.client(office.owner(f"owner{place}"), share)
        assert office.listed() == []
        assert len(office.file()) == 1
        assert office.browser.get(f"/desk/clients/{one.id}").status_code == 404


def test_what_ended_is_gone_from_every_page_file_and_form_with_the_next_request(office: Office) -> None:
    one, _ = consulted(office)
    here = f"/desk/clients/{one.id}"
    office.post(f"{here}/notes", text="電話は午前に")
    with office.meetings.database.reading() as connection:
        ahead = bookings.of_owner(connection, one.owner_id)[0].id
        (note,) = notes.of_client(connection, one)
    pages = [here, f"{here}/results/{office.result_id()}"]
    forms: list[tuple[str, dict[str, object]]] = [
        (here, {"name": "別の名", "charge": ""}),
        (f"{here}/invite", {}),
        (f"{here}/join", {"booking": ahead}),
        (f"{here}/notes", {"text": "もう一つ"}),
        (f"{here}/notes/{note.id}", {"text": "書き直し"}),
        (f"{here}/notes/{note.id}/delete", {}),
    ]
    assert [office.browser.get(page).status_code for page in pages] == [200] * 2
    assert office.listed() == [NAME]
    assert office.file()[1][1] == NAME
    office.share(one, "nothing")
    before = len(office.acts())
    assert office.listed() == []
    assert office.listed(f"?name={NAME}") == []
    assert len(office.file()) == 1
    assert [office.browser.get(page).status_code for page in pages] == [404] * 2
    answers = [office.browser.post(path, data=form, headers=OURS).status_code for path, form in forms]
    assert answers == [404] * 6
    assert office.timers("invite") == office.timers("join") == []
    # Nothing of it was noted but the list and the file, which were empty.
    assert {act for act, _ in office.acts()[before:]} == {"clients.list", "clients.export"}
    office.share(one, "all")
    assert "電話は午前に" in office.see(here)
    assert NAME in office.see(here)


def test_who_shares_the_result_alone_shows_nothing_of_consultations(office: Office) -> None:
    one, _ = consulted(office)
    here = f"/desk/clients/{one.id}"
    hidden = ("山田", WORDS, "無料版を試す", "よろず支援拠点(", "12月8日", "相談済み")
    told = office.see(here)
    for word in (*hidden[:3], "12月8日", "相談済み", "これから", "道具を比べた"):
        assert word in told
    assert office.listed("?stage=met") == [NAME]
    office.share(one, "result")
    told = office.see(here)
    for word in (*hidden, "道具を比べた"):
        assert word not in told
    assert "診断の結果だけです" in told
    assert office.listed("?stage=met") == []
    assert office.listed("?stage=finished") == [NAME]
    assert "相談済み" not in str(office.file())
    with office.meetings.database.reading() as connection:
        ahead = bookings.of_owner(connection, one.owner_id)[0].id
    assert office.post(f"{here}/join", booking=ahead).startswith("404")


def test_telephone_number_vision_and_questions_of_the_owner_are_shown_nowhere(office: Office) -> None:
    one, _ = consulted(office)
    here = f"/desk/clients/{one.id}"
    with office.meetings.database.reading() as connection:
        stored = results.latest(connection, one.owner_id)
    assert stored
    assert stored.answers["vision"]
    everything = [office.see(page) for page in (here, f"{here}/results/{office.result_id()}", "/desk/clients")]
    for word in (PHONE, QUESTION, stored.answers["vision"], stored.token):
        assert word not in "".join(everything) + str(office.file())


def test_another_agency_sees_what_it_was_shown_and_none_of_the_notes_name_or_officer_of_this_one(
    office: Office,
) -> None:
    owner = office.owner()
    mine = office.client(owner, name="うちでの呼び名", member_id=office.people.officer.id)
    theirs = office.client(owner, "result", "むこうでの呼び名", office.people.other.id)
    office.post(f"/desk/clients/{mine.id}/notes", text="融資の話は避ける")
    office.sign_in(office.people.other_officer)
    assert office.browser.get(f"/desk/clients/{mine.id}").status_code == 404
    told = office.see(f"/desk/clients/{theirs.id}") + str(office.file()) + office.see("/desk/clients")
    assert "むこうでの呼び名" in told
    for word in ("うちでの呼び名", "融資の話", office.people.officer.name):
        assert word not in told


def test_results_tell_who_of_the_own_agency_answered_with_the_owner(office: Office) -> None:
    one = office.client(office.owner())
    here = f"/desk/clients/{one.id}"
    for who, told in ((office.people.admin, True), (office.people.other_admin, False)):
        with office.meetings.database.writing() as connection:
            connection.execute(update(result).values(member_id=who.id))
        for page in (here, f"{here}/results/{office.result_id()}"):
            assert ("さんといっしょに" in office.see(page)) is told


def test_results_over_time_lead_to_their_pictures_numbers_and_first_steps(office: Office) -> None:
    one = office.client(office.owner(depth="quick"))
    office.meetings.now += timedelta(days=20)
    office.owner(segment="high-jiso")
    office.sign_in(office.people.officer)
    told = office.see(f"/desk/clients/{one.id}")
    for word in ("2026年12月1日(火)", "ざっくり診断", "2026年12月21日(月)", "しっかり診断"):
        assert word in told
    page = office.browser.get(f"/desk/clients/{one.id}/results/{office.result_id()}").text
    made = samples.owner(packaged(), "high", "jiso")
    titles = [packaged().catalogue.advice[action.advice].title for action in made.result.actions]
    assert len(titles) == 3
    for word in (*titles, f"{made.result.score.points}点", "前回", "着手済み"):
        assert word in page
    for share in made.result.score.shares:
        assert f'<td class="number">{share.percent}%</td>' in page
    assert page.count("<svg") == 2
    assert 'style="' not in page


def test_a_result_of_another_owner_is_not_there(office: Office) -> None:
    one = office.client(office.owner())
    other = office.owner("other")
    assert other != one.owner_id
    assert office.browser.get(f"/desk/clients/{one.id}/results/{office.result_id()}").status_code == 404


def test_a_result_that_its_owner_deleted_is_gone_from_list_page_and_file(office: Office) -> None:
    one = office.client(office.owner())
    label = words()["segments"]["low-banso"]
    assert label in office.see("/desk/clients").partition("絞り込む")[2]
    with office.meetings.database.reading() as connection:
        stored = results.latest(connection, one.owner_id)
    assert stored
    office.meetings.do("owner", DeleteResult(stored.token))
    pages = [office.see("/desk/clients").partition("絞り込む")[2], office.see(f"/desk/clients/{one.id}")]
    for told in (*pages, str(office.file()[1:])):
        assert label not in told


def test_numbers_that_no_row_can_have_are_not_there(office: Office) -> None:
    one = office.client(office.owner())
    for path in (f"/desk/clients/{10**30}", f"/desk/clients/{one.id}/results/{10**30}"):
        assert office.browser.get(path).status_code == 404
    assert office.post(f"/desk/clients/{one.id}/notes/{10**30}", text="あ").startswith("404")


# ---------------------------------------------------------------- the list


def test_filters_leave_those_who_fit_and_what_makes_no_sense_is_left_out(office: Office) -> None:
    now, people = office.meetings.now, office.people
    with office.meetings.database.writing() as connection:
        event = referrals.add(connection, people.home.id, people.officer.id, "event", "冬の体験会", now)
        invited = referrals.invite(connection, people.home.id, people.officer.id, "い", "", now)
    mine = office.client(office.owner("a"), name="あ", member_id=people.officer.id, referral_id=event.id)
    his = office.client(office.owner("b", "high-jiso"), name="い", member_id=people.admin.id, invitation_id=invited.id)
    nobodys = office.client(office.owner("c", "high-banso"), name="う")
    for one, days in ((mine, 3), (his, 40), (nobodys, 120)):
        office.met_last(one, now - timedelta(days=days))
    office.journey(mine, challenges=",people,sales,")
    office.journey(nobodys, challenges=",people,")
    office.journey(his, challenges=",presales,", booked_at=now)
    expected = {
        "": "あいう",
        "?stage=finished": "あう",
        "?stage=booked": "い",
        "?stage=came": "",
        "?segment=high-banso": "う",
        "?challenge=sales": "あ",
        "?charge=me": "あ",
        f"?charge={people.admin.id}": "い",
        "?charge=nobody": "う",
        "?seen=7": "あ",
        "?seen=90": "あい",
        "?seen=older": "う",
        f"?way={event.id}": "あ",
        "?way=invited": "い",
        "?charge=me&segment=high-banso": "",
        "?stage=nonsense&segment=%00&charge=999&way=999&challenge=%25": "あいう",
    }
    # The challenge must be one that there is.
    assert "sales" in {one.id for one in packaged().questionnaire.challenges}
    assert {query: "".join(office.listed(query)) for query in expected} == expected
    assert {query: "".join(row[1] for row in office.file(query)[1:]) for query in expected} == expected


def test_a_name_is_found_however_it_is_typed_but_only_among_so_many(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address, name in (("a", "㈱ミナト ﾌｰｽﾞ"), ("b", "うみべ商店")):
        office.client(office.owner(address), name=name)
    assert office.listed("?name=ミナトフーズ") == ["㈱ミナト ﾌｰｽﾞ"]
    assert office.listed("?name=ミナト&segment=high-jiso") == []
    monkeypatch.setattr(desk_clients, "NAMED", 1)
    assert "1件までです" in office.see("/desk/clients?name=ミナト")
    assert office.browser.get("/desk/clients.csv?name=ミナト").status_code == 422
    # Names were looked at, and no file was had.
    assert {act for act, _ in office.acts()} == {"clients.list"}


def test_pages_follow_each_other_there_and_back_without_leaving_anybody_out(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_clients, "ON_A_PAGE", 2)
    for place in range(5):
        one = office.client(office.owner(f"owner{place}"), name=f"{place}")
        # Two of them were met at the same moment.
        office.met_last(one, office.meetings.now - timedelta(days=place // 2))

    def beside(rel: str) -> str:
        found = re.search(rf'rel="{rel}" href="([^"]*)"', page)
        return unescape(found[1]).removeprefix("/desk/clients") if found else ""

    there: list[list[str]] = []
    queries = [""]
    while queries[-1] or not there:
        page = office.browser.get(f"/desk/clients{queries[-1]}").text
        there.append(office.listed(queries[-1]))
        queries.append(beside("next"))
    assert there == [["1", "0"], ["3", "2"], ["4"]]
    back = beside("prev")
    assert office.listed(back) == ["3", "2"]
    page = office.browser.get(f"/desk/clients{back}").text
    assert office.listed(beside("next")) == ["4"]
    assert office.listed(beside("prev")) == ["1", "0"]
    page = office.browser.get(f"/desk/clients{beside('prev')}").text
    assert not beside("prev")
    assert "一覧のはじめへ" in office.see("/desk/clients?after=2020-01-01T00:00:00~1")
    for nonsense in ("?after=x", "?after=~", f"?before=2026-12-01~{10**30}", "?after=2026-12-01T00:00:00%2B09:00~1"):
        assert office.browser.get(f"/desk/clients{nonsense}").status_code == 200


def test_how_many_share_nothing_is_told_from_five_on(office: Office) -> None:
    office.client(office.owner())
    for place in range(5):
        assert "共有はしていません" not in office.see("/desk/clients")
        office.client(office.owner(f"silent{place}"), "nothing" if place else "")
    assert "ほかに5件が来訪し、共有はしていません" in office.see("/desk/clients")


def test_the_file_opens_in_a_spreadsheet_as_it_is_meant(office: Office) -> None:
    office.client(office.owner(), name="=HYPERLINK(1)\r\n〜食堂")
    answer = office.browser.get("/desk/clients.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "clients-2026-12-01.csv" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    heading, row = office.file()
    assert heading == list(words()["columns"].values())
    assert row[1] == "'=HYPERLINK(1)\r\n〜食堂"
    assert row[9] == words()["segments"]["low-banso"]
    old = office.browser.get("/desk/clients.csv?charset=cp932").content
    assert "'=HYPERLINK(1)\r\n～食堂".encode("cp932") in old
    assert ("clients.export", "") in office.acts()


@pytest.mark.parametrize("value", ["=1", "+81", "-1", "@SUM(1)", "＝1", " =1", "\t=1", "\n=1"])
def test_no_cell_is_a_formula(value: str) -> None:
    assert cell(value) == f"'{value}"


@pytest.mark.parametrize("value", ["食堂", "2026-12-01", 7, -20, None, "", "a=1"])
def test_other_cells_stay_as_they_are(value: object) -> None:
    assert cell(value) == ("" if value is None else str(value))


def test_every_segment_and_stage_has_its_words() -> None:
    assert set(words()["segments"]) == {f"{literacy}-{type}" for literacy, type in samples.SEGMENTS}
    assert tuple(words()["stages"]) == ("came", "began", "finished", "booked", "met", "acted")
    assert tuple(words()["shares"]) == clients.SEEN
    assert list(words()["columns"]) == list(desk_clients.Line.__dataclass_fields__)


# ---------------------------------------------------------------- what officers do


def test_name_and_officer_are_kept_and_noted(office: Office) -> None:
    one = office.client(office.owner())
    here = f"/desk/clients/{one.id}"
    told = office.post(here, name="みなと屋", charge=office.people.admin.id)
    assert "名前と担当を保存しました" in told
    assert "みなと屋" in told
    assert office.listed(f"?charge={office.people.admin.id}") == ["みなと屋"]
    assert ("client.change", f"client:{one.id}") in office.acts()
    assert ("client.see", f"client:{one.id}") in office.acts()
    assert office.post(here, name="別", charge=office.people.other_admin.id).startswith("404")
    office.post(here, name="みなと屋", charge="")
    assert office.listed("?charge=nobody") == ["みなと屋"]


def test_an_officer_who_has_left_stays_in_charge_until_another_is(office: Office) -> None:
    one = office.client(office.owner(), member_id=office.people.admin.id)
    with office.meetings.database.writing() as connection:
        connection.execute(update(member).where(member.c.id == office.people.admin.id).values(active=False))
    here = f"/desk/clients/{one.id}"
    office.post(here, name=NAME, charge=office.people.admin.id)
    assert f"担当 {office.people.admin.name}" in office.see(here)
    office.post(here, name=NAME, charge=office.people.officer.id)
    assert office.post(here, name=NAME, charge=office.people.admin.id).startswith("404")


def test_an_owner_is_invited_to_book_once_a_week_at_the_most(office: Office) -> None:
    one = office.client(office.owner(), "result")
    here = f"/desk/clients/{one.id}"
    assert "相談の予約をすすめる" in office.see(here)
    assert "すすめました" in office.post(f"{here}/invite")
    assert "相談の予約をすすめる" not in office.see(here)
    assert f"{office.people.officer.name}さんが" in office.see(here)
    assert office.post(f"{here}/invite").startswith("409")
    assert len(office.timers("invite")) == 1
    assert office.acts().count(("client.invite", f"client:{one.id}")) == 1
    office.meetings.now += timedelta(days=7)
    office.sign_in(office.people.officer)
    assert "すすめました" in office.post(f"{here}/invite")
    assert [told.to for told in office.meetings.fire() if told.kind == "invite"] == ["owner"] * 2


def test_who_is_invited_at_night_is_told_in_the_morning(office: Office) -> None:
    one = office.client(office.owner())
    office.meetings.now = at(2, 22)
    office.sign_in(office.people.officer)
    assert "朝8時に" in office.post(f"/desk/clients/{one.id}/invite")
    (told,) = office.timers("invite")
    assert told["at"] == at(3, 8)


def test_an_officer_asks_once_to_come_along_to_a_meeting_that_lies_ahead(office: Office) -> None:
    one, _ = consulted(office)
    here = f"/desk/clients/{one.id}"
    with office.meetings.database.reading() as connection:
        ahead, past = bookings.of_owner(connection, one.owner_id)
    assert office.see(here).count("同席をお願いする") == 1
    assert office.post(f"{here}/join", booking=past.id).startswith("404")
    assert "お願いを送りました" in office.post(f"{here}/join", booking=ahead.id)
    (asked,) = office.timers("join")
    assert asked["subject"] == one.subject
    assert asked["data"] == {"booking": ahead.token, "member": office.people.officer.id}
    assert "返事を待っています" in office.see(here)
    assert office.post(f"{here}/join", booking=ahead.id).startswith("404")
    (told,) = (one for one in office.meetings.fire() if one.kind == "join")
    assert told.to == "owner"
    (no,) = (button for button in told.messages[-1].buttons if button.label == "同席なしで相談する")
    office.meetings.act("owner", pressed(no))
    assert "同席なしでの相談を希望" in office.see(here)
    assert office.post(f"{here}/join", booking=ahead.id).startswith("404")
    with office.meetings.database.writing() as connection:
        # As the purge leaves what was told long ago.
        connection.execute(update(timer).where(timer.c.subject == one.subject).values(data={}))
    assert "同席" in office.see(here)
    office.sign_in(office.people.admin)
    assert "同席をお願いする" in office.see(here)
    with office.meetings.database.writing() as connection:
        bookings.invite(connection, ahead.id, office.people.admin.owner_id, office.meetings.now, "佐藤")
    assert "あなたも同席します" in office.see(here)


def test_a_meeting_of_somebody_else_cannot_be_asked_for(office: Office) -> None:
    one, expert = consulted(office)
    office.owner("other")
    office.meetings.book("other", expert, at(9, 10))
    with office.meetings.database.reading() as connection:
        theirs = bookings.of_owner(connection, office.meetings.id("other"))[0]
    assert office.post(f"/desk/clients/{one.id}/join", booking=theirs.id).startswith("404")


@pytest.mark.parametrize(("find", "waits"), [(clients.lock, True), (clients.seen, False)])
def test_who_would_ask_at_the_same_moment_waits_for_the_other_where_the_client_is_held(
    postgres_slate: Slate, find: Callable[[Connection, int, int], Client | None], waits: bool
) -> None:
    meetings = Meetings(postgres_slate.wiped())
    people = two(meetings.database)
    one = client_of(meetings.database, people.home.id, meetings.id("owner"))
    with meetings.database.writing() as first, meetings.database.writing() as second:
        assert find(first, people.home.id, one.id)
        second.execute(text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(OperationalError) if waits else nullcontext():
            assert find(second, people.home.id, one.id)
    meetings.close()
