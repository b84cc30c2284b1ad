"""Accuracy and macro-F1 of classified items, with intervals bootstrapped over groups.

Every statistic is computed on a stack of weighted confusion matrices [draws, classes, classes]:
the first is the data as it is, each other one a resample of the groups. Two classifiers judged on
the same resamples can be compared pair by pair. No torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from empathy.uncertainty import BOOTSTRAP, Estimate

Floats = NDArray[np.float64]
Labels = Sequence[int] | NDArray[np.int64]


class Curves(NamedTuple):
    """Accuracy and macro-F1, each [1 + draws]: the value first, then its resamples."""

    accuracy: Floats
    macro_f1: Floats


def resamples(groups: Sequence[str], draws: int = 2000, seed: int = 0) -> Floats:
    """How often each item counts, [1 + draws, items]: once in the first row, then as drawn."""
    if not groups:
        raise ValueError("no items were given: there is nothing to resample")
    places, index = np.unique(np.asarray(groups), return_inverse=True)
    picks = np.random.default_rng(seed).integers(len(places), size=(draws, len(places)))
    rows = np.arange(draws)[:, None] * len(places)
    times = np.bincount((picks + rows).ravel(), minlength=draws * len(places))
    drawn = times.reshape(draws, len(places)).astype(np.float64)
    return np.vstack([np.ones(len(groups)), drawn[:, index]])


def confusions(weights: Floats, truth: Labels, predicted: Labels, classes: int = 3) -> Floats:
    """Confusion matrices [draws, true class, predicted class] of weights [draws, items]."""
    cells = np.asarray(truth) * classes + np.asarray(predicted)
    sums: Floats = weights @ np.eye(classes**2)[cells]
    return sums.reshape(-1, classes, classes)


def accuracy(matrices: Floats) -> Floats:
    """The share of items on the diagonal, [draws]."""
    right: Floats = np.trace(matrices, axis1=1, axis2=2) / matrices.sum((1, 2))
    return right


def macro_f1(matrices: Floats) -> Floats:
    """The mean over all classes of F1, [draws]."""
    return np.asarray(level_f1(matrices).mean(1))


def level_f1(matrices: Floats) -> Floats:
    """F1 of each class, 2 hits / (true + predicted), [draws, classes].

    A class that neither occurs nor is predicted counts 0, as in scikit-learn.
    """
    hits = np.diagonal(matrices, axis1=1, axis2=2)
    named = matrices.sum(1) + matrices.sum(2)
    scores: Floats = np.divide(2 * hits, named, out=np.zeros_like(hits), where=named > 0)
    return scores


def curves(weights: Floats, truth: Labels, runs: Sequence[Labels], classes: int = 3) -> Curves:
    """Both statistics, averaged over runs (several seeds of one method), on the same resamples."""
    matrices = [confusions(weights, truth, run, classes) for run in runs]
    return Curves(
        np.mean([accuracy(matrix) for matrix in matrices], axis=0),
        np.mean([macro_f1(matrix) for matrix in matrices], axis=0),
    )


def estimate(values: Floats, items: int, groups: int, level: float = 0.95) -> Estimate:
    """The first value with the percentile interval of the others."""
    tail = (1 - level) / 2
    low, high = np.quantile(values[1:], [tail, 1 - tail])
    return Estimate(float(values[0]), float(low), float(high), items, groups, BOOTSTRAP, level)


def selection_score(truth: Sequence[Sequence[int]], predicted: Sequence[Sequence[int]]) -> float:
    """The mean of accuracy and macro-F1 over columns (mechanisms): what models are chosen by."""
    gold, said = np.asarray(truth), np.asarray(predicted)
    once = np.ones((1, len(gold)))
    found = [curves(once, gold[:, k], [said[:, k]]) for k in range(gold.shape[1])]
    return float(np.mean([(both.accuracy[0] + both.macro_f1[0]) / 2 for both in found]))
