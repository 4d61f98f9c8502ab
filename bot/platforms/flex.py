"""Messages as LINE shows them: texts, pictures and Flex bubbles with big buttons, within all that LINE allows."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from bot.pictures import Pictures
from bot.platforms.fitting import abreast, joined, numbered, parted, utf16
from bot.platforms.limits import LINE
from bot.platforms.platform import Part
from dialogs.messages import Button, Message, Picture
from dialogs.phrases import Phrases
from scoring.look import look

Node = dict[str, Any]

# Messaging API reference, Flex Message: a carousel has at most 12 bubbles. A bubble of more than 30 KB or a carousel of
# more than 50 KB is refused; counted as they go over the wire, where one Japanese character has six bytes.
BUBBLES, BUBBLE_BYTES, FLEX_BYTES = 12, 30_000, 50_000
ALT = 1500
# A longer text stands in messages of its own: it would crowd the buttons out of the bubble.
LONG = 1000
# Choices one below the other: in one bubble; and where they are in groups, in each bubble of a carousel, which
# should fit on a screen, as it is moved sideways.
COLUMN, PAGE = 20, 10

# LINE's own browser on Android keeps no files; with this LINE opens an address in the phone's.
OUTSIDE = "?openExternalBrowser=1"
LOOK = look()
PADDING, LINE_SPACING = f"{LOOK.step * 3 // 2}px", f"{LOOK.step}px"
HOLLOW = {"borderWidth": "1px", "borderColor": LOOK.indigo}
# Eight hundredths of indigo, as the page has it.
PICKED = {**HOLLOW, "backgroundColor": f"{LOOK.indigo}14"}
# Two digits need the room that words leave at both sides.
NUMBER = {**HOLLOW, "paddingStart": "none", "paddingEnd": "none"}
SOLID = {"backgroundColor": LOOK.indigo}
QUIET: dict[str, str] = {}


class Flex:
    """Renders messages for LINE; given are our own address, the pictures' and the words around a question."""

    def __init__(self, public_url: str, pictures: Pictures, phrases: Phrases) -> None:
        self._public_url = public_url
        self._pictures = pictures
        self._phrases = phrases

    def requests(self, messages: Sequence[Message]) -> list[Part]:
        """The messages as requests, of as many message objects as one may hold."""
        messages = self._few([message for message in messages if _something(message)])
        if not messages:
            return []
        *before, last = messages
        # Quick replies are seen only below what is last of all.
        quick = _quick(last)
        objects = [node for message in before for node in self._objects(message, message.side)]
        objects += self._objects(last, [button for button in last.side if button not in quick])
        if quick:
            objects[-1]["quickReply"] = {"items": [self._quick_reply(button) for button in quick]}
        return [{"messages": objects[n : n + LINE.messages]} for n in range(0, len(objects), LINE.messages)]

    def _few(self, messages: Sequence[Message]) -> list[Message]:
        """The messages in one request, where joining plain texts makes that possible: only the first one is free."""
        objects = sum(len(self._objects(message, message.side)) for message in messages)
        return joined(messages, LINE.messages - objects + len(messages), LINE.text)

    def _objects(self, message: Message, quiet: Sequence[Button]) -> list[Node]:
        """One message as message objects; `quiet` are those of its side buttons that stand in it."""
        if message.picture:
            return [self._picture(message.picture), *self._objects(replace(message, picture=None), quiet)]
        if not (_tappable(message) or quiet):
            return _texts(self._progress(message), message.text)
        if utf16(message.text) > LONG:
            return [*_texts(message.text), *self._asked(replace(message, text=""), quiet)]
        return self._asked(message, quiet)

    def _picture(self, picture: Picture) -> Node:
        url = self._pictures.url(picture)
        if url is None:
            return {"type": "text", "text": picture.alt}
        return {"type": "image", "originalContentUrl": url, "previewImageUrl": url}

    def _progress(self, message: Message) -> str:
        return "" if message.left is None else self._phrases.say("shown.left", left=message.left)

    # ------------------------------------------------------------ what can be tapped

    def _asked(self, message: Message, quiet: Sequence[Button]) -> list[Node]:
        """A message with buttons: a bubble; where there are many of them, a carousel below it; or a numbered list."""
        pages = _pages(message.buttons)
        if len(pages) == 1:
            containers = [self._bubble(message, quiet)]
        else:
            carousel = {"type": "carousel", "contents": [self._page(message, page) for page in pages]}
            containers = [self._bubble(replace(message, buttons=()), quiet), carousel]
        if len(message.buttons) > LINE.buttons or not all(map(_allowed, containers)):
            return self._numbered(message, quiet)
        return [self._flex(message, container) for container in containers]

    def _flex(self, message: Message, container: Node) -> Node:
        return {"type": "flex", "altText": self._alt(message), "contents": container}

    def _numbered(self, message: Message, quiet: Sequence[Button]) -> list[Node]:
        """More choices than LINE can show as buttons: a list in words, never cut."""
        listed = numbered(replace(message, buttons=tuple(_spelt(message, button) for button in message.buttons)))
        texts = _texts(self._progress(message), listed.text, "", self._phrases.say("shown.numbered"))
        rest = replace(message, text="", buttons=(), left=None)
        return [*texts, self._flex(rest, self._bubble(rest, quiet))] if _tappable(rest) or quiet else texts

    def _alt(self, message: Message) -> str:
        """What stands in a notification, and where bubbles can't be shown."""
        ends = tuple(button for button in (message.done, message.none) if button)
        listed = replace(message, buttons=tuple(_ticked(message, button) for button in message.buttons) or ends)
        # A number before a number would be taken for another answer.
        listed = listed if message.kind != "many" and abreast(message.buttons) > 1 else numbered(listed)
        words = parted(listed.text.strip(), ALT)
        return words[0] if words else self._phrases.say("shown.choose")

    def _bubble(self, message: Message, quiet: Sequence[Button]) -> Node:
        """A message as one bubble, from the progress down to the quiet ways out."""
        words = [*_words(message), *self._hint(message)]
        ends = [self._button(button, look, "center") for button, look in _ends(message, quiet)]
        sections = [words, list(self._choices(message, message.buttons)), ends]
        body = _box([_box(section, spacing="md") for section in sections if section], spacing="xl")
        progress = self._progress(message)
        if not progress:
            return _container("giga", body=body)
        header = _box([_text(progress, size="md", color=LOOK.soft_ink)], paddingBottom="0px")
        return _container("giga", header=header, body=body)

    def _page(self, message: Message, buttons: Sequence[Button]) -> Node:
        """Some of a message's choices as one bubble of its carousel."""
        return _container("mega", body=_box(list(self._choices(message, buttons)), spacing="md"))

    def _hint(self, message: Message) -> Iterator[Node]:
        """How to answer a multi-choice."""
        if message.kind == "many" and message.done:
            name = "shown.many.limit" if message.limit else "shown.many"
            yield _text(
                self._phrases.say(name, limit=message.limit, done=message.done.label), size="md", color=LOOK.soft_ink
            )

    def _choices(self, message: Message, buttons: Sequence[Button]) -> Iterator[Node]:
        for group, together in groupby(buttons, key=lambda button: button.group):
            if group.strip():
                yield _text(group, size="md", color=LOOK.soft_ink, margin="lg")
            pressed = list(together)
            if message.kind != "many" and (row := abreast(pressed)) > 1:
                yield from self._numbers(pressed, row)
                continue
            for button in pressed:
                look = PICKED if button.picked else SOLID if button.url.startswith("/r/") else HOLLOW
                yield self._button(button, look, "start", _ticked(message, button).label)

    def _numbers(self, buttons: Sequence[Button], row: int) -> Iterator[Node]:
        """Buttons that are numbers, in rows of as many columns; what the last row has not is left blank."""
        for start in range(0, len(buttons), row):
            cells = [self._button(button, NUMBER, "center") for button in buttons[start : start + row]]
            yield _box([*cells, *[{"type": "filler"}] * (row - len(cells))], layout="horizontal", spacing="sm")

    def _button(self, button: Button, look: dict[str, str], align: str, label: str = "") -> Node:
        """A button over the whole width: its label, and what explains it below that, softer and smaller."""
        colour, soft = (LOOK.paper, LOOK.paper) if look is SOLID else (LOOK.indigo, LOOK.soft_ink)
        weight = "regular" if look is QUIET else "bold"
        words = [_text(label or button.label, color=colour, weight=weight, align=align)]
        if button.hint.strip():
            words.append(_text(button.hint, size="md", color=soft))
        shape = {"paddingAll": PADDING, "cornerRadius": f"{LOOK.radius}px", **look}
        return _box(words, action=self._action(button), **shape)

    def _action(self, button: Button) -> Node:
        if button.url:
            url = self._public_url + button.url if button.url[0] == "/" else button.url
            return {"type": "uri", "uri": f"{url}{OUTSIDE}" if url.endswith(".ics") else url}
        return {"type": "postback", "data": button.press, "displayText": button.label}

    def _quick_reply(self, button: Button) -> Node:
        return {"type": "action", "action": {**self._action(button), "label": button.label}}


