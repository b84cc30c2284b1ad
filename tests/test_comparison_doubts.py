"""What the referee and fresh seeds say of a claimed gain.

python -m pytest tests/test_comparison_doubts.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from invented_study import sweep

from empathy.uncertainty import Estimate
from sweeps.comparison.contrasts import findings
from sweeps.comparison.cost import cost_of, told
from sweeps.comparison.folders import Sweep
from sweeps.comparison.rivals import against


def seeded(one: Sweep, value: float, half: float) -> Sweep:
    """The sweep as if its winner had been trained with two more seeds, one of which failed."""
    lead = Estimate(value, value - half, value + half, 40, 40, "groups and seeds", 0.95).as_dict()
    seeds = {
        "finalists": {"t001": {"runs": ["t001", "t001-s1"]}},
        "failed": ["t001-s2"],
        "differences": {"vs_sft": {"empathy": lead}, "vs_base": {}},
    }
    last = one.record.trials[-1]
    trials = (*one.record.trials, replace(last, trial_id="t001-s1", state="completed", step=150),
              replace(last, trial_id="t001-s2", state="failed", step=None))  # fmt: skip
    summary = {**one.summary, "seeds": seeds}
    return replace(one, record=replace(one.record, trials=trials, summary=summary))


@pytest.mark.parametrize(
    ("value", "short", "ending"),
    [
        (0.6, "yes", "(95 % each) sees the same."),
        (0.1, "yes, with doubts", "does not confirm it in gemma: perhaps one run's luck."),
        (-0.6, "yes, with doubts", "says the opposite in gemma."),
    ],
)
def test_fresh_seeds_confirm_a_gain_or_cast_doubt(
    tmp_path: Path, value: float, short: str, ending: str
) -> None:
    one = seeded(sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0)), value, 0.3)
    answer = against(findings([one]), "sft")
    assert answer.short == short
    assert answer.sentences[-1].endswith(ending)
    # Nothing is on record of fresh seeds against the base, so nothing is said of them.
    assert answer.sentences[-2].endswith("no search follows, sees the same.")
    assert against(findings([one]), "base").sentences[-1].startswith("The referee")


@pytest.mark.parametrize("seeds", [None, {}, {"finalists": {}, "failed": ["x"]},
                                   {"differences": {}, "corrected": None}])  # fmt: skip
def test_without_fresh_runs_nothing_is_said_of_them(
    tmp_path: Path, seeds: dict[str, Any] | None
) -> None:
    one = sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0))
    odd = replace(one, record=replace(one.record, summary={**one.summary, "seeds": seeds}))
    assert {each.fresh for each in findings([odd]).contrasts} == {None}
    assert cost_of(odd) == cost_of(one)


def test_trainings_with_other_seeds_are_no_trials_but_cost_steps(tmp_path: Path) -> None:
    one = seeded(sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0)), 0.6, 0.3)
    # Two trials of 150 and 50 steps, a training of 150 more, and one that failed at once.
    cost = cost_of(one)
    assert (cost.trials, cost.stopped, cost.repeated, cost.steps) == (2, 1, 2, 350)
    assert told(cost).startswith(
        "10 min 0 s on cpu for 2 trials, 1 of them stopped early, 2 trainings with other seeds, 350"
    )
