"""Notes of officers about a client: who reads, changes and deletes them, and that they are sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from storage import clients, notes, owners
from storage.schema import note
from tests.taking import later, rows
from tests.test_clients import Office, office

if TYPE_CHECKING:
    from storage.clients import Client

__all__ = ["office"]

TEXT = "電話は午前に。\n後継ぎは長女の方。"


@pytest.fixture
def client(office: Office) -> Client:
    return office.client(office.owner())


def here(one: Client) -> str:
    return f"/desk/clients/{one.id}"


def noted(office: Office, one: Client) -> int:
    """An officer's note about a client; gives its number."""
    assert "メモを保存しました" in office.post(f"{here(one)}/notes", text=TEXT)
    return int(rows(office.meetings.database, note)[-1]["id"])


def test_a_note_tells_who_wrote_it_and_when_and_is_kept_sealed(office: Office, client: Client) -> None:
    noted(office, client)
    told = office.see(here(client))
    assert f"{office.people.officer.name}さん、2026年12月1日(火) 10時" in told
    assert "後継ぎは長女の方" in told
    with office.meetings.database.reading() as connection:
        (kept,) = connection.execute(text("SELECT text FROM note")).scalars()
    assert kept.startswith("sealed:")
    assert ("note.add", client.subject) in office.acts()


def test_an_empty_note_is_not_kept(office: Office, client: Client) -> None:
    assert office.post(f"{here(client)}/notes", text="  ").startswith("422")
    id = noted(office, client)
    assert office.post(f"{here(client)}/notes/{id}", text=" ").startswith("422")
    assert [row["text"] for row in rows(office.meetings.database, note)] == [TEXT]


def test_a_note_is_changed_by_who_wrote_it_alone(office: Office, client: Client) -> None:
    id = noted(office, client)
    office.meetings.now = later(minutes=5)
    assert "書き直しました" in office.post(f"{here(client)}/notes/{id}", text="電話は午後に")
    told = office.see(here(client))
    assert "電話は午後に" in told
    assert "10時05分に書き直し" in told
    office.sign_in(office.people.admin)
    assert "書き直す" not in office.see(here(client))
    assert office.post(f"{here(client)}/notes/{id}", text="別の人").startswith("403")
    assert [act for act, _ in office.acts()].count("note.change") == 1


def test_a_note_is_deleted_by_who_wrote_it_or_an_admin(office: Office, client: Client) -> None:
    first, second = noted(office, client), noted(office, client)
    office.sign_in(office.people.admin)
    assert "消しました" in office.post(f"{here(client)}/notes/{first}/delete")
    third = noted(office, client)
    office.sign_in(office.people.officer)
    assert office.post(f"{here(client)}/notes/{third}/delete").startswith("403")
    assert "消しました" in office.post(f"{here(client)}/notes/{second}/delete")
    assert [row["id"] for row in rows(office.meetings.database, note)] == [third]
    assert ("note.delete", client.subject) in office.acts()


def test_a_note_is_found_by_its_own_client_and_agency_alone(office: Office, client: Client) -> None:
    id = noted(office, client)
    other = office.client(office.owner("other"))
    theirs = office.client(client.owner_id, agency_id=office.people.other.id)
    for path in (f"{here(other)}/notes/{id}", f"{here(theirs)}/notes/{id}"):
        assert office.post(path, text="別").startswith("404")
        assert office.post(f"{path}/delete").startswith("404")
    office.sign_in(office.people.other_officer)
    assert office.post(f"{here(theirs)}/notes/{id}/delete").startswith("404")
    assert "後継ぎ" not in office.see(here(theirs))


def test_notes_go_along_when_two_conversations_become_one_and_stay_with_their_agency(
    office: Office, client: Client
) -> None:
    noted(office, client)
    goes_on = office.owner("phone")
    with office.meetings.database.writing() as connection:
        owners.merge(connection, client.owner_id, goes_on)
        (one,) = clients.of_owner(connection, goes_on)
        assert [each.text for each in notes.of_client(connection, one)] == [TEXT]
    assert "後継ぎ" in office.see(here(one))


def test_notes_are_in_the_owners_export_and_go_with_the_owner(office: Office, client: Client) -> None:
    noted(office, client)
    with office.meetings.database.writing() as connection:
        exported = owners.export(connection, client.owner_id)["notes"]
        assert [row["text"] for row in exported] == [TEXT]
        owners.erase(connection, client.owner_id, 1, office.meetings.now)
    assert rows(office.meetings.database, note) == []
