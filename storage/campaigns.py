"""Campaigns: what they say, to whom they are frozen, and how far they are."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    literal_column,
    select,
    true,
    update,
)

from dialogs.letters import Step, steps_from, steps_to
from scheduler.days import day_in_japan
from storage import segments, triggers
from storage.prepared import insert_new
from storage.schema import DUE, ON_THEIR_WAY, campaign, contact, outbox, recipient, sending
from storage.segments import Segment

STATES = ("draft", "ready", "sending", "paused", "stopped", "done")
# Which state may follow which.
LEADS = {
    "draft": ("ready", "stopped"),
    "ready": ("draft", "sending", "stopped"),
    "sending": ("paused", "stopped", "done"),
    "paused": ("sending", "stopped"),
    "stopped": (),
    "done": (),
}
NOBODY = "-"
# Letters that will not be sent any more: refused, or to somebody who is gone, or taken back.
FAILED = ("dead", "gone", "dropped")
MINUTE = timedelta(minutes=1)
_ROW = outbox.c.id == sending.c.row_id
# No owner has a larger number, and with a factor as large it still fits into 64 bits.
_PRIME = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign (see schema)."""

    id: int
    agency_id: int
    member_id: int | None
    approved_by: int | None
    name: str
    library: str
    everybody: bool
    state: str
    segment: Segment
    steps: tuple[Step, ...]
    trigger: str
    goal: str
    holdout: int
    hindered: str
    starts_at: datetime | None
    made_at: datetime
    changed_at: datetime
    frozen_at: datetime | None
    ended_at: datetime | None
    ends_on: date | None
    looked_at: datetime | None

    @property
    def variants(self) -> Sequence[str]:
        """The names of the variants, in order."""
        return sorted(self.steps[0].letters) if self.steps else ()

    @property
    def last_day(self) -> date | None:
        """The last day on which what it says holds; None where there is none."""
        return min((day for day in (self.ends_on, segments.last_day(self.segment)) if day), default=None)

    def ended(self, now: datetime) -> bool:
        """Whether what it says does not hold any more."""
        return day_in_japan(now) > (self.last_day or date.max)


_COLUMNS = [campaign.c[name] for name in Campaign.__dataclass_fields__]


def _campaign(row: Any) -> Campaign:
    values = row._asdict()
    return Campaign(**values | {"segment": segments.from_json(row.segment), "steps": steps_from(row.steps)})


def add(
    connection: Connection, agency_id: int, member_id: int | None, name: str, now: datetime, **values: Any
) -> Campaign:
    """A new draft; `values` are those of a Campaign."""
    row: dict[str, Any] = {
        "agency_id": agency_id,
        "member_id": member_id,
        "name": name,
        "library": "",
        "everybody": False,
        "state": "draft",
        "segment": Segment(),
        "steps": (),
        "trigger": "",
        "goal": "",
        "holdout": 0,
        "made_at": now,
        "changed_at": now,
    }
    made = insert(campaign).values(_row(row | values)).returning(campaign.c.id)
    return get(connection, connection.execute(made).scalar_one())


def _row(values: dict[str, Any]) -> dict[str, Any]:
    if "segment" in values:
        values["segment"] = segments.to_json(values["segment"])
    if "steps" in values:
        values["steps"] = steps_to(values["steps"])
    return values


def get(connection: Connection, id: int) -> Campaign:
    """The campaign with this id; raises where there is none."""
    return _campaign(connection.execute(select(*_COLUMNS).where(campaign.c.id == id)).one())


def held(connection: Connection, ids: Collection[int]) -> dict[int, Campaign]:
    """Campaigns whose states stay what they are until the transaction ends; many may hold them at a time."""
    query = select(*_COLUMNS).where(campaign.c.id.in_(ids)).order_by(campaign.c.id).with_for_update(read=True)
    return {row.id: _campaign(row) for row in connection.execute(query)}


