"""python -m pytest tests/test_comparison_comparable.py"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from invented_study import evaluation, sweep

from empathy.errors import UserError
from sweeps.comparison.comparable import check, unequal_effort, unequal_families
from sweeps.comparison.folders import Sweep


def two(root: Path, *overrides: str, **plan: Any) -> list[Sweep]:
    """A Gemma sweep as it stands, and a Llama sweep with another setting."""
    return [
        sweep(root / "dpo_gemma", "dpo_gemma", (1.0, 1.2, 2.0)),
        sweep(root / "dpo_llama", "dpo_llama", (1.0, 1.3, 1.6), *overrides, **plan),
    ]


def noted(found: Sweep, **facts: Any) -> Sweep:
    """The sweep with other facts in its manifest."""
    return replace(found, record=replace(found.record, manifest=found.manifest | facts))


def test_sweeps_that_answered_the_same_prompts_alike_pass(tmp_path: Path) -> None:
    check(two(tmp_path, "training.max_steps=100", "early_terminate=null", "data.candidates=8"))


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("evaluation.temperature=0.2", r"evaluation.temperature is 0.7 in .*dpo_gemma and 0.2 in"),
        ("evaluation.max_new_tokens=64", r"evaluation.max_new_tokens is 128 in .* and 64 in"),
        ("evaluation.test_prompts=48", r"evaluation.test_prompts is 96 in .* and 48 in"),
        ("evaluation.seed=1", r"evaluation.seed is 0 in .* and 1 in"),
        ("data.corpora=[annomi]", r"data.corpora is \['sample'\] in .* and \['annomi'\] in"),
        ("data.context_turns=1", r"data.context_turns is 3 in .* and 1 in"),
        ("metric={name: relevance, goal: maximize}", r"metric is empathy maximize in .* and rel"),
    ],
)
def test_what_changes_prompts_or_replies_is_refused_by_name(
    tmp_path: Path, override: str, told: str
) -> None:
    with pytest.raises(UserError, match=told):
        check(two(tmp_path, override))


def test_other_test_prompts_under_the_same_settings_are_refused(tmp_path: Path) -> None:
    # 40 prompts, p0 to p39, against 38: p38 and p39 are in one alone.
    with pytest.raises(UserError, match=r"the 40 test prompts of .*dpo_gemma and the 38 of .* 2 a"):
        check(two(tmp_path, count=38))


def test_the_same_prompts_in_other_dialogues_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="data files or the split changed"):
        check(two(tmp_path, groups=20))


def test_a_winner_measured_on_other_prompts_is_refused(tmp_path: Path) -> None:
    first, second = two(tmp_path)
    odd = replace(second, best=evaluation("t001", {"empathy": [1.0] * 39}))
    with pytest.raises(UserError, match=r"dpo_llama \(t001\) differ, 1 are in one alone"):
        check([first, odd])


def test_scorers_are_told_apart_by_how_they_score_the_same_human_replies(tmp_path: Path) -> None:
    first, second = two(tmp_path)
    human = {"empathy": {"value": 1.61}, "words": {"value": 24.0}}
    with pytest.raises(UserError, match=r"same human replies have empathy 1\.500 and 1\.610"):
        check([first, noted(second, human={"test": human})])
    check([first, noted(second, human={"test": {"empathy": {"value": 1.5001}}})])
    check([first, noted(second, human={})])


def test_recorded_scorers_must_have_the_same_weights_also_beyond_a_neighbour(
    tmp_path: Path,
) -> None:
    first, second = two(tmp_path)
    third = sweep(tmp_path / "dpo_biobert", "dpo_biobert", (1.0, 1.3, 1.6))
    ours, theirs = (noted(each, scorers={"evaluate": sha})
                    for each, sha in ((first, "ab"), (third, "cd")))  # fmt: skip
    with pytest.raises(UserError, match="scorer 'evaluate' has other weights"):
        check([ours, second, theirs])


def test_a_number_of_the_whole_set_cannot_be_compared_prompt_by_prompt(tmp_path: Path) -> None:
    (first,) = two(tmp_path)[:1]
    odd = noted(first, metric={"name": "distinct_2", "goal": "maximize"})
    with pytest.raises(UserError, match="searched for distinct_2, which has no number per prompt"):
        check([odd])


def test_unequal_effort_names_the_numbers(tmp_path: Path) -> None:
    dpo = two(tmp_path)[0]
    rival = sweep(
        tmp_path / "sft_gemma", "sft_gemma", (1.0, 1.2, 1.3),
        "training.max_steps=100", "early_terminate=null", "run_cap=4", "warm_start.steps=50",
    )  # fmt: skip
    assert unequal_effort(dpo, dpo) == []
    assert unequal_effort(dpo, rival) == [
        "gemma: DPO had 150 optimizer steps of a trial, SFT continued 100: the two are compared, "
        "but their effort differs.",
        "gemma: DPO had 32 trials searched at most, SFT continued 4: the two are compared, but "
        "their effort differs.",
        "gemma: DPO and SFT continued began with different warm starts (warm_start.steps), so the "
        "difference holds that of their starts as well.",
    ]


def test_unequal_families_are_told(tmp_path: Path) -> None:
    first, second = two(tmp_path, "data.candidates=8", "data.schemes={ranked: 3, adherence: 1}",
                        "data.corpora=[mi]")  # fmt: skip
    assert unequal_families({"gemma": first}) == []
    assert unequal_families({"gemma": first, "llama": second}) == [
        "The DPO sweeps differ in pair schemes: ranked 1 (gemma), adherence 1, ranked 3 (llama).",
        "The DPO sweeps differ in replies sampled per prompt to rank: 4 (gemma), 8 (llama).",
    ]
