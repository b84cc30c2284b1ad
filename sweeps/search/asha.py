"""Early stopping under Ray Tune that can be rebuilt: ASHA's rungs by our own trial names.

Tune neither keeps the rungs across a restored experiment nor the ids of its trials. So the rungs
are filled again from the reports of the sweep's history, in the order in which they came.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from ray.tune.schedulers import ASHAScheduler, TrialScheduler

from sweeps.pool.leases import TRIAL
from sweeps.record.observers import Row, values_of


class Asha(ASHAScheduler):
    """Ray's ASHA, in which a trial that goes on in a resumed sweep is still the same trial."""

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        """A trial is new, or goes on."""
        super().on_trial_add(tune_controller, _named(trial))

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        """Whether it goes on after this report."""
        decision: str = super().on_trial_result(tune_controller, _named(trial), result)
        return decision

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        """It ended by itself."""
        super().on_trial_complete(tune_controller, _named(trial), result)

    def on_trial_remove(self, tune_controller: Any, trial: Any) -> None:
        """It will not run."""
        super().on_trial_remove(tune_controller, _named(trial))

    def take_up(self, rows: Iterable[Row]) -> set[str]:
        """Fill the rungs with reports from before; returns the trials stopped at their last one."""
        stopped: set[str] = set()
        begun: set[str] = set()
        for row in rows:
            name = row["trial_id"]
            trial = SimpleNamespace(config={TRIAL: name})
            if name not in begun:
                begun.add(name)
                self.on_trial_add(None, trial)
            result = {**values_of(row), "step": row["step"]}
            if row["done"]:
                self.on_trial_complete(None, trial, result)
            elif self.on_trial_result(None, trial, result) == TrialScheduler.STOP:
                stopped.add(name)
        return stopped


def _named(trial: Any) -> Any:
    """What Ray's own asks of a trial, with our name for it."""
    return SimpleNamespace(trial_id=trial.config[TRIAL])
