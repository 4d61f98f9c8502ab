"""The ways by which agencies send owners: links that anybody may use, and invitations for one."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, exists, func, insert, select, update

from storage.clients import SEEN
from storage.codes import LENGTH, SIGNS, plain
from storage.schema import client, invitation, referral
from storage.texts import storable

KINDS = ("agency", "officer", "campaign", "event")
# How long an invitation is good for, unless it is withdrawn.
LIFE = timedelta(days=60)
REFERRAL, INVITATION = "ag", "iv"
_CODE = re.compile(rf"({REFERRAL}|{INVITATION})([{SIGNS}]{{{LENGTH}}})")


@dataclass(frozen=True, slots=True)
class Referral:
    """A way that anybody may use (see schema)."""

    id: int
    agency_id: int
    member_id: int | None
    kind: str
    name: str
    code: str
    day: date | None
    place: str
    made_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation for one (see schema)."""

    id: int
    agency_id: int
    member_id: int
    referral_id: int | None
    name: str
    mail: str
    code: str
    made_at: datetime
    ends_at: datetime
    used_at: datetime | None
    withdrawn_at: datetime | None

    def lasts(self, now: datetime) -> bool:
        """Whether it is open to somebody, and not over; whether somebody has come by it makes no difference."""
        return self.withdrawn_at is None and self.ends_at > now


_REFERRAL = [referral.c[name] for name in Referral.__dataclass_fields__]
_INVITATION = [invitation.c[name] for name in Invitation.__dataclass_fields__]


def code_in(text: str) -> str:
    """The code that a text consists of, however it is typed (see codes.code_in); "" for none."""
    found = _CODE.fullmatch(plain(text))
    return f"{found[1]}-{found[2]}" if found else ""


def is_for_one(code: str) -> bool:
    """Whether a code is that of an invitation."""
    return code.startswith(INVITATION)


def _new(prefix: str) -> str:
    return f"{prefix}-" + "".join(secrets.choice(SIGNS) for _ in range(LENGTH))


def add(
    connection: Connection,
    agency_id: int,
    member_id: int | None,
    kind: str,
    name: str,
    now: datetime,
    *,
    day: date | None = None,
    place: str = "",
) -> Referral:
    """A new way that anybody may use; `kind` is one of KINDS."""
    row: dict[str, Any] = {
        "agency_id": agency_id,
        "member_id": member_id,
        "kind": kind,
        "name": storable(name),
        "code": _new(REFERRAL),
        "day": day,
        "place": storable(place),
        "made_at": now,
    }
    made = insert(referral).values(row).returning(*_REFERRAL)
    return Referral(*connection.execute(made).one())


def invite(
    connection: Connection,
    agency_id: int,
    member_id: int,
    name: str,
    mail: str,
    now: datetime,
    referral_id: int | None = None,
) -> Invitation:
    """A new invitation for one."""
    row = {"agency_id": agency_id, "member_id": member_id, "name": name, "mail": mail, "code": _new(INVITATION)}
    row |= {"referral_id": referral_id, "made_at": now, "ends_at": now + LIFE}
    made = insert(invitation).values(row).returning(*_INVITATION)
    return Invitation(*connection.execute(made).one())


def by_code(connection: Connection, code: str) -> Referral | Invitation | None:
    """What a code stands for, good or not any more."""
    if code.startswith(REFERRAL):
        row = connection.execute(select(*_REFERRAL).where(referral.c.code == storable(code))).first()
        return Referral(*row) if row else None
    row = connection.execute(select(*_INVITATION).where(invitation.c.code == storable(code))).first()
    return Invitation(*row) if row else None


def use(connection: Connection, id: int, now: datetime) -> bool:
    """Somebody comes by an invitation; False where it is good no more, as for whoever comes second."""
    unused = (invitation.c.id == id) & invitation.c.used_at.is_(None) & invitation.c.withdrawn_at.is_(None)
    still = unused & (invitation.c.ends_at > now)
    return connection.execute(update(invitation).where(still).values(used_at=now)).rowcount > 0


def withdraw(connection: Connection, agency_id: int, now: datetime, **by: int) -> int:
    """Withdraw the open invitation of an agency's with this `id`, or all with this `referral_id`; gives how many.

    Whether somebody has come by one makes no difference here, or withdrawing would tell.
    """
    which = [invitation.c[name] == value for name, value in by.items()]
    mine = (invitation.c.agency_id == agency_id) & _standings(now)["open"]
    return connection.execute(update(invitation).where(mine, *which).values(withdrawn_at=now)).rowcount


def end(connection: Connection, agency_id: int, id: int, now: datetime) -> bool:
    """End a way of an agency's; False where it has none of this id that goes on."""
    mine = (referral.c.agency_id == agency_id) & (referral.c.id == id) & referral.c.ended_at.is_(None)
    return connection.execute(update(referral).where(mine).values(ended_at=now)).rowcount > 0


