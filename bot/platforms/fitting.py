"""Making messages fit a platform: long texts in parts, many messages in few, too many choices as a numbered list."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from dialogs.messages import Button, Message

# Of numbers so many stand in a row: the eleven of a scale from 0 to 10 in two, none smaller than a finger.
ABREAST = 6

# Where a long text may be parted, best first: between paragraphs, lines, sentences, then anywhere.
_SEAMS = (r"\n{2,}", r"\n", r"(?<=[。!?!?])")


def utf16(text: str) -> int:
    """The length of a text as LINE and Telegram count it: in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def parted(text: str, limit: int, length: Callable[[str], int] = utf16) -> list[str]:
    """The text in parts of at most `limit`, each ending with a paragraph, a line or a sentence where it can."""
    parts: list[str] = []
    while length(text) > limit:
        most = _most(text, limit, length)
        head = text[:most]
        cut = next((cut for seam in _SEAMS if (cut := _last(seam, head))), most)
        parts.append(text[:cut].rstrip("\n"))
        text = text[cut:].lstrip("\n")
    return [part for part in (*parts, text) if part]


def _most(text: str, limit: int, length: Callable[[str], int]) -> int:
    """How many characters from the start are within the limit."""
    fits, fails = 0, len(text)
    while fails - fits > 1:
        middle = (fits + fails) // 2
        if length(text[:middle]) <= limit:
            fits = middle
        else:
            fails = middle
    return max(fits, 1)


def _last(seam: str, head: str) -> int:
    """Where the last such seam ends; 0 where there is none."""
    return max((found.end() for found in re.finditer(seam, head)), default=0)


def joined(messages: Sequence[Message], most: int, limit: int, length: Callable[[str], int] = utf16) -> list[Message]:
    """The messages as at most `most`, as far as that can be: plain texts that follow each other become one.

    Nothing but their number changes: a message with buttons, a question or a picture stays as it is.
    """
    result = list(messages)
    while len(result) > most:
        pair = next((n for n in range(len(result) - 1) if _joinable(result[n], result[n + 1], limit, length)), None)
        if pair is None:
            break
        result[pair : pair + 2] = [replace(result[pair + 1], text=_both(result[pair], result[pair + 1]))]
    return result


def _joinable(one: Message, next_: Message, limit: int, length: Callable[[str], int]) -> bool:
    plain = one == Message(one.text) and bool(one.text)
    return plain and next_.picture is None and bool(next_.text) and length(_both(one, next_)) <= limit


def _both(one: Message, next_: Message) -> str:
    return f"{one.text}\n\n{next_.text}"


def abreast(buttons: Sequence[Button]) -> int:
    """How many of these buttons stand in a row: several where all of them are numbers, one where they are words."""
    numbers = all(button.label.isdecimal() and len(button.label) <= 2 for button in buttons)
    return ABREAST if buttons and numbers else 1


def numbered(message: Message) -> Message:
    """A question with its choices as a numbered list in its text, to be answered by typing the number."""
    lines = [f"{n}. {button.label}" for n, button in enumerate(message.buttons, 1)]
    return replace(message, text="\n".join([message.text, "", *lines]), buttons=())
