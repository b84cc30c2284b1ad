"""python -m pytest tests/test_tracking.py"""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sweeps.record.ledger import Ledger
from sweeps.record.observers import Everyone, Observer, Past, SweepInfo
from sweeps.watching.tracked import numbers
from sweeps.watching.tracking import Tracker, has_login, tracker, without_paths

ROW = {
    "trial_id": "t000",
    "step": 25,
    "seconds": 2.0,
    "metrics": {
        "empathy": {"value": 2.5, "low": 2.0, "high": 3.0, "n": 8},
        "words": {"value": 30.0, "low": None, "high": None, "n": 8},
        "relevance": {"value": None, "low": None, "high": None, "n": 0},
    },
    "curves": {"loss": 0.5, "rewards/margins": 0.2},
}


def sweep(out: Path) -> SweepInfo:
    settings = {"data": {"folder": "/home/anna/patients", "corpora": ["sample"]}}
    started = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    return SweepInfo("demo", "empathy", "maximize", settings, 1, 25, out, started)


@pytest.fixture
def service() -> Iterator[None]:
    """Ends W&B's background process, which the first run starts."""
    import wandb

    yield
    wandb.teardown()


SUMMARY: dict[str, Any] = {"baselines": {}}


def play(tracking: Observer, out: Path) -> None:
    """A sweep of one trial that reports once, told to its ledger first, as always."""
    observer = Everyone([Ledger(["launch.py"], seed=0), tracking])
    observer.sweep_started(sweep(out))
    observer.trial_started("t000", {"beta": 0.1})
    observer.trial_reported(ROW)
    observer.trial_ended("t000", "completed", None)
    observer.sweep_ended(SUMMARY)


def test_numbers_use_trl_names_and_leave_out_what_is_missing() -> None:
    assert numbers(ROW) == {
        "loss": 0.5,
        "rewards/margins": 0.2,
        "empathy/empathy": 2.5,
        "empathy/empathy_low": 2.0,
        "empathy/empathy_high": 3.0,
        "empathy/words": 30.0,
    }


def test_paths_do_not_leave_the_machine(tmp_path: Path) -> None:
    settings = {
        "data": {"folder": "/home/anna/patients", "other": ("~/notes", "./x")},
        "model": "google/gemma-3-270m-it",
        "beta": 0.1,
        "windows": "C:\\patients",
        "typed": tmp_path,
    }
    assert without_paths(settings) == {
        "data": {"folder": "(path)", "other": ["(path)", "(path)"]},
        "model": "google/gemma-3-270m-it",
        "beta": 0.1,
        "windows": "(path)",
        "typed": "(path)",
    }


def test_a_relative_folder_that_exists_is_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "private" / "dialogues").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert without_paths({"folder": "hospital_records", "model": "auto"}) == {
        "folder": "(path)",
        "model": "auto",
    }
    assert without_paths("private/dialogues") == "(path)"
    assert without_paths("private/model") == "private/model"


def test_no_server_is_named_but_what_judges_is() -> None:
    llm = {"url": "https://judge.ward-7.example.org/v1", "model": "qwen", "key_variable": "KEY"}
    assert without_paths({"judges": {"llm": llm}}) == {"judges": {"llm": {**llm, "url": "(path)"}}}


