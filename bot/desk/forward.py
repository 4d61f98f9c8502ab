"""The ways by which an agency sends owners: links, QR codes and leaflets that anybody may use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from bot.desk import hiding, leaflets, sheets
from bot.desk.doors import Door, Rule, missing
from bot.desk.hiding import FEWEST
from bot.desk.visits import Answer, Go, Page, Visit
from bot.qr import qr_png, qr_svg
from bot.web import ways
from storage import agencies, members, referrals
from storage.members import Member
from storage.referrals import Came, Referral

# What a name, and where owners ask, may have at the most.
LONGEST, LONGEST_ASK = 80, 120
# Events have pages of their own (bot/desk/events).
KINDS = ("agency", "officer", "campaign")


@dataclass(frozen=True, slots=True)
class Counted:
    """A way with how many came by it, as far as it may be told: None where they are too few."""

    way: Referral
    by_way: int | None
    invited: int
    by_invitation: int | None


def counted(ways: Sequence[Referral], came: Mapping[int | None, Came]) -> list[Counted]:
    """Ways with what may be told of who came; of those invited, neither who came nor who did not may be few.

    `came` has everybody, as the agency sees one by one who shares something, and all the others as one number.
    """
    everybody = {(id, by): (n,) for id, one in came.items() for by, n in enumerate((one.by_way, one.by_invitation))}
    silent = {(id, by): (n,) for id, one in came.items() for by, n in enumerate(one.silent)}
    shown = hiding.beside(everybody, silent)[0] if came else {}
    lines = []
    for way in ways:
        (by_way,), (by_invitation,) = (shown.get((way.id, by), (None,)) for by in range(2))
        invited = came.get(way.id, Came()).invited
        told = FEWEST <= (by_invitation or 0) <= invited - FEWEST
        lines.append(Counted(way, by_way or None, invited, by_invitation if told else None))
    return lines


def of_visit(visit: Visit) -> Referral:
    """The way that a request is about; 404 where it is not this agency's."""
    way = referrals.find(visit.connection, visit.agency.id, visit.path["referral"])
    if way is None:
        raise missing()
    return way


def officers(visit: Visit) -> Sequence[Member]:
    """The members of this agency who look after owners."""
    of_agency = members.of_agency(visit.connection, visit.agency.id)
    return [one for one in of_agency if one.active and one.role != "expert"]


# ---------------------------------------------------------------- all of them


def listed(visit: Visit) -> Answer:
    """An agency's ways, and the form of a new one."""
    return _listed(visit)


def _listed(visit: Visit, wrong: str = "", status: int = 200) -> Page:
    of_agency = referrals.of_agency(visit.connection, visit.agency.id, *KINDS)
    lines = counted(of_agency, referrals.came(visit.connection, visit.agency.id))
    values: dict[str, Any] = {
        "lines": [line for line in lines if line.way.ended_at is None],
        "ended": [line for line in lines if line.way.ended_at is not None],
        "officers": officers(visit),
        "fewest": FEWEST,
        "form": {"kind": "", "name": "", "ask": ""} | dict(visit.form),
        "wrong": wrong,
    }
    return Page("desk/forward.html", values, status)


def make(visit: Visit) -> Answer:
    """Make a new way: of the agency, of one officer, or of a campaign, which needs a name."""
    kind, _, id = visit.given("kind").partition(":")
    officer = next((one for one in officers(visit) if str(one.id) == id), None)
    if kind not in KINDS or (kind == "officer") != (officer is not None):
        return _listed(visit, "kind", 422)
    name = visit.given("name") or (officer.name if officer else visit.agency.name if kind == "agency" else "")
    if not name:
        return _listed(visit, "empty", 422)
    if len(name) > LONGEST:
        return _listed(visit, "long", 422)
    member_id = officer.id if officer else None
    way = referrals.add(visit.connection, visit.agency.id, member_id, kind, name, visit.now)
    return Go(f"/desk/forward/{way.id}", "forward-made", subject=f"referral:{way.id}")


def ask(visit: Visit) -> Answer:
    """Keep where owners ask, as leaflets say it."""
    if len(visit.given("ask")) > LONGEST_ASK:
        return _listed(visit, "ask", 422)
    agencies.keep(visit.connection, visit.agency.id, ask=visit.given("ask"))
    return Go("/desk/forward", "forward-ask", subject=f"agency:{visit.agency.id}")


# ---------------------------------------------------------------- one of them


def shown(visit: Visit) -> Answer:
    """One way: its link, its code in every form, who came, and its invitations."""
    way = of_visit(visit)
    (line,) = counted([way], referrals.came(visit.connection, visit.agency.id))
    values = {
        "line": line,
        "way": way,
        "address": leaflets.address_of(visit, way.code),
        "ways": ways.ways_found(visit.parts, way.code) if way.ended_at is None else [],
        "fewest": FEWEST,
    }
    return Page("desk/forward_one.html", values)


def end(visit: Visit) -> Answer:
    """End a way: its link brings nobody any more."""
    way = of_visit(visit)
    referrals.end(visit.connection, visit.agency.id, way.id, visit.now)
    return Go(f"/desk/forward/{way.id}", "forward-ended")


def drawn(visit: Visit) -> Answer:
    """The QR code of a way, to be put in a document."""
    way = of_visit(visit)
    return picture(leaflets.address_of(visit, way.code), way.code, visit.path["format"])


def picture(address: str, code: str, form: str) -> Response:
    """The QR code of an address as a file; `form` is "svg" or "png"."""
    if form == "svg":
        return sheets.download(qr_svg(address).encode(), f"{code}.svg", "image/svg+xml")
    if form == "png":
        return sheets.download(qr_png(address), f"{code}.png", "image/png")
    raise missing()


def leaflet(visit: Visit) -> Answer:
    """A way's leaflet, to print."""
    way = of_visit(visit)
    return leaflets.page(visit, [leaflets.of_way(visit, way)], f"/desk/forward/{way.id}")


DOORS = [
    Door("GET", "/desk/forward", listed, Rule.STAFF),
    Door("POST", "/desk/forward", make, Rule.STAFF, "forward.make"),
    Door("POST", "/desk/forward/ask", ask, Rule.ADMIN, "forward.ask"),
    Door("GET", "/desk/forward/{referral:row}", shown, Rule.STAFF),
    Door("GET", "/desk/forward/{referral:row}/qr.{format}", drawn, Rule.STAFF),
    Door("GET", "/desk/forward/{referral:row}/leaflet", leaflet, Rule.STAFF),
    Door("POST", "/desk/forward/{referral:row}/end", end, Rule.STAFF, "forward.end"),
]
