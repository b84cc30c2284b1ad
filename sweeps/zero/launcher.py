"""Starts the Train runs of a sweep's trials, in one process that outlives the trials' own.

A run that dies with its starter leaves its devices reserved till the sweep ends, where Ray has no
dashboard to ask. And of Ray Train and torch, which take seconds to import, one copy is enough.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from threading import Lock
from typing import Any

import ray
from ray.exceptions import RayActorError, RayTaskError

from sweeps.pool.desk import NoHostError
from sweeps.pool.leases import StaleLeaseError
from sweeps.zero.train_run import Spread, TrainRun


class Launcher:
    """A Ray actor with a thread per call. Clients hold tokens, as `sweeps.pool.leases` says why."""

    def __init__(self, desk: Any, spread: Spread) -> None:
        self._desk, self._spread = desk, spread
        self._runs: dict[str, TrainRun] = {}
        self._lock = Lock()

    def join(self, trial_id: str, settings: Mapping[str, Any], resume: bool, heard: int) -> str:
        """A token for a trial, whose earlier run, if it has one, is over. See `TrainRun`."""
        self.release(trial_id)
        run = TrainRun(self._desk, trial_id, settings, self._spread, resume=resume, heard=heard)
        token = secrets.token_hex(8)
        with self._lock:
            self._runs[token] = run
        return token

    def report(self, token: str) -> dict[str, Any]:
        """See `TrainRun.report`. Raises `StaleLeaseError` if that run is over."""
        with self._lock:
            run = self._runs.get(token)
        if run is None:
            raise StaleLeaseError(f"run {token} has ended")
        return run.report()

    def leave(self, token: str) -> None:
        """End a run, if it has not ended."""
        with self._lock:
            run = self._runs.pop(token, None)
        if run is not None:
            run.leave()

    def release(self, trial_id: str) -> None:
        """End whatever run a finished or dead trial may still have."""
        with self._lock:
            tokens = [token for token, run in self._runs.items() if run.trial_id == trial_id]
        for token in tokens:
            self.leave(token)


class Launched:
    """A trial's Train run as its client sees it; light, without torch."""

    def __init__(
        self,
        launcher: Any,
        trial_id: str,
        settings: Mapping[str, Any],
        *,
        resume: bool = False,
        heard: int = 0,
    ) -> None:
        """See `TrainRun`."""
        self._launcher, self._trial, self._settings = launcher, trial_id, settings
        self._resume, self.heard = resume, heard
        self._token: str | None = None

    def report(self) -> dict[str, Any]:
        """See `TrainRun.report`. Raises `NoHostError` where the launcher has died as well."""
        try:
            row = self._next()
        except RayActorError as error:
            raise NoHostError(f"the launcher of trials has died ({error})") from error
        except RayTaskError as error:
            raise error.cause from None  # told as the run's, not as one of Ray's within another
        self.heard = row["step"]
        return row

    def leave(self) -> None:
        """Stop the workers, and wait until their devices are free."""
        token, self._token = self._token, None
        if token is None:
            return
        try:
            ray.get(self._launcher.leave.remote(token))
        except RayActorError:  # there is nothing to stop
            return

    def _next(self) -> dict[str, Any]:
        if self._token is None:
            self._token = ray.get(
                self._launcher.join.remote(self._trial, self._settings, self._resume, self.heard)
            )
            self._resume = True
        row: dict[str, Any] = ray.get(self._launcher.report.remote(self._token))
        return row
