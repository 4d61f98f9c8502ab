"""Clients: owners who have come by an agency, and what each lets that agency see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from storage.prepared import insert_new
from storage.schema import agency, client, consent

# What an owner can let an agency see, from least to most: nothing, the result, the result and consultations. "" is what
# has not been answered.
SHARES = ("nothing", "result", "all")
# With these, an agency sees that there is such a client at all.
SEEN = ("result", "all")


@dataclass(frozen=True, slots=True)
class Client:
    """A client of an agency's (see schema); `agency` is its name."""

    id: int
    owner_id: int
    agency_id: int
    agency: str
    referral_id: int | None
    invitation_id: int | None
    member_id: int | None
    name: str
    came_at: datetime
    share: str
    share_at: datetime | None

    @property
    def subject(self) -> str:
        """What timers and the audit log name it by."""
        return f"client:{self.id}"


_COLUMNS = [agency.c.name.label("agency") if n == "agency" else client.c[n] for n in Client.__dataclass_fields__]
_FOUND = select(*_COLUMNS).join_from(client, agency)


def come(
    connection: Connection,
    owner_id: int,
    agency_id: int,
    now: datetime,
    *,
    referral_id: int | None = None,
    invitation_id: int | None = None,
    member_id: int | None = None,
    name: str = "",
) -> Client:
    """An owner has come by an agency; who has come by it before stays the client that they are."""
    row = {
        "owner_id": owner_id,
        "agency_id": agency_id,
        "referral_id": referral_id,
        "invitation_id": invitation_id,
        "member_id": member_id,
        "name": name,
        "came_at": now,
        "share": "",
    }
    connection.execute(insert_new(connection.dialect, client), row)
    return _one(connection, (client.c.owner_id == owner_id) & (client.c.agency_id == agency_id))


def _one(connection: Connection, which: ColumnElement[bool]) -> Client:
    return Client(*connection.execute(_FOUND.where(which)).one())


def seen(connection: Connection, agency_id: int, id: int) -> Client | None:
    """A client whom this agency may see now; None for any other."""
    mine = (client.c.id == id) & (client.c.agency_id == agency_id) & client.c.share.in_(SEEN)
    row = connection.execute(_FOUND.where(mine)).first()
    return Client(*row) if row else None


def lock(connection: Connection, agency_id: int, id: int) -> Client | None:
    """A client whom this agency may see now, held until the transaction ends."""
    connection.execute(select(client.c.id).where(client.c.id == id).with_for_update())
    return seen(connection, agency_id, id)


def of_owner(connection: Connection, owner_id: int) -> Sequence[Client]:
    """The clients that an owner is, the agency met first before others."""
    return [
        Client(*row) for row in connection.execute(_FOUND.where(client.c.owner_id == owner_id).order_by(client.c.id))
    ]


def share(
    connection: Connection, one: Client, level: str, wording: str, now: datetime, member_id: int | None = None
) -> None:
    """Keep what an owner lets an agency see from now on, with the version of the words that it was said to.

    `member_id` is who of an agency answered it at the owner's side, if anybody did.
    """
    if level not in SHARES:
        raise ValueError(f"{level!r} is none of {SHARES}")
    connection.execute(update(client).where(client.c.id == one.id).values(share=level, share_at=now))
    row = {"owner_id": one.owner_id, "agency_id": one.agency_id, "share": level, "wording": wording, "at": now}
    connection.execute(insert(consent).values(row | {"member_id": member_id}))


def keep(connection: Connection, id: int, **values: Any) -> None:
    """Change what is kept of a client: `name`, `member_id`."""
    connection.execute(update(client).where(client.c.id == id).values(values))
