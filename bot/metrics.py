"""What is counted for whoever watches the server, and the page that tells it (Prometheus). Nothing personal."""

import os

from prometheus_client import CollectorRegistry, Counter, generate_latest, multiprocess

REFUSED = Counter("banso_webhooks_refused", "Webhooks with a wrong signature or secret", ["platform"])
UNREADABLE = Counter("banso_webhooks_unreadable", "Authentic webhooks that nobody can read", ["platform"])
EVENTS = Counter("banso_events", "Events taken, copies included", ["channel"])
SENDINGS = Counter("banso_sendings", "Attempts to send a row of the outbox, by what became of it", ["channel", "state"])
CALENDARS = Counter("banso_calendars", "Readings of experts' own calendars, by whether they could be read", ["outcome"])


def page() -> bytes:
    """All counts, of all worker processes together."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
    return generate_latest()
