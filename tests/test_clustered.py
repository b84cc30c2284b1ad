"""python -m pytest tests/test_clustered.py"""

from __future__ import annotations

import numpy as np
import pytest

from empathy.clustered import chi_square, freedom_of, student, variance_between, wilson


def test_quantiles_are_those_of_the_tables() -> None:
    assert [student(0.975, f) for f in (1, 2, 9)] == pytest.approx(
        [12.7062, 4.3027, 2.2622], abs=1e-4
    )
    # With two degrees of freedom the distribution is 1 - exp(-x / 2): 2 ln(40) and -2 ln(0.975).
    assert [chi_square(p, 2) for p in (0.975, 0.025)] == pytest.approx([7.37776, 0.05064], abs=1e-5)


def test_groups_of_unequal_size_count_as_fewer() -> None:
    # One group of 11 and eleven of 1: 22^2 / (121 + 11) - 1 = 8/3 degrees of freedom, not 11.
    assert freedom_of(np.array([11.0] + [1.0] * 11)) == pytest.approx(8 / 3)
    assert freedom_of(np.ones(12)) == pytest.approx(11)
    assert freedom_of(np.array([1000.0] + [1.0] * 11)) == 1.0


def test_a_variance_between_groups_of_one_is_the_usual_one() -> None:
    # 0, 1, 2, 3 less their mean: s^2 = 5/3, over n = 4 that is 5/12.
    assert variance_between(np.array([-1.5, -0.5, 0.5, 1.5]), 4) == pytest.approx(5 / 12)
    # The same four in two groups: sums -2 and 2, (4 + 4) * 2 / 1 / 16 = 1.
    assert variance_between(np.array([-2.0, 2.0]), 4) == pytest.approx(1.0)
    assert variance_between(np.array([[-2.0, 2.0], [-2.0, 2.0]]), 4) == pytest.approx(2.0)


def test_wilsons_interval_of_independent_tosses() -> None:
    # Half of 100 with z for t: (0.5 + r/2 -+ sqrt(z^2 / 400 + r^2 / 4)) / (1 + r) with r = z^2/100
    # = 0.038415: 0.5 -+ 0.09984 / 1.038415.
    assert wilson(0.5, 0.0025, 1e9, 0.95) == pytest.approx((0.40383, 0.59617), abs=1e-5)
    # No variance between groups: nothing else was ever seen.
    assert wilson(0.5, 0.0, 9, 0.95) == (0.5, 0.5)
