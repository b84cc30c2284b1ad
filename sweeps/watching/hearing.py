"""What a host is doing, told to the observers while something long is asked of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, Protocol

from sweeps.record.observers import Observer

POLL = 1.0  # seconds between two looks at what the host is doing


class Host(Protocol):
    """What is needed of a LaneHost, wherever it stands."""

    def prepared(self, timeout: float) -> dict[str, Any] | None: ...
    def stages(self, start: int) -> list[tuple[str, int, int | None]]: ...


class Hearing:
    """Passes on what a host does, each piece of news once."""

    def __init__(self, host: Host, watch: Observer) -> None:
        self._host, self._watch = host, watch
        self._told = 0

    def prepared(self) -> dict[str, Any]:
        """Wait until the study is ready; returns what `LaneHost.prepared` does."""
        while True:
            ready = self._host.prepared(POLL)
            self._tell()
            if ready is not None:
                return ready

    def during(self, work: Callable[[], Any]) -> Any:
        """The result of a call of the host. An interrupt does not wait for it."""
        done: Future[Any] = Future()
        threading.Thread(target=_settle, args=(work, done), daemon=True).start()
        while not done.done():
            wait([done], POLL)
            self._tell()
        return done.result()

    def _tell(self) -> None:
        for stage in self._host.stages(self._told):
            self._watch.stage(*stage)
            self._told += 1


def _settle(work: Callable[[], Any], done: Future[Any]) -> None:
    try:
        done.set_result(work())
    except BaseException as error:
        done.set_exception(error)
