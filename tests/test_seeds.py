"""python -m pytest tests/test_seeds.py"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from empathy.errors import UserError
from empathy.evaluate import Column, Evaluation
from empathy.records import Split
from empathy.seeds import combine, seed_deviation, selection_corrected, tied_over_seeds
from empathy.uncertainty import JACKKNIFE, Estimate, mean_interval, share_interval

NAMES = tuple(f"g{i:02d}" for i in range(12))  # a prompt of its own per group
BASE = [0.1 * i for i in range(12)]


def run(
    mean: float, split: Split = "test", policy: str = "t1", scores: Sequence[float] | None = None
) -> Evaluation:
    """A run whose empathy is 0.55 + `mean`, half of its replies unfinished."""
    column = tuple(scores or [score + mean for score in BASE])
    halves = (0.0, 1.0) * 6
    metrics = {
        "empathy": mean_interval(column, NAMES),
        "unfinished": share_interval(halves, NAMES),
        "distinct_2": Estimate(0.5 + mean / 10, 0.4, 0.7, 12, 12, JACKKNIFE, 0.95),
    }
    columns: dict[str, Column] = {"empathy": column, "unfinished": halves}
    return Evaluation(policy, split, metrics, columns, NAMES, NAMES, {"empathy": 0}, 12)


def test_a_setting_is_the_mean_of_its_runs() -> None:
    found = combine([run(1.0), run(2.0), run(3.0)])
    assert found.scores["empathy"] == pytest.approx([score + 2 for score in BASE])
    assert found.metrics["empathy"].value == pytest.approx(2.55)
    assert found.metrics["unfinished"].value == 0.5
    assert found.metrics["distinct_2"].value == pytest.approx(0.7)
    assert (found.policy, found.split, found.prompt_ids) == ("t1", "test", NAMES)
    assert Evaluation.from_dict(json.loads(json.dumps(found.as_dict()))) == found


def test_a_setting_is_less_sure_than_one_of_its_runs() -> None:
    one, three = run(2.0), combine([run(1.0), run(2.0), run(3.0)])
    alone, together = (each.metrics["empathy"] for each in (one, three))
    assert alone.low is not None
    assert together.low is not None
    assert together.low < alone.low
    assert combine([one]).metrics == one.metrics


def test_replies_without_a_score_are_counted_over_all_seeds() -> None:
    gap = replace(
        run(1.0), scores={"empathy": (None, *BASE[1:])}, unscored={"empathy": 1}
    )  # and no column `unfinished`
    found = combine([gap, run(1.0), gap])
    assert found.scores["empathy"][0] == pytest.approx(1.0)  # the second run's alone
    assert found.unscored == {"empathy": 2}
    assert set(found.scores) == {"empathy"}


def test_what_one_run_lacks_is_missing() -> None:
    lacking = run(1.0)
    del lacking.metrics["distinct_2"]
    assert set(combine([run(1.0), lacking]).metrics) == {"empathy", "unfinished"}


def test_runs_on_different_prompts_are_refused() -> None:
    with pytest.raises(UserError, match="'t1' and 't1' answered different prompts"):
        combine([run(1.0), run(1.0, "validation")])
    with pytest.raises(ValueError, match="no runs were given"):
        combine([])


def test_the_deviation_over_seeds() -> None:
    found = seed_deviation([run(1.0), run(2.0), run(3.0)], "empathy")
    assert (found.value, found.n) == pytest.approx((1.0, 3))
    with pytest.raises(UserError, match="'t1' has no 'words'; known: empathy, unfinished"):
        seed_deviation([run(1.0), run(2.0)], "words")


def test_a_lucky_winner_is_corrected() -> None:
    validation = [run(mean, "validation") for mean in (3.0, 2.1, 1.9)]
    test = [run(mean) for mean in (2.8, 1.7, 1.9)]
    found = selection_corrected(validation, test, "empathy")
    assert found.selected == validation[0].metrics["empathy"]
    # Fresh seeds only: (1.7 + 1.9) / 2 on test; the selected run's lead on validation is 3 - 2.
    assert found.fresh.value == pytest.approx(0.55 + 1.8)
    assert found.optimism.value == pytest.approx(1.0)
    # The prompts are the same, so only seeds are unsure: s of 3, 2.1, 1.9 is 0.58595, of two fresh
    # ones t(2) * 0.58595 / sqrt(2) = 1.78270.
    assert found.optimism.low == pytest.approx(1 - 1.78270, abs=1e-4)
    assert json.loads(json.dumps(found.as_dict()))["fresh"]["n"] == 12


def test_without_a_second_seed_nothing_is_corrected() -> None:
    with pytest.raises(UserError, match="1 run leaves no fresh seed"):
        selection_corrected([run(1.0, "validation")], [run(1.0)], "empathy")
    with pytest.raises(UserError, match="no 'distinct_2' per prompt; known: empathy"):
        selection_corrected([run(1.0)] * 2, [run(1.0)] * 2, "distinct_2")


def test_settings_are_told_apart_by_fresh_seeds_alone() -> None:
    best = [run(9.0), run(3.0), run(3.1)]
    rivals = {
        "lucky": [run(8.9), run(0.1), run(0.0)],  # its first run won, the others did not
        "close": [run(0.0), run(3.0), run(2.9)],
        "better": [run(0.0), run(4.0), run(4.1)],
    }
    # The first runs make every setting's seeds look far apart, so that nothing is told ...
    assert tied_over_seeds(best, rivals, "empathy") == ["lucky", "close", "better"]
    # ... which three consistent seeds are: a gap of 3 against a spread of 0.1.
    steady = {"far": [run(0.05), run(0.1), run(0.0)], "close": [run(3.05), run(3.0), run(2.9)]}
    assert tied_over_seeds([run(3.2), run(3.0), run(3.1)], steady, "empathy") == ["close"]


def test_ties_need_a_direction_and_fresh_seeds() -> None:
    pair = [run(1.0), run(1.0)]
    assert tied_over_seeds(pair, {"t2": pair}, "unfinished") == ["t2"]
    with pytest.raises(UserError, match="no fresh seed"):
        tied_over_seeds(pair, {"t2": [run(1.0)]}, "empathy")
    wordy = [replace(each, scores={"words": tuple(BASE)}) for each in pair]
    with pytest.raises(UserError, match="'words' has no better or worse"):
        tied_over_seeds(wordy, {"t2": wordy}, "words")
    with pytest.raises(UserError, match="different prompts"):
        tied_over_seeds(pair, {"t2": [run(1.0, "validation")] * 2}, "empathy")
