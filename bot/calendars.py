"""Calendar files: a booking as an event that calendars put in, move and take out; all of an expert's as a feed."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.utils import parseaddr
from functools import lru_cache
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress, vDDDLists
from sqlalchemy import Connection

from bot.case import open_to_expert
from bot.views import topic_words
from dialogs.content import Content
from dialogs.messages import File
from scheduler.experts import ZONE
from storage import Database, bookings, experts
from storage.bookings import Booking
from storage.experts import Expert

PRODUCT = "-//Banso//Banso//JA"
# Whose calendar an event is for: the owner's (and that of whoever comes along), or the expert's.
OWNER, EXPERT = "owner", "expert"
# Kinds of File.
KINDS = {"ics": OWNER, "ics-expert": EXPERT}
STATUS = {"confirmed": "CONFIRMED", "done": "CONFIRMED", "no_show": "CONFIRMED"}
STATUS |= dict.fromkeys(("held", "pending", "proposed"), "TENTATIVE")
STATUS |= dict.fromkeys(("cancelled", "expired", "declined"), "CANCELLED")
ALARM = timedelta(hours=-1)
# A feed goes back so far, and is to be fetched again so often.
PAST, AGAIN = timedelta(days=30), timedelta(hours=1)
# A time that is held while an owner makes up their mind is no entry in a calendar yet.
IN_FEED = [state for state, status in STATUS.items() if status != "CANCELLED" and state != "held"]


class Calendars:
    """The calendar files of bookings as they stand; None where there is no such booking."""

    def __init__(self, database: Database, content: Content, public_url: str) -> None:
        self._database = database
        self._content = content
        self._phrases = content.phrases
        self._public_url = public_url

    def file(self, file: File, organizer: str = "", attendee: str = "") -> bytes | None:
        """The file that a message brings along; an invitation where it goes by mail, from whom and to whom."""
        with self._database.reading() as connection:
            booking = bookings.find(connection, file.token)
            if booking is None:
                return None
            expert = experts.get(connection, booking.expert_id)
        return self.invitation(booking, expert, KINDS[file.kind], organizer, attendee)

    def at_page(self, page: str) -> bytes | None:
        """The file of the booking whose page this is."""
        with self._database.reading() as connection:
            booking = bookings.at_page(connection, page)
            return self.invitation(booking, experts.get(connection, booking.expert_id)) if booking else None

    def of_expert(self, page: str, token: str, now: datetime) -> bytes | None:
        """One booking of the expert whose page has this token, for their own calendar."""
        with self._database.reading() as connection:
            expert = experts.find(connection, token=page)
            booking = bookings.find(connection, token)
        if expert is None or booking is None or booking.expert_id != expert.id:
            return None
        # The number goes when the pages don't show it any more.
        shown = booking if open_to_expert(booking, now) else replace(booking, reach="")
        return self.invitation(shown, expert, EXPERT)

    def feed(self, feed: str, now: datetime) -> bytes | None:
        """All of an expert's bookings from a month back, for a calendar that subscribes to them."""
        with self._database.reading() as connection:
            expert = experts.find(connection, feed=feed)
            if expert is None:
                return None
            shown = _lately(connection, expert, now)
        calendar = _calendar("PUBLISH", [self._event(one, expert, EXPERT) for one in shown])
        calendar.calendar_name = self._phrases.say("calendar.feed")
        calendar.refresh_interval = AGAIN
        return _bytes(calendar)

    def invitation(
        self, booking: Booking, expert: Expert, side: str = OWNER, organizer: str = "", attendee: str = ""
    ) -> bytes:
        """A booking as one event: published, or taken back where it no longer stands.

        It is a request, which calendars answer, only where it is known who asks (a mail address, with or without a
        name) and who is asked: without both a request is none (RFC 5546, 3.2.2), and Outlook can't keep it.
        """
        event = self._event(booking, expert, side)
        if organizer and attendee:
            event.organizer = _mailbox(organizer)
            event.attendees = [_mailbox(attendee)]
        if STATUS[booking.state] == "CANCELLED":
            method = "CANCEL"
        else:
            method = "REQUEST" if organizer and attendee else "PUBLISH"
        return _bytes(_calendar(method, [event]))

    def _event(self, booking: Booking, expert: Expert, side: str) -> Event:
        zone = ZoneInfo(expert.profile.zone if side == EXPERT else ZONE)
        status = STATUS[booking.state]
        page = f"/x/{expert.token}/{booking.token}" if side == EXPERT else f"/b/{booking.page}"
        values = {
            "who": expert.name,
            "topic": topic_words(self._content, booking.topic),
            "way": booking.way,
            "place": booking.place,
            "reach": booking.reach if side == EXPERT else "",
            "page": f"{self._public_url}{page}",
            "tentative": status == "TENTATIVE",
            "gone": status == "CANCELLED",
        }
        event = Event.new(
            uid=f"{booking.token}@{host(self._public_url)}",
            sequence=booking.revision,
            stamp=_utc(booking.changed_at),
            created=_utc(booking.made_at),
            start=_utc(booking.starts_at).astimezone(zone),
            end=_utc(booking.ends_at).astimezone(zone),
            summary=self._phrases.say(f"calendar.{side}.summary", **values),
            description=self._phrases.say(f"calendar.{side}.description", **values),
            location=self._phrases.say("calendar.location", **values),
            url=f"{self._public_url}{page}",
        )
        event.add("status", status)
        if status != "CANCELLED":
            event.add_component(self._alarm())
        return event

    def _alarm(self) -> Alarm:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", self._phrases.say("calendar.alarm"))
        alarm.add("trigger", ALARM)
        return alarm


