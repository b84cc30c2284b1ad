"""python -m pytest tests/test_uncertainty.py"""

from __future__ import annotations

import json

import pytest

from empathy.uncertainty import (
    BOOTSTRAP,
    EXACT,
    JACKKNIFE,
    LEAVE_ONE_OUT,
    ONE_GROUP,
    TOO_FEW,
    WILSON,
    Estimate,
    jackknife_interval,
    mean_interval,
    paired_difference,
    ratio_interval,
    share_interval,
)


def many(groups: int, each: int = 1) -> list[str]:
    return [f"g{i:02d}" for i in range(groups) for _ in range(each)]


def test_few_groups_give_the_range_with_each_left_out() -> None:
    # Mean (1+3+5+7)/4 = 4. Without a: (5+7)/2 = 6; without b: (1+3+7)/3 = 11/3; without c: 3.
    found = mean_interval([1, 3, 5, 7], ["a", "a", "b", "c"])
    assert found == Estimate(4.0, 3.0, 6.0, 4, 3, LEAVE_ONE_OUT, None, 0)


def test_the_tenth_group_makes_the_difference() -> None:
    assert mean_interval(range(9), many(9)).method == LEAVE_ONE_OUT
    assert mean_interval(range(10), many(10)).method == BOOTSTRAP


def test_one_group_has_no_interval() -> None:
    found = mean_interval([0.0, 1.0], ["a", "a"])
    assert (found.value, found.low, found.high, found.method) == (0.5, None, None, ONE_GROUP)


def test_unscored_items_are_left_out_and_counted() -> None:
    found = mean_interval([None, 2.0, None, 4.0], ["a", "b", "c", "c"])
    assert (found.value, found.n, found.groups, found.unscored) == (3.0, 2, 2, 2)


@pytest.mark.parametrize(
    ("scores", "groups", "message"),
    [
        ([], [], "none of the 0 items has a score"),
        ([None, None], ["a", "b"], "none of the 2 items has a score"),
        ([1.0, float("nan")], ["a", "b"], "must be finite"),
        ([1.0], ["a", "b"], "must be aligned, but got 1 and 2"),
    ],
)
def test_what_has_no_mean_raises(
    scores: list[float | None], groups: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        mean_interval(scores, groups)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_is_a_share(level: float) -> None:
    with pytest.raises(ValueError, match="level must be between 0 and 1"):
        mean_interval([1.0, 2.0], ["a", "b"], level=level)


def test_the_interval_of_a_plain_mean_is_students() -> None:
    # Groups of one item and many draws: the bootstrap's spread is the plug-in standard error, and
    # the stretch makes it t * s / sqrt(G). For 0..39: s^2 = 40*41/12 = 136.67, s/sqrt(40) = 1.8484,
    # t(39, 0.975) = 2.0227, so 19.5 +- 3.739.
    found = mean_interval([float(i) for i in range(40)], many(40), draws=20_000)
    assert found.value == 19.5
    assert found.low == pytest.approx(19.5 - 3.739, abs=0.08)
    assert found.high == pytest.approx(19.5 + 3.739, abs=0.08)


def test_the_group_is_the_unit_not_the_item() -> None:
    # Twenty copies of each group's one score know no more than one copy.
    scores = [float(i) for i in range(12)]
    once = mean_interval(scores, many(12))
    copied = mean_interval([s for s in scores for _ in range(20)], many(12, 20))
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high))
    assert (copied.n, copied.groups) == (240, 12)


def test_an_interval_is_reproducible_and_blind_to_order() -> None:
    scores, groups = [float(i % 7) for i in range(30)], many(15, 2)
    first = mean_interval(scores, groups, seed=3)
    assert mean_interval(scores[::-1], groups[::-1], seed=3) == first
    assert mean_interval(scores, groups, seed=4) != first


def test_a_higher_level_is_wider() -> None:
    scores, groups = [float(i % 7) for i in range(30)], many(15, 2)
    usual, strict = (mean_interval(scores, groups, level=level) for level in (0.95, 0.999))
    assert usual.low is not None
    assert strict.low is not None
    assert strict.low < usual.low
    assert (usual.level, strict.level) == (0.95, 0.999)


def test_a_share_is_wilsons_and_never_reaches_what_was_seen_otherwise() -> None:
    # 19 of 20 groups of one reply: variance 0.95 * 0.05 / 19 = 0.0025 and t(19) = 2.0930, so t^2
    # times it 0.010952 and r = 0.010952 / 0.0475 = 0.23057. (0.95 + r / 2 -+ sqrt(0.010952 +
    # r^2 / 4)) / (1 + r) = (1.06529 -+ 0.15570) / 1.23057.
    found = share_interval([0.0] + [1.0] * 19, many(20))
    assert (found.low, found.high) == pytest.approx((0.73916, 0.99221), abs=1e-4)
    assert found.method == WILSON


