"""Signing in at an identity provider: what it must prove, and who is found by it."""

from __future__ import annotations

import base64
import hashlib
import time
from datetime import UTC, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from pydantic import ValidationError
from starlette.testclient import TestClient

from bot import members as adding
from bot.app import make_app
from bot.desk.doors import AWAY, COOKIE
from bot.oidc import AWAY_SECONDS, Provider
from dialogs.content import packaged
from storage import Database, members, schema
from tests.desk import OURS, Two, two
from tests.serving import SECRET, settings_for
from tests.taking import NOW, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.members import Member

ISSUER = "https://accounts.example.jp"
SETTINGS = {
    "oidc_issuer": ISSUER,
    "oidc_client_id": "banso",
    "oidc_client_secret": "of the tests",
    "oidc_name": "市のアカウント",
}


@cache
def key(name: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": name})


class Issuer:
    """An identity provider: who signs in there, and what it may be made to say wrong."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {"sub": "u-1", "email": "officer@1.example.jp", "email_verified": True}
        self.signs_with: Any = key("a")
        self.algorithm = "ES256"
        self.published = [key("a").as_dict(private=False)]
        self.away = False
        self.issuer = ISSUER
        self._codes: dict[str, dict[str, str]] = {}
        self.transport = httpx2.MockTransport(self._answer)

    def sign_in(self, address: str) -> str:
        """What a browser is sent back with after somebody has signed in at this address of the provider's."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (asked["client_id"], asked["response_type"], asked["code_challenge_method"]) == ("banso", "code", "S256")
        assert asked["redirect_uri"] == "http://testserver/desk/sign-in/back"
        assert set(asked["scope"].split()) == {"openid", "email"}
        self._codes["a-code"] = asked
        return f"/desk/sign-in/back?code=a-code&state={asked['state']}"

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        if self.away:
            raise httpx2.ConnectError("away")
        if request.url.path == "/token":
            return self._token(request)
        documents = {
            "/.well-known/openid-configuration": {
                "issuer": self.issuer,
                "authorization_endpoint": f"{ISSUER}/authorize",
                "token_endpoint": f"{ISSUER}/token",
                "jwks_uri": f"{ISSUER}/keys",
            },
            "/keys": {"keys": self.published},
        }
        return httpx2.Response(200, json=documents[request.url.path])

    def _token(self, request: httpx2.Request) -> httpx2.Response:
        given = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        asked = self._codes.pop(given["code"], None)
        basic = base64.b64encode(b"banso:of the tests").decode()
        challenge = (
            base64.urlsafe_b64encode(hashlib.sha256(given["code_verifier"].encode()).digest()).decode().rstrip("=")
        )
        if not asked or request.headers["authorization"] != f"Basic {basic}" or challenge != asked["code_challenge"]:
            return httpx2.Response(400, json={"error": "invalid_grant"})
        at = int(NOW.replace(tzinfo=UTC).timestamp())
        claims = {"iss": ISSUER, "aud": "banso", "iat": at, "exp": at + 300, "nonce": asked["nonce"]} | self.claims
        header = {"alg": self.algorithm, "kid": "a"}
        token = jwt.encode(header, claims, self.signs_with, algorithms=[self.algorithm])
        return httpx2.Response(200, json={"access_token": "x", "token_type": "Bearer", "id_token": token})


class Desk:
    """The desk of an agency whose people sign in at the provider."""

    def __init__(self, url: str, **settings: str) -> None:
        self.database = Database(url)
        self.issuer = Issuer()
        self.settings = settings_for("http://testserver", **SETTINGS | settings)
        self.app = make_app(Database(url), packaged(), self.settings, lambda: NOW)
        self.browser = TestClient(self.app, follow_redirects=False, headers=OURS)
        self.people: Two = two(self.database)

    def provide(self) -> None:
        """Have the running app ask this provider."""
        self.app.state.parts.provider = Provider(self.settings, SECRET, self.issuer.transport)

    def leave(self, to: str = "/desk") -> str:
        address: str = self.browser.get(f"/desk/sign-in/away?to={to}").headers["location"]
        return address

    def come(self, to: str = "/desk") -> httpx2.Response:
        """Sign in, all the way."""
        return self.browser.get(self.issuer.sign_in(self.leave(to)))

    def inside(self) -> bool:
        return self.browser.get("/desk/me").status_code == 200

    def member(self, one: Member) -> Member:
        with self.database.reading() as connection:
            return members.get(connection, one.id)

    def change(self, one: Member, **values: Any) -> None:
        with self.database.writing() as connection:
            members.keep(connection, one.id, **values)


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    desk = Desk(database_url)
    with desk.browser:
        desk.provide()
        yield desk
    desk.database.close()


def refused(desk: Desk, answer: httpx2.Response, why: str = "サインインを確かめられませんでした") -> bool:
    return answer.status_code == 403 and why in answer.text and COOKIE not in desk.browser.cookies and not desk.inside()


# ---------------------------------------------------------------- who is found


def test_a_member_is_found_by_a_verified_mail_and_then_by_the_subject(desk: Desk) -> None:
    assert "市のアカウントでサインイン" in desk.browser.get("/desk/sign-in").text
    assert desk.come("/desk/clients").headers["location"] == "/desk/clients"
    assert desk.inside()
    assert AWAY not in desk.browser.cookies
    desk.browser.cookies.clear()
    desk.change(desk.people.officer, mail="another@example.jp")
    desk.issuer.claims = {"sub": "u-1"}
    desk.come()
    assert desk.inside()
    assert [row["act"] for row in rows(desk.database, schema.audit)] == ["signin.provider"] * 2


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": "nobody@example.jp"},
        {"email": None},
    ],
)
def test_nobody_is_found_by_a_mail_that_is_not_proven_or_unknown(desk: Desk, claims: dict[str, Any]) -> None:
    desk.issuer.claims |= claims
    assert refused(desk, desk.come(), "まだ支援デスクに登録されていません")
    assert desk.member(desk.people.officer).subject is None
    assert len(rows(desk.database, schema.member)) == 4


