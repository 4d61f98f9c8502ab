"""Whole conversations as plain text, replayed over the real path and compared to the letter.

A transcript is a title, a line on what it shows, and then what is said. The runner takes the owner's lines and the
events between them, and writes all the rest itself:

    あなた: [ラベル]            a tap; several one after another show the last answer only
    あなた: (2つ前の)[ラベル]   a tap on a button shown two steps before the latest
    あなた: 「言葉」            a typed text (⏎ for a new line, ␀ and ␉ for control characters, ×1000 for a long one)
    あなた: 「<合言葉>」         the code that was said last, which is another each time
    あなた: (スタンプ)          what is no text
    ―― 何かが起きる ――       an event of EVENTS

After a change of the words: pytest tests/test_transcripts.py --write-transcripts, and read the difference.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dialogs.content import packaged
from dialogs.events import Invited
from dialogs.messages import Button, Message
from scoring.questionnaire import Question, Questionnaire
from tests.talk import Talk

FOLDER = Path(__file__).with_name("transcripts")
OWNER, BOT, EVENT = "あなた: ", "伴走: ", "―― "
INDENT = "　　　"
KINDS = {
    "スタンプ": "sticker",
    "写真": "picture",
    "音声": "voice",
    "ファイル": "file",
    "送ったあとに直した文": "edited",
    "遅れて届いた文": "late",
}
CODE = re.compile(r"go-[0-9a-z]{8}")
CONTROLS = str.maketrans({"␀": "\0", "␉": "\t", "⏎": "\n"})


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_transcript(path: Path, database_url: str, request: pytest.FixtureRequest) -> None:
    """The conversation goes as written."""
    written = path.read_text(encoding="utf-8")
    played = play(written, database_url)
    if request.config.getoption("write_transcripts") and database_url.startswith("sqlite"):
        path.write_text(played, encoding="utf-8")
        return
    assert played == written


def test_every_event_is_told_somewhere() -> None:
    """The list of events holds nothing that no transcript uses."""
    told = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.txt"))
    assert [name for name in EVENTS if f"―― {name} ――" not in told] == []


# ---------------------------------------------------------------- playing


def play(written: str, url: str) -> str:
    """The transcript with the bot's lines as the bot says them now."""
    title, shows, *lines = written.splitlines()
    talk = Talk(url)
    played = [title, shows]
    for n, line in enumerate(lines, 3):
        if not line.startswith((OWNER, EVENT)):
            continue
        try:
            said = owner(talk, line.removeprefix(OWNER)) if line.startswith(OWNER) else EVENTS[line.strip("― ")](talk)
        except LookupError as error:
            error.add_note(f"line {n}: {line}")
            raise
        played += ["", line, *answer(said)]
    talk.close()
    return "\n".join(played) + "\n"


def owner(talk: Talk, line: str) -> tuple[Message, ...]:
    """Do what the owner's line says; gives the last answer."""
    typed = re.fullmatch(r"「(.*)」(?:×(\d+))?", line)
    if typed:
        text = talk.code() if typed[1] == "<合言葉>" else typed[1]
        return talk.say(text.translate(CONTROLS) * int(typed[2] or 1))
    sent = re.fullmatch(r"\((\w+)\)", line)
    if sent:
        return talk.send(KINDS[sent[1]])
    taps = re.fullmatch(r"(?:\((\d+)つ前の\))?((?:\[[^\]]+\])+)", line)
    if not taps:
        raise ValueError(f"not an owner's line: {line}")
    for label in re.findall(r"\[([^\]]+)\]", taps[2]):
        talk.tap_old(label, int(taps[1] or 0))
    return talk.shown()


def answer(messages: tuple[Message, ...]) -> list[str]:
    """The bot's messages as lines."""
    return [line for message in messages for line in bubble(message)]


def bubble(message: Message) -> list[str]:
    """One message as lines."""
    lines = CODE.sub("<合言葉>", message.text).splitlines()
    if message.picture:
        lines.append(f"(図:{message.picture.alt})")
    lines += choices(message)
    left = {None: "", 0: "(最後の質問)"}.get(message.left, f"(あと{message.left}問)")
    lines.append(" ".join([left, *map(button, message.side)]).strip())
    first, *rest = [line for n, line in enumerate(lines) if line or n < len(message.text.splitlines())]
    return [BOT + first, *(f"{INDENT}{line}".rstrip() for line in rest)]


