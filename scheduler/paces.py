"""How fast requests may follow each other, and when one that failed is made again."""

from datetime import datetime, timedelta

# The first repetition comes after about a second, each further one after twice as long, up to five minutes.
FIRST, LONGEST = timedelta(seconds=1), timedelta(minutes=5)
# So long a sending is tried: LINE knows a retry key for 24 hours, and after a day an answer answers nothing any more.
LIFE = timedelta(hours=24)


def paced(free_at: datetime | None, cost: int, *, rate: float, burst: int, now: datetime) -> tuple[datetime, datetime]:
    """When `cost` requests may begin, and when the next after them may; a rate of 0 is none.

    `free_at` says when the next request may be made; who has waited may make `burst` requests in a row.
    """
    if not rate:
        return now, now
    # Saved up at the most: all of a burst but the request that is free anyway.
    earliest = now - timedelta(seconds=(burst - 1) / rate)
    free_at = max(free_at or earliest, earliest)
    start = max(free_at, now)
    return start, free_at + timedelta(seconds=cost / rate)


def fitting(free_at: datetime | None, *, rate: float, burst: int, now: datetime, until: datetime) -> int | None:
    """How many requests can begin until a time, one after another; None where a rate of 0 lets any number."""
    if not rate:
        return None
    earliest = now - timedelta(seconds=(burst - 1) / rate)
    first = max(free_at or earliest, earliest)
    return int((until - first).total_seconds() * rate) + 1 if first <= until else 0


def again_after(attempt: int, chance: float) -> timedelta:
    """How long to wait after this many attempts; `chance`, from 0 to 1, spreads those that failed together."""
    doubled = FIRST.total_seconds() * 2.0 ** min(attempt - 1, 20)
    return min(timedelta(seconds=doubled), LONGEST) * (0.5 + chance / 2)