def test_a_mail_finds_nobody_who_is_known_by_another_subject(desk: Desk) -> None:
    desk.come()
    desk.browser.cookies.clear()
    desk.issuer.claims["sub"] = "u-2"
    assert refused(desk, desk.come(), "まだ支援デスクに登録されていません")


def test_who_is_off_stays_outside(desk: Desk) -> None:
    desk.change(desk.people.officer, active=False)
    assert refused(desk, desk.come(), "まだ支援デスクに登録されていません")
    assert desk.member(desk.people.officer).subject is None


# ---------------------------------------------------------------- what proves nothing


def test_another_state_is_refused(desk: Desk) -> None:
    desk.issuer.sign_in(desk.leave())
    assert refused(desk, desk.browser.get("/desk/sign-in/back?code=a-code&state=another"))
    assert refused(desk, desk.browser.get("/desk/sign-in/back?code=a-code"))


def test_who_was_never_sent_away_is_refused(desk: Desk) -> None:
    back = desk.issuer.sign_in(desk.leave())
    desk.browser.cookies.clear()
    assert refused(desk, desk.browser.get(back))
    desk.browser.cookies.set(AWAY, "made.up", domain="testserver.local", path="/desk")
    assert refused(desk, desk.browser.get(back))


def test_who_comes_back_too_late_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    back = desk.issuer.sign_in(desk.leave())
    kept = desk.browser.cookies[AWAY]
    late = time.time() + AWAY_SECONDS + 1  # noqa: TID251 - what signs the cookie reads the clock by itself
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: late)
    desk.browser.cookies.set(AWAY, kept, domain="testserver.local", path="/desk")
    assert refused(desk, desk.browser.get(back))


def test_a_code_is_good_once(desk: Desk) -> None:
    back = desk.issuer.sign_in(desk.leave())
    kept = desk.browser.cookies[AWAY]
    desk.browser.get(back)
    desk.browser.cookies.clear()
    desk.browser.cookies.set(AWAY, kept, domain="testserver.local", path="/desk")
    assert refused(desk, desk.browser.get(back))


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": "another", "azp": "banso"},
        {"aud": ["banso", "another"], "azp": "another"},
        {"iss": "https://another.example"},
        {"exp": int((NOW - timedelta(hours=1)).replace(tzinfo=UTC).timestamp())},
        {"exp": None},
        {"sub": None},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(desk: Desk, claims: dict[str, Any]) -> None:
    desk.issuer.claims |= claims
    assert refused(desk, desk.come())


def test_a_token_that_another_key_has_signed_is_refused(desk: Desk) -> None:
    desk.issuer.signs_with = key("b")
    assert refused(desk, desk.come())


def test_a_token_signed_with_what_all_may_know_is_refused(desk: Desk) -> None:
    known = OctKey.import_key("of the tests, made long enough for it", {"kid": "a"})
    desk.issuer.algorithm, desk.issuer.signs_with, desk.issuer.published = "HS256", known, [known.as_dict()]
    assert refused(desk, desk.come())


def test_who_gives_up_at_the_provider_is_back_at_the_sign_in(desk: Desk) -> None:
    state = parse_qs(urlsplit(desk.leave()).query)["state"][0]
    answer = desk.browser.get(f"/desk/sign-in/back?error=access_denied&state={state}")
    assert answer.headers["location"] == "/desk/sign-in"


def test_a_provider_that_is_away_or_another_is_said(desk: Desk) -> None:
    desk.issuer.away = True
    assert "市のアカウントにつながりません" in desk.browser.get("/desk/sign-in/away").text
    desk.issuer.away, desk.issuer.issuer = False, "https://another.example"
    assert "市のアカウントにつながりません" in desk.browser.get("/desk/sign-in/away").text
    desk.issuer.issuer = ISSUER
    back = desk.issuer.sign_in(desk.leave())
    desk.issuer.away = True
    assert refused(desk, desk.browser.get(back))


def test_the_way_back_leads_into_the_desk_alone(desk: Desk) -> None:
    assert desk.come("https://evil.example/").headers["location"] == "/desk"


# ---------------------------------------------------------------- the settings


def test_passwords_can_be_switched_off(database_url: str) -> None:
    desk = Desk(database_url, desk_passwords="false")
    with desk.browser:
        desk.provide()
        assert "パスワード" not in desk.browser.get("/desk/sign-in").text
        assert desk.browser.post("/desk/sign-in", data={"mail": "x", "password": "y"}).status_code == 404
        with desk.database.writing() as connection:
            link = adding.begin(connection, desk.people.admin, NOW)
        assert desk.browser.get(link).status_code == 410
        desk.come()
        assert desk.inside()
        for path in ("password", "app"):
            assert desk.browser.post(f"/desk/me/{path}").status_code == 404
    desk.database.close()


def test_without_a_provider_nothing_leads_there(database_url: str) -> None:
    desk = Desk(database_url, oidc_issuer="")
    with desk.browser:
        assert "市のアカウント" not in desk.browser.get("/desk/sign-in").text
        for path in ("away", "back?code=a&state=b"):
            assert desk.browser.get(f"/desk/sign-in/{path}").status_code == 404
    desk.database.close()


def test_a_desk_that_nobody_could_enter_does_not_start() -> None:
    with pytest.raises(ValidationError, match="nobody could sign in"):
        settings_for("http://testserver", desk_passwords="false")
