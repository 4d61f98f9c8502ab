"""Enrolments: links by which a member chooses a password and sets up TOTP, known here by their hash alone."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from storage.schema import enrolment
from storage.signins import hashed

LIFE = timedelta(days=3)


def make(connection: Connection, member_id: int, now: datetime) -> str:
    """A new link's secret, told once, here; it takes the place of the one before."""
    end(connection, member_id)
    secret = secrets.token_urlsafe(32)
    connection.execute(insert(enrolment).values(hash=hashed(secret), member_id=member_id, ends_at=now + LIFE))
    return secret


def find(connection: Connection, secret: str, now: datetime) -> int | None:
    """The id of the member whom a link is for; None for one that is used, too old or made up."""
    still = (enrolment.c.hash == hashed(secret)) & (enrolment.c.ends_at > now)
    return connection.execute(select(enrolment.c.member_id).where(still)).scalar_one_or_none()


def end(connection: Connection, member_id: int) -> None:
    """No link is good any more for a member."""
    connection.execute(delete(enrolment).where(enrolment.c.member_id == member_id))


def sweep(connection: Connection, now: datetime) -> None:
    """Take away what has run out."""
    connection.execute(delete(enrolment).where(enrolment.c.ends_at <= now))
