"""A whole sweep on many hosts that are not there: what it would take, and what its driver takes.

Search, ASHA, desk, leases, hosts' rounds, observers, summary and report are those of a real sweep;
training, Tune's processes and time are not.
"""

from __future__ import annotations

import asyncio
import io
import resource
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import virtual
from pace import Pace, Work
from simulated_host import Actor, LeanStudy, SimulatedHost, SimulatedStudy, measured
from simulated_sweep import MEAN
from tune_loop import Stopwatch, TuneLoop
from virtual import Remote

from sweeps import runner
from sweeps.planning.handover import study_settings
from sweeps.pool.desk import Desk
from sweeps.pool.hosts import at_once
from sweeps.record.changes import other_facts
from sweeps.record.observers import Everyone, Observer, Row, State, SweepInfo
from sweeps.record.resumption import Earlier
from sweeps.search import search
from sweeps.search.on_ray import Watcher
from sweeps.sweepfile import spec
from sweeps.sweepfile.spec import SweepSpec, trial_settings
from sweeps.verdict.guards import NO_GUARDS, Guarded

TUNE_SECONDS = 0.028
"""Of a driver for one result, Tune's loop, search and observers: `scale.py clients` measures it."""
MIB, KIB = 2**20, 2**10
WHOLE, SEARCHING = "whole", "searching"


class Seats:
    """What the watcher knows of hosts: a desk that ends leases."""

    def __init__(self, desk: Remote) -> None:
        self._desk = desk

    def release(self, trial_id: str) -> None:
        """See `Desk.release`."""
        self._desk.release.remote(trial_id)


class Simulated(NamedTuple):
    """How a sweep went."""

    work: Work
    makespan: float
    """Virtual seconds from the first trial suggested to the last one ended, with hosts ready."""
    ideal: float
    """The same if no lane had ever been idle."""
    stopped: int
    """Trials that ASHA stopped."""
    cpu: dict[str, float]
    """The driver's processor seconds, by what they were spent on."""
    wall: dict[str, float]
    """The same on the wall: files are synced to the disk."""
    memory: dict[str, float]
    """The process's resident MiB `before` the search, `after` it, and at the `peak`."""


class Tally:
    """An observer that counts."""

    def __init__(self) -> None:
        self.steps: dict[str, int] = {}
        self.reports = self.stopped = 0

    def trial_reported(self, row: Row) -> None:
        """A report."""
        self.steps[row["trial_id"]] = row["step"]
        self.reports += 1

    def trial_ended(self, trial_id: str, state: State, reason: str | None) -> None:
        """Raises RuntimeError for a trial that failed: no simulated one may."""
        if state == "failed":
            raise RuntimeError(f"{trial_id}: {reason}")
        self.stopped += state == "stopped"

    def sweep_started(self, sweep: SweepInfo) -> None:
        """Nothing to count."""

    def stage(self, name: str, done: int, total: int | None) -> None:
        """Nothing to count."""

    def trial_started(self, trial_id: str, parameters: Mapping[str, Any]) -> None:
        """Nothing to count."""

    def sweep_ended(self, summary: Mapping[str, Any]) -> None:
        """Nothing to count."""

    def close(self) -> None:
        """Nothing to do."""

    @property
    def work(self) -> Work:
        """Of the trials so far."""
        return Work(len(self.steps), sum(self.steps.values()), self.reports)


