"""python -m pytest tests/test_cautions.py"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from invented_sweep import SUMMARY, found

from sweeps.cautions import data_warnings, edge_warnings, guard_warnings, position, style_warnings
from sweeps.ledger import Figure


def test_guards_on_which_the_winner_falls_are_named(tmp_path: Path) -> None:
    assert guard_warnings(found(tmp_path)) == [
        "The winner is worse than SFT on relevance: 72 % [67, 77] against 84 % [79, 89].",
        "The winner's replies are longer than SFT's (39.0 [36.0, 42.0] against 25.0 [22.0, 28.0])"
        ": length alone moves scores.",
        "The winner moved far from SFT: 17.5 [15.5, 19.5] nats over a reply. Beyond 15 nats a "
        "rising score was more often gaming than empathy.",
    ]


def test_a_fall_without_paired_interval_says_so(tmp_path: Path) -> None:
    warnings = guard_warnings(found(tmp_path, ("differences.vs_sft", {})))
    assert warnings[0].startswith(
        "The winner is worse than SFT on relevance, by values that were not compared"
    )


def test_what_the_data_card_warns_of_is_repeated() -> None:
    assert data_warnings({"data_cautions": ["Length tells these pairs apart."]}) == [
        "Length tells these pairs apart."
    ]
    assert data_warnings({}) == []


def test_only_settings_at_an_edge_are_warned_of(tmp_path: Path) -> None:
    # log position of 4.9e-4 in 5e-5..5e-4: ln(9.8)/ln(10) = 0.991; of beta 0.08: 0.204
    assert edge_warnings(found(tmp_path)) == [
        "The best learning rate, 4.9e-4, lies at the upper edge of its range (5e-4): widen it."
    ]


def test_largest_of_three_values_is_an_edge(tmp_path: Path) -> None:
    best = {"trial": "t005", "metrics": SUMMARY["best"]["metrics"]}
    assert "The best LoRA rank, 32, is the largest of its values: try beyond it." in edge_warnings(
        found(tmp_path, ("best", best))
    )


def test_position_follows_the_distribution() -> None:
    assert position(0.5, {"min": 0.0, "max": 2.0}) == 0.25
    ranges = {"min": 0.01, "max": 1.0, "distribution": "log_uniform_values"}
    assert position(0.1, ranges) == pytest.approx(0.5)  # one of two decades


def test_phrases_far_commoner_than_counsellors_use_are_told(tmp_path: Path) -> None:
    def share(value: float) -> dict[str, Any]:
        return {"value": value, "low": value - 0.05, "high": value + 0.05, "n": 20}

    mine = {"apologies": share(0.5), "shared_experience": share(0.12), "questions": share(2.5)}
    edits = [("best.metrics." + name, value) for name, value in mine.items()]
    outcome = replace(
        found(tmp_path, *edits),
        human={name: Figure(value) for name, value in (("apologies", 0.1), ("questions", 0.6),
                                                       ("shared_experience", 0.03))},
    )  # fmt: skip
    (sorry, asking) = style_warnings(outcome)
    assert "apologies is 50 % [45, 55], against 10 %" in sorry
    assert asking.startswith("The winner asks 2.50")
