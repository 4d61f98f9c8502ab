"""The engine under any sequence of actions: always an answer, always a valid state, the same each time."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import asdict, replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.platforms.limits import LIMITS
from dialogs import presses, record
from dialogs.content import Content, packaged
from dialogs.effects import (
    DeleteResult,
    EarlierResult,
    Effect,
    EraseOwner,
    ExportLink,
    FindAnswers,
    FindCode,
    JoinConversation,
    LatestResult,
    LookUp,
    MakeCode,
    Peers,
    Recognise,
    SaveResult,
)
from dialogs.engine import Turn, advance
from dialogs.events import SENT, Action, Command, Invited, Left, Linked, Opened, Picked, Said, Sent, Tapped, Toggled
from dialogs.messages import Message
from dialogs.messages import from_json as message_from_json
from dialogs.messages import to_json as message_to_json
from dialogs.outreach import OfferNews
from dialogs.record import Frame, Record
from dialogs.talks import PassOn
from scoring.questionnaire import Question
from scoring.result import to_json
from scoring.score import score

# The longest text that every platform shows in one message.
TEXT = min(limit.text for limit in LIMITS.values())
# A code from a conversation of the owner's elsewhere.
THEIRS = "go-theirs22"
FOUND = ["keika-rate-70", "toroku-hissu", "kisai", "tegaki"]
OWN_WORDS = "子どもたちに、この味を残したい。"
FAST = settings(derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), max_examples=40)


class World:
    """What effects would reach, in memory; a dict in place of the database."""

    def __init__(self) -> None:
        self.results: dict[tuple[str, str], dict[str, Any]] = {}
        self.performed: list[Effect] = []

    def perform(self, effect: Effect) -> Any:
        """Do what the effect says, as JSON data."""
        self.performed.append(effect)
        match effect:
            case SaveResult(run, answers, result):
                key = (run, result.score.depth)
                kept = {"token": f"token-{'-'.join(key)}", "day": "12月1日(火)", "answers": answers}
                self.results.pop(key, None)
                self.results[key] = json.loads(json.dumps(kept | {"result": to_json(result)}))
                return kept["token"]
            case EarlierResult(run, depth):
                return next((kept for key, kept in reversed(self.results.items()) if key != (run, depth)), None)
            case LatestResult():
                return next(reversed(self.results.values()), None)
            case DeleteResult(token):
                found = [key for key, kept in self.results.items() if kept["token"] == token]
                return [self.results.pop(key) for key in found] != []
            case Peers():
                return {"n": 0, "segments": {}, "balance": {}}
            case ExportLink():
                return "/me/1"
            case MakeCode():
                return {"code": "go-abcd2345", "minutes": 15}
            case FindAnswers() | Recognise() | LookUp():
                return answered(effect)
            case FindCode(code):
                return {THEIRS: "other", "go-abcd2345": "own"}.get(code, "")
            case JoinConversation():
                return True
            case EraseOwner():
                self.results.clear()
        return None


def answered(effect: FindAnswers | Recognise | LookUp) -> Any:
    """What a FAQ would give that knows of インボイス and 電帳法."""
    match effect:
        case FindAnswers(text):
            return {"confident": "インボイス" in text, "outside": "", "ids": FOUND, "asked": 1}
        case Recognise(text):
            return text == "電帳法"
        case LookUp(id):
            return {"id": id, "standing": "valid", "ended": ""}


class Owner:
    """A conversation with the bare engine."""

    def __init__(self, content: Content | None = None) -> None:
        self.content = content or packaged()
        self.world = World()
        self.record = Record("abcdef")
        self.turns: list[Turn] = []

    def act(self, action: Action) -> Turn:
        """Take an action."""
        turn = advance(self.content, self.record, action, self.world.perform)
        self.record = turn.record
        self.turns.append(turn)
        return turn

    def command(self, name: str) -> Turn:
        """Give a command."""
        return self.act(Command(name))

    def answer(self, value: Any) -> Turn:
        """Answer the question that was asked last."""
        return self.act(answering(self.record.top, value))

    def asked(self) -> str:
        """The id of the question that was asked last."""
        return self.record.top.asked

    def ended(self) -> bool:
        """Whether the check has come to its result."""
        return self.asked().startswith("next-")

    def answers(self) -> dict[str, Any]:
        """The answers of the check."""
        return self.record.frames[0].answers

    def finish(self, answers: dict[str, Any]) -> list[str]:
        """Answer what is asked until there is a result; gives the questions asked, in order."""
        asked = []
        while not self.ended():
            asked.append(self.asked())
            self.answer(answers[self.asked()])
        return asked

    def result(self) -> dict[str, Any]:
        """The latest result, without what names its run."""
        kept = next(reversed(self.world.results.values()))
        return {key: kept[key] for key in ("answers", "result")}


def answering(frame: Frame, value: Any) -> Action:
    """The action that answers a frame's question with this value."""
    if isinstance(value, list):
        return Picked(frame.run, frame.asked, tuple(value))
    return Said(value) if value == OWN_WORDS else Tapped(frame.run, frame.asked, value)


