"""The audit log: admins of an agency read their own, and nobody changes it."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient

from bot.desk import routes
from bot.desk.audit import words
from storage import Database, audits, members, schema
from tests.desk import Two, sign_in, visiting
from tests.taking import NOW, rows

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def browser(database_url: str, database: Database, people: Two) -> Iterator[TestClient]:
    with visiting(database_url, people.admin) as browser:
        yield browser


def note(
    database: Database, agency_id: int, member_id: int | None, act: str, subject: str = "", times: int = 1
) -> None:
    with database.writing() as connection:
        for number in range(times):
            audits.add(connection, agency_id, member_id, act, NOW + timedelta(seconds=number), subject)


# ---------------------------------------------------------------- nobody changes it

CHANGES = ["UPDATE audit SET act = 'nothing'", "DELETE FROM audit"]
POSTGRESQL = [*CHANGES, "TRUNCATE audit"]


def kept(database: Database) -> list[str]:
    return [row["act"] for row in rows(database, schema.audit)]


def free(database: Database) -> None:
    """Take the triggers away."""
    names = {"sqlite": ["audit_update", "audit_delete"], "postgresql": ["audit_kept", "audit_whole"]}
    dialect = database.engine.dialect.name
    with database.writing() as connection:
        for name in names[dialect]:
            connection.execute(text(f"DROP TRIGGER {name}{' ON audit' if dialect == 'postgresql' else ''}"))


def changes(database: Database) -> list[str]:
    return POSTGRESQL if database.engine.dialect.name == "postgresql" else CHANGES


def test_the_database_refuses_to_change_what_was_noted(database: Database) -> None:
    note(database, 1, 1, "client.see")
    for change in changes(database):
        with pytest.raises(DBAPIError, match="rows of audit are only added"), database.writing() as connection:
            connection.execute(text(change))
        assert kept(database) == ["client.see"]


def test_without_its_triggers_the_same_would_be_done(database: Database) -> None:
    free(database)
    for change in changes(database):
        note(database, 1, 1, "client.see")
        with database.writing() as connection:
            connection.execute(text(change))
        assert "client.see" not in kept(database)
    # What a test has changed of the tables, the next must not find.
    with database.writing() as connection:
        connection.execute(text("DROP TABLE audit"))


# ---------------------------------------------------------------- admins read it


def test_the_newest_come_first_in_words(browser: TestClient, database: Database, people: Two) -> None:
    note(database, people.home.id, people.officer.id, "signin", f"member:{people.officer.id}")
    note(database, people.home.id, None, "member.reset", f"member:{people.admin.id}")
    page = browser.get("/desk/audit").text
    rows_shown = page.split("<tbody>")[1]
    assert rows_shown.index("設定しなおしリンクを発行") < rows_shown.index("<td>サインイン</td>")
    assert "サーバーの運営者" in rows_shown
    assert "鈴木" in rows_shown
    assert "2026年12月1日(火) 10:00" in rows_shown


def test_an_agency_reads_its_own_alone(browser: TestClient, database: Database, people: Two) -> None:
    note(database, people.other.id, people.other_admin.id, "agency.name")
    for path in ("/desk/audit", f"/desk/audit?member={people.other_admin.id}", "/desk/audit?act=agency.name"):
        assert "あてはまる記録はありません" in browser.get(path).text
    assert "機関の名前" not in browser.get("/desk/audit.csv").text
    sign_in(database, browser, people.officer)
    assert browser.get("/desk/audit").status_code == browser.get("/desk/audit.csv").status_code == 403


def test_a_hundred_rows_are_a_page(browser: TestClient, database: Database, people: Two) -> None:
    note(database, people.home.id, people.admin.id, "agency.logo", times=150)
    note(database, people.home.id, people.officer.id, "signin", times=101)
    query = f"member={people.officer.id}&act=signin"
    first = browser.get(f"/desk/audit?{query}").text
    assert first.count("<tr><td>") == 100
    address = first.split('href="/desk/audit?')[1].split('"')[0].replace("&amp;", "&")
    assert query in address
    second = browser.get(f"/desk/audit?{address}").text
    assert second.count("<tr><td>") == 1
    assert "前の100件" not in second
    for query in ("before=x", "member=y", "member=" + "9" * 5000):
        assert browser.get(f"/desk/audit?{query}").status_code == 404


def test_the_table_opens_in_a_spreadsheet_and_taking_it_is_noted(
    browser: TestClient, database: Database, people: Two
) -> None:
    with database.writing() as connection:
        members.keep(connection, people.officer.id, name="=1+1")
    note(database, people.home.id, people.officer.id, "signin")
    file = browser.get("/desk/audit.csv")
    assert file.content.startswith(b"\xef\xbb\xbf")
    table = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert table == [["日時", "職員", "操作", "対象", "内容"], ["2026-12-01 10:00:00", "'=1+1", "サインイン", "", ""]]
    assert kept(database) == ["signin", "audit.export"]


def test_every_act_of_a_door_has_its_words() -> None:
    assert {door.act for door in routes.DOORS if door.act} <= words()["acts"].keys()
