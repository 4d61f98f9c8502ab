"""The app served for real on a free port, for tests with a browser."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn
from sse_starlette.sse import AppStatus

from bot.app import make_app
from bot.clock import utc_now
from bot.intake import Clock
from bot.serving import Server
from bot.settings import Settings
from dialogs.content import Content, packaged
from storage import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "a secret of the tests, of no worth elsewhere"
KEY = "a-key-of-the-tests-of-no-worth-elsewhere-00="


def settings_for(public_url: str, **others: str) -> Settings:
    """The settings of a server at this address, whatever the surroundings say."""
    values: dict[str, Any] = {name: field.default for name, field in Settings.model_fields.items()}
    return Settings(
        _env_file=None, **values | {"secret_key": SECRET, "data_keys": KEY, "public_url": public_url} | others
    )


@contextmanager
def serving(
    url: str,
    content: Content | None = None,
    port: int = 0,
    settings: dict[str, str] | None = None,
    clock: Clock = utc_now,
) -> Iterator[str]:
    """The address of the app over this database; stopped when the block ends."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        chosen = settings_for(**{"public_url": address} | (settings or {}))
        app = make_app(Database(url), content or packaged(), chosen, clock)
        config = uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=1)
        listening = threading.Event()
        server = Server(config, ready=listening.set)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        listening.wait()
        try:
            yield address
        finally:
            # Open streams end by themselves at a signal; a server in a thread gets none.
            AppStatus.should_exit = server.should_exit = True
            thread.join()
            AppStatus.should_exit = False
