"""The list of those who wait for a day that is full: who is told of a time that has come free, and when.

Whoever is first is told; the others one after another, as long as something is free. Each turn sets the timer of the
next one.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.offers import Offers, prefecture
from dialogs.waiting import Called, FindWaiting, StopWaiting, WaitForDay
from dialogs.waiting import Waiting as Effect
from scheduler.days import JAPAN, day_in_japan, day_words, in_japan
from scheduler.reminders import loud
from storage import timers, waiting
from storage.waiting import Waiting

# Who is told first has so long before the next is told.
TURN = timedelta(minutes=30)
# Once a day at this time, by Japan's clock, it is looked whether there are new times, as where hours were added.
LOOK = time(9)


class WaitingList:
    """The list as seen in one turn, which is that of `person`."""

    def __init__(self, connection: Connection, person: int, now: datetime) -> None:
        self.connection = connection
        self.person = person
        self.now = now

    def perform(self, effect: Effect) -> Any:
        """Do what the effect says; gives its result as JSON data."""
        match effect:
            case WaitForDay(day, topic, way):
                return self.join(date.fromisoformat(day), topic, way)
            case FindWaiting(number):
                one = self.mine(number)
                return {"topic_id": one.topic, "way": one.way, "on": one.day.isoformat()} if one else None
            case StopWaiting(number):
                one = self.mine(number)
                if one:
                    self.leave(one)
                return {"day": day_words(one.day)} if one else None
            case Called("look", number):
                return self.look(number)
            case Called(_, number):
                return self.turn(number)

    def mine(self, number: int) -> Waiting | None:
        """What this person waits for under a number."""
        one = waiting.lock(self.connection, number)
        return one if one and one.owner_id == self.person else None

    def join(self, day: date, topic: str, way: str) -> int:
        """Wait for a day; gives the number of the place."""
        near = prefecture(self.connection, self.person)
        one = waiting.add(self.connection, self.person, day, topic, way, near, self.now)
        if not timers.of(self.connection, one.subject):
            self._look_again(one)
        return one.id

    def leave(self, one: Waiting) -> None:
        """Wait no more; whose turn it was leaves it to the next."""
        turns = [timer.at for timer in timers.of(self.connection, one.subject) if timer.kind == "free"]
        timers.cancel(self.connection, one.subject)
        waiting.remove(self.connection, one.id)
        for at in turns:
            self.call(one.day, max(at, self.now), behind=one)

    def leave_all(self, day: date | None = None) -> None:
        """Wait no more for a day, or for any."""
        for one in waiting.of_owner(self.connection, self.person):
            if day in (None, one.day):
                self.leave(one)

    def freed(self, at: datetime) -> None:
        """A time has come free: whoever is first in line for its day is told, by day."""
        if at > self.now:
            self.call(in_japan(at).date(), loud(self.now))

    def call(self, day: date, at: datetime, behind: Waiting | None = None) -> None:
        """Make it the turn of the first in line, or of the first `behind` somebody, who was not told just now."""
        for one in waiting.line(self.connection, day, behind):
            if not self._just_told(one) and waiting.lock(self.connection, one.id):
                timers.add_next(self.connection, one.subject, "free", one.owner_id, at, {})
                return

    def turn(self, number: int) -> dict[str, Any] | None:
        """Somebody's turn: told where a time is free for them; else it is the next one's at once."""
        one = self.mine(number)
        if one is None:
            return None
        if self._just_told(one) or not self._free(one):
            self.call(one.day, self.now, behind=one)
            return None
        waiting.offer(self.connection, one.id, self.now)
        self.call(one.day, loud(self.now + TURN), behind=one)
        return {"number": one.id, "day": day_words(one.day), "minutes": TURN // timedelta(minutes=1)}

    def look(self, number: int) -> None:
        """The daily look, which the first in line does for all; a day that is past is waited for no more."""
        one = self.mine(number)
        if one is None:
            return
        if one.day < day_in_japan(self.now):
            self.leave(one)
            return
        if next(iter(waiting.line(self.connection, one.day)), None) == one:
            self.call(one.day, loud(self.now))
        self._look_again(one)

    def _look_again(self, one: Waiting) -> None:
        there = in_japan(self.now)
        day = there.date() + timedelta(days=there.time() >= LOOK)
        at = datetime.combine(day, LOOK, JAPAN).astimezone(UTC).replace(tzinfo=None)
        timers.add_next(self.connection, one.subject, "look", one.owner_id, at, {})

    def _just_told(self, one: Waiting) -> bool:
        return one.offered_at is not None and self.now - one.offered_at < TURN

    def _free(self, one: Waiting) -> bool:
        offers = Offers(self.connection, one.topic, one.way, one.prefecture, self.now)
        return any(slot.day == one.day for slot in offers.slots())
