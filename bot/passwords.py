"""Passwords and codes of members: what makes a good one, and whether one is right."""

import re
import secrets
import unicodedata
from datetime import UTC, datetime
from functools import cache

import pyotp
from pwdlib import PasswordHash
from pyotp.utils import strings_equal

SHORTEST, LONGEST = 12, 200
# Signs that a password has at the least: "aaaaaaaaaaaa" is no secret.
FEWEST = 5
# Clocks may differ by one step of TOTP, of 30 seconds.
STEPS = (0, -1, 1)

_HASH = PasswordHash.recommended()  # argon2id


def wrong(password: str, *known: str) -> str:
    """What is wrong with a new password: "short", "long", "known" (their mail, their name), "simple"; "" for nothing.

    NIST SP 800-63B: long, not easily guessed, and no rules on which signs it is made of.
    """
    plain = _plain(password)
    if not SHORTEST <= len(plain) <= LONGEST:
        return "short" if len(plain) < SHORTEST else "long"
    bare = "".join(plain.casefold().split())
    if bare in {"".join(one.casefold().split()) for text in known for one in (text, text.partition("@")[0])}:
        return "known"
    return "simple" if len(set(bare)) < FEWEST else ""


def hashed(password: str) -> str:
    """A password as it is kept. Takes a tenth of a second, so never within a transaction."""
    return _HASH.hash(_plain(password))


def fits(password: str, kept: str | None) -> bool:
    """Whether this is the password; takes as long where none is kept, so that nobody learns by it who is a member."""
    nobody = _nobody()
    right = _HASH.verify(_plain(password)[: LONGEST + 1], kept or nobody)
    return right and kept is not None


@cache
def _nobody() -> str:
    return _HASH.hash(secrets.token_urlsafe())


def _plain(password: str) -> str:
    # The same signs are sent differently by different keyboards.
    return unicodedata.normalize("NFKC", password)


def new_secret() -> str:
    """A new secret of TOTP."""
    return pyotp.random_base32()


def address(secret: str, mail: str) -> str:
    """What a QR code for an app of codes holds."""
    return pyotp.TOTP(secret).provisioning_uri(name=mail, issuer_name="Banso")


def step(secret: str, code: str, now: datetime) -> int | None:
    """The step of TOTP that a code is of, now or next to now (UTC, without zone); None for a wrong one."""
    typed = "".join(sign for sign in _plain(code) if sign not in " -\u3000")
    totp = pyotp.TOTP(secret)
    current = totp.timecode(now.replace(tzinfo=UTC))
    return next((current + by for by in STEPS if strings_equal(typed, totp.generate_otp(current + by))), None)


def good_secret(secret: str) -> bool:
    """Whether this is a secret of TOTP as `new_secret` makes them."""
    return bool(re.fullmatch(r"[A-Z2-7]{32}", secret))
