"""Tokens by which programmes of an agency read what it may see."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from storage.schema import api_token
from storage.signins import hashed

# What tokens begin with, so that one that has got somewhere it should not be is known for what it is.
PREFIX = "banso_"
# How old it may be when a token was used last, as it is kept.
NOTED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Token:
    """A token of an agency's, without its secret."""

    id: int
    agency_id: int
    member_id: int
    name: str
    made_at: datetime
    used_at: datetime | None
    ended_at: datetime | None


_COLUMNS = [api_token.c[name] for name in Token.__dataclass_fields__]


def make(connection: Connection, agency_id: int, member_id: int, name: str, now: datetime) -> str:
    """A new token; it is told once, here."""
    token = PREFIX + secrets.token_urlsafe(32)
    row = {"agency_id": agency_id, "member_id": member_id, "name": name, "hash": hashed(token), "made_at": now}
    connection.execute(insert(api_token).values(row))
    return token


def find(connection: Connection, token: str) -> Token | None:
    """What is known of a token; None for one that has ended or was made up."""
    still = (api_token.c.hash == hashed(token)) & api_token.c.ended_at.is_(None)
    row = connection.execute(select(*_COLUMNS).where(still)).first()
    return Token(*row) if row else None


def note(connection: Connection, id: int, now: datetime) -> None:
    """Note that a token is in use; once a minute will do."""
    mine = (api_token.c.id == id) & (api_token.c.used_at.is_(None) | (api_token.c.used_at < now - NOTED))
    connection.execute(update(api_token).where(mine).values(used_at=now))


def of_agency(connection: Connection, agency_id: int) -> Sequence[Token]:
    """An agency's tokens, the newest first."""
    query = select(*_COLUMNS).where(api_token.c.agency_id == agency_id).order_by(api_token.c.id.desc())
    return [Token(*row) for row in connection.execute(query)]


def end(connection: Connection, agency_id: int, id: int, now: datetime) -> bool:
    """End a token of an agency's; False where it has no such token."""
    mine = (api_token.c.id == id) & (api_token.c.agency_id == agency_id) & api_token.c.ended_at.is_(None)
    return connection.execute(update(api_token).where(mine).values(ended_at=now)).rowcount > 0
