"""What stands in the way of a sweep: a GPU that is not here, a language that nobody reads.

python -m pytest tests/test_obstacles.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from invented_ufjf import write_ufjf

from empathy.errors import UserError
from empathy.metrics.epitome import EmpathyScorer
from empathy.preflight import Finding
from sweeps.planning import obstacles
from sweeps.sweepfile import spec


def demo(*overrides: str) -> spec.SweepSpec:
    return spec.load("demo", list(overrides))


def test_a_gpu_is_missed_only_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert obstacles.device(demo("resources.device=auto")) == []
    with pytest.raises(UserError, match="'cuda', but torch sees no GPU here"):
        obstacles.stop(demo("resources.device=cuda"))


def test_a_metric_of_a_scorer_that_reads_no_prompt_is_refused(tmp_path: Path) -> None:
    write_ufjf(tmp_path, "pt", "csv")
    private = ["data.corpora=[ufjf]", f"data.folder={tmp_path}", "data.schemes={generated: 1}"]
    for name in ("empathy", "relevance"):
        with pytest.raises(UserError, match="every validation prompt is in the language 'pt' and"):
            obstacles.stop(demo(*private, f"metric={{name: {name}, goal: maximize}}"))
    obstacles.stop(demo(*private, "metric={name: pair_accuracy, goal: maximize}"))


def test_one_language_that_is_read_is_enough() -> None:
    sweep = demo("metric={name: empathy, goal: maximize}")
    assert obstacles.unread(sweep, {"pt": 9, "en": 1}) == []
    assert len(obstacles.unread(sweep, {"pt": 9})) == 1
    assert EmpathyScorer.languages == obstacles.READ


def test_the_weights_are_not_complained_of_twice() -> None:
    found = [Finding("error", "weights", "none"), Finding("error", "quantization", "no GPU")]
    assert obstacles.errors(found, said=True) == ["quantization: no GPU"]
    assert obstacles.errors(found, said=False)[0] == "weights: none"


def prepared(pairs: int, **validation: Any) -> dict[str, Any]:
    """What a host prepared, of which SFT has no empathy on validation prompts."""
    return {
        "facts": {
            "data": {"validation": validation},
            "pairs_truncated": {"validation": {"matched": {"of": pairs}}},
        },
        "baselines": {"sft": {"validation": {"metrics": {"distinct_2": {}, "words": {}}}}},
    }


def test_a_metric_without_a_number_is_said_once_the_baselines_are_measured() -> None:
    with pytest.raises(UserError) as caught:
        obstacles.check_measured(spec.load("demo"), prepared(0, unread=["12 prompts are in 'pt'"]))
    assert str(caught.value) == (
        "metric.name 'empathy' has no number here: 12 prompts are in 'pt'; take one of distinct_2"
    )
    given = prepared(0)
    given["baselines"]["sft"]["validation"]["metrics"]["empathy_referee"] = {}
    with pytest.raises(UserError, match=r"take one of distinct_2$"):  # the referee's steers nothing
        obstacles.check_measured(spec.load("demo"), given)
    guards = "guards={enforce: true, limits: {words: {max_minus_human: 5}}}"
    guarded, given = spec.load("demo", ["metric.name=distinct_2", guards]), prepared(0)
    with pytest.raises(UserError, match=r"\.words has no number .* the human replies have none"):
        obstacles.check_measured(guarded, given)
    given["facts"]["human"] = {"validation": {"words": {"value": 20.0}}}
    obstacles.check_measured(guarded, given)
    pairs = spec.load("demo", ["metric.name=pair_accuracy"])
    with pytest.raises(UserError, match="gave no pair in the validation split"):
        obstacles.check_measured(pairs, prepared(0))
    obstacles.check_measured(pairs, prepared(1))  # SFT has none by definition; the trials will
