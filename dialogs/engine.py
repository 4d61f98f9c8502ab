"""The engine: one action taken against the record of a conversation; what it wants done it asks `perform` for."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from dialogs import presses, understanding
from dialogs.answers import answer, answer_words, in_short, is_menu, pressed
from dialogs.appointments import Bookings, IsWish, Schedule
from dialogs.content import Content
from dialogs.effects import Recognise
from dialogs.events import (
    Action,
    Command,
    Filled,
    Invited,
    Left,
    Linked,
    Opened,
    Picked,
    Said,
    Sent,
    Tapped,
    Toggled,
    Woke,
)
from dialogs.flows import FLOWS, Scene
from dialogs.flows.check import NEXT, PROFILE
from dialogs.flows.expert import EXPERTS
from dialogs.flows.faq import AFTER, WORDS, last_shown
from dialogs.flows.notices import notice
from dialogs.flows.outreach import offer
from dialogs.flows.sharing import ASKED as SHARE
from dialogs.messages import Button, Message, Picture
from dialogs.questions import message, place_of, ticked
from dialogs.record import Frame, Record
from dialogs.replay import Perform, Replay, answered, replay
from dialogs.steps import Flow, Forget, GoInto, LieOn, Outcome, Revise, Rewrite, Say, Silent, StartOver
from dialogs.talks import IsLed, PassBack, PassOn
from scoring.questionnaire import ANYTHING, SAID, TIME, Question

BASE = "check"
# What a code brings somebody to, at any moment, and who makes one of their own.
BY_CODE = {"join": BASE, "attend": "officer", "enrol": "desk", "referred": BASE, "staff": BASE, "forward": BASE}
# What somebody new may begin with, before any welcome, and the flow that lies below it: they were sent for it.
SENT_FOR = {"consult": BASE, "booked": BASE, "human": BASE, "nonews": BASE}
AT_ONCE = BY_CODE | SENT_FOR | dict.fromkeys((*EXPERTS, "cancel", "write"), "desk")
# What is under way until it is done, as the check is, and what comes back to it.
LASTING, BESIDE = ("consult", "change", "propose", "attend", "write"), ("help", "question", "later", "referred")
# What may be wished for by an officer at the owner's side; all else shows or does what is the owner's own affair.
BESIDE_OWNER = {"back", "resume", "start", "restart", "deepen", "steps", "help", "later", "menu", "question", "support"}
# The quiet ways out of the check, beside the way back.
ASIDE = ("later", "menu")
# The frame's own key: the words that led to a flow, which may tell the answers to some of its questions.
CARRIED = "_words"
# A text of no more signs says what it wants and nothing else.
SHORT = 20
# More choices than are ever shown with a question.
NUMBERS = 100
# What is said to what is no text, where it is not "sent".
NO_TEXT = {"sticker": "sent.sticker", "edited": "sent.edited", "late": "sent.late"}


@dataclass(frozen=True, slots=True)
class Turn:
    """What one action led to: the record to keep, what to say, and the owner's action in words (for the page)."""

    record: Record
    messages: tuple[Message, ...]
    said: str


def advance(content: Content, record: Record, action: Action, perform: Perform, *, beside: bool = False) -> Turn:
    """Take one action. Leaves a record that the next can be taken against.

    Says something unless nobody is there, or a person leads, to whom the owner's words go on. `beside` is set where an
    officer answers at the owner's side, who is shown the check and nothing else of the owner's.
    """
    talk = _Talk(content, record, perform, beside=beside)
    talk.take(action)
    if talk.messages:
        # Of who was erased nothing is kept.
        erased = talk.record.runs and not talk.record.frames
        talk.record = replace(talk.record, offered=() if erased else _offered(talk.messages))
    return Turn(talk.record, tuple(talk.messages), talk.said)


