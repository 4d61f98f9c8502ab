"""The forms of an expert's pages: what stands in their fields, what it means, and what is wrong with it by field.

Fields are named as in the page, so that what was written is shown again whatever is wrong with it. Wrong is told by a
code; the page has the words.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from dialogs.consultations import HANDOVERS
from scheduler.experts import Profile
from storage.consultations import Consultation

# Spans of a weekday that can be written, days that are otherwise, and next actions; more where there are more already.
SPANS, BLANK_DAYS, ACTIONS = 2, 3, 3
MOST_DAYS, DIGITS = 100, 4
WAYS = ("phone", "web", "visit")
# From and to which number, by the name of a field. Minutes, but for notice (hours) and per_day (meetings).
NUMBERS = {"minutes": (15, 240), "buffer": (0, 240), "per_day": (1, 20), "notice": (0, 24 * 14)}
SWITCHES = ("asks", "on_holidays")
# Characters that may be written, as the tables have room or a message bears them.
LONGEST = {"place": 200, "meeting": 300, "busy_url": 500, "situation": 1000, "support": 1000, "action": 100}
ON = "on"

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::00)?")


@dataclass(slots=True)
class Form:
    """A form: what is written by field, what is wrong by field (a code), and what it means where nothing is."""

    fields: Mapping[str, str]
    wrong: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        """What is written in a field; "" where there is none of this name."""
        return self.fields.get(name, "")

    def rows(self, prefix: str, least: int) -> list[str]:
        """The names of the rows that begin so: at least so many, and as many as there are fields for."""
        named = {name.split("-")[0].removeprefix(prefix) for name in self.fields if name.startswith(prefix)}
        numbers = [int(name) + 1 for name in named if name.isdecimal() and len(name) < DIGITS]
        return [f"{prefix}{n}" for n in range(min(max(least, *numbers, 0), MOST_DAYS))]


# ---------------------------------------------------------------- hours


def hours_form(profile: Profile, today: date) -> Form:
    """The form on what can be booked, as it stands; days that are past are left out."""
    fields: dict[str, str] = {}
    for day in range(7):
        spans = [one for one in profile.weekly if one.weekday == day]
        for n, one in enumerate(spans):
            fields |= _span(f"w{day}{n}", one.begins, one.ends)
    ahead = [one for one in profile.exceptions if one.day >= today]
    for n, other in enumerate(ahead):
        fields |= {f"e{n}-day": other.day.isoformat()} | _span(f"e{n}", other.begins, other.ends)
    fields[f"e{len(ahead) + BLANK_DAYS - 1}-day"] = ""
    fields |= {name: str(getattr(profile, name)) for name in NUMBERS}
    fields |= {name: ON for name in SWITCHES if getattr(profile, name)}
    fields |= {f"way-{way}": ON for way in profile.ways}
    fields |= {name: getattr(profile, name) for name in ("place", "meeting", "busy_url", "prefers")}
    return Form(fields)


def _span(row: str, begins: time | None, ends: time | None) -> dict[str, str]:
    return {f"{row}-from": _clock(begins), f"{row}-to": _clock(ends)}


def _clock(at: time | None) -> str:
    return f"{at:%H:%M}" if at else ""


def read_hours(given: Mapping[str, str], channels: Sequence[str]) -> Form:
    """What an expert has written of their hours; `values` are parts of a Profile as JSON data."""
    form = Form(given)
    form.values["weekly"] = [row for day in range(7) for row in _weekday(form, day)]
    form.values["exceptions"] = sorted(_exceptions(form), key=str)
    for name, (least, most) in NUMBERS.items():
        text = unicodedata.normalize("NFKC", form[name]).strip()
        number = int(text) if text.isdecimal() and len(text) < 6 else -1
        form.values[name] = number
        if not least <= number <= most:
            form.wrong[name] = "number"
    form.values |= {name: form[name] == ON for name in SWITCHES}
    form.values["ways"] = [way for way in WAYS if form[f"way-{way}"] == ON]
    if not form.values["ways"]:
        form.wrong["ways"] = "none"
    form.values["prefers"] = form["prefers"] if form["prefers"] in channels else ""
    _addresses(form)
    return form


def _weekday(form: Form, day: int) -> Iterator[list[Any]]:
    """A weekday's spans in order, each with the day before it."""
    found: dict[str, tuple[time, time]] = {}
    for row in form.rows(f"w{day}", SPANS):
        span = _read_span(form, row)
        if span:
            found[row] = span
    rows = sorted(found, key=lambda row: found[row])
    for row, after in pairwise(rows):
        if found[after][0] < found[row][1]:
            form.wrong[after] = "overlap"
    for row in rows:
        yield [day, *map(_clock, found[row])]


