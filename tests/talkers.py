"""Owners who go through the check by themselves, over and over; for tests and benchmarks of what lies below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.turn import Event, Taken
from dialogs import presses
from dialogs.events import Action, Command, Opened, Said, Tapped

if TYPE_CHECKING:
    from dialogs.messages import Message

CHANNEL, ACCOUNT = "web", "chat"
# The second choice is the whole check where its depth is asked for, and elsewhere as good as any.
QUICK, FULL = 0, 1


class Talker:
    """One owner, who answers the question that was asked last, always with the choice at the same place.

    Who is asked whether to do something says yes.
    """

    def __init__(self, address: str, choice: int = FULL, messages: tuple[Message, ...] = ()) -> None:
        self.address = address
        self.choice = choice
        self.messages = messages
        self.events = 0

    def event(self) -> Event:
        """What the owner does next."""
        return self.does(self._action())

    def does(self, action: Action, code: str = "") -> Event:
        """An action of this owner, as an event of its own."""
        self.events += 1
        return Event(f"{self.address}:{self.events}", CHANNEL, ACCOUNT, self.address, action, code=code)

    def hear(self, taken: Taken) -> None:
        """The answer to it."""
        assert taken.messages
        self.messages = taken.messages

    def _action(self) -> Action:
        asked = next((message for message in reversed(self.messages) if message.kind != "say"), None)
        if asked is None:
            return Opened()
        if asked.kind != "one":
            # Nothing picked, nothing written.
            return _pressed(asked.none.press) if asked.none else Said("売上を伸ばしたい")
        actions = [_pressed(button.press) for button in asked.buttons]
        answers = [action for action in actions if isinstance(action, Tapped)]
        if not answers:
            return Command("restart")
        sure = [answer for answer in answers if answer.value == "yes"]
        return (sure or answers[self.choice :] or answers)[0]


def _pressed(press: str) -> Action:
    action = presses.decode(press)
    assert action
    return action
