"""A campaign's own pictures at the desk: uploaded, seen, and taken away, with all that is typed in its form kept."""

from dataclasses import replace
from functools import partial

from starlette.responses import Response

from bot import campaigns as rules
from bot import flyers as making
from bot.campaigns import Wrong
from bot.desk import campaigns as pages
from bot.desk import drafts
from bot.desk.doors import Door, Rule, missing
from bot.desk.drafts import Typed
from bot.desk.visits import Answer, Apart, Page, Visit
from bot.flyers import Made, WrongFlyer
from dialogs.letters import Step
from storage import campaigns, flyers
from storage.campaigns import Campaign

MOST = 12


def upload(visit: Visit) -> Answer:
    """Take a picture for a campaign, once it was made small."""
    one = pages.touched(visit)
    if one.state != "draft":
        return pages.late(visit)
    sent = visit.files.get("file")
    wrong: dict[str, Wrong] = {}
    if not sent or not sent.content:
        wrong["file"] = Wrong("missing")
    elif flyers.count(visit.connection, one.id) >= MOST:
        wrong["file"] = Wrong("many", str(MOST))
    if why := rules.wrong_words(visit.given("alt")):
        wrong["alt"] = why
    if wrong or not sent:
        return _form(visit, one, drafts.typed(visit), wrong)
    return Apart(partial(_made, sent.content), kept)


def _made(content: bytes) -> Made | str:
    """The picture in a file, or why it is none."""
    try:
        return making.make(content)
    except WrongFlyer as error:
        return error.why


def kept(visit: Visit, found: Made | str) -> Answer:
    """Keep what was made of the file, and show the form as it was typed."""
    one, typed = pages.touched(visit), drafts.typed(visit)
    if one.state != "draft":
        return pages.late(visit)
    if isinstance(found, str):
        return _form(visit, one, typed, {"file": Wrong(found)})
    size = found.width, found.height
    flyers.add(visit.connection, one.id, found.data, found.media_type, size, visit.given("alt"), visit.now)
    return _form(visit, one, drafts.altered(typed, alt=""), {}, "flyer-kept")


def _form(visit: Visit, one: Campaign, typed: Typed, wrong: dict[str, Wrong], done: str = "") -> Page:
    page = pages.form(visit, one, typed, wrong, 422 if wrong else 200)
    return replace(page, values={**page.values, "done": done}, subject=f"campaign:{one.id}")


def drop(visit: Visit) -> Answer:
    """Take a picture away from a campaign, and from the letters that have it."""
    one, typed, token = pages.touched(visit), drafts.typed(visit), visit.given("do")
    if one.state != "draft":
        return pages.late(visit)
    flyers.drop(visit.connection, one.id, token)
    plan = rules.plan_of(one)
    steps = tuple(_without(step, token) for step in plan.steps)
    if steps != plan.steps:
        rules.change(visit.connection, one, visit.member.id, replace(plan, steps=steps), visit.now)
        changed = campaigns.get(visit.connection, one.id)
        if typed.get("changed") == one.changed_at.isoformat():
            # What was changed just now was changed by this form itself.
            typed = drafts.altered(typed, changed=changed.changed_at.isoformat())
        one = changed
    return _form(visit, one, typed, {}, "flyer-dropped")


def _without(step: Step, token: str) -> Step:
    letters = {
        name: replace(letter, picture="", alt="") if letter.flyer == token else letter
        for name, letter in step.letters.items()
    }
    return replace(step, letters=letters)


def shown(visit: Visit) -> Answer:
    """A picture of a campaign of this agency's."""
    one = pages.of_visit(visit)
    found = flyers.data(visit.connection, visit.path["flyer"], one.id)
    if found is None:
        raise missing()
    content, media_type = found
    return Response(content, media_type=media_type)


DOORS = [
    Door("POST", f"{pages.ONE}/flyers", upload, Rule.STAFF, "campaign.flyer"),
    Door("POST", f"{pages.ONE}/flyers/drop", drop, Rule.STAFF, "campaign.flyer.drop"),
    Door("GET", f"{pages.ONE}/flyers/{{flyer}}", shown, Rule.STAFF),
]
