"""`banso campaign`: letters to many owners, from a file to the last of them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.opening import AsJson, Work, everything, fail, show, working

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.campaigns import Forecast, Plan, Wrong
    from bot.flyers import Made
    from dialogs.letters import Letter, Step
    from storage.campaigns import Campaign, Progress

app = typer.Typer(no_args_is_help=True, help="Letters to many owners who want news.")

Id = Annotated[int, typer.Argument(metavar="ID", help="The campaign, as `banso campaign list` names it.")]

WHY = {
    "missing": "is missing",
    "long": "has more than {} characters",
    "range": "is not between 0 and {}",
    "unknown": "names {}, which no letter knows",
    "bare": 'leaves a hole where {} is not known; write {{{{ {} or "…" }}}}',
    "silent": "says nothing to whom nothing is known of",
    "template": 'is no template; write {{{{ step or "…" }}}}',
    "refused": "uses {}; only fields, `or` and `if` may be used",
    "twice": "stands on another button of the letter",
    "address": "is no https address",
    "question": "names no question",
    "there": "is no file beside this one",
    "big": "is larger than 5 MB",
    "form": "is neither JPEG nor PNG",
    "pixels": "has more than 25 million pixels",
    "thin": "is more than five times as long as it is wide, or as wide as it is long",
    "broken": "can't be read as a picture",
    "heavy": "has more than 1 MB even when it is small",
}
AGAINST = {
    "quota": "LINE's quota of this month would be overrun: {messages} messages wanted, {left} left.",
    "unknown": "What is left of LINE's month is not known: {why}",
    "ended": "What it says holds no longer than until {ends_on}.",
}
HINDERED = {
    "quota": "it did not start: LINE's quota of this month would have been overrun",
    "unknown": "it waits: what is left of LINE's month is not known; it is asked again every minute",
}
# What only the whole plan tells, so that it is said besides what is wrong with the file as such.
BESIDES = ("bare", "address")
# What a letter's picture is read as, by the place of the letter: step and variant.
Pictures = dict[tuple[int, str], "Made"]
NOT_THERE = {"referrals": "no way of this agency's; name its code", "agencies": "no agency; banso agency list"}
# So often `watch` looks.
SECONDS = 1.0
OVER = ("stopped", "done")


@app.command()
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="The campaign (docs/content.md).")],
    agency: Annotated[str, typer.Option(help="Whose it is, by id or name.")],
    everybody: Annotated[
        bool, typer.Option("--everybody", help="To all who want news; only of the home agency.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Make a draft of a file, and tell whom it would reach; lists all that is wrong with the file."""
    from dataclasses import replace

    from bot import campaigns as rules
    from dialogs import library
    from knowledge import faq
    from knowledge.problems import Problem
    from storage import agencies, flyers

    problems: list[Problem] = []
    try:
        draft = library.draft_of(file.read_text(encoding="utf-8"), file.name, problems, faq.entries())
    except (OSError, UnicodeError) as error:
        fail(f"{file}: {getattr(error, 'strerror', None) or 'is no text in UTF-8'}")
    plan = rules.plan_from(draft)
    pictures, unread = _pictures(plan, file)
    with working() as work:
        whose = next((one for one in agencies.all_of(work.connection) if agency in (str(one.id), one.name)), None)
        if whose is None:
            fail(f"There is no agency {agency}: banso agency list")
        if everybody and not whose.home:
            fail("--everybody: only the home agency writes to all")
        segment, unknown = rules.placed(work.connection, whose.id, plan.segment)
        wrong = rules.wrong(plan, work.content)
        told = {at: one for at, one in wrong.items() if not problems or one.why in BESIDES}
        lines = [*map(str, problems), *(f"{file.name}: {line}" for line in _told(told | unread))]
        lines += [
            f"{file.name}: segment.{name}: {', '.join(them)}: {NOT_THERE[name]}" for name, them in unknown.items()
        ]
        if lines:
            fail("\n".join(lines))
        plan = replace(plan, everybody=everybody, segment=segment, steps=_pictured(plan.steps, pictures))
        one = rules.add(work.connection, whose.id, None, plan, work.now)
        for (n, variant), made in pictures.items():
            size, alt = (made.width, made.height), plan.steps[n].letters[variant].alt
            flyers.add(work.connection, one.id, made.data, made.media_type, size, alt, work.now)
        _noted(work, one, "campaign.make")
    _show(one.id, json_)


