"""When people of the agency are at the desk: its hours by Japan's clock, and no holidays."""

from datetime import datetime, timedelta

from scheduler.days import JAPAN, day_in_japan, in_japan, moment_words
from scheduler.experts import Profile, open_spans
from scheduler.hours import weekly

HOURS = "mon-fri 9:00-17:00"
# Days from today, as they are called.
CALLED = ("きょう", "あす")
# Hours that are there at all come round within a week and the longest run of holidays.
FAR = 30


def hours(text: str) -> Profile:
    """The desk's hours as `weekly` reads them; raises ValueError where they can't be read, or are none."""
    found = weekly(text)
    if not found:
        raise ValueError(f"has no hours at all; write {HOURS}")
    return Profile(zone=JAPAN.key, weekly=found)


def opens(desk: Profile, now: datetime) -> datetime:
    """When somebody is at the desk: now, or from when on (both UTC without zone)."""
    today = day_in_japan(now)
    spans = (span for n in range(FAR) for span in open_spans(desk, today + timedelta(days=n)))
    return next(max(begins, now) for begins, ends in spans if ends > now)


def opening_words(at: datetime, now: datetime) -> str:
    """When the desk opens, as in あす12月2日(水) 9時."""
    days = (day_in_japan(at) - day_in_japan(now)).days
    return f"{CALLED[days] if days < len(CALLED) else ''}{moment_words(in_japan(at))}"
