"""`banso expert` and `banso booking`: what an operator writes, sees, and is told to write instead."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from bot.booked import Operator
from bot.cli import app
from bot.experts import WrongInput, line
from bot.settings import Settings
from scheduler import hours
from storage import bookings, experts
from storage.bookings import Booking
from tests.meetings import Meetings, at
from tests.serving import KEY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def url(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database that commands find, in a folder of one's own without settings."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DATA_KEYS", KEY)
    return database_url


def run(*arguments: str) -> str:
    """What a command prints that succeeds."""
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return done.output


def data(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def refusal(*arguments: str) -> str:
    """The one line by which a command ends that can't be done."""
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 1
    assert done.output.count("\n") == 1
    return done.output


# ---------------------------------------------------------------- hours


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("", ""),
        ("mon-fri 9:00-12:00,13:00-17:00; sat 10:00-12:00", "mon-fri 09:00-12:00,13:00-17:00; sat 10:00-12:00"),
        ("MON,wed 9:30-10:00", "mon 09:30-10:00; wed 09:30-10:00"),
        ("sat-mon 8:00-9:00", "mon 08:00-09:00; sat-sun 08:00-09:00"),
        ("fri 13:00-17:00,9:00-12:00", "fri 09:00-12:00,13:00-17:00"),
    ],
)
def test_hours_are_read_and_written_again(text: str, again: str) -> None:
    assert hours.written(hours.weekly(text)) == again
    assert hours.weekly(again) == hours.weekly(text)


@pytest.mark.parametrize(
    "text",
    [
        "mon",
        "9:00-17:00",
        "xyz 9:00-17:00",
        "mon 9-17",
        "mon 17:00-9:00",
        "mon 9:00-9:00",
        "mon 9:00-25:00",
        "mon 9:15-10:00",
        "mon 9:00-12:00,11:00-13:00",
        "mon 9:00-10:00; mon-fri 9:30-11:00",
        "- 9:00-10:00",
    ],
)
def test_hours_that_make_no_sense_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="9:00-12:00,13:00-17:00"):
        hours.weekly(text)


# ---------------------------------------------------------------- experts


def test_an_expert_is_kept_as_described(url: str) -> None:
    described = ("--topic", "IT導入", "--topic", "invoice", "--prefecture", "東京都", "--way", "web", "--no-asks")
    more = ("--hours", "mon-fri 9:00-12:00", "--hours", "sat 10:00-12:00", "--minutes", "30", "--buffer", "0")
    rest = ("--mail", "hanako@example.jp", "--zone", "Europe/Berlin", "--meeting", "https://meet.example/h")
    made = data("expert", "add", "山田 花子", *described, *more, *rest)
    assert made["topics"] == ["it", "invoice"]
    assert made["prefectures"] == ["13"]
    assert made["hours"] == "mon-fri 09:00-12:00; sat 10:00-12:00"
    assert (made["ways"], made["zone"], made["minutes"], made["buffer"]) == (["web"], "Europe/Berlin", 30, 0)
    assert (made["asks"], made["active"], made["channels"], made["ahead"]) == (False, True, ["mail"], 0)
    assert data("expert", "show", "山田 花子") == data("expert", "show", "1") == made
    assert data("expert", "list") == [made]
    assert "hanako" not in run("expert", "list")


def test_what_is_not_named_stays_and_an_empty_text_takes_away(url: str) -> None:
    run(
        "expert", "add", "山田 花子", "--topic", "it", "--place", "1階", "--hours", "mon 9:00-10:00", "--mail", "a@b.jp"
    )
    changed = data("expert", "set", "1", "--topic", "", "--name", "山田 華子", "--mail", "c@d.jp")
    assert (changed["name"], changed["topics"], changed["place"]) == ("山田 華子", [], "1階")
    assert (changed["hours"], changed["channels"]) == ("mon 09:00-10:00", ["mail"])
    assert data("expert", "set", "1", "--place", "")["place"] == ""
    assert data("expert", "hours", "1", "")["hours"] == ""
    assert "no hours" in run("expert", "list")


