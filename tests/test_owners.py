"""What is stored about owners: shown to them whole, erased whole; and the migrations that make room for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Table, delete, insert, inspect

from bot.turn import Event
from dialogs.content import packaged
from dialogs.events import Command, Opened, Said
from scheduler.experts import Profile
from storage import (
    Database,
    agencies,
    bookings,
    campaigns,
    clients,
    experts,
    members,
    migrate,
    notes,
    outreach,
    owners,
    results,
    schema,
    timers,
)
from storage.database import MIGRATIONS
from storage.prepared import Prepared
from storage.schema import contact, inbox, metadata, outbox, owner, pace, result_axis
from tests.processes import migrated_at_once
from tests.taking import NOW, event, finish, later, new_intake, rows
from tests.talkers import FULL, QUICK, Talker
from tests.waiting import taken_behind

if TYPE_CHECKING:
    from datetime import datetime

    from dialogs.events import Action
    from storage.clients import Client

ERASE = ("erase", "yes")


def live(database: Database, address: str) -> tuple[Talker, int]:
    """An owner who came by a flyer, finished both checks, and asked; with the id."""
    intake, talker = new_intake(database), Talker(address, QUICK)
    talker.hear(intake.take(talker.does(Opened(), code="flyer")))
    finish(intake, talker)
    talker.choice = FULL
    finish(intake, talker)
    intake.take(talker.does(Command("link")))
    intake.take(talker.does(Said("インボイスって何ですか")))
    return talker, intake.take(talker.does(Said("ありがとうございます"))).owner_id


def live_and_consult(database: Database, address: str) -> tuple[Talker, int]:
    """An owner with rows in every table: who has to do with experts and an agency as well."""
    talker, id = live(database, address)
    with database.writing() as connection:
        consult(connection, id)
        befriend(connection, id)
    return talker, id


def befriend(connection: Connection, id: int) -> Client:
    """A row in every table that has to do with agencies."""
    agency = agencies.by_name(connection, "みなと商工会議所") or agencies.add(connection, "みなと商工会議所", NOW)
    member = members.add(connection, agency.id, "鈴木", f"{id}@example.jp", "officer", NOW)
    one = clients.come(connection, id, agency.id, NOW, name=f"{id}商店", member_id=member.id)
    clients.share(connection, one, "all", "test", NOW)
    notes.add(connection, one, member.id, f"{id}の在庫", NOW)
    sat = {"agency_id": agency.id, "member_id": member.id, "address": str(id), "notice": "", "began_at": NOW}
    connection.execute(insert(schema.sitting).values(sat | {"owner_id": id}))
    timers.add(connection, one.subject, "answered", 1, member.owner_id, NOW, {"words": f"{id}の返事"})
    write(connection, id, agency.id)
    return one


def write(connection: Connection, id: int, agency_id: int) -> None:
    """A row in every table that has to do with letters of campaigns."""
    outreach.keep(connection, id, "in", "news", "test", NOW)
    sent = campaigns.add(connection, agency_id, None, f"{id}のお知らせ", NOW)
    letter = {"campaign_id": sent.id, "owner_id": id, "contact_id": id, "step": 0}
    frozen = {"variant": "a", "state": "due", "due_at": NOW, "frozen_at": NOW}
    connection.execute(insert(schema.recipient).values(letter | frozen))
    connection.execute(insert(schema.sending).values(letter | {"row_id": str(id), "at": NOW}))


def consult(connection: Connection, id: int) -> None:
    """A row in every table that has to do with experts."""
    expert = experts.add(connection, "山田", Profile(), NOW)
    booked = bookings.hold(connection, id, expert, later(days=id), "it", "phone", NOW)
    assert booked
    held = {"booking_id": booked.id, "owner_id": id, "made_at": NOW}
    consultation = connection.execute(
        insert(schema.consultation)
        .values(held | {"situation": "", "support": "", "handover": "", "changed_at": NOW})
        .returning(schema.consultation.c.id)
    ).scalar_one()
    bookings.invite(connection, booked.id, id, NOW)
    timers.add(connection, booked.subject, "day:owner", 1, id, NOW)
    thread = owners.lock(connection, "slack", "bot", f"C1:{id}", "", NOW)
    rows: dict[Table, dict[str, Any]] = {
        schema.next_action: {"consultation_id": consultation, "text": "", "state": "open"},
        schema.waiting: {"day": NOW.date(), "topic": "it", "way": "phone", "prefecture": "", "made_at": NOW},
        schema.survey: {"subject": "check:1", "score": 9, "reason": "", "at": NOW},
        schema.talk: {"desk_id": thread.id, "led": False, "opened_at": NOW, "heard_at": NOW},
    }
    for table, row in rows.items():
        connection.execute(insert(table).values(row | {"owner_id": id}))


def erase(database: Database, talker: Talker) -> Event:
    """The owner has everything erased; gives the event that did it."""
    intake = new_intake(database, later(hours=1))
    talker.hear(intake.take(talker.does(Command("erase"))))
    # "Yes" is the first choice to be sure of it.
    talker.choice = 0
    last = talker.event()
    talker.hear(intake.take(last))
    return last


# Every table but that of the paces, which are of addresses and not of owners, that of codes for an expert's person or a
# booking, which end by themselves, and what is the agencies': experts, members, their ways and what they did.
OTHERS = (
    *(pace, schema.invite, schema.purge, schema.audit, schema.expert, schema.agency, schema.member, schema.api_token),
    *(schema.signin, schema.enrolment, schema.referral, schema.invitation, schema.campaign, schema.link_tap),
    schema.flyer,
)
OWNED = [table for table in metadata.sorted_tables if table not in OTHERS]


def of(database: Database, table: Table, owner_id: int) -> list[dict[str, Any]]:
    """An owner's rows of a table, found along its foreign keys."""
    if table is owner:
        return [row for row in rows(database, table) if row["id"] == owner_id]
    for column in table.columns:
        for key in (key for key in column.foreign_keys if key.column.table not in OTHERS):
            (target,) = key.column.table.primary_key
            parents = {row[target.name] for row in of(database, key.column.table, owner_id)}
            return [row for row in rows(database, table) if row[column.name] in parents]
    raise AssertionError(f"nothing leads from {table.name} to its owner")


