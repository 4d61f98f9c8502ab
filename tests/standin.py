"""The platforms' stand-in, run within the tests: no part of Banso, so tests that need it skip where it is absent.

It keeps what it was asked, and holds each request against the platforms' published descriptions.
"""

from __future__ import annotations

import importlib.util
import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parents[2] / "shared" / "platforms" / "stand_in.py"
# A guard against waiting forever; nothing is measured by it.
PATIENCE = 20

Call = dict[str, Any]


class Calls(list[Call]):
    """The calls so far; who waits for one is told of each."""

    def __init__(self) -> None:
        super().__init__()
        self.told = threading.Condition()

    def append(self, call: Call) -> None:
        """Note a call, and tell."""
        with self.told:
            super().append(call)
            self.told.notify_all()


class StandIn:
    """LINE, Telegram and Slack, played on one port."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.calls = module.STATE.calls = Calls()
        self._server = module.Server(("127.0.0.1", 0), module.Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def settings(self) -> dict[str, str]:
        """The settings that lead to it."""
        return {
            "line_channel_secret": "line-secret",
            "line_channel_access_token": "line-token",
            "line_api_url": f"{self.url}/line",
            "telegram_bot_token": "1:telegram-token",
            "telegram_webhook_secret": "telegram-secret",
            "telegram_api_url": f"{self.url}/telegram",
            "slack_bot_token": "xoxb-token",
            "slack_signing_secret": "slack-secret",
            "slack_api_url": f"{self.url}/slack/api",
        }

    def faults(self, **faults: float | None) -> None:
        """How it is to fail: see its own description."""
        self.module.STATE.faults.update(faults)

    def violations(self) -> list[dict[str, Any]]:
        """What was wrong with any request so far."""
        found: list[dict[str, Any]] = json.loads(httpx2.get(f"{self.url}/_violations").text)
        return found

    def wait(self, since: int, wanted: Callable[[Call], bool]) -> tuple[int, Call]:
        """The first call from number `since` that is wanted, as soon as it is there; gives its number as well."""
        with self.calls.told:
            found = self.calls.told.wait_for(lambda: self._first(since, wanted), PATIENCE)
        assert found, f"nothing came; the last calls: {[_short(call) for call in self.calls[-5:]]}"
        return found

    def _first(self, since: int, wanted: Callable[[Call], bool]) -> tuple[int, Call] | None:
        return next(((n, self.calls[n]) for n in range(since, len(self.calls)) if wanted(self.calls[n])), None)

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _short(call: Call) -> str:
    return f"{call['platform']} {call['method']} {call['status']}"


def place() -> Path:
    """Where it is; the test is skipped where it is absent."""
    if not HERE.exists():
        pytest.skip("the platforms' stand-in is not there (shared/platforms beside this folder)")
    return HERE


def loaded() -> Any:
    """Its module, afresh, with all that it holds requests against."""
    spec = importlib.util.spec_from_file_location("stand_in", place())
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    """The stand-in, run afresh."""
    played = StandIn(loaded())
    yield played
    played.close()
