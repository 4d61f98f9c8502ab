"""Outcomes: what became of a campaign's letters, and what owners did after them, beside those who got none."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Connection,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.exc import NoResultFound

from dialogs.presses import row_id
from storage import campaigns
from storage.campaigns import NOBODY
from storage.prepared import insert_row
from storage.schema import (
    booking,
    journey,
    link_tap,
    next_action,
    outbox,
    outreach,
    recipient,
    result,
    sending,
)

# What is done within this of a letter counts as after it (ours).
WINDOW = timedelta(days=30)
# What owners can have done after it.
DEEDS = ("began", "finished", "booked", "met", "acted", "left")
# What is counted of whom a letter was for; the holdout has the deeds alone.
FIGURES = ("delivered", "opened", *DEEDS)
_BITS = {deed: 1 << place for place, deed in enumerate(DEEDS)}
# Why nothing was delivered to somebody, as far as their rows of the outbox tell it, the worst first; else it is
# recipient.reason, or "waiting".
FAILURES = {"gone": "gone", "dead": "refused", "dropped": "dropped"}
WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Arm:
    """Some of a campaign's recipients, and how many of them each of FIGURES is true of."""

    recipients: int = 0
    counts: Mapping[str, int] | None = None

    def of(self, figure: str) -> int:
        """How many a figure is true of."""
        return (self.counts or {}).get(figure, 0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a campaign did: its arms by variant ("-" is the holdout), and why letters were not delivered, by variant.

    `taps` counts how often the links of letters were tapped, by (step, variant, button). `ends_at` is when the time
    in which something counts is over for the last recipient; None where there is none.
    """

    arms: Mapping[str, Arm]
    failures: Mapping[str, Mapping[str, int]]
    taps: Mapping[tuple[int, str, int], int]
    ends_at: datetime | None


def outcome(connection: Connection, campaign_id: int) -> Outcome:
    """What a campaign did so far."""
    _make_room(connection)
    sizes: Counter[str] = Counter()
    counts: dict[str, Counter[str]] = {}
    failures: dict[str, Counter[str]] = {}
    ends: list[datetime] = []
    for row in connection.execute(_counted(connection, campaign_id)):
        sizes[row.variant] += row.people
        of = counts.setdefault(row.variant, Counter())
        of["opened"] += row.opened
        # Who can't be reached was gone before, and it was only noticed by the letter; without one nobody would know.
        deeds = row.deeds & ~_BITS["left"] if row.why == "gone" else row.deeds
        for deed, bit in _BITS.items():
            of[deed] += row.people if deeds & bit else 0
        if row.why:
            failures.setdefault(row.variant, Counter())[row.why] += row.people
        elif row.variant != NOBODY:
            of["delivered"] += row.people
        ends.append(row.latest + WINDOW)
    arms = {variant: Arm(size, counts[variant]) for variant, size in sorted(sizes.items())}
    return Outcome(arms, failures, taps(connection, campaign_id), max(ends, default=None))


def _make_room(connection: Connection) -> None:
    """Have PostgreSQL sort and join in memory until this transaction ends: a hundred thousand recipients are 20 MB."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL work_mem = '64MB'")


def _counted(connection: Connection, campaign_id: int) -> Select[Any]:
    """How many recipients there are of each variant to whom the same was not delivered and who have done the same."""
    people, done = _people(campaign_id), _done().subquery("done")
    in_time = (done.c.owner_id == people.c.owner_id) & _after(connection, done.c.at, people.c.since)
    # Most have done nothing: they are not put together with who has before these are counted.
    did = (
        select(people.c.owner_id, _all_of(connection, done.c.deeds).label("deeds"))
        .join_from(people, done, in_time)
        .group_by(people.c.owner_id)
        .subquery("did")
    )
    deeds = func.coalesce(did.c.deeds, literal_column("0", Integer)).label("deeds")
    alike = deeds, people.c.variant, people.c.why
    opened, latest = func.count(people.c.tapped_at), func.max(people.c.since)
    return (
        select(*alike, func.count().label("people"), opened.label("opened"), latest.label("latest"))
        .join_from(people, did, did.c.owner_id == people.c.owner_id, isouter=True)
        .group_by(*alike)
    )


def _all_of(connection: Connection, deeds: ColumnElement[int]) -> ColumnElement[int]:
    """The bits that are set in any of several numbers."""
    if connection.dialect.name == "postgresql":
        return func.bit_or(deeds)
    one, *others = (func.max(deeds.op("&")(bit)) for bit in _BITS.values())
    return sum(others, one)


