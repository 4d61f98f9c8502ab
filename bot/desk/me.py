"""What a member keeps of their own: password, app of codes, where they are signed in, and their chats."""

from functools import partial

from bot import passwords
from bot.desk.doors import SIGN_IN, Door, Rule, missing
from bot.desk.enrolment import app, mistakes, offered
from bot.desk.entrance import proven, refuse
from bot.desk.visits import Answer, Apart, Go, Page, Visit
from storage import audits, contacts, invites, members, signins

ME = "/desk/me"
# Chats in which a member can be reached.
CHATS = {"line": "LINE", "telegram": "Telegram", "slack": "Slack"}


def me(visit: Visit) -> Answer:
    """What is known of the member, and what they can change."""
    return _page(visit)


def _page(visit: Visit, wrong: dict[str, str] | None = None, **values: object) -> Page:
    id = visit.member.owner_id
    reached = contacts.channels(visit.connection, [id]).get(id, [])
    chats = {
        "chats": [name for channel, name in CHATS.items() if channel in visit.parts.platforms],
        "reached": [CHATS[channel] for channel in reached if channel in CHATS],
    }
    everything = {"wrong": wrong or {}, "passwords": visit.parts.passwords, "code": "", "link": ""} | chats | values
    return Page("desk/me.html", everything, 422 if wrong else 200, subject=visit.member.named)


def change_password(visit: Visit) -> Answer:
    """Another password, for who knows the one before; other browsers are signed out."""
    one = visit.member
    if one.password is None or not visit.parts.passwords:
        raise missing()
    if not one.may_try(visit.now):
        return _page(visit, {"old": "often"})
    if wrong := mistakes(visit, one):
        return _page(visit, wrong)
    old, new = visit.form.get("old", ""), visit.form["password"]
    return Apart(partial(_exchanged, old, new, one.password), partial(_changed, one.password))


def _exchanged(old: str, new: str, kept: str) -> str | None:
    return passwords.hashed(new) if passwords.fits(old, kept) else None


def _changed(kept: str, visit: Visit, hashed: str | None) -> Answer:
    if hashed is None or visit.member.password != kept or not visit.member.may_try(visit.now):
        refuse(visit, visit.member)
        return _page(visit, {"old": "old"})
    members.keep(visit.connection, visit.member.id, password=hashed)
    return _anew(visit, "password")


def _anew(visit: Visit, done: str) -> Go:
    """Sign this member out everywhere but here, where a new secret takes the place of the one before."""
    signins.end_all(visit.connection, visit.member.id)
    members.entered(visit.connection, visit.member.id, visit.now)
    secret = signins.begin(visit.connection, visit.member.id, "full", visit.now)
    return Go(ME, done=done, subject=visit.member.named, cookie=secret)


def app_page(visit: Visit) -> Answer:
    """The form for another app of codes."""
    if visit.member.secret is None or not visit.parts.passwords:
        raise missing()
    return _app_page(visit, passwords.new_secret())


def _app_page(visit: Visit, secret: str, wrong: dict[str, str] | None = None) -> Page:
    values = {"wrong": wrong or {}} | app(visit.member, secret)
    return Page("desk/me_app.html", values, 422 if wrong else 200, subject=visit.member.named)


def change_app(visit: Visit) -> Answer:
    """Another app of codes, for who has the one before: a code of each is asked for."""
    one = visit.member
    if one.secret is None or not visit.parts.passwords:
        raise missing()
    secret = offered(visit)
    step = passwords.step(secret, visit.given("code"), visit.now)
    if step is None:
        return _app_page(visit, secret, {"code": "code"})
    if not one.may_try(visit.now):
        return _app_page(visit, secret, {"old": "often"})
    if not proven(visit, one, visit.given("old")):
        refuse(visit, one)
        return _app_page(visit, secret, {"old": "code"})
    members.keep(visit.connection, one.id, secret=secret, counter=step)
    return _anew(visit, "app")


def leave(visit: Visit) -> Answer:
    """Sign out everywhere."""
    one = visit.member
    signins.end_all(visit.connection, one.id)
    audits.add(visit.connection, one.agency_id, one.id, "me.signout", visit.now, one.named)
    return Go(SIGN_IN, done="signed-out-everywhere", cookie="")


def connect(visit: Visit) -> Answer:
    """A code that makes the chat that sends it the member's."""
    code = invites.make(visit.connection, visit.member.named, visit.now)
    return _page(visit, code=code, link=f"{visit.parts.public_url}/link/{code}")


DOORS = [
    Door("GET", ME, me, Rule.MEMBER),
    Door("POST", f"{ME}/password", change_password, Rule.MEMBER, "me.password"),
    Door("GET", f"{ME}/app", app_page, Rule.MEMBER),
    Door("POST", f"{ME}/app", change_app, Rule.MEMBER, "me.app"),
    Door("POST", f"{ME}/sign-out", leave, Rule.MEMBER),
    Door("POST", f"{ME}/connect", connect, Rule.MEMBER, "me.connect"),
]
