"""Campaigns at the desk: writing one, trying it out, seeing how far it is, pausing and ending it."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from bot import campaigns as rules
from bot import letters
from bot.campaigns import Plan, Wrong
from bot.desk import drafts, hiding
from bot.desk.doors import Door, Rule, missing
from bot.desk.drafts import Typed
from bot.desk.hiding import FEWEST
from bot.desk.visits import Answer, Go, Page, Visit
from bot.desk.words import words
from bot.flyers import LARGEST_FILE
from dialogs import library
from dialogs.letters import FIELDS, LONGEST_ALT, LONGEST_LABEL, LONGEST_TEXT, MOST_BUTTONS, Letter, Step, personal
from dialogs.library import LONGEST_NAME, LONGEST_WAIT, MOST_HOLDOUT, MOST_STEPS, MOST_VARIANTS, Draft
from scheduler.days import day_in_japan
from storage import campaigns, flyers, members
from storage.campaigns import Campaign

EMPTY = Plan("", steps=(Step(0, {"a": Letter("")}),))


def of_visit(visit: Visit) -> Campaign:
    """The campaign that a request is about; 404 where it is not this agency's."""
    one = campaigns.find(visit.connection, visit.agency.id, visit.path["campaign"])
    if one is None:
        raise missing()
    return one


def touched(visit: Visit) -> Campaign:
    """The same, for who wants to change it; 404 where it is for everybody, and this is no admin of the home agency."""
    one = of_visit(visit)
    if not rules.may_touch(one, visit.member, visit.agency):
        raise missing()
    return one


def back(one: Campaign, done: str) -> Go:
    """Back to the campaign's page."""
    return Go(f"/desk/campaigns/{one.id}", done, subject=f"campaign:{one.id}")


def late(visit: Visit, why: str = "campaign-late") -> Page:
    """The campaign as it stands, where something can't be done with it, or not any more."""
    page = shown(visit)
    return replace(page, values={**page.values, "done": why}, status=409)


# ---------------------------------------------------------------- all of them


def listed(visit: Visit) -> Answer:
    """An agency's campaigns with how far each is, and those that come ready-made."""
    found = campaigns.of_agency(visit.connection, visit.agency.id)
    values = {
        "lines": [(one, progress(visit, one)) for one in found],
        "words": words(),
        "ready": offered(visit),
        "fewest": FEWEST,
    }
    return Page("desk/campaigns.html", values)


def offered(visit: Visit) -> Mapping[str, Draft]:
    """The ready-made campaigns that can be begun today."""
    today = day_in_japan(visit.now)
    return {name: one for name, one in library.ready().items() if one.standing(today) == "offered"}


def progress(visit: Visit, one: Campaign) -> dict[str, Any]:
    """How far a campaign is, as far as it may be told (None for a few); {} before it starts."""
    if one.frozen_at is None:
        return {}
    far = campaigns.progress(visit.connection, one.id, visit.now)
    out = sum(far.out.values())
    groups = {"due": far.due, "later": far.later, "out": out, "held": far.held}
    groups["done"] = far.recipients - far.due - far.later - out
    shown, (total,) = hiding.beside({name: [n] for name, n in groups.items()})
    letters = {"sent": far.sent, "waiting": far.waiting, "failed": sum(far.failed.values())}
    told, _ = hiding.beside({name: [n] for name, n in letters.items()})
    lost, _ = hiding.beside({state: [n] for state, n in far.lost.items()} or {"": [0]})
    # What services say parts the lost anew, so that a few of them could be told; then nothing of it is shown.
    said = dict(sorted(far.failed.items()))
    return (
        {name: at for name, (at,) in (shown | told).items()}
        | {"total": total, "a_minute": hiding.shown(far.a_minute), "seconds_left": far.seconds_left}
        | {"lost": {state: n for state, (n,) in lost.items() if state}}
        | {"said": {} if any(map(hiding.small, said.values())) else said}
    )


def make(visit: Visit) -> Answer:
    """A new draft: empty, or one of those that come ready-made."""
    draft = offered(visit).get(visit.given("library"))
    plan = rules.plan_from(draft) if draft else replace(EMPTY, name=words()["campaign"]["new"])
    name = visit.given("library") if draft else ""
    one = rules.add(visit.connection, visit.agency.id, visit.member.id, plan, visit.now, name)
    return (
        back(one, "campaign-made")
        if draft
        else replace(back(one, "campaign-made"), path=f"/desk/campaigns/{one.id}/edit")
    )


# ---------------------------------------------------------------- one of them


