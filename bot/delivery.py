"""Delivery: rows of the outbox on their way to LINE, Telegram and Slack.

A row is claimed in one short transaction, sent outside any, and what became of it is kept in another. Who dies between
leaves a claim that ends by itself, and the row is sent again under the same key.
"""

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot import metrics
from bot.intake import Clock, Intake
from bot.lastlook import last_look
from bot.platforms.failures import Busy, Failure, Gone, Refused, Unanswered, Unusable
from bot.platforms.platform import Part, Place, Platform, Sending
from dialogs.messages import from_json
from scheduler.paces import LIFE, again_after, paced
from storage import outbox, outreach, owners, paces, talks
from storage.outbox import Claimed, Settled

# A sending is broken off when it has taken as long as the platform allows, and the claim ends this much later: so no
# two processes ever send a row at the same time.
MARGIN = timedelta(seconds=2)
# What would have to wait longer than this for its turn is left to be claimed again.
HORIZON = timedelta(seconds=1)
# Rows that a process has on their way at the same time, and how many of these must be free for it to claim more: so
# that a claim is worth its commit.
AT_ONCE, WORTHWHILE = 200, 25
# So often it looks for what other processes, or earlier failures, have left.
LOOK_AGAIN_SECONDS = 1.0
# What is on its way when the server stops has so long to arrive.
CLOSING_SECONDS = 3.0
ERROR_LIMIT = 200
# Spreads repetitions; processes started together must not draw alike.
CHANCE = random.SystemRandom()

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Lot:
    """A claimed row, the requests it makes (None where it can't be rendered), and when the first may be made."""

    row: Claimed
    reply: str
    parts: list[Part] | None
    start: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a lot: the requests made in all, what they cost, and the failure that ended it, if any.

    `place` is where the contact is from now on, where that is elsewhere.
    """

    parts: int
    pushed: int
    free_at: datetime | None
    failure: Failure | None = None
    place: Place | None = None


def lease(sending_seconds: float) -> timedelta:
    """How long a claim lasts, where a sending takes so long at the most."""
    return timedelta(seconds=sending_seconds) + MARGIN


class Delivery:
    """Sends what is due on these platforms. Begun by `start` in a running event loop, ended by `stop`."""

    def __init__(
        self,
        intake: Intake,
        platforms: Mapping[str, Platform],
        clock: Clock,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.intake = intake
        self.platforms = platforms
        self.clock = clock
        self.pause = pause
        self._woken = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None
        self._closing = False

    def start(self) -> None:
        """Begin to send."""
        if self.platforms:
            self._loop = asyncio.create_task(self._run())

    def wake(self) -> None:
        """There is something to send."""
        self._woken.set()

    async def stop(self) -> None:
        """Claim nothing more, and wait a moment for what is on its way."""
        # Not cancelled: a thread that looks into the database would go on without anybody to end it.
        self._closing = True
        self.wake()
        if self._loop:
            await self._loop
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=CLOSING_SECONDS)
        for task in self._under_way:
            task.cancel()

    async def _run(self) -> None:
        while not self._closing:
            self._woken.clear()
            try:
                lots = await self._claimed()
            except SQLAlchemyError as error:
                # The database is away; what is due waits for it.
                log.error("delivery", error=type(error).__name__)
                lots = []
            except Exception:
                # A defect of ours: were the loop to end by it, nobody would be answered any more.
                log.exception("delivery")
                lots = []
            for lot in lots:
                task = asyncio.create_task(self._deliver(lot))
                self._under_way.add(task)
                task.add_done_callback(self._delivered)
            if not lots and not self._closing:
                await self._wait()

    async def _wait(self) -> None:
        """Until there may be something to send."""
        try:
            async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            pass

    def _delivered(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        # There is room for another, and what was said next to the same contact can go out now.
        self.wake()

    async def once(self) -> int:
        """Send what can be sent now; gives how many rows were tried."""
        lots = await self._claimed()
        await asyncio.gather(*(self._deliver(lot) for lot in lots))
        return len(lots)

    # ------------------------------------------------------------ claiming

    async def _claimed(self) -> list[Lot]:
        room = AT_ONCE - len(self._under_way)
        if room < WORTHWHILE or not await asyncio.to_thread(self._any_due):
            return []
        return await asyncio.wrap_future(self.intake.write(lambda connection: self.claim(connection, room)))

    def _any_due(self) -> bool:
        # Looked up without the write lock, which whoever takes an event needs.
        with self.intake.database.reading() as connection:
            return outbox.any_due(connection, list(self.platforms), self.clock())

    def claim(self, connection: Connection, most: int) -> list[Lot]:
        """Claim rows, and reserve for each when its requests may be made; those not soon enough are given back."""
        now = self.clock()
        ready: list[Lot] = []
        for channel, platform in self.platforms.items():
            room = self._room(connection, platform, most - len(ready), now)
            if not room:
                continue
            claimed = outbox.claim(connection, channel, now, now + lease(platform.sending_seconds), room)
            cap = self.intake.house.letters_a_week
            if claimed := last_look(connection, claimed, cap, now):
                ready += self._paced(connection, platform, [self._lot(row, now) for row in claimed], now)
        return ready

    def _room(self, connection: Connection, platform: Platform, most: int, now: datetime) -> int:
        """How many rows are worth claiming: as many as can begin soon; none until that is a part of what can."""
        soon = paces.room(
            connection, platform.channel, rate=platform.rate, burst=platform.burst, now=now, until=now + HORIZON
        )
        if soon is None:
            return most
        return min(most, soon) if soon >= min(most, platform.rate * HORIZON.total_seconds() / 4) else 0

    def _paced(self, connection: Connection, platform: Platform, lots: list[Lot], now: datetime) -> list[Lot]:
        until = now + HORIZON
        starts = paces.reserve(
            connection,
            platform.channel,
            [len(lot.parts or ()) for lot in lots],
            rate=platform.rate,
            burst=platform.burst,
            now=now,
            until=until,
        )
        for n, start in self._crowds(connection, platform, lots, now).items():
            starts[n] = max(start, there) if start and (there := starts[n]) else None
        outbox.give_back(
            connection, [(lot.row.id, until) for lot, start in zip(lots, starts, strict=True) if start is None]
        )
        return [Lot(lot.row, lot.reply, lot.parts, start) for lot, start in zip(lots, starts, strict=True) if start]

    def _crowds(
        self, connection: Connection, platform: Platform, lots: list[Lot], now: datetime
    ) -> dict[int, datetime | None]:
        """When lots may begin that are for many at once, by their place: they have a pace of their own besides."""
        crowds = [n for n, lot in enumerate(lots) if lot.row.crowd]
        if not crowds:
            return {}
        key, costs = f"{platform.channel}:crowd", [len(lots[n].parts or ()) for n in crowds]
        rate = platform.crowd_rate
        starts = paces.reserve(connection, key, costs, rate=rate, burst=1, now=now, until=now + HORIZON)
        return dict(zip(crowds, starts, strict=True))

    def _lot(self, row: Claimed, now: datetime) -> Lot:
        platform = self.platforms[row.channel]
        fresh = now - row.made_at < timedelta(seconds=platform.reply_seconds)
        reply = row.reply if fresh and not row.parts else ""
        try:
            parts = platform.render([from_json(message) for message in row.messages], reply)
        except Exception:
            # A defect of ours in one message must not hold up all others.
            log.exception("render", channel=row.channel, row=row.id)
            return Lot(row, reply, None, now)
        return Lot(row, reply, parts, now)

    # ------------------------------------------------------------ sending

    async def _deliver(self, lot: Lot) -> None:
        outcome = await self.send(lot)
        settled = self._settled(lot.row, outcome)
        metrics.SENDINGS.labels(lot.row.channel, settled["state"]).inc()
        try:
            await asyncio.wrap_future(
                self.intake.write(lambda connection: self._keep(connection, lot, outcome, settled))
            )
        except SQLAlchemyError as error:
            # The claim ends by itself, and the row is sent again under the same key.
            log.error("delivery", error=type(error).__name__, row=lot.row.id)
            return
        if settled["state"] == "due" and lot.row.attempts == 1 and not lot.row.campaign_id:
            await self.platforms[lot.row.channel].waiting(lot.row.address)

    async def send(self, lot: Lot) -> Outcome:
        """Make the requests of a lot that were not made yet, as far as one after the other succeeds."""
        row, platform = lot.row, self.platforms[lot.row.channel]
        parts, pushed, free_at = row.parts, 0, row.free_at
        place: Place | None = None
        failure: Failure | None = None if lot.parts is not None else Refused("it can't be rendered")
        try:
            async with asyncio.timeout(platform.sending_seconds):
                for sending, part in self._requests(lot):
                    start, free_at = paced(
                        free_at, 1, rate=platform.contact_rate, burst=platform.contact_burst, now=self.clock()
                    )
                    await self._until(max(start, lot.start))
                    made = await platform.send(part, replace(sending, address=place.address) if place else sending)
                    if isinstance(made, Place):
                        place = made
                    else:
                        pushed += made
                    parts += 1
        except Failure as failed:
            failure = failed
        except TimeoutError:
            failure = Unanswered("it took too long")
        except Exception as error:
            # A defect of ours, or of a library: the message is kept, and an operator finds the trace.
            log.exception("send", channel=row.channel, row=row.id)
            failure = Unanswered(f"defect: {type(error).__name__}")
        return Outcome(parts, pushed, free_at, failure, place)

    def _requests(self, lot: Lot) -> Iterator[tuple[Sending, Part]]:
        row = lot.row
        for n, part in list(enumerate(lot.parts or ()))[row.parts :]:
            yield Sending(row.address, _key(row.id, n), "" if n else lot.reply, row.attempts > 1, row.crowd), part

    async def _until(self, start: datetime) -> None:
        seconds = (start - self.clock()).total_seconds()
        if seconds > 0:
            await self.pause(seconds)

    # ------------------------------------------------------------ settling

    def _settled(self, row: Claimed, outcome: Outcome) -> Settled:
        """What is kept of a row after this attempt."""
        now = self.clock()
        state, due_at = _state(outcome.failure, row, now)
        if state == "due" and now - row.made_at > LIFE:
            state, due_at = "dead", None
        return {
            "claimed": row.id,
            "claim": row.attempts,
            "state": state,
            "due_at": due_at,
            "parts": outcome.parts,
            "pushed": outcome.pushed,
            "reply": row.reply if state == "due" and not isinstance(outcome.failure, Unusable) else "",
            "error": str(outcome.failure)[:ERROR_LIMIT] if outcome.failure else None,
            "settled_at": None if state == "due" else now,
        }

    def _keep(self, connection: Connection, lot: Lot, outcome: Outcome, settled: Settled) -> None:
        outbox.settle(connection, [settled])
        if outcome.free_at and self.platforms[lot.row.channel].contact_rate:
            paces.keep(connection, f"{lot.row.channel}:{lot.row.contact_id}", outcome.free_at)
        if outcome.place:
            # In the transaction that lets the next row be claimed: it must find the thread.
            talks.move(connection, lot.row.contact_id, outcome.place.address)
        if settled["state"] == "gone" and lot.row.crowd:
            # One of many may be gone; each is then tried alone.
            outreach.scatter(connection, lot.row.id, self.clock())
        elif settled["state"] == "gone":
            owners.gone(connection, lot.row.contact_id, self.clock())
            outbox.give_up(connection, lot.row.contact_id, self.clock())


def _key(id: str, part: int) -> uuid.UUID:
    """The key of a request: the row's own for its first, and for further ones made from it."""
    return uuid.uuid5(uuid.UUID(id), str(part)) if part else uuid.UUID(id)


def _state(failure: Failure | None, row: Claimed, now: datetime) -> tuple[str, datetime | None]:
    """The state of a row after an attempt that ended so, and when it is tried again."""
    wait = again_after(row.attempts, CHANCE.random())
    match failure:
        case None:
            return "sent", None
        case Gone():
            return "gone", None
        case Refused():
            return "dead", None
        case Unusable():
            return "due", now
        case Busy(after=float() | int() as after):
            return "due", now + max(timedelta(seconds=after), wait)
        case _:
            return "due", now + wait
