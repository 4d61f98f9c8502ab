"""Codes by which an owner goes on in another app: good once, and for a while."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from dialogs.understanding import fold
from storage.schema import link

LIFE = timedelta(minutes=15)
# Without what is mistaken for something else when it is read from one screen and typed on another. 8 of these are one
# of 8 * 10 ** 11: nobody guesses one within a quarter of an hour.
SIGNS, LENGTH = "23456789abcdefghjkmnpqrstuvwxyz", 8
_CODE = re.compile(rf"go([{SIGNS}]{{{LENGTH}}})")
# Longer texts hold more than a code.
_TEXT = 40


def plain(text: str) -> str:
    """A text that may be a code, with all made alike in which codes are typed differently; "" for a longer one."""
    # Folding takes most dashes away, and makes a long vowel of others.
    return fold(text).translate(dict.fromkeys(map(ord, "ー–"))) if len(text) <= _TEXT else ""


def code_in(text: str) -> str:
    """The code that a text consists of, whatever its letters' width and case, its dash and blanks; "" for none."""
    found = _CODE.fullmatch(plain(text))
    return f"go-{found[1]}" if found else ""


def make(connection: Connection, owner_id: int, now: datetime) -> str:
    """A new code for this owner, in place of the earlier ones."""
    connection.execute(delete(link).where((link.c.owner_id == owner_id) | (link.c.ends_at <= now)))
    code = "go-" + "".join(secrets.choice(SIGNS) for _ in range(LENGTH))
    connection.execute(insert(link).values(code=code, owner_id=owner_id, ends_at=now + LIFE))
    return code


@dataclass(frozen=True, slots=True)
class Good:
    """A code that is still good: whose, and until when."""

    owner_id: int
    ends_at: datetime


def find(connection: Connection, code: str, now: datetime) -> Good | None:
    """What is known of a code; None for one that is used, too old or made up."""
    query = select(link.c.owner_id, link.c.ends_at).where(link.c.code == code, link.c.ends_at > now)
    row = connection.execute(query).first()
    return Good(*row) if row else None


def owner_of(connection: Connection, code: str, now: datetime) -> int | None:
    """Whose code this is, where it is still good."""
    found = find(connection, code, now)
    return found.owner_id if found else None


def use(connection: Connection, code: str, now: datetime) -> int | None:
    """Whose code this was; it is good no more."""
    used = delete(link).where(link.c.code == code, link.c.ends_at > now).returning(link.c.owner_id)
    return connection.execute(used).scalar_one_or_none()


def of_owner(connection: Connection, owner_id: int, now: datetime) -> str | None:
    """An owner's code that is still good, if any."""
    good = select(link.c.code).where(link.c.owner_id == owner_id, link.c.ends_at > now)
    return connection.execute(good).scalars().first()