def begun(depth: str) -> Owner:
    """An owner who has just chosen a depth."""
    owner = Owner()
    owner.act(Opened())
    owner.answer(depth)
    return owner


def values(question: Question) -> st.SearchStrategy[Any]:
    """Every answer that a question may get."""
    choices = [choice.value for choice in question.choices]
    if question.kind == "many":
        return st.lists(st.sampled_from(choices), unique=True, max_size=question.limit or None).map(
            lambda picked: [value for value in choices if value in picked]
        )
    return st.sampled_from([*choices, "", OWN_WORDS] if question.kind == "text" else choices)


QUESTIONS = packaged().questionnaire.questions
ANY = st.fixed_dictionaries({id: values(question) for id, question in QUESTIONS.items()})
NO_CHALLENGE = {id: "none" for id in QUESTIONS if id.startswith("q2.")}
# One in two or so marks no challenge at all, which skips a question.
ANSWERS = st.one_of(ANY, ANY.map(lambda answers: answers | NO_CHALLENGE))
DEPTHS = pytest.mark.parametrize("depth", ["quick", "full"])


def fitting(answers: dict[str, Any]) -> dict[str, Any]:
    """The answers without what was begun on challenges that were not marked, which is never offered."""
    marked = [id for id in answers["started"] if answers[f"q2.{id}"] in ("urgent", "some")]
    return answers | {"started": marked}


# ---------------------------------------------------------------- straight through


@DEPTHS
@FAST
@given(answers=ANSWERS)
def test_straight_through(depth: str, answers: dict[str, Any]) -> None:
    """Every question once, the progress counted down by one, the result scored from just these answers."""
    answers = fitting(answers)
    owner = begun(depth)
    asked = owner.finish(answers)
    assert len(asked) == len(set(asked))
    kept = {"depth": depth} | {id: answers[id] for id in asked}
    assert {id: value for id, value in owner.answers().items() if id in kept} == kept
    assert owner.result()["result"]["score"] == json.loads(json.dumps(asdict(score(packaged().questionnaire, kept))))
    left = [message.left for turn in owner.turns for message in turn.messages if message.left is not None]
    skipped = [n for n, (here, after) in enumerate(pairwise(left)) if here - after != 1]
    assert left[-1] == 0
    # Only the question about what has been begun may drop out, right after the challenges.
    assert skipped == ([] if depth == "quick" or "started" in asked else [6])


@FAST
@given(answers=ANSWERS)
def test_deepening_asks_nothing_twice(answers: dict[str, Any]) -> None:
    """From the quick depth into the full one, no question comes again, and the answers are those of a full check."""
    owner = begun("quick")
    first = owner.finish(answers)
    owner.command("deepen")
    marked = {f"q2.{id}": "urgent" for id in answers["picks"]}
    answers = fitting(answers | marked)
    second = owner.finish(answers)
    assert not set(first) & set(second)
    assert not set(marked) & set(second)
    straight = begun("full")
    straight.finish(answers)
    assert owner.result() == straight.result()


@DEPTHS
def test_a_run_is_pure(depth: str) -> None:
    """What was done is in the record: running over a whole check again reaches nothing outside."""
    owner = begun(depth)
    owner.finish(
        {id: question.choices[0].value for id, question in QUESTIONS.items()} | {"started": [], "q3": [], "picks": []}
    )

    def unreachable(effect: Effect) -> Any:
        # Whether words are known, and whether they are for a person, is asked of every text, and changes nothing; and
        # whoever opens the chat may have blocked us before.
        assert isinstance(effect, Recognise | PassOn | OfferNews), f"done again: {effect}"

    for action in (Opened(), Command("answers"), Command("menu"), Said("?"), Sent("sticker")):
        advance(owner.content, owner.record, action, unreachable)