@app.command("list")
def list_(json_: AsJson = False) -> None:
    """List all campaigns of all agencies."""
    from storage import agencies, campaigns

    with working() as work:
        found: list[dict[str, Any]] = [
            {"id": one.id, "agency": agency.name, "state": one.state, "name": one.name, "hindered": one.hindered}
            | {"ends_on": one.ends_on.isoformat() if one.ends_on else None}
            for agency in agencies.all_of(work.connection)
            for one in campaigns.of_agency(work.connection, agency.id)
        ]
    lines = [
        f"{one['id']:>4}  {one['state']:8}{one['name']}  {one['agency']}"
        + (f"  (until {one['ends_on']})" if one["ends_on"] else "")
        + (f"  ({HINDERED[one['hindered']]})" if one["hindered"] else "")
        for one in found
    ]
    show(found, lines or ["There are none yet: banso campaign new FILE.toml --agency NAME"], json_)


@app.command("show")
def show_(id: Id, json_: AsJson = False) -> None:
    """Show a campaign: whom it reaches, what it takes of LINE's quota and how long, or how far it is."""
    _show(id, json_)


@app.command()
def preview(id: Id, json_: AsJson = False) -> None:
    """Print each letter as a made-up reader gets it, and as one of whom nothing is known."""
    from bot import campaigns as rules
    from dialogs.letters import WrongLetter
    from storage import agencies

    with working() as work:
        one = _one(work, id)
        agency = agencies.get(work.connection, one.agency_id).name
        content = work.content
    readers = {"known": rules.reader(content, agency), "nobody": rules.nobody(agency)}
    found = []
    for n, step in enumerate(one.steps):
        for variant in sorted(step.letters):
            for name, values in readers.items():
                try:
                    said = rules.message(content, one, n, variant, values)
                except WrongLetter as error:
                    fail(f"Step {n + 1}, variant {variant}: {error}")
                labels = [button.label for button in said.buttons]
                letter = step.letters[variant]
                seen = {"picture": letter.picture, "alt": letter.alt, "text": said.text, "buttons": labels}
                found.append({"step": n + 1, "variant": variant, "reader": name} | seen)
    show(found, [line for one_ in found for line in _letter(one_)], json_)


@app.command()
def approve(
    id: Id,
    by: Annotated[str, typer.Option(help="Who approves: the mail address of an admin of the same agency.")],
    json_: AsJson = False,
) -> None:
    """Approve a draft for an admin of its agency who was not the last to write in it."""
    from bot import campaigns as rules
    from storage import audits, members

    with working() as work:
        one = _one(work, id)
        member = members.find(work.connection, mail=by) or fail("There is nobody with this address: banso member list")
        if rules.wrong(rules.plan_of(one), work.content) or not rules.approve(work.connection, one, member, work.now):
            fail("Not approved: it wants a sound draft, and an admin of the same agency who did not write in it last.")
        audits.add(work.connection, one.agency_id, member.id, "campaign.approve", work.now, f"campaign:{one.id}")
    _show(id, json_)


@app.command()
def start(
    id: Id,
    at: Annotated[str, typer.Option(help='When, such as "2026-12-03 10:00", by Japan\'s clock; without it, now.')] = "",
    json_: AsJson = False,
) -> None:
    """Have a draft sent by the running server, unless LINE's quota of the month would be overrun."""
    from bot import campaigns as rules
    from bot import quota
    from bot.commands import opening

    known = quota.ask(opening.settings())
    with working() as work:
        one, moment = _one(work, id), _moment(at, work.now)
        if problems := rules.wrong(rules.plan_of(one), work.content):
            fail("\n".join(_told(problems)))
        if rules.unapproved(one, asked=work.settings.campaign_approval):
            fail("It wants the approval of a second person: banso campaign approve ID --by MAIL")
        found = rules.forecast(work.connection, one, known, rules.rates_by(work.settings), work.now, moment)
        if found.against:
            known_of = {"messages": found.messages, "left": known.left, "why": known.why, "ends_on": one.last_day}
            fail(AGAINST[found.against].format(**known_of))
        if not rules.turn(work.connection, one, "start", work.now, moment):
            fail(f"It is {one.state}, and only a draft is started.")
        _noted(work, one, "campaign.start")
    _show(id, json_)


@app.command()
def pause(id: Id, json_: AsJson = False) -> None:
    """Send nothing more for now; what has been tried already goes on to its end."""
    _turn(id, "pause", json_)


@app.command()
def resume(id: Id, json_: AsJson = False) -> None:
    """Go on with what was paused."""
    _turn(id, "resume", json_)


