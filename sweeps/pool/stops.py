"""What ends a sweep from outside: Ctrl-C, and SIGTERM, by which machines are taken away.

Either is raised in the main thread, so that lanes are checkpointed and files closed on the way out.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, as_completed
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

HINT = "go on with the same command and --resume"


class Terminated(KeyboardInterrupt):
    """The process was told to end by SIGTERM.

    A kind of KeyboardInterrupt, since Ray expects nothing else to come out of a signal while it
    waits: it raises one of its own then, and of anything else makes a SystemError.
    """


@contextmanager
def heeding_sigterm() -> Iterator[None]:
    """Meanwhile SIGTERM raises `Terminated`."""
    before = signal.getsignal(signal.SIGTERM)
    heed_sigterm()
    try:
        yield
    except KeyboardInterrupt as stop:
        if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN and not isinstance(stop, Terminated):
            raise Terminated(*stop.args) from stop  # Ray's own in its place
        raise
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


def heed_sigterm() -> None:
    """The same from now on: Ray puts a handler of its own in our place when it starts."""
    if threading.current_thread() is threading.main_thread():  # no other may set handlers
        signal.signal(signal.SIGTERM, _terminate)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one would cut off what is being saved
    raise Terminated


def all_done(pool: Executor, running: Sequence[Future[None]], drain: Callable[[], None]) -> None:
    """Wait for all of them. Where one raises, or the sweep is stopped, the others are cut off at
    their next step by `drain`, which saves how far their lanes have come."""
    try:
        for each in as_completed(running):
            each.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        drain()
        raise
