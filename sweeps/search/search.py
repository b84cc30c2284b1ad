"""A sweep file's search in Optuna's terms, and for Ray Tune. Ray is imported only where asked for.

Ray Tune is given Optuna's own distributions and samplers, so that the runner without Ray searches
in the same way. Optuna prunes nothing under Tune: there ASHA does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
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
from optuna.trial import Trial as OptunaTrial

from empathy.metrics import Goal
from sweeps.pool.leases import trial_name, trial_number
from sweeps.record.observers import Past
from sweeps.record.resumption import NOTHING, Earlier
from sweeps.sweepfile import space
from sweeps.sweepfile.space import Parameter, Scalar
from sweeps.sweepfile.spec import SweepSpec
from sweeps.verdict.guards import Bound

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler

    from sweeps.search.tune_search import TuneSearch


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


class Tpe(TPESampler):
    """TPE that knows what is searched.

    Optuna's own gathers that from all trials and remembers it; but each trial here has a sampler of
    its own, which would go through all of them again.
    """

    def __init__(self, searched: Mapping[str, BaseDistribution], **options: Any) -> None:
        super().__init__(**options)
        varied = {name: each for name, each in searched.items() if not each.single()}
        self._searched = dict(sorted(varied.items()))  # the order in which Optuna would draw

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """What is drawn together: everything, but nothing where several metrics are searched."""
        if len(study.directions) > 1:
            return super().infer_relative_search_space(study, trial)
        return dict(self._searched)


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
        assert spec.run_cap is not None  # `sweeps.sweepfile.spec` has refused it
        return spec.run_cap
    combinations = math.prod(len(values) for values in grid(spec).values())
    return min(combinations, spec.run_cap or combinations)


def sampler(spec: SweepSpec, number: int = 0) -> BaseSampler:
    """Who proposes the settings of the trial of this number, seeded by the sweep and the number.

    What is proposed depends on nothing but seed, number and the trials that are in the study: so a
    resumed sweep, which has the trials but no generator's state, goes on as if never cut off.

    TPE keeps away from trials whose constraints were set above 0 (`Trial.set_constraint`), and
    searches several metrics at once; NSGA-II would need populations larger than our sweeps.
    """
    if spec.method == "grid":
        return Grid(grid(spec), seed=spec.seed)
    seed = int(np.random.SeedSequence((spec.seed, number)).generate_state(1)[0])
    if spec.method == "random":
        return RandomSampler(seed=seed)
    return Tpe(distributions(spec), seed=seed, n_startup_trials=startup(spec))


def pruner(spec: SweepSpec) -> BasePruner:
    """Early stopping for the runner without Ray. Not to be asked at a trial's last step."""
    halving = spec.early_terminate
    if halving is None:
        return NopPruner()
    return SuccessiveHalvingPruner(min_resource=halving.min_iter, reduction_factor=halving.eta)


def study(spec: SweepSpec) -> Study:
    """A study for the runner without Ray: `ask`, report, prune, tell."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(
        directions=[aim.goal for aim in spec.metric.aims],
        sampler=sampler(spec),
        pruner=pruner(spec),
    )


def ask(spec: SweepSpec, study: Study, known: Mapping[str, Any] | None = None) -> OptunaTrial:
    """The study's next trial: what the sampler proposes, or with the parameters `known`."""
    number = len(study.get_trials(deepcopy=False))
    study.sampler = sampler(spec, number)
    if known is not None:
        study.enqueue_trial(dict(known))
    return study.ask(distributions(spec))


def asked(
    spec: SweepSpec, study: Study, past: Sequence[Past]
) -> dict[str, tuple[OptunaTrial, Past | None]]:
    """The trials of a study that was cut off, asked for once more, by name in their order.

    One that had been proposed but never begun has no past, and is proposed again.
    """
    known = {trial_number(each.trial_id): each for each in past}
    found = {}
    for number in range(max(known, default=-1) + 1):
        each = known.get(number)
        trial = ask(spec, study, each.parameters if each else None)
        found[trial_name(number)] = trial, each
    return found


def blind(spec: SweepSpec) -> int:
    """How many trials the search proposes before it has seen a result, however they come in."""
    number = number_of_trials(spec)
    return min(number, startup(spec)) if spec.method == "bayes" else number


def startup(spec: SweepSpec) -> int:
    """Random trials with which TPE begins.

    Optuna's default of ten would leave a sweep of eight without any search.
    """
    return min(10, max(3, number_of_trials(spec) // 4))


def examples(spec: SweepSpec, count: int) -> list[dict[str, Scalar]]:
    """What the search would propose before it has seen a result; at most `count` proposals."""
    fresh = study(spec)
    return [ask(spec, fresh).params for _ in range(min(count, number_of_trials(spec)))]


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
    from ray.tune.schedulers import FIFOScheduler

    from sweeps.search.asha import Asha

    halving = spec.early_terminate
    if halving is None:
        return FIFOScheduler()
    return Asha(
        time_attr="step",
        metric=spec.metric.name,
        mode=mode(spec.metric.goal),
        grace_period=halving.min_iter,
        max_t=spec.training.max_steps,
        reduction_factor=halving.eta,
    )


def tune_search(
    spec: SweepSpec, constraints: Sequence[Bound] = (), earlier: Earlier = NOTHING
) -> TuneSearch:
    """The search for Ray Tune; each trial's config is its parameters by name."""
    from sweeps.search.tune_search import TuneSearch

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    searcher = TuneSearch(
        partial(ask, spec),
        constraints,
        space=distributions(spec),
        metric=one_or_list([aim.name for aim in spec.metric.aims]),
        mode=one_or_list([mode(aim.goal) for aim in spec.metric.aims]),
        sampler=sampler(spec),
    )
    searcher.take_up(asked(spec, searcher.study, earlier.searched), earlier.searched_rows)
    return searcher


def one_or_list(words: list[str]) -> str | list[str]:
    """As Ray wants it: a list of one metric would be a search of several."""
    return words if len(words) > 1 else words[0]
