"""Swapped posts: nobody keeps his own, and how far scores move is measured right.

.venv/bin/python -m pytest tests/test_prompt_swap.py
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from empathy.corpora.epitome import Example
from empathy.scorers.prompt_swap import measure, others

POSTS = ["a", "b", "c", "d", "a", "e", "f", "g", "h", "i"]


@pytest.mark.parametrize("seed", range(5))
def test_each_post_is_used_once_and_never_for_itself(seed: int) -> None:
    taken = others(POSTS, seed)
    assert sorted(taken) == list(range(len(POSTS)))
    assert all(POSTS[own] != POSTS[other] for own, other in enumerate(taken))
    assert taken == others(POSTS, seed)


def test_one_post_alone_cannot_be_swapped() -> None:
    with pytest.raises(ValueError, match="2 items have too few different posts"):
        others(["a", "a"], 0)


def test_what_moves_is_measured_and_what_does_not_is_nought() -> None:
    """Each post's letter counts in the first mechanism, each reply's in the second."""
    test = [Example(post, f"r{n}", post, chr(97 + n), (0, 0, 0)) for n, post in enumerate(POSTS)]

    def levels(posts: Sequence[str], replies: Sequence[str]) -> np.ndarray:
        pairs = zip(posts, replies, strict=True)
        return np.array([[ord(post), ord(reply), 1.0] for post, reply in pairs])

    found = measure(levels, test)
    # Every post is used once, so on the whole nothing is gained: the signed mean is 0.
    assert found["emotional_reactions"]["signed"]["value"] == pytest.approx(0)
    assert found["emotional_reactions"]["absolute"]["value"] > 1
    assert found["interpretations"]["absolute"]["value"] == 0
    assert found["interpretations"]["reply_swapped"]["value"] > 1
    assert found["explorations"]["reply_swapped"]["value"] == 0
    assert found["total"]["absolute"] == found["emotional_reactions"]["absolute"]
    assert found["total"]["absolute"]["low"] < found["total"]["absolute"]["high"]
