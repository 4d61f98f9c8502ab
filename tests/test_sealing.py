"""What is sealed in the database, by which key, and how a new key takes the place of an old one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import JSON, String, select, text
from typer.testing import CliRunner

from bot.cli import app
from bot.settings import KEY_FILE, Settings
from dialogs.events import Opened, Said
from scheduler.experts import Profile
from storage import (
    Database,
    agencies,
    bookings,
    clients,
    consultations,
    experts,
    members,
    migrate,
    notes,
    outbox,
    owners,
    questions,
    referrals,
    results,
    sealing,
    seals,
    surveys,
    timers,
)
from storage.database import MIGRATIONS
from storage.schema import invitation, metadata, owner
from storage.sealing import MARK, NoKey
from tests.serving import KEY
from tests.taking import NOW, event, later, new_intake

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

NEW = sealing.new_key()
# One for each thing that is somebody's; none of them is part of another text.
NAMES = {"expert": "青葉花子", "guest": "若草太郎", "member": "紅葉次郎", "client": "山吹商店", "invited": "桔梗屋"}
WORDS = {
    "said": "猫又温泉の客足がにぶい",
    "answers": "狸囃子の跡継ぎがいない",
    "situation": "河童橋の売上が半分",
    "support": "天狗岳の棚おろし",
    "action": "鬼灯市で試し売り",
    "reason": "座敷童がいるから",
    "timer": "雪女はもう来ない",
    "note": "一反木綿の在庫",
}
NUMBER, PLACE, MAIL, CALENDAR = "09087654321", "狐坂三丁目", "kitsune@example.jp", "https://calendar.example/hush.ics"
ALL = (*NAMES.values(), *WORDS.values(), NUMBER, PLACE, MAIL, CALENDAR)


@pytest.fixture
def settings(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Commands find this database, in a folder of one's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DATA_KEYS", KEY)
    return monkeypatch


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.output


def live(database: Database) -> int:
    """Everything that somebody could tell of themselves or of others; gives the owner's id."""
    intake = new_intake(database)
    intake.take(event("1", Opened()))
    id = intake.take(event("2", Said(WORDS["said"]))).owner_id
    with database.writing() as connection:
        meet(connection, id)
        befriend(connection, id)
    return id


def meet(connection: Connection, id: int) -> None:
    questions.ask(connection, id, WORDS["said"], confident=False, entry=None, now=NOW)
    saved: dict[str, Any] = {
        "answers": {"free": WORDS["answers"]},
        "data": {},
        "segment": "",
        "balance": {},
        "day": NOW.date(),
    }
    results.save(connection, owner_id=id, run="r", depth="full", now=NOW, **saved)
    expert = experts.add(connection, NAMES["expert"], Profile(place=PLACE, busy_url=CALENDAR), NOW)
    booked = bookings.hold(connection, id, expert, later(days=3), "it", "visit", NOW)
    assert booked
    bookings.note(connection, booked, reach=NUMBER)
    bookings.invite(connection, booked.id, id, NOW, NAMES["guest"])
    actions = [(WORDS["action"], None)]
    consultations.keep(connection, booked, WORDS["situation"], WORDS["support"], "", actions, NOW)
    surveys.ask(connection, id, booked.subject, NOW)
    surveys.give_reason(connection, id, booked.subject, WORDS["reason"])
    timers.add(connection, "party:1", "wrote", 1, id, NOW, {"words": WORDS["timer"]})


def befriend(connection: Connection, id: int) -> None:
    agency = agencies.add(connection, "みなと商工会議所", NOW)
    member = members.add(connection, agency.id, NAMES["member"], "m@example.jp", "officer", NOW)
    members.keep(connection, member.id, secret="JBSWY3DPEHPK3PXP")
    referrals.invite(connection, agency.id, member.id, NAMES["invited"], MAIL, NOW)
    client = clients.come(connection, id, agency.id, NOW, name=NAMES["client"])
    notes.add(connection, client, member.id, WORDS["note"], NOW)


