"""Who is signed in at the desk: the secret of a cookie is known here by its hash alone."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from storage.schema import signin

# Signed in for a working day at the longest, and out after an hour without a click.
LIFE, IDLE = timedelta(hours=12), timedelta(hours=1)
# When somebody was last seen is noted once a minute at the most.
NOTED = timedelta(minutes=1)
# From the password to the code.
HALFWAY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Signin:
    """One browser of a member's; `stage` is "password" until the code is given, then "full"."""

    hash: str
    member_id: int
    stage: str
    seen_at: datetime


def hashed(secret: str) -> str:
    """A secret of ours (of full entropy) as it is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def begin(connection: Connection, member_id: int, stage: str, now: datetime) -> str:
    """Have somebody signed in, as far as `stage`; gives the secret for their cookie."""
    secret = secrets.token_urlsafe(32)
    ends_at = now + (LIFE if stage == "full" else HALFWAY)
    row = {"hash": hashed(secret), "member_id": member_id, "stage": stage}
    connection.execute(insert(signin).values(row | {"made_at": now, "seen_at": now, "ends_at": ends_at}))
    return secret


def find(connection: Connection, secret: str, now: datetime) -> Signin | None:
    """Who is signed in with this secret, if it has not run out."""
    still = (signin.c.hash == hashed(secret)) & (signin.c.ends_at > now) & (signin.c.seen_at > now - IDLE)
    columns = signin.c.hash, signin.c.member_id, signin.c.stage, signin.c.seen_at
    row = connection.execute(select(*columns).where(still)).first()
    return Signin(*row) if row else None


def note(connection: Connection, one: Signin, now: datetime) -> None:
    """Keep that somebody is still there."""
    connection.execute(update(signin).where(signin.c.hash == one.hash).values(seen_at=now))


def end(connection: Connection, secret: str) -> None:
    """Sign a browser out."""
    connection.execute(delete(signin).where(signin.c.hash == hashed(secret)))


def end_all(connection: Connection, member_id: int) -> None:
    """Sign a member out everywhere."""
    connection.execute(delete(signin).where(signin.c.member_id == member_id))


def sweep(connection: Connection, now: datetime) -> None:
    """Take away what has run out."""
    connection.execute(delete(signin).where((signin.c.ends_at <= now) | (signin.c.seen_at <= now - IDLE)))