def test_an_exception_replaces_the_day_and_goes_again(url: str) -> None:
    run("expert", "add", "山田 花子", "--hours", "mon-fri 9:00-17:00")
    run("expert", "except", "1", "2026-12-29", "9:00-10:00,11:00-12:00")
    assert data("expert", "except", "1", "2026-12-28", "closed")["exceptions"] == {
        "2026-12-28": "closed",
        "2026-12-29": "09:00-10:00,11:00-12:00",
    }
    assert list(data("expert", "except", "1", "2026-12-29")["exceptions"]) == ["2026-12-28"]


def test_an_expert_who_is_off_is_not_offered_until_on_again(url: str) -> None:
    run("expert", "add", "山田 花子")
    assert data("expert", "off", "1")["active"] is False
    assert "! off" in run("expert", "list")
    assert data("expert", "on", "1")["active"] is True


def test_addresses_and_codes_are_had_by_name_only(url: str) -> None:
    run("expert", "add", "山田 花子", "--busy-url", "https://calendar.example/secret")
    feed = data("expert", "feed", "1")
    assert feed["page"].startswith("http://127.0.0.1:8000/x/")
    assert feed["feed"].endswith(".ics")
    renewed = data("expert", "feed", "1", "--renew")
    assert {renewed["page"], renewed["feed"]}.isdisjoint(feed.values())
    assert data("expert", "feed", "1") == renewed
    code = data("expert", "invite", "1")["code"]
    assert code.startswith("ex-")
    shown = run("expert", "list") + run("expert", "show", "1") + run("expert", "show", "1", "--json")
    for secret in (feed["page"].rpartition("/")[2], feed["feed"].rpartition("/")[2], code, "calendar.example"):
        assert secret not in shown


