"""Whole sweeps of ZeRO trials on Ray, more of them than there is room for; workers that are lost or
hang, and a driver that is killed.

Two gloo processes train each trial. DeepSpeed compiles an operation on its first use, a minute or
more; later runs find it again.

python -m pytest tests/test_zero_sweep.py
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import few_cores
import psutil
import pytest
import ray
from few_cores import WORKERS, connect
from test_resume import check_all_is_as_if_undisturbed
from test_trial import Recorder
from tiny_sweep import SETTINGS, arguments

import launch
from empathy.errors import UserError
from sweeps.planning.handover import study_settings
from sweeps.pool.leases import TRIAL
from sweeps.record.ledger import Record, read_record, read_trials
from sweeps.search import on_ray
from sweeps.search.on_ray import Watcher
from sweeps.sweepfile import spec
from sweeps.zero.train_run import WENT_ON, Spread, room
from sweeps.zero.zero_hosts import ZeroHosts

ONE_BY_ONE = Spread("cpu", WORKERS, {"stage": 2}, (2, 4), "/nowhere")
ON_GPUS = Spread("cuda", 2, {}, (4,), "/nowhere")
ZERO = ("engine=zero", "zero={stage: 2, workers: 2}")
SILENCE = 30.0  # seconds
PATIENCE = 600.0  # seconds


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


@pytest.fixture
def few(session_cache: Path) -> Iterator[None]:
    """Room for one trial."""
    with few_cores.few_cores(session_cache):
        yield


def command(out: Path, address: str, *overrides: str) -> list[str]:
    settings = ("finalists={top: 1, seeds: 2}", "run_cap=3", *overrides)
    return [*arguments(*settings), "--address", address, "--out", str(out)]


@pytest.fixture(scope="module")
def undisturbed(session_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a whole sweep of ZeRO trials."""
    out = tmp_path_factory.mktemp("undisturbed") / "zero"
    with few_cores.few_cores(session_cache):
        assert launch.main(command(out, "local", *ZERO)) == 0
    return out


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("few")
def test_a_sweep_of_zero_trials_is_a_sweep_of_lanes(undisturbed: Path, tmp_path: Path) -> None:
    """Same files and numbers. Three trials and a finalist's second training share one place."""
    assert launch.main(command(tmp_path / "lanes", "inprocess")) == 0
    zero, lanes = read_record(undisturbed), read_record(tmp_path / "lanes")
    there = {path.name for path in undisturbed.iterdir()}
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
    assert_same_reports(zero, lanes)
    winner = json.loads((undisturbed / "winner" / "adapter_config.json").read_text())
    assert winner["peft_type"] == "LORA"


def assert_same_reports(zero: Record, lanes: Record) -> None:
    """Of trials that both have begun, which were stopped early in one of them perhaps."""
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


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("few")
def test_a_sweep_whose_driver_was_killed_goes_on_to_the_same_end(
    undisturbed: Path, tmp_path: Path
) -> None:
    """Killed while a host measures the second trial: nobody has heard of its checkpoint yet."""
    out = tmp_path / "out"
    driver = subprocess.Popen(
        [sys.executable, few_cores.__file__, *command(out, "local", *ZERO)],
        # W&B's service of this process would outlive the driver, and hold the ids of its runs.
        env={name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: driver.poll() is not None or saved(out, "t001"))
        everybody = psutil.Process(driver.pid).children(recursive=True)
    finally:
        driver.kill()
        driver.wait()
    assert psutil.wait_procs(everybody, timeout=PATIENCE)[1] == []  # nobody outlives it
    left = {trial.trial_id: trial for trial in read_trials(out / "trials.csv")}
    assert [left[name].state for name in ("t000", "t001")] == ["completed", "running"]
    assert launch.main([*command(out, "local", *ZERO), "--resume"]) == 0
    record = read_record(out)
    check_all_is_as_if_undisturbed(record, read_record(undisturbed))
    (kept,) = (trial for trial in record.trials if trial.trial_id == "t000")
    assert (kept.metrics, kept.seconds) == (left["t000"].metrics, left["t000"].seconds)
    assert not (out / "zero").exists()


def saved(out: Path, trial: str) -> bool:
    """Whether it has a checkpoint."""
    return (out / "trials" / trial / "lane.safetensors").exists()


def wait_until(there: Callable[[], object]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not there():
        assert time.monotonic() < give_up
        time.sleep(0.05)


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


class Warned(Recorder):
    """Keeps the warnings of reports as well."""

    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[str] = []

    def trial_reported(self, row: Any) -> None:
        super().trial_reported(row)
        self.warnings += row.get("warnings", ())


def search(out: Path, *overrides: str) -> Warned:
    """The search as the runner starts it, of trials that nobody stops early."""
    connect("local")
    sweep = spec.load("demo", [*SETTINGS, "early_terminate=null", "engine=zero", *overrides])
    settings = study_settings(sweep, 1).model_dump(mode="json")
    spread = Spread(
        "cpu", WORKERS, {"stage": 2}, sweep.report_steps, str(out / "tune"), silence=SILENCE
    )
    pool = ZeroHosts(settings, sweep.report_steps, str(out), spread)
    while pool.prepared(10) is None:
        pass
    seen = Warned()
    on_ray.run(sweep, pool, seen, str(out), 1)
    return seen


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("few")
def test_a_lost_worker_costs_the_steps_since_the_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_ray, "Watcher", Killer)
    seen = search(tmp_path, "run_cap=1")
    assert Killer.killed is not None
    assert seen.ended == {"t000": ("completed", None)}
    assert seen.steps == {"t000": [2, 4]}
    assert seen.warnings == []
    assert workers() == []  # none is left


class Stopper(Watcher):
    """Stops a worker of the first trial after each of its reports: it neither trains nor dies."""

    victims: ClassVar[list[int]] = []

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        super().on_trial_result(iteration, trials, trial, result, **info)
        if trial.config[TRIAL] == "t000" and not result["done"]:
            self.victims.append(workers()[-1])
            os.kill(self.victims[-1], signal.SIGSTOP)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("few")
def test_a_worker_that_hangs_is_named_and_the_second_one_ends_its_trial_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_ray, "Watcher", Stopper)
    seen = search(tmp_path, "run_cap=2", "training.max_steps=6")
    first, second = Stopper.victims
    (warned,) = seen.warnings
    assert re.fullmatch(f"{named(first, after=2)}; {WENT_ON}", warned)
    state, reason = seen.ended.pop("t000")
    assert state == "failed"
    assert re.fullmatch(named(second, after=4), reason or "")
    assert seen.ended == {"t001": ("completed", None)}
    assert seen.steps == {"t000": [2, 4, 4], "t001": [2, 4, 6]}
    assert workers() == []
    wait_until(lambda: not any(psutil.pid_exists(process) for process in (first, second)))


def named(process: int, after: int) -> str:
    """A pattern for the sentence about a process that stands still after a step."""
    return (
        rf"no step ended in \d+ s after step {after} \(resources\.silence_minutes\): "
        rf"worker [01] \(process {process} on [\d.]+\) does not answer"
    )
