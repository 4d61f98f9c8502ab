"""Pictures as platforms want them: an address that anyone may fetch for a while, or the file itself."""

import asyncio
from dataclasses import replace

from bot.drawing import Drawing
from bot.links import Links
from dialogs.messages import FLYER, Message, Picture
from scoring.result import from_json
from storage import Database, flyers, results


class Pictures:
    """Addresses and files of pictures."""

    def __init__(self, database: Database, drawing: Drawing, links: Links, public_url: str) -> None:
        self._database = database
        self._drawing = drawing
        self._links = links
        self._public_url = public_url

    def url(self, picture: Picture) -> str | None:
        """The picture's signed https address; None where this server can't be reached by https."""
        if not self._public_url.startswith("https://"):
            return None
        return self._public_url + self._links.sign_picture(picture.token, picture.kind)

    def seen(self, message: Message) -> Message:
        """The message as our own pages show it: a picture that an agency attaches has its path for a token."""
        picture = message.picture
        if picture is None or picture.kind != FLYER:
            return message
        return replace(message, picture=replace(picture, token=self._links.sign_picture(picture.token, FLYER)))

    async def file(self, picture: Picture) -> tuple[bytes, str] | None:
        """The picture and its media type; None where the result, or the campaign, is gone."""
        if picture.kind == FLYER:
            return await asyncio.to_thread(self.flyer, picture.token)
        svg = await asyncio.to_thread(self.svg, picture.token, picture.kind)
        return (await self._drawing.png(svg), "image/png") if svg else None

    def flyer(self, token: str) -> tuple[bytes, str] | None:
        """A picture that an agency attaches, and its media type; None where its campaign is gone."""
        with self._database.reading() as connection:
            return flyers.data(connection, token)

    def svg(self, token: str, kind: str) -> str | None:
        """The drawing of the result as it stands now; None where there is no such result or picture."""
        with self._database.reading() as connection:
            stored = results.by_token(connection, token)
            if stored is None:
                return None
            before = results.before(connection, stored.owner_id, stored.run, stored.depth)
        return self._drawing.svg(kind, from_json(stored.result), from_json(before.result) if before else None)
