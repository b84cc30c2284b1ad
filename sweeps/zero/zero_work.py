"""What every worker of a ZeRO trial does, in the process group that Ray Train has made for it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from empathy.errors import UserError
from empathy.settings import TrialSettings, ZeroSettings
from sweeps.pool.leases import Lease
from sweeps.zero.exchange import News

if TYPE_CHECKING:
    from empathy.lanes.engine import StepReport


@dataclass(frozen=True)
class Job:
    """A trial, as its workers are given it."""

    trial_id: str
    settings: Mapping[str, Any]
    zero: Mapping[str, Any]
    device: str
    """cpu or cuda."""
    folder: str
    """What `empathy.zero_task` has written."""
    saved: str
    """Its checkpoint: one that is there is gone on from."""
    heard: int
    """The step of the last report that the client has had: the checkpoint must have got there."""
    save_at: tuple[int, ...]
    report_at: tuple[int, ...]
    """Those of `save_at` at which the trial is measured."""
    exchange: Any
    """The actor of an `Exchange`."""


class StoppedError(Exception):
    """Nobody wants the next report: the trial was stopped at this one."""


def work(given: Mapping[str, Job]) -> None:
    """Train the `job`, a trial, report by report to its last, or until nobody wants the next.

    What a user can mend is told, and ends the trial; Ray Train tries again after anything else.
    """
    import ray
    from ray.train import get_context

    job = given["job"]
    if ray.get(job.exchange.over.remote()):  # stopped while workers were replaced
        return
    try:
        _train(job)
    except StoppedError:
        return
    except UserError as error:
        ray.get(job.exchange.tell.remote({"refused": str(error)}))
        if get_context().get_world_rank():
            raise  # else the first worker may wait for this one for ever


def _train(job: Job) -> None:
    import ray
    import torch
    from ray.train import get_context

    from empathy import zero, zero_task
    from sweeps.zero.hang import this_worker

    zero.join_group(torch.device(job.device))
    ray.get(job.exchange.enter.remote(this_worker(get_context().get_world_rank())))
    handed, saved = zero_task.read(Path(job.folder)), Path(job.saved)
    reports = _Reports(job, handed.task.max_steps)
    reports.take_up(saved)
    zero.train(
        handed.load,
        handed.tokenizer(),
        handed.targets,
        handed.task,
        TrialSettings.model_validate(job.settings),
        ZeroSettings.model_validate(job.zero),
        saved,
        job.save_at,
        reports.told,
        reports.kept,
    )


class _Reports:
    """Curves and seconds since the last report, and the way to the client."""

    def __init__(self, job: Job, max_steps: int) -> None:
        settings = TrialSettings.model_validate(job.settings)
        self._job, self._max_steps = job, max_steps
        self._lease = Lease(job.trial_id, settings, resume=True, heard=job.heard)
        self._since = time.monotonic()

    def take_up(self, saved: Path) -> None:
        """Tell a checkpoint's report, which the client may never have got.

        Raises UserError for a checkpoint that is gone, or behind what the client has heard.
        """
        found = self._lease.found(saved)
        if found is None:
            return
        from empathy.lanes import checkpoint

        step = checkpoint.step(found)
        self._lease.take_up(found, step, checkpoint.told(found))
        if step in self._job.report_at:
            self._tell({})

    def kept(self, done: StepReport) -> Mapping[str, Any]:
        """Count a finished step; what its checkpoint is to keep beside the lane."""
        self._count(done)
        return self._lease.told

    def told(self, done: StepReport) -> None:
        """Report a step, if it is one of those, and wait until the next report is wanted."""
        if done.diverged:
            self._count(done)
            self._tell({"failed": f"not finite after step {done.step}"})
        elif done.step in self._job.report_at:
            self._tell({})

    def _count(self, done: StepReport) -> None:
        now = time.monotonic()
        self._lease.seconds += now - self._since
        self._lease.step, self._since = done.step, now
        self._job.exchange.stepped.remote(done.step)
        self._lease.curves.append({"loss": done.loss, "grad_norm": done.grad_norm, **done.curves})

    def _tell(self, end: Mapping[str, str]) -> None:
        """All workers wait here for the first one, which tells."""
        import ray
        from ray.train import get_context
        from ray.train.collective import broadcast_from_rank_zero

        on = True
        if get_context().get_world_rank() == 0:
            on = ray.get(self._job.exchange.tell.remote({**self._news(), **end}))
        self._lease.curves = []
        if not broadcast_from_rank_zero(on):
            raise StoppedError
        self._since = time.monotonic()

    def _news(self) -> News:
        curves, step = self._lease.curves, self._lease.step
        names = curves[0] if curves else ()
        return {
            "step": step,
            "seconds": self._lease.seconds,
            "curves": {name: fmean(each[name] for each in curves) for name in names},
            "done": step >= self._max_steps,
        }
