"""What readers are told of fresh seeds."""

from __future__ import annotations

from typing import Any

from sweeps.report.fresh_seeds import SeedRow, failures, rows, sentence


def figure(value: float, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "n": 28}


def seeds(lead: dict[str, Any], runs: int = 3) -> dict[str, Any]:
    names = ["t004", *(f"t004-s{n}" for n in range(1, runs))]
    fresh = {"empathy": figure(1.5, 1.2, 1.8)}
    return {
        "finalists": {"t004": {"runs": names, "fresh": fresh, "deviation": figure(0.2, 0.1, 0.9)}},
        "failed": [],
        "corrected": {
            "selected": figure(1.9, 1.6, 2.2),
            "fresh": figure(1.5, 1.2, 1.8),
            "optimism": figure(0.3, -0.1, 0.7),
        },
        "differences": {"vs_sft": {"empathy": lead}, "vs_base": {}},
    }


def test_the_sentence_says_what_to_expect_and_how_much_was_luck() -> None:
    told = sentence(seeds(figure(0.8, 0.3, 1.3)), "t004", "empathy", 1)
    assert told.startswith(
        "Trained again with 2 fresh seeds, the same settings scored 1.50 [1.20, 1.80] on these "
        "prompts, +0.80 [+0.30, +1.30] against SFT: expect this of them"
    )
    assert "was +0.30 [-0.10, +0.70] beside the fresh ones" in told


def test_a_lead_that_fresh_seeds_do_not_bear_out_is_called_so() -> None:
    assert "which includes 0 and may be luck" in sentence(
        seeds(figure(0.2, -0.3, 0.7), runs=2), "t004", "empathy", 1
    )
    assert "which is worse" in sentence(seeds(figure(-0.5, -0.9, -0.1)), "t004", "empathy", 1)
    assert "which is worse" in sentence(seeds(figure(0.5, 0.1, 0.9)), "t004", "empathy", -1)
    assert "without an interval" in sentence(seeds(figure(0.5)), "t004", "empathy", 1)


def test_nothing_is_said_without_fresh_seeds() -> None:
    assert sentence(None, "t004", "empathy", 1) == ""
    assert sentence({**seeds(figure(1)), "corrected": None}, "t004", "empathy", 1) == ""
    assert (rows(None, "empathy"), failures(None)) == ([], "")


def test_rows_and_failures() -> None:
    found = {**seeds(figure(1)), "failed": ["t004-s1", "t001-s2"]}
    assert rows(found, "empathy") == [SeedRow("t004", 2, "1.50 [1.20, 1.80]", "0.20 [0.10, 0.90]")]
    assert failures(found) == "t004-s1, t001-s2 failed, and count for nothing."
