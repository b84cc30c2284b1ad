"""python -m pytest tests/test_length_control.py"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from empathy.uncertainty import EXACT, Estimate
from empathy.verdicts.length_control import length_controlled, rates_at_equal_length


def groups(n: int) -> list[str]:
    return [f"g{i:03d}" for i in range(n)]


def controlled(wins: Sequence[float], leads: Sequence[float]) -> Estimate:
    found = length_controlled(
        wins, [100 + lead for lead in leads], [100] * len(leads), groups(len(leads))
    )
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high
    return found


def test_a_judge_that_only_prefers_longer_gets_one_half() -> None:
    leads = [lead for i in range(1, 26) for lead in (i, -i)]
    found = controlled([float(lead > 0) for lead in leads], leads)
    assert found.value == pytest.approx(0.5, abs=1e-6)


def test_also_where_one_policy_is_mostly_the_longer_one() -> None:
    # Four of five replies are longer and win for it. What is left at equal length scatters around
    # one half, since few pairs are nearly equal: so the mean over 20 data sets of 200 is looked at.
    values, plain = [], []
    for seed in range(20):
        leads = np.round(np.random.default_rng(seed).normal(15, 18, 200))
        won = np.where(leads > 0, 1.0, np.where(leads < 0, 0.0, 0.5))
        plain.append(won.mean())
        lengths = np.tanh(leads / leads.std())
        values.append(rates_at_equal_length(won, lengths, np.ones((1, 200)))[0])
    assert np.mean(plain) == pytest.approx(0.8, abs=0.02)
    assert np.mean(values) == pytest.approx(0.5, abs=0.03)
    found = controlled(won.tolist(), leads.tolist())
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.5 < found.high < 0.8


def test_a_judge_that_does_not_see_length_keeps_its_rate() -> None:
    # Two of three win at every length.
    leads = [lead for i in range(1, 21) for lead in (i, -i) for _ in range(3)]
    wins = [float(k % 3 < 2) for k in range(len(leads))]
    assert controlled(wins, leads).value == pytest.approx(2 / 3, abs=1e-3)


def test_the_model_recovers_what_made_the_verdicts() -> None:
    # Log odds 0.8 + 1.5 tanh(lead / sd): at equal length 1 / (1 + exp(-0.8)) = 0.690.
    random = np.random.default_rng(1)
    leads = random.normal(5, 20, 4000)
    chances = 1 / (1 + np.exp(-(0.8 + 1.5 * np.tanh(leads / leads.std()))))
    won = (random.random(4000) < chances).astype(np.float64)
    (found,) = rates_at_equal_length(won, np.tanh(leads / leads.std()), np.ones((1, 4000)))
    assert found == pytest.approx(0.690, abs=0.02)


def test_ties_count_half_and_unjudged_ones_are_counted() -> None:
    found = length_controlled([0.5, 0.5, None], [3, 5, 9], [5, 3, 9], groups(3))
    assert found is not None
    assert found.value == pytest.approx(0.5)
    assert (found.n, found.unscored) == (2, 1)


def test_equal_lengths_leave_the_plain_rate() -> None:
    found = length_controlled([1, 1, 1, 0], [7] * 4, [7] * 4, groups(4))
    assert found is not None
    # The prior of deviation 10 moves the log odds of 3/4 by 0.01 * 1.1 / (4 * 3/16) = 0.015.
    assert found.value == pytest.approx(0.75, abs=0.004)


def test_a_policy_that_always_wins_keeps_an_open_end() -> None:
    found = length_controlled([1.0] * 20, list(range(20)), [5] * 20, groups(20))
    assert found is not None
    assert (found.value, found.high, found.method) == (1.0, 1.0, EXACT)
    assert found.low is not None
    assert found.low < 0.9


def test_a_constant_difference_cannot_be_told_from_quality() -> None:
    assert length_controlled([1, 0, 1], [9] * 3, [7] * 3, groups(3)) is None


def test_nothing_judged_raises() -> None:
    with pytest.raises(ValueError, match="none of the 2 comparisons is judged"):
        length_controlled([None, None], [1, 2], [2, 1], groups(2))
