"""Who wants to be forgotten: what becomes of their meetings, and of what others were told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from dialogs.effects import EraseOwner
from storage import experts, timers
from storage.bookings import all_of
from storage.schema import outbox
from tests.meetings import Meetings, at

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def meetings(database_url: str) -> Iterator[Meetings]:
    made = Meetings(database_url)
    yield made
    made.close()


def said(meetings: Meetings, person: str) -> str:
    """All that somebody was told, as it is kept."""
    query = select(outbox.c.messages).where(outbox.c.owner_id == meetings.id(person))
    with meetings.database.reading() as connection:
        return str(connection.execute(query).scalars().all())


def test_an_expert_who_is_forgotten_is_booked_no_more_and_the_owner_is_told(meetings: Meetings) -> None:
    expert = meetings.expert("E")
    meetings.book("owner", expert, at(3, 11))
    meetings.fire()
    meetings.do("E", EraseOwner())
    assert ("owner", "cancelled:owner") in meetings.kinds()
    with meetings.database.reading() as connection:
        assert not experts.get(connection, expert.id).active
        assert [one.state for one in all_of(connection)] == ["cancelled"]


def test_a_request_to_an_expert_who_is_forgotten_goes_to_another(meetings: Meetings) -> None:
    first, second = meetings.expert("E", asks=True), meetings.expert("F", asks=True)
    meetings.book("owner", first, at(3, 11))
    meetings.fire()
    meetings.do("E", EraseOwner())
    assert ("F", "asked:expert") in meetings.kinds()
    with meetings.database.reading() as connection:
        assert [(one.state, one.expert_id) for one in all_of(connection)] == [("pending", second.id)]


def test_the_telephone_number_of_who_is_forgotten_is_taken_back_from_the_expert(meetings: Meetings) -> None:
    meetings.book("owner", meetings.expert("E"), at(3, 11))
    meetings.fire()
    assert "09012345678" in said(meetings, "E")
    meetings.do("owner", EraseOwner())
    assert "09012345678" not in said(meetings, "E")
    assert ("E", f"forgotten:{meetings.id('E')}") in meetings.kinds()


def test_a_number_is_not_given_again_when_somebody_before_is_forgotten(meetings: Meetings) -> None:
    one, two, to = (meetings.id(address) for address in ("one", "two", "to"))
    with meetings.database.writing() as connection:
        for person in (one, two):
            timers.add_next(connection, "booking:1", "word", person, meetings.now, {})
    meetings.do("one", EraseOwner())
    with meetings.database.writing() as connection:
        timers.add_next(connection, "booking:1", "word", to, meetings.now, {})
    with meetings.database.reading() as connection:
        assert {timer.owner_id for timer in timers.of(connection, "booking:1")} == {two, to}
