"""A whole sweep in which one trial's loss is NaN and others find no memory: the rest goes on.

python -m pytest tests/test_infeasible.py
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_sweep import arguments

import launch
from empathy.lanes.engine import LaneEngine
from sweeps.record.ledger import read_record

GREEDY = 32  # the rank whose trials want more memory than any machine has
CHOSEN = (
    "method=grid",
    "run_cap=null",
    "early_terminate=null",
    "parameters={learning_rate: {values: [1e-2, 1e38]}, lora_rank: {values: [8, 32]}}",
    "resources.lanes=4",
    "evaluation.crisis_prompts=0",
    "finalists={top: 3, seeds: 1}",
    "tracking.mode=disabled",
)


@pytest.mark.timeout(300)
def test_nan_and_too_little_memory_fail_their_trials_and_never_win(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fused = LaneEngine._fused

    def greedy(self: LaneEngine, members: Sequence[Any], *rest: Any) -> Any:
        if any(member.settings.lora_rank == GREEDY for member in members):
            torch.empty(1 << 60, dtype=torch.uint8)  # the allocator's own refusal
        return fused(self, members, *rest)

    monkeypatch.setattr(LaneEngine, "_fused", greedy)
    given = [*arguments(*CHOSEN), "--address", "inprocess", "--out", str(tmp_path / "out")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries about themselves
        assert launch.main(given) == 0
    record = read_record(tmp_path / "out")
    found = {
        (trial.parameters["learning_rate"], trial.parameters["lora_rank"]): trial
        for trial in record.trials
        if trial.parameters
    }
    assert {settings: trial.state for settings, trial in found.items()} == {
        (1e-2, 8): "completed",
        (1e38, 8): "failed",
        (1e-2, GREEDY): "failed",
        (1e38, GREEDY): "failed",
    }
    assert str(found[1e38, 8].reason).startswith("not finite after step")
    assert "DefaultCPUAllocator" in str(found[1e-2, GREEDY].reason)
    assert record.summary is not None
    assert record.summary["best"]["trial"] == found[1e-2, 8].trial_id
    assert (record.summary["completed"], record.summary["failed"]) == (1, 3)
