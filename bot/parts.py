"""What the app is made of, for the modules of its pages."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import anyio
from starlette.requests import Request

from bot import metrics
from bot.calendars import Calendars
from bot.delivery import Delivery
from bot.desk.figures import Figures
from bot.drawing import Drawing
from bot.intake import Intake
from bot.links import Links
from bot.oidc import Provider
from bot.pictures import Pictures
from bot.platforms import web
from bot.platforms.platform import Platform
from bot.turn import Event, Taken
from dialogs.content import Content
from storage import Database
from storage.retention import Limits

# A page that waits looks again so often, in case another process took the turn it waits for.
LOOK_AGAIN_SECONDS = 5.0


class Arrivals:
    """Wakes the pages that wait for an owner's next turn."""

    def __init__(self) -> None:
        self._waiting: dict[int, set[asyncio.Event]] = {}

    def announce(self, owner_id: int) -> None:
        """A turn of this owner has been taken."""
        for event in self._waiting.get(owner_id, ()):
            event.set()

    async def wait(self, arrival: asyncio.Event, closing: anyio.Event) -> None:
        """Wait for an arrival, for the server to close, or until it is time to look again."""
        waiting = [asyncio.create_task(event.wait()) for event in (arrival, closing)]
        await asyncio.wait(waiting, timeout=LOOK_AGAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        arrival.clear()

    @contextlib.contextmanager
    def listening(self, owner_id: int) -> Iterator[asyncio.Event]:
        """An event that is set at each turn of this owner, for as long as the block lasts."""
        event = asyncio.Event()
        self._waiting.setdefault(owner_id, set()).add(event)
        try:
            yield event
        finally:
            self._waiting[owner_id].discard(event)
            if not self._waiting[owner_id]:
                del self._waiting[owner_id]


@dataclass(slots=True)
class Parts:
    """What the app is made of; the routes find it in `request.app.state.parts`."""

    database: Database
    content: Content
    intake: Intake
    cookies: web.Cookies
    links: Links
    drawing: Drawing
    pictures: Pictures
    calendars: Calendars
    platforms: Mapping[str, Platform]
    delivery: Delivery
    public_url: str
    secure: bool
    limits: Limits
    # How members sign in: by password, at the provider, or by either.
    passwords: bool = True
    provider: Provider | None = None
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    arrivals: Arrivals = field(default_factory=Arrivals)
    figures: Figures = field(default_factory=Figures)

    def take(self, event: Event) -> "asyncio.Future[Taken]":
        """Have an event taken, and wake the pages that wait for its answer and whoever sends it."""
        taking = asyncio.wrap_future(self.intake.submit(event))
        taking.add_done_callback(self._taken)
        metrics.EVENTS.labels(event.channel).inc()
        return taking

    def _taken(self, taking: "asyncio.Future[Taken]") -> None:
        if not taking.cancelled() and not taking.exception():
            self.told(taking.result())

    def told(self, taken: Taken) -> None:
        """A turn was taken: wake who waits for it."""
        self.arrivals.announce(taken.owner_id)
        self.delivery.wake()


def parts_of(request: Request) -> Parts:
    """The parts of the app that serves this request."""
    parts: Parts = request.app.state.parts
    return parts