def everything(database: Database, owner_id: int) -> dict[str, list[dict[str, Any]]]:
    """All rows of an owner, by table."""
    return {table.name: of(database, table, owner_id) for table in OWNED}


# ---------------------------------------------------------------- export


def test_the_export_holds_every_row_of_its_owner_and_none_of_another(database: Database) -> None:
    ids = [live_and_consult(database, address)[1] for address in ("one", "two")]
    for id in ids:
        with database.reading() as connection:
            exported = owners.export(connection, id)
        stored = everything(database, id)
        assert all(stored.values()), "the test must have rows in every table"
        plain = json.loads(json.dumps(list(stored.values()), default=str))
        assert exported.pop("agency_names") == [{"id": 1, "name": "みなと商工会議所"}]
        assert len(exported) == len(plain)
        for table_rows in plain:
            assert table_rows in exported.values()
        assert exported["owner"][0]["id"] == id
        assert [row["turn"] for row in exported["conversation"]] == list(range(1, len(exported["conversation"]) + 1))


def test_the_export_shows_what_agencies_have_noted_as_they_wrote_it(database: Database) -> None:
    _, id = live_and_consult(database, "one")
    with database.reading() as connection:
        exported = owners.export(connection, id)
    assert [row["text"] for row in exported["notes"]] == [f"{id}の在庫"]
    assert [(row["name"], row["share"]) for row in exported["agencies"]] == [(f"{id}商店", "all")]
    assert [(row["share"], row["wording"]) for row in exported["consents"]] == [("all", "test")]


def test_nobody_has_an_empty_export(database: Database) -> None:
    with database.reading() as connection:
        assert set(map(len, owners.export(connection, 1).values())) == {0}


# ---------------------------------------------------------------- erasing


def test_erasing_leaves_the_bare_address_and_the_farewell(database: Database) -> None:
    talker, id = live_and_consult(database, "one")
    before = everything(database, id)
    last = erase(database, talker)
    at, turn = later(hours=1), len(before["outbox"]) + 2
    left = everything(database, id)

    (kept,) = left.pop("owner")
    (known,) = before["owner"]
    assert kept == {
        "id": id,
        "tag": known["tag"],
        "record": {"runs": kept["record"]["runs"], "frames": []},
        "turns": turn,
        "notice": None,
        "consented_at": None,
        "made_at": at,
        "seen_at": at,
        "erased_at": at,
    }
    (address,) = left.pop("contact")
    assert address == before["contact"][0] | {"came_by": None, "made_at": at}
    (noted,) = left.pop("inbox")
    assert (noted["event_id"], noted["turn"], noted["at"]) == (last.id, turn, at)
    (farewell,) = left.pop("outbox")
    assert (farewell["turn"], farewell["said"], farewell["made_at"]) == (turn, "", at)
    assert set(map(len, left.values())) == {0}, "a table that erasing does not know"


