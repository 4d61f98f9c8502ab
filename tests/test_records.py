"""The record of a meeting: who may write it, what its owner hears of it and when, and how many there are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from dialogs.appointments import CancelBooking, TookPlace
from dialogs.consultations import AnswerAction, CountVisits, FindAction, FindRecord, KeepHours, KeepRecord
from dialogs.effects import EraseOwner
from dialogs.events import Command, Filled, Opened
from scheduler.experts import Profile, to_json
from storage import bookings, consultations, experts, owners
from tests.meetings import Meetings, at, weekly
from tests.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialogs.events import Action
    from storage.experts import Expert

# The meeting of all these tests, and the day by which the first of its next actions is to be done.
MET, BY = at(2, 10), "2026-12-10"
TRY = {"text": "会計ソフトを無料で試す", "day": BY}
LIST = {"text": "毎月の請求書を数える", "day": ""}


@pytest.fixture
def meetings(database_url: str) -> Iterator[Meetings]:
    made = Meetings(database_url)
    yield made
    made.close()


def met(meetings: Meetings, owner: str = "owner") -> str:
    """A meeting that has just ended; gives its booking's token."""
    expert = experts_named(meetings)
    token = meetings.book(owner, expert, MET)
    meetings.go_to(MET + timedelta(minutes=60))
    return token


def experts_named(meetings: Meetings, name: str = "expert") -> Expert:
    with meetings.database.reading() as connection:
        found = experts.find(connection, name=name)
    return found or meetings.expert(name)


def keep(meetings: Meetings, token: str, *actions: dict[str, str], by: str = "expert", **others: str) -> Any:
    """Write the record."""
    texts = {"situation": "請求書を手で書いている", "support": "会計ソフトを比べた", "handover": ""} | others
    return meetings.do(by, KeepRecord(token, actions=actions, **texts))


def said(meetings: Meetings, kind: str) -> list[str]:
    """All that has been told of this kind, in words."""
    return [message.text for one in meetings.told if one.kind == kind for message in one.messages]


def test_the_owner_hears_what_was_agreed_with_whom_to_go_on_and_where_it_stands(meetings: Meetings) -> None:
    token = met(meetings)
    keep(meetings, token, TRY, LIST, handover="yorozu")
    ((to, kind),) = [one for one in meetings.kinds() if one[1] == "told"]
    (text,) = said(meetings, kind)
    assert to == "owner"
    for words in (
        "会計ソフトを比べた",
        "会計ソフトを無料で試す(12月10日(木)まで)",
        "毎月の請求書を数える",
        "https://yorozu",
    ):
        assert words in text
    (button,) = meetings.told[-1].messages[0].buttons
    assert button.url == f"/b/{meetings.booking(token).page}"


def test_a_desk_without_a_page_is_named_all_the_same(meetings: Meetings) -> None:
    keep(meetings, met(meetings), handover="itc")
    meetings.fire()
    assert said(meetings, "told")[0].endswith("ITコーディネータ")


def test_each_version_is_told_once_and_the_latest_where_two_come_together(meetings: Meetings) -> None:
    token = met(meetings)
    keep(meetings, token, support="一つめ")
    keep(meetings, token, support="二つめ")
    meetings.fire()
    keep(meetings, token, support="二つめ")
    meetings.fire()
    keep(meetings, token, support="三つめ")
    meetings.fire()
    first, second = said(meetings, "told")
    assert ("二つめ" in first, "直したもの" in first) == (True, False)
    assert ("三つめ" in second, "直したもの" in second) == (True, True)


def test_a_record_written_at_night_arrives_in_the_morning(meetings: Meetings) -> None:
    token = met(meetings)
    meetings.go_to(at(2, 23))
    keep(meetings, token)
    told = meetings.go_to(at(3, 12))
    assert [(when, kind) for when, _, kind in told] == [(at(3, 8), "told")]


