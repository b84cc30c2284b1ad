"""A pool of lane hosts on a Ray of three nodes: hosts and nodes die or go, and no trial is lost.

python -m pytest tests/test_hosts.py
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import ray
from fake_study import FakeHost
from ray.cluster_utils import Cluster
from test_trial import Recorder, sweep

from empathy.errors import UserError
from empathy.settings import StudySettings, TrainingSettings
from sweeps.pool.desk import SILENCE
from sweeps.pool.hosts import HostProcess, Hosts, how_many
from sweeps.search import on_ray
from sweeps.search.on_ray import Watcher
from sweeps.sweepfile.spec import SweepSpec

pytestmark = pytest.mark.timeout(240)
LOG = "steps"
PREEMPTED = 2  # Ray's DRAIN_NODE_REASON_PREEMPTION
SPEC = sweep("early_terminate=null", "run_cap=3")  # reports at steps 4, 8 and 12


class LoggedHost(FakeHost, HostProcess):
    """Writes down which trial took which step in which process."""

    def _round(self, members: Sequence[Any]) -> None:
        super()._round(members)
        with Path(self._out, LOG).open("a") as file:
            file.writelines(f"{each.trial_id} {each.step} {os.getpid()}\n" for each in members)


class LastHost(LoggedHost):
    """No host after it can be prepared."""

    def _prepare(self) -> None:
        if Path(self._out, LOG).exists():
            raise RuntimeError("the device is broken")
        super()._prepare()


class Steps:
    """What `LoggedHost`s have written."""

    def __init__(self, out: Path) -> None:
        self._path = out / LOG

    def read(self) -> list[tuple[str, int, int]]:
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        fields = [line.split() for line in lines]
        return [(trial, int(step), int(process)) for trial, step, process in fields]

    def of(self, trial: str) -> list[int]:
        return [step for name, step, _ in self.read() if name == trial]

    def processes(self, trial: str) -> list[int]:
        """Those that it trained in, one after the other."""
        return list(dict.fromkeys(process for name, _, process in self.read() if name == trial))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Three nodes on this machine; the driver's is the first."""
    here = Path(__file__).parent
    node: dict[str, Any] = {"num_cpus": 2, "object_store_memory": 80_000_000}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in on_ray.QUIET.items():
            patch.setenv(name, value)
        patch.setenv("PYTHONPATH", f"{here}{os.pathsep}{here.parent}")  # Ray's processes inherit it
        cluster = Cluster(True, head_node_args={**node, "include_dashboard": False})
        for _ in range(2):
            cluster.add_node(**node)
        ray.init(address=cluster.address, log_to_driver=False, logging_level=logging.ERROR)
        patch.setenv("RAY_ADDRESS", cluster.address)
        yield cluster
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # Ray waits for none of its processes
        ray.shutdown()
        cluster.shutdown()
        gc.collect()


@contextmanager
def pool_of(
    hosts: int,
    lanes: int,
    out: Path,
    spec: SweepSpec = SPEC,
    kind: type[HostProcess] = LoggedHost,
    silence: float = SILENCE,
) -> Iterator[Hosts]:
    """A pool whose hosts are without a model, once all of them are ready."""
    settings = StudySettings(
        family="tiny", lanes=lanes, training=TrainingSettings(max_steps=spec.training.max_steps)
    ).model_dump(mode="json")
    pool = Hosts(
        settings, spec.report_steps, str(out), "cpu", hosts=hosts, kind=kind, silence=silence
    )
    try:
        assert pool.prepared(60) is not None
        wait_until(lambda: [h["state"] for h in pool.occupancy().values()] == ["ready"] * hosts)
        yield pool
    finally:
        ray.kill(pool.desk)


def wait_until(condition: Callable[[], object]) -> None:
    give_up = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.05)


