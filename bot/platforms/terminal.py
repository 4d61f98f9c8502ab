"""The terminal as a platform: the same conversation in lines of text, with numbered choices."""

from collections.abc import Sequence

import jinja2

from dialogs.messages import Message

CHANNEL = "terminal"
ACCOUNT = "chat"

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("bot.platforms", "."),
    undefined=jinja2.StrictUndefined,
    autoescape=False,  # noqa: S701 - plain text, not HTML
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(messages: Sequence[Message], public_url: str) -> str:
    """The messages as lines; links in full, since nothing here can be tapped."""
    template = _TEMPLATES.get_template("terminal.txt.j2")
    return template.render(messages=messages, public_url=public_url).strip("\n")


def greeting() -> str:
    """What the terminal says before the conversation."""
    return _TEMPLATES.get_template("terminal-greeting.txt.j2").render()
