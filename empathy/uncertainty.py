"""How surely a number is known: intervals over groups (dialogues), paired differences. No torch.

Turns of one dialogue are not independent, so what is resampled is always the group that a split
may not cut (the video, question or patient), never the single reply. With fewer than ten groups
there is no interval: `low` and `high` are then the range of the number as each group in turn is
left out, and `method` says so. With one group there is not even that, and both are None.

How often each interval holds the truth is measured in `tests/test_coverage.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from math import isfinite, sqrt
from typing import Any

import numpy as np

from empathy.clustered import (
    Floats,
    freedom_of,
    stretched,
    student,
    variance_between,
    wilson,
)

FEWEST_GROUPS = 10
"""Groups that an interval needs; with fewer it is the leave-one-group-out range."""
MOST_DRAWS = 20_000
BOOTSTRAP = "bootstrap over groups"
JACKKNIFE = "jackknife over groups"
WILSON = "Wilson over groups"
EXACT = "exact over groups"
LEAVE_ONE_OUT = "leave-one-group-out"
ONE_GROUP = "one group"
TOO_FEW = "too few groups with a denominator"
MOST_UNDEFINED = 0.01
"""Share of resamples without any denominator that an interval may leave out."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval.

    `n` scored items from `groups` groups went in and `unscored` items were left out. `level` is the
    interval's confidence, None where `method` gives a range without one.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    groups: int
    method: str
    level: float | None = None
    unscored: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Every field by name, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Estimate:
        """The estimate that `as_dict` wrote."""
        return cls(**fields)


def mean_interval(
    scores: Sequence[float | None],
    groups: Sequence[str],
    *,
    seed: int = 0,
    draws: int = 2000,
    level: float = 0.95,
) -> Estimate:
    """The mean of the scores that are not None, with an interval bootstrapped over `groups`.

    `groups[i]` is the group of `scores[i]`. Raises ValueError if nothing is scored, a score is not
    finite, or the two differ in length.
    """
    ones = [None if score is None else 1.0 for score in scores]
    return ratio_interval(scores, ones, groups, seed=seed, draws=draws, level=level)


def share_interval(
    scores: Sequence[float | None],
    groups: Sequence[str],
    *,
    seed: int = 0,
    draws: int = 2000,
    level: float = 0.95,
) -> Estimate:
    """`mean_interval` for scores between 0 and 1: it never leaves that range, nor closes on an end.

    Wilson's interval for as many independent trials as have the variance found between groups,
    n = v (1 - v) / variance, with Student's t: of the intervals for clustered shares that Dean and
    Pagano 2015 compare, one of those that keep their level for rare events too, which percentiles
    of resampled groups do not. Where all scores are 0 (or all 1) there is no variance, yet 0 of 20
    is no proof of never. The open side is then Clopper and Pearson's exact bound for as many trials
    as there are groups, which is cautious: replies within a group do carry some information.
    """
    outside = [score for score in scores if score is not None and not 0 <= score <= 1]
    if outside:
        raise ValueError(f"a share is made of scores between 0 and 1, but got {outside[0]}")
    found = mean_interval(scores, groups, seed=seed, draws=draws, level=level)
    if found.method != BOOTSTRAP:
        return found
    if found.value in (0.0, 1.0):
        room = 1 - ((1 - level) / 2) ** (1 / found.groups)
        low, high = (0.0, room) if found.value == 0.0 else (1 - room, 1.0)
        return replace(found, low=low, high=high, method=EXACT)
    ones = [None if score is None else 1.0 for score in scores]
    above, below, _ = _group_sums(scores, ones, groups)
    variance = variance_between(above - found.value * below, float(below.sum()))
    low, high = wilson(found.value, variance, freedom_of(below), level)
    return replace(found, low=low, high=high, method=WILSON)


def paired_difference(
    a: Sequence[float | None],
    b: Sequence[float | None],
    groups: Sequence[str],
    *,
    seed: int = 0,
    draws: int = 2000,
    level: float = 0.95,
) -> Estimate:
    """The mean of `a[i] - b[i]` over the items that both have scored, with its interval."""
    _same_length(a, b)
    differences = [None if x is None or y is None else x - y for x, y in zip(a, b, strict=True)]
    return mean_interval(differences, groups, seed=seed, draws=draws, level=level)


