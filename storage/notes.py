"""Notes of officers about clients; whoever reads them has found the client by clients.seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from storage.clients import Client
from storage.schema import member, note


@dataclass(frozen=True, slots=True)
class Note:
    """A note (see schema); `author` is the name of the member who wrote it."""

    id: int
    client_id: int
    member_id: int
    author: str
    text: str
    made_at: datetime
    changed_at: datetime


_COLUMNS = [member.c.name.label("author") if n == "author" else note.c[n] for n in Note.__dataclass_fields__]
_FOUND = select(*_COLUMNS).join_from(note, member, note.c.member_id == member.c.id)


def _about(one: Client) -> ColumnElement[bool]:
    # Who wrote it counts, too: another agency's notes are never this one's, wherever a client's rows may have got to.
    return (note.c.client_id == one.id) & (member.c.agency_id == one.agency_id)


def of_client(connection: Connection, one: Client) -> Sequence[Note]:
    """The notes about a client, the newest first."""
    query = _FOUND.where(_about(one)).order_by(note.c.id.desc())
    return [Note(*row) for row in connection.execute(query)]


def find(connection: Connection, one: Client, id: int) -> Note | None:
    """A note about this client."""
    row = connection.execute(_FOUND.where(_about(one), note.c.id == id)).first()
    return Note(*row) if row else None


def add(connection: Connection, one: Client, member_id: int, text: str, now: datetime) -> None:
    """A new note about a client."""
    row = {"client_id": one.id, "owner_id": one.owner_id, "member_id": member_id, "text": text}
    connection.execute(insert(note).values(row | {"made_at": now, "changed_at": now}))


def change(connection: Connection, id: int, text: str, now: datetime) -> None:
    """Give a note another text."""
    connection.execute(update(note).where(note.c.id == id).values(text=text, changed_at=now))


def remove(connection: Connection, id: int) -> None:
    """Delete a note."""
    connection.execute(delete(note).where(note.c.id == id))
