"""Accuracy, macro-F1 and their resampling, worked by hand.

.venv/bin/python -m pytest tests/test_classification.py
"""

from __future__ import annotations

import numpy as np
import pytest

from empathy.scorers.classification import (
    accuracy,
    confusions,
    curves,
    estimate,
    macro_f1,
    resamples,
    selection_score,
)

TRUTH = [0, 0, 0, 1, 1, 2]
SAID = [0, 0, 1, 1, 2, 1]
ONCE = np.ones((1, 6))


def test_a_confusion_matrix_counts_truth_by_row() -> None:
    matrix = confusions(ONCE, TRUTH, SAID)[0]
    assert matrix.tolist() == [[2, 1, 0], [0, 1, 1], [0, 1, 0]]


def test_weights_count_items_several_times() -> None:
    matrix = confusions(np.array([[2.0, 0, 0, 3, 0, 1]]), TRUTH, SAID)[0]
    assert matrix.tolist() == [[2, 0, 0], [0, 3, 0], [0, 1, 0]]


def test_accuracy_and_macro_f1_by_hand() -> None:
    matrix = confusions(ONCE, TRUTH, SAID)
    assert accuracy(matrix)[0] == pytest.approx(3 / 6)
    # F1 = 2 hits / (true + said): 4/(3+2), 2/(2+3), 0/(1+1); their mean is (4/5 + 2/5) / 3 = 2/5.
    assert macro_f1(matrix)[0] == pytest.approx(2 / 5)


def test_a_class_that_never_occurs_counts_nothing() -> None:
    # Classes 0 and 1 perfect, 2 neither true nor said: (1 + 1 + 0) / 3.
    assert macro_f1(confusions(np.ones((1, 2)), [0, 1], [0, 1]))[0] == pytest.approx(2 / 3)


def test_a_resample_draws_whole_groups_and_as_many_as_there_are() -> None:
    weights = resamples(["a", "b", "a", "c"], draws=50)
    assert weights.shape == (51, 4)
    assert weights[0].tolist() == [1, 1, 1, 1]
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, [0, 1, 3]].sum(1) == 3).all()
    assert (weights == resamples(["a", "b", "a", "c"], draws=50)).all()
    with pytest.raises(ValueError, match="no items"):
        resamples([])


def test_curves_average_runs_and_estimates_take_the_first_as_value() -> None:
    both = curves(ONCE, TRUTH, [SAID, TRUTH])
    assert both.accuracy[0] == pytest.approx((0.5 + 1) / 2)
    assert both.macro_f1[0] == pytest.approx((0.4 + 1) / 2)
    # The 2.5 % and 97.5 % quantiles of 0, 1, ..., 40 are 1 and 39.
    found = estimate(np.array([20.0, *range(41)]), items=6, groups=3)
    assert (found.value, found.low, found.high) == pytest.approx((20, 1, 39))
    assert (found.n, found.groups, found.level) == (6, 3, 0.95)


def test_models_are_chosen_by_the_mean_of_both_over_mechanisms() -> None:
    truth = [[a, b] for a, b in zip(TRUTH, TRUTH, strict=True)]
    said = [[a, b] for a, b in zip(SAID, TRUTH, strict=True)]
    # ((0.5 + 0.4) / 2 + (1 + 1) / 2) / 2
    assert selection_score(truth, said) == pytest.approx(0.725)
