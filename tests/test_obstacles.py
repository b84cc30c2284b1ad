"""What stands in the way of a sweep: a GPU that is not here, a language that nobody reads.

python -m pytest tests/test_obstacles.py
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from invented_ufjf import write_ufjf

from empathy.errors import UserError
from empathy.metrics.epitome import EmpathyScorer
from empathy.preflight import Finding
from sweeps import obstacles, spec


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
