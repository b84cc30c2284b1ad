"""python -m pytest tests/test_wording.py"""

from __future__ import annotations

from sweeps.record import wording
from sweeps.record.ledger import Figure
from sweeps.report.findings import judged


def test_numbers_are_rounded_only_when_said() -> None:
    assert wording.said(Figure(0.625, 0.554, 0.69), "relevance") == "62 % [55, 69]"
    assert wording.said(Figure(-0.06, -0.1, 0.02), "relevance", difference=True) == (
        "-6 points [-10, +2]"
    )
    assert wording.said(Figure(2.0), "empathy") == "2.00, no interval"
    assert wording.said(None, "empathy") == "-"
    assert [wording.setting(value) for value in (3.1e-4, 3e-4, 0.08, 0.0, 16, None)] == [
        "3.1e-4", "3e-4", "0.08", "0", "16", "None",
    ]  # fmt: skip
    assert [wording.duration(s) for s in (48.2, 560, 11_100, None)] == [
        "48 s", "9 min 20 s", "3 h 5 min", "-",
    ]  # fmt: skip


def test_a_range_that_is_no_interval_is_called_a_range_and_decides_nothing() -> None:
    parts = {"value": 0.34, "low": 0.16, "high": 0.46, "n": 8, "level": None}
    found = Figure.of(parts)
    assert found is not None
    assert (found.low, found.high, found.spread) == (None, None, (0.16, 0.46))
    assert wording.said(found, "empathy", difference=True) == "+0.34 (range +0.16 to +0.46)"
    assert judged("empathy", found) == "better, untested"
    assert found.parts() == parts
    sure = Figure.of({**parts, "level": 0.95})
    assert sure is not None
    assert (sure.low, sure.high, sure.spread) == (0.16, 0.46, None)
    assert sure.parts() == {**parts, "level": 0.95}
