"""The times that are offered to an owner: whose, which of them, and in which words."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from dialogs.appointments import FreeSlots
from scheduler import offers, wishes
from scheduler.days import day_in_japan, day_words, in_japan, time_words
from scheduler.experts import Span, met_by, open_spans, starts
from scheduler.holidays import holiday
from scheduler.offers import Slot
from storage import experts, results
from storage.experts import Expert, Held

# A topic that is one of the owner's own three steps begins so; those who know of either of these can help with it.
STEP, STEP_TOPICS = "step-", {"management", "it"}


class Offers:
    """What is free for a topic and a way, for an owner in a prefecture ("" where that is not known).

    Nothing that overlaps what is `taken` of the owner's own time is.
    """

    def __init__(
        self,
        connection: Connection,
        topic: str,
        way: str,
        prefecture: str,
        now: datetime,
        taken: Sequence[Span] = (),
    ) -> None:
        self.now = now
        self.taken = taken
        self.prefecture = prefecture
        self.experts = {one.id: one for one in _able(experts.all_of(connection), topic, way, prefecture, now)}
        self.held = experts.held(connection, list(self.experts), now)

    def slots(self, only: int = 0, without: Sequence[int] = ()) -> list[Slot]:
        """All free times in order, each with the expert who fits best, or with this one `only`."""
        wanted = [one for id, one in self.experts.items() if (not only or id == only) and id not in without]
        free = ((one.id, free_times(one, self.held[one.id], self.now, self.taken)) for one in wanted)
        return offers.best(free, self._rank)

    def any(self) -> bool:
        """Whether anything is free at all."""
        return any(is_free(one, self.held[one.id], self.now, self.taken) for one in self.experts.values())

    def _rank(self, id: int) -> tuple[float, ...]:
        """Who is from the owner's prefecture comes first, then who has the fewest meetings ahead."""
        return (self.prefecture not in self.experts[id].profile.prefectures, self.held[id].ahead, id)

    def full(self, day: date) -> bool:
        """Whether somebody works on a day of Japan's, and all of it is taken."""
        works = any(open_spans(one.profile, day) for one in self.experts.values())
        return works and day >= day_in_japan(self.now) and not any(slot.day == day for slot in self.slots())


def prefecture(connection: Connection, owner_id: int) -> str:
    """Where an owner's business is, as far as the check has told; "" where it has not."""
    latest = results.latest(connection, owner_id)
    return str(latest.answers.get("prefecture") or "") if latest else ""


def free_times(expert: Expert, held: Held, now: datetime, taken: Sequence[Span] = ()) -> list[datetime]:
    """When an expert can be met by somebody whose own time is `taken` then; not at all where that is not known."""
    return list(_times(expert, held, now, taken))


def is_free(expert: Expert, held: Held, now: datetime, taken: Sequence[Span] = ()) -> bool:
    """Whether an expert can be met at any time."""
    return bool(met_by(expert.profile)) and next(_times(expert, held, now, taken), None) is not None


def _times(expert: Expert, held: Held, now: datetime, taken: Sequence[Span]) -> Iterator[datetime]:
    if expert.bookable_at(now):
        yield from starts(expert.profile, held.cells, held.days, (*expert.busy, *taken), now)


def _able(all_of: Sequence[Expert], topic: str, way: str, prefecture: str, now: datetime) -> list[Expert]:
    """Those who can be met in this way, and know the topic where anybody does."""
    wanted = STEP_TOPICS if topic.startswith(STEP) else {topic}
    met = [one for one in all_of if one.bookable_at(now) and way in met_by(one.profile)]
    if way == "visit":
        # Nobody travels through the country for an hour.
        met = [one for one in met if not prefecture or prefecture in (one.profile.prefectures or (prefecture,))]
    knows = [one for one in met if not one.profile.topics or wanted & set(one.profile.topics)]
    return knows or met


def offered(free: Offers, effect: FreeSlots) -> dict[str, Any]:
    """What FreeSlots gives."""
    slots = free.slots(effect.expert)
    wish = wishes.wish(effect.wish, free.now) if effect.wish else None
    shown, full = _shown(slots, effect, wish), ""
    asked = [date.fromisoformat(effect.day)] if effect.day else wish.days if wish else []
    if len(asked) == 1 and not shown and free.full(asked[0]):
        full = asked[0].isoformat()
    closed = holiday(asked[0]) if len(asked) == 1 and not shown else ""
    if (effect.day or effect.wish) and not shown:
        shown = offers.nearest(offers.by_day(slots), _wanted(effect, wish, free.now))
    return {
        "experts": len(free.experts),
        "slots": [slot_values(free, slot) for slot in shown],
        "days": days(free, slots),
        "understood": wishes.words(wish) if wish else "",
        "met": bool(shown) and not full and any(_fits(slot, effect, wish) for slot in shown),
        "holiday": closed,
        "asked": day_words(asked[0]) if len(asked) == 1 else "",
        "full": full,
        "full_words": day_words(date.fromisoformat(full)) if full else "",
    }


def _shown(slots: Sequence[Slot], effect: FreeSlots, wish: wishes.Wish | None) -> list[Slot]:
    if effect.near:
        return offers.nearest(offers.by_day(slots), datetime.fromisoformat(effect.near))
    fitting: Sequence[Slot] = [slot for slot in slots if _fits(slot, effect, wish)]
    if not (wish and (wish.earliest or wish.latest)):
        fitting = offers.by_day(fitting)
    if effect.day or (wish and len(wish.days) == 1):
        return offers.spread(fitting, offers.OF_ONE_DAY)
    return offers.soonest(fitting)


def _fits(slot: Slot, effect: FreeSlots, wish: wishes.Wish | None) -> bool:
    if effect.day:
        return slot.day.isoformat() == effect.day
    return wish is None or wishes.fits(wish, in_japan(slot.at))


def _wanted(effect: FreeSlots, wish: wishes.Wish | None, now: datetime) -> datetime:
    """About when the owner would have liked to come."""
    day = date.fromisoformat(effect.day) if effect.day else wish.days[0] if wish and wish.days else day_in_japan(now)
    return datetime.combine(day, datetime.min.time()).replace(hour=3)  # noon in Japan


def slot_values(free: Offers, slot: Slot) -> dict[str, Any]:
    """A free time as flows are given it."""
    there = in_japan(slot.at)
    return {
        "at": slot.at.isoformat(timespec="minutes"),
        "expert": slot.expert,
        "day": day_words(there.date()),
        "time": time_words(there),
        "who": free.experts[slot.expert].name,
    }


def days(free: Offers, slots: Sequence[Slot]) -> list[dict[str, Any]]:
    """The next days on which anybody works, with how many times are free."""
    today = day_in_japan(free.now)
    counts: dict[date, int] = {}
    for slot in slots:
        counts[slot.day] = counts.get(slot.day, 0) + 1
    last = max(counts, default=today)
    span = [date.fromordinal(today.toordinal() + n) for n in range((last - today).days + 1)]
    known = [day for day in span if day in counts or any(open_spans(e.profile, day) for e in free.experts.values())]
    return [{"day": d.isoformat(), "label": day_words(d), "free": counts.get(d, 0)} for d in known[: offers.DAYS]]
