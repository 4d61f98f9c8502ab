"""`banso campaign`: from a file to a campaign under way, and what an operator is told to do instead."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from bot import campaigns as rules
from bot import outreach, quota
from bot.cli import app
from bot.quota import Quota
from bot.settings import Settings
from storage import Database, agencies, campaigns, referrals
from storage.schema import audit, campaign, flyer
from tests.desk import Two
from tests.serving import KEY
from tests.taking import NOW, rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = """
name = "年末のお知らせ"
goal = "finished"
holdout = 10

[segment]
stages = ["began"]

[[steps]]
days = 0
[steps.a]
text = "{{ step or 'まずは診断' }}から、始めませんか。"
buttons = [{ label = "続ける", to = "resume" }]
[steps.b]
text = "こんにちは。"
"""


@pytest.fixture
def database(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database that commands find, in a folder of one's own without settings."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DATA_KEYS", KEY)
    (tmp_path / "file.toml").write_text(FILE, encoding="utf-8")
    database = Database(database_url)
    yield database
    database.close()


def run(*arguments: str) -> str:
    """What a command prints that succeeds."""
    done = CliRunner().invoke(app, ["campaign", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def data(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def refusal(*arguments: str) -> str:
    """What a command says that can't be done."""
    done = CliRunner().invoke(app, ["campaign", *arguments])
    assert done.exit_code == 1, done.output
    return done.output


def made(people: Two) -> str:
    return str(data("new", "file.toml", "--agency", people.home.name)["id"])


def test_a_file_becomes_a_draft_with_what_it_would_take(database: Database, people: Two) -> None:
    found = data("new", "file.toml", "--agency", people.home.name)
    assert (found["state"], found["name"], found["goal"], found["holdout"]) == (
        "draft",
        "年末のお知らせ",
        "finished",
        10,
    )
    assert found["segment"] == {"stages": ["began"], "due": False} | found["segment"]
    assert sorted(found["steps"][0]["letters"]) == ["a", "b"]
    assert found["forecast"]["reached"] == {}
    assert found["wrong"] == {}
    assert [row["act"] for row in rows(database, audit)] == ["campaign.make"]


def test_all_that_is_wrong_with_a_file_is_listed_and_nothing_is_made(
    database: Database, people: Two, tmp_path: Path
) -> None:
    (tmp_path / "wrong.toml").write_text(FILE.replace("resume", "nowhere").replace("10", "99"), encoding="utf-8")
    said = refusal("new", "wrong.toml", "--agency", people.home.name)
    assert "nowhere" in said
    assert "99" in said
    assert rows(database, campaign) == []


def test_what_only_the_whole_plan_tells_is_listed_with_the_rest(
    database: Database, people: Two, tmp_path: Path
) -> None:
    file = FILE.replace("{{ step or 'まずは診断' }}", "{{ step }}").replace(
        "[segment]", '[segment]\nreferrals = ["ag-none"]'
    )
    (tmp_path / "wrong.toml").write_text(f'colour = "red"\n{file}', encoding="utf-8")
    said = refusal("new", "wrong.toml", "--agency", people.home.name).splitlines()
    assert [line.split(": ")[1] for line in said] == ["colour", "steps[0].a.text", "segment.referrals"]
    assert all(line.startswith("wrong.toml: ") for line in said)
    assert rows(database, campaign) == []


def test_a_file_names_ways_by_code_and_agencies_by_name(database: Database, people: Two, tmp_path: Path) -> None:
    with database.writing() as connection:
        way = referrals.add(connection, people.home.id, people.officer.id, "campaign", "会報", NOW)
    lists = f'[segment]\nreferrals = ["{way.code}"]\nagencies = ["{people.other.name}"]'
    (tmp_path / "file.toml").write_text(FILE.replace("[segment]", lists), encoding="utf-8")
    segment = data("new", "file.toml", "--agency", people.home.name)["segment"]
    assert (segment["referrals"], segment["agencies"]) == ([way.id], [people.other.id])


def test_list_and_show_tell_what_hinders_a_campaign_and_until_when_it_holds(
    database: Database, people: Two, tmp_path: Path
) -> None:
    (tmp_path / "file.toml").write_text(f"until = 2099-12-20\n{FILE}", encoding="utf-8")
    id = made(people)
    with database.writing() as connection:
        one = campaigns.get(connection, int(id))
        rules.turn(connection, one, "start", NOW)
        outreach.hinder(connection, one, "unknown", NOW)
    for said in (run("list"), run("show", id)):
        assert "2099-12-20" in said
        assert "it waits: what is left of LINE's month is not known" in said
    (listed,) = data("list")
    assert (listed["hindered"], listed["ends_on"]) == ("unknown", "2099-12-20")


