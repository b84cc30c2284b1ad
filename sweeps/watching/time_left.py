"""How long a sweep will still train: the steps that are left, at the pace measured so far.

Evaluations at reports are part of the pace; what comes after the last training (test prompts, the
winner) is not counted. Where nothing was measured yet the answer is None, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import NamedTuple

from sweeps.record.ledger import Trial
from sweeps.record.observers import BASELINES, of_search


class Left(NamedTuple):
    """Optimizer steps of all trials together, or seconds of the sweep."""

    at_most: float
    """If no trial is stopped any more."""
    about: float | None
    """If trials are stopped as those before them were; None where none has ended yet."""


def steps_left(trials: Sequence[Trial], max_steps: int, wanted: int, repeats: int) -> Left:
    """What is left of `wanted` trials of the search and `repeats` trainings of finalists.

    Those not begun are expected to go as far as those that have ended did, running ones as far as
    those that got beyond them.
    """
    searched = [trial for trial in trials if of_search(trial.trial_id)]
    again = [t for t in trials if not of_search(t.trial_id) and t.trial_id not in BASELINES]
    ended = [trial.step or 0 for trial in searched if trial.state in ("stopped", "completed")]
    running = [trial.step or 0 for trial in searched if trial.state == "running"]
    fresh = max(0, wanted - len(searched))
    whole = max(0, repeats - len(again)) * max_steps + sum(
        max_steps - (trial.step or 0) for trial in again if trial.state == "running"
    )
    most = whole + fresh * max_steps + sum(max_steps - step for step in running)
    if not (fresh or running):
        return Left(most, most)
    if not ended:
        return Left(most, None)
    expected = [_further(ended, step, max_steps) for step in [0] * fresh + running]
    return Left(most, whole + sum(expected))


def _further(ended: Iterable[int], step: int, max_steps: int) -> float:
    """Mean steps beyond `step` of the trials that got there; all there are, where none did."""
    beyond = [end - step for end in ended if end > step]
    return fmean(beyond) if beyond else max_steps - step


def seconds_left(steps: Left, pace: float | None) -> Left | None:
    """The same in seconds, at so many steps a second; None where the pace is not known yet."""
    if not pace:
        return None
    return Left(steps.at_most / pace, None if steps.about is None else steps.about / pace)