def choices(message: Message) -> list[str]:
    """The buttons of a message: those with a hint on lines of their own, the others by group."""
    lines: list[str] = []
    group: str | None = None
    for one in message.buttons:
        if one.hint:
            heading = [f"({one.group})"] if one.group and one.group != group else []
            lines += [*heading, f"{button(one)} {one.hint}"]
        elif lines and one.group == group:
            lines[-1] += f" {button(one)}"
        else:
            lines.append(f"({one.group}) {button(one)}" if one.group else button(one))
        group = one.group
    ends = [button(one) for one in (message.done, message.none) if one]
    return [*lines, " ".join(ends)] if ends else lines


def button(one: Button) -> str:
    """A button as it stands in a transcript; what is random in its address is named."""
    pages = {"/r/": "<結果のページ>", "/me/": "<保存した内容>", "/link/": "<つなぎ方>"}
    address = next((name for path, name in pages.items() if one.url.startswith(path)), one.url)
    return f"[{'✓' if one.picked else ''}{one.label}{f' → {address}' if address else ''}]"


# ---------------------------------------------------------------- what may happen


def tell(change: Callable[[Questionnaire], Questionnaire]) -> Callable[[Talk], tuple[Message, ...]]:
    """An event: the questionnaire changes while the owner is under way."""

    def event(talk: Talk) -> tuple[Message, ...]:
        talk.with_content(replace(talk.content, questionnaire=change(talk.content.questionnaire)))
        return ()

    return event


def with_question(questionnaire: Questionnaire, question: Question) -> Questionnaire:
    """The questionnaire with one question put in place of that of the same id."""
    return replace(questionnaire, questions=questionnaire.questions | {question.id: question})


def without_choice(questionnaire: Questionnaire, id: str, label: str) -> Questionnaire:
    """The questionnaire with one choice less."""
    question = questionnaire.questions[id]
    kept = tuple(choice for choice in question.choices if choice.label != label)
    assert len(kept) < len(question.choices)
    return with_question(questionnaire, replace(question, choices=kept))


def with_item(questionnaire: Questionnaire) -> Questionnaire:
    """The questionnaire with one more item of Q4 in the short form, before all others."""
    first = questionnaire.items[0]
    item = replace(first, id="phone")
    question = replace(
        questionnaire.questions[first.question],
        id=item.question,
        title="スマホの活用",
        text="仕事の連絡に、スマホを使っていますか。",
    )
    return with_question(replace(questionnaire, items=(item, *questionnaire.items)), question)


def without_item(questionnaire: Questionnaire, id: str) -> Questionnaire:
    """The questionnaire with one item of Q4 less."""
    items = tuple(item for item in questionnaire.items if item.id != id)
    questions = {key: question for key, question in questionnaire.questions.items() if key != f"q4.{id}"}
    return replace(questionnaire, items=items, questions=questions)


def silently(talk: Talk, *steps: Callable[[], object]) -> tuple[Message, ...]:
    """Several things that show nothing."""
    for step in steps:
        step()
    return ()


def gone_to(talk: Talk, app: str) -> Talk:
    """The talk, in another app."""
    talk.go_to(app)
    return talk


EVENTS: dict[str, Callable[[Talk], tuple[Message, ...]]] = {
    "トークを開く": lambda talk: talk.open(),
    "同じ知らせが、もう一度届く": lambda talk: talk.again(),
    "再起動": lambda talk: silently(talk, talk.restart),
    "翌月、再起動のあと": lambda talk: silently(talk, lambda: talk.wait(days=30), talk.restart),
    "翌月": lambda talk: silently(talk, lambda: talk.wait(days=30)),
    "質問が1つ増えた": tell(with_item),
    "質問「社内の意見」がなくなった": tell(lambda q: without_item(q, "voices")),
    "質問「職場のネット環境」がなくなった": tell(lambda q: without_item(q, "net")),
    "選択肢「紙や口頭が中心」がなくなった": tell(lambda q: without_choice(q, "stage", "紙や口頭が中心")),
    "選択肢「財務の改善」がなくなった": tell(lambda q: without_choice(q, "picks", "財務の改善")),
    "結果のページで、結果を消す": lambda talk: talk.delete_result(),
    "20分たつ": lambda talk: silently(talk, lambda: talk.wait(minutes=20)),
    "もとの画面で": lambda talk: silently(talk, lambda: talk.go_to("owner")),
    "ほかのアプリで": lambda talk: silently(talk, lambda: talk.go_to("app")),
    "合言葉つきのリンクから、ほかのアプリを開く": lambda talk: gone_to(talk, "app").open(talk.code()),
    "グループに入れられる": lambda talk: gone_to(talk, "group").do(Invited()),
    "もとの質問に戻った": lambda talk: silently(talk, lambda: talk.with_content(packaged())),
}