def dump(database: Database) -> str:
    """All that stands in the tables, as the database has it."""
    with database.reading() as connection:
        tables = [connection.execute(text(f"SELECT * FROM {name}")).all() for name in metadata.tables]  # noqa: S608
    return str(tables)


def found(database: Database) -> set[str]:
    """What of all that can be read in the tables, or in the database's files."""
    kept = dump(database)
    if path := database.engine.url.database if database.engine.dialect.name == "sqlite" else None:
        from pathlib import Path

        files = Path(path).parent.glob(f"{Path(path).name}*")
        kept += "".join(file.read_bytes().decode(errors="replace") for file in files)
    return {words for words in ALL if words in kept}


# ---------------------------------------------------------------- what is sealed


def test_no_name_number_or_word_can_be_read_in_the_database(database: Database) -> None:
    live(database)
    assert found(database) == set()


def test_unsealed_all_of_it_could(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "seal", lambda text: text)
    live(database)
    assert found(database) == set(ALL)


def test_all_of_it_is_read_as_it_was(database: Database) -> None:
    id = live(database)
    with database.reading() as connection:
        told = (
            str(owners.export(connection, id)) + str(members.of_agency(connection, 1)) + str(experts.all_of(connection))
        )
        told += str(connection.execute(select(invitation)).all())
    assert {words for words in ALL if words in told} == set(ALL)


# Why these texts stand as they are. What is looked up, or compared, can't be sealed.
PLAIN = {
    "addresses that are looked up: ids that platforms give, and mail addresses of experts and members": {
        "contact.address",
        "member.mail",
        "member.subject",
    },
    "the agency's own: what stands on its leaflets and pages": {
        "agency.name",
        "agency.logo_type",
        "agency.ask",
        "referral.name",
        "referral.place",
        "api_token.name",
        "campaign.name",
        "flyer.alt",
        "flyer.media_type",
    },
    "hashes": {"member.password", "signin.hash", "enrolment.hash", "api_token.hash"},
}
# Names, ids, codes and secrets of ours, by their columns.
OURS = {
    *(
        "account",
        "act",
        "area",
        "asked",
        "balance",
        "busy",
        "busy_error",
        "came_by",
        "category",
        "challenges",
        "channel",
        "code",
    ),
    *("depth", "entry", "error", "event_id", "feed", "handover", "id", "industry", "key", "kind", "notice", "page"),
    *("prefecture", "rated", "reply", "role", "run", "segment", "share", "size", "stage", "stands", "state", "subject"),
    *("choice", "goal", "hindered", "how", "library", "reason", "row_id", "tag", "token", "tools", "topic", "trigger"),
    *("variant", "verdict", "way", "wording"),
}
# Scores and ids of advice; how many rows of which kind, how a row of ours was changed; the random address of a sitting;
# what a campaign says to everybody, and whom it is for, by ids.
KNOWN = {"result.result", "purge.data", "audit.data", "sitting.address", "campaign.segment", "campaign.steps"}


def test_every_text_is_sealed_or_there_is_a_reason_why_not() -> None:
    plain = {
        str(column)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, String | JSON)
    }
    reasons = set().union(*PLAIN.values()) | KNOWN
    assert {column for column in plain - reasons if column.partition(".")[2] not in OURS} == set()
    assert reasons <= plain


def test_what_is_empty_stays_so() -> None:
    assert [sealing.seal(text) for text in ("", "{}", "[]")] == ["", "{}", "[]"]
    assert sealing.seal(" ").startswith(MARK)


# ---------------------------------------------------------------- keys


def test_the_same_text_is_never_sealed_alike() -> None:
    assert len({sealing.seal("電話") for _ in range(10)}) == 10


def test_a_text_that_looks_sealed_is_sealed_and_comes_back() -> None:
    fake = MARK + "somebody"
    assert sealing.unseal(sealing.seal(fake)) == fake


