"""Pictures of a result: the share of each challenge and the balance of digitalisation, as SVG and PNG."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import resvg_py
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scoring.look import look

HERE = Path(__file__).parent
LEVELS = ("urgent", "some")

# Font sizes; all other text has the size look().picture_text.
TITLE, LABEL, VALUE, HERO_LABEL, HERO_VALUE = 46, 38, 46, 44, 60
LINE = 1.32  # line height: tighter than running text, as no paragraph stands in a picture
LIFT = 0.88  # from the top of a line down to its baseline, in font sizes

# The share. Right of a bar stands its value, right of that an earlier value.
MARKS = 350  # room beside a label for the templates' words: the level, and before it 「着手済み」
BAR, HERO_BAR = 34, 46
GAP = 20  # between a bar, its value and an earlier value
ROWS_APART = 38
FULL = 40  # a bar of this many percent, or of the largest, is as long as there is room

# The balance. Zero is a ring, not the centre, so that five values near nothing stand apart and readable.
RADIUS, HOLE = 312, 56
RINGS = (0, 25, 50, 75, 100)
OUT = 44  # from a point to the middle of its value
CLEAR = 36  # from the middle of an outermost value to the label above or below it
ASIDE = 22  # from a point sideways to the edge of its value
LABEL_ROOM = 290
MARKER = 13

HARM = {"katakana": 4, "latin": 5, "hiragana": 1, "other": 2}  # of a break within a run of one script

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LONGEST = 400  # characters of any one text; more could not be shown


@dataclass(frozen=True, slots=True)
class Bar:
    """A challenge: how much of what there is to do it takes, in percent."""

    label: str
    percent: int
    level: str
    started: bool
    earlier: int | None = None

    def __post_init__(self) -> None:
        check(self.percent, self.earlier)
        if self.level not in LEVELS:
            raise ValueError(f"level must be one of {LEVELS}, not {self.level!r}")


@dataclass(frozen=True, slots=True)
class Axis:
    """A category of answers: its value now, and, where known, earlier and among peers."""

    label: str
    value: int
    earlier: int | None = None
    peers: int | None = None

    def __post_init__(self) -> None:
        check(self.value, self.earlier, self.peers)


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the picture."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Box:
    """What a value or a marker covers."""

    centre: Point
    half_width: float
    half_height: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text; `y` is its baseline."""

    text: str
    x: float
    y: float
    size: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A small marker with its number, of the kind "earlier" or "peers"; `y` is the number's baseline."""

    kind: str
    number: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Row:
    """A bar with its place; `end` and `ghost` are where it ends now and where it ended earlier."""

    bar: Bar
    lines: tuple[Line, ...]
    top: float
    thick: int
    end: float
    ghost: float | None
    value: Line
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Spoke:
    """An axis with its places, from the ring of zero out to its label."""

    axis: Axis
    root: Point
    tip: Point
    own: Point
    earlier: Point | None
    peers: Point | None
    value: Point
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...]


def share_svg(bars: Sequence[Bar], *, title: str, note: str = "") -> str:
    """Draws the bars in the order given; the first is the one to look at."""
    head = heading(title)
    if not bars:
        return page("calm", head, below(head) + 470, note)
    legend = any(bar.earlier is not None for bar in bars)
    rows = stacked(bars, below(head) + (86 if legend else 28), legend)
    return page("share", head, rows[-1].top + rows[-1].thick, note, rows=rows, legend=legend)


def balance_svg(axes: Sequence[Axis], *, title: str, note: str = "") -> str:
    """Draws the axes clockwise from the top: own values filled, earlier ones and those of peers as lines."""
    if not 3 <= len(axes) <= 7:
        raise ValueError(f"a balance must have three to seven axes, not {len(axes)}")
    head = heading(title)
    top = below(head) + 92 + block_height(axes[0])
    centre = Point(look().picture_width / 2, top + CLEAR + OUT + RADIUS)
    spokes = spread(axes, centre)
    return page(
        "balance",
        head,
        max(each.lines[-1].y + (LABEL if each.marks else 0) for each in spokes) + 14,
        note,
        spokes=spokes,
        rings=[outline([along(centre, place / len(axes), value) for place in range(len(axes))]) for value in RINGS],
        own=outline([each.own for each in spokes]),
        earlier=outline([each.earlier for each in spokes]),
        peers=outline([each.peers for each in spokes]),
        has_earlier=any(axis.earlier is not None for axis in axes),
        has_peers=any(axis.peers is not None for axis in axes),
    )


