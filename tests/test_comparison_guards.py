"""python -m pytest tests/test_comparison_guards.py"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from invented_study import evaluation, sweep

from sweeps.comparison.answers import cost
from sweeps.comparison.contrasts import arms_of, findings
from sweeps.comparison.folders import Sweep
from sweeps.comparison.guards import guards_of, warnings_of
from sweeps.comparison.phrases import figure


def changed(one: Sweep, **columns: Any) -> Sweep:
    """The sweep with other numbers of its winner, in its scores and its summary."""
    assert one.best is not None
    best = evaluation("t001", {**one.best.scores, **columns})
    trials = tuple(
        replace(each, test={name: figure(e) for name, e in best.metrics.items()})
        if each.trial_id == "t001" else each
        for each in one.record.trials
    )  # fmt: skip
    return replace(one, best=best, record=replace(one.record, trials=trials))


def test_guards_stand_beside_the_score_with_all_rows(tmp_path: Path) -> None:
    dpo = sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0))
    rival = sweep(tmp_path / "b", "sft_gemma", (1.0, 1.2, 1.3))
    less = changed(dpo, relevance=[0.5 + 0.1 * (i % 3) for i in range(40)])
    (arm,) = arms_of([less, rival])
    guards = {each.metric: each for each in guards_of(arm, "empathy")}
    assert "empathy" not in guards
    relevance = guards["relevance"]
    assert set(relevance.rows) == {"base", "sft", "continued", "dpo"}
    # 14 times 0.5, 13 times 0.6, 13 times 0.7 are 0.5975 on average, 0.2025 less than SFT's 0.8.
    assert relevance.change is not None
    assert relevance.change.value == pytest.approx(-0.2025)
    assert relevance.verdict == "worse"
    assert relevance.human is not None
    assert guards["words"].verdict == ""  # neither more nor less is better
    assert guards_of(arms_of([sweep(tmp_path / "c", "dpo_llama", (1.0, 1.2, None))])[0], "x") == []


def test_a_number_that_no_prompt_has_on_both_sides_has_no_change(tmp_path: Path) -> None:
    one = sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0))
    even, odd = ([0.8 if i % 2 == side else None for i in range(40)] for side in (0, 1))
    sft = evaluation("sft", {**one.sft.scores, "relevance": odd})
    (arm,) = arms_of([replace(changed(one, relevance=even), sft=sft)])
    (relevance,) = (each for each in guards_of(arm, "empathy") if each.metric == "relevance")
    assert (relevance.change, relevance.verdict) == (None, "")
    assert relevance.rows["dpo"].value == relevance.rows["sft"].value == pytest.approx(0.8)


def test_a_fallen_guard_is_told_in_the_answer_and_the_warnings(tmp_path: Path) -> None:
    long = changed(sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0)), words=[40.0] * 40)
    (arm,) = arms_of([long])
    (warning,) = warnings_of(arm)
    assert warning.startswith("gemma, DPO: The winner's replies are longer than SFT's (40.0 ")


def test_a_guard_of_the_sweep_file_that_the_winner_breaks_is_told_once(tmp_path: Path) -> None:
    limit = "guards.limits={words: {max: 21}}"  # the winner's are 20, 21, 22, 23, 24: 22 on average
    (arm,) = arms_of([sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0), limit)])
    (warning,) = warnings_of(arm)
    assert warning.startswith("gemma, DPO: t001 wins the score, but breaks words 22.0 [")
    assert warning.endswith("at most 21.0.")


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda one: changed(one, relevance=[0.5] * 40), "on relevance (95 % each, see below)."),
        (lambda one: one, "no other number shows DPO worse than SFT (95 % each, see below)."),
    ],
)
def test_the_price_beside_the_score_stands_with_the_cost(
    tmp_path: Path, edit: Callable[[Sweep], Sweep], told: str
) -> None:
    found = findings([edit(sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0)))])
    assert cost(found).sentences[-1].endswith(told)
