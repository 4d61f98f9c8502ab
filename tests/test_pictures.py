"""The pictures of a result: everything said is drawn, readable, inside the picture, and in our own fonts."""

import multiprocessing
import struct
import tomllib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import pictures
from scoring.look import css_variables, look
from scoring.pictures import Axis, Bar, balance_svg, png, share_svg

SCORING = Path(pictures.__file__).parent
SVG = "{http://www.w3.org/2000/svg}"
BALANCE = ("ネット環境", "意識・方針", "お金のかけ方", "人と学び", "活用と安全")
TWELVE = "新規販路拡大事業承継準備"

BARS = [
    Bar("新たな販売先の拡大", 31, "urgent", started=False, earlier=35),
    Bar("事務業務の効率化", 27, "urgent", started=True, earlier=12),
    Bar("人材の確保", 9, "some", started=False),
]
AXES = [Axis(label, 40 + place, 61 + place, 81 + place) for place, label in enumerate(BALANCE)]


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 (our own drawing)


def texts(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in parsed(svg).iter(f"{SVG}text")]


def texts_in(svg: str, colour: str) -> list[str]:
    return ["".join(each.itertext()) for each in parsed(svg).iter(f"{SVG}text") if each.get("fill") == colour]


def sizes(picture: bytes) -> tuple[int, int]:
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert picture[12:16] == b"IHDR"
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


@cache
def font(name: str) -> TTFont:
    return TTFont(SCORING / "fonts" / name)


@cache
def advances() -> dict[str, float]:
    """The width of every character, in font sizes, in the wider of the two weights."""
    widths: dict[str, float] = {}
    for name in ("NotoSansJP-Regular.otf", "NotoSansJP-Bold.otf"):
        for code, glyph in font(name).getBestCmap().items():
            advance = font(name)["hmtx"][glyph][0] / font(name)["head"].unitsPerEm
            widths[chr(code)] = max(advance, widths.get(chr(code), 0))
    return widths


def extents(svg: str) -> Iterator[tuple[str, float, float, float]]:
    """Every text with its left end, right end and baseline, measured in the fonts themselves."""

    def walk(element: ElementTree.Element, size: float, left: float, anchor: str) -> Iterator[Any]:
        shift = element.get("transform", "translate(0 0)").removeprefix("translate(")
        left += float(shift.split()[0])
        anchor, size = element.get("text-anchor", anchor), float(element.get("font-size", size))
        if element.tag == f"{SVG}text":
            width = sum(advances().get(each, 1.0) for each in element.text or "") * size
            width += sum(
                sum(advances()[each] for each in part.text or "") * float(part.get("font-size", size))
                for part in element
            )
            start = left + float(element.get("x", 0)) - {"start": 0, "middle": width / 2, "end": width}[anchor]
            yield "".join(element.itertext()), start, start + width, float(element.get("y", 0))
        for child in element:
            yield from walk(child, size, left, anchor)

    yield from walk(parsed(svg), 16, 0, "start")


def test_the_share_shows_every_label_and_value() -> None:
    drawn = texts(share_svg(BARS, title="取組むべきことの占有率", note="11月のチェックから"))
    for said in ("取組むべきことの占有率", "11月のチェックから", *(bar.label for bar in BARS)):
        assert said in drawn
    for value in ("31%", "27%", "9%", "35%", "12%"):
        assert value in drawn


def test_the_balance_shows_every_label_and_value() -> None:
    drawn = texts(balance_svg(AXES, title="デジタル化推進バランス", note="24問から"))
    for said in ("デジタル化推進バランス", "24問から", *BALANCE):
        assert said in drawn
    for axis in AXES:
        assert {str(axis.value), str(axis.earlier), str(axis.peers)} <= set(drawn)


def test_bars_keep_their_order_and_only_the_first_is_persimmon() -> None:
    svg = share_svg(BARS, title="占有率")
    drawn = texts(svg)
    assert sorted((bar.label for bar in BARS), key=drawn.index) == [bar.label for bar in BARS]
    assert texts_in(svg, look().persimmon) == ["31%"]
    assert texts_in(svg, look().indigo) == ["27%", "9%"]


def test_bars_are_as_long_as_their_values_say() -> None:
    rows = [each for each in parsed(share_svg(BARS, title="占有率")).iter(f"{SVG}rect") if each.get("rx")]
    lengths = [float(each.get("width", 0)) / bar.percent for each, bar in zip(rows, BARS, strict=True)]
    assert max(lengths) == pytest.approx(min(lengths), rel=0.01)


def test_what_a_bar_is_stands_there_in_words() -> None:
    drawn = texts(share_svg(BARS, title="占有率"))
    assert (drawn.count("着手済み"), drawn.count("すぐに"), drawn.count("いずれは")) == (1, 2, 1)