# ---------------------------------------------------------------- back and editing


@DEPTHS
@FAST
@given(answers=ANSWERS, data=st.data())
def test_back_and_forward_again(depth: str, answers: dict[str, Any], data: st.DataObject) -> None:
    """Going back any number of questions and forward again leaves every answer as it was."""
    answers = fitting(answers) | {"depth": depth}
    owner = begun(depth)
    asked = owner.finish(answers)
    before, result = owner.answers(), owner.result()
    for _ in range(data.draw(st.integers(1, len(asked) + 1))):
        owner.command("back")
    owner.finish(answers)
    assert owner.answers() == before
    assert owner.result() == result


@DEPTHS
@FAST
@given(answers=ANSWERS, edits=ANSWERS, data=st.data())
def test_edited_answers_end_as_if_given_at_once(
    depth: str, answers: dict[str, Any], edits: dict[str, Any], data: st.DataObject
) -> None:
    """Answers changed from the list end in the very result of a check that was answered so from the beginning."""
    owner = begun(depth)
    asked = owner.finish(fitting(answers))
    for id in data.draw(st.lists(st.sampled_from(asked), min_size=1, max_size=4)):
        owner.command("answers")
        rows = [choice.value for choice in owner_choices(owner)]
        if id not in rows:
            owner.answer("-")
            continue
        owner.answer(id)
        assert owner.asked() == id
        offered = {choice.value for choice in owner_choices(owner)}
        new = [value for value in edits[id] if value in offered] if isinstance(edits[id], list) else edits[id]
        owner.answer(new)
        owner.finish(fitting(answers | edits | owner.answers()))
        assert owner.answers()[id] == new
    straight = begun(depth)
    straight.finish(owner.answers())
    assert straight.result() == owner.result()
    assert straight.answers() == owner.answers()


def owner_choices(owner: Owner) -> list[Any]:
    """The values of the buttons that were shown last."""
    shown = [presses.decode(button.press) for button in owner.turns[-1].messages[-1].buttons]
    return [press for press in shown if isinstance(press, (Tapped, Toggled))]


@FAST
@given(answers=ANSWERS, data=st.data())
def test_a_second_tap_answers_nothing(answers: dict[str, Any], data: st.DataObject) -> None:
    """Every button tapped twice, back among them: the second tap changes no answer and says so."""
    owner = begun("quick")
    for _ in range(data.draw(st.integers(0, 5))):
        owner.answer(answers[owner.asked()])
    assume(not owner.ended())
    tapped = data.draw(
        st.sampled_from(
            [
                Command("back", f"{owner.record.top.run}:{owner.asked()}"),
                answering(owner.record.top, answers[owner.asked()]),
            ]
        )
    )
    owner.act(tapped)
    before = owner.answers()
    again = owner.act(tapped)
    assert owner.answers() == before
    assert again.messages[0].text


# ---------------------------------------------------------------- a questionnaire that changes


def with_item(content: Content) -> Content:
    """The content with one item of Q4 more, before all others."""
    questionnaire = content.questionnaire
    item = replace(questionnaire.items[0], id="phone")
    question = replace(questionnaire.questions["q4.net"], id=item.question)
    questions = questionnaire.questions | {question.id: question}
    return replace(
        content, questionnaire=replace(questionnaire, items=(item, *questionnaire.items), questions=questions)
    )


@pytest.mark.parametrize("shown", ["q3", "q4.net", "prefecture", "vision"])
@pytest.mark.parametrize("typed", [True, False])
def test_an_answer_to_what_was_shown_is_kept(shown: str, typed: bool) -> None:
    """A question comes in before the one that the owner looks at: the answer counts, and only the new one is asked."""
    answers: dict[str, Any] = {id: question.choices[0].value for id, question in QUESTIONS.items()}
    answers |= {"started": [], "q3": ["storage"], "vision": OWN_WORDS}
    owner = begun("full")
    while owner.asked() != shown:
        owner.answer(answers[owner.asked()])
    owner.content = with_item(packaged())
    given = QUESTIONS[shown].choices[0].label if shown != "vision" else OWN_WORDS
    owner.act(Said(given)) if typed else owner.answer(answers[shown])
    assert owner.answers()[shown] == answers[shown]
    asked = owner.finish(answers | {"q4.phone": "4"})
    assert shown not in asked
    assert "q4.phone" in asked


