"""`banso expert`: who can be booked, for what, how and when."""

from collections.abc import Callable
from functools import wraps
from inspect import Signature, signature
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.opening import AsJson, Work, show, working

if TYPE_CHECKING:
    from storage.experts import Expert

app = typer.Typer(no_args_is_help=True, help="The experts who are booked.")

WHO = typer.Argument(metavar="ID", help="The expert, by id or name.")
Who = Annotated[str, WHO]


def _options(
    topic: Annotated[list[str] | None, typer.Option(help='What they help with; again for more. "": anything.')] = None,
    prefecture: Annotated[
        list[str] | None, typer.Option(help='Where they know their way (13 or 東京都); again for more. "": anywhere.')
    ] = None,
    language: Annotated[
        list[str] | None, typer.Option(help="What they speak (ja, en), as information; again for more.")
    ] = None,
    way: Annotated[list[str] | None, typer.Option(help="How they meet: phone, web, visit; again for more.")] = None,
    hours: Annotated[list[str] | None, typer.Option(help='Such as "mon-fri 9:00-12:00,13:00-17:00".')] = None,
    zone: Annotated[str | None, typer.Option(help="The zone of their clock, such as Asia/Tokyo.")] = None,
    minutes: Annotated[int | None, typer.Option(min=10, max=480, help="How long a meeting takes.")] = None,
    buffer: Annotated[int | None, typer.Option(min=0, max=480, help="Minutes of pause after a meeting.")] = None,
    notice: Annotated[int | None, typer.Option(min=0, max=720, help="Hours from the booking to the meeting.")] = None,
    per_day: Annotated[int | None, typer.Option(min=1, max=48, help="Meetings a day at the most.")] = None,
    asks: Annotated[bool | None, typer.Option("--asks/--no-asks", help="Whether they accept each booking.")] = None,
    on_holidays: Annotated[
        bool | None, typer.Option("--on-holidays/--no-on-holidays", help="Whether they work on Japan's holidays.")
    ] = None,
    place: Annotated[str | None, typer.Option(help="Where owners come to.")] = None,
    meeting: Annotated[str | None, typer.Option(help="The address of their web meetings.")] = None,
    mail: Annotated[str | None, typer.Option(help="Where mail reaches them.")] = None,
    busy_url: Annotated[str | None, typer.Option(help="The iCalendar address of their own calendar.")] = None,
    prefers: Annotated[str | None, typer.Option(help="Where they are told: line, telegram, slack, mail.")] = None,
) -> None:
    """What describes an expert."""


OPTIONS = signature(_options).parameters


