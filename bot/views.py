"""Bookings as whoever looks at them is given them (see dialogs.appointments)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.house import House
from bot.offers import STEP
from dialogs.content import Content
from scheduler.days import JAPAN, day_words, in_japan, meeting_words, moment_words
from scheduler.experts import CELL, met_by
from scheduler.reminders import reminders
from storage import bookings, consultations, experts, timers
from storage.bookings import Booking
from storage.experts import Expert

# What ends the time in which whoever is asked may answer.
DEADLINES = ("pass_on:owner", "lapse:owner")


class Views:
    """What `person` sees of bookings: an owner, an expert or an officer."""

    def __init__(self, connection: Connection, content: Content, person: int, now: datetime, house: House) -> None:
        self.connection = connection
        self.content = content
        self.person = person
        self.now = now
        self.house = house

    def view(self, one: Booking | None) -> dict[str, Any] | None:
        """A booking as flows are given it (see dialogs.appointments)."""
        if one is None:
            return None
        expert = experts.get(self.connection, one.expert_id)
        start, end = in_japan(one.starts_at), in_japan(one.ends_at)
        guests = bookings.guests(self.connection, one.id)
        mine = self.role(one, expert, guests)
        zone = ZoneInfo(expert.profile.zone)
        apart = start.utcoffset() != start.astimezone(zone).utcoffset()
        there = zone if mine == "expert" else JAPAN
        until, before = self.deadline(one)
        # The way to the expert's own pages is nobody else's.
        desk = f"/x/{expert.token}/{one.token}"
        # The record is its owner's and theirs whom they bring along, not every expert's who was asked.
        page = f"/b/{one.page}" if mine in ("owner", "guest") else ""
        own = desk if mine == "expert" else page
        return {
            "token": one.token,
            "state": one.state,
            "revision": one.revision,
            "topic": self.topic(one.topic),
            "topic_id": one.topic,
            "way": one.way,
            "at": one.starts_at.isoformat(timespec="minutes"),
            "when": meeting_words(start, end),
            "there": meeting_words(start.astimezone(zone), end.astimezone(zone)) if apart else "",
            "day": day_words(start.date()),
            "days": (start.astimezone(there).date() - in_japan(self.now).astimezone(there).date()).days,
            "until": until,
            "before": before,
            "reminds": [kind for kind, at in reminders(one.starts_at, self.now).items() if at > self.now],
            "who": expert.name,
            "expert": expert.id,
            "asks": expert.profile.asks,
            "ways": list(met_by(expert.profile)),
            "passed": bool(one.asked),
            "reach": one.reach if mine in ("owner", "expert") else "",
            "place": one.place,
            "shared": one.shared_at is not None,
            "recorded": one.state == "done" and consultations.of_booking(self.connection, one.id) is not None,
            "person": self.house.desk is not None,
            "file": f"{own}.ics" if own else "",
            "page": page,
            "desk": desk if mine == "expert" else "",
            "sample": desk if mine == "owner" and self.house.demo else "",
            "mine": mine,
            "guests": [{"id": id, "name": name} for id, name in guests.items()],
        }

    def deadline(self, one: Booking) -> tuple[str, str]:
        """Until when whoever is asked must have answered, and the time that was given up for it; in words, or ""."""
        if one.state not in ("pending", "proposed"):
            return "", ""
        ends = next((timer for timer in timers.of(self.connection, one.subject) if timer.kind in DEADLINES), None)
        if ends is None:
            return "", ""
        # Of a request it is said roughly, and never too early.
        until = ends.at if one.state == "proposed" else ends.at + (one.starts_at - ends.at) % CELL
        return moment_words(in_japan(until)), str(ends.data.get("before", ""))

    def role(self, one: Booking, expert: Expert, guests: Mapping[int, str]) -> str:
        """What this person is to a booking: "owner", "expert", "guest", or ""."""
        if self.person == one.owner_id:
            return "owner"
        return "expert" if self.person == expert.owner_id else "guest" if self.person in guests else ""

    def topic(self, topic: str) -> str:
        """A topic in words."""
        return topic_words(self.content, topic)


def words(one: Booking) -> str:
    """The time of a booking in words."""
    return meeting_words(in_japan(one.starts_at), in_japan(one.ends_at))


def topic_words(content: Content, topic: str) -> str:
    """A topic in words: that of a choice, or what one of the owner's own steps is called."""
    advice = content.catalogue.advice.get(topic.removeprefix(STEP))
    if advice:
        return advice.title
    choice = content.phrases.asks["topic"].choice(topic)
    return choice.label if choice else topic
