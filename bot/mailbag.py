"""The mailbag: the letters of campaigns that are told within one transaction, looked up and noted all at once."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.lastlook import put_aside
from scheduler import outreach as hours
from storage import agencies, campaigns, outreach
from storage.campaigns import Campaign
from storage.outreach import Ready


@dataclass(frozen=True, slots=True)
class Due:
    """A letter that is to be told now: of which campaign and step, to whom, and the row of the outbox it will be.

    `agency` is the name of whose campaign it is.
    """

    campaign: Campaign
    agency: str
    step: int
    ready: Ready
    row: str


@dataclass(slots=True)
class Mailbag:
    """The letters of one transaction. Who fills it tells all that it then holds, or the transaction must not be kept.

    One after another, a letter would cost as many exchanges with the database as all of them do together.
    """

    connection: Connection
    cap: int
    now: datetime
    due: dict[tuple[int, int, int], Due] = field(default_factory=dict)

    def fill(self, wanted: Collection[tuple[int, int, int]]) -> None:
        """Look for letters by campaign, step and owner, as things stand now; those are noted as sent that may be."""
        owners: Mapping[tuple[int, int], list[int]] = defaultdict(list)
        for id, step, owner_id in sorted(wanted):
            owners[id, step].append(owner_id)
        held = campaigns.held(self.connection, {id for id, _ in owners})
        for (id, step), ids in owners.items():
            if one := held.get(id):
                self._fill(one, step, ids)

    def take(self, id: int, step: int, owner_id: int) -> Due | None:
        """A letter that may be told now; None for any other."""
        return self.due.pop((id, step, owner_id), None)

    def _fill(self, one: Campaign, step: int, ids: Collection[int]) -> None:
        found = [ready for ready in outreach.ready(self.connection, one.id, ids, self.now) if ready.step == step]
        if one.state != "sending" or not hours.allowed(self.now):
            later = [ready.owner_id for ready in found]
            outreach.put_off(self.connection, one.id, later, hours.next_allowed(self.now))
            return
        aside = put_aside(self.connection, one, found, self.cap, self.now)
        rows = [(ready, str(uuid.uuid4())) for ready in found if ready.owner_id not in aside]
        new = outreach.sent(self.connection, one.id, step, rows, self.now, next_at(one, step, self.now))
        agency = agencies.get(self.connection, one.agency_id).name
        for ready, row in rows:
            if ready.owner_id in new:
                self.due[one.id, step, ready.owner_id] = Due(one, agency, step, ready, row)


def next_at(one: Campaign, step: int, now: datetime) -> datetime | None:
    """When the step after this one is due; None after the last."""
    return hours.next_allowed(now + timedelta(days=one.steps[step + 1].days)) if step + 1 < len(one.steps) else None
