"""How far expected levels can be taken at their word, and one temperature per mechanism to mend it.

A level's probability is softmax(logits / T) (Guo et al., "On Calibration of Modern Neural
Networks", ICML 2017, eq. 9). T never changes which level is likeliest, only how sure it is. It is
fitted on validation posts, where it must lower the cross-validated log loss, else it stays 1. No
torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from empathy.corpora.epitome import MECHANISMS, Example
from empathy.uncertainty import mean_interval
from empathy.verdicts.resampled import each_row, resampled_interval

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

TEMPERATURES = np.geomspace(0.25, 4.0, 161)
"""Those that are tried: a step is under 2 %, far finer than 150 posts can tell."""
FOLDS = 10
BINS = 5
"""Of the expected level, equally wide from 0 to 2."""


class Fit(NamedTuple):
    """One mechanism's temperature, and what it was chosen for."""

    temperature: float
    """1 where another one does not help."""
    fitted: float
    """The best one on all validation pairs, used or not."""
    gain: float
    """Log loss that fitting saves on held-out validation posts, in nats a pair."""


def fit(logits: Floats, levels: Labels, groups: Sequence[str]) -> Fit:
    """The temperature for logits `[n, levels]` of pairs rated `levels`; `groups` are their posts.

    Raises ValueError without pairs.
    """
    if not len(levels):
        raise ValueError("no pairs were given: there is no temperature to fit")
    losses = np.stack([log_loss(logits / t, levels) for t in TEMPERATURES])  # [temperatures, n]
    best = float(TEMPERATURES[losses.mean(1).argmin()])
    gain = float((log_loss(logits, levels) - _held_out(losses, groups)).mean())
    return Fit(best if gain > 0 else 1.0, best, gain)


def _held_out(losses: Floats, groups: Sequence[str]) -> Floats:
    """Each pair's loss at the temperature that the posts of the other folds choose."""
    places = {group: place for place, group in enumerate(sorted(set(groups)))}
    folds = np.array([places[group] % FOLDS for group in groups])
    found = np.empty(len(groups))
    for fold in np.unique(folds):
        out = folds == fold
        rest = losses[:, ~out] if not out.all() else losses
        found[out] = losses[rest.mean(1).argmin(), out]
    return found


def log_loss(logits: Floats, levels: Labels) -> Floats:
    """-log of the probability given to the rated level, `[n]`, from logits `[n, levels]`."""
    chances = probabilities(logits)[np.arange(len(levels)), levels]
    return np.asarray(-np.log(chances.clip(1e-12)))


def probabilities(logits: Floats) -> Floats:
    """Softmax over the last axis."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True))


def expected(logits: Floats) -> Floats:
    """The expected level, `[...]`, from logits `[..., levels]`."""
    return np.asarray(probabilities(logits) @ np.arange(logits.shape[-1]))


def gap(weights: Floats, said: Floats, rated: Floats) -> float:
    """Expected calibration error of expected levels `[n]`: pairs are put in `BINS` bins of `said`;
    the difference between mean said and mean rated, averaged over pairs (Guo et al., eq. 3)."""
    off = np.bincount(_bins(said), weights * (said - rated), BINS)
    return float(np.abs(off).sum() / weights.sum())


def table(said: Floats, rated: Floats) -> list[dict[str, float | int | None]]:
    """Per bin: how many pairs, and their mean expected and mean rated level; None for no pairs."""
    bins = _bins(said)
    rows: list[dict[str, float | int | None]] = []
    for index in range(BINS):
        own = bins == index
        means = [float(x[own].mean()) if own.any() else None for x in (said, rated)]
        rows.append({"n": int(own.sum()), "said": means[0], "rated": means[1]})
    return rows


def _bins(said: Floats) -> Labels:
    return np.minimum((said / 2 * BINS).astype(np.int64), BINS - 1)


def judge(logits: Floats, examples: Sequence[Example]) -> dict[str, Any]:
    """Per mechanism, of logits `[n, mechanisms, levels]`: log loss, calibration error and bias
    (expected minus rated level), each with its interval over posts, and the reliability table."""
    groups = [example.post_id for example in examples]
    found: dict[str, Any] = {}
    for k, name in enumerate(MECHANISMS):
        levels = np.array([example.levels[k] for example in examples])
        said, rated = expected(logits[:, k]), levels.astype(np.float64)
        error = resampled_interval(each_row(partial(gap, said=said, rated=rated)), groups)
        assert error is not None
        found[name] = {
            "log_loss": mean_interval(log_loss(logits[:, k], levels).tolist(), groups).as_dict(),
            "error": error.as_dict(),
            "bias": mean_interval((said - rated).tolist(), groups).as_dict(),
            "table": table(said, rated),
        }
    return found
