"""What came of meetings: the record of each, and the next actions that were agreed on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from storage import journeys
from storage.bookings import Booking
from storage.schema import booking, consultation, next_action
from storage.texts import storable


@dataclass(frozen=True, slots=True)
class NextAction:
    """One next action; `state` is "open", "done" or "dropped", `day` None where no day was agreed on."""

    id: int
    consultation_id: int
    owner_id: int
    text: str
    day: date | None
    state: str

    @property
    def subject(self) -> str:
        """What its timers are about."""
        return f"action:{self.id}"


@dataclass(frozen=True, slots=True)
class Consultation:
    """The record of one meeting (see schema), with its next actions, the earliest first."""

    id: int
    booking_id: int
    owner_id: int
    situation: str
    support: str
    handover: str
    made_at: datetime
    changed_at: datetime
    actions: tuple[NextAction, ...]

    @property
    def agreed(self) -> tuple[object, ...]:
        """All that the expert has written, by which one version is told from another."""
        actions = tuple((action.text, action.day) for action in self.actions)
        return self.situation, self.support, self.handover, actions


_COLUMNS = [consultation.c[name] for name in Consultation.__dataclass_fields__ if name != "actions"]
_ACTION = [next_action.c[name] for name in NextAction.__dataclass_fields__]
_BY_DAY = next_action.c.day.is_(None), next_action.c.day, next_action.c.id


def _found(connection: Connection, which: ColumnElement[bool]) -> list[Consultation]:
    rows = connection.execute(select(*_COLUMNS).where(which).order_by(consultation.c.id.desc())).all()
    of_these = next_action.c.consultation_id.in_([row.id for row in rows])
    actions = [NextAction(*row) for row in connection.execute(select(*_ACTION).where(of_these).order_by(*_BY_DAY))]
    return [
        Consultation(**row._asdict(), actions=tuple(one for one in actions if one.consultation_id == row.id))
        for row in rows
    ]


def find(connection: Connection, id: int) -> Consultation | None:
    """The record with this id."""
    return next(iter(_found(connection, consultation.c.id == id)), None)


def of_booking(connection: Connection, booking_id: int) -> Consultation | None:
    """The record of a booking's meeting."""
    return next(iter(_found(connection, consultation.c.booking_id == booking_id)), None)


def of_owner(connection: Connection, owner_id: int) -> list[Consultation]:
    """The records of an owner's meetings, the latest written first."""
    return _found(connection, consultation.c.owner_id == owner_id)


def recorded(connection: Connection, expert_id: int) -> set[int]:
    """The bookings of an expert (ids) that have a record."""
    query = select(consultation.c.booking_id).join_from(consultation, booking)
    return set(connection.execute(query.where(booking.c.expert_id == expert_id)).scalars())


def keep(
    connection: Connection,
    one: Booking,
    situation: str,
    support: str,
    handover: str,
    actions: Sequence[tuple[str, date | None]],
    now: datetime,
) -> Consultation:
    """Keep the record of a locked booking's meeting in place of the one before.

    A next action that stands in both (by its words) stays the same, with what its owner has said of it.
    """
    before = of_booking(connection, one.id)
    values = {"situation": storable(situation), "support": storable(support), "handover": handover, "changed_at": now}
    if before:
        connection.execute(update(consultation).where(consultation.c.id == before.id).values(values))
        id = before.id
    else:
        row = values | {"booking_id": one.id, "owner_id": one.owner_id, "made_at": now}
        id = connection.execute(insert(consultation).values(row).returning(consultation.c.id)).scalar_one()
    _keep_actions(connection, id, one.owner_id, [(storable(text), day) for text, day in actions])
    (kept,) = _found(connection, consultation.c.id == id)
    return kept


def _keep_actions(connection: Connection, id: int, owner_id: int, actions: Sequence[tuple[str, date | None]]) -> None:
    query = select(next_action.c.id, next_action.c.text).where(next_action.c.consultation_id == id)
    before = {row.text: row.id for row in connection.execute(query)}
    gone = [number for text, number in before.items() if text not in dict(actions)]
    connection.execute(delete(next_action).where(next_action.c.id.in_(gone)))
    for text, day in dict(actions).items():
        if text in before:
            connection.execute(update(next_action).where(next_action.c.id == before[text]).values(day=day))
        else:
            row = {"consultation_id": id, "owner_id": owner_id, "text": text, "day": day, "state": "open"}
            connection.execute(insert(next_action).values(row))


def find_action(connection: Connection, id: int) -> NextAction | None:
    """The next action with this id."""
    row = connection.execute(select(*_ACTION).where(next_action.c.id == id)).first()
    return NextAction(*row) if row else None


def answer(connection: Connection, id: int, state: str, now: datetime) -> None:
    """Keep what an owner says of a next action."""
    mine = next_action.c.id == id
    done_at = func.coalesce(next_action.c.done_at, now) if state == "done" else None
    kept = update(next_action).where(mine).values(state=state, done_at=done_at).returning(next_action.c.owner_id)
    whose = connection.execute(kept).scalar_one()
    if state == "done":
        journeys.mark(connection, whose, "acted", now)
    else:
        others = select(next_action.c.id).where(next_action.c.owner_id == whose, next_action.c.state == "done")
        journeys.take_back(connection, whose, "acted", unless=others)


def done(connection: Connection, owner_id: int) -> int:
    """How many of an owner's meetings took place."""
    mine = (booking.c.owner_id == owner_id) & (booking.c.state == "done")
    return connection.execute(select(func.count()).where(mine)).scalar_one()
