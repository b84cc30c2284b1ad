"""A sweep file's search in Optuna's terms, and for Ray Tune. Ray is imported only where asked for.

Ray Tune is given Optuna's own distributions and samplers, so that the runner without Ray searches
in the same way. Optuna prunes nothing under Tune: there ASHA does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.pruners import BasePruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, GridSampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from empathy.metrics import Goal
from sweeps import space
from sweeps.guards import Bound
from sweeps.space import Parameter, Scalar
from sweeps.spec import SweepSpec

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler

    from sweeps.tune_search import TuneSearch


class Grid(GridSampler):
    """Every combination once, in an order shuffled by the seed.

    Whoever asks for trials counts them (`number_of_trials`). Optuna's own end of a grid is
    `study.stop()`, which outside `study.optimize` raises after the last trial has been told.
    """

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Leaves the study going."""


def distributions(spec: SweepSpec) -> dict[str, BaseDistribution]:
    """Optuna's distribution for each parameter; a constant is a choice of one."""
    return {name: _distribution(name, spec.parameters[name]) for name in spec.parameters}


def _distribution(name: str, parameter: Parameter) -> BaseDistribution:
    if parameter.choices is not None:
        return CategoricalDistribution(parameter.choices)
    low, high = parameter.ends
    if space.distribution(name, parameter) == "int_uniform":
        return IntDistribution(int(low), int(high))
    logarithmic = space.distribution(name, parameter) == "log_uniform_values"
    return FloatDistribution(float(low), float(high), log=logarithmic)


def grid(spec: SweepSpec) -> dict[str, list[Scalar]]:
    """All values of each parameter of a grid search, whole-number ranges written out."""
    return {
        name: list(parameter.choices or range(int(parameter.ends[0]), int(parameter.ends[1]) + 1))
        for name, parameter in spec.parameters.items()
    }


def number_of_trials(spec: SweepSpec) -> int:
    """How many trials the sweep has: `run_cap`, or the size of a smaller grid."""
    if spec.method != "grid":
        assert spec.run_cap is not None  # `sweeps.spec` has refused it
        return spec.run_cap
    combinations = math.prod(len(values) for values in grid(spec).values())
    return min(combinations, spec.run_cap or combinations)


def sampler(spec: SweepSpec) -> BaseSampler:
    """Who proposes settings, seeded by the sweep.

    TPE keeps away from trials whose constraints were set above 0 (`Trial.set_constraint`), and
    searches several metrics at once; NSGA-II would need populations larger than our sweeps.
    """
    if spec.method == "grid":
        return Grid(grid(spec), seed=spec.seed)
    if spec.method == "random":
        return RandomSampler(seed=spec.seed)
    # Optuna's default of ten random trials would leave a sweep of eight without any search.
    startup = min(10, max(3, number_of_trials(spec) // 4))
    return TPESampler(seed=spec.seed, n_startup_trials=startup)


def pruner(spec: SweepSpec) -> BasePruner:
    """Early stopping for the runner without Ray. Not to be asked at a trial's last step."""
    halving = spec.early_terminate
    if halving is None:
        return NopPruner()
    return SuccessiveHalvingPruner(min_resource=halving.min_iter, reduction_factor=halving.eta)


def study(spec: SweepSpec) -> Study:
    """A study for the runner without Ray: `ask(distributions(spec))`, report, prune, tell."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(
        directions=[aim.goal for aim in spec.metric.aims],
        sampler=sampler(spec),
        pruner=pruner(spec),
    )


def examples(spec: SweepSpec, count: int) -> list[dict[str, Scalar]]:
    """What the search would propose before it has seen a result; at most `count` proposals."""
    fresh, ranges = study(spec), distributions(spec)
    return [fresh.ask(ranges).params for _ in range(min(count, number_of_trials(spec)))]


def rungs(spec: SweepSpec) -> tuple[int, ...]:
    """Steps at which trials that fall behind are stopped; empty without early stopping."""
    halving, found = spec.early_terminate, []
    step = halving.min_iter if halving else spec.training.max_steps
    while halving and step < spec.training.max_steps:
        found.append(step)
        step *= halving.eta
    return tuple(found)


def mode(goal: Goal) -> str:
    """Ray's word for a metric's goal."""
    return {"maximize": "max", "minimize": "min"}[goal]


def early_stopping(spec: SweepSpec) -> TrialScheduler:
    """Early stopping for Ray Tune: ASHA on our own `step`, which survives a restored trial.

    It stops a trial at `training.max_steps` as well: a trial stopped there is complete.
    """
    from ray.tune.schedulers import ASHAScheduler, FIFOScheduler

    halving = spec.early_terminate
    if halving is None:
        return FIFOScheduler()
    return ASHAScheduler(
        time_attr="step",
        metric=spec.metric.name,
        mode=mode(spec.metric.goal),
        grace_period=halving.min_iter,
        max_t=spec.training.max_steps,
        reduction_factor=halving.eta,
    )


def tune_search(spec: SweepSpec, constraints: Sequence[Bound] = ()) -> TuneSearch:
    """The search for Ray Tune; each trial's config is its parameters by name."""
    from sweeps.tune_search import TuneSearch

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return TuneSearch(
        constraints,
        space=distributions(spec),
        metric=one_or_list([aim.name for aim in spec.metric.aims]),
        mode=one_or_list([mode(aim.goal) for aim in spec.metric.aims]),
        sampler=sampler(spec),
    )


def one_or_list(words: list[str]) -> str | list[str]:
    """As Ray wants it: a list of one metric would be a search of several."""
    return words if len(words) > 1 else words[0]
