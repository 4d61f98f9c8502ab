"""The ways from a page to a chat: to that of the owner whose the page is, and to each platform."""

import asyncio

import structlog
from starlette.requests import Request

from bot.parts import Parts, parts_of
from bot.platforms import web
from bot.platforms.platform import Platform
from bot.settings import PLATFORMS
from bot.web import pages
from storage import contacts, owners

# A platform has so long to say the address of its chat.
INVITING_SECONDS = 2.0

log = structlog.get_logger()


async def chat_of(request: Request, owner_id: int) -> pages.Chat:
    """Where the owner of a page has their chat, as far as it may be told to whoever looks at the page."""
    parts = parts_of(request)
    own, channels = await asyncio.to_thread(_known, parts, parts.cookies.read(request), owner_id)
    if own:
        return pages.Chat()
    on = next((channel for channel in channels if channel in PLATFORMS and channel in parts.platforms), "")
    address = (await way(parts.platforms[on], "")).address if on else None
    return pages.Chat(own=False, channel=on, address=address)


def _known(parts: Parts, address: str | None, owner_id: int) -> tuple[bool, list[str]]:
    """Whether the browser at this address is the owner's, and the channels by which the owner is reached."""
    with parts.database.reading() as connection:
        seen = owners.find(connection, web.CHANNEL, web.ACCOUNT, address) if address else None
        return seen is not None and seen.id == owner_id, contacts.channels(connection, [owner_id])[owner_id]


async def ways(parts: Parts, code: str) -> list[pages.Way]:
    """The ways to each platform on which people talk with the bot."""
    return await asyncio.gather(*(way(parts.platforms[on], code) for on in PLATFORMS if on in parts.platforms))


def ways_found(parts: Parts, code: str) -> list[pages.Way]:
    """The same, for a page that runs in a thread."""
    return asyncio.run_coroutine_threadsafe(ways(parts, code), parts.loop).result()


async def way(platform: Platform, code: str) -> pages.Way:
    """The way to a platform; one that is slow to say its address, or fails to, is shown without."""
    try:
        async with asyncio.timeout(INVITING_SECONDS):
            return pages.Way(platform.channel, await platform.invitation(code))
    except Exception as error:
        log.warning("invitation", channel=platform.channel, error=type(error).__name__)
        return pages.Way(platform.channel, None)
