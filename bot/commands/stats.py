"""`banso stats`: the service in numbers."""

from typing import Annotated

import typer

from bot.commands.opening import AsJson, show, working

app = typer.Typer(no_args_is_help=True, help="The service in numbers.")


@app.callback()
def stats() -> None:
    """The service in numbers."""


@app.command()
def nps(
    since: Annotated[str, typer.Option(help="Only answers from this day on, such as 2026-12-01.")] = "",
    reasons: Annotated[bool, typer.Option("--reasons", help="Also what owners wrote; keep it to yourselves.")] = False,
    json_: AsJson = False,
) -> None:
    """How likely owners are to recommend the check and the consultation, beside the national programme's figures."""
    from bot import stats

    with working() as work:
        found = stats.nps(work.connection, work.content.reference, since, reasons)
    show(found, stats.lines(found), json_)
