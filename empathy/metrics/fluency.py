"""How replies are worded: length, repetition, and whether they end by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from empathy.uncertainty import Estimate, jackknife_interval
from empathy.words import word_list


def lengths(texts: Sequence[str]) -> tuple[float, ...]:
    """Words of each text; an empty one has 0, which is a length and not a missing score."""
    return tuple(float(len(word_list(text))) for text in texts)


def distinct_2(texts: Sequence[str], groups: Sequence[str], *, level: float = 0.95) -> Estimate:
    """Different word pairs over all word pairs of all texts (Li et al. 2016), over `groups`.

    Pairs do not cross from one text to the next. The interval is the jackknife's, one group left
    out at a time: a bootstrap would repeat replies and so find fewer different pairs than there
    are. Texts without a pair count as unscored. Raises ValueError if no text has a pair.
    """
    pairs = [list(pairwise(word_list(text))) for text in texts]
    homes: dict[tuple[str, str], set[str]] = {}  # in which groups a pair of words occurs
    totals: dict[str, int] = {}
    for found, group in zip(pairs, groups, strict=True):
        for pair in found:
            homes.setdefault(pair, set()).add(group)
            totals[group] = totals.get(group, 0) + 1
    if not homes:
        raise ValueError(f"none of the {len(texts)} replies has two words: no pairs to count")
    alone = dict.fromkeys(totals, 0)  # pairs that leave with their group
    for where in homes.values():
        if len(where) == 1:
            alone[next(iter(where))] += 1
    whole, n = sum(totals.values()), sum(map(bool, pairs))
    share = len(homes) / whole
    rest = [share]  # one group: `jackknife_interval` leaves nothing out
    if len(totals) > 1:
        rest = [(len(homes) - alone[g]) / (whole - totals[g]) for g in sorted(totals)]
    estimate = jackknife_interval(share, rest, n, level=level)
    low = None if estimate.low is None else max(0.0, estimate.low)
    high = None if estimate.high is None else min(1.0, estimate.high)
    return replace(estimate, low=low, high=high, unscored=len(texts) - n)
