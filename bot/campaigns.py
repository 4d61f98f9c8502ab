"""Campaigns as members and operators make them: what is wrong with a draft, who may do what with it, what it takes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection

from bot import quota, samples
from bot.outreach import AT_ONCE, known, say
from bot.platforms.line import Line
from bot.platforms.mail import Mail
from bot.platforms.platform import Platform
from bot.platforms.slack import Slack
from bot.platforms.telegram import Telegram
from bot.settings import Settings
from dialogs.content import Content
from dialogs.flows.faq import SEE
from dialogs.letters import (
    LONGEST_ALT,
    LONGEST_LABEL,
    LONGEST_SOURCE,
    LONGEST_TEXT,
    MOST_BUTTONS,
    SHARE,
    Letter,
    Step,
    WrongLetter,
    named,
    personal,
    written,
)
from dialogs.library import LONGEST_NAME, LONGEST_WAIT, MOST_HOLDOUT, MOST_STEPS, Draft, leads
from dialogs.messages import Message
from knowledge import faq
from storage import agencies, campaigns, owners, referrals, segments, timers
from storage.agencies import Agency
from storage.campaigns import Campaign
from storage.members import Member
from storage.segments import Segment

# How many requests a second a platform takes: such as are for one person, and such as are for a crowd.
Rates = Mapping[str, tuple[float, float]]
# What LINE takes as the address of a button (Messaging API reference, URI action).
LONGEST_ADDRESS = 1000
# What stands where a field would, to find out whether it says anything without one.
_MARK = "\ue000"
# What a member may do in each state, by the state that it leads to.
DOES = {"start": "ready", "withdraw": "draft", "pause": "paused", "resume": "sending", "stop": "stopped"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What of a campaign its makers choose (see schema)."""

    name: str
    everybody: bool = False
    segment: Segment = field(default_factory=Segment)
    steps: tuple[Step, ...] = ()
    trigger: str = ""
    goal: str = ""
    holdout: int = 0
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong at a place of a plan; `what` is the part of it that is meant."""

    why: str
    what: str = ""


def plan_of(one: Campaign) -> Plan:
    """What its makers chose of a campaign."""
    return Plan(**{name: getattr(one, name) for name in Plan.__dataclass_fields__})


def plan_from(draft: Draft) -> Plan:
    """The plan in a file of the step library."""
    given = {name: getattr(draft, name) for name in ("name", "steps", "trigger", "goal", "holdout")}
    return Plan(**given, segment=segments.from_json(dict(draft.segment)), ends_on=draft.valid_until)


def placed(connection: Connection, agency_id: int, segment: Segment) -> tuple[Segment, dict[str, list[str]]]:
    """A segment as a file has it, with the rows of ours that it names; and what it names that is not there, by list.

    Ways are named by their codes, and are this agency's; agencies by their names.
    """
    rows = {
        "referrals": {one.code: one.id for one in referrals.of_agency(connection, agency_id)},
        "agencies": {one.name: one.id for one in agencies.all_of(connection)},
    }
    given = {name: [str(one) for one in getattr(segment, name)] for name in rows}
    ways, houses = (tuple(rows[name][one] for one in given[name] if one in rows[name]) for name in rows)
    unknown = {name: [one for one in given[name] if one not in rows[name]] for name in rows}
    found = replace(segment, referrals=ways, agencies=houses)
    return found, {name: names for name, names in unknown.items() if names}


# ---------------------------------------------------------------- what is wrong


def wrong(plan: Plan, content: Content) -> dict[str, Wrong]:
    """All that keeps a plan from being sent, by place: "name", "text-0-a" (step, variant), "label-0-a-1" and so on."""
    found: dict[str, Wrong] = {}
    if not plan.name:
        found["name"] = Wrong("missing")
    elif len(plan.name) > LONGEST_NAME:
        found["name"] = Wrong("long", str(LONGEST_NAME))
    if not 0 <= plan.holdout <= MOST_HOLDOUT:
        found["holdout"] = Wrong("range", str(MOST_HOLDOUT))
    if not plan.steps or len(plan.steps) > MOST_STEPS:
        found["steps"] = Wrong("range", str(MOST_STEPS))
    for n, step in enumerate(plan.steps):
        if not 0 <= step.days <= LONGEST_WAIT:
            found[f"days-{n}"] = Wrong("range", str(LONGEST_WAIT))
        for name, letter in step.letters.items():
            if why := wrong_text(letter, content):
                found[f"text-{n}-{name}"] = why
            if why := wrong_words(letter.alt) if letter.flyer else None:
                found[f"alt-{n}-{name}"] = why
            found |= {f"{place}-{n}-{name}-{i}": why for (place, i), why in wrong_buttons(letter).items()}
    return found


def wrong_text(letter: Letter, content: Content) -> Wrong | None:
    """What is wrong with a letter's text: for whoever is known, for who is not, and for who lacks any one thing."""
    if not letter.text.strip():
        return Wrong("missing")
    if len(letter.text) > LONGEST_SOURCE:
        return Wrong("long", str(LONGEST_SOURCE))
    try:
        fields = named(letter)
        full = reader(content, "見本")
        texts = [written(letter, full), written(letter, nobody("見本"))]
        bare = next((one for one in sorted(fields - {"agency"}) if _bare(letter, full, one)), "")
    except WrongLetter as error:
        kind, _, what = str(error).partition(": ")
        return Wrong(kind, what) if kind in ("unknown", "refused") else Wrong("template")
    if bare:
        return Wrong("bare", bare)
    if not all(texts):
        return Wrong("silent")
    return Wrong("long", str(LONGEST_TEXT)) if max(map(len, texts)) >= LONGEST_TEXT else None


