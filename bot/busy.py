"""Experts' own calendars, read from an address of theirs, so that nobody is booked where they are busy."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import AF_UNSPEC, AddressFamily
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

import aiohttp
import recurring_ical_events
import structlog
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver
from icalendar import Calendar, Component, Event

from bot import metrics
from bot.calendars import host
from bot.intake import Clock
from bot.settings import Settings
from scheduler.experts import HORIZON, Span
from storage import Database, experts
from storage.experts import Expert

# A calendar is read so often, and one that could not be read is tried again so soon.
EVERY, AGAIN = timedelta(minutes=15), timedelta(minutes=2)
SECONDS = 10.0
LARGEST = 2 * 1024 * 1024
REDIRECTS = 3
# Whatever repeats so often is no meeting, and takes too long to count.
TOO_OFTEN = ("SECONDLY", "MINUTELY")
# All-day and floating times lie up to so far off what they are in UTC.
APART = timedelta(days=1)

log = structlog.get_logger()

Fetch = Callable[[str, bool], Awaitable[bytes]]


class Unreadable(Exception):
    """Why a calendar can't be read, in words with nothing of its address or of what stands in it."""


def refresh(database: Database, clock: Clock, settings: Settings, fetch_one: Fetch | None = None) -> int:
    """Read the calendars that it is time for; gives how many. Those that can't be read leave their experts unbooked."""
    now = clock()
    with database.writing() as connection:
        due = experts.claim_calendars(connection, now, EVERY, AGAIN)
    for one, fetched in zip(due, asyncio.run(_fetched(due, settings, fetch_one or fetch)), strict=True):
        spans, error = _read(one, fetched, now, host(settings.public_url))
        with database.writing() as connection:
            experts.keep_calendar(connection, one, now, spans, error)
        metrics.CALENDARS.labels("failed" if error else "read").inc()
        if (error is None) != (one.busy_error is None):
            log.log(30 if error else 20, "calendar", expert=one.id, error=error)
    return len(due)


async def _fetched(due: Sequence[Expert], settings: Settings, fetch_one: Fetch) -> list[bytes | BaseException]:
    private = settings.calendars_from_private_networks
    wanted = (fetch_one(one.profile.busy_url, private) for one in due)
    return await asyncio.gather(*wanted, return_exceptions=True)


def _read(one: Expert, fetched: bytes | BaseException, now: datetime, ours: str) -> tuple[list[Span], str | None]:
    """What an expert's calendar holds, and why it can't be read."""
    try:
        if isinstance(fetched, BaseException):
            raise fetched
        return read(fetched, one.profile.zone, now - APART, now + HORIZON + APART, ours), None
    except Unreadable as error:
        return [], str(error)
    except Exception as error:
        # A defect of ours, or of a library: an operator finds the trace.
        log.exception("calendar", expert=one.id)
        return [], f"defect: {type(error).__name__}"


# ---------------------------------------------------------------- fetching


async def fetch(url: str, private: bool = False) -> bytes:
    """What stands at an address; raises Unreadable.

    Only https, and no address within this network, where whoever names it could look at what is not theirs; `private`
    allows both.
    """
    try:
        async with asyncio.timeout(SECONDS):
            connector = aiohttp.TCPConnector(resolver=_Resolver(private), use_dns_cache=False)
            async with aiohttp.ClientSession(connector=connector) as session:
                return await _followed(session, url, private)
    except TimeoutError:
        raise Unreadable(f"no answer within {SECONDS:.0f} s") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        # The error's own words hold the address.
        raise Unreadable(f"no connection: {type(error).__name__}") from None


async def _followed(session: aiohttp.ClientSession, url: str, private: bool) -> bytes:
    for _ in range(REDIRECTS + 1):
        _expect_allowed(url, private)
        async with session.get(url, allow_redirects=False) as response:
            if 300 <= response.status < 400 and "location" in response.headers:
                url = urljoin(url, response.headers["location"])
            elif response.status == 200:
                return await _whole(response)
            else:
                raise Unreadable(f"answered with status {response.status}")
    raise Unreadable(f"led on more than {REDIRECTS} times")


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for piece in response.content.iter_chunked(64 * 1024):
        body += piece
        if len(body) > LARGEST:
            raise Unreadable(f"more than {LARGEST // 1024 // 1024} MB")
    return body


def _expect_allowed(url: str, private: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise Unreadable("not https")
    try:
        address = ip_address(parts.hostname or "")
    except ValueError:
        # A name, which the resolver looks up.
        return
    if not (private or _public(address)):
        raise Unreadable("within a private network")


def _public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast


class _Resolver(AbstractResolver):
    """Looks names up, and leaves out what is not public: what is checked is what is connected to."""

    def __init__(self, private: bool) -> None:
        self._private = private
        self._resolver = DefaultResolver()

    async def resolve(self, host: str, port: int = 0, family: AddressFamily = AF_UNSPEC) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        allowed = [one for one in found if self._private or _public(ip_address(one["host"]))]
        if not allowed:
            raise Unreadable("within a private network")
        return allowed

    async def close(self) -> None:
        await self._resolver.close()


# ---------------------------------------------------------------- reading


def read(ics: bytes, zone: str, since: datetime, until: datetime, ours: str = "") -> list[Span]:
    """When somebody is busy between two moments, in order; raises Unreadable. All times are UTC without zone.

    Days and times without a zone are by the clock of `zone`. What we have put in ourselves, known by ids that end with
    @ and `ours`, is left out: it is counted as a booking already.
    """
    try:
        spans = {span for calendar in _calendars(ics) for span in _spans(calendar, ZoneInfo(zone), since, until, ours)}
    except Unreadable:
        raise
    except Exception as error:
        # The library raises whatever comes of what it can't make sense of, and quotes it.
        raise Unreadable(f"no calendar that makes sense: {type(error).__name__}") from None
    return sorted(span for span in spans if span[0] < span[1] and span[0] < until and span[1] > since)


def _calendars(ics: bytes) -> Iterable[Component]:
    found = Calendar.from_ical(ics, multiple=True)
    if not found or any(one.name != "VCALENDAR" for one in found):
        raise Unreadable("no calendar")
    return found


def _spans(calendar: Component, zone: ZoneInfo, since: datetime, until: datetime, ours: str) -> Iterator[Span]:
    for event in calendar.walk("VEVENT"):
        if isinstance(event, Event) and any(rule.get("FREQ", [""])[0] in TOO_OFTEN for rule in event.rrules):
            raise Unreadable("something repeats every minute")
    window = (at.replace(tzinfo=UTC) for at in (since - APART, until + APART))
    for event in recurring_ical_events.of(calendar).between(*window):
        if _counts(event, ours):
            yield _utc(event.start, zone), _utc(event.end, zone)


def _counts(event: Event, ours: str) -> bool:
    """Whether somebody who has this in their calendar is busy."""
    mine = bool(ours) and str(event.get("UID", "")).endswith(f"@{ours}")
    free = "FREE" in (event.get("X-MICROSOFT-CDO-BUSYSTATUS"), event.get("X-MICROSOFT-CDO-INTENDEDSTATUS"))
    return not (mine or free or event.get("TRANSP") == "TRANSPARENT" or event.get("STATUS") == "CANCELLED")


def _utc(at: date, zone: ZoneInfo) -> datetime:
    if not isinstance(at, datetime):
        at = datetime.combine(at, time())
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC).replace(tzinfo=None)
