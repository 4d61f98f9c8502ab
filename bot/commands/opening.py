"""What commands open before they do anything; each ends with one line where something is wrong with it."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

# The rest is imported where it is needed: `banso --help` should not load a web server.
if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.settings import Settings
    from dialogs.content import Content
    from storage import Database

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True, slots=True)
class Work:
    """What a command works with: all that it writes is one transaction."""

    connection: "Connection"
    content: "Content"
    settings: "Settings"
    now: "datetime"


def fail(line: str) -> NoReturn:
    """End with one line that says what is wrong."""
    print(line, file=sys.stderr)
    raise SystemExit(1)


def show(data: Any, lines: Iterable[str], as_json: bool) -> None:
    """Print the data as JSON, or the lines that tell the same."""
    if as_json:
        print(json.dumps(data, ensure_ascii=False, indent=2))
        return
    for line in lines:
        print(line)


@contextmanager
def working() -> "Iterator[Work]":
    """A transaction to work in; ends with the one line that says why something can't be done."""
    from sqlalchemy.exc import OperationalError

    from bot.clock import utc_now
    from bot.experts import WrongInput

    settings, database, content = everything()
    try:
        with _keys_that_fit(), database.writing() as connection:
            yield Work(connection, content, settings, utc_now())
    except WrongInput as error:
        fail(str(error))
    except OperationalError:
        fail("The database is away, or somebody else has just changed the same booking. Nothing was done; try again.")
    finally:
        database.close()


def settings() -> "Settings":
    """The settings; ends with one line where one of them is wrong."""
    from pydantic import ValidationError

    from bot.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        fail("; ".join(f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()))


def everything(*, any_key: bool = False) -> tuple["Settings", "Database", "Content"]:
    """Settings, migrated database and content; ends with one line where one of them is wrong.

    With `any_key`, it is also opened where it is sealed with other keys than ours.
    """
    from sqlalchemy.exc import DBAPIError

    from storage import Database, migrate, sealing, seals

    known = settings()
    sealing.use(known.keys())
    found = content()
    try:
        migrate(known.database_url)
    except (DBAPIError, OSError) as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        fail(f"The database can't be opened or written ({shown(known.database_url)}): {reason}")
    database = Database(known.database_url)
    if not any_key:
        try:
            with _keys_that_fit(), database.reading() as connection:
                seals.probe(connection)
        except SystemExit:
            database.close()
            raise
    return known, database, found


@contextmanager
def _keys_that_fit() -> "Iterator[None]":
    """Ends with the one line that says which key is missing."""
    from storage.sealing import NoKey

    try:
        yield
    except NoKey as error:
        fail(f"The database is sealed with the key {error.name}, which neither DATA_KEYS nor var/data_key has.")


def content() -> "Content":
    """The content; ends with its problems where it contradicts itself."""
    from dialogs.content import packaged
    from knowledge.problems import ContentError

    try:
        return packaged()
    except ContentError as error:
        fail(f"The content contradicts itself (see banso content check):\n{error}")


def shown(url: str) -> str:
    """The address of a database without its password."""
    from sqlalchemy import make_url

    return make_url(url).render_as_string(hide_password=True)