def _bare(letter: Letter, full: Mapping[str, Any], field: str) -> bool:
    """Whether a text leaves a hole where this field is not known."""
    without = written(letter, {**full, field: ""})
    try:
        there = written(letter, {**full, field: _MARK})
    except WrongLetter:
        # It reckons with a number; that it does well without one was seen already.
        return False
    return _MARK in there and there.replace(_MARK, "").strip() == without


def wrong_words(alt: str) -> Wrong | None:
    """What is wrong with the words for who can't see a picture."""
    if not alt.strip():
        return Wrong("missing")
    return Wrong("long", str(LONGEST_ALT)) if len(alt) > LONGEST_ALT else None


def wrong_buttons(letter: Letter) -> dict[tuple[str, int], Wrong]:
    """What is wrong with a letter's buttons, by "label" or "to" and the button's place."""
    found: dict[tuple[str, int], Wrong] = {}
    labels = [label for label, _ in letter.buttons]
    for n, (label, to) in enumerate(letter.buttons):
        if not label:
            found["label", n] = Wrong("missing")
        elif len(label) > LONGEST_LABEL:
            found["label", n] = Wrong("long", str(LONGEST_LABEL))
        elif label in labels[:n]:
            found["label", n] = Wrong("twice")
        if not leads(to, faq.entries()) or (to.startswith("http") and not _address(to)):
            found["to", n] = Wrong("address" if to.startswith("http") else "question" if to == SEE else "missing")
    if len(letter.buttons) > MOST_BUTTONS:
        found["label", MOST_BUTTONS] = Wrong("range", str(MOST_BUTTONS))
    return found


def _address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    plain = text.isprintable() and not set(text) & set(' "<>\\') and len(text) <= LONGEST_ADDRESS
    return parts.scheme == "https" and bool(parts.hostname) and plain


# ---------------------------------------------------------------- who may do what


def may_touch(plan: Plan | Campaign, member: Member, agency: Agency) -> bool:
    """Whether somebody may change and start it: what goes to everybody is for the home agency's admins alone."""
    return not plan.everybody or (agency.home and member.role == "admin")


def unapproved(one: Campaign, *, asked: bool) -> bool:
    """Whether a second person has still to look at it; `asked` is the setting."""
    return asked and one.approved_by is None


def may_approve(one: Campaign, member: Member) -> bool:
    """Whether this is a second person: an admin of the same agency who was not the last to write in it."""
    same = member.agency_id == one.agency_id and member.active
    return same and member.role == "admin" and member.id != one.member_id and one.state == "draft"


def add(
    connection: Connection, agency_id: int, member_id: int | None, plan: Plan, now: datetime, library: str = ""
) -> Campaign:
    """A new draft."""
    values = {name: getattr(plan, name) for name in Plan.__dataclass_fields__ if name != "name"}
    return campaigns.add(connection, agency_id, member_id, plan.name, now, library=library, **values)


def change(connection: Connection, one: Campaign, member_id: int, plan: Plan, now: datetime) -> bool:
    """Write in a draft, which takes its approval back; False where it is none any more."""
    values = {name: getattr(plan, name) for name in Plan.__dataclass_fields__}
    return campaigns.keep(connection, one.id, now, **values, member_id=member_id, approved_by=None)


def approve(connection: Connection, one: Campaign, member: Member, now: datetime) -> bool:
    """Note that a second person has approved a draft; False where this is none, or somebody has written in it since."""
    return may_approve(one, member) and campaigns.keep(connection, one.id, now, one.changed_at, approved_by=member.id)


