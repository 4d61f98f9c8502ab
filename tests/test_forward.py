"""Members of agencies in the chat: how it becomes theirs, and the invitations that they make there and on Slack."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from bot.app import make_app
from dialogs.content import packaged
from scheduler.experts import Profile
from storage import Database, invites, members, owners, referrals
from storage.schema import audit, contact, invitation, journey, outbox
from tests.agencies import MINATO, UMIBE, connects, found, officer
from tests.phones import slack_headers
from tests.serving import settings_for
from tests.taking import rows
from tests.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.members import Member

FIRM = "はまべ工業 株式会社"
ON = {"slack_bot_token": "xoxb-token", "slack_signing_secret": "slack-secret", "slack_api_url": "http://127.0.0.1:9"}
USER, FORM = "U0SUZUKI1", "application/x-www-form-urlencoded"


@pytest.fixture
def talk(database_url: str) -> Iterator[Talk]:
    with closing(Talk(database_url, address="member")) as talk:
        yield talk


def suzuki(talk: Talk) -> Member:
    """The officer who connects their chat in these tests."""
    with talk.database.reading() as connection:
        return officer(connection, MINATO)


def texts(talk: Talk) -> str:
    """All that was said in the latest turn."""
    return "\n".join(message.text for message in talk.shown())


def owner_of(talk: Talk, address: str) -> int:
    """The person at an address."""
    with talk.database.reading() as connection:
        one = owners.find(connection, "test", "chat", address)
        assert one
        return one.id


# ---------------------------------------------------------------- the chat


def test_the_chat_that_sends_the_code_is_the_members_and_no_second_one_is(talk: Talk) -> None:
    code = connects(talk)
    talk.say(code)
    assert "鈴木さん、つながりました" in texts(talk)
    assert suzuki(talk).owner_id == owner_of(talk, "member")
    talk.go_to("another")
    talk.say(code)
    assert "もう使えません" in texts(talk)
    assert suzuki(talk).owner_id == owner_of(talk, "member")


@pytest.mark.parametrize("why", ["newer", "old", "inactive"])
def test_a_code_that_is_good_no_more_connects_nobody(talk: Talk, why: str) -> None:
    code = connects(talk)
    match why:
        case "newer":
            connects(talk)
        case "old":
            talk.now += invites.LIFE
        case _:
            with talk.database.writing() as connection:
                members.keep(connection, suzuki(talk).id, active=False)
    talk.say(code)
    assert "もう使えません" in texts(talk)
    assert suzuki(talk).owner_id != owner_of(talk, "member")


def test_nobody_becomes_two_members(talk: Talk) -> None:
    talk.say(connects(talk))
    with talk.database.writing() as connection:
        other = next(one for one in members.of_agency(connection, suzuki(talk).agency_id) if one.role == "admin")
        code = invites.make(connection, f"member:{other.id}", talk.now)
    talk.say(code)
    assert "ほかの職員としてつながっています" in texts(talk)


def test_two_members_do_not_become_one_by_going_on_in_another_app(talk: Talk) -> None:
    talk.say(connects(talk))
    talk.go_to("other")
    talk.say(connects(talk, UMIBE))
    talk.say("ほかのアプリで続ける")
    talk.go_to("member")
    talk.say(talk.code())
    assert "1つにはできません" in talk.shown()[0].text
    assert owner_of(talk, "member") != owner_of(talk, "other")


@pytest.mark.parametrize("first", ["member", "expert"])
def test_an_expert_with_a_member_of_their_own_is_joined_with_no_second_of_either(talk: Talk, first: str) -> None:
    mine, theirs = (talk.expert(name, Profile()) for name in ("山田 花子", "田中 一郎"))
    talk.say(talk.invite(f"expert:{mine.id}"))
    talk.say(connects(talk))
    talk.go_to("other")
    if first == "member":
        talk.say(connects(talk, UMIBE))
        with talk.database.writing() as connection:
            # A code that was made before, for who has come by both meanwhile.
            code = invites.make(connection, f"expert:{mine.id}", talk.now)
    else:
        talk.say(talk.invite(f"expert:{theirs.id}"))
        code = connects(talk)
    talk.say(code)
    assert "ほかの" in texts(talk)
    assert owner_of(talk, "member") != owner_of(talk, "other")


def test_who_has_erased_their_chat_still_makes_invitations(talk: Talk) -> None:
    talk.say(connects(talk))
    talk.say("すべて消す")
    talk.tap("すべて消す")
    talk.say(f"/forward {FIRM}")
    assert [row["name"] for row in rows(talk.database, invitation)] == [FIRM]


def test_a_second_app_of_a_member_is_theirs_as_well(talk: Talk) -> None:
    talk.say(connects(talk))
    code = connects(talk)
    talk.go_to("phone")
    talk.say(code)
    assert owner_of(talk, "member") == owner_of(talk, "phone") == suzuki(talk).owner_id


def test_an_owner_who_is_a_member_too_goes_on_with_their_check(talk: Talk) -> None:
    talk.open()
    talk.tap("1分でざっくり")
    before = talk.answers()
    talk.say(connects(talk))
    assert talk.record().frames[0].flow == "check"
    assert talk.answers() == before
    assert len(rows(talk.database, journey)) == 1


def test_a_member_who_was_greeted_as_an_owner_gets_a_members_menu_and_is_counted_as_nobody(talk: Talk) -> None:
    talk.open()
    assert len(rows(talk.database, journey)) == 1
    talk.say(connects(talk))
    assert talk.record().frames[0].flow == "member"
    talk.say("メニュー")
    assert talk.shown()[-1].buttons[0].label == "事業者への案内を作る"
    assert rows(talk.database, journey) == []


# ---------------------------------------------------------------- invitations


@pytest.mark.parametrize("typed", [f"/forward {FIRM}", f"/forward {FIRM} ", f"/forward\n{FIRM}"])
def test_a_member_makes_an_invitation_to_hand_on(talk: Talk, typed: str) -> None:
    talk.say(connects(talk))
    talk.say(typed)
    (row,) = rows(talk.database, invitation)
    assert (row["name"], row["member_id"], row["agency_id"]) == (FIRM, suzuki(talk).id, suzuki(talk).agency_id)
    assert row["ends_at"] == talk.now + referrals.LIFE
    assert f"https://banso.example/link/{row['code']}" in texts(talk)
    assert "1月29日(金)まで" in texts(talk), "60 days on, it ends in the course of the day after"


def test_who_names_nobody_is_asked_for_whom_it_is(talk: Talk) -> None:
    talk.say(connects(talk))
    talk.say("/forward")
    assert "会社名かお名前" in texts(talk)
    talk.say(FIRM)
    assert [row["name"] for row in rows(talk.database, invitation)] == [FIRM]


def test_it_stands_in_the_audit_log_without_the_name(talk: Talk) -> None:
    talk.say(connects(talk))
    talk.say(f"/forward {FIRM}")
    noted = [(row["act"], row["subject"]) for row in rows(talk.database, audit)]
    (made,) = rows(talk.database, invitation)
    assert noted == [("me.chat", f"member:{suzuki(talk).id}"), ("invite.make", f"invitation:{made['id']}")]
    assert FIRM not in str(rows(talk.database, audit))


@pytest.mark.parametrize("who", ["stranger", "inactive", "expert"])
def test_nobody_else_makes_one(talk: Talk, who: str) -> None:
    found(talk)
    if who != "stranger":
        talk.say(connects(talk))
        changed: dict[str, Any] = {"active": False} if who == "inactive" else {"role": "expert"}
        with talk.database.writing() as connection:
            members.keep(connection, suzuki(talk).id, **changed)
    talk.say(f"/forward {FIRM}")
    assert ("職員と管理者が作れます" if who == "expert" else "合言葉を作り") in texts(talk)
    assert rows(talk.database, invitation) == []


# ---------------------------------------------------------------- on Slack


def slash(command: str, text: str, trigger: str = "1.2.abc") -> bytes:
    """A command as Slack sends it."""
    return urlencode({"command": command, "text": text, "user_id": USER, "trigger_id": trigger}).encode()


def sent(talk: Talk, *bodies: bytes) -> None:
    """Commands that arrive by Slack's webhook."""
    app = make_app(Database(talk.url), packaged(), settings_for("https://banso.example", **ON), lambda: talk.now)
    with TestClient(app) as slack:
        for body in bodies:
            answer = slack.post("/webhooks/slack", content=body, headers=slack_headers(body, FORM))
            assert answer.status_code == 200
            assert answer.text == "", "what is answered in the webhook's answer, others might see"


def test_forward_on_slack_answers_its_member_alone_and_counts_once(talk: Talk) -> None:
    code = connects(talk)
    with capture_logs() as logs:
        sent(talk, slash("/banso", code, "1"), slash("/forward", FIRM, "2"), slash("/forward", FIRM, "2"))
    (made,) = rows(talk.database, invitation)
    assert made["name"] == FIRM
    (row,) = [row for row in rows(talk.database, outbox) if made["code"] in str(row["messages"])]
    (to,) = [one for one in rows(talk.database, contact) if one["id"] == row["contact_id"]]
    assert (to["channel"], to["address"]) == ("slack", USER)
    assert FIRM not in str(logs)


def test_a_stranger_on_slack_is_told_how_to_connect(talk: Talk) -> None:
    found(talk)
    sent(talk, slash("/forward", FIRM))
    (row,) = rows(talk.database, outbox)
    assert "自分の設定" in str(row["messages"])
    assert rows(talk.database, invitation) == []
