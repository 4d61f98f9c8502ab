"""Who wants news, and what was sent to whom: the last look before anything goes out."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from dialogs.outreach import STEP, SUBJECT
from storage import goals, timers
from storage.clients import SEEN
from storage.prepared import insert_new
from storage.schema import (
    DUE,
    ON_THEIR_WAY,
    WAITS,
    campaign,
    client,
    contact,
    expert,
    journey,
    member,
    outbox,
    outreach,
    recipient,
    sending,
    talk,
    timer,
)

WEEK = timedelta(days=7)
# The address of the one contact that stands for many: each of its rows is one message to all whom `sending` names.
CROWD = "crowd:"


# Whoever was offered news and did not say anything is not offered it again before this (ours).
AGAIN = timedelta(days=90)
# Who comes to us for somebody else: experts, and members of agencies. (Threads and groups have no journey.)
_SERVES = exists().where(expert.c.owner_id == journey.c.owner_id) | exists().where(
    member.c.owner_id == journey.c.owner_id
)
# What holds for the journeys of those who want news.
WANTS = journey.c.outreach_at.is_not(None) & ~_SERVES


def _shares(campaign_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether an owner shares something with the agency whose campaign it is; one to everybody asks for no share."""
    here = campaign.c.id == campaign_id
    theirs = (client.c.agency_id == campaign.c.agency_id) & (client.c.owner_id == journey.c.owner_id)
    shared = exists().where(here, theirs, client.c.share.in_(SEEN))
    return or_(exists().where(here, campaign.c.everybody), shared)


def choice(connection: Connection, owner_id: int) -> str:
    """What holds of what an owner has said to news: "in", "out", "left" (was in, and blocked us), or "" for nothing."""
    said = _last(connection, owner_id, outreach.c.choice != "")
    return "left" if said and said.how == "left" else said.choice if said else ""


def _last(connection: Connection, owner_id: int, which: ColumnElement[bool]) -> Any:
    mine = select(outreach).where(outreach.c.owner_id == owner_id, which)
    return connection.execute(mine.order_by(outreach.c.id.desc()).limit(1)).first()


def keep(connection: Connection, owner_id: int, said: str, how: str, wording: str, now: datetime) -> bool:
    """Keep what an owner says; who is out is sent nothing more, whatever is on its way.

    False where they can't be in: experts, and members of agencies.
    """
    mine = journey.c.owner_id == owner_id
    if said == "in":
        if not connection.execute(update(journey).where(mine, ~_SERVES).values(outreach_at=now)).rowcount:
            return False
    else:
        connection.execute(update(journey).where(mine).values(outreach_at=None))
        _stop(connection, owner_id, now)
    _note(connection, owner_id, said, how, wording, now)
    return True


def _note(connection: Connection, owner_id: int, said: str, how: str, wording: str, now: datetime) -> None:
    row = {"owner_id": owner_id, "choice": said, "how": how, "wording": wording, "at": now}
    connection.execute(insert(outreach).values(row))


def _stop(connection: Connection, owner_id: int, now: datetime) -> None:
    """Have nothing more sent to an owner: neither what is prepared, nor what is still to come of campaigns."""
    letters = (outbox.c.owner_id == owner_id) & outbox.c.campaign_id.is_not(None)
    dropped = {"state": "dropped", "due_at": None, "settled_at": now}
    connection.execute(update(outbox).where(letters, DUE | (outbox.c.state == "paused")).values(dropped))
    waits = (recipient.c.owner_id == owner_id) & ON_THEIR_WAY
    connection.execute(update(recipient).where(waits).values(state="out", reason="optout"))


def leave(connection: Connection, owner_id: int, now: datetime) -> None:
    """An owner has blocked us, which counts as out; who comes back is asked anew."""
    there = select(journey.c.owner_id).where(journey.c.owner_id == owner_id, journey.c.outreach_at.is_not(None))
    if connection.execute(there).first():
        keep(connection, owner_id, "out", "left", "", now)


