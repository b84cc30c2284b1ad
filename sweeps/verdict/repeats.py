"""What fresh seeds say of the finalists: the part `seeds` of summary.json.

A finalist's first run is the one that the search chose; it has been lucky. What is said of its
settings rests on the runs after it, see `empathy.seeds`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from empathy.evaluate import GEOMETRIC, Evaluation
from empathy.seeds import (
    combine,
    lead_over,
    seed_deviation,
    selection_corrected,
    tied_over_seeds,
)
from sweeps.record.observers import BASELINES
from sweeps.verdict.finalists import Again, Outcome

Found = Mapping[str, Mapping[str, Any]]
"""Evaluations as JSON, by trial or baseline."""


class Repeated:
    """The finalists' runs on test prompts, each finalist's own first."""

    def __init__(self, chosen: Sequence[str], again: Sequence[Again], test: Found) -> None:
        trained = [each for each in again if each.trial_id in test]
        self.runs = {
            trial: [trial, *(each.trial_id for each in trained if each.finalist == trial)]
            for trial in chosen
        }
        self.failed = [each.trial_id for each in again if each.trial_id not in test]
        self._test = {name: Evaluation.from_dict(found) for name, found in test.items()}

    def test(self, trial: str) -> list[Evaluation]:
        """Its runs on test prompts."""
        return [self._test[run] for run in self.runs[trial]]

    @property
    def several(self) -> list[str]:
        """Finalists with a fresh seed, in their order."""
        return [trial for trial, runs in self.runs.items() if len(runs) > 1]


def seeds_part(
    metric: str, best: str | None, repeated: Repeated, outcome: Outcome, baselines: Found
) -> dict[str, Any] | None:
    """What stands in summary.json; None where no finalist was trained again.

    `corrected` and `differences` are the winner's, None and empty where it has no fresh run. Values
    have their intervals over prompts and seeds.
    """
    if not repeated.several and not repeated.failed:
        return None
    return {
        "finalists": {trial: _finalist(metric, trial, repeated) for trial in repeated.several},
        "failed": repeated.failed,
        **_of_winner(metric, best, repeated, outcome, baselines),
    }


def _of_winner(
    metric: str, best: str | None, repeated: Repeated, outcome: Outcome, baselines: Found
) -> dict[str, Any]:
    if best is None or best not in repeated.several:
        return {"corrected": None, "differences": {}}
    rivals = {name: Evaluation.from_dict(baselines[name]["test"]) for name in BASELINES}
    return {
        "corrected": _corrected(metric, best, repeated, outcome),
        "differences": {
            f"vs_{name}": _minus(repeated.test(best), rival) for name, rival in rivals.items()
        },
    }


def _finalist(metric: str, trial: str, repeated: Repeated) -> dict[str, Any]:
    runs = repeated.test(trial)
    deviation = seed_deviation(runs, metric) if all(metric in run.metrics for run in runs) else None
    return {
        "runs": repeated.runs[trial],
        "fresh": {name: each.as_dict() for name, each in combine(runs, fresh=True).metrics.items()},
        "deviation": deviation.as_dict() if deviation else None,
    }


def _corrected(
    metric: str, best: str, repeated: Repeated, outcome: Outcome
) -> dict[str, Any] | None:
    """None for a number that single prompts do not have, such as distinct_2."""
    validation = [Evaluation.from_dict(outcome.last[run]) for run in repeated.runs[best]]
    test = repeated.test(best)
    if any(metric not in run.scores or metric not in run.metrics for run in (*validation, *test)):
        return None
    return selection_corrected(validation, test, metric).as_dict()


def _minus(runs: Sequence[Evaluation], rival: Evaluation) -> dict[str, Any]:
    """Fresh seeds minus a baseline on the same test prompts, for every number per prompt."""
    shared = [name for name in runs[0].scores if _shared(runs, rival, name)]
    return {name: lead_over(runs, rival, name).as_dict() for name in shared}


def _shared(runs: Sequence[Evaluation], rival: Evaluation, name: str) -> bool:
    """Whether all have that number, and fresh seeds and rival have it for one prompt at least."""
    if name in GEOMETRIC:
        return False
    if not all(name in each.metrics and name in each.scores for each in (*runs, rival)):
        return False
    fresh = zip(*(run.scores[name] for run in runs[1:]), strict=True)
    return any(
        theirs is not None and any(score is not None for score in own)
        for own, theirs in zip(fresh, rival.scores[name], strict=True)
    )


def tied_finalists(metric: str, repeated: Repeated, best: str, level: float) -> list[str]:
    """The finalists whose settings cannot be told from the best one's by fresh seeds.

    One whose fresh runs all failed cannot be told apart.
    """
    rivals = {trial: repeated.test(trial) for trial in repeated.several if trial != best}
    unknown = [trial for trial in repeated.runs if trial not in repeated.several]
    return tied_over_seeds(repeated.test(best), rivals, metric, level) + unknown