def test_a_legend_stands_only_where_there_is_something_to_tell_apart() -> None:
    now = [Bar("人材の確保", 9, "some", started=False)]
    assert "前回" in texts(share_svg(BARS, title="占有率"))
    assert "前回" not in texts(share_svg(now, title="占有率"))
    only_now, with_peers = [Axis(x, 5) for x in BALANCE], [Axis(x, 5, peers=7) for x in BALANCE]
    assert {"今回", "前回", "同業他社"} <= set(texts(balance_svg(AXES, title="")))
    assert not {"今回", "前回", "同業他社"} & set(texts(balance_svg(only_now, title="")))
    assert {"今回", "同業他社"} == {"今回", "前回", "同業他社"} & set(texts(balance_svg(with_peers, title="")))


def test_lines_that_mean_different_things_are_drawn_differently() -> None:
    dashes = [each.get("stroke-dasharray") for each in parsed(balance_svg(AXES, title="")).iter(f"{SVG}path")]
    assert len({dash for dash in dashes if dash}) == 2


def test_an_earlier_value_that_is_missing_leaves_the_line_open() -> None:
    some = [Axis(label, 50, None if place == 2 else 40) for place, label in enumerate(BALANCE)]
    dashed = [
        x.get("d", "") for x in parsed(balance_svg(some, title="")).iter(f"{SVG}path") if x.get("stroke-dasharray")
    ]
    assert [(line.count("M"), line.count("Z")) for line in dashed] == [(3, 0)]


def test_no_challenge_gives_a_calm_picture() -> None:
    svg = share_svg([], title="占有率", note="11月のチェックから")
    assert {"占有率", "課題に選ばれたものはありません", "11月のチェックから"} <= set(texts(svg))
    assert look().persimmon not in svg
    assert sizes(png(svg))[0] == 1040


@pytest.mark.parametrize("count", [0, 2, 8])
def test_a_balance_of_too_few_or_too_many_axes_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="three to seven"):
        balance_svg([Axis("意識", 5)] * count, title="")


def test_values_that_cannot_be_drawn_are_refused() -> None:
    with pytest.raises(ValueError, match="0 to 100"):
        Axis("意識", 101)
    with pytest.raises(ValueError, match="0 to 100"):
        Bar("人材の確保", 5, "some", started=False, earlier=-1)
    with pytest.raises(ValueError, match="level"):
        Bar("人材の確保", 5, "none", started=False)


@pytest.mark.parametrize("label", ["<b>&\"'", "</text>", "]]>", "a\x00\x08\ud800b\ufffe", "一\n二"])
def test_signs_of_markup_stay_text(label: str) -> None:
    plain = "".join(sign for sign in label if sign.isprintable() or sign == "\n").replace("\n", " ")
    share = share_svg([Bar(label, 5, "some", started=False)], title=label, note=label)
    balance = balance_svg([Axis(label, 5)] * 3, title=label, note=label)
    assert texts(share).count(plain) == 3
    assert texts(balance).count(plain) == 5


def test_no_text_is_too_small_for_a_phone() -> None:
    for svg in (share_svg(BARS, title="x", note="x"), balance_svg(AXES, title="x", note="x"), share_svg([], title="x")):
        assert min(int(each.get("font-size", 99)) for each in parsed(svg).iter()) >= 34


@pytest.mark.parametrize("count", range(3, 8))
def test_the_longest_labels_stay_inside_and_apart(count: int) -> None:
    svg = balance_svg([Axis(TWELVE, 100, 100, 100)] * count, title="あ" * 60, note="い" * 200)
    drawn = list(extents(svg))
    assert all(left >= 64 and right <= 976 for _, left, right, _ in drawn)
    labels = [each for each in drawn if each[0] and each[0] in TWELVE]
    assert "".join(text for text, *_ in labels) == TWELVE * count
    for (_, left, right, y), (_, other_left, other_right, other_y) in combinations(labels, 2):
        assert right < other_left or other_right < left or abs(y - other_y) >= 40


def test_long_challenges_stay_clear_of_their_marks() -> None:
    svg = share_svg([Bar(TWELVE, 100, "some", started=True, earlier=100)] * 7, title="占有率")
    drawn = list(extents(svg))
    assert all(left >= 64 and right <= 976 for _, left, right, _ in drawn)
    assert max(right for text, _, right, _ in drawn if text == TWELVE) < min(
        left for text, left, _, _ in drawn if text == "着手済み"
    )


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=60), st.integers(0, 100), st.integers(0, 100), st.booleans())
def test_any_words_and_values_stay_inside(words: str, value: int, earlier: int, started: bool) -> None:
    for svg in (
        share_svg([Bar(words, value, "some", started, earlier)] * 2, title=words, note=words),
        balance_svg([Axis(words, value, earlier, 100 - value)] * (3 + value % 5), title=words, note=words),
    ):
        assert all(left >= 0 and right <= 1040 for _, left, right, _ in extents(svg))


