"""The clients of an agency, as far as each lets it see them: a list with filters, and the same as a file."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from bot.desk import hiding
from bot.desk.doors import LARGEST_ID, Door, Rule
from bot.desk.sheets import csv_file
from bot.desk.visits import Answer, Page, Visit
from bot.desk.words import words
from scheduler.days import day_in_japan
from storage import members, referrals, rosters
from storage.rosters import Entry, Place, Wanted

# Clients on a page, and among how many at the most a name is looked for: names are sealed, so each is opened for it.
ON_A_PAGE, NAMED = 50, 5_000
OLDER = timedelta(days=90)
PROFILE = ("industry", "size", "prefecture")


@dataclass(frozen=True, slots=True)
class Line:
    """A client as the list and the file have it, in words; "" for what is not known."""

    id: int
    name: str
    share: str
    share_at: Any
    came_at: Any
    seen_at: Any
    way: str
    charge: str
    stage: str
    segment: str
    challenges: str
    industry: str
    size: str
    prefecture: str


@dataclass(frozen=True, slots=True)
class Choosing:
    """One thing that the list can be filtered by: its name in the address, its words, its choices with theirs."""

    name: str
    label: str
    choices: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Roster:
    """An agency's list as somebody asks for it."""

    visit: Visit
    choosing: Sequence[Choosing]
    chosen: Mapping[str, str]
    named: str

    def wanted(self) -> Wanted:
        """Which clients are asked for, whatever their name."""
        chosen, now = self.chosen, self.visit.now
        charge, way, seen = chosen["charge"], chosen["way"], chosen["seen"]
        mine = {"": None, "me": self.visit.member.id, "nobody": 0}
        return Wanted(
            stage=chosen["stage"],
            segment=chosen["segment"],
            challenge=chosen["challenge"],
            member_id=mine[charge] if charge in mine else int(charge),
            referral_id=int(way) if way.isdecimal() else None,
            invited=way == "invited",
            since=now - timedelta(days=int(seen)) if seen.isdecimal() else None,
            until=now - OLDER if seen == "older" else None,
        )

    def with_name(self) -> Wanted | None:
        """The same, of the name that is looked for; None where too many would have to be looked at."""
        wanted = self.wanted()
        if not self.named:
            return wanted
        found = rosters.names(self.visit.connection, self.visit.agency.id, wanted, NAMED)
        if found is None:
            return None
        return replace(wanted, ids=[id for id, name in found.items() if plain(self.named) in plain(name)])

    def address(self, **more: object) -> str:
        """What stands in the address of this list behind the question mark."""
        given = {**self.chosen, "name": self.named, **more}
        return urlencode({name: value for name, value in given.items() if value})

    def beside(self, entry: Entry, *, before: bool) -> str:
        """The address of what lies before or after a client."""
        place = f"{entry.seen_at.isoformat()}~{entry.id}"
        return self.address(**{"before" if before else "after": place})


def lines(visit: Visit, entries: Sequence[Entry]) -> Iterator[Line]:
    """Clients in words."""
    said, asked = words(), visit.parts.content.questionnaire
    staff = {one.id: one.name for one in members.of_agency(visit.connection, visit.agency.id)}
    ways = {one.id: one.name for one in referrals.of_agency(visit.connection, visit.agency.id)}
    challenges = {one.id: one.label for one in asked.challenges}
    for one in entries:
        choices = {id: asked.questions[id].choice(getattr(one, id)) for id in PROFILE}
        yield Line(
            id=one.id,
            name=one.name,
            share=said["shares"][one.share],
            share_at=day_in_japan(one.share_at) if one.share_at else "",
            came_at=day_in_japan(one.came_at),
            seen_at=day_in_japan(one.seen_at),
            way=ways.get(one.referral_id or 0, said["ways"]["invited"] if one.invited else ""),
            charge=staff.get(one.member_id or 0, ""),
            stage=said["stages"][one.stage],
            segment=said["segments"].get(one.segment, ""),
            challenges="、".join(challenges[id] for id in one.challenges if id in challenges),
            **{id: choice.label if choice else "" for id, choice in choices.items()},
        )


def plain(name: str) -> str:
    """A name as it is looked for: whatever the width of its letters, their case, and blanks."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def roster(visit: Visit) -> Roster:
    """The list that the address asks for; what makes no sense in it is left out."""
    said, asked = words(), visit.parts.content.questionnaire
    others = [one for one in members.of_agency(visit.connection, visit.agency.id) if one.id != visit.member.id]
    ways = {str(one.id): one.name for one in referrals.of_agency(visit.connection, visit.agency.id)}
    choices: dict[str, Mapping[str, str]] = {
        "stage": said["stages"],
        "segment": said["segments"],
        "challenge": {one.id: one.label for one in asked.challenges},
        "charge": said["charge"] | {str(one.id): one.name for one in others if one.active and one.role != "expert"},
        "seen": said["seen"],
        "way": said["ways"] | ways,
    }
    choosing = [Choosing(name, said["filters"][name], one) for name, one in choices.items()]
    given = {name: visit.query.get(name, "") for name in choices}
    chosen = {name: value if value in choices[name] else "" for name, value in given.items()}
    return Roster(visit, choosing, chosen, visit.query.get("name", "").strip())


def _place(query: Mapping[str, str]) -> Place | None:
    """Where the page begins; None for the beginning, also where the address makes no sense."""
    name = next((name for name in ("after", "before") if query.get(name)), "")
    at, _, id = query.get(name, "").partition("~")
    try:
        seen_at = datetime.fromisoformat(at)
        return Place(seen_at.replace(tzinfo=None), min(abs(int(id)), LARGEST_ID), before=name == "before")
    except ValueError:
        return None


def listed(visit: Visit) -> Page:
    """The clients who share something."""
    asked = roster(visit)
    wanted = asked.with_name()
    page: tuple[list[Entry], bool, bool] = ([], False, False)
    if wanted:
        place = _place(visit.query)
        page = rosters.page(visit.connection, visit.agency.id, wanted, place, ON_A_PAGE)
    entries, before, after = page
    sharing, silent = rosters.counts(visit.connection, visit.agency.id)
    narrowed = bool(asked.address())
    return Page(
        "desk/clients.html",
        {
            "lines": list(lines(visit, entries)),
            "choosing": asked.choosing,
            "chosen": asked.chosen,
            "named": asked.named,
            "narrowed": narrowed,
            "too_many": wanted is None,
            "most": NAMED,
            "found": rosters.count(visit.connection, visit.agency.id, wanted) if wanted and narrowed else sharing,
            "sharing": sharing,
            "silent": hiding.shown(silent) or 0,
            "newer": asked.beside(entries[0], before=True) if before and entries else "",
            "older": asked.beside(entries[-1], before=False) if after and entries else "",
            "address": asked.address(),
        },
    )


def exported(visit: Visit) -> Answer:
    """The same list as a file, whole."""
    asked = roster(visit)
    wanted = asked.with_name()
    if wanted is None:
        return replace(listed(visit), status=422)
    entries = rosters.everybody(visit.connection, visit.agency.id, wanted)
    columns = words()["columns"]
    rows = ([asdict(line)[name] for name in columns] for line in lines(visit, entries))
    return csv_file([list(columns.values()), *rows], f"clients-{day_in_japan(visit.now)}", visit.query)


DOORS = [
    Door("GET", "/desk/clients", listed, Rule.STAFF, "clients.list"),
    Door("GET", "/desk/clients.csv", exported, Rule.STAFF, "clients.export"),
]
