"""python -m pytest tests/test_wording.py"""

from __future__ import annotations

from sweeps import wording
from sweeps.ledger import Figure


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
