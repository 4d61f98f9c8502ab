"""A member's first visit, and the one after a reset: a password is chosen and an app of codes set up, by a link."""

from functools import partial

from bot import passwords
from bot.desk.doors import Door, Rule
from bot.desk.entrance import enter
from bot.desk.visits import Answer, Apart, Call, Page
from storage import agencies, enrolments, members, signins
from storage.members import Member


def welcome(call: Call) -> Answer:
    """The form for password and code."""
    one = _invited(call)
    return _form(call, one, passwords.new_secret()) if one else _ended()


def _invited(call: Call) -> Member | None:
    id = enrolments.find(call.connection, call.path["secret"], call.now) if call.parts.passwords else None
    one = members.find(call.connection, id=id) if id else None
    return one if one and one.active else None


def _ended() -> Page:
    return Page("desk/welcome_ended.html", status=410)


def _form(call: Call, one: Member, secret: str, wrong: dict[str, str] | None = None) -> Page:
    agency = agencies.get(call.connection, one.agency_id)
    values = {"one": one, "of": agency, "wrong": wrong or {}} | app(one, secret)
    return Page("desk/welcome.html", values, 422 if wrong else 200)


def app(one: Member, secret: str) -> dict[str, str]:
    """What a page shows for setting up an app of codes: `secret`, and `address` for the QR code."""
    return {"secret": secret, "address": passwords.address(secret, one.mail)}


def offered(call: Call) -> str:
    """The secret that the page had offered for the app; it is theirs to choose, if it is long enough."""
    return call.given("secret") if passwords.good_secret(call.given("secret")) else passwords.new_secret()


def mistakes(call: Call, one: Member) -> dict[str, str]:
    """What is wrong with a new password in this form, by field."""
    new, again = call.form.get("password", ""), call.form.get("again", "")
    agency = agencies.get(call.connection, one.agency_id)
    wrong = passwords.wrong(new, one.mail, one.name, agency.name)
    return {"password": wrong} if wrong else {} if new == again else {"again": "other"}


def choose(call: Call) -> Answer:
    """Keep the password, and the app that gives codes by this secret; the member is signed in here, and here alone."""
    one = _invited(call)
    if one is None:
        return _ended()
    secret = offered(call)
    step = passwords.step(secret, call.given("code"), call.now)
    wrong = mistakes(call, one) | ({} if step is not None else {"code": "code"})
    if wrong or step is None:
        return _form(call, one, secret, wrong)
    return Apart(partial(passwords.hashed, call.form["password"]), partial(_chosen, secret, step))


def _chosen(secret: str, step: int, call: Call, hashed: str) -> Answer:
    one = _invited(call)
    if one is None:
        return _ended()
    enrolments.end(call.connection, one.id)
    signins.end_all(call.connection, one.id)
    members.keep(call.connection, one.id, password=hashed, secret=secret, counter=step)
    return enter(call, one, "/desk", "member.welcome", done="welcome")


DOORS = [
    Door("GET", "/desk/welcome/{secret}", welcome, Rule.PUBLIC),
    Door("POST", "/desk/welcome/{secret}", choose, Rule.PUBLIC),
]
