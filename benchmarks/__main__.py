"""Run every benchmark and print its figures. They are for reading: nothing fails for being slow."""

from benchmarks import parts, turns
from benchmarks.databases import filesystem, on_disk, postgresql, sqlite, version
from benchmarks.measuring import head, machine, show


def main() -> None:
    """Measure."""
    with on_disk() as folder:
        machine(folder, filesystem(folder))
        head("Turns on SQLite (a file, WAL, synchronous=FULL)")
        turns.alone(sqlite(folder, "alone"))
        turns.among_many(folder)
        turns.at_once(sqlite(folder, "at-once"))
        show("    other bots, measured elsewhere on a like machine (turns/s)", turns.PEERS)
        with postgresql(folder) as url:
            head(f"(d) Turns on PostgreSQL {version(url)} (on this machine, fsync=on, synchronous_commit=on)")
            turns.alone(url)
            turns.at_once(url)
        head("Parts")
        parts.engine()
        parts.drawing()


if __name__ == "__main__":
    main()
