"""Between a trial's client, which asks for reports, and the workers that train it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

News = dict[str, Any]
"""What workers tell: {"step", "seconds", "curves", "done"} of a step whose checkpoint is written;
with "failed" where there is none; {"refused": a sentence} for what a user can mend."""


@dataclass(frozen=True)
class Worker:
    """A process of a trial, as it introduces itself."""

    rank: int
    actor: Any
    """Ray's handle of it."""
    where: str
    """process 4242 on 10.0.0.2"""


@dataclass(frozen=True)
class Wait:
    """How long nothing has been heard of workers that should train."""

    seconds: float
    step: int
    """The last that was finished."""
    workers: tuple[Worker, ...]


class Exchange:
    """An async Ray actor without torch. Workers train on only while their next report is wanted.

    So a trial that is stopped at a report has not trained past it. Workers may die and begin again
    from their checkpoint: then one report may come twice, and it is for the client to know it.
    """

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._news: list[News] = []
        self._wanted = self._over = False
        self._workers: dict[int, Worker] = {}
        self._step = 0
        self._since = time.monotonic()  # nothing was heard, or wanted

    async def ask(self, timeout: float) -> News | None:
        """The next report; None where there is none within so many seconds."""
        async with self._changed:
            if not self._news:
                self._want()
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
            self._since = time.monotonic()
            self._changed.notify_all()

    # -- for `sweeps.zero.hang` ---------------------------------------------------------------

    async def enter(self, worker: Worker) -> None:
        """A worker begins, perhaps in the place of one that was lost."""
        self._workers[worker.rank] = worker
        self._since = time.monotonic()

    async def stepped(self, step: int) -> None:
        """Workers have finished a step."""
        self._step, self._since = step, time.monotonic()

    async def wait(self) -> Wait | None:
        """How long nothing was heard of the workers; None while there are none."""
        if not self._workers:
            return None
        workers = tuple(self._workers.values())
        return Wait(time.monotonic() - self._since, self._step, workers)

    async def forget(self) -> None:
        """These workers are gone; others may enter."""
        self._workers.clear()

    def _want(self) -> None:
        if not self._wanted:
            self._since = time.monotonic()
        self._wanted = True
        self._changed.notify_all()
