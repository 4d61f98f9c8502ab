"""What is kept for how long, and how it is taken away when its time is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from sqlalchemy import Connection, insert, select, update
from typer.testing import CliRunner

from bot import purge
from bot.cli import app
from bot.turn import Event
from dialogs.events import Opened, Said
from scheduler.experts import Profile
from storage import (
    Database,
    agencies,
    audits,
    bookings,
    clients,
    experts,
    members,
    notes,
    outbox,
    owners,
    questions,
    referrals,
    retention,
    signins,
    timers,
)
from storage import schema as tables
from storage.retention import KINDS, Limits, back
from tests.serving import KEY
from tests.taking import NOW, event, later, new_intake, rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIMITS = Limits()
# The next morning in Japan at four.
MORNING = datetime(2026, 12, 1, 19, 0)  # noqa: DTZ001


def ago(months: int, days: int = 0) -> datetime:
    """So many months before now, and days more."""
    return back(NOW, months) - timedelta(days=days)


def came(database: Database, at: datetime, name: str = "owner") -> int:
    """Somebody opened the chat and said something then, and never again; gives their id."""
    intake = new_intake(database, at)
    intake.take(event(f"{name}-1", Opened(), name))
    return intake.take(event(f"{name}-2", Said("売上のこと"), name)).owner_id


def purged(database: Database, limits: Limits = LIMITS) -> dict[str, int]:
    """Purge; gives what went, without what did not."""
    return {name: n for name, n in purge.at_once(database, limits, NOW).items() if n}


def ids(database: Database) -> set[int]:
    return {row["id"] for row in rows(database, tables.owner)}


def member_of(connection: Connection, name: str = "鈴木") -> members.Member:
    agency = agencies.add(connection, f"{name}の機関", NOW)
    return members.add(connection, agency.id, name, f"{name}@example.jp", "officer", NOW)


# ---------------------------------------------------------------- owners


def test_an_owner_not_heard_of_for_long_goes_whole_and_the_others_stay(database: Database) -> None:
    came(database, ago(36, days=1), "long ago")
    stays = came(database, ago(36, days=-1), "not so long ago")
    assert purged(database)["owners"] == 1
    assert ids(database) == {stays}
    for table in (tables.contact, tables.journey):
        assert {row["owner_id"] for row in rows(database, table)} == {stays}


def test_nobody_is_told_when_an_owner_goes_in_this_way(database: Database) -> None:
    id = came(database, ago(40))
    with database.writing() as connection:
        member = member_of(connection)
        one = clients.come(connection, id, member.agency_id, ago(40), member_id=member.id)
        timers.add(connection, one.subject, "answered", 1, member.owner_id, ago(40), {"words": "はい"})
    purged(database)
    assert rows(database, tables.timer) == []
    assert rows(database, tables.outbox) == []


def keep_person(connection: Connection, id: int) -> None:
    connection.execute(update(tables.owner).where(tables.owner.c.id == id).values(seen_at=ago(60)))


def an_expert(connection: Connection) -> int:
    return experts.add(connection, "山田", Profile(), NOW).owner_id


def a_member(connection: Connection) -> int:
    return member_of(connection).owner_id


def a_thread(connection: Connection) -> int:
    thread = owners.lock(connection, "slack", "bot", "C1:1", "", NOW)
    talking = owners.lock(connection, "line", "bot", "U1", "", NOW)
    row = {"owner_id": talking.id, "desk_id": thread.id, "led": False, "opened_at": NOW, "heard_at": NOW}
    connection.execute(insert(tables.talk).values(row))
    return thread.id


@pytest.mark.parametrize("somebody", [an_expert, a_member, a_thread])
def test_who_is_somebody_of_an_agency_stays(database: Database, somebody: Callable[[Connection], int]) -> None:
    with database.writing() as connection:
        id = somebody(connection)
        keep_person(connection, id)
    assert purged(database) == {}
    assert id in ids(database)


def book(connection: Connection, id: int, at: datetime) -> bookings.Booking:
    expert = experts.add(connection, f"山田{id}", Profile(), NOW)
    one = bookings.hold(connection, id, expert, at, "it", "phone", NOW)
    assert one
    return bookings.change(connection, one, "book", NOW)


@pytest.mark.parametrize(("days", "left"), [(1, True), (-1, False)])
def test_who_has_a_meeting_ahead_stays(database: Database, days: int, left: bool) -> None:
    id = came(database, ago(40))
    guest = came(database, ago(40), "guest")
    with database.writing() as connection:
        one = book(connection, id, later(days=days))
        bookings.invite(connection, one.id, guest, NOW)
    purged(database)
    assert ({id, guest} <= ids(database)) is left


def test_a_telephone_number_goes_from_what_the_expert_was_told_as_well(database: Database) -> None:
    id = came(database, ago(40))
    with database.writing() as connection:
        one = book(connection, id, later(days=-1))
        expert = experts.get(connection, one.expert_id).owner_id
        contact = owners.lock(connection, "line", "bot", "expert", "", NOW)
        told = {"id": "1", "owner_id": expert, "contact_id": contact.contact_id, "turn": 1, "said": "", "reply": ""}
        words = [{"text": f"電話 09012345678 {one.token}"}]
        told |= {"messages": words, "made_at": NOW, "state": "sent", "due_at": None}
        told |= {"member_id": None, "campaign_id": None}
        other = told | {"id": "2", "turn": 2, "messages": [{"text": "ほかの方"}]}
        outbox.add(connection, [told, other])  # type: ignore[list-item]
    purged(database)
    assert [row["messages"] for row in rows(database, tables.outbox)] == [[], [{"text": "ほかの方"}]]


def test_who_comes_back_while_they_are_being_looked_for_stays(database: Database) -> None:
    id = came(database, ago(40))
    with database.reading() as connection:
        found = retention.find(connection, "owners", LIMITS, NOW)
    assert found == [(id,)]
    new_intake(database).take(event("back", Opened()))
    with database.writing() as connection:
        assert retention.take(connection, "owners", found, LIMITS, NOW) == 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_who_is_just_being_answered_is_passed_over(database: Database, database_url: str) -> None:
    came(database, ago(40))
    other = Database(database_url)
    with other.writing() as turning:
        turning.execute(select(tables.owner).with_for_update()).all()
        assert "owners" not in purged(database)
    other.close()


# ---------------------------------------------------------------- words


def test_words_go_after_their_time_and_the_conversation_goes_on(database: Database) -> None:
    came(database, ago(24, days=1))
    assert purged(database)["messages"] == 2
    again = new_intake(database).take(Event("owner:opened", "web", "page", "owner", Opened()))
    assert again.messages
    assert [row["turn"] for row in rows(database, tables.outbox)] == [again.turn]


def test_what_is_still_to_be_sent_stays(database: Database) -> None:
    came(database, ago(30))
    with database.writing() as connection:
        connection.execute(update(tables.outbox).where(tables.outbox.c.turn == 1).values(state="due"))
    assert purged(database)["messages"] == 1
    assert [row["state"] for row in rows(database, tables.outbox)] == ["due"]


def test_words_of_notices_go_but_that_they_were_told_is_still_known(database: Database) -> None:
    id = came(database, NOW)
    with database.writing() as connection:
        timers.add(connection, "party:1", "wrote", 1, id, ago(25), {"words": "よろしく"})
        timers.add(connection, "party:1", "wrote", 2, id, ago(25), {"words": "まだ"})
        timers.fire(connection, [1])
    assert purged(database) == {"notices": 1}
    assert [row["data"] for row in rows(database, tables.timer)] == [{}, {"words": "まだ"}]
    assert purged(database) == {}


def test_events_are_forgotten_first_and_never_kept_longer_than_what_was_answered(database: Database) -> None:
    came(database, ago(3, days=1))
    came(database, ago(2), "later")
    assert purged(database) == {"events": 2}
    assert purged(database, replace(LIMITS, messages=1, events=6)) == {"events": 2, "messages": 4}


def test_questions_go_after_their_time(database: Database) -> None:
    id = came(database, NOW)
    with database.writing() as connection:
        for at in (ago(24, days=1), ago(24, days=-1)):
            questions.ask(connection, id, "補助金は?", confident=False, entry=None, now=at)
    before = len(rows(database, tables.asked))
    assert purged(database) == {"questions": 1}
    assert len(rows(database, tables.asked)) == before - 1


# ---------------------------------------------------------------- what is the agencies'


def test_whom_an_invitation_was_for_is_forgotten_a_year_after_its_end(database: Database) -> None:
    with database.writing() as connection:
        member = member_of(connection)
        for at in (ago(12, days=61), ago(12, days=59)):
            referrals.invite(connection, member.agency_id, member.id, "山吹商店", "y@example.jp", at)
    assert purged(database) == {"invitations": 1}
    kept = [(row["name"], row["mail"]) for row in rows(database, tables.invitation)]
    assert kept == [("", ""), ("山吹商店", "y@example.jp")]
    assert purged(database) == {}


@pytest.mark.parametrize(
    ("share", "at", "left"),
    [("nothing", ago(12, days=1), 0), ("nothing", ago(12, days=-1), 1), ("result", ago(30), 1), ("all", ago(30), 1)],
)
def test_notes_go_a_year_after_the_share_has_ended(database: Database, share: str, at: datetime, left: int) -> None:
    id = came(database, NOW)
    with database.writing() as connection:
        member = member_of(connection)
        one = clients.come(connection, id, member.agency_id, ago(31))
        clients.share(connection, one, "all", "test", ago(31))
        notes.add(connection, one, member.id, "在庫が多い", ago(31))
        clients.share(connection, one, share, "test", at)
    purged(database)
    assert len(rows(database, tables.note)) == left
    assert len(rows(database, tables.consent)) == 2


def test_what_cannot_be_used_any_more_goes_a_week_later(database: Database) -> None:
    id = came(database, NOW)
    with database.writing() as connection:
        member = member_of(connection)
        for at in (ago(1), NOW):
            signins.begin(connection, member.id, "full", at)
            connection.execute(insert(tables.enrolment).values(hash=str(at), member_id=member.id, ends_at=at))
            connection.execute(insert(tables.invite).values(code=str(at)[:10], subject="expert:1", ends_at=at))
            connection.execute(insert(tables.link).values(code=str(at)[:10], owner_id=id, ends_at=at))
    assert purged(database) == {"sign_ins": 1, "enrolments": 1, "codes": 1, "links": 1}


def test_the_audit_log_is_never_touched(database: Database) -> None:
    with database.writing() as connection:
        audits.add(connection, None, None, "client.see", ago(240), "client:1")
    purged(database)
    assert len(rows(database, tables.audit)) == 1


# ---------------------------------------------------------------- running it


def test_it_runs_once_a_day_and_not_before_the_morning(database: Database) -> None:
    came(database, ago(40))
    runs: list[Any] = []
    for at in (MORNING - timedelta(hours=2), MORNING, MORNING, MORNING + timedelta(days=1)):
        intake = new_intake(database, at)
        intake.start()
        runs.append(purge.daily(intake, LIMITS, lambda: True))
        intake.stop()
    assert [run and run["owners"] for run in runs] == [None, 1, None, 0]
    assert [row["day"].day for row in rows(database, tables.purge)] == [2, 3]


def test_of_two_processes_one_does_it(database: Database) -> None:
    day = NOW.date()
    with database.writing() as connection:
        assert [retention.begin(connection, day, NOW) for _ in range(2)] == [1, None]


def test_it_ends_with_the_process_and_goes_on_the_next_day(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ROWS", 1)
    for n in range(3):
        came(database, ago(30), f"owner{n}")
    left = iter([True, True])
    intake = new_intake(database, MORNING)
    intake.start()
    assert purge.daily(intake, LIMITS, lambda: next(left, False))
    tomorrow = new_intake(database, MORNING + timedelta(days=1))
    intake.stop()
    tomorrow.start()
    assert purge.daily(tomorrow, LIMITS, lambda: True)
    tomorrow.stop()
    assert rows(database, tables.outbox) == []


def test_more_than_is_found_at_once_goes_in_several_rounds(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "FOUND", 2)
    for n in range(5):
        came(database, ago(40), f"owner{n}")
    assert purged(database)["owners"] == 5


def test_what_went_is_counted_and_logged_without_a_word_of_anybody(database: Database) -> None:
    came(database, ago(40), "ねこまた")
    with structlog.testing.capture_logs() as logged:
        purged(database)
    with database.reading() as connection:
        kept = retention.latest(connection)
    assert kept
    assert kept.counts["owners"] == 1
    assert kept.at == NOW
    assert logged == [{"event": "purge", "log_level": "info"} | dict(kept.counts)]
    assert set(kept.counts) == set(KINDS)


def test_a_dry_run_counts_and_takes_nothing(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    came(database, datetime(2001, 1, 1))  # noqa: DTZ001
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DATA_KEYS", KEY)
    monkeypatch.setenv("RETENTION_OWNERS_MONTHS", "12")
    said = [CliRunner().invoke(app, ["purge", *more]).output for more in (["--dry-run"], [], ["--dry-run"])]
    assert next(line.split() for line in said[0].splitlines()) == ["1", "owners"]
    assert "1  owners" in said[1]
    assert "0  owners" in said[2]
    assert ids(database) == set()


@pytest.mark.parametrize(
    ("now", "months", "then"),
    [
        (datetime(2026, 12, 1), 12, datetime(2025, 12, 1)),  # noqa: DTZ001
        (datetime(2026, 3, 31), 1, datetime(2026, 2, 28)),  # noqa: DTZ001
        (datetime(2024, 2, 29), 36, datetime(2021, 2, 28)),  # noqa: DTZ001
        (datetime(2026, 1, 15), 1, datetime(2025, 12, 15)),  # noqa: DTZ001
    ],
)
def test_months_are_those_of_the_calendar(now: datetime, months: int, then: datetime) -> None:
    assert back(now, months) == then
