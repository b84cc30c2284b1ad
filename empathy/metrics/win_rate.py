"""Who answers better? Wins on the same prompt by one judge's scores, ties half."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

TIE = 1e-5
"""Scores this close are equal: the same text scored in another batch differs by float32 rounding,
and two replies of the same words must tie."""


def wins(
    scores: Sequence[float | None], rivals: Sequence[float | None]
) -> tuple[float | None, ...]:
    """1 where `scores[i]` beats `rivals[i]`, 0.5 where they tie, 0 where it loses.

    None where either has no score, or NaN. Raises ValueError if the two are not aligned.
    """
    if len(scores) != len(rivals):
        raise ValueError(f"{len(scores)} replies cannot meet {len(rivals)} rivals: align them")
    return tuple(
        None if own is None or rival is None or isnan(own - rival) else _win(own - rival)
        for own, rival in zip(scores, rivals, strict=True)
    )


def _win(lead: float) -> float:
    if abs(lead) <= TIE:
        return 0.5
    return 1.0 if lead > 0 else 0.0
