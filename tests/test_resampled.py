"""python -m pytest tests/test_resampled.py"""

from __future__ import annotations

import numpy as np
import pytest

from empathy.uncertainty import BOOTSTRAP, LEAVE_ONE_OUT, ONE_GROUP
from empathy.verdicts.resampled import Floats, each_row, resampled_interval

SCORES = np.array([1.0, 3.0, 5.0, 7.0])


def mean(weights: Floats) -> list[float]:
    means: list[float] = (weights @ SCORES / weights.sum(1)).tolist()
    return means


def test_few_groups_give_the_range_with_each_left_out() -> None:
    # As in test_uncertainty: mean 4; without a 6, without b 11/3, without c 3.
    found = resampled_interval(mean, ["a", "a", "b", "c"])
    assert found is not None
    assert (found.value, found.low, found.high) == (4.0, 3.0, 6.0)
    assert (found.n, found.groups, found.method) == (4, 3, LEAVE_ONE_OUT)


def test_one_group_has_no_interval() -> None:
    found = resampled_interval(mean, ["a"] * 4)
    assert found is not None
    assert (found.value, found.low, found.high, found.method) == (4.0, None, None, ONE_GROUP)


def test_the_interval_of_a_plain_mean_is_students() -> None:
    scores = np.arange(40.0)
    groups = [f"g{i:02d}" for i in range(40)]
    found = resampled_interval(
        lambda weights: (weights @ scores / weights.sum(1)).tolist(), groups, draws=20_000
    )
    # As in test_uncertainty: s / sqrt(40) = 1.8484, and t(39) = 2.0227 of them are 3.739.
    assert found is not None
    assert found.method == BOOTSTRAP
    assert (found.low, found.high) == pytest.approx((19.5 - 3.739, 19.5 + 3.739), abs=0.1)


def test_an_interval_ends_where_its_number_can() -> None:
    groups = [f"g{i:02d}" for i in range(40)]
    found = resampled_interval(
        each_row(lambda weights: float(weights @ np.arange(40.0) / weights.sum())),
        groups,
        bounds=(18, 20),
    )
    assert found is not None
    assert (found.low, found.high) == (18.0, 20.0)


def test_resamples_that_define_nothing_are_left_out() -> None:
    groups = [f"g{i:02d}" for i in range(12)]

    def only_with_the_first(weights: Floats) -> list[float | None]:
        return [float(row.sum()) if row[0] else None for row in weights]

    found = resampled_interval(only_with_the_first, groups, draws=200)
    assert found is not None
    assert (found.value, found.low, found.high) == (12.0, 12.0, 12.0)
    assert resampled_interval(lambda weights: [None] * len(weights), groups) is None


def test_nothing_raises() -> None:
    with pytest.raises(ValueError, match="no items were given"):
        resampled_interval(mean, [])