def test_another_calendar_offers_nothing_until_it_is_read(url: str) -> None:
    run("expert", "add", "山田 花子", "--busy-url", "https://a.example/1")
    world = Meetings(url)
    with world.database.writing() as connection:
        experts.keep(connection, 1, busy_at=at(1, 9))
    world.close()
    assert data("expert", "set", "1", "--minutes", "30")["busy_at"] == "2026-12-01T00:00:00Z"
    assert data("expert", "set", "1", "--busy-url", "https://a.example/2")["busy_at"] is None
    assert "not read yet" in run("expert", "list")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("set", "2"), "there are: 1 山田 花子"),
        (("add", "山田 花子"), "banso expert set"),
        (("add", "12"), "not all digits"),
        (("add", "長" * 61), "1 to 60 characters"),
        (("set", "1", "--topic", "magic"), "management (経営課題), it (IT導入)"),
        (("set", "1", "--way", "pigeon"), "phone (電話で話す)"),
        (("set", "1", "--way", ""), "write phone, web or visit"),
        (("set", "1", "--prefecture", "48"), "01 (北海道)"),
        (("set", "1", "--zone", "Mars/Base"), "Asia/Tokyo"),
        (("set", "1", "--zone", "../etc/passwd"), "Asia/Tokyo"),
        (("set", "1", "--language", "日本語"), "ja, en"),
        (("set", "1", "--prefers", "fax"), "line, telegram, slack, mail or web"),
        (("set", "1", "--meeting", "zoom"), "https://"),
        (("set", "1", "--busy-url", "http://a.example/secret"), "https://"),
        (("set", "1", "--mail", "hanako"), "hanako@example.jp"),
        (("set", "1", "--place", "長" * 301), "300 characters"),
        (("hours", "1", "mon 9-17"), "9:00-12:00,13:00-17:00"),
        (("except", "1", "12/29"), "2026-12-29"),
        (("except", "1", "2026-12-29", "shut"), "9:00-12:00,13:00-17:00"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_that_says_what_can(
    url: str, arguments: tuple[str, ...], says: str
) -> None:
    run("expert", "add", "山田 花子", "--hours", "mon-fri 9:00-17:00")
    before = data("expert", "list")
    said = refusal("expert", *arguments)
    assert says in said
    assert "secret" not in said
    assert data("expert", "list") == before


def test_one_mail_address_is_one_persons(url: str) -> None:
    run("expert", "add", "山田 花子", "--mail", "hanako@example.jp")
    said = refusal("expert", "add", "田中 一郎", "--mail", "hanako@example.jp")
    assert "somebody else" in said
    assert "hanako" not in said
    assert len(data("expert", "list")) == 1


def test_what_keeps_an_expert_from_being_booked_stands_in_the_list() -> None:
    view = {"id": 1, "name": "山田", "topics": [], "ways": ["web"], "hours": "mon 9:00-10:00", "ahead": 2}
    view |= {"exceptions": {}, "channels": ["mail"], "active": True, "bookable": True, "busy_at": None}
    view |= {"meeting": "https://meet.example/1", "place": ""}
    view |= {"busy_calendar": True}
    assert line(view | {"busy_error": None}) == "  1  山田  any topic, web, mon 9:00-10:00, 2 ahead"
    assert "so nothing is offered: timeout" in line(view | {"bookable": False, "busy_error": "timeout"})
    unheard = line(view | {"channels": [], "bookable": False, "busy_at": "2026-12-01T00:00:00Z", "busy_error": None})
    assert "can't be reached" in unheard
    assert "calendar" not in unheard


# ---------------------------------------------------------------- bookings


@pytest.fixture
def world(url: str) -> Iterator[Meetings]:
    world = Meetings(url)
    yield world
    world.close()


def operator(world: Meetings, connection: Any) -> Operator:
    from dialogs.content import packaged

    return Operator(connection, packaged(), world.house, world.now)


def move(world: Meetings, token: str, text: str, expert: str = "") -> Booking:
    """What an operator's command does, at the time of these tests."""
    with world.database.writing() as connection:
        return operator(world, connection).move(token, text, expert)


def cancel(world: Meetings, token: str) -> Booking:
    with world.database.writing() as connection:
        return operator(world, connection).cancel(token)


def test_bookings_are_listed_by_state_expert_and_day(world: Meetings) -> None:
    hanako, taro = world.expert("花子"), world.expert("太郎")
    first = world.book("owner", hanako, at(2, 10))
    second = world.book("other", taro, at(3, 10))
    assert world.hold("third", taro, at(3, 14))
    tokens = [one["token"] for one in data("booking", "list")]
    assert tokens == [second, first]
    assert [one["state"] for one in data("booking", "list", "--state", "held")] == ["held"]
    assert [one["token"] for one in data("booking", "list", "--expert", "花子")] == [first]
    assert [one["token"] for one in data("booking", "list", "--from", "2026-12-03")] == [second]
    assert [one["token"] for one in data("booking", "list", "--to", "2026-12-02")] == [first]
    assert data("booking", "list", "--from", "2026-12-04") == []
    assert f"{first}  2026-12-02 10:00  confirmed" in run("booking", "list")


def test_a_telephone_number_is_shown_with_one_booking_only(world: Meetings) -> None:
    token = world.book("owner", world.expert("花子"), at(2, 10))
    assert data("booking", "list")[0]["starts_at"] == "2026-12-02T01:00:00Z"
    assert "09012345678" not in run("booking", "list") + run("booking", "list", "--json")
    shown = data("booking", "show", token)
    assert (shown["reach"], shown["state"], shown["expert"]) == ("09012345678", "confirmed", {"id": 1, "name": "花子"})
    assert "day:owner" in [timer["kind"] for timer in shown["ahead"]]
    assert "09012345678" in run("booking", "show", token)


def test_what_an_operator_cancels_everybody_is_told(world: Meetings) -> None:
    token = world.book("owner", world.expert("花子"), at(2, 10))
    world.fire()
    assert cancel(world, token).state == "cancelled"
    assert sorted(world.kinds()) == [("owner", "withdrawn:owner"), ("花子", "cancelled:expert")]
    assert "都合で" in next(one for one in world.told if one.kind == "withdrawn:owner").messages[0].text
    with pytest.raises(WrongInput, match="it is cancelled"):
        cancel(world, token)
    assert world.go_to(at(3, 10)) == []


def test_what_an_operator_moves_stands_at_once_and_everybody_is_told(world: Meetings) -> None:
    token = world.book("owner", world.expert("花子", asks=True), at(2, 10))
    world.fire()
    moved = move(world, token, "2026-12-03 15:00")
    assert (moved.state, moved.starts_at) == ("confirmed", at(3, 15))
    assert sorted(world.kinds()) == [("owner", "moved:owner"), ("花子", "moved:expert")]
    assert [kind for when, to, kind in world.go_to(at(3, 15)) if to == "owner"] == ["day:owner", "hour:owner"]


def test_a_booking_goes_to_another_expert_and_the_first_hears_that_it_is_gone(world: Meetings) -> None:
    hanako, taro = world.expert("花子"), world.expert("太郎")
    token = world.book("owner", hanako, at(2, 10))
    world.fire()
    assert move(world, token, "2026-12-02 10:00", "太郎").expert_id == taro.id
    told = {one.to: one for one in world.fire()}
    assert {to: one.kind for to, one in told.items()} == {
        "owner": "moved:owner",
        "花子": "forgotten:expert",
        "太郎": "booked:expert",
    }
    assert "12月2日(水) 10時から11時の予約は、取り消しになりました" in told["花子"].messages[0].text
    assert world.hold("next", hanako, at(2, 10))
    assert world.hold("another", taro, at(2, 10)) is None


def test_a_time_that_is_not_free_is_refused_with_the_nearest_three(world: Meetings) -> None:
    hanako = world.expert("花子")
    token = world.book("owner", hanako, at(2, 10))
    world.book("other", hanako, at(3, 10))
    world.fire()
    with pytest.raises(WrongInput, match="2026-12-03 11:30, 2026-12-03 12:00"):
        move(world, token, "2026-12-03 10:30")
    assert world.booking(token).starts_at == at(2, 10)
    assert world.kinds() == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "nothing"), "banso booking list"),
        (("cancel", "nothing"), "banso booking list"),
        (("move", "nothing", "2026-12-03 15:00"), "banso booking list"),
        (("list", "--state", "odd"), "held, pending"),
        (("list", "--expert", "nobody"), "1 花子"),
        (("list", "--from", "12/3"), "2026-12-03"),
    ],
)
def test_a_wrong_word_about_bookings_is_answered_in_one_line(
    world: Meetings, arguments: tuple[str, ...], says: str
) -> None:
    world.expert("花子")
    assert says in refusal("booking", *arguments)


def test_the_commands_cancel_and_move(world: Meetings) -> None:
    """By the real clock: whatever is free after it."""
    run("expert", "add", "太郎", "--hours", "mon-sun 0:00-23:30", "--notice", "0", "--per-day", "48", "--on-holidays")
    run("expert", "set", "1", "--mail", "taro@example.jp")
    with world.database.writing() as connection:
        taro = experts.get(connection, 1)
        world.now = datetime(2100, 1, 1)  # noqa: DTZ001
        held = bookings.hold(connection, taro.owner_id, taro, at(3, 15, year=2099), "it", "web", world.now)
        assert held
        bookings.change(connection, held, "book", world.now)
    said = refusal("booking", "move", held.token, "2099-12-04 15:00")
    assert "the nearest free times: 2" in said
    free = said.rstrip().rpartition(", ")[2]
    assert data("booking", "move", held.token, free)["state"] == "confirmed"
    assert "no time" in refusal("booking", "move", held.token, "tomorrow")
    assert data("booking", "cancel", held.token)["state"] == "cancelled"
