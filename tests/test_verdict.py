"""python -m pytest tests/test_verdict.py"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from empathy.uncertainty import share_interval
from empathy.verdicts.verdict import Comparison, Verdict, Verdicts, settle


def a_wins(comparisons: Sequence[Comparison]) -> list[Verdict]:
    return [Verdict(1.0) for _ in comparisons]


def test_blank_replies_are_unjudged_equal_ones_tie_and_only_the_rest_is_asked() -> None:
    heard: list[Comparison] = []

    def decide(comparisons: Sequence[Comparison]) -> list[Verdict]:
        heard.extend(comparisons)
        return a_wins(comparisons)

    comparisons = [
        Comparison("p", "", "b", "sample"),
        Comparison("p", "same", "same", "sample"),
        Comparison("p", "a", "b", "sample"),
        Comparison("p", " \n", " \n", "sample"),  # equal, but blank comes first
    ]
    verdicts, counts = settle(comparisons, decide)
    assert [each.win for each in verdicts] == [None, 0.5, 1.0, None]
    assert heard == [comparisons[2]]
    assert counts == {"blank": 2, "identical": 1}


def test_identical_replies_have_a_win_rate_of_exactly_one_half() -> None:
    comparisons = [Comparison(f"p{i}", f"r{i}", f"r{i}", "sample") for i in range(30)]
    verdicts, counts = settle(comparisons, a_wins)
    found = share_interval(Verdicts("j", tuple(verdicts)).wins, [f"g{i}" for i in range(30)])
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)
    assert counts == {"identical": 30}


def test_nothing_to_judge_raises() -> None:
    with pytest.raises(ValueError, match="no comparisons were given"):
        settle([], a_wins)
