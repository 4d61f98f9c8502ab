"""What flows want of who else comes to a meeting, and of an expert's first coming, done by storage."""

from typing import Any

from bot.appointments import Appointments
from dialogs.officers import (
    Attend,
    Enrol,
    FindInvitation,
    FindVisit,
    InviteOfficer,
    Officer,
    PartyNotice,
    PutOut,
    Write,
)
from scheduler.days import day_in_japan, day_words
from storage import bookings, experts, invites, members, owners, timers
from storage.bookings import Booking

# As long as a name is kept.
NAME = 60


class Officers:
    """Officers at the bookings of one turn, and codes that bring people there or make them experts."""

    def __init__(self, appointments: Appointments) -> None:
        self.appointments = appointments
        self.connection = appointments.connection
        self.person = appointments.person
        self.now = appointments.now

    def perform(self, effect: Officer) -> Any:
        """Do what the effect says; gives its result as JSON data."""
        match effect:
            case InviteOfficer(token):
                return self.invite(token)
            case FindInvitation(code):
                return self.view(self.invited(code))
            case Attend(code, name):
                return self.view(self.attend(code, name))
            case PutOut(token, guest):
                return self.put_out(token, guest)
            case FindVisit(token):
                return self.view(self.visit(token))
            case Write(token, text):
                return self.view(self.write(token, text))
            case PartyNotice(subject):
                return self.view(self.still(subject))
            case Enrol(code):
                return self.enrol(code)

    def view(self, one: Booking | None) -> dict[str, Any] | None:
        """A booking as flows are given it."""
        return self.appointments.views.view(one)

    # ------------------------------------------------------------ officers

    def invite(self, token: str) -> dict[str, Any] | None:
        """A code for the owner to pass on."""
        one = self.appointments.mine(token)
        if one is None or one.owner_id != self.person or not self.lies_ahead(one):
            return None
        code = invites.make(self.connection, one.subject, self.now)
        until = day_words(day_in_japan(min(self.now + invites.LIFE, one.starts_at)))
        link = f"{self.appointments.house.site}/link/{code}"
        return (self.view(one) or {}) | {"code": code, "link": link, "until": until}

    def invited(self, code: str) -> Booking | None:
        """The booking that a code leads to, where it lies ahead."""
        subject = invites.find(self.connection, code, self.now) or ""
        one = self.by_subject(subject) if subject.startswith("booking:") else None
        return one if one and self.lies_ahead(one) else None

    def attend(self, code: str, name: str) -> Booking | None:
        """Come to the booking that a code leads to; owner and expert are told who it is."""
        one = self.invited(code)
        roles = dict(self.appointments.notices.people(one)) if one else {}
        if one is None or self.person in roles.values():
            return None
        invites.use(self.connection, code, self.now)
        name = name.strip()[:NAME]
        bookings.invite(self.connection, one.id, self.person, self.now, name)
        self.tell(one, "joined", [roles["owner"], roles["expert"]], called=name)
        # What is set for the others stays as it is; the officer's own reminders are added.
        self.appointments.notices.plan(one)
        return one

    def put_out(self, token: str, guest: int) -> dict[str, Any] | None:
        """Take an officer out of a booking; who did not do it is told."""
        found = bookings.find(self.connection, token)
        one = bookings.lock(self.connection, found.id) if found else None
        if one is None or (guest and one.owner_id != self.person):
            return None
        who = guest or self.person
        name = bookings.put_out(self.connection, one.id, who)
        if name is None:
            return None
        people = dict(self.appointments.notices.people(one))
        if self.lies_ahead(one):
            others = [people["expert"], who if guest else one.owner_id]
            self.tell(one, "left", others, called=name)
        return (self.view(one) or {}) | {"called": name}

    def leave(self) -> None:
        """Take somebody who wants to be forgotten out of what they were invited to."""
        for one in bookings.of_guest(self.connection, self.person):
            self.put_out(one.token, 0)

    # ------------------------------------------------------------ words between officer and expert

    def visit(self, token: str) -> Booking | None:
        """A booking that lies ahead, where this person is its expert, with somebody to write to, or an officer."""
        found = bookings.find(self.connection, token)
        one = bookings.lock(self.connection, found.id) if found else None
        return one if one and self.lies_ahead(one) and self.readers(one) else None

    def readers(self, one: Booking) -> list[int]:
        """Who reads what this person writes about a booking."""
        guests = bookings.guests(self.connection, one.id)
        expert = dict(self.appointments.notices.people(one))["expert"]
        if self.person in guests:
            return [expert]
        return list(guests) if self.person == expert else []

    def write(self, token: str, text: str) -> Booking | None:
        """Pass words on before a meeting."""
        one = self.visit(token)
        if one is None:
            return None
        name = bookings.guests(self.connection, one.id).get(self.person, "")
        self.tell(one, "wrote", self.readers(one), called=name, words=text)
        return one

    # ------------------------------------------------------------ news

    def tell(self, one: Booking, kind: str, people: list[int], **data: str) -> None:
        """Have people told at once, even where the booking changes meanwhile."""
        for person in people:
            timers.add_next(self.connection, f"party:{one.id}", kind, person, self.now, data)

    def still(self, subject: str) -> Booking | None:
        """The booking that news is about, while it stands."""
        one = self.by_subject(subject)
        return one if one and one.stands else None

    def by_subject(self, subject: str) -> Booking | None:
        """The booking that a subject names, locked."""
        return bookings.lock(self.connection, int(subject.rpartition(":")[2]))

    def lies_ahead(self, one: Booking) -> bool:
        """Whether a booking stands, and is not over."""
        return one.stands and one.state != "held" and one.ends_at > self.now

    # ------------------------------------------------------------ experts

    def enrol(self, code: str) -> dict[str, Any]:
        """Make this person the expert whom a code is for: how that one was reached before reaches them as well."""
        kind, _, id = (invites.find(self.connection, code, self.now) or "").partition(":")
        expert = experts.get(self.connection, int(id)) if kind == "expert" else None
        if expert is None:
            return {"outcome": "ended", "who": "", "page": ""}
        values = {"who": expert.name, "page": f"/x/{expert.token}"}
        if expert.owner_id == self.person:
            return {"outcome": "own"} | values
        here, there = (members.find(self.connection, owner_id=one) for one in (self.person, expert.owner_id))
        if experts.find(self.connection, owner_id=self.person) or (here and there):
            return {"outcome": "other"} | values
        invites.use(self.connection, code, self.now)
        owners.merge(self.connection, expert.owner_id, self.person)
        return {"outcome": "done"} | values
