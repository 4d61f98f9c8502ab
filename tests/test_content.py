"""The check of all content: each kind of defect, planted in a copy, is told with file, place and remedy."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.content import ROOT, dream_problems, problems
from bot.platforms.limits import LIMITS
from dialogs.flows import FLOWS
from knowledge.problems import Problem
from scoring.questionnaire import check

TODAY = date(2026, 12, 1)
FOLDERS = ("scoring", "knowledge", "dialogs", "bot", "tests/transcripts")
KEPT = (".toml", ".py", ".j2", ".html", ".txt", ".md")

CHECK, ADVICE, REFERENCE = "scoring/check.toml", "scoring/advice.toml", "knowledge/reference.toml"
SAID, SIDE, WORDS = "dialogs/phrases/check.toml", "dialogs/phrases/side.toml", "dialogs/phrases/words.toml"

LIBRARY = "dialogs/library/jizokuka.toml"
ANSWERS, ENTRY = "dialogs/phrases/faq.toml", "knowledge/faq/invoice/invoice-toha.md"

LONG_SENTENCE = "あ" * 70 + "。"
LONG_TEXT = "\\n".join(["い" * 60 + "。"] * 10)
TOO_LONG_TEXT = "\\n".join(["い" * 60 + "。"] * 11)


class Copy:
    """A copy of all content, with defects to plant in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for path in (path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in KEPT):
            copy = root / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)

    def edit(self, file: str, old: str, new: str) -> None:
        text = (self.root / file).read_text(encoding="utf-8")
        assert old in text, f"{file} has no {old!r}"
        (self.root / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    def problems(self, today: date = TODAY) -> list[Problem]:
        return problems(self.root, today)

    def found(self, file: str, place: str) -> list[Problem]:
        return [problem for problem in self.problems() if (problem.file, problem.place) == (file, place)]


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def test_the_packaged_content_has_no_problem() -> None:
    """What is committed is in order."""
    assert problems(today=TODAY) == []


def test_a_copy_has_none_either(copy: Copy) -> None:
    """So each problem below is the planted one."""
    assert copy.problems() == []


@pytest.mark.parametrize(
    ("file", "old", "new", "place", "what", "remedy"),
    [
        # Of the step library.
        (LIBRARY, "12月4日までに", "12月3日までに", "steps[0].a.text", "stands in no entry", "in `facts`"),
        (LIBRARY, "先に、次の2つ", f"{LONG_SENTENCE}先に、次の2つ", "steps[0].a.text", "sentence of", "two"),
        # Of the questionnaire.
        (CHECK, 'serves = ["sales"]', 'serves = ["sails"]', "tools[shop].serves", "no challenge", "name an id"),
        (CHECK, "high_from = 30", "high_from = 60", "literacy.high_from", "can't be reached", "threshold"),
        (CHECK, "full = 45", "full = 40", "taps.full", "40 are promised", "ask less"),
        (CHECK, 'skip = "いまは答えない"', 'skip = ""', "vision.skip", "is empty", "write a text"),
        (CHECK, 'label = "課題ではない"', f'label = "{"課" * 21}"', "challenge.choices[none]", "21 char", "shorten"),
        (CHECK, 'label = "財務の改善"', f'label = "{"財" * 21}"', "challenges[finance].title", "21 char", "shorten"),
        (CHECK, 'title = "職場のネット環境"', f'title = "{"職" * 21}"', "items[net].title", "21 char", "shorten"),
        (CHECK, 'none = "とくにない"', f'none = "{"な" * 21}"', "picks.none", "21 characters", "shorten"),
        (CHECK, 'hint = "資金', f'hint = "{LONG_SENTENCE}資金', "challenges[finance].text", "sentence of", "two"),
        (CHECK, 'a = "道具を選ぶ', f'a = "{TOO_LONG_TEXT}', "pairs[q5.introduce].text", "holds 600", "two"),
        (CHECK, "examples = [", f'examples = ["{"夢" * 18}",', f"vision.examples[{'夢' * 18}]", "74 bytes", "shorten"),
        (CHECK, 'value = "sole"', f'value = "{"sole" * 12}"', f"form.choices[{'sole' * 12}]", "bytes", "shorten"),
        # Of the advice and the reference.
        (ADVICE, 'material = "itnavi"', 'material = "navi"', "advice[priority].material", "'navi'", "correct it"),
        (ADVICE, 'source = "ours"', 'source = ""', "advice[voice].source", "no source", "ours"),
        (ADVICE, 'effect = "電話', f'effect = "{LONG_SENTENCE}電話', "advice[chat].effect", "71 characters", "two"),
        (REFERENCE, 'id = "voices"', 'id = "voice"', "figures", "no 'voices'", "add it"),
        (REFERENCE, 'id = "segment-low-jiso"', 'id = "segment-low"', "figures", "no 'segment-low-jiso'", "add it"),
        (REFERENCE, 'what = "国の金融', f'what = "{LONG_SENTENCE}国', "desks[koukou].what", "71 characters", "two"),
        (REFERENCE, 'source = "国税庁・税務署の案内"', "", "desks[invoice].source", "is missing", "add `source"),
        # Of the phrases.
        (SIDE, "[button]", '[button]\nunheard-of = "もっと"', "button.unheard-of", "used nowhere", "remove it"),
        (SIDE, '"empty" =', '"blank" =', "say.blank", "used nowhere", "correct its name"),
        (SIDE, "later =", f'later = "{"後" * 21}"\nold =', "button.later", "21 characters", "shorten"),
        (SIDE, 'label = "直さずに戻る"', f'label = "{"直" * 21}"', "ask.answers.choices[-]", "21 char", "shorten"),
        (SIDE, '"back.first" =', f'"back.first" = "{LONG_SENTENCE}"\nold =', "say.back.first", "71 characters", "two"),
        (SIDE, '"back.first" =', '"back.first" = "{{ day }}"\nold =', "say.back.first", "'day'", "give it there"),
        (SIDE, '"back.first" =', '"back.first" = "{% if %}"\nold =', "say.back.first", "no Jinja2", "braces"),
        (SIDE, 'text = "何をしますか。"', f'text = "{TOO_LONG_TEXT}"', "ask.menu.text", "holds 600", "two"),
        (SIDE, 'value = "/help"', 'value = "/halp"', "ask.menu.choices[/halp]", "no command", "name one of"),
        (SAID, '"steps.one" =', f'"steps.one" = "{LONG_TEXT}{{{{ step }}}}"\nold =', "say.steps.one", "600", "two"),
        (WORDS, "menu = [", "menue = [", "commands.menue", "no command", "name one of"),
        (ADVICE, 'about = "website"', 'about = "webseite"', "advice[website].about", "no entry", "knowledge/faq"),
        (ANSWERS, '"see-invoice-toha"', '"see-x"', "ask.question.choices[see-x]", "no entry", "knowledge/faq"),
        (ENTRY, 'desk = "invoice"', 'desk = "nobody"', "desk", "not known", "name one of"),
    ],
)  # fmt: skip
def test_each_defect_is_told(copy: Copy, file: str, old: str, new: str, place: str, what: str, remedy: str) -> None:
    """In its file, at its place, with what is wrong and what to do; and nothing else is the matter there."""
    copy.edit(file, old, new)
    found = copy.found(file, place)
    assert len(found) == 1, copy.problems()
    assert what in found[0].what
    assert remedy in found[0].remedy


def test_a_phrase_that_no_file_has_is_told_where_it_is_said(copy: Copy) -> None:
    """Said outright, or by a function that is handed its name."""
    for name in ("sent", "old.run", "q4.begin", "alt.share"):
        file = SAID if name[0] in "qa" else SIDE
        copy.edit(file, f'"{name}" =', f'"{name}.not" =')
    missing = [problem for problem in copy.problems() if "no phrase file has" in problem.what]
    assert {(problem.file, problem.what.split("'")[1]) for problem in missing} == {
        ("dialogs/engine.py", "sent"),
        ("dialogs/engine.py", "old.run"),
        ("dialogs/flows/check.py", "q4.begin"),
        ("dialogs/flows/check.py", "alt.share"),
    }
    assert all(problem.place.startswith("line ") and "[say]" in problem.remedy for problem in missing)


@pytest.mark.parametrize(
    ("file", "old", "new", "kind", "name"),
    [
        (SIDE, "[ask.restart]", "[ask.anew]", "ask", "restart"),
        (SAID, "[ask.next-full]", "[ask.next-whole]", "ask", "next-full"),
        (SIDE, "done = ", "ready = ", "button", "done"),
    ],
)
def test_a_side_question_or_button_that_no_file_has_is_told(
    copy: Copy, file: str, old: str, new: str, kind: str, name: str
) -> None:
    """With the line of the code that wants it."""
    copy.edit(file, old, new)
    (missing,) = [problem for problem in copy.problems() if "no phrase file has" in problem.what]
    assert (repr(name) in missing.what, f"[{kind}]" in missing.remedy) == (True, True)
    assert missing.file.startswith("dialogs/")


def test_a_fact_is_told_once_it_has_ended(copy: Copy) -> None:
    """On its last day it still holds."""
    copy.edit(REFERENCE, 'id = "useful"\n', 'id = "useful"\nvalid_until = "2027-03-31"\n')
    copy.edit(REFERENCE, 'id = "47"\n', 'id = "47"\nvalid_until = 2027-03-30\n')
    assert copy.problems(date(2027, 3, 30)) == []
    assert [problem.place for problem in copy.problems(date(2027, 3, 31))] == ["yorozu[47].valid_until"]
    ended = copy.problems(date(2027, 4, 1))
    assert [problem.place for problem in ended] == ["yorozu[47].valid_until", "figures[useful].valid_until"]
    assert ended[1].file == REFERENCE
    assert "2027-03-31" in ended[1].what
    assert "source" in ended[1].remedy


def test_a_flow_without_a_transcript_is_told(copy: Copy) -> None:
    """Each flow has a conversation that shows it."""
    for path in (copy.root / "tests/transcripts").glob("*.txt"):
        path.unlink()
    found = copy.problems()
    assert [problem.what for problem in found] == [f"no transcript shows the flow {name!r}" for name in FLOWS]
    assert {(problem.file, bool(problem.remedy)) for problem in found} == {("tests/transcripts", True)}


def test_without_tests_transcripts_are_passed_over(copy: Copy, capsys: pytest.CaptureFixture[str]) -> None:
    """An installed package has none; that is said, and is no problem."""
    shutil.rmtree(copy.root / "tests")
    assert copy.problems() == []
    assert "transcripts passed over" in capsys.readouterr().out


def test_the_dream_is_never_first_and_never_required() -> None:
    """Asked first, it lost owners; so it comes after something easier, and can be passed over."""
    depth, dream, other = (check().questions[id] for id in ("form", "vision", "stage"))
    assert list(dream_problems((depth, other, dream))) == []
    (first,) = dream_problems((depth, dream, other))
    assert (first.place, first.what) == ("vision", "is asked first")
    (required,) = dream_problems((depth, other, replace(dream, none="")))
    assert (required.place, required.what) == ("vision", "can't be skipped")


BREAK: dict[str, Callable[[Path], object]] = {
    "no TOML": lambda path: path.write_text("[[", encoding="utf-8"),
    "no UTF-8": lambda path: path.write_bytes(b"\xff\xfe"),
    "missing": lambda path: path.unlink(),
}


@pytest.mark.parametrize("broken", [CHECK, ADVICE, REFERENCE, SIDE, WORDS])
@pytest.mark.parametrize("how", BREAK)
def test_a_broken_file_hides_no_problem_of_another(copy: Copy, broken: str, how: str) -> None:
    """And makes none up there: what it would have said can't be held against the others."""
    planted = {
        (CHECK, "literacy.high_from"): ("high_from = 30", "high_from = 60"),
        (ADVICE, "advice[voice].source"): ('source = "ours"', ""),
        (REFERENCE, "desks[invoice].source"): ('source = "国税庁・税務署の案内"', ""),
        (SAID, "button.unheard-of"): ("[button]", '[button]\nunheard-of = "x"'),
        (SIDE, "ask.menu.choices[/halp]"): ('value = "/help"', 'value = "/halp"'),
        (WORDS, "commands.menue"): ("menu = [", "menue = ["),
    }
    for (file, _), (old, new) in planted.items():
        copy.edit(file, old, new)
    BREAK[how](copy.root / broken)
    found = copy.problems()
    told = {(problem.file, problem.place) for problem in found if "no phrase file has" not in problem.what}
    # A missing phrase file is no defect of itself: the phrases that the code names are what is missed.
    lost = {(broken, "(file)")} if how != "missing" or broken != SIDE else set()
    assert told == {(file, place) for file, place in planted if file != broken} | lost


def test_many_problems_of_all_kinds_are_told_at_once(copy: Copy) -> None:
    """Whoever edits the content mends it in one go; each line is a file, a place, a defect and a remedy."""
    copy.edit(CHECK, 'title = "職場のネット環境"', f'title = "{"職" * 30}"')
    copy.edit(CHECK, "quick = 12", "quick = 3")
    copy.edit(ADVICE, 'desk = "bank"', 'desk = "banks"')
    copy.edit(SAID, '"steps.one" =', f'"steps.one" = "{LONG_TEXT}{{{{ step }}}}"\n"steps.none.not" =')
    copy.edit(SIDE, '"sent" =', '"sent.not" =')
    copy.edit(SIDE, "{{ limit }}つまで", "{{ most }}つまで")
    found = copy.problems()
    assert sorted((problem.file, problem.place) for problem in found if problem.file.endswith(".toml")) == [
        (SAID, "say.steps.none.not"),
        (SAID, "say.steps.one"),
        (SIDE, "say.many.limit"),
        (SIDE, "say.many.limit"),
        (SIDE, "say.sent.not"),
        (ADVICE, "advice[banking].desk"),
        (CHECK, "items[net].title"),
        (CHECK, "taps.quick"),
    ]
    assert len(found) == 9
    assert all(str(problem).startswith(f"{problem.file}: {problem.place}: ") for problem in found)
    assert all(problem.what and problem.remedy for problem in found)


def test_a_text_is_measured_once_by_the_platform_with_the_least_room(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fits there fits everywhere, so that a text too long for all of them is told in one line."""
    monkeypatch.setitem(LIMITS, "line", replace(LIMITS["line"], label=18))
    monkeypatch.setitem(LIMITS, "slack", replace(LIMITS["slack"], text=500))
    copy.edit(SIDE, "later =", f'later = "{"後" * 65}"\nold =')
    copy.edit(SIDE, 'text = "何をしますか。"', f'text = "{TOO_LONG_TEXT}"')
    assert [one.what for one in copy.found(SIDE, "button.later")] == ["has 65 characters, a label on line holds 18"]
    (long,) = (one.what for one in copy.found(SIDE, "ask.menu.text"))
    assert long.endswith("a message on slack holds 500")