def shown(visit: Visit) -> Page:
    """A campaign: where it stands, for whom it is, what it says, and what can be done with it."""
    one = of_visit(visit)
    own = rules.may_touch(one, visit.member, visit.agency)
    values = {
        "one": one,
        "words": words(),
        "whom": whom(visit, one),
        "questions": drafts.questions(visit),
        "ended": one.ended(visit.now),
        "personal": any(personal(letter) for step in one.steps for letter in step.letters.values()),
        "progress": progress(visit, one),
        "may": own,
        "may_approve": rules.may_approve(one, visit.member),
        "unapproved": rules.unapproved(one, asked=visit.parts.intake.house.approval),
        "approved_by": _name(visit, one.approved_by),
        "member_name": _name(visit, one.member_id),
        "wrong": rules.wrong(rules.plan_of(one), visit.parts.content),
        "fewest": FEWEST,
    }
    return Page("desk/campaign.html", values)


def _name(visit: Visit, id: int | None) -> str:
    found = members.find(visit.connection, id=id) if id else None
    return found.name if found else ""


def whom(visit: Visit, one: Campaign) -> list[tuple[str, str]]:
    """For whom a campaign is, in words: each condition, and what is wanted of it."""
    said, known = words(), drafts.choices(visit)
    found = [
        (said["conditions"][name], "、".join(known[name].get(str(id), "―") for id in given))
        for name in drafts.LISTS
        if (given := getattr(one.segment, name))
    ]
    for name in ("seen", "finished"):
        since, until = getattr(one.segment, f"{name}_from"), getattr(one.segment, f"{name}_to")
        if since is not None or until is not None:
            spans = (("since", since), ("until", until))
            days = [said["campaign"][span].format(days=at) for span, at in spans if at is not None]
            found.append((said["campaign"][name], "、".join(days)))
    if one.segment.due:
        found.append((said["campaign"]["due"], said["campaign"]["due_week"]))
    if one.segment.deadline:
        entry = visit.parts.content.faq.get(one.segment.deadline)
        found.append((said["campaign"]["deadline"], entry.title if entry else "―"))
    return found


def figures(visit: Visit) -> Answer:
    """How far a campaign is, as the part of its page that is fetched anew."""
    one = of_visit(visit)
    values = {"one": one, "progress": progress(visit, one), "fewest": FEWEST, "words": words()}
    return Page("desk/campaign_far.html", values)


# ---------------------------------------------------------------- writing


def edit(visit: Visit) -> Answer:
    """The form of a draft; what is no draft any more is only shown."""
    one = touched(visit)
    if one.state != "draft":
        return back(one, "campaign-late")
    return form(visit, one, drafts.written(rules.plan_of(one), drafts.questions(visit)), {})


def form(visit: Visit, one: Campaign, sent: Typed, wrong: Mapping[str, Wrong], status: int = 200) -> Page:
    """The form with what is typed, and what is wrong with it."""
    values = {
        "one": one,
        "typed": sent,
        "wrong": wrong,
        "words": words(),
        "choices": drafts.choices(visit),
        "deadlines": drafts.deadlines(visit),
        "questions": drafts.questions(visit),
        "everybody": drafts.to_all(visit),
        "most": {
            "name": LONGEST_NAME,
            "text": LONGEST_TEXT,
            "label": LONGEST_LABEL,
            "buttons": MOST_BUTTONS,
            "steps": MOST_STEPS,
            "variants": MOST_VARIANTS,
            "wait": LONGEST_WAIT,
            "holdout": MOST_HOLDOUT,
            "span": drafts.LONGEST_SPAN,
            "alt": LONGEST_ALT,
            "file": LARGEST_FILE // 1024**2,
        },
        "known_fields": FIELDS,
        "link": drafts.LINK,
        "answer": drafts.ANSWER,
        "pictures": flyers.of_campaign(visit.connection, one.id),
    }
    return Page("desk/campaign_form.html", values, status)


def reshape(visit: Visit) -> Answer:
    """The form with a step or a variant more or less; nothing is kept of it yet."""
    one = touched(visit)
    return form(visit, one, drafts.shaped(drafts.typed(visit), visit.given("do")), {})


def change(visit: Visit) -> Answer:
    """Keep what was written in a draft, once nothing is wrong with it."""
    one = touched(visit)
    sent = drafts.typed(visit)
    plan, unread = drafts.plan(visit, sent, flyers.of_campaign(visit.connection, one.id))
    if sent.get("file"):
        # A file was chosen, but not sent: forms without files name it only.
        unread["file"] = Wrong("loose")
    if not rules.may_touch(plan, visit.member, visit.agency):
        raise missing()
    wrong = rules.wrong(plan, visit.parts.content) | unread
    if sent.get("changed") != one.changed_at.isoformat():
        wrong["form"] = Wrong("changed")
    if wrong:
        return form(visit, one, sent, wrong, 422)
    if not rules.change(visit.connection, one, visit.member.id, plan, visit.now):
        return late(visit)
    return back(one, "campaign-changed")


