"""The page of all screens: everything that can be edited is on it, with the place where it stands."""

import html
from pathlib import Path

import pytest

from bot.content import place, written
from bot.preview import write
from dialogs.content import packaged


@pytest.fixture(scope="module")
def written_page(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    out = tmp_path_factory.mktemp("preview") / "var" / "preview.html"
    return write(out), out.read_text(encoding="utf-8")


def test_every_question_is_shown_with_its_choices(written_page: tuple[int, str]) -> None:
    """By the place in check.toml, with all labels, also those behind a group."""
    _, page = written_page
    for question in packaged().questionnaire.questions.values():
        where, choices = place(packaged().questionnaire, question.id)
        assert f"<code>{where}</code>" in page
        assert choices in page
        assert html.escape(question.text.split("\n")[0]) in page
        assert all(html.escape(choice.label) in page for choice in question.choices)


def test_every_phrase_is_shown_and_filled(written_page: tuple[int, str]) -> None:
    """With the file that has it, and with what a made-up owner would read in its blanks."""
    _, page = written_page
    for piece in written():
        assert f"<code>{piece.place}</code>" in page
        assert f"<code>{piece.file}</code>" in page
    assert f"1. {next(iter(packaged().catalogue.advice.values())).title}" in page
    assert "{%" not in page


def test_every_piece_of_advice_is_shown_for_both_literacies(written_page: tuple[int, str]) -> None:
    """With company and alone."""
    _, page = written_page
    for advice in packaged().catalogue.advice.values():
        assert f"<code>advice[{advice.id}]</code>" in page
        for text in (advice.step_low, advice.step_high, advice.alone, advice.together, advice.effect):
            assert html.escape(text, quote=False).split("。")[0] in page


def test_the_four_results_are_shown_with_their_pictures(written_page: tuple[int, str]) -> None:
    """A share and a balance for each segment, drawn on the page itself."""
    _, page = written_page
    results = page[page.index('id="results"') : page.index('id="asks"')]
    assert results.count("<svg") == 8
    assert results.count("<article") == 4
    assert "<img" not in results


def test_the_number_of_screens_is_given(written_page: tuple[int, str]) -> None:
    """Each piece of advice counts for two."""
    screens, page = written_page
    content = packaged()
    assert screens == page.count('<div class="pv-look">')
    assert screens == len(content.questionnaire.questions) + 4 + len(list(written())) + 2 * len(
        content.catalogue.advice
    )


def test_nothing_is_shown_as_markup_that_is_text(tmp_path: Path) -> None:
    """The page stands alone: no script or picture of the chat's is fetched, and ids are its own."""
    write(tmp_path / "preview.html")
    page = (tmp_path / "preview.html").read_text(encoding="utf-8")
    ids = [part.split('"')[0] for part in page.split(' id="')[1:]]
    assert len(ids) == len(set(ids))
    assert "<script src" not in page
    assert "<img" not in page
