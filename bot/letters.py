"""A letter as each platform shows it: what its own rendering makes of the message, as words and buttons."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.parts import Parts
from bot.platforms.blocks import Blocks
from bot.platforms.flex import Flex
from bot.platforms.platform import Part
from dialogs.messages import Message

SHOWN = ("line", "telegram", "slack", "web")


@dataclass(frozen=True, slots=True)
class Piece:
    """Something that is seen: a "text" or a "button" with its words."""

    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Look:
    """What a reader sees on a platform."""

    channel: str
    pieces: tuple[Piece, ...]


def looks(parts: Parts, message: Message) -> list[Look]:
    """The message on every platform, whether it is on here or not."""
    return [Look(channel, tuple(_pieces(parts, channel, message))) for channel in SHOWN]


def _pieces(parts: Parts, channel: str, message: Message) -> Iterator[Piece]:
    words = parts.content.phrases
    match channel:
        case "line":
            for request in Flex(parts.public_url, parts.pictures, words).requests([message]):
                yield from _flex(request["messages"])
        case "slack":
            for blocks in Blocks(parts.public_url, parts.pictures, words).messages([message]):
                yield from _blocks(blocks)
        case "telegram" if channel in parts.platforms:
            yield from _keyboard(parts.platforms[channel].render([message], ""))
        case _:
            yield Piece("text", message.text)
            yield from (Piece("button", button.label) for button in message.buttons)


def _flex(node: Any, *, within: bool = False) -> Iterator[Piece]:
    """LINE's texts and boxes; a box with an action is a button, and its words are those in it."""
    if isinstance(node, list):
        for one in node:
            yield from _flex(one, within=within)
        return
    kind = node.get("type")
    if kind in ("text", "span") and "text" in node:
        yield Piece("button" if within else "text", node["text"])
    elif kind == "button":
        yield Piece("button", node["action"]["label"])
    for name in ("header", "body", "footer", "contents"):
        if name in node:
            yield from _flex(node[name], within=within or "action" in node)


def _keyboard(requests: Sequence[Part]) -> Iterator[Piece]:
    """Telegram's texts, and the keys below them."""
    for request in requests:
        yield Piece("text", request.get("text") or request.get("caption", ""))
        for row in request.get("reply_markup", {}).get("inline_keyboard", ()):
            yield from (Piece("button", key["text"]) for key in row)


def _blocks(blocks: Sequence[Part]) -> Iterator[Piece]:
    """Slack's rich texts, and the elements of its rows of buttons."""
    for block in blocks:
        if block["type"] == "rich_text":
            yield Piece("text", "".join(_texts(block)))
        for element in block.get("elements", ()) if block["type"] == "actions" else ():
            yield Piece("button", element["text"]["text"])


def _texts(node: Part) -> Iterator[str]:
    if "text" in node or "url" in node:
        yield str(node.get("text") or node["url"])
    for one in node.get("elements", ()):
        yield from _texts(one)
