"""Ray Tune's Optuna search, made to bear a trial without a number and to know guards."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from ray.tune.search.optuna import OptunaSearch

from sweeps.guards import Bound, excesses
from sweeps.leases import TRIAL, trial_name


class TuneSearch(OptunaSearch):
    """OptunaSearch for which a missing metric is missing.

    Ray's own raises `KeyError` for a report without the metric, `TypeError` for None, and leaves a
    trial that ends on NaN running for ever in Optuna's eyes, so that the sampler keeps away from
    where it stood.

    Ray's own carries no constraints either: here each trial is told to Optuna with how far it lies
    beyond each of `constraints`, and Optuna's samplers keep away from what is over 0.
    """

    _asked = 0

    def __init__(self, constraints: Sequence[Bound] = (), **options: Any) -> None:
        super().__init__(**options)
        self._constraints = tuple(constraints)

    def suggest(self, trial_id: str) -> dict[str, Any] | None:
        """Parameters as ever, and under `TRIAL` a short name in the order of asking."""
        parameters: dict[str, Any] | None = super().suggest(trial_id)
        if parameters is None:
            return None
        self._asked += 1
        return {**parameters, TRIAL: trial_name(self._asked - 1)}

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        if self._measured(result):
            with warnings.catch_warnings():
                # A trial whose process died repeats the report of its checkpoint.
                warnings.filterwarnings("ignore", "The reported value is ignored", UserWarning)
                super().on_trial_result(trial_id, result)

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
