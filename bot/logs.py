"""The log: one line an event, with names and numbers of ours and nothing that an owner said."""

import structlog


def configure() -> None:
    """Set up the log for a process."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ]
    )
