"""More devices than the cluster has: refused before anything starts, or waited for aloud.

python -m pytest tests/test_room.py
"""

from __future__ import annotations

import gc
import warnings
from pathlib import Path
from typing import Any

import pytest
import ray
from tiny_sweep import arguments

import launch
from empathy.errors import UserError
from sweeps.pool import room

NODES = [
    {"Alive": True, "Resources": {"CPU": 8.0, "GPU": 2.0}},
    {"Alive": True, "Resources": {"CPU": 1.0}},
    {"Alive": False, "Resources": {"CPU": 8.0, "GPU": 8.0}},
]


@pytest.fixture(autouse=True)
def nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "nodes", lambda: NODES)
    monkeypatch.setattr(room, "autoscales", lambda: False)


def test_a_gpu_holds_a_host_and_a_cpu_two_and_dead_nodes_none() -> None:
    assert (room.room("cuda"), room.room("cpu")) == (2, 18)
    room.check(2, 2, "cuda", "auto")
    room.check("auto", 18, "cpu", "local")


@pytest.mark.parametrize("address", ["local", "auto"])
def test_more_than_there_is_and_nobody_to_bring_it_is_refused(address: str) -> None:
    with pytest.raises(UserError) as refused:
        room.check(3, 3, "cuda", address)
    assert str(refused.value) == (
        "resources.hosts is 3, but this Ray has GPUs for 2 of 3 hosts and starts no more machines; "
        "ask for fewer or for another resources.device, or start Ray on more machines"
    )


def test_what_an_autoscaler_may_bring_is_waited_for_aloud(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(room, "autoscales", lambda: True)
    room.check(3, 3, "cuda", "auto")
    said = capsys.readouterr().err
    assert said.startswith("launch.py: 3 hosts are wanted and the Ray cluster has room for 2; ")
    assert "asked for more GPUs" in said
    with pytest.raises(UserError, match="GPUs for 2 of 3 hosts"):
        room.check(3, 3, "cuda", "local")  # this machine alone


def test_a_cluster_of_ray_up_or_kuberay_may_grow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(room, "BOOTSTRAP", tmp_path / "bootstrap.yaml")
    monkeypatch.delenv(room.IN_KUBERAY, raising=False)
    assert not room.autoscales()
    (tmp_path / "bootstrap.yaml").touch()
    assert room.autoscales()
    (tmp_path / "bootstrap.yaml").unlink()
    monkeypatch.setenv(room.IN_KUBERAY, "ray start")
    assert room.autoscales()


@pytest.mark.timeout(120)
def test_a_sweep_that_asks_for_too_much_fails_before_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.undo()
    wanted: Any = arguments("run_cap=9999", "resources.hosts=9999", "tracking.mode=disabled")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Ray about itself
        assert launch.main([*wanted, "--address", "local", "--out", str(tmp_path / "out")]) == 2
        gc.collect()
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("launch.py: resources.hosts is 9999, but this Ray has CPUs for ")