def find(connection: Connection, agency_id: int, id: int) -> Campaign | None:
    """A campaign of this agency's."""
    mine = (campaign.c.id == id) & (campaign.c.agency_id == agency_id)
    row = connection.execute(select(*_COLUMNS).where(mine)).first()
    return _campaign(row) if row else None


def of_agency(connection: Connection, agency_id: int) -> Sequence[Campaign]:
    """An agency's campaigns, the newest first."""
    query = select(*_COLUMNS).where(campaign.c.agency_id == agency_id).order_by(campaign.c.id.desc())
    return [_campaign(row) for row in connection.execute(query)]


def in_state(connection: Connection, *states: str) -> Sequence[Campaign]:
    """All campaigns in one of these states, by id."""
    query = select(*_COLUMNS).where(campaign.c.state.in_(states)).order_by(campaign.c.id)
    return [_campaign(row) for row in connection.execute(query)]


def keep(connection: Connection, id: int, now: datetime, seen: datetime | None = None, **values: Any) -> bool:
    """Change a draft; False where it is none any more, or (with `seen`) not as it was changed then."""
    mine = (campaign.c.id == id) & (campaign.c.state == "draft") & _as(seen)
    return connection.execute(update(campaign).where(mine).values(_row(values) | {"changed_at": now})).rowcount > 0


def _as(seen: datetime | None) -> ColumnElement[bool]:
    return true() if seen is None else campaign.c.changed_at == seen


def turn(
    connection: Connection, id: int, state: str, now: datetime, seen: datetime | None = None, **values: Any
) -> bool:
    """Bring a campaign into another state; False where the one that it is in does not lead there (`seen` as above)."""
    leads = [before for before, after in LEADS.items() if state in after]
    mine = (campaign.c.id == id) & campaign.c.state.in_(leads) & _as(seen)
    ended: dict[str, Any] = {"ended_at": now} if state in ("stopped", "done") else {}
    if state == "ready":
        ended = {"hindered": ""}
    changed = {"state": state, "changed_at": now} | ended | values
    if not connection.execute(update(campaign).where(mine).values(changed)).rowcount:
        return False
    _hold(connection, id, state, now)
    return True


def hinder(connection: Connection, id: int, why: str, until: datetime) -> None:
    """Have a campaign that was to start wait until later."""
    mine = (campaign.c.id == id) & (campaign.c.state == "ready")
    connection.execute(update(campaign).where(mine).values(hindered=why, starts_at=until))


def _hold(connection: Connection, id: int, state: str, now: datetime) -> None:
    """What waits in the outbox waits on, goes on, or is dropped; what has been tried goes on to its end."""
    mine = (outbox.c.campaign_id == id) & (outbox.c.attempts == 0)
    paused = mine & (outbox.c.state == "paused")
    if state == "paused":
        connection.execute(update(outbox).where(mine, DUE).values(state="paused"))
    elif state == "sending":
        # A row is tried for a day from when it was made.
        connection.execute(update(outbox).where(paused).values(state="due", due_at=now, made_at=now))
    elif state == "stopped":
        dropped = {"state": "dropped", "due_at": None, "settled_at": now}
        connection.execute(update(outbox).where(mine, DUE | (outbox.c.state == "paused")).values(dropped))


# ---------------------------------------------------------------- recipients


