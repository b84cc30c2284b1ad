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
Statistic = Callable[[Floats], float | None]
"""A number of items with these weights `[n]`; None where they do not define one."""


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
    weights = resamples(groups, draws, seed)
    value = statistic(weights[0])
    if value is None:
        return None
    names, sizes = np.unique(np.asarray(groups), return_counts=True)
    if len(names) < FEWEST_GROUPS:
        each = np.asarray(groups)
        rests = [statistic((each != name).astype(np.float64)) for name in names if len(names) > 1]
        known = [found for found in rests if found is not None]
        return jackknife_interval(value, known or [value], len(groups))
    drawn = [found for found in map(statistic, weights[1:]) if found is not None]
    ends = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    low, high = np.clip(stretched(ends, value, sizes.astype(np.float64), LEVEL), *bounds)
    n, count = len(groups), len(names)
    return Estimate(value, float(low), float(high), n, count, BOOTSTRAP, LEVEL)