def drop(visit: Visit) -> Answer:
    """Take a draft away."""
    one = touched(visit)
    if one.state != "draft":
        return late(visit)
    campaigns.forget(visit.connection, one.id)
    return Go("/desk/campaigns", "campaign-dropped", subject=f"campaign:{one.id}")


# ---------------------------------------------------------------- looking


def preview(visit: Visit) -> Answer:
    """Each letter as each platform shows it, to a made-up reader, and to one of whom nothing is known."""
    one = of_visit(visit)
    if rules.wrong(rules.plan_of(one), visit.parts.content):
        return Go(f"/desk/campaigns/{one.id}", subject=f"campaign:{one.id}")
    content, agency = visit.parts.content, visit.agency.name
    readers = {"known": rules.reader(content, agency), "nobody": rules.nobody(agency)}
    shown = [
        (
            n,
            variant,
            letter,
            _looks(visit, one, n, variant, readers if personal(letter) else {"all": readers["nobody"]}),
        )
        for n, step in enumerate(one.steps)
        for variant, letter in sorted(step.letters.items())
    ]
    return Page("desk/campaign_preview.html", {"one": one, "letters": shown, "words": words()})


def _looks(
    visit: Visit, one: Campaign, step: int, variant: str, readers: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[letters.Look]]:
    said = {name: rules.message(visit.parts.content, one, step, variant, of) for name, of in readers.items()}
    return {name: letters.looks(visit.parts, message) for name, message in said.items()}


def test(visit: Visit) -> Answer:
    """Send a letter to the member's own chat."""
    one = of_visit(visit)
    step, variant = visit.given("step"), visit.given("variant")
    if not step.isdecimal() or int(step) >= len(one.steps) or variant not in one.steps[int(step)].letters:
        raise missing()
    if rules.wrong(rules.plan_of(one), visit.parts.content):
        return late(visit)
    if not rules.try_out(visit.connection, visit.parts.content, one, int(step), variant, visit.member, visit.now):
        return late(visit, "campaign-no-chat")
    return Go(f"/desk/campaigns/{one.id}/preview", "campaign-tested", subject=f"campaign:{one.id}")


# ---------------------------------------------------------------- under way


def turned(what: str, done: str, visit: Visit) -> Answer:
    """Pause, go on, take back or stop."""
    one = touched(visit)
    return back(one, done) if rules.turn(visit.connection, one, what, visit.now) else late(visit)


def ending(visit: Visit) -> Answer:
    """Whether it is really to be stopped, and what that means."""
    one = touched(visit)
    if "stopped" not in campaigns.LEADS[one.state]:
        return back(one, "campaign-late")
    return Page("desk/campaign_stop.html", {"one": one, "progress": progress(visit, one), "fewest": FEWEST})


ONE = "/desk/campaigns/{campaign:int}"
DOORS = [
    Door("GET", "/desk/campaigns", listed, Rule.STAFF),
    Door("POST", "/desk/campaigns", make, Rule.STAFF, "campaign.make"),
    Door("GET", ONE, shown, Rule.STAFF),
    Door("GET", f"{ONE}/figures", figures, Rule.STAFF),
    Door("GET", f"{ONE}/edit", edit, Rule.STAFF),
    Door("POST", f"{ONE}/edit", change, Rule.STAFF, "campaign.change"),
    Door("POST", f"{ONE}/form", reshape, Rule.STAFF),
    Door("POST", f"{ONE}/drop", drop, Rule.STAFF, "campaign.drop"),
    Door("GET", f"{ONE}/preview", preview, Rule.STAFF),
    Door("POST", f"{ONE}/test", test, Rule.STAFF, "campaign.test"),
    Door("POST", f"{ONE}/withdraw", partial(turned, "withdraw", "campaign-withdrawn"), Rule.STAFF, "campaign.withdraw"),
    Door("POST", f"{ONE}/pause", partial(turned, "pause", "campaign-paused"), Rule.STAFF, "campaign.pause"),
    Door("POST", f"{ONE}/resume", partial(turned, "resume", "campaign-resumed"), Rule.STAFF, "campaign.resume"),
    Door("GET", f"{ONE}/stop", ending, Rule.STAFF),
    Door("POST", f"{ONE}/stop", partial(turned, "stop", "campaign-stopped"), Rule.STAFF, "campaign.stop"),
]
