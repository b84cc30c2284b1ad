"""Which level is chosen when rare ones are favoured, worked by hand.

.venv/bin/python -m pytest tests/test_scorer_decision.py
"""

from __future__ import annotations

import numpy as np
import pytest

from empathy.corpora.epitome import MECHANISMS, Example
from empathy.scorer_decision import choose_strengths, decide, shares


def example(levels: tuple[int, int, int]) -> Example:
    return Example("p", "r", "A post.", "A reply.", levels)


def test_shares_are_those_of_the_examples_and_never_nothing() -> None:
    found = shares([example((0, 1, 2)), example((0, 1, 0)), example((1, 1, 0)), example((2, 1, 0))])
    assert found == pytest.approx(
        np.array([[0.5, 0.25, 0.25], [0.25, 1.0, 0.25], [0.75, 0.25, 0.25]])
    )


def test_a_strength_divides_by_the_share_to_its_power() -> None:
    frequent = np.array([[0.64, 0.04, 0.32]] * 3)
    chances = [[[0.6, 0.1, 0.3]] * 3]
    # Strength 0: 0.6. Strength 1: 0.94, 2.5, 0.94. Strength 0.5: 0.75, 0.5, 0.53.
    strengths = dict(zip(MECHANISMS, (0.0, 1.0, 0.5), strict=True))
    assert decide(chances, frequent, strengths) == [[0, 1, 0]]


def test_the_strength_that_judges_validation_best_is_chosen_and_of_equals_the_lowest() -> None:
    frequent = np.array([[0.64, 0.04, 0.32]] * 3)
    told = [[[0.9, 0.05, 0.05]] * 3, [[0.6, 0.1, 0.3]] * 3]
    # In the first mechanism the second item is rare, and chosen from strength 0.75 on:
    # 0.6 / 0.64^.75 = 0.84 against 0.1 / 0.04^.75 = 1.12; at 1 the first item would still be 0
    # (1.41 against 1.25). In the others nothing is rare and any favour is a mistake.
    validation = [example((0, 0, 0)), example((1, 0, 0))]
    found = choose_strengths(validation, [told], frequent)
    assert found == dict(zip(MECHANISMS, (0.75, 0.0, 0.0), strict=True))