def test_the_estimate_of_a_width_is_never_too_small() -> None:
    assert [sign for sign, width in advances().items() if pictures.em(sign) < width] == []


def test_lines_break_between_words() -> None:
    assert pictures.wrapped("とても長い区分の名前です", 38, 290) == ("とても長い", "区分の名前です")
    assert pictures.wrapped("デジタルマーケティング", 38, 290)[1][0] not in look().never_first
    assert pictures.wrapped("あ" * 100, 38, 290)[1].endswith("…")


def test_png_has_the_width_asked_for() -> None:
    svg = balance_svg(AXES, title="デジタル化推進バランス")
    height = int(parsed(svg).get("height", 0))
    assert sizes(png(svg)) == (1040, height)
    assert sizes(png(svg, width=240))[0] == 240


def test_words_are_really_drawn() -> None:
    drawn = {png(share_svg([Bar(label, 5, "some", started=False)], title="")) for label in ("", "人材", "財務", "髙﨑")}
    assert len(drawn) == 4  # empty boxes for what has no glyph would make two of them equal


def test_drawing_works_in_another_process() -> None:
    svg = share_svg(BARS, title="占有率")
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(png, svg).result() == png(svg)
        assert pool.submit(share_svg, BARS, title="占有率").result() == svg


@settings(deadline=None, max_examples=12)
@given(
    st.lists(
        st.builds(
            Axis,
            st.sampled_from([*BALANCE, TWELVE]),
            st.integers(0, 100),
            st.none() | st.integers(0, 100),
            st.none() | st.integers(0, 100),
        ),
        min_size=3,
        max_size=7,
    )
)
def test_any_balance_can_be_drawn(axes: list[Axis]) -> None:
    assert sizes(png(balance_svg(axes, title="デジタル化推進バランス")))[0] == 1040


@settings(deadline=None, max_examples=12)
@given(
    st.lists(
        st.builds(
            Bar,
            st.sampled_from([*BALANCE, TWELVE]),
            st.integers(0, 100),
            st.sampled_from(["urgent", "some"]),
            st.booleans(),
            st.none() | st.integers(0, 100),
        ),
        max_size=7,
    )
)
def test_any_share_can_be_drawn(bars: list[Bar]) -> None:
    assert sizes(png(share_svg(bars, title="取組むべきことの占有率")))[0] == 1040


def jis_level_one() -> str:
    rows = {row: range(0xA1, 0xD4 if row == 0xCF else 0xFF) for row in range(0xB0, 0xD0)}
    return "".join(bytes((row, cell)).decode("euc_jp") for row, cells in rows.items() for cell in cells)


@pytest.mark.parametrize("name", ["NotoSansJP-Regular.otf", "NotoSansJP-Bold.otf", "BansoSans.woff2"])
def test_the_fonts_hold_what_is_written(name: str) -> None:
    kana = "".join(map(chr, [*range(0x3041, 0x3094), *range(0x30A1, 0x30F7), 0x30FC]))
    templates = "".join(path.read_text("utf-8") for path in (SCORING / "pictures").glob("*.j2"))
    questions = (SCORING / "check.toml").read_text("utf-8")
    ascii_and_signs = "".join(map(chr, range(0x20, 0x7F))) + "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳％～〜－−（）「」、。・…髙﨑𠮷㈱"
    written = kana + jis_level_one() + templates + questions + ascii_and_signs
    assert [sign for sign in sorted(set(written) - {"\n"}) if ord(sign) not in font(name).getBestCmap()] == []


@pytest.mark.parametrize("name", ["NotoSansJP-Regular.otf", "NotoSansJP-Bold.otf", "BansoSans.woff2"])
def test_the_fonts_carry_their_licence(name: str) -> None:
    assert "SIL Open Font License" in font(name)["name"].getDebugName(13)
    assert "SIL OPEN FONT LICENSE Version 1.1" in (SCORING / "fonts" / "OFL.txt").read_text("utf-8")
    assert font(name)["name"].getDebugName(1) == look().picture_font


def test_the_fonts_are_small() -> None:
    assert sum(path.stat().st_size for path in (SCORING / "fonts").iterdir() if path.is_file()) < 6_000_000


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", ["ink", "soft_ink", "indigo", "persimmon", "leaf"])
def test_every_colour_of_text_is_readable_on_paper(name: str) -> None:
    assert (luminance(look().paper) + 0.05) / (luminance(getattr(look(), name)) + 0.05) >= 5


def test_pages_get_the_same_tokens() -> None:
    sheet = css_variables(look())
    assert sheet.startswith(":root{")
    colours = tomllib.loads((SCORING / "look.toml").read_text("utf-8"))["colours"]
    for name, value in colours.items():
        assert f"--{name.replace('_', '-')}:{value};" in sheet
    for length in ("--text:16px;", "--radius:12px;", "--step:8px;", "--target:44px;", "--line-height:1.7;"):
        assert length in sheet
