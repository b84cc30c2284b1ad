"""Numbers in columns.

python -m pytest tests/test_listing.py
"""

from __future__ import annotations

from empathy.own_data.listing import FEW_GROUPS, aligned, interval, ranges, value
from empathy.uncertainty import mean_interval

# Two groups of means 1 and 2; twelve groups of one number; one group.
FEW = mean_interval([1.0, 2.0], ["a", "b"])
MANY = mean_interval([0.5] * 12, [str(i) for i in range(12)])
ONE = mean_interval([0.504], ["a"])


def test_columns_stand_under_each_other() -> None:
    assert aligned([("", "mean"), ("words", "1")]) == ["       mean", "words  1"]


def test_a_number_is_rounded_signed_or_missing() -> None:
    assert (value(ONE), value(ONE, signed=True), value(None)) == ("0.50", "+0.50", "-")


def test_a_range_is_no_interval_and_says_so() -> None:
    assert (interval(MANY), interval(FEW)) == ("[0.50, 0.50]", "(1.00, 2.00)")
    assert interval(FEW, signed=True) == "(+1.00, +2.00)"
    assert (interval(ONE), interval(None)) == ("-", "-")
    assert ranges([None, MANY, ONE]) == []
    assert ranges([MANY, FEW]) == [FEW_GROUPS]
