"""What guards and several metrics say of the trials: their part of summary.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sweeps.sweepfile.spec import SweepSpec
from sweeps.verdict import guards, pareto
from sweeps.verdict.finalists import Outcome, allowed, complete
from sweeps.verdict.guards import Guarded


def standing(
    spec: SweepSpec,
    outcome: Outcome,
    test: Mapping[str, Mapping[str, Any]],
    guarded: Guarded,
    summary: Mapping[str, Any],
) -> dict[str, Any]:
    """The ties of `summary` without those that an enforced guard bars, which stand beside them;
    what all trials break; the front."""
    measured = [complete(outcome, aim.name) for aim in spec.metric.aims]
    able = allowed(measured, outcome, guarded)
    numbers: dict[guards.Split, dict[str, Any]] = {
        "validation": {trial: found["metrics"] for trial, found in outcome.last.items()},
        "test": {trial: found["metrics"] for trial, found in test.items()},
    }
    return {
        "tied": [trial for trial in summary["tied"] if trial in able],
        "tied_barred": [
            *summary["tied_barred"],
            *(trial for trial in summary["tied"] if trial not in able),
        ],
        "guards": guards.summary(spec.guards, guarded, numbers),
        "pareto": pareto.summary(spec.metric.aims, measured, able),
    }