def test_erasing_takes_back_what_officers_were_to_be_told_and_tells_them_nothing(database: Database) -> None:
    talker, id = live_and_consult(database, "one")
    assert f"{id}の返事" in str(rows(database, schema.timer))
    erase(database, talker)
    with database.reading() as connection:
        people = [one.owner_id for one in members.of_agency(connection, 1)]
    assert not [row for row in rows(database, schema.timer) if row["owner_id"] in people]


def test_erasing_keeps_what_officers_are_to_be_told_of_others(database: Database) -> None:
    talker, _ = live_and_consult(database, "one")
    _, other = live_and_consult(database, "two")
    erase(database, talker)
    assert f"{other}の返事" in str(rows(database, schema.timer))


def test_erasing_a_member_who_talked_with_the_bot_leaves_the_member(database: Database) -> None:
    talker, id = live(database, "one")
    with database.writing() as connection:
        agency = agencies.add(connection, "みなと商工会議所", NOW)
        member = members.add(connection, agency.id, "鈴木", "s@example.jp", "officer", NOW)
        owners.merge(connection, member.owner_id, id)
    erase(database, talker)
    with database.writing() as connection:
        assert owners.sweep(connection, later(days=1)) == 0
        assert members.get(connection, member.id).owner_id == id


def test_erasing_one_owner_touches_no_other(database: Database) -> None:
    talker, _ = live_and_consult(database, "one")
    _, other = live_and_consult(database, "two")
    before = everything(database, other)
    erase(database, talker)
    with database.writing() as connection:
        owners.sweep(connection, later(days=1))
    assert everything(database, other) == before


def test_an_event_that_erased_and_arrives_again_does_nothing(database: Database) -> None:
    talker, id = live(database, "one")
    last = erase(database, talker)
    left = everything(database, id)
    taken = new_intake(database, later(hours=2)).take(last)
    assert (taken.owner_id, taken.messages) == (id, ())
    assert everything(database, id) == left


def test_the_sweep_takes_the_rest_in_time(database: Database) -> None:
    talker, id = live(database, "one")
    erase(database, talker)
    with database.writing() as connection:
        assert owners.sweep(connection, later(hours=1)) == 0
        assert owners.sweep(connection, later(hours=1, seconds=1)) == 1
        assert owners.sweep(connection, later(days=1)) == 0
    assert set(map(len, everything(database, id).values())) == {0}
    assert new_intake(database).take(talker.does(Opened())).owner_id, "who comes after that is somebody new"
    assert rows(database, owner)[0]["turns"] == 1


def test_erasing_forgets_when_and_how_an_owner_came_by(database: Database) -> None:
    on_line(database, Said("こんにちは"), "flyer")
    (known,) = rows(database, contact)
    assert (known["came_by"], known["heard_at"]) == ("flyer", NOW)
    on_line(database, Said("削除"))
    on_line(database, Said("すべて消す"))
    (kept,) = rows(database, contact)
    assert kept == known | {"came_by": None, "heard_at": None}


def on_line(database: Database, action: Action, code: str = "") -> None:
    """An event of one owner's on a platform that is sent to."""
    new_intake(database).take(line_event(str(len(rows(database, inbox))), action, code=code))


def line_event(id: str, action: Action, at: datetime = NOW, code: str = "") -> Event:
    """An event that brings along when it happened."""
    return Event(id, "line", "bot", "owner", action, at=at, code=code)


def test_the_sweep_spares_who_came_back(database: Database) -> None:
    talker, id = live(database, "one")
    erase(database, talker)
    talker.messages = ()
    back = new_intake(database, later(hours=1, minutes=1)).take(talker.event())
    assert back.messages
    with database.writing() as connection:
        assert owners.sweep(connection, later(days=1)) == 0
    assert len(everything(database, id)["outbox"]) == 2


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_the_sweep_passes_over_who_is_coming_back(database: Database, database_url: str) -> None:
    talker, id = live(database, "one")
    erase(database, talker)
    other = Database(database_url)
    with other.writing() as turning:
        owners.lock(turning, *talker.event().contact, "", NOW)
        with database.writing() as connection:
            assert owners.sweep(connection, later(days=1)) == 0
    other.close()
    assert everything(database, id)["contact"]


def test_the_sweep_takes_many_in_more_than_one_go(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owners, "SWEPT", 2)
    for n in range(3):
        erase(database, live(database, f"owner{n}")[0])
    swept = []
    for _ in range(3):
        with database.writing() as connection:
            swept.append(owners.sweep(connection, later(days=1)))
    assert swept == [2, 1, 0]
    assert [rows(database, table) for table in metadata.sorted_tables] == [[] for _ in metadata.sorted_tables]


# ---------------------------------------------------------------- one of two


