"""What the agency that runs Banso has settled, as far as the effects of a turn need it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot.links import Links
from bot.quota import Quota, ask
from bot.settings import Settings
from scheduler import desk
from scheduler.experts import Profile


@dataclass(frozen=True, slots=True)
class Desk:
    """The desk of the agency: its name, its hours, and the place (a channel on Slack) where its people read and write.

    `channel` and `account` are those of the contacts that stand for its threads.
    """

    name: str
    place: str
    hours: Profile
    channel: str = "slack"
    account: str = "bot"


@dataclass(frozen=True, slots=True)
class House:
    """The house rules. `sign` gives the path at which an owner's data can be had for a while, `site` is our address.

    `patience` is how long an expert may leave a request unanswered before being reminded, and as long again before the
    next is asked; `visits` how many consultations an owner may have (0: any number); `desk` where people of the agency
    can be spoken to in the chat, if they can; `letters_a_week` how many letters of campaigns an owner gets at the most,
    over all of them; `approval` whether a second person has to look at a campaign first; `quota` asks LINE what is left
    of the month's messages (a request of the network); `lead` gives the path that counts a tap and goes on to where a
    link of a letter leads, by the link's tag and whose letter it is (None: links stand as they are); `demo` whether
    owners are shown the expert's side of their bookings.
    """

    sign: Callable[[int], str]
    site: str = ""
    patience: timedelta = timedelta(hours=4)
    visits: int = 0
    desk: Desk | None = None
    demo: bool = False
    letters_a_week: int = 1
    approval: bool = False
    quota: Callable[[], Quota] = Quota
    lead: Callable[[str, int], str] | None = None


def house(settings: Settings, links: Links) -> House:
    """The house rules by the settings."""
    place = "" if settings.missing("slack") else settings.slack_desk_channel
    return House(
        sign=links.sign,
        site=settings.public_url,
        patience=timedelta(hours=settings.expert_answer_hours),
        visits=settings.consultations_per_owner,
        demo=settings.demo,
        letters_a_week=settings.outreach_per_week,
        approval=settings.campaign_approval,
        quota=partial(ask, settings),
        lead=links.sign_way,
        desk=Desk(settings.desk_name, place, desk.hours(settings.desk_hours)) if place else None,
    )