def offer(connection: Connection, owner_id: int, wording: str, now: datetime, *, back: bool) -> bool:
    """Whether an owner is to be offered news now, which is noted then.

    Only while they have said nothing, and not again within AGAIN. Who was in, blocked us and comes `back` is offered it
    once as well.
    """
    said = _last(connection, owner_id, outreach.c.choice != "")
    offered = _last(connection, owner_id, outreach.c.choice == "")
    left = said is not None and said.how == "left"
    if back:
        wanted = left and not (offered and offered.id > said.id)
    else:
        wanted = (left or said is None) and not (offered and offered.at > now - AGAIN)
    may = wanted and connection.execute(select(~_SERVES).where(journey.c.owner_id == owner_id)).scalar() is not False
    if may:
        _note(connection, owner_id, "", "offer", wording, now)
    return may


def merge(connection: Connection, gone: int, into: int) -> None:
    """Make one of two owners' words: whoever is out as one of them is out as both, as of when they said so."""
    said = [choice(connection, id) for id in (gone, into)]
    connection.execute(update(outreach).where(outreach.c.owner_id == gone).values(owner_id=into))
    out = [word for word in ("out", "left") if word in said]
    if out:
        # What was prepared for the other of the two is looked at again before it is sent, and so is left.
        at = _last(connection, into, outreach.c.choice == "out").at
        connection.execute(update(journey).where(journey.c.owner_id == into).values(outreach_at=None))
        _note(connection, into, "out", "merge" if out[0] == "out" else "left", "", at)


@dataclass(frozen=True, slots=True)
class Ready:
    """A recipient whose step is due, and what speaks for or against sending it now.

    `shares` is whether the agency whose campaign it is may still write to them. `recent` are the letters of the last
    week, over all campaigns; `oldest` is when the first of them was sent.
    """

    owner_id: int
    contact_id: int
    variant: str
    step: int
    channel: str
    address: str
    wants: bool
    shares: bool
    gone: bool
    led: bool
    recent: int
    oldest: datetime | None

    @property
    def left(self) -> str:
        """Why nothing may be sent any more; "" where something may."""
        return "optout" if not self.wants else "unshared" if not self.shares else "gone" if self.gone else ""

    def against(self, cap: int) -> str:
        """Why nothing may be sent now; "" where it may. "led" and "cap" pass by themselves."""
        if left := self.left:
            return left
        return "led" if self.led else "cap" if self.recent >= cap else ""


def _ready(now: datetime) -> Any:
    since = func.coalesce(sending.c.tried_at, sending.c.at)
    lately = (sending.c.owner_id == recipient.c.owner_id) & (since > now - WEEK)
    led = exists().where(talk.c.owner_id == recipient.c.owner_id, talk.c.led.is_(True))
    return (
        select(
            recipient.c.owner_id,
            recipient.c.contact_id,
            recipient.c.variant,
            recipient.c.step,
            contact.c.channel,
            contact.c.address,
            WANTS,
            _shares(recipient.c.campaign_id),
            contact.c.gone_at.is_not(None),
            led,
            select(func.count()).where(lately).correlate(recipient).scalar_subquery(),
            select(func.min(since)).where(lately).correlate(recipient).scalar_subquery(),
        )
        .join_from(recipient, contact, contact.c.id == recipient.c.contact_id)
        .join(journey, journey.c.owner_id == recipient.c.owner_id)
    )


def due(connection: Connection, campaign_id: int, channel: str, now: datetime, most: int) -> list[Ready]:
    """Recipients on a channel whose step is due, the longest due first, locked: no other process prepares them.

    Nor prepares it letters of another campaign for them meanwhile, as their journeys are locked, too: the cap holds.
    """
    mine = (recipient.c.campaign_id == campaign_id) & (recipient.c.state == "due") & (recipient.c.due_at <= now)
    # By the index alone: of a campaign with very many, most are due at the same moment.
    query = _ready(now).where(mine, contact.c.channel == channel).order_by(recipient.c.due_at).limit(most)
    return [Ready(*row) for row in connection.execute(query.with_for_update(of=[recipient, journey], skip_locked=True))]


