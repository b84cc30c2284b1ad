"""The search in Optuna's terms and under Ray Tune's own classes; no Ray process is started.

python -m pytest tests/test_search.py
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from sweeps.pool.leases import TRIAL
from sweeps.search import search
from sweeps.sweepfile import spec

GRID = [
    "method=grid",
    "run_cap=null",
    "parameters={beta: {values: [0.1, 0.3]}, lora_rank: {min: 8, max: 10}, seed: {value: 5}}",
]
HALVING = (
    "early_terminate={type: hyperband, min_iter: 4, eta: 3}",
    "evaluation.report_every=4",
)


def demo(*overrides: str) -> spec.SweepSpec:
    return spec.load("demo", ["run_cap=8", "training.max_steps=12", *HALVING, *overrides])


def test_parameters_become_the_distributions_they_name() -> None:
    changed = demo(
        "parameters.warmup_steps={min: 0, max: 3}",
        "parameters.weight_decay={min: 0, max: 0.1}",
        "parameters.schedule={values: [linear, cosine]}",
        "parameters.max_grad_norm={value: 2.0}",
    )
    assert search.distributions(changed) == {
        "beta": FloatDistribution(0.05, 0.5, log=True),
        "learning_rate": FloatDistribution(5e-5, 5e-4, log=True),
        "lora_rank": CategoricalDistribution((8, 16, 32)),
        "warmup_steps": IntDistribution(0, 3),
        "weight_decay": FloatDistribution(0.0, 0.1),
        "schedule": CategoricalDistribution(("linear", "cosine")),
        "max_grad_norm": CategoricalDistribution((2.0,)),
    }


def test_a_grid_is_as_large_as_its_combinations_and_no_larger_than_run_cap() -> None:
    assert search.number_of_trials(demo(*GRID)) == 2 * 3 * 1
    assert search.number_of_trials(demo(*GRID, "run_cap=4")) == 4
    assert search.number_of_trials(demo(*GRID, "run_cap=40")) == 6
    assert search.number_of_trials(demo("run_cap=40")) == 40


@pytest.mark.parametrize("method", ["bayes", "random"])
def test_the_seed_decides_what_is_tried(method: str) -> None:
    first, again, other = (
        search.examples(demo(f"method={method}", f"seed={seed}"), 5) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_bayes_learns_within_a_short_sweep() -> None:
    # Optuna starts with ten random trials unless told; a sweep of eight would be random search.
    sampler = search.sampler(demo())
    assert isinstance(sampler, optuna.samplers.TPESampler)
    assert sampler._n_startup_trials == 3


@pytest.mark.parametrize("more", [(), ("parameters.weight_decay={value: 0.1}",)])
def test_knowing_the_ranges_changes_no_proposal(more: tuple[str, ...]) -> None:
    def proposed(make: Any) -> list[dict[str, Any]]:
        study = optuna.create_study(direction="maximize")
        found: list[dict[str, Any]] = []
        for number in range(12):
            study.sampler = make(number)
            trial = study.ask(searched)
            found.append(trial.params)
            if number % 4:  # the others still run
                study.tell(trial, trial.params["beta"] - trial.params["lora_rank"] / 32)
        return found

    sweep = demo("run_cap=12", *more)
    searched = search.distributions(sweep)
    known = proposed(lambda number: search.Tpe(searched, seed=number, n_startup_trials=3))
    gathered = proposed(lambda number: optuna.samplers.TPESampler(seed=number, n_startup_trials=3))
    assert known == gathered


def test_rungs_stand_at_powers_of_eta_below_the_last_step() -> None:
    assert search.rungs(demo()) == (4,)
    assert search.rungs(demo("training.max_steps=13")) == (4, 12)
    assert search.rungs(demo("training.max_steps=120")) == (4, 12, 36, 108)
    assert search.rungs(demo("early_terminate=null")) == ()


def tune_all(sweep: spec.SweepSpec, scores: dict[str, float | None]) -> tuple[Any, list[Any]]:
    """Tune's calls to its searcher, as Ray makes them, for trials that report once."""
    searcher = search.tune_search(sweep)
    configs = [searcher.suggest(trial) for trial in scores]  # all at once: they run concurrently
    for trial, score in scores.items():
        result = {"step": 4, "empathy": score}
        searcher.on_trial_result(trial, result)
        searcher.on_trial_complete(trial, result)
    return searcher, configs


