"""The entrance of the desk: signing in by password and code, signing out, the first page."""

import hashlib
from datetime import timedelta
from functools import partial
from urllib.parse import urlencode, urlsplit

from sqlalchemy import Connection

from bot import passwords
from bot.desk.doors import SIGN_IN, Door, Rule, missing
from bot.desk.visits import Answer, Apart, Call, Go, Page, Visit
from storage import agencies, audits, experts, members, paces, signins
from storage.members import Member

CODE = f"{SIGN_IN}/code"
# Tries of one place, where a whole agency may sit behind one address, and for one mail address: so many at once, then
# so many a second.
HOST_TRIES, HOST_RATE = 30, 1 / 10
MAIL_TRIES, MAIL_RATE = 10, 1 / 60
LONGEST_MAIL = 200


def first(visit: Visit) -> Answer:
    """Where somebody who is signed in begins; an expert has pages of their own."""
    if visit.member.role == "expert" and visit.member.expert_id:
        return Go(f"/x/{experts.get(visit.connection, visit.member.expert_id).token}")
    return Go("/desk/clients", visit.query.get("done", ""))


def inside(to: str) -> str:
    """Where to go after signing in: what was asked for, if that is a page of the desk."""
    try:
        parts = urlsplit(to)
    except ValueError:
        return "/desk"
    ours = not (parts.scheme or parts.netloc) and (parts.path == "/desk" or parts.path.startswith("/desk/"))
    return to if ours and to.isprintable() and "\\" not in to and not parts.path.startswith(SIGN_IN) else "/desk"


# ---------------------------------------------------------------- mail and password


def sign_in_page(call: Call) -> Answer:
    """The form for mail and password, and what else there is to sign in by."""
    return _sign_in_page(call, inside(call.query.get("to", "")))


def _sign_in_page(call: Call, to: str, wrong: str = "", status: int = 200, mail: str = "") -> Page:
    provider = call.parts.provider
    values = {
        "to": to,
        "wrong": wrong,
        "mail": mail,
        "passwords": call.parts.passwords,
        "provider": provider.name if provider else "",
        "away": f"{SIGN_IN}/away?{urlencode({'to': to})}",
        "sample": _everybody(call.connection) if call.parts.intake.house.demo else (),
    }
    return Page("desk/sign-in.html", values, status)


def _everybody(connection: Connection) -> list[tuple[str, list[Member]]]:
    """Who can be tried in the demo, by agency."""
    return [
        (agency.name, [one for one in members.of_agency(connection, agency.id) if one.active])
        for agency in agencies.all_of(connection)
    ]


def sign_in(call: Call) -> Answer:
    """Look at a mail address and a password; the answer is the same, and as late, whichever of them is wrong."""
    if not call.parts.passwords:
        raise missing()
    mail, to = call.given("mail").lower()[:LONGEST_MAIL], inside(call.given("to"))
    if not _slowly(call, mail):
        return _sign_in_page(call, to, "often", 429, mail)
    one = members.find(call.connection, mail=mail)
    kept = one.password if one and one.active else None
    work = partial(passwords.fits, call.form.get("password", ""), kept)
    return Apart(work, partial(_by_password, one.id if one else None, kept, to))


def _slowly(call: Call, mail: str) -> bool:
    """Whether this place, and whoever means this address, may try now."""
    by_mail = "mail:" + hashlib.sha256(mail.encode()).hexdigest()[:40]
    return paced(call, f"host:{call.host}", HOST_RATE, HOST_TRIES) and paced(call, by_mail, MAIL_RATE, MAIL_TRIES)


def paced(call: Call, key: str, rate: float, burst: int) -> bool:
    """Whether one more may be made now, at `rate` a second after `burst` at once; over all processes."""
    key, now, since = f"desk:{key}"[:50], call.now, call.now - timedelta(seconds=burst / rate)
    (start,) = paces.reserve(call.connection, key, [1], rate=rate, burst=burst, now=now, until=now, since=since)
    return start is not None


