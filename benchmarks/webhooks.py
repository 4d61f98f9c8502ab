"""Webhooks as LINE sends them, over HTTP to `banso serve`, with what is sent back; beside a server without a turn."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiohttp
import uvicorn
from linebot.v3.webhook import SignatureValidator
from sqlalchemy import func, select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from benchmarks.measuring import show
from bot.serving import Server
from storage import Database
from storage.schema import outbox
from tests.phones import line_webhook

ROOT = Path(__file__).parents[1]
OWNERS, ROUNDS = 200, 15
WORKERS = (1, 2)
PORT = 8399
SECRET = "line-secret"  # noqa: S105 - of the phones in tests


@dataclass
class Line:
    """LINE's side: takes every message at once and counts them."""

    taken: int = 0
    url: str = ""
    drained: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        body = b'{"sentMessages":[{"id":"1","quoteToken":"q"}]}'
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        try:
            while True:
                asked = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in asked.lower().split(b"\r\n") if line.startswith(b"content-length"))
                await reader.readexactly(int(length.split(b":")[1]))
                self.taken += b"/message/" in asked
                writer.write(head + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.close()


@asynccontextmanager
async def line() -> AsyncIterator[Line]:
    """LINE on a free port."""
    played = Line()
    server = await asyncio.start_server(played.serve, "127.0.0.1", 0)
    played.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield played


@contextmanager
def served(arguments: list[str], environment: dict[str, str]) -> Iterator[str]:
    """The address of a server in a process of its own, which says "ready" when it is."""
    command = [sys.executable, *arguments]
    surroundings = os.environ | environment
    with subprocess.Popen(command, env=surroundings, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        while "ready" not in (said := process.stdout.readline()):
            assert said, "the server has ended"
        try:
            yield f"http://127.0.0.1:{PORT}"
        finally:
            process.terminate()


async def owner(client: aiohttp.ClientSession, address: str, name: str, n: int) -> list[float]:
    """One owner, who opens the chat and answers question after question; how soon each was acknowledged, in ms."""
    times = []
    for event in range(ROUNDS):
        words = {"type": "message", "message": {"type": "text", "id": "1", "text": "1", "quoteToken": "q"}}
        common = {
            "webhookEventId": f"{name}-{n}-{event}",
            "timestamp": 1_790_000_000_000 + event,
            "mode": "active",
            "replyToken": f"{name}-{n}-{event}",
            "source": {"type": "user", "userId": f"U{name}{n:04}"},
        }
        body, headers = line_webhook([common | words])
        start = time.perf_counter()
        async with client.post(f"{address}/webhooks/line", data=body, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
        times.append((time.perf_counter() - start) * 1000)
    return times


async def crowd(address: str, name: str) -> tuple[float, list[float]]:
    """All owners at once; gives turns a second, and how long each was acknowledged after."""
    connector = aiohttp.TCPConnector(limit=OWNERS)
    async with aiohttp.ClientSession(connector=connector) as client:
        start = time.perf_counter()
        times = await asyncio.gather(*(owner(client, address, name, n) for n in range(OWNERS)))
        seconds = time.perf_counter() - start
    return OWNERS * ROUNDS / seconds, [one for each in times for one in each]


def due(url: str) -> int:
    """How many rows are still to be sent."""
    database = Database(url)
    with database.reading() as connection:
        left = connection.execute(select(func.count()).where(outbox.c.state == "due")).scalar_one()
    database.close()
    return left


async def delivered(url: str) -> None:
    """Until nothing is to be sent any more; nobody tells, so it is looked up."""
    while due(url):  # noqa: ASYNC110
        await asyncio.sleep(0.02)


async def turns(name: str, url: str, workers: int) -> None:
    """Turns a second of `banso serve` over this database, and how soon all was delivered."""
    async with line() as played:
        environment = {
            "DATABASE_URL": url,
            "PUBLIC_URL": "https://banso.example",
            "SECRET_KEY": "x" * 40,
            "LINE_CHANNEL_SECRET": SECRET,
            "LINE_CHANNEL_ACCESS_TOKEN": "token",
            "LINE_API_URL": played.url,
        }
        arguments = ["-c", "from bot.cli import main; main()", "serve", "--port", str(PORT), "--workers", str(workers)]
        with served(arguments, environment) as address:
            await crowd(address, f"w{workers}")  # warms up
            await delivered(url)
            start = time.perf_counter()
            speed, times = await crowd(address, f"m{workers}")
            await delivered(url)
            seconds = time.perf_counter() - start
    figures(f"{name}, {workers} worker{'s' if workers > 1 else ''}", speed, times)
    show("    answered and delivered, in all", f"{OWNERS * ROUNDS / seconds:6,.0f} turns a second")
    assert played.taken >= 2 * OWNERS * ROUNDS, "not every answer arrived"


def figures(name: str, speed: float, times: list[float]) -> None:
    """Print what a crowd met."""
    hundredths = statistics.quantiles(times, n=100)
    show(f"{name}: acknowledged", f"{speed:6,.0f} turns a second")
    show("    each within", f"{hundredths[49]:6.0f} ms (median), {hundredths[98]:.0f} ms (99 in 100; aim: 1,000)")


async def floor() -> None:
    """The same webhooks to a server that checks the signature and reads the body, and does nothing else."""
    with served(["-m", "benchmarks.webhooks"], {}) as address:
        await crowd(address, "w")
        figures("floor: signature and JSON alone, 1 worker", *await crowd(address, "f"))


async def acknowledge(request: Request) -> Response:
    """What the floor does with a webhook."""
    body = await request.body()
    signature = request.headers["x-line-signature"]
    authentic = SignatureValidator(SECRET).validate(body.decode(), signature)
    json.loads(body)
    return PlainTextResponse("", 200 if authentic else 401)


if __name__ == "__main__":
    app = Starlette(routes=[Route("/webhooks/line", acknowledge, methods=["POST"])])
    config = uvicorn.Config(app, port=PORT, log_level="error", access_log=False)
    Server(config, partial(print, "ready", flush=True)).run()