def test_what_is_over_is_not_started(database: Database, people: Two, tmp_path: Path) -> None:
    (tmp_path / "file.toml").write_text(f"until = 2020-12-20\n{FILE}", encoding="utf-8")
    assert "no longer than until 2020-12-20" in refusal("start", made(people))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("new", "none.toml", "--agency", "1"), "none.toml"),
        (("new", "file.toml", "--agency", "Nobody"), "There is no agency Nobody"),
        (("new", "file.toml", "--agency", "2", "--everybody"), "only the home agency"),
        (("show", "7"), "There is no campaign 7"),
        (("pause", "7"), "There is no campaign 7"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(people: Two, arguments: tuple[str, ...], said: str) -> None:
    answer = refusal(*arguments)
    assert said in answer
    assert answer.count("\n") == 1


def test_the_preview_tells_what_stands_there_for_whom_nothing_is_known_of(people: Two) -> None:
    found = data("preview", made(people))
    assert [(one["variant"], one["reader"]) for one in found] == [
        ("a", "known"),
        ("a", "nobody"),
        ("b", "known"),
        ("b", "nobody"),
    ]
    assert found[1]["text"] == "まずは診断から、始めませんか。"
    assert found[0]["text"] != found[1]["text"]
    assert found[0]["buttons"] == ["続ける", "配信停止"]


def test_it_goes_its_way_and_every_step_stands_in_the_audit_log(database: Database, people: Two) -> None:
    id = made(people)
    assert data("start", id)["state"] == "ready"
    with database.writing() as connection:
        outreach.begin(connection, campaigns.get(connection, int(id)), NOW)
    assert data("pause", id)["state"] == "paused"
    assert data("resume", id)["state"] == "sending"
    assert data("stop", id)["state"] == "stopped"
    assert "does not lead there" in refusal("resume", id)
    acts = [row["act"] for row in rows(database, audit)]
    assert acts == [f"campaign.{act}" for act in ("make", "start", "pause", "resume", "stop")]


def test_it_starts_at_a_time_that_is_ahead(database: Database, people: Two) -> None:
    id = made(people)
    assert "over already" in refusal("start", id, "--at", "2020-01-01 10:00")
    assert "write" in refusal("start", id, "--at", "soon")
    run("start", id, "--at", "2099-01-05 10:00")
    (row,) = rows(database, campaign)
    assert (row["state"], row["starts_at"].isoformat()) == ("ready", "2099-01-05T01:00:00")


def test_a_second_person_approves_it_where_the_setting_asks_for_that(
    people: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGN_APPROVAL", "true")
    id = made(people)
    assert "approval of a second person" in refusal("start", id)
    for mail in (people.officer.mail, people.other_admin.mail):
        assert "Not approved" in refusal("approve", id, "--by", mail)
    assert data("approve", id, "--by", people.admin.mail)["approved_by"] == people.admin.id
    assert data("start", id)["state"] == "ready"


def test_a_quota_that_would_be_overrun_keeps_it_from_starting(
    database: Database, people: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = made(people)
    monkeypatch.setattr(quota, "ask", lambda settings: Quota(True, 3, ""))
    monkeypatch.setattr("storage.segments.count", lambda *given, **named: {"line": 10})
    said = refusal("start", id)
    assert "9 messages wanted, 3 left" in said, "a tenth of them is held out"
    assert data("show", id)["forecast"]["against"] == "quota"
    (row,) = rows(database, campaign)
    assert row["state"] == "draft"


def test_watching_tells_how_far_it_is(database: Database, people: Two) -> None:
    id = made(people)
    with database.writing() as connection:
        one = campaigns.get(connection, int(id))
        rules.turn(connection, one, "start", NOW)
        outreach.begin(connection, one, NOW)
    far = json.loads(run("watch", id, "--once", "--json"))
    assert (far["state"], far["sent"], far["failed"]) == ("sending", 0, {})
    assert "年末のお知らせ" in run("watch", id, "--once")
    run("stop", id)
    assert json.loads(run("watch", id, "--json"))["state"] == "stopped", "it ends with the campaign"


def test_the_list_names_them_all(people: Two, database: Database) -> None:
    made(people)
    run("new", "file.toml", "--agency", people.other.name)
    assert [one["agency"] for one in data("list")] == [people.home.name, people.other.name]
    with database.reading() as connection:
        assert len(agencies.all_of(connection)) == 2


def pictured(folder: Path, name: str, alt: str = "体験会のチラシ") -> str:
    """A file of a campaign beside it, whose second variant has this picture."""
    words = f'alt = "{alt}"\n' if alt else ""
    text = FILE.replace('text = "こんにちは。"', f'text = "こんにちは。"\npicture = "{name}"\n{words}')
    (folder / "file.toml").write_text(text, encoding="utf-8")
    return "file.toml"


def test_a_picture_beside_the_file_goes_along(database: Database, people: Two, tmp_path: Path) -> None:
    Image.new("RGB", (2080, 1000), "red").save(tmp_path / "Flyer.PNG")
    found = data("new", pictured(tmp_path, "Flyer.PNG"), "--agency", people.home.name)
    (row,) = rows(database, flyer)
    assert (row["campaign_id"], row["alt"], row["width"], row["height"]) == (found["id"], "体験会のチラシ", 1040, 500)
    letter = found["steps"][0]["letters"]["b"]
    assert (letter["picture"], letter["alt"]) == (row["token"], "体験会のチラシ")
    shown = data("preview", str(found["id"]))
    assert [one["alt"] for one in shown] == ["", "", "体験会のチラシ", "体験会のチラシ"]
    assert run("preview", str(found["id"])).count("(picture: 体験会のチラシ)") == 2


@pytest.mark.parametrize("name", ["none.png", "../secret.png", "inner/../../secret.png", "link.png", "folder.png"])
def test_a_picture_is_looked_for_nowhere_but_beside_the_file(people: Two, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    Image.new("RGB", (9, 9)).save(tmp_path / "secret.png")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "folder.png").mkdir()
    said = refusal("new", f"mine/{pictured(folder, name)}", "--agency", people.home.name)
    assert said == "file.toml: steps[0].b.picture: is no file beside this one\n"


def test_what_is_wrong_with_a_picture_is_told_with_the_rest(database: Database, people: Two, tmp_path: Path) -> None:
    (tmp_path / "flyer.png").write_bytes(b"GIF89a")
    said = refusal("new", pictured(tmp_path, "flyer.png", ""), "--agency", people.home.name)
    assert "steps[0].b.alt: is missing" in said
    assert "steps[0].b.picture: is neither JPEG nor PNG" in said
    assert rows(database, campaign) == rows(database, flyer) == []
