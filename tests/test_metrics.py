"""python -m pytest tests/test_metrics.py"""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from empathy.metrics import METRICS
from empathy.metrics.fluency import distinct_2, lengths
from empathy.metrics.pair_accuracy import prefers_chosen
from empathy.metrics.relevance import other_prompts, share_less_similar
from empathy.metrics.win_rate import wins
from empathy.uncertainty import JACKKNIFE, LEAVE_ONE_OUT
from empathy.words import word_list


def test_the_catalogue_explains_every_number() -> None:
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.unit
        assert metric.meaning.endswith(".")


def test_only_rewards_and_loss_depend_on_beta() -> None:
    # An accuracy is a sign, which no positive factor changes.
    assert {name for name, metric in METRICS.items() if metric.beta_dependent} == {
        "loss", "rewards/margins", "rewards/chosen", "rewards/rejected",
    }  # fmt: skip


def test_the_catalogue_and_comparisons_need_no_torch() -> None:
    code = "import sys, empathy.compare; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_wins_ties_and_losses() -> None:
    assert wins([2.0, 1.0, 1.0], [1.0, 1.0, 2.0]) == (1.0, 0.5, 0.0)


def test_rounding_decides_no_win() -> None:
    assert wins([1.0 + 1e-6, 1.0 - 1e-6], [1.0, 1.0]) == (0.5, 0.5)


def test_an_unscored_side_is_no_loss() -> None:
    assert wins([None, 1.0], [1.0, None]) == (None, None)


def test_rivals_must_be_aligned() -> None:
    with pytest.raises(ValueError, match="2 replies cannot meet 1 rivals"):
        wins([1.0, 2.0], [1.0])


def test_an_untrained_policy_prefers_neither() -> None:
    assert prefers_chosen([0.0, 3.0, -0.1]) == (0.5, 1.0, 0.0)


def test_a_margin_that_is_no_number_is_no_loss() -> None:
    assert prefers_chosen([float("nan"), 1.0]) == (None, 1.0)


def test_words_are_counted_without_punctuation() -> None:
    assert word_list("I don\u2019t know -- really!") == ["i", "don\u2019t", "know", "really"]
    assert lengths(["I don't know.", "", "..."]) == (3.0, 0.0, 0.0)


def test_distinct_2_by_hand() -> None:
    # "a b a b": ab ba ab. "a b c": ab bc. Different: ab, ba, bc = 3 of 5.
    # Without the first: 2/2 = 1; without the second: 2/3. "x" has no pair.
    found = distinct_2(["a b a b", "A b, c", "x"], ["g1", "g2", "g3"])
    assert found.value == pytest.approx(3 / 5)
    assert (found.low, found.high) == pytest.approx((2 / 3, 1.0))
    assert (found.n, found.groups, found.unscored) == (2, 2, 1)
    assert found.method == LEAVE_ONE_OUT


def test_distinct_2_counts_no_pair_across_replies() -> None:
    # Together "a b a b" would hold ba.
    assert distinct_2(["a b", "a b"], ["g", "g"]).value == 1 / 2


def test_the_jackknife_of_distinct_2_is_no_bootstrap() -> None:
    """Every reply has pairs of its own: the value is 1, and no resampling may make it less."""
    found = distinct_2([f"x{i} y{i} z{i}" for i in range(12)], [f"g{i}" for i in range(12)])
    assert (found.value, found.low, found.high, found.method) == (1.0, 1.0, 1.0, JACKKNIFE)


def test_distinct_2_of_one_group_has_no_interval() -> None:
    found = distinct_2(["a b c", "a b"], ["g", "g"])
    assert (found.value, found.low, found.high) == (2 / 3, None, None)


def test_distinct_2_of_nothing_raises() -> None:
    with pytest.raises(ValueError, match="none of the 2 replies has two words"):
        distinct_2(["", "yes"], ["a", "b"])


def test_relevance_by_hand() -> None:
    # Unit vectors at 0, 90 and 180 degrees. Reply 0 lies on its own post: both others are less
    # similar, 1. Reply 1 lies on post 0: its own has cosine 0, post 0 has 1, post 2 has -1: 1/2.
    # Reply 2 lies on post 1: its own and post 0 tie at cosine 0, post 1 has 1: (1/2 + 0)/2 = 1/4.
    posts = np.array([[1, 0], [0, 1], [-1, 0]], dtype=np.float32)
    replies = posts[[0, 0, 1]]
    others = other_prompts(["p0", "p1", "p2"], ["a", "b", "c"])
    assert share_less_similar(replies, posts, others) == (1.0, 0.5, 0.25)


def test_unrelated_replies_are_traced_at_chance() -> None:
    rng = np.random.default_rng(0)
    posts, replies = (_unit(rng.normal(size=(400, 8))) for _ in range(2))
    ids = [f"p{i}" for i in range(400)]
    shares = share_less_similar(replies, posts, other_prompts(ids, ids))
    # A uniform share has deviation 0.29; over 400 replies the mean's is 0.015.
    assert sum(share or 0.0 for share in shares) / 400 == pytest.approx(0.5, abs=0.045)


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / norms, dtype=np.float32)


def test_others_are_few_different_and_the_same_in_any_order() -> None:
    ids = [f"p{i}" for i in range(60)]
    chosen = other_prompts(ids, ids)
    assert {len(set(each)) for each in chosen} == {49}
    assert all(own not in each for own, each in enumerate(chosen))
    backwards = other_prompts(ids[::-1], ids[::-1])
    assert [59 - j for j in backwards[59]] == chosen[0]
    assert other_prompts(ids, ids, seed=1) != chosen


def test_the_same_words_are_no_rival() -> None:
    others = other_prompts(["p0", "p1", "p2"], ["hello", "hello", "bye"])
    assert [set(each) for each in others] == [{2}, {2}, {0, 1}]


def test_a_prompt_without_others_has_no_relevance() -> None:
    one = np.ones((1, 1), dtype=np.float32)
    assert share_less_similar(one, one, [[]]) == (None,)
