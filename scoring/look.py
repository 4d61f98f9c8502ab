"""The look shared by web pages and pictures: colours, sizes and fonts, read from look.toml."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Look:
    """The tokens, under the names that look.toml gives them."""

    ink: str
    soft_ink: str
    paper: str
    indigo: str
    persimmon: str
    leaf: str
    line: str
    text: int
    line_height: float
    radius: int
    step: int
    target: int
    web_fonts: tuple[str, ...]
    picture_font: str
    picture_width: int
    picture_margin: int
    picture_text: int
    never_first: str
    break_after: str


@cache
def look() -> Look:
    """Reads the one file of tokens; a missing or unknown token stops here."""
    tables = tomllib.loads(Path(__file__).with_name("look.toml").read_text("utf-8"))
    tokens = {name: value for table in tables.values() for name, value in table.items()}
    return Look(**{**tokens, "web_fonts": tuple(tokens["web_fonts"])})


def css_variables(look: Look) -> str:
    """Spells the tokens a page needs as custom properties of its root."""
    colours = ("ink", "soft_ink", "paper", "indigo", "persimmon", "leaf", "line")
    lengths = ("text", "radius", "step", "target")
    families = ", ".join(f'"{family}"' for family in look.web_fonts)
    variables = {
        **{name: getattr(look, name) for name in colours},
        **{name: f"{getattr(look, name)}px" for name in lengths},
        "line_height": look.line_height,
        "font": f"{families}, sans-serif",
    }
    return ":root{" + "".join(f"--{name.replace('_', '-')}:{value};" for name, value in variables.items()) + "}"
