"""How often each interval holds the truth: 500 data sets each, of clustered replies.

95 % is promised and 93 to 97 % passes: two standard errors of 500 draws are 1.9 points. The seed
was chosen once. Groups have one to eight replies, and a fifth of the variance lies between them.

Measured with 3,000 data sets (1,500 of 96 groups), for 10, 28 and 96 groups, in %:

    mean of skewed scores   94.7 94.6 95.9      jackknife of a ratio 93.3 94.4 94.5
    share of one half       95.2 95.0 94.9      three seeds alike    96.5 95.5 95.9
    share of 0.3            95.8 95.3 95.3      three seeds          96.8 96.1 96.1
    share of 0.1            98.1 94.5 95.5      three seeds apart    95.4 95.7 95.9
    ratio                   94.9 95.0 96.3      two fresh of three   97.5 96.6 97.0
    paired difference       95.1 94.0 94.2

The jackknife is for statistics that are nearly linear: of the standard deviation of such skewed
scores it held 88, 91 and 93 %.

python -m pytest tests/test_coverage.py
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

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
CAUTIOUS = {"rare share", "three seeds", "two fresh of three"}
"""May hold it more often: where nothing at all was seen of a rare event the exact bound is left,
and with so few seeds reaches that add in squares are a little too cautious."""
Random = np.random.Generator


class Replies(NamedTuple):
    """Which group each reply is of, as a number `[n]` and as a name."""

    group: NDArray[np.int64]
    names: list[str]


def replies(rng: Random, groups: int) -> Replies:
    group = np.repeat(np.arange(groups), rng.integers(1, 9, groups))
    return Replies(group, [f"g{i}" for i in group])


def levels(rng: Random, among: Replies) -> Floats:
    """Skewed like empathy, mean 1.5: gammas of shape 2, variance 0.125 between and 0.5 within."""
    effects = rng.gamma(2, 0.25, among.group.max() + 1)
    return np.asarray(effects[among.group] + rng.gamma(2, 0.5, len(among.group)))


def tosses(rng: Random, among: Replies, share: float) -> Floats:
    """0 or 1: a group's own share is beta(4 * share, 4 * (1 - share)), so it holds 1 / 5 of all."""
    own = rng.beta(4 * share, 4 * (1 - share), among.group.max() + 1)
    return np.asarray(rng.random(len(among.group)) < own[among.group], dtype=np.float64)


def mean(rng: Random, groups: int) -> tuple[Estimate, float]:
    among = replies(rng, groups)
    return mean_interval(levels(rng, among).tolist(), among.names), 1.5


def share(rng: Random, groups: int, *, of: float) -> tuple[Estimate, float]:
    among = replies(rng, groups)
    return share_interval(tosses(rng, among, of).tolist(), among.names), of


def ratio(rng: Random, groups: int) -> tuple[Estimate, float]:
    """Words that are special over words: 10 to 40 a reply, of which three in ten on average."""
    among = replies(rng, groups)
    words = rng.integers(10, 41, len(among.group))
    special = rng.binomial(words, rng.beta(12, 28, groups)[among.group])
    return ratio_interval(special.tolist(), words.tolist(), among.names), 0.3


def difference(rng: Random, groups: int) -> tuple[Estimate, float]:
    """Two policies on the same prompts: a common part, and 0.3 between them on average."""
    among = replies(rng, groups)
    common, lead = rng.normal(0, 1, len(among.group)), rng.normal(0.3, 0.5, groups)
    ours = common + lead[among.group] + rng.normal(0, 0.7, len(common))
    theirs = common + rng.normal(0, 0.7, len(common))
    return paired_difference(ours.tolist(), theirs.tolist(), among.names), 0.3


def jackknife(rng: Random, groups: int) -> tuple[Estimate, float]:
    """Levels per word, 1.5 / 25: a ratio, for which leaving a group out is nearly exact."""
    among = replies(rng, groups)
    above = np.bincount(among.group, levels(rng, among))
    below = np.bincount(among.group, rng.integers(10, 41, len(among.group)))
    rest = (above.sum() - above) / (below.sum() - below)
    found = jackknife_interval(above.sum() / below.sum(), rest.tolist(), len(among.group))
    return found, 1.5 / 25


def seeds(
    rng: Random, groups: int, *, spread: float, selected: bool = False
) -> tuple[Estimate, float]:
    """Three runs of one setting, which differ by `spread`, by group, and in the replies sampled.

    Where the first was `selected`, the mean is of the other two.
    """
    among = replies(rng, groups)
    common = rng.normal(0, 0.5, groups)[among.group] + rng.normal(0, 0.5, len(among.group))
    runs = [
        common
        + rng.normal(0, spread)
        + rng.normal(0, 0.2, groups)[among.group]
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
    most = 1.0 if kind in CAUTIOUS else HIGHEST
    assert LOWEST <= found <= most, f"{kind} over {groups} groups holds it in {found:.1%}"
