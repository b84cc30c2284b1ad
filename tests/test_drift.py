"""python -m pytest tests/test_drift.py"""

from __future__ import annotations

import random

import pytest

from empathy.metrics.drift import geometric_mean, length_ratios


def test_a_reply_without_words_has_no_ratio_on_either_side() -> None:
    assert length_ratios([6.0, 0.0, 5.0, None], [3.0, 4.0, 0.0, 2.0]) == (2.0, None, None, None)


def test_twice_and_half_as_long_make_one() -> None:
    found = geometric_mean([2.0, 0.5, None], ["a", "b", "c"])
    assert found.value == pytest.approx(1.0)
    assert (found.n, found.unscored) == (2, 1)
    # Two groups: the ends are each ratio with the other left out.
    assert [found.low, found.high] == pytest.approx([0.5, 2.0])


def test_two_policies_of_like_lengths_differ_by_nothing_which_a_plain_mean_would_miss() -> None:
    draw = random.Random(3)
    ratios = [draw.randint(5, 60) / draw.randint(5, 60) for _ in range(400)]
    found = geometric_mean(ratios, [str(i) for i in range(400)])
    assert found.low is not None
    assert found.high is not None
    assert found.low < 1 < found.high
    assert sum(ratios) / 400 > 1.2


def test_nothing_to_compare_raises() -> None:
    with pytest.raises(ValueError, match="score"):
        geometric_mean([None], ["a"])
