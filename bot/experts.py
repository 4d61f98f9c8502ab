"""Experts as an operator keeps them (`banso expert`): what may be written of them, and what is shown."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.offers import is_free
from bot.settings import PUSHED
from dialogs.content import Content
from scheduler import hours
from scheduler.experts import Exceptional, Profile
from scoring.questionnaire import Choice
from storage import contacts, experts
from storage.experts import Expert

CLOSED = "closed"
# As the columns of the table have it.
NAME, PLACE = 60, 300
CHANNELS = (*PUSHED, "web")
# What owners need to know to meet somebody in these ways.
MET_AT = {"web": "meeting", "visit": "place"}


class WrongInput(ValueError):
    """What an operator wrote can't be taken; says in one line what may be written."""


def find(connection: Connection, named: str) -> Expert:
    """The expert with this id or name."""
    found = experts.find(connection, name=named)
    if found is None and named.isascii() and named.isdecimal():
        found = experts.find(connection, id=int(named[:9]))
    if found is None:
        known = ", ".join(f"{one.id} {one.name}" for one in experts.all_of(connection))
        raise WrongInput(f"There is no expert {named!r}; there are: {known or 'none yet (banso expert add)'}")
    return found


def add(connection: Connection, content: Content, name: str, given: Mapping[str, Any], now: datetime) -> Expert:
    """A new expert; `given` holds what was written, by the names of the options."""
    profile = _profile(content, Profile(), given)
    made = experts.add(connection, _name(connection, name), profile, now)
    _reach(connection, made, given, now)
    return experts.get(connection, made.id)


def change(connection: Connection, content: Content, one: Expert, given: Mapping[str, Any], now: datetime) -> Expert:
    """The expert with what is given in place of what was; "" takes a text or a list away."""
    if "name" in given and given["name"] != one.name:
        experts.keep(connection, one.id, name=_name(connection, given["name"]))
    experts.keep(connection, one.id, profile=_profile(content, one.profile, given))
    if given.get("busy_url", one.profile.busy_url) != one.profile.busy_url:
        # What the other calendar held says nothing of this one; until it is read, nothing is offered.
        experts.keep(connection, one.id, busy=(), busy_at=None, busy_error=None)
    _reach(connection, one, given, now)
    return experts.get(connection, one.id)


def except_day(connection: Connection, one: Expert, day: str, text: str | None) -> Expert:
    """A day that is otherwise: its hours, "closed", or without a text as every week again."""
    on = _read("DATE", date.fromisoformat, day, "write 2026-12-29")
    kept = [other for other in one.profile.exceptions if other.day != on]
    if text == CLOSED:
        kept.append(Exceptional(on))
    elif text is not None:
        kept += [Exceptional(on, *span) for span in _hours(hours.spans, text)]
    kept.sort(key=lambda other: (other.day, other.begins or time.min))
    experts.keep(connection, one.id, profile=replace(one.profile, exceptions=tuple(kept)))
    return experts.get(connection, one.id)


# ---------------------------------------------------------------- what is written


def _profile(content: Content, before: Profile, given: Mapping[str, Any]) -> Profile:
    """The profile with what is given in place of what was."""
    asks = content.phrases.asks
    lists = {
        "topic": ("topics", asks["topic"].choices),
        "way": ("ways", asks["way"].choices),
        "prefecture": ("prefectures", content.questionnaire.questions["prefecture"].choices),
    }
    values: dict[str, Any] = {name: given[name] for name in ("asks", "on_holidays") if name in given}
    values |= {name: given[name] for name in ("minutes", "buffer", "notice", "per_day") if name in given}
    for option, (name, choices) in lists.items():
        if option in given:
            values[name] = tuple(_chosen(option, choices, text) for text in filter(None, given[option]))
    checks: dict[str, Callable[[str], str]] = {"zone": _zone, "meeting": _address, "busy_url": _safe_address}
    checks |= {"place": _place, "prefers": _channel}
    values |= {name: check(given[name]) for name, check in checks.items() if name in given}
    if "hours" in given:
        values["weekly"] = _hours(hours.weekly, ";".join(given["hours"]))
    if "language" in given:
        values["languages"] = tuple(_language(text) for text in given["language"])
    if not values.get("ways", before.ways):
        raise WrongInput(f"--way: there must be one; write {_may([choice.value for choice in asks['way'].choices])}")
    return replace(before, **values)


