"""A tiny sweep as a process of its own, to be watched, stopped and killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tiny_sweep import arguments

import launch
from sweeps.record.ledger import Trial, read_trials
from sweeps.record.observers import of_search

ROOT = Path(launch.__file__).parent
LAUNCH = [sys.executable, str(ROOT / "launch.py")]
WAIT_SECONDS = 200
LONG = (
    "method=random",
    "run_cap=4",
    "early_terminate=null",
    "training.max_steps=80",
    "evaluation.report_every=20",
    "resources.lanes=2",
    "finalists={top: 1, seeds: 1}",
    "evaluation.crisis_prompts=0",
    "evaluation.validation_prompts=6",
    "evaluation.test_prompts=6",
    "evaluation.max_new_tokens=4",
    "tracking.mode=disabled",
)
"""Settings of a sweep of which every part but the training is short."""


def command(out: Path, address: str = "inprocess") -> list[str]:
    """What starts it."""
    return [*LAUNCH, *arguments(*LONG), "--out", str(out), "--address", address]


def environment() -> dict[str, str]:
    """That of a process of its own."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", "TERM": "xterm"}


def start(out: Path) -> subprocess.Popen[bytes]:
    """Start it where nobody reads what it says."""
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(command(out), env=environment(), stdout=nowhere, stderr=nowhere)


def trials(out: Path) -> tuple[Trial, ...]:
    """Those of the search so far."""
    path = out / "trials.csv"
    return tuple(t for t in read_trials(path) if of_search(t.trial_id)) if path.exists() else ()


def reported(out: Path) -> bool:
    """Whether both lanes have spoken and nobody has ended."""
    return sum(trial.step is not None for trial in trials(out)) >= 2


def wait_until(there: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait for something that a running process does."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not there():
        assert process.poll() is None, "it ended before that"
        assert time.monotonic() < deadline
        time.sleep(0.02)
