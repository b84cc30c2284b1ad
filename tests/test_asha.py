"""ASHA's rungs, filled again from a history, decide as the first ones would have.

python -m pytest tests/test_asha.py
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from sweeps.pool.leases import TRIAL
from sweeps.search import search
from sweeps.search.asha import Asha
from sweeps.sweepfile import spec

# eta 2: at a rung a trial goes on if it is at or above the median of those before it.
REPORTS = [
    ("t000", 4, 1.0),  # the first: goes on
    ("t001", 4, 3.0),  # above 1: goes on
    ("t002", 4, 1.5),  # below the median 2 of 1 and 3: stopped
    ("t000", 8, 1.2),  # the first at step 8: goes on
    ("t001", 8, 1.0),  # below 1.2: stopped
    ("t003", 4, 2.0),  # the median 1.5 of 1, 3 and 1.5: goes on
]
STOPPED = {"t002", "t001"}


def scheduler() -> Asha:
    halving = "early_terminate={type: hyperband, min_iter: 4, eta: 2}"
    found = search.early_stopping(
        spec.load("demo", [halving, "training.max_steps=16", "evaluation.report_every=4"])
    )
    assert isinstance(found, Asha)
    return found


def row(name: str, step: int, score: float) -> dict[str, Any]:
    metrics = {"empathy": {"value": score}}
    return {"trial_id": name, "step": step, "done": step == 16, "metrics": metrics, "curves": {}}


def rungs(of: Asha) -> list[tuple[float, dict[str, float]]]:
    return [(milestone, dict(told)) for milestone, told in of._brackets[0]._rungs]


def test_rungs_are_rebuilt_with_the_same_decisions() -> None:
    rebuilt = scheduler()
    assert rebuilt.take_up([row(*report) for report in REPORTS]) == STOPPED
    assert rungs(rebuilt) == [
        (16, {}),
        (8, {"t000": 1.2, "t001": 1.0}),
        (4, {"t000": 1.0, "t001": 3.0, "t002": 1.5, "t003": 2.0}),
    ]


def live(of: Asha, number: int, report: tuple[str, int, float]) -> str:
    """A report of the trial under the id that Tune gave it in this run."""
    name, step, score = report
    trial = SimpleNamespace(trial_id=f"tune-{number}", config={TRIAL: name})
    if not any(name in told for _, told in rungs(of)):
        of.on_trial_add(None, trial)
    return of.on_trial_result(None, trial, {"step": step, "empathy": score})


def test_a_resumed_trial_is_judged_once_at_each_rung_whatever_tune_calls_it() -> None:
    for cut in range(len(REPORTS) + 1):
        found = scheduler()
        stopped = found.take_up([row(*report) for report in REPORTS[:cut]])
        for name in {name for name, _, _ in REPORTS[:cut]}:
            found.on_trial_add(None, SimpleNamespace(config={TRIAL: name}))
        if cut:  # the checkpoint's report once more, and one between two rungs
            again = live(found, 99, REPORTS[cut - 1])
            assert again == "CONTINUE"
        for number, report in enumerate(REPORTS[cut:]):
            if live(found, number, report) == "STOP":
                stopped.add(report[0])
        assert stopped == STOPPED, f"cut off after {cut} reports"