def png(svg: str, *, width: int = 1040) -> bytes:
    """Renders with our own fonts alone, so that every machine draws the same picture.

    The renderer holds the interpreter's lock while it draws (some 0.1 s): a server calls this in a
    process pool, as in a thread it would stop everything else in its process.
    """
    return resvg_py.svg_to_bytes(
        svg_string=svg,
        width=width,
        font_files=font_files(),
        font_family=look().picture_font,
        skip_system_fonts=True,
    )


def font_files() -> list[str]:
    """Names the two fonts that every picture is set in."""
    return [str(HERE / "fonts" / f"NotoSansJP-{weight}.otf") for weight in ("Regular", "Bold")]


# The page around a picture.


def heading(title: str) -> tuple[Line, ...]:
    """Sets the title, on two lines at most."""
    return block(wrapped(title, TITLE, inner()), TITLE, look().picture_margin, look().picture_margin - 8)


def below(head: Sequence[Line]) -> float:
    """Says where what follows the title may start."""
    return head[-1].y + 22


def page(name: str, head: tuple[Line, ...], bottom: float, note: str, **shapes: Any) -> str:
    """Fills a template; the picture is as high as what it holds."""
    size, margin = look().picture_text, look().picture_margin
    foot = block(wrapped(note, size, inner(), 3), size, margin, bottom + 66) if note.strip() else ()
    height = math.ceil((foot[-1].y if foot else bottom) + margin - 4)
    filled = {"look": look(), "head": head, "foot": foot, "rule": bottom + 42, "height": height, **shapes}
    return templates().get_template(f"{name}.svg.j2").render(filled)


