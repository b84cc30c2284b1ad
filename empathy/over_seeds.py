"""The mean over several seeds' runs, with an interval for other prompts and other seeds. No torch.

Two things vary: the groups of prompts, and from run to run the training and the replies sampled.
Scores of runs are tables `[S, N]`, a row per seed, NaN where a reply has no score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from empathy.clustered import Floats, chi_square, student, variance_between
from empathy.uncertainty import EXACT, Estimate, mean_interval, share_interval

Column = tuple[float | None, ...]

GROUPS_AND_SEEDS = "groups and seeds"
CHI_SQUARE = "chi-square over seeds"


class Seeds(NamedTuple):
    """Runs of one setting: `counted` make the mean, `seen` tell how much seeds differ.

    Both hold columns of scores, one per run and in the order of the prompts. A run that was
    selected for its score may not be counted, but seen: its luck only makes the spread larger.
    """

    counted: Sequence[Column]
    seen: Sequence[Column]


def over_seeds(
    of: Seeds,
    groups: Sequence[str],
    *,
    minus: Seeds | None = None,
    share: bool = False,
    level: float = 0.95,
) -> Estimate:
    """The mean over prompts and seeds, less that of `minus` on the same prompts.

    `groups[i]` is the group of prompt i. A prompt counts by its mean over the seeds that scored it;
    without a score on either side it is unscored. The interval is for other prompts *and* other
    seeds: from the reach r of each end of `mean_interval` (of a `share`: `share_interval`), which
    knows groups only, to

        sqrt(r^2 + t^2 max(0, V_s - V_i))

    V_s being the variance of the seeds' mean and V_i that of seeds and groups together, which r
    holds already (Cameron, Gelbach and Miller 2011, eq. 2.11). t has one degree of freedom less
    than seeds are seen; reaches add in squares as in Zou and Donner 2008, since one t for the sum,
    by Satterthwaite, covered 90 % where seeds matter. With three seeds t is 4.3 and with two 12.7:
    where seeds differ by more than their prompts explain, the interval is as wide as so few
    deserve. A difference adds up its sides. A side with one run seen adds nothing: the number is
    then of that very run. Under ten groups there is no interval but `mean_interval`'s range, which
    knows nothing of seeds. Raises ValueError as that does.
    """
    sides = [of] if minus is None else [of, minus]
    means = [_prompt_means(_table(side.counted, groups)) for side in sides]
    column = means[0] if minus is None else means[0] - means[1]
    interval = share_interval if share else mean_interval
    found = interval(_column(column), groups, level=level)
    if found.level is None or found.method == EXACT or all(len(s.seen) < 2 for s in sides):
        return found
    widened = _widened(found, _luck(sides, ~np.isnan(column), groups, found.level))
    if not share or widened.low is None or widened.high is None:
        return widened
    return replace(widened, low=max(0.0, widened.low), high=min(1.0, widened.high))


def set_over_seeds(runs: Sequence[Estimate]) -> Estimate:
    """The mean over seeds of a number that only a whole set of replies has, such as `distinct_2`.

    Its interval adds in squares the mean reach of the runs' own intervals and that of Student's
    over seeds. What seeds and groups share is in both, so it is wider than need be. Where a run has
    only a range it is the mean of the ranges. Raises ValueError without runs.
    """
    if not runs:
        raise ValueError("no runs were given: there is no number to average")
    values = np.array([run.value for run in runs])
    value = float(values.mean())
    found = replace(runs[0], value=value, unscored=sum(run.unscored for run in runs))
    lows = [run.low for run in runs if run.low is not None]
    highs = [run.high for run in runs if run.high is not None]
    if not lows or not highs:
        return replace(found, low=None, high=None)
    found = replace(found, low=float(np.mean(lows)), high=float(np.mean(highs)))
    if len(runs) < 2 or found.level is None:
        return found
    reach = student(1 - (1 - found.level) / 2, len(runs) - 1)
    return _widened(found, reach**2 * float(values.var(ddof=1)) / len(runs))


def deviation_over_seeds(values: Sequence[float], level: float = 0.95) -> Estimate:
    """The standard deviation of runs' numbers, with the chi-square interval of normal ones.

    With three seeds that reaches from 0.52 to 6.3 times the deviation. Raises ValueError under two.
    """
    count, tail = len(values), (1 - level) / 2
    if count < 2:
        raise ValueError(f"a deviation over seeds needs at least 2 runs, but got {count}")
    deviation = float(np.std(values, ddof=1))
    low, high = (
        deviation * sqrt((count - 1) / chi_square(end, count - 1)) for end in (1 - tail, tail)
    )
    return Estimate(deviation, low, high, count, count, CHI_SQUARE, level)


def means_over_seeds(runs: Sequence[Column], groups: Sequence[str]) -> Column:
    """Each prompt's mean over the seeds that scored it, None where none did."""
    return _column(_prompt_means(_table(runs, groups)))


def _widened(found: Estimate, luck: float) -> Estimate:
    """The interval with the squared reach of seeds added to that of each end."""
    assert found.low is not None
    assert found.high is not None
    low = found.value - sqrt((found.value - found.low) ** 2 + luck)
    high = found.value + sqrt((found.high - found.value) ** 2 + luck)
    return replace(found, low=low, high=high, method=GROUPS_AND_SEEDS)


def _luck(
    sides: Sequence[Seeds], known: NDArray[np.bool_], groups: Sequence[str], level: float
) -> float:
    """The squared reach that seeds add to the interval, over all sides."""
    _, index = np.unique(np.asarray(groups)[known], return_inverse=True)
    reaches = [
        student(1 - (1 - level) / 2, len(side.seen) - 1) ** 2
        * _added_by_seeds(_table(side.seen, groups)[:, known], index)
        / len(side.counted)
        for side in sides
        if len(side.seen) > 1
    ]
    return sum(reaches, 0.0)


def _added_by_seeds(table: Floats, index: NDArray[np.intp]) -> float:
    """max(0, V_s - V_i) of one seed: by how much `table [S, N]` varies from seed to seed beyond
    what prompts of groups `index [N]` explain."""
    lone = table - _prompt_means(table)  # what a seed does beyond the prompt's mean
    luck = np.nanmean(lone, axis=1, keepdims=True)
    both = variance_between(_sums(np.nan_to_num(lone - luck), index), table.shape[1])
    return max(0.0, float(np.square(luck).sum()) - both) / (len(table) - 1)


def _sums(rows: Floats, index: NDArray[np.intp]) -> Floats:
    """The sum of each row `[rows, N]` in each group, `[rows, G]`."""
    return np.stack([np.bincount(index, row) for row in rows])


def _table(runs: Sequence[Column], groups: Sequence[str]) -> Floats:
    """`[S, N]`, NaN for None."""
    for run in runs:
        if len(run) != len(groups):
            raise ValueError(f"{len(run)} scores of a run do not fit {len(groups)} groups: align")
    rows = [[np.nan if score is None else score for score in run] for run in runs]
    return np.array(rows, dtype=np.float64)


def _prompt_means(table: Floats) -> Floats:
    """`[N]` over the seeds that scored each prompt, NaN where none did."""
    known = ~np.isnan(table)
    counts, sums = known.sum(0), np.where(known, table, 0.0).sum(0)
    means: Floats = np.full(len(sums), np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means


def _column(scores: Floats) -> Column:
    return tuple(None if np.isnan(score) else float(score) for score in scores)
