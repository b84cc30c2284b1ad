"""A sweep on Portuguese dialogues: what an English scorer cannot read is missing, and said.

.venv/bin/python -m pytest tests/test_languages.py
"""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from invented_ufjf import write_ufjf
from tiny_sweep import arguments

import launch
from sweeps.record.ledger import read_record

pytestmark = pytest.mark.timeout(240)


def test_portuguese_replies_have_no_score_from_an_english_scorer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_ufjf(tmp_path, "pt")
    monkeypatch.setenv("EMPATHY_DATA", str(tmp_path))
    changes = (
        *("data.corpora=[ufjf]", "data.schemes={generated: 1}", "metric.name=pair_accuracy"),
        *("run_cap=2", "early_terminate=null", "tracking.mode=disabled"),
    )
    out = tmp_path / "out"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries about themselves
        assert launch.main([*arguments(*changes), "--address", "inprocess", "--out", str(out)]) == 0
    record = read_record(out)
    assert record.summary is not None
    measured = record.summary["best"]["metrics"]
    assert {"pair_accuracy", "words", "distinct_2"} <= set(measured)
    assert not {"empathy", "empathy_second", "relevance", "win_rate_sft"} & set(measured)
    (told, *_) = record.manifest["data"]["test"]["unread"]
    assert "pt" in told


def test_a_metric_that_nothing_can_be_measured_by_ends_the_sweep_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_ufjf(tmp_path, "pt")
    monkeypatch.setenv("EMPATHY_DATA", str(tmp_path))
    changes = ("data.corpora=[ufjf]", "data.schemes={generated: 1}", "tracking.mode=disabled")
    out = tmp_path / "out"
    assert launch.main([*arguments(*changes), "--address", "inprocess", "--out", str(out)]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert "metric.name is 'empathy', but every validation prompt is in the language 'pt'" in told
    assert not out.exists()  # refused before anything was made
