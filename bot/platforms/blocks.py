"""Messages as Slack's Block Kit: rich text for words, buttons and menus for choices, images for pictures."""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import count, groupby
from typing import Any

from bot.pictures import Pictures
from bot.platforms.fitting import abreast, parted, utf16
from bot.platforms.limits import SLACK
from dialogs.messages import Button, Message, Picture
from dialogs.phrases import Phrases

Block = dict[str, Any]

# Block Kit reference: blocks of a message, buttons that stand as such, options of a menu, an image's words.
BLOCKS = 50
BUTTONS = 25
OPTIONS = 100
ALT = 2000
# What all blocks of a message may hold together is not documented; it is refused from some 12,000 characters on
# (msg_blocks_too_long), wherefore a message is filled up to this many characters of JSON.
ROOM = 9000
# chat.update takes no longer text (msg_too_long); it is what notifications and screen readers give.
TEXT = 4000
# A row of more buttons is hard to take in.
ROW = 5
# A menu of choices some of which belong to no group wants a heading for them, too.
NO_GROUP = "―"

_URL = re.compile(r"(https?://[\w/%#?&=.:~+@!$'*,;()-]*[\w/#=&-])", re.ASCII)


class Blocks:
    """The blocks of one rendering; what can be tapped gets an id that is unique in it."""

    def __init__(self, public_url: str, pictures: Pictures, phrases: Phrases) -> None:
        self._public_url = public_url
        self._pictures = pictures
        self._phrases = phrases
        self._ids = count()

    def messages(self, messages: Sequence[Message]) -> list[list[Block]]:
        """The blocks of each request. A multi-choice has one to itself, as it is changed in place when it is ticked."""
        requests: list[list[Block]] = [[]]
        alone = False
        for message in messages:
            blocks = list(self._message(message))
            alone, after = message.kind == "many", alone
            if alone or after or not _fits([*requests[-1], *blocks]):
                requests.append([])
            for block in blocks:
                if not _fits([*requests[-1], block]):
                    requests.append([])
                requests[-1].append(block)
        return [blocks for blocks in requests if blocks]

    def _message(self, message: Message) -> Iterator[Block]:
        asked = message.kind != "say"
        for n, part in enumerate(parted(self._text(message), SLACK.text)):
            yield _rich(part, heading=asked and n == 0)
        if message.picture:
            yield from self._picture(message.picture)
        if asked and message.left is not None:
            yield {"type": "context", "elements": [_plain(self._phrases.say("shown.left", left=message.left))]}
        yield from self._choices(message.buttons)
        ends = [button for button in (message.done, message.none) if button]
        yield from self._rows(ends, primary=message.done)
        yield from self._rows(message.side)

    def _text(self, message: Message) -> str:
        """What is said, and of a multi-choice how it is answered."""
        if not message.done:
            return message.text
        phrase = "shown.many.limit" if message.limit else "shown.many"
        how = self._phrases.say(phrase, done=message.done.label, limit=message.limit)
        return f"{message.text}\n\n{how}".lstrip("\n")

    def _picture(self, picture: Picture) -> Iterator[Block]:
        """The picture; its words, too, where they are too long for it, or alone where Slack can't fetch it."""
        url = self._pictures.url(picture)
        short = 0 < utf16(picture.alt) <= ALT
        if url:
            alt = picture.alt if short else self._phrases.say("shown.picture")
            yield {"type": "image", "image_url": url, "alt_text": alt}
        if not (url and short):
            yield from _in_words(picture.alt)

    def _choices(self, buttons: Sequence[Button]) -> Iterator[Block]:
        """Buttons under the names of their groups; menus where they are too many."""
        pressed = [button for button in buttons if button.press]
        if len(pressed) > BUTTONS and all(_is_option(button) for button in pressed):
            yield from self._menus(pressed)
            buttons = [button for button in buttons if not button.press]
        for group, together in groupby(buttons, key=lambda button: button.group):
            if group:
                yield _rich(group, heading=True)
            yield from self._rows(list(together))

    def _menus(self, buttons: Sequence[Button]) -> Iterator[Block]:
        for start in range(0, len(buttons), OPTIONS):
            menu = {
                "type": "static_select",
                "action_id": self._id(),
                "placeholder": _plain(self._phrases.say("shown.choose")),
                **_options(buttons[start : start + OPTIONS]),
            }
            yield {"type": "actions", "elements": [menu]}

    def _rows(self, buttons: Sequence[Button], primary: Button | None = None) -> Iterator[Block]:
        """Buttons in rows; one with more to say than its label stands beside that."""
        for explained, together in groupby(buttons, key=lambda button: bool(_beside(button))):
            elements = [(button, self._button(button, primary=button is primary)) for button in together]
            if explained:
                for button, element in elements:
                    yield {"type": "section", "text": _plain(_beside(button)), "accessory": element}
                continue
            row = abreast([button for button, _ in elements])
            row = row if row > 1 else ROW
            for start in range(0, len(elements), row):
                yield {"type": "actions", "elements": [element for _, element in elements[start : start + row]]}

    def _button(self, button: Button, *, primary: bool) -> Block:
        label = _label(button)
        element: Block = {"type": "button", "action_id": self._id(), "text": _plain(_shortened(label))}
        if button.url:
            element["url"] = self._public_url + button.url if button.url.startswith("/") else button.url
        else:
            element["value"] = button.press
        if primary:
            element["style"] = "primary"
        return element

    def _id(self) -> str:
        return f"{next(self._ids)}"