def test_tune_tries_each_combination_of_a_grid_once_and_goes_on_to_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sweep = demo(*GRID)
    names = [f"t{index}" for index in range(search.number_of_trials(sweep))]
    searcher, configs = tune_all(sweep, dict.fromkeys(names, 1.0))
    assert sorted((config["beta"], config["lora_rank"]) for config in configs) == [
        (beta, rank) for beta in (0.1, 0.3) for rank in (8, 9, 10)
    ]
    assert all(config["seed"] == 5 for config in configs)
    assert all(trial.state is TrialState.COMPLETE for trial in searcher._ot_study.trials)
    assert not caplog.records  # Optuna's own grid sampler raises at its end; Ray logs that


def test_tune_s_first_trials_are_the_examples_of_the_plan() -> None:
    sweep = demo()
    searcher = search.tune_search(sweep)
    named = [{**each, TRIAL: f"t00{i}"} for i, each in enumerate(search.examples(sweep, 3))]
    assert [searcher.suggest(f"tune-{index}") for index in range(3)] == named


def test_a_trial_without_a_number_is_over_and_has_none() -> None:
    searcher, _ = tune_all(demo(), {"a": 1.5, "b": None, "c": float("nan")})
    searcher.suggest("d")
    searcher.on_trial_complete("d", None, error=True)
    searcher.suggest("e")
    searcher.on_trial_result("e", {"step": 4})
    searcher.on_trial_complete("e", {"step": 4})
    found = [(trial.state, trial.value) for trial in searcher._ot_study.trials]
    assert found == [
        (TrialState.COMPLETE, 1.5),
        (TrialState.PRUNED, None),
        (TrialState.PRUNED, None),
        (TrialState.FAIL, None),
        (TrialState.PRUNED, None),
    ]


def halve(scheduler: Any, reports: list[tuple[str, int, float]]) -> list[str]:
    """What Ray's scheduler answers to (trial, step, score) reports in turn."""
    trials = {name: SimpleNamespace(config={TRIAL: name}) for name, _, _ in reports}
    for trial in trials.values():
        scheduler.on_trial_add(None, trial)
    return [
        scheduler.on_trial_result(None, trials[name], {"step": step, "empathy": score})
        for name, step, score in reports
    ]


def test_asha_stops_by_step_whoever_is_behind_at_a_rung() -> None:
    # eta 3: a trial goes on if it is at or above the 2/3 quantile of those before it at the rung.
    reports = [
        ("a", 4, 1.0),  # the first: nobody to compare with
        ("b", 4, 2.0),  # above a
        ("c", 4, 1.2),  # below the 2/3 quantile of 1 and 2, 1.67
        ("a", 8, 0.1),  # no rung
        ("b", 12, 2.0),  # the end
    ]
    answers = halve(search.early_stopping(demo()), reports)
    assert answers == ["CONTINUE", "CONTINUE", "STOP", "CONTINUE", "STOP"]


def test_asha_stops_high_losses_when_less_is_better() -> None:
    fixed = ["parameters.beta={value: 0.1}", "metric={name: loss, goal: minimize}"]
    scheduler: Any = search.early_stopping(demo(*fixed))
    low, high = (SimpleNamespace(config={TRIAL: name}) for name in ("low", "high"))
    for trial in (low, high):
        scheduler.on_trial_add(None, trial)
    assert scheduler.on_trial_result(None, low, {"step": 4, "loss": 0.4}) == "CONTINUE"
    assert scheduler.on_trial_result(None, high, {"step": 4, "loss": 0.6}) == "STOP"


def test_without_early_termination_nothing_is_stopped() -> None:
    scheduler: Any = search.early_stopping(demo("early_terminate=null"))
    assert halve(scheduler, [("a", 4, 2.0), ("b", 4, 1.0), ("c", 12, 0.0)]) == ["CONTINUE"] * 3
    assert isinstance(search.pruner(demo("early_terminate=null")), optuna.pruners.NopPruner)


def test_the_study_without_ray_has_the_same_space_goal_and_rungs() -> None:
    sweep = demo()
    study = search.study(sweep)
    assert study.direction is optuna.study.StudyDirection.MAXIMIZE
    stopped = []
    for score in (1.0, 2.0, 1.2):
        trial = search.ask(sweep, study)
        trial.report(score, step=4)
        stopped.append(trial.should_prune())
        study.tell(trial, score)
    assert stopped == [False, False, True]


def test_the_search_without_ray_imports_no_ray() -> None:
    code = (
        "import sys; import sweeps.search.search;"
        " print('ray' in sys.modules, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(spec.__file__).parents[1],
    )
    assert done.stdout.split() == ["False", "False"]