def freeze(connection: Connection, one: Campaign, pushed: Collection[str], now: datetime) -> int:
    """Freeze who is meant now, in one statement; gives how many are new. Who is there already stays as they are."""
    happened = triggers.happened(one.trigger, now) if one.trigger else None
    if happened is not None and one.trigger in triggers.TOLD_BY_ALL and not one.everybody:
        happened &= segments.shares(one.agency_id, ("all",))
    whom = segments.members(
        one.segment, one.agency_id, everybody=one.everybody, pushed=pushed, now=now, happened=happened
    )
    meant = whom.subquery("meant")
    held = _spread(meant.c.owner_id, f"holdout {one.id}", 100) < one.holdout
    names = list(one.variants) or ["a"]
    place = _spread(meant.c.owner_id, f"variant {one.id}", len(names))
    # A case needs one condition at least, so the first variant has one, too.
    variant = case(*((place == n, literal(name)) for n, name in enumerate(names)), else_=literal(names[0]))
    rows = select(
        literal(one.id),
        meant.c.owner_id,
        meant.c.contact_id,
        case((held, literal(NOBODY)), else_=variant),
        literal(0),
        case((held, literal("held")), else_=literal("due")),
        literal(""),
        literal(now),
        literal(now),
    ).where(true())
    columns = ["campaign_id", "owner_id", "contact_id", "variant", "step", "state", "reason", "due_at", "frozen_at"]
    # Left to the conflict: who looks first is planned by PostgreSQL for a table as empty as it is at the beginning.
    new = insert_new(connection.dialect, recipient).from_select(columns, rows)
    frozen = new.execution_options(preserve_rowcount=True)
    return connection.execute(frozen).rowcount


def _spread(owner_id: ColumnElement[int], what: str, parts: int) -> ColumnElement[int]:
    """A number below `parts` for each owner: for the same thing always the same, otherwise as if by chance.

    Of two things the one tells nothing of the other (universal hashing, by factor and shift). Source: J. L. Carter and
    M. N. Wegman, Universal classes of hash functions, Journal of Computer and System Sciences 18 (1979), 143-154.
    """
    drawn = blake2b(what.encode(), digest_size=16).digest()
    factor, shift = (int.from_bytes(half) % (_PRIME - 1) + 1 for half in (drawn[:8], drawn[8:]))
    return (cast(owner_id, BigInteger) * factor + shift) % _PRIME % parts


def counts(connection: Connection, id: int) -> dict[str, int]:
    """How many recipients there are in each state."""
    query = select(recipient.c.state, func.count()).where(recipient.c.campaign_id == id)
    return dict(map(tuple, connection.execute(query.group_by(recipient.c.state))))


def delivered(connection: Connection, id: int) -> dict[str, int]:
    """How many letters there are in each state of the outbox."""
    query = select(outbox.c.state, func.count()).join_from(sending, outbox, outbox.c.id == sending.c.row_id)
    return dict(map(tuple, connection.execute(query.where(sending.c.campaign_id == id).group_by(outbox.c.state))))


