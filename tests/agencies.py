"""What agencies do in conversations that tests have: they invite, and their officers ask for something."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from storage import agencies, bookings, clients, invites, members, owners, referrals, timers
from storage.schema import referral
from tests.desk import two

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from storage.clients import Client
    from storage.members import Member
    from tests.talk import Talk

MINATO, UMIBE = "みなと商工会議所", "うみべ信用金庫"


def officer(connection: Connection, agency: str) -> Member:
    """An agency's officer."""
    found = agencies.by_name(connection, agency)
    assert found
    return next(one for one in members.of_agency(connection, found.id) if one.role == "officer")


def found(talk: Talk) -> None:
    """There are two agencies, if there are none yet."""
    with talk.database.reading() as connection:
        there = agencies.by_name(connection, MINATO)
    if not there:
        two(talk.database, talk.now)


def refers(talk: Talk, agency: str = MINATO, kind: str = "agency", name: str = "窓口") -> str:
    """An agency makes a way that anybody may use; gives its code."""
    found(talk)
    with talk.database.writing() as connection:
        by = officer(connection, agency)
        day = date(2026, 12, 8) if kind == "event" else None
        talk.made = referrals.add(connection, by.agency_id, by.id, kind, name, talk.now, day=day).code
    return talk.made


def invites_one(talk: Talk, agency: str = MINATO, name: str = "みなと食品") -> str:
    """An officer makes an invitation for one; gives its code."""
    found(talk)
    with talk.database.writing() as connection:
        by = officer(connection, agency)
        talk.made = referrals.invite(connection, by.agency_id, by.id, name, "", talk.now).code
    return talk.made


def refers_to_desk(talk: Talk, agency: str) -> None:
    """An agency makes a code for its desk."""
    refers(talk, agency)


def refers_to_event(talk: Talk, agency: str) -> None:
    """An agency makes a code for an event."""
    refers(talk, agency, "event", "年末調整の体験会")


def invites_owner(talk: Talk, agency: str) -> None:
    """An agency makes an invitation for one."""
    invites_one(talk, agency)


def ends(talk: Talk) -> None:
    """All ways that anybody may use come to their end."""
    with talk.database.writing() as connection:
        for row in connection.execute(select(referral.c.agency_id, referral.c.id)):
            referrals.end(connection, row.agency_id, row.id, talk.now)


def connects(talk: Talk, agency: str = MINATO) -> str:
    """An officer makes the code that connects their chat; gives it."""
    found(talk)
    with talk.database.writing() as connection:
        talk.made = invites.make(connection, f"member:{officer(connection, agency).id}", talk.now)
    return talk.made


def asks(talk: Talk, kind: str, agency: str = MINATO) -> None:
    """An officer asks the owner to book, or to join the latest booking."""
    with talk.database.writing() as connection:
        by = officer(connection, agency)
        one = next(one for one in clients_of(connection, talk) if one.agency_id == by.agency_id)
        data: dict[str, Any] = {"member": by.id}
        if kind == "join":
            data |= {"booking": bookings.all_of(connection)[0].token}
        timers.add_next(connection, one.subject, kind, one.owner_id, talk.now, data)


def clients_of(connection: Connection, talk: Talk, address: str = "owner") -> Sequence[Client]:
    """The clients that an owner is."""
    owner = owners.find(connection, "test", "chat", address)
    assert owner
    return clients.of_owner(connection, owner.id)
