"""A Ray Tune trial: the featherweight client of a LaneHost, without torch and without data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import ray
from ray import tune

from sweeps.leases import TRIAL
from sweeps.observers import values_of

ROW = "row"  # the key of the whole report, as JSON, in what Tune is told


class LaneTrial(tune.Trainable):
    """Takes a lane, asks for the next report, hands it to Tune, gives the lane back."""

    def setup(self, config: dict[str, Any], **shared: Any) -> None:
        """`shared`: the actor as `host`, what every trial is given, by setting, as `training`, and
        the names of trials that a sweep before this one has begun as `begun`."""
        self._host, self._training = shared["host"], shared["training"]
        self._begun: Sequence[str] = shared["begun"]
        self._begin(config)

    def _begin(self, config: dict[str, Any]) -> None:
        self._parameters = dict(config)
        self._name = self._parameters.pop(TRIAL)
        self._token: str | None = None
        self._resume = self._name in self._begun

    def step(self) -> dict[str, Any]:
        """The next report. The lease is taken here, when it is known whether to resume."""
        if self._token is None:
            settings = {**self._training, **self._parameters}
            self._token = ray.get(self._host.join.remote(self._name, settings, self._resume))
        row = ray.get(self._host.report.remote(self._token))
        return {
            **values_of(row),
            "step": row["step"],
            "done": row["done"],
            ROW: json.dumps(row),
        }

    def save_checkpoint(self, checkpoint_dir: str) -> dict[str, Any]:
        """Nothing but a mark: the host keeps the lane's state of the same report."""
        return {TRIAL: self._name}

    def load_checkpoint(self, checkpoint: dict[str, Any] | None) -> None:
        """Go on from the host's checkpoint at the next step."""
        self._leave()
        self._resume = True

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Become another trial in the same process."""
        self._leave()
        self._begin(new_config)
        return True

    def cleanup(self) -> None:
        """Give the lane back."""
        self._leave()

    def _leave(self) -> None:
        if self._token is not None:
            ray.get(self._host.leave.remote(self._token))
            self._token = None
