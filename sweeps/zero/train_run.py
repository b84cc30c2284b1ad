"""A ZeRO trial's Train run: Ray Train starts its workers, which train one trial together.

It is asked for reports like a lane (`sweeps.pool.place.Place`). The workers reserve their devices
in one placement group, all or none, on one node where they fit.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import ray

from empathy.errors import UserError
from sweeps.pool.desk import SILENCE
from sweeps.pool.place import somewhere
from sweeps.pool.room import autoscaled
from sweeps.record.observers import of_search
from sweeps.zero.exchange import Exchange, News
from sweeps.zero.hang import MARGIN, Hangs
from sweeps.zero.zero_work import Job, work

RETRIES = 2  # of a Train run that lost a worker
HANGS = 1  # of a trial that only cost it the steps since its checkpoint; another one ends it
WENT_ON = "the trial went on from its checkpoint"
POLL = 5.0  # seconds between two looks at whether the Train run is still there
GRACE = 3600.0  # seconds beyond the silence in which workers come to their next report, and end
ENVIRONMENT = {
    # DeepSpeed would look for an accelerator by itself, and find what torch was not built for.
    "cpu": {"OMP_NUM_THREADS": "1", "DS_ACCELERATOR": "cpu"},
    "cuda": {"OMP_NUM_THREADS": "1"},
}
NO_WAIT = (
    "; engine zero waits for no autoscaler: have the nodes from the start (min_workers of a GPU "
    "type in cluster.yaml, replicas on KubeRay), and begin when `ray status` lists them"
)
PER_WORKER = {"cpu": {"CPU": 1.0}, "cuda": {"CPU": 1.0, "GPU": 1.0}}


@dataclass(frozen=True)
class Spread:
    """How the trials of a sweep are spread over devices."""

    device: Literal["cpu", "cuda"]
    workers: int
    zero: Mapping[str, Any]
    """A `ZeroSettings` as JSON."""
    report_steps: tuple[int, ...]
    storage: str
    """A folder that all nodes share, for Ray Train's own files."""
    silence: float = SILENCE
    """Seconds without a finished step after which its workers are taken to hang."""