def ready(connection: Connection, campaign_id: int, owner_ids: Collection[int], now: datetime) -> list[Ready]:
    """These recipients as things stand now, locked."""
    query = _ready(now).where(_of(campaign_id, owner_ids)).order_by(recipient.c.owner_id)
    return [Ready(*row) for row in connection.execute(query.with_for_update(of=[recipient, journey]))]


def _of(campaign_id: int, owner_ids: Collection[int]) -> ColumnElement[bool]:
    return (recipient.c.campaign_id == campaign_id) & recipient.c.owner_id.in_(owner_ids)


def leave_out(connection: Connection, campaign_id: int, owner_ids: Collection[int], reason: str) -> None:
    """Send these recipients nothing more, for this reason."""
    connection.execute(update(recipient).where(_of(campaign_id, owner_ids)).values(state="out", reason=reason))


def reached(connection: Connection, campaign_id: int, goal: str, owner_ids: Collection[int]) -> set[int]:
    """Those of the recipients who have reached the campaign's goal since they were frozen."""
    if not goal:
        return set()
    query = select(recipient.c.owner_id).where(_of(campaign_id, owner_ids), goals.reached(goal))
    return set(connection.execute(query).scalars())


def finish(connection: Connection, campaign_id: int, owner_ids: Collection[int], reason: str) -> None:
    """These recipients need nothing more, for this reason."""
    connection.execute(update(recipient).where(_of(campaign_id, owner_ids)).values(state="done", reason=reason))


def put_off(connection: Connection, campaign_id: int, owner_ids: Collection[int], until: datetime) -> None:
    """Look at these recipients again later."""
    mine = _of(campaign_id, owner_ids) & (recipient.c.state != "out")
    connection.execute(update(recipient).where(mine).values(state="due", due_at=until))


def wake(connection: Connection, campaign_id: int, step: int, owner_ids: Sequence[int], now: datetime) -> None:
    """Have each of these recipients told their step in a turn of their own."""
    if owner_ids:
        connection.execute(update(recipient).where(_of(campaign_id, owner_ids)).values(state="woken", step=step))
        timers.wake(connection, f"{SUBJECT}:{campaign_id}", f"{STEP}{step}", owner_ids, now)


def call_back(connection: Connection, campaign_id: int, now: datetime) -> int:
    """Have those looked at again whose timer has come to nothing, as nobody was there to be told; gives how many."""
    kind = literal(STEP).concat(cast(recipient.c.step, String))
    timed = (timer.c.subject == f"{SUBJECT}:{campaign_id}") & (timer.c.kind == kind)
    waits = exists().where(timed, timer.c.revision == recipient.c.owner_id, WAITS)
    lost = (recipient.c.campaign_id == campaign_id) & (recipient.c.state == "woken") & ~waits
    return connection.execute(update(recipient).where(lost).values(state="due", due_at=now)).rowcount


def reach(connection: Connection, campaign_id: int, owner_ids: Collection[int]) -> dict[int, tuple[str, str, str]]:
    """Channel, account and address by which recipients get a campaign's letters; nothing of whoever is gone."""
    query = select(recipient.c.owner_id, contact.c.channel, contact.c.account, contact.c.address)
    mine = _of(campaign_id, owner_ids) & contact.c.gone_at.is_(None)
    query = query.join_from(recipient, contact, contact.c.id == recipient.c.contact_id).where(mine)
    return {row.owner_id: (row.channel, row.account, row.address) for row in connection.execute(query)}


