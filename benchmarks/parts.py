"""What a turn is made of, without a database: the engine; and the pictures of a result."""

import tempfile
from pathlib import Path

from benchmarks.databases import sqlite
from benchmarks.measuring import median, show, timed
from benchmarks.stored import new_intake
from bot.drawing import Drawing
from dialogs.content import packaged
from dialogs.record import Frame
from dialogs.replay import replay
from dialogs.steps import Ask, Flow
from scoring import pictures
from scoring.questionnaire import Choice, Question
from scoring.result import Result, from_json
from storage import Database, owners, results
from tests.talkers import ACCOUNT, CHANNEL, Talker

QUESTIONS = 45
TIMES = 2_000
DRAWN = 20


def engine() -> None:
    """(e) A replay of a flow of 45 questions, all of them answered."""
    choices = tuple(Choice(str(n), f"choice {n}") for n in range(4))
    questions = [Question(f"q{n}", "title", "text", choices) for n in range(QUESTIONS)]
    frame = Frame("check", "run", {question.id: "2" for question in questions})

    def flow() -> Flow:
        for question in questions:
            yield Ask(question)
        return None

    def run() -> None:
        assert len(replay(flow(), frame, lambda effect: None).trail) == QUESTIONS

    times = [timed(run) for _ in range(TIMES)]
    show(f"(e) a replay of {QUESTIONS} answered questions", f"{median(times) * 1000:6.0f} µs")


def drawing() -> None:
    """(f) The pictures of a result, from the result to PNG."""
    result = _result()
    artist = Drawing(packaged())
    for kind in ("share", "balance"):

        def draw(kind: str = kind) -> None:
            svg = artist.svg(kind, result, None)
            assert svg
            assert pictures.png(svg)

        draw()
        show(f"(f) the picture “{kind}”", f"{median([timed(draw) for _ in range(DRAWN)]):6.0f} ms")


def _result() -> Result:
    """The result of a made-up owner."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(sqlite(Path(folder), "result"))
        intake, talker = new_intake(database), Talker("drawn")
        stored = None
        while stored is None:
            talker.hear(intake.take(talker.event()))
            with database.reading() as connection:
                owner = owners.find(connection, CHANNEL, ACCOUNT, talker.address)
                assert owner
                stored = results.latest(connection, owner.id)
        database.close()
    return from_json(stored.result)
