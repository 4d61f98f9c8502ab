"""Two agencies of which one has something of everything, for tests that go through every door of the desk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pytest

from dialogs.letters import Letter, Step
from storage import bookings, campaigns, consultations, contacts, flyers, members, notes, referrals, sittings, tokens
from storage.schema import result
from tests.desk import Two, client_of, two
from tests.meetings import Meetings, at
from tests.taking import finish, new_intake, rows
from tests.talkers import Talker

if TYPE_CHECKING:
    from bot.desk.doors import Door
    from storage.members import Member

# What stands in all that belongs to the agency by the harbour; OWNER in what one of its clients lets it see.
SECRET, OWNER = "みなとの秘密", "客の秘密"
PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")
# What a path names that is nobody's: the kind of a file, or a secret, which opens what it is the key to.
FREE = {"format": ("svg", "csv", "xlsx"), "secret": ("made-up",), "turn": ("1",), "kind": ("share",)}
# What is there only while something is under way, or for some of what is free.
SOMETIMES = ("/desk/me/app", "{format}", "{kind}")
LATER = at(3, 12)
LETTERS = (Step(0, {"a": Letter("{{ step or '診断' }}から、始めませんか。", (("続ける", "resume"),))}),)


@dataclass(frozen=True)
class World:
    """Two agencies, and what belongs to the first: the number that each parameter of a path has there."""

    people: Two
    expert: Member
    own: dict[str, str]
    token: str
    other_token: str

    def somebody(self, role: str) -> Member:
        """Who has this role in the first agency."""
        return {"admin": self.people.admin, "officer": self.people.officer, "expert": self.expert}[role]

    def paths(self, door: Door) -> list[str]:
        """The door's path, filled with what is the first agency's; several where a part of it is free."""
        found = [door.path]
        for name in PARAMETER.findall(door.path):
            values = [self.own[name]] if name in self.own else FREE[name]
            found = [re.sub(rf"{{{name}(:\w+)?}}", value, path) for path in found for value in values]
        return found


@pytest.fixture
def world(database_url: str) -> World:
    meetings = Meetings(database_url)
    database = meetings.database
    people = two(database, meetings.now)
    expert = meetings.expert("相談員")
    # Somebody who has been through the check, and books on another app.
    finish(new_intake(database, meetings.now), Talker("owner"))
    (found,) = rows(database, result)
    owner_id = found["owner_id"]
    with database.writing() as connection:
        contacts.add(connection, owner_id, "test", "chat", "owner", meetings.now)
    booked = meetings.book("owner", expert, at(2, 10))
    client = client_of(database, people.home.id, owner_id, name=f"{SECRET}{OWNER}")
    with database.writing() as connection:
        now, home = meetings.now, people.home.id
        members.keep(connection, people.admin.id, name=f"佐藤{SECRET}")
        event = referrals.add(
            connection, home, people.officer.id, "event", SECRET, now, day=date(2026, 12, 5), place=SECRET
        )
        invitation = referrals.invite(connection, home, people.officer.id, SECRET, "", now, event.id)
        notes.add(connection, client, people.officer.id, f"{SECRET}{OWNER}", now)
        outreach = campaigns.add(connection, home, people.admin.id, SECRET, now, steps=LETTERS)
        flyer = flyers.add(connection, outreach.id, b"a picture", "image/png", (1, 1), SECRET, now)
        one = bookings.find(connection, booked)
        assert one
        consultations.keep(connection, one, OWNER, OWNER, "", [(OWNER, None)], now)
        of_home = members.add(connection, home, "相談員", "expert@1.example.jp", "expert", now, expert.id)
        contacts.add(connection, owner_id, sittings.CHANNEL, sittings.ACCOUNT, "sitting", LATER)
        sitting = sittings.begin(connection, owner_id, home, people.admin.id, "sitting", "test", LATER)
        token = tokens.make(connection, home, people.admin.id, SECRET, now)
        other = tokens.make(connection, people.other.id, people.other_admin.id, "別の機関", now)
        (note,) = notes.of_client(connection, client)
        (made, _) = sorted(one.id for agency in (home, people.other.id) for one in tokens.of_agency(connection, agency))
    own = {
        "client": client.id,
        "result": found["id"],
        "note": note.id,
        "sitting": sitting,
        "referral": event.id,
        "invitation": invitation.id,
        "member": people.officer.id,
        "token": made,
        "agency": home,
        "campaign": outreach.id,
        "flyer": flyer,
    }
    meetings.close()
    return World(people, of_home, {name: str(id) for name, id in own.items()}, token, other)
