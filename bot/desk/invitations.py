"""Invitations for one: made one by one or from a list, handed on as links, leaflets or a mail-merge file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from bot.desk import addressees, forward, leaflets, sheets
from bot.desk.addressees import Addressees, Person
from bot.desk.doors import Door, Rule, missing, number
from bot.desk.visits import Answer, Apart, Go, Page, Visit
from bot.desk.words import words
from bot.parts import Parts
from scheduler.days import day_in_japan, year_words
from storage import referrals
from storage.referrals import Listed, Referral

HERE = "/desk/forward/invitations"
# So many stand on a page, and so many leaflets are printed at once.
PAGE, PRINTED = 100, 100
# Of what is twice or known already, so many are named.
NAMED = 30
# The columns of a mail-merge file, as words.toml names them.
COLUMNS = ("name", "mail", "link", "code", "until")


def _one(visit: Visit) -> Listed:
    """The invitation that a request is about; 404 where it is not this agency's."""
    id: int = visit.path["invitation"]
    found = referrals.listed(visit.connection, visit.agency.id, visit.now, id=id)
    if not found:
        raise missing()
    return found[0]


def _way(visit: Visit, id: int | None) -> Referral | None:
    """The way of this agency's with this id; 404 where it has none."""
    if id is None:
        return None
    way = referrals.find(visit.connection, visit.agency.id, id)
    if way is None:
        raise missing()
    return way


def _goes_on(visit: Visit) -> list[Referral]:
    """The ways that an invitation can be part of."""
    return [way for way in referrals.of_agency(visit.connection, visit.agency.id) if way.ended_at is None]


def _chosen(visit: Visit) -> Referral | None:
    """The way that a form names."""
    given = visit.given("way")
    return next((way for way in _goes_on(visit) if str(way.id) == given), None)


# ---------------------------------------------------------------- all of them


def listed(visit: Visit) -> Answer:
    """An agency's invitations, a page of them: of one way, in one standing."""
    way = _way(visit, number(visit, "way"))
    standing = visit.query.get("standing", "")
    if standing and standing not in referrals.STANDINGS:
        raise missing()
    found = _found(visit, way, standing, PAGE + 1)
    names = {one.id: one.name for one in referrals.of_agency(visit.connection, visit.agency.id)}
    values = {
        "found": found[:PAGE],
        "next": found[PAGE - 1].one.id if len(found) > PAGE else None,
        "way": way,
        "ways": _goes_on(visit),
        "names": names,
        "standing": standing,
        "day": day_in_japan,
    }
    return Page("desk/invitations.html", values, subject=f"referral:{way.id}" if way else "")


def _found(visit: Visit, way: Referral | None, standing: str, most: int | None) -> Sequence[Listed]:
    by = {"referral_id": way.id} if way else {}
    before = number(visit, "before")
    return referrals.listed(
        visit.connection, visit.agency.id, visit.now, standing=standing, before=before, most=most, **by
    )


def merge(visit: Visit) -> Answer:
    """The open invitations, of one way or all, as a file for a mail merge; CP932 only where it has every sign."""
    rows, name, way = _merged(visit)
    if visit.query.get("charset") == "cp932" and (sign := sheets.lacking(rows)):
        return Page("desk/merge.html", {"sign": sign, "way": way}, 422)
    return sheets.csv_file(rows, name, visit.query)


def merge_workbook(visit: Visit) -> Answer:
    """The same as a workbook."""
    rows, name, _ = _merged(visit)
    return sheets.workbook(rows, name)


def _merged(visit: Visit) -> tuple[list[Sequence[str]], str, Referral | None]:
    """The rows of such a file, with its name and the way that it is of."""
    way = forward.of_visit(visit) if "referral" in visit.path else None
    rows = [_row(visit, one) for one in _found(visit, way, "open", None)]
    header = [words()["merge"][name] for name in COLUMNS]
    return [header, *reversed(rows)], f"banso-{way.code if way else 'invitations'}", way


def _row(visit: Visit, listed: Listed) -> tuple[str, ...]:
    one = listed.one
    until = year_words(day_in_japan(one.ends_at))
    return one.name, one.mail, leaflets.address_of(visit, one.code), one.code, until


