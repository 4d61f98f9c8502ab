"""The pages of the chat and of the result as HTML."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from hashlib import sha256
from itertools import groupby
from pathlib import Path

import jinja2

from bot.web.result import ResultView
from dialogs import presses
from dialogs.events import Toggled
from dialogs.messages import Button, Message
from scheduler.days import FAREWELL, year_words
from scoring.look import look
from scoring.result import ENOUGH_PEERS

STATIC = Path(__file__).with_name("static")


@dataclass(frozen=True, slots=True)
class Entry:
    """One turn as it is shown: what the owner said ("" for nothing), then what the bot answered."""

    turn: int
    said: str = ""
    messages: tuple[Message, ...] = ()


def chat_page(entries: Sequence[Entry], *, lost: bool = False) -> str:
    """The chat with the turns so far; `lost` where the browser's earlier conversation could not be found."""
    return _render("chat.html", entries=entries, lost=lost)


def fragment(entry: Entry) -> str:
    """One turn, as it stands in the chat page and as it is sent to a page that is open."""
    return _render("turn.html", entry=entry)


def result_page(view: ResultView) -> str:
    """The page of a result, for the screen and for one A4."""
    return _render("result.html", view=view)


def notice_page() -> str:
    """The full notice on personal data."""
    return _render("notice.html", enough=ENOUGH_PEERS, farewell_hours=FAREWELL // timedelta(hours=1))


def deleted_page() -> str:
    """What is shown once a result was deleted."""
    return _render("deleted.html")


def problem_page(kind: str) -> str:
    """A kind word and a way back; `kind` is "not_found", "gone", "busy", "too_large" or "method"."""
    return _render("problem.html", kind=kind)


def _render(template: str, **values: object) -> str:
    return _environment().get_template(template).render(values)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("bot.web"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        asset=_asset, day=year_words, paragraphs=_paragraphs, regions=_regions, value=_toggled_value
    )
    environment.globals["look"] = look()
    return environment


@cache
def _asset(name: str) -> str:
    """The address of a static file, which its contents are part of: no browser keeps an old one after an update."""
    return f"/static/{name}?v={sha256((STATIC / name).read_bytes()).hexdigest()[:8]}"


def _paragraphs(text: str) -> list[str]:
    """The parts of a text that blank lines keep apart."""
    return [part.strip("\n") for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]


def _regions(buttons: Sequence[Button]) -> Iterator[tuple[str, list[Button]]]:
    """Buttons by group, in their order; a group of one is not worth unfolding, so it stands without a name."""
    for group, together in groupby(buttons, key=lambda button: button.group):
        members = list(together)
        yield group if len(members) > 1 else "", members


def _toggled_value(button: Button) -> str:
    """The value of the choice that a button of a multi-choice puts on or off."""
    action = presses.decode(button.press)
    if not isinstance(action, Toggled):
        raise ValueError(f"{button.press!r} is no choice of a multi-choice")
    return action.value
