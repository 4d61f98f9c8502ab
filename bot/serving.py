"""The web server: one process or several on one port, which tells when it listens."""

import os
import socket
import tempfile
from collections.abc import Callable
from functools import partial

import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

# A worker that takes longer to start has failed.
LONGEST_START_SECONDS = 60
# Set for the worker processes, which make the app by themselves (see application).
PUBLIC_URL = "PUBLIC_URL"


class Server(uvicorn.Server):
    """A server that calls `ready` once it takes requests: an address that is told before then leads nowhere."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if not self.should_exit:
            self.ready()


class Workers(Multiprocess):
    """Processes that serve one port, replaced when they die; calls `ready` once the first of them takes requests."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], ready: Callable[[], object]) -> None:
        super().__init__(config, sockets)
        self.ready = ready

    def init_processes(self) -> None:
        """Start them."""
        super().init_processes()
        if self.processes[0].wait_until_ready(LONGEST_START_SECONDS, self.should_exit):
            self.ready()


def serve(host: str, port: int, workers: int, address: str) -> None:
    """Serve until stopped; `address` is where owners find it."""
    os.environ[PUBLIC_URL] = address
    # No access log: result addresses are as good as keys, and belong in no log.
    config = uvicorn.Config(
        "bot.serving:application",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=3,
    )
    ready = partial(print, f"Banso is ready: {address}/  (stop with Ctrl+C)", flush=True)
    if workers == 1:
        Server(config, ready).run()
        return
    with tempfile.TemporaryDirectory(prefix="banso-") as folder:
        # Read when prometheus-client is first imported, by each worker.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        Workers(config, [config.bind_socket()], ready).run()


def application() -> Starlette:
    """The app of one process, made from the settings."""
    from bot.app import make_app
    from bot.logs import configure
    from bot.settings import Settings
    from dialogs.content import packaged
    from storage import Database

    configure()
    settings = Settings()
    return make_app(Database(settings.database_url), packaged(), settings)