def _people(campaign_id: int) -> CTE:
    """Each recipient, why nothing was delivered to them ("" where it was), and since when what they do counts.

    That is from their first letter on; for the holdout, and where nothing was delivered, from when they were frozen.
    Those to whom nothing was delivered stay in: in the holdout nobody knows who they would have been.
    """
    letters = _letters(campaign_id)
    failed = [(letters.c.failed == place, literal(why)) for place, why in enumerate(reversed(FAILURES.values()), 1)]
    left_out = func.coalesce(func.nullif(recipient.c.reason, ""), WAITING)
    held = recipient.c.state == "held"
    query = (
        select(
            recipient.c.owner_id,
            recipient.c.variant,
            recipient.c.tapped_at,
            case((or_(held, letters.c.sent_at.is_not(None)), ""), *failed, else_=left_out).label("why"),
            func.coalesce(letters.c.sent_at, recipient.c.frozen_at).label("since"),
        )
        .join_from(recipient, letters, letters.c.owner_id == recipient.c.owner_id, isouter=True)
        .where(recipient.c.campaign_id == campaign_id)
    )
    # Worked out once, and not again for each of those who have done something.
    return query.cte("people").prefix_with("MATERIALIZED", dialect="sqlite")


def _letters(campaign_id: int) -> Subquery:
    """When each owner was sent their first letter, and the worst that became of one (by place in FAILURES)."""
    state = outbox.c.state
    worst = case(*((state == one, place) for place, one in enumerate(reversed(FAILURES), 1)), else_=0)
    sent_at = func.min(case((state == "sent", outbox.c.settled_at))).label("sent_at")
    # By the index alone, which has all that is read of these rows: their messages are long.
    row = (outbox.c.id == sending.c.row_id) & (outbox.c.campaign_id == campaign_id)
    return (
        select(sending.c.owner_id, sent_at, func.max(worst).label("failed"))
        .join_from(sending, outbox, row, isouter=True)
        .where(sending.c.campaign_id == campaign_id)
        .group_by(sending.c.owner_id)
        .subquery("letters")
    )


def _done() -> CompoundSelect[Any]:
    """What all owners have done, and when."""
    finished = func.coalesce(result.c.first_at, result.c.made_at)
    met = booking.c.state == literal_column("'done'")
    out = outreach.c.choice == literal_column("'out'")
    # Who came to the end has begun, though perhaps long before.
    deeds: list[tuple[tuple[str, ...], Any, Any, ColumnElement[bool]]] = [
        (("began",), journey.c.owner_id, journey.c.began_at, journey.c.began_at.is_not(None)),
        (("began", "finished"), result.c.owner_id, finished, finished.is_not(None)),
        (("booked",), booking.c.owner_id, booking.c.booked_at, booking.c.booked_at.is_not(None)),
        (("met",), booking.c.owner_id, booking.c.starts_at, met),
        (("acted",), next_action.c.owner_id, next_action.c.done_at, next_action.c.done_at.is_not(None)),
        (("left",), outreach.c.owner_id, outreach.c.at, out),
    ]
    return union_all(
        *(
            select(owner_id.label("owner_id"), _bits(of).label("deeds"), at.label("at")).where(which)
            for of, owner_id, at, which in deeds
        )
    )


def _bits(deeds: Iterable[str]) -> ColumnElement[int]:
    return literal_column(str(sum(_BITS[deed] for deed in deeds)), Integer)


def _after(connection: Connection, at: ColumnElement[Any], since: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether something was within WINDOW after something else."""
    if connection.dialect.name == "sqlite":
        return and_(at >= since, func.julianday(at) - func.julianday(since) < WINDOW.days)
    return and_(at >= since, at < since + WINDOW)


# ---------------------------------------------------------------- links


@dataclass(frozen=True, slots=True)
class Way:
    """Where a button of a letter leads: the campaign's step and variant, the button's place, and its target."""

    campaign_id: int
    step: int
    variant: str
    button: int
    target: str


def way(connection: Connection, tag: str) -> Way | None:
    """The way that a button's tag names ("7.0.a.1"); None where there is none."""
    try:
        named, at, variant, place = tag.split(".")
        id, step, button = row_id(named), row_id(at), row_id(place)
        if id is None or step is None or button is None:
            return None
        target = campaigns.get(connection, id).steps[step].letters[variant].buttons[button][1]
    except (ValueError, KeyError, IndexError, NoResultFound):
        return None
    return Way(id, step, variant, button, target)


def tap(connection: Connection, one: Way) -> None:
    """Count that a link of a letter was tapped."""
    place = {name: getattr(one, name) for name in ("campaign_id", "step", "variant", "button")}
    row = place | {"taps": 1}
    added = insert_row(connection.dialect, link_tap).values(row)
    once_more = added.on_conflict_do_update(index_elements=list(place), set_={"taps": link_tap.c.taps + 1})
    connection.execute(once_more)


def taps(connection: Connection, campaign_id: int) -> Mapping[tuple[int, str, int], int]:
    """How often the links of a campaign's letters were tapped."""
    found = connection.execute(select(link_tap).where(link_tap.c.campaign_id == campaign_id))
    return {(row.step, row.variant, row.button): row.taps for row in found}
