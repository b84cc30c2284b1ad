"""The search without Ray: one host, a thread per lane, Optuna asked directly. For debugging."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from optuna.trial import Trial, TrialState

from sweeps import search
from sweeps.host import LaneHost
from sweeps.leases import trial_name
from sweeps.observers import Observer
from sweeps.spec import SweepSpec, trial_settings


class InProcess:
    """Runs the trials of a sweep on a host in this process."""

    def __init__(self, spec: SweepSpec, host: LaneHost, watch: Observer) -> None:
        self._spec, self._host, self._watch = spec, host, watch
        self._study, self._space = search.study(spec), search.distributions(spec)
        self._lock = threading.Lock()  # Optuna and the observers are asked by one thread at a time

    def run(self, lanes: int) -> None:
        """Run all trials, `lanes` at a time."""
        with ThreadPoolExecutor(lanes) as pool:
            for done in [pool.submit(self._trial) for _ in range(self._count())]:
                done.result()

    def _count(self) -> int:
        return search.number_of_trials(self._spec)

    def _trial(self) -> None:
        with self._lock:
            trial = self._study.ask(self._space)
            name = trial_name(trial.number)
            self._watch.trial_started(name, trial.params)
        token = self._host.join(name, trial_settings(self._spec, trial.params).model_dump())
        while True:
            row = self._host.report(token)
            with self._lock:
                self._watch.trial_reported(row)
                ended = self._end(trial, row)
                if ended is None:
                    continue
                self._watch.trial_ended(name, *ended)
            self._host.leave(token)
            return

    def _end(self, trial: Trial, row: dict[str, Any]) -> tuple[Any, str | None] | None:
        """The trial's last state and the reason, or None if it goes on."""
        if "failed" in row:
            self._study.tell(trial, state=TrialState.FAIL)
            return "failed", row["failed"]
        value = metric_of(row, self._spec.metric.name)
        if row["done"]:
            self._study.tell(trial, value)
            return "completed", None
        trial.report(value, row["step"])
        if trial.should_prune():
            self._study.tell(trial, state=TrialState.PRUNED)
            return "stopped", f"behind at step {row['step']}"
        return None


def metric_of(row: dict[str, Any], name: str) -> float:
    """The value of a metric or training curve in a report; raises KeyError if it is missing."""
    figure = row["metrics"].get(name)
    return float(row["curves"][name] if figure is None else figure["value"])
