"""A sweep without a model that can be cut off after any event, by a runner with or without Tune."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from sweeps.pool.host import LaneHost
from sweeps.pool.leases import TRIAL
from sweeps.record import resumption
from sweeps.record.ledger import Ledger
from sweeps.record.observers import Everyone, Observer, SweepInfo, values_of
from sweeps.record.resumption import Earlier
from sweeps.search import search
from sweeps.search.in_process import InProcess
from sweeps.search.on_ray import Watcher, rebuilt
from sweeps.sweepfile.spec import SweepSpec

EVERY, LAST = 4, 12


class CutOffError(RuntimeError):
    """The driver is gone."""


class Scissors:
    """An observer that lets `left` events pass, and none after them."""

    def __init__(self, left: float) -> None:
        self.left = left

    def _event(self, *_: Any) -> None:
        self.left -= 1
        if self.left < 0:
            raise CutOffError

    def sweep_started(self, sweep: SweepInfo) -> None: ...

    def close(self) -> None: ...

    stage = trial_started = trial_reported = trial_ended = sweep_ended = _event


class Disk:
    """A host whose checkpoints outlive it: the step of each trial."""

    def __init__(self) -> None:
        self.saved: dict[str, int] = {}
        self.trained = 0
        self._settings: dict[str, Mapping[str, Any]] = {}
        self._repeats: set[str] = set()

    def join(self, trial_id: str, settings: Mapping[str, Any], resume: bool = False) -> str:
        self._settings[trial_id] = settings
        if not resume or trial_id not in self.saved:
            self.saved[trial_id] = 0
        elif resume:
            self._repeats.add(trial_id)
        return trial_id

    def report(self, token: str) -> dict[str, Any]:
        if token in self._repeats:
            self._repeats.remove(token)
        else:
            self.saved[token] += EVERY
            self.trained += EVERY
        step, settings = self.saved[token], self._settings[token]
        miss = abs(math.log10(settings["learning_rate"]) + 3.6) + abs(settings["beta"] - 0.2)
        score = {"value": 3 - miss + step / 100, "low": None, "high": None, "n": 1}
        return {"trial_id": token, "step": step, "seconds": 1.0, "metrics": {"empathy": score},
                "curves": {"loss": 1 / step}, "done": step == LAST}  # fmt: skip

    def leave(self, token: str) -> None: ...
    def drain(self) -> None: ...


def in_process(spec: SweepSpec, disk: Disk, watch: Observer, earlier: Earlier) -> None:
    InProcess(spec, cast(LaneHost, disk), watch, earlier=earlier).run(lanes=1)


def tune(spec: SweepSpec, disk: Disk, watch: Observer, earlier: Earlier) -> None:
    """Tune's calls in Tune's order for one trial at a time; no process of Ray's is started."""
    scheduler: Any = search.early_stopping(spec)
    earlier = rebuilt(scheduler, earlier, watch)
    searcher = search.tune_search(spec, (), earlier)
    nobody: Any = SimpleNamespace(release=lambda name: None)
    watcher = Watcher(spec, nobody, watch, earlier)
    begun = {each.trial_id for each in earlier.searched}
    over = sum(earlier.over(name) for name in begun)
    for number in range(search.number_of_trials(spec) - over):
        config = searcher.suggest(f"tune-{number}")
        assert config is not None
        trial: Any = SimpleNamespace(trial_id=f"tune-{number}", config=config)
        scheduler.on_trial_add(None, trial)
        watcher.on_trial_start(0, [], trial)
        token = disk.join(config[TRIAL], config, resume=config[TRIAL] in begun)
        one_trial(disk, token, trial, (searcher, scheduler, watcher))


def one_trial(disk: Disk, token: str, trial: Any, parts: tuple[Any, Any, Any]) -> None:
    searcher, scheduler, watcher = parts
    while True:
        row = disk.report(token)
        result = {**values_of(row), "step": row["step"], "done": row["done"]}
        watcher.on_trial_result(0, [], trial, {**result, "row": json.dumps(row)})
        if row["done"]:
            scheduler.on_trial_complete(None, trial, result)
            stop = True
        else:
            stop = scheduler.on_trial_result(None, trial, result) == "STOP"
        if stop:
            searcher.on_trial_complete(trial.trial_id, result)
            watcher.on_trial_complete(0, [], trial)
            return
        searcher.on_trial_result(trial.trial_id, result)


RUNNERS = {"in process": in_process, "tune": tune}


def go_on(runner: str, spec: SweepSpec, out: Path, disk: Disk, events: float = math.inf) -> None:
    """Start the sweep in `out`, or go on with it, for so many events."""
    there = (out / "manifest.json").exists()
    earlier = resumption.read(out) if there else resumption.NOTHING
    aim = spec.metric
    settings = spec.model_dump(mode="json")
    info = SweepInfo(spec.name, aim.name, aim.goal, settings, spec.run_cap, LAST, out,
                     started=earlier.started, resumed=there, past=earlier.past)  # fmt: skip
    watch = Everyone([Scissors(events), Ledger([], 0)])
    watch.sweep_started(info)
    earlier = resumption.unheard_ends(earlier, [aim.name], watch)
    RUNNERS[runner](spec, disk, watch, earlier)
