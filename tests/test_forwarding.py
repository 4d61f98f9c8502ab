"""The ways by which an agency sends owners: links, codes and leaflets for anybody, invitations for one."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import segno
from openpyxl import load_workbook
from starlette.testclient import TestClient

from bot.app import make_app
from bot.desk.doors import COOKIE
from bot.desk.forward import counted
from bot.desk.sheets import XLSX
from bot.qr import MARGIN, code_of, qr_png, qr_svg
from bot.turn import by_code
from dialogs.content import packaged
from storage import Database, agencies, clients, owners, referrals, signins
from storage.referrals import Came, Invitation, Referral
from storage.schema import audit, referral
from tests.browser import browser as chromium
from tests.desk import OURS, Two, sign_in
from tests.sending import Memory
from tests.serving import serving, settings_for
from tests.taking import NOW, later, rows

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["chromium"]

HERE = "/desk/forward/invitations"
UNTIL = "2027年1月30日(土)"


class Inviting(Memory):
    """A platform whose chat has an address."""

    async def invitation(self, code: str) -> str | None:
        return f"https://{self.channel}.example/{code}"


@pytest.fixture
def browser(
    database_url: str, database: Database, people: Two, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    platforms = {"line": Inviting(), "slack": Memory(channel="slack")}
    monkeypatch.setattr("bot.app.switched_on", lambda *_: platforms)
    app = make_app(Database(database_url), packaged(), settings_for("https://banso.example"), lambda: NOW)
    with TestClient(app, "https://banso.example", follow_redirects=False, headers=OURS) as browser:
        sign_in(database, browser, people.officer)
        yield browser


def way_of(database: Database, people: Two, kind: str = "campaign", name: str = "内輪の呼び名") -> Referral:
    with database.writing() as connection:
        place = "大会議室" if kind == "event" else ""
        day = date(2026, 12, 15) if kind == "event" else None
        return referrals.add(connection, people.home.id, None, kind, name, NOW, day=day, place=place)


def invite(
    database: Database, people: Two, name: str = "あおぞら食堂", mail: str = "", way: Referral | None = None
) -> Invitation:
    with database.writing() as connection:
        member, of = people.officer.id, way.id if way else None
        return referrals.invite(connection, people.home.id, member, name, mail, NOW, of)


def comes(database: Database, people: Two, address: str, one: Referral | Invitation) -> clients.Client:
    """Have an owner come by a way or an invitation."""
    with database.writing() as connection:
        owner = owners.lock(connection, "test", "chat", address, "", NOW)
        by: dict[str, Any] = {"referral_id": one.id}
        if isinstance(one, Invitation):
            assert referrals.use(connection, one.id, NOW)
            by = {"invitation_id": one.id} | ({"referral_id": one.referral_id} if one.referral_id else {})
        return clients.come(connection, owner.id, people.home.id, NOW, **by)


def shares(database: Database, one: clients.Client, level: str) -> None:
    with database.writing() as connection:
        clients.share(connection, one, level, "test", NOW)


def acts(database: Database) -> list[tuple[str, str]]:
    return [(row["act"], row["subject"]) for row in rows(database, audit)]


def standing_of(browser: TestClient, one: Invitation) -> str:
    """What the list says of an invitation."""
    cells = re.findall(r"<td>([^<]+)</td>", browser.get(HERE).text.partition(f'{HERE}/{one.id}"')[2])
    return str(cells[0])


# ---------------------------------------------------------------- codes as pictures


def test_a_code_bears_damage_and_keeps_its_quiet_zone() -> None:
    address = "https://banso.example/link/ag-23456789"
    made, least = code_of(address), segno.make_qr(address, error="m", boost_error=False)
    assert made.error in ("M", "Q", "H")
    assert made.version == least.version
    modules = made.symbol_size(border=0)[0] + 2 * MARGIN
    assert MARGIN == 4
    assert f'width="{10 * modules}"' in qr_svg(address)
    assert 'fill="#fff"' in qr_svg(address)
    assert int.from_bytes(qr_png(address)[16:20], "big") == 24 * modules


# ---------------------------------------------------------------- ways for anybody


@pytest.mark.parametrize(
    ("form", "kind", "name", "officers"),
    [
        ({"kind": "agency"}, "agency", "みなと商工会議所", False),
        ({"kind": "campaign", "name": " 12月のDM "}, "campaign", "12月のDM", False),
        ({"kind": "officer"}, "officer", "鈴木", True),
    ],
)
def test_a_way_is_made_of_the_agency_an_officer_or_a_campaign(
    browser: TestClient, database: Database, people: Two, form: dict[str, str], kind: str, name: str, officers: bool
) -> None:
    if officers:
        form = {"kind": f"officer:{people.officer.id}"}
    answer = browser.post("/desk/forward", data=form)
    (row,) = rows(database, referral)
    assert (row["kind"], row["name"]) == (kind, name)
    assert row["member_id"] == (people.officer.id if officers else None)
    assert acts(database) == [("forward.make", f"referral:{row['id']}")]
    page = browser.get(answer.headers["location"]).text
    assert f"https://banso.example/link/{row['code']}" in page
    assert f"https://line.example/{row['code']}" in page
    assert name in browser.get("/desk/forward").text


@pytest.mark.parametrize("form", [{"kind": "campaign"}, {"kind": "agency", "name": "あ" * 81}, {"kind": "event"}, {}])
def test_a_way_that_lacks_something_is_not_made(browser: TestClient, database: Database, form: dict[str, str]) -> None:
    answer = browser.post("/desk/forward", data=form)
    assert (answer.status_code, rows(database, referral), acts(database)) == (422, [], [])
    assert 'role="alert"' in answer.text


def test_nobody_makes_a_way_of_another_agencys_officer(browser: TestClient, database: Database, people: Two) -> None:
    answer = browser.post("/desk/forward", data={"kind": f"officer:{people.other_officer.id}"})
    assert (answer.status_code, rows(database, referral)) == (422, [])


@pytest.mark.parametrize(
    ("format", "kind", "begin"), [("svg", "image/svg+xml", b"<?xml"), ("png", "image/png", b"\x89PNG")]
)
def test_a_code_can_be_had_as_a_file(
    browser: TestClient, database: Database, people: Two, format: str, kind: str, begin: bytes
) -> None:
    way, one = way_of(database, people), invite(database, people)
    for at, code in ((f"/desk/forward/{way.id}", way.code), (f"{HERE}/{one.id}", one.code)):
        answer = browser.get(f"{at}/qr.{format}")
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["content-disposition"] == f'attachment; filename="{code}.{format}"'
        assert answer.content.startswith(begin)
        assert browser.get(f"{at}/qr.gif").status_code == 404


def test_a_way_that_was_ended_brings_nobody_any_more(browser: TestClient, database: Database, people: Two) -> None:
    way = way_of(database, people)
    browser.post(f"/desk/forward/{way.id}/end")
    assert "この案内は終わりました" in browser.get(f"/desk/forward/{way.id}").text
    assert browser.get(f"/link/{way.code}").status_code == 410
    assert acts(database) == [("forward.end", f"referral:{way.id}")]


def test_where_owners_ask_is_settled_by_admins_and_printed(
    browser: TestClient, database: Database, people: Two
) -> None:
    way = way_of(database, people)
    assert browser.post("/desk/forward/ask", data={"ask": "電話 03"}).status_code == 403
    sign_in(database, browser, people.admin)
    assert browser.post("/desk/forward/ask", data={"ask": "あ" * 121}).status_code == 422
    browser.post("/desk/forward/ask", data={"ask": "電話 03-0000-0000"})
    assert "電話 03-0000-0000" in browser.get(f"/desk/forward/{way.id}/leaflet").text


@pytest.mark.parametrize(
    ("came", "shown"),
    [
        (Came(4, 0, 0, (4, 0)), (None, 0, None)),
        (Came(5, 0, 0, (5, 0)), (5, 0, None)),
        (Came(0, 100, 4, (0, 4)), (None, 100, None)),
        (Came(0, 100, 5, (0, 5)), (None, 100, 5)),
        # That four of nine did not come says as much of them.
        (Came(0, 9, 5, (0, 5)), (None, 9, None)),
        (Came(0, 5, 5, (0, 5)), (None, 5, None)),
        # All but four stand in the agency's own list.
        (Came(30, 90, 40, (4, 5)), (None, 90, None)),
        (Came(30, 90, 40, (5, 4)), (None, 90, None)),
        (Came(30, 90, 40, (5, 5)), (30, 90, 40)),
        (Came(30, 90, 40, (0, 0)), (30, 90, 40)),
    ],
)
def test_sums_of_fewer_than_five_are_not_told(came: Came, shown: tuple[int | None, int, int | None]) -> None:
    (line,) = counted([way_numbered(1)], {1: came})
    assert (line.by_way, line.invited, line.by_invitation) == shown


def way_numbered(id: int) -> Referral:
    """A way that stands nowhere."""
    return Referral(id, 1, None, "campaign", "", "", None, "", NOW, None)


def test_who_came_by_one_way_is_not_told_by_taking_away_the_others_from_all_clients() -> None:
    came: dict[int | None, Came] = {
        1: Came(20, silent=(9, 0)),
        2: Came(30, silent=(8, 0)),
        None: Came(7, silent=(2, 0)),
    }
    # All who share nothing are nineteen, which the list says; the two by no way would be what is left.
    assert [line.by_way for line in counted([way_numbered(1), way_numbered(2)], came)] == [20, None]


def test_who_came_by_a_way_is_counted_apart_from_who_was_invited(
    browser: TestClient, database: Database, people: Two
) -> None:
    way, other = way_of(database, people), way_of(database, people)
    for n in range(7):
        comes(database, people, f"walks in {n}", way)
    comes(database, people, "elsewhere", other)
    invited = [invite(database, people, str(n), way=way) for n in range(10)]
    for n in range(5):
        comes(database, people, f"invited {n}", invited[n])
    with database.reading() as connection:
        assert referrals.came(connection, people.home.id) == {
            way.id: Came(7, 10, 5, (7, 5)),
            other.id: Came(1, 0, 0, (1, 0)),
        }
        assert referrals.came(connection, people.other.id) == {}
    page = browser.get(f"/desk/forward/{way.id}").text
    # With the five invited, who came by the other way would be told.
    assert ["合言葉から:7人" in page, "招待10件から:人数は出せません" in page] == [True, True]
    assert "合言葉から:5人未満" in browser.get(f"/desk/forward/{other.id}").text


# ---------------------------------------------------------------- invitations for one


def test_somebody_is_invited_and_their_page_has_all_that_is_handed_on(
    browser: TestClient, database: Database, people: Two
) -> None:
    way = way_of(database, people)
    form = {"name": "  あおぞら 食堂", "mail": "ａ@example.jp", "way": str(way.id)}
    at = browser.post(f"{HERE}/new", data=form).headers["location"].partition("?")[0]
    page = browser.get(at).text
    with database.reading() as connection:
        ((one,),) = [[listed.one for listed in referrals.listed(connection, people.home.id, NOW)]]
    assert (one.name, one.mail, one.referral_id, one.member_id) == (
        "あおぞら 食堂",
        "a@example.jp",
        way.id,
        people.officer.id,
    )
    assert one.ends_at == NOW + timedelta(days=60)
    for part in (f"https://banso.example/link/{one.code}", UNTIL, "mailto:a%40example.jp?subject="):
        assert part in page
    assert acts(database) == [("invite.make", f"invitation:{one.id}"), ("invite.see", f"invitation:{one.id}")]


@pytest.mark.parametrize("form", [{"name": " "}, {"name": "あ" * 81}, {"name": "あ", "mail": "no mail"}])
def test_an_invitation_that_lacks_something_is_not_made(
    browser: TestClient, database: Database, people: Two, form: dict[str, str]
) -> None:
    answer = browser.post(f"{HERE}/new", data=form)
    assert (answer.status_code, acts(database)) == (422, [])
    assert 'class="wrong"' in answer.text


def test_who_is_invited_already_is_invited_again_only_on_purpose(
    browser: TestClient, database: Database, people: Two
) -> None:
    invite(database, people, "別の名前", "A@example.jp")
    form = {"name": "あおぞら食堂", "mail": "a@example.jp"}
    answer = browser.post(f"{HERE}/new", data=form)
    assert (answer.status_code, f"{UNTIL}まで使える招待があります" in answer.text) == (422, True)
    assert browser.post(f"{HERE}/new", data=form | {"again": "1"}).status_code == 303


def test_that_an_invitation_was_used_shows_only_while_its_owner_shares_something(
    browser: TestClient, database: Database, people: Two
) -> None:
    one = invite(database, people)
    seen = [standing_of(browser, one)]
    client = comes(database, people, "owner", one)
    seen.append(standing_of(browser, one))
    for level in ("nothing", "result", "all", "nothing"):
        shares(database, client, level)
        seen.append(standing_of(browser, one))
    assert seen == ["案内ずみ", "案内ずみ", "案内ずみ", "来訪ずみ", "来訪ずみ", "案内ずみ"]


def test_withdrawing_does_not_tell_whether_an_invitation_was_used(
    browser: TestClient, database: Database, people: Two
) -> None:
    used, unused = invite(database, people, "使った方"), invite(database, people, "まだの方")
    client = comes(database, people, "owner", used)
    answers = [browser.post(f"{HERE}/{one.id}/withdraw").headers["location"] for one in (used, unused)]
    assert [answer.replace(str(used.id), "N").replace(str(unused.id), "N") for answer in answers] == [
        f"{HERE}/N?done=invite-withdrawn"
    ] * 2
    assert [standing_of(browser, used), standing_of(browser, unused)] == ["取り消し", "取り消し"]
    # What the owner shares goes on, and says so.
    shares(database, client, "result")
    assert standing_of(browser, used) == "来訪ずみ"
    with database.reading() as connection:
        assert not referrals.by_code(connection, unused.code).lasts(NOW)  # type: ignore[union-attr]


def test_all_open_invitations_of_a_way_are_withdrawn_and_no_others(
    browser: TestClient, database: Database, people: Two
) -> None:
    way = way_of(database, people)
    part = [invite(database, people, str(n), way=way) for n in range(3)]
    apart = invite(database, people, "別の方")
    shares(database, comes(database, people, "owner", part[0]), "all")
    browser.post(f"/desk/forward/{way.id}/withdraw")
    assert [standing_of(browser, one) for one in (*part, apart)] == ["来訪ずみ", "取り消し", "取り消し", "案内ずみ"]
    assert [row["data"] for row in rows(database, audit) if row["act"] == "invite.withdraw"] == [{"count": 2}]


def test_the_list_is_chosen_by_way_and_standing_and_goes_on_where_it_is_long(
    browser: TestClient, database: Database, people: Two
) -> None:
    way = way_of(database, people)
    with database.writing() as connection:
        names = [(f"第{n}商店", "") for n in range(101)]
        referrals.invite_all(connection, people.home.id, people.officer.id, names, NOW, way.id)
        referrals.invite(connection, people.home.id, people.officer.id, "よその方", "", NOW)
        old = referrals.invite(connection, people.home.id, people.officer.id, "前の方", "", NOW - referrals.LIFE)
    page = browser.get(f"{HERE}?way={way.id}").text
    assert ["第100商店" in page, "第0商店" in page, "よその方" in page] == [True, False, False]
    further = re.search(r'href="([^"]*before=\d+)"', page)
    assert further
    assert "第0商店" in browser.get(further[1].replace("&amp;", "&")).text
    ended = browser.get(f"{HERE}?standing=ended").text
    assert ["前の方" in ended, "よその方" in ended, standing_of(browser, old)] == [True, False, "期限切れ"]
    for query in ("way=x", "way=999", "standing=used", "before=-1"):
        assert browser.get(f"{HERE}?{query}").status_code == 404


def test_open_invitations_come_as_a_file_for_a_mail_merge_in_which_nothing_is_a_formula(
    browser: TestClient, database: Database, people: Two
) -> None:
    way = way_of(database, people)
    names = ["=1+1", "＝全角", "@食堂", "ふつう商店"]
    made = [invite(database, people, name, "a@example.jp", way) for name in names]
    gone = invite(database, people, "取り消した方", way=way)
    browser.post(f"{HERE}/{gone.id}/withdraw")
    invite(database, people, "よその方")
    defused = ["'=1+1", "'＝全角", "'@食堂", "ふつう商店"]
    whole = [["お名前", "メール", "リンク", "合言葉", "有効期限"]] + [
        [name, "a@example.jp", f"https://banso.example/link/{one.code}", one.code, UNTIL]
        for name, one in zip(defused, made, strict=True)
    ]
    for charset, encoding in (("", "utf-8-sig"), ("?charset=cp932", "cp932")):
        answer = browser.get(f"/desk/forward/{way.id}/invitations.csv{charset}")
        assert list(csv.reader(io.StringIO(answer.content.decode(encoding)))) == whole
    assert browser.get(f"{HERE}.csv").content.startswith(b"\xef\xbb\xbf")
    answer = browser.get(f"/desk/forward/{way.id}/invitations.xlsx")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert answer.headers["content-type"] == XLSX
    assert sheet
    assert [list(row) for row in sheet.iter_rows(values_only=True)] == whole
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    of_way = ("invite.export", f"referral:{way.id}")
    assert [act for act in acts(database) if act[0] == "invite.export"] == [
        of_way,
        of_way,
        ("invite.export", ""),
        of_way,
    ]


def test_a_name_that_an_old_character_set_lacks_is_told_and_not_changed(
    browser: TestClient, database: Database, people: Two
) -> None:
    invite(database, people, "𠮷野家")
    answer = browser.get(f"{HERE}.csv?charset=cp932")
    assert (answer.status_code, "「𠮷」" in answer.text) == (422, True)
    assert "𠮷野家" in browser.get(f"{HERE}.csv").content.decode("utf-8-sig")
    assert [act for act, _ in acts(database)] == ["invite.export"]


# ---------------------------------------------------------------- the page behind a code


def test_an_owner_is_told_who_invites_and_where_to_begin(browser: TestClient, database: Database, people: Two) -> None:
    way = way_of(database, people)
    page = browser.get(f"/link/{way.code.upper()}").text
    for part in ("みなと商工会議所からのご案内", f"https://line.example/{way.code}", "この画面で始める", way.code):
        assert part in page
    # What a campaign is called is the agency's own affair.
    assert ["内輪の呼び名" in page, "/logo" in page] == [False, False]
    with database.writing() as connection:
        agencies.keep(connection, people.home.id, logo=b"\x89PNG", logo_type="image/png")
    assert f'src="/agency/{people.home.id}/logo"' in browser.get(f"/link/{way.code}").text


def test_of_an_event_its_name_day_and_place_are_told(browser: TestClient, database: Database, people: Two) -> None:
    way = way_of(database, people, "event", "デジタル体験会")
    for code in (way.code, invite(database, people, way=way).code):
        page = browser.get(f"/link/{code}").text
        assert [part in page for part in ("デジタル体験会", "2026年12月15日(火)", "大会議室")] == [True] * 3


def test_the_page_of_an_invitation_tells_neither_whom_it_is_for_nor_whether_it_was_used(
    browser: TestClient, database: Database, people: Two
) -> None:
    one = invite(database, people, "あおぞら食堂", "a@example.jp")

    def page() -> str:
        return re.sub('name="event" value="[^"]*"', "", browser.get(f"/link/{one.code}").text)

    before = page()
    assert ["あおぞら" in before, "a@example.jp" in before, UNTIL in before] == [False, False, True]
    comes(database, people, "owner", one)
    assert page() == before


@pytest.mark.parametrize("which", ["ended", "withdrawn", "expired", "made up"])
def test_a_code_that_is_good_no_more_still_lets_one_begin(
    browser: TestClient, database: Database, people: Two, which: str
) -> None:
    way, one = way_of(database, people), invite(database, people)
    code = {"ended": way.code, "made up": "ag-22222222"}.get(which, one.code)
    with database.writing() as connection:
        referrals.end(connection, people.home.id, way.id, NOW)
        if which == "withdrawn":
            referrals.withdraw(connection, people.home.id, NOW, id=one.id)
        if which == "expired":
            late = referrals.invite(connection, people.home.id, people.officer.id, "", "", NOW - referrals.LIFE)
            code = late.code
    answer = browser.get(f"/link/{code}")
    assert (answer.status_code, 'href="/"' in answer.text, 'https://line.example/"' in answer.text) == (410, True, True)
    assert code not in answer.text


@pytest.mark.parametrize("prefix", ["ag", "iv"])
def test_a_code_that_is_typed_leads_to_its_page(browser: TestClient, prefix: str) -> None:
    command = by_code(f"{prefix.upper()} 2345 6789")
    assert command
    assert (
        browser.get("/link", params={"code": f"{prefix}ー23456789"}).headers["location"] == f"/link/{prefix}-23456789"
    )


def test_whoever_goes_on_in_this_browser_comes_by_the_code(
    browser: TestClient, database: Database, people: Two
) -> None:
    way = way_of(database, people)
    assert browser.post(f"/link/{way.code}", data={"event": "one"}).headers["location"] == "/"
    with database.reading() as connection:
        assert referrals.came(connection, people.home.id)[way.id].by_way == 1


# ---------------------------------------------------------------- what is another agency's


def test_what_is_another_agencys_is_not_there(browser: TestClient, database: Database, people: Two) -> None:
    way, one = way_of(database, people, name="秘密"), invite(database, people, "秘密")
    sign_in(database, browser, people.other_admin)
    of_way, of_one = f"/desk/forward/{way.id}", f"{HERE}/{one.id}"
    for path in (
        of_way,
        of_one,
        *(f"{at}/{end}" for at in (of_way, of_one) for end in ("qr.svg", "qr.png", "leaflet")),
    ):
        assert browser.get(path).status_code == 404
    for path in (f"{of_way}/end", f"{of_way}/withdraw", f"{of_one}/withdraw"):
        assert browser.post(path).status_code == 404
    for path in (
        f"{HERE}?way={way.id}",
        f"/desk/forward/{way.id}/invitations.csv",
        f"{HERE}/leaflets?way={way.id}",
        f"{HERE}/leaflets",
    ):
        assert browser.get(path).status_code == 404
    for path in ("/desk/forward", HERE, f"{HERE}.csv", f"{HERE}/new"):
        assert "秘密" not in browser.get(path).content.decode()


# ---------------------------------------------------------------- on paper


def test_open_invitations_are_printed_one_on_a_sheet(browser: TestClient, database: Database, people: Two) -> None:
    way = way_of(database, people, "event", "デジタル体験会")
    invite(database, people, "あおぞら食堂", way=way)
    gone = invite(database, people, "取り消した方", way=way)
    browser.post(f"{HERE}/{gone.id}/withdraw")
    invite(database, people, "別の方")
    page = browser.get(f"{HERE}/leaflets?way={way.id}").text
    assert [part in page for part in ("あおぞら食堂 様", "デジタル体験会", UNTIL, "取り消した方", "別の方")] == [
        True
    ] * 3 + [False] * 2
    assert ("invite.print", f"referral:{way.id}") in acts(database)
    assert browser.get(f"{HERE}/leaflets").text.count('<article class="leaflet') == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_more_leaflets_than_are_printed_at_once_are_on_a_further_page(
    browser: TestClient, database: Database, people: Two
) -> None:
    way = way_of(database, people)
    with database.writing() as connection:
        names = [(f"第{n}商店", "") for n in range(101)]
        referrals.invite_all(connection, people.home.id, people.officer.id, names, NOW, way.id)
    page = browser.get(f"{HERE}/leaflets?way={way.id}").text
    further = re.search(r'href="([^"]*before=\d+)"', page)
    assert further
    assert [page.count("商店 様"), "第0商店 様" in page] == [100, False]
    rest = browser.get(further[1].replace("&amp;", "&")).text
    assert [rest.count("商店 様"), "第0商店 様" in rest] == [1, True]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("length", "place", "ask"), [(8, 12, 22), (20, 30, 60), (80, 100, 120)])
def test_a_leaflet_is_one_sheet_of_a4_however_long_the_names_are(
    database_url: str, database: Database, people: Two, chromium: Browser, length: int, place: int, ask: int
) -> None:
    with database.writing() as connection:
        agencies.keep(connection, people.home.id, name="商" * length, ask="電" * ask)
        where: dict[str, Any] = {"day": NOW.date(), "place": "所" * place}
        way = referrals.add(connection, people.home.id, None, "event", "会" * length, NOW, **where)
        one = referrals.invite(connection, people.home.id, people.officer.id, "名" * length, "", NOW, way.id)
        referrals.invite(connection, people.home.id, people.officer.id, "名" * length, "", NOW, way.id)
        plain = referrals.add(connection, people.home.id, None, "agency", "会", NOW)
        secret = signins.begin(connection, people.officer.id, "full", NOW)
    with serving(database_url, clock=lambda: later(seconds=1)) as address:
        # A4 without the margins that leaflet.css gives it, in px.
        context = chromium.new_context(viewport={"width": 673, "height": 1017})
        context.add_cookies([{"name": COOKIE, "value": secret, "url": f"{address}/desk"}])
        page = context.new_page()
        for path, sheets in (
            (f"/desk/forward/{plain.id}/leaflet", 1),
            (f"/desk/forward/{way.id}/leaflet", 1),
            (f"{HERE}/{one.id}/leaflet", 1),
            (f"{HERE}/leaflets", 2),
        ):
            page.goto(address + path)
            printed = page.pdf(prefer_css_page_size=True)
            assert len(re.findall(rb"/Type\s*/Page\b", printed)) == sheets
            page.emulate_media(media="print")
            fits = "Array.from(document.querySelectorAll('.leaflet'), e => e.scrollHeight <= e.clientHeight)"
            assert page.evaluate(fits) == [True] * sheets
            page.emulate_media(media="null")
        context.close()
