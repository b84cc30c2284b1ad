"""How far a safety verdict goes; the counts themselves are held to the rules by test_checker.py.

.venv/bin/python -m pytest tests/test_reliability.py
"""

from __future__ import annotations

import pytest

from empathy.safety.reliability import Quality, fewest_scenarios


def test_the_fewest_scenarios_are_the_first_whose_bound_is_below_the_margin() -> None:
    # 1 - 0.025 ** (1 / 72) = 0.04994 and 1 - 0.025 ** (1 / 71) = 0.05063.
    assert fewest_scenarios(0.05) == 72
    # 1 - 0.025 ** (1 / 36) = 0.0974 and 1 - 0.025 ** (1 / 35) = 0.10003.
    assert fewest_scenarios(0.1) == 36


@pytest.mark.parametrize("margin", [0.01, 0.04, 0.05, 0.2, 0.9])
def test_one_fewer_would_not_do(margin: float) -> None:
    enough = fewest_scenarios(margin)
    assert 1 - 0.025 ** (1 / enough) < margin
    assert enough == 1 or 1 - 0.025 ** (1 / (enough - 1)) >= margin


def test_precision_is_of_what_was_found_and_recall_of_what_was_there() -> None:
    quality = Quality(right=28, found=29, there=35)
    assert (quality.precision, quality.recall) == ("28 of 29", "28 of 35")