def test_the_record_marks_the_meeting_as_done_and_thanks_still_come(meetings: Meetings) -> None:
    token = met(meetings)
    keep(meetings, token)
    told = [kind for _, _, kind in meetings.go_to(at(3, 9))]
    assert ("thanks:owner" in told, "after:expert" in told) == (True, False)
    assert meetings.do("owner", CountVisits())["count"] == 1


def test_thanks_come_once_to_who_was_met_and_never_to_who_was_not(meetings: Meetings) -> None:
    for yes, thanks in ((True, 1), (False, 0)):
        meetings.told.clear()
        expert = experts_named(meetings)
        token = meetings.book(f"owner-{yes}", expert, MET + timedelta(days=1 - yes))
        meetings.go_to(MET + timedelta(days=1 - yes, minutes=65))
        meetings.do("expert", TookPlace(token, yes))
        meetings.do("expert", TookPlace(token, yes))
        meetings.go_to(meetings.now + timedelta(hours=20))
        assert len([one for one in meetings.told if one.kind == "thanks:owner"]) == thanks


@pytest.mark.parametrize("who", ["owner", "stranger", "other"])
def test_only_the_expert_of_the_meeting_writes_of_it(meetings: Meetings, who: str) -> None:
    meetings.expert("other")
    token = met(meetings)
    assert keep(meetings, token, by=who) is None
    assert keep(meetings, token) is not None


def test_there_is_no_record_of_what_has_not_begun_was_cancelled_or_is_long_past(meetings: Meetings) -> None:
    expert = meetings.expert("expert")
    token = meetings.book("owner", expert, MET)
    assert keep(meetings, token) is None
    meetings.do("owner", CancelBooking(token))
    meetings.go_to(MET + timedelta(hours=1))
    assert keep(meetings, token) is None
    later = meetings.book("owner", expert, MET + timedelta(days=1))
    meetings.go_to(MET + timedelta(days=90))
    assert keep(meetings, later) is not None
    meetings.go_to(MET + timedelta(days=93))
    assert keep(meetings, later, support="あとから") is None


# ---------------------------------------------------------------- next actions


def asked(told: list[tuple[Any, str, str]]) -> list[tuple[Any, str]]:
    return [(when, kind) for when, _, kind in told if kind in ("due", "two_weeks", "three_months")]


def test_the_owner_is_asked_on_the_day_after_two_weeks_and_after_three_months(meetings: Meetings) -> None:
    keep(meetings, met(meetings), TRY, LIST)
    told = asked(meetings.go_to(at(31, 12, month=3, year=2027)))
    ended = MET + timedelta(hours=1)
    assert told == [
        (at(10, 9), "due"),
        (ended + timedelta(days=14), "two_weeks"),
        (ended + timedelta(days=91), "three_months"),
    ]
    assert "1. 会計ソフトを無料で試す(12月10日(木)まで)\n2. 毎月の請求書を数える" in said(meetings, "two_weeks")[0]


def test_what_is_done_or_dropped_is_not_asked_about_again(meetings: Meetings) -> None:
    record = keep(meetings, met(meetings), TRY, LIST)
    done, left = (action["id"] for action in record["actions"])
    assert meetings.do("owner", AnswerAction(done, "done"))
    meetings.go_to(at(17, 12))
    assert said(meetings, "due") == []
    assert "1. 毎月の請求書を数える" in said(meetings, "two_weeks")[0]
    assert meetings.do("owner", AnswerAction(left, "dropped"))
    meetings.go_to(at(31, 12, month=3, year=2027))
    assert said(meetings, "three_months") == []


def test_an_edited_record_asks_about_what_it_says_now(meetings: Meetings) -> None:
    token = met(meetings)
    keep(meetings, token, TRY, LIST | {"day": BY})
    keep(meetings, token, TRY | {"day": "2026-12-11"})
    told = asked(meetings.go_to(at(16, 9)))
    assert told == [(at(11, 9), "due")]