def printed(visit: Visit) -> Answer:
    """The leaflets of open invitations, of one way or all, a page each."""
    way = _way(visit, number(visit, "way"))
    found = _found(visit, way, "open", PRINTED + 1)
    if not found:
        raise missing()
    query = f"way={way.id}&" if way else ""
    further = f"{HERE}/leaflets?{query}before={found[PRINTED - 1].one.id}" if len(found) > PRINTED else ""
    events = {one.id: one for one in referrals.of_agency(visit.connection, visit.agency.id, "event")}
    each = [leaflets.of_invitation(visit, one.one, events.get(one.one.referral_id or 0)) for one in found[:PRINTED]]
    back = f"{HERE}?way={way.id}" if way else HERE
    return leaflets.page(visit, each, back, further=further, subject=f"referral:{way.id}" if way else "")


def withdraw_all(visit: Visit) -> Answer:
    """Withdraw all open invitations of a way."""
    way = forward.of_visit(visit)
    count = referrals.withdraw(visit.connection, visit.agency.id, visit.now, referral_id=way.id)
    return Go(f"{HERE}?way={way.id}", "invite-withdrawn-all", data={"count": count})


# ---------------------------------------------------------------- one of them


def shown(visit: Visit) -> Answer:
    """One invitation: its link and code in every form."""
    found = _one(visit)
    address = leaflets.address_of(visit, found.one.code)
    day = day_in_japan(found.one.ends_at)
    way = _way(visit, found.one.referral_id)
    return Page("desk/invitation.html", {"found": found, "address": address, "until": day, "way": way})


def drawn(visit: Visit) -> Answer:
    """The QR code of an invitation."""
    one = _one(visit).one
    return forward.picture(leaflets.address_of(visit, one.code), one.code, visit.path["format"])


def leaflet(visit: Visit) -> Answer:
    """An invitation's leaflet, to print."""
    one = _one(visit).one
    way = _way(visit, one.referral_id)
    return leaflets.page(visit, [leaflets.of_invitation(visit, one, way)], f"{HERE}/{one.id}")


def withdraw(visit: Visit) -> Answer:
    """Withdraw an invitation."""
    one = _one(visit).one
    referrals.withdraw(visit.connection, visit.agency.id, visit.now, id=one.id)
    return Go(f"{HERE}/{one.id}", "invite-withdrawn")


# ---------------------------------------------------------------- a new one


def blank(visit: Visit) -> Answer:
    """The form of a new invitation, and that of a list of people."""
    return _form(visit)


def _form(visit: Visit, status: int = 200, **values: Any) -> Page:
    blank = {
        "ways": _goes_on(visit),
        "form": {"name": "", "mail": "", "way": "", "list": ""} | dict(visit.form),
        "problems": (),
        "known": None,
        "wrong": (),
    }
    limits = {"rows": addressees.ROWS, "shown": addressees.SHOWN, "today": day_in_japan(visit.now)}
    return Page("desk/import.html", blank | limits | values, status)


def make(visit: Visit) -> Answer:
    """Invite one; who has an open invitation already is pointed out first."""
    one = addressees.person(visit.given("name"), visit.given("mail"))
    wrong = addressees.wrong(one)
    if wrong:
        return _form(visit, 422, wrong=wrong)
    return Apart(partial(_open, visit.parts, visit.agency.id, visit.now), partial(_made, one))


def _made(one: Person, visit: Visit, open_: dict[tuple[str, str], datetime]) -> Answer:
    known = open_.get(addressees.alike(one))
    if known and not visit.given("again"):
        return _form(visit, 422, known=day_in_japan(known))
    way = _chosen(visit)
    made = referrals.invite(
        visit.connection, visit.agency.id, visit.member.id, one.name, one.mail, visit.now, way.id if way else None
    )
    return Go(f"{HERE}/{made.id}", "invite-made", subject=f"invitation:{made.id}")


def _open(parts: Parts, agency_id: int, now: datetime) -> dict[tuple[str, str], datetime]:
    """Who has an open invitation of an agency's, and until when; names are sealed, so all of them have to be read."""
    with parts.database.reading() as connection:
        found = referrals.listed(connection, agency_id, now, standing="open")
    return {addressees.alike(Person(0, one.one.name, one.one.mail)): one.one.ends_at for one in found}


# ---------------------------------------------------------------- a list of people


@dataclass(frozen=True, slots=True)
class _Looked:
    """A list that was read, with what is known of the people in it."""

    given: Addressees
    open: dict[tuple[str, str], datetime]


@dataclass(frozen=True, slots=True)
class Double:
    """Somebody in a list who stands in it before, at the line `first`, or who has an open invitation `until` then."""

    person: Person
    first: int = 0
    until: date | None = None


def read(visit: Visit) -> Answer:
    """Read a list of people, which is slow for a large one, and show what would be made of it."""
    sent = visit.files.get("file")
    content = sent.content if sent else b""
    return Apart(partial(_look, visit.parts, visit.agency.id, visit.now, content), _preview)


