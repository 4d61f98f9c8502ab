"""Bookings as an operator sees and changes them (`banso booking`), who acts for both sides; everybody is told."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.appointments import Appointments
from bot.experts import WrongInput, find, zulu
from bot.house import House
from dialogs.content import Content
from scheduler import offers
from scheduler.bookings import STATES, Impossible
from scheduler.days import JAPAN, in_japan
from scheduler.offers import Slot
from storage import bookings, experts, timers
from storage.bookings import Booking

# Those that are looked for where no state is named: what is under way, or has been.
SHOWN = tuple(state for state in STATES if state not in ("held", "expired"))


def listed(
    connection: Connection, states: Sequence[str], expert: str, since: str, until: str, most: int
) -> list[Booking]:
    """Bookings by state, expert and day (of Japan's, the last included); "" is any. The latest meeting first."""
    if wrong := [state for state in states if state not in STATES]:
        raise WrongInput(f"--state: there is no {wrong[0]!r}; write {', '.join(STATES)}")
    found = bookings.all_of(
        connection,
        states or SHOWN,
        most,
        expert_id=find(connection, expert).id if expert else None,
        since=midnight("--from", since) if since else None,
        until=midnight("--to", until) + timedelta(days=1) if until else None,
    )
    return sorted(found, key=lambda one: (one.starts_at, one.id), reverse=True)


def locked(connection: Connection, token: str) -> Booking:
    """The booking with this token, locked."""
    found = bookings.find(connection, token)
    one = bookings.lock(connection, found.id) if found else None
    if one is None:
        raise WrongInput(f"There is no booking {token!r}: banso booking list")
    return one


class Operator:
    """What an operator does to bookings, in one transaction."""

    def __init__(self, connection: Connection, content: Content, house: House, now: datetime) -> None:
        self.connection = connection
        self.content = content
        self.house = house
        self.now = now

    def cancel(self, token: str) -> Booking:
        """Cancel a booking; owner, expert and guests are told."""
        one = locked(self.connection, token)
        try:
            return self._acts(one).call_off(one, {"owner": "withdrawn", "expert": "cancelled", "guest": "cancelled"})
        except Impossible as error:
            raise WrongInput(f"{token} can't be cancelled: it is {one.state}") from error

    def move(self, token: str, text: str, expert: str) -> Booking:
        """Move a booking to a time by Japan's clock, to another expert where one is named; everybody is told."""
        one = locked(self.connection, token)
        to = find(self.connection, expert) if expert else experts.get(self.connection, one.expert_id)
        at, acts = _moment(text), self._acts(one)
        try:
            moved = acts.rebook(one, to, at)
        except Impossible as error:
            raise WrongInput(f"{token} can't be moved: it is {one.state}") from error
        if moved is None:
            near = offers.nearest([Slot(free, to.id) for free in acts.times(to, own=[one])], at)
            times = ", ".join(_clock(slot.at) for slot in near) or "none: banso expert show"
            raise WrongInput(f"{to.name} is not free at {_clock(at)}; the nearest free times: {times}")
        return moved

    def view(self, one: Booking, whole: bool = False) -> dict[str, Any]:
        """A booking as JSON data (see docs/operating.md); `whole` with how the owner is met and what is to come."""
        acts = self._acts(one)
        expert = experts.get(self.connection, one.expert_id)
        shown = {
            "token": one.token,
            "state": one.state,
            "starts_at": zulu(one.starts_at),
            "minutes": one.minutes,
            "expert": {"id": expert.id, "name": expert.name},
            "topic": one.topic,
            "topic_words": acts.views.topic(one.topic),
            "way": one.way,
            "guests": len(bookings.guests(self.connection, one.id)),
            "made_at": zulu(one.made_at),
            "changed_at": zulu(one.changed_at),
        }
        if not whole:
            return shown
        ahead = [{"kind": timer.kind, "at": zulu(timer.at)} for timer in timers.of(self.connection, one.subject)]
        more = {"reach": one.reach, "place": one.place, "check_shared": one.shared_at is not None, "ahead": ahead}
        return shown | more

    def _acts(self, one: Booking) -> Appointments:
        return Appointments(self.connection, self.content, one.owner_id, self.now, self.house)


def line(view: Mapping[str, Any]) -> str:
    """A booking in one line, its time by Japan's clock."""
    at = datetime.fromisoformat(view["starts_at"]).replace(tzinfo=None)
    who = view["expert"]
    return (
        f"{view['token']}  {_clock(at)}  {view['state']:9}  {who['id']} {who['name']}  {view['topic']}, {view['way']}"
    )


def _clock(at: datetime) -> str:
    return in_japan(at).strftime("%Y-%m-%d %H:%M")


def midnight(option: str, text: str) -> datetime:
    """The beginning of a day of Japan's (UTC, without zone)."""
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise WrongInput(f"{option}: {text!r} is no day; write 2026-12-03") from error
    return _utc(datetime.combine(day, time.min))


def _moment(text: str) -> datetime:
    try:
        return _utc(datetime.strptime(text, "%Y-%m-%d %H:%M"))  # noqa: DTZ007 - Japan's, as is said
    except ValueError as error:
        raise WrongInput(f'{text!r} is no time; write "2026-12-03 15:00", by Japan\'s clock') from error


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=JAPAN).astimezone(UTC).replace(tzinfo=None)
