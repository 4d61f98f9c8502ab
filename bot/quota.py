"""LINE's quota: how many messages of the month are left, and whether a campaign would overrun them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.settings import PUSHED
from bot.setup import SetupError
from scheduler.days import day_in_japan
from storage import campaigns, segments
from storage.campaigns import Campaign

if TYPE_CHECKING:
    from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Quota:
    """What LINE says: `left` messages of this month, None where the plan knows no limit.

    `known` is False where it could not be asked, and `why` says what kept it ("off" where LINE is not set up).
    """

    known: bool = False
    left: int | None = None
    why: str = "off"


def ask(settings: "Settings") -> Quota:
    """Ask LINE; takes up to two requests' time, so never within a transaction."""
    if settings.missing("line"):
        return Quota()
    from bot.setup import line

    try:
        return Quota(True, line.left(settings), "")
    except SetupError as error:
        return Quota(why=str(error))


def unlimited() -> Quota:
    """What is answered where nobody need be asked."""
    return Quota(True)


def wanted(one: Campaign, on_line: int, starts_at: datetime) -> int:
    """Messages that a campaign takes of the month in which it starts, for so many recipients on LINE.

    Every step is one message a recipient; those that fall due in a later month count there. The holdout gets none.
    """
    month, at, steps = day_in_japan(starts_at).replace(day=1), starts_at, 0
    for step in one.steps:
        at += timedelta(days=step.days)
        steps += day_in_japan(at).replace(day=1) == month
    # At least as many as the arithmetic of freezing may let through.
    return steps * -(-on_line * (100 - one.holdout) // 100)


@dataclass(frozen=True, slots=True)
class Need:
    """Whom a campaign reaches by channel, and messages of LINE's month: those it takes, and those already `owed`."""

    reached: Mapping[str, int]
    messages: int
    owed: int

    def left(self, quota: Quota) -> Quota:
        """What is left of the month besides what campaigns under way still take of it."""
        return quota if quota.left is None else replace(quota, left=max(quota.left - self.owed, 0))


def need(connection: Connection, one: Campaign, now: datetime, at: datetime | None = None) -> Need:
    """What a campaign would take if it started at a time (now, without)."""
    reached = segments.count(
        connection, one.segment, one.agency_id, everybody=one.everybody, pushed=list(PUSHED), now=now
    )
    # Whom a campaign with a trigger reaches, nobody can know before.
    messages = 0 if one.trigger else wanted(one, reached.get("line", 0), at or now)
    return Need(reached, messages, campaigns.owed(connection, "line", now))


def against(messages: int, quota: Quota) -> str:
    """Why a campaign that takes so many messages may not start: "quota", "unknown" (it could not be asked), or ""."""
    if not messages:
        return ""
    if not quota.known:
        return "unknown"
    return "quota" if quota.left is not None and messages > quota.left else ""
