"""Trials on a real Ray, thin and many, against a lane host without a model.

Leases keyed by trial hung here once: Tune gives a stopped trial's process to the next trial, and
the goodbye of the first then closed the lane of the second.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
import ray
from fake_study import BREAKS, DIVERGES, MEMORY, FakeHost

from empathy.settings import StudySettings, TrainingSettings
from sweeps.pool.hosts import HostProcess, Hosts
from sweeps.search import on_ray
from sweeps.search.on_ray import Watcher
from sweeps.sweepfile import spec
from sweeps.sweepfile.spec import SweepSpec, trial_settings

TRIALS = 32
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def ray_here() -> Iterator[None]:
    """One Ray on this machine for all tests of this file."""
    here = Path(__file__).parent
    with pytest.MonkeyPatch.context() as patch:
        for name, value in on_ray.QUIET.items():
            patch.setenv(name, value)
        patch.setenv("PYTHONPATH", f"{here}{os.pathsep}{here.parent}")  # Ray's processes inherit it
        ray.init(
            address="local", num_cpus=2, include_dashboard=False, log_to_driver=False,
            logging_level=logging.ERROR, object_store_memory=on_ray.STORE_BYTES,
        )  # fmt: skip
        yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # Ray waits for none of its processes
        ray.shutdown()
        gc.collect()


class RemoteHost(FakeHost, HostProcess):
    """A host without a model, as Ray runs hosts."""


class Recorder:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.started: dict[str, dict[str, Any]] = {}
        self.steps: dict[str, list[int]] = {}
        self.ended: dict[str, tuple[str, str | None]] = {}

    def sweep_started(self, sweep: Any) -> None: ...
    def stage(self, name: str, done: int, total: int | None) -> None: ...
    def sweep_ended(self, summary: Mapping[str, Any]) -> None: ...
    def close(self) -> None: ...

    def trial_started(self, trial_id: str, parameters: Mapping[str, Any]) -> None:
        assert trial_id not in self.started
        self.started[trial_id] = dict(parameters)

    def trial_reported(self, row: Mapping[str, Any]) -> None:
        self.steps.setdefault(row["trial_id"], []).append(row["step"])

    def trial_ended(self, trial_id: str, state: str, reason: str | None) -> None:
        assert trial_id not in self.ended
        self.ended[trial_id] = (state, reason)


def sweep(*overrides: str) -> SweepSpec:
    halving = "early_terminate={type: hyperband, min_iter: 4, eta: 2}"
    steps = ["training.max_steps=12", "evaluation.report_every=4"]
    return spec.load("demo", [halving, *steps, *overrides])


@contextmanager
def pool_of(sweep: SweepSpec, lanes: int, out: Path) -> Iterator[Hosts]:
    """A pool with one host, which is without a model."""
    settings = StudySettings(
        family="tiny", lanes=lanes, training=TrainingSettings(max_steps=sweep.training.max_steps)
    ).model_dump(mode="json")
    pool = Hosts(settings, sweep.report_steps, str(out), "cpu", kind=RemoteHost)
    try:
        assert pool.prepared(60) is not None
        yield pool
    finally:
        ray.kill(pool.desk)


def host_of(pool: Hosts) -> Any:
    (host,) = ray.get(pool.desk.actors.remote())
    return host


def search(sweep: SweepSpec, pool: Hosts, out: Path, lanes: int) -> Recorder:
    """The search as the runner starts it; only the host is another."""
    seen = Recorder()
    on_ray.run(sweep, pool, seen, str(out), lanes)
    return seen


class Witness(Watcher):
    """Keeps the processes that trials ran in."""

    processes: ClassVar[dict[int, set[str]]] = {}

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        super().on_trial_result(iteration, trials, trial, result, **info)
        self.processes.setdefault(result["pid"], set()).add(trial.config["trial_id"])


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> dict[int, set[str]]:
    """Trials by the process they ran in."""
    monkeypatch.setattr(on_ray, "Watcher", Witness)
    Witness.processes.clear()
    return Witness.processes


def run_thirty_two(out: Path, lanes: int, processes: dict[int, set[str]]) -> None:
    """32 trials with reused processes, and as many clients as lanes or more."""
    spec = sweep(f"run_cap={TRIALS}")
    with pool_of(spec, lanes, out) as pool:
        host = host_of(pool)
        seen = search(spec, pool, out, lanes=8)
        check_every_trial_ended(spec, seen)
        check_settings_arrived(spec, seen, ray.get(host.joins.remote()))
        assert ray.get(host.held.remote()) == (0, 0)
        assert 2 <= len(processes) < TRIALS  # trials did run side by side, and after one another
        assert set().union(*processes.values()) == set(seen.ended)


def check_every_trial_ended(spec: SweepSpec, seen: Recorder) -> None:
    names = [f"t{number:03d}" for number in range(TRIALS)]
    assert sorted(seen.started) == sorted(seen.ended) == names
    for name, (state, reason) in seen.ended.items():
        steps = seen.steps[name]
        assert steps == list(spec.report_steps[: len(steps)])
        if state == "completed":
            assert (steps[-1], reason) == (12, None)
        else:
            assert (state, reason) == ("stopped", f"behind at step {steps[-1]}")
    states = [state for state, _ in seen.ended.values()]
    assert states.count("stopped") >= 4
    assert states.count("completed") >= 2


def check_settings_arrived(
    spec: SweepSpec, seen: Recorder, joins: list[tuple[dict[str, Any], bool]]
) -> None:
    """Every searched parameter reached the host unchanged, and what is not searched as well."""
    assert not any(resumed for _, resumed in joins)
    assert all(set(parameters) == set(spec.searched) for parameters in seen.started.values())
    wanted = [trial_settings(spec, parameters) for parameters in seen.started.values()]
    arrived = [settings for settings, _ in joins]
    assert len(arrived) == TRIALS
    assert sorted(map(repr, arrived)) == sorted(repr(each.model_dump()) for each in wanted)


@pytest.mark.parametrize("lanes", [4, 8])
def test_thirty_two_thin_trials_end_and_leave_nothing(
    ray_here: None, tmp_path: Path, processes: dict[int, set[str]], lanes: int
) -> None:
    run_thirty_two(tmp_path, lanes, processes)


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(20))
def test_thirty_two_thin_trials_twenty_times(
    ray_here: None, tmp_path: Path, processes: dict[int, set[str]], turn: int
) -> None:
    run_thirty_two(tmp_path, 4 + turn % 5, processes)


class Killer(Watcher):
    """Kills the process of one trial, once, after its second report."""

    victim = "t001"
    killed: int | None = None

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        super().on_trial_result(iteration, trials, trial, result, **info)
        if trial.config["trial_id"] == self.victim and result["step"] == 8 and not self.killed:
            self.killed = result["pid"]
            os.kill(result["pid"], signal.SIGKILL)


def test_a_killed_client_s_trial_goes_on_from_its_checkpoint(
    ray_here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_ray, "Watcher", Killer)
    spec = sweep("early_terminate=null", "run_cap=3", "training.max_steps=16")
    with pool_of(spec, 3, tmp_path) as pool:
        seen = search(spec, pool, tmp_path, lanes=3)
        joins = ray.get(host_of(pool).joins.remote())
        assert ray.get(host_of(pool).held.remote()) == (0, 0)
    assert {name: state for name, (state, _) in seen.ended.items()} == dict.fromkeys(
        ("t000", "t001", "t002"), "completed"
    )
    # What t001's checkpoint repeats is not told twice.
    assert seen.steps["t000"] == seen.steps["t001"] == seen.steps["t002"] == [4, 8, 12, 16]
    assert [resumed for _, resumed in joins] == [False] * 3 + [True]
    victim = trial_settings(spec, seen.started["t001"]).model_dump()
    assert joins[3][0] == victim


def test_what_the_host_says_is_why_a_trial_failed(ray_here: None, tmp_path: Path) -> None:
    constants = [
        f"parameters.{name}={{value: {value}}}"
        for name, value in (("beta", 0.1), ("learning_rate", 1e-4), ("lora_rank", 8))
    ]
    seeds = f"parameters.seed={{values: [{DIVERGES}, {BREAKS}]}}"
    spec = sweep("early_terminate=null", "run_cap=2", "method=grid", seeds, *constants)
    # One lane, for an error in a step reaches all in it.
    with pool_of(spec, 1, tmp_path) as pool:
        seen = search(spec, pool, tmp_path, lanes=1)
        assert ray.get(host_of(pool).held.remote()) == (0, 0)
    reasons = sorted(str(reason) for _, reason in seen.ended.values())
    assert [state for state, _ in seen.ended.values()] == ["failed", "failed"]
    assert reasons[0].endswith(f"RuntimeError: {MEMORY}")
    assert reasons[1] == "not finite after step 0"


@pytest.mark.slow
def test_a_freed_lane_is_busy_again_at_once(ray_here: None, tmp_path: Path) -> None:
    """The bound is generous: it would fail if a client's process started after the lane is free."""
    spec = sweep(f"run_cap={TRIALS}")
    with pool_of(spec, 4, tmp_path) as pool:
        search(spec, pool, tmp_path, lanes=4)
        found = pool.occupancy()["host 0"]
        print(found)
        assert found["lane_changes"] >= TRIALS // 2
        assert found["lane_idle_median_seconds"] < 1.0
        assert 0 < found["busy_share"] <= 1


def test_a_client_never_imports_torch() -> None:
    code = (
        "import sys, sweeps.pool.trial;"
        " print('torch' in sys.modules, 'numpy.random' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(spec.__file__).parents[1],
    )
    assert done.stdout.split()[0] == "False"
