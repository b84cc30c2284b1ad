"""Can a reply be traced to its own prompt? A share among other clients' words; 0.5 is chance."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

OTHERS = 49
"""Other prompts that a reply is held against, so that its own is one of 50."""


def other_prompts(
    prompt_ids: Sequence[str],
    texts: Sequence[str],
    *,
    languages: Sequence[str] | None = None,
    most: int = OTHERS,
    seed: int = 0,
) -> list[list[int]]:
    """For each prompt the positions of at most `most` others with different words.

    Where `languages` are given, only prompts of one language are held against each other.

    Chosen by the hash of seed and both ids: the same on every machine, and a prompt keeps its
    others whatever order the list has. With fewer than `most` others all of them are taken.
    """
    spoken = languages or [""] * len(texts)
    return [
        sorted(
            (j for j, text in enumerate(texts) if text != texts[i] and spoken[j] == spoken[i]),
            key=lambda j: sha256(f"{seed}\0{own}\0{prompt_ids[j]}".encode()).digest(),
        )[:most]
        for i, own in enumerate(prompt_ids)
    ]


def share_less_similar(
    replies: NDArray[np.float32], posts: NDArray[np.float32], others: Sequence[Sequence[int]]
) -> tuple[float | None, ...]:
    """Per reply the share of its other posts that are less similar to it than its own, ties half.

    `replies[i]` answers `posts[i]`; both are `[n, width]` of unit length. None for a reply without
    others, or where a vector is not a number. The mean over replies is an area under the ROC curve.
    """
    similarity = replies @ posts.T  # [n, n], cosines
    return tuple(_share(similarity[i], i, other) for i, other in enumerate(others))


def _share(row: NDArray[np.float32], own: int, other: Sequence[int]) -> float | None:
    rivals = row[list(other)]
    if not other or np.isnan(row[own]) or np.isnan(rivals).any():
        return None
    return float(((rivals < row[own]) + 0.5 * (rivals == row[own])).mean())
