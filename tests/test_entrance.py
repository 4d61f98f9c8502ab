"""Signing in at the desk: password, code, lock-out, the first visit, and what is kept of it."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import pyotp
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from starlette.testclient import TestClient

from bot import members as adding
from bot import passwords, ticker
from bot.app import make_app
from bot.desk.doors import COOKIE
from bot.desk.entrance import inside
from dialogs.content import packaged
from storage import Database, invites, members, schema, signins
from tests.desk import OURS, Two, two
from tests.serving import settings_for
from tests.taking import NOW, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx2 import Response

    from storage.members import Member

STRONG = passwords._HASH
# As strong as needed for nothing: the real one takes a tenth of a second each time.
WEAK = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
PASSWORD = "海の見える 相談窓口"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def weak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASH", WEAK)
    passwords._nobody.cache_clear()


class Desk:
    """The desk, its people, and one browser; time passes when `now` is moved."""

    def __init__(self, url: str, **settings: str) -> None:
        self.database = Database(url)
        self.now = NOW
        address = settings.pop("public_url", "http://testserver")
        app = make_app(Database(url), packaged(), settings_for(address, **settings), lambda: self.now)
        self.browser = TestClient(app, base_url=address, follow_redirects=False, headers=OURS)
        self.people: Two = two(self.database)
        self.officer = self.ready(self.people.officer)

    def ready(self, one: Member) -> Member:
        """Somebody who has chosen a password and set up an app."""
        with self.database.writing() as connection:
            members.keep(connection, one.id, password=passwords.hashed(PASSWORD), secret=SECRET)
            return members.get(connection, one.id)

    def post(self, path: str, **fields: str) -> Response:
        return self.browser.post(path, data=fields)

    def password(self, password: str = PASSWORD, mail: str = "", to: str = "/desk") -> Response:
        return self.post("/desk/sign-in", mail=mail or self.officer.mail, password=password, to=to)

    def code(self, code: str = "", to: str = "/desk") -> Response:
        return self.post("/desk/sign-in/code", code=code or self.shown(), to=to)

    def shown(self, secret: str = SECRET, **later: float) -> str:
        """What the app shows now, or some time later."""
        return pyotp.TOTP(secret).at(int((self.now + timedelta(**later) - datetime(1970, 1, 1)).total_seconds()))  # noqa: DTZ001

    def inside(self) -> bool:
        return self.browser.get("/desk/me").status_code == 200

    def keep(self, secret: str) -> None:
        """Have the browser keep this as its cookie."""
        self.browser.cookies.clear()
        self.browser.cookies.set(COOKIE, secret, domain="testserver.local", path="/desk")

    def sign_in(self) -> None:
        """Have the browser signed in as the officer."""
        with self.database.writing() as connection:
            self.keep(signins.begin(connection, self.officer.id, "full", self.now))

    def settle(self) -> None:
        """Wait until all is written that was asked for."""
        self.browser.app.state.parts.intake.write(lambda connection: None).result()  # type: ignore[attr-defined]

    def cookie(self) -> str:
        return self.browser.cookies.get(COOKIE) or ""

    def member(self, one: Member | None = None) -> Member:
        with self.database.reading() as connection:
            return members.get(connection, (one or self.officer).id)

    def acts(self) -> list[str]:
        return [row["act"] for row in rows(self.database, schema.audit)]


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    desk = Desk(database_url)
    with desk.browser:
        yield desk
    desk.database.close()


# ---------------------------------------------------------------- password and code


def test_passwords_are_kept_as_strong_hashes() -> None:
    assert STRONG.hash("x").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_password_and_a_code_let_somebody_in_where_they_wanted_to_go(desk: Desk) -> None:
    asked = "/desk/clients?stage=finished"
    first = desk.password(mail=desk.officer.mail.upper(), to=asked)
    assert first.headers["location"] == f"/desk/sign-in/code?to={quote(asked, safe='')}"
    assert not desk.inside()
    assert desk.code(to=asked).headers["location"] == asked
    assert desk.inside()
    assert desk.acts() == ["signin"]


def test_each_stage_has_a_new_secret_and_ends_the_one_before(desk: Desk) -> None:
    desk.keep("planted")
    desk.password()
    halfway = desk.cookie()
    desk.code()
    full = desk.cookie()
    assert len({"planted", halfway, full}) == 3
    assert len(rows(desk.database, schema.signin)) == 1
    desk.keep(halfway)
    assert not desk.inside()


def test_a_code_is_good_one_step_before_and_after_and_once(desk: Desk) -> None:
    for later in (-60, 60):
        desk.password()
        assert desk.code(desk.shown(seconds=later)).status_code == 403
    for later in (-30, 0, 30):
        desk.password()
        code = desk.shown(seconds=later)
        assert desk.code(code).status_code == 303
        desk.password()
        assert desk.code(code).status_code == 403
    desk.password()
    assert desk.code(desk.shown()).status_code == 403, "a step before the last one that was used"


def test_a_code_may_be_typed_as_phones_in_japan_type_it(desk: Desk) -> None:
    desk.password()
    wide = "".join(chr(ord(digit) - ord("0") + ord("\uff10")) for digit in desk.shown())
    assert desk.code(f"{wide[:3]} {wide[3:]}").status_code == 303


def test_a_code_without_a_password_before_it_leads_nowhere(desk: Desk) -> None:
    assert desk.code().headers["location"].startswith("/desk/sign-in?")
    desk.password()
    desk.now += signins.HALFWAY
    assert desk.code().headers["location"].startswith("/desk/sign-in?")
    assert not desk.inside()


def test_who_is_unknown_off_or_new_reads_what_a_wrong_password_reads(desk: Desk) -> None:
    off = desk.ready(desk.people.other_officer)
    with desk.database.writing() as connection:
        members.keep(connection, off.id, active=False)
    wrong = desk.password("not the password")
    assert wrong.status_code == 403
    for mail in ("nobody@example.jp", desk.people.other_officer.mail, desk.people.admin.mail):
        # But for the address that was typed, which stays in its field.
        assert desk.password(mail=mail).text.replace(mail, desk.people.officer.mail) == wrong.text
    assert desk.acts() == ["signin.fail"] * 4


def test_a_password_of_nobody_takes_as_much_work(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []

    def verify(password: str, kept: str) -> bool:
        looked_at.append(kept)
        return True

    kept = passwords.hashed(PASSWORD)
    monkeypatch.setattr(WEAK, "verify", verify)
    assert passwords.fits(PASSWORD, kept)
    assert not passwords.fits(PASSWORD, None)
    assert [one.rpartition("$")[0].rpartition("$")[0] for one in looked_at] == ["$argon2id$v=19$m=8,t=1,p=1"] * 2


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/desk/",
        "//evil.example/desk",
        "/\\evil.example",
        "/desk\\..",
        "/deskx",
        "desk",
        "",
        "/desk/\n",
        "/desk/sign-in",
        "//[",
    ],
)
def test_only_pages_of_the_desk_are_gone_to(to: str) -> None:
    assert inside(to) == "/desk"
    assert inside("/desk/clients/7?x=1") == "/desk/clients/7?x=1"


def test_a_password_that_was_changed_meanwhile_lets_nobody_in(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fits(password: str, kept: str | None) -> bool:
        with desk.database.writing() as connection:
            members.keep(connection, desk.officer.id, password="another")
        return True

    monkeypatch.setattr(passwords, "fits", fits)
    assert desk.password().status_code == 403


def test_a_password_is_looked_at_while_others_are_written(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    looking, written = threading.Event(), threading.Event()

    def fits(password: str, kept: str | None) -> bool:
        looking.set()
        return written.wait(5)

    monkeypatch.setattr(passwords, "fits", fits)
    with ThreadPoolExecutor(1) as elsewhere:
        signing_in = elsewhere.submit(desk.password)
        assert looking.wait(5)
        desk.settle()
        written.set()
        assert signing_in.result().status_code == 303


@pytest.mark.parametrize("mail", ["officer\0@example.jp", "\ud800@example.jp", "あ" * 500])
def test_an_address_of_any_signs_is_nobodys(desk: Desk, mail: str) -> None:
    assert desk.password(mail=mail.encode("utf-8", "replace").decode()).status_code == 403


# ---------------------------------------------------------------- lock-out and rates


def lock_out(desk: Desk) -> None:
    for _ in range(members.TRIES):
        desk.now += timedelta(minutes=2)
        assert desk.password("not the password").status_code == 403


def test_five_failures_lock_for_a_quarter_of_an_hour_then_twice_as_long(desk: Desk) -> None:
    lock_out(desk)
    desk.now += timedelta(minutes=14)
    assert desk.password().status_code == 403
    desk.now += timedelta(minutes=1)
    assert desk.password().status_code == 303
    for _ in range(members.TRIES):
        desk.now += timedelta(minutes=2)
        desk.code("000000")
        desk.password()
    assert desk.member().locked_until == desk.now + timedelta(minutes=30)
    assert desk.acts().count("signin.lock") == 2


def test_a_lock_never_lasts_longer_than_a_day(database_url: str) -> None:
    database = Database(database_url)
    with database.writing() as connection:
        one = two_of(connection)
        for _ in range(members.TRIES * 40):
            members.failed(connection, one.id, NOW)
        assert members.get(connection, one.id).locked_until == NOW + timedelta(days=1)
    database.close()


def two_of(connection: object) -> Member:
    from sqlalchemy import Connection

    from storage import agencies

    assert isinstance(connection, Connection)
    agency = agencies.add(connection, "みなと商工会議所", NOW)
    return members.add(connection, agency.id, "佐藤", "sato@example.jp", "admin", NOW)


def test_tries_while_locked_out_do_not_make_it_longer(desk: Desk) -> None:
    lock_out(desk)
    until = desk.member().locked_until
    for _ in range(members.TRIES):
        desk.now += timedelta(minutes=2)
        desk.password("not the password")
    assert desk.member().locked_until == until


def test_signing_in_counts_failures_anew_but_a_password_alone_does_not(desk: Desk) -> None:
    for _ in range(4):
        desk.now += timedelta(minutes=2)
        desk.password("not the password")
    desk.password()
    assert desk.member().fails == 4
    desk.code()
    assert desk.member().fails == 0


def test_a_wrong_code_that_locks_out_takes_the_password_back(desk: Desk) -> None:
    desk.password()
    for _ in range(members.TRIES):
        answer = desk.code("000000")
    assert answer.headers["location"].startswith("/desk/sign-in")
    assert desk.code().status_code == 303
    assert not desk.inside()


def test_failures_and_lock_outs_are_noted_without_the_address(desk: Desk) -> None:
    lock_out(desk)
    desk.password(mail="nobody@example.jp")
    noted = rows(desk.database, schema.audit)
    assert [row["act"] for row in noted] == ["signin.fail"] * 5 + ["signin.lock", "signin.fail"]
    assert "@" not in str(noted)
    assert noted[-1]["member_id"] is None


def test_many_tries_for_one_address_are_put_off_whoever_it_is(desk: Desk) -> None:
    for mail in ("nobody@example.jp", desk.officer.mail):
        answers = [desk.password("not the password", mail=mail).status_code for _ in range(12)]
        assert answers == [403] * 10 + [429] * 2
    desk.now += timedelta(minutes=1)
    assert desk.password("not the password", mail="nobody@example.jp").status_code == 403


def test_many_tries_from_one_place_are_put_off_for_any_address(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "fits", lambda password, kept: False)
    answers = [desk.password(mail=f"{n}@example.jp").status_code for n in range(32)]
    assert answers == [403] * 30 + [429] * 2
    assert desk.password(mail="one-more@example.jp").text.count("10分ほど待ってから") == 1


# ---------------------------------------------------------------- the first visit


def invite(desk: Desk, one: Member) -> str:
    with desk.database.writing() as connection:
        return adding.begin(connection, one, desk.now)


def offered(page: Response) -> str:
    """The secret that a page offers for an app of codes."""
    found = re.search(r'name="secret" value="(\w+)"', page.text)
    assert found
    return found[1]


CHOSEN = "夜明けの港と 古い灯台のあかり"


def begin(desk: Desk, link: str, password: str = CHOSEN, **others: str) -> Response:
    secret = offered(desk.browser.get(link))
    fields = {"password": password, "again": password, "secret": secret, "code": desk.shown(secret)}
    return desk.browser.post(link, data=fields | others)


def test_a_link_leads_to_a_password_and_an_app_and_straight_in(desk: Desk) -> None:
    link = invite(desk, desk.people.admin)
    page = desk.browser.get(link)
    assert "佐藤さん" in page.text
    assert "<svg" in page.text
    assert begin(desk, link).headers["location"] == "/desk?done=welcome"
    assert desk.inside()
    assert desk.browser.get(link).status_code == 410
    assert begin_refused(desk, link)
    kept = rows(desk.database, schema.member)[0]
    assert kept["password"].startswith("$argon2id$")
    with desk.database.reading() as connection:
        (sealed,) = connection.exec_driver_sql("SELECT secret FROM member WHERE secret IS NOT NULL ORDER BY id").first()  # type: ignore[misc]
    assert sealed.startswith("sealed:")


def begin_refused(desk: Desk, link: str) -> bool:
    return desk.browser.post(link, data={"password": "x"}).status_code == 410


def test_the_code_of_the_first_visit_does_not_sign_in_again(desk: Desk) -> None:
    link = invite(desk, desk.people.admin)
    secret = offered(desk.browser.get(link))
    code = desk.shown(secret)
    password = "夜明けの港と 古い灯台のあかり"
    desk.post(link, password=password, again=password, secret=secret, code=code)
    desk.password(password, mail=desk.people.admin.mail)
    assert desk.code(code).status_code == 403


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("みじかい", "12文字より短い"),
        ("ながい" * 67, "200文字より長い"),
        ("admin@1.example.jp", "お名前やメールアドレスと同じ"),
        ("aaaaaaaaaaaabbbb", "同じ文字のくり返し"),
    ],
)
def test_a_password_is_long_and_nobodys_name(desk: Desk, password: str, why: str) -> None:
    link = invite(desk, desk.people.admin)
    answer = begin(desk, link, password)
    assert answer.status_code == 422
    assert why in answer.text
    assert desk.member(desk.people.admin).password is None


def test_what_is_wrong_stands_together_and_the_app_need_not_be_set_up_again(desk: Desk) -> None:
    link = invite(desk, desk.people.admin)
    secret = offered(desk.browser.get(link))
    answer = desk.post(link, password="夜明けの港と 古い灯台のあかり", again="another", secret=secret, code="000000")
    assert "2つのパスワードが同じではありません" in answer.text
    assert "番号が違うようです" in answer.text
    assert offered(answer) == secret


def test_a_link_ends_after_three_days_by_another_link_and_with_the_member(desk: Desk) -> None:
    first, second = invite(desk, desk.people.admin), invite(desk, desk.people.admin)
    assert desk.browser.get(first).status_code == 410
    assert desk.browser.get(second).status_code == 200
    desk.now += timedelta(days=3)
    assert desk.browser.get(second).status_code == 410


def test_a_reset_signs_out_everywhere_and_the_password_before_is_gone(desk: Desk) -> None:
    desk.sign_in()
    link = invite(desk, desk.officer)
    assert not desk.inside()
    begin(desk, link)
    assert desk.inside()
    assert desk.password().status_code == 403


# ---------------------------------------------------------------- one's own settings


@pytest.fixture
def inside_desk(desk: Desk) -> Desk:
    desk.sign_in()
    return desk


NEW = "雨のあとの 静かな商店街"


def test_a_password_is_changed_by_who_knows_the_one_before(inside_desk: Desk) -> None:
    desk, before = inside_desk, inside_desk.cookie()
    assert desk.post("/desk/me/password", old="wrong", password=NEW, again=NEW).status_code == 422
    assert desk.member().fails == 1
    assert desk.post("/desk/me/password", old=PASSWORD, password=NEW, again=NEW).status_code == 303
    assert desk.inside()
    assert desk.cookie() != before
    with desk.database.reading() as connection:
        assert signins.find(connection, before, desk.now) is None
    assert desk.password(NEW).status_code == 303
    assert "me.password" in desk.acts()


def test_an_app_is_changed_by_who_has_the_one_before(inside_desk: Desk) -> None:
    desk = inside_desk
    secret = offered(desk.browser.get("/desk/me/app"))
    assert desk.post("/desk/me/app", old="000000", secret=secret, code=desk.shown(secret)).status_code == 422
    assert desk.post("/desk/me/app", old=desk.shown(), secret=secret, code="000000").status_code == 422
    assert desk.member().secret == SECRET
    assert desk.post("/desk/me/app", old=desk.shown(), secret=secret, code=desk.shown(secret)).status_code == 303
    assert desk.member().secret == secret
    assert desk.inside()


def test_guessing_at_ones_own_settings_locks_out_as_well(inside_desk: Desk) -> None:
    desk = inside_desk
    secret = offered(desk.browser.get("/desk/me/app"))
    for _ in range(members.TRIES):
        desk.post("/desk/me/app", old="000000", secret=secret, code=desk.shown(secret))
    answer = desk.post("/desk/me/app", old=desk.shown(), secret=secret, code=desk.shown(secret))
    assert "15分ほど待ってから" in answer.text
    assert desk.member().secret == SECRET


def test_a_chat_is_connected_by_a_code(inside_desk: Desk) -> None:
    desk = inside_desk
    code = re.search(r"<strong>(st-\w+)</strong>", desk.post("/desk/me/connect").text)
    assert code
    with desk.database.reading() as connection:
        assert invites.find(connection, code[1], NOW) == desk.officer.named


def test_signing_out_everywhere_ends_every_browser(inside_desk: Desk) -> None:
    desk = inside_desk
    other = desk.cookie()
    desk.sign_in()
    assert desk.post("/desk/me/sign-out").headers["location"] == "/desk/sign-in?done=signed-out-everywhere"
    desk.keep(other)
    assert not desk.inside()


def test_a_sign_in_ends_after_an_idle_hour_and_after_twelve(inside_desk: Desk) -> None:
    desk = inside_desk
    for _ in range(13):
        desk.now += timedelta(minutes=55)
        assert desk.inside()
        desk.settle()
    desk.now += timedelta(minutes=55)
    assert not desk.inside()
    desk.sign_in()
    desk.now += timedelta(hours=1)
    assert not desk.inside()


def test_what_has_run_out_is_swept(desk: Desk) -> None:
    desk.sign_in()
    invite(desk, desk.people.admin)
    ticker.sweep(desk.database, lambda: NOW + timedelta(minutes=30))
    assert len(rows(desk.database, schema.signin)) == len(rows(desk.database, schema.enrolment)) == 1
    ticker.sweep(desk.database, lambda: NOW + timedelta(hours=1))
    ticker.sweep(desk.database, lambda: NOW + timedelta(days=3))
    assert rows(desk.database, schema.signin) == rows(desk.database, schema.enrolment) == []


# ---------------------------------------------------------------- cookie and headers


def test_the_cookie_is_for_the_desk_alone_and_for_no_script(desk: Desk) -> None:
    cookie = desk.password().headers["set-cookie"]
    assert {"Path=/desk", "HttpOnly", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_where_it_is_https_the_cookie_and_the_address_are_for_https_alone(database_url: str) -> None:
    desk = Desk(database_url, public_url="https://banso.example.jp")
    with desk.browser:
        answer = desk.password()
        assert "Secure" in answer.headers["set-cookie"].split("; ")
        for path in ("/", "/nowhere", "/static/desk.css", "/desk/sign-in"):
            assert desk.browser.get(path).headers["strict-transport-security"] == "max-age=31536000"
    desk.database.close()


def test_every_answer_of_the_desk_has_its_headers(desk: Desk) -> None:
    desk.sign_in()
    for path in ("/desk/sign-in", "/desk/me", "/desk", "/desk/staff", "/desk/nowhere"):
        headers = desk.browser.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in headers["permissions-policy"]
        assert "strict-transport-security" not in headers
        if path != "/desk/nowhere":
            assert headers["cache-control"] == "no-store"


def test_a_form_of_another_site_signs_nobody_in(desk: Desk) -> None:
    desk.browser.headers["sec-fetch-site"] = "cross-site"
    assert desk.password().status_code == 403
    assert COOKIE not in desk.browser.cookies


def test_no_page_holds_what_a_browser_would_have_to_run_inline(desk: Desk) -> None:
    link = invite(desk, desk.people.admin)
    desk.sign_in()
    for path in ("/desk/sign-in", link, "/desk/me", "/desk/me/app"):
        assert not re.search(r"<script>|style=|onclick=|src=.data:", desk.browser.get(path).text)


# ---------------------------------------------------------------- the demo, and passwords off


def test_in_the_demo_anybody_made_up_can_be_tried(database_url: str) -> None:
    desk = Desk(database_url, demo="true")
    with desk.browser:
        page = desk.browser.get("/desk/sign-in").text
        assert "ここは見本です" in page
        assert f"/desk/demo/{desk.officer.id}" in page
        assert desk.post(f"/desk/demo/{desk.officer.id}").status_code == 303
        assert desk.inside()
    desk.database.close()


def test_elsewhere_nobody_gets_in_that_way(desk: Desk) -> None:
    assert "見本" not in desk.browser.get("/desk/sign-in").text
    assert desk.post(f"/desk/demo/{desk.officer.id}").status_code == 404
    assert not desk.inside()
