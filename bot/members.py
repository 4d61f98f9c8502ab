"""Adding people to agencies: what is needed of them, and the link by which they begin."""

import re
from datetime import datetime

from sqlalchemy import Connection

from storage import agencies, enrolments, experts, members, signins
from storage.experts import Expert
from storage.members import Member

LONGEST_NAME, LONGEST_MAIL, LONGEST_AGENCY = 40, 200, 80
_MAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")


def plain(text: str) -> str:
    """A name as it is kept: one line, without blanks around it."""
    return " ".join(text.split())


def wrong(connection: Connection, name: str, mail: str) -> dict[str, str]:
    """What is wrong with somebody who is to be added, by field: "missing", "long", "form", "taken"."""
    found = {}
    if why := _text_wrong(plain(name), LONGEST_NAME):
        found["name"] = why
    if len(mail) > LONGEST_MAIL or not _MAIL.fullmatch(mail.strip()) or not mail.isprintable():
        found["mail"] = "form" if mail.strip() else "missing"
    elif members.find(connection, mail=mail):
        found["mail"] = "taken"
    return found


def agency_wrong(connection: Connection, name: str, id: int | None = None) -> str:
    """What is wrong with the name of an agency, which is a new one or has this id: "missing", "long", "taken"."""
    there = agencies.by_name(connection, plain(name))
    return _text_wrong(plain(name), LONGEST_AGENCY) or ("taken" if there and there.id != id else "")


def _text_wrong(text: str, longest: int) -> str:
    if len(text) > longest or not text.isprintable():
        return "long"
    return "" if text else "missing"


def free_experts(connection: Connection) -> list[Expert]:
    """Experts who are nobody at the desk yet."""
    return [one for one in experts.all_of(connection) if members.find(connection, expert_id=one.id) is None]


def add(
    connection: Connection, agency_id: int, name: str, mail: str, role: str, now: datetime, expert_id: int | None = None
) -> tuple[Member, str]:
    """Add somebody about whom nothing is `wrong`; gives the path of the link by which they begin, too."""
    one = members.add(connection, agency_id, plain(name), mail, role, now, expert_id)
    return one, begin(connection, one, now)


def begin(connection: Connection, one: Member, now: datetime) -> str:
    """The path of a link by which a member begins, or begins anew: whoever is signed in as them no longer is."""
    signins.end_all(connection, one.id)
    return f"/desk/welcome/{enrolments.make(connection, one.id, now)}"
