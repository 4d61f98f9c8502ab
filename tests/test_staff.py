"""Who an agency's people are, and what it settles for itself: pages of admins, and the commands of an operator."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from bot.app import make_app
from bot.cli import app as commands
from bot.settings import Settings
from dialogs.content import packaged
from scheduler.experts import Profile
from storage import Database, agencies, enrolments, experts, members, schema, signins, tokens
from tests.desk import OURS, Two, sign_in, two
from tests.serving import KEY, settings_for
from tests.taking import NOW, rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from httpx2 import Response

    from storage.members import Member

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


class Desk:
    """The desk as an admin has it before them."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        app = make_app(Database(url), packaged(), settings_for("http://testserver"), lambda: NOW)
        self.browser = TestClient(app, follow_redirects=False, headers=OURS)
        self.people: Two = two(self.database)
        self.sign_in(self.people.admin)

    def sign_in(self, one: Member) -> None:
        sign_in(self.database, self.browser, one)

    def post(self, path: str, **fields: str) -> Response:
        return self.browser.post(path, data=fields)

    def member(self, one: Member) -> Member:
        with self.database.reading() as connection:
            return members.get(connection, one.id)

    def agency(self, id: int) -> agencies.Agency:
        with self.database.reading() as connection:
            return agencies.get(connection, id)

    def link_of(self, page: Response) -> int | None:
        """Whom the link that a page shows is for."""
        secret = page.text.split("/desk/welcome/")[1].split("<")[0]
        with self.database.reading() as connection:
            return enrolments.find(connection, secret, NOW)

    def noted(self) -> list[tuple[int | None, str, str]]:
        return [(row["member_id"], row["act"], row["subject"]) for row in rows(self.database, schema.audit)]


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    desk = Desk(database_url)
    with desk.browser:
        yield desk
    desk.database.close()


# ---------------------------------------------------------------- people


def test_somebody_is_added_and_their_link_shown_once(desk: Desk) -> None:
    page = desk.post("/desk/staff", name=" 山本  一郎 ", mail="Ichiro@Example.jp", role="officer")
    assert page.status_code == 200
    with desk.database.reading() as connection:
        made = members.find(connection, mail="ichiro@example.jp")
    assert made is not None
    assert (made.name, made.role, made.agency_id) == ("山本 一郎", "officer", desk.people.home.id)
    assert desk.link_of(page) == made.id
    listed = desk.browser.get("/desk/staff").text
    assert "山本 一郎" in listed
    assert "/desk/welcome/" not in listed
    assert desk.noted() == [(desk.people.admin.id, "member.add", f"member:{made.id}")]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"name": ""}, "お名前を入れて"),
        ({"name": "長" * 41}, "40文字まで"),
        ({"mail": ""}, "メールアドレスを入れて"),
        ({"mail": "ichiro"}, "形になっていない"),
        ({"mail": "a@b.jp, c@d.jp"}, "形になっていない"),
        ({"mail": "OFFICER@1.example.jp"}, "もう使われて"),
        ({"role": "owner"}, "役割を選んで"),
        ({"role": "expert"}, "役割を選んで"),
    ],
)
def test_what_is_wrong_with_somebody_is_said_and_nobody_added(desk: Desk, fields: dict[str, str], why: str) -> None:
    before = rows(desk.database, schema.member)
    answer = desk.post("/desk/staff", **{"name": "山本", "mail": "ichiro@example.jp", "role": "officer"} | fields)
    assert answer.status_code == 422
    assert why in answer.text
    assert rows(desk.database, schema.member) == before
    assert desk.noted() == []


