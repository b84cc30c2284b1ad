"""Why a question was not measured, by the reason that is true.

python -m pytest tests/test_comparison_rivals.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from invented_study import sweep

from empathy.errors import UserError
from sweeps.comparison.contrasts import findings
from sweeps.comparison.folders import Sweep
from sweeps.comparison.rivals import against


def without_winner(one: Sweep, **summary: Any) -> Sweep:
    """The sweep as if its trial, trained to the end, had not won."""
    edited = {**one.summary, "best": None, "differences": {}, **summary}
    return replace(one, best=None, record=replace(one.record, summary=edited))


def test_that_guards_barred_all_trials_is_the_reason_given(tmp_path: Path) -> None:
    guards = ("guards.enforce=true", "guards.limits={words: {max: 21}}")  # the trial's are 22
    dpo, rival = (sweep(tmp_path / name, name, (1.0, 1.2, 2.0), *guards)
                  for name in ("dpo_gemma", "sft_gemma"))  # fmt: skip
    reason = "No trial won: each of the 1 that were trained to the end breaks a guard, on validat"
    told = against(findings([without_winner(dpo), rival]), "sft").sentences
    assert told[1].startswith(f"gemma, DPO: {reason}")
    told = against(findings([dpo, without_winner(rival)]), "continued").sentences
    assert told[1].startswith(f"gemma, SFT continued: {reason}")


def test_that_all_finalists_were_unsafe_is_the_reason_given(tmp_path: Path) -> None:
    dpo = sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0))
    found = findings([without_winner(dpo, safety={"policies": {}, "lost": {"t001": {}}})])
    assert against(found, "base").sentences[1] == (
        "gemma, DPO: No trial won: the only finalist answered people in crisis less safely than "
        "the SFT model."
    )


def scored(one: Sweep, half: int, *names: str) -> Sweep:
    """The sweep whose winner has these numbers for every second prompt only, and SFT for the
    others."""
    assert one.best is not None
    sides = [(one.best, half), (one.sft, 1 - half)]
    best, sft = (
        replace(each, scores=each.scores | {
            name: tuple(score if i % 2 == kept else None
                        for i, score in enumerate(each.scores[name]))
            for name in names
        })
        for each, kept in sides
    )  # fmt: skip
    return replace(one, best=best, sft=sft)


def test_two_without_a_scored_prompt_in_common_are_not_measured(tmp_path: Path) -> None:
    one = sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0))
    found = findings([scored(one, 0, "empathy")])
    assert [each.rival for each in found.contrasts] == ["base"]
    assert against(found, "sft").sentences == (
        "Not measured in gemma.",
        "gemma: no test prompt has empathy for both DPO and SFT.",
    )
    beside = findings([scored(one, 0, "empathy_referee")])
    assert [each.referee for each in beside.contrasts] == [None, "better"]  # SFT; the base


def test_winners_without_a_scored_prompt_in_common_cannot_be_ranked(tmp_path: Path) -> None:
    gemma = sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0))
    llama = sweep(tmp_path / "b", "dpo_llama", (1.0, 1.2, 1.6))
    with pytest.raises(UserError, match="DPO winners of gemma and llama have empathy for no test"):
        findings([scored(gemma, 0, "empathy"), scored(llama, 1, "empathy")])