def test_who_was_two_keeps_notes_consents_and_what_the_agency_knew_of_either(database: Database) -> None:
    (_, gone), (_, into) = live(database, "one"), live(database, "two")
    with database.writing() as connection:
        befriend(connection, gone)
        agency = agencies.add(connection, "うみべ信用金庫", NOW)
        clients.come(connection, gone, agency.id, NOW, name="魚屋")
        mine = clients.come(connection, into, 1, later(days=1))
        clients.share(connection, mine, "nothing", "test", later(days=2))
        owners.merge(connection, gone, into)
        second, first = clients.of_owner(connection, into)
    assert (first.name, first.came_at, first.share, first.member_id) == (f"{gone}商店", NOW, "nothing", 1)
    assert (second.name, second.agency) == ("魚屋", "うみべ信用金庫")
    assert [row["share"] for row in rows(database, schema.consent)] == ["all", "nothing"]
    assert [(row["client_id"], row["owner_id"]) for row in rows(database, schema.note)] == [(first.id, into)]
    assert [row["owner_id"] for row in rows(database, schema.journey)] == [into]


def test_the_turns_of_two_stay_apart_when_events_of_long_ago_are_forgotten(database: Database) -> None:
    (_, first), (_, second), (_, third) = (live(database, name) for name in ("one", "two", "three"))
    with database.writing() as connection:
        owners.merge(connection, first, second)
        connection.execute(delete(inbox).where(inbox.c.turn < 5))
        owners.merge(connection, third, second)
    turns = [row["turn"] for row in rows(database, outbox)]
    assert len(set(turns)) == len(turns)


# ---------------------------------------------------------------- two at one owner


NEWER = line_event("newer", Said("2"), later(seconds=2))
OLDER = line_event("older", Said("1"), later(seconds=1))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_text_that_has_to_wait_for_a_newer_one_is_late(database: Database, database_url: str) -> None:
    on_line(database, Opened())
    overtaken = taken_behind(database_url, NEWER, OLDER)
    assert overtaken.messages[0].text == packaged().phrases.say("sent.late")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_where_the_owner_alone_is_locked_it_answers_a_question_that_it_never_saw(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owners, "_LOCK", Prepared(lambda _: owners._FIND.with_for_update(of=owner)))
    on_line(database, Opened())
    overtaken = taken_behind(database_url, NEWER, OLDER)
    assert packaged().phrases.say("sent.late") not in [message.text for message in overtaken.messages]


# ---------------------------------------------------------------- migrations


def differences(url: str) -> list[Any]:
    """What a migration would have to change to make the database as the schema says."""
    opened = Database(url)
    with opened.reading() as connection:
        found: list[Any] = compare_metadata(MigrationContext.configure(connection), metadata)
    opened.close()
    return found


def tables(url: str) -> set[str]:
    opened = Database(url)
    found = set(inspect(opened.engine).get_table_names())
    opened.close()
    return found


def test_the_migrations_lead_to_the_schema(blank_database_url: str) -> None:
    assert differences(blank_database_url), "a database without tables differs"
    migrate(blank_database_url)
    assert differences(blank_database_url) == []


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    before = Database(database_url)
    new_intake(before).take(event("1", Opened()))
    before.close()
    migrate(database_url)
    after = Database(database_url)
    assert [row["turn"] for row in rows(after, outbox)] == [1]
    after.close()
    assert differences(database_url) == []


def test_two_processes_migrate_at_once(blank_database_url: str) -> None:
    assert migrated_at_once(blank_database_url) == ["", ""]
    assert differences(blank_database_url) == []


def taken_back(url: str, to: str) -> None:
    """Take migrations back, down to this one."""
    opened = Database(url)
    with opened.writing() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.downgrade(config, to)
    opened.close()


def test_what_hangs_on_a_result_stays_when_the_desk_is_taken_back(blank_database_url: str) -> None:
    migrate(blank_database_url)
    database = Database(blank_database_url)
    with database.writing() as connection:
        person = owners.lock(connection, "web", "page", "a", "", NOW)
        results.save(
            connection,
            owner_id=person.id,
            run="run",
            depth="full",
            answers={},
            data={},
            segment="low-banso",
            balance={"money": 50},
            day=NOW.date(),
            now=NOW,
        )
    taken_back(blank_database_url, "0004")
    assert [row["value"] for row in rows(database, result_axis)] == [50]
    database.close()


def test_every_migration_can_be_taken_back(blank_database_url: str) -> None:
    migrate(blank_database_url)
    taken_back(blank_database_url, "base")
    assert tables(blank_database_url) == {"alembic_version"}
    migrate(blank_database_url)
    assert differences(blank_database_url) == []
