"""ZeroHost: prepares a study for trials that train elsewhere, and measures their checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sweeps.pool.host import LaneHost

FOLDER = "zero"  # of what trials need, within the results folder


class ZeroHost(LaneHost):
    """A LaneHost whose lanes train nothing: trials come by only to be measured."""

    def hand_over(self) -> str:
        """Write what trials need into a folder (see `empathy.zero_task`) and return its path."""
        from empathy.zero_task import hand_over

        folder = self._out / FOLDER
        self._do(lambda: hand_over(self._study.base, self._study.engine.task, folder))
        return str(folder)

    def measured(
        self, trial_id: str, seconds: float, curves: Mapping[str, float]
    ) -> dict[str, Any]:
        """The report of a trial's checkpoint, as `LaneHost.report` gives it."""
        row: dict[str, Any] = self._do(lambda: self._measure(trial_id))
        return {"trial_id": trial_id, "seconds": seconds, "curves": dict(curves), **row}

    def checkpoint(self, trial_id: str) -> str:
        """Where the trial's checkpoint stands, or will."""
        return str(self._checkpoint(trial_id))

    def _measure(self, trial_id: str) -> dict[str, Any]:
        lane = self._study.resume(self._checkpoint(trial_id))
        step = self._study.engine.state(lane).step
        try:
            found = self._study.evaluate({trial_id: lane}, "validation")[trial_id]
        except ValueError as error:  # a number that is not finite
            return {"step": step, "metrics": {}, "failed": str(error), "done": True}
        finally:
            self._study.engine.leave(lane)
        return {
            "step": step,
            "metrics": {name: each.as_dict() for name, each in found.metrics.items()},
            "evaluation": found.as_dict(),
            "done": step >= self._settings.training.max_steps,
        }
