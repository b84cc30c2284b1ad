"""A win rate as if both replies were equally long, since judges like length. No torch.

Dubois, Galambosi, Liang, Hashimoto 2024, "Length-Controlled AlpacaEval", section 3: the log odds of
a win are modelled as

    theta + phi * tanh((length of a - length of b) / standard deviation of that difference)

by logistic regression, ties counting half, and the rate is what the model predicts at difference 0:
the sigmoid of theta. Their third term, how hard a prompt is, needs many models judged on the same
prompts and is left out. A weak prior (normal, standard deviation 10, on theta and phi) keeps the
fit finite where length decides every verdict; a narrower one would let part of the length back in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from empathy.uncertainty import Estimate, share_interval
from empathy.verdicts.resampled import Floats, resampled_interval

PRIOR_DEVIATION = 10.0


def length_controlled(
    wins: Sequence[float | None],
    words: Sequence[float | None],
    rival_words: Sequence[float | None],
    groups: Sequence[str],
) -> Estimate | None:
    """The length-controlled win rate with its interval over groups; `words` are replies' lengths.

    None where the difference in length is the same everywhere but not 0, for then no data tell
    length from quality. Where one side is always the longer one, the number extrapolates. Raises
    ValueError if nothing is judged or the four are not aligned.
    """
    rows = [
        (win, own - rival, group)
        for win, own, rival, group in zip(wins, words, rival_words, groups, strict=True)
        if win is not None and own is not None and rival is not None
    ]
    if not rows:
        raise ValueError(f"none of the {len(groups)} comparisons is judged: there is no win rate")
    won, kept = np.array([win for win, _, _ in rows]), [group for _, _, group in rows]
    unscored = len(groups) - len(rows)
    if set(won.tolist()) in ({0.0}, {1.0}):  # whatever the lengths; its ends stay open
        return replace(share_interval(won.tolist(), kept), unscored=unscored)
    lead = np.array([difference for _, difference, _ in rows], dtype=np.float64)
    spread = float(lead.std())
    if spread == 0 and lead[0] != 0:
        return None
    length = np.tanh(lead / spread) if spread else lead

    def rates(weights: Floats) -> list[float]:
        return list(map(float, rates_at_equal_length(won, length, weights)))

    found = resampled_interval(rates, kept, bounds=(0.0, 1.0), draws=1000)
    assert found is not None
    return replace(found, unscored=unscored)


def rates_at_equal_length(won: Floats, length: Floats, weights: Floats) -> Floats:
    """Sigmoid of theta at the most probable (theta, phi) for each row of weights.

    won and length are `[n]`, weights `[draws, n]`, the result `[draws]`. Newton's method on the
    weighted cross-entropy, which is convex; a row whose step overshoots has it halved. Raises
    ValueError where nothing has a weight, for then the prior alone would speak.
    """
    if not weights.any(1).all():
        raise ValueError("no comparison has a weight: there is no win rate")
    design = np.stack([np.ones_like(length), length], axis=1)  # [n, 2]
    prior = 1 / PRIOR_DEVIATION**2

    def loss(at: Floats) -> Floats:
        logits = at @ design.T
        cross_entropy = (weights * (np.logaddexp(0, logits) - won * logits)).sum(1)
        return np.asarray(cross_entropy + prior * (at**2).sum(1) / 2)

    at = np.zeros((len(weights), 2))
    for _ in range(100):
        chances = 1 / (1 + np.exp(-(at @ design.T)))  # [draws, n]
        slope = (weights * (chances - won)) @ design + prior * at
        bends = weights * chances * (1 - chances)
        bend = np.einsum("dn,ni,nj->dij", bends, design, design, optimize=True)
        step = np.linalg.solve(bend + prior * np.eye(2), slope[..., None])[..., 0]
        size = ((slope * step).sum(1) >= 1e-10).astype(np.float64)
        if not size.any():
            break
        best = loss(at)
        while ((over := (loss(at - size[:, None] * step) > best)) & (size > 1e-6)).any():
            size[over] /= 2
        at = at - size[:, None] * step
    return np.asarray(1 / (1 + np.exp(-at[:, 0])))
