"""Members: the people of agencies who sign in at the desk."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from storage.schema import agency, member, owner
from storage.texts import storable

ROLES = ("admin", "officer", "expert")
# So many wrong tries lock somebody out, each time for twice as long.
TRIES = 5
FIRST_LOCK, LONGEST_LOCK = timedelta(minutes=15), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Member:
    """A member (see schema)."""

    id: int
    agency_id: int
    owner_id: int
    expert_id: int | None
    name: str
    mail: str
    role: str
    active: bool
    password: str | None
    secret: str | None
    counter: int | None
    subject: str | None
    fails: int
    locked_until: datetime | None
    made_at: datetime
    seen_at: datetime | None

    def may_try(self, now: datetime) -> bool:
        """Whether they can sign in at all, and are not locked out."""
        return self.active and (self.locked_until is None or self.locked_until <= now)

    @property
    def named(self) -> str:
        """What the audit log names them by."""
        return f"member:{self.id}"


_COLUMNS = [member.c[name] for name in Member.__dataclass_fields__]


def add(
    connection: Connection,
    agency_id: int,
    name: str,
    mail: str,
    role: str,
    now: datetime,
    expert_id: int | None = None,
) -> Member:
    """A new member, with a person of their own who has yet to be reached; the mail address must be nobody's yet."""
    person = {"tag": secrets.token_hex(3), "record": {}, "turns": 0, "made_at": now, "seen_at": now}
    owner_id = connection.execute(insert(owner).values(person).returning(owner.c.id)).scalar_one()
    row = {
        "agency_id": agency_id,
        "owner_id": owner_id,
        "expert_id": expert_id,
        "name": name,
        "mail": mail.strip().lower(),
        "role": role,
        "active": True,
        "made_at": now,
    }
    return get(connection, connection.execute(insert(member).values(row).returning(member.c.id)).scalar_one())


def get(connection: Connection, id: int) -> Member:
    """The member with this id; raises where there is none."""
    return Member(*connection.execute(select(*_COLUMNS).where(member.c.id == id)).one())


def find(connection: Connection, **by: Any) -> Member | None:
    """The member who has this `id`, `owner_id`, `expert_id`, `mail` or `subject`."""
    if "mail" in by:
        by["mail"] = storable(by["mail"].strip().lower())
    row = connection.execute(select(*_COLUMNS).where(*[member.c[name] == value for name, value in by.items()])).first()
    return Member(*row) if row else None


def of_agency(connection: Connection, agency_id: int) -> Sequence[Member]:
    """An agency's members, by id."""
    query = select(*_COLUMNS).where(member.c.agency_id == agency_id).order_by(member.c.id)
    return [Member(*row) for row in connection.execute(query)]


def keep(connection: Connection, id: int, **values: Any) -> None:
    """Change what is kept of a member, by the names of the columns."""
    connection.execute(update(member).where(member.c.id == id).values(values))


def failed(connection: Connection, id: int, now: datetime) -> bool:
    """Count a wrong try; gives whether it locks them out, which every fifth in a row does."""
    counting = update(member).where(member.c.id == id).values(fails=member.c.fails + 1).returning(member.c.fails)
    fails: int = connection.execute(counting).scalar_one()
    if fails % TRIES:
        return False
    lock = min(FIRST_LOCK * 2 ** min(fails // TRIES - 1, 10), LONGEST_LOCK)
    keep(connection, id, locked_until=now + lock)
    return True


def entered(connection: Connection, id: int, now: datetime) -> None:
    """Keep that they have signed in, so that wrong tries are counted anew."""
    keep(connection, id, fails=0, locked_until=None, seen_at=now)


def use_step(connection: Connection, id: int, step: int) -> bool:
    """Use a step of TOTP; False where it, or a later one, was used before."""
    unused = (member.c.id == id) & (member.c.counter.is_(None) | (member.c.counter < step))
    return connection.execute(update(member).where(unused).values(counter=step)).rowcount > 0


def other_admin(connection: Connection, agency_id: int, id: int) -> bool:
    """Whether an agency has an active admin besides this one; holds the agency until the transaction ends."""
    connection.execute(select(agency.c.id).where(agency.c.id == agency_id).with_for_update())
    admins = (member.c.agency_id == agency_id) & (member.c.role == "admin") & member.c.active
    others = select(func.count()).select_from(member).where(admins, member.c.id != id)
    return bool(connection.execute(others).scalar_one())
