"""The command line: `banso demo`, `serve`, `chat` and `migrate`; `content`, `outbox`, `setup`, `line` and `faq`."""

import os
import socket
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import agency, booking, campaign, expert, keys, member, opening, purge, stats

# The rest is imported by the commands that need it: `banso --help` should not load a web server.
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Banso, a chat companion for small businesses.")
content_app = typer.Typer(no_args_is_help=True, help="The content: questionnaire, phrases, advice.")
app.add_typer(content_app, name="content")
outbox_app = typer.Typer(no_args_is_help=True, help="What is said to owners and not sent, or not yet.")
app.add_typer(outbox_app, name="outbox")
setup_app = typer.Typer(no_args_is_help=True, help="Setting up LINE, Telegram and Slack.")
app.add_typer(setup_app, name="setup")
line_app = typer.Typer(no_args_is_help=True, help="LINE.")
app.add_typer(line_app, name="line")
faq_app = typer.Typer(no_args_is_help=True, help="The questions that owners ask, and their answers.")
app.add_typer(faq_app, name="faq")
app.add_typer(agency.app, name="agency")
app.add_typer(member.app, name="member")
app.add_typer(expert.app, name="expert")
app.add_typer(booking.app, name="booking")
app.add_typer(campaign.app, name="campaign")
app.add_typer(stats.app, name="stats")
app.add_typer(keys.app, name="keys")
app.command()(purge.purge)

FIRST_PORT, LAST_PORT = 8000, 8020


def main() -> None:
    """Run the command line."""
    app()


@app.command()
def demo() -> None:
    """Make the database under var/ and serve the chat on this machine, on the first free port from 8000.

    A new database is given people who are made up: three experts, two agencies, and owners who have been there.
    """
    port = next((port for port in range(FIRST_PORT, LAST_PORT + 1) if _free("127.0.0.1", port)), None)
    if port is None:
        opening.fail(f"No port from {FIRST_PORT} to {LAST_PORT} is free. Stop what uses one, or: banso serve --port N")
    address = f"http://127.0.0.1:{port}"
    _seed(address)
    _serve("127.0.0.1", port, public_url=address)


def _seed(address: str) -> None:
    """Put the made-up people into a new database, and say where their pages are."""
    from dataclasses import replace

    from bot.clock import utc_now
    from bot.house import house
    from bot.links import Links
    from bot.seed import seed

    settings, database, content = opening.everything()
    rules = replace(house(settings, Links(settings.secret())), site=address, demo=True)
    seeded = seed(database, content, rules, utc_now())
    database.close()
    if not seeded.experts:
        print("No sample people: this database has been in use. Set DATABASE_URL to a new one to have them.")
        return
    # Read by the process that serves, as by any it may start.
    os.environ["DEMO"] = "true"
    print("Experts to try, all made up; what they see of bookings:")
    for one in seeded.experts:
        print(f"  {one.name}  {address}/x/{one.token}")
    print(f"The desk of two agencies that are made up, too; sign in there by one tap: {address}/desk", flush=True)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that serve; more than one want PostgreSQL.")] = 1,
) -> None:
    """Serve the chat and the platforms; settings come from the environment or .env (see .env.example)."""
    if not _free(host, port):
        opening.fail(f"Port {port} on {host} is taken. Stop what uses it, or choose another with --port.")
    _serve(host, port, workers=workers)


def _free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _serve(host: str, port: int, public_url: str | None = None, workers: int = 1) -> None:
    from bot import serving
    from bot.settings import PUSHED

    settings, database, _ = opening.everything()
    database.close()
    settings.secret()  # made here, once, where none is set yet
    address = public_url or settings.public_url
    for platform in PUSHED:
        if missing := settings.missing(platform):
            name = "LINE" if platform == "line" else platform.capitalize()
            print(f"{name} is off: {' and '.join(missing)} not set (docs/{platform}.md)", flush=True)
    serving.serve(host, port, workers, address)


@app.command()
def chat(
    name: Annotated[str, typer.Option("--as", help="Whose conversation to go on with.")] = "local",
) -> None:
    """Have the conversation in this terminal."""
    from bot.terminal import converse

    settings, database, content = opening.everything()
    converse(database, content, settings, name, sys.stdin, sys.stdout)


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    settings, database, _ = opening.everything()
    database.close()
    print(f"The database is up to date: {opening.shown(settings.database_url)}")


@outbox_app.command("list")
def list_outbox(most: Annotated[int, typer.Option(help="How many rows at the most.")] = 50) -> None:
    """List what is due and what is dead (refused, or not sent within a day), the oldest first."""
    from bot import held

    _, database, _ = opening.everything()
    for line in held.lines(database, most):
        print(line)


ROW = typer.Argument(help="The row, as `banso outbox list` names it; without it, all that are dead.")


@outbox_app.command()
def retry(id: Annotated[str, ROW] = "") -> None:
    """Try a row again at once, or all that are dead."""
    from bot import held

    _, database, _ = opening.everything()
    print(f"{held.retry(database, id or None)} to be tried again.")


