"""`banso member`: the people of agencies who sign in at the desk."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.opening import AsJson, Work, fail, show, working

if TYPE_CHECKING:
    from storage.members import Member

app = typer.Typer(no_args_is_help=True, help="The people of agencies who sign in at the desk.")

WHY = {
    "name": {"missing": "NAME: a name is missing", "long": "NAME: 40 letters at the most"},
    "mail": {
        "missing": "MAIL: an address is missing",
        "form": "MAIL: write an address such as hanako@example.jp",
        "taken": "MAIL: somebody has this address already",
    },
}
Mail = Annotated[str, typer.Argument(help="The mail address that they sign in with.")]


@app.command()
def add(
    agency: Annotated[str, typer.Argument(help="The agency, by id or name.")],
    name: Annotated[str, typer.Argument(help="As owners and colleagues read it.")],
    mail: Mail,
    role: Annotated[str, typer.Option(help="admin, officer or expert.")] = "officer",
    expert: Annotated[str | None, typer.Option(help="Which expert they are, by id or name.")] = None,
    json_: AsJson = False,
) -> None:
    """Add somebody, and print the link by which they choose a password: good once, and for three days."""
    from bot import members
    from bot.experts import find
    from storage.members import ROLES

    with working() as work:
        if role not in ROLES or (role == "expert") != (expert is not None):
            fail("--role: admin or officer, or expert together with --expert ID")
        for field, why in members.wrong(work.connection, name, mail).items():
            fail(WHY[field][why])
        one = find(work.connection, expert) if expert is not None else None
        if one and one not in members.free_experts(work.connection):
            fail("--expert: they are somebody at the desk already")
        agency_id = _agency(work, agency)
        made, path = members.add(work.connection, agency_id, name, mail, role, work.now, one.id if one else None)
        _noted(work, made, "member.add")
    _print_link(work, made, path, json_)


def _agency(work: Work, named: str) -> int:
    from storage import agencies

    found = [one for one in agencies.all_of(work.connection) if named in (str(one.id), one.name)]
    return found[0].id if found else fail(f"There is no agency {named}: banso agency list")


def _noted(work: Work, one: "Member", act: str) -> None:
    from storage import audits

    audits.add(work.connection, one.agency_id, None, act, work.now, one.named)


def _print_link(work: Work, one: "Member", path: str, json_: bool) -> None:
    link = f"{work.settings.public_url}{path}"
    show({"id": one.id, "link": link}, [link], json_)


@app.command("list")
def list_(json_: AsJson = False) -> None:
    """List all members of all agencies, and who can't sign in."""
    from storage import agencies, members

    with working() as work:
        found = [
            {
                "id": one.id,
                "agency": agency.name,
                "name": one.name,
                "mail": one.mail,
                "role": one.role,
                "active": one.active,
                "locked": one.active and not one.may_try(work.now),
                "ready": bool(one.password or one.subject),
            }
            for agency in agencies.all_of(work.connection)
            for one in members.of_agency(work.connection, agency.id)
        ]
    show(found, map(_line, found) if found else ["There are none yet: banso member add AGENCY NAME MAIL"], json_)


def _line(one: dict[str, object]) -> str:
    said = {"off": not one["active"], "locked out": one["locked"], "has yet to begin": not one["ready"]}
    marks = ", ".join(word for word, so in said.items() if so)
    return f"{one['id']}  {one['role']:8}{one['name']}  {one['mail']}  {one['agency']}{f'  ({marks})' if marks else ''}"


@app.command()
def reset(mail: Mail, json_: AsJson = False) -> None:
    """Print a new link for somebody who has lost password or telephone; they are signed out everywhere."""
    from bot import members

    with working() as work:
        one = _member(work, mail)
        if not one.active:
            fail("They are off; an admin of their agency can bring them back.")
        path = members.begin(work.connection, one, work.now)
        _noted(work, one, "member.reset")
    _print_link(work, one, path, json_)


@app.command()
def unlock(mail: Mail) -> None:
    """Let somebody who was locked out try again at once."""
    from storage import members

    with working() as work:
        one = _member(work, mail)
        members.keep(work.connection, one.id, fails=0, locked_until=None)
        _noted(work, one, "member.unlock")
    print("They can sign in again.")


def _member(work: Work, mail: str) -> "Member":
    from storage import members

    return members.find(work.connection, mail=mail) or fail("There is nobody with this address: banso member list")
