"""Outreach in tests: people in several apps, campaigns to them, platforms in memory, and a clock that a test moves."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import update

from bot import outreach as reaching
from bot import timing
from bot.delivery import Delivery
from bot.house import House
from bot.intake import Intake
from bot.turn import Event
from dialogs.content import packaged
from dialogs.events import Command, Opened, Said
from dialogs.letters import Letter, Step
from storage import Database, agencies, campaigns, outreach, owners, talks
from storage.schema import talk
from tests.sending import Memory
from tests.taking import NOW
from tests.talk import CODE

if TYPE_CHECKING:
    from datetime import datetime

    from bot.turn import Taken
    from dialogs.events import Action

SITE = "https://banso.example"


def plain(text: str, days: int = 0) -> Step:
    """A step that is the same for everybody."""
    return Step(days, {"a": Letter(text)})


def named(text: str, days: int = 0) -> Step:
    """A step that is another for each: it names something of its reader, of which nothing is known here."""
    return Step(days, {"a": Letter(text + '{{ industry or "" }}')})


class Round:
    """An outreach under way: everything that runs in a process, run by hand."""

    def __init__(self, url: str, cap: int = 1) -> None:
        self.url = url
        self.now = NOW
        self.cap = cap
        self.platforms = {name: Memory(name) for name in ("line", "telegram")}
        self.events = 0
        self.open()

    def open(self) -> None:
        """Start the program."""
        self.database = Database(self.url)
        house = House(lambda owner_id: f"/me/{owner_id}", site=SITE, letters_a_week=self.cap)
        self.intake = Intake(self.database, packaged(), lambda: self.now, house)
        self.intake.start()
        self.delivery = Delivery(self.intake, self.platforms, lambda: self.now, self.pause)

    def close(self) -> None:
        """Stop the program."""
        self.intake.stop()
        self.database.close()

    async def pause(self, seconds: float) -> None:
        """Wait, at once."""
        self.now += timedelta(seconds=seconds)

    # ------------------------------------------------------------ people

    def do(self, app: str, action: Action) -> Taken:
        """Somebody does something in an app ("line:one")."""
        self.events += 1
        channel, _, address = app.partition(":")
        return self.intake.take(Event(f"{app}-{self.events}", channel, "bot", address, action))

    def meet(self, *apps: str) -> None:
        """People who have begun, and said nothing of news."""
        for app in apps:
            self.do(app, Opened())

    def want(self, *apps: str) -> None:
        """People who want news."""
        for app in apps:
            self.do(app, Opened())
            self.do(app, Command("news", "in"))

    def join(self, app: str, other: str) -> None:
        """Whoever is in these two apps is one person: the conversation of the first goes on."""
        said = "".join(message.text for message in self.do(app, Command("link")).messages)
        self.do(other, Command("join", CODE.findall(said)[-1]))
        self.do(other, Said("はい"))
        assert self.id(app) == self.id(other)

    def id(self, app: str) -> int:
        """Whose app it is."""
        channel, _, address = app.partition(":")
        with self.database.reading() as connection:
            found = owners.find(connection, channel, "bot", address)
        assert found
        return found.id

    def choice(self, app: str) -> str:
        """What holds of what they said to news."""
        with self.database.reading() as connection:
            return outreach.choice(connection, self.id(app))

    # ------------------------------------------------------------ campaigns

    def campaign(self, *steps: Step, name: str = "お知らせ") -> int:
        """A campaign to everybody who wants news, which begins now; gives its id."""
        with self.database.writing() as connection:
            agency = agencies.by_name(connection, "見本") or agencies.add(connection, "見本", self.now)
            one = campaigns.add(connection, agency.id, None, name, self.now, everybody=True, steps=steps)
            campaigns.turn(connection, one.id, "ready", self.now)
            reaching.begin(connection, campaigns.get(connection, one.id), self.now)
        return one.id

    def turn(self, id: int, state: str) -> bool:
        """Bring a campaign into another state, if it can be."""
        with self.database.writing() as connection:
            return campaigns.turn(connection, id, state, self.now)

    def prepare(self) -> None:
        """Have campaigns prepare what is due, and the timers tell what they have to."""
        while reaching.tick(self.intake):
            pass
        timing.fire(self.intake, lambda: self.now)

    def send(self) -> None:
        """Send what can be sent."""
        while asyncio.run(self.delivery.once()) or self.delivery._any_due():
            pass

    def run(self) -> None:
        """All that is to happen now."""
        self.prepare()
        self.send()

    def later(self, **time: float) -> None:
        """Let time pass, while nothing runs."""
        self.now += timedelta(**time)

    def at(self, moment: datetime) -> None:
        """It is this time."""
        self.now = moment

    def got(self, app: str) -> list[str]:
        """The letters that were sent to an app; the texts of all of them begin with "L"."""
        channel, _, address = app.partition(":")
        taken = self.platforms[channel].taken
        to = [part["text"] for part, sending in taken if address in (sending.crowd or (sending.address,))]
        return [text for text in to if text.startswith("L")]


def begins(out: Round, app: str) -> None:
    """A person leads the conversation with somebody."""
    out.meet(app)
    out.events += 1
    with out.database.writing() as connection:
        thread = owners.lock(connection, "slack", "bot", f"C1:{app}-{out.events}", "", out.now)
        begun = talks.begin(connection, out.id(app), thread.id, out.now)
        talks.keep(connection, begun.id, led=True)


def ends(out: Round, app: str) -> None:
    """The talks of somebody with a person are over."""
    with out.database.writing() as connection:
        connection.execute(update(talk).where(talk.c.owner_id == out.id(app)).values(led=False))
