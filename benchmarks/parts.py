"""What a turn is made of, without a database: the engine; and the pictures of a result."""

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.databases import sqlite
from benchmarks.measuring import median, show, timed
from benchmarks.stored import new_intake
from bot.drawing import Drawing
from dialogs.content import packaged
from dialogs.effects import Effect, Peers, SaveResult
from dialogs.engine import advance
from dialogs.record import Frame, Record
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


def check() -> None:
    """(e) The engine's part of the turns of a whole check, from the greeting to the result."""
    talker, kept = Talker("engine"), Record("tag")
    times = []
    while not any(message.picture for message in talker.messages):
        action = talker.event().action
        start = time.perf_counter()
        turn = advance(packaged(), kept, action, _performed)
        times.append((time.perf_counter() - start) * 1_000_000)
        talker.messages, kept = turn.messages, turn.record
    show(f"    the engine's part of a turn, in a check of {len(times)} turns", f"{median(times):6.0f} µs")


def _performed(effect: Effect) -> Any:
    """What storage would say to the owner of a first result, alone of their kind."""
    match effect:
        case SaveResult():
            return "token"
        case Peers():
            return {"n": 0, "segments": {}, "balance": {}}
        case _:
            return None


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