def test_an_expert_is_one_of_those_who_are_nobody_at_the_desk_yet(desk: Desk) -> None:
    with desk.database.writing() as connection:
        hanako = experts.add(connection, "見本 花子", Profile(), NOW)
    someone = {"name": "花子", "mail": "hanako@example.jp", "role": "expert"}
    assert "どの専門家かを" in desk.post("/desk/staff", **someone, expert="").text
    assert desk.post("/desk/staff", **someone, expert=str(hanako.id)).status_code == 200
    again = someone | {"mail": "other@example.jp"}
    assert desk.post("/desk/staff", **again, expert=str(hanako.id)).status_code == 422


def test_another_agency_can_make_nobody_an_expert_whose_owners_are_everybodys(desk: Desk) -> None:
    with desk.database.writing() as connection:
        hanako = experts.add(connection, "見本 花子", Profile(), NOW)
    desk.sign_in(desk.people.other_admin)
    assert "見本 花子" not in desk.browser.get("/desk/staff").text
    someone = {"name": "花子", "mail": "hanako@example.jp", "role": "expert", "expert": str(hanako.id)}
    assert desk.post("/desk/staff", **someone).status_code == 422


def test_roles_are_changed_and_noted(desk: Desk) -> None:
    officer = desk.people.officer
    assert desk.post(f"/desk/staff/{officer.id}/role", role="admin").status_code == 303
    assert desk.member(officer).role == "admin"
    assert desk.noted() == [(desk.people.admin.id, "member.role", f"member:{officer.id}")]
    assert rows(desk.database, schema.audit)[0]["data"] == {"role": "admin"}
    assert desk.post(f"/desk/staff/{officer.id}/role", role="expert").status_code == 404


def test_the_last_admin_can_not_be_taken_away(desk: Desk) -> None:
    admin, officer = desk.people.admin, desk.people.officer
    for path, fields in (("role", {"role": "officer"}), ("end", {})):
        answer = desk.post(f"/desk/staff/{admin.id}/{path}", **fields)
        assert answer.status_code == 422
        assert "最後の管理者" in answer.text
    assert desk.member(admin) == admin
    desk.post(f"/desk/staff/{officer.id}/role", role="admin")
    assert desk.post(f"/desk/staff/{admin.id}/role", role="officer").status_code == 303
    assert desk.browser.get("/desk/staff").status_code == 403


def test_an_admin_who_is_off_does_not_count_as_one(desk: Desk) -> None:
    with desk.database.writing() as connection:
        members.keep(connection, desk.people.officer.id, role="admin", active=False)
    assert desk.post(f"/desk/staff/{desk.people.admin.id}/end").status_code == 422


def test_who_is_ended_is_out_at_once_with_links_and_tokens(desk: Desk) -> None:
    officer = desk.people.officer
    with desk.database.writing() as connection:
        secret = signins.begin(connection, officer.id, "full", NOW)
        link = enrolments.make(connection, officer.id, NOW)
    desk.post(f"/desk/staff/{officer.id}/end")
    with desk.database.reading() as connection:
        assert signins.find(connection, secret, NOW) is None
        assert enrolments.find(connection, link, NOW) is None
    assert not desk.member(officer).active
    assert desk.post(f"/desk/staff/{officer.id}/reset").status_code == 404
    desk.post(f"/desk/staff/{officer.id}/back")
    assert desk.member(officer).active


def test_who_is_locked_out_is_let_in_again(desk: Desk) -> None:
    officer = desk.people.officer
    with desk.database.writing() as connection:
        for _ in range(members.TRIES):
            members.failed(connection, officer.id, NOW)
    assert "一時停止(10時15分まで)" in desk.browser.get("/desk/staff").text
    desk.post(f"/desk/staff/{officer.id}/unlock")
    assert desk.member(officer).may_try(NOW)
    assert desk.member(officer).fails == 0


def test_a_reset_gives_a_link_and_signs_them_out(desk: Desk) -> None:
    officer = desk.people.officer
    with desk.database.writing() as connection:
        secret = signins.begin(connection, officer.id, "full", NOW)
    assert desk.link_of(desk.post(f"/desk/staff/{officer.id}/reset")) == officer.id
    with desk.database.reading() as connection:
        assert signins.find(connection, secret, NOW) is None


