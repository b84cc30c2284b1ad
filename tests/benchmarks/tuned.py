"""The same search twice on Ray Tune: by lanes as the software runs it, and by TRL processes.

Both get the same sweep (random search, so that the settings tried do not depend on results), the
same tokenised pairs and the same ASHA. TRL is spared what ours does beside: its trials are measured
by pair accuracy on held-out pairs alone, ours also write and score replies.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from unittest.mock import patch

from by_trl import Material, trainer
from contenders import TrlForm
from shapes import SHAPES, load

from empathy.lanes.rows import Example
from sweeps.record.observers import Row, State, SweepInfo
from sweeps.search import search
from sweeps.sweepfile.spec import SweepSpec, trial_settings

FORM = TrlForm(precompute=True, checkpointing=False)
POLL = 0.2  # seconds
METRIC = "pair_accuracy"


class Searched(NamedTuple):
    """How a search went; times by trial are `time.time()`."""

    seconds: float
    """From the first trial asked for to the last one ended."""
    preparation_seconds: float
    steps: int
    """Optimizer steps of all trials."""
    trials: int
    busy_seconds: float | None = None
    """Of the device's only thread at trials, where there is one such."""
    suggested: Mapping[str, float] = {}
    reported: Mapping[str, float] = {}
    """The first report of each trial."""
    ended: Mapping[str, float] = {}


class Stopwatch:
    """An observer that notes when a trial is heard of."""

    def __init__(self) -> None:
        self.reported: dict[str, float] = {}
        self.ended: dict[str, float] = {}
        self.last: dict[str, Row] = {}

    def sweep_started(self, sweep: SweepInfo) -> None:
        """Nothing to do."""

    def stage(self, name: str, done: int, total: int | None) -> None:
        """Nothing to do."""

    def trial_started(self, trial_id: str, parameters: Mapping[str, Any]) -> None:
        """Nothing to do."""

    def trial_reported(self, row: Row) -> None:
        """Note the first report, and keep the last."""
        self.reported.setdefault(row["trial_id"], time.time())
        self.last[row["trial_id"]] = row

    def trial_ended(self, trial_id: str, state: State, reason: str | None) -> None:
        """Note it. Raises RuntimeError for a failed trial: a race of failures says nothing."""
        if state == "failed":
            raise RuntimeError(f"{trial_id}: {reason}")
        self.ended[trial_id] = time.time()

    def sweep_ended(self, summary: Mapping[str, Any]) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


def by_lanes(sweep: SweepSpec, lanes: int) -> Searched:
    """The search as `launch.py` runs it on one machine, without what follows it."""
    from sweeps.planning.handover import study_settings
    from sweeps.planning.plan import device_here
    from sweeps.pool.hosts import Hosts
    from sweeps.pool.leases import TRIAL
    from sweeps.search import on_ray
    from sweeps.search.tune_search import TuneSearch

    suggested: dict[str, float] = {}
    suggest = TuneSearch.suggest

    def noted(self: TuneSearch, trial_id: str) -> dict[str, Any] | None:
        found = suggest(self, trial_id)
        if found is not None:
            suggested[found[TRIAL]] = time.time()
        return found

    device, _ = device_here(sweep)
    settings = study_settings(sweep, lanes).model_dump(mode="json")
    watch = Stopwatch()
    on_ray.connect("local")
    with tempfile.TemporaryDirectory() as out:
        asked = time.time()
        host = Hosts(settings, sweep.report_steps, out, device)
        try:
            while host.prepared(POLL) is None:
                pass
            start = time.time()
            with patch.object(TuneSearch, "suggest", noted):
                on_ray.run(sweep, host, watch, out, lanes)
            seconds = time.time() - start
        finally:
            host.close()
    rows = watch.last.values()
    return Searched(
        seconds,
        start - asked,
        sum(row["step"] for row in rows),
        len(rows),
        sum(row["seconds"] for row in rows),
        suggested,
        watch.reported,
        watch.ended,
    )


