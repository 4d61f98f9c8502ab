"""The platforms, one module each: authentic, parse, render, send; and which of them are on."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from bot.settings import PUSHED, Settings

if TYPE_CHECKING:
    from bot.calendars import Calendars
    from bot.pictures import Pictures
    from bot.platforms.platform import Platform
    from dialogs.phrases import Phrases

# The platforms on which a message can bring a file along, and what they call that which makes it.
WITH_FILES = {"slack": "files", "telegram": "files", "mail": "invite"}


def switched_on(
    settings: Settings, pictures: "Pictures", phrases: "Phrases", calendars: "Calendars"
) -> Mapping[str, "Platform"]:
    """The platforms whose settings are there, by channel. The others' libraries, which are large, are not loaded."""
    platforms: dict[str, Platform] = {}
    for channel in (channel for channel in PUSHED if not settings.missing(channel)):
        made = getattr(import_module(f"{__name__}.{channel}"), channel.capitalize())
        more = {WITH_FILES[channel]: calendars.file} if channel in WITH_FILES else {}
        platforms[channel] = made(settings, settings.public_url, pictures, phrases, **more)
    return platforms
