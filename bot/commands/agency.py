"""`banso agency`: the agencies whose people use the desk."""

from typing import Annotated

import typer

from bot.commands.opening import AsJson, fail, show, working

app = typer.Typer(no_args_is_help=True, help="The agencies that use the desk.")

WHY = {"missing": "a name is missing", "long": "80 letters at the most", "taken": "there is one of that name already"}


@app.command()
def add(name: Annotated[str, typer.Argument(help="As owners read it.")], json_: AsJson = False) -> None:
    """Add an agency. The first of all is the one that runs this server: its admins see sums over all agencies."""
    from bot import members
    from storage import agencies, audits

    with working() as work:
        if why := members.agency_wrong(work.connection, name):
            fail(f"NAME: {WHY[why]}")
        made = agencies.add(work.connection, members.plain(name), work.now)
        audits.add(work.connection, made.id, None, "agency.add", work.now, f"agency:{made.id}")
    show({"id": made.id, "name": made.name, "home": made.home}, [f"{made.id}  {made.name}"], json_)


@app.command("list")
def list_(json_: AsJson = False) -> None:
    """List all agencies."""
    from storage import agencies

    with working() as work:
        found = agencies.all_of(work.connection)
    data = [{"id": one.id, "name": one.name, "home": one.home} for one in found]
    lines = [f"{one.id}  {one.name}{'  (home)' if one.home else ''}" for one in found]
    show(data, lines or ["There are none yet: banso agency add NAME"], json_)