def sent(
    connection: Connection,
    campaign_id: int,
    step: int,
    to: Sequence[tuple[Ready, str]],
    now: datetime,
    next_at: datetime | None,
) -> set[int]:
    """Note that a step is handed to the outbox, to each in this row; gives who had not been handed it before.

    `next_at` is when their next step is due, None after the last.
    """
    if not to:
        return set()
    same = {"campaign_id": campaign_id, "step": step, "at": now}
    rows = [same | {"owner_id": one.owner_id, "contact_id": one.contact_id, "row_id": row} for one, row in to]
    added = insert_new(connection.dialect, sending).returning(sending.c.owner_id)
    new = set(connection.execute(added, rows).scalars())
    values: dict[str, Any] = {"step": step + 1, "state": "due" if next_at else "done"}
    if next_at:
        values["due_at"] = next_at
    connection.execute(update(recipient).where(_of(campaign_id, [one.owner_id for one, _ in to])).values(values))
    return new


def readers(connection: Connection, row_ids: Collection[str], now: datetime) -> dict[str, list[Ready]]:
    """All whom rows of the outbox are for, by row, as things stand now, always in the same order.

    `recent` are letters of other rows that were on their way in the last week.
    """
    mine = sending.alias()
    lately = (sending.c.owner_id == mine.c.owner_id) & (sending.c.tried_at > now - WEEK)
    lately &= sending.c.row_id != mine.c.row_id
    query = (
        select(
            mine.c.row_id,
            mine.c.owner_id,
            mine.c.contact_id,
            literal(""),
            mine.c.step,
            contact.c.channel,
            contact.c.address,
            WANTS,
            _shares(mine.c.campaign_id),
            contact.c.gone_at.is_not(None),
            exists().where(talk.c.owner_id == mine.c.owner_id, talk.c.led.is_(True)),
            select(func.count()).where(lately).correlate(mine).scalar_subquery(),
            select(func.min(sending.c.tried_at)).where(lately).correlate(mine).scalar_subquery(),
        )
        .join_from(mine, contact, contact.c.id == mine.c.contact_id)
        .outerjoin(journey, journey.c.owner_id == mine.c.owner_id)
    )
    found: dict[str, list[Ready]] = defaultdict(list)
    for row_id, *values in connection.execute(query.where(mine.c.row_id.in_(row_ids)).order_by(contact.c.id)):
        found[row_id].append(Ready(*values))
    return found


def take_back(
    connection: Connection, campaign_id: int, row_ids: Collection[str], step: int, owner_ids: Collection[int]
) -> None:
    """These recipients were not sent these rows after all: whoever gets anything more gets this step first."""
    mine = sending.c.row_id.in_(row_ids) & sending.c.owner_id.in_(owner_ids)
    connection.execute(delete(sending).where(mine))
    waits = _of(campaign_id, owner_ids) & (recipient.c.state == "due")
    connection.execute(update(recipient).where(waits).values(step=step))


def tried(connection: Connection, row_ids: Collection[str], now: datetime) -> None:
    """Note that rows are on their way for the first time."""
    if row_ids:
        connection.execute(update(sending).where(sending.c.row_id.in_(row_ids)).values(tried_at=now))


def scatter(connection: Connection, row_id: str, now: datetime) -> None:
    """Have each for whom a row was told by a row of their own: the platform will not take them together."""
    columns = sending.c.campaign_id, sending.c.step, sending.c.owner_id
    handed = connection.execute(select(*columns).where(sending.c.row_id == row_id)).all()
    if handed:
        connection.execute(delete(sending).where(sending.c.row_id == row_id))
        wake(connection, handed[0].campaign_id, handed[0].step, [row.owner_id for row in handed], now)


def tap(connection: Connection, campaign_id: int, owner_id: int, now: datetime) -> bool:
    """Note that a button of a campaign's letter was tapped; False where it was none of theirs."""
    mine = _of(campaign_id, [owner_id])
    connection.execute(update(recipient).where(mine, recipient.c.tapped_at.is_(None)).values(tapped_at=now))
    return connection.execute(select(recipient.c.owner_id).where(mine)).first() is not None
