"""Processes that deliver, for tests to kill (see tests/processes.py, whose server of processes imports this, too)."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot import delivery, outreach, timing
from bot.delivery import Delivery
from bot.drawing import Drawing
from bot.house import House
from bot.intake import Intake
from bot.links import Links
from bot.pictures import Pictures
from bot.platforms.line import Line
from dialogs.content import packaged
from storage import Database
from tests.serving import SECRET, settings_for
from tests.taking import NOW

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized


def deliver(url: str, line_url: str, name: str, clock: Synchronized[float], keys: bool, ticks: bool = False) -> None:
    """Deliver until killed; LINE knows this process by its access token, `name`. The clock is the test's.

    Without `keys` each attempt goes under a key of its own. With `ticks` it prepares campaigns and fires timers, too.
    """
    delivery.LOOK_AGAIN_SECONDS = 0.02
    if not keys:
        delivery._key = lambda id, part: uuid.uuid4()
    database, content = Database(url), packaged()
    settings = settings_for(
        "https://banso.example", line_channel_secret="s", line_channel_access_token=name, line_api_url=line_url
    )
    pictures = Pictures(database, Drawing(content), Links(SECRET), settings.public_url)

    def now() -> datetime:
        return NOW + timedelta(seconds=clock.value)

    async def run() -> None:
        line = Line(settings, settings.public_url, pictures, content.phrases)
        await line.start()
        intake = Intake(database, content, now, House(lambda owner_id: f"/me/{owner_id}", letters_a_week=99))
        intake.start()
        Delivery(intake, {"line": line}, now).start()
        while ticks:
            await asyncio.to_thread(outreach.tick, intake)
            await asyncio.to_thread(timing.fire, intake, now)
        await asyncio.Event().wait()

    asyncio.run(run())
