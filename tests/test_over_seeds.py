"""python -m pytest tests/test_over_seeds.py; how often the interval holds: test_coverage.py"""

from __future__ import annotations

from dataclasses import replace
from math import hypot

import pytest

from empathy.over_seeds import (
    GROUPS_AND_SEEDS,
    Column,
    Seeds,
    deviation_over_seeds,
    means_over_seeds,
    over_seeds,
    set_over_seeds,
)
from empathy.uncertainty import BOOTSTRAP, EXACT, LEAVE_ONE_OUT, Estimate, mean_interval

NAMES = [f"g{i:02d}" for i in range(12)]  # twelve groups of one prompt
FLAT, RISING = [0.0] * 12, [float(i) for i in range(12)]


def shifted(base: list[float], *by: float) -> list[Column]:
    return [tuple(score + each for score in base) for each in by]


def seen(runs: list[Column]) -> Seeds:
    return Seeds(runs, runs)


def reach(found: Estimate) -> tuple[float, float]:
    assert found.low is not None
    assert found.high is not None
    return found.value - found.low, found.high - found.value


def test_where_prompts_are_alike_only_seeds_are_unsure() -> None:
    # Means 1, -1, 0: s = 1, over three seeds t(2) / sqrt(3) = 4.30265 * 0.57735 = 2.48414.
    found = over_seeds(seen(shifted(FLAT, 1, -1, 0)), NAMES)
    assert reach(found) == pytest.approx((2.48414, 2.48414), abs=1e-5)
    assert (found.value, found.n, found.groups, found.method) == (0.0, 12, 12, GROUPS_AND_SEEDS)


def test_both_reaches_add_in_squares() -> None:
    # The seeds' 2.48414 with what each end reaches by itself, about 2.29 (t(11) * sqrt(13 / 12)).
    runs = shifted(RISING, 1, -1, 0)
    alone = mean_interval(RISING, NAMES)
    found = over_seeds(seen(runs), NAMES)
    assert reach(found) == pytest.approx([hypot(2.48414, r) for r in reach(alone)], abs=1e-5)
    assert reach(alone) == pytest.approx((2.29, 2.29), abs=0.2)


def test_noise_of_replies_is_not_counted_twice() -> None:
    # The runs' means are equal and only prompts differ: nothing beyond what the groups show.
    runs: list[Column] = [tuple(RISING), tuple(reversed(RISING)), tuple([5.5] * 12)]
    means = means_over_seeds(runs, NAMES)
    found = over_seeds(seen(runs), NAMES)
    assert replace(found, method=BOOTSTRAP) == mean_interval(means, NAMES)


def test_one_run_speaks_for_itself() -> None:
    assert over_seeds(seen(shifted(RISING, 0)), NAMES) == mean_interval(RISING, NAMES)


def test_a_selected_run_is_seen_but_not_counted() -> None:
    # The mean of -1 and 0; s = 1 from all three, t(2) / sqrt(2) = 3.04243.
    runs = shifted(FLAT, 1, -1, 0)
    found = over_seeds(Seeds(runs[1:], runs), NAMES)
    assert found.value == -0.5
    assert reach(found) == pytest.approx((3.04243, 3.04243), abs=1e-5)


def test_a_difference_adds_up_its_sides_and_pairs_prompts() -> None:
    # Each side's seeds have 2.48414: together 3.51310. The prompts' spread cancels.
    runs = shifted(RISING, 1, -1, 0)
    found = over_seeds(seen(runs), NAMES, minus=seen(shifted(RISING, 3, 2, 1)))
    assert found.value == -2.0
    assert reach(found) == pytest.approx((3.51310, 3.51310), abs=1e-5)
    # A single run on one side is taken as it is.
    fixed = over_seeds(seen(shifted(RISING, 2)), NAMES, minus=seen(runs))
    assert fixed.value == 2.0
    assert reach(fixed) == pytest.approx((2.48414, 2.48414), abs=1e-5)


def test_a_prompt_counts_by_the_seeds_that_scored_it() -> None:
    runs: list[Column] = [(1.0, None, None), (3.0, 5.0, None)]
    assert means_over_seeds(runs, NAMES[:3]) == (2.0, 5.0, None)
    found = over_seeds(seen(runs), NAMES[:3])
    assert (found.value, found.n, found.unscored) == (3.5, 2, 1)
    assert (found.low, found.high, found.method) == (2.0, 5.0, LEAVE_ONE_OUT)


def test_scores_missing_in_one_run_are_no_luck_of_the_others() -> None:
    # Seeds agree wherever both scored: a gap must not look like a difference between seeds.
    gaps: Column = (None, *RISING[1:])
    found = over_seeds(seen([tuple(RISING), gaps]), NAMES)
    assert reach(found) == pytest.approx(reach(mean_interval(RISING, NAMES)))


def test_a_share_stays_within_its_bounds() -> None:
    low, high = tuple([0.0] * 11 + [1.0]), tuple([1.0] * 11 + [0.0])
    found = over_seeds(seen([low, high, low]), NAMES, share=True)
    assert (found.low, found.high) == (0.0, 1.0)
    assert over_seeds(seen([(0.0,) * 12] * 3), NAMES, share=True).method == EXACT


def test_nothing_scored_raises_and_so_does_misalignment() -> None:
    with pytest.raises(ValueError, match="none of the 12 items has a score"):
        over_seeds(seen([(None,) * 12] * 3), NAMES)
    with pytest.raises(ValueError, match="2 scores of a run do not fit 12 groups"):
        over_seeds(seen([(1.0, 2.0)]), NAMES)


def test_a_number_of_the_whole_set_is_the_mean_with_both_reaches() -> None:
    # s = 0.1: t(2) * 0.1 / sqrt(3) = 0.248414, and with the runs' 0.1 hypot = 0.267786.
    runs = [Estimate(v, v - 0.1, v + 0.1, 40, 12, BOOTSTRAP, 0.95, 1) for v in (0.5, 0.6, 0.7)]
    found = set_over_seeds(runs)
    assert (found.value, *reach(found)) == pytest.approx((0.6, 0.267786, 0.267786), abs=1e-5)
    assert (found.unscored, found.method) == (3, GROUPS_AND_SEEDS)
    few = set_over_seeds([replace(run, level=None, method=LEAVE_ONE_OUT) for run in runs])
    assert reach(few) == pytest.approx((0.1, 0.1))
    assert few.method == LEAVE_ONE_OUT
    assert set_over_seeds([replace(run, low=None, high=None) for run in runs]).low is None


def test_three_seeds_say_little_of_their_deviation() -> None:
    # s = 1; chi-square with two degrees: 7.37776 and 0.05064, so sqrt(2 / each).
    found = deviation_over_seeds([1.0, 2.0, 3.0])
    assert (found.value, found.low, found.high) == pytest.approx((1.0, 0.52066, 6.28473), abs=1e-4)
    with pytest.raises(ValueError, match="at least 2 runs, but got 1"):
        deviation_over_seeds([1.0])
