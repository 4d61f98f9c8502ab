"""Drawing the pictures of results, in a process of their own: the rasteriser holds the interpreter while it works."""

import asyncio
import multiprocessing
from collections import OrderedDict
from concurrent.futures import ProcessPoolExecutor

from bot.web.result import balance_rows, share_rows
from dialogs.content import Content
from scoring import pictures
from scoring.result import Result

# Pictures kept, some 100 KB each; who opens a result looks at its pictures more than once.
KEPT = 200


class Drawing:
    """Draws pictures of results; close it at the end."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._pool: ProcessPoolExecutor | None = None
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def svg(self, kind: str, result: Result, earlier: Result | None) -> str | None:
        """The drawing of this kind ("share" or "balance"), of the same rows as the page; None for no such kind."""
        say, questionnaire = self._content.phrases.say, self._content.questionnaire
        before = earlier.score if earlier else None
        if kind == "share":
            shares = share_rows(questionnaire, result.score, before)
            bars = [pictures.Bar(r.label, r.percent, r.level, r.started, r.earlier) for r in shares]
            return pictures.share_svg(bars, title=say("picture.share"))
        if kind == "balance":
            balance = balance_rows(questionnaire, result, before)
            axes = [pictures.Axis(r.label, r.value, r.earlier, r.peers) for r in balance]
            return pictures.balance_svg(axes, title=say("picture.balance"))
        return None

    async def png(self, svg: str) -> bytes:
        """The drawing as PNG."""
        if svg not in self._kept:
            if self._pool is None:
                # Made when first needed: it costs memory, and many a process never draws.
                self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
            self._kept[svg] = await asyncio.get_running_loop().run_in_executor(self._pool, pictures.png, svg)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(svg)
        return self._kept[svg]

    def close(self) -> None:
        """End the drawing process."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
