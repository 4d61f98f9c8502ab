"""Codes by which a chat becomes an expert's or a member's, or an officer comes to a booking: once, for two weeks."""

import re
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from storage.codes import LENGTH, SIGNS, plain
from storage.schema import invite
from storage.texts import storable

LIFE = timedelta(days=14)
# How a code begins, by the subject that it is for ("expert:7", "booking:12", "member:3").
PREFIXES = {"expert": "ex", "booking": "bk", "member": "st"}
_CODE = re.compile(rf"({'|'.join(PREFIXES.values())})([{SIGNS}]{{{LENGTH}}})")


def code_in(text: str) -> str:
    """The code that a text consists of, however it is typed (see codes.code_in); "" for none."""
    found = _CODE.fullmatch(plain(text))
    return f"{found[1]}-{found[2]}" if found else ""


def make(connection: Connection, subject: str, now: datetime) -> str:
    """A new code for a subject, in place of the one before; only to a booking may several be invited."""
    kind = subject.partition(":")[0]
    mine = invite.c.subject == subject
    before = (invite.c.ends_at <= now) | mine if kind != "booking" else invite.c.ends_at <= now
    connection.execute(delete(invite).where(before))
    code = f"{PREFIXES[kind]}-" + "".join(secrets.choice(SIGNS) for _ in range(LENGTH))
    connection.execute(insert(invite).values(code=code, subject=subject, ends_at=now + LIFE))
    return code


def find(connection: Connection, code: str, now: datetime) -> str | None:
    """The subject that a code is for; None for one that is used, too old or made up."""
    query = select(invite.c.subject).where(invite.c.code == storable(code), invite.c.ends_at > now)
    return connection.execute(query).scalar_one_or_none()


def use(connection: Connection, code: str, now: datetime) -> str | None:
    """The subject that a code was for; it is good no more."""
    used = delete(invite).where(invite.c.code == storable(code), invite.c.ends_at > now).returning(invite.c.subject)
    return connection.execute(used).scalar_one_or_none()


def withdraw(connection: Connection, subject: str) -> None:
    """No code is good any more for a subject."""
    connection.execute(delete(invite).where(invite.c.subject == subject))
