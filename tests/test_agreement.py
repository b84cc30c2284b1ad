"""python -m pytest tests/test_agreement.py"""

from __future__ import annotations

import numpy as np
import pytest

from empathy.verdicts.agreement import agreement, cohens_kappa, order_bias
from empathy.verdicts.verdict import Verdict


def groups(n: int) -> list[str]:
    return [f"g{i:03d}" for i in range(n)]


def test_kappa_by_hand() -> None:
    # 20 agree on yes, 15 on no, 5 and 10 do not: p_o = 35/50 = 0.7; the first says yes 25/50, the
    # second 30/50: p_e = 0.5 * 0.6 + 0.5 * 0.4 = 0.5; kappa = 0.2 / 0.5 = 0.4.
    assert cohens_kappa(np.array([[20.0, 5.0], [10.0, 15.0]])) == pytest.approx(0.4)


def test_kappa_of_two_judges_that_always_say_the_same_thing_is_not_defined() -> None:
    assert cohens_kappa(np.array([[7.0, 0.0], [0.0, 0.0]])) is None
    found = agreement([1.0] * 12, [1.0] * 12, groups(12))
    assert found is not None
    assert (found.raw.value, found.kappa) == (1.0, None)


def test_agreement_counts_what_both_have_judged() -> None:
    # Both judge four: same, same, other, same. Ours says 1, 0.5, 0, 0 and theirs 1, 0.5, 1, 0:
    # p_o = 3/4; p_e = (1*2 + 1*1 + 2*1) / 16 = 5/16; kappa = (12/16 - 5/16) / (11/16) = 7/11.
    found = agreement([1.0, 0.5, 0.0, 0.0, None, 1.0], [1.0, 0.5, 1.0, 0.0, 1.0, None], groups(6))
    assert found is not None
    assert found.kappa is not None
    assert (found.raw.value, found.raw.n, found.raw.unscored) == (0.75, 4, 2)
    assert found.kappa.value == pytest.approx(7 / 11)
    assert found.kappa.n == 4


def test_judges_that_toss_coins_have_a_kappa_of_nought_within_its_interval() -> None:
    random = np.random.default_rng(0)
    ours, theirs = random.choice([0.0, 0.5, 1.0], size=(2, 300)).tolist()
    found = agreement(ours, theirs, groups(300))
    assert found is not None
    assert found.kappa is not None
    assert found.kappa.low is not None
    assert found.kappa.high is not None
    assert found.kappa.low < 0 < found.kappa.high
    assert found.kappa.high - found.kappa.low < 0.3


def test_no_shared_verdicts_no_agreement() -> None:
    assert agreement([1.0, None], [None, 0.0], groups(2)) is None


def test_order_bias_by_hand() -> None:
    verdicts = [
        Verdict(1.0, 1.0, 1.0),  # first shown wins once: (1 + 0) / 2
        Verdict(0.5, 1.0, 0.0),  # flips; the first shown wins twice: 1
        Verdict(0.5, 0.5, 0.5),  # 0.5
        Verdict(0.5, 0.0, 1.0),  # flips; the second wins twice: 0
        Verdict(None, 1.0, None),
        Verdict(0.5),  # identical replies: never asked
    ]
    found = order_bias(verdicts, groups(6))
    assert found is not None
    assert (found.flips.value, found.flips.n, found.flips.unscored) == (0.5, 4, 2)
    assert found.first.value == pytest.approx(0.5)


def test_a_judge_asked_in_one_order_has_no_order_bias() -> None:
    assert order_bias([Verdict(1.0), Verdict(1.0, 1.0, None)], groups(2)) is None


def test_what_is_not_aligned_raises() -> None:
    with pytest.raises(ValueError, match="1 verdicts do not fit 2 groups"):
        order_bias([Verdict(1.0)], groups(2))
    with pytest.raises(ValueError, match="3 verdicts do not fit 2 groups"):
        agreement([1.0, 0.0], [1.0, 0.0, 1.0], groups(2))
