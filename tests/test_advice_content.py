"""What the advice file promises an owner: coverage, lengths, and references that lead somewhere."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from knowledge.reference import reference

SCORING = Path(__file__).parents[1] / "scoring"
ADVICE = tomllib.loads((SCORING / "advice.toml").read_text(encoding="utf-8"))
CHECK = tomllib.loads((SCORING / "check.toml").read_text(encoding="utf-8"))
PIECES: list[dict[str, Any]] = ADVICE["advice"]

OBLIGATORY = {
    *("id", "serves", "title", "kind", "effect", "sign", "cost", "step_low", "step_high"),
    *("alone", "material", "together", "desk", "source"),
}
OPTIONAL = {"about", "tool", "category", "items", "team", "industries", "practised"}
TEXTS = ("title", "kind", "effect", "sign", "step_low", "step_high", "alone", "together")
LONGEST = {"title": 20, "kind": 40, "step_low": 120, "step_high": 120}
SENTENCE = 70

# Facts of low confidence may not stand behind a sentence; what a tool costs is always one of them.
FACT = re.compile(r"(tool|ag|term)-[a-z0-9-]+(?<!-cost)")
LOW = {
    *("ag-chuokai", "ag-kokokara", "ag-itkeiei", "ag-expert", "ag-ninteishien", "ag-itc", "ag-smartsme"),
    *("ag-iotlab", "ag-webee", "term-nintei"),
}

every_piece = pytest.mark.parametrize("piece", PIECES, ids=[piece["id"] for piece in PIECES])


def ids(table: str) -> set[str]:
    return {row["id"] for row in CHECK[table]}


def sentences(text: str) -> Iterator[str]:
    return (sentence for sentence in re.split(r"(?<=。)", text) if sentence)


def test_every_challenge_is_served_by_three_pieces() -> None:
    """An owner with a single challenge still gets three things to do that serve it."""
    for challenge in ids("challenges"):
        assert sum(challenge in piece["serves"] for piece in PIECES) >= 3, challenge


def test_every_tool_has_its_piece() -> None:
    """Each tool that an owner may lack is proposed by exactly one piece."""
    assert sorted(piece["tool"] for piece in PIECES if "tool" in piece) == sorted(ids("tools"))


def test_every_category_has_a_piece() -> None:
    """A weak axis of the balance always has something to be done about it."""
    assert {piece["category"] for piece in PIECES if "category" in piece} == ids("categories")


def test_every_category_and_challenge_has_a_piece_for_anybody() -> None:
    """Who has every tool, or works alone, is still told what to do, without buying anything further."""
    rest = [piece for piece in PIECES if not piece.keys() & {"tool", "team", "industries", "practised"}]
    assert {piece["category"] for piece in rest if "category" in piece} == ids("categories")
    assert {challenge for piece in rest for challenge in piece["serves"]} == ids("challenges")


def test_ids_are_unique() -> None:
    """A piece is named by its id, so no two share one."""
    assert len({piece["id"] for piece in PIECES}) == len(PIECES)


def test_costs_are_labelled_and_called_an_estimate() -> None:
    """Every order of cost has its label, and the note says whose estimate it is."""
    assert set(ADVICE["costs"]) == {"1", "2", "3", "4", "note"}
    assert "私たちの目安" in ADVICE["costs"]["note"]


@every_piece
def test_piece_is_whole(piece: dict[str, Any]) -> None:
    """A piece has every field, no unknown one, and a cost that is labelled."""
    assert OBLIGATORY <= set(piece) <= OBLIGATORY | OPTIONAL
    assert all(piece[key].strip() for key in TEXTS)
    assert str(piece["cost"]) in ADVICE["costs"]


@every_piece
def test_piece_serves_what_its_tool_serves(piece: dict[str, Any]) -> None:
    """A piece claims known challenges, and of its tool no other use than the questionnaire does."""
    assert set(piece["serves"]) <= ids("challenges")
    if "tool" in piece:
        tool = next(tool for tool in CHECK["tools"] if tool["id"] == piece["tool"])
        assert set(piece["serves"]) <= set(tool["serves"])


@every_piece
def test_piece_mends_items_of_its_category(piece: dict[str, Any]) -> None:
    """Items are named only to be fewer than the category has."""
    whole = {item["id"] for item in CHECK["items"] if item["category"] == piece.get("category")}
    assert set(piece.get("items", ())) < whole or "items" not in piece


@every_piece
def test_lengths_hold(piece: dict[str, Any]) -> None:
    """Texts fit a phone: each field within its limit, each sentence short enough for one breath."""
    for key, limit in LONGEST.items():
        assert len(piece[key]) <= limit, key
    for key in TEXTS:
        for sentence in sentences(piece[key]):
            assert len(sentence) <= SENTENCE, sentence


@every_piece
def test_sentences_are_finished(piece: dict[str, Any]) -> None:
    """Running text ends in a full stop, labels don't; 自走 and 伴走 are one sentence each."""
    for key in ("effect", "step_low", "step_high", "alone", "together"):
        assert piece[key].endswith("。"), key
    for key in ("title", "kind", "sign"):
        assert "。" not in piece[key], key
    for key in ("alone", "together"):
        assert len(list(sentences(piece[key]))) == 1, key


@every_piece
def test_references_exist(piece: dict[str, Any]) -> None:
    """Whoever goes alone finds the material, whoever wants company finds the desk."""
    assert piece["material"] in reference().materials
    assert piece["desk"] in reference().desks


@every_piece
def test_source_is_named_and_not_of_low_confidence(piece: dict[str, Any]) -> None:
    """A piece is ours, or leans on facts none of which is of low confidence."""
    source = piece["source"]
    if source != "ours":
        assert source
        for fact in source:
            assert FACT.fullmatch(fact), fact
            assert fact not in LOW, fact


def test_what_a_desk_or_material_is_fits_a_line() -> None:
    """What a desk or material is, is told in sixty characters at most."""
    desks, materials = reference().desks, reference().materials
    told = [entry.what for entry in desks.values()] + [entry.what for entry in materials.values()]
    assert all(len(what) <= 60 for what in told)


def test_the_segments_add_up_to_the_total() -> None:
    """The four published segments are the whole of the businesses counted."""
    figures = reference().figures
    segments = [figure.value for key, figure in figures.items() if key.startswith("segment-")]
    assert len(segments) == 4
    assert sum(segments) == figures["total"].value == 4053
