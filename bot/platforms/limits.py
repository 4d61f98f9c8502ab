"""What each platform can show, as a table that rendering follows and content is checked against.

Sources: LINE, Messaging API reference (message objects, action objects, Flex messages, quick reply); Telegram, Bot API
(sendMessage, InlineKeyboardButton); Slack, Block Kit reference (section, actions, static_select, button). Those of the
page and of the terminal are ours.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Characters that a button's label and a message may have, and what else a platform counts; 0 is no limit.

    `buttons` are those of one message, beyond which choices become a numbered list; `quick` those that stand beside
    it for a moment; `messages` those of one request.
    """

    label: int
    text: int
    buttons: int = 0
    quick: int = 0
    messages: int = 0


# 20 characters of 16 px fit on one line of a 360 px screen beside the margins.
WEB = Limits(label=20, text=600)
TERMINAL = Limits(label=40, text=2000)
# Buttons: 12 bubbles of a carousel with 8 each stay well below the 50 KB of a Flex message.
LINE = Limits(label=20, text=5000, buttons=96, quick=13, messages=5)
# An inline keyboard takes more, but beyond a hundred buttons Telegram draws it unevenly (ours).
TELEGRAM = Limits(label=60, text=4096, buttons=100, messages=1)
# 25 elements stand in one block of actions; more than that become a menu of up to 100 options.
SLACK = Limits(label=75, text=3000, buttons=100, messages=1)

LIMITS = {"web": WEB, "terminal": TERMINAL, "line": LINE, "telegram": TELEGRAM, "slack": SLACK}