def test_login_is_a_key_or_a_netrc_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.delenv("WANDB_BASE_URL", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert not has_login()
    (tmp_path / "netrc").write_text("machine api.wandb.ai login user password " + "a" * 40)
    assert has_login()
    monkeypatch.setenv("WANDB_BASE_URL", "http://elsewhere.example")
    assert not has_login()
    monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
    assert has_login()
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert not has_login()


def test_disabled_is_nobody() -> None:
    assert tracker("disabled", "empathy", None) is None


def inspected(run: Path) -> list[dict[str, Any]]:
    """What W&B's own reader finds in an offline run."""
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(run)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.usefixtures("service")
def test_offline_run_holds_the_numbers_and_no_path(tmp_path: Path) -> None:
    observer = tracker("offline", "empathy", None)
    assert observer is not None
    play(observer, tmp_path)
    (run,) = tmp_path.glob("wandb/offline-run-*-t000")
    records = inspected(run)
    (begun,) = [record["run"] for record in records if record["type"] == "run"]
    (row,) = [record["history"] for record in records if record["type"] == "history"]
    assert row["step"]["num"] == 25
    assert (row["item"]["rewards/margins"], row["item"]["empathy/empathy_low"]) == (0.2, 2.0)
    assert (begun["run_id"], begun["run_group"], begun["job_type"]) == (
        "demo-20300102-030405-t000",
        "demo-20300102-030405",
        "trial",
    )
    assert begun["config"]["update"]["beta"] == 0.1
    (file,) = run.glob("run-*.wandb")
    assert b"patients" not in file.read_bytes()
    assert socket.gethostname().encode() not in file.read_bytes()


@pytest.mark.usefixtures("service")
def test_a_resumed_trial_is_one_run_with_all_its_rows_under_the_same_id(tmp_path: Path) -> None:
    first = tracker("offline", "empathy", None)
    assert first is not None
    first.sweep_started(sweep(tmp_path))
    first.trial_started("t000", {"beta": 0.1})
    first.trial_reported(ROW)
    first.trial_started("t001", {"beta": 0.2})
    first.close()  # cut off
    past = Past("t000", {"beta": 0.1}, "running", None, (ROW,))
    again = tracker("offline", "empathy", None)
    assert again is not None
    again.sweep_started(replace(sweep(tmp_path), past=(past,)))
    again.trial_started("t000", {"beta": 0.1})
    again.trial_reported({**ROW, "step": 50})
    again.trial_ended("t000", "completed", None)
    again.close()
    (run,) = tmp_path.glob("wandb/offline-run-*-t000")
    assert len(list(tmp_path.glob("wandb/offline-run-*-t001"))) == 1
    records = inspected(run)
    (begun,) = [record["run"] for record in records if record["type"] == "run"]
    assert begun["run_id"] == "demo-20300102-030405-t000"
    rows = [record["history"] for record in records if record["type"] == "history"]
    assert [row["step"]["num"] for row in rows] == [25, 50]


@pytest.mark.usefixtures("service")
def test_dead_server_costs_one_warning_and_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    tracking = Tracker("online", "empathy", None, init_timeout_seconds=2.0)
    observer = Everyone([Ledger(["launch.py"], seed=0), tracking])
    started = time.monotonic()
    observer.sweep_started(sweep(tmp_path))
    with caplog.at_level(logging.WARNING, logger="sweeps"):
        for trial_id in ("t000", "t001"):
            observer.trial_started(trial_id, {"beta": 0.1})
            observer.trial_reported(ROW | {"trial_id": trial_id})
            observer.trial_ended(trial_id, "completed", None)
        observer.sweep_ended(SUMMARY)
    assert time.monotonic() - started < 20
    assert [record.name for record in caplog.records if "going offline" in record.message] == [
        "sweeps.watching.tracking"
    ]
    assert tracking.mode == "offline"
    assert len(list(tmp_path.glob("wandb/offline-run-*"))) == 3  # two trials and the sweep


class Slow:
    """Stands for a W&B run that takes long to upload."""

    def __init__(self, *_: object) -> None:
        self.summary: dict[str, Any] = {}
        self.codes: list[int] = []

    def finish(self, exit_code: int) -> None:
        time.sleep(0.2)
        self.codes.append(exit_code)


def test_an_aborted_sweep_ends_its_runs_and_waits_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = {"sft": Slow(), "t000": Slow()}
    monkeypatch.setattr(Tracker, "_begin", lambda self, name, *_: runs[name])
    observer = Tracker("offline", "empathy", None, init_timeout_seconds=5.0)
    observer.sweep_started(sweep(tmp_path))
    for name in runs:
        observer.trial_started(name, {})
    observer.trial_ended("sft", "completed", None)
    observer.close()
    # A thread that outlived this would be cut off by the interpreter's end, with a traceback.
    assert {name: run.codes for name, run in runs.items()} == {"sft": [0], "t000": [1]}
    observer.close()  # again: nothing is left to wait for
    assert runs["t000"].codes == [1]


class Broken:
    """Stands for W&B failing in the middle of a sweep."""

    def __getattr__(self, name: str) -> Any:
        raise OSError("no space left")


def test_failure_while_logging_ends_tracking_not_the_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    observer = tracker("offline", "empathy", None)
    assert observer is not None
    monkeypatch.setattr(Tracker, "_begin", lambda *_: Broken())
    play(observer, tmp_path)
    warnings = [record.getMessage() for record in caplog.records]
    assert warnings == [
        "Weights & Biases is off for the rest of this sweep: OSError('no space left')"
    ]
