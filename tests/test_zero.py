"""ZeRO trials over two processes follow the lane engine, and go on after one of them is killed.

DeepSpeed compiles an operation on its first use, a minute or more; later runs find it again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import test_equality_trl
import torch
from test_equality_trl import ACCUMULATION, BATCH, MAX_LENGTH, NEIGHBOURS, STEPS, Lanes, train_lanes
from tiny_models import TARGETS, tiny

from empathy.lanes import checkpoint
from empathy.lanes.adapters import LoraPair, adapt
from empathy.lanes.engine import LaneEngine

SETTINGS = NEIGHBOURS[0]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def lanes() -> Lanes:
    return train_lanes("llama", [SETTINGS])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base") / "model"
    tiny("llama").save_pretrained(folder)
    return folder


def run(folder: Path, model: Path, lanes: Lanes, workers: int = 2, **changes: Any) -> None:
    """One trial by `workers` processes, from its checkpoint if it has one."""
    if not (folder / "model").exists():
        (folder / "model").symlink_to(model)
    job: dict[str, Any] = {
        "max_length": MAX_LENGTH,
        "reference": lanes.task.reference.tolist(),
        "loss": lanes.task.loss,
        "steps": STEPS,
        "batch": BATCH,
        "accumulation": lanes.task.gradient_accumulation,
        "settings": SETTINGS.model_dump(),
        "zero": {},
        "save_every": 2,
        "kill_at": None,
        "leave_at": None,
    }
    (folder / "job.json").write_text(json.dumps(job | changes))
    here = Path(__file__).parent
    launcher = ["-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [sys.executable, *launcher, f"--nproc-per-node={workers}",
         str(here / "zero_worker.py"), str(folder)],
        env=os.environ
        | {"DS_ACCELERATOR": "cpu", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        | {"PYTHONPATH": f"{here.parent}:{here}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]


def reports(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "reports.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def assert_follows(folder: Path, lanes: Lanes) -> None:
    """The last report of every step, and the adapter, are the lane's."""
    (lane,) = lanes.runs
    by_step = {report["step"]: report for report in reports(folder)}
    assert sorted(by_step) == list(range(1, STEPS + 1))
    told = [by_step[step] for step in range(1, STEPS + 1)]
    torch.testing.assert_close([r["loss"] for r in told], lane.losses, atol=1e-5, rtol=0)
    torch.testing.assert_close([r["grad_norm"] for r in told], lane.norms, atol=1e-4, rtol=1e-4)
    same(saved(folder), lane.adapter)


def saved(folder: Path) -> Mapping[str, LoraPair]:
    """The checkpoint's adapter, as the lane engine reads it."""
    layout = adapt(tiny("llama"), TARGETS, SETTINGS.lora_rank + 2)
    state, settings = checkpoint.load(folder / "trial.safetensors", layout)
    assert (state.step, settings) == (STEPS, SETTINGS)
    return layout.lora(state.weights, settings.lora_rank)


def same(ours: Mapping[str, LoraPair], theirs: Mapping[str, LoraPair]) -> None:
    assert ours.keys() == theirs.keys()
    for name, pair in ours.items():
        torch.testing.assert_close(pair.down, theirs[name].down, atol=1e-4, rtol=0)
        torch.testing.assert_close(pair.up, theirs[name].up, atol=1e-4, rtol=0)


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_two_processes_follow_the_lane(
    stage: int, tmp_path: Path, model: Path, lanes: Lanes
) -> None:
    run(tmp_path, model, lanes, zero={"stage": stage})
    assert_follows(tmp_path, lanes)


def test_three_processes_that_divide_no_tensor_evenly(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_equality_trl, "BATCH", 3)
    smaller = train_lanes("llama", [SETTINGS])
    assert tiny("llama").config.hidden_size * SETTINGS.lora_rank % 3
    run(tmp_path, model, smaller, 3, zero={"stage": 3}, batch=3)
    assert_follows(tmp_path, smaller)


def test_offloaded_states_change_nothing(tmp_path: Path, model: Path, lanes: Lanes) -> None:
    run(tmp_path, model, lanes, zero={"stage": 3, "offload": True})
    assert_follows(tmp_path, lanes)


def test_accumulated_passes_follow_the_lane(tmp_path: Path, model: Path) -> None:
    accumulating = train_lanes("llama", [SETTINGS], ACCUMULATION)
    run(tmp_path, model, accumulating, zero={"stage": 2}, accumulation=ACCUMULATION)
    assert_follows(tmp_path, accumulating)


@pytest.mark.parametrize("stage", [2, 3])
def test_a_killed_worker_costs_the_steps_since_the_checkpoint(
    stage: int, tmp_path: Path, model: Path, lanes: Lanes
) -> None:
    with pytest.raises(AssertionError, match=r"Signal 9 \(SIGKILL\)"):
        run(tmp_path, model, lanes, zero={"stage": stage}, kill_at=5)
    run(tmp_path, model, lanes, zero={"stage": stage})
    steps = [report["step"] for report in reports(tmp_path)]
    assert steps[:4] + steps[-4:] == list(range(1, STEPS + 1))  # it was saved at step 4
    assert set(steps[4:-4]) <= {5}
    assert_follows(tmp_path, lanes)


@pytest.mark.parametrize(("before", "after"), [(2, 1), (1, 2)])
def test_a_trial_goes_on_over_another_number_of_workers(
    before: int, after: int, tmp_path: Path, model: Path, lanes: Lanes
) -> None:
    run(tmp_path, model, lanes, before, zero={"stage": 3}, leave_at=4)
    run(tmp_path, model, lanes, after, zero={"stage": 2})
    assert [report["step"] for report in reports(tmp_path)] == list(range(1, STEPS + 1))
    assert_follows(tmp_path, lanes)


def test_a_lane_goes_on_from_the_trial_s_checkpoint(
    tmp_path: Path, model: Path, lanes: Lanes
) -> None:
    run(tmp_path, model, lanes, leave_at=4)
    base = tiny("llama")
    layout = adapt(base, TARGETS, SETTINGS.lora_rank)
    state, settings = checkpoint.load(tmp_path / "trial.safetensors", layout)
    engine = LaneEngine(base, layout, lanes.task, 1)
    lane = engine.join(settings, state)
    losses = [engine.step([lane])[0].loss for _ in range(4)]
    torch.testing.assert_close(losses, lanes.runs[0].losses[4:], atol=1e-5, rtol=0)


def test_a_batch_that_cannot_be_divided_is_refused(
    tmp_path: Path, model: Path, lanes: Lanes
) -> None:
    with pytest.raises(AssertionError, match="3 pairs cannot be divided among 2 workers"):
        run(tmp_path, model, lanes, batch=3)