def test_the_first_key_seals_and_all_of_them_open() -> None:
    before = sealing.seal("電話")
    sealing.use([NEW, KEY])
    after = sealing.seal("電話")
    assert [sealing.unseal(before), sealing.unseal(after)] == ["電話", "電話"]
    sealing.use([KEY])
    with pytest.raises(NoKey, match=sealing.name_of(NEW)):
        sealing.unseal(after)


def test_what_was_changed_on_the_disk_is_not_opened() -> None:
    sealed = sealing.seal("電話")
    with pytest.raises(NoKey):
        sealing.unseal(sealed[:-6] + "AAAAA=")


def test_no_error_holds_what_was_sealed_or_a_key() -> None:
    sealed = sealing.seal("電話")
    sealing.use([NEW])
    with pytest.raises(NoKey) as raised:
        sealing.unseal(sealed)
    assert not any(secret in str(raised.value) for secret in (sealed, KEY, NEW, "電話"))


# ---------------------------------------------------------------- a new key in place of an old one


def test_an_old_key_that_goes_after_the_rotation_is_not_missed(
    database: Database, settings: pytest.MonkeyPatch
) -> None:
    id = live(database)
    settings.setenv("DATA_KEYS", f"{NEW},{KEY}")
    code, said = run("keys", "rotate")
    assert (code, said.splitlines()[-1]) == (
        0,
        "All is sealed with the first key. The others can be taken out of DATA_KEYS.",
    )
    settings.setenv("DATA_KEYS", NEW)
    assert run("migrate")[0] == 0
    with database.reading() as connection:
        assert outbox.exchanges(connection, id, 0, 1)[0].said == WORDS["said"]
        assert set(seals.tally(connection)) == {sealing.name_of(NEW)}


def test_an_old_key_that_goes_before_is_named_in_one_line_and_nothing_is_overwritten(
    database: Database, settings: pytest.MonkeyPatch
) -> None:
    live(database)
    before = dump(database)
    settings.setenv("DATA_KEYS", NEW)
    for arguments in (("migrate",), ("serve", "--port", "0"), ("keys", "rotate"), ("expert", "list")):
        code, said = run(*arguments)
        assert code == 1
        assert sealing.name_of(KEY) in said
        assert said.count("\n") == 1
    assert dump(database) == before


def test_a_key_that_was_made_at_first_start_and_lost_is_missed_at_the_next(
    database: Database, settings: pytest.MonkeyPatch
) -> None:
    settings.delenv("DATA_KEYS")
    assert run("migrate")[0] == 0
    live(database)
    KEY_FILE.unlink()
    code, said = run("migrate")
    assert code == 1
    assert said.count("\n") == 1


