"""Calls that wait for a lane host, each in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any


def side_by_side(
    work: Callable[..., object],
    calls: Iterable[Sequence[Any]],
    threads: int,
    drain: Callable[[], None],
) -> None:
    """Call `work` with each of the arguments, so many at a time, until all are done.

    Where one raises, or the sweep is stopped, the others are cut off at their next step by `drain`,
    which saves how far their lanes have come; nobody is waited for.
    """
    pool = ThreadPoolExecutor(threads)
    try:
        for done in as_completed([pool.submit(work, *arguments) for arguments in calls]):
            done.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        drain()
        raise
    pool.shutdown()
