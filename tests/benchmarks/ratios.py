"""Figures with their spread: the median of what was measured, its least and its most."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import TypedDict


class Spread(TypedDict):
    """Of repeated measurements of one thing."""

    median: float
    min: float
    max: float
    runs: list[float]


class Ratio(TypedDict):
    """How many times as much; ours and theirs were measured one after the other in each round."""

    ratio: float
    lowest: float
    highest: float


def spread(values: Sequence[float]) -> Spread:
    """Median, least and most, and the values behind them. Raises ValueError for none."""
    if not values:
        raise ValueError("nothing was measured")
    return {
        "median": median(values),
        "min": min(values),
        "max": max(values),
        "runs": list(values),
    }


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """Ours by theirs, round by round: a machine that is slow in one round slows both in it.

    Raises ValueError where the rounds do not pair up.
    """
    rounds = [a / b for a, b in zip(ours, theirs, strict=True)]
    found = spread(rounds)
    return {"ratio": found["median"], "lowest": found["min"], "highest": found["max"]}
