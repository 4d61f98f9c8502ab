"""The platforms, one module each: authentic, parse, render, send; and which of them are on."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from bot.settings import PLATFORMS, Settings

if TYPE_CHECKING:
    from bot.pictures import Pictures
    from bot.platforms.platform import Platform
    from dialogs.phrases import Phrases


def switched_on(settings: Settings, pictures: "Pictures", phrases: "Phrases") -> Mapping[str, "Platform"]:
    """The platforms whose settings are there, by channel. The others' libraries, which are large, are not loaded."""
    on = [channel for channel in PLATFORMS if not settings.missing(channel)]
    modules = {channel: import_module(f"{__name__}.{channel}") for channel in on}
    return {
        channel: getattr(module, channel.capitalize())(settings, settings.public_url, pictures, phrases)
        for channel, module in modules.items()
    }
