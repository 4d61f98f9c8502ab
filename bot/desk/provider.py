"""Signing in at the identity provider of the settings, and coming back from there."""

from datetime import datetime
from functools import partial

from starlette.responses import RedirectResponse

from bot.desk.doors import AWAY, PATH, SIGN_IN, Door, Rule, missing
from bot.desk.entrance import HOST_RATE, HOST_TRIES, enter, inside, paced
from bot.desk.visits import Answer, Apart, Call, Go, Page
from bot.oidc import AWAY_SECONDS, Away, Identity, Provider, Refused
from storage import audits, members
from storage.members import Member


def _provider(call: Call) -> Provider:
    if call.parts.provider is None:
        raise missing()
    return call.parts.provider


def leave(call: Call) -> Answer:
    """Go to the provider."""
    return Apart(partial(_leaving, _provider(call), inside(call.query.get("to", ""))), _left)


def _leaving(provider: Provider, to: str) -> tuple[str, str] | None:
    try:
        return provider.leave(to)
    except Refused:
        return None


def _left(call: Call, found: tuple[str, str] | None) -> Answer:
    if found is None:
        return _refused(call, "away")
    url, kept = found
    response = RedirectResponse(url, 303)
    secure = call.parts.secure
    response.set_cookie(AWAY, kept, AWAY_SECONDS, path=PATH, httponly=True, samesite="lax", secure=secure)
    return response


def back(call: Call) -> Answer:
    """Come back from the provider, with a code for which it tells us who this is."""
    provider, code = _provider(call), call.query.get("code", "")
    try:
        away = provider.back(call.away, call.query.get("state", ""))
    except Refused:
        return _refused(call, "unproven")
    # Without a code, somebody has thought better of it.
    return Apart(partial(_asked, provider, away, code, call.now), partial(_known, away.to)) if code else Go(SIGN_IN)


def _asked(provider: Provider, away: Away, code: str, now: datetime) -> Identity | None:
    try:
        return provider.identity(away, code, now)
    except Refused:
        return None


def _known(to: str, call: Call, found: Identity | None) -> Answer:
    one = _member(call, found) if found else None
    if one:
        return enter(call, one, inside(to), "signin.provider")
    if paced(call, f"host:{call.host}", HOST_RATE, HOST_TRIES):
        audits.add(call.connection, None, None, "signin.fail", call.now)
    return _refused(call, "unknown" if found else "unproven")


def _member(call: Call, found: Identity) -> Member | None:
    """Who this is, if they may sign in: known by the subject, or the first time by a mail that is verified."""
    one = members.find(call.connection, subject=found.subject)
    if one is None and found.mail:
        by_mail = members.find(call.connection, mail=found.mail)
        one = by_mail if by_mail and by_mail.subject is None else None
        if one and one.active:
            members.keep(call.connection, one.id, subject=found.subject)
    return one if one and one.active else None


def _refused(call: Call, why: str) -> Answer:
    return Page("desk/refused.html", {"why": why, "provider": _provider(call).name}, 403)


DOORS = [
    Door("GET", f"{SIGN_IN}/away", leave, Rule.PUBLIC),
    Door("GET", f"{SIGN_IN}/back", back, Rule.PUBLIC),
]
