"""The people of an agency: adding them, what they may, and helping those who can't get in."""

from bot import members as adding
from bot.desk.doors import Door, Rule, missing
from bot.desk.visits import Answer, Go, Page, Visit
from storage import enrolments, members, signins
from storage.members import Member

STAFF = "/desk/staff"


def staff(visit: Visit) -> Answer:
    """Everybody of the agency, and a form for one more."""
    return _page(visit)


def _page(visit: Visit, wrong: dict[str, str] | None = None) -> Page:
    values = {
        "people": members.of_agency(visit.connection, visit.agency.id),
        "experts": _experts(visit),
        "form": visit.form,
        "wrong": wrong or {},
        "now": visit.now,
    }
    return Page("desk/staff.html", values, 422 if wrong else 200)


def _experts(visit: Visit) -> dict[str, str]:
    """Experts who can be added, by id: whoever is one sees owners of all agencies, so only the home one adds them."""
    return {str(one.id): one.name for one in adding.free_experts(visit.connection)} if visit.agency.home else {}


def add(visit: Visit) -> Answer:
    """Add somebody; the link by which they begin is shown this once."""
    name, mail, role, expert = (visit.given(field) for field in ("name", "mail", "role", "expert"))
    wrong = adding.wrong(visit.connection, name, mail)
    offered = _experts(visit)
    if role not in members.ROLES or (role == "expert" and not offered):
        wrong["role"] = "form"
    elif role == "expert" and expert not in offered:
        wrong["expert"] = "missing"
    if wrong:
        return _page(visit, wrong)
    expert_id = int(expert) if role == "expert" else None
    one, path = adding.add(visit.connection, visit.agency.id, name, mail, role, visit.now, expert_id)
    return link(visit, one, path)


def link(visit: Visit, one: Member, path: str) -> Page:
    """The page that shows a link by which somebody begins, once."""
    # Where nobody has a password, the provider knows them by their mail.
    address = f"{visit.parts.public_url}{path}" if visit.parts.passwords else ""
    return Page(
        "desk/staff_link.html", {"one": one, "link": address, "until": visit.now + enrolments.LIFE}, 200, one.named
    )


def _one(visit: Visit) -> Member:
    """The member whom the address names, if they are this agency's."""
    one = members.find(visit.connection, id=visit.path["member"])
    if one is None or one.agency_id != visit.agency.id:
        raise missing()
    return one


def set_role(visit: Visit) -> Answer:
    """Make an officer an admin, or the other way round; there always is an admin."""
    one, role = _one(visit), visit.given("role")
    if one.role == "expert" or role not in ("admin", "officer"):
        raise missing()
    if role != "admin" and _last(visit, one):
        return _page(visit, {"last": "last"})
    members.keep(visit.connection, one.id, role=role)
    return Go(STAFF, done="role", data={"role": role})


def _last(visit: Visit, one: Member) -> bool:
    admin = one.role == "admin" and one.active
    return admin and not members.other_admin(visit.connection, one.agency_id, one.id)


def end(visit: Visit) -> Answer:
    """Somebody no longer signs in; they are signed out wherever they are."""
    one = _one(visit)
    if _last(visit, one):
        return _page(visit, {"last": "last"})
    members.keep(visit.connection, one.id, active=False)
    signins.end_all(visit.connection, one.id)
    enrolments.end(visit.connection, one.id)
    return Go(STAFF, done="ended")


def bring_back(visit: Visit) -> Answer:
    """Somebody may sign in again."""
    members.keep(visit.connection, _one(visit).id, active=True)
    return Go(STAFF, done="back")


def unlock(visit: Visit) -> Answer:
    """Somebody who was locked out may try again at once."""
    members.keep(visit.connection, _one(visit).id, fails=0, locked_until=None)
    return Go(STAFF, done="unlocked")


def reset(visit: Visit) -> Answer:
    """A new link for somebody who has lost password or telephone; it is shown this once."""
    one = _one(visit)
    if not one.active:
        raise missing()
    return link(visit, one, adding.begin(visit.connection, one, visit.now))


DOORS = [
    Door("GET", STAFF, staff, Rule.ADMIN),
    Door("POST", STAFF, add, Rule.ADMIN, "member.add"),
    Door("POST", f"{STAFF}/{{member:row}}/role", set_role, Rule.ADMIN, "member.role"),
    Door("POST", f"{STAFF}/{{member:row}}/end", end, Rule.ADMIN, "member.end"),
    Door("POST", f"{STAFF}/{{member:row}}/back", bring_back, Rule.ADMIN, "member.back"),
    Door("POST", f"{STAFF}/{{member:row}}/unlock", unlock, Rule.ADMIN, "member.unlock"),
    Door("POST", f"{STAFF}/{{member:row}}/reset", reset, Rule.ADMIN, "member.reset"),
]
