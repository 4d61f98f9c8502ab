"""The pictures of results as platforms want them: an address that anyone may fetch for a while, or the file itself."""

import asyncio

from bot.drawing import Drawing
from bot.links import Links
from dialogs.messages import Picture
from scoring.result import from_json
from storage import Database, results


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

    async def png(self, picture: Picture) -> bytes | None:
        """The picture as PNG; None where the result is gone."""
        svg = await asyncio.to_thread(self.svg, picture.token, picture.kind)
        return await self._drawing.png(svg) if svg else None

    def svg(self, token: str, kind: str) -> str | None:
        """The drawing of the result as it stands now; None where there is no such result or picture."""
        with self._database.reading() as connection:
            stored = results.by_token(connection, token)
            if stored is None:
                return None
            before = results.before(connection, stored.owner_id, stored.run, stored.depth)
        return self._drawing.svg(kind, from_json(stored.result), from_json(before.result) if before else None)
