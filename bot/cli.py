"""The command line: `banso demo`, `serve`, `chat`, `migrate` and `content`."""

import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

# The rest is imported by the commands that need it: `banso --help` should not load a web server.
if TYPE_CHECKING:
    from bot.settings import Settings
    from dialogs.content import Content
    from storage import Database

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Banso, a chat companion for small businesses.")
content_app = typer.Typer(no_args_is_help=True, help="The content: questionnaire, phrases, advice.")
app.add_typer(content_app, name="content")

FIRST_PORT, LAST_PORT = 8000, 8020


def main() -> None:
    """Run the command line."""
    app()


def fail(line: str) -> NoReturn:
    """End with one line that says what is wrong."""
    print(line, file=sys.stderr)
    raise SystemExit(1)


@app.command()
def demo() -> None:
    """Make the database under var/ and serve the chat on this machine, on the first free port from 8000."""
    port = next((port for port in range(FIRST_PORT, LAST_PORT + 1) if _free("127.0.0.1", port)), None)
    if port is None:
        fail(f"No port from {FIRST_PORT} to {LAST_PORT} is free. Stop what uses one, or: banso serve --port N")
    _serve("127.0.0.1", port, public_url=f"http://127.0.0.1:{port}")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
) -> None:
    """Serve the chat; settings come from the environment or .env (see .env.example)."""
    if not _free(host, port):
        fail(f"Port {port} on {host} is taken. Stop what uses it, or choose another with --port.")
    _serve(host, port)


def _free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _serve(host: str, port: int, public_url: str | None = None) -> None:
    import uvicorn

    from bot.app import make_app
    from bot.logs import configure
    from bot.serving import Server

    settings, database, content = _open()
    configure()
    address = public_url or settings.public_url
    application = make_app(database, content, secret=settings.secret(), public_url=address)
    # No access log: result addresses are as good as keys, and belong in no log.
    config = uvicorn.Config(
        application, host=host, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=3
    )
    Server(config, ready=lambda: print(f"Banso is ready: {address}/  (stop with Ctrl+C)", flush=True)).run()


@app.command()
def chat(
    name: Annotated[str, typer.Option("--as", help="Whose conversation to go on with.")] = "local",
) -> None:
    """Have the conversation in this terminal."""
    from bot.terminal import converse

    settings, database, content = _open()
    converse(database, content, settings, name, sys.stdin, sys.stdout)


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    settings, database, _ = _open()
    database.close()
    print(f"The database is up to date: {_shown(settings.database_url)}")


@content_app.command()
def check() -> None:
    """List every problem of the content, with file, place and remedy."""
    from bot.content import problems

    found = problems()
    for problem in found:
        print(problem)
    if found:
        fail(f"{len(found)} problem(s) in the content.")
    print("The content is in order.")


@content_app.command()
def preview(
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("var/preview.html"),
) -> None:
    """Write every screen to one HTML page."""
    from bot.preview import write

    _content()
    screens = write(out)
    print(f"{screens} screens: {out}")


def _open() -> tuple["Settings", "Database", "Content"]:
    """Settings, migrated database and content; ends with one line where one of them is wrong."""
    from pydantic import ValidationError
    from sqlalchemy.exc import DBAPIError

    from bot.settings import Settings
    from storage import Database, migrate

    try:
        settings = Settings()
    except ValidationError as error:
        fail("; ".join(f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()))
    content = _content()
    try:
        migrate(settings.database_url)
    except (DBAPIError, OSError) as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        fail(f"The database can't be opened or written ({_shown(settings.database_url)}): {reason}")
    return settings, Database(settings.database_url), content


def _content() -> "Content":
    """The content; ends with its problems where it contradicts itself."""
    from dialogs.content import packaged
    from knowledge.problems import ContentError

    try:
        return packaged()
    except ContentError as error:
        fail(f"The content contradicts itself (see banso content check):\n{error}")


def _shown(url: str) -> str:
    from sqlalchemy import make_url

    return make_url(url).render_as_string(hide_password=True)
