"""Does the policy's implicit reward prefer the chosen reply of a held-out pair?"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan


def prefers_chosen(margins: Sequence[float]) -> tuple[float | None, ...]:
    """1 where a pair's margin is positive, 0.5 where it is exactly 0, else 0; None for NaN.

    A margin is `(log pi - log ref)(chosen) - (log pi - log ref)(rejected)` in nats (DPO, eq. 5
    without beta, which changes no sign). An untrained policy has margin 0 everywhere: 0.5.
    """
    return tuple(map(_preferred, margins))


def _preferred(margin: float) -> float | None:
    if isnan(margin):
        return None
    return 0.5 if margin == 0 else float(margin > 0)
