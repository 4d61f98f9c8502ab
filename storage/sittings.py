"""Checks taken together: an officer at an owner's side, and what they are shown of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from storage.outbox import Exchange
from storage.schema import agency, client, contact, member, outbox, owner, result, sitting
from storage.texts import storable

# Of the contact by which an owner is in a sitting: each has an address of its own.
CHANNEL, ACCOUNT = "desk", "together"
# A sitting ends by itself: who forgets to end one must not be shown it on another day.
LIFE = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Sitting:
    """A sitting (see schema); `share` is what its owner lets the agency see now."""

    id: int
    owner_id: int
    agency_id: int
    member_id: int
    address: str
    notice: str
    began_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    share: str
    share_at: datetime | None

    @property
    def subject(self) -> str:
        """What the audit log names it by."""
        return f"sitting:{self.id}"

    def closed_at(self, now: datetime) -> datetime | None:
        """Since when nothing of it is shown any more: it was ended, or nothing is shared; None while it goes on."""
        ends = [self.began_at + LIFE]
        if self.ended_at:
            ends.append(self.ended_at)
        if self.share == "nothing" and self.share_at:
            ends.append(max(self.share_at, self.began_at))
        return min(ends) if min(ends) <= now else None


_OWN = [sitting.c[name] for name in Sitting.__dataclass_fields__ if name in sitting.c]
# Only while its owner is a client: who is none any more has nothing that the agency could be shown.
_FOUND = select(*_OWN, client.c.share, client.c.share_at).join_from(
    sitting, client, and_(client.c.owner_id == sitting.c.owner_id, client.c.agency_id == sitting.c.agency_id)
)


def begin(
    connection: Connection, owner_id: int, agency_id: int, member_id: int, address: str, notice: str, now: datetime
) -> int:
    """A sitting begins at this address, after its owner has heard this notice; gives its id."""
    row = {"owner_id": owner_id, "agency_id": agency_id, "member_id": member_id, "address": address}
    values = row | {"notice": notice, "began_at": now}
    id: int = connection.execute(insert(sitting).values(values).returning(sitting.c.id)).scalar_one()
    return id


def find(connection: Connection, member_id: int, id: int) -> Sitting | None:
    """A sitting of this member's; nobody else's."""
    row = connection.execute(_FOUND.where(sitting.c.id == id, sitting.c.member_id == member_id)).first()
    return Sitting(*row) if row else None


def going_on(connection: Connection, member_id: int, now: datetime) -> Sequence[Sitting]:
    """A member's sittings that have not ended, the newest first."""
    open_ = _FOUND.where(sitting.c.member_id == member_id, sitting.c.ended_at.is_(None))
    rows = connection.execute(open_.where(sitting.c.began_at > now - LIFE).order_by(sitting.c.id.desc()))
    return [one for one in (Sitting(*row) for row in rows) if one.closed_at(now) is None]


def answer(connection: Connection, id: int, now: datetime) -> bool:
    """Note that an answer is given; True for the first of a sitting."""
    first = (sitting.c.id == id) & sitting.c.answered_at.is_(None)
    return connection.execute(update(sitting).where(first).values(answered_at=now)).rowcount > 0


def end(connection: Connection, one: Sitting, now: datetime) -> None:
    """End a sitting: nothing is said there any more, so its owner can't be reached by it."""
    still = (sitting.c.id == one.id) & sitting.c.ended_at.is_(None)
    connection.execute(update(sitting).where(still).values(ended_at=now))
    connection.execute(update(contact).where(_at(one.address), contact.c.gone_at.is_(None)).values(gone_at=now))


def _at(address: str) -> ColumnElement[bool]:
    return and_(contact.c.channel == CHANNEL, contact.c.account == ACCOUNT, contact.c.address == address)


def exchanges(connection: Connection, one: Sitting, most: int, turn: int | None = None) -> list[Exchange]:
    """The latest turns of a sitting in order, or the one of this number: nothing that was said elsewhere."""
    rows = select(outbox.c.turn, outbox.c.said, outbox.c.messages).join_from(outbox, contact)
    here = rows.where(outbox.c.owner_id == one.owner_id, _at(one.address))
    if turn is not None:
        here = here.where(outbox.c.turn == turn)
    found = connection.execute(here.order_by(outbox.c.turn.desc()).limit(most)).all()
    return [Exchange(*row) for row in reversed(found)]


def flows(connection: Connection, owner_id: int) -> list[str]:
    """The flows that are open in an owner's conversation, the first of them below all others."""
    record = connection.execute(select(owner.c.record).where(owner.c.id == owner_id)).scalar_one()
    return [frame["flow"] for frame in record.get("frames", ())]


def asked(connection: Connection, owner_id: int) -> str:
    """The question of the check that an owner was shown last; "" for none."""
    record = connection.execute(select(owner.c.record).where(owner.c.id == owner_id)).scalar_one()
    return str(next((frame["asked"] for frame in record.get("frames", ())), ""))


def beside(connection: Connection, token: str) -> str:
    """The agency whose officer answered what led to a result, at the owner's side; "" where nobody did."""
    joined = result.join(member, member.c.id == result.c.member_id).join(agency, agency.c.id == member.c.agency_id)
    name = select(agency.c.name).select_from(joined).where(result.c.token == storable(token))
    return connection.execute(name).scalar_one_or_none() or ""
