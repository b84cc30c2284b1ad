"""python -m pytest tests/test_cautions.py"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from invented_sweep import SUMMARY, found

from sweeps.record.ledger import Figure
from sweeps.report.cautions import (
    data_warnings,
    edge_warnings,
    guard_warnings,
    position,
    style_warnings,
)
from sweeps.sweepfile.limits import LIMITS
from sweeps.verdict.guards import Guarded, bounds


def test_guards_that_the_winner_breaks_are_named_with_limits(tmp_path: Path) -> None:
    assert guard_warnings(found(tmp_path)) == [
        "t003 wins the score, but breaks relevance 72 % [67, 77], at least 84 % (SFT's); "
        "log-ratio to SFT 17.5 [15.5, 19.5], at most 15.0.",
        "The winner's replies are longer than SFT's (39.0 [36.0, 42.0] against 25.0 [22.0, 28.0])"
        ": length alone moves scores.",
    ]


def test_a_guard_whose_interval_includes_the_limit_is_only_perhaps_broken(tmp_path: Path) -> None:
    # SFT's relevance is 84 %, and the paired difference on test prompts includes 0.
    paired = {"value": -0.12, "low": -0.25, "high": 0.01, "n": 32}
    (first, second, _) = guard_warnings(found(tmp_path, ("differences.vs_sft.relevance", paired)))
    assert first.startswith("t003 wins the score, but breaks log-ratio")
    assert second == (
        "t003 wins the score, but may break, by values whose intervals include the limit, "
        "relevance 72 % [67, 77], at least 84 % (SFT's)."
    )


def test_what_the_sweep_does_not_guard_is_held_to_the_usual_limits(tmp_path: Path) -> None:
    alone = replace(found(tmp_path), guarded=Guarded(False, {"test": ()}))
    assert guard_warnings(alone)[0].startswith("The winner is worse than SFT on relevance: 72 %")
    assert style_warnings(alone) == [
        "This sweep does not guard it, but t003 breaks relevance 72 % [67, 77], at least 84 % "
        "(SFT's); log-ratio to SFT 17.5 [15.5, 19.5], at most 15.0."
    ]
    assert style_warnings(found(tmp_path)) == []


def test_a_fall_without_paired_interval_says_so(tmp_path: Path) -> None:
    less = {"value": 0.3, "low": 0.2, "high": 0.4, "n": 32}
    outcome = found(tmp_path, ("differences.vs_sft", {}), ("best.metrics.distinct_2", less))
    assert (
        "The winner is worse than SFT on distinct-2, by values that were not compared prompt by "
        "prompt: 30 % [20, 40] against 55 % [51, 59]." in guard_warnings(outcome)
    )


def test_what_the_data_card_warns_of_is_repeated() -> None:
    assert data_warnings({"data_cautions": ["Length tells these pairs apart."]}) == [
        "Length tells these pairs apart."
    ]
    assert data_warnings({}) == []


def test_only_settings_at_an_edge_are_warned_of(tmp_path: Path) -> None:
    # log position of 4.9e-4 in 5e-5..5e-4: ln(9.8)/ln(10) = 0.991; of beta 0.08: 0.204
    assert edge_warnings(found(tmp_path)) == [
        "The best learning rate, 4.9e-4, lies at the upper edge of its range (5e-5 to 5e-4), so a "
        "better one may lie outside: widen it, for instance with --set "
        "parameters.learning_rate.max=0.0015."
    ]


def test_largest_of_three_values_is_an_edge(tmp_path: Path) -> None:
    best = {"trial": "t005", "metrics": SUMMARY["best"]["metrics"]}
    (*_, told) = edge_warnings(found(tmp_path, ("best", best)))
    assert told == (
        "The best LoRA rank, 32, is the largest of its values, so a better one may lie outside: "
        "try beyond it, for instance with --set 'parameters.lora_rank.values=[8, 16, 32, 64]'."
    )


def test_a_setting_that_ends_at_the_edge_is_not_to_be_widened(tmp_path: Path) -> None:
    outcome = found(tmp_path)
    trials = {
        name: replace(trial, parameters={"weight_decay": 0.0 if name == "t003" else 0.1})
        for name, trial in outcome.trials.items()
    }
    at_zero = replace(outcome, trials=trials, parameters={"weight_decay": {"min": 0.0, "max": 0.1}})
    assert edge_warnings(at_zero) == [
        "The best weight decay, 0, lies at the lower edge of its range (0 to 0.1), and this "
        "setting can go no further."
    ]


def test_position_follows_the_distribution() -> None:
    assert position(0.5, {"min": 0.0, "max": 2.0}) == 0.25
    ranges = {"min": 0.01, "max": 1.0, "distribution": "log_uniform_values"}
    assert position(0.1, ranges) == pytest.approx(0.5)  # one of two decades


def test_phrases_far_commoner_than_counsellors_use_are_told(tmp_path: Path) -> None:
    def share(value: float) -> dict[str, Any]:
        return {"value": value, "low": value - 0.05, "high": value + 0.05, "n": 20}

    mine = {"apologies": share(0.5), "shared_experience": share(0.12), "questions": share(2.5)}
    human = {"apologies": Figure(0.1), "shared_experience": Figure(0.03), "questions": Figure(0.6)}
    outcome = found(tmp_path, *(("best.metrics." + name, value) for name, value in mine.items()))
    limits = bounds(LIMITS, sft=outcome.trials["sft"].test, human=human)
    warned = guard_warnings(replace(outcome, guarded=Guarded(False, {"test": limits})))[0]
    assert "questions 2.50 [2.45, 2.55], at most 1.00" in warned
    assert "apologies 50 % [45, 55], at most 20 % (the human replies' +10 points)" in warned
    assert "shared experience" not in warned  # 12 % is under 3 % and ten points
