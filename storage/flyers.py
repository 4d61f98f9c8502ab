"""Pictures that agencies attach to the letters of their campaigns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, delete, func, select

from storage.prepared import insert_row
from storage.schema import flyer


@dataclass(frozen=True, slots=True)
class Flyer:
    """A picture of a campaign's, but for its bytes (see schema)."""

    token: str
    alt: str
    width: int
    height: int


_COLUMNS = [flyer.c[name] for name in Flyer.__dataclass_fields__]


def token_of(data: bytes) -> str:
    """What a picture is called: another one never has the same."""
    return blake2b(data, digest_size=16).hexdigest()


def add(
    connection: Connection,
    campaign_id: int,
    data: bytes,
    media_type: str,
    size: tuple[int, int],
    alt: str,
    now: datetime,
) -> str:
    """A picture of a campaign's, of this width and height in px; gives its token. The same again has other words."""
    row: dict[str, Any] = {"token": token_of(data), "campaign_id": campaign_id, "data": data, "media_type": media_type}
    row |= {"width": size[0], "height": size[1], "alt": alt, "made_at": now}
    new = insert_row(connection.dialect, flyer).values(row)
    connection.execute(new.on_conflict_do_update(index_elements=["token", "campaign_id"], set_={"alt": alt}))
    return token_of(data)


def of_campaign(connection: Connection, campaign_id: int) -> Sequence[Flyer]:
    """A campaign's pictures, the oldest first."""
    query = select(*_COLUMNS).where(flyer.c.campaign_id == campaign_id).order_by(flyer.c.made_at, flyer.c.token)
    return [Flyer(*row) for row in connection.execute(query)]


def count(connection: Connection, campaign_id: int) -> int:
    """How many pictures a campaign has."""
    query = select(func.count()).where(flyer.c.campaign_id == campaign_id)
    return int(connection.execute(query).scalar_one())


def data(connection: Connection, token: str, campaign_id: int | None = None) -> tuple[bytes, str] | None:
    """A picture and its media type; None where no campaign (or not this one) has it."""
    query = select(flyer.c.data, flyer.c.media_type).where(flyer.c.token == token)
    if campaign_id is not None:
        query = query.where(flyer.c.campaign_id == campaign_id)
    row = connection.execute(query.limit(1)).first()
    return (row.data, row.media_type) if row else None


def drop(connection: Connection, campaign_id: int, token: str) -> None:
    """Take a picture away from a campaign."""
    connection.execute(delete(flyer).where(flyer.c.campaign_id == campaign_id, flyer.c.token == token))
