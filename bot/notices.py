"""The timers of bookings: by them everybody is told of what is to come, and of what others have done."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.house import House
from bot.views import words
from scheduler.days import JAPAN
from scheduler.experts import CELL
from scheduler.reminders import AFTER, loud, reminders, unanswered
from storage import bookings, experts, timers
from storage.bookings import Booking

# An owner has so long to answer an expert's proposal, and no longer than until so long before it.
PROPOSAL = timedelta(hours=48)
# The owner is thanked so long after the end, when the expert has had time to say that it did not take place.
THANKS = timedelta(hours=1)


class Notices:
    """Sets the timers of bookings, in one transaction."""

    def __init__(self, connection: Connection, now: datetime, house: House) -> None:
        self.connection = connection
        self.now = now
        self.house = house

    def at(self, one: Booking, kind: str, person: int, due: datetime, **data: Any) -> None:
        """Have somebody told of a booking at a time."""
        timers.add(self.connection, one.subject, kind, one.revision, person, due, data)

    def people(self, one: Booking) -> Iterator[tuple[str, int]]:
        """Everybody who comes, by role: "owner", "expert", "guest:7"."""
        yield "owner", one.owner_id
        yield "expert", experts.get(self.connection, one.expert_id).owner_id
        for guest in bookings.guests(self.connection, one.id):
            yield f"guest:{guest}", guest

    def tell(self, one: Booking, what: str, *roles: str, gently: bool = False, **data: Any) -> None:
        """Have these told of what has become of a booking: at once, or `gently`, as nobody but time has done it.

        `data` goes into the words.
        """
        for role, person in self.people(one):
            if role.split(":")[0] in roles:
                self.at(one, f"{what}:{role}", person, self.undisturbed(one, role) if gently else self.now, **data)

    def undisturbed(self, one: Booking, role: str) -> datetime:
        """When somebody can be told without being disturbed; at once where the meeting begins before that."""
        zone = ZoneInfo(experts.get(self.connection, one.expert_id).profile.zone) if role == "expert" else JAPAN
        due = loud(self.now, zone)
        return due if due < one.starts_at else self.now

    def plan(self, one: Booking, asked: datetime | None = None, instead: Booking | None = None) -> None:
        """Set what is to come of a booking, in place of what was set before; `asked` is when the expert is.

        `instead` is what it was before. Where that was agreed on and is given up, it ends the time to answer.
        """
        lost = instead if instead and instead.state == "confirmed" else None
        data = {"before": words(lost)} if lost else {}
        timers.cancel(self.connection, one.subject, but=one.revision)
        people = dict(self.people(one))
        zone = ZoneInfo(experts.get(self.connection, one.expert_id).profile.zone)
        match one.state:
            case "pending":
                remind, pass_on = unanswered(asked or self.now, one.starts_at, self.house.patience, zone)
                self.at(one, "unanswered:expert", people["expert"], remind)
                self.at(one, "pass_on:owner", one.owner_id, pass_on, **data)
            case "proposed":
                self.at(one, "lapse:owner", one.owner_id, answer_by(one, lost), **data)
            case "confirmed":
                for role, person in people.items():
                    there = zone if role == "expert" else JAPAN
                    for kind, due in reminders(one.starts_at, self.now, there).items():
                        self.at(one, f"{kind}:{role}", person, due)
                self.at(one, "after:expert", people["expert"], one.ends_at + AFTER)
                self.at(one, "thanks:owner", one.owner_id, loud(one.ends_at + THANKS))


def answer_by(one: Booking, lost: Booking | None = None) -> datetime:
    """Until when the owner can take a time that the expert has proposed, in place of one that is `lost`."""
    last = max(one.starts_at - 2 * CELL, one.changed_at + (one.starts_at - one.changed_at) / 2)
    return min(loud(one.changed_at + PROPOSAL), last, lost.starts_at if lost else last)