def host(public_url: str) -> str:
    """What the ids of our events end with, after an @."""
    return urlsplit(public_url).hostname or "localhost"


def method_of(ics: bytes) -> str:
    """The METHOD of a file of ours, which mail and HTTP name in the content type."""
    found = re.search(rb"^METHOD:(\w+)", ics, re.MULTILINE)
    return found[1].decode() if found else "PUBLISH"


def _lately(connection: Connection, expert: Expert, now: datetime) -> list[Booking]:
    mine = bookings.of_expert(connection, expert.id)
    return [one for one in mine if one.state in IN_FEED and one.starts_at >= now - PAST]


def _calendar(method: str, events: Sequence[Event]) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    for zone in sorted({str(event.start.tzinfo) for event in events if isinstance(event.start, datetime)}):
        years = [time.year for event in events for time in (event.start, event.end)]
        calendar.add_component(_zone(zone, min(years), max(years)))
    for event in events:
        calendar.add_component(event)
    return calendar


@lru_cache(maxsize=256)
def _zone(name: str, first: int, last: int) -> Timezone:
    """The clock of a zone in these years, and one more on either side, for whoever does not know it by name.

    Each change of it stands by itself: some readers take only the first of a list.
    """
    known = Timezone.from_tzid(name, first_date=date(first - 1, 1, 1), last_date=date(last + 2, 1, 1))
    zone = Timezone()
    zone.add("tzid", name)
    rules: list[TimezoneStandard | TimezoneDaylight] = [*known.standard, *known.daylight]
    for rule in rules:
        listed = rule.get("RDATE")
        more = [value.dt for value in listed.dts] if isinstance(listed, vDDDLists) else []
        # The library tells when the clock is put forward by the new clock; RFC 5545 wants it by the old one.
        skipped = max(rule.TZOFFSETTO - rule.TZOFFSETFROM, timedelta())
        for begins in (rule.DTSTART, *more):
            one = type(rule)()
            one.DTSTART = begins - skipped
            one.TZOFFSETFROM, one.TZOFFSETTO = rule.TZOFFSETFROM, rule.TZOFFSETTO
            one.add("tzname", rule["TZNAME"])
            zone.add_component(one)
    return zone


def _bytes(calendar: Calendar) -> bytes:
    data: bytes = calendar.to_ical()
    return data


def _mailbox(address: str) -> vCalAddress:
    name, mail = parseaddr(address)
    mailbox = vCalAddress(f"mailto:{mail}")
    if name:
        mailbox.params["CN"] = name
    return mailbox


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)