def turn(connection: Connection, one: Campaign, what: str, now: datetime, at: datetime | None = None) -> bool:
    """Do one of DOES; `at` is when it starts (now, without). False where its state does not lead there.

    Nor is it started where somebody has written in it since it was read: that was looked at by nobody.
    """
    if what == "resume" and one.state != "paused":
        return False
    times: dict[str, datetime | None] = {"start": at or now, "withdraw": None}
    values = {"starts_at": times[what]} if what in times else {}
    seen = one.changed_at if what == "start" else None
    return campaigns.turn(connection, one.id, DOES[what], now, seen, **values)


# ---------------------------------------------------------------- what it takes


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a campaign would take now: whom it reaches by channel, messages of LINE's month, seconds of its first step.

    `against` is why it may not start: "ended" (what it says holds no longer then), or what bot/quota says.
    """

    reached: Mapping[str, int]
    messages: int
    seconds: float
    quota: quota.Quota
    against: str

    @property
    def people(self) -> int:
        """How many it reaches."""
        return sum(self.reached.values())


def forecast(
    connection: Connection,
    one: Campaign,
    known: quota.Quota,
    rates: Rates,
    now: datetime,
    at: datetime | None = None,
) -> Forecast:
    """What a campaign would take if it started at a time (now, without)."""
    need = quota.need(connection, one, now, at)
    left = need.left(known)
    against = "ended" if one.ended(at or now) else quota.against(need.messages, left)
    return Forecast(need.reached, need.messages, seconds(one, need.reached, rates), left, against)


def rates(platforms: Iterable[Platform] = ()) -> Rates:
    """The rates of all platforms, of these as they are set up here."""
    known: list[Any] = [Line, Telegram, Slack, Mail, *platforms]
    return {one.channel: (one.rate, one.crowd_rate) for one in known}


def rates_by(settings: Settings) -> Rates:
    """The rates of all platforms by the settings, where none is set up."""
    return {**rates(), Line.channel: (Line.pace(settings)[0], Line.crowd_rate)}


def seconds(one: Campaign, reached: Mapping[str, int], rates: Rates) -> float:
    """How long the platforms' limits make the first step take, which all channels go at once."""
    letters = one.steps[0].letters.values() if one.steps else ()
    longest = 0.0
    for channel, people in reached.items():
        alone, crowd = rates[channel]
        share = people * (100 - one.holdout) / 100 / max(len(letters), 1)
        took = (
            -(-share // AT_ONCE) / min(alone, crowd) if crowd and not personal(letter) else share / alone
            for letter in letters
        )
        longest = max(longest, sum(took))
    return longest


# ---------------------------------------------------------------- what it looks like


def reader(content: Content, agency: str) -> dict[str, Any]:
    """What a letter may name of a made-up reader of whom everything is known."""
    owner = samples.owner(content, "low", "banso")
    return {"agency": agency} | known(content, owner.result, owner.answers)


def nobody(agency: str) -> dict[str, Any]:
    """The same of one of whom nothing is known."""
    return {"agency": agency}


def message(content: Content, one: Campaign, step: int, variant: str, values: Mapping[str, Any]) -> Message:
    """A letter as it would be said to this reader, but for its picture. Raises WrongLetter."""
    letter = one.steps[step].letters[variant]
    return say(content, one, step, variant, letter, written(letter, values))[-1]


def try_out(
    connection: Connection, content: Content, one: Campaign, step: int, variant: str, member: Member, now: datetime
) -> bool:
    """Have a letter sent to a member's own chat, as a made-up reader would get it; False where they have none.

    It is no row of the campaign's, so nothing of it is counted.
    """
    if owners.reach(connection, member.owner_id) is None:
        return False
    letter = one.steps[step].letters[variant]
    values = reader(content, agencies.get(connection, one.agency_id).name)
    data = {
        "text": written(letter, values),
        "buttons": [list(pair) for pair in letter.buttons],
        "picture": letter.picture == SHARE,
        "flyer": letter.flyer,
        "alt": letter.alt,
        "step": step + 1,
        "variant": variant if len(one.variants) > 1 else "",
    }
    timers.add_next(connection, f"trial:{one.id}", "trial", member.owner_id, now, data)
    return True


def described(one: Campaign) -> dict[str, Any]:
    """A campaign as JSON data."""
    plain = ("id", "agency_id", "name", "state", "hindered", "everybody", "trigger", "goal", "holdout", "library")
    data: dict[str, Any] = {name: getattr(one, name) for name in (*plain, "approved_by")}
    times = ("starts_at", "made_at", "changed_at", "frozen_at", "ended_at", "ends_on")
    data |= {name: at.isoformat() if (at := getattr(one, name)) else None for name in times}
    steps: Sequence[Step] = one.steps
    data["segment"] = {name: value for name, value in segments.to_json(one.segment).items() if value not in ([], None)}
    data["steps"] = [
        {"days": step.days, "letters": {name: asdict(letter) for name, letter in step.letters.items()}}
        for step in steps
    ]
    return data
