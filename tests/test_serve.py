"""`banso serve` as an operator starts it: several processes on one port, and which platforms are off."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2

from bot.settings import Settings
from tests.serving import SECRET

ROOT = Path(__file__).parents[1]
SERVE = [sys.executable, "-c", "from bot.cli import main; main()", "serve"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_two_workers_say_once_that_they_are_ready_and_end_when_told(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    empty = dict.fromkeys((name.upper() for name in Settings.model_fields), "")
    environment = empty | {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": database_url,
        "PUBLIC_URL": address,
        "SECRET_KEY": SECRET,
        "LINE_CHANNEL_SECRET": "only one of two",
    }
    command = [*SERVE, "--port", str(port), "--workers", "2"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        said = [server.stdout.readline() for _ in range(5)]
        assert said == [
            "LINE is off: LINE_CHANNEL_ACCESS_TOKEN not set (docs/line.md)\n",
            "Telegram is off: TELEGRAM_BOT_TOKEN and TELEGRAM_WEBHOOK_SECRET not set (docs/telegram.md)\n",
            "Slack is off: SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET not set (docs/slack.md)\n",
            "Mail is off: SMTP_HOST and MAIL_FROM not set (docs/mail.md)\n",
            f"Banso is ready: {address}/  (stop with Ctrl+C)\n",
        ]
        for _ in range(8):
            assert httpx2.get(f"{address}/readyz").status_code == 200
        assert httpx2.get(f"{address}/?c=poster").status_code == 200
        assert 'banso_events_total{channel="web"} 1.0' in httpx2.get(f"{address}/metrics").text
        server.send_signal(signal.SIGTERM)
        assert server.wait() == 0
        assert server.stdout.read() == ""
