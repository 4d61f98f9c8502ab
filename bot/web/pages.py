"""The pages of the chat and of the result as HTML."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
from itertools import groupby
from pathlib import Path

import jinja2
from markupsafe import Markup

from bot.case import OPEN_FOR
from bot.desk.hiding import FEWEST
from bot.platforms.fitting import abreast
from bot.qr import MARGIN, code_of
from bot.web.result import ResultView
from dialogs import presses
from dialogs.content import NOTICE
from dialogs.events import Toggled
from dialogs.messages import Button, Message
from knowledge import faq
from knowledge.reference import Desk
from scheduler.days import FAREWELL, JAPAN, day_in_japan, year_words
from scoring.look import look
from scoring.result import ENOUGH_PEERS
from storage.retention import Limits

STATIC = Path(__file__).with_name("static")


@dataclass(frozen=True, slots=True)
class Entry:
    """One turn as it is shown: what the owner said ("" for nothing), then what the bot answered."""

    turn: int
    said: str = ""
    messages: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """A platform on which a conversation can go on; `address` opens it and brings the code along, where it can."""

    channel: str
    address: str | None


@dataclass(frozen=True, slots=True)
class Chat:
    """Where the owner of a page has their chat: in this browser (`own`), on a platform, or nobody knows ("").

    `address` opens it on the platform, where it can be opened.
    """

    own: bool = True
    channel: str = ""
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a mail, in full."""

    label: str
    url: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """One message as a mail has it; with the address of a `picture`, the text is the words for it."""

    text: str
    picture: str | None = None
    links: tuple[Link, ...] = ()


def chat_page(entries: Sequence[Entry], *, tag: str = "", lost: bool = False) -> str:
    """The chat with the turns so far; `lost` where the browser's earlier conversation could not be found.

    `tag` is the conversation's, by which the page knows when another takes its place.
    """
    return _render("chat.html", entries=entries, tag=tag, lost=lost)


def fragment(entry: Entry) -> str:
    """One turn, as it stands in the chat page and as it is sent to a page that is open."""
    return _render("turn.html", entry=entry)


def result_page(view: ResultView, chat: Chat = Chat(), beside: str = "") -> str:
    """The page of a result, for the screen and for one A4; `beside` is the agency that helped to answer, if any."""
    return _render("result.html", view=view, chat=chat, beside=beside)


def link_page(
    code: str, until: datetime, minutes: int, ways: Sequence[Way], *, own: bool, site: str, event: str
) -> str:
    """The ways in which a conversation can go on elsewhere by a code, which is good until then (UTC, without zone).

    `own` tells that the code was made in this browser's conversation, `site` is the address of the whole site, `event`
    the id of what the form does.
    """
    return _render("link.html", code=code, until=until, minutes=minutes, ways=ways, own=own, site=site, event=event)


def enter_page(typed: str = "") -> str:
    """Where a code is typed; with what was `typed` before, where that is no code."""
    return _render("enter.html", typed=typed)


def notice_page(limits: Limits) -> str:
    """The full notice on personal data, which are kept for so long."""
    return _render(
        "notice.html",
        enough=ENOUGH_PEERS,
        farewell_hours=FAREWELL // timedelta(hours=1),
        case_days=OPEN_FOR.days,
        months=limits,
        few=FEWEST,
        version=date.fromisoformat(NOTICE),
    )


def answer_page(entry: faq.Entry, desk: Desk, today: date) -> str:
    """One answer of the FAQ as a page of its own."""
    parts = [(heading, getattr(entry, key)) for key, heading in faq.HEADINGS.items()]
    ended = faq.standing(entry, today) == "ended"
    return _render("answer.html", entry=entry, desk=desk, parts=parts, ended=ended)


def confirm_page(action: str, event: str, text: str, button: Button) -> str:
    """Where a button of a mail is pressed: what the mail said, and the button as a form that goes to `action`.

    `event` is the id of what the form does.
    """
    return _render("act.html", ended=False, entry=None, action=action, event=event, text=text, button=button)


def act_page(action: str, event: str, entry: Entry) -> str:
    """What was answered on such a page, or all of what a mail said, with forms that go to `action`."""
    return _render("act.html", ended=False, entry=entry, action=action, event=event, text="", button=None)


def act_ended_page() -> str:
    """What is shown where the link of a mail can't be used any more."""
    return _render("act.html", ended=True, entry=None, action="", event="", text="", button=None)


def mail_text(pieces: Sequence[Piece], foot: str) -> str:
    """A mail as plain text."""
    return _render("mail.txt.j2", pieces=pieces, foot=foot).strip() + "\n"


def mail_page(subject: str, pieces: Sequence[Piece], foot: str) -> str:
    """A mail as HTML, with all of its look in it."""
    return _render("mail.html.j2", subject=subject, pieces=pieces, foot=foot).lstrip()


def deleted_page() -> str:
    """What is shown once a result was deleted."""
    return _render("deleted.html")


def problem_page(kind: str, *, desk: bool = False) -> str:
    """A kind word and a way back; `kind` is "not_found", "gone", "ended", "busy", "too_large" or "method".

    `desk` is for who uses the desk of an agency.
    """
    return _render("problem.html", kind=kind, desk=desk)


def page(template: str, **values: object) -> str:
    """A page of bot/web/templates, with what it shows (bot/web/experts.py)."""
    return _render(template, **values)


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
        abreast=abreast,
        asset=_asset,
        clock=_clock,
        date=day_in_japan,
        day=year_words,
        paragraphs=_paragraphs,
        qr=_qr,
        regions=_regions,
        value=_toggled_value,
    )
    environment.globals["look"] = look()
    return environment


@cache
def _asset(name: str) -> str:
    """The address of a static file, which its contents are part of: no browser keeps an old one after an update."""
    return f"/static/{name}?v={sha256((STATIC / name).read_bytes()).hexdigest()[:8]}"


def _clock(at: datetime) -> str:
    """A time (UTC, without zone) as clocks in Japan show it."""
    there = at.replace(tzinfo=UTC).astimezone(JAPAN)
    return f"{there.hour}時{there.minute:02}分"


def _qr(address: str) -> Markup:
    """A QR code as SVG, with the margin that cameras want."""
    return Markup(code_of(address).svg_inline(border=MARGIN, omitsize=True, svgclass=None, lineclass=None))  # noqa: S704


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
