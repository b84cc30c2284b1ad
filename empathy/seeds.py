"""A finalist trained anew with other seeds: what is the setting's merit, what the luck of one run?

    test = [first, second, third]  # evaluations of one setting, a run per seed, on the same prompts
    combine(test)                                  # one evaluation of the setting
    selection_corrected(validation, test, metric)  # how far the search flattered it

Whoever is best of many noisy runs was lucky too, in two ways: with its seed, and with the prompts
that chose it. So the first run of every list here is the search's own, which won; what is said of a
setting rests on fresh seeds and on test prompts, neither of which chose anybody. No torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from typing import Any

from empathy.compare import holm, sign_of
from empathy.errors import UserError
from empathy.evaluate import GEOMETRIC, SHARES, Column, Evaluation
from empathy.over_seeds import (
    Seeds,
    deviation_over_seeds,
    means_over_seeds,
    over_seeds,
    set_over_seeds,
)
from empathy.uncertainty import Estimate

Runs = Sequence[Evaluation]
"""One setting's evaluations on one split, one per seed; the first is the search's own run."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """What the search said of its winner, and what is left of it.

    `selected` is the run that won, on the validation prompts that chose it. `fresh` is the same
    setting by the seeds that took no part in that, on test prompts: the number to report.
    `optimism` is `selected` minus the fresh seeds, paired on validation prompts: the luck of that
    run, its sampled replies included, since the prompts are the same. What else `fresh` loses is
    luck with the prompts, or prompts that are harder.
    """

    selected: Estimate
    fresh: Estimate
    optimism: Estimate

    def as_dict(self) -> dict[str, Any]:
        """Every field by name, ready for JSON."""
        return asdict(self)


def combine(runs: Runs, *, fresh: bool = False) -> Evaluation:
    """One evaluation of a setting from its runs, named as the first.

    Scores per prompt are means over the seeds that scored it; their numbers have the interval of
    `over_seeds`, and those of a whole set of replies (or geometric means) that of `set_over_seeds`.
    With `fresh` the first run, which was selected, is seen but not counted. `unscored` counts
    replies of the runs that count. What one run lacks is missing. Raises UserError for runs on
    different prompts.
    """
    first = _same_prompts(runs)
    counted = runs[1:] if fresh else runs
    names = [name for name in first.scores if all(name in run.scores for run in runs)]
    seen = {name: [run.scores[name] for run in runs] for name in names}
    columns = {name: [run.scores[name] for run in counted] for name in names}
    metrics = {
        name: over_seeds(Seeds(columns[name], seen[name]), first.groups, share=name in SHARES)
        if name in columns and name not in GEOMETRIC
        else set_over_seeds([run.metrics[name] for run in counted])
        for name in first.metrics
        if all(name in run.metrics for run in runs)
    }
    lost = {name: sum(run.unscored.get(name, 0) for run in counted) for name in names}
    return replace(
        first,
        metrics=metrics,
        scores={name: means_over_seeds(each, first.groups) for name, each in columns.items()},
        unscored={name: count for name, count in lost.items() if count},
    )


def seed_deviation(runs: Runs, metric: str) -> Estimate:
    """Standard deviation of the metric from seed to seed, as repeated runs would show it.

    It holds the sampling of replies as well as the training. Raises UserError without the metric,
    ValueError with fewer than two runs.
    """
    return deviation_over_seeds([_number(run, metric).value for run in runs])


def selection_corrected(validation: Runs, test: Runs, metric: str) -> Corrected:
    """What is left of a winner when seeds and prompts are fresh.

    Raises UserError without a second seed or without the metric per prompt.
    """
    _same_prompts(validation)
    _same_prompts(test)
    first, again = _scores(validation[0], metric), _fresh(validation, metric)
    return Corrected(
        selected=_number(validation[0], metric),
        fresh=over_seeds(_fresh(test, metric), test[0].groups, share=metric in SHARES),
        optimism=over_seeds(Seeds([first], [first]), validation[0].groups, minus=again),
    )


def lead_over(runs: Runs, rival: Evaluation, metric: str) -> Estimate:
    """The fresh seeds minus a rival of one run, a baseline, on the same prompts.

    Raises UserError as `selection_corrected` does.
    """
    groups = _same_prompts([*runs, rival]).groups
    own = _scores(rival, metric)
    return over_seeds(_fresh(runs, metric), groups, minus=Seeds([own], [own]))


def tied_over_seeds(
    best: Runs, others: Mapping[str, Runs], metric: str, level: float = 0.95
) -> list[str]:
    """The settings among `others`, by name, that cannot be said to be worse than `best`.

    All have runs on the same prompts, which must not have chosen `best`: test prompts. The first
    run of each does not count, since it was selected for its luck.

    Guarantee, as of `empathy.compare.tied`, but for settings, over all seeds and prompts: with
    probability `level` or more no setting at least as good as `best` is left out; so the truly best
    of them is `best` or in the list. Three seeds tell only gaps of several seed deviations, so
    expect long lists. Raises UserError without a second seed or without the metric per prompt.
    """
    groups = _same_prompts([*best, *chain.from_iterable(others.values())]).groups
    ours, theirs = _fresh(best, metric), {name: _fresh(others[name], metric) for name in others}

    def gap(name: str, at: float) -> Estimate:
        return over_seeds(ours, groups, minus=theirs[name], level=at)

    return holm(list(others), gap, sign_of(metric), level)


def _fresh(runs: Runs, metric: str) -> Seeds:
    """The runs after the first, which was selected: it is seen, but not counted."""
    if len(runs) < 2:
        raise UserError(
            f"{len(runs)} run leaves no fresh seed beside the one selected; train at least 2 seeds"
        )
    columns = [_scores(run, metric) for run in runs]
    return Seeds(columns[1:], columns)


def _same_prompts(runs: Runs) -> Evaluation:
    """The first run, once all have its split and its prompts in its order."""
    if not runs:
        raise ValueError("no runs were given: there is nothing to combine")
    first = runs[0]
    for run in runs:
        if (run.split, run.prompt_ids) != (first.split, first.prompt_ids):
            raise UserError(
                f"{first.policy!r} and {run.policy!r} answered different prompts; "
                "evaluate every seed on the same split"
            )
    return first


def _scores(run: Evaluation, metric: str) -> Column:
    if metric not in run.scores:
        known = ", ".join(run.scores)
        raise UserError(f"{run.policy!r} has no {metric!r} per prompt; known: {known}")
    return run.scores[metric]


def _number(run: Evaluation, metric: str) -> Estimate:
    if metric not in run.metrics:
        raise UserError(f"{run.policy!r} has no {metric!r}; known: {', '.join(run.metrics)}")
    return run.metrics[metric]
