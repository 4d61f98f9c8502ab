"""Officers at a booking: what a code is good for, who sees what, who is told, and experts who come by a code."""

from __future__ import annotations

from contextlib import closing
from datetime import time
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from bot.app import make_app
from dialogs.content import packaged
from dialogs.events import Command
from scheduler.experts import Profile, Weekly
from storage import Database, bookings, invites, owners
from tests.serving import settings_for
from tests.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.bookings import Booking

PROFILE = Profile(
    weekly=tuple(Weekly(day, time(9), time(17)) for day in range(5)), asks=False, meeting="https://meet.example/1"
)
NAME = "みなと商工会議所の佐藤"


@pytest.fixture
def talk(database_url: str) -> Iterator[Talk]:
    """An owner with a booking by telephone, tomorrow at eleven."""
    with closing(Talk(database_url)) as talk:
        talk.expert("山田 花子", PROFILE, "expert")
        for step in ("専門家に相談", "IT導入", "電話で話す", "12月2日 11時", "12月2日(水) 11時", "09012345678"):
            talk.say(step)
        talk.tap("この内容で予約する")
        talk.fire()
        yield talk


def by(talk: Talk, address: str, *steps: str) -> str:
    """Steps of somebody else's; gives all that was answered to the last."""
    before = talk.address
    talk.go_to(address)
    for step in steps:
        talk.say(step)
    shown = "\n".join(message.text for message in talk.shown())
    talk.go_to(before)
    return shown


def invited(talk: Talk) -> str:
    """A code that the owner has made."""
    talk.do(Command("guest", booking(talk).token))
    return talk.code()


def attending(talk: Talk, address: str = "officer", name: str = NAME) -> str:
    """An officer comes to the booking."""
    return by(talk, address, invited(talk), "同席する", name)


def booking(talk: Talk) -> Booking:
    """The one booking there is."""
    with talk.database.reading() as connection:
        return bookings.all_of(connection)[0]


def told(talk: Talk) -> dict[str, str]:
    """What has been told since, by whom it was told to."""
    return {address: messages[0].text for address, messages in talk.fire()}


def everything(talk: Talk, address: str) -> str:
    """All that is stored about somebody, as they may have it."""
    with talk.database.reading() as connection:
        owner = owners.find(connection, "test", "chat", address)
        assert owner
        return str(owners.export(connection, owner.id))


# ---------------------------------------------------------------- the code


@pytest.mark.parametrize(
    "typed", ["bk-abcd2345", "BK-ABCD2345", " ｂｋ－ａｂｃｄ２３４５\n", "「bk-abcd 2345」", "bkabcd2345"]
)
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert invites.code_in(typed) == "bk-abcd2345"


@pytest.mark.parametrize("typed", ["", "bk-", "go-abcd2345", "bk-abcd234", "bk-abcd234o", "あ" * 99])
def test_what_is_no_code_is_not_taken_for_one(typed: str) -> None:
    assert invites.code_in(typed) == ""


def test_a_code_brings_one_officer_and_no_second(talk: Talk) -> None:
    code = invited(talk)
    assert "同席の予定に入れました" in by(talk, "officer", code, "同席する", NAME)
    assert "もう使えません" in by(talk, "another", code)


def test_several_may_be_invited_to_one_booking(talk: Talk) -> None:
    first, second = invited(talk), invited(talk)
    by(talk, "officer", first, "同席する", NAME)
    by(talk, "another", second, "同席する", "銀行の鈴木")
    with talk.database.reading() as connection:
        assert list(bookings.guests(connection, 1).values()) == [NAME, "銀行の鈴木"]


def test_a_code_ends_after_two_weeks(talk: Talk) -> None:
    code = invited(talk)
    with talk.database.reading() as connection:
        assert invites.find(connection, code, talk.now + invites.LIFE) is None
        assert invites.find(connection, code, talk.now) == "booking:1"


def test_a_code_for_a_booking_that_was_cancelled_leads_nowhere(talk: Talk) -> None:
    code = invited(talk)
    talk.do(Command("cancel", booking(talk).token))
    talk.tap("予約を取り消す")
    assert "もう使えません" in by(talk, "officer", code)


def test_nobody_but_the_owner_makes_a_code(talk: Talk) -> None:
    for address in ("expert", "stranger"):
        talk.go_to(address)
        talk.say("こんにちは")
        talk.do(Command("guest", booking(talk).token))
        with pytest.raises(LookupError, match="no code"):
            talk.code()


def test_a_link_brings_an_officer_to_the_invitation_in_a_browser(talk: Talk) -> None:
    code = invited(talk)
    app = make_app(Database(talk.url), packaged(), settings_for("http://testserver"), lambda: talk.now)
    with TestClient(app) as browser:
        assert "相談への同席" in browser.get(f"/link/{code}").text
        assert browser.get(f"/link?code={code}", follow_redirects=False).headers["location"] == f"/link/{code}"
        page = browser.post(f"/link/{code}", data={"event": "1"}, headers={"sec-fetch-site": "same-origin"})
        assert "このご相談に同席しますか" in page.text
        assert browser.get("/link/bk-22222222").status_code == 410


# ---------------------------------------------------------------- who sees what


def test_owner_and_expert_are_told_who_comes(talk: Talk) -> None:
    attending(talk)
    assert {address for address, text in told(talk).items() if NAME in text} == {"owner", "expert"}


def test_an_officer_sees_neither_the_telephone_number_nor_the_experts_pages(talk: Talk) -> None:
    attending(talk)
    by(talk, "officer", "予約を見る")
    talk.fire()
    held = everything(talk, "officer")
    assert "山田 花子" in held
    assert "09012345678" not in held
    assert "/x/" not in held


