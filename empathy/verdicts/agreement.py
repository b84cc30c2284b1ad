"""How far to trust judges: does the order of replies sway one, do two of them agree? No torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from empathy.scorers.classification import confusions
from empathy.uncertainty import Estimate, share_interval
from empathy.verdicts.resampled import Floats, resampled_interval
from empathy.verdicts.verdict import Verdict

OUTCOMES = (0.0, 0.5, 1.0)


class OrderBias(NamedTuple):
    """`flips`: share of comparisons whose verdict changes with the order of the replies.
    `first`: how often the reply shown first wins, ties half; 0.5 is no preference."""

    flips: Estimate
    first: Estimate


class Agreement(NamedTuple):
    """Of two judges on what both have judged: the share of same verdicts, and Cohen's kappa, which
    is None where both give one verdict to all."""

    raw: Estimate
    kappa: Estimate | None


def order_bias(verdicts: Sequence[Verdict], groups: Sequence[str]) -> OrderBias | None:
    """What the order does to one judge's verdicts; None if nothing was asked in both orders.

    `groups[i]` is the group of comparison i. Raises ValueError if the two are not aligned.
    """
    _check_aligned(verdicts, groups)
    asked = [(each.a_first, each.b_first) for each in verdicts]
    flips = [None if x is None or y is None else float(x != y) for x, y in asked]
    # As wins of a: the reply shown first wins x when that is a, and 1 - y when it is b.
    firsts = [None if x is None or y is None else (x + 1 - y) / 2 for x, y in asked]
    if all(flip is None for flip in flips):
        return None
    return OrderBias(share_interval(flips, groups), share_interval(firsts, groups))


def agreement(
    wins: Sequence[float | None], others: Sequence[float | None], groups: Sequence[str]
) -> Agreement | None:
    """Whether two judges say the same of the same comparisons; None if they share none.

    Raises ValueError if the three are not aligned or a win is none of 0, 0.5 and 1.
    """
    _check_aligned(wins, groups)
    _check_aligned(others, groups)
    both = [
        (x, y, group)
        for x, y, group in zip(wins, others, groups, strict=True)
        if x is not None and y is not None
    ]
    if not both:
        return None
    ours, theirs = ([OUTCOMES.index(pair[k]) for pair in both] for k in (0, 1))
    kept = [group for _, _, group in both]

    def kappa(weights: Floats) -> list[float | None]:
        return [cohens_kappa(matrix) for matrix in confusions(weights, ours, theirs)]

    same = [
        None if x is None or y is None else float(x == y) for x, y in zip(wins, others, strict=True)
    ]
    beyond_chance = resampled_interval(kappa, kept, bounds=(-1.0, 1.0))
    return Agreement(share_interval(same, groups), beyond_chance)


def cohens_kappa(matrix: Floats) -> float | None:
    """(p_o - p_e) / (1 - p_e) of a weighted confusion matrix [k, k]; None where p_e is 1.

    Cohen 1960, "A coefficient of agreement for nominal scales", eq. 1. Raises ValueError for an
    empty matrix.
    """
    if not matrix.any():
        raise ValueError("no verdicts were given: there is nothing to agree on")
    shares = matrix / matrix.sum()
    expected = float(shares.sum(0) @ shares.sum(1))
    if expected > 1 - 1e-12:
        return None
    return (float(np.trace(shares)) - expected) / (1 - expected)


def _check_aligned(items: Sequence[object], groups: Sequence[str]) -> None:
    if len(items) != len(groups):
        raise ValueError(f"{len(items)} verdicts do not fit {len(groups)} groups: align them")
