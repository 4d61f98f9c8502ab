"""The engine: one action taken against the record of a conversation; what it wants done it asks `perform` for."""

from dataclasses import dataclass, replace
from typing import Any

from dialogs import events, presses, understanding
from dialogs.answers import answer_words
from dialogs.content import Content
from dialogs.events import Action, Command, Opened, Picked, Said, Sent, Tapped, Toggled
from dialogs.flows import FLOWS, Scene
from dialogs.messages import Button, Message, Picture
from dialogs.record import Frame, Record
from dialogs.replay import Perform, Replay, answered, replay
from dialogs.steps import Forget, Outcome, Revise, Rewrite, Say, Silent, StartOver
from scoring.questionnaire import Choice, Question

BASE = "check"


@dataclass(frozen=True, slots=True)
class Turn:
    """What one action led to: the record to keep, what to say, and the owner's action in words (for the page)."""

    record: Record
    messages: tuple[Message, ...]
    said: str


def advance(content: Content, record: Record, action: Action, perform: Perform) -> Turn:
    """Take one action. Always says something, always leaves a record that the next action can be taken against."""
    talk = _Talk(content, record, perform)
    talk.take(action)
    return Turn(talk.record, tuple(talk.messages), talk.said)


class _Talk:
    """One turn under way."""

    def __init__(self, content: Content, record: Record, perform: Perform) -> None:
        self.content = content
        self.phrases = content.phrases
        self.record = record
        self.perform = perform
        self.messages: list[Message] = []
        self.said = ""

    # ------------------------------------------------------------ what happened

    def take(self, action: Action) -> None:
        if not self.record.frames:
            self.said = self._words_of(action)
            self.begin({})
            return
        match action:
            case Opened():
                self.command("resume", "")
            case Said(text):
                self.said = text
                self.hear(understanding.clean(text))
            case Sent():
                self.remark("sent")
                self.ask_again()
            case Tapped() | Picked() | Toggled():
                self.press(action)
            case Command(name, argument):
                self.said = self._words_of(action)
                self.command(name, argument)

    def _words_of(self, action: Action) -> str:
        match action:
            case Said(text):
                return text
            case Command(name):
                return self._label(name)
            case _:
                return ""

    def _label(self, command: str) -> str:
        """The words on the buttons that give a command."""
        asked = (c for question in self.phrases.asks.values() for c in question.choices)
        label = next((c.label for c in asked if c.value == f"/{command}"), "")
        return self.phrases.buttons.get(command, label)

    # ------------------------------------------------------------ typed words

    def hear(self, text: str) -> None:
        """A typed text: a choice of the open question or of one below, a command, a question, or unclear."""
        if not text:
            self.remark("empty")
            self.ask_again()
            return
        words = self.phrases.words
        frames, record = self.record.frames, self.record
        for depth in range(len(frames), 0, -1):
            self.record = replace(record, frames=frames[:depth])
            run = self.replay()
            if run.open and run.open.id == self.record.top.asked:
                values = understanding.exact(words, run.open, text)
                if values is not None:
                    self.answer(run, run.open, values)
                    return
        self.record = record
        command = words.command(text)
        if command:
            self.command(command, "")
            return
        self.hear_loosely(text)

    def hear_loosely(self, text: str) -> None:
        """A typed text that names nothing outright."""
        run = self.replay()
        question = run.open
        asked = question is not None and question.id == self.record.top.asked
        if self.phrases.words.is_question(text):
            self.enter("question")
        elif question is None or not asked:
            self.remark("changed")
            self.ask_again()
        elif question.kind == "text":
            self.write(run, question, text)
        else:
            values = understanding.likely(self.phrases.words, question, text)
            if values is None:
                self.unclear(question, text)
            else:
                self.answer(run, question, values)

    def write(self, run: Replay, question: Question, text: str) -> None:
        """A text for a question that wants one."""
        if len(text) > question.limit:
            self.remark("text.long", limit=question.limit, length=len(text))
            self.ask_again()
        else:
            self.give(run, question, text)

    def unclear(self, question: Question, text: str) -> None:
        """A text that was not understood: say so, and show the choices again."""
        number, count = understanding.number(text), len(question.choices)
        if number is not None and not 1 <= number <= count:
            self.remark("unclear.number", count=count)
        elif question.kind == "many":
            self.remark("unclear.many")
        else:
            self.remark("unclear.one", count=count)
        self.ask_again()

    # ------------------------------------------------------------ buttons

    def press(self, action: Tapped | Picked | Toggled) -> None:
        """A button: obeyed where it belongs to an open question; otherwise answered kindly, changing nothing."""
        frames = self.record.frames
        depth = next((n for n, frame in enumerate(frames) if frame.run == action.run), None)
        if depth is None:
            self.refuse("old.run")
            return
        whole, self.record = self.record, replace(self.record, frames=frames[: depth + 1])
        run = self.replay()
        if run.open and run.open.id == action.question:
            draft = whole.draft if depth == len(frames) - 1 else ()
            self.record = replace(self.record, draft=draft)
            self.obey(run, run.open, action)
        elif self.record.top.asked == action.question and action.question not in run.order:
            # The questionnaire changed under the owner: what was shown is answered, and kept for when it is reached.
            self.keep(run, action)
        else:
            self.record = whole
            self.refuse("old.question")

    def refuse(self, phrase: str) -> None:
        """A button that no longer means anything."""
        self.remark(phrase)
        self.ask_again()

    def obey(self, run: Replay, question: Question, action: Tapped | Picked | Toggled) -> None:
        """A button of the open question."""
        match action:
            case Toggled(_, _, value):
                self.toggle(run, question, value)
            case Picked(_, _, values):
                self.answer(run, question, self.record.draft if values is None else values)
            case Tapped(_, _, value):
                self.answer(run, question, (value,) if value else ())

    def toggle(self, run: Replay, question: Question, value: str) -> None:
        """One choice of a multi-choice put on or off."""
        if not question.choice(value) or question.kind != "many":
            self.refuse("unclear.choice")
            return
        draft = self.record.draft
        draft = tuple(v for v in draft if v != value) if value in draft else (*draft, value)
        if question.limit and len(draft) > question.limit:
            self.remark("many.limit", limit=question.limit)
        else:
            self.record = replace(self.record, draft=draft)
        self.show(run, question)

    def keep(self, run: Replay, action: Tapped | Picked | Toggled) -> None:
        """An answer to a question that the owner was shown but the flow has not reached (any more, or yet)."""
        match action:
            case Tapped(_, question, value) if value:
                self.record = self.record.put(answered(self.record.top, run.order, question, value))
            case Picked(_, question, values) if values is not None:
                self.record = self.record.put(answered(self.record.top, run.order, question, list(values)))
            case _:
                self.remark("changed")
        self.go_on()

    # ------------------------------------------------------------ answers

    def answer(self, run: Replay, question: Question, values: tuple[str, ...]) -> None:
        """Values for the open question: a command, or an answer where they are among the choices."""
        if question.kind == "text" and question.none and not values:
            self.give(run, question, "")
            return
        chosen = [choice for choice in question.choices if choice.value in values]
        if len(chosen) < len(set(values)) or (question.kind != "many" and len(chosen) != 1):
            self.refuse("unclear.choice")
            return
        if question.limit and question.kind == "many" and len(chosen) > question.limit:
            self.refuse_many(question)
            return
        labels = "、".join(choice.label for choice in chosen) or question.none
        if question.kind == "many":
            self.give(run, question, [choice.value for choice in chosen], labels)
        elif chosen[0].value.startswith("/"):
            self.said = self.said or labels
            self.command(chosen[0].value[1:], "")
        else:
            self.give(run, question, chosen[0].label if question.kind == "text" else chosen[0].value, labels)

    def refuse_many(self, question: Question) -> None:
        """More choices than may be picked."""
        self.remark("many.limit", limit=question.limit)
        self.ask_again()

    def give(self, run: Replay, question: Question, value: Any, words: str = "") -> None:
        """Record an answer and go on from it."""
        self.said = self.said or words or question.none
        self.record = replace(self.record, draft=()).put(answered(self.record.top, run.order, question.id, value))
        self.go_on()

    # ------------------------------------------------------------ commands

    def command(self, name: str, argument: str) -> None:
        """A wish that is no answer."""
        match name:
            case "back":
                self.back()
            case "resume" | "start":
                self.record = replace(self.record, frames=self.record.frames[:1], draft=())
                self.remark("resume")
                self.ask_again()
            case _ if name in FLOWS and name != BASE:
                # Side flows don't pile up: a new one takes the place of the one that is open.
                self.record = replace(self.record, frames=self.record.frames[:1], draft=())
                self.enter(name, {"argument": argument} if argument else {})
            case _:
                self.refuse("unknown")

    def back(self) -> None:
        """Drop the last answer; in a side flow without one, leave it."""
        run = self.replay()
        if run.trail:
            question, value = run.trail[-1]
            self.record = replace(self.record, draft=()).put(answered(self.record.top, run.order, question.id, None))
            self.remark("back.done")
            self.ask_again(before=(question, value))
        elif len(self.record.frames) > 1:
            self.record = self.record.pop()
            self.ask_again()
        else:
            self.remark("back.first")
            self.ask_again()

    # ------------------------------------------------------------ going on

    def begin(self, answers: dict[str, Any]) -> None:
        """A new run of the check."""
        self.record = replace(self.record, frames=(), draft=()).push(BASE, answers)
        self.go_on()

    def enter(self, flow: str, answers: dict[str, Any] | None = None) -> None:
        """Go into a side flow, on top of what is open."""
        self.record = self.record.push(flow, answers)
        self.go_on()

    def replay(self) -> Replay:
        """Run the top flow over its record; keeps what its effects gave."""
        frame = self.record.top
        below = self.record.frames[-2] if len(self.record.frames) > 1 else None
        trail = self.trail(below) if below is not None and FLOWS[frame.flow].reads_below else ()
        scene = Scene(self.content, frame.run, frame.answers, below, trail)
        run = replay(FLOWS[frame.flow].flow(scene), frame, self.perform)
        if run.done.keys() - frame.done.keys():
            self.record = self.record.put(replace(frame, done=frame.done | run.done))
        return run

    def trail(self, frame: Frame) -> tuple[tuple[Question, Any], ...]:
        """The questions answered in a frame, in order."""
        scene = Scene(self.content, frame.run, frame.answers, None, ())
        return tuple(replay(FLOWS[frame.flow].flow(scene), frame, self.perform).trail)

    def go_on(self) -> None:
        """Say what the top flow has to say, and ask its question; where it has ended, go on below it."""
        run = self.replay()
        for say in run.says:
            self.say(say)
        if run.open:
            if run.gone:
                self.remark("changed")
            self.show(run, run.open)
        else:
            self.end(run.outcome)

    def end(self, outcome: Outcome) -> None:
        """The top flow has ended: leave it, and do to the conversation below what it ended with."""
        self.record = self.record.pop()
        match outcome:
            case Forget():
                self.record = replace(self.record, frames=())
            case StartOver(answers):
                self.begin(answers)
            case Revise(question, value):
                run = self.replay()
                self.record = self.record.put(answered(self.record.top, run.order, question, value))
                self.go_on()
            case Rewrite(answers):
                self.record = self.record.put(replace(self.record.top, answers=answers, done={}))
                self.go_on()
            case Silent():
                pass
            case None:
                self.ask_again()

    # ------------------------------------------------------------ saying

    def remark(self, phrase: str, **values: Any) -> None:
        """A word of the bot's own."""
        self.messages.append(Message(self.phrases.say(phrase, **values)))

    def say(self, say: Say) -> None:
        """A phrase of the flow's."""
        picture = None
        if say.picture:
            kind, token, alt = say.picture
            picture = Picture(kind, token, self.phrases.say(alt, **say.values))
        text = "" if picture else self.phrases.say(say.phrase, **say.values)
        self.messages.append(Message(text, buttons=say.buttons, picture=picture))

    def ask_again(self, before: tuple[Question, Any] | None = None) -> None:
        """Show the open question once more; `before` is the answer it had, to be shown beside it."""
        if not self.record.frames:
            return
        run = self.replay()
        if not run.open:
            self.end(run.outcome)
            return
        if before and before[0].id == run.open.id and before[1] not in ("", ()):
            self.remark("current", answer=answer_words(run.open, before[1]))
        self.show(run, run.open)

    def show(self, run: Replay, question: Question) -> None:
        """Show a question with its choices."""
        frame = self.record.top
        if frame.asked != question.id:
            frame = replace(frame, asked=question.id)
        if frame.flow == BASE and is_menu(question):
            # The check is complete: answers that it no longer reaches fall away.
            reached = {asked.id for asked, _ in run.trail}
            kept = {id: value for id, value in frame.answers.items() if id in reached or id.startswith("_")}
            frame = replace(frame, answers=kept)
        self.record = self.record.put(frame)
        self.messages.append(
            Message(
                text=question.text,
                kind="one" if question.kind == "one" else question.kind,
                buttons=tuple(self.button(frame, question, choice) for choice in question.choices),
                done=self.done(frame, question),
                none=self.none(frame, question),
                limit=question.limit if question.kind == "many" else 0,
                left=run.left if question.id in run.plan else None,
                total=len(run.plan) if question.id in run.plan else 0,
                side=self.side(run, question),
            )
        )

    def button(self, frame: Frame, question: Question, choice: Choice) -> Button:
        """The button of one choice."""
        action: presses.Press
        if choice.value.startswith("/"):
            action = Command(choice.value[1:])
        elif question.kind == "many":
            action = Toggled(frame.run, question.id, choice.value)
        else:
            action = Tapped(frame.run, question.id, choice.value)
        picked = choice.value in self.record.draft
        return Button(choice.label, presses.encode(action), hint=choice.hint, group=choice.group, picked=picked)

    def done(self, frame: Frame, question: Question) -> Button | None:
        """The button that ends a multi-choice."""
        if question.kind != "many":
            return None
        return Button(self.phrases.buttons["done"], presses.encode(Picked(frame.run, question.id)))

    def none(self, frame: Frame, question: Question) -> Button | None:
        """The button that chooses nothing, or skips."""
        if not question.none:
            return None
        nothing: presses.Press = Tapped(frame.run, question.id, "")
        if question.kind == "many":
            nothing = Picked(frame.run, question.id, ())
        return Button(question.none, presses.encode(nothing))

    def side(self, run: Replay, question: Question) -> tuple[Button, ...]:
        """The quiet ways out of a question: back, later, menu."""
        if is_menu(question):
            return ()
        names = ["back"] if run.trail or len(self.record.frames) > 1 else []
        names += ["later", "menu"] if self.record.top.flow == BASE and run.trail else []
        return tuple(Button(self.phrases.buttons[n], presses.encode(events.Command(n))) for n in names)


def is_menu(question: Question) -> bool:
    """Whether every choice of a question is a command, so that nothing can be answered to it."""
    return bool(question.choices) and all(choice.value.startswith("/") for choice in question.choices)
