"""What can be said of the service in numbers (`banso stats`)."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from bot.booked import midnight
from knowledge.reference import Reference
from storage import surveys
from storage.surveys import Summary

# With fewer answers, one of them moves the figure by twenty points and more (ours).
FEW = 10
# What is asked about, and the published figure that stands beside it.
NATIONAL = {"check": "nps-check", "booking": "nps-consultation"}
NAMES = {"check": "Check", "booking": "Consultation"}


def nps(connection: Connection, known: Reference, since: str, with_reasons: bool) -> dict[str, Any]:
    """The survey's figures as JSON data (see docs/operating.md), since a day of Japan's ("": since ever)."""
    begins = midnight("--since", since) if since else None
    found = {
        kind: _figures(surveys.summary(connection, kind, begins)) | {"national": _national(known, figure)}
        for kind, figure in NATIONAL.items()
    }
    if with_reasons:
        for kind, figures in found.items():
            said = surveys.reasons(connection, kind, begins)
            figures["reasons"] = [{"score": score, "reason": reason} for score, reason in said]
    return {"since": since or None} | found


def _figures(counted: Summary) -> dict[str, Any]:
    return {
        "asked": counted.asked,
        "answered": counted.answered,
        "promoters": counted.promoters,
        "passives": counted.passives,
        "detractors": counted.detractors,
        "nps": _round(counted.nps),
        "mean": _round(counted.mean),
        "few": counted.answered < FEW,
    }


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _national(known: Reference, id: str) -> dict[str, Any]:
    figure = known.figures[id]
    return {"nps": figure.value, "n": figure.n, "source": figure.source}


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The same in words."""
    for kind, name in NAMES.items():
        figures = found[kind]
        yield f"{name}: {_said(figures)}"
        beside = figures["national"]
        yield f"  national programme: NPS {beside['nps']:+} of {beside['n']} answers ({beside['source']})"
        for said in figures.get("reasons", ()):
            yield f"  {said['score']:>2}  {' '.join(said['reason'].split())}"


def _said(figures: Mapping[str, Any]) -> str:
    if not figures["answered"]:
        return f"no answers yet ({figures['asked']} asked)"
    groups = ", ".join(f"{figures[group]} {group}" for group in ("promoters", "passives", "detractors"))
    few = f"; fewer than {FEW} answers say little" if figures["few"] else ""
    answered = f"{figures['answered']} of {figures['asked']} asked answered"
    return f"NPS {figures['nps']:+} (mean {figures['mean']}); {answered}: {groups}{few}"