class TrainRun:
    """Starts its workers when the first report is asked for, and frees them before the last."""

    def __init__(
        self,
        desk: Any,
        trial_id: str,
        settings: Mapping[str, Any],
        spread: Spread,
        *,
        resume: bool = False,
        heard: int = 0,
    ) -> None:
        """`resume` from the checkpoint, which must not lie before `heard`, the step of the last
        report that there was."""
        self._desk, self.trial_id, self._settings = desk, trial_id, settings
        self._spread, self._resume, self.heard = spread, resume, heard
        self._exchange: Any = None
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None
        self._measuring = self._trained = 0.0  # seconds
        self._hangs = Hangs(spread.silence)

    def report(self) -> dict[str, Any]:
        """Train on to the next report, which some host measures.

        Raises `UserError` for what a user can mend, `NoHostError` if no host is left, and Ray
        Train's error after too many losses of workers.
        """
        try:
            row = self._row(self._unheard())
        except BaseException:
            self.leave()
            raise
        self.heard = row["step"]
        if row["done"]:
            self.leave()  # before anybody hears of it: the next trial needs the devices
        return row

    def leave(self) -> None:
        """Stop the workers, if there are any, and wait until their devices are free."""
        thread, exchange = self._thread, self._exchange
        self._thread = self._exchange = None
        if thread is None:
            return
        ray.get(exchange.close.remote())
        patience = self._spread.silence + GRACE
        give_up = time.monotonic() + patience
        while thread.is_alive() and time.monotonic() < give_up:
            thread.join(POLL)
            self._hangs.ended(exchange)
        ray.kill(exchange)
        if thread.is_alive():
            raise RuntimeError(f"the workers of {self.trial_id} have not ended in {patience:.0f} s")

    def _start(self) -> None:
        folder, saved = somewhere(
            self._desk,
            self.trial_id,
            lambda host: [host.hand_over.remote(), host.checkpoint.remote(self.trial_id)],
        )
        if not self._resume:  # workers go on from whatever is there
            Path(saved).unlink(missing_ok=True)
        self._exchange = ray.remote(Exchange).options(num_cpus=0).remote()
        steps, last = self._spread.report_steps, self._spread.report_steps[-1:]
        job = Job(
            trial_id=self.trial_id,
            settings=self._settings,
            zero=self._spread.zero,
            device=self._spread.device,
            folder=folder,
            saved=saved,
            heard=self.heard,
            save_at=steps,
            report_at=steps if of_search(self.trial_id) else last,
            exchange=self._exchange,
        )
        self._error, self._resume = None, True
        self._thread = threading.Thread(target=self._run, args=[job], daemon=True)
        self._thread.start()

    def _run(self, job: Job) -> None:
        try:
            _trainer(job, self._spread).fit()
        except Exception as error:  # of Ray Train, for whoever asks for a report
            self._error = error

    def _unheard(self) -> News:
        """What the workers tell next that they had not told before: they repeat a checkpoint's."""
        if self._thread is None:
            self._start()
        while True:
            news = self._news()
            if news["step"] > self.heard or news["done"] or "failed" in news:
                return news

    def _news(self) -> News:
        """What the workers tell next."""
        begun = time.monotonic()
        while True:
            thread = self._thread
            assert thread is not None, "a run that was left tells nothing"
            alive = thread.is_alive()
            news: News | None = ray.get(self._exchange.ask.remote(POLL if alive else 0.1))
            if news is not None and "refused" in news:
                raise UserError(news["refused"])
            if news is not None:
                self._trained = news["seconds"]
                return news
            if not alive:
                why = self._hangs.untold or [_last_line(self._error)]
                raise RuntimeError(why[-1]) from self._error
            if self._hangs.ended(self._exchange) and self._hangs.number > HANGS:
                return self._given_up(time.monotonic() - begun)

    def _given_up(self, waited: float) -> News:
        """The end of a trial that hangs, in place of what its workers would tell."""
        return {
            "step": self.heard,
            "seconds": self._trained + waited,
            "curves": {},
            "failed": self._hangs.untold.pop(),
            "done": True,
        }

    def _row(self, news: News) -> dict[str, Any]:
        """The report of a step, measured unless it failed."""
        told = {key: news[key] for key in ("step", "curves")}
        if "failed" in news:
            row = {**told, "metrics": {}, "failed": news["failed"], "done": True}
        else:
            begun = time.monotonic()
            row = somewhere(
                self._desk,
                self.trial_id,
                lambda host: host.measured.remote(self.trial_id, news["seconds"], news["curves"]),
            )
            self._measuring += time.monotonic() - begun
        if self._hangs.untold:
            row["warnings"] = [f"{each}; {WENT_ON}" for each in self._hangs.untold]
            self._hangs.untold = []
        return {**row, "trial_id": self.trial_id, "seconds": news["seconds"] + self._measuring}


def _last_line(error: Exception | None) -> str:
    """What ended the workers; a remote traceback ends with it."""
    lines = str(error or "").strip().splitlines()
    return lines[-1] if lines else "its workers ended without a report"


def _trainer(job: Job, spread: Spread) -> Any:
    # Ray Train for torch imports torch, which a driver that starts no trial need not wait for.
    from ray.train.torch import TorchConfig
    from ray.train.v2.api.config import FailureConfig, RunConfig, ScalingConfig
    from ray.train.v2.torch.torch_trainer import TorchTrainer

    cuda = spread.device == "cuda"
    return TorchTrainer(
        work,
        train_loop_config={"job": job},
        torch_config=TorchConfig(
            backend="nccl" if cuda else "gloo", timeout_s=round(spread.silence + MARGIN)
        ),
        scaling_config=ScalingConfig(
            num_workers=spread.workers,
            resources_per_worker=PER_WORKER[spread.device],
            use_gpu=cuda,
            placement_strategy="PACK",  # on one node where they fit
        ),
        run_config=RunConfig(
            name=f"train-{job.trial_id}",
            storage_path=spread.storage,
            failure_config=FailureConfig(max_failures=RETRIES),
            worker_runtime_env={"env_vars": ENVIRONMENT[spread.device]},
        ),
    )


def room(nodes: Sequence[Mapping[str, float]], spread: Spread, hosts: int) -> int:
    """How many trials train at once beside so many hosts, on nodes with these resources.

    A host takes the place of a worker at most. Raises UserError where there is no room for one
    trial.
    """
    needs = PER_WORKER[spread.device].items()
    places = sum(min(int(node.get(kind, 0) // need) for kind, need in needs) for node in nodes)
    free = max(0, places - hosts)
    if free < spread.workers:
        raise UserError(
            f"zero.workers is {spread.workers}, but beside {hosts} to measure the cluster has room "
            f"for {free} ({' and '.join(f'a {kind}' for kind, _ in needs)} each); take fewer "
            f"workers, or more devices{NO_WAIT if autoscaled() else ''}"
        )
    return free // spread.workers
