"""The search on Ray: a pool of lane hosts, a Tune trial per client, Optuna and ASHA."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import ray
from ray import tune
from ray.exceptions import RayTaskError
from ray.tune.experiment import Trial

from empathy.cache import check_room
from empathy.errors import SweepStoppedError, UserError
from sweeps.pool.hosts import Hosts, check_stopped
from sweeps.pool.leases import TRIAL
from sweeps.pool.stops import heed_sigterm
from sweeps.pool.trial import ROW
from sweeps.record.history import without_prompts
from sweeps.record.observers import Observer, Row, State, ending
from sweeps.record.resumption import NOTHING, Earlier, end
from sweeps.search import search
from sweeps.search.asha import Asha
from sweeps.search.ray_token import closed_token
from sweeps.sweepfile.spec import SweepSpec, trial_settings
from sweeps.verdict.guards import NO_GUARDS, Guarded

EXPERIMENT = "tune"  # the folder of Tune's own files
STORE_BYTES = 150_000_000  # a lane's rows never travel: reports are small
QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_TRAIN_V2_ENABLED": "1",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_USAGE_STATS_ENABLED": "0",  # nobody else is told of a sweep
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",  # a trial that failed reports no metric
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # with it a sweep that is interrupted seems to be over
}


def connect(address: str) -> None:
    """Start Ray on this machine (`local`), or join the cluster that this machine belongs to."""
    os.environ.update(QUIET)
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == "local":
        with closed_token():
            ray.init(
                address="local",
                object_store_memory=STORE_BYTES,
                include_dashboard=False,
                **options,
            )
        heed_sigterm()
        return
    try:
        ray.init(address=address, **options)
    except ConnectionError as error:
        raise UserError(
            f"--address {address} finds no Ray cluster; start one, or use --address local"
        ) from error
    heed_sigterm()


def disconnect() -> None:
    """Leave Ray, and stop it where `connect` has started it."""
    ray.shutdown()


class Releasing(Protocol):
    """What the watcher needs of a pool of hosts."""

    def release(self, trial_id: str) -> object: ...


class Watcher(tune.Callback):
    """Tells the observers what Tune tells its callbacks, and ends leases of ended trials."""

    def __init__(
        self, spec: SweepSpec, hosts: Releasing, watch: Observer, earlier: Earlier = NOTHING
    ) -> None:
        self._spec, self._hosts, self._watch = spec, hosts, watch
        self.stopped: SweepStoppedError | None = None
        """Why nothing can go on, where that is so."""
        self._started: set[str] = set()
        self._last: dict[str, Row] = {
            row["trial_id"]: without_prompts(row) for row in earlier.searched_rows
        }

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
            settings = {k: v for k, v in trial.config.items() if k != TRIAL}
            with self._stopping():
                self._watch.trial_started(name, settings)

    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **info: Any
    ) -> None:
        """A report; a trial that goes on from its checkpoint repeats that of the checkpoint."""
        if ROW not in result:
            return
        row, name = json.loads(result[ROW]), trial.config[TRIAL]
        if name in self._last and row["step"] <= self._last[name]["step"] and not row["done"]:
            return
        self._last[name] = without_prompts(row)
        with self._stopping():
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
        """A trial's process died, or a host refused it, more often than allowed.

        Where no host is left, or a disk is full, it raises that: the sweep is cut off, and no trial
        has failed.
        """
        error = _error(trial)
        with self._stopping():
            if isinstance(error, RayTaskError):
                check_stopped(error)
        self._ended(trial, "failed", _why(error))

    def _ended(self, trial: Trial, state: Any, reason: str | None) -> None:
        name = trial.config[TRIAL]
        self._hosts.release(name)
        with self._stopping():
            self._watch.trial_ended(name, state, reason)

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        """Remember what stops the sweep: Tune hands on no more than the text of an error."""
        try:
            yield
        except SweepStoppedError as error:
            self.stopped = error
            raise


def _behind(row: Row) -> tuple[State, str]:
    return "stopped", f"behind at step {row['step']}"


def _error(trial: Trial) -> BaseException | None:
    """The last error of a failed trial; None if its process died without one."""
    path = trial.pickled_error_file  # here; Tune's own reading looks where it has not copied it to
    found: BaseException | None = ray.cloudpickle.loads(Path(path).read_bytes()) if path else None
    return found


def _why(error: BaseException | None) -> str:
    if isinstance(error, RayTaskError):
        return str(error).strip().splitlines()[-1]
    return "its process died"


def run(
    spec: SweepSpec,
    hosts: Hosts,
    watch: Observer,
    storage: str,
    lanes: int,
    guarded: Guarded = NO_GUARDS,
    earlier: Earlier = NOTHING,
) -> None:
    """Run all trials of the sweep that have not ended, `lanes` of them training at each host.

    Tune's own files go under `storage`; those of a sweep that was cut off are not needed again.
    Raises `UserError` where no host is left.
    """
    shutil.rmtree(Path(storage, EXPERIMENT), ignore_errors=True)
    # It prints the traceback of what observers say in a sentence; error.txt of the trial has it.
    logging.getLogger("ray.tune.execution.tune_controller").setLevel(logging.CRITICAL)
    scheduler = search.early_stopping(spec)
    earlier = rebuilt(scheduler, earlier, watch)
    over = sum(earlier.over(past.trial_id) for past in earlier.searched)
    left = max(search.number_of_trials(spec), len(earlier.searched)) - over
    if left == 0:
        return
    clients = hosts.clients(lanes)
    trainable = tune.with_parameters(
        clients.kind,
        desk=hosts.desk,
        training=trial_settings(spec, {}).model_dump(),
        begun={each.trial_id: max(0, each.step) for each in earlier.searched},
        **clients.given,
    )
    watcher = Watcher(spec, hosts, watch, earlier)
    tuner = tune.Tuner(
        tune.with_resources(trainable, dict(clients.needs)),
        tune_config=tune.TuneConfig(
            num_samples=left,
            max_concurrent_trials=clients.at_once,
            search_alg=search.tune_search(spec, guarded.constraints, earlier),
            scheduler=scheduler,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            name=EXPERIMENT,
            storage_path=storage,
            verbose=0,
            callbacks=[watcher],
            failure_config=tune.FailureConfig(max_failures=2),
            checkpoint_config=tune.CheckpointConfig(checkpoint_frequency=1, num_to_keep=1),
        ),
    )
    try:
        tuner.fit()
    except Exception as error:  # a TuneError, or an EOFError where its own files found no room
        if watcher.stopped is not None:
            raise watcher.stopped from error
        check_room(Path(storage))
        raise
    except BaseException:  # Ctrl-C, SIGTERM
        hosts.drain()
        raise


def rebuilt(scheduler: Any, earlier: Earlier, watch: Observer) -> Earlier:
    """Fill the rungs; a trial whose last report should have stopped it is stopped now."""
    stopped = scheduler.take_up(earlier.searched_rows) if isinstance(scheduler, Asha) else set()
    for past in earlier.searched:
        if past.trial_id in stopped and past.state == "running":
            earlier = end(earlier, past, _behind(past.rows[-1]), watch)
    return earlier