# ---------------------------------------------------------------- what stands where


def _tappable(message: Message) -> bool:
    return bool(message.buttons or message.done or message.none)


def _something(message: Message) -> bool:
    return bool(message.text.strip() or message.picture or _tappable(message) or message.side)


def _quick(message: Message) -> list[Button]:
    """The side buttons that can be quick replies; they need something to stand below."""
    if not _something(replace(message, side=())):
        return []
    return [button for button in message.side if utf16(button.label) <= LINE.label][: LINE.quick]


def _ends(message: Message, quiet: Sequence[Button]) -> Iterator[tuple[Button, dict[str, str]]]:
    """What stands below the choices, and how it looks."""
    if message.done:
        yield message.done, SOLID
    if message.none:
        yield message.none, HOLLOW
    for button in quiet:
        yield button, QUIET


def _ticked(message: Message, button: Button) -> Button:
    """A choice as it is labelled: that of a multi-choice shows whether it is picked, and not by colour alone."""
    if message.kind != "many":
        return button
    return replace(button, label=f"{'☑' if button.picked else '☐'} {button.label}")


def _spelt(message: Message, button: Button) -> Button:
    """A choice whose label says all that a button shows."""
    parts = (button.group, _ticked(message, button).label, button.hint, button.url)
    return replace(button, label=" ".join(part for part in parts if part))


