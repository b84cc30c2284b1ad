"""Fresh seeds in the summary, from evaluations made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from test_summary import as_json, measured, outcome, sweep

from sweeps.verdict.finalists import Again
from sweeps.verdict.summary import summarise


def again_with(means: dict[str, list[float]]) -> tuple[Any, list[Again], dict[str, Any]]:
    """An outcome and test evaluations: each finalist's own run first, fresh seeds after it."""
    found = outcome({trial: (runs[0], "completed") for trial, runs in means.items()})
    trials, test = [], {}
    for trial, runs in means.items():
        test[trial] = measured(trial, runs[0], "test")
        for number, mean in enumerate(runs[1:], start=1):
            name = f"{trial}-s{number}"
            trials.append(Again(name, trial, {"seed": 1000 * number}))
            test[name] = measured(name, mean, "test")
            found.last[name] = measured(name, mean)
            found.states[name] = "completed"
    return found, trials, test


def over_seeds(means: dict[str, list[float]], lost: Sequence[str] = ()) -> dict[str, Any]:
    found, trials, test = again_with(means)
    baselines = {n: {"test": measured(n, mean, "test")} for n, mean in (("base", 1), ("sft", 1.2))}
    kept = {name: each for name, each in test.items() if name not in lost}
    return summarise(sweep(), found, baselines, kept, again=trials)


def test_fresh_seeds_correct_the_winner_for_its_selection() -> None:
    told = over_seeds({"t000": [3.0, 2.0, 2.2], "t001": [2.9, 2.8, 2.8]})
    seeds = told["seeds"]
    assert seeds["finalists"]["t000"]["runs"] == ["t000", "t000-s1", "t000-s2"]
    # Fresh: (2.0 + 2.2) / 2; the selected run was 3.0 on validation, 0.9 above the fresh ones.
    assert seeds["corrected"]["fresh"]["value"] == pytest.approx(2.1)
    assert seeds["corrected"]["selected"]["value"] == pytest.approx(3.0)
    assert seeds["corrected"]["optimism"]["value"] == pytest.approx(0.9)
    assert seeds["differences"]["vs_sft"]["empathy"]["value"] == pytest.approx(2.1 - 1.2)
    # Of 3.0, 2.0, 2.2 the mean is 2.4, the deviation sqrt((0.36 + 0.16 + 0.04) / 2).
    assert seeds["finalists"]["t000"]["deviation"]["value"] == pytest.approx(0.28**0.5)
    assert told["best"]["trial"] == "t000"
    assert told["trials"] == told["completed"] == 2  # trainings once more are no trials
    assert told["tied"] == ["t000", "t001"]  # t001 is no worse by fresh seeds


def test_a_clear_gap_over_fresh_seeds_unties() -> None:
    told = over_seeds({"t000": [3.0, 3.0, 3.02, 3.01], "t001": [2.9, 1.0, 1.02, 1.01]})
    assert told["tied"] == ["t000"]


def test_trainings_that_failed_are_named_and_count_for_nothing() -> None:
    means = {"t000": [3.0, 2.0, 2.2], "t001": [2.9, 2.8, 2.8]}
    seeds = over_seeds(means, lost=["t000-s1", "t001-s1", "t001-s2"])["seeds"]
    assert seeds["failed"] == ["t000-s1", "t001-s1", "t001-s2"]
    assert list(seeds["finalists"]) == ["t000"]
    assert seeds["corrected"]["fresh"]["value"] == pytest.approx(2.2)
    nothing = over_seeds(means, lost=["t000-s1", "t000-s2"])["seeds"]
    assert (nothing["corrected"], nothing["differences"]) == (None, {})


def test_a_number_that_no_prompt_has_on_both_sides_is_left_out() -> None:
    found, trials, test = again_with({"t000": [3.0, 2.0]})
    half = {"a": [1.0] * 20 + [None] * 20, "b": [None] * 20 + [1.0] * 20}
    for name, each in test.items():
        scores = {"empathy": each["scores"]["empathy"], "mi_adherence": half["a"]}
        test[name] = as_json(name, "test", scores)
    rival = as_json("sft", "test", {"mi_adherence": half["b"]})
    baselines = {"base": {"test": measured("base", 1, "test")}, "sft": {"test": rival}}
    told = summarise(sweep(), found, baselines, test, again=trials)
    assert told["seeds"]["differences"]["vs_sft"] == {}
    assert set(told["seeds"]["differences"]["vs_base"]) == {"empathy"}


def test_without_fresh_seeds_there_is_no_such_part() -> None:
    assert over_seeds({"t000": [3.0], "t001": [2.0]})["seeds"] is None


def test_table_and_sentence_give_fresh_seeds_the_same_interval() -> None:
    seeds = over_seeds({"t000": [3.0, 2.0], "t001": [2.9, 2.8]})["seeds"]
    table = seeds["finalists"]["t000"]["fresh"]["empathy"]
    assert table == seeds["corrected"]["fresh"]
    assert table["high"] - table["low"] > 2  # two runs a level apart leave much open
