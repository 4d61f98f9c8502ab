"""A campaign sent by two processes, one of them killed twice, and recipients frozen; beside the platforms' bounds."""

import argparse
import json
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import insert, text

from benchmarks.databases import on_disk, postgresql, sqlite
from benchmarks.measuring import head, show
from bot.app import make_app
from bot.clock import utc_now
from bot.serving import Server
from bot.settings import PUSHED
from dialogs.content import packaged
from dialogs.letters import Letter, Step
from storage import Database, agencies, campaigns, sealing
from storage.campaigns import Campaign
from storage.schema import owner
from tests.serving import KEY, settings_for
from tests.standin import HERE

ROOT = Path(__file__).parents[1]
LINE, TELEGRAM, REQUESTS, FROZEN = 20_000, 3_000, 50, 150_000
# Telegram's own limit, and the part of all requests that fails.
TELEGRAM_REQUESTS, FAULTS = 30, 0.05
# A Tuesday in the morning, by Japan's clock: letters go out by day only.
MORNING = datetime(2026, 12, 1, 1, 0)  # noqa: DTZ001 - UTC without zone, as everywhere
SAME, OWN = Letter("お知らせです。", (("つづける", "resume"),)), Letter("{{ agency }}からのお知らせです。")
PATIENCE = 900
# A server makes its search ready after it has begun to answer, which keeps two processors busy for a while.
WARM = 20
# Made-up owners, numbered, by statements that both databases know.
NUMBERS = "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :most) "
NOW = f"'{MORNING:%Y-%m-%d %H:%M:%S.%f}'"
CHANNEL = "CASE WHEN n < :line THEN 'line' ELSE 'telegram' END"
DIGITS = "substr('00000000000000000000000000000000', 1, 32 - length(CAST(n AS TEXT))) || CAST(n AS TEXT)"
ADDRESS = f"CASE WHEN n < :line THEN 'U' || {DIGITS} ELSE CAST(n + 1 AS TEXT) END"
FILLED = tuple(
    f"INSERT INTO {into} {NUMBERS} SELECT :first + n, {values} FROM numbers WHERE n >= :{since}"  # noqa: S608 - our own
    for into, values, since in (
        ("owner (id, tag, record, turns, made_at, seen_at)", f"'000000', :record, 0, {NOW}, {NOW}", "second"),
        ("contact (owner_id, channel, account, address, made_at)", f"{CHANNEL}, 'bot', {ADDRESS}, {NOW}", "none"),
        (
            "journey (owner_id, channel, stands, answered, seen_at, came_at, outreach_at)",
            f"{CHANNEL}, '', 0, {NOW}, {NOW}, {NOW}",
            "none",
        ),
    )
)


def fill(database: Database, line: int, telegram: int) -> Campaign:
    """Put in so many made-up owners who want news, and a campaign to all of them: half get the same, half their own."""
    with database.writing() as connection:
        person = {"tag": "000000", "record": {}, "turns": 0, "made_at": MORNING, "seen_at": MORNING}
        first: int = connection.execute(insert(owner).values(person).returning(owner.c.id)).scalar_one()
        # Sealed once, and not for each of them.
        record = connection.execute(text("SELECT record FROM owner WHERE id = :id"), {"id": first}).scalar_one()
        for statement in FILLED:
            given = {"first": first, "most": line + telegram, "line": line, "record": record, "second": 1, "none": 0}
            connection.execute(text(statement), given)
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT setval('owner_id_seq', :last)"), {"last": first + line + telegram})
        home = agencies.add(connection, "見本", MORNING)
        steps = (Step(0, {"a": SAME, "b": OWN}),)
        one = campaigns.add(connection, home.id, None, "bench", MORNING, everybody=True, steps=steps)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    return one


# ---------------------------------------------------------------- freezing


def freezing(name: str, url: str, count: int) -> None:
    """(j) Freezing recipients in one statement, and the memory that it takes."""
    with closing(Database(url)) as database:
        one = fill(database, count, 0)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with database.writing() as connection:
            start = time.perf_counter()
            frozen = campaigns.freeze(connection, one, list(PUSHED), MORNING)
            seconds = time.perf_counter() - start
        assert frozen == count
        more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    show(f"(j) {name}: {count:,} recipients frozen", f"{seconds:6.1f} s, {more:.0f} MB more in our process")


# ---------------------------------------------------------------- sending


