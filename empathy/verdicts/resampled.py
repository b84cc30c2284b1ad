"""Intervals for statistics that are no plain means: any function of weighted items. No torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

import numpy as np
from numpy.typing import NDArray

from empathy.clustered import stretched
from empathy.scorers.classification import resamples
from empathy.uncertainty import BOOTSTRAP, FEWEST_GROUPS, Estimate, jackknife_interval

Floats = NDArray[np.float64]
LEVEL = 0.95
Statistic = Callable[[Floats], Sequence[float | None]]
"""A number for each row of weights of the items, `[draws, n]`; None where a row defines none."""


def each_row(number: Callable[[Floats], float | None]) -> Statistic:
    """A statistic from a number of one row of weights `[n]`."""
    return lambda weights: [number(row) for row in weights]


def resampled_interval(
    statistic: Statistic,
    groups: Sequence[str],
    *,
    bounds: tuple[float, float] = (-inf, inf),
    seed: int = 0,
    draws: int = 2000,
) -> Estimate | None:
    """The statistic with a 95 % interval bootstrapped over groups, as `mean_interval` has it.

    It ends at the `bounds` that the statistic cannot leave. Under ten groups: the range as each in
    turn is left out. Resamples that do not define the statistic are left out. None where the items
    themselves do not. Raises ValueError without items.
    """
    names, sizes = np.unique(np.asarray(groups), return_counts=True)
    few = len(names) < FEWEST_GROUPS
    weights = resamples(groups, 0 if few else draws, seed)
    if few and len(names) > 1:
        each = np.asarray(groups)
        weights = np.vstack([weights, *(each != name for name in names)])
    value, *others = statistic(weights)
    if value is None:
        return None
    known = [found for found in others if found is not None]
    if few:
        return jackknife_interval(value, known or [value], len(groups))
    ends = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    low, high = np.clip(stretched(ends, value, sizes.astype(np.float64), LEVEL), *bounds)
    n, count = len(groups), len(names)
    return Estimate(value, float(low), float(high), n, count, BOOTSTRAP, LEVEL)
