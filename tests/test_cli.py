"""The command line: what an operator sees, above all when something is wrong."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.settings import SECRET_FILE, Settings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own, without settings."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, lines: str = "") -> tuple[int, str]:
    """Run a command; gives its exit code and all that it printed."""
    done = CliRunner().invoke(app, arguments, input=lines)
    return done.exit_code, done.output


def test_the_database_is_made_under_var() -> None:
    code, said = run("migrate")
    assert code == 0
    assert Path("var/banso.db").exists()
    assert "var/banso.db" in said
    assert run("migrate")[0] == 0


def test_a_chat_needs_no_settings_and_keeps_its_secret_to_itself() -> None:
    code, said = run("chat", lines="1\n")
    assert code == 0
    assert "1分でざっくり" in said
    assert SECRET_FILE.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://x/y"),
        ("DATABASE_URL", "nonsense"),
        ("PUBLIC_URL", "banso.jp"),
        ("SECRET_KEY", "short"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    code, said = run("migrate")
    assert code == 1
    assert said.startswith(name)
    assert said.count("\n") == 1


def test_a_database_that_cannot_be_opened_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://banso:hush@127.0.0.1:1/banso")
    code, said = run("migrate")
    assert code == 1
    assert "can't be opened" in said
    assert "hush" not in said
    assert "Traceback" not in said


def test_a_database_in_a_place_that_is_no_folder_is_named(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "file").write_text("")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder}/file/banso.db")
    code, said = run("chat")
    assert code == 1
    assert "can't be opened" in said


def test_a_port_in_use_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, said = run("serve", "--port", str(port))
    assert code == 1
    assert re.search(rf"Port {port} .* is taken", said)


def test_every_setting_stands_in_the_example() -> None:
    example = (Path(__file__).parents[1] / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^# ([A-Z_]+)=", example, re.MULTILINE)) == {n.upper() for n in Settings.model_fields}
