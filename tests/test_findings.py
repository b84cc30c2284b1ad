"""python -m pytest tests/test_findings.py"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from invented_sweep import found, write

from sweeps.record.ledger import Figure, read_record
from sweeps.report.findings import answer, outcome


def test_answer_names_winner_rival_difference_and_ties(tmp_path: Path) -> None:
    assert answer(found(tmp_path)) == [
        "Trial t003 (beta 0.08, learning rate 4.9e-4, LoRA rank 16) scored 2.90 [2.60, 3.20] for "
        "empathy on the test split, against 1.90 [1.60, 2.20] for the SFT model: a paired "
        "difference of +1.00 [+0.70, +1.30].",
        "Against the untrained base it is +0.90 [+0.50, +1.30].",
        "1 trial (t005) is statistically tied with it: it is not shown, with 95 % confidence, "
        "corrected for comparing 4 trials, that it is worse. The settings of all of them are "
        "candidates, not only the first.",
    ]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-0.1, 0.5, "does not separate its best trial from SFT"),
        (-0.5, -0.1, "is worse than SFT alone"),
        (None, None, "how sure it is cannot be said"),
    ],
)
def test_negative_results_are_said_plainly(
    tmp_path: Path, low: float | None, high: float | None, words: str
) -> None:
    difference = {"value": 0.2, "low": low, "high": high, "n": 32}
    (first, *_) = answer(found(tmp_path, ("differences.vs_sft.empathy", difference)))
    assert words in first


def test_a_metric_to_minimise_wins_by_falling(tmp_path: Path) -> None:
    write(tmp_path)
    record = read_record(tmp_path)
    record.manifest["metric"]["goal"] = "minimize"
    assert "worse than SFT alone" in answer(outcome(record))[0]  # it rose by 1.00 [0.70, 1.30]


def test_base_that_beats_the_winner_is_said(tmp_path: Path) -> None:
    worse = {"empathy": {"value": -0.4, "low": -0.6, "high": -0.2, "n": 32}}
    told = answer(found(tmp_path, ("differences.vs_base", worse)))
    assert told[1].endswith("the base model, with no training at all, is better.")


def test_no_tie_and_no_winner(tmp_path: Path) -> None:
    assert answer(found(tmp_path / "a", ("tied", ["t003"])))[-1] == (
        "No other of the 4 trials trained to the end is statistically tied with it: with 95 % "
        "confidence, corrected for comparing 4 trials, all are worse."
    )
    barred = found(tmp_path / "c", ("tied", ["t003"]), ("tied_barred", ["t005"]))
    assert "t005 would be (not shown" in answer(barred)[-1]
    assert "bar them" in answer(barred)[-1]
    (only,) = answer(found(tmp_path / "b", ("best", None), ("tied", [])))
    assert only.startswith("No trial won: none was trained to the end")


def test_a_winner_by_a_training_curve_is_told_as_one(tmp_path: Path) -> None:
    by_loss = replace(found(tmp_path), metric="loss", goal="minimize")
    by_loss.trials["t003"].metrics["loss"] = Figure(0.41)
    (only,) = answer(by_loss)
    assert only.startswith("Trial t003 (beta 0.08, learning rate 4.9e-4, LoRA rank 16) ended with ")
    assert "the lowest loss, 0.41, no interval. That is a training curve" in only


def test_a_supervised_sweep_speaks_of_no_dpo(tmp_path: Path) -> None:
    difference = {"value": 0.2, "low": -0.1, "high": 0.5, "n": 32}
    unsure = found(tmp_path, ("differences.vs_sft.empathy", difference))
    first, *_, last = answer(replace(unsure, objective="sft"))
    assert "for the warm start alone (SFT): a paired difference" in first
    assert "from the warm start: more supervised training may have helped" in first
    assert last.startswith("The trials went on with supervised training on human replies")
    assert "DPO may have helped" in answer(unsure)[0]
