"""Calls that wait for a lane host, each in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def side_by_side(work: Callable[..., object], calls: Iterable[Sequence[Any]], threads: int) -> None:
    """Call `work` with each of the arguments, so many at a time, until all are done.

    Raises the first error once the others are done. An interrupt waits for nobody: who waits for a
    report would hold it up until the trial has ended.
    """
    pool = ThreadPoolExecutor(threads)
    wait = True
    try:
        for done in [pool.submit(work, *arguments) for arguments in calls]:
            done.result()
    except (KeyboardInterrupt, SystemExit):
        wait = False
        raise
    finally:
        pool.shutdown(wait=wait, cancel_futures=not wait)
