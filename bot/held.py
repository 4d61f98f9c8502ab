"""What is due or dead in the outbox, as an operator sees it and deals with it (`banso outbox`)."""

from collections.abc import Iterator

from bot.clock import utc_now
from storage import Database, outbox
from storage.outbox import Held


def lines(database: Database, most: int) -> Iterator[str]:
    """One line a row, and one that says so where there is none."""
    with database.reading() as connection:
        held = outbox.held(connection, most)
    yield from map(_line, held)
    if not held:
        yield "Nothing is due, and nothing is dead."
    elif len(held) == most:
        yield f"… the oldest {most}; more with --most."


def _line(row: Held) -> str:
    when = f"due {row.due_at:%Y-%m-%d %H:%M:%S} UTC" if row.due_at else "not tried again"
    why = f" ({row.error})" if row.error else ""
    made = f"made {row.made_at:%Y-%m-%d %H:%M} UTC"
    return f"{row.id}  {row.channel:8}  {row.state}  {made}  {when}, {row.attempts} tries{why}"


def retry(database: Database, id: str | None) -> int:
    """Have a row tried at once, or all dead ones; gives how many."""
    with database.writing() as connection:
        return outbox.retry(connection, id, utc_now())


def drop(database: Database, id: str | None) -> int:
    """Never send a row, or any dead one; gives how many."""
    with database.writing() as connection:
        return outbox.drop(connection, id, utc_now())
