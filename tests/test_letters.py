"""Letters as templates: what their texts may be made of, and what nothing is reckoned with."""

import pytest

from dialogs.letters import Letter, WrongLetter, named, written

DEEP = 150


@pytest.mark.parametrize(
    "text",
    [
        # Each of these would take gigabytes, or hours, were it only compiled.
        "{{ 'a' * 100000000000 }}",
        "{{ 9 ** 9 ** 9 ** 9 }}",
        "{{ step | default('a' * 100000000000) }}",
        "{% if 9 ** 9 ** 9 ** 9 %}x{% endif %}",
        "{{ '%099999999999d' % 1 }}",
        "{{ range(999999999) | join }}",
        "{% for one in step %}x{% endfor %}",
        "{{ step.__class__ }}",
        "{{ step | upper }}",
    ],
)
def test_a_text_that_reckons_is_refused_before_anything_is_reckoned(text: str) -> None:
    for read in (named, lambda letter: written(letter, {})):
        with pytest.raises(WrongLetter, match=r"^refused: "):
            read(Letter(text))


@pytest.mark.parametrize(
    "text",
    [
        "{{ " + "(" * DEEP * 4 + "step" + ")" * DEEP * 4 + " }}",
        "{{ " + "not " * DEEP * 3 + "step }}",
        "{{ " + "step or (" * DEEP + "step" + ")" * DEEP + " }}",
        "{% if step %}" * 74 + "x" + "{% endif %}" * 74,
        "{{ " + "9" * 1990 + " }}",
        "x" * 2001,
        "{{ step",
    ],
)
def test_whatever_stands_in_a_text_it_is_written_or_wrong(text: str) -> None:
    try:
        fields = named(Letter(text))
    except WrongLetter:
        with pytest.raises(WrongLetter):
            written(Letter(text), {})
    else:
        assert fields <= {"step"}
        assert len(written(Letter(text), {"step": "見積もりを2社から取る"})) <= 500


def test_a_text_names_fields_and_what_stands_there_without_them() -> None:
    letter = Letter(
        '{% if points and points != 100 %}{{ points }}点でした。{% endif %}{{ step or "まずは診断" }}から。'
    )
    assert named(letter) == {"points", "step"}
    assert written(letter, {"points": 62, "step": "見積もり"}) == "62点でした。見積もりから。"
    assert written(letter, {}) == "まずは診断から。"