def _exceptions(form: Form) -> Iterator[list[str | None]]:
    """The days that are otherwise: from when to when, or None for neither."""
    days: dict[date, list[tuple[str, tuple[time, time] | None]]] = {}
    for row in form.rows("e", BLANK_DAYS):
        text, span = form[f"{row}-day"].strip(), _read_span(form, row)
        if not text and (span or row in form.wrong):
            form.wrong[row] = "day"
        elif text:
            on = _day(text)
            if on is None:
                form.wrong[row] = "day"
                continue
            days.setdefault(on, []).append((row, span))
            yield [on.isoformat(), *(map(_clock, span) if span else (None, None))]
    for rows in days.values():
        spans = sorted((span, row) for row, span in rows if span)
        for (span, _), (after, row) in pairwise(spans):
            if after[0] < span[1]:
                form.wrong[row] = "overlap"
        if spans and len(spans) < len(rows):
            form.wrong[next(row for row, span in rows if not span)] = "closed"


def _read_span(form: Form, row: str) -> tuple[time, time] | None:
    """From when to when; None where nothing is written, or it is noted what is wrong."""
    texts = [unicodedata.normalize("NFKC", form[f"{row}-{end}"]).strip() for end in ("from", "to")]
    if not any(texts):
        return None
    found = [_TIME.fullmatch(text) for text in texts]
    if not all(found):
        form.wrong[row] = "both" if "" in texts else "time"
        return None
    begins, ends = (time(int(one[1]), int(one[2])) for one in found if one)
    if begins >= ends:
        form.wrong[row] = "order"
        return None
    return begins, ends


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _addresses(form: Form) -> None:
    """Where owners come to, and the addresses of web meetings and of the own calendar."""
    for name in ("place", "meeting", "busy_url"):
        form.values[name] = text = " ".join(form[name].split())
        if len(text) > LONGEST[name]:
            form.wrong[name] = "long"
        elif text and name != "place" and not _is_https(text):
            form.wrong[name] = "address"
    if "visit" in form.values["ways"] and not form.values["place"]:
        form.wrong["place"] = "empty"


def _is_https(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and " " not in text


# ---------------------------------------------------------------- the record


def record_form(record: Consultation | None) -> Form:
    """The form on a meeting, with what was written of it before."""
    if record is None:
        return Form({})
    fields = {"situation": record.situation, "support": record.support, "handover": record.handover}
    for n, one in enumerate(record.actions):
        fields |= {f"a{n}-text": one.text, f"a{n}-day": one.day.isoformat() if one.day else ""}
    return Form(fields)


def read_record(given: Mapping[str, str], met: date) -> Form:
    """What an expert has written of a meeting on this day; `values` are as the flow of the record wants them."""
    form = Form({name: text.replace("\r\n", "\n").strip() for name, text in given.items()})
    for name in ("situation", "support"):
        form.values[name] = form[name]
        if not form[name]:
            form.wrong[name] = "empty"
        elif len(form[name]) > LONGEST[name]:
            form.wrong[name] = "long"
    form.values["handover"] = form["handover"] if form["handover"] in HANDOVERS else ""
    form.values["actions"] = list(_actions(form, met))
    return form


def _actions(form: Form, met: date) -> Iterator[dict[str, str]]:
    known: set[str] = set()
    for row in form.rows("a", ACTIONS):
        text, day = " ".join(form[f"{row}-text"].split()), form[f"{row}-day"]
        on = _day(day) if day else None
        if len(text) > LONGEST["action"]:
            form.wrong[row] = "long"
        elif day and not text:
            form.wrong[row] = "empty"
        elif day and on is None:
            form.wrong[row] = "day"
        elif on and on < met:
            form.wrong[row] = "early"
        elif text in known:
            form.wrong[row] = "twice"
        elif text:
            known.add(text)
            yield {"text": text, "day": on.isoformat() if on else ""}