@app.command()
def stop(id: Id, json_: AsJson = False) -> None:
    """Send nothing more, for good; what has been tried already goes on to its end."""
    _turn(id, "stop", json_)


@app.command()
def watch(
    id: Id,
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
    json_: AsJson = False,
) -> None:
    """Watch a campaign until it has ended: sent, rate, time left. With --json, a line each second."""
    import json
    import time

    from rich.live import Live

    from bot.clock import utc_now
    from storage import campaigns

    _, database, _ = everything()

    def look() -> "tuple[Campaign, Progress]":
        with database.reading() as connection:
            return _found(connection, id), campaigns.progress(connection, id, utc_now())

    try:
        one, far = look()
        if json_:
            while True:
                print(json.dumps(_far(one, far), ensure_ascii=False), flush=True)
                if once or one.state in OVER:
                    return
                time.sleep(SECONDS)
                one, far = look()
        with Live(_table(one, far), auto_refresh=False) as live:
            while not once and one.state not in OVER:
                time.sleep(SECONDS)
                one, far = look()
                live.update(_table(one, far), refresh=True)
    except KeyboardInterrupt:
        return
    finally:
        database.close()


@app.command()
def results(id: Id, json_: AsJson = False) -> None:
    """What a campaign did, by variant, beside those who got nothing; small numbers are hidden."""
    from bot.desk import outcomes

    with working() as work:
        one = _one(work, id)
        found = outcomes.data(one, work.now, outcomes.results(work.connection, one, work.now))
    show(found, outcomes.lines(found), json_)


# ---------------------------------------------------------------- what they share


def _one(work: Work, id: int) -> "Campaign":
    return _found(work.connection, id)


def _found(connection: Any, id: int) -> "Campaign":
    from sqlalchemy.exc import NoResultFound

    from storage import campaigns

    try:
        return campaigns.get(connection, id)
    except NoResultFound:
        fail(f"There is no campaign {id}: banso campaign list")


def _noted(work: Work, one: "Campaign", act: str) -> None:
    from storage import audits

    audits.add(work.connection, one.agency_id, None, act, work.now, f"campaign:{one.id}")


def _turn(id: int, what: str, json_: bool) -> None:
    from bot import campaigns as rules

    with working() as work:
        one = _one(work, id)
        if not rules.turn(work.connection, one, what, work.now):
            fail(f"It is {one.state}; that does not lead there.")
        _noted(work, one, f"campaign.{what}")
    _show(id, json_)


def _moment(at: str, now: datetime) -> datetime | None:
    """The time (UTC, without zone) that is meant by Japan's clock; None for now."""
    from scheduler.days import JAPAN

    if not at:
        return None
    try:
        there = datetime.fromisoformat(at)
    except ValueError:
        fail('--at: write "2026-12-03 10:00"')
    moment = (there if there.tzinfo else there.replace(tzinfo=JAPAN)).astimezone(UTC).replace(tzinfo=None)
    return moment if moment > now else fail("--at: this is over already")


def _pictures(plan: "Plan", file: Path) -> "tuple[Pictures, dict[str, Wrong]]":
    """The pictures that letters of a file name, read from beside it; and what is wrong with any."""
    from bot import flyers
    from bot.campaigns import Wrong
    from dialogs import library

    made: Pictures = {}
    wrong: dict[str, Wrong] = {}
    folder = file.resolve().parent
    for n, step in enumerate(plan.steps):
        for variant, letter in step.letters.items():
            if not letter.flyer.lower().endswith(library.PICTURES):
                continue
            try:
                path = (folder / letter.flyer).resolve()
                # Whoever wrote the file may name what is beside it, and nothing else of this machine.
                content = path.read_bytes() if path.is_relative_to(folder) else None
                if content is None:
                    raise flyers.WrongFlyer("there")
                made[n, variant] = flyers.make(content)
            except (OSError, ValueError) as error:
                wrong[f"picture-{n}-{variant}"] = Wrong(getattr(error, "why", "there"))
    return made, wrong


def _pictured(steps: "Sequence[Step]", pictures: Pictures) -> "tuple[Step, ...]":
    """The steps with the tokens of their pictures in place of the names of files."""
    from dataclasses import replace

    from storage import flyers

    def letter(n: int, variant: str, one: "Letter") -> "Letter":
        made = pictures.get((n, variant))
        return replace(one, picture=flyers.token_of(made.data)) if made else one

    return tuple(
        replace(step, letters={variant: letter(n, variant, one) for variant, one in step.letters.items()})
        for n, step in enumerate(steps)
    )