@cache
def templates() -> Environment:
    """Holds the templates ready; every word put into one is escaped."""
    return Environment(
        loader=FileSystemLoader(HERE / "pictures"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def inner() -> int:
    """Says how much of a picture's width lies between its margins."""
    return look().picture_width - 2 * look().picture_margin


def check(*values: int | None) -> None:
    """Refuses what could only be drawn outside the picture."""
    for value in values:
        if value is not None and not 0 <= value <= 100:
            raise ValueError(f"a value must be from 0 to 100, not {value}")


# The share.


def stacked(bars: Sequence[Bar], top: float, legend: bool) -> list[Row]:
    """Places the bars one below the other, all to one scale."""
    largest = max(FULL, *(max(bar.percent, bar.earlier or 0) for bar in bars))
    values = GAP + number_width(100, HERO_VALUE)
    ghosts = GAP + mark_width("100%") if legend else 0
    scale = (inner() - values - ghosts - MARKER) / largest
    rows: list[Row] = []
    for bar in bars:
        rows.append(row(bar, top, scale, hero=not rows))
        top = rows[-1].top + rows[-1].thick + ROWS_APART
    return rows


def row(bar: Bar, top: float, scale: float, *, hero: bool) -> Row:
    """Places one bar under its label; the first one is larger, as colour alone must not set it apart."""
    left, label = look().picture_margin, HERO_LABEL if hero else LABEL
    thick, size = (HERO_BAR, HERO_VALUE) if hero else (BAR, VALUE)
    lines = block(wrapped(bar.label, label, inner() - MARKS), label, left, top)
    bar_top = lines[-1].y + 22
    end = left + bar.percent * scale
    ghost = None if bar.earlier is None else left + bar.earlier * scale
    value_x = max(end, (ghost or 0) + MARKER) + GAP
    baseline = bar_top + thick / 2 + size * 0.36
    number = Line(str(bar.percent), value_x, baseline, size)
    mark_x = value_x + number_width(bar.percent, size) + GAP
    marks = () if bar.earlier is None else (Mark("earlier", bar.earlier, mark_x, baseline),)
    return Row(bar, lines, bar_top, thick, end, ghost, number, marks)


def number_width(number: int, size: int) -> float:
    """Estimates a large number with its smaller percent sign."""
    return ems(str(number)) * size + ems("%") * look().picture_text


def mark_width(text: str) -> float:
    """Estimates a marker with the number beside it."""
    return 34 + ems(text) * look().picture_text


# The balance.


def spread(axes: Sequence[Axis], centre: Point) -> list[Spoke]:
    """Places the axes all round, each value where it hides no marker and no value placed before it."""
    turns = [place / len(axes) for place in range(len(axes))]
    points = [
        [None if value is None else along(centre, turn, value) for value in (axis.value, axis.earlier, axis.peers)]
        for axis, turn in zip(axes, turns, strict=True)
    ]
    taken = [Box(point, MARKER, MARKER - 2) for three in points for point in three if point]
    spokes: list[Spoke] = []
    for axis, turn, (_, earlier, peers) in zip(axes, turns, points, strict=True):
        own = along(centre, turn, axis.value)
        half = ems(str(axis.value)) * VALUE / 2
        value = free_place(half, own, centre, turn, taken)
        taken.append(Box(value, half, VALUE * 0.4))
        root, tip = along(centre, turn, 0), along(centre, turn, 100)
        spokes.append(Spoke(axis, root, tip, own, earlier, peers, value, *label_block(axis, centre, turn)))
    return spokes


def along(centre: Point, turn: float, value: float) -> Point:
    """Finds the place of a value on the axis that points `turn` of the way round."""
    return beyond(centre, turn, HOLE + (RADIUS - HOLE) * value / 100)


def beyond(start: Point, turn: float, distance: float) -> Point:
    """Goes a distance from a point, straight up at turn 0 and clockwise from there."""
    angle = 2 * math.pi * turn
    return Point(start.x + distance * math.sin(angle), start.y - distance * math.cos(angle))


def free_place(half: float, own: Point, centre: Point, turn: float, taken: Sequence[Box]) -> Point:
    """Finds where a value `half` wide to either side hides least: further out, in, past a marker, or aside."""

    def near(point: Point, turn: float) -> Point:
        away = beyond(Point(0, 0), turn, 1)
        return Point(point.x + away.x * (half + ASIDE), point.y + away.y * OUT)

    def depth(point: Point) -> float:
        return math.dist((point.x, point.y), (centre.x, centre.y))

    def hidden(place: Point) -> int:
        return sum(covers(Box(place, half, VALUE * 0.35), it) for it in taken)

    # Further in, a low value would stand among those of the other axes.
    inwards = [near(own, turn + 0.5)] if depth(own) > HOLE + 2 * OUT else []
    past = [near(beyond(own, turn, further), turn) for further in (OUT / 2, OUT)]
    past = [place for place in past if depth(place) < RADIUS + OUT]
    return min([near(own, turn), *inwards, *past, near(own, turn + 0.25), near(own, turn + 0.75)], key=hidden)


def covers(one: Box, other: Box) -> bool:
    """Says whether two boxes overlap."""
    return (
        abs(one.centre.x - other.centre.x) < one.half_width + other.half_width
        and abs(one.centre.y - other.centre.y) < one.half_height + other.half_height
    )


def label_block(axis: Axis, centre: Point, turn: float) -> tuple[tuple[Line, ...], tuple[Mark, ...]]:
    """Places a label with its marks above or below the tip, moved inwards where it would touch an edge."""
    texts = wrapped(axis.label, LABEL, LABEL_ROOM)
    numbers = [
        (kind, number) for kind, number in (("earlier", axis.earlier), ("peers", axis.peers)) if number is not None
    ]
    marks_width = sum(mark_width(str(number)) + GAP for _, number in numbers) - GAP
    half = max([*(ems(text) * LABEL for text in texts), marks_width]) / 2
    anchor = beyond(centre, turn, RADIUS + OUT)
    left, right = look().picture_margin, look().picture_width - look().picture_margin
    x = min(max(anchor.x, left + half), right - half)
    above = anchor.y <= centre.y + 1
    top = anchor.y - CLEAR - block_height(axis) if above else anchor.y + CLEAR
    lines = block(texts, LABEL, x, top)
    return lines, beside(numbers, x - marks_width / 2, lines[-1].y + LABEL * 1.16)


def beside(numbers: Iterable[tuple[str, int]], x: float, y: float) -> tuple[Mark, ...]:
    """Sets marks one after the other."""
    marks: list[Mark] = []
    for kind, number in numbers:
        marks.append(Mark(kind, number, x, y))
        x += mark_width(str(number)) + GAP
    return tuple(marks)


def block_height(axis: Axis) -> float:
    """Says how high a label is with the marks below it."""
    marks = axis.earlier is not None or axis.peers is not None
    return (len(wrapped(axis.label, LABEL, LABEL_ROOM)) + marks) * LABEL * LINE


def outline(points: Sequence[Point | None]) -> str:
    """Joins the points all round, leaving open what has no value."""
    steps = [
        f"M{a.x:.1f} {a.y:.1f}L{b.x:.1f} {b.y:.1f}"
        for a, b in zip(points, [*points[1:], points[0]], strict=True)
        if a and b
    ]
    if len(steps) < len(points):
        return "".join(steps)
    return "M" + "L".join(f"{point.x:.1f} {point.y:.1f}" for point in points if point) + "Z"


# Words.


def block(texts: Iterable[str], size: int, x: float, top: float) -> tuple[Line, ...]:
    """Sets lines of text below each other."""
    return tuple(Line(text, x, top + size * (LIFT + LINE * place), size) for place, text in enumerate(texts))


def wrapped(text: str, size: int, room: float, most: int = 2) -> tuple[str, ...]:
    """Breaks a text into lines of about one length; what even `most` lines cannot hold ends in dots."""
    text = " ".join(NOT_XML.sub("", text).splitlines())[:LONGEST].strip()
    if ems(text) * size <= room:
        return (text,)
    if most == 1:
        return (shortened(text, room / size),)
    place = break_place(text, room / size, most)
    return text[:place].rstrip(), *wrapped(text[place:], size, room, most - 1)


def shortened(text: str, room: float) -> str:
    """Cuts a text to its room, the dots included."""
    fits = sum(1 for end in accumulate(map(em, text)) if end + em("…") <= room)
    return text[:fits].rstrip() + "…"


def break_place(text: str, room: float, most: int) -> int:
    """Finds the best place for the first break: about the same length for all lines, between words."""
    ends = list(accumulate(map(em, text)))
    fair = ends[-1] / min(most, math.ceil(ends[-1] / room))

    def cost(place: int) -> float:
        overflow = ends[-1] - ends[place - 1] > room * (most - 1)
        return abs(ends[place - 1] - fair) + harm(text[place - 1], text[place]) + 50 * overflow

    return min((place for place in range(1, len(text)) if ends[place - 1] <= room), key=cost, default=1)


def harm(before: str, after: str) -> float:
    """Weighs a break between two characters: how much it would hurt a word, less than 0 where it helps."""
    if after in look().never_first:
        return 5
    if before in look().break_after:
        return -4
    first, second = script(before), script(after)
    if first == second:
        return HARM[first]
    return -3 if first == "hiragana" else 0  # a phrase most often ends in hiragana


def script(character: str) -> str:
    """Tells the scripts apart whose runs make words."""
    if "\u3040" <= character <= "\u309f":
        return "hiragana"
    if "\u30a0" <= character <= "\u30ff":
        return "katakana"
    return "latin" if character.isascii() and character.isalnum() else "other"


def ems(text: str) -> float:
    """Estimates the width of a text in font sizes, never too small."""
    return sum(map(em, text))


def em(character: str) -> float:
    """Estimates the width of a character in font sizes; our fonts are never wider (a test compares)."""
    match east_asian_width(character):
        case "W" | "F":
            return 1.0
        case "H":
            return 0.5
        case "A":
            return 1.08
    if character in "MWmw%@©":
        return 1.01
    if character.isdecimal():
        return 0.6
    return 0.78 if character.isupper() or character in "&✓" else 0.67
