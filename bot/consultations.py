"""What flows want of the records of meetings, done by storage; next actions and follow-ups become timers."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from bot.appointments import Appointments
from bot.case import OPEN_FOR, desk_named
from dialogs.consultations import (
    HANDOVERS,
    STATES,
    AnswerAction,
    ConsultationEffect,
    CountVisits,
    FindAction,
    FindRecord,
    KeepHours,
    KeepRecord,
)
from dialogs.content import Content
from scheduler.bookings import Impossible
from scheduler.days import day_in_japan, day_words
from scheduler.experts import from_json, to_json
from scheduler.reminders import FOLLOW_UPS, loud, morning
from storage import bookings, consultations, experts, results, timers
from storage.bookings import Booking
from storage.consultations import Consultation, NextAction

# What an expert may change of the profile; the rest is the operator's.
EDITABLE = (
    "weekly",
    "exceptions",
    "minutes",
    "buffer",
    "per_day",
    "notice",
    "asks",
    "on_holidays",
    "ways",
    "place",
    "meeting",
    "busy_url",
    "prefers",
)


class Consultations:
    """The records of one turn, which is that of `person`: an owner or an expert."""

    def __init__(self, connection: Connection, content: Content, appointments: Appointments) -> None:
        self.connection = connection
        self.content = content
        self.appointments = appointments
        self.person = appointments.person
        self.now = appointments.now

    def perform(self, effect: ConsultationEffect) -> Any:
        """Do what the effect says; gives its result as JSON data."""
        match effect:
            case KeepRecord():
                return self.keep(effect)
            case FindRecord(id):
                return self.record(id)
            case FindAction(id):
                found = self.mine(id)
                return self.action(found) if found and found.state == "open" else None
            case AnswerAction(id, state):
                return self.answer(id, state)
            case KeepHours(values):
                return self.hours(values)
            case CountVisits():
                return self.appointments.visits()

    # ------------------------------------------------------------ the expert

    def keep(self, effect: KeepRecord) -> dict[str, Any] | None:
        """Keep the record, note that the meeting took place, and have its owner told of what is new."""
        one = self.appointments.mine(effect.token, expert=True)
        if one is None or not one.starts_at <= self.now <= one.ends_at + OPEN_FOR:
            return None
        if one.state != "done":
            try:
                one = self.appointments.finish(one, yes=True)
            except Impossible:
                return None
        before = consultations.of_booking(self.connection, one.id)
        actions = [(row["text"], date.fromisoformat(row["day"]) if row["day"] else None) for row in effect.actions]
        handover = effect.handover if effect.handover in HANDOVERS else ""
        kept = consultations.keep(self.connection, one, effect.situation, effect.support, handover, actions, self.now)
        if before is None or before.agreed != kept.agreed:
            self.tell(kept, before)
            self.plan(one, kept, before)
        return self.view(kept)

    def tell(self, kept: Consultation, before: Consultation | None) -> None:
        """Have the owner, and who came along, told of the record as it will stand then, when nobody is disturbed."""
        subject = f"record:{kept.id}"
        waiting = timers.of(self.connection, subject)
        again = waiting[0].data["again"] if waiting else before is not None
        timers.cancel(self.connection, subject)
        for person in (kept.owner_id, *bookings.guests(self.connection, kept.booking_id)):
            timers.add_next(self.connection, subject, "told", person, loud(self.now), {"again": again})

    def plan(self, one: Booking, kept: Consultation, before: Consultation | None) -> None:
        """Set when the owner is asked about the next actions, in place of what was set before."""
        left = [action for action in kept.actions if action.state == "open"]
        due = [(action.subject, "due", morning(action.day)) for action in left if action.day]
        follows = f"follow:{kept.id}"
        due += [(follows, kind, loud(one.ends_at + after)) for kind, after in FOLLOW_UPS.items()]
        old = [action.subject for action in (*(before.actions if before else ()), *kept.actions)]
        for subject in dict.fromkeys((follows, *old)):
            timers.cancel(self.connection, subject)
        for subject, kind, at in due:
            if at > self.now:
                timers.add_next(self.connection, subject, kind, kept.owner_id, at, {})

    def hours(self, values: Mapping[str, Any]) -> bool | None:
        """Keep what the expert has changed; a calendar at another address has yet to be read."""
        expert = experts.find(self.connection, owner_id=self.person)
        if expert is None:
            return None
        changed = {name: values[name] for name in EDITABLE if name in values}
        profile = from_json(to_json(expert.profile) | changed)
        unread = (
            {} if profile.busy_url == expert.profile.busy_url else {"busy": (), "busy_at": None, "busy_error": None}
        )
        experts.keep(self.connection, expert.id, profile=profile, **unread)
        return True

    # ------------------------------------------------------------ the owner

    def record(self, id: int) -> dict[str, Any] | None:
        """A record of this owner's, or of a meeting to which they came along."""
        found = consultations.find(self.connection, id)
        if found is None or self.person not in (found.owner_id, *bookings.guests(self.connection, found.booking_id)):
            return None
        return self.view(found)

    def mine(self, id: int) -> NextAction | None:
        """A next action of this owner's."""
        found = consultations.find_action(self.connection, id)
        return found if found and found.owner_id == self.person else None

    def answer(self, id: int, state: str) -> dict[str, Any] | None:
        """Keep what the owner says of a next action; what is over is not asked about any more."""
        found = self.mine(id)
        if found is None or state not in STATES:
            return None
        consultations.answer(self.connection, id, state, self.now)
        if state != "open":
            timers.cancel(self.connection, found.subject)
        return self.action(found)

    # ------------------------------------------------------------ looking

    def action(self, found: NextAction) -> dict[str, Any] | None:
        """A next action as flows are given it."""
        record = consultations.find(self.connection, found.consultation_id)
        one = bookings.lock(self.connection, record.booking_id) if record else None
        if one is None:
            return None
        return {"id": found.id, "text": found.text, "day": day_of(one.starts_at), "token": one.token}

    def view(self, kept: Consultation) -> dict[str, Any] | None:
        """A record as flows are given it."""
        one = bookings.lock(self.connection, kept.booking_id)
        if one is None:
            return None
        expert = experts.get(self.connection, one.expert_id)
        latest = results.latest(self.connection, kept.owner_id)
        prefecture = str(latest.answers.get("prefecture") or "") if latest else ""
        name, desk = desk_named(self.content, kept.handover, prefecture)
        return {
            "id": kept.id,
            "token": one.token,
            "day": day_of(one.starts_at),
            "who": expert.name,
            "situation": kept.situation,
            "support": kept.support,
            "handover": name,
            "url": desk.url or "" if desk else "",
            "actions": [
                {
                    "id": action.id,
                    "text": action.text,
                    "by": day_words(action.day) if action.day else "",
                    "state": action.state,
                }
                for action in kept.actions
            ],
            "page": "" if expert.owner_id == self.person else f"/b/{one.page}",
        }


def day_of(at: datetime) -> str:
    """The day of a meeting in words."""
    return day_words(day_in_japan(at))
