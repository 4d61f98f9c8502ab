"""Drawing the pictures of results, in a process of their own: the rasteriser holds the interpreter while it works."""

import asyncio
import multiprocessing
from collections import OrderedDict
from concurrent.futures import ProcessPoolExecutor

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
        """The drawing of this kind ("share" or "balance"); None for a kind there is not."""
        phrases, questionnaire = self._content.phrases, self._content.questionnaire
        before = earlier.score if earlier else None
        if kind == "share":
            labels = {challenge.id: challenge.label for challenge in questionnaire.challenges}
            then = {share.challenge: share.percent for share in before.shares} if before else {}
            bars = [
                pictures.Bar(labels.get(s.challenge, s.challenge), s.percent, s.level, s.started, then.get(s.challenge))
                for s in result.score.shares
            ]
            return pictures.share_svg(bars, title=phrases.say("picture.share"))
        if kind == "balance":
            then = {axis.category: axis.value for axis in before.balance} if before else {}
            axes = [
                pictures.Axis(
                    questionnaire.categories.get(a.category, a.category),
                    a.value,
                    then.get(a.category),
                    result.comparison.balance.get(a.category),
                )
                for a in result.score.balance
            ]
            return pictures.balance_svg(axes, title=phrases.say("picture.balance"))
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