def _told(problems: "dict[str, Wrong]") -> "Iterator[str]":
    for place, one in problems.items():
        yield f"{_place(place)}: {WHY[one.why].format(one.what, one.what)}"


def _place(place: str) -> str:
    """A place of a plan ("to-0-a-1") as it stands in a file ("steps[0].a.buttons[1].to")."""
    name, *rest = place.split("-")
    if not rest:
        return name
    step, *letter = rest
    at = [f"steps[{step}]", *letter[:1], *(f"buttons[{n}]" for n in letter[1:])]
    return ".".join([*at, name])


def _letter(one: dict[str, Any]) -> "Iterator[str]":
    yield f"── step {one['step']}, variant {one['variant']}, reader: {one['reader']}"
    if one["picture"]:
        yield f"(picture: {one['alt'] or 'of the result'})"
    yield one["text"]
    yield "".join(f"[{label}] " for label in one["buttons"]).rstrip()
    yield ""


def _show(id: int, json_: bool) -> None:
    from bot import campaigns as rules
    from bot import quota
    from bot.commands import opening
    from storage import campaigns

    known = quota.ask(opening.settings())
    with working() as work:
        one = _one(work, id)
        problems = rules.wrong(rules.plan_of(one), work.content)
        rates = rules.rates_by(work.settings)
        found = rules.forecast(work.connection, one, known, rates, work.now) if one.frozen_at is None else None
        far = campaigns.progress(work.connection, id, work.now) if one.frozen_at else None
    data = rules.described(one) | {"wrong": dict(zip(problems, _told(problems), strict=True))}
    data |= {"forecast": _forecast(found)} if found else {}
    data |= {"progress": _far(one, far)} if far else {}
    show(data, _lines(data), json_)


def _forecast(found: "Forecast") -> dict[str, Any]:
    quota = {"left": found.quota.left, "known": found.quota.known}
    return {
        "reached": dict(found.reached),
        "messages": found.messages,
        "seconds": round(found.seconds, 1),
        "quota": quota,
        "against": found.against,
    }


def _lines(data: dict[str, Any]) -> "Iterator[str]":
    from scheduler.days import in_japan

    yield f"{data['id']}  {data['state']}  {data['name']}"
    if data["hindered"] in HINDERED:
        yield f"  {HINDERED[data['hindered']]}"
    if at := data["starts_at"]:
        yield f"  starts: {in_japan(datetime.fromisoformat(at)):%Y-%m-%d %H:%M} by Japan's clock"
    if day := data["ends_on"]:
        yield f"  nothing is sent after {day}"
    yield from (f"  wrong: {line}" for line in data["wrong"].values())
    if found := data.get("forecast"):
        reached = ", ".join(f"{channel} {n}" for channel, n in sorted(found["reached"].items())) or "nobody"
        yield f"  reaches: {reached}"
        left = found["quota"]["left"] if found["quota"]["known"] else "not known"
        yield f"  LINE's quota: {found['messages']} messages this month, left: {'no limit' if left is None else left}"
        yield f"  at the platforms' limits: {found['seconds']} s for the first step"
        if found["against"]:
            yield f"  can't be started now: {found['against']}"
    if far := data.get("progress"):
        yield from (f"  {name}: {value}" for name, value in far.items() if name not in ("id", "state"))


def _far(one: "Campaign", far: "Progress") -> dict[str, Any]:
    from dataclasses import asdict

    return {"id": one.id, "state": one.state} | asdict(far)


def _table(one: "Campaign", far: "Progress") -> Any:
    """The figures as a table of the terminal, under a bar that tells how much is done."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    left = "―" if far.seconds_left is None else f"{far.seconds_left / 60:.0f} min"
    failed = ", ".join(f"{why} {n:,}" for why, n in far.failed.items()) or "0"
    out = ", ".join(f"{why} {n:,}" for why, n in far.out.items()) or "0"
    rows = {
        "sent": f"{far.sent:,}",
        "waiting": f"{far.waiting:,}",
        "due": f"{far.due:,}",
        "later": f"{far.later:,}",
        "failed": failed,
        "out": out,
        "a minute": f"{far.a_minute:,}",
        "left": left,
    }
    for name, value in rows.items():
        table.add_row(Text(name, style="dim"), Text(value))
    whole = far.sent + far.waiting + far.due
    bar = ProgressBar(total=max(whole, 1), completed=far.sent, width=50)
    return Group(Text(f"{one.id}  {one.state}  {one.name}", style="bold"), bar, table)