@dataclass
class Platforms:
    """The platforms' stand-in, in a process of its own."""

    url: str

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """What it answers."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.url}{path}", data, timeout=120) as answer:  # noqa: S310 - our own
            return json.load(answer)


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def platforms(requests: int) -> Iterator[Platforms]:
    """The stand-in, which refuses more than so many requests a second as LINE does."""
    port = _free()
    with subprocess.Popen([sys.executable, str(HERE), "--port", str(port), "--line-rps", str(requests)]) as process:
        played = Platforms(f"http://127.0.0.1:{port}")
        while process.poll() is None:
            try:
                played.ask("/_violations")
                break
            except OSError:
                time.sleep(0.1)
        yield played
        process.kill()


def serve(url: str, there: str, requests: int, ahead: float) -> None:
    """Serve, with a clock that is ahead by so many seconds."""
    settings = settings_for(
        "https://banso.example",
        line_channel_secret="s",  # noqa: S106 - of the stand-in
        line_channel_access_token="t",  # noqa: S106
        line_api_url=f"{there}/line",
        line_requests_per_second=str(requests),
        telegram_bot_token="1:t",  # noqa: S106
        telegram_webhook_secret="s",  # noqa: S106
        telegram_api_url=f"{there}/telegram",
    )
    app = make_app(Database(url), packaged(), settings, lambda: utc_now() + timedelta(seconds=ahead))
    config = uvicorn.Config(app, port=_free(), log_level="error", access_log=False)
    Server(config, partial(print, "ready", flush=True)).run()


def _begin(url: str, there: str, requests: int, ahead: float) -> "subprocess.Popen[bytes]":
    arguments = ["serve", url, there, str(requests), str(ahead)]
    command = [sys.executable, "-m", "benchmarks.campaigns", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)


def sending(name: str, url: str, line: int, telegram: int, requests: int, processes: int) -> None:
    """(k) A campaign to so many, with faults, and a process killed when a third, and two thirds, are sent."""
    if not HERE.exists():
        show(f"(k) {name}", "the platforms' stand-in is not there (shared/platforms beside this folder)")
        return
    with closing(Database(url)) as database, platforms(requests) as played:
        one = fill(database, line, telegram)
        ahead = (MORNING - utc_now()).total_seconds()
        running = [_begin(url, played.url, requests, ahead) for _ in range(processes)]
        try:
            for process in running:
                assert process.stdout
                assert process.stdout.readline(), "a server has ended"
            time.sleep(WARM)
            with database.writing() as connection:
                campaigns.turn(connection, one.id, "ready", MORNING, starts_at=MORNING)
            start = time.time()
            kills = [(line + telegram) * part // 3 for part in (1, 2)]
            played.ask("/_faults", {"fail": FAULTS})
            while (sent := _sent(database, one)) < line + telegram:
                if kills and sent >= kills[0]:
                    kills.pop(0)
                    running[0].send_signal(signal.SIGKILL)
                    running[0].wait()
                    running[0] = _begin(url, played.url, requests, ahead)
                time.sleep(1)
                assert time.time() - start < PATIENCE, "it does not end"
        finally:
            for process in running:
                process.terminate()
                process.wait()
        _figures(name, played, line, telegram, requests, start)


def _sent(database: Database, one: Campaign) -> int:
    with database.reading() as connection:
        return campaigns.delivered(connection, one.id).get("sent", 0)


def _figures(name: str, played: Platforms, line: int, telegram: int, requests: int, start: float) -> None:
    calls = played.ask("/_calls")
    got: Counter[str] = Counter()
    last = {"line": start, "telegram": start}
    made: Counter[str] = Counter()
    for call in calls:
        if not call["method"].endswith(("/push", "/multicast", "sendMessage")):
            continue
        # A request over the limit was made too soon: it is none of those that the limit lets through.
        made[call["platform"]] += call["status"] != 429
        if call["status"] == 200:
            to = call["body"].get("to") or str(call["body"]["chat_id"])
            got.update([to] if isinstance(to, str) else to)
            last[call["platform"]] = max(last[call["platform"]], call["at"])
    refused = Counter(call["status"] for call in calls)
    often = Counter(got[f"U{n:032}"] for n in range(line))
    heard = Counter(got[str(n + 1)] for n in range(line, line + telegram))
    assert often == ({1: line} if line else {}), often
    assert not heard[0], heard
    assert not played.ask("/_violations")
    for platform, count, bound in (("line", line, requests), ("telegram", telegram, TELEGRAM_REQUESTS)):
        seconds, least = last[platform] - start, made[platform] / bound
        words = f"{seconds:6.1f} s for {count:,} ({made[platform]:,} requests; at {bound} a second {least:.1f} s)"
        show(f"(k) {name}: {platform}, from the start to the last", f"{words}: {seconds / least:.3f}x")
    show("    each on LINE exactly once; on Telegram more than once", f"{telegram - heard[1]:6,}")
    show("    answers of the platforms, by status", ", ".join(f"{n:,} × {code}" for code, n in sorted(refused.items())))


def campaign(folder: Path, line: int, telegram: int, requests: int, frozen: int) -> None:
    """Print the figures of campaigns."""
    head(f"Campaigns: {line:,} on LINE, {telegram:,} on Telegram, {FAULTS:.0%} faults, two kills; {frozen:,} frozen")
    freezing("SQLite", sqlite(folder, "frozen"), frozen)
    with postgresql(folder) as url:
        freezing("PostgreSQL", url, frozen)
    with postgresql(folder) as url:
        sending("PostgreSQL, two processes", url, line, telegram, requests, 2)


def main() -> None:
    """Measure campaigns alone."""
    sealing.use([KEY])
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5]))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    for name, size in (("line", LINE), ("telegram", TELEGRAM), ("requests", REQUESTS), ("frozen", FROZEN)):
        parser.add_argument(f"--{name}", type=int, default=size)
    with on_disk() as folder:
        campaign(folder, **vars(parser.parse_args()))


if __name__ == "__main__":
    main()
