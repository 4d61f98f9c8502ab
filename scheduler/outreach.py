"""When outreach may go out: by day, on working days, by Japan's clock.

Nobody has asked for a letter at this moment. In the evening and on a holiday it would disturb, and whoever it brings
back would find neither an agency nor a desk open. So the night of nine to eight, in which reminders are silent, is not
enough here: letters begin at nine and end at eight in the evening, on the days on which offices work.
"""

from datetime import datetime, time, timedelta

from scheduler.days import in_japan
from scheduler.holidays import workday

# Between these, on days on which offices work, letters of campaigns go out (ours).
OPENS, CLOSES = time(9), time(20)


def allowed(now: datetime) -> bool:
    """Whether letters may go out at this moment (UTC, without zone)."""
    there = in_japan(now)
    return OPENS <= there.time() < CLOSES and workday(there.date())


def next_allowed(now: datetime) -> datetime:
    """The moment itself, or the next at which letters may go out."""
    at = now
    while not allowed(at):
        there = in_japan(at)
        day = there.date() + timedelta(days=there.time() >= OPENS)
        opening = datetime.combine(day, OPENS, there.tzinfo)
        at += opening - there
    return at
