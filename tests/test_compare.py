"""python -m pytest tests/test_compare.py"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from empathy.compare import compare, tied
from empathy.errors import UserError
from empathy.evaluate import Evaluation


def scored(policy: str, scores: Sequence[float | None], metric: str = "empathy") -> Evaluation:
    """An evaluation with one prompt per group and one number."""
    ids = tuple(f"p{i}" for i in range(len(scores)))
    groups = tuple(f"g{i}" for i in range(len(scores)))
    return Evaluation(policy, "test", {}, {metric: tuple(scores)}, ids, groups, {}, 50)


def test_a_difference_is_paired_by_prompt_not_by_position() -> None:
    a = scored("a", [1.0, 5.0, 9.0])
    b = Evaluation(
        "b", "test", {}, {"empathy": (8.0, 3.0)}, ("p2", "p1"), ("g2", "g1"), {}, 50
    )  # fmt: skip
    # Common prompts: p1 with 5 - 3 = 2, and p2 with 9 - 8 = 1.
    found = compare(a, b, "empathy")
    assert (found.value, found.low, found.high, found.n) == (1.5, 1.0, 2.0, 2)


def test_a_number_without_scores_per_prompt_is_refused() -> None:
    a = scored("a", [1.0])
    with pytest.raises(UserError, match="'a' has no 'distinct_2' per prompt; known: empathy"):
        compare(a, a, "distinct_2")


def test_policies_without_a_common_prompt_are_refused() -> None:
    a = scored("a", [1.0])
    b = Evaluation("b", "test", {}, {"empathy": (1.0,)}, ("q0",), ("g0",), {}, 50)
    with pytest.raises(UserError, match="'a' and 'b' share no prompt"):
        compare(a, b, "empathy")


def noisy(policy: str, mean: float, seed: int, metric: str = "empathy") -> Evaluation:
    rng = np.random.default_rng(seed)
    return scored(policy, rng.normal(mean, 0.3, 40).tolist(), metric)


def test_tied_keeps_what_may_be_as_good() -> None:
    best = noisy("best", 2.0, 0)
    others = [noisy("near", 1.95, 1), noisy("far", 1.0, 2), noisy("better", 3.0, 3)]
    assert tied(best, others, "empathy") == ["near", "better"]


def test_less_is_better_where_the_catalogue_says_so() -> None:
    best = noisy("best", 5.0, 0, "log_ratio")
    others = [noisy("near", 5.0, 1, "log_ratio"), noisy("far", 9.0, 2, "log_ratio")]
    assert tied(best, others, "log_ratio") == ["near"]


def test_few_groups_tell_nothing_apart() -> None:
    best, far = scored("best", [5.0] * 9), scored("far", [1.0] * 9)
    assert tied(best, [far], "empathy") == ["far"]
    assert tied(scored("best", [5.0] * 10), [scored("far", [1.0] * 10)], "empathy") == []


def test_identical_policies_tie() -> None:
    best = noisy("best", 2.0, 0)
    assert tied(best, [noisy("twin", 2.0, 0)], "empathy") == ["twin"]


def test_a_number_without_direction_has_no_best() -> None:
    best = noisy("best", 2.0, 0, "words")
    with pytest.raises(UserError, match="'words' has no better or worse"):
        tied(best, [best], "words")


def leading(by: float) -> Evaluation:
    """Ahead of `FLAT` by so many standard errors of their difference."""
    noise = np.random.default_rng(0).normal(size=40)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    return scored("best", (noise + by / np.sqrt(40)).tolist())


FLAT, FAR = scored("flat", [0.0] * 40), scored("far", [-9.0] * 40)


def test_asking_often_is_paid_for() -> None:
    """A gap of 2.4 standard errors is found by one question and not by twenty (t = 3.3 needed)."""
    best = leading(2.4)
    assert tied(best, [FLAT], "empathy") == []
    assert tied(best, [FLAT] * 20, "empathy") == ["flat"] * 20


def test_what_is_left_out_makes_the_rest_of_the_questions_fewer() -> None:
    """2.2 standard errors: t(39) is 2.33 for the better of two questions, 2.02 for one."""
    assert tied(leading(2.2), [FLAT, FLAT], "empathy") == ["flat", "flat"]
    assert tied(leading(2.2), [FLAT, FAR], "empathy") == []


def test_a_best_chosen_on_the_same_prompts_pays_for_all_pairs() -> None:
    """3.6 standard errors: t(39) is 3.3 for twenty questions, 4.0 for the 210 pairs of 21."""
    assert tied(leading(3.6), [FLAT] * 20, "empathy") == []
    assert tied(leading(3.6), [FLAT] * 20, "empathy", among=21) == ["flat"] * 20
    assert tied(leading(9.0), [FLAT] * 20, "empathy", among=21) == []
    assert tied(leading(9.0), [], "empathy", among=1) == []


def test_equal_trials_are_seldom_told_apart() -> None:
    """100 sweeps of eight equal trials: the chance that the true equal of a trial picked blindly
    is called worse at all is at most 5 %, so 11 of 100 or more would be a fault (p < 0.012)."""
    wrong = 0
    for sweep in range(100):
        trials = [noisy(f"t{i}", 2.0, 1000 * sweep + i) for i in range(8)]
        wrong += len(tied(trials[0], trials[1:], "empathy")) < 7
    assert wrong <= 10
