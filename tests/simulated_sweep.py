"""Sweeps whose truth is known: what a search leaves behind, drawn instead of trained.

A policy's score of a prompt is its mean, plus what the prompt and its group do to everybody, plus
what they do to this policy alone. Per prompt two policies differ by 1.1 (standard deviation), of
which groups of one to five prompts share a fifth.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from empathy.evaluate import Evaluation
from empathy.records import Split
from empathy.uncertainty import Estimate
from sweeps.sweepfile.spec import SweepSpec
from sweeps.verdict.finalists import finalists
from sweeps.verdict.summary import summarise

GROUPS = 28
"""As many as the demo's test prompts have."""
MEAN = 2.0
Floats = NDArray[np.float64]


class Prompts(NamedTuple):
    """One split: the group of each prompt, and what the prompt does to every policy."""

    split: Split
    group: NDArray[np.int64]
    common: Floats


def prompts(rng: np.random.Generator, split: Split) -> Prompts:
    group = np.repeat(np.arange(GROUPS), rng.integers(1, 6, GROUPS))
    common = rng.normal(0, 0.4, GROUPS)[group] + rng.normal(0, 0.5, len(group))
    return Prompts(split, group, common)


def evaluated(rng: np.random.Generator, on: Prompts, policy: str, mean: float) -> Evaluation:
    own = rng.normal(0, 0.35, GROUPS)[on.group] + rng.normal(0, 0.7, len(on.group))
    scores = tuple((mean + on.common + own).tolist())
    groups = tuple(f"g{number:02d}" for number in on.group)
    ids = tuple(f"{on.split} {number}" for number in range(len(groups)))
    value = float(np.mean(scores))  # its interval is never asked for
    metrics = {"empathy": Estimate(value, None, None, len(scores), GROUPS, "mean")}
    return Evaluation(policy, on.split, metrics, {"empathy": scores}, ids, groups, {}, 50)


def fields(found: Evaluation) -> dict[str, Any]:
    """As `as_dict`, but quickly: without a copy of every score."""
    return vars(found) | {"metrics": {name: m.as_dict() for name, m in found.metrics.items()}}


def summary(
    spec: SweepSpec, rng: np.random.Generator, trials: Mapping[str, float]
) -> dict[str, Any]:
    """`summary.json` of a sweep over trials with these true means; base and SFT have `MEAN`."""
    validation, test = prompts(rng, "validation"), prompts(rng, "test")
    means = {"base": MEAN, "sft": MEAN, **trials}
    found = SimpleNamespace(
        last={name: fields(evaluated(rng, validation, name, means[name])) for name in means},
        curves={name: {} for name in means},
        states=dict.fromkeys(means, "completed"),
        parameters={name: {} for name in means},
    )
    seen = {name: fields(evaluated(rng, test, name, means[name])) for name in means}
    baselines = {name: {"test": seen[name]} for name in ("base", "sft")}
    chosen = finalists(spec, found)
    return summarise(spec, found, baselines, {name: seen[name] for name in chosen})
