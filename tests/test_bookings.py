"""Bookings: what can be done to one in which state, and the half hours and seats that it takes."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from bot.booked import Operator
from dialogs.appointments import (
    AnswerProposal,
    AnswerRequest,
    AnyExpert,
    Book,
    Bookings,
    CancelBooking,
    FreeSlots,
    MoveBooking,
    ProposeTime,
    TookPlace,
)
from dialogs.content import packaged
from dialogs.effects import EraseOwner, JoinConversation, MakeCode
from dialogs.events import Command, Opened, Said
from dialogs.presses import decode
from scheduler.bookings import ACTS, ENDED, OCCUPYING, STATES, Impossible, after
from scheduler.experts import cells
from storage import bookings, contacts, experts, owners
from storage.bookings import HOLD
from storage.schema import booking, cell, seat, timer
from tests.meetings import Meetings, at, weekly
from tests.taking import rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from dialogs.messages import Message

# What each state leads to, act by act; everything else is refused.
TABLE = {
    "held": {"ask": "pending", "book": "confirmed", "cancel": "cancelled", "expire": "expired"},
    "pending": {
        "accept": "confirmed",
        "pass_on": "pending",
        "place": "confirmed",
        "refuse": "declined",
        "propose": "proposed",
        "move": "confirmed",
        "move_and_ask": "pending",
        "cancel": "cancelled",
        "expire": "expired",
    },
    "proposed": {
        "agree": "confirmed",
        "move": "confirmed",
        "move_and_ask": "pending",
        "cancel": "cancelled",
        "expire": "expired",
    },
    "confirmed": {
        "propose": "proposed",
        "move": "confirmed",
        "move_and_ask": "pending",
        "cancel": "cancelled",
        "finish": "done",
        "miss": "no_show",
    },
    "done": {"miss": "no_show"},
    "no_show": {"finish": "done"},
    "cancelled": {},
    "expired": {},
    "declined": {},
}
MOVES = ("propose", "move", "move_and_ask", "pass_on", "place")


@pytest.fixture
def meetings(database_url: str) -> Iterator[Meetings]:
    made = Meetings(database_url)
    yield made
    made.close()


def kept(meetings: Meetings) -> dict[str, Any]:
    return {table.name: rows(meetings.database, table) for table in (booking, cell, seat, timer)}


# ---------------------------------------------------------------- states


@pytest.mark.parametrize(("state", "act"), list(product(STATES, ACTS)))
def test_every_act_leads_where_the_table_says_or_is_refused(state: str, act: str) -> None:
    assert sorted(TABLE) == sorted(STATES)
    if act in TABLE[state]:
        assert after(state, act) == TABLE[state][act]
    else:
        with pytest.raises(Impossible):
            after(state, act)


def test_what_is_refused_leaves_all_as_it_was(meetings: Meetings) -> None:
    expert = meetings.expert("e")
    token = meetings.book("o", expert, at(2, 10))
    for state, act in product(STATES, ACTS):
        if act in TABLE[state]:
            continue
        with meetings.database.writing() as connection:
            connection.execute(update(booking).values(state=state))
        before = kept(meetings)
        with meetings.database.writing() as connection:
            one = bookings.lock(connection, meetings.booking(token).id)
            assert one
            done = partial(bookings.move, expert=expert, at=at(3, 10)) if act in MOVES else bookings.change
            with pytest.raises(Impossible):
                done(connection, one, act, now=meetings.now)
        assert kept(meetings) == before


@pytest.mark.parametrize("act", [act for act in ACTS if act not in MOVES])
def test_whatever_ends_a_booking_frees_its_time(meetings: Meetings, act: str) -> None:
    expert = meetings.expert("e")
    token = meetings.book("o", expert, at(2, 10))
    state = next(state for state in STATES if act in TABLE[state])
    with meetings.database.writing() as connection:
        connection.execute(update(booking).values(state=state))
        one = bookings.lock(connection, meetings.booking(token).id)
        assert one
        changed = bookings.change(connection, one, act, meetings.now)
    assert changed.revision == one.revision + 1
    taken = len(rows(meetings.database, cell)), len(rows(meetings.database, seat))
    assert taken == ((3, 1) if changed.state in OCCUPYING else (0, 0))
    assert (changed.state in ENDED) != (changed.state in OCCUPYING)


def test_a_move_to_a_time_that_is_taken_changes_nothing(meetings: Meetings) -> None:
    expert = meetings.expert("e")
    token = meetings.book("o", expert, at(2, 10))
    meetings.book("p", expert, at(2, 13))
    before = kept(meetings)
    assert meetings.do("o", MoveBooking(token, at(2, 12).isoformat())) is None  # its buffer would reach into 13:00
    with meetings.database.writing() as connection:
        one = bookings.lock(connection, meetings.booking(token).id)
        assert one
        assert bookings.move(connection, one, "move", expert, at(2, 12), meetings.now) is None
    assert kept(meetings) == before
    assert meetings.do("o", MoveBooking(token, at(2, 10, 30).isoformat()))  # over its own former half hours


# ---------------------------------------------------------------- half hours and seats


def test_a_booking_takes_its_half_hours_and_the_pause_after_it(meetings: Meetings) -> None:
    expert = meetings.expert("e", minutes=45, buffer=30)
    meetings.book("o", expert, at(2, 10))
    assert [row["at"] for row in rows(meetings.database, cell)] == [at(2, 10), at(2, 10, 30), at(2, 11)]
    assert cells(at(2, 9, 15), 60, 30) == [at(2, 9), at(2, 9, 30), at(2, 10), at(2, 10, 30)]
    assert meetings.hold("p", expert, at(2, 11)) is None
    assert meetings.hold("p", expert, at(2, 9)) is None  # its own pause would reach into the meeting
    assert meetings.hold("p", expert, at(2, 11, 30))


def test_a_day_holds_as_many_meetings_as_its_expert_wants(meetings: Meetings) -> None:
    expert = meetings.expert("e", per_day=2, minutes=30, buffer=0)
    meetings.book("a", expert, at(2, 10))
    second = meetings.book("b", expert, at(2, 11))
    with meetings.database.writing() as connection:
        third = bookings.hold(connection, owner_id(connection, "c"), expert, at(2, 15), "it", "phone", meetings.now)
    assert third is None
    assert meetings.do("b", MoveBooking(second, at(2, 16).isoformat()))  # within the same day, its own seat is free
    assert meetings.do("b", CancelBooking(second))
    assert meetings.hold("c", expert, at(2, 15))


def owner_id(connection: Connection, address: str) -> int:
    return owners.lock(connection, "test", "chat", address, "", at(1, 10)).id


def test_the_day_of_a_seat_is_the_experts_own(meetings: Meetings) -> None:
    berlin = meetings.expert("b", zone="Europe/Berlin", weekly=weekly(9, 23), notice=0)
    meetings.book("o", berlin, at(2, 6))  # 22:00 of the first in Berlin
    meetings.book("p", berlin, at(2, 17))
    assert sorted(row["day"] for row in rows(meetings.database, seat)) == [date(2026, 12, 1), date(2026, 12, 2)]


# ---------------------------------------------------------------- holding


def test_an_owner_holds_one_time_at_once_and_keeps_it_where_the_other_is_gone(meetings: Meetings) -> None:
    expert = meetings.expert("e")
    first = meetings.hold("o", expert, at(2, 10))
    meetings.book("p", expert, at(2, 13))
    with meetings.database.writing() as connection:
        mine = owner_id(connection, "o")
        assert bookings.hold(connection, mine, expert, at(2, 13), "it", "phone", meetings.now) is None
    assert meetings.booking(first["token"]).state == "held"
    second = meetings.hold("o", expert, at(3, 10))
    assert meetings.booking(first["token"]).state == "expired"
    meetings.now += timedelta(minutes=11)
    told = meetings.fire()
    assert [one.kind for one in told if one.to == "o"] == ["held:owner"]
    assert "12月3日(木)" in told[-1].messages[0].text
    assert meetings.booking(second["token"]).state == "expired"


def test_a_time_is_held_for_ten_minutes_and_its_owner_is_told_when_it_is_free_again(meetings: Meetings) -> None:
    expert = meetings.expert("e")
    held = meetings.hold("o", expert, at(2, 10))
    meetings.now += timedelta(minutes=9, seconds=59)
    assert meetings.kinds() == []
    assert meetings.hold("p", expert, at(2, 10)) is None
    meetings.now += timedelta(seconds=1)
    assert meetings.kinds() == [("o", "held:owner")]
    assert meetings.hold("p", expert, at(2, 10))
    assert meetings.do("o", Book(held["token"], "", share=False)) is None


def test_who_lost_a_hold_to_somebody_quicker_than_the_timer_is_told_all_the_same(meetings: Meetings) -> None:
    expert = meetings.expert("e")
    meetings.hold("o", expert, at(2, 10))
    meetings.now += timedelta(minutes=11)
    with meetings.database.writing() as connection:
        other = owner_id(connection, "p")
        assert bookings.hold(connection, other, expert, at(2, 10), "it", "phone", meetings.now)
    assert meetings.kinds() == [("o", "held:owner")]


def test_who_confirms_late_has_the_time_where_it_is_still_free(meetings: Meetings) -> None:
    expert = meetings.expert("e")
    held = meetings.hold("o", expert, at(2, 10))
    meetings.now += timedelta(minutes=11)
    meetings.fire()
    booked = meetings.do("o", Book(held["token"], "", share=False))
    assert booked["state"] == "confirmed"
    assert booked["token"] != held["token"]
    assert len(rows(meetings.database, cell)) == 3


def test_who_books_anew_what_was_given_free_is_not_told_that_it_was(meetings: Meetings) -> None:
    expert = meetings.expert("e")
    held = meetings.hold("o", expert, at(2, 10))
    meetings.now += HOLD
    meetings.hold("p", expert, at(2, 15))  # finds before the timer that the ten minutes are over
    assert meetings.do("o", Book(held["token"], "", share=False))
    assert meetings.kinds() == [("e", "booked:expert")]


def test_who_can_no_longer_be_reached_holds_nothing_for_ever(meetings: Meetings) -> None:
    silent = meetings.expert("silent", asks=True)
    meetings.hold("holds", silent, at(3, 10))
    asked = meetings.book("asks", silent, at(3, 13))
    proposed = meetings.book("proposed", silent, at(4, 10))
    meetings.fire()
    assert meetings.do("silent", ProposeTime(proposed, at(4, 14).isoformat()))
    for owner in ("holds", "asks", "proposed"):
        block(meetings, owner)
    meetings.now += HOLD
    (ends,) = meetings.claim()
    assert ends.quiet  # what is answered to nobody is sent to nobody
    meetings.wake([ends])
    meetings.go_to(at(4, 9))
    assert [one.state for one in meetings.bookings()] == ["expired", "declined", "expired"]
    assert meetings.booking(asked).state == "declined"
    assert rows(meetings.database, cell) == rows(meetings.database, seat) == []


def block(meetings: Meetings, address: str) -> None:
    """Somebody takes the bot out of their contacts."""
    with meetings.database.writing() as connection:
        known = owners.lock(connection, "test", "chat", address, "", meetings.now)
        owners.gone(connection, known.contact_id, meetings.now)


def test_an_expert_who_cannot_be_told_of_it_is_not_booked(meetings: Meetings) -> None:
    expert = meetings.expert("e")
    slots = FreeSlots("it", "phone", day="2026-12-02")
    assert meetings.do("o", slots)["slots"]
    block(meetings, "e")
    assert meetings.do("o", slots)["slots"] == []
    assert not meetings.do("o", AnyExpert())
    assert meetings.hold("o", expert, at(2, 10)) is None
    with meetings.database.writing() as connection:
        contacts.add(connection, expert.owner_id, contacts.PAGE, contacts.PAGE_ACCOUNT, expert.token, meetings.now)
    assert meetings.hold("o", expert, at(2, 10))  # who comes to their page is told there


def test_a_booking_of_an_erased_owner_leaves_nothing_that_another_could_be_taken_for(meetings: Meetings) -> None:
    expert = meetings.expert("e", asks=True)
    meetings.book("o", expert, at(2, 10))
    meetings.fire()
    meetings.do("o", EraseOwner())
    assert meetings.kinds() == [("e", f"forgotten:{expert.owner_id}")]
    assert rows(meetings.database, cell) == []
    meetings.book("p", expert, at(2, 10))
    assert meetings.kinds() == [("e", "asked:expert")]


# ---------------------------------------------------------------- whose acts, and until when


def test_only_who_it_concerns_can_do_anything_to_a_booking(meetings: Meetings) -> None:
    expert = meetings.expert("e", asks=True)
    meetings.expert("other")
    token = meetings.book("o", expert, at(2, 10))
    before = kept(meetings)["booking"]
    for stranger in ("p", "other"):
        for effect in (
            CancelBooking(token),
            MoveBooking(token, at(3, 10).isoformat()),
            AnswerRequest(token, "accept"),
            ProposeTime(token, at(3, 10).isoformat()),
            Book(token, "", share=True),
        ):
            assert meetings.do(stranger, effect) is None
    assert meetings.do("o", AnswerRequest(token, "accept")) is None  # an owner can't accept for the expert
    assert meetings.do("e", AnswerRequest(token, "accept"))
    assert meetings.do("e", ProposeTime(token, at(3, 10).isoformat()))
    assert meetings.do("e", AnswerProposal(token)) is None  # nor an expert agree for the owner
    assert before[0]["state"] == "pending"
    assert meetings.booking(token).state == "proposed"


def test_an_expert_moves_a_booking_by_a_proposal_alone(meetings: Meetings) -> None:
    token = meetings.book("o", meetings.expert("e"), at(2, 10))
    meetings.fire()
    assert meetings.do("e", MoveBooking(token, at(3, 10).isoformat())) is None
    assert meetings.booking(token).starts_at == at(2, 10)
    meetings.act("e", Opened())
    meetings.act("e", Command("change", token))
    meetings.act("e", Said("12月3日10時"))
    meetings.act("e", Said("1"))
    assert (meetings.booking(token).state, meetings.booking(token).starts_at) == ("proposed", at(3, 10))
    assert meetings.kinds() == [("o", "proposed:owner")]


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_an_answer_to_a_request_that_was_changed_since_shows_what_it_is_now(meetings: Meetings, answer: str) -> None:
    token = meetings.book("o", meetings.expert("e", asks=True), at(2, 10))
    (asked,) = meetings.fire()
    assert meetings.do("o", MoveBooking(token, at(3, 15).isoformat()))
    before = meetings.booking(token)
    shown = meetings.act("e", pressed(asked.messages, answer))
    assert meetings.booking(token) == before
    assert "12月3日(木) 15時から16時" in shown[-1].text
    meetings.act("e", pressed(shown, answer))
    assert meetings.booking(token).state == {"accept": "confirmed", "decline": "declined"}[answer]


def test_an_answer_to_a_proposal_that_was_changed_since_shows_what_it_is_now(meetings: Meetings) -> None:
    token = meetings.book("o", meetings.expert("e", asks=True), at(4, 10))
    meetings.fire()
    times = (at(7, 14), at(7, 16))
    for time in times:
        with meetings.database.writing() as connection:
            # As if it had been taken and proposed anew.
            connection.execute(update(booking).values(state="pending"))
        assert meetings.do("e", ProposeTime(token, time.isoformat()))
        (told,) = [one for one in meetings.fire() if one.to == "o"]
        if time == times[0]:
            first = told
    meetings.act("o", Opened())
    shown = meetings.act("o", pressed(first.messages, "agree"))
    assert meetings.booking(token).state == "proposed"
    assert "16時から17時" in shown[-1].text
    meetings.act("o", pressed(shown, "agree"))
    assert meetings.booking(token).state == "confirmed"


def pressed(messages: Sequence[Message], name: str) -> Command:
    """What the button of this name means."""
    found = [decode(button.press) for one in messages for button in one.buttons]
    return next(press for press in found if isinstance(press, Command) and press.name == name)


def test_a_meeting_that_has_begun_is_neither_moved_nor_cancelled_any_more(meetings: Meetings) -> None:
    expert = meetings.expert("e", asks=True)
    tokens = [meetings.book(f"o{n}", expert, at(2, 9 + 2 * n)) for n in range(3)]
    assert meetings.do("e", AnswerRequest(tokens[0], "accept"))
    assert meetings.do("e", ProposeTime(tokens[1], at(2, 15).isoformat()))
    assert meetings.do("e", TookPlace(tokens[0], yes=True)) is None  # not before it has begun
    meetings.now = at(2, 15)
    for token in tokens:
        for address in ("o0", "o1", "o2", "e"):
            assert meetings.do(address, CancelBooking(token)) is None
            assert meetings.do(address, MoveBooking(token, at(3, 10).isoformat())) is None
            assert meetings.do(address, AnswerProposal(token)) is None
            assert meetings.do(address, AnswerRequest(token, "accept")) is None
    assert meetings.do("e", TookPlace(tokens[0], yes=False))["state"] == "no_show"
    assert meetings.do("e", TookPlace(tokens[0], yes=True))["state"] == "done"
    assert meetings.do("e", TookPlace(tokens[0], yes=True))["state"] == "done"


# ---------------------------------------------------------------- experts who are asked


def test_who_declines_leaves_the_request_to_the_next_and_in_the_end_the_owner_hears_of_it(meetings: Meetings) -> None:
    one, two = meetings.expert("one", asks=True), meetings.expert("two", asks=True)
    token = meetings.book("o", one, at(2, 10))
    assert meetings.kinds() == [("one", "asked:expert")]
    assert meetings.do("one", AnswerRequest(token, "decline"))["state"] == "pending"
    assert meetings.kinds() == [("two", "asked:expert"), ("o", "passed:owner")]
    assert meetings.do("one", AnswerRequest(token, "accept")) is None
    assert [row["expert_id"] for row in rows(meetings.database, cell)] == [two.id] * 3
    assert meetings.do("two", AnswerRequest(token, "decline"))["state"] == "declined"
    assert meetings.kinds() == [("o", "declined:owner")]
    assert rows(meetings.database, cell) == rows(meetings.database, seat) == []


def test_a_request_passed_on_to_who_need_not_be_asked_is_a_booking(meetings: Meetings) -> None:
    asked = meetings.expert("asked", asks=True)
    meetings.expert("open")
    token = meetings.book("o", asked, at(2, 10))
    meetings.fire()
    assert meetings.do("asked", AnswerRequest(token, "decline"))["state"] == "confirmed"
    assert sorted(meetings.kinds()) == [("o", "accepted:owner"), ("open", "booked:expert")]


def test_a_request_is_never_passed_on_to_who_has_the_time_taken(meetings: Meetings) -> None:
    asked, busy = meetings.expert("asked", asks=True), meetings.expert("busy")
    meetings.book("p", busy, at(2, 10, 30))
    token = meetings.book("o", asked, at(2, 10))
    assert meetings.do("asked", AnswerRequest(token, "decline"))["state"] == "declined"


# ---------------------------------------------------------------- in words


def choosing(meetings: Meetings, *said: str) -> tuple[Message, ...]:
    """An owner in the middle of choosing a time; gives what was answered to the last they said."""
    meetings.act("o", Command("consult"))
    return [meetings.act("o", Said(text)) for text in ("IT導入", "電話で話す", *said)][-1]


def test_a_wish_typed_where_a_day_is_asked_for_is_understood(meetings: Meetings) -> None:
    expert = meetings.expert("e")
    shown = choosing(meetings, "ほかの日を見る", "来週火曜の午後")
    assert "12月8日(火)" in shown[0].text
    token = meetings.book("p", expert, at(2, 10))
    for who, name in (("p", "change"), ("e", "propose")):
        meetings.act(who, Opened())
        meetings.act(who, Command(name, token))
        meetings.act(who, Said("ほかの日を見る"))
        assert "12月8日(火)" in meetings.act(who, Said("来週火曜の午後"))[0].text


def test_a_time_that_went_while_the_number_was_looked_for_is_not_said_to_be_held(meetings: Meetings) -> None:
    expert = meetings.expert("e")
    choosing(meetings, "12月3日13時", "1")
    meetings.now += HOLD
    meetings.fire()
    meetings.book("p", expert, at(3, 13))
    said = [one.text for one in meetings.act("o", Said("09012345678"))]
    assert not any("お取りしています" in text for text in said)
    assert "埋まって" in said[0]


@pytest.mark.parametrize("number", ["9" * 30, "-1", "²"])
def test_a_number_that_no_button_of_ours_carries_is_nobodys_place_in_the_line(meetings: Meetings, number: str) -> None:
    meetings.act("o", Opened())
    assert "終わっています" in meetings.act("o", Command("unwait", number))[0].text
    assert meetings.act("o", Command("consult", f"w{number}"))


# ---------------------------------------------------------------- who turns out to be one person


def test_who_comes_along_to_a_booking_that_becomes_their_own_has_it_once(meetings: Meetings) -> None:
    token = meetings.book("o", meetings.expert("e"), at(3, 10))
    owner, guest = meetings.id("o"), meetings.id("g")
    with meetings.database.writing() as connection:
        bookings.invite(connection, meetings.booking(token).id, guest, meetings.now)
        owners.merge(connection, owner, guest)
    (view,) = meetings.do("g", Bookings())
    assert (view["mine"], view["guests"]) == ("owner", [])
    assert {kind for _, to, kind in meetings.go_to(at(4, 10)) if ":guest" in kind} == set()


def test_two_experts_do_not_become_one(meetings: Meetings) -> None:
    meetings.expert("e")
    meetings.expert("f")
    for who in ("e", "f"):
        meetings.act(who, Opened())
    code = meetings.do("e", MakeCode())["code"]
    assert "専門家" in meetings.act("f", Said(code))[0].text
    assert meetings.do("f", JoinConversation(code)) is False
    assert meetings.do("o", JoinConversation(code)) is True


# ---------------------------------------------------------------- the least booked


def test_the_least_booked_of_those_who_can_help_is_offered(meetings: Meetings) -> None:
    one, two = meetings.expert("one"), meetings.expert("two")
    meetings.book("o", one, at(3, 10))
    slots = meetings.do("p", FreeSlots("it", "phone", day="2026-12-02"))["slots"]
    assert {slot["expert"] for slot in slots} == {two.id}
    with meetings.database.reading() as connection:
        ahead = experts.held(connection, [one.id, two.id], meetings.now)
    assert [ahead[one.id].ahead, ahead[two.id].ahead] == [1, 0]


# ---------------------------------------------------------------- what was agreed on, and is given up


def test_a_proposal_for_what_was_agreed_on_ends_before_that_and_names_it(meetings: Meetings) -> None:
    expert = meetings.expert("e", asks=True)
    token = meetings.book("o", expert, at(2, 10))
    assert meetings.do("e", AnswerRequest(token, "accept"))
    meetings.fire()
    assert meetings.do("e", ProposeTime(token, at(4, 10).isoformat()))
    told = {one.kind: one.messages[0].text for one in meetings.fire()}
    assert "前の12月2日(水) 10時から11時は" in told["proposed:owner"]
    assert "12月2日(水) 10時までにお返事" in told["proposed:owner"]
    (lapsed, *_) = [one for one in meetings.go_to(at(2, 10)) if one[2] == "lapse:owner"]
    assert lapsed[0] == at(2, 10)
    told = {one.kind: one.messages[0].text for one in meetings.told}
    assert "前の12月2日(水) 10時から11時も" in told["lapse:owner"]


def test_who_must_accept_another_time_hears_that_it_is_a_change(meetings: Meetings) -> None:
    expert = meetings.expert("e", asks=True)
    token = meetings.book("o", expert, at(2, 10))
    first = meetings.fire()[0].messages[0].text
    assert meetings.do("o", MoveBooking(token, at(3, 10).isoformat()))
    second = meetings.fire()[0].messages[0].text
    assert ["日時の変更" in text for text in (first, second)] == [False, True]
    assert "前の12月2日(水) 10時から11時" in second


def test_a_request_that_its_expert_cancels_is_passed_on(meetings: Meetings) -> None:
    one, two = meetings.expert("one", asks=True), meetings.expert("two", asks=True)
    token = meetings.book("o", one, at(2, 10))
    meetings.fire()
    assert meetings.do("one", CancelBooking(token))["state"] == "pending"
    assert meetings.booking(token).expert_id == two.id
    assert sorted(meetings.kinds()) == [("o", "passed:owner"), ("two", "asked:expert")]


def test_an_owner_hears_that_nobody_was_met_and_hears_better_when_it_is_put_right(meetings: Meetings) -> None:
    expert = meetings.expert("e")
    token = meetings.book("o", expert, at(2, 10))
    meetings.go_to(at(2, 13))
    assert meetings.do("e", TookPlace(token, yes=False))
    (told,) = meetings.fire()
    assert told.kind == "missed:owner"
    assert [button.label for button in told.messages[0].buttons] == ["ほかの時間を探す"]
    assert meetings.do("e", TookPlace(token, yes=True))
    assert ("o", "thanks:owner") in meetings.kinds()


def test_a_consent_goes_along_to_the_next_who_is_asked_and_ends_where_an_operator_moves(meetings: Meetings) -> None:
    one, two = meetings.expert("one", asks=True), meetings.expert("two", asks=True)
    token = meetings.hold("o", one, at(2, 10))["token"]
    assert meetings.do("o", Book(token, "09012345678", share=True))
    assert meetings.do("one", AnswerRequest(token, "decline"))
    assert meetings.booking(token).shared_at
    told = next(told for told in meetings.fire() if told.kind == "passed:owner").messages[0]
    assert "twoさんも見られます" in told.text
    assert "診断を見せない" in [button.label for button in told.buttons]
    for name, shared in (("two", True), ("one", False)):
        with meetings.database.writing() as connection:
            operator = Operator(connection, packaged(), meetings.house, meetings.now)
            operator.move(token, "2026-12-03 10:00" if shared else "2026-12-04 10:00", name)
        assert (meetings.booking(token).shared_at is not None) is shared
    told = next(told for told in meetings.fire() if told.kind == "moved:owner").messages[0]
    assert "oneさんには見せていません" in told.text
    assert "診断を見せる" in [button.label for button in told.buttons]
    assert two.id != one.id