@outbox_app.command()
def drop(id: Annotated[str, ROW] = "") -> None:
    """Never send a row, or any that is dead; what was said stays in the conversation."""
    from bot import held

    _, database, _ = opening.everything()
    print(f"{held.drop(database, id or None)} dropped.")


@content_app.command()
def check() -> None:
    """List every problem of the content, with file, place and remedy."""
    from bot.content import problems

    found = problems()
    for problem in found:
        print(problem)
    if found:
        opening.fail(f"{len(found)} problem(s) in the content.")
    print("The content is in order.")


@content_app.command()
def preview(
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("var/preview.html"),
) -> None:
    """Write every screen to one HTML page."""
    from bot.preview import write

    opening.content()
    screens = write(out)
    print(f"{screens} screens: {out}")


@setup_app.command("line")
def setup_line() -> None:
    """Set LINE's webhook and rich menu, and say what is left to do by hand; it may be run again."""
    from bot.setup import line

    with _refusals():
        line.set_up(opening.settings(), print)


@setup_app.command("telegram")
def setup_telegram() -> None:
    """Set Telegram's webhook, commands and profile, and say what is left to do by hand; it may be run again."""
    from bot.setup import telegram

    with _refusals():
        telegram.set_up(opening.settings(), print)


@setup_app.command("slack")
def setup_slack(
    out: Annotated[Path, typer.Option(help="The manifest to write.")] = Path("var/slack-manifest.json"),
) -> None:
    """Write the manifest of the Slack app, check its token, and say what is left to do by hand; it may be run again."""
    from bot.setup import slack

    with _refusals():
        slack.set_up(opening.settings(), out, print)


@line_app.command()
def quota() -> None:
    """Show how many messages of the month are left, by LINE's figures and by Banso's own count."""
    from bot.clock import utc_now
    from bot.setup import line
    from storage import outbox

    settings, database, _ = opening.everything()

    def counted(since: "datetime") -> int:
        with database.reading() as connection:
            return outbox.pushes(connection, "line", since)

    with _refusals():
        line.quota(settings, counted, utc_now(), print)


ENTRIES = typer.Option(help='Search these instead: a file of {"id", "question", "answer"} lines.')
BATCH = typer.Option(help='Search for each of these: a file of {"id", "query"} lines. Prints a line of JSON for each.')


@faq_app.command("search")
def search_faq(
    query: Annotated[str, typer.Argument(help="What an owner asks.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many results at the most.")] = 5,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    batch: Annotated[Path | None, BATCH] = None,
    entries: Annotated[Path | None, ENTRIES] = None,
) -> None:
    """Search the entries as the chat does."""
    import json

    from bot import faq

    with _content_problems():
        collection = faq.collection(entries)
        if batch:
            for row in faq.batch(collection, batch, limit):
                print(json.dumps(row, ensure_ascii=False))
            return
        found = faq.found(collection, query, limit)
    if json_:
        print(json.dumps(found, ensure_ascii=False))
        return
    print("Confident." if found["confident"] else "Not confident.")
    for one in found["results"]:
        print(f"{one['score']:6.2f}  {one['id']}  {one['title']}")


@faq_app.command("review")
def review_faq() -> None:
    """What of the answers wants looking after: what ends, what is unchecked, unlisted, wrong, or asked in vain."""
    from bot.clock import utc_now
    from bot.review import review
    from knowledge.pages import pages
    from scheduler.days import day_in_japan

    _, database, content = opening.everything()
    now = utc_now()
    for line in review(database, content.faq, pages(), now, day_in_japan(now)):
        print(line)


@faq_app.command("import")
def import_faq(file: Annotated[Path, typer.Argument(help="CSV, as `banso faq export` writes it.")]) -> None:
    """Write the entries of a table; where anything is wrong with them, list it all and write nothing."""
    from bot import faq

    with _content_problems():
        changed = faq.take_in(file)
    print(f"{len(changed)} entries written.")


@faq_app.command("export")
def export_faq(out: Annotated[Path, typer.Argument(help="The file to write.")] = Path("var/faq.csv")) -> None:
    """Write all entries as a table for a spreadsheet (CSV, UTF-8 with BOM)."""
    from bot import faq

    with _content_problems():
        table = faq.export()
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(table)
    print(f"Written: {out}")


@contextmanager
def _content_problems() -> "Iterator[None]":
    """Ends with every problem of the content, or with the one line that says which file can't be read or written."""
    from knowledge.problems import ContentError

    try:
        yield
    except ContentError as error:
        opening.fail(str(error))
    except OSError as error:
        opening.fail(f"{error.filename}: {error.strerror}")


@contextmanager
def _refusals() -> "Iterator[None]":
    """Ends with the one line that says what keeps a platform from being set up."""
    from bot.setup import SetupError

    try:
        yield
    except SetupError as error:
        opening.fail(str(error))
