"""Setting up the platforms: webhooks, menus and texts over there, and what is left to do by hand."""

import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from bot.settings import Settings

TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("bot.setup", "."),
    undefined=jinja2.StrictUndefined,
    autoescape=jinja2.select_autoescape(["svg.j2"], default=False),
    trim_blocks=True,
    lstrip_blocks=True,
)

# Takes each line as it becomes true.
Tell = Callable[[str], None]


class SetupError(Exception):
    """What keeps a platform from being set up: one line for the operator that says what to do."""


def require(settings: Settings, platform: str) -> None:
    """Refuse where settings are missing."""
    if missing := settings.missing(platform):
        raise SetupError(f"Not set: {', '.join(missing)}. Put what is missing into .env (docs/{platform}.md says how).")


def webhook(settings: Settings, platform: str) -> str:
    """The address that the platform is to send to; refuses one that none of them takes."""
    if not settings.public_url.startswith("https://"):
        remedy = "Set it to the https address under which this server is reached from outside."
        raise SetupError(f"PUBLIC_URL is {settings.public_url}, and platforms send to https only. {remedy}")
    return f"{settings.public_url}/webhooks/{platform}"


def by_hand(platform: str, **values: Any) -> str:
    """The steps that no programme can take, in the order in which they are best taken."""
    return TEMPLATES.get_template(f"{platform}.txt.j2").render(values).strip()


@cache
def texts() -> dict[str, Any]:
    """What owners see of Banso outside the conversation, from texts.toml."""
    return tomllib.loads(Path(__file__).with_name("texts.toml").read_text(encoding="utf-8"))