def _pages(buttons: Sequence[Button]) -> list[list[Button]]:
    """The choices bubble by bubble; groups stay whole and in order, and small ones share a bubble.

    All bubbles of a carousel are as high as the highest, so none is filled beyond the largest group.
    """
    groups = [list(together) for _, together in groupby(buttons, key=lambda button: button.group)]
    if len(buttons) <= (PAGE if len(groups) > 1 else COLUMN):
        return [list(buttons)]
    pieces = [piece for group in groups for piece in _even(group)]
    most = max(map(len, pieces))
    pages: list[list[Button]] = [[]]
    for piece in pieces:
        if len(pages[-1]) + len(piece) > most:
            pages.append([])
        pages[-1] += piece
    return pages


def _even(group: list[Button]) -> list[list[Button]]:
    """A group in as few pieces of about the same size as pages can hold."""
    count = -(-len(group) // PAGE)
    return [group[n * len(group) // count : (n + 1) * len(group) // count] for n in range(count)]


def _allowed(container: Node) -> bool:
    bubbles = container["contents"] if container["type"] == "carousel" else [container]
    sizes = [len(json.dumps(bubble)) for bubble in bubbles]
    return len(sizes) <= BUBBLES and max(sizes) <= BUBBLE_BYTES and len(json.dumps(container)) <= FLEX_BYTES


# ---------------------------------------------------------------- the pieces


def _texts(*lines: str) -> list[Node]:
    """Text messages; an empty line first or last falls away."""
    parts = parted("\n".join(lines).strip("\n"), LINE.text)
    return [{"type": "text", "text": part} for part in parts if part.strip()]


def _words(message: Message) -> Iterator[Node]:
    """A text in a bubble; the first line of a question stands out."""
    text = message.text
    if message.kind != "say":
        first, _, text = text.partition("\n")
        if first.strip():
            yield _text(first, weight="bold", lineSpacing=LINE_SPACING)
    # Unlike in a text message, an address in a bubble can't be tapped by itself.
    for link, lines in groupby(text.split("\n"), key=_link):
        words = "\n".join(lines).strip("\n")
        tapped = {"color": LOOK.indigo, "decoration": "underline", "action": {"type": "uri", "uri": link}}
        if words.strip():
            yield _text(words, lineSpacing=LINE_SPACING, **(tapped if link else {}))


def _link(line: str) -> str:
    """The web address in a line; "" where there is none that LINE would open."""
    found = re.search(r"https?://[!-~]+", line)
    return found[0] if found and len(found[0]) <= 1000 else ""


def _text(text: str, **look: Any) -> Node:
    # `scaling`: as large as the owner has set the letters of LINE.
    return {"type": "text", "text": text, "size": "lg", "color": LOOK.ink, "wrap": True, "scaling": True, **look}


def _box(contents: list[Node], **look: Any) -> Node:
    return {"type": "box", "layout": "vertical", "contents": contents, **look}


def _container(size: str, **blocks: Node) -> Node:
    styles = {block: {"backgroundColor": LOOK.paper} for block in blocks}
    return {"type": "bubble", "size": size, **blocks, "styles": styles}