def _described(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options that describe an expert; those that are written come to it as one dict, `given`."""
    own = [one for one in signature(command).parameters.values() if one.name != "given"]

    @wraps(command)
    def run(**values: Any) -> None:
        given = {name: value for name in OPTIONS if (value := values.pop(name)) not in (None, [])}
        command(**values, given=given)

    run.__signature__ = Signature([*own, *OPTIONS.values()])  # type: ignore[attr-defined]  # what Typer reads
    return run


@app.command()
@_described
def add(
    name: Annotated[str, typer.Argument(help="As owners read it.")],
    given: dict[str, Any],
    json_: AsJson = False,
) -> None:
    """Add an expert. Without --topic they help with anything, without --hours they can't be booked yet."""
    from bot import experts

    with working() as work:
        made = experts.add(work.connection, work.content, name, given, work.now)
        view = _view(work, made)
    _print(view, json_)


@app.command("list")
def list_(json_: AsJson = False) -> None:
    """List all experts, and what keeps any of them from being booked."""
    from bot import experts
    from storage import experts as kept

    with working() as work:
        views = experts.views(work.connection, kept.all_of(work.connection), work.now)
    show(views, map(experts.line, views) if views else ["There are none yet: banso expert add NAME"], json_)


@app.command("show")
def show_(who: Who, json_: AsJson = False) -> None:
    """Show all that is known of an expert."""
    from bot import experts

    with working() as work:
        view = _view(work, experts.find(work.connection, who))
    _print(view, json_)


@app.command("set")
@_described
def set_(
    who: Who,
    given: dict[str, Any],
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    json_: AsJson = False,
) -> None:
    """Change what is said of an expert; what is not named stays. "" takes a list or a text away."""
    from bot import experts

    named = {"name": name} if name is not None else {}
    with working() as work:
        one = experts.find(work.connection, who)
        view = _view(work, experts.change(work.connection, work.content, one, given | named, work.now))
    _print(view, json_)


@app.command()
def hours(
    who: Who,
    spec: Annotated[str | None, typer.Argument(help='Such as "mon-fri 9:00-12:00,13:00-17:00".')] = None,
    json_: AsJson = False,
) -> None:
    """Show the hours of an expert's week, or set them; "" is none at all."""
    from bot import experts

    with working() as work:
        one = experts.find(work.connection, who)
        if spec is not None:
            one = experts.change(work.connection, work.content, one, {"hours": [spec]}, work.now)
        view = _view(work, one)
    _print(view, json_, "hours", "exceptions", "zone")


@app.command("except")
def except_(
    who: Who,
    day: Annotated[str, typer.Argument(metavar="DATE", help="Such as 2026-12-29.")],
    text: Annotated[str | None, typer.Argument(metavar="[HOURS|closed]", help="Without it, as every week.")] = None,
    json_: AsJson = False,
) -> None:
    """Give one day other hours, or none; what is booked on it already stays booked."""
    from bot import experts

    with working() as work:
        one = experts.except_day(work.connection, experts.find(work.connection, who), day, text)
        view = _view(work, one)
    _print(view, json_, "hours", "exceptions", "zone")


@app.command()
def off(who: Who, json_: AsJson = False) -> None:
    """Offer an expert no more; what is booked stays (`ahead`): banso booking list --expert ID."""
    _switch(who, False, json_)


@app.command()
def on(who: Who, json_: AsJson = False) -> None:
    """Offer an expert again."""
    _switch(who, True, json_)


@app.command()
def invite(who: Who, json_: AsJson = False) -> None:
    """Make a code; who sends it to the bot on LINE, Telegram or Slack is that expert from then on."""
    from bot import experts
    from storage import invites

    with working() as work:
        one = experts.find(work.connection, who)
        code = invites.make(work.connection, f"expert:{one.id}", work.now)
    show({"id": one.id, "code": code}, [code], json_)


@app.command()
def feed(
    who: Who,
    renew: Annotated[bool, typer.Option("--renew", help="Make both anew; the ones before end.")] = False,
    json_: AsJson = False,
) -> None:
    """Show the addresses of an expert's page and calendar; they are as good as keys."""
    from bot import experts
    from storage import experts as kept

    with working() as work:
        one = experts.find(work.connection, who)
        one = kept.renew(work.connection, one.id) if renew else one
        here = f"{work.settings.public_url}/x"
    addresses = {"page": f"{here}/{one.token}", "feed": f"{here}/{one.feed}.ics"}
    show({"id": one.id} | addresses, [f"{name}: {address}" for name, address in addresses.items()], json_)


def _switch(who: str, active: bool, json_: bool) -> None:
    from bot import experts
    from storage import experts as kept

    with working() as work:
        one = experts.find(work.connection, who)
        kept.keep(work.connection, one.id, active=active)
        view = _view(work, kept.get(work.connection, one.id))
    _print(view, json_, "name", "active", "ahead")


def _view(work: Work, one: "Expert") -> dict[str, Any]:
    from bot import experts

    return experts.views(work.connection, [one], work.now)[0]


def _print(view: dict[str, Any], json_: bool, *keys: str) -> None:
    """An expert, all of it or only what these keys name; as JSON always all of it."""
    from bot import experts

    show(view, experts.lines({key: view[key] for key in keys or view}), json_)
