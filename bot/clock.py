"""The clock: the one place where Banso reads the time."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present moment in UTC, without zone, as the database keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)
