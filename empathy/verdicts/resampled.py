"""Intervals for statistics that are no plain means: any function of weighted items. No torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from empathy.scorers.classification import estimate, resamples
from empathy.uncertainty import FEWEST_GROUPS, Estimate, jackknife_interval

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Sequence[float | None]]
"""A number for each row of weights of the items, `[draws, n]`; None where a row defines none."""


def resampled_interval(
    statistic: Statistic, groups: Sequence[str], *, seed: int = 0, draws: int = 2000
) -> Estimate | None:
    """The statistic with a 95 % percentile interval bootstrapped over groups.

    Under ten groups: the range as each in turn is left out. Resamples that do not define the
    statistic are left out. None where the items themselves do not. Raises ValueError without items.
    """
    names = sorted(set(groups))
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
    return estimate(np.array([value, *known]), len(groups), len(names))
