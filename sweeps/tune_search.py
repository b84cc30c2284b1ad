"""Ray Tune's Optuna search, made to bear a trial without a number."""

from __future__ import annotations

import math
import warnings
from typing import Any

from ray.tune.search.optuna import OptunaSearch

from sweeps.leases import TRIAL, trial_name


class TuneSearch(OptunaSearch):
    """OptunaSearch for which a missing metric is missing.

    Ray's own raises `KeyError` for a report without the metric, `TypeError` for None, and leaves a
    trial that ends on NaN running for ever in Optuna's eyes, so that the sampler keeps away from
    where it stood.
    """

    _asked = 0

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
        super().on_trial_complete(trial_id, result if self._measured(result) else None, error)

    def _measured(self, result: dict[str, Any] | None) -> bool:
        number = (result or {}).get(self.metric)
        return isinstance(number, int | float) and math.isfinite(number)
