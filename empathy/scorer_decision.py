"""From probabilities of levels to one level: how much rare levels are favoured.

A score in a sweep is an expected level and needs no decision. Accuracy and macro-F1 do, and the
most probable level is seldom a rare one. So a probability is divided by its level's share of the
training pairs, raised to a strength from 0 (the most probable level) to 1 (as if all levels were
as frequent), as logit adjustment does (Menon et al., "Long-tail learning via logit adjustment",
ICLR 2021, eq. 9). The strength is chosen per mechanism on validation posts, as class weights are
for TF-IDF. No torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from empathy.classification import selection_score
from empathy.corpora.epitome import LEVELS, MECHANISMS, Example

Chances = Sequence[Sequence[Sequence[float]]]
"""Probabilities [items, mechanisms, levels]."""
Shares = NDArray[np.float64]
Strengths = Mapping[str, float]
"""A strength by mechanism."""
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)


def shares(examples: Sequence[Example]) -> Shares:
    """How frequent each level is, [mechanisms, levels]; a level that never occurs counts once."""
    levels = np.asarray([example.levels for example in examples])
    counts = [np.bincount(column, minlength=LEVELS) for column in levels.T]
    return np.maximum(np.stack(counts), 1) / len(levels)


def decide(chances: Chances, frequent: Shares, strengths: Strengths) -> list[list[int]]:
    """The chosen level of each item and mechanism."""
    powers = np.asarray([strengths[name] for name in MECHANISMS])[:, None]
    levels: list[list[int]] = (np.asarray(chances) / frequent**powers).argmax(-1).tolist()
    return levels


def choose_strengths(
    validation: Sequence[Example], runs: Sequence[Chances], frequent: Shares
) -> dict[str, float]:
    """The strength that judges validation pairs best, mean over runs; of equals the lowest."""
    chosen = {}
    for k, name in enumerate(MECHANISMS):
        gold = [[example.levels[k]] for example in validation]

        def score(strength: float, k: int = k, gold: list[list[int]] = gold) -> float:
            strengths = dict.fromkeys(MECHANISMS, strength)
            decided = [decide(chances, frequent, strengths) for chances in runs]
            found = [selection_score(gold, [[row[k]] for row in levels]) for levels in decided]
            return sum(found) / len(found)

        chosen[name] = max(STRENGTHS, key=lambda strength: (score(strength), -strength))
    return chosen
