"""The demo: made-up experts whom a new user books within two minutes, and whose side of it they see."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from bot import seed
from bot.app import make_app
from bot.desk.hiding import FEWEST
from dialogs.content import packaged
from dialogs.library import ready
from scheduler.days import day_in_japan
from scheduler.experts import starts
from storage import Database, migrate, owners
from storage import experts as kept
from storage.journeys import STAGES
from storage.schema import campaign, client, journey, recipient
from tests.meetings import HOUSE, at
from tests.serving import settings_for
from tests.taking import rows
from tests.test_app import PAGE, post, presses

if TYPE_CHECKING:
    from storage.experts import Expert

TOPICS = {"management", "it", "subsidy", "invoice"}


def seeded(database: Database) -> list[Expert]:
    return seed.seed(database, packaged(), HOUSE, at(1, 10), lived=False).experts


def test_three_experts_say_by_their_names_that_they_are_samples(database: Database) -> None:
    made = seeded(database)
    assert [one.profile.asks for one in made] == [False, True, True]
    assert all(one.name.startswith("見本") for one in made)


def test_a_second_start_adds_nobody(database: Database) -> None:
    assert [one.id for one in seeded(database)] == [one.id for one in seeded(database)] == [1, 2, 3]


def test_a_database_that_is_in_use_is_left_alone(database: Database) -> None:
    with database.writing() as connection:
        owners.lock(connection, "line", "bot", "somebody", "", at(1, 10))
    assert seeded(database) == []
    with database.reading() as connection:
        assert kept.all_of(connection) == []


def test_where_a_real_expert_is_nobody_is_a_sample(database: Database) -> None:
    [first, *_] = seeded(database)
    with database.writing() as connection:
        kept.add(connection, "山田 花子", first.profile, at(1, 10))
    assert seeded(database) == []


def test_a_time_is_free_today_or_tomorrow_whenever_somebody_tries(database: Database) -> None:
    seeded_ones = seeded(database)
    assert {topic for one in seeded_ones for topic in one.profile.topics} == TOPICS
    # Round the New Year, when everybody else is at home.
    for now in (at(28, 0) + timedelta(minutes=50 * n) for n in range(8 * 24)):
        for one in seeded_ones:
            first = next(starts(one.profile, (), {}, (), now))
            assert (day_in_japan(first) - day_in_japan(now)).days <= 1


def book(client: TestClient) -> str:
    """Book the first time that is offered for IT; gives the page."""
    client.get("/")
    post(client, text="専門家に相談")
    for wanted in (":it", ":web", ":s-", ":plain"):
        press = next(press for press in presses(client) if wanted in press)
        assert client.post("/chat", data={"press": press}, headers=PAGE).status_code == 303
    return client.get("/").text


@pytest.mark.parametrize(("demo", "shown"), [("true", True), ("false", False)])
def test_only_the_demo_shows_an_owner_the_experts_side(database_url: str, demo: str, shown: bool) -> None:
    database = Database(database_url)
    seeded(database)
    app = make_app(database, packaged(), settings_for("http://testserver", demo=demo))
    with TestClient(app, follow_redirects=False) as client:
        page = book(client)
        assert "予約が決まりました" in page
        links = re.findall(r'href="(/x/[^"/]+/[^"/.]+)"', page)
        assert bool(links) == ("専門家の画面を見る" in page) == shown
        for link in links:
            assert "IT導入" in client.get(link).text


def test_forty_owners_have_been_at_the_desk_of_two_agencies_by_the_real_flows(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'town.sqlite3'}"
    migrate(url)
    database = Database(url)
    people = seed.seed(database, packaged(), HOUSE, at(1, 10))
    journeys, clients = rows(database, journey), rows(database, client)
    letters, reached = rows(database, campaign), rows(database, recipient)
    database.close()
    assert len(journeys) >= 40
    assert {member.role for member in people.members} == {"admin", "officer", "expert"}
    assert {one["agency_id"] for one in clients} == {1, 2}
    assert {one["share"] for one in clients} >= {"nothing", "result", "all"}
    for stage in STAGES:
        assert sum(one[f"{stage}_at"] is not None for one in journeys) >= 5
    assert any(one["came_at"] and not one["finished_at"] for one in journeys)
    assert [one["state"] for one in letters] == ["draft", "done"]
    assert all(one["library"] in ready() for one in letters)
    # Enough that what came of it can be told.
    assert sum(one["state"] == "done" for one in reached) >= FEWEST
    assert sum(one["tapped_at"] is not None for one in reached) > 0
