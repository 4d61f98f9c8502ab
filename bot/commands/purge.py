"""`banso purge`: what is kept no longer, taken away now or only counted."""

from typing import Annotated

import typer

from bot.commands.opening import AsJson, everything, show


def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    json_: AsJson = False,
) -> None:
    """Take away what is kept no longer (RETENTION_…_MONTHS); the server does so every night."""
    from bot.clock import utc_now
    from bot.purge import at_once
    from storage import retention

    settings, database, _ = everything()
    limits, now = settings.retention(), utc_now()
    if dry_run:
        with database.reading() as connection:
            counts = retention.count(connection, limits, now)
    else:
        counts = at_once(database, limits, now)
    database.close()
    show(counts, [f"{number:8,}  {name}" for name, number in counts.items()], json_)