def of_agency(connection: Connection, agency_id: int, *kinds: str) -> Sequence[Referral]:
    """An agency's ways, of these kinds or all, the newest first."""
    mine: ColumnElement[bool] = referral.c.agency_id == agency_id
    if kinds:
        mine &= referral.c.kind.in_(kinds)
    return [Referral(*row) for row in connection.execute(select(*_REFERRAL).where(mine).order_by(referral.c.id.desc()))]


def find(connection: Connection, agency_id: int, id: int) -> Referral | None:
    """A way of this agency's."""
    mine = (referral.c.agency_id == agency_id) & (referral.c.id == id)
    row = connection.execute(select(*_REFERRAL).where(mine)).first()
    return Referral(*row) if row else None


# ---------------------------------------------------------------- invitations as their agency sees them

# What an agency is told of an invitation: that somebody came by it only where they let the agency see something.
STANDINGS = ("open", "came", "ended", "withdrawn")


def _standings(now: datetime) -> dict[str, ColumnElement[bool]]:
    """What each of STANDINGS means for a row."""
    of_it = (client.c.invitation_id == invitation.c.id) & (client.c.agency_id == invitation.c.agency_id)
    came = exists().where(of_it & client.c.share.in_(SEEN))
    kept = invitation.c.withdrawn_at.is_(None)
    return {
        "came": came,
        "withdrawn": ~came & ~kept,
        "ended": ~came & kept & (invitation.c.ends_at <= now),
        "open": ~came & kept & (invitation.c.ends_at > now),
    }


@dataclass(frozen=True, slots=True)
class Listed:
    """An invitation as its agency sees it; `standing` is one of STANDINGS."""

    one: Invitation
    standing: str


def listed(
    connection: Connection,
    agency_id: int,
    now: datetime,
    *,
    standing: str = "",
    before: int | None = None,
    after: int | None = None,
    most: int | None = None,
    **by: int,
) -> Sequence[Listed]:
    """An agency's invitations, the newest first: in one of STANDINGS, between the rows `after` and `before`.

    Those with this `id` or `referral_id`, and `most` of them at the most.
    """
    standings = _standings(now)
    named = case(*[(means, name) for name, means in standings.items()])
    which = [invitation.c[name] == value for name, value in by.items()]
    query = select(*_INVITATION, named).where(invitation.c.agency_id == agency_id, *which)
    if standing:
        query = query.where(standings[standing])
    if before is not None:
        query = query.where(invitation.c.id < before)
    if after is not None:
        query = query.where(invitation.c.id > after)
    rows = connection.execute(query.order_by(invitation.c.id.desc()).limit(most))
    return [Listed(Invitation(*row[:-1]), row[-1]) for row in rows]


def latest(connection: Connection, agency_id: int) -> int:
    """The id of the invitation that an agency has made last; 0 before the first."""
    newest = select(func.max(invitation.c.id)).where(invitation.c.agency_id == agency_id)
    return connection.execute(newest).scalar_one() or 0


def invite_all(
    connection: Connection,
    agency_id: int,
    member_id: int,
    people: Sequence[tuple[str, str]],
    now: datetime,
    referral_id: int | None = None,
) -> None:
    """New invitations for people, each a name and a mail address or ""."""
    both: dict[str, Any] = {"agency_id": agency_id, "member_id": member_id, "referral_id": referral_id}
    both |= {"made_at": now, "ends_at": now + LIFE}
    rows = [both | {"name": name, "mail": mail, "code": _new(INVITATION)} for name, mail in people]
    connection.execute(insert(invitation), rows)


@dataclass(frozen=True, slots=True)
class Came:
    """How many have come by a way itself, how many were invited as part of it, and how many of those have come.

    `silent` are how many of the first and of the last let the agency see nothing.
    """

    by_way: int = 0
    invited: int = 0
    by_invitation: int = 0
    silent: tuple[int, int] = (0, 0)


def came(connection: Connection, agency_id: int) -> dict[int | None, Came]:
    """How many have come by each of an agency's ways, by its id; None for those who came by no way of its.

    They are sums to be shown where they are large enough.
    """
    by_itself = client.c.invitation_id.is_(None)
    way = case((by_itself, client.c.referral_id), else_=invitation.c.referral_id).label("way")
    counts = by_itself.label("by_itself"), func.count(), func.count(case((client.c.share.not_in(SEEN), 1)))
    query = select(way, *counts).outerjoin_from(client, invitation, client.c.invitation_id == invitation.c.id)
    found = connection.execute(query.where(client.c.agency_id == agency_id).group_by("way", "by_itself"))
    people = {(id, bool(itself)): (count, silent) for id, itself, count, silent in found}
    made = select(invitation.c.referral_id, func.count()).where(invitation.c.agency_id == agency_id)
    invited = {row[0]: row[1] for row in connection.execute(made.group_by(invitation.c.referral_id))}
    each = {}
    for id in {*invited, *(id for id, _ in people)}:
        (by_way, silent), (by_invitation, more) = people.get((id, True), (0, 0)), people.get((id, False), (0, 0))
        each[id] = Came(by_way, invited.get(id, 0), by_invitation, (silent, more))
    return each
