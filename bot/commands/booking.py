"""`banso booking`: what is booked, and an operator's hand in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.opening import AsJson, show, working

if TYPE_CHECKING:
    from bot.booked import Operator

app = typer.Typer(no_args_is_help=True, help="What is booked.")

Token = Annotated[str, typer.Argument(help="The booking, as `banso booking list` names it.")]


@app.command("list")
def list_(
    state: Annotated[list[str] | None, typer.Option(help="Only these; without it all but held and expired.")] = None,
    expert: Annotated[str, typer.Option(help="Only this expert's, by id or name.")] = "",
    since: Annotated[str, typer.Option("--from", help="From this day on, such as 2026-12-01.")] = "",
    until: Annotated[str, typer.Option("--to", help="Up to this day.")] = "",
    most: Annotated[int, typer.Option(min=1, help="How many at the most.")] = 100,
    json_: AsJson = False,
) -> None:
    """List bookings, the latest meeting first; times by Japan's clock (in JSON UTC)."""
    from bot import booked

    with _operator() as operator:
        found = booked.listed(operator.connection, state or (), expert, since, until, most)
        views = [operator.view(one) for one in found]
    show(views, map(booked.line, views) if views else ["There are none."], json_)


@app.command("show")
def show_(token: Token, json_: AsJson = False) -> None:
    """Show a booking, with the telephone number where the owner gave one, and what is still to be told of it."""
    from bot import booked, experts

    with _operator() as operator:
        view = operator.view(booked.locked(operator.connection, token), whole=True)
    told = [f"{timer['kind']} {timer['at']}" for timer in view["ahead"]]
    show(view, experts.lines(view | {"expert": view["expert"]["name"], "ahead": told}), json_)


@app.command()
def cancel(token: Token, json_: AsJson = False) -> None:
    """Cancel a booking; owner, expert and guests are told."""
    from bot import booked

    with _operator() as operator:
        view = operator.view(operator.cancel(token))
    show(view, [booked.line(view)], json_)


@app.command()
def move(
    token: Token,
    at: Annotated[str, typer.Argument(metavar="TIME", help='Such as "2026-12-03 15:00", by Japan\'s clock.')],
    expert: Annotated[str, typer.Option(help="Another expert, by id or name.")] = "",
    json_: AsJson = False,
) -> None:
    """Move a booking, as agreed on with both sides; owner, expert and guests are told."""
    from bot import booked

    with _operator() as operator:
        view = operator.view(operator.move(token, at, expert))
    show(view, [booked.line(view)], json_)


@contextmanager
def _operator() -> "Iterator[Operator]":
    from bot.booked import Operator
    from bot.house import house
    from bot.links import Links

    with working() as work:
        links = Links(work.settings.secret())
        yield Operator(work.connection, work.content, house(work.settings, links), work.now)
