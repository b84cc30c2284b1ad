"""Between a trial's client, which asks for reports, and the workers that train it."""

from __future__ import annotations

import asyncio
from typing import Any

News = dict[str, Any]
"""What workers tell: {"step", "seconds", "curves", "done"} of a step whose checkpoint is written;
with "failed" where there is none; {"refused": a sentence} for what a user can mend."""


class Exchange:
    """An async Ray actor without torch. Workers train on only while their next report is wanted.

    So a trial that is stopped at a report has not trained past it. Workers may die and begin again
    from their checkpoint: then one report may come twice, and it is for the client to know it.
    """

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._news: list[News] = []
        self._wanted = self._over = False

    async def ask(self, timeout: float) -> News | None:
        """The next report; None where there is none within so many seconds."""
        async with self._changed:
            if not self._news:
                self._wanted = True
                self._changed.notify_all()
            try:
                await asyncio.wait_for(self._changed.wait_for(lambda: self._news), timeout)
            except TimeoutError:
                return None
            self._wanted = False
            return self._news.pop(0)

    async def tell(self, news: News) -> bool:
        """Hand a report over; returns when the next is wanted, or False when none is any more."""
        async with self._changed:
            self._wanted = False
            self._news.append(news)
            self._changed.notify_all()
            await self._changed.wait_for(lambda: self._wanted or self._over)
            return not self._over

    async def over(self) -> bool:
        """Whether no report is wanted any more."""
        return self._over

    async def close(self) -> None:
        """No report is wanted any more."""
        async with self._changed:
            self._over = True
            self._changed.notify_all()