# ---------------------------------------------------------------- any sequence of actions

WORDS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "はい",
            "いいえ",
            "1と3",
            "全部",
            "なし",
            "2",
            "１２人",
            "？？？？",
            "インボイスって何ですか",
            "　",
            "\0\t",
            "あ" * 10_000,
        ]
    ),
    st.sampled_from(sorted(packaged().phrases.words.commands)),
    st.sampled_from([name for q in QUESTIONS.values() for c in q.choices for name in (c.label, *c.also)]),
)
COMMANDS = [
    "back",
    "later",
    "resume",
    "restart",
    "answers",
    "menu",
    "help",
    "data",
    "erase",
    "steps",
    "deepen",
    "start",
    "discard",
    "question",
    "consult",
    "support",
    "result",
    "settings",
    "link",
    "join",
    "check",
    "nonsense",
]


def without_voices(content: Content) -> Content:
    """The content with one item of Q4 less and one choice less."""
    questionnaire = content.questionnaire
    stage = questionnaire.questions["stage"]
    questions = questionnaire.questions | {"stage": replace(stage, choices=stage.choices[1:])}
    questions.pop("q4.voices")
    items = tuple(item for item in questionnaire.items if item.id != "voices")
    return replace(content, questionnaire=replace(questionnaire, items=items, questions=questions))


CONTENTS = [packaged(), without_voices(packaged())]