@pytest.mark.parametrize("path", ["role", "end", "back", "unlock", "reset"])
def test_nobody_of_another_agency_is_touched(desk: Desk, path: str) -> None:
    before = rows(desk.database, schema.member)
    assert desk.post(f"/desk/staff/{desk.people.other_officer.id}/{path}", role="admin").status_code == 404
    assert rows(desk.database, schema.member) == before
    assert desk.noted() == []


def test_a_number_that_no_row_can_have_is_nobodys(desk: Desk) -> None:
    assert desk.post(f"/desk/staff/{10**30}/unlock").status_code == 404


# ---------------------------------------------------------------- the agency itself


def test_an_agency_has_another_name_that_no_other_has(desk: Desk) -> None:
    assert desk.post("/desk/agency/name", name="うみべ信用金庫").status_code == 422
    assert desk.post("/desk/agency/name", name="").status_code == 422
    assert desk.post("/desk/agency/name", name="みなと商工会").status_code == 303
    assert desk.agency(desk.people.home.id).name == "みなと商工会"
    assert desk.agency(desk.people.other.id).name == "うみべ信用金庫"


@pytest.mark.parametrize(("logo", "kind"), [(PNG, "image/png"), (b"\xff\xd8\xff\xe0" + PNG, "image/jpeg")])
def test_a_picture_is_kept_and_shown_to_anybody(desk: Desk, logo: bytes, kind: str) -> None:
    address = f"/agency/{desk.people.home.id}/logo"
    assert desk.browser.get(address).status_code == 404
    assert desk.browser.post("/desk/agency/logo", files={"logo": ("logo.gif", logo, "image/gif")}).status_code == 303
    desk.browser.cookies.clear()
    shown = desk.browser.get(address)
    assert shown.content == logo
    assert shown.headers["content-type"] == kind
    assert shown.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "logo", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", b"GIF89a", PNG + b"\0" * 200 * 1024]
)
def test_what_is_no_picture_or_too_large_is_not_kept(desk: Desk, logo: bytes) -> None:
    answer = desk.browser.post("/desk/agency/logo", files={"logo": ("logo.png", logo, "image/png")})
    assert answer.status_code == 422
    assert desk.browser.get(f"/agency/{desk.people.home.id}/logo").status_code == 404


def test_a_picture_can_be_taken_away(desk: Desk) -> None:
    desk.browser.post("/desk/agency/logo", files={"logo": ("logo.png", PNG, "image/png")})
    desk.post("/desk/agency/logo/drop")
    assert desk.browser.get(f"/agency/{desk.people.home.id}/logo").status_code == 404


def test_a_token_is_shown_once_and_ended(desk: Desk) -> None:
    page = desk.post("/desk/agency/tokens", name="月次報告")
    token = page.text.split("<code>")[1].split("</code>")[0]
    assert token not in desk.browser.get("/desk/agency").text
    with desk.database.reading() as connection:
        found = tokens.find(connection, token)
    assert found is not None
    assert found.agency_id == desk.people.home.id
    desk.sign_in(desk.people.other_admin)
    assert desk.post(f"/desk/agency/tokens/{found.id}/end").status_code == 404
    desk.sign_in(desk.people.admin)
    assert desk.post(f"/desk/agency/tokens/{found.id}/end").status_code == 303
    with desk.database.reading() as connection:
        assert tokens.find(connection, token) is None
    assert desk.post("/desk/agency/tokens", name="").status_code == 422


