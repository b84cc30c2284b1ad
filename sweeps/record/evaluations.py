"""What every trial was measured to be: remembered for the finals, kept beside its checkpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from empathy.cache import write_atomically
from sweeps.record.observers import Row, State, SweepInfo


class Evaluations:
    """Keeps every trial's last evaluation, per prompt and without text, beside its checkpoint.

    In memory the scores of each prompt are kept of the metric that is searched alone: nobody asks
    for others, which would be tens of kilobytes a trial.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._metric = ""
        self.last: dict[str, dict[str, Any]] = {}
        self.curves: dict[str, dict[str, float]] = {}
        self.states: dict[str, State] = {}
        self.parameters: dict[str, dict[str, Any]] = {}

    def sweep_started(self, sweep: SweepInfo) -> None:
        """Remember the trials from before the sweep was cut off."""
        self._metric = sweep.metric
        for past in sweep.past:
            self.parameters[past.trial_id] = dict(past.parameters)
            if past.rows:
                self._remember(past.rows[-1])
            if past.state != "running":
                self.states[past.trial_id] = past.state

    def stage(self, name: str, done: int, total: int | None) -> None:
        """Nothing to do."""

    def trial_started(self, trial_id: str, parameters: Mapping[str, Any]) -> None:
        """Remember what it tries."""
        self.parameters[trial_id] = dict(parameters)

    def trial_reported(self, row: Row) -> None:
        """Remember and write down the evaluation."""
        self._remember(row)
        if "evaluation" in row:
            self._write(row["trial_id"], "validation", row["evaluation"])

    def trial_ended(self, trial_id: str, state: State, reason: str | None) -> None:
        """Remember how it ended."""
        self.states[trial_id] = state

    def sweep_ended(self, summary: Mapping[str, Any]) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""

    def complete(self, trial_id: str) -> bool:
        """Whether it was trained to the end."""
        return self.states[trial_id] == "completed"

    def write_test(self, found: Mapping[str, Mapping[str, Any]]) -> None:
        """Write down test evaluations by trial."""
        for trial_id, evaluation in found.items():
            self._write(trial_id, "test", evaluation)

    def _remember(self, row: Row) -> None:
        if "evaluation" in row:
            found = row["evaluation"]
            scores = {name: each for name, each in found["scores"].items() if name == self._metric}
            self.last[row["trial_id"]] = {**found, "scores": scores}
            self.curves[row["trial_id"]] = row["curves"]

    def _write(self, trial_id: str, split: str, evaluation: Mapping[str, Any]) -> None:
        text = json.dumps(evaluation)
        path = self._out / "trials" / trial_id / f"{split}.json"
        write_atomically(path, lambda temporary: temporary.write_text(text))
