"""Temperatures and calibration errors, worked by hand.

.venv/bin/python -m pytest tests/test_calibration.py
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from empathy.corpora.epitome import Example
from empathy.scorers.calibration import expected, fit, gap, judge, log_loss, table


def test_the_log_loss_is_minus_the_log_of_the_rated_level_s_probability() -> None:
    logits = np.array([[0.0, math.log(2), 0.0], [0.0, 0.0, -50.0]])  # 1/4, 1/2, 1/4; 1/2, 1/2, 0
    assert log_loss(logits, np.array([1, 0])) == pytest.approx([math.log(2), math.log(2)])


def test_an_expected_level_is_the_sum_of_probability_times_level() -> None:
    assert expected(np.array([0.0, math.log(2), 0.0])) == pytest.approx(0.25 * 2 + 0.5)


def test_the_calibration_error_by_hand() -> None:
    # Bins of width 0.4. The first holds 0.1 and 0.3 rated 0 and 1: off by |0.4 - 1| = 0.6 in all.
    # The last holds 2.0 rated 1: off by 1. (0.6 + 1) / 3 pairs.
    said, rated = np.array([0.1, 0.3, 2.0]), np.array([0.0, 1.0, 1.0])
    assert gap(np.ones(3), said, rated) == pytest.approx(1.6 / 3)
    # A resample that holds the second pair twice and not the first: |0.6 - 2| + 1 over 3.
    assert gap(np.array([0.0, 2.0, 1.0]), said, rated) == pytest.approx(2.4 / 3)
    rows = table(said, rated)
    assert [row["n"] for row in rows] == [2, 0, 0, 0, 1]
    assert rows[0] == {"n": 2, "said": pytest.approx(0.2), "rated": 0.5}
    assert rows[1] == {"n": 0, "said": None, "rated": None}


def sure(n: int, right: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """n pairs for which level 0 is e^6 times as likely as level 1, and `right` in four is 0."""
    levels = np.array([0 if number % 4 < right else 1 for number in range(n)])
    return np.tile([6.0, 0.0, -200.0], (n, 1)), levels, [f"p{number}" for number in range(n)]


def test_a_scorer_that_is_too_sure_is_cooled_to_how_often_it_is_right() -> None:
    # Right in 3 of 4: 6 / T should be log 3, so T is 5.46; the warmest that is tried is 4.
    found = fit(*sure(200, right=3))
    assert found.temperature == found.fitted == 4.0
    assert found.gain > 0
    logits, levels, posts = sure(200, right=3)
    milder = fit(logits / 2, levels, posts)  # 3 / T = log 3: T = 2.73
    assert milder.temperature == pytest.approx(3 / math.log(3), rel=0.02)


def test_a_temperature_that_does_not_help_where_it_was_not_fitted_is_not_used() -> None:
    """Ten posts, of which a fold each: what nine choose misfits the tenth."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(10, 3))
    losing = [
        found
        for seed in range(20)
        if (found := fit(logits, _drawn(logits, seed), [f"p{n}" for n in range(10)])).gain <= 0
    ]
    assert losing
    assert all(found.temperature == 1.0 for found in losing)
    assert any(found.fitted != 1.0 for found in losing)


def _drawn(logits: np.ndarray, seed: int) -> np.ndarray:
    """Levels drawn as the logits say: a temperature of 1 is right."""
    noise = np.random.default_rng(seed).gumbel(size=logits.shape)
    return np.asarray((logits + noise).argmax(-1))


def test_no_pairs_have_no_temperature() -> None:
    with pytest.raises(ValueError, match="no pairs were given"):
        fit(np.zeros((0, 3)), np.zeros(0, dtype=np.int64), [])


def test_the_card_s_numbers_have_intervals() -> None:
    pairs = [Example(f"p{n}", "r", "post", "reply", (n % 2, 0, 0)) for n in range(20)]
    found = judge(np.zeros((20, 3, 3)), pairs)  # always expects 1
    first = found["emotional_reactions"]
    assert first["bias"]["value"] == pytest.approx(0.5)
    assert first["error"]["value"] == pytest.approx(0.5)
    assert first["log_loss"]["value"] == pytest.approx(math.log(3))
    assert first["bias"]["low"] < 0.5 < first["bias"]["high"]
    assert found["explorations"]["bias"]["value"] == pytest.approx(1.0)
