"""Owners and the people at the agency's desk: what each says reaches the other, once, in order, and nobody else."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from bot import ticker, timing
from bot.clock import utc_now
from bot.house import Desk, House, house
from bot.links import Links
from bot.platforms.failures import Busy
from bot.platforms.line import Line
from bot.platforms.platform import Part, Place, Sending
from bot.platforms.slack import Slack
from bot.talks import Talks
from bot.turn import Event, take
from dialogs.events import Command, Said, Sent
from dialogs.talks import TakeWords
from scheduler.desk import HOURS, hours, opening_words, opens
from storage import Database, owners, questions
from storage.schema import contact, outbox, owner, talk
from storage.schema import timer as timer_table
from tests.meetings import at
from tests.phones import LinePhone, line_webhook, slack_headers
from tests.sending import Memory, posting
from tests.serving import SECRET, serving, settings_for
from tests.taking import rows
from tests.talk import HOUSE
from tests.talk import Talk as Conversation
from tests.test_transcripts import SUZUKI

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from dialogs.messages import Message
    from tests.standin import StandIn

DESK = Desk("相談窓口", "desk", hours(HOURS), "test", "chat")


@pytest.fixture
def chat(database_url: str) -> Iterator[Conversation]:
    """An owner in the middle of the check, at ten on a Tuesday, with a desk."""
    with closing(Conversation(database_url)) as made:
        made.house = replace(HOUSE, desk=DESK)
        made.open()
        made.tap("1分でざっくり")
        yield made


def talking(chat: Conversation) -> str:
    """The owner has begun to talk; gives where the desk reads."""
    chat.say("人と話す")
    chat.say("最初の言葉")
    chat.fire()
    return chat.thread()


def answers(chat: Conversation, text: str) -> None:
    """The desk answers, and the owner is told."""
    asked = chat.address
    chat.go_to(chat.thread())
    chat.say(text)
    chat.go_to(asked)
    chat.fire()


def told(chat: Conversation, address: str) -> list[str]:
    """All that somebody was told, in order."""
    return [message.text for turn in chat.apps.get(address, []) for message in turn.messages]


# ---------------------------------------------------------------- when the desk is there


@pytest.mark.parametrize(
    ("now", "begins", "words"),
    [
        (at(1, 10), at(1, 10), "きょう12月1日(火) 10時"),
        (at(1, 8, 59), at(1, 9), "きょう12月1日(火) 9時"),
        (at(1, 17), at(2, 9), "あす12月2日(水) 9時"),
        (at(4, 17), at(7, 9), "12月7日(月) 9時"),
        (at(28, 17), at(4, 9, month=1, year=2027), "1月4日(月) 9時"),
        # The day of the coming of age is a Monday.
        (at(8, 17, month=1, year=2027), at(12, 9, month=1, year=2027), "1月12日(火) 9時"),
    ],
)
def test_the_desk_opens_within_its_hours_and_never_on_holidays(now: datetime, begins: datetime, words: str) -> None:
    assert opens(DESK.hours, now) == begins
    assert opening_words(begins, now) == words


def test_a_pause_at_noon_is_no_time_of_the_desk() -> None:
    assert opens(hours("mon-fri 9:00-12:00,13:00-17:00"), at(1, 12)) == at(1, 13)


@pytest.mark.parametrize(
    "wrong",
    [{"desk_hours": "always"}, {"desk_hours": ";"}, {"slack_desk_channel": "#desk"}, {"desk_hours": "mon 9-17"}],
)
def test_wrong_settings_of_the_desk_are_told(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        settings_for("https://x", **wrong)


def test_there_is_a_desk_where_slack_and_its_channel_are_set() -> None:
    slack = {"slack_bot_token": "xoxb", "slack_signing_secret": "s"}
    for given, place in (({}, None), (slack, None), (slack | {"slack_desk_channel": "C0DESK001"}, "C0DESK001")):
        made = house(settings_for("https://x", **given), Links(SECRET)).desk
        assert (made.place if made else None) == place
    assert house(settings_for("https://x", slack_desk_channel="C0DESK001"), Links(SECRET)).desk is None


# ---------------------------------------------------------------- talking


def test_every_word_reaches_the_other_side_in_order(chat: Conversation) -> None:
    desk = talking(chat)
    for n in range(3):
        chat.say(f"事業者{n}")
    chat.fire()
    chat.go_to(desk)
    for n in range(3):
        chat.say(f"担当者{n}")
    chat.fire()
    assert "\n".join(told(chat, desk)).index("最初の言葉") < "\n".join(told(chat, desk)).index("事業者0")
    assert told(chat, desk)[1:] == [f"事業者の方から:\n事業者{n}" for n in range(3)]
    assert told(chat, "owner")[-3:] == [f"担当者から:\n担当者{n}" for n in range(3)]


def claimed_backwards(chat: Conversation) -> list[str]:
    """Two words on their way, of which the second is taken first, as by another process; gives what was told."""
    desk = talking(chat)
    chat.say("一")
    chat.say("二")
    with chat.database.writing() as connection:
        events = timing.claim(connection, chat.now)
    found: list[Message] = []
    for event in reversed(events):
        with chat.database.writing() as connection:
            found += take(connection, chat.content, event, chat.now, chat.house).messages
    assert {event.address for event in events} == {desk}
    return [message.text.rpartition("\n")[2] for message in found]


def test_words_keep_their_order_though_the_second_is_taken_first(chat: Conversation) -> None:
    assert claimed_backwards(chat) == ["一", "二"]


def test_without_taking_along_what_waits_the_second_is_told_first(
    chat: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def alone(self: Talks, effect: TakeWords) -> list[dict[str, Any]]:
        return [effect.data | {"id": 1, "led": True}]

    monkeypatch.setattr(Talks, "take_words", alone)
    assert claimed_backwards(chat) == ["二", "一"]


def test_while_a_person_leads_the_bot_is_silent_and_what_was_said_is_kept(chat: Conversation) -> None:
    talking(chat)
    asked = chat.record().top.asked
    # Each of these means something to the bot.
    for text in ("1", "メニュー", "電帳法とは?", "戻る", "go-22222222x"):
        assert chat.say(text) == ()
        assert chat.turns[-1].said == text
    assert chat.record().top.asked == asked
    assert chat.record().frames[0].answers == {"depth": "quick"}


def test_a_text_that_was_overtaken_on_its_way_is_passed_on_too(chat: Conversation) -> None:
    desk = talking(chat)
    chat.do(Sent("late", "遅れた言葉"))
    chat.fire()
    assert told(chat, desk)[-1].endswith("遅れた言葉")


@pytest.mark.parametrize(("kind", "called"), [("sticker", "スタンプ"), ("picture", "写真"), ("file", "文字でないもの")])
def test_what_is_no_text_is_told_to_both(chat: Conversation, kind: str, called: str) -> None:
    desk = talking(chat)
    assert "文字だけ" in chat.send(kind)[0].text
    chat.fire()
    assert f"({called}が送られました" in told(chat, desk)[-1]


def test_buttons_work_beside_the_talk(chat: Conversation) -> None:
    talking(chat)
    chat.do(Command("menu"))
    assert "何をしますか" in chat.shown()[-1].text
    assert chat.say("これは担当者への言葉です") == ()


def test_a_question_for_typed_words_says_where_they_go(chat: Conversation) -> None:
    chat.expert("鈴木 次郎", SUZUKI, "expert")
    for led in (False, True):
        if led:
            talking(chat)
        chat.do(Command("consult"))
        chat.tap("IT導入")
        chat.tap("電話で話す")
        chat.do(chat.action(chat.shown()[-1].buttons[0].label))
        assert chat.shown()[-1].kind == "text"
        assert any("担当者に届きます" in message.text for message in chat.shown()) == led


def test_the_owner_can_end_it_and_is_asked_the_open_question_again(chat: Conversation) -> None:
    desk = talking(chat)
    shown = chat.do(Command("finish", "talk"))
    assert "自動の案内に戻りました" in shown[0].text
    assert shown[-1].kind == "many"
    chat.fire()
    assert "自動の案内に戻りました" in told(chat, desk)[-1]
    assert chat.say("1")
    assert "もう、自動の案内に戻っています" in chat.do(Command("finish", "talk"))[0].text


def test_the_desk_can_end_it_and_one_tap_leads_back(chat: Conversation) -> None:
    chat.go_to(talking(chat))
    chat.do(Command("finish", "thread"))
    chat.go_to("owner")
    chat.fire()
    assert "担当者との話が終わりました" in chat.shown()[-1].text
    assert chat.tap("続きに戻る")[-1].kind == "many"


def test_typed_where_nobody_talks_the_word_for_the_end_is_a_pause(chat: Conversation) -> None:
    assert "ここまでを保存してあります" in chat.say("終了")[-1].text


def test_words_after_the_end_still_reach_the_owner_who_can_write_back(chat: Conversation) -> None:
    desk = talking(chat)
    chat.say("自動の案内に戻る")
    chat.fire()
    answers(chat, "あとから")
    assert chat.shown()[-1].text.endswith("あとから")
    chat.tap("返事を書く")
    chat.say("ありがとう")
    chat.fire()
    assert chat.thread() == desk
    assert told(chat, desk)[-1].endswith("ありがとう")
    assert chat.say("もう一言") == ()


def test_a_question_just_asked_can_be_passed_on_with_one_tap(chat: Conversation) -> None:
    with chat.database.writing() as connection:
        found = owners.find(connection, "test", "chat", "owner")
        assert found
        questions.ask(connection, found.id, "うちの猫の確定申告は?", confident=False, entry=None, now=chat.now)
    chat.do(Command("human"))
    chat.tap("さっきの質問を送る")
    chat.fire()
    assert "うちの猫の確定申告" in told(chat, chat.thread())[0]


def test_a_word_for_the_consultation_is_a_choice_and_no_message(chat: Conversation) -> None:
    chat.now = at(1, 18)
    chat.say("人と話す")
    chat.say("専門家に相談")
    chat.fire()
    assert rows(chat.database, talk) == []


# ---------------------------------------------------------------- time


def test_an_owner_who_waits_is_told_so_once(chat: Conversation) -> None:
    talking(chat)
    chat.pass_time(at(1, 10, 5))
    chat.say("もしもし")
    before = len(told(chat, "owner"))
    chat.pass_time(at(1, 10, 14))
    assert len(told(chat, "owner")) == before
    chat.pass_time(at(1, 11))
    assert len(told(chat, "owner")) == before + 1
    assert "まだ返事がありません" in told(chat, "owner")[-1]


def test_an_owner_who_has_been_answered_is_not(chat: Conversation) -> None:
    talking(chat)
    chat.pass_time(at(1, 10, 5))
    answers(chat, "はい")
    chat.pass_time(at(1, 10, 10))
    chat.say("それで")
    chat.pass_time(at(1, 10, 24))
    assert not any("まだ返事がありません" in text for text in told(chat, "owner"))
    chat.pass_time(at(1, 10, 25))
    assert "まだ返事がありません" in told(chat, "owner")[-1]


def test_two_hours_after_the_latest_word_it_ends_and_both_are_told(chat: Conversation) -> None:
    desk = talking(chat)
    chat.pass_time(at(1, 11))
    answers(chat, "はい")
    chat.pass_time(at(1, 12, 59))
    chat.pass_time(at(1, 13))
    assert "自動の案内に戻しました" in told(chat, "owner")[-1]
    assert "自動の案内に戻しました" in told(chat, desk)[-1]
    assert chat.say("1")


def test_a_message_that_is_left_comes_when_the_desk_opens(chat: Conversation) -> None:
    chat.now = at(4, 18)
    chat.say("人と話す")
    assert "次は12月7日(月) 9時に開きます" in chat.shown()[0].text
    chat.say("週明けに教えてください")
    # Nobody leads meanwhile.
    assert chat.say("1")
    chat.pass_time(at(7, 8, 59))
    desk = chat.thread()
    assert told(chat, desk) == []
    chat.pass_time(at(7, 9))
    assert "週明けに教えてください" in told(chat, desk)[0]
    chat.pass_time(at(7, 11))
    assert "まだ返事がありません" in told(chat, "owner")[-1]
    answers(chat, "こちらです")
    assert told(chat, "owner")[-1].endswith("こちらです")


# ---------------------------------------------------------------- nobody else


def test_a_thread_that_is_none_of_ours_makes_nobody(chat: Conversation) -> None:
    talking(chat)
    persons, contacts, said = (len(rows(chat.database, table)) for table in (owner, contact, outbox))
    event = Event("1", "test", "chat", "desk:1796086700.000100", Said("だれ?"), known=True)
    with chat.database.writing() as connection:
        assert take(connection, chat.content, event, chat.now, chat.house).messages == ()
    assert [len(rows(chat.database, table)) for table in (owner, contact, outbox)] == [persons, contacts, said]


def test_a_code_in_a_thread_leads_nowhere(chat: Conversation) -> None:
    desk = talking(chat)
    code = chat.invite("expert:1")
    event = Event("1", "test", "chat", desk, Said(f"合言葉は{code}です"), known=True)
    with chat.database.writing() as connection:
        assert take(connection, chat.content, event, chat.now, chat.house).messages == ()
    chat.fire()
    assert told(chat, "owner")[-1].endswith(f"合言葉は{code}です")


def test_who_is_forgotten_is_forgotten_in_the_thread_too(chat: Conversation) -> None:
    desk = talking(chat)
    with chat.database.writing() as connection:
        # The first message has arrived.
        moved = contact.update().where(contact.c.address == desk).values(address="desk:1.1")
        connection.execute(moved)
    chat.say("秘密の言葉")
    chat.do(Command("erase"))
    chat.tap("すべて消す")
    for table in (outbox, timer_table, owner):
        assert not any("言葉" in str(row) for row in rows(chat.database, table))
    chat.fire()
    assert "記録をすべて消しました" in told(chat, "desk:1.1")[-1]
    chat.go_to("desk:1.1")
    assert "届いていません" in chat.say("もしもし")[0].text


def test_the_desk_is_told_when_the_owner_has_blocked_the_bot(chat: Conversation) -> None:
    desk = talking(chat)
    with chat.database.writing() as connection:
        found = owners.find(connection, "test", "chat", "owner")
        assert found
        owners.gone(connection, found.contact_id, chat.now)
    chat.go_to(desk)
    assert "伴走を止めている" in chat.say("もしもし")[0].text


def test_where_the_thread_can_not_be_reached_any_more_another_begins(chat: Conversation) -> None:
    desk = talking(chat)
    chat.say("自動の案内に戻る")
    with chat.database.writing() as connection:
        connection.execute(contact.update().where(contact.c.address == desk).values(gone_at=chat.now))
    assert talking(chat) != desk
    assert "最初の言葉" in told(chat, chat.thread())[0]


def test_owners_who_are_one_person_keep_their_talk(chat: Conversation) -> None:
    desk = talking(chat)
    chat.do(Command("link"))
    code = chat.code()
    chat.go_to("app")
    chat.say(code)
    chat.tap("つないで続ける")
    assert chat.say("こちらからも") == ()
    chat.fire()
    assert told(chat, desk)[-1].endswith("こちらからも")


# ---------------------------------------------------------------- on its way


class Threads(Memory):
    """A platform on which the first message to a place begins a thread."""

    async def send(self, part: Part, sending: Sending) -> int | Place:  # type: ignore[override]
        await super().send(part, sending)
        place, _, thread = sending.address.partition(":")
        return Place(f"{place}:{len(self.taken)}.1") if thread.startswith("new-") else 0


def test_what_is_said_before_the_thread_is_there_waits_for_it(database_url: str) -> None:
    desk = replace(DESK, channel="slack", account="bot", place="C1")
    with posting(database_url, Threads(channel="slack", requests=0)) as post:
        post.intake.house = House(str, desk=desk)
        for text in ("人と話す", "最初", "次", "その次"):
            post.take(Said(text))
            timing.fire(post.intake, lambda: post.now)
        (first,) = [address for address in addresses(post.database) if ":" in address]
        # The first attempt comes to nothing: nothing else may be sent before it.
        post.platform.fails[first] = [Busy("later")]
        for _ in range(12):
            post.send()
            post.later(minutes=6)
        sent = [(sending.address, part["text"].rpartition("\n")[2]) for part, sending in post.platform.taken]
        thread = next(address for address in addresses(post.database) if ":" in address)
        there = [(to, text) for to, text in sent if ":" in to]
        assert [to for to, _ in there] == [first, thread, thread]
        assert [text for _, text in there][1:] == ["次", "その次"]


def addresses(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.execute(select(contact.c.address)).scalars())


# ---------------------------------------------------------------- the whole loop

OWNER, CHANNEL = "U" + "d" * 32, "C0DESK001"


class Staff:
    """People at the desk, on Slack, and the owner on LINE, over a server; both read what the platforms were asked."""

    def __init__(self, server: str, stand_in: StandIn, phone: LinePhone) -> None:
        self.server = server
        self.stand_in = stand_in
        self.phone = phone
        self.events = 0

    def owner_says(self, text: str) -> None:
        """The owner writes, and nobody waits for an answer."""
        self.phone.events += 1
        message = {"type": "text", "id": "1", "text": text, "quoteToken": "q"}
        event = {
            "type": "message",
            "message": message,
            "webhookEventId": f"{OWNER}-{self.phone.events}",
            "timestamp": 1_790_000_000_000 + self.phone.events,
            "mode": "active",
            "replyToken": f"token-{OWNER}-{self.phone.events}",
            "source": {"type": "user", "userId": OWNER},
            "deliveryContext": {"isRedelivery": False},
        }
        assert self.phone.posted(*line_webhook([event])).status_code == 200

    def reads(self, text: str) -> dict[str, Any]:
        """What the desk is shown with these words, as soon as it is there; gives the call."""
        _, call = self.stand_in.wait(0, lambda call: "chat.postMessage" in call["method"] and text in str(call["body"]))
        assert call["body"]["channel"] == CHANNEL
        return call

    def owner_reads(self, text: str) -> None:
        """The owner is shown these words."""
        self.stand_in.wait(0, lambda call: call["platform"] == "line" and text in str(call["body"]))

    def writes(self, thread: str, text: str) -> None:
        """Somebody at the desk writes in a thread."""
        self.events += 1
        stamp = f"{1_790_000_000 + self.events}.000100"
        event = {
            "type": "message",
            "channel": CHANNEL,
            "channel_type": "channel",
            "user": "U0STAFF01",
            "text": text,
            "ts": stamp,
            "event_ts": stamp,
            "thread_ts": thread,
        }
        body = {"type": "event_callback", "team_id": "T1", "event_id": f"EvDesk{self.events}", "event": event}
        data = json.dumps(body).encode()
        sent = self.phone.client.post(
            f"{self.server}/webhooks/slack", content=data, headers=slack_headers(data, "application/json")
        )
        assert sent.status_code == 200


def test_an_owner_on_line_and_the_desk_on_slack(
    database_url: str, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticker, "TIMER_SECONDS", 0.1)
    for kind in (Line, Slack):
        monkeypatch.setattr(kind, "contact_rate", 1000.0)
    settings = {"public_url": "https://banso.example", "slack_desk_channel": CHANNEL} | stand_in.settings()
    # A Tuesday morning, from which time goes on.
    ahead = at(1, 10) - utc_now()
    with serving(database_url, settings=settings, clock=lambda: utc_now() + ahead) as server:
        phone = LinePhone(server, stand_in, OWNER)
        staff = Staff(server, stand_in, phone)
        phone.opens()
        phone.says("人と話す")
        phone.says("請求書のことで困っています")
        first = staff.reads("請求書のことで困っています")
        assert "thread_ts" not in first["body"]
        staff.owner_says("月に40枚あります")
        thread = staff.reads("月に40枚あります")["body"]["thread_ts"]
        staff.writes("1.000100", "ほかのスレッドの話")
        staff.writes(thread, "会計ソフトはお使いですか")
        staff.owner_reads("会計ソフトはお使いですか")
        staff.writes(thread, "終了")
        staff.owner_reads("担当者との話が終わりました")
        staff.reads("対応を終えました")
        phone.client.close()
    assert stand_in.violations() == []
    assert not any("ほかのスレッドの話" in str(call["body"]) for call in stand_in.calls)