class _Talk:
    """One turn under way."""

    def __init__(self, content: Content, record: Record, perform: Perform, *, beside: bool = False) -> None:
        self.content = content
        self.beside = beside
        self.phrases = content.phrases
        # A flow that a later version no longer has is left, with what lies on it.
        self.record = replace(record, frames=tuple(takewhile(lambda frame: frame.flow in FLOWS, record.frames)))
        self.perform = perform
        self.messages: list[Message] = []
        self.said = ""

    # ------------------------------------------------------------ what happened

    def take(self, action: Action) -> None:
        match action:
            case Left():
                return
            case Invited():
                self.remark("group")
                return
            case Woke():
                self.wake(action)
                return
        if not self.record.frames:
            self.said = self._words_of(action)
            self.meet(action)
            return
        if isinstance(action, (Said, Sent)) and not self.beside and self.passes_on(action):
            return
        self.respond(action)
        if not isinstance(action, (Opened, Said, Sent)) and self.messages and self.messages[-1].kind == "text":
            self.warn()

    def respond(self, action: Action) -> None:
        """What the bot itself has to do with."""
        match action:
            case Opened():
                self.offer_news()
                self.come_back()
            case Linked():
                self.resume("linked")
            case Said():
                self.said = self._words_of(action)
                self.hear(self.said)
            case Sent(kind):
                self.remark(NO_TEXT.get(kind, "sent"))
                self.ask_again()
            case Tapped() | Picked() | Toggled():
                self.press(action)
            case Command(name, argument):
                self.said = self._words_of(action)
                self.command(name, argument)
            case Filled(form, values):
                self.record = replace(self.record, frames=self.record.frames[:1])
                self.enter(form, values)

    def passes_on(self, action: Said | Sent) -> bool:
        """Pass on what is said while a person leads, or in the desk's own thread; False where it is for the bot.

        Buttons work beside that, and whatever the bot is asked by one, it answers.
        """
        words = understanding.clean(action.text)
        command = self.phrases.words.command(words)
        if command == "finish" or (command == "nonews" and self.record.frames[0].flow != "thread"):
            return False
        if self.record.frames[0].flow == "thread":
            self.said, passed = words, self.perform(PassBack(words))
            if passed["remark"]:
                self.remark(f"undelivered.{passed['remark']}")
            return True
        passed = self.perform(PassOn(words, action.kind if isinstance(action, Sent) else "other"))
        if not passed:
            return False
        self.said = words
        if passed["remark"]:
            self.remark("talk.words")
        return True

    def warn(self) -> None:
        """While a person leads, say that no typed answer to the bot's question would get to it."""
        if self.perform(IsLed()):
            leave = Button(self.phrases.buttons["finish"], presses.encode(Command("finish", "talk")))
            self.messages.insert(-1, Message(self.phrases.say("talk.typing"), buttons=(leave,)))

    def wake(self, woke: Woke) -> None:
        """Tell what a timer was set for, if it still makes sense. What is open stays open, and nothing is asked."""
        self.tell(lambda scene: notice(scene, woke))

    def tell(self, flow: Callable[[Scene], Flow]) -> None:
        """Say what a flow says that asks nothing, and of which nothing is kept."""
        below = self.record.frames[0] if self.record.frames else None
        scene = Scene(self.content, "", {}, below, ())
        for say in replay(flow(scene), Frame("notice", ""), self.perform).says:
            self.say(say)

    def offer_news(self) -> None:
        """Offer news anew to an owner who comes back."""
        if self.record.frames[0].flow == BASE and not self.beside:
            self.tell(lambda scene: offer(scene, back=True))

    def offers(self, text: str) -> Command | None:
        """What a typed text does that is the label of a button shown last, after which nothing was asked."""
        fold = self.phrases.words.fold
        press = next((press for label, press in self.record.offered if fold(label) == fold(text)), "")
        action = presses.decode(press) if press else None
        return action if isinstance(action, Command) else None

    def _words_of(self, action: Action) -> str:
        match action:
            case Said(text):
                return understanding.clean(text)
            case Command(name):
                return self._label(name)
            case _:
                return ""

    def _label(self, command: str) -> str:
        """The words on the buttons that give a command; that of the open question first."""
        shown = self.replay().open if self.record.frames and self.record.top.flow == "question" else None
        choice = shown.choice(f"/{command}") if shown else None
        if choice:
            return choice.label
        asked = (c for question in self.phrases.asks.values() for c in question.choices)
        label = next((c.label for c in asked if c.value == f"/{command}"), "")
        return self.phrases.buttons.get(command, label)

    def meet(self, action: Action) -> None:
        """Somebody new, or somebody whose data was erased; a button from before that begins nothing."""
        begun = BY_CODE if self.record.runs else AT_ONCE
        offered = self.offers(self.said) if isinstance(action, Said) else None
        named = self.phrases.words.command(self.said) if isinstance(action, Said) else None
        meant = self.meant(self.said) if isinstance(action, Said) and not named else ""
        if meant in SENT_FOR and not offered and not self.record.runs:
            self.record = self.record.push(BASE)
            self.begin_with(meant, self.said)
            return
        if offered or (named in SENT_FOR and not self.record.runs):
            action = offered or Command(named or "")
        if isinstance(action, Command) and action.name in begun:
            self.record = self.record.push(begun[action.name])
            self.command(action.name, action.argument)
            return
        if isinstance(action, Filled):
            # Whoever has forms of their own is an expert, who may never have said a word in the chat.
            self.record = self.record.push("desk")
            self.enter(action.form, action.values)
            return
        old = isinstance(action, (Tapped, Picked, Toggled)) or (isinstance(action, Command) and action.name != "start")
        old = old or "nonews" in (named, meant)
        if self.record.runs and old:
            again = Button(self.phrases.buttons["start"], presses.encode(Command("start")))
            self.messages.append(Message(self.phrases.say("erase.already"), buttons=(again,)))
        elif self.perform(Schedule()):
            # An expert who was told of requests, and has not said a word before.
            self.record = self.record.push("desk")
            if named or meant:
                self.command(named or meant, "")
            else:
                self.go_on()
        elif isinstance(action, Said) and self.phrases.words.is_question(self.said, strictly=True):
            # Who comes with a question is answered first, and welcomed after it.
            self.record = self.record.push(BASE)
            self.ask_faq(self.said)
        else:
            self.begin({})

    # ------------------------------------------------------------ typed words

    def hear(self, text: str) -> None:
        """A typed text: a choice of the open question or of one below, a command, a question, or unclear."""
        if not text:
            self.remark("empty")
            self.ask_again()
            return
        offered = self.offers(text)
        if offered:
            self.command(offered.name, offered.argument)
            return
        frames, record = self.record.frames, self.record
        for depth in range(len(frames), 0, -1):
            self.record = replace(record, frames=frames[:depth])
            run = self.replay()
            # A menu that lies below what was begun with may be answered before it was ever shown.
            if run.open and (run.open.id == self.record.top.asked or (not self.record.top.asked and is_menu(run.open))):
                values = self.named(run.open, text, top=depth == len(frames))
                if values is not None:
                    self.answer(run, run.open, values)
                    return
        self.record = record
        command = self.phrases.words.command(text)
        if command:
            self.command(self.of_expert(command), "")
            return
        self.hear_loosely(text)

    def named(self, question: Question, text: str, top: bool) -> tuple[str, ...] | None:
        """The values that a typed text names outright; None where it names none."""
        words = self.phrases.words
        if not top:
            # Below the top only a label counts: a number or a "yes" belongs to what was asked last.
            return understanding.labelled(words, question, text)
        if question.kind == "many" and words.finishes(text):
            return ticked(self.record.top, question)
        return understanding.exact(words, question, text)

    def hear_loosely(self, text: str) -> None:
        """A typed text that names nothing outright."""
        run = self.replay()
        question = run.open
        shown = question if question and question.id == self.record.top.asked else None
        if shown and shown.words == TIME and self.perform(IsWish(text)):
            self.give(run, shown, f"{SAID}{text}")
        elif shown and shown.words == ANYTHING:
            self.write(run, shown, text)
        elif self.hear_beside(shown, text):
            return
        elif self.phrases.words.is_question(text, strictly=question is not None and question.kind == "text"):
            self.ask_faq(text)
        elif not self.record.top.asked and not self.is_about_something(text):
            # Never shown yet: nothing can have been answered to it.
            self.go_on()
        elif not self.record.top.asked:
            self.ask_faq(text)
        elif question is None or question.id != self.record.top.asked:
            self.keep(run, lambda shown: self.written(shown, text))
        elif question.kind == "text" and not self.counts(question, text):
            self.write(run, question, text)
        else:
            values = understanding.likely(self.phrases.words, question, text)
            if values is not None:
                self.answer(run, question, values)
            elif self.record.top.flow == "question" or self.is_about_something(text):
                self.ask_faq(text)
            else:
                self.unclear(question, text)

    def hear_beside(self, question: Question | None, text: str) -> bool:
        """What is said beside the open question, as it was shown: why it is asked, thanks, what comes to a command."""
        words = self.phrases.words
        id = question.id.partition("-")[0] if question else ""
        reasoned = f"why.{id}" in self.phrases.texts
        if reasoned and words.asks_why(text):
            self.remark(f"why.{id}")
            self.ask_again()
            return True
        if question and question.kind == "text" and not reasoned:
            # Any words may be the answer.
            return False
        if words.gives_thanks(text):
            self.welcome()
            return True
        if question and understanding.likely(words, question, text) is not None:
            return False
        command = self.meant(text)
        if command:
            self.said = text
            self.begin_with(command, text)
        return bool(command)

    def meant(self, text: str) -> str:
        """The command that a longer text comes down to; "" where there is none."""
        if self.beside:
            return ""
        sure = self.phrases.words.means(text)
        flows = [frame.flow for frame in self.record.frames]
        if "nonews" in sure:
            return "nonews"
        if "booked" in sure and "cancel" not in flows and self.perform(Bookings()):
            return "booked"
        if sure.keys() & {"booked", "schedule"} and self.perform(Schedule()):
            return "schedule"
        if sure.get("booked") == "surely" and "cancel" not in flows:
            # A long text of who has booked nothing may ask how others book (予約を管理する道具).
            about = len(text) > SHORT and self.perform(Recognise(text))
            return "" if about else "booked"
        return "consult" if "consult" in sure and "consult" not in flows else ""

    def of_expert(self, command: str) -> str:
        """The command, or what it means for an expert who has no bookings of their own."""
        if command == "booked" and not self.perform(Bookings()) and self.perform(Schedule()):
            return "schedule"
        return command

    def begin_with(self, flow: str, text: str) -> None:
        """Go into a flow by words that tell more than its name."""
        self.leave_side(flow)
        self.enter(flow, {CARRIED: text} if flow == "consult" else None)

    def welcome(self) -> None:
        """Answer thanks, with the ways on from where the owner is."""
        below = self.record.frames[0]
        ways: dict[str, str] = {}
        if len(self.record.frames) > 1:
            ways["onward"] = "resume"
        elif below.flow == BASE and below.asked and below.asked not in NEXT.values():
            ways["continue"] = "resume"
        if not self.beside and self.perform(Bookings()):
            ways["my-bookings"] = "booked"
        elif not self.beside and self.perform(Schedule()):
            ways["schedule"] = "schedule"
        buttons = (Button(self.phrases.buttons[way], presses.encode(Command(ways[way]))) for way in ways)
        self.messages.append(Message(self.phrases.say("thanks"), buttons=tuple(buttons)))

    def counts(self, question: Question, text: str) -> bool:
        """Whether a text is a number that may be meant for one of the choices shown with a question for a text."""
        number = understanding.number(self.phrases.words, text)
        # A telephone number, which may be what is asked for, is no choice's.
        return number is not None and number < NUMBERS and bool(question.choices)

    def is_about_something(self, text: str) -> bool:
        """Whether words that answer nothing are a question that has a sure answer ("電帳法"); not where they deny."""
        words = self.phrases.words
        return not words.denies(words.fold(text)) and bool(self.perform(Recognise(text)))

    def ask_faq(self, text: str) -> None:
        """A question of the owner's own; it takes the place of a side flow that is open."""
        top = self.record.top
        after = last_shown(top.done) if top.flow == "question" else ""
        self.leave_side("question")
        self.enter("question", {WORDS: text, AFTER: after} if after else {WORDS: text})

    def written(self, question: Question, text: str) -> Any:
        """What the record keeps for a typed text; None where it does not answer the question outright."""
        values = understanding.exact(self.phrases.words, question, text)
        if values is not None:
            return answer(question, values)
        return text if question.kind == "text" and len(text) <= question.limit else None

    def write(self, run: Replay, question: Question, text: str) -> None:
        """A text for a question that wants one."""
        if len(text) > question.limit:
            self.remark("text.long", limit=question.limit, length=len(text))
            self.ask_again()
        else:
            self.give(run, question, text)

    def unclear(self, question: Question, text: str) -> None:
        """A text that was not understood: say so, and show the choices again."""
        number, count = understanding.number(self.phrases.words, text), len(question.choices)
        if count == 1:
            self.remark("unclear.only", label=question.choices[0].label)
        elif number is not None and not 1 <= number <= count:
            self.remark("unclear.number", count=count)
        elif number is not None and any(choice.span for choice in question.choices):
            self.remark("unclear.people", number=number)
        elif question.kind == "many":
            self.remark("unclear.many")
        else:
            self.remark("unclear.one", count=count)
        person = Button(self.phrases.buttons["human"], presses.encode(Command("human")))
        self.messages[-1] = replace(self.messages[-1], buttons=(person,))
        self.ask_again()

    # ------------------------------------------------------------ buttons

    def press(self, action: Tapped | Picked | Toggled) -> None:
        """A button: obeyed where it belongs to an open question; otherwise answered kindly, changing nothing."""
        frames = self.record.frames
        depth = next((n for n, frame in enumerate(frames) if frame.run == action.run), None)
        if depth is None:
            self.refuse("old.question" if self.side_run(action.run) else "old.run")
            return
        whole, self.record = self.record, replace(self.record, frames=frames[: depth + 1])
        run = self.replay()
        if run.open and run.open.id == action.question:
            self.obey(run, run.open, action)
        elif self.record.top.asked == action.question and action.question not in run.order:
            self.keep(run, lambda shown: pressed(shown, action))
        else:
            self.record = whole
            self.refuse("old.question")

    def side_run(self, run: str) -> bool:
        """Whether a run that is over was one beside this check, not a check before it."""
        tag, _, n = run.rpartition(".")
        return tag == self.record.tag and n.isdecimal() and int(n) > int(self.record.frames[0].run.rpartition(".")[2])

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
                self.answer(run, question, ticked(self.record.top, question) if values is None else values)
            case Tapped(_, _, value):
                self.answer(run, question, (value,) if value else ())

    def toggle(self, run: Replay, question: Question, value: str) -> None:
        """One choice of a multi-choice put on or off."""
        if not question.choice(value) or question.kind != "many":
            self.refuse("unclear.choice")
            return
        draft = ticked(self.record.top, question)
        draft = tuple(v for v in draft if v != value) if value in draft else (*draft, value)
        if question.limit and len(draft) > question.limit:
            self.remark("many.limit", limit=question.limit)
        else:
            self.record = self.record.put(replace(self.record.top, asked=question.id, draft=draft))
        self.show(run, question)

    def keep(self, run: Replay, read: Callable[[Question], Any]) -> None:
        """An answer to a question that was shown before the questionnaire changed: kept for when it is reached.

        `read` gives the answer to the question, or None where it is none.
        """
        shown = self.content.questionnaire.questions.get(self.record.top.asked)
        value = read(shown) if shown else None
        if shown is None or value is None:
            self.remark("changed")
        else:
            self.record = self.record.put(answered(self.record.top, run.order, shown.id, value))
        self.go_on()

    # ------------------------------------------------------------ answers

    def answer(self, run: Replay, question: Question, values: tuple[str, ...]) -> None:
        """Values for the open question: a command, or an answer where they are among the choices."""
        value = answer(question, values)
        if value is None and question.kind == "many" and 0 < question.limit < len(values):
            self.remark("many.limit", limit=question.limit)
            self.ask_again()
        elif value is None:
            self.refuse("unclear.choice")
        elif isinstance(value, str) and value.startswith("/") and question.choice(value):
            self.said = self.said or answer_words(question, value)
            self.command(value[1:], "")
        else:
            self.give(run, question, value)

    def give(self, run: Replay, question: Question, value: Any) -> None:
        """Record an answer and go on from it."""
        self.said = self.said or answer_words(question, value)
        self.record = self.record.put(replace(answered(self.record.top, run.order, question.id, value), draft=()))
        self.go_on()

    # ------------------------------------------------------------ commands

    def command(self, name: str, argument: str) -> None:
        """A wish that is no answer."""
        if self.beside and name not in BESIDE_OWNER:
            self.refuse("together.own")
            return
        match name:
            case "back":
                self.back(argument)
            case "resume" | "start":
                if name == "start":
                    self.offer_news()
                self.resume("resume" if self.record.top.flow in (BASE, "later") else "on")
            case _ if name in FLOWS and name != BASE:
                self.leave_side(name)
                self.enter(name, {"argument": argument} if argument else {})
            case _:
                self.refuse("unknown")

    def leave_side(self, flow: str) -> None:
        """Side flows don't pile up: this one takes the place of the one that is open, or comes back to it."""
        frames = self.record.frames
        stays = flow in BESIDE and len(frames) > 1 and frames[1].flow in LASTING
        self.record = replace(self.record, frames=frames[: 2 if stays else 1])

    def come_back(self) -> None:
        """Opened once more; who has not answered anything yet, as after a code, is only asked again."""
        if self.record.frames[0].answers:
            self.resume("resume")
        else:
            self.ask_again()

    def resume(self, phrase: str) -> None:
        """Leave the side flows and go on with the check, or with what was under way beside it."""
        self.leave_side("later" if len(self.record.frames) > 2 else "")
        if not self.record.top.asked:
            # Nothing was begun yet that could be gone on with.
            self.go_on()
            return
        ended = self.record.top.asked in NEXT.values()
        self.remark("resume.end" if ended and phrase == "resume" else phrase)
        self.ask_again()

    def back(self, place: str) -> None:
        """Drop the last answer; in a side flow without one, leave it. A button brings the `place` it was shown at."""
        frames = self.record.frames
        depth = next((n for n, frame in enumerate(frames) if place_of(frame) == place), None)
        if place and depth is None:
            # A second tap, or the button of an earlier question: it must not take one more answer away.
            self.refuse("old.question")
            return
        self.record = replace(self.record, frames=frames if depth is None else frames[: depth + 1])
        run = self.replay()
        if run.trail:
            question, value = run.trail[-1]
            if self.beside and question.id.startswith(SHARE):
                # Another agency may have asked it.
                self.refuse("together.own")
                return
            frame = answered(self.record.top, run.order, question.id, None)
            draft = value if question.kind == "many" and not self.beside else ()
            self.record = self.record.put(replace(frame, asked=question.id, draft=draft))
            if frame.flow == BASE and self.beside:
                # The answer may have been given elsewhere.
                self.remark("together.back")
            elif frame.flow == BASE:
                self.remark("back.done", answer=in_short(question, value))
            self.ask_again()
        elif len(self.record.frames) > 1:
            self.record = self.record.pop()
            self.ask_again()
        else:
            self.remark("back.first")
            self.ask_again()

    # ------------------------------------------------------------ going on

    def begin(self, answers: dict[str, Any]) -> None:
        """A new run of the check."""
        self.record = replace(self.record, frames=()).push(BASE, answers)
        self.go_on()

    def enter(self, flow: str, answers: dict[str, Any] | None = None) -> None:
        """Go into a side flow, on top of what is open."""
        self.record = self.record.push(flow, answers)
        self.go_on()

    def replay(self) -> Replay:
        """Run the top flow over its record; keeps what its effects gave."""
        frame = self.record.top
        below = self.record.frames[0] if len(self.record.frames) > 1 else None
        trail = self.trail(below) if below is not None and FLOWS[frame.flow].reads_below else ()
        under = self.record.frames[-2].flow if below is not None else ""
        scene = Scene(self.content, frame.run, frame.answers, below, trail, under)
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
        run = self.carry_on(self.replay())
        for say in run.says:
            self.say(say)
        if run.open:
            self.show(run, run.open)
        else:
            self.end(run.outcome)

    def carry_on(self, run: Replay) -> Replay:
        """Answer the questions that the words have answered already which led to the flow."""
        told = []
        while run.open and (text := self.record.top.answers.get(CARRIED)):
            choice = understanding.mentioned(self.phrases.words, run.open, text)
            frame = self.record.top
            if run.open.words == TIME:
                # Once only: whoever looks for another time then has another wish.
                frame = replace(frame, answers={id: a for id, a in frame.answers.items() if id != CARRIED})
                self.record = self.record.put(frame)
                value = f"{SAID}{text}" if self.perform(IsWish(text)) else None
            else:
                value = choice.value if choice and run.open.kind == "one" else None
                told += [choice.label] if choice and value else []
            if value is None:
                break
            self.record = self.record.put(answered(frame, run.order, run.open.id, value))
            run = self.replay()
        if told:
            self.remark("carried", labels="」「".join(told))
        return run

    def end(self, outcome: Outcome) -> None:
        """The top flow has ended: leave it, and do to the conversation below what it ended with."""
        self.record = self.record.pop()
        match outcome:
            case Forget():
                self.record = replace(self.record, frames=())
            case StartOver(answers):
                self.begin(answers)
            case GoInto(flow, answers):
                self.enter(flow, answers or None)
            case LieOn(flow):
                self.record = replace(self.record, frames=()).push(flow)
                self.go_on()
            case Revise(question, value):
                self.revise(question, list(value) if isinstance(value, tuple) else value)
            case Rewrite(answers):
                self.record = self.record.put(replace(self.record.top, answers=answers, done={}))
                self.go_on()
            case Silent():
                pass
            case None:
                self.ask_again()

    def revise(self, question: str, value: Any) -> None:
        """Put an answer in place of the one that was given."""
        before = self.replay()
        self.record = self.record.put(answered(self.record.top, before.order, question, value))
        after = self.replay()
        if before.open and is_menu(before.open) and after.open and not is_menu(after.open):
            self.remark("answers.more")
        self.go_on()

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
        self.messages.append(Message(text, buttons=say.buttons, picture=picture, file=say.file))

    def ask_again(self) -> None:
        """Show the open question once more."""
        if not self.record.frames:
            return
        if not self.record.top.asked:
            # Never shown yet: with what is said before it.
            self.go_on()
            return
        run = self.replay()
        if not run.open:
            self.end(run.outcome)
            return
        if self.record.top.asked in NEXT.values() and not is_menu(run.open) and not run.gone:
            self.remark("more")
        self.show(run, run.open)

    def show(self, run: Replay, question: Question) -> None:
        """Show a question with its choices."""
        frame = self.record.top
        if frame.asked != question.id:
            if run.gone:
                self.remark("gone")
            frame = replace(frame, asked=question.id, draft=run.ticked)
        if frame.flow == BASE and is_menu(question):
            # The check is complete: answers that it no longer reaches fall away, but for what is brought along.
            reached = {asked.id for asked, _ in run.trail} | set(PROFILE)
            kept = {id: value for id, value in frame.answers.items() if id in reached or id.startswith("_")}
            frame = replace(frame, answers=kept)
        self.record = self.record.put(frame)
        self.messages.append(message(self.phrases, frame, run, question, ASIDE if frame.flow == BASE else ()))


def _offered(messages: list[Message]) -> tuple[tuple[str, str], ...]:
    """The buttons that may be typed, too: those of a turn that asks nothing; no two with the same label."""
    buttons = [button for message in messages for button in message.buttons if button.press]
    if messages[-1].kind != "say":
        return ()
    labels = [button.label for button in buttons]
    return tuple((button.label, button.press) for button in buttons if labels.count(button.label) == 1)
