"""A W&B server that takes a run and then dies: the sweep goes on, ends in time, keeps its numbers.

python -m pytest tests/test_tracking_lost.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from wandb_runs import serving

ROOT = Path(__file__).parent.parent
WAIT_SECONDS = 120
TRACKS = """
import logging, sys
from pathlib import Path
from sweeps.record.ledger import Ledger
from sweeps.record.observers import Everyone, SweepInfo
from sweeps.watching.tracking import tracker

logging.basicConfig(format="%(name)s: %(message)s", level=logging.WARNING)
out, trials = Path(sys.argv[1]), sys.argv[2:]
tracking = tracker("online", "empathy", None, init_timeout_seconds=15.0)
watch = Everyone([Ledger(["launch.py"], seed=0), tracking])
settings = {"data": {"corpora": ["sample"]}}
watch.sweep_started(SweepInfo("demo", "empathy", "maximize", settings, 1, 25, out))
score = {"value": 2.5, "low": 2.0, "high": 3.0, "n": 8}
for trial in trials:
    watch.trial_started(trial, {"beta": 0.1})
    row = {"trial_id": trial, "seconds": 1.0, "metrics": {"empathy": score}, "curves": {}}
    for step in (5, 10):
        watch.trial_reported({**row, "step": step})
    if trial == trials[0]:
        print("reported", flush=True)
        sys.stdin.readline()  # meanwhile the server dies
    watch.trial_reported({**row, "step": 15})
    watch.trial_ended(trial, "completed", None)
watch.sweep_ended({"baselines": {}})
watch.close()
"""


@pytest.mark.timeout(400)
@pytest.mark.parametrize("trials", [["t000", "t001", "t002"], ["t000"]], ids=["middle", "end"])
def test_a_server_that_dies_costs_warnings_and_seconds_and_no_number(
    tmp_path: Path, trials: list[str]
) -> None:
    with serving() as server:
        environment = {name: value for name, value in os.environ.items() if "WANDB" not in name}
        child = subprocess.Popen(
            [sys.executable, "-c", TRACKS, str(tmp_path), *trials],
            env=environment
            | {"WANDB_API_KEY": "a" * 40, "WANDB_BASE_URL": server.url, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "reported\n"
            give_up = time.monotonic() + WAIT_SECONDS
            while not server.streamed:
                assert time.monotonic() < give_up, "the run was never online"
                time.sleep(0.1)
            server.die()
            _, said = child.communicate("\n", timeout=WAIT_SECONDS)
        finally:
            child.kill()
    assert child.returncode == 0, said
    assert "Traceback" not in said
    assert said.count("going offline") == 1
    folders = [path.name for path in (tmp_path / "wandb").glob("*run-*")]
    for trial in (*trials, "sweep"):  # online or offline, all its rows can be sent later
        start = "run-" if trial == "t000" else "offline-run-"
        kept = [name for name in folders if trial in name and name.startswith(start)]
        assert len(kept) == 1, folders
        assert list((tmp_path / "wandb" / kept[0]).glob("*.wandb"))
