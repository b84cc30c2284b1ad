"""Which guards numbers break, by hand.

python -m pytest tests/test_guards.py
"""

from __future__ import annotations

from typing import Any

import pytest

from sweeps.record.ledger import Figure, Trial
from sweeps.report.guard_text import breaks, in_leaderboard, nobody_won
from sweeps.sweepfile.limits import Guards, Limit
from sweeps.verdict.guards import Guarded, bounds, broken, excesses, of_study, open_guards, summary

LIMITS = {
    "relevance": Limit(min_minus_sft=0.0),
    "shared_experience": Limit(max_minus_human=0.10),
    "log_ratio": Limit(max=15.0),
    "words": Limit(min=10.0, max=40.0),
}
SFT = {"relevance": Figure(0.8)}
HUMAN = {"shared_experience": Figure(0.02)}
FOUND = bounds(LIMITS, sft=SFT, human=HUMAN)
GOOD = {
    "relevance": Figure(0.8),
    "shared_experience": Figure(0.12),
    "log_ratio": Figure(15.0),
    "words": Figure(10.0),
}


def names(metrics: dict[str, Figure]) -> list[str]:
    return [each.bound.name for each in broken(FOUND, metrics)]


def test_relative_limits_become_numbers() -> None:
    assert {each.name: each.limit for each in FOUND} == pytest.approx(
        {
            "relevance.min_minus_sft": 0.8,
            "shared_experience.max_minus_human": 0.12,
            "log_ratio.max": 15.0,
            "words.min": 10.0,
            "words.max": 40.0,
        }
    )


def test_the_limit_itself_is_kept_and_what_lies_beyond_is_broken() -> None:
    assert names(GOOD) == []
    assert names({**GOOD, "relevance": Figure(0.79)}) == ["relevance.min_minus_sft"]
    assert names({**GOOD, "words": Figure(41.0)}) == ["words.max"]
    assert names({**GOOD, "words": Figure(9.0), "log_ratio": Figure(15.1)}) == [
        "log_ratio.max", "words.min",
    ]  # fmt: skip


def test_what_was_not_measured_breaks_nothing_and_is_told() -> None:
    without = {name: GOOD[name] for name in ("relevance", "words")}
    assert names(without) == []
    assert open_guards(LIMITS, FOUND, without) == [
        "shared_experience.max_minus_human", "log_ratio.max",
    ]  # fmt: skip
    no_human = bounds(LIMITS, sft=SFT, human={})
    assert open_guards(LIMITS, no_human, GOOD) == ["shared_experience.max_minus_human"]


def test_a_break_is_sure_where_the_whole_interval_lies_beyond() -> None:
    far = {"log_ratio": Figure(18.0, 15.5, 20.5)}
    near = {"log_ratio": Figure(18.0, 14.5, 21.5)}
    unknown = {"log_ratio": Figure(18.0)}
    assert [broken(FOUND, each)[0].sure for each in (far, near, unknown)] == [True, False, False]


def test_a_paired_difference_to_sft_decides_how_sure() -> None:
    mine = {"relevance": Figure(0.75, 0.65, 0.85)}
    assert not broken(FOUND, mine)[0].sure
    assert broken(FOUND, mine, {"relevance": Figure(-0.05, -0.08, -0.02)})[0].sure
    assert not broken(FOUND, mine, {"relevance": Figure(-0.05, -0.11, 0.01)})[0].sure
    # With a margin of 0.03 the same difference, -0.05 to at most -0.02, is not surely beyond.
    margin = bounds({"relevance": Limit(min_minus_sft=-0.03)}, sft=SFT, human={})
    assert not broken(margin, mine, {"relevance": Figure(-0.05, -0.08, -0.02)})[0].sure


def test_excesses_are_in_parts_of_the_limit_and_missing_where_nothing_is_known() -> None:
    values = {"relevance": 0.72, "log_ratio": 18.0, "words": 20.0, "shared_experience": None}
    assert excesses(FOUND, values) == pytest.approx(
        {
            "relevance.min_minus_sft": 0.08 / 0.8,
            "log_ratio.max": 3 / 15,
            "words.min": -10 / 10,
            "words.max": -20 / 40,
        }
    )
    assert excesses(FOUND, {"log_ratio": float("nan")}) == {}
    none_at_all = bounds({"shared_experience": Limit(max=0.0)}, sft={}, human={})
    assert excesses(none_at_all, {"shared_experience": 0.2}) == {"shared_experience.max": 0.2}


def ready() -> dict[str, Any]:
    """What a host prepared; SFT and people differ between the splits."""
    sft = {
        s: {"metrics": {"relevance": {"value": v}}} for s, v in (("validation", 0.8), ("test", 0.7))
    }
    human = {s: {"shared_experience": {"value": v}} for s, v in (("validation", 0.02), ("test", 0))}
    return {"baselines": {"sft": sft}, "facts": {"human": human}}


def test_each_split_has_limits_of_its_own() -> None:
    found = of_study(Guards(limits=LIMITS), ready())
    limits = {split: {b.name: b.limit for b in found.of(split)} for split in ("validation", "test")}
    assert limits["validation"]["relevance.min_minus_sft"] == pytest.approx(0.8)
    assert limits["test"]["relevance.min_minus_sft"] == pytest.approx(0.7)
    assert limits["test"]["shared_experience.max_minus_human"] == pytest.approx(0.1)


