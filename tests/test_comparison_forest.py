"""python -m pytest tests/test_comparison_forest.py"""

from __future__ import annotations

import pytest

from empathy.uncertainty import Estimate
from sweeps.comparison.forest import Axis, Tick, axis


def estimate(value: float, low: float | None, high: float | None) -> Estimate:
    return Estimate(value, low, high, 40, 40, "bootstrap over groups", 0.95)


def test_an_axis_holds_every_interval_and_zero_where_differences_are_shown() -> None:
    # From 1 to 3, and 6 % of 2 on both sides.
    shown = axis([estimate(2.0, 1.0, 2.5), estimate(3.0, None, None)])
    assert (shown.low, shown.high) == pytest.approx((0.88, 3.12))
    assert axis([estimate(2.0, 1.0, 3.0)], zero=True).low == pytest.approx(-0.18)
    assert axis([estimate(1.0, 1.0, 1.0)]).at(1.0) == 50.0  # no width: the middle
    assert axis([]).at(0.5) == 50.0


def test_ticks_are_few_and_round() -> None:
    # Of width 2.24 steps of 0.5 are the least of which six at most fit: 1.0, 1.5 ... 3.0.
    assert [tick.text for tick in Axis(0.88, 3.12).ticks("empathy")] == [
        "1.00", "1.50", "2.00", "2.50", "3.00"
    ]  # fmt: skip
    assert Axis(-1.0, 1.0).ticks("empathy", signed=True) == [
        Tick(0.0, "-1.00"), Tick(25.0, "-0.50"), Tick(50.0, "0.00"), Tick(75.0, "+0.50"),
        Tick(100.0, "+1.00"),
    ]  # fmt: skip
    assert [tick.text for tick in Axis(0.0, 0.5).ticks("relevance")][:2] == ["0", "10"]