class AnyOwner(RuleBasedStateMachine):
    """An owner who does anything at all, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.owner = Owner()
        self.changed = False

    @initialize(depth=st.sampled_from(["quick", "full"]), count=st.integers(0, 40), answers=ANSWERS)
    def begin(self, depth: str, count: int, answers: dict[str, Any]) -> None:
        self.act(Opened())
        self.act(answering(self.owner.record.top, depth))
        for _ in range(count):
            if not self.owner.ended():
                self.act(answering(self.owner.record.top, fitting(answers)[self.owner.asked()]))

    @rule(data=st.data())
    def tap(self, data: st.DataObject) -> None:
        self.act(data.draw(st.sampled_from(pressed(self.owner.turns[-1].messages))))

    @rule(data=st.data(), back=st.integers(1, 30))
    def tap_old(self, data: st.DataObject, back: int) -> None:
        self.act(data.draw(st.sampled_from(pressed(self.owner.turns[-min(back, len(self.owner.turns))].messages))))

    @rule(text=WORDS)
    def say(self, text: str) -> None:
        self.act(Said(text))

    @rule(kind=st.sampled_from([*SENT, "of a kind to come"]))
    def send(self, kind: str) -> None:
        self.act(Sent(kind))

    @rule(
        name=st.sampled_from(COMMANDS), argument=st.sampled_from(["", "abcdef.1:picks", "token-abcdef.1-quick", THEIRS])
    )
    def command(self, name: str, argument: str) -> None:
        self.act(Command(name, argument))

    @rule(
        run=st.sampled_from(["abcdef.1", "abcdef.2", "abcdef.99", "fedcba.1", ""]),
        question=st.sampled_from([*QUESTIONS, "answers", "nonsense"]),
        value=st.sampled_from(["", "4", "urgent", "nonsense"]),
        kind=st.sampled_from([Tapped, Toggled]),
    )
    def forge(self, run: str, question: str, value: str, kind: type[Tapped | Toggled]) -> None:
        self.act(kind(run, question, value))

    @rule(action=st.sampled_from([Opened(), Linked()]))
    def open(self, action: Action) -> None:
        self.act(action)

    @rule()
    def restart(self) -> None:
        self.owner.record = stored(self.owner.record)

    @precondition(lambda self: not self.changed)
    @rule()
    def change_questionnaire(self) -> None:
        self.changed = True
        self.owner.content = CONTENTS[1]

    @invariant()
    def record_can_be_stored(self) -> None:
        assert stored(self.owner.record) == self.owner.record

    def act(self, action: Action) -> None:
        """Take an action, and look at everything that must hold after it."""
        before, world = self.owner.record, deepcopy(self.owner.world)
        turn = self.owner.act(action)
        assert advance(self.owner.content, stored(before), action, world.perform) == turn
        if joined(turn):
            # What is said next is said by the conversation that goes on.
            turn = self.owner.act(Linked())
        look_at(turn)
        if before.frames and not self.changed and is_old(before, action):
            assert turn.record.frames[0].answers == before.frames[0].answers
            assert turn.record.frames[0].run == before.frames[0].run


def joined(turn: Turn) -> bool:
    """Whether a turn ended this conversation in favour of another."""
    return not turn.messages


def stored(kept: Record) -> Record:
    """The record as it comes back from the database."""
    return record.from_json(kept.tag, json.loads(json.dumps(record.to_json(kept), ensure_ascii=False)))


def pressed(messages: tuple[Message, ...]) -> list[Action]:
    """What the buttons of these messages do."""
    buttons = [b for m in messages for b in (*m.buttons, *m.side, *(x for x in (m.done, m.none) if x)) if b.press]
    actions = [presses.decode(button.press) for button in buttons]
    return [action for action in actions if action is not None] or [Opened()]


def is_old(before: Record, action: Action) -> bool:
    """Whether an action is a button that belongs to no question that is open."""
    places = [f"{frame.run}:{frame.asked}" for frame in before.frames]
    match action:
        case Tapped(run, question) | Toggled(run, question) | Picked(run, question):
            return f"{run}:{question}" not in places
        case Command("back", place) if place:
            return place not in places
        case _:
            return False


def look_at(turn: Turn) -> None:
    """What every turn must be: something is said, there is a way on, and it can be shown everywhere."""
    assert turn.messages
    for message in turn.messages:
        assert message.text.strip() or message.picture
        assert len(message.text) <= TEXT
        assert message_from_json(json.loads(json.dumps(message_to_json(message)))) == message
        for button in (*message.buttons, *message.side, *(x for x in (message.done, message.none) if x)):
            assert button.label
            assert bool(button.press) != bool(button.url)
            if button.press:
                action = presses.decode(button.press)
                assert action
                assert presses.encode(action) == button.press
                assert len(button.press.encode()) <= presses.LIMIT
    # A way on: the last message can be answered.
    assert any(button.press for button in turn.messages[-1].buttons)
    # Nothing is said twice in one breath.
    texts = [message.text for message in turn.messages if message.text]
    assert len(texts) == len(set(texts))
    if turn.record.frames:
        # Who has just stopped the news is asked nothing; what was open stays so.
        stopped = turn.messages[-1].text == packaged().phrases.say("news.out")
        assert stopped or turn.messages[-1].kind in ("one", "many", "text")
        assert turn.record.frames[0].flow == "check"
        assert len(turn.record.frames) <= 3


def test_who_brings_a_code_along_is_greeted_only_after_a_no() -> None:
    """Nobody consents to anything before having read what it is."""
    for answer, greeted in (("no", True), ("yes", False)):
        owner = Owner()
        asked = owner.act(Command("join", THEIRS))
        assert [message.kind for message in asked.messages] == ["one"]
        said = [message.text for message in owner.answer(answer).messages]
        assert (packaged().phrases.say("welcome.consent") in said) is greeted


def test_who_opens_the_chat_again_at_the_question_about_a_code_is_asked_it_again() -> None:
    """And not welcomed back to a chat that never began."""
    owner = Owner()
    asked = owner.act(Command("join", THEIRS)).messages
    assert owner.act(Opened()).messages == asked


def test_a_conversation_that_another_app_joins_goes_on_at_its_open_question() -> None:
    """Whatever menu lay on it."""
    owner = begun("quick")
    asked = owner.turns[-1].messages[-1]
    owner.command("menu")
    assert owner.act(Linked()).messages[-1] == asked


def test_who_leaves_is_told_nothing_and_finds_everything_as_it_was() -> None:
    """There is nobody to read it."""
    owner = begun("quick")
    before = owner.record
    assert owner.act(Left()) == Turn(before, (), "")


def test_a_group_is_told_once_that_one_talks_alone() -> None:
    """No conversation begins there."""
    owner = Owner()
    (message,) = owner.act(Invited()).messages
    assert "グループ" in message.text
    assert owner.record == Record("abcdef")


def test_any_sequence_of_actions() -> None:
    """Whatever the owner does: an answer, a valid state, the same each time; old buttons change nothing."""
    run_state_machine_as_test(
        AnyOwner,
        settings=settings(
            derandomize=True,
            deadline=None,
            max_examples=80,
            stateful_step_count=40,
            suppress_health_check=list(HealthCheck),
        ),
    )
