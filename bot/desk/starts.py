"""Starting campaigns at the desk: approving one, seeing whom it reaches and what it takes, and when it begins."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from bot import campaigns as rules
from bot.campaigns import Forecast
from bot.desk import hiding
from bot.desk.campaigns import ONE, back, late, of_visit, touched, whom
from bot.desk.doors import Door, Rule
from bot.desk.hiding import FEWEST
from bot.desk.visits import Answer, Apart, Page, Visit
from bot.desk.words import words
from bot.quota import Quota
from scheduler.days import JAPAN
from scheduler.outreach import next_allowed
from storage.campaigns import Campaign

# A campaign that begins later than this is a slip (ours).
FURTHEST = timedelta(days=366)


def approve(visit: Visit) -> Answer:
    """Approve a draft, as it stood on the page on which this was tapped."""
    one = of_visit(visit)
    as_seen = visit.given("changed") == one.changed_at.isoformat()
    sound = not rules.wrong(rules.plan_of(one), visit.parts.content)
    if as_seen and sound and rules.approve(visit.connection, one, visit.member, visit.now):
        return back(one, "campaign-approved")
    return late(visit, "campaign-not-approved")


def asked(then: Callable[[Visit, Quota], Answer], visit: Visit) -> Answer:
    """Ask LINE for what is left of the month, outside any transaction, and go on with it."""
    one = touched(visit)
    if one.state != "draft":
        return back(one, "campaign-late") if then is before else late(visit)
    return Apart(visit.parts.intake.house.quota, then)


def before(visit: Visit, quota: Quota, wrong: str = "", status: int = 200) -> Answer:
    """What there is to know before anything is sent, and the form that starts it."""
    one = touched(visit)
    found = forecast(visit, one, quota, visit.now)
    reached = hidden(found)
    values = {
        "one": one,
        "words": words(),
        "reached": reached,
        "forecast": found,
        "told": reached.get("line", 0) is not None,
        "minutes": max(1, round(found.seconds / 60)),
        "problems": rules.wrong(rules.plan_of(one), visit.parts.content),
        "unapproved": rules.unapproved(one, asked=visit.parts.intake.house.approval),
        "wrong": wrong,
        "form": {"when": "now", "at": ""} | dict(visit.form),
        "whom": whom(visit, one),
        "opens": next_allowed(visit.now),
        "opened": next_allowed(visit.now) <= visit.now,
        "ends_on": one.last_day,
        "a_week": visit.parts.intake.house.letters_a_week,
        "fewest": FEWEST,
    }
    return Page("desk/campaign_start.html", values, status)


def forecast(visit: Visit, one: Campaign, quota: Quota, at: datetime) -> Forecast:
    """What a campaign would take."""
    rates = rules.rates(visit.parts.platforms.values())
    return rules.forecast(visit.connection, one, quota, rates, visit.now, at)


def hidden(found: Forecast) -> dict[str, int | None]:
    """Whom it reaches by channel and in all ("all"), where neither tells of a few."""
    shown, total = hiding.beside({channel: [n] for channel, n in sorted(found.reached.items())} or {"line": [0]})
    return {channel: at for channel, (at,) in shown.items()} | {"all": total[0]}


def begin(visit: Visit, quota: Quota) -> Answer:
    """Start a campaign, now or at a time."""
    one = touched(visit)
    at, wrong = _time(visit)
    if wrong:
        return before(visit, quota, wrong, 422)
    found = forecast(visit, one, quota, at or visit.now)
    if rules.wrong(rules.plan_of(one), visit.parts.content) or found.against:
        return before(visit, quota, status=422)
    if rules.unapproved(one, asked=visit.parts.intake.house.approval):
        return before(visit, quota, status=422)
    if not rules.turn(visit.connection, one, "start", visit.now, at):
        return late(visit)
    return back(one, "campaign-planned" if at else "campaign-started")


def _time(visit: Visit) -> tuple[datetime | None, str]:
    """When it is to start (UTC, without zone; None for now), and what is wrong with what was written."""
    if visit.given("when") != "later":
        return None, ""
    try:
        there = datetime.fromisoformat(visit.given("at"))
    except ValueError:
        return None, "time"
    at = there.replace(tzinfo=JAPAN).astimezone(UTC).replace(tzinfo=None)
    if at <= visit.now:
        return None, "past"
    return (at, "") if at - visit.now <= FURTHEST else (None, "far")


DOORS = [
    Door("POST", f"{ONE}/approve", approve, Rule.ADMIN, "campaign.approve"),
    Door("GET", f"{ONE}/start", partial(asked, before), Rule.STAFF),
    Door("POST", f"{ONE}/start", partial(asked, begin), Rule.STAFF, "campaign.start"),
]
