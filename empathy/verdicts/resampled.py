"""Intervals for statistics that are no plain means: any function of weighted items. No torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from empathy.scorers.classification import estimate, resamples
from empathy.uncertainty import FEWEST_GROUPS, Estimate, jackknife_interval

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], float | None]
"""A number of items with these weights `[n]`; None where they do not define one."""


def resampled_interval(
    statistic: Statistic, groups: Sequence[str], *, seed: int = 0, draws: int = 2000
) -> Estimate | None:
    """The statistic with a 95 % percentile interval bootstrapped over groups.

    Under ten groups: the range as each in turn is left out. Resamples that do not define the
    statistic are left out. None where the items themselves do not. Raises ValueError without items.
    """
    weights = resamples(groups, draws, seed)
    value = statistic(weights[0])
    if value is None:
        return None
    names = sorted(set(groups))
    if len(names) < FEWEST_GROUPS:
        each = np.asarray(groups)
        rests = [statistic((each != name).astype(np.float64)) for name in names if len(names) > 1]
        known = [found for found in rests if found is not None]
        return jackknife_interval(value, known or [value], len(groups))
    drawn = [found for found in map(statistic, weights[1:]) if found is not None]
    return estimate(np.array([value, *drawn]), len(groups), len(names))