class Rows(Recorder):
    """Keeps the curves of each report as well."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: dict[str, list[float]] = {}

    def trial_reported(self, row: Any) -> None:
        super().trial_reported(row)
        self.losses.setdefault(row["trial_id"], []).append(row["curves"]["loss"])


def search(pool: Hosts, out: Path, lanes: int, spec: SweepSpec = SPEC) -> Rows:
    """The search as the runner starts it."""
    seen = Rows()
    on_ray.run(spec, pool, seen, str(out), lanes)
    return seen


def check_none_lost_and_none_twice(seen: Rows, trials: int, spec: SweepSpec = SPEC) -> None:
    names = [f"t{number:03d}" for number in range(trials)]
    reports = list(spec.report_steps)
    assert sorted(seen.started) == names
    assert seen.ended == dict.fromkeys(names, ("completed", None))  # the recorder refuses a second
    assert seen.steps == dict.fromkeys(names, reports)
    for losses in seen.losses.values():  # the means of 1 / step since the report before
        assert losses == pytest.approx(
            [sum(1 / n for n in range(last - 3, last + 1)) / 4 for last in reports]
        )


def strike(out: Path, trial: str, step: int, how: signal.Signals) -> threading.Thread:
    """Sends a signal to the host where a trial stands, once it has taken a step."""
    steps = Steps(out)

    def wait_and_strike() -> None:
        wait_until(lambda: step in steps.of(trial))
        os.kill(steps.processes(trial)[-1], how)

    thread = threading.Thread(target=wait_and_strike)
    thread.start()
    return thread


def failures(out: Path) -> list[Path]:
    """What Tune has written down of errors: each has cost a trial of its three lives."""
    return list((out / on_ray.EXPERIMENT).rglob("error.*"))


def test_trials_of_a_killed_host_go_on_elsewhere_and_tune_hears_of_no_failure(
    cluster: Cluster, tmp_path: Path
) -> None:
    with pool_of(2, 1, tmp_path) as pool:
        blow = strike(tmp_path, "t001", 6, signal.SIGKILL)
        seen = search(pool, tmp_path, lanes=1)
        blow.join()
        fared = pool.occupancy()
    check_none_lost_and_none_twice(seen, 3)
    assert failures(tmp_path) == []
    steps = Steps(tmp_path)
    assert len(steps.processes("t001")) == 2
    repeated = [step for step, often in Counter(steps.of("t001")).items() if often > 1]
    assert set(repeated) >= {5, 6}, "from its last checkpoint, at step 4"
    assert set(repeated) <= {5, 6, 7, 8}
    assert [each["state"] for each in fared.values()].count("ended") == 1
    assert len(fared) == 3, "another is started"


def test_a_host_that_hangs_is_named_and_its_trials_go_on_elsewhere(
    cluster: Cluster, tmp_path: Path
) -> None:
    with pool_of(2, 1, tmp_path, silence=6.0) as pool:
        blow = strike(tmp_path, "t001", 6, signal.SIGSTOP)
        seen = search(pool, tmp_path, lanes=1)
        blow.join()
        fared = pool.occupancy()
    check_none_lost_and_none_twice(seen, 3)
    assert failures(tmp_path) == []
    reasons = [str(each.get("reason")) for each in fared.values()]
    assert reasons.count("it did not answer for 6 s (resources.silence_minutes)") == 1
    stopped = Steps(tmp_path).processes("t001")[0]
    wait_until(lambda: not Path(f"/proc/{stopped}").exists())  # and its device is free


def test_a_drained_host_loses_no_step(cluster: Cluster, tmp_path: Path) -> None:
    with pool_of(2, 1, tmp_path) as pool:
        notice = strike(tmp_path, "t001", 6, signal.SIGTERM)
        seen = search(pool, tmp_path, lanes=1)
        notice.join()
    check_none_lost_and_none_twice(seen, 3)
    assert failures(tmp_path) == []
    steps = Steps(tmp_path)
    assert len(steps.processes("t001")) == 2
    for trial in seen.steps:
        assert steps.of(trial) == list(range(1, 13))


@pytest.mark.slow
def test_without_a_host_the_sweep_is_cut_off_and_no_trial_has_failed(
    cluster: Cluster, tmp_path: Path
) -> None:
    with pool_of(1, 2, tmp_path, kind=LastHost) as pool:
        blow = strike(tmp_path, "t000", 6, signal.SIGKILL)
        seen = Rows()
        with pytest.raises(UserError, match=r"^no lane host is left .*broken\); .* --resume$"):
            on_ray.run(SPEC, pool, seen, str(tmp_path), 2)
        blow.join()
    assert seen.steps["t000"] == [4]
    assert seen.ended == {}


@pytest.mark.slow
def test_the_hosts_of_a_node_that_ray_will_lose_are_drained(
    cluster: Cluster, tmp_path: Path
) -> None:
    going = cluster.add_node(num_cpus=2, object_store_memory=80_000_000)
    # One trial at each host, each long enough for the desk to hear of it.
    spec = sweep("early_terminate=null", "run_cap=4", "training.max_steps=48")
    with pool_of(4, 1, tmp_path, spec) as pool:
        assert nodes_of(pool).count(going.node_id) == 1
        steps = Steps(tmp_path)

        def notice() -> None:
            wait_until(lambda: len({process for _, _, process in steps.read()}) == 4)
            worker: Any = ray._private.worker.global_worker
            until = time.time_ns() // 10**6 + 60_000
            assert worker.gcs_client.drain_node(going.node_id, PREEMPTED, "spot", until)[0]

        thread = threading.Thread(target=notice)
        thread.start()
        seen = search(pool, tmp_path, lanes=1, spec=spec)
        thread.join()
        states = [each["state"] for each in pool.occupancy().values()]
    cluster.remove_node(going)
    check_none_lost_and_none_twice(seen, 4, spec)
    assert failures(tmp_path) == []
    assert states.count("draining") == 1
    assert sorted(len(steps.processes(trial)) for trial in seen.steps) == [1, 1, 1, 2]
    for trial in seen.steps:
        assert steps.of(trial) == list(range(1, 49))


class NodeRemover(Watcher):
    """Removes a node of the cluster, once, when a trial has reported twice."""

    remove: Callable[[], None] | None = None

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        super().on_trial_result(iteration, trials, trial, result, **info)
        remove, type(self).remove = type(self).remove, None
        if remove is not None:
            remove()


def test_a_node_goes_with_two_of_six_hosts_and_every_trial_ends_once(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = next(iter(cluster.worker_nodes))
    spec = sweep("early_terminate=null", "run_cap=8")
    with pool_of(6, 1, tmp_path, spec) as pool:
        assert nodes_of(pool).count(node.node_id) == 2, "hosts are spread"
        remove = staticmethod(lambda: cluster.remove_node(node, allow_graceful=False))
        monkeypatch.setattr(NodeRemover, "remove", remove)
        monkeypatch.setattr(on_ray, "Watcher", NodeRemover)
        seen = search(pool, tmp_path, lanes=1, spec=spec)
        fared = pool.occupancy()
    check_none_lost_and_none_twice(seen, 8)
    assert [each["state"] for each in fared.values()][:6].count("ended") == 2


def nodes_of(pool: Hosts) -> list[str]:
    actors = ray.get(pool.desk.actors.remote())
    return list(ray.get([actor.node.remote() for actor in actors]))


def test_as_many_hosts_as_nodes_or_gpus_or_as_the_sweep_says(cluster: Cluster) -> None:
    assert how_many("auto", "cpu", trials=32) == 3
    assert how_many("auto", "cuda", trials=32) == 1  # it may come
    assert how_many("auto", "cpu", trials=2) == 2
    assert how_many(8, "cuda", trials=32) == 8
