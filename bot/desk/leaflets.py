"""Leaflets on one A4 each: what an agency hands to owners, with the code by which they come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from bot.desk.visits import Page, Visit
from scheduler.days import day_in_japan
from storage import agencies
from storage.agencies import Agency
from storage.referrals import Invitation, Referral

# How large a leaflet is set, by how many letters are to be said besides what stands on every one (leaflet.css).
HUGE, TYPES = 30, {"large": 60, "medium": 150}


@dataclass(frozen=True, slots=True)
class Leaflet:
    """What stands on one leaflet: its code, and whom, until when or to what event it invites, where it is for that."""

    code: str
    address: str
    name: str = ""
    until: date | None = None
    event: Referral | None = None

    def type(self, agency: Agency) -> str:
        """How large it is set, for all of it to be on one page."""
        event = f"{self.event.name}{self.event.place}" if self.event else ""
        letters = sum(map(_width, (agency.name, agency.ask, self.name, event)))
        if letters <= HUGE and not (self.name or self.event):
            return "huge"
        return next((size for size, room in TYPES.items() if letters <= room), "small")


def _width(text: str) -> float:
    """How wide a text is, in letters of Japanese."""
    return len(text.encode("cp932", "replace")) / 2


def address_of(visit: Visit, code: str) -> str:
    """Where a code leads whoever opens it."""
    return f"{visit.parts.public_url}/link/{code}"


def of_way(visit: Visit, way: Referral) -> Leaflet:
    """The leaflet of a way that anybody may use."""
    return Leaflet(way.code, address_of(visit, way.code), event=way if way.kind == "event" else None)


def of_invitation(visit: Visit, one: Invitation, way: Referral | None) -> Leaflet:
    """The leaflet of an invitation for one, which may be part of a way."""
    event = way if way and way.kind == "event" else None
    return Leaflet(one.code, address_of(visit, one.code), one.name, day_in_japan(one.ends_at), event)


def page(visit: Visit, sheets: Sequence[Leaflet], back: str, *, further: str = "", subject: str = "") -> Page:
    """Leaflets as a page to print; `back` is the page of the desk that they belong to, `further` the next of them."""
    values = {
        "sheets": sheets,
        "back": back,
        "further": further,
        "logo": agencies.logo(visit.connection, visit.agency.id) is not None,
        "line": "line" in visit.parts.platforms,
        "short": _short(visit.parts.public_url),
    }
    return Page("desk/leaflet.html", values, subject=subject)


def _short(url: str) -> str:
    """The address at which a code is typed, as people type it."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}/link" if parts.scheme == "https" else f"{url}/link"
