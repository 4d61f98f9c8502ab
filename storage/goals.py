"""What a campaign wants to be reached, told by what owners did after they were frozen."""

from collections.abc import Callable

from sqlalchemy import ColumnElement, exists, false, literal_column, or_

from storage.bookings import BOOKED
from storage.schema import booking, journey, next_action, recipient, result

# "held" alone is no booking yet; one that was cancelled is none any more, and one that was held took place.
_STANDS = (*BOOKED, "proposed", "done")
_SINCE = recipient.c.frozen_at


def _finished() -> ColumnElement[bool]:
    return exists().where(result.c.owner_id == recipient.c.owner_id, result.c.made_at > _SINCE)


def _began() -> ColumnElement[bool]:
    first = exists().where(journey.c.owner_id == recipient.c.owner_id, journey.c.began_at > _SINCE)
    return or_(first, _finished())


def _booked() -> ColumnElement[bool]:
    mine = (booking.c.owner_id == recipient.c.owner_id) & (booking.c.made_at > _SINCE)
    return exists().where(mine, booking.c.state.in_(_STANDS))


def _met() -> ColumnElement[bool]:
    mine = (booking.c.owner_id == recipient.c.owner_id) & (booking.c.changed_at > _SINCE)
    return exists().where(mine, booking.c.state == literal_column("'done'"))


def _acted() -> ColumnElement[bool]:
    mine = (next_action.c.owner_id == recipient.c.owner_id) & (next_action.c.done_at > _SINCE)
    return exists().where(mine, next_action.c.state == literal_column("'done'"))


_REACHED: dict[str, Callable[[], ColumnElement[bool]]] = {
    "began": _began,
    "finished": _finished,
    "booked": _booked,
    "met": _met,
    "acted": _acted,
}


def reached(goal: str) -> ColumnElement[bool]:
    """What holds for recipients who have reached a goal since they were frozen; nothing does, where there is none."""
    condition = _REACHED.get(goal)
    return condition() if condition else false()