def _by_password(id: int | None, kept: str | None, to: str, call: Call, right: bool) -> Answer:
    one = members.find(call.connection, id=id) if id else None
    # What was looked at may have been changed meanwhile.
    if one is None or not one.may_try(call.now) or one.password != kept or not right:
        refuse(call, one)
        return _sign_in_page(call, to, "password", 403, call.given("mail"))
    signins.end(call.connection, call.secret)
    secret = signins.begin(call.connection, one.id, "password", call.now)
    return Go(f"{CODE}?{urlencode({'to': to})}", cookie=secret)


def refuse(call: Call, one: Member | None) -> bool:
    """Note a try that failed, and count it unless they are locked out already; gives whether it locks them out."""
    agency_id, id, subject = (one.agency_id, one.id, one.named) if one else (None, None, "")
    audits.add(call.connection, agency_id, id, "signin.fail", call.now, subject)
    locked = one is not None and one.may_try(call.now) and members.failed(call.connection, one.id, call.now)
    if locked:
        audits.add(call.connection, agency_id, id, "signin.lock", call.now, subject)
    return locked


# ---------------------------------------------------------------- the code


def code_page(call: Call) -> Answer:
    """The form for the code, for who has given the password."""
    to = inside(call.query.get("to", ""))
    return Page("desk/code.html", {"to": to, "wrong": ""}) if _halfway(call) else Go(_back(to))


def code(call: Call) -> Answer:
    """Look at the code of the app; with it, somebody is signed in, by a new secret."""
    one, to = _halfway(call), inside(call.given("to"))
    if one is None:
        return Go(_back(to))
    if proven(call, one, call.given("code")):
        return enter(call, one, to, "signin")
    if refuse(call, one):
        signins.end_all(call.connection, one.id)
        return Go(_back(to), cookie="")
    return Page("desk/code.html", {"to": to, "wrong": "code"}, 403)


def proven(call: Call, one: Member, typed: str) -> bool:
    """Whether a code of their app is right, and used for the first time."""
    step = passwords.step(one.secret or "", typed, call.now) if one.secret else None
    return step is not None and members.use_step(call.connection, one.id, step)


def _halfway(call: Call) -> Member | None:
    found = signins.find(call.connection, call.secret, call.now) if call.secret else None
    one = members.find(call.connection, id=found.member_id) if found and found.stage == "password" else None
    return one if one and one.may_try(call.now) else None


def _back(to: str) -> str:
    return f"{SIGN_IN}?{urlencode({'to': to})}"


def enter(call: Call, one: Member, to: str, act: str, done: str = "") -> Go:
    """Have this browser signed in as a member, by a new secret."""
    signins.end(call.connection, call.secret)
    members.entered(call.connection, one.id, call.now)
    audits.add(call.connection, one.agency_id, one.id, act, call.now, one.named)
    return Go(to, done=done, cookie=signins.begin(call.connection, one.id, "full", call.now))


# ---------------------------------------------------------------- out, and the demo


def sign_out(call: Call) -> Answer:
    """Sign this browser out."""
    found = signins.find(call.connection, call.secret, call.now) if call.secret else None
    if found and (one := members.find(call.connection, id=found.member_id)):
        audits.add(call.connection, one.agency_id, one.id, "signout", call.now, one.named)
    signins.end(call.connection, call.secret)
    return Go(SIGN_IN, done="signed-out", cookie="")


def try_out(call: Call) -> Answer:
    """Sign in as somebody of the demo, who is made up."""
    one = members.find(call.connection, id=call.path["member"]) if call.parts.intake.house.demo else None
    if one is None or not one.active:
        raise missing()
    return enter(call, one, inside(call.given("to")), "signin.demo")


DOORS = [
    Door("GET", "/desk", first, Rule.MEMBER),
    Door("GET", SIGN_IN, sign_in_page, Rule.PUBLIC),
    Door("POST", SIGN_IN, sign_in, Rule.PUBLIC),
    Door("GET", CODE, code_page, Rule.PUBLIC),
    Door("POST", CODE, code, Rule.PUBLIC),
    Door("POST", "/desk/sign-out", sign_out, Rule.PUBLIC),
    Door("POST", "/desk/demo/{member:row}", try_out, Rule.PUBLIC),
]