def pairs_of(sweep: SweepSpec) -> tuple[list[Example], list[Example]]:
    """The tokenised pairs that the sweep's trials learn, and those they are measured on."""
    from empathy.study import Study
    from sweeps.planning.handover import study_settings

    study = Study(study_settings(sweep, 1), lambda stage, done, total: None)
    return list(study.engine.task.examples), study.held_out["validation"].pairs


def by_trl(
    sweep: SweepSpec, model: str, train: list[Example], held_out: list[Example], at_once: int
) -> Searched:
    """Ray Tune over `DPOTrainer`: a process per trial, `at_once` of them, kept for the next one."""
    import ray
    from ray import tune

    from sweeps.search import on_ray

    on_ray.connect("local")
    cores = math.floor(ray.cluster_resources()["CPU"])
    share = {"CPU": cores / at_once, "GPU": ray.cluster_resources().get("GPU", 0) / at_once}
    with tempfile.TemporaryDirectory() as out:
        start = time.time()
        trainable = tune.with_parameters(
            _trial, sweep=sweep, model=model, material=Material(train, held_out, ordered=False)
        )
        results = tune.Tuner(
            tune.with_resources(trainable, share),
            tune_config=tune.TuneConfig(
                num_samples=search.number_of_trials(sweep),
                max_concurrent_trials=at_once,
                search_alg=search.tune_search(sweep),
                scheduler=search.early_stopping(sweep),
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(name="trl", storage_path=out, verbose=0),
        ).fit()
        seconds = time.time() - start
        if results.errors:
            raise results.errors[0]
        last = [results[number].metrics for number in range(len(results))]
        steps = [metrics["step"] for metrics in last if metrics]
    ray.shutdown()
    return Searched(seconds, 0.0, sum(steps), len(steps))


def _trial(config: dict[str, Any], sweep: SweepSpec, model: str, material: Material) -> None:
    """One TRL trial: load, train, and report whenever it is measured."""
    import torch
    from ray import tune
    from transformers import TrainerCallback

    from sweeps.pool.leases import TRIAL

    class Report(TrainerCallback):
        def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            accuracy = kwargs["metrics"]["eval_rewards/accuracies"]
            tune.report({"step": state.global_step, METRIC: accuracy})

    if not torch.cuda.is_available():
        cores = _cores()
        torch.set_num_threads(cores)
    parameters = {name: value for name, value in config.items() if name != TRIAL}
    settings = trial_settings(sweep, parameters)
    training = sweep.training
    with tempfile.TemporaryDirectory() as folder:
        options = {
            "output_dir": folder,
            "max_steps": training.max_steps,
            "per_device_train_batch_size": training.batch_size,
            "per_device_eval_batch_size": training.batch_size,
            "eval_strategy": "steps",
            "eval_steps": sweep.evaluation.report_every,
        }
        made = trainer(load(model), material, settings, FORM, options)
        made.add_callback(Report())
        made.train()


def _cores() -> int:
    """Cores that this trial may use."""
    import ray

    assigned: float = ray.get_runtime_context().get_assigned_resources().get("CPU", 1)
    return max(1, math.floor(assigned))


def overrides(model: str, device: str, lanes: int, *more: str) -> list[str]:
    """The sweep `demo` as a race: random search by pair accuracy, no warm start."""
    shape = SHAPES[model]
    return [
        f"family={shape.family}",
        f"model={shape.weights}",
        "method=random",
        f"metric={{name: {METRIC}, goal: maximize}}",
        # Pairs of two samples each: any other scheme's are so easy that ASHA would stop nobody.
        "data={corpora: [sample], schemes: {ranked: 1}, candidates: 2, context_turns: 1,"
        " max_prompts: 48, held_out_pairs: 12}",
        "warm_start={steps: 0}",
        f"resources={{device: {device}, lanes: {lanes}}}",
        "tracking={mode: disabled}",
        *more,
        "evaluation.crisis_prompts=0",
    ]