def _look(parts: Parts, agency_id: int, now: datetime, content: bytes) -> _Looked:
    given = addressees.read(content)
    return _Looked(given, {} if given.problems else _open(parts, agency_id, now))


def _preview(visit: Visit, looked: _Looked) -> Answer:
    if looked.given.problems:
        return _form(visit, 422, problems=looked.given.problems)
    people = looked.given.people
    doubles = _doubles(people, looked.open)
    out = {double.person.line for double in doubles}
    latest = referrals.latest(visit.connection, visit.agency.id)
    rows = [(one.name, one.mail, one.line in out) for one in people]
    way = _chosen(visit)
    values = {
        "people": people,
        "doubles": doubles[:NAMED],
        "more": max(0, len(doubles) - NAMED),
        "left": len(people) - len(out),
        "mails": sum(bool(one.mail) for one in people),
        "until": day_in_japan(visit.now + referrals.LIFE),
        "way": way,
        "list": _list_name(visit),
        "signed": visit.parts.links.sign_addressees(visit.agency.id, latest, rows),
    }
    return Page("desk/import_preview.html", values)


def _list_name(visit: Visit) -> str:
    """What a list is called, as a campaign of its own."""
    return visit.given("list")[: forward.LONGEST]


def _doubles(people: Sequence[Person], open_: dict[tuple[str, str], datetime]) -> list[Double]:
    again = addressees.twice(people)
    known = ((one, open_.get(addressees.alike(one))) for one in people)
    return [
        Double(one, again.get(one.line, 0), day_in_japan(until) if until else None)
        for one, until in known
        if until or one.line in again
    ]


def make_all(visit: Visit) -> Answer:
    """Make the invitations of a list that was shown; sent a second time, it makes nothing more."""
    given = visit.parts.links.read_addressees(visit.given("signed"))
    if given is None or given[0] != visit.agency.id:
        return Go(f"{HERE}/new", "import-late")
    _, latest, rows = given
    newer = referrals.listed(visit.connection, visit.agency.id, visit.now, after=latest)
    made = {addressees.alike(Person(0, one.one.name, one.one.mail)) for one in newer}
    once = bool(visit.given("once"))
    people = [
        (name, mail)
        for name, mail, double in rows
        if not (double and once) and addressees.alike(Person(0, name, mail)) not in made
    ]
    if not people:
        return Go(HERE, "import-again")
    way = _chosen(visit)
    if way is None:
        name = _list_name(visit) or visit.agency.name
        way = referrals.add(visit.connection, visit.agency.id, None, "campaign", name, visit.now)
    referrals.invite_all(visit.connection, visit.agency.id, visit.member.id, people, visit.now, way.id)
    return Go(f"{HERE}?way={way.id}", "import-made", subject=f"referral:{way.id}", data={"count": len(people)})


DOORS = [
    Door("GET", HERE, listed, Rule.STAFF, "invite.list"),
    Door("GET", f"{HERE}.csv", merge, Rule.STAFF, "invite.export"),
    Door("GET", f"{HERE}.xlsx", merge_workbook, Rule.STAFF, "invite.export"),
    Door("GET", "/desk/forward/{referral:row}/invitations.csv", merge, Rule.STAFF, "invite.export"),
    Door("GET", "/desk/forward/{referral:row}/invitations.xlsx", merge_workbook, Rule.STAFF, "invite.export"),
    Door("GET", f"{HERE}/leaflets", printed, Rule.STAFF, "invite.print"),
    Door("GET", f"{HERE}/new", blank, Rule.STAFF),
    Door("POST", f"{HERE}/new", make, Rule.STAFF, "invite.make"),
    Door("POST", f"{HERE}/file", read, Rule.STAFF, "invite.read"),
    Door("POST", f"{HERE}/all", make_all, Rule.STAFF, "invite.import"),
    Door("GET", f"{HERE}/{{invitation:row}}", shown, Rule.STAFF, "invite.see"),
    Door("GET", f"{HERE}/{{invitation:row}}/qr.{{format}}", drawn, Rule.STAFF),
    Door("GET", f"{HERE}/{{invitation:row}}/leaflet", leaflet, Rule.STAFF, "invite.print"),
    Door("POST", f"{HERE}/{{invitation:row}}/withdraw", withdraw, Rule.STAFF, "invite.withdraw"),
    Door("POST", "/desk/forward/{referral:row}/withdraw", withdraw_all, Rule.STAFF, "invite.withdraw"),
]
