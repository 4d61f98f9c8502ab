"""体験会: how far those have come who came by an event, and what they have answered."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from storage.schema import journey, result, result_axis


@dataclass(frozen=True, slots=True)
class Turnout:
    """How many have come by an event, have begun the check, and have finished one. Not for anybody's eyes as it is."""

    joined: int = 0
    began: int = 0
    done: int = 0


def turnouts(connection: Connection, referral_ids: Collection[int]) -> Mapping[int, Turnout]:
    """The turnout of each of these events."""
    counted = (func.count(), func.count(journey.c.began_at), func.count(journey.c.finished_at))
    mine = select(journey.c.referral_id, *counted).where(journey.c.referral_id.in_(referral_ids))
    found = {id: Turnout(*counts) for id, *counts in connection.execute(mine.group_by(journey.c.referral_id))}
    return {id: found.get(id, Turnout()) for id in referral_ids}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One owner's answers, and the balance of their result by category."""

    answers: Mapping[str, Any]
    balance: Mapping[str, int]


def sheets(connection: Connection, referral_id: int, until: datetime | None) -> tuple[Sequence[Sheet], Sequence[Sheet]]:
    """The first result of each who came by an event, and of each the first full one; in the order in which they came.

    With `until`, as they stood then. The first, as what somebody answers anew at home is no part of the event; and in
    their order, so that a result that is added changes none of the others' places.
    """
    of_event = journey.c.referral_id == referral_id
    if until is not None:
        of_event &= result.c.made_at <= until
    owned = result.join(journey, journey.c.owner_id == result.c.owner_id)
    balances: dict[int, dict[str, int]] = defaultdict(dict)
    axes = select(result_axis).join_from(owned, result_axis, result_axis.c.result_id == result.c.id)
    for id, category, value in connection.execute(axes.where(of_event)):
        balances[id][category] = value
    columns = (result.c.id, result.c.owner_id, result.c.depth, result.c.answers)
    rows = connection.execute(select(*columns).select_from(owned).where(of_event).order_by(result.c.id)).all()
    first: dict[int, Sheet] = {}
    full: dict[int, Sheet] = {}
    for row in rows:
        sheet = Sheet(row.answers, balances[row.id])
        first.setdefault(row.owner_id, sheet)
        if row.depth == "full":
            full.setdefault(row.owner_id, sheet)
    return list(first.values()), list(full.values())