def _name(connection: Connection, name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= NAME or name.isdecimal():
        raise WrongInput(f"{name!r} is no name: write 1 to {NAME} characters that are not all digits")
    if experts.find(connection, name=name):
        raise WrongInput(f"There is an expert {name!r} already: banso expert set")
    return name


def _chosen(option: str, choices: Sequence[Choice], text: str) -> str:
    """The value of the choice that is named by its value or label."""
    found = next((choice.value for choice in choices if text in (choice.value, choice.label)), None)
    if found is None:
        may = [f"{choice.value} ({choice.label})" for choice in choices]
        raise WrongInput(f"--{option}: {text!r} is none of ours; write {_may(may)}")
    return found


def _hours(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except ValueError as error:
        raise WrongInput(f"hours: {error}") from error


def _read(name: str, read: Callable[[str], Any], text: str, how: str) -> Any:
    try:
        return read(text)
    except (ValueError, OSError, KeyError) as error:
        raise WrongInput(f"{name}: {text!r} can't be read; {how}") from error


def _zone(text: str) -> str:
    return str(_read("--zone", ZoneInfo, text, "write a zone such as Asia/Tokyo or Europe/Berlin"))


def _language(text: str) -> str:
    if not re.fullmatch("[a-z]{2,3}", text):
        raise WrongInput(f"--language: {text!r} is no language code; write such as ja, en, zh")
    return text


def _channel(text: str) -> str:
    if text and text not in CHANNELS:
        raise WrongInput(f"--prefers: {text!r} is no channel; write {_may(CHANNELS)}")
    return text


def _address(text: str) -> str:
    if text and not (text.startswith(("https://", "http://")) and len(text) <= PLACE):
        raise WrongInput(f"--meeting: write an address that begins with https://, of at most {PLACE} characters")
    return text


def _safe_address(text: str) -> str:
    # Never repeated: such an address is as good as a key.
    if text and not text.startswith("https://"):
        raise WrongInput("--busy-url: write an address that begins with https://")
    return text


def _place(text: str) -> str:
    if len(text) > PLACE:
        raise WrongInput(f"--place: write at most {PLACE} characters")
    return text


def _may(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _reach(connection: Connection, one: Expert, given: Mapping[str, Any], now: datetime) -> None:
    address = given.get("mail")
    if address is None:
        return
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address):
        raise WrongInput("--mail: write an address such as hanako@example.jp")
    if not contacts.set_mail(connection, one.owner_id, address, now):
        raise WrongInput("--mail: somebody else is reached at this address already")


# ---------------------------------------------------------------- what is shown


def views(connection: Connection, chosen: Sequence[Expert], now: datetime) -> list[dict[str, Any]]:
    """Experts as JSON data (see docs/operating.md)."""
    ways = contacts.channels(connection, [one.owner_id for one in chosen])
    held = experts.held(connection, [one.id for one in chosen], now)
    return [
        _view(one)
        | {"channels": ways[one.owner_id], "bookable": is_free(one, held[one.id], now), "ahead": held[one.id].ahead}
        for one in chosen
    ]


def _view(one: Expert) -> dict[str, Any]:
    profile = one.profile
    return {
        "id": one.id,
        "name": one.name,
        "active": one.active,
        "topics": list(profile.topics),
        "prefectures": list(profile.prefectures),
        "languages": list(profile.languages),
        "ways": list(profile.ways),
        "zone": profile.zone,
        "hours": hours.written(profile.weekly),
        "exceptions": _exceptions(profile),
        "on_holidays": profile.on_holidays,
        "minutes": profile.minutes,
        "buffer": profile.buffer,
        "notice": profile.notice,
        "per_day": profile.per_day,
        "asks": profile.asks,
        "place": profile.place,
        "meeting": profile.meeting,
        "prefers": profile.prefers,
        "busy_calendar": bool(profile.busy_url),
        "busy_at": zulu(one.busy_at),
        "busy_error": one.busy_error,
    }


def _exceptions(profile: Profile) -> dict[str, str]:
    """The days that are otherwise, with their hours."""
    days: dict[str, list[hours.Hours]] = {}
    for one in profile.exceptions:
        spans = days.setdefault(one.day.isoformat(), [])
        if one.begins and one.ends:
            spans.append((one.begins, one.ends))
    return {day: hours.written_spans(spans) or CLOSED for day, spans in days.items()}


def zulu(at: datetime | None) -> str | None:
    """A time (UTC, without zone) as JSON data has it: 2026-12-01T05:00:00Z."""
    return at.replace(tzinfo=UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else None


def line(view: Mapping[str, Any]) -> str:
    """An expert in one line; what keeps them from being booked stands at its end."""
    what = f"{'/'.join(view['topics']) or 'any topic'}, {'/'.join(view['ways'])}, {view['hours'] or 'no hours'}"
    wrong = "".join(f"  ! {one}" for one in _wrong(view))
    return f"{view['id']:>3}  {view['name']}  {what}, {view['ahead']} ahead{wrong}"


def _wrong(view: Mapping[str, Any]) -> Iterator[str]:
    if not view["active"]:
        yield "off"
    if not view["hours"] and not view["exceptions"]:
        yield "no hours: banso expert hours"
    if not view["channels"]:
        yield f"can't be reached: banso expert invite {view['id']}"
    for way, needed in MET_AT.items():
        if way in view["ways"] and not view[needed]:
            yield f"{way} is not offered: no --{needed}"
    reason = view["busy_error"] or (not view["busy_at"] and "not read yet") or (view["channels"] and "not read lately")
    if view["active"] and view["busy_calendar"] and not view["bookable"] and reason:
        # Or it leaves nothing free.
        yield f"own calendar unknown or full, so nothing is offered: {reason}"


def lines(view: Mapping[str, Any]) -> Iterator[str]:
    """All that is known of an expert, a line each."""
    for key, value in view.items():
        if isinstance(value, dict):
            value = "; ".join(f"{day} {text}" for day, text in value.items())
        elif isinstance(value, list):
            value = ", ".join(map(str, value))
        yield f"{key + ':':15} {'-' if value in ('', None) else value}"
