"""The search without Ray: one host, a thread per lane, Optuna asked directly. For debugging."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from optuna.trial import Trial, TrialState

from sweeps import search
from sweeps.guards import NO_GUARDS, Guarded, excesses
from sweeps.host import LaneHost
from sweeps.leases import trial_name
from sweeps.observers import Observer, lacking
from sweeps.spec import SweepSpec, trial_settings


class InProcess:
    """Runs the trials of a sweep on a host in this process."""

    def __init__(
        self, spec: SweepSpec, host: LaneHost, watch: Observer, guarded: Guarded = NO_GUARDS
    ) -> None:
        self._spec, self._host, self._watch = spec, host, watch
        self._constraints = guarded.constraints
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
        names = [aim.name for aim in self._spec.metric.aims]
        if missing := lacking(row, names):  # only blank replies, say; the next report may have it
            if not row["done"]:
                return None
            self._study.tell(trial, state=TrialState.FAIL)
            return "failed", missing
        values = [metric_of(row, name) for name in names]
        if row["done"]:
            self._constrain(trial, row)
            self._study.tell(trial, values)
            return "completed", None
        if self._spec.metric.also:  # Optuna knows no early stopping for several metrics
            return None
        trial.report(values[0], row["step"])
        if trial.should_prune():
            self._constrain(trial, row)
            self._study.tell(trial, state=TrialState.PRUNED)
            return "stopped", f"behind at step {row['step']}"
        return None

    def _constrain(self, trial: Trial, row: dict[str, Any]) -> None:
        """Tell Optuna how far the trial lies beyond each enforced guard."""
        values = {name: figure["value"] for name, figure in row["metrics"].items()}
        for name, excess in excesses(self._constraints, values).items():
            trial.set_constraint(name, excess)


def metric_of(row: dict[str, Any], name: str) -> float:
    """The value of a metric or training curve in a report; raises KeyError if it is missing."""
    figure = row["metrics"].get(name)
    return float(row["curves"][name] if figure is None else figure["value"])