def test_what_stays_in_an_edited_record_keeps_its_answer(meetings: Meetings) -> None:
    token = met(meetings)
    record = keep(meetings, token, TRY)
    meetings.do("owner", AnswerAction(record["actions"][0]["id"], "done"))
    again = keep(meetings, token, TRY, LIST)
    assert [(one["text"], one["state"]) for one in again["actions"]] == [(TRY["text"], "done"), (LIST["text"], "open")]


def test_a_day_that_has_come_already_is_not_asked_about(meetings: Meetings) -> None:
    token = met(meetings)
    meetings.go_to(at(20, 12))
    keep(meetings, token, TRY)
    assert asked(meetings.go_to(at(31, 12, month=3, year=2027))) == [
        (MET + timedelta(days=91, hours=1), "three_months")
    ]


def test_nobody_answers_for_another(meetings: Meetings) -> None:
    record = keep(meetings, met(meetings), TRY)
    id = record["actions"][0]["id"]
    for effect in (AnswerAction(id, "done"), FindAction(id), FindRecord(record["id"]), AnswerAction(10**9, "done")):
        assert meetings.do("stranger", effect) is None
    assert meetings.do("owner", AnswerAction(id, "sold")) is None
    assert meetings.do("owner", FindAction(id))["text"] == TRY["text"]


def test_an_erased_owner_is_asked_nothing_and_leaves_no_record(meetings: Meetings) -> None:
    keep(meetings, met(meetings), TRY)
    meetings.fire()
    meetings.do("owner", EraseOwner())
    assert asked(meetings.go_to(at(31, 12, month=3, year=2027))) == []
    with meetings.database.reading() as connection:
        assert consultations.find(connection, 1) is None


# ---------------------------------------------------------------- how many


@pytest.mark.parametrize(("limit", "second"), [(0, True), (2, True), (1, False)])
def test_there_are_as_many_consultations_as_the_programme_gives(meetings: Meetings, limit: int, second: bool) -> None:
    meetings.house = replace(meetings.house, visits=limit)
    expert = meetings.expert("expert")
    first = meetings.book("owner", expert, MET)
    assert (meetings.hold("owner", expert, MET + timedelta(days=1)) is not None) == second
    assert meetings.hold("other", expert, MET + timedelta(days=5)) is not None
    # What was cancelled leaves room for another.
    meetings.do("owner", CancelBooking(first))
    assert meetings.hold("owner", expert, MET + timedelta(days=2)) is not None


def test_who_has_had_all_of_them_is_told_who_else_helps(database_url: str) -> None:
    words = []
    for limit in (0, 1):
        talk = Talk(database_url, address=f"owner-{limit}")
        talk.house = replace(talk.house, visits=limit)
        talk.open()
        profile = Profile(weekly=weekly(9, 17), asks=False, meeting="https://meet.example/1")
        talk.expert(f"専門家{limit}", profile, f"expert-{limit}")
        for _ in range(2):
            talk.do(Command("consult"))
            if "ご予約とご相談をいただきました" in talk.shown()[0].text:
                break
            talk.tap("IT導入")
            talk.tap("Web会議で話す")
            talk.do(talk.action(talk.turns[-1].messages[-1].buttons[0].label))
            talk.tap("この内容で予約する")
        words.append(talk.shown()[0].text)
        talk.close()
    assert "予約が決まりました" in words[0]
    assert "1回までです" in words[1]
    assert "よろず支援拠点" in words[1]


# ---------------------------------------------------------------- in the chat


