"""The last look: whether letters of campaigns may still go out, when they are prepared and when they are sent."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from scheduler import outreach as hours
from storage import campaigns, outbox, outreach
from storage.campaigns import Campaign
from storage.outbox import Claimed
from storage.outreach import CROWD, WEEK, Ready

# Somebody who talks with a person is looked at again after so long.
LED = timedelta(hours=3)


def put_aside(connection: Connection, one: Campaign, found: Sequence[Ready], cap: int, now: datetime) -> set[int]:
    """Leave out, or put off, those to whom nothing may be sent now; gives who they are."""
    aside: dict[str, list[Ready]] = defaultdict(list)
    there = outreach.reached(connection, one.id, one.goal, [ready.owner_id for ready in found])
    over = "ended" if one.ended(now) else ""
    for ready in found:
        if against := "goal" if ready.owner_id in there else over or ready.against(cap):
            aside[against].append(ready)
    for reason, whom in aside.items():
        ids = [ready.owner_id for ready in whom]
        if reason == "led":
            outreach.put_off(connection, one.id, ids, now + LED)
        elif reason == "cap":
            # Those who were told together wait for the same moment.
            until: dict[datetime, list[int]] = defaultdict(list)
            for ready in whom:
                until[(ready.oldest or now) + WEEK].append(ready.owner_id)
            for moment, theirs in until.items():
                outreach.put_off(connection, one.id, theirs, moment)
        elif reason == "goal":
            outreach.finish(connection, one.id, ids, reason)
        else:
            outreach.leave_out(connection, one.id, ids, reason)
    return {ready.owner_id for whom in aside.values() for ready in whom}


def last_look(connection: Connection, claimed: Sequence[Claimed], cap: int, now: datetime) -> list[Claimed]:
    """Claimed rows as far as they may be sent at this moment, with the crowds they are for.

    Whoever may not be sent a row that was never tried is taken out of it. After that it stays what it is, and only
    those are left out who may not be sent anything any more. (LINE takes one request of its key, so nobody gets it
    twice.)
    """
    letters = [row for row in claimed if row.campaign_id is not None]
    if not letters:
        return list(claimed)
    readers = _wanting(connection, letters, outreach.readers(connection, [row.id for row in letters], now), cap, now)
    may: dict[str, Claimed] = {row.id: row for row in claimed if row.campaign_id is None}
    for row in letters:
        if not (left := readers[row.id]):
            outbox.drop(connection, row.id, now)
        elif (led := not row.address.startswith(CROWD) and left[0].led) or not hours.allowed(now):
            _later(connection, row, hours.next_allowed(now + LED if led else now))
        else:
            crowd = tuple(ready.address for ready in left) if row.address.startswith(CROWD) else ()
            may[row.id] = replace(row, crowd=crowd)
    outreach.tried(connection, [row.id for row in letters if row.id in may and row.attempts == 1], now)
    return [may[row.id] for row in claimed if row.id in may]


def _later(connection: Connection, row: Claimed, until: datetime) -> None:
    if row.attempts == 1:
        outbox.put_off(connection, [row.id], until)
    else:
        outbox.give_back(connection, [(row.id, until)])


def _wanting(
    connection: Connection, rows: Sequence[Claimed], found: Mapping[str, Sequence[Ready]], cap: int, now: datetime
) -> dict[str, list[Ready]]:
    """Those to whom each row may be sent; of rows that were never tried the others are left out, or put off."""
    left = {row.id: [ready for ready in found.get(row.id, ()) if not ready.left] for row in rows}
    fresh: dict[tuple[int, int], dict[str, list[Ready]]] = defaultdict(dict)
    # What goes out at the same moment counts for the cap like what went out before.
    before: Counter[int] = Counter()
    for row in rows:
        if row.attempts > 1:
            continue
        readers = [_after(ready, before[ready.owner_id], now) for ready in found.get(row.id, ())]
        before.update(ready.owner_id for ready in readers)
        if readers:
            fresh[row.campaign_id or 0, readers[0].step][row.id] = readers
    known = {id: campaigns.get(connection, id) for id in {id for id, _ in fresh}}
    for (id, step), theirs in fresh.items():
        aside = put_aside(connection, known[id], [ready for whom in theirs.values() for ready in whom], cap, now)
        if aside:
            outreach.take_back(connection, id, list(theirs), step, aside)
        left |= {row: [ready for ready in whom if ready.owner_id not in aside] for row, whom in theirs.items()}
    return left


def _after(ready: Ready, letters: int, now: datetime) -> Ready:
    return replace(ready, recent=ready.recent + letters, oldest=ready.oldest or now) if letters else ready
