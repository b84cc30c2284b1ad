"""Under which names numbers reach Weights & Biases, so that who logs and who draws agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from empathy.metrics import METRICS
from sweeps.record.ledger import Figure, figures
from sweeps.record.observers import BASELINES, Row, of_search

OURS = "empathy/"
"""Before the name of each of our metrics, on validation prompts; curves carry TRL's own names."""
TEST = "test/"
"""Before "base/", "sft/", "winner/" and "winner_minus_sft/" in the summary of a sweep's own run."""
LEADERBOARD, SCORES, FRONT, CURVES = "leaderboard", "plots/scores", "plots/front", "plots/curves"
"""What a sweep's own run logs: a table, and three plots of it."""
Job = Literal["baseline", "trial", "finalist", "sweep"]
"""Kinds of runs: base and SFT, a trial of the search, a finalist's training with another seed, and
the sweep itself."""


def numbers(row: Row) -> dict[str, float]:
    """What is logged of a report: curves under TRL's names, metrics as empathy/<name>."""
    logged = {name: float(value) for name, value in row.get("curves", {}).items()
              if value is not None}  # fmt: skip
    return logged | with_ends(OURS, figures(row.get("metrics", {})))


def with_ends(prefix: str, found: Mapping[str, Figure]) -> dict[str, float]:
    """Each figure's value, and the ends of its interval where it has one."""
    logged = {}
    for name, figure in found.items():
        logged[f"{prefix}{name}"] = figure.value
        if figure.low is not None and figure.high is not None:
            logged |= dict(zip(ends(f"{prefix}{name}"), (figure.low, figure.high), strict=True))
    return logged


def ends(key: str) -> tuple[str, str]:
    """Under which names the interval of the number under `key` is logged."""
    return f"{key}_low", f"{key}_high"


def key_of(metric: str) -> str:
    """Under which name a run logs a metric, or a curve that is searched."""
    return metric if is_curve(metric) else f"{OURS}{metric}"


def is_curve(metric: str) -> bool:
    """Whether it is a curve of training, which has no interval and no number on test prompts."""
    return metric in METRICS and METRICS[metric].curve


def job_of(trial_id: str) -> Job:
    """The kind of a trial's run."""
    if trial_id in BASELINES:
        return "baseline"
    return "trial" if of_search(trial_id) else "finalist"
