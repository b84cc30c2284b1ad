"""A Ray Tune trial: the featherweight client of lane hosts, without torch and without data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ray import tune

from sweeps.pool.leases import TRIAL
from sweeps.pool.place import Place, Reporting
from sweeps.record.observers import Row, values_of

ROW = "row"  # the key of the whole report, as JSON, in what Tune is told


def result_of(row: Row) -> dict[str, Any]:
    """What Tune is told of a report."""
    return {
        **values_of(row),
        "step": row["step"],
        "done": row["done"],
        ROW: json.dumps(row),
    }


class LaneTrial(tune.Trainable):
    """Takes a lane, asks for the next report, hands it to Tune, gives the lane back."""

    def setup(self, config: dict[str, Any], **shared: Any) -> None:
        """`shared`: the hosts' `desk`, what every trial is given, by setting, as `training`, and of
        the trials that a sweep before this one has begun the step that they reported, as `begun`.
        """
        self._desk, self._training = shared["desk"], shared["training"]
        self._begun: Mapping[str, int] = shared["begun"]
        self._begin(config)

    def _begin(self, config: dict[str, Any]) -> None:
        self._parameters = dict(config)
        self._name = self._parameters.pop(TRIAL)
        self._take_up(self._name in self._begun, self._begun.get(self._name, 0))

    def _take_up(self, resume: bool, heard: int) -> None:
        settings = {**self._training, **self._parameters}
        self._place = self._placed(settings, resume, heard)

    def _placed(self, settings: Mapping[str, Any], resume: bool, heard: int) -> Reporting:
        return Place(self._desk, self._name, settings, resume=resume, heard=heard)

    def step(self) -> dict[str, Any]:
        """The next report. A lane is taken here, when it is known whether to resume."""
        return result_of(self._place.report())

    def save_checkpoint(self, checkpoint_dir: str) -> dict[str, Any]:
        """How far the trial has reported: the host keeps the lane's state of the same report."""
        return {TRIAL: self._name, "step": self._place.heard}

    def load_checkpoint(self, checkpoint: dict[str, Any] | None) -> None:
        """Go on from the host's checkpoint, which has come at least as far."""
        self._place.leave()
        self._take_up(True, checkpoint["step"] if checkpoint else self._place.heard)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Become another trial in the same process."""
        self._place.leave()
        self._begin(new_config)
        return True

    def cleanup(self) -> None:
        """Give the lane back."""
        self._place.leave()
