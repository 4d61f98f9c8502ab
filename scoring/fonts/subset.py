"""Cuts the two Noto Sans CJK JP fonts of Banso down to the characters Japanese business text needs."""

import argparse
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

from fontTools import subset

HERE = Path(__file__).parent
WEIGHTS = ("Regular", "Bold")

# Kept layout features: what horizontal Japanese setting uses. Left out are the old and vertical forms,
# which would keep thousands of glyphs no text of ours can reach.
FEATURES = ["ccmp", "halt", "kern", "liga", "mark", "palt"]

# Outside every set below, yet met in names of people and firms, and in marks our phrases may carry.
ALSO = (0x20BB7, 0x2013, 0x2014, 0x2022, 0x20AC, 0x2122, 0x2713, 0x301C, 0x30FB, 0xFF5E, 0x2212, 0xFF0D)


def two_bytes(codec: str, leads: range, trails: range) -> Iterator[int]:
    """Yields every character that the codec spells with two bytes in these ranges."""
    for lead in leads:
        for trail in trails:
            try:
                text = bytes((lead, trail)).decode(codec)
            except UnicodeDecodeError:
                continue
            if len(text) == 1:  # an unassigned cell may decode as two one-byte characters
                yield ord(text)


def characters() -> frozenset[int]:
    """JIS X 0208 whole, the vendor rows (circled numbers, 髙 and 﨑), half-width kana and Latin-1."""
    return frozenset(
        {
            *range(0x20, 0x7F),
            *range(0xA0, 0x100),
            *range(0xFF61, 0xFFA0),
            *two_bytes("euc_jp", range(0xA1, 0xFF), range(0xA1, 0xFF)),
            *two_bytes("cp932", range(0x81, 0xF0), range(0x40, 0xFD)),
            *two_bytes("cp932", range(0xFA, 0xFD), range(0x40, 0xFD)),
            *ALSO,
        }
    )


def options(flavor: str | None) -> subset.Options:
    """Says what a cut font keeps; the same input gives the same bytes on any day."""
    chosen = subset.Options()
    chosen.flavor = flavor
    chosen.layout_features = FEATURES
    chosen.name_IDs = ["*"]  # copyright and licence stay inside the file
    chosen.name_languages = ["*"]
    chosen.notdef_outline = True
    chosen.hinting = False  # neither the renderer nor phone screens use it; a fifth of the size
    chosen.drop_tables += ["vhea", "vmtx", "VORG", "DSIG"]  # we never set text vertically
    chosen.recalc_timestamp = False
    return chosen


def cut(source: Path, target: Path, flavor: str | None = None) -> None:
    """Writes the characters of `source` that we need to `target`."""
    chosen = options(flavor)
    with subset.load_font(str(source), chosen) as font:
        cutter = subset.Subsetter(chosen)
        cutter.populate(unicodes=characters())
        cutter.subset(font)
        subset.save_font(font, str(target), chosen)


def installed(weight: str) -> Path:
    """Finds the full font in the font package that was installed to build from."""
    return Path(str(import_module(f"noto_cjk_sans_jp_{weight.lower()}").FONT_PATH))


def main(arguments: Sequence[str] | None = None) -> None:
    """Cuts both weights for the pictures and the regular one for the web pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    for weight in WEIGHTS:
        parser.add_argument(f"--{weight.lower()}", type=Path, help=f"the full {weight} font (.otf)")
    given = vars(parser.parse_args(arguments))
    for weight in WEIGHTS:
        full = given[weight.lower()] or installed(weight)
        cut(full, HERE / f"NotoSansJP-{weight}.otf")
        if weight == "Regular":
            cut(full, HERE / "BansoSans.woff2", "woff2")


if __name__ == "__main__":
    main()
