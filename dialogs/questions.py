"""A question as it is shown: one message with its choices, the buttons that end it, and the ways out of it."""

from dialogs import presses
from dialogs.answers import is_menu
from dialogs.events import Command, Picked, Tapped, Toggled
from dialogs.messages import Button, Message
from dialogs.phrases import Phrases
from dialogs.record import Frame
from dialogs.replay import Replay
from scoring.questionnaire import Choice, Question


def message(phrases: Phrases, frame: Frame, run: Replay, question: Question, aside: tuple[str, ...]) -> Message:
    """The open question of a frame; `aside` are commands that are ways out of it beside the way back."""
    return Message(
        text=question.text,
        kind=question.kind,
        buttons=tuple(button(frame, question, choice) for choice in question.choices),
        done=done(phrases, frame, question),
        none=none(frame, question),
        limit=question.limit if question.kind == "many" else 0,
        left=run.left if question.id in run.plan else None,
        total=len(run.plan) if question.id in run.plan else 0,
        side=side(phrases, frame, run, question, aside),
    )


def ticked(frame: Frame, question: Question) -> tuple[str, ...]:
    """What is ticked so far of a multi-choice, as far as it can still be chosen."""
    return tuple(value for value in frame.draft if question.choice(value)) if frame.asked == question.id else ()


def button(frame: Frame, question: Question, choice: Choice) -> Button:
    """The button of one choice."""
    action: presses.Press
    if choice.value.startswith("/"):
        action = Command(choice.value[1:])
    elif question.kind == "many":
        action = Toggled(frame.run, question.id, choice.value)
    else:
        action = Tapped(frame.run, question.id, choice.value)
    picked = choice.value in ticked(frame, question)
    return Button(choice.label, presses.encode(action), hint=choice.hint, group=choice.group, picked=picked)


def done(phrases: Phrases, frame: Frame, question: Question) -> Button | None:
    """The button that ends a multi-choice."""
    if question.kind != "many":
        return None
    return Button(phrases.buttons["done"], presses.encode(Picked(frame.run, question.id)))


def none(frame: Frame, question: Question) -> Button | None:
    """The button that chooses nothing, or skips."""
    if not question.none:
        return None
    nothing: presses.Press = Tapped(frame.run, question.id, "")
    if question.kind == "many":
        nothing = Picked(frame.run, question.id, ())
    return Button(question.none, presses.encode(nothing))


def side(phrases: Phrases, frame: Frame, run: Replay, question: Question, aside: tuple[str, ...]) -> tuple[Button, ...]:
    """The quiet ways out of a question: back, later, menu."""
    if is_menu(question):
        return ()
    if not run.trail:
        return ()
    actions = [Command("back", place_of(frame)), *(Command(name) for name in aside)]
    return tuple(Button(phrases.buttons[action.name], presses.encode(action)) for action in actions)


def place_of(frame: Frame) -> str:
    """Where a conversation stands: the run and the question that was shown last."""
    return f"{frame.run}:{frame.asked}"
