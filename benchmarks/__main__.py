"""Run every benchmark and print its figures. They are for reading: nothing fails for being slow."""

import asyncio

from benchmarks import bookings, campaigns, desk, parts, results, turns, webhooks
from benchmarks.databases import described, filesystem, on_disk, postgresql, sqlite
from benchmarks.measuring import head, machine, show
from storage import sealing
from tests.serving import KEY


def main() -> None:
    """Measure."""
    sealing.use([KEY])
    with on_disk() as folder:
        machine(folder, filesystem(folder))
        head("Turns on SQLite (a file, WAL, synchronous=FULL)")
        turns.alone(sqlite(folder, "alone"))
        turns.among_many(folder)
        turns.at_once(sqlite(folder, "at-once"))
        for peer, speed in turns.PEERS.items():
            show(f"    {peer}", f"{speed:6,.0f} turns a second (not measured here, but on a like machine)")
        head(f"(g) LINE's webhooks over HTTP, {webhooks.OWNERS} owners at once, and what is sent back")
        asyncio.run(webhooks.floor())
        for workers in webhooks.WORKERS:
            asyncio.run(webhooks.turns("SQLite", sqlite(folder, f"webhooks-{workers}"), workers))
        with postgresql(folder) as url:
            for workers in webhooks.WORKERS:
                asyncio.run(webhooks.turns("PostgreSQL", url, workers))
            head(f"(d) Turns on PostgreSQL, on this machine too ({described(url)})")
            turns.alone(url)
            turns.at_once(url)
            head("Bookings on PostgreSQL")
            bookings.contenders(url)
        with postgresql(folder) as url:
            head(f"The desk with {desk.OWNERS:,} owners, on PostgreSQL")
            desk.pages(url)
        with postgresql(folder) as url:
            head("What a campaign did, on PostgreSQL")
            results.page(url)
        head("Bookings on SQLite")
        bookings.contenders(sqlite(folder, "bookings"))
        campaigns.campaign(folder, campaigns.LINE, campaigns.TELEGRAM, campaigns.REQUESTS, campaigns.FROZEN)
        head("Parts")
        parts.engine()
        parts.check()
        parts.drawing()


if __name__ == "__main__":
    main()
