"""What an agency settles for itself: its name, its picture, its tokens; and the agencies of the server."""

from starlette.responses import Response

from bot import members as adding
from bot.desk.doors import Door, Rule, missing
from bot.desk.staff import link
from bot.desk.visits import Answer, Call, Go, Page, Visit
from storage import agencies, audits, members, tokens

AGENCY = "/desk/agency"
LARGEST_LOGO = 200 * 1024
# By what a picture begins with. No SVG: it can hold scripts.
LOGOS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
LONGEST_TOKEN_NAME = 60


def agency(visit: Visit) -> Answer:
    """All that can be settled."""
    return _page(visit)


def _page(visit: Visit, wrong: dict[str, str] | None = None, token: str = "") -> Page:
    people = members.of_agency(visit.connection, visit.agency.id)
    values = {
        "logo": agencies.logo(visit.connection, visit.agency.id) is not None,
        "tokens": tokens.of_agency(visit.connection, visit.agency.id),
        "names": {one.id: one.name for one in people},
        "everyone": agencies.all_of(visit.connection) if visit.agency.home else (),
        "form": visit.form,
        "wrong": wrong or {},
        "token": token,
    }
    return Page("desk/agency.html", values, 422 if wrong else 200, f"agency:{visit.agency.id}")


def rename(visit: Visit) -> Answer:
    """Another name."""
    name = visit.given("name")
    if why := adding.agency_wrong(visit.connection, name, visit.agency.id):
        return _page(visit, {"name": why})
    agencies.keep(visit.connection, visit.agency.id, name=adding.plain(name))
    return _settled(visit, "name")


def _settled(visit: Visit, done: str) -> Go:
    return Go(AGENCY, done=done, subject=f"agency:{visit.agency.id}")


def set_logo(visit: Visit) -> Answer:
    """Another picture."""
    sent = visit.files.get("logo")
    content = sent.content if sent else b""
    kind = next((kind for begins, kind in LOGOS.items() if content.startswith(begins)), "")
    if not kind or len(content) > LARGEST_LOGO:
        return _page(visit, {"logo": "long" if kind else "form"})
    agencies.keep(visit.connection, visit.agency.id, logo=content, logo_type=kind)
    return _settled(visit, "logo")


def drop_logo(visit: Visit) -> Answer:
    """No picture."""
    agencies.keep(visit.connection, visit.agency.id, logo=None, logo_type=None)
    return _settled(visit, "logo")


def logo(call: Call) -> Answer:
    """An agency's picture, which is no secret: it stands on what the agency hands out."""
    found = agencies.logo(call.connection, call.path["agency"])
    if found is None:
        raise missing()
    content, kind = found
    return Response(content, media_type=kind, headers={"cache-control": "public, max-age=300"})


# ---------------------------------------------------------------- tokens


def make_token(visit: Visit) -> Answer:
    """A token for a programme of the agency's; it is shown this once."""
    name = adding.plain(visit.given("name"))
    if not name or len(name) > LONGEST_TOKEN_NAME or not name.isprintable():
        return _page(visit, {"token": "long" if name else "missing"})
    return _page(visit, token=tokens.make(visit.connection, visit.agency.id, visit.member.id, name, visit.now))


def end_token(visit: Visit) -> Answer:
    """End a token."""
    if not tokens.end(visit.connection, visit.agency.id, visit.path["token"], visit.now):
        raise missing()
    return Go(AGENCY, done="token-ended")


# ---------------------------------------------------------------- other agencies


def add(visit: Visit) -> Answer:
    """Another agency, with its first admin, for whom a link is shown this once."""
    name, person, mail = visit.given("agency"), visit.given("name"), visit.given("mail")
    wrong = {f"first-{field}": why for field, why in adding.wrong(visit.connection, person, mail).items()}
    if why := adding.agency_wrong(visit.connection, name):
        wrong["agency"] = why
    if wrong:
        return _page(visit, wrong)
    made = agencies.add(visit.connection, adding.plain(name), visit.now)
    one, path = adding.add(visit.connection, made.id, person, mail, "admin", visit.now)
    # In the log of the agency itself, too: its first admin was made by somebody else.
    audits.add(visit.connection, made.id, None, "agency.add", visit.now, f"agency:{made.id}")
    return link(visit, one, path)


DOORS = [
    Door("GET", AGENCY, agency, Rule.ADMIN),
    Door("POST", f"{AGENCY}/name", rename, Rule.ADMIN, "agency.name"),
    Door("POST", f"{AGENCY}/logo", set_logo, Rule.ADMIN, "agency.logo"),
    Door("POST", f"{AGENCY}/logo/drop", drop_logo, Rule.ADMIN, "agency.logo"),
    Door("GET", "/agency/{agency:row}/logo", logo, Rule.PUBLIC),
    Door("POST", f"{AGENCY}/tokens", make_token, Rule.ADMIN, "token.make"),
    Door("POST", f"{AGENCY}/tokens/{{token:row}}/end", end_token, Rule.ADMIN, "token.end"),
    Door("POST", "/desk/agencies", add, Rule.HOME, "agency.add"),
]