def test_the_home_agency_adds_others_with_their_first_admin(desk: Desk) -> None:
    given = {"agency": "やまて商工会", "name": "山手", "mail": "yamate@example.jp"}
    page = desk.post("/desk/agencies", **given)
    with desk.database.reading() as connection:
        made = agencies.by_name(connection, "やまて商工会")
        first = members.find(connection, mail="yamate@example.jp")
    assert made is not None
    assert first is not None
    assert not made.home
    assert (first.agency_id, first.role) == (made.id, "admin")
    assert desk.link_of(page) == first.id
    assert desk.post("/desk/agencies", **given).status_code == 422
    desk.sign_in(desk.people.other_admin)
    assert desk.post("/desk/agencies", **given | {"agency": "x", "mail": "x@example.jp"}).status_code == 403
    assert "機関を追加する" not in desk.browser.get("/desk/agency").text


# ---------------------------------------------------------------- the operator's commands


@pytest.fixture
def url(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database that commands find, in a folder of one's own without settings."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "DATABASE_URL": database_url,
        "DATA_KEYS": KEY,
        "PUBLIC_URL": "https://banso.example.jp",
    }.items():
        monkeypatch.setenv(name, value)
    return database_url


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(commands, arguments)
    assert done.exit_code == code, done.output
    return done.output


def test_an_operator_makes_the_first_agency_and_admin(url: str) -> None:
    assert json.loads(run("agency", "add", "みなと商工会議所", "--json")) == {
        "id": 1,
        "name": "みなと商工会議所",
        "home": True,
    }
    run("agency", "add", "みなと商工会議所", code=1)
    link = run("member", "add", "みなと商工会議所", "佐藤", "sato@example.jp", "--role", "admin")
    assert link.startswith("https://banso.example.jp/desk/welcome/")
    assert run("agency", "list") == "1  みなと商工会議所  (home)\n"
    listed = run("member", "list")
    assert "sato@example.jp" in listed
    assert "has yet to begin" in listed
    database = Database(url)
    assert [(row["act"], row["member_id"]) for row in rows(database, schema.audit)] == [
        ("agency.add", None),
        ("member.add", None),
    ]
    database.close()


def test_an_operator_unlocks_and_resets(url: str) -> None:
    run("agency", "add", "みなと商工会議所")
    run("member", "add", "1", "佐藤", "sato@example.jp", "--role", "admin")
    database = Database(url)
    with database.writing() as connection:
        members.keep(connection, 1, locked_until=NOW + timedelta(days=36500))
    assert "locked out" in run("member", "list")
    run("member", "unlock", "SATO@example.jp")
    assert "locked out" not in run("member", "list")
    secret = run("member", "reset", "sato@example.jp").strip().rpartition("/")[2]
    with database.reading() as connection:
        assert members.get(connection, 1).locked_until is None
    (kept,) = rows(database, schema.enrolment)
    assert kept["hash"] == signins.hashed(secret)
    database.close()


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "2", "佐藤", "sato@example.jp"),
        ("add", "1", "", "sato@example.jp"),
        ("add", "1", "佐藤", "sato"),
        ("add", "1", "佐藤", "sato@example.jp", "--role", "owner"),
        ("add", "1", "佐藤", "sato@example.jp", "--role", "expert"),
        ("add", "1", "佐藤", "sato@example.jp", "--role", "admin", "--expert", "1"),
        ("add", "1", "佐藤", "sato@example.jp", "--role", "expert", "--expert", "1"),
        ("reset", "nobody@example.jp"),
        ("unlock", "nobody@example.jp"),
    ],
)
def test_what_can_not_be_done_is_said_in_one_line(url: str, arguments: tuple[str, ...]) -> None:
    run("agency", "add", "みなと商工会議所")
    assert run("member", *arguments, code=1).count("\n") == 1


def test_an_expert_of_the_operators_choice_signs_in_as_one(url: str) -> None:
    run("agency", "add", "みなと商工会議所")
    run("expert", "add", "見本 花子")
    run("member", "add", "1", "花子", "hanako@example.jp", "--role", "expert", "--expert", "見本 花子")
    run("member", "add", "1", "花子", "h2@example.jp", "--role", "expert", "--expert", "1", code=1)
