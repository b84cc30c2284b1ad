"""What Optuna's sampler learns of guards and of several metrics, with Ray's searcher and without.

The toy: the score has a peak at a learning rate of 1e-4 and a higher one at 4e-4, but over 2e-4 the
drift is over its limit.

python -m pytest tests/test_constraints.py
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from sweeps.search import search
from sweeps.search.in_process import InProcess
from sweeps.sweepfile import spec
from sweeps.sweepfile.limits import Limit
from sweeps.verdict.guards import Guarded, bounds
from sweeps.verdict.pareto import front

TRIALS, LIMIT = 40, 2e-4
TOY = ("run_cap=40", "early_terminate=null", "parameters.beta={value: 0.1}",
       "parameters.lora_rank={value: 8}")  # fmt: skip
BOUNDS = bounds({"log_ratio": Limit(max=15.0)}, sft={}, human={})
TWO = "metric=[{name: empathy, goal: maximize}, {name: log_ratio, goal: minimize}]"


def toy(rate: float) -> dict[str, float]:
    peaks = {1e-4: 2.0, 4e-4: 3.0}
    score = sum(top * math.exp(-((math.log(rate / at) / 0.3) ** 2)) for at, top in peaks.items())
    return {"empathy": score, "log_ratio": 15.0 * rate / LIMIT}


def tune(enforced: bool, *overrides: str, measure: Callable[[float], Any] = toy) -> Any:
    """Ray's searcher after all trials of the toy, told as Ray tells it."""
    sweep = spec.load("demo", [*TOY, *overrides])
    searcher = search.tune_search(sweep, BOUNDS if enforced else ())
    for number in range(TRIALS):
        config = searcher.suggest(f"ray-{number}")
        assert config is not None
        result = {"step": 12, **measure(config["learning_rate"])}
        searcher.on_trial_result(f"ray-{number}", result)
        searcher.on_trial_complete(f"ray-{number}", result)
    return searcher


class Host:
    """A host whose trials have the toy's numbers after one report."""

    def __init__(self) -> None:
        self.rates: dict[str, float] = {}

    def join(self, trial_id: str, settings: Mapping[str, Any], resume: bool = False) -> str:
        self.rates[trial_id] = settings["learning_rate"]
        return trial_id

    def report(self, token: str) -> dict[str, Any]:
        found = {name: {"value": value} for name, value in toy(self.rates[token]).items()}
        return {"trial_id": token, "step": 12, "done": True, "metrics": found, "curves": {}}

    def leave(self, token: str) -> None:
        """Nothing is held."""


class Deaf:
    """An observer that hears nothing."""

    def __getattr__(self, event: str) -> Callable[..., None]:
        return lambda *_: None


def in_process(enforced: bool, *overrides: str) -> optuna.Study:
    sweep = spec.load("demo", [*TOY, *overrides])
    host: Any = Host()
    watch: Any = Deaf()
    runner = InProcess(sweep, host, watch, Guarded(enforced, {"validation": BOUNDS}))
    runner.run(lanes=1)
    return runner._study


def forbidden(study: optuna.Study) -> int:
    """Of the later half of the trials, those over the limit."""
    later = study.trials[TRIALS // 2 :]
    return sum(trial.params["learning_rate"] > LIMIT for trial in later)


RUNNERS: dict[str, Callable[[bool], optuna.Study]] = {
    "ray": lambda enforced: tune(enforced)._ot_study,
    "in process": in_process,
}


@pytest.mark.parametrize("runner", RUNNERS.values(), ids=RUNNERS)
def test_the_search_goes_where_it_may_not_unless_the_guard_is_enforced(
    runner: Callable[[bool], optuna.Study],
) -> None:
    assert forbidden(runner(False)) >= 18  # of 20
    assert forbidden(runner(True)) <= 4


def test_each_trial_carries_how_far_it_lies_beyond_the_limit() -> None:
    for trial in tune(True)._ot_study.trials:
        rate = trial.params["learning_rate"]
        assert trial.constraints == {"log_ratio.max": pytest.approx(rate / LIMIT - 1)}
    assert all(trial.constraints == {} for trial in tune(False)._ot_study.trials)


def test_optunas_own_best_is_feasible_when_guards_are_enforced() -> None:
    for study in (tune(True)._ot_study, in_process(True)):
        assert study.best_trial.params["learning_rate"] <= LIMIT
    assert tune(False)._ot_study.best_trial.params["learning_rate"] > LIMIT


def test_a_trial_without_numbers_has_no_constraint_and_no_value() -> None:
    searcher = tune(True, measure=lambda rate: {"empathy": None, "log_ratio": 20.0})
    assert {t.state for t in searcher._ot_study.trials} == {TrialState.PRUNED}
    assert all(trial.constraints == {} for trial in searcher._ot_study.trials)


@pytest.mark.parametrize("enforced", [False, True])
def test_two_metrics_make_a_front_with_ray_and_without(enforced: bool) -> None:
    for study in (tune(enforced, TWO)._ot_study, in_process(enforced, TWO)):
        assert [d.name for d in study.directions] == ["MAXIMIZE", "MINIMIZE"]
        first = study.trials[0]
        numbers = toy(first.params["learning_rate"])
        assert first.values == [numbers["empathy"], numbers["log_ratio"]]
        told = {str(t.number): t.values for t in study.trials
                if not enforced or t.params["learning_rate"] <= LIMIT}  # fmt: skip
        measured = [{trial: values[at] for trial, values in told.items()} for at in (0, 1)]
        ours = front(spec.load("demo", [*TOY, TWO]).metric.aims, measured, told)
        assert {str(trial.number) for trial in study.best_trials} == set(ours)


def test_a_missing_second_metric_is_no_value_at_all() -> None:
    searcher = tune(False, TWO, measure=lambda rate: {"empathy": 1.0, "log_ratio": float("nan")})
    assert {(t.state, t.values) for t in searcher._ot_study.trials} == {(TrialState.PRUNED, None)}