def test_of_two_processes_that_start_first_both_seal_with_one_key(
    settings: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.delenv("DATA_KEYS")
    made: list[str] = []
    make = sealing.new_key

    def as_another_does() -> str:
        if not made:
            made.append("")
            made[:] = Settings(_env_file=None).keys()
        return make()

    monkeypatch.setattr(sealing, "new_key", as_another_does)
    assert Settings(_env_file=None).keys() == made
    assert [file.name for file in KEY_FILE.parent.glob(f"{KEY_FILE.name}*")] == [KEY_FILE.name]
    assert KEY_FILE.stat().st_mode & 0o077 == 0


def test_a_rotation_that_was_broken_off_is_gone_on_with(database: Database) -> None:
    live(database)
    sealing.use([NEW, KEY])
    with database.writing() as connection:
        assert seals.seal_anew(connection, owner, None)[0] > 0
        left = seals.tally(connection)
        assert set(left) == {sealing.name_of(KEY), sealing.name_of(NEW)}
        assert seals.seal_anew(connection, owner, None) == (0, None)


def test_a_table_is_sealed_anew_in_portions(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "AT_ONCE", 2)
    intake = new_intake(database)
    for n in range(5):
        intake.take(event(str(n), Opened(), f"owner{n}"))
    sealing.use([NEW, KEY])
    done, after = [], None
    with database.writing() as connection:
        while True:
            rows, after = seals.seal_anew(connection, owner, after)
            done.append(rows)
            if after is None:
                break
    assert done == [2, 2, 1, 0]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_what_is_just_being_written_is_left_to_the_next_pass(database: Database, database_url: str) -> None:
    intake = new_intake(database)
    intake.take(event("1", Opened()))
    sealing.use([NEW, KEY])
    other = Database(database_url)
    with other.writing() as turning:
        turning.execute(select(owner.c.id).with_for_update()).all()
        with database.writing() as connection:
            assert seals.seal_anew(connection, owner, None) == (0, None)
    other.close()
    with database.writing() as connection:
        assert seals.seal_anew(connection, owner, None)[0] == 1


def test_keys_are_counted_by_names_that_tell_nobody_the_key(database: Database, settings: pytest.MonkeyPatch) -> None:
    live(database)
    code, said = run("keys", "check")
    assert code == 0
    assert f"sealed with {sealing.name_of(KEY)}, the first of DATA_KEYS" in said
    assert KEY not in said
    settings.setenv("DATA_KEYS", NEW)
    assert "which DATA_KEYS lacks" in run("keys", "check")[1]


def test_a_new_key_is_one(settings: pytest.MonkeyPatch) -> None:
    code, said = run("keys", "new")
    assert code == 0
    sealing.use([said.strip()])


# ---------------------------------------------------------------- rows from before there were keys


def test_rows_from_before_are_read_as_they_stand_and_sealed_by_the_rotation(
    blank_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before(blank_database_url)
    migrate(blank_database_url)
    database = Database(blank_database_url)
    assert stored(database) == ({"runs": 1, "frames": ["狸囃子"]}, "猫又温泉", NUMBER)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", blank_database_url)
    monkeypatch.setenv("DATA_KEYS", KEY)
    assert "not sealed" in run("keys", "check")[1]
    assert run("keys", "rotate")[0] == 0
    assert stored(database) == ({"runs": 1, "frames": ["狸囃子"]}, "猫又温泉", NUMBER)
    assert not any(words in dump(database) for words in ("狸囃子", "猫又温泉", NUMBER))
    database.close()


def before(url: str) -> None:
    """A database as the release before left it."""
    database = Database(url)
    with database.writing() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        at = {"at": "2026-11-01 00:00:00"}
        person = '{"runs": 1, "frames": ["狸囃子"]}'
        connection.execute(
            text(
                "INSERT INTO owner (tag, record, turns, made_at, seen_at) VALUES"
                " ('t', :record, 0, :at, :at), ('x', '{}', 0, :at, :at)"
            ),
            at | {"record": person},
        )
        connection.execute(
            text("INSERT INTO asked (owner_id, at, text, confident) VALUES (1, :at, '猫又温泉', false)"), at
        )
        connection.execute(
            text(
                "INSERT INTO expert (owner_id, name, active, profile, token, feed, busy, made_at)"
                " VALUES (2, '青葉花子', true, '{}', 't', 'f', '[]', :at)"
            ),
            at,
        )
        connection.execute(
            text(
                "INSERT INTO booking (token, page, owner_id, expert_id, topic, way, starts_at, minutes, state,"
                " revision, reach, place, asked, made_at, changed_at)"
                " VALUES ('t', 'p', 1, 1, 'it', 'phone', :at, 60, 'done', 1, :reach, '', '[]', :at, :at)"
            ),
            at | {"reach": NUMBER},
        )
    database.close()


def stored(database: Database) -> tuple[Any, str, str]:
    with database.reading() as connection:
        record = connection.execute(select(owner.c.record).where(owner.c.id == 1)).scalar_one()
        asked = questions.latest(connection, 1, later(days=-60))
        booked = bookings.find(connection, "t")
    assert booked
    return record, asked, booked.reach
