"""A whole sweep of ZeRO trials on Ray, more of them than there is room for; and a lost worker.

Two gloo processes train each trial. DeepSpeed compiles an operation on its first use, a minute or
more; later runs find it again.

python -m pytest tests/test_zero_sweep.py
"""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from test_trial import Recorder
from tiny_sweep import SETTINGS, arguments

import launch
from empathy.errors import UserError
from sweeps.planning.handover import study_settings
from sweeps.record.ledger import Record, read_record
from sweeps.search import on_ray
from sweeps.search.on_ray import Watcher
from sweeps.sweepfile import spec
from sweeps.zero.train_run import Spread, room
from sweeps.zero.zero_hosts import ZeroHosts

HOSTED, WORKERS = 1, 2
CORES = HOSTED + WORKERS  # room for one trial at a time
ONE_BY_ONE = Spread("cpu", WORKERS, {"stage": 2}, (2, 4), "/nowhere")
ON_GPUS = Spread("cuda", 2, {}, (4,), "/nowhere")


@pytest.mark.parametrize(
    ("nodes", "hosts", "spread", "trials"),
    [
        ([{"CPU": 16.0, "GPU": 8.0}], 1, ON_GPUS, 3),  # 7 GPUs are left
        ([{"CPU": 16.0, "GPU": 4.0}] * 2, 2, ON_GPUS, 3),
        ([{"CPU": 16.0, "GPU": 4.0}, {"CPU": 8.0}], 1, ON_GPUS, 1),  # the head has none
        ([{"CPU": 3.0, "GPU": 8.0}], 1, ON_GPUS, 1),  # here the processors are short
        ([{"CPU": 3.0}], 1, ONE_BY_ONE, 1),
        ([{"CPU": 2.5}] * 3, 1, ONE_BY_ONE, 2),  # 6 whole processors, less one
    ],
)
def test_as_many_trials_as_there_is_room_for(
    nodes: list[Any], hosts: int, spread: Spread, trials: int
) -> None:
    assert room(nodes, spread, hosts) == trials


def test_a_trial_larger_than_the_cluster_is_refused() -> None:
    nodes = [{"CPU": 8.0, "GPU": 2.0}]
    told = r"zero\.workers is 2, but beside 1 to measure the cluster has room for 1 \(a CPU and a G"
    with pytest.raises(UserError, match=told):
        room(nodes, ON_GPUS, 1)


def connect(address: str) -> None:
    """A Ray on this machine with so many cores, whatever it has."""
    os.environ.update(on_ray.QUIET)
    ray.init(
        address="local", num_cpus=CORES, include_dashboard=False, log_to_driver=False,
        logging_level=logging.ERROR, object_store_memory=on_ray.STORE_BYTES,
    )  # fmt: skip


@pytest.fixture
def few_cores(monkeypatch: pytest.MonkeyPatch, session_cache: Path) -> Iterator[None]:
    """What is prepared for the sweep is prepared once; Ray's processes find the tests' modules."""
    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", f"{here}{os.pathsep}{here.parent}")
    monkeypatch.setenv("EMPATHY_CACHE", str(session_cache))
    for name, value in on_ray.QUIET.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(on_ray, "connect", connect)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Ray and W&B about themselves
        yield
        ray.shutdown()
        gc.collect()


def sweep_of(out: Path, address: str, *overrides: str) -> Record:
    settings = ("finalists={top: 1, seeds: 2}", "run_cap=3", *overrides)
    assert launch.main([*arguments(*settings), "--address", address, "--out", str(out)]) == 0
    return read_record(out)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("few_cores")
def test_a_sweep_of_zero_trials_is_a_sweep_of_lanes(tmp_path: Path) -> None:
    """Same files and numbers. Three trials and a finalist's second training share one place."""
    zero = sweep_of(tmp_path / "zero", "local", "engine=zero", "zero={stage: 2, workers: 2}")
    lanes = sweep_of(tmp_path / "lanes", "inprocess")
    there = {path.name for path in (tmp_path / "zero").iterdir()}
    assert there == {path.name for path in (tmp_path / "lanes").iterdir()} | {"tune"}
    assert zero.manifest["engine"] == {"name": "zero", "reason": "as the sweep says"}
    assert lanes.manifest["engine"]["name"] == "lanes"
    names = [trial.trial_id for trial in zero.trials]
    assert names[:5] == ["base", "sft", "t000", "t001", "t002"]
    assert len(names) == 6  # and a finalist once more
    assert {trial.state for trial in zero.trials} <= {"completed", "stopped"}
    assert zero.summary is not None
    assert names[5] == f"{zero.summary['finalists'][0]['trial']}-s1"
    assert zero.summary["seeds"]["failed"] == []
    steps = [(row["trial_id"], row["step"]) for row in zero.history]
    assert len(steps) == len(set(steps))  # every report once
    ours, theirs = (
        {(row["trial_id"], row["step"]): row for row in record.history} for record in (zero, lanes)
    )
    shared = ours.keys() & theirs.keys()
    assert {("base", 0), ("t000", 2), ("t001", 2), ("t002", 2)} <= shared
    for baseline in (("base", 0), ("sft", 0)):
        assert ours[baseline]["metrics"] == theirs[baseline]["metrics"]
    for key in shared - {("base", 0), ("sft", 0)}:
        curves, wanted = ours[key]["curves"], theirs[key]["curves"]
        # Before the first update all margins are 0, but for a rounding error, whose sign counts.
        assert abs(curves.pop("rewards/accuracies") - wanted.pop("rewards/accuracies")) <= 0.5
        assert curves == pytest.approx(wanted, rel=1e-3, abs=1e-4), key
        assert ours[key]["metrics"].keys() == theirs[key]["metrics"].keys()
        assert ours[key]["seconds"] > 0
    winner = json.loads((tmp_path / "zero" / "winner" / "adapter_config.json").read_text())
    assert winner["peft_type"] == "LORA"


class Killer(Watcher):
    """Kills a worker of the first trial, once, after its first report."""

    killed: int | None = None

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        super().on_trial_result(iteration, trials, trial, result, **info)
        if self.killed is None:
            type(self).killed = victim = workers()[-1]
            os.kill(victim, signal.SIGKILL)


def workers() -> list[int]:
    """The processes of Ray Train's workers that live."""
    found = ray._private.state.actors(actor_state_name="ALIVE")
    return [each["Pid"] for each in found.values() if "TrainWorker" in each["ActorClassName"]]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("few_cores")
def test_a_lost_worker_costs_the_steps_since_the_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_ray, "Watcher", Killer)
    connect("local")
    sweep = spec.load("demo", [*SETTINGS, "run_cap=1", "early_terminate=null", "engine=zero"])
    settings = study_settings(sweep, 1).model_dump(mode="json")
    spread = Spread("cpu", WORKERS, {"stage": 2}, sweep.report_steps, str(tmp_path / "tune"))
    pool = ZeroHosts(settings, sweep.report_steps, str(tmp_path), spread)
    while pool.prepared(10) is None:
        pass
    seen = Recorder()
    on_ray.run(sweep, pool, seen, str(tmp_path), 1)
    assert Killer.killed is not None
    assert seen.ended == {"t000": ("completed", None)}
    assert seen.steps == {"t000": [2, 4]}
    assert workers() == []  # none is left
