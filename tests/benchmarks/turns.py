"""Runs in processes of their own, so that none finds the machine warmed by another."""

from __future__ import annotations

import multiprocessing
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from threading import BrokenBarrierError, Thread
from typing import Any, TypeVar

import by_lanes
import by_trl
from contenders import Contender, Job, Run

from empathy.lanes.rows import Example

SPAWN = multiprocessing.get_context("spawn")
LOG = Path("results/bench/log.txt")  # what libraries print meanwhile
PATIENCE = 3600.0  # seconds that a process waits for the others to be warm
T = TypeVar("T")


class FailedError(Exception):
    """A contender could not run here, and why."""


def apart(work: Callable[..., T], *arguments: Any) -> T:
    """The result of `work` in a new process, whose output goes to the log."""
    with ProcessPoolExecutor(1, SPAWN, initializer=_begin, initargs=(LOG, None)) as process:
        return process.submit(work, *arguments).result()


def together(
    contender: Contender, model: str, pairs: list[Example], warm: list[Example], batch: int
) -> Run:
    """All processes of a contender at the same time; their rates are added.

    Each has its own clock, which starts when all are warm. Whoever ends last has the machine to
    itself for a moment, which can only flatter them. Raises FailedError where one of them fails.
    """
    count = contender.processes
    barrier = SPAWN.Barrier(count) if count > 1 else None
    jobs = [Job(contender, model, pairs, warm, batch, place) for place in range(count)]
    with ProcessPoolExecutor(count, SPAWN, initializer=_begin, initargs=(LOG, barrier)) as pool:
        futures = [pool.submit(run, job) for job in jobs]
    errors = [e for f in futures if (e := f.exception()) and not isinstance(e, BrokenBarrierError)]
    if errors:
        raise FailedError(str(errors[0]).strip().splitlines()[0][:200]) from errors[0]
    return joined([future.result() for future in futures])


def joined(runs: Sequence[Run]) -> Run:
    """Processes that ran at the same time as one: rates and memory add up."""
    peaks = [run.peak_bytes for run in runs]
    return runs[0]._replace(
        pairs_per_second=sum(run.pairs_per_second for run in runs),
        setup_seconds=max(run.setup_seconds for run in runs),
        warm_seconds=max(run.warm_seconds for run in runs),
        first_step_at=max(run.first_step_at for run in runs),
        peak_bytes=None if None in peaks else sum(filter(None, peaks)),
        threads=sum(run.threads for run in runs),
    )


_barrier: Any = None  # of this process; a barrier can be handed over only when a process starts


def _begin(log: Path, barrier: Any) -> None:
    """Send all that libraries print in this process to a file."""
    global _barrier
    _barrier = barrier
    Thread(target=_end_with_the_parent, daemon=True).start()
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())


def _end_with_the_parent() -> None:
    """A race that was cut off must not go on in the background and slow the next one down."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _gate() -> None:
    if _barrier is not None:
        _barrier.wait(PATIENCE)


def run(job: Job) -> Run:
    """Do the job in this process."""
    try:
        return _run(job)
    except BaseException:
        if _barrier is not None:
            _barrier.abort()  # the others would wait for this one
        raise


def _run(job: Job) -> Run:
    import torch
    from shapes import load

    begun = time.perf_counter()
    cuda = torch.cuda.is_available()
    if not cuda:
        torch.set_num_threads(max(1, torch.get_num_threads() // job.contender.processes))
    base = load(job.model)
    train = by_lanes.train if job.contender.trl is None else by_trl.train
    timing = train(job, base, _gate)
    seconds = timing.ends[-1] - timing.start
    return Run(
        pairs_per_second=job.contender.lanes * len(job.pairs) / seconds,
        setup_seconds=timing.warming - begun,
        warm_seconds=timing.start - timing.warming,
        first_step_at=time.time() - (time.perf_counter() - timing.ends[0]),
        peak_bytes=torch.cuda.max_memory_allocated() if cuda else peak_of_process(),
        device=torch.cuda.get_device_name() if cuda else "cpu",
        dtype=str(base.model.dtype).removeprefix("torch."),
        threads=torch.get_num_threads(),
        source=base.source,
    )


def peak_of_process() -> int | None:
    """Most resident memory so far in bytes; None where Linux does not tell it."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) * 1024 if found else None
