"""How much a scorer looks at the post: expected levels when the post is swapped for another one.

As a yardstick the reply is swapped instead: a scorer that read the words it answers as closely as
the reply would move as much. No torch.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from empathy.corpora.epitome import MECHANISMS, Example
from empathy.uncertainty import mean_interval

Floats = NDArray[np.float64]
Levels = Callable[[Sequence[str], Sequence[str]], Floats]
"""Expected levels `[n, mechanisms]` of n posts and their replies."""
SWAPS = 2
"""Other posts per pair."""


def others(posts: Sequence[str], seed: int) -> list[int]:
    """For each item another one with another post, each used once: a shuffle, then a rotation.

    The shuffled order is turned until no post meets itself. Raises ValueError where that cannot be.
    """
    order = list(range(len(posts)))
    random.Random(seed).shuffle(order)
    for turn in range(1, len(order)):
        turned = order[turn:] + order[:turn]
        if all(posts[a] != posts[b] for a, b in zip(order, turned, strict=True)):
            taken = dict(zip(order, turned, strict=True))
            return [taken[index] for index in range(len(posts))]
    raise ValueError(f"{len(posts)} items have too few different posts to swap them")


def measure(levels: Levels, test: Sequence[Example]) -> dict[str, Any]:
    """Per mechanism and for their `total`: mean absolute and mean signed change (swapped minus own
    post) in levels, and the mean absolute change when the reply is swapped; intervals over posts.
    """
    groups = [example.post_id for example in test]
    posts, replies = [e.post for e in test], [e.response for e in test]
    own = _totalled(levels(posts, replies))
    moved = [others(groups, seed) for seed in range(SWAPS)]
    by_post = np.stack([_totalled(levels([posts[i] for i in to], replies)) - own for to in moved])
    by_reply = own[moved[0]] - own  # another reply to its own post
    found: dict[str, Any] = {}
    for k, name in enumerate((*MECHANISMS, "total")):
        each = {
            "absolute": np.abs(by_post[:, :, k]).mean(0),
            "signed": by_post[:, :, k].mean(0),
            "reply_swapped": np.abs(by_reply[:, k]),
        }
        found[name] = {
            what: mean_interval(values.tolist(), groups).as_dict() for what, values in each.items()
        }
    return found


def _totalled(levels: Floats) -> Floats:
    """With the mechanisms' sum as one more column."""
    return np.concatenate([levels, levels.sum(1, keepdims=True)], axis=1)
