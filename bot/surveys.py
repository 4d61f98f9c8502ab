"""The survey's effects: who is asked when, and what is kept of the answer."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from dialogs.surveys import AskSurvey, KeepReason, KeepScore, Survey
from scheduler.reminders import loud
from storage import bookings, results, surveys, timers

# The check is asked about when the result has sunk in, and nobody is asked about checks more often than this.
LATER, SELDOM = timedelta(hours=1), timedelta(days=30)


class Surveys:
    """The survey in one turn of an owner."""

    def __init__(self, connection: Connection, person: int, now: datetime) -> None:
        self.connection = connection
        self.person = person
        self.now = now

    def after_check(self, token: str) -> None:
        """Have the owner asked about the check that led to this result; once, however often it is scored anew."""
        timers.add(self.connection, f"survey:check:{token}", "ask", 1, self.person, loud(self.now + LATER))

    def perform(self, effect: Survey) -> bool | None:
        """Do what the effect says; gives its result."""
        match effect:
            case AskSurvey(subject):
                return self.ask(subject)
            case KeepScore(subject, score):
                return surveys.keep(self.connection, self.person, subject, score, self.now)
            case KeepReason(subject, reason):
                surveys.give_reason(self.connection, self.person, subject, reason)
        return None

    def ask(self, subject: str) -> bool:
        """Whether to ask: about what there is, and not again too soon."""
        kind, _, about = subject.partition(":")
        if kind == "check" and (results.by_token(self.connection, about) is None or self.is_booked()):
            return False
        # A consultation is asked about even where the check was: as most follow it within days, few would be else.
        lately = surveys.asked(self.connection, self.person, "" if kind == "check" else kind, self.now - SELDOM)
        return not lately and surveys.ask(self.connection, self.person, subject, self.now)

    def is_booked(self) -> bool:
        """Whether a consultation lies ahead, which will be asked about."""
        return any(one.stands for one in bookings.of_owner(self.connection, self.person))
