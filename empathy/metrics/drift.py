"""How far a policy went from where it started, in length; log-ratios are the study's to measure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from empathy.uncertainty import Estimate, mean_interval

Column = tuple[float | None, ...]


def length_ratios(words: Sequence[float | None], rival: Sequence[float | None]) -> Column:
    """Each reply's words over the rival's to the same prompt; None where either has none."""
    return tuple(
        own / other if own and other else None for own, other in zip(words, rival, strict=True)
    )


def geometric_mean(ratios: Sequence[float | None], groups: Sequence[str]) -> Estimate:
    """exp(mean(log ratio)) with its interval over `groups`: 2 and 1/2 make 1.

    The plain mean of ratios is above 1 between any two policies whose lengths vary alike. Raises
    ValueError if no ratio is known.
    """
    logs = [None if ratio is None else math.log(ratio) for ratio in ratios]
    found = mean_interval(logs, groups)
    low, high = (None if end is None else math.exp(end) for end in (found.low, found.high))
    return replace(found, value=math.exp(found.value), low=low, high=high)
