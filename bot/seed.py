"""The demo's experts, who are made up and say so."""

import tomllib
from datetime import datetime
from pathlib import Path

from bot import experts
from dialogs.content import Content
from storage import Database, contacts, owners
from storage import experts as kept
from storage.experts import Expert

FILE = Path(__file__).with_name("seed.toml")
# Those of every one of them: a meeting may begin within the hour, on holidays too.
ALWAYS = {"notice": 0, "buffer": 0, "per_day": 12, "on_holidays": True}


def seed(database: Database, content: Content, now: datetime) -> list[Expert]:
    """The made-up experts, put into a database in which nobody has been yet; none where others are, who may be real."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["experts"]
    with database.writing() as connection:
        if not owners.any_there(connection):
            for row in rows:
                given = {name: value for name, value in row.items() if name != "name"}
                made = experts.add(connection, content, row["name"], ALWAYS | given, now)
                # Nobody but who tries the demo is told of anything.
                contacts.add(connection, made.owner_id, contacts.PAGE, contacts.PAGE_ACCOUNT, made.token, now)
        there = kept.all_of(connection)
    return there if {one.name for one in there} <= {row["name"] for row in rows} else []
