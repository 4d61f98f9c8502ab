"""What owners say when they are asked whether they would recommend us, and whom was asked when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, func, select, update

from storage.prepared import insert_new
from storage.schema import survey
from storage.texts import storable

# Who gives 9 or 10 promotes, who gives 6 or less detracts (Reichheld, Harvard Business Review, December 2003).
PROMOTES, DETRACTS = 9, 6
KINDS = ("check", "booking")


def asked(connection: Connection, owner_id: int, kind: str, since: datetime) -> bool:
    """Whether an owner was asked since then; `kind` is "check" or "booking", "" for any."""
    mine = (survey.c.owner_id == owner_id) & (survey.c.at > since) & survey.c.subject.startswith(kind)
    return bool(connection.execute(select(exists().where(mine))).scalar())


def ask(connection: Connection, owner_id: int, subject: str, now: datetime) -> bool:
    """Note that an owner is asked about something; False where they were before."""
    row = {"owner_id": owner_id, "subject": subject, "reason": "", "at": now}
    return connection.execute(insert_new(connection.dialect, survey).returning(survey.c.id), row).first() is not None


def keep(connection: Connection, owner_id: int, subject: str, score: int, now: datetime) -> bool:
    """Keep a score, in place of an earlier one and its reason; False where this owner was not asked."""
    mine = (survey.c.owner_id == owner_id) & (survey.c.subject == storable(subject))
    other = update(survey).where(mine, survey.c.score.is_distinct_from(score))
    connection.execute(other.values(reason=""))
    return connection.execute(update(survey).where(mine).values(score=score, at=now)).rowcount > 0


def give_reason(connection: Connection, owner_id: int, subject: str, reason: str) -> None:
    """Keep why, in place of what was written before."""
    mine = (survey.c.owner_id == owner_id) & (survey.c.subject == storable(subject))
    connection.execute(update(survey).where(mine).values(reason=storable(reason)))


@dataclass(frozen=True, slots=True)
class Summary:
    """What was answered: how many were asked and answered, and how many of each score (0 to 10)."""

    asked: int
    scores: tuple[int, ...]

    @property
    def answered(self) -> int:
        """How many answered."""
        return sum(self.scores)

    @property
    def promoters(self) -> int:
        """How many would recommend us."""
        return sum(self.scores[PROMOTES:])

    @property
    def detractors(self) -> int:
        """How many would rather not."""
        return sum(self.scores[: DETRACTS + 1])

    @property
    def passives(self) -> int:
        """How many are between."""
        return self.answered - self.promoters - self.detractors

    @property
    def nps(self) -> float | None:
        """The share of promoters less that of detractors, in percent; None without answers."""
        return 100 * (self.promoters - self.detractors) / self.answered if self.answered else None

    @property
    def mean(self) -> float | None:
        """The mean score; None without answers."""
        return sum(score * n for score, n in enumerate(self.scores)) / self.answered if self.answered else None


def summary(connection: Connection, kind: str, since: datetime | None = None) -> Summary:
    """What was asked and answered since then; `kind` is "check" or "booking"."""
    query = select(survey.c.score, func.count()).where(survey.c.subject.startswith(f"{kind}:"))
    if since:
        query = query.where(survey.c.at >= since)
    counts = dict(map(tuple, connection.execute(query.group_by(survey.c.score))))
    return Summary(sum(counts.values()), tuple(counts.get(score, 0) for score in range(11)))


def reasons(connection: Connection, kind: str, since: datetime | None = None) -> Sequence[tuple[int, str]]:
    """Scores with what was written to them, the lowest first."""
    said = survey.c.subject.startswith(f"{kind}:") & (survey.c.reason != "") & survey.c.score.is_not(None)
    query = select(survey.c.score, survey.c.reason).where(said)
    if since:
        query = query.where(survey.c.at >= since)
    return [(score, reason) for score, reason in connection.execute(query.order_by(survey.c.score, survey.c.id))]
