"""python -m pytest tests/test_ledger.py"""

from __future__ import annotations

import csv
import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from empathy.errors import UserError
from sweeps.record.history import read_history
from sweeps.record.ledger import Figure, Ledger, Trial, read_record, read_trials
from sweeps.record.observers import SweepInfo


def sweep(out: Path) -> SweepInfo:
    settings = {"parameters": {"beta": {"min": 0.05, "max": 0.5}}}
    started = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    return SweepInfo("demo", "empathy", "maximize", settings, 2, 50, out, started)


def row(trial_id: str, step: int, **metrics: float | None) -> dict[str, Any]:
    return {
        "trial_id": trial_id,
        "step": step,
        "seconds": step / 2,
        "metrics": {
            name: {"value": value, "low": None, "high": None, "n": 4}
            for name, value in metrics.items()
        },
        "curves": {"loss": 0.6},
    }


SUMMARY = {
    "sweep": "demo",
    "trials": 2,
    "baselines": {"sft": {"metrics": {"empathy": {"value": 1.5, "low": 1, "high": 2, "n": 9}}}},
    "finalists": [{"trial": "t000", "metrics": {"empathy": {"value": 2, "low": 1, "high": 3}}}],
    "best": {"trial": "t000", "parameters": {"beta": 0.1}, "metrics": {"empathy": 2.0}},
}


def played(out: Path) -> Ledger:
    ledger = Ledger(["launch.py", "--sweep", "demo"], seed=3)
    ledger.sweep_started(sweep(out))
    ledger.trial_started("t000", {"beta": 0.1, "schedule": "cosine", "lora_alpha": None})
    ledger.trial_started("sft", {})
    ledger.trial_reported(row("sft", 0, empathy=1.4, words=20.0))
    ledger.trial_reported(row("t000", 25, empathy=1.6, words=None))
    ledger.trial_reported(row("t000", 50, empathy=1.8))
    ledger.trial_ended("sft", "completed", None)
    return ledger


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    ledger = played(tmp_path)
    ledger.trial_started("t001", {"beta": 0.2})
    ledger.trial_ended("t001", "failed", 'loss is NaN, "really",\nat step 3')
    ledger.sweep_ended(SUMMARY)
    assert read_trials(tmp_path / "trials.csv") == (
        Trial("sft", {}, "completed", None, 0, 0.0,
              {"empathy": Figure(1.4, n=4), "words": Figure(20, n=4)},
              {"empathy": Figure(1.5, 1, 2, 9)}),
        Trial("t000", {"beta": 0.1, "schedule": "cosine", "lora_alpha": None}, "running", None,
              50, 25.0, {"empathy": Figure(1.8, n=4)}, {"empathy": Figure(2.0)}),
        Trial("t001", {"beta": 0.2}, "failed", 'loss is NaN, "really",\nat step 3'),
    )  # fmt: skip


def test_missing_metric_is_an_empty_cell(tmp_path: Path) -> None:
    played(tmp_path)
    with (tmp_path / "trials.csv").open(newline="") as file:
        sft, trial = csv.DictReader(file)
    assert (sft["trial_id"], sft["words_value"], sft["beta"]) == ("sft", "20.0", "")
    assert (trial["words_value"], trial["empathy_value"], trial["empathy_low"]) == ("", "1.8", "")


def test_figure_that_is_nan_or_none_is_missing() -> None:
    assert Figure.of({"value": float("nan")}) is None
    assert Figure.of({"value": None, "low": 0.0}) is None
    assert Figure.of(None) is None
    assert Figure.of(0.0) == Figure(0.0)


def test_every_report_is_kept_for_the_curves(tmp_path: Path) -> None:
    played(tmp_path)
    assert [(item["trial_id"], item["step"]) for item in read_history(tmp_path / "history.jsonl")
            ] == [("sft", 0), ("t000", 25), ("t000", 50)]  # fmt: skip


def test_torn_last_line_is_left_out_aloud(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text('{"trial_id": "t000", "step": 1}\n{"ste')
    with caplog.at_level(logging.WARNING):
        assert read_history(path) == ({"trial_id": "t000", "step": 1},)
    assert "torn" in caplog.text
    path.write_text('{"ste\n{"trial_id": "t000", "step": 1}\n')
    with pytest.raises(UserError, match=r"history\.jsonl is damaged \(line 1: JSONDecodeError\)"):
        read_history(path)


def test_new_sweep_in_an_old_folder_forgets_the_old_one(tmp_path: Path) -> None:
    played(tmp_path).sweep_ended(SUMMARY)
    Ledger([], seed=0).sweep_started(sweep(tmp_path))
    record = read_record(tmp_path)
    assert (record.trials, record.history, record.summary) == ((), (), None)


def test_manifest_tells_how_to_run_it_again(tmp_path: Path) -> None:
    ledger = played(tmp_path)
    ledger.note(data={"sample": "ab12"})
    manifest = read_record(tmp_path).manifest
    assert manifest["command"] == ["launch.py", "--sweep", "demo"]
    assert (manifest["seed"], manifest["data"], manifest["ended"]) == (3, {"sample": "ab12"}, None)
    assert manifest["started"] == "2030-01-02T03:04:05+00:00"
    assert manifest["settings"]["parameters"]["beta"]["max"] == 0.5
    assert manifest["packages"]["optuna"].startswith("5.")
    ledger.sweep_ended(SUMMARY)
    record = read_record(tmp_path)
    assert record.manifest["ended"] is not None
    assert record.summary == json.loads(json.dumps(SUMMARY))


def test_a_folder_without_sweep_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"manifest\.json does not exist"):
        read_record(tmp_path)
