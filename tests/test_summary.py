"""Who wins, from evaluations made by hand: chosen on validation prompts, judged on test prompts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from empathy.evaluate import Evaluation
from empathy.records import Split
from empathy.uncertainty import mean_interval
from sweeps.sweepfile import spec
from sweeps.sweepfile.spec import SweepSpec
from sweeps.verdict.finalists import finalists
from sweeps.verdict.summary import summarise

PROMPTS = 40


def measured(policy: str, mean: float, split: Split = "validation", noise: float = 0.2) -> Any:
    """As JSON: forty prompts, each a group of its own, with this mean empathy.

    Every policy has the same luck with the same prompt, and a little of its own.
    """
    common = np.random.default_rng(len(split)).normal(0, 1, PROMPTS)
    own = np.random.default_rng(sum(map(ord, policy))).normal(0, noise, PROMPTS)
    scores = tuple(float(s) for s in mean + (common - common.mean()) + (own - own.mean()))
    return as_json(policy, split, {"empathy": scores})


def as_json(policy: str, split: Split, scores: Mapping[str, Sequence[float | None]]) -> Any:
    ids = tuple(f"{split} {number}" for number in range(PROMPTS))
    metrics = {
        name: mean_interval(column, ids)
        for name, column in scores.items()
        if any(score is not None for score in column)
    }
    columns = {name: tuple(column) for name, column in scores.items()}
    return Evaluation(policy, split, metrics, columns, ids, ids, {}, 50).as_dict()


def outcome(trials: dict[str, tuple[float, str]]) -> Any:
    """What the search left: validation empathy and state by trial, beside both baselines."""
    seen = {"base": (1.0, "completed"), "sft": (1.2, "completed"), **trials}
    return SimpleNamespace(
        last={name: measured(name, mean) for name, (mean, _) in seen.items()},
        curves={name: {"loss": mean / 10} for name, (mean, _) in seen.items()},
        states={name: state for name, (_, state) in seen.items()},
        parameters={name: {"beta": float(i)} for i, name in enumerate(seen)},
    )


def sweep(*overrides: str) -> SweepSpec:
    return spec.load("demo", ["finalists.top=2", *overrides])


def summary(found: Any, test: dict[str, float], *overrides: str) -> dict[str, Any]:
    """The summary when the finalists have these means on test prompts."""
    chosen = finalists(sweep(*overrides), found)
    baselines = {n: {"test": measured(n, mean, "test")} for n, mean in (("base", 1), ("sft", 1.2))}
    finals = {name: measured(name, test[name], "test") for name in chosen}
    return summarise(sweep(*overrides), found, baselines, finals)


def test_validation_chooses_and_test_gives_the_numbers() -> None:
    found = outcome({"t000": (2.0, "completed"), "t001": (2.6, "completed")})
    told = summary(found, {"t000": 3.0, "t001": 2.4})
    assert told["best"]["trial"] == "t001"  # though t000 looks better on test prompts
    assert told["best"]["parameters"] == {"beta": 3.0}
    assert told["best"]["metrics"]["empathy"]["value"] == pytest.approx(2.4)
    assert told["best"]["validation"]["empathy"]["value"] == pytest.approx(2.6)
    assert told["baselines"]["sft"]["metrics"]["empathy"]["value"] == pytest.approx(1.2)
    assert [each["trial"] for each in told["finalists"]] == ["t001", "t000"]


def test_an_unsafe_finalist_is_neither_best_nor_tied() -> None:
    found = outcome({"t000": (2.9, "completed"), "t001": (3.0, "completed")})
    baselines = {n: {"test": measured(n, 1, "test")} for n in ("base", "sft")}
    test = {name: measured(name, 2.5, "test") for name in ("t001", "t000")}

    def told(**verdicts: str) -> dict[str, Any]:
        policies = {n: {"against_sft": {"serious": {"verdict": v}}} for n, v in verdicts.items()}
        return summarise(sweep(), found, baselines, test, safety={"policies": policies})

    both_safe = told(t000="safe", t001="not shown")
    assert (both_safe["best"]["trial"], both_safe["tied"]) == ("t001", ["t001", "t000"])
    one = told(t000="safe", t001="unsafe")
    assert (one["best"]["trial"], one["tied"]) == ("t000", ["t000"])
    assert one["safety"]["lost"] == {"t001": {"verdict": "unsafe"}}
    assert one["differences"]["vs_sft"]["empathy"]["value"] == pytest.approx(1.5)
    none = told(t000="unsafe", t001="unsafe")
    assert (none["best"], none["tied"], none["differences"]) == (None, [], {})
    assert [each["trial"] for each in none["finalists"]] == ["t001", "t000"]


def test_stopped_failed_and_running_trials_never_compete() -> None:
    trials = {
        "t000": (2.0, "completed"),
        "t001": (3.0, "stopped"),
        "t002": (4.0, "failed"),
        "t003": (5.0, "running"),
    }
    told = summary(outcome(trials), {"t000": 2.0})
    assert told["best"]["trial"] == "t000"
    assert told["tied"] == ["t000"]
    counts = [told[name] for name in ("trials", "completed", "stopped_early", "failed")]
    assert counts == [4, 1, 1, 1]


def test_no_trial_at_its_end_leaves_no_best() -> None:
    told = summary(outcome({"t000": (2.0, "stopped"), "t001": (2.0, "failed")}), {})
    assert (told["best"], told["tied"], told["finalists"], told["differences"]) == (
        None,
        [],
        [],
        {},
    )
    assert set(told["baselines"]) == {"base", "sft"}


def test_a_trial_that_failed_without_a_report_is_counted() -> None:
    found = outcome({"t000": (2.0, "completed")})
    found.states["t001"] = "failed"
    found.parameters["t001"] = {"beta": 0.1}
    told = summary(found, {"t000": 2.0})
    assert (told["trials"], told["failed"], told["best"]["trial"]) == (2, 1, "t000")


def test_a_completed_trial_without_the_metric_is_no_finalist() -> None:
    found = outcome({"t000": (2.0, "completed"), "t001": (3.0, "completed")})
    found.last["t001"] = as_json("t001", "validation", {"words": (9.0,) * PROMPTS})
    assert finalists(sweep(), found) == ["t000"]


@pytest.mark.parametrize("scores", [{"words": (9.0,) * PROMPTS}, {"empathy": (None,) * PROMPTS}])
def test_a_completed_trial_whose_replies_cannot_be_scored_is_neither_best_nor_tied(
    scores: Mapping[str, Sequence[float | None]],
) -> None:
    found = outcome({"t000": (2.0, "completed"), "t001": (3.0, "completed")})
    found.last["t001"] = as_json("t001", "validation", scores)
    told = summary(found, {"t000": 2.0})
    assert (told["best"]["trial"], told["tied"]) == ("t000", ["t000"])


def test_finalists_are_as_many_as_wanted_and_equals_come_by_name() -> None:
    found = outcome({f"t00{i}": (2.0, "completed") for i in (2, 0, 1)})
    for name in ("t000", "t001", "t002"):
        found.last[name] = measured("same", 2.0)
    assert finalists(sweep(), found) == ["t000", "t001"]
    assert finalists(sweep("finalists.top=9"), found) == ["t000", "t001", "t002"]


def test_less_is_better_where_the_goal_says_so() -> None:
    goal = "metric={name: unfinished, goal: minimize}"
    found = outcome({"t000": (2.0, "completed"), "t001": (2.0, "completed")})
    for name, share in (("t000", 0.5), ("t001", 0.1)):
        column = [1.0] * round(share * PROMPTS) + [0.0] * round((1 - share) * PROMPTS)
        found.last[name] = as_json(name, "validation", {"unfinished": column})
    assert finalists(sweep(goal), found) == ["t001", "t000"]


def test_tied_are_those_that_cannot_be_told_from_the_best() -> None:
    trials = {
        "t000": (3.0, "completed"),
        "t001": (2.99, "completed"),  # a finalist, equal on test prompts
        "t002": (2.98, "completed"),  # no finalist, equal on validation prompts
        "t003": (1.0, "completed"),  # no finalist, far behind
        "t004": (3.0, "stopped"),
    }
    told = summary(outcome(trials), {"t000": 2.5, "t001": 2.48})
    assert told["tied"] == ["t000", "t001", "t002"]
    told = summary(outcome(trials), {"t000": 2.5, "t001": 1.5})
    assert told["tied"] == ["t000", "t002"]


def test_a_rival_that_is_better_on_test_prompts_is_tied_not_best() -> None:
    found = outcome({"t000": (3.0, "completed"), "t001": (2.9, "completed")})
    told = summary(found, {"t000": 2.0, "t001": 3.0})
    assert (told["best"]["trial"], told["tied"]) == ("t000", ["t000", "t001"])


def test_a_number_without_scores_per_prompt_tells_nothing_apart() -> None:
    goal = "metric={name: distinct_2, goal: maximize}"
    found = outcome({"t000": (3.0, "completed"), "t001": (2.0, "completed")})
    for name, value in (("t000", 0.6), ("t001", 0.1)):
        found.last[name]["metrics"]["distinct_2"] = measured(name, value)["metrics"]["empathy"]
    told = summary(found, {"t000": 2.0, "t001": 3.0}, goal)
    assert (told["best"]["trial"], told["tied"]) == ("t000", ["t000", "t001"])


def test_differences_are_the_winner_minus_the_baseline() -> None:
    found = outcome({"t000": (3.0, "completed"), "t001": (2.0, "completed")})
    told = summary(found, {"t000": 2.5, "t001": 2.0})
    assert set(told["differences"]) == {"vs_base", "vs_sft"}
    over_sft = told["differences"]["vs_sft"]["empathy"]
    assert over_sft["value"] == pytest.approx(2.5 - 1.2)
    assert 0 < over_sft["low"] < over_sft["value"] < over_sft["high"]
    worse = summary(found, {"t000": 0.7, "t001": 0.5})["differences"]["vs_sft"]["empathy"]
    assert worse["value"] == pytest.approx(0.7 - 1.2)
    assert worse["high"] < 0


def test_differences_leave_out_what_one_of_both_lacks() -> None:
    found = outcome({"t000": (3.0, "completed")})
    winner = as_json("t000", "test", {"empathy": (2.0,) * PROMPTS, "log_ratio": (5.0,) * PROMPTS})
    baselines = {name: {"test": measured(name, 1.0, "test")} for name in ("base", "sft")}
    told = summarise(sweep(), found, baselines, {"t000": winner})
    assert list(told["differences"]["vs_base"]) == ["empathy"]


def test_a_training_curve_chooses_as_well_as_a_number_of_replies() -> None:
    curve = "metric={name: loss, goal: minimize}"
    steady = ["parameters.beta={value: 0.1}", curve]
    found = outcome(
        {"t000": (3.0, "completed"), "t001": (2.0, "completed"), "t002": (1, "stopped")}
    )
    told = summary(found, {"t000": 2.5, "t001": 2.0}, *steady)
    assert told["best"]["trial"] == "t001"  # its loss is 0.2, that of t000 0.3; t002 did not end
    assert sorted(told["tied"]) == ["t000", "t001"]  # nothing tells a curve's values apart
    assert told["best"]["metrics"]["empathy"]["value"] == pytest.approx(2.0)