def test_an_owner_answers_with_a_tap(database_url: str) -> None:
    talk = Talk(database_url)
    talk.expert("見本 花子", Profile(weekly=weekly(9, 17), asks=False, meeting="https://meet.example/1"), "expert")
    talk.open()
    talk.do(Command("consult"))
    for label in ("IT導入", "Web会議で話す"):
        talk.tap(label)
    talk.do(talk.action(talk.turns[-1].messages[-1].buttons[0].label))
    talk.tap("この内容で予約する")
    file = talk.shown()[0].file
    assert file
    talk.pass_time(at(2, 12))
    talk.go_to("expert")
    form = {"argument": file.token, "situation": "手書き", "support": "比べた", "handover": "", "actions": [TRY, LIST]}
    assert "保存しました" in talk.do(Filled("record", form))[0].text
    assert talk.pass_time(at(10, 9))[-1][0] == "owner"
    talk.go_to("owner")
    assert "まだ途中" in talk.tap("まだ")[0].text
    assert "もう使えません" in talk.do(Command("action", "99-done"))[0].text
    assert "もう使えません" in talk.do(Command("action", "x"))[0].text
    talk.pass_time(at(17, 9))
    assert "2番ができた" in [button.label for button in talk.shown()[0].buttons]
    assert "毎月の請求書を数える" in talk.tap("2番ができた")[0].text
    talk.close()


def test_without_its_form_a_command_of_the_expert_leads_to_the_page(database_url: str) -> None:
    talk = Talk(database_url, address="expert")
    expert = talk.expert("見本 花子", Profile(weekly=weekly(9, 17)), "expert")
    (answered,) = talk.do(Command("hours"))
    assert [button.url for button in answered.buttons] == [f"/x/{expert.token}/hours"]
    talk.close()


@pytest.mark.parametrize(
    ("action", "phrase"),
    [
        (Command("hours"), "expert.none"),
        (Filled("hours", {"profile": {"minutes": 30}}), "expert.none"),
        (Command("record", "nothing"), "expert.late"),
        (Command("offer", "nothing"), "offer.gone"),
    ],
)
def test_what_is_an_experts_does_nothing_for_an_owner(database_url: str, action: Action, phrase: str) -> None:
    talk = Talk(database_url)
    talk.open()
    assert talk.do(action)[0].text == talk.content.phrases.say(phrase)
    talk.close()


def test_changed_hours_keep_what_is_the_operators(meetings: Meetings) -> None:
    expert = meetings.expert("expert", topics=("it",), busy_url="https://one.example/a.ics")
    with meetings.database.writing() as connection:
        experts.keep(connection, expert.id, busy_at=meetings.now, busy=[(MET, MET)])
    wanted = to_json(replace(expert.profile, minutes=45, topics=(), weekly=weekly(10, 12)))
    assert meetings.do("expert", KeepHours(wanted))
    kept = experts_named(meetings)
    assert (kept.profile.topics, kept.profile.minutes, kept.profile.weekly) == (("it",), 45, weekly(10, 12))
    assert kept.busy_at == meetings.now
    assert meetings.do("expert", KeepHours(wanted | {"busy_url": "https://two.example/b.ics"}))
    assert (experts_named(meetings).busy, experts_named(meetings).busy_at) == ((), None)
    assert meetings.do("owner", KeepHours(wanted)) is None


def test_a_form_is_the_first_that_is_heard_of_an_expert(database_url: str) -> None:
    talk = Talk(database_url, address="expert")
    talk.expert("見本 花子", Profile(weekly=weekly(9, 17)), "expert")
    assert "空き時間の設定を保存しました" in talk.do(Filled("hours", {"profile": {"minutes": 30}}))[0].text
    assert [frame.flow for frame in talk.record().frames] == ["desk"]
    assert "何をしますか" in talk.do(Opened())[0].text
    talk.close()


def test_who_came_along_is_told_of_the_record_as_its_owner_is(meetings: Meetings) -> None:
    expert = meetings.expert("expert")
    token = meetings.book("owner", expert, at(2, 10))
    with meetings.database.writing() as connection:
        guest = owners.lock(connection, "test", "chat", "guest", "", meetings.now).id
        bookings.invite(connection, meetings.booking(token).id, guest, meetings.now, "みなと商工会議所")
    meetings.go_to(at(2, 11))
    assert meetings.do("expert", KeepRecord(token, "手書き", "比べた", "", ()))
    assert sorted(one.to for one in meetings.fire() if one.kind == "told") == ["guest", "owner"]
    assert meetings.do("stranger", FindRecord(1)) is None