def test_none_of_twenty_is_not_never() -> None:
    # Clopper-Pearson with 20 trials: 1 - 0.025 ** (1 / 20) = 0.16843.
    none = share_interval([0.0] * 20, many(20))
    every = share_interval([1.0] * 40, many(20, 2))
    assert (none.low, none.high) == pytest.approx((0.0, 0.16843), abs=1e-5)
    assert (every.low, every.high) == pytest.approx((1 - 0.16843, 1.0), abs=1e-5)
    assert none.method == every.method == EXACT


def test_a_share_above_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r"between 0 and 1, but got 1\.5"):
        share_interval([0.5, 1.5], ["a", "b"])


def test_pairing_removes_what_prompts_have_in_common() -> None:
    # Prompts differ by 100, b is lower by 1 on each: the difference is 1 without any doubt.
    a = [100.0 * i for i in range(12)]
    found = paired_difference(a, [x - 1 for x in a], many(12))
    assert (found.value, found.low, found.high) == pytest.approx((1.0, 1.0, 1.0))


def test_a_pair_needs_both_scores() -> None:
    found = paired_difference([1.0, None, 5.0], [0.0, 1.0, None], ["a", "b", "c"])
    assert (found.value, found.n, found.unscored) == (1.0, 1, 2)


def test_a_ratio_is_of_sums_not_of_ratios() -> None:
    # (1+3)/(1+1) for a and 0/2 for b: together 4/4 = 1. Without a: 0; without b: 2.
    found = ratio_interval([1, 3, 0], [1, 1, 2], ["a", "a", "b"])
    assert (found.value, found.low, found.high) == (1.0, 0.0, 2.0)


def test_the_jackknife_of_a_mean_is_students_interval() -> None:
    # Leaving i out of 0..11: (66 - i)/11. Its standard error is s/sqrt(12), with
    # s^2 = 12*13/12 = 13, so 1.04083; t(11, 0.975) = 2.20099 gives 5.5 +- 2.29086.
    found = jackknife_interval(5.5, [(66 - i) / 11 for i in range(12)], 12)
    assert (found.low, found.high) == pytest.approx((3.20914, 7.79086), abs=1e-3)
    assert found.method == JACKKNIFE


def test_the_jackknife_with_few_groups_is_a_range() -> None:
    assert jackknife_interval(0.5, [0.4, 0.7], 9) == Estimate(
        0.5, 0.4, 0.7, 9, 2, LEAVE_ONE_OUT, None
    )
    assert jackknife_interval(0.5, [0.5], 9).low is None
    with pytest.raises(ValueError, match="no groups"):
        jackknife_interval(0.5, [], 0)


def test_an_estimate_survives_json() -> None:
    found = mean_interval([1.0, None, 3.0], ["a", "b", "c"])
    assert Estimate.from_dict(json.loads(json.dumps(found.as_dict()))) == found


def test_a_raised_level_gets_the_draws_that_it_needs() -> None:
    # 25 beyond each end of 99 %: 50 / 0.01 = 5000 draws, however few were asked for.
    scores, groups = [float(i % 7) for i in range(30)], many(15, 2)
    few, enough = (mean_interval(scores, groups, level=0.99, draws=d) for d in (1, 5000))
    assert few == enough
    with pytest.raises(ValueError, match="draws must be at least 1"):
        mean_interval(scores, groups, draws=0)


def test_a_ratio_may_have_items_without_a_denominator() -> None:
    # (2 + 1) / (1 + 0); without the first group nothing is below, so there is no range.
    found = ratio_interval([2.0, 1.0], [1.0, 0.0], ["a", "b"])
    assert (found.value, found.low, found.high, found.method) == (3.0, None, None, TOO_FEW)
    # Without a: 3/2; without b: 4/3; without c: 3/1.
    found = ratio_interval([2.0, 1.0, 2.0], [1.0, 0.0, 2.0], ["a", "b", "c"])
    assert (found.value, found.low, found.high) == (5 / 3, 4 / 3, 3.0)


def test_a_ratio_over_nothing_raises() -> None:
    with pytest.raises(ValueError, match="the denominators of all 2 items are 0"):
        ratio_interval([1.0, 2.0], [0.0, 0.0], ["a", "b"])
    with pytest.raises(ValueError, match="must be finite"):
        ratio_interval([1.0], [-1.0], ["a"])


def test_a_ratio_of_enough_groups_leaves_out_few_resamples() -> None:
    names = [f"g{i}" for i in range(20)]
    # Each group is left out of a resample with 0.95^20 = 0.36: of 1 asker in 20 too often, of 10
    # together 0.5^20 = one in a million.
    assert ratio_interval([1.0] * 20, [1.0] + [0.0] * 19, names).method == TOO_FEW
    assert ratio_interval([1.0] * 20, [1.0, 0.0] * 10, names).method == BOOTSTRAP