class Pool:
    """What the runner needs of its hosts."""

    def __init__(
        self,
        hosts: int,
        pace: Pace,
        tune_seconds: float,
        study: type[SimulatedStudy] = SimulatedStudy,
    ) -> None:
        self.hosts, self._pace, self._tune_seconds = hosts, pace, tune_seconds
        self._study = study
        self._settings: Mapping[str, Any] = {}
        self._occupancy: dict[str, Any] = {}
        self.tally, self.stopwatch = Tally(), Stopwatch()
        self.makespan = 0.0
        self.memory: dict[str, float] = {}

    def opened(self, spec: SweepSpec, address: str, settings: Mapping[str, Any], *_: Any) -> Any:
        """In place of `runner._host`."""
        self._settings = settings
        return self, self.hosts

    def search(self, running: Any, guarded: Guarded, earlier: Earlier) -> None:
        """In place of `runner._search`."""
        watch, lanes, out = Everyone([running.watch, self.tally]), running.lanes, running.out
        self.memory["before"] = _resident()
        with self.stopwatch.on(SEARCHING):
            virtual.run(self.searched(running.spec, watch, lanes, out, guarded))
        self.memory["after"] = _resident()

    async def searched(
        self, spec: SweepSpec, watch: Observer, lanes: int, out: Path, guarded: Guarded
    ) -> None:
        """The search alone; how long it took is `makespan`."""
        works: list[asyncio.Task[None]] = []

        def start() -> Remote:
            host = SimulatedHost(
                self._settings, spec.report_steps, str(out), self._pace, self._study
            )
            works.append(asyncio.create_task(host.work()))
            return Remote(Actor(host))

        desk = Desk(start, other_facts, at_once(lanes))
        with patch.object(Desk, "_heed", _no_notices):
            await desk.open(self.hosts)
        loop = TuneLoop(
            search=search.tune_search(spec, guarded.constraints),
            scheduler=search.early_stopping(spec),
            watcher=Watcher(spec, Seats(Remote(desk)), watch),
            desk=desk,
            training=trial_settings(spec, {}).model_dump(),
            trials=search.number_of_trials(spec),
            at_once=self.hosts * at_once(lanes),
            seconds=self._tune_seconds,
            stopwatch=self.stopwatch,
        )
        tune = asyncio.create_task(loop.run())
        await asyncio.wait([tune, *works], return_when=asyncio.FIRST_COMPLETED)
        for each in [tune, *works]:  # a host ends by an error alone
            if each.done():
                each.result()
        self.makespan = asyncio.get_running_loop().time()
        self._occupancy = await desk.occupancy()

    def prepared(self, timeout: float) -> dict[str, Any]:
        """Without facts."""
        baselines = {
            name: {
                "validation": measured(name, "validation", MEAN).as_dict(),
                "test": measured(name, "test", MEAN).as_dict(),
            }
            for name in ("base", "sft")
        }
        return {"facts": {"weights": {"name": "none"}}, "baselines": baselines, "card": {}}

    def stages(self, start: int) -> list[Any]:
        """None."""
        return []

    def occupancy(self) -> dict[str, Any]:
        """Of each host."""
        return self._occupancy

    def finals(self, trials: Sequence[str]) -> dict[str, Any]:
        """The finalists on test prompts."""
        found = {each: measured(each, "test", MEAN + 1).as_dict() for each in trials}
        return {"evaluations": found, "samples": [], "safety": None, "verdicts": None}

    def export(self, trial_id: str, folder: str) -> None:
        """There is nothing to export."""

    def close(self) -> None:
        """Nothing to close."""


def sweep(trials: int, hosts: int, lanes: int, *more: str) -> SweepSpec:
    """The study's own search, with so many trials on so many lanes; finalists are not repeated."""
    places = f"resources={{device: cpu, hosts: {hosts}, lanes: {lanes}}}"
    settings = (f"run_cap={trials}", "finalists.seeds=1", "tracking.mode=disabled", places)
    return spec.load("dpo_gemma", [*settings, *more])


def simulate(
    sweep: SweepSpec, out: Path, hosts: int, pace: Pace, tune_seconds: float = TUNE_SECONDS
) -> Simulated:
    """Run the sweep in virtual time; its results folder is a real one."""
    pool = Pool(hosts, pace, tune_seconds)
    replaced = patch.multiple(
        runner, _host=pool.opened, _search=pool.search, write_card=lambda *_: None
    )
    with replaced, redirect_stdout(io.StringIO()), pool.stopwatch.on(WHOLE):
        runner.run(sweep, out, "auto")
    work = pool.tally.work
    return Simulated(
        work,
        pool.makespan,
        ideal(sweep, work, hosts, pace),
        pool.tally.stopped,
        _by_part(pool.stopwatch.cpu),
        _by_part(pool.stopwatch.wall),
        pool.memory | {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB},
    )


def search_alone(
    sweep: SweepSpec, hosts: int, pace: Pace, tune_seconds: float = TUNE_SECONDS
) -> tuple[Work, float]:
    """What is trained, and the makespan in seconds; nothing is written down, so it is quicker."""
    pool = Pool(hosts, pace, tune_seconds, LeanStudy)
    lanes = _lanes(sweep)
    pool.opened(sweep, "auto", study_settings(sweep, lanes).model_dump(mode="json"))
    virtual.run(pool.searched(sweep, pool.tally, lanes, Path(), NO_GUARDS))
    return pool.tally.work, pool.makespan


def ideal(sweep: SweepSpec, work: Work, hosts: int, pace: Pace) -> float:
    """Seconds of that work if no lane were ever idle."""
    pairs, prompts = sweep.training.batch_size, sweep.evaluation.validation_prompts
    return work.ideal(pace, hosts, _lanes(sweep), pairs, prompts)


def _lanes(sweep: SweepSpec) -> int:
    lanes = sweep.resources.lanes
    assert isinstance(lanes, int), "see `sweep`"
    return lanes


def _by_part(seconds: Mapping[str, float]) -> dict[str, float]:
    """What the driver does, without what plays hosts and clients."""
    parts = {name: found for name, found in seconds.items() if name not in (WHOLE, SEARCHING)}
    return parts | {"summary and report": seconds[WHOLE] - seconds[SEARCHING]}


async def _no_notices(desk: Desk) -> None:
    """No node is drained here."""


def _resident() -> float:
    """MiB that this process has in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / MIB