def on_its_way(connection: Connection, id: int) -> Counter[str]:
    """How many rows of a campaign's wait in the outbox, or for a timer to bring them there, by channel."""
    found: Counter[str] = Counter()
    waits = select(contact.c.channel, func.count()).group_by(contact.c.channel)
    rows = waits.join_from(outbox, contact, contact.c.id == outbox.c.contact_id)
    woken = waits.join_from(recipient, contact, contact.c.id == recipient.c.contact_id)
    for query in (
        rows.where(outbox.c.campaign_id == id, DUE),
        woken.where(recipient.c.campaign_id == id, recipient.c.state == "woken"),
    ):
        found.update(dict(map(tuple, connection.execute(query))))
    return found


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign is: recipients, and letters that were prepared (one for each recipient and step).

    `sent` were taken by the platform, `waiting` are still to be, `failed` will not be, by what the platform said, and
    `lost` are the same by what became of them (FAILED); `out` are recipients who got no more, by reason. `a_minute` is
    how many were sent in the last one, `seconds_left` how long those that are due now take at that rate, None where
    none was sent.
    """

    recipients: int
    held: int
    due: int
    later: int
    out: Mapping[str, int]
    prepared: int
    sent: int
    waiting: int
    failed: Mapping[str, int]
    lost: Mapping[str, int]
    a_minute: int
    seconds_left: float | None


def progress(connection: Connection, id: int, now: datetime) -> Progress:
    """How far a campaign is."""
    here = recipient.c.campaign_id == id
    kind = recipient.c.state, recipient.c.reason, case((recipient.c.due_at > now, 1), else_=0).label("later")
    people = select(*kind, func.count()).where(here).group_by(*(column.name for column in kind))
    states: Counter[str] = Counter()
    out: Counter[str] = Counter()
    for state, reason, later, count in connection.execute(people):
        states["later" if state == "due" and later else state] += count
        if state == "out":
            out[reason] += count
    fresh = func.count(case((outbox.c.settled_at > now - MINUTE, 1)))
    letters = select(outbox.c.state, outbox.c.error, func.count(), fresh).join_from(sending, outbox, _ROW)
    rows: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    a_minute = 0
    grouped = letters.where(sending.c.campaign_id == id).group_by(outbox.c.state, outbox.c.error)
    for state, error, count, lately in connection.execute(grouped):
        rows[state] += count
        if state in FAILED:
            failed[error or state] += count
        a_minute += lately if state == "sent" else 0
    due, waiting = states["due"] + states["woken"], rows["due"] + rows["paused"]
    return Progress(
        recipients=states.total() - states["held"],
        held=states["held"],
        due=due,
        later=states["later"],
        out=out,
        prepared=rows.total(),
        sent=rows["sent"],
        waiting=waiting,
        failed=failed,
        lost={state: rows[state] for state in FAILED if rows[state]},
        a_minute=a_minute,
        seconds_left=60 * (due + waiting) / a_minute if a_minute else None,
    )


def over(connection: Connection, id: int) -> bool:
    """Whether nothing is left to be prepared or sent."""
    waits = exists().where(recipient.c.campaign_id == id, ON_THEIR_WAY)
    on_its_way = exists().where(outbox.c.campaign_id == id, DUE)
    return not connection.execute(select(waits | on_its_way)).scalar()


def look(connection: Connection, id: int, before: datetime, now: datetime) -> bool:
    """Note that it is now looked whom the trigger brings; False where that was done since `before`, or nothing is sent.

    Of several processes only one gets True: the row is held until the transaction ends.
    """
    long_ago = campaign.c.looked_at.is_(None) | (campaign.c.looked_at <= before)
    mine = (campaign.c.id == id) & (campaign.c.state == "sending") & long_ago
    return connection.execute(update(campaign).where(mine).values(looked_at=now)).rowcount > 0


def forget(connection: Connection, id: int) -> None:
    """Take a draft away."""
    connection.execute(delete(campaign).where(campaign.c.id == id, campaign.c.state == "draft"))


def owed(connection: Connection, channel: str, now: datetime) -> int:
    """How many messages campaigns under way still take on a channel in this month, at the most.

    Whoever is frozen gets the step that is due to them and, where they fall into the month, those after it.
    """
    month, total = day_in_japan(now).replace(day=1), 0
    live = {one.id: one for one in in_state(connection, "sending", "paused")}
    mine = recipient.c.campaign_id.in_(live) & ON_THEIR_WAY & (contact.c.channel == channel)
    people = select(recipient.c.campaign_id, recipient.c.step, func.min(recipient.c.due_at), func.count())
    people = people.join_from(recipient, contact, contact.c.id == recipient.c.contact_id).where(mine)
    for id, step, first, count in connection.execute(people.group_by(recipient.c.campaign_id, recipient.c.step)):
        at = max(first, now)
        for n, one in enumerate(live[id].steps[step:]):
            at += timedelta(days=one.days if n else 0)
            total += count * (day_in_japan(at).replace(day=1) == month)
    rows = select(func.count()).select_from(sending).join(outbox, _ROW)
    rows = rows.join(contact, contact.c.id == sending.c.contact_id).where(contact.c.channel == channel)
    waiting: int = connection.execute(rows.where(DUE | (outbox.c.state == literal_column("'paused'")))).scalar_one()
    return total + waiting
