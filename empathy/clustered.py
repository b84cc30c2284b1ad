"""The mathematics of intervals over groups: variance, degrees of freedom, quantiles. No torch."""

from __future__ import annotations

from functools import lru_cache
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@lru_cache(maxsize=1024)
def student(probability: float, freedom: float) -> float:
    """The quantile of Student's t; `freedom` need not be whole."""
    from scipy.special import stdtrit  # imported here: it takes longer than numpy

    return float(stdtrit(freedom, probability))


def chi_square(probability: float, freedom: float) -> float:
    """The quantile of the chi-square distribution."""
    from scipy.special import chdtri

    return float(chdtri(freedom, 1 - probability))


def freedom_of(sizes: Floats) -> float:
    """Degrees of freedom of a variance between groups of `sizes [G]` (Satterthwaite 1946).

    A group's sum varies about as its size does, so they are (sum)^2 / sum of squares, less 1: G - 1
    if all groups are equal, fewer if a large one counts for most. At least 1.
    """
    return max(1.0, float(sizes.sum() ** 2 / np.square(sizes).sum()) - 1)


def stretched(ends: Floats, value: float, sizes: Floats, level: float) -> tuple[float, float]:
    """The percentiles `ends` of resampled groups, moved away from the value.

    Resampling draws from the groups at hand, which vary less than those they stand for: the plain
    percentiles are too narrow for few groups (Hesterberg 2015, section 4). So their distances grow
    by Student's t over the normal quantile, and by sqrt(G / (G - 1)).
    """
    upper, count = 1 - (1 - level) / 2, len(sizes)
    stretch = student(upper, freedom_of(sizes)) / NormalDist().inv_cdf(upper)
    low, high = value + stretch * sqrt(count / (count - 1)) * (ends - value)
    return float(low), float(high)


def variance_between(sums: Floats, n: float) -> float:
    """The variance of a mean of `n` items whose residuals add up to `sums [G]` in each group.

    Cameron and Miller 2015, "A practitioner's guide to cluster-robust inference", eq. 11, with
    G / (G - 1). More axes in front of the last, `[..., G]`, are independent sets: they are added.
    """
    count: int = sums.shape[-1]
    squares = float(np.square(sums).sum())
    return squares / n**2 * float(count / (count - 1))


def wilson(value: float, variance: float, freedom: float, level: float) -> tuple[float, float]:
    """Wilson's interval (1927) for a share above 0 and below 1, of this variance.

    Its z^2 / n becomes t^2 * variance / (value * (1 - value)), since a share of n tosses has the
    variance value * (1 - value) / n.
    """
    spread = student(1 - (1 - level) / 2, freedom) ** 2 * variance
    share = spread / (value * (1 - value))
    middle, reach = value + share / 2, sqrt(spread + share**2 / 4)
    return (middle - reach) / (1 + share), (middle + reach) / (1 + share)
