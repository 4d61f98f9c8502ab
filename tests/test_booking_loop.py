"""The whole loop over the platforms: the owner on LINE, the expert on Slack, from the code to what comes after."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest

from bot import ticker
from bot.clock import utc_now
from bot.platforms.line import Line
from bot.platforms.slack import Slack
from dialogs.content import packaged
from dialogs.events import Command
from dialogs.presses import decode
from scheduler import paces
from scheduler.experts import Profile, Weekly
from storage import Database, bookings, experts, invites
from tests.phones import LinePhone, Phone, SlackPhone
from tests.serving import serving
from tests.talk import START, Talk

if TYPE_CHECKING:
    from tests.standin import StandIn

PROFILE = Profile(
    weekly=tuple(Weekly(day, time(9), time(17)) for day in range(5)),
    meeting="https://meet.example/1",
    place="東京都千代田区見本町1-2",
)
# From the wish to the booking; a telephone number that is typed is no tap.
MOST_TAPS = 5


class Watch:
    """A clock that runs as ours does, from another time, and can be put forward."""

    def __init__(self) -> None:
        self.ahead = START - utc_now()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead

    def put(self, at: datetime) -> None:
        """Make it this time now."""
        self.ahead = at - utc_now()


class ExpertsPhone(SlackPhone):
    """An expert on Slack, who is content with whatever comes."""

    def complete(self) -> bool:
        return bool(self.shown)


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Timers are looked for more often than every two seconds, and nobody is spared a second message."""
    monkeypatch.setattr(ticker, "TIMER_SECONDS", 0.1)
    monkeypatch.setattr(paces, "FIRST", timedelta(milliseconds=5))
    for platform in (Line, Slack):
        monkeypatch.setattr(platform, "contact_rate", 1000.0)


def hears(phone: Phone, words: str) -> None:
    """Somebody is sent what they did not ask for; what came before it is passed over."""
    while True:
        n, call = phone.stand_in.wait(phone.heard, phone.mine)
        phone.heard, phone.shown = n + 1, phone.messages(call)
        if words in json.dumps(phone.shown, ensure_ascii=False):
            return


def tap(phone: Phone, ends: str) -> None:
    """Tap what ends, or begins, so."""
    phone.taps(next(press for press in phone.presses() if press.endswith(ends) or press.startswith(ends)))


@pytest.mark.usefixtures("hurry")
def test_from_the_code_to_what_comes_after(database_url: str, stand_in: StandIn) -> None:
    watch = Watch()
    with closing(Database(database_url)) as database, database.writing() as connection:
        expert = experts.add(connection, "山田 花子", PROFILE, START)
        code = invites.make(connection, f"expert:{expert.id}", START)
    settings = {"public_url": "https://banso.example"} | stand_in.settings()
    with serving(database_url, settings=settings, clock=watch) as server:
        owner, yamada = LinePhone(server, stand_in, "U" + "1" * 32), ExpertsPhone(server, stand_in, "U0YAMADA")
        with closing(owner.client), closing(yamada.client):
            yamada.says(code)
            assert "山田 花子さん、つながりました" in yamada.text()

            owner.opens()
            owner.says("専門家に相談")
            for ends in (":it", ":phone"):
                tap(owner, ends)
            owner.says("12月2日の11時")
            tap(owner, next(press for press in owner.presses() if "2612020200" in press))
            owner.says("090-1234-5678")
            tap(owner, ":plain")
            assert "予約を申し込みました" in owner.text()

            hears(yamada, "相談の申し込みが来ています")
            assert "09012345678" not in yamada.text()
            commands = [action.name for press in yamada.presses() if isinstance(action := decode(press), Command)]
            assert commands == ["accept", "propose", "decline"]
            tap(yamada, "c:accept")
            hears(owner, "さんが引き受け、予約が決まりました")

            # 18:00 the day before, and an hour before, in Japan.
            watch.put(datetime(2026, 12, 1, 9, 0))  # noqa: DTZ001 - as the database keeps it
            hears(owner, "あすのご予約のお知らせです")
            hears(yamada, "あすの相談のお知らせです")
            watch.put(datetime(2026, 12, 2, 1, 0))  # noqa: DTZ001
            hears(owner, "まもなくご予約の時間です")
            watch.put(datetime(2026, 12, 2, 3, 31))  # noqa: DTZ001
            hears(yamada, "行われましたか")
            tap(yamada, "c:held")
            watch.put(datetime(2026, 12, 2, 4, 1))  # noqa: DTZ001
            hears(owner, "おつかれさまでした")
    assert stand_in.violations() == []
    with closing(Database(database_url)) as database, database.reading() as connection:
        assert [one.state for one in bookings.all_of(connection)] == ["done"]


@pytest.mark.parametrize("way", ["電話で話す", "Web会議で話す", "窓口で会う"])
def test_a_booking_takes_five_taps_at_the_most(database_url: str, way: str) -> None:
    with closing(Talk(database_url)) as talk:
        talk.expert("山田 花子", replace(PROFILE, ways=("phone", "web", "visit")), "expert")
        talk.open()
        # Once when nothing is known of the owner, and once when the number is.
        for slot in ("12月2日(水) 11時", "12月2日(水) 9時"):
            talk.say("メニュー")
            taps = ("専門家に相談", "IT導入", way, slot, "この内容で予約する")
            assert len(taps) <= MOST_TAPS
            for label in taps:
                if talk.shown()[-1].kind == "text":
                    talk.say("09012345678")
                talk.tap(label)
            assert "予約を申し込みました" in talk.shown()[0].text


@pytest.mark.parametrize("menu", ["next-quick", "next-full", "menu", "faq", "faq-read", "faq-unknown", "faq-ways"])
def test_the_way_to_an_expert_is_one_tap_from_everywhere(menu: str) -> None:
    assert packaged().phrases.asks[menu].choice("/consult")