def test_an_owner_never_holds_the_address_of_the_experts_pages(talk: Talk) -> None:
    talk.say("予約を見る")
    assert "/x/" not in everything(talk, "owner")


def test_an_officer_is_reminded_like_the_others_and_once(talk: Talk) -> None:
    attending(talk)
    talk.fire()
    reminded = [
        address for address, messages in talk.pass_time(booking(talk).starts_at) if "お知らせ" in messages[0].text
    ]
    assert sorted(reminded) == ["expert", "officer", "owner"]


@pytest.mark.parametrize("out", [True, False], ids=["put-out", "there"])
def test_who_was_put_out_hears_no_more(talk: Talk, out: bool) -> None:
    attending(talk)
    if out:
        talk.say("予約を見る")
        talk.tap("同席を取りやめる")
        talk.tap("同席を取りやめる")
        assert NAME in told(talk)["expert"]
    talk.fire()
    heard = {address for address, _ in talk.pass_time(booking(talk).starts_at)}
    assert ("officer" in heard) is not out


@pytest.mark.parametrize("who", ["expert", "stranger"])
def test_only_the_owner_puts_an_officer_out(talk: Talk, who: str) -> None:
    attending(talk)
    with talk.database.reading() as connection:
        (guest,) = bookings.guests(connection, 1)
    talk.go_to(who)
    talk.say("こんにちは")
    talk.do(Command("dismiss", f"{booking(talk).token}/{guest}"))
    with talk.database.reading() as connection:
        assert list(bookings.guests(connection, 1)) == [guest]


def test_an_officer_who_is_forgotten_is_gone_from_the_booking_and_the_others_hear_of_it(talk: Talk) -> None:
    attending(talk)
    talk.fire()
    by(talk, "officer", "すべて消す", "すべて消す")
    assert {address for address, text in told(talk).items() if NAME in text} == {"owner", "expert"}
    with talk.database.reading() as connection:
        assert bookings.guests(connection, 1) == {}


# ---------------------------------------------------------------- words before the meeting


def test_words_go_to_the_expert_and_back_whatever_they_read_like(talk: Talk) -> None:
    attending(talk)
    talk.fire()
    asked = "電子帳簿保存法のことも、聞いてもいいでしょうか"
    by(talk, "officer", "予約を見る")
    talk.go_to("officer")
    talk.tap("専門家に書く")
    talk.say(asked)
    assert asked in told(talk)["expert"]
    talk.go_to("expert")
    talk.tap("返事を書く")
    talk.say("はい")
    assert "はい" in told(talk)["officer"]


def test_words_are_told_although_the_booking_changes_before_they_are(talk: Talk) -> None:
    attending(talk)
    talk.fire()
    talk.go_to("officer")
    talk.do(Command("write", booking(talk).token))
    talk.say("よろしくお願いします")
    talk.go_to("owner")
    talk.do(Command("change", booking(talk).token))
    talk.say("12月3日の10時")
    talk.tap("12月3日(木) 10時")
    assert any("よろしくお願いします" in m.text for address, ms in talk.fire() for m in ms if address == "expert")


@pytest.mark.parametrize("who", ["owner", "stranger"])
def test_nobody_else_writes_to_the_expert(talk: Talk, who: str) -> None:
    attending(talk)
    talk.fire()
    talk.go_to(who)
    talk.say("こんにちは")
    talk.do(Command("write", booking(talk).token))
    talk.say("こんにちは")
    assert talk.fire() == []


# ---------------------------------------------------------------- experts


def test_an_expert_who_sends_a_code_is_told_of_requests_from_then_on(database_url: str) -> None:
    with closing(Talk(database_url)) as talk:
        expert = talk.expert("山田 花子", PROFILE)
        code = talk.invite(f"expert:{expert.id}")
        assert "山田 花子さん、つながりました" in by(talk, "phone", code)
        for step in ("専門家に相談", "IT導入", "Web会議で話す", "12月2日 11時", "12月2日(水) 11時"):
            talk.say(step)
        talk.tap("この内容で予約する")
        assert [address for address, _ in talk.fire()] == ["phone"]
        assert "もう使えません" in by(talk, "another", code)


def test_an_expert_keeps_the_way_in_which_they_were_reached_before(database_url: str) -> None:
    with closing(Talk(database_url)) as talk:
        expert = talk.expert("山田 花子", PROFILE, "mail")
        by(talk, "phone", talk.invite(f"expert:{expert.id}"))
        with talk.database.reading() as connection:
            mail, phone = (owners.find(connection, "test", "chat", address) for address in ("mail", "phone"))
        assert mail
        assert phone
        assert mail.id == phone.id


def test_an_owner_who_is_an_expert_too_goes_on_with_their_check(database_url: str) -> None:
    with closing(Talk(database_url)) as talk:
        talk.open()
        talk.tap("1分でざっくり")
        before = talk.answers()
        talk.say(talk.invite(f"expert:{talk.expert('山田 花子', PROFILE).id}"))
        assert talk.record().frames[0].flow == "check"
        assert talk.answers() == before


def test_nobody_becomes_two_experts(database_url: str) -> None:
    with closing(Talk(database_url)) as talk:
        codes = [talk.invite(f"expert:{talk.expert(name, PROFILE).id}") for name in ("山田 花子", "田中 一郎")]
        by(talk, "phone", codes[0])
        assert "ほかの専門家としてつながっています" in by(talk, "phone", codes[1])


def test_a_new_code_takes_the_place_of_an_experts_one_before(database_url: str) -> None:
    with closing(Talk(database_url)) as talk:
        expert = talk.expert("山田 花子", PROFILE)
        first, second = (talk.invite(f"expert:{expert.id}") for _ in range(2))
        assert "もう使えません" in by(talk, "phone", first)
        assert "つながりました" in by(talk, "phone", second)
