"""Who may win and be tied where guards are enforced or several metrics are searched.

python -m pytest tests/test_standing.py
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from sweeps.sweepfile import spec
from sweeps.sweepfile.limits import Limit
from sweeps.verdict.finalists import finalists
from sweeps.verdict.guards import Guarded, bounds
from sweeps.verdict.standing import standing

# trial: empathy, drift, state
TRIALS = {
    "base": (1.0, 1.0, "completed"),
    "sft": (1.2, 0.0, "completed"),
    "t000": (3.0, 20.0, "completed"),  # the highest score, and too far
    "t001": (2.5, 14.0, "completed"),
    "t002": (2.4, 6.0, "completed"),
    "t003": (2.0, 7.0, "completed"),  # t002 is better in both
    "t004": (2.9, 3.0, "stopped"),
}
TWO = ("early_terminate=null",
       "metric=[{name: empathy, goal: maximize}, {name: log_ratio, goal: minimize}]")  # fmt: skip


def outcome() -> Any:
    numbers = {
        trial: {"metrics": {"empathy": {"value": score}, "log_ratio": {"value": drift}}}
        for trial, (score, drift, _) in TRIALS.items()
    }
    return SimpleNamespace(
        last=numbers,
        curves={trial: {} for trial in TRIALS},
        states={trial: state for trial, (_, _, state) in TRIALS.items()},
        parameters={trial: {} for trial in TRIALS},
    )


def guarded(enforce: bool, most: float = 15.0) -> Guarded:
    limits = bounds({"log_ratio": Limit(max=most)}, sft={}, human={})
    return Guarded(enforce, {"validation": limits, "test": limits})


def chosen(*overrides: str, by: Guarded) -> list[str]:
    return finalists(spec.load("demo", ["finalists.top=2", *overrides]), outcome(), by)


def test_the_highest_score_wins_unless_an_enforced_guard_bars_it() -> None:
    assert chosen(by=guarded(False)) == ["t000", "t001"]
    assert chosen(by=guarded(True)) == ["t001", "t002"]


def test_where_every_trial_breaks_an_enforced_guard_there_is_no_finalist() -> None:
    assert chosen(by=guarded(True, most=5.0)) == []


def test_finalists_of_several_metrics_lie_on_the_front() -> None:
    assert chosen("finalists.top=9", *TWO, by=guarded(False)) == ["t000", "t001", "t002"]
    assert chosen("finalists.top=9", *TWO, by=guarded(True)) == ["t001", "t002"]


def test_the_summary_leaves_barred_trials_out_of_the_tied_and_of_the_front() -> None:
    sweep = spec.load("demo", [*TWO, "guards.enforce=true", "guards.limits={log_ratio: {max: 15}}"])
    summary = {"tied": ["t001", "t000", "t003"], "tied_barred": ["t009"]}
    found = standing(sweep, outcome(), {}, guarded(True), summary)
    assert found["tied"] == ["t001", "t003"]
    assert found["tied_barred"] == ["t009", "t000"]  # for safety, and for a guard
    assert [each["trial"] for each in found["pareto"]["trials"]] == ["t001", "t002"]
    assert found["guards"]["enforced"]
    broken = {t: n["broken"] for t, n in found["guards"]["validation"]["trials"].items()}
    assert [trial for trial, names in broken.items() if names] == ["t000"]
