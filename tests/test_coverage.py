"""How often each interval holds the truth: 500 data sets each, of clustered replies.

95 % is promised; 93 to 97 % passes, for two standard errors of 500 draws are 1.9 points. Seeds were
chosen once. Groups have one to eight replies; a fifth of the variance lies between them, so replies
taken for independent would give far too narrow intervals.

python -m pytest tests/test_coverage.py
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest

from empathy.clustered import Floats
from empathy.over_seeds import Seeds, over_seeds
from empathy.uncertainty import (
    Estimate,
    jackknife_interval,
    mean_interval,
    paired_difference,
    ratio_interval,
    share_interval,
)

DATA_SETS, LOWEST, HIGHEST = 500, 0.93, 0.97
COUNTS = [10, 28, 96]
Random = np.random.Generator


class Replies(NamedTuple):
    """Which group each reply is of, as a number `[n]` and as a name."""

    index: np.ndarray[tuple[int], np.dtype[np.int64]]
    names: list[str]


def replies(rng: Random, groups: int) -> Replies:
    index = np.repeat(np.arange(groups), rng.integers(1, 9, groups))
    return Replies(index, [f"g{i}" for i in index])


def levels(rng: Random, among: Replies) -> Floats:
    """Skewed like empathy, mean 1.5: gammas of shape 2, variance 0.125 between and 0.5 within."""
    effects = rng.gamma(2, 0.25, among.index.max() + 1)
    return effects[among.index] + rng.gamma(2, 0.5, len(among.index))


def tosses(rng: Random, among: Replies, share: float) -> Floats:
    """0 or 1: a group's own share is beta(4 * share, 4 * (1 - share)), so it holds 1 / 5 of all."""
    own = rng.beta(4 * share, 4 * (1 - share), among.index.max() + 1)
    return (rng.random(len(among.index)) < own[among.index]).astype(np.float64)


def mean(rng: Random, groups: int) -> tuple[Estimate, float]:
    among = replies(rng, groups)
    return mean_interval(levels(rng, among).tolist(), among.names), 1.5


def share(rng: Random, groups: int, *, of: float) -> tuple[Estimate, float]:
    among = replies(rng, groups)
    return share_interval(tosses(rng, among, of).tolist(), among.names), of


def ratio(rng: Random, groups: int) -> tuple[Estimate, float]:
    """Words that are special over words: 10 to 40 a reply, of which three in ten on average."""
    among = replies(rng, groups)
    words = rng.integers(10, 41, len(among.index))
    special = rng.binomial(words, rng.beta(12, 28, groups)[among.index])
    return ratio_interval(special.tolist(), words.tolist(), among.names), 0.3


def difference(rng: Random, groups: int) -> tuple[Estimate, float]:
    """Two policies on the same prompts: a common part, and 0.3 between them on average."""
    among = replies(rng, groups)
    common, lead = rng.normal(0, 1, len(among.index)), rng.normal(0.3, 0.5, groups)
    ours = common + lead[among.index] + rng.normal(0, 0.7, len(common))
    theirs = common + rng.normal(0, 0.7, len(common))
    return paired_difference(ours.tolist(), theirs.tolist(), among.names), 0.3


def jackknife(rng: Random, groups: int) -> tuple[Estimate, float]:
    """The standard deviation of replies, sqrt(0.625): no mean, but smooth."""
    among = replies(rng, groups)
    scores = levels(rng, among)
    rest = [float(scores[among.index != group].std(ddof=1)) for group in range(groups)]
    return jackknife_interval(float(scores.std(ddof=1)), rest, len(scores)), 0.625**0.5


def seeds(
    rng: Random, groups: int, *, spread: float, selected: bool = False
) -> tuple[Estimate, float]:
    """Three runs of one setting, which differ by `spread`, by group, and in the replies sampled.

    Where the first was `selected`, the mean is of the other two.
    """
    among = replies(rng, groups)
    common = rng.normal(0, 0.5, groups)[among.index] + rng.normal(0, 0.5, len(among.index))
    runs = [
        common
        + rng.normal(0, spread)
        + rng.normal(0, 0.2, groups)[among.index]
        + rng.normal(0, 0.8, len(common))
        for _ in range(3)
    ]
    columns = [tuple(run.tolist()) for run in runs]
    return over_seeds(Seeds(columns[selected:], columns), among.names), 0.0


Draw = Callable[[Random, int], tuple[Estimate, float]]
DRAWS: dict[str, Draw] = {
    "mean": mean,
    "share of half": partial(share, of=0.5),
    "share of 0.3": partial(share, of=0.3),
    "rare share": partial(share, of=0.1),
    "ratio": ratio,
    "paired difference": difference,
    "jackknife": jackknife,
    "three seeds alike": partial(seeds, spread=0.0),
    "three seeds": partial(seeds, spread=0.2),
    "three seeds apart": partial(seeds, spread=0.5),
    "two fresh of three": partial(seeds, spread=0.2, selected=True),
}


def covered(draw: Draw, groups: int) -> float:
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(DATA_SETS):
        found, truth = draw(rng, groups)
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= truth <= found.high
    return hits / DATA_SETS


@pytest.mark.parametrize("groups", COUNTS)
@pytest.mark.parametrize("kind", DRAWS)
def test_an_interval_holds_the_truth_as_often_as_it_says(kind: str, groups: int) -> None:
    found = covered(DRAWS[kind], groups)
    assert LOWEST <= found <= HIGHEST, f"{kind} over {groups} groups holds it in {found:.1%}"
