"""Agencies and their people in tests: two of them, and somebody signed in."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from starlette.testclient import TestClient

from bot.app import make_app
from bot.desk.doors import COOKIE
from dialogs.content import packaged
from storage import Database, agencies, clients, members, signins
from tests.serving import settings_for
from tests.taking import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.intake import Clock
    from storage.clients import Client
    from storage.members import Member

# Forms of ours come from our own page, as a browser says.
OURS = {"sec-fetch-site": "same-origin"}


@dataclass(frozen=True)
class Two:
    """Two agencies, each with an admin and an officer; `home` runs the server."""

    home: agencies.Agency
    other: agencies.Agency
    admin: Member
    officer: Member
    other_admin: Member
    other_officer: Member


def two(database: Database, now: datetime = NOW) -> Two:
    """Found two agencies."""
    with database.writing() as connection:
        home = agencies.add(connection, "みなと商工会議所", now)
        other = agencies.add(connection, "うみべ信用金庫", now)

        def member(agency: agencies.Agency, name: str, role: str) -> Member:
            mail = f"{role}@{agency.id}.example.jp"
            return members.add(connection, agency.id, name, mail, role, now)

        return Two(
            home,
            other,
            member(home, "佐藤", "admin"),
            member(home, "鈴木", "officer"),
            member(other, "田中", "admin"),
            member(other, "高橋", "officer"),
        )


def sign_in(database: Database, browser: TestClient, member: Member, now: datetime = NOW) -> None:
    """Have a browser signed in as this member, whoever was before."""
    with database.writing() as connection:
        browser.cookies.delete(COOKIE)
        browser.cookies.set(COOKIE, signins.begin(connection, member.id, "full", now), path="/desk")


@contextmanager
def visiting(
    url: str, member: Member | None = None, clock: Clock = lambda: NOW, address: str = "http://testserver"
) -> Iterator[TestClient]:
    """A browser at the desk; signed in as this member, its forms come from our own page."""
    database = Database(url)
    app = make_app(database, packaged(), settings_for(address), clock)
    headers = OURS if member else {}
    with TestClient(app, base_url=address, follow_redirects=False, headers=headers) as browser:
        if member:
            sign_in(database, browser, member)
        yield browser


def client_of(
    database: Database, agency_id: int, owner_id: int, share: str = "all", name: str = "", now: datetime = NOW
) -> Client:
    """Have an owner be a client of an agency's, who lets it see so much."""
    with database.writing() as connection:
        one = clients.come(connection, owner_id, agency_id, now, name=name)
        if share:
            clients.share(connection, one, share, "test", now)
        (found,) = [one for one in clients.of_owner(connection, owner_id) if one.agency_id == agency_id]
        return found