def test_only_enforced_guards_bar_a_trial() -> None:
    poor = {"relevance": {"value": 0.5}}
    assert not of_study(Guards(limits=LIMITS), ready()).barred(poor)
    assert of_study(Guards(limits=LIMITS), ready()).constraints == ()
    forced = of_study(Guards(limits=LIMITS, enforce=True), ready())
    assert forced.barred(poor)
    assert not forced.barred({"relevance": {"value": 0.8}})


def test_the_summary_says_what_each_trial_breaks() -> None:
    settings = Guards(limits={"relevance": Limit(min_minus_sft=0.0), "log_ratio": Limit(max=15.0)})
    told = summary(settings, of_study(settings, ready()), {
        "validation": {"t000": {"relevance": {"value": 0.9}, "log_ratio": {"value": 16.0}}},
        "test": {"t000": {"relevance": {"value": 0.6}}},
    })  # fmt: skip
    assert told == {
        "enforced": False,
        "validation": {
            "limits": {"relevance.min_minus_sft": 0.8, "log_ratio.max": 15.0},
            "trials": {"t000": {"broken": ["log_ratio.max"], "not_measured": []}},
        },
        "test": {
            "limits": {"relevance.min_minus_sft": 0.7, "log_ratio.max": 15.0},
            "trials": {
                "t000": {"broken": ["relevance.min_minus_sft"], "not_measured": ["log_ratio.max"]}
            },
        },
    }


def trial(name: str, **values: Figure) -> Trial:
    return Trial(name, state="completed", metrics={"empathy": Figure(2.0), **values})


def test_the_leaderboard_names_what_is_broken_and_marks_who_wins_by_it() -> None:
    found = Guarded(False, {"validation": FOUND, "test": FOUND})
    drifted = trial("t1", log_ratio=Figure(18.0, 16.0, 20.0), relevance=Figure(0.7, 0.5, 0.9))
    told = "breaks log-ratio to SFT; may break relevance"
    assert in_leaderboard(found, drifted, won=False, changes={}) == told
    assert in_leaderboard(found, drifted, won=True, changes={}) == f"wins the score, {told}"
    kept = trial("t2", log_ratio=Figure(3.0))
    assert in_leaderboard(found, kept, won=True, changes={}) == "kept"
    assert in_leaderboard(found, trial("t3"), won=False, changes={}) == "-"


def test_the_leaderboard_does_not_call_kept_what_was_not_measured() -> None:
    # The human replies have no rate of shared experience, so that guard has no limit at all.
    known = bounds(LIMITS, sft=SFT, human={})
    found = Guarded(True, {"validation": known, "test": known}, LIMITS)
    drifted = trial("t1", log_ratio=Figure(18.0, 16.0, 20.0), words=Figure(20.0))
    assert in_leaderboard(found, drifted, won=False, changes={}) == (
        "breaks log-ratio to SFT; not measured: relevance, shared experience"
    )
    near = trial("t2", log_ratio=Figure(3.0), words=Figure(20.0), relevance=Figure(0.9))
    assert in_leaderboard(found, near, won=True, changes={}) == "not measured: shared experience"
    sft = trial("sft", words=Figure(20.0), relevance=Figure(0.8))  # has no log-ratio to itself
    assert in_leaderboard(found, sft, won=False, changes={}) == "not measured: shared experience"


def test_the_leaderboard_is_as_sure_of_the_winner_as_the_warning() -> None:
    found = Guarded(False, {"validation": FOUND, "test": FOUND})
    poor = trial("t1")
    poor.test = {"relevance": Figure(0.75, 0.65, 0.85)}
    paired = {"relevance": Figure(-0.05, -0.08, -0.02)}
    assert list(breaks(FOUND, poor.test, paired)) == ["breaks"]
    told = in_leaderboard(found, poor, won=True, changes=paired)
    assert told == "wins the score, breaks relevance"
    assert in_leaderboard(found, poor, won=False, changes=paired) == "may break relevance"
    poor.test = {}  # judged on validation prompts, of which `paired` says nothing
    poor.metrics = {"relevance": Figure(0.75, 0.65, 0.85)}
    told = in_leaderboard(found, poor, won=True, changes=paired)
    assert told == "wins the score, may break relevance"


def test_that_all_are_barred_is_said_with_the_best_of_them() -> None:
    found = Guarded(True, {"validation": FOUND})
    far = trial("t1", log_ratio=Figure(18.0, 16.0, 20.0))
    told = nobody_won(found, [Trial("sft"), far, trial("t2", words=Figure(80.0))], "empathy")
    assert told is not None
    assert "each of the 2 that were trained to the end breaks a guard" in told
    assert told.endswith("t1's, which breaks log-ratio to SFT 18.0 [16.0, 20.0], at most 15.0.")
    assert nobody_won(found, [far, trial("t2", log_ratio=Figure(3.0))], "empathy") is None
    assert nobody_won(Guarded(False, {"validation": FOUND}), [far], "empathy") is None
    assert nobody_won(found, [Trial("t1", state="failed")], "empathy") is None