def words(blocks: Sequence[Block]) -> str:
    """What the blocks say, for notifications and screen readers; with Slack's three control characters written out."""
    text = "\n\n".join(said for block in blocks if (said := _said(block))) or " ".join(_labels(blocks))
    if utf16(escaped := _escaped(text)) > TEXT:
        # Each character takes at most five once it is written out.
        escaped = _escaped(parted(text, TEXT // 5)[0])
    return escaped


def without_pictures(blocks: Sequence[Block]) -> list[Block]:
    """The blocks with what the pictures show in words."""
    return [new for block in blocks for new in (_in_words(block["alt_text"]) if block["type"] == "image" else [block])]


def _in_words(alt: str) -> list[Block]:
    return [_rich(part) for part in parted(alt, SLACK.text)]


def _fits(blocks: Sequence[Block]) -> bool:
    return len(blocks) <= 1 or (len(blocks) <= BLOCKS and len(json.dumps(blocks, ensure_ascii=False)) <= ROOM)


def _rich(text: str, *, heading: bool = False) -> Block:
    """A text in which nothing is interpreted but addresses; as a heading its first line is bold.

    Rich text and not a section: a section shows no bold and no links without taking signs in the text for markup, and
    hides what is long behind a "see more".
    """
    first, newline, rest = text.partition("\n") if heading else ("", "", text)
    spans = [*_spans(first, style={"bold": True}), *_spans(newline + rest)]
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": spans}]}


def _spans(text: str, **style: Any) -> Iterator[Block]:
    for n, piece in enumerate(_URL.split(text)):
        if piece:
            yield {"type": "link", "url": piece} if n % 2 else {"type": "text", "text": piece, **style}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


def _label(button: Button) -> str:
    return f"✓ {button.label}" if button.picked else button.label


def _shortened(label: str) -> str:
    return label if utf16(label) <= SLACK.label else parted(label, SLACK.label - 1)[0] + "…"


def _beside(button: Button) -> str:
    """What stands beside a button: its hint, and its label where that is too long for it."""
    label = _label(button)
    return "\n".join(text for text in (label if utf16(label) > SLACK.label else "", button.hint) if text)


def _is_option(button: Button) -> bool:
    return all(utf16(text) <= SLACK.label for text in (_label(button), button.hint, button.group))


def _options(buttons: Sequence[Button]) -> Block:
    """The options of a menu, in groups where there are any."""
    if not any(button.group for button in buttons):
        return {"options": [_option(button) for button in buttons]}
    groups = groupby(buttons, key=lambda button: button.group or NO_GROUP)
    return {
        "option_groups": [
            {"label": _plain(group), "options": [_option(button) for button in together]} for group, together in groups
        ]
    }


def _option(button: Button) -> Block:
    option = {"text": _plain(_label(button)), "value": button.press}
    return option | ({"description": _plain(button.hint)} if button.hint else {})


def _said(block: Block) -> str:
    match block:
        case {"type": "rich_text", "elements": [{"elements": [*spans]}]}:
            return "".join(span.get("text") or span["url"] for span in spans)
        case {"type": "image", "alt_text": alt}:
            return str(alt)
        case {"type": "context", "elements": [{"text": str(text)}]}:
            return text
        case {"type": "section", "text": {"text": text}, "accessory": {"text": {"text": label}}}:
            return f"{label}\n{text}"
        case _:
            return ""


def _labels(blocks: Sequence[Block]) -> Iterator[str]:
    for element in (element for block in blocks for element in block["elements"]):
        yield (element.get("placeholder") or element["text"])["text"]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
