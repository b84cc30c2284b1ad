"""Time that jumps: an event loop in which nobody waits, so that hours of a cluster take seconds.

Everything runs in one thread, in the same order every time: what is simulated can be asserted.
"""

from __future__ import annotations

import asyncio
import inspect
import selectors
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any, TypeVar
from unittest.mock import patch

from sweeps.pool import desk, host, leases

T = TypeVar("T")


class Jumping(selectors.SelectSelector):
    """Where a selector waits for the next timer, this one moves the clock there."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        """Seconds since the start."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Raises RuntimeError where no timer is left: then nothing would ever happen again."""
        if timeout is None:
            raise RuntimeError("everybody waits for somebody who waits")
        self.now += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on a clock of its own."""

    def __init__(self) -> None:
        self._jumping = Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual seconds."""
        return self._jumping.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run it in virtual time, by which desk, hosts and leases go as well."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner, _clocks(runner.get_loop()):
        return runner.run(main)


@contextmanager
def _clocks(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    clock = SimpleNamespace(monotonic=loop.time)
    with ExitStack() as stack:
        for module in (desk, host, leases):
            stack.enter_context(patch.object(module, "time", clock))
        yield


class Remote:
    """An object of this process, called as Ray calls an actor: `name.remote(...)`, then awaited."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self._tasks: set[asyncio.Future[Any]] = set()  # a loop forgets tasks that nobody holds

    def __getattr__(self, name: str) -> Any:
        return SimpleNamespace(remote=lambda *given: self._call(getattr(self._real, name), given))

    def _call(self, method: Any, given: tuple[Any, ...]) -> asyncio.Future[Any]:
        found = method(*given)
        if not inspect.iscoroutine(found):
            done = asyncio.get_running_loop().create_future()
            done.set_result(found)
            return done
        task = asyncio.create_task(found)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
