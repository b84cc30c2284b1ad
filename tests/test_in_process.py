"""The search without Ray, where a trial's report lacks the number that is searched.

python -m pytest tests/test_in_process.py
"""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import Any

import pytest
from optuna.trial import TrialState

from empathy.errors import DiskError
from sweeps.pool.leases import DrainingError, StoppedError
from sweeps.search.in_process import InProcess
from sweeps.sweepfile import spec

STEPS = (6, 12)
Blank = set[tuple[str, int]]


class Host:
    """A host whose trials score by their number; at the trials and steps of `blank` not at all."""

    def __init__(self, blank: Blank, instead: Mapping[str, Any]) -> None:
        self._blank, self._instead = blank, instead
        self._steps: dict[str, int] = {}
        self.left: list[str] = []
        self.errors: dict[tuple[str, int], Exception] = {}
        self.drained = False

    def join(self, trial_id: str, settings: Mapping[str, Any], resume: bool = False) -> str:
        self._steps[trial_id] = 0
        return trial_id

    def report(self, token: str) -> dict[str, Any]:
        if (token, self._steps[token]) in self.errors:
            raise self.errors[token, self._steps[token]]
        self._steps[token] += 6
        step = self._steps[token]
        scores = {"empathy": {"value": float(token[1:])}}
        found = self._instead if (token, step) in self._blank else scores
        return {"trial_id": token, "step": step, "done": step == 12, "metrics": found,
                "curves": {}}  # fmt: skip

    def leave(self, token: str) -> None:
        self.left.append(token)

    def drain(self) -> None:
        self.drained = True


class Ends:
    """An observer that hears how trials ended."""

    def __init__(self) -> None:
        self.heard: dict[str, tuple[str, str | None]] = {}

    def trial_ended(self, trial_id: str, state: str, reason: str | None) -> None:
        self.heard[trial_id] = (state, reason)

    def __getattr__(self, event: str) -> Any:
        return lambda *_: None


def run(blank: Blank, instead: Mapping[str, Any], *overrides: str) -> tuple[InProcess, Host, Ends]:
    runner, host, ends = prepared(blank, instead, *overrides)
    runner.run(lanes=1)
    return runner, host, ends


def prepared(
    blank: Blank, instead: Mapping[str, Any], *overrides: str
) -> tuple[InProcess, Host, Ends]:
    sweep = spec.load("demo", ["run_cap=4", *overrides])
    host, ends = Host(blank, instead), Ends()
    told: Any = (host, ends)
    return InProcess(sweep, *told), host, ends


@pytest.mark.parametrize("instead", [{}, {"empathy": {"value": None}}, {"empathy": {"value": nan}}])
def test_a_trial_without_the_number_at_its_end_fails_and_the_others_go_on(
    instead: dict[str, Any],
) -> None:
    runner, host, ends = run({("t001", 12)}, instead, "early_terminate=null")
    assert ends.heard == {
        "t000": ("completed", None),
        "t001": ("failed", "no empathy measured at step 12"),
        "t002": ("completed", None),
        "t003": ("completed", None),
    }
    assert host.left == ["t000", "t001", "t002", "t003"]  # its lane is free again
    told = [(trial.state, trial.values) for trial in runner._study.trials]
    assert told[1] == (TrialState.FAIL, None)
    assert told[0] == (TrialState.COMPLETE, [0.0])


def test_a_report_without_the_number_in_the_middle_stops_no_trial() -> None:
    halving = "early_terminate={type: hyperband, min_iter: 6, eta: 2}"
    overrides = (halving, "evaluation.report_every=6", "training.max_steps=12")
    runner, _, ends = run({("t001", 6)}, {}, *overrides)
    assert ends.heard["t001"] == ("completed", None)
    assert runner._study.trials[1].intermediate_values == {}


def test_an_error_of_one_trial_fails_it_and_the_others_go_on() -> None:
    runner, host, ends = prepared(set(), {}, "early_terminate=null")
    host.errors = {("t001", 6): RuntimeError("out of memory")}
    runner.run(lanes=1)
    assert ends.heard["t001"] == ("failed", "RuntimeError: out of memory")
    assert [state for state, _ in ends.heard.values()].count("completed") == 3
    assert runner._study.trials[1].state == TrialState.FAIL
    assert not host.drained


@pytest.mark.parametrize("error", [DiskError("no room"), DrainingError(), StoppedError()])
def test_what_is_no_trial_s_fault_cuts_the_sweep_off_and_fails_none(error: Exception) -> None:
    runner, host, ends = prepared(set(), {}, "early_terminate=null")
    host.errors = {("t001", 6): error}
    with pytest.raises(type(error)):
        runner.run(lanes=1)
    assert "t001" not in ends.heard
    assert {state for state, _ in ends.heard.values()} == {"completed"}
    assert host.drained
