"""The search on Ray: one LaneHost actor, a Tune trial per client, Optuna and ASHA."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ray
from ray import tune
from ray.tune.experiment import Trial

from empathy.errors import UserError
from sweeps import search
from sweeps.asha import Asha
from sweeps.guards import NO_GUARDS, Guarded
from sweeps.host import LaneHost
from sweeps.leases import TRIAL
from sweeps.observers import Observer, Row, State, ending
from sweeps.resumption import NOTHING, Earlier, end
from sweeps.spec import SweepSpec, trial_settings
from sweeps.trial import ROW, LaneTrial

EXPERIMENT = "tune"  # the folder of Tune's own files
CLIENT = {"CPU": 0.01}  # a client only waits
STORE_BYTES = 150_000_000  # a lane's rows never travel: reports are small
QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_TRAIN_V2_ENABLED": "1",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",  # a trial that failed reports no metric
}


def connect(address: str) -> None:
    """Start Ray on this machine (`local`), or join the cluster that this machine belongs to."""
    os.environ.update(QUIET)
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == "local":
        ray.init(
            address="local", object_store_memory=STORE_BYTES, include_dashboard=False, **options
        )
        return
    try:
        ray.init(address=address, **options)
    except ConnectionError as error:
        raise UserError(
            f"--address {address} finds no Ray cluster; start one, or use --address local"
        ) from error


class RemoteHost:
    """A LaneHost in a process of its own, called as if it stood here."""

    def __init__(
        self, settings: Mapping[str, Any], steps: Sequence[int], out: str, device: str
    ) -> None:
        cores = str(os.cpu_count() or 1)
        environment = {
            "OMP_NUM_THREADS": cores,  # Ray would give it one
            "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads starve Ray's own processes
        }
        actor = ray.remote(LaneHost).options(
            num_cpus=0.5,
            num_gpus=1 if device == "cuda" else 0,
            max_concurrency=256,  # every client has a call that waits
            runtime_env={"env_vars": environment},
        )
        self.actor: Any = actor.remote(settings, list(steps), out)

    def prepared(self, timeout: float) -> dict[str, Any] | None:
        """See `LaneHost.prepared`."""
        found: dict[str, Any] | None = _told(self.actor.prepared.remote(timeout))
        return found

    def stages(self, start: int) -> list[tuple[str, int, int | None]]:
        """See `LaneHost.stages`."""
        found: list[tuple[str, int, int | None]] = _told(self.actor.stages.remote(start))
        return found

    def join(self, trial_id: str, settings: Mapping[str, Any], resume: bool = False) -> str:
        """See `LaneHost.join`."""
        found: str = _told(self.actor.join.remote(trial_id, settings, resume))
        return found

    def report(self, token: str) -> dict[str, Any]:
        """See `LaneHost.report`."""
        found: dict[str, Any] = _told(self.actor.report.remote(token))
        return found

    def leave(self, token: str) -> None:
        """See `LaneHost.leave`."""
        _told(self.actor.leave.remote(token))

    def occupancy(self) -> dict[str, Any]:
        """See `LaneHost.occupancy`."""
        found: dict[str, Any] = _told(self.actor.occupancy.remote())
        return found

    def finals(self, trials: Sequence[str]) -> dict[str, Any]:
        """See `LaneHost.finals`."""
        found: dict[str, Any] = _told(self.actor.finals.remote(list(trials)))
        return found

    def export(self, trial_id: str, folder: str) -> None:
        """See `LaneHost.export`."""
        _told(self.actor.export.remote(trial_id, folder))

    def close(self) -> None:
        """Stop the host and leave Ray."""
        ray.kill(self.actor)
        ray.shutdown()


def _told(reference: Any) -> Any:
    """A call's result; what a user can mend comes back as the error it was."""
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, UserError):
            raise UserError(str(error.cause)) from error
        raise


