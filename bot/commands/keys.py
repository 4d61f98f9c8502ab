"""`banso keys`: the keys that seal personal data, and a new one in place of an old one."""

from typing import TYPE_CHECKING

import typer

from bot.commands.opening import AsJson, everything, fail, show

if TYPE_CHECKING:
    from sqlalchemy import Table

    from storage import Database

app = typer.Typer(no_args_is_help=True, help="The keys that seal names, telephone numbers and free text.")


@app.command()
def new() -> None:
    """Print a new key, for DATA_KEYS. It is kept nowhere else."""
    from storage import sealing

    print(sealing.new_key())


@app.command()
def check(json_: AsJson = False) -> None:
    """Count what is sealed with which key, and what is not sealed; keys are named by the beginning of their hash."""
    from storage import seals

    _, database, _ = everything(any_key=True)
    with database.reading() as connection:
        counts = seals.tally(connection)
    database.close()
    show(counts, [f"{n:10,}  {_described(name)}" for name, n in sorted(counts.items())] or ["Nothing is kept."], json_)


@app.command()
def rotate() -> None:
    """Seal everything with the first of DATA_KEYS, while the server runs; it may be broken off and run again."""
    from storage import sealing, seals

    _, database, _ = everything(any_key=True)
    with database.reading() as connection:
        lost = seals.tally(connection).keys() - sealing.known_keys() - {""}
    if lost:
        database.close()
        fail(f"DATA_KEYS lacks what {_many(lost)} sealed. Put it back behind the new one; nothing was changed.")
    for table in seals.COLUMNS:
        print(f"{table.name}: {_sealed(database, table):,}", flush=True)
    with database.reading() as connection:
        left = {name for name in seals.tally(connection) if name != sealing.sealing_key()}
    database.close()
    if left:
        fail(
            "Something was written with another key meanwhile: start the servers anew with these DATA_KEYS, then again."
        )
    print("All is sealed with the first key. The others can be taken out of DATA_KEYS.")


def _sealed(database: "Database", table: "Table") -> int:
    """Seal a table anew; gives of how many rows. It is gone through again for rows that were just being written."""
    from storage import seals

    total = 0
    while True:
        done, after = 0, None
        while True:
            with database.writing() as connection:
                rows, after = seals.seal_anew(connection, table, after)
            done += rows
            if after is None:
                break
        total += done
        if not done:
            return total


def _described(name: str) -> str:
    from storage import sealing

    if not name:
        return "not sealed (from before there were keys): banso keys rotate"
    if name == sealing.sealing_key():
        return f"sealed with {name}, the first of DATA_KEYS"
    return f"sealed with {name}, " + ("one of DATA_KEYS" if name in sealing.known_keys() else "which DATA_KEYS lacks")


def _many(names: "set[str]") -> str:
    return " and ".join(sorted(names))
