"""What the bot says, whatever the platform: messages with choices, links and pictures."""

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Button:
    """Something to tap: `press` for an action (see presses) or `url`, which may begin with "/" for our own pages."""

    label: str
    press: str = ""
    url: str = ""
    hint: str = ""
    group: str = ""
    picked: bool = False


# A picture of an agency's own, by its token.
FLYER = "flyer"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a result (`kind` "share" or "balance", the result's token), or one that an agency attaches (FLYER).

    `alt` are the words for who can't see it.
    """

    kind: str
    token: str
    alt: str


@dataclass(frozen=True, slots=True)
class File:
    """A file of ours that a message brings along, where the platform can.

    `kind` is "ics", the booking with this token for a calendar, or "ics-expert", the same for its expert's. `revision`
    is that of the booking at the time, so that the file says what the message says.
    """

    kind: str
    token: str
    revision: int


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `kind` is "say", or how its buttons answer: "one" of them, "many" and `done`, or a "text" typed."""

    text: str = ""
    kind: str = "say"
    buttons: tuple[Button, ...] = ()
    done: Button | None = None
    none: Button | None = None
    limit: int = 0
    left: int | None = None
    total: int = 0
    side: tuple[Button, ...] = ()
    picture: Picture | None = None
    file: File | None = None


def to_json(message: Message) -> dict[str, Any]:
    """A message as JSON data, without what is as by default."""
    # By hand and not by `asdict`, which copies deeply and took a third of a turn's time.
    data = _plain(message)
    for key in ("buttons", "side"):
        if key in data:
            data[key] = [_plain(button) for button in data[key]]
    for key in ("done", "none", "picture", "file"):
        if key in data:
            data[key] = _plain(data[key])
    return data


def _plain(value: Message | Button | Picture | File) -> dict[str, Any]:
    named = ((field, getattr(value, field)) for field in value.__slots__)
    return {field: given for field, given in named if given or (field == "left" and given is not None)}


def from_json(data: dict[str, Any]) -> Message:
    """A message from its JSON data; keys of a later version are passed over."""
    known = {field.name for field in fields(Message)}
    values: dict[str, Any] = {key: value for key, value in data.items() if key in known}
    for key in ("buttons", "side"):
        if key in values:
            values[key] = tuple(Button(**button) for button in values[key])
    for key in ("done", "none"):
        if key in values:
            values[key] = Button(**values[key])
    if "picture" in values:
        values["picture"] = Picture(**values["picture"])
    if "file" in values:
        values["file"] = File(**values["file"])
    return Message(**values)
