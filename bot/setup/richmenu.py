"""LINE's rich menu: its six areas, what a tap on each sends, and its picture."""

from dataclasses import dataclass
from typing import Any

from bot.setup import TEMPLATES, texts
from dialogs import presses
from dialogs.events import Command
from scoring import pictures
from scoring.look import look

# Every rich menu of ours has a name that begins so; owners never see it.
PREFIX = "banso"
WIDTH, HEIGHT = 2500, 1686
COLUMNS, ROWS = 3, 2


@dataclass(frozen=True, slots=True)
class Area:
    """One area: the command that it sends, its label, and its place in the picture."""

    command: str
    label: str
    x: int
    y: int
    width: int
    height: int


def areas() -> tuple[Area, ...]:
    """The areas, row by row; together they cover the picture."""
    return tuple(_area(text, *divmod(place, COLUMNS)) for place, text in enumerate(texts()["richmenu"]["areas"]))


def _area(text: dict[str, str], row: int, column: int) -> Area:
    left, right = (WIDTH * edge // COLUMNS for edge in (column, column + 1))
    top, bottom = (HEIGHT * edge // ROWS for edge in (row, row + 1))
    return Area(text["command"], text["label"], left, top, right - left, bottom - top)


def menu() -> dict[str, Any]:
    """The rich menu as LINE takes it."""
    return {
        "size": {"width": WIDTH, "height": HEIGHT},
        "selected": True,
        "name": f"{PREFIX} main",
        "chatBarText": texts()["richmenu"]["bar"],
        "areas": [{"bounds": _bounds(area), "action": _action(area)} for area in areas()],
    }


def _bounds(area: Area) -> dict[str, int]:
    return {"x": area.x, "y": area.y, "width": area.width, "height": area.height}


def _action(area: Area) -> dict[str, str]:
    return {
        "type": "postback",
        "label": area.label,
        "data": presses.encode(Command(area.command)),
        "displayText": area.label,
        # The menu takes a third of the screen, which the answer needs.
        "inputOption": "closeRichMenu",
    }


def svg() -> str:
    """The drawing of the picture."""
    template = TEMPLATES.get_template("richmenu.svg.j2")
    return template.render(look=look(), areas=areas(), width=WIDTH, height=HEIGHT)


def png() -> bytes:
    """The picture."""
    return pictures.png(svg(), width=WIDTH)
