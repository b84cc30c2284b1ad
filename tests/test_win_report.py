"""python -m pytest tests/test_win_report.py"""

from __future__ import annotations

import json

import pytest

from empathy.verdicts.verdict import Comparison, Verdict, Verdicts
from empathy.verdicts.win_report import win_report

GROUPS = [f"g{i:02d}" for i in range(12)]


def test_all_numbers_of_a_judge_that_takes_the_longer_reply() -> None:
    # Six comparisons of 3 words against 1 and six the other way round.
    pairs = [("one two three", "one"), ("one", "one two three")] * 6
    comparisons = [Comparison("p", a, b, "sample") for a, b in pairs]
    verdicts = tuple(Verdict(*[float(len(a) > len(b))] * 3) for a, b in pairs)
    found = win_report(Verdicts("longer", verdicts, {"blank": 0}), comparisons, GROUPS)
    assert found.rate is not None
    assert found.at_equal_length is not None
    assert found.flips is not None
    assert found.first is not None
    assert found.at_equal_length.value == pytest.approx(0.5)
    assert (found.rate.value, found.flips.value, found.first.value) == (0.5, 0.0, 0.5)
    assert json.loads(json.dumps(found.as_dict()))["rate"]["n"] == 12


def test_what_was_not_judged_has_no_numbers() -> None:
    comparisons = [Comparison("p", "", "b", "sample")] * 12
    found = win_report(Verdicts("j", (Verdict(None),) * 12, {"blank": 12}), comparisons, GROUPS)
    assert (found.rate, found.at_equal_length, found.flips, found.first) == (None,) * 4
    assert found.counts == {"blank": 12}


def test_what_is_not_aligned_raises() -> None:
    comparisons = [Comparison("p", "a", "b", "sample")] * 11
    with pytest.raises(ValueError, match=r"zip\(\)|align"):
        win_report(Verdicts("j", (Verdict(1.0), Verdict(0.0)) * 6), comparisons, GROUPS)