class Watcher(tune.Callback):
    """Tells the observers what Tune tells its callbacks, and ends leases of ended trials."""

    def __init__(
        self, spec: SweepSpec, actor: Any, watch: Observer, earlier: Earlier = NOTHING
    ) -> None:
        self._spec, self._actor, self._watch = spec, actor, watch
        self._started: set[str] = set()
        self._last: dict[str, Row] = {row["trial_id"]: row for row in earlier.searched_rows}

    def __getstate__(self) -> dict[str, Any]:
        """Tune pickles its callbacks with its own state; observers hold files and stay here."""
        return {}

    def on_trial_start(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """A trial starts, or starts again after its process died."""
        name = trial.config[TRIAL]
        if name not in self._started:
            self._started.add(name)
            self._watch.trial_started(name, {k: v for k, v in trial.config.items() if k != TRIAL})

    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **info: Any
    ) -> None:
        """A report; a trial that goes on from its checkpoint repeats that of the checkpoint."""
        if ROW not in result:
            return
        row, name = json.loads(result[ROW]), trial.config[TRIAL]
        if name in self._last and row["step"] <= self._last[name]["step"] and not row["done"]:
            return
        self._last[name] = row
        self._watch.trial_reported(row)

    def on_trial_complete(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """A trial ended by itself or was stopped."""
        row = self._last[trial.config[TRIAL]]
        ended = ending(row, [aim.name for aim in self._spec.metric.aims])
        self._ended(trial, *(ended or _behind(row)))

    def on_trial_error(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """A trial's process died, or the host refused it, more often than allowed."""
        self._ended(trial, "failed", _why(trial))

    def _ended(self, trial: Trial, state: Any, reason: str | None) -> None:
        name = trial.config[TRIAL]
        self._actor.release.remote(name)
        self._watch.trial_ended(name, state, reason)


def _behind(row: Row) -> tuple[State, str]:
    return "stopped", f"behind at step {row['step']}"


def _why(trial: Trial) -> str:
    """The last error of a failed trial, in a line."""
    path = trial.pickled_error_file  # here; Tune's own reading looks where it has not copied it to
    error = ray.cloudpickle.loads(Path(path).read_bytes()) if path else None
    if isinstance(error, ray.exceptions.RayTaskError):
        return str(error).strip().splitlines()[-1]
    return "its process died"


def at_once(lanes: int) -> int:
    """Trials that are begun at a time: a queue of a quarter as many as train, one at least.

    A client's process takes a second to start, so it starts before a lane falls free. A longer
    queue would only be suggested with less known.
    """
    return lanes + max(1, lanes // 4)


def run(
    spec: SweepSpec,
    host: RemoteHost,
    watch: Observer,
    storage: str,
    lanes: int,
    guarded: Guarded = NO_GUARDS,
    earlier: Earlier = NOTHING,
) -> None:
    """Run all trials of the sweep that have not ended, `lanes` of them training at a time.

    Tune's own files go under `storage`; those of a sweep that was cut off are not needed again.
    """
    shutil.rmtree(Path(storage, EXPERIMENT), ignore_errors=True)
    scheduler = search.early_stopping(spec)
    earlier = rebuilt(scheduler, earlier, watch)
    over = sum(earlier.over(past.trial_id) for past in earlier.searched)
    left = max(search.number_of_trials(spec), len(earlier.searched)) - over
    if left == 0:
        return
    trainable = tune.with_parameters(
        LaneTrial,
        host=host.actor,
        training=trial_settings(spec, {}).model_dump(),
        begun=[each.trial_id for each in earlier.searched],
    )
    tuner = tune.Tuner(
        tune.with_resources(trainable, CLIENT),
        tune_config=tune.TuneConfig(
            num_samples=left,
            max_concurrent_trials=at_once(lanes),
            search_alg=search.tune_search(spec, guarded.constraints, earlier),
            scheduler=scheduler,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            name=EXPERIMENT,
            storage_path=storage,
            verbose=0,
            callbacks=[Watcher(spec, host.actor, watch, earlier)],
            failure_config=tune.FailureConfig(max_failures=2),
            checkpoint_config=tune.CheckpointConfig(checkpoint_frequency=1, num_to_keep=1),
        ),
    )
    tuner.fit()


def rebuilt(scheduler: Any, earlier: Earlier, watch: Observer) -> Earlier:
    """Fill the rungs; a trial whose last report should have stopped it is stopped now."""
    stopped = scheduler.take_up(earlier.searched_rows) if isinstance(scheduler, Asha) else set()
    for past in earlier.searched:
        if past.trial_id in stopped and past.state == "running":
            earlier = end(earlier, past, _behind(past.rows[-1]), watch)
    return earlier
