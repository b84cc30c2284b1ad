"""Ray Tune's Optuna search, made to bear a trial without a number and to know guards."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from optuna.study import Study
from optuna.trial import Trial
from ray.air.constants import TRAINING_ITERATION
from ray.tune.search.optuna import OptunaSearch

from sweeps.pool.leases import TRIAL, trial_name
from sweeps.record.observers import Past, Row, values_of
from sweeps.verdict.guards import Bound, excesses


class TuneSearch(OptunaSearch):
    """OptunaSearch for which a missing metric is missing.

    Ray's own raises `KeyError` for a report without the metric, `TypeError` for None, and leaves a
    trial that ends on NaN running for ever in Optuna's eyes, so that the sampler keeps away from
    where it stood.

    Ray's own carries no constraints either: here each trial is told to Optuna with how far it lies
    beyond each of `constraints`, and Optuna's samplers keep away from what is over 0.

    `ask` is given the study and returns its next trial.
    """

    def __init__(
        self, ask: Callable[[Study], Trial], constraints: Sequence[Bound] = (), **options: Any
    ) -> None:
        super().__init__(**options)
        self._ask, self._constraints = ask, tuple(constraints)
        self._open: list[Trial] = []  # begun before the sweep was cut off, and not ended

    @property
    def study(self) -> Study:
        """Optuna's own."""
        return cast(Study, self._ot_study)  # made with the space, in the constructor

    def take_up(self, trials: Mapping[str, tuple[Trial, Past | None]], rows: Iterable[Row]) -> None:
        """Learn what trials have told before, and go on with those that have not ended first."""
        self._ot_trials.update({name: trial for name, (trial, _) in trials.items()})
        for row in rows:
            past = trials[row["trial_id"]][1]
            if past is None or past.state == "running" or row["step"] < past.step:
                self.on_trial_result(row["trial_id"], _result(row))
        for name, (trial, past) in trials.items():
            if past is None or past.state == "running":
                self._open.append(trial)
            elif past.state == "failed" and not (past.rows and past.rows[-1]["done"]):
                self.on_trial_complete(name, None, error=True)
            else:
                self.on_trial_complete(name, _result(past.rows[-1]))

    def suggest(self, trial_id: str) -> dict[str, Any] | None:
        """Parameters as ever, and under `TRIAL` a short name in the order of asking."""
        if trial_id not in self._ot_trials:
            trial = self._open.pop(0) if self._open else self._ask(self.study)
            self._ot_trials[trial_id] = trial
        parameters: dict[str, Any] | None = super().suggest(trial_id)
        if parameters is None:
            return None
        return {**parameters, TRIAL: trial_name(self._ot_trials[trial_id].number)}

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        if self._measured(result):
            with warnings.catch_warnings():
                # A trial whose process died repeats the report of its checkpoint.
                warnings.filterwarnings("ignore", "The reported value is ignored", UserWarning)
                # Tune counts reports anew in a process of its own; steps are the trial's.
                super().on_trial_result(trial_id, {**result, TRAINING_ITERATION: result["step"]})

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        told = result if result and self._measured(result) else None
        if told and trial_id not in self._completed_trials:
            for name, excess in excesses(self._constraints, told).items():
                self._ot_trials[trial_id].set_constraint(name, excess)
        super().on_trial_complete(trial_id, told, error)

    def _measured(self, result: dict[str, Any]) -> bool:
        names = self.metric if isinstance(self.metric, list) else [self.metric]
        numbers = [result.get(name) for name in names]
        return all(isinstance(n, int | float) and math.isfinite(n) for n in numbers)


def _result(row: Row) -> dict[str, Any]:
    """A report as Tune would be told it."""
    return {**values_of(row), "step": row["step"]}