def ratio_interval(
    numerators: Sequence[float | None],
    denominators: Sequence[float | None],
    groups: Sequence[str],
    *,
    seed: int = 0,
    draws: int = 2000,
    level: float = 0.95,
) -> Estimate:
    """Sum of numerators over sum of denominators; items with a None on either side are left out.

    Denominators must not be negative, nor all 0. Where those above 0 are so few that more than one
    resample in a hundred (or the rest without some group) has none, there is no interval: both ends
    are None. Raises ValueError as `mean_interval` does.
    """
    _check_level(level)
    above, below, n = _group_sums(numerators, denominators, groups)
    if not below.any():
        raise ValueError(f"the denominators of all {n} items are 0: there is no ratio to give")
    value = float(above.sum() / below.sum())
    count, unscored = len(above), len(groups) - n
    if count < FEWEST_GROUPS:
        low, high, method = None, None, ONE_GROUP if count == 1 else TOO_FEW
        if np.count_nonzero(below) > 1:
            rest = (above.sum() - above) / (below.sum() - below)
            low, high, method = float(rest.min()), float(rest.max()), LEAVE_ONE_OUT
        return Estimate(value, low, high, n, count, method, None, unscored)
    weights = _resamples(count, seed, _enough_draws(draws, level))
    tops, bottoms = weights @ above, weights @ below
    known = bottoms > 0
    if known.mean() < 1 - MOST_UNDEFINED:
        return Estimate(value, None, None, n, count, TOO_FEW, None, unscored)
    resampled = tops[known] / bottoms[known]
    tail = (1 - level) / 2
    ends = np.quantile(resampled, [tail, 1 - tail])
    low, high = stretched(ends, value, below, level)
    return Estimate(value, low, high, n, count, BOOTSTRAP, level, unscored)


def jackknife_interval(
    value: float, left_out: Sequence[float], n: int, *, level: float = 0.95
) -> Estimate:
    """An interval for a number of the whole set, from its value without each group in turn.

    For statistics that repeated items would bias, as a bootstrap repeats them. Efron and Tibshirani
    1993, eq. 11.5, with Student's t for one degree of freedom less than there are groups. `n` is
    the number of items. Raises ValueError without groups.
    """
    _check_level(level)
    rest, count = np.asarray(left_out, dtype=np.float64), len(left_out)
    if count == 0:
        raise ValueError("no groups were given: there is nothing to leave out")
    if count == 1:
        return Estimate(value, None, None, n, count, ONE_GROUP)
    if count < FEWEST_GROUPS:
        return Estimate(value, float(rest.min()), float(rest.max()), n, count, LEAVE_ONE_OUT)
    error = sqrt((count - 1) / count * float(((rest - rest.mean()) ** 2).sum()))
    reach = student(1 - (1 - level) / 2, count - 1) * error
    return Estimate(value, value - reach, value + reach, n, count, JACKKNIFE, level)


def _group_sums(
    above: Sequence[float | None], below: Sequence[float | None], groups: Sequence[str]
) -> tuple[Floats, Floats, int]:
    """Sums of numerators and denominators per group `[G]`, and how many items they hold."""
    _same_length(above, groups)
    _same_length(below, groups)
    sums: dict[str, list[float]] = {}
    n = 0
    for x, y, group in zip(above, below, groups, strict=True):
        if x is None or y is None:
            continue
        if not (isfinite(x) and isfinite(y) and y >= 0):
            raise ValueError(f"scores must be finite, or None where there is none, but got {x}/{y}")
        pair = sums.setdefault(group, [0.0, 0.0])
        pair[0] += x
        pair[1] += y
        n += 1
    if n == 0:
        raise ValueError(f"none of the {len(groups)} items has a score: there is no mean to give")
    # Sorted, so that the interval does not depend on the order in which groups arrive.
    table = np.array([sums[group] for group in sorted(sums)], dtype=np.float64)
    return table[:, 0].copy(), table[:, 1].copy(), n


@lru_cache(maxsize=4)
def _resamples(count: int, seed: int, draws: int) -> Floats:
    """How often each of `count` groups is drawn in each resample, `[draws, count]`.

    Cached: all numbers of all trials on the same prompts share their resamples.
    """
    picks = np.random.default_rng(seed).integers(count, size=(draws, count))
    rows = np.arange(draws)[:, None] * count
    times = np.bincount((picks + rows).ravel(), minlength=draws * count)
    weights = times.reshape(draws, count).astype(np.float64)
    weights.flags.writeable = False
    return weights


def _enough_draws(draws: int, level: float) -> int:
    """At least 25 resamples beyond each end, for levels raised by a correction."""
    if draws < 1:
        raise ValueError(f"draws must be at least 1, but got {draws}")
    return max(draws, min(MOST_DRAWS, round(50 / (1 - level))))


def _same_length(a: Sequence[object], b: Sequence[object]) -> None:
    if len(a) != len(b):
        raise ValueError(f"scores and groups must be aligned, but got {len(a)} and {len(b)}")


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, but got {level}")
