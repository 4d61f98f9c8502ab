"""What flows want of the survey, as values: one question, whether an owner would recommend us, and why."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AskSurvey:
    """Ask the owner about something ("check:<token>", "booking:7"), unless they were asked lately; gives whether to."""

    subject: str


@dataclass(frozen=True, slots=True)
class KeepScore:
    """Keep the owner's score (0 to 10), in place of an earlier one; gives True, or False where they were not asked."""

    subject: str
    score: int


@dataclass(frozen=True, slots=True)
class KeepReason:
    """Keep why the owner gave the score; gives None."""

    subject: str
    reason: str


Survey = AskSurvey | KeepScore | KeepReason
