"""Made-up meetings: what is said in them is what flows are really given, and every phrase of theirs is among it."""

from __future__ import annotations

from contextlib import closing
from datetime import time, timedelta

import pytest

from bot import rehearsals, samples
from bot.content import written
from bot.platforms.limits import LIMITS
from bot.rehearsals import Part
from bot.views import Views
from dialogs.content import packaged
from dialogs.events import Tapped
from dialogs.presses import LIMIT, encode
from scheduler.experts import Profile, Weekly
from storage import bookings
from tests.talk import HOUSE, Talk

CONTENT = packaged()
LATEST = samples.kept(samples.owner(CONTENT, "low", "banso"))
FILES = ("dialogs/phrases/booking.toml", "dialogs/phrases/officer.toml")


def test_a_made_up_booking_has_what_a_real_one_has(database_url: str) -> None:
    with closing(Talk(database_url)) as talk:
        talk.open()
        weekly = tuple(Weekly(day, time(9), time(17)) for day in range(7))
        expert = talk.expert("見本", Profile(weekly=weekly))
        with talk.database.writing() as connection:
            one = bookings.hold(connection, 1, expert, talk.now + timedelta(days=1), "it", "web", talk.now)
            real = Views(connection, CONTENT, 1, talk.now, HOUSE).view(one)
    assert real
    assert real.keys() == rehearsals.view(Part()).keys()


def test_every_phrase_about_meetings_is_said_by_somebody() -> None:
    said = {say.phrase for talk in rehearsals.talks(CONTENT, lambda: LATEST) for say in talk()}
    # What is said where a time has gone, a word was not read, or the button of a code is one's own.
    seldom = {
        "booking.gone",
        "booking.wait",
        "booking.overlap",
        "slot.same",
        "slot.only",
        "consult.stopped",
        "slot.understood",
        "expert.none",
        "reach.unclear",
        "booked.none",
        "cancel.no",
        "expert.free",
    }
    seldom |= {"guest.stays", "attend.no", "attend.ended", "leave.no", "enrol.ended", "slot.near"}
    phrases = {piece.name for piece in written() if piece.kind == "say" and piece.file in FILES}
    assert phrases - said - seldom == set()


@pytest.mark.parametrize("mine", ["owner", "expert", "guest"])
def test_every_question_about_meetings_fits_every_platform(mine: str) -> None:
    asked = [
        question
        for flow in rehearsals.MEETINGS
        for question in rehearsals.play(CONTENT, flow, Part(mine), LATEST).asked
    ]
    assert {question.id.partition("-")[0] for question in asked} >= {"topic", "way", "slot", "sure", "attend", "write"}
    label = min(limits.label for limits in LIMITS.values())
    for question in asked:
        assert all(len(choice.label) <= label for choice in question.choices)
        presses = [encode(Tapped(rehearsals.RUN, question.id, choice.value)) for choice in question.choices]
        assert all(len(press.encode()) <= LIMIT for press in presses)


def test_names_and_places_are_as_long_as_can_be() -> None:
    whole = rehearsals.view(Part(way="visit"))
    assert (len(whole["who"]), len(whole["place"]), len(rehearsals.WORDS)) == (20, 100, 495)
