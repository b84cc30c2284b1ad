"""More devices than the cluster has: refused before anything starts, or waited for aloud.

python -m pytest tests/test_room.py
"""

from __future__ import annotations

import gc
import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import ray
from tiny_sweep import arguments

import launch
from empathy.errors import UserError
from sweeps.pool import room
from sweeps.zero import train_run
from sweeps.zero.train_run import Spread

NODES: list[dict[str, Any]] = [
    {"Alive": True, "Resources": {"CPU": 8.0, "GPU": 2.0}},
    {"Alive": True, "Resources": {"CPU": 1.0}},
    {"Alive": False, "Resources": {"CPU": 8.0, "GPU": 8.0}},
]


@pytest.fixture(autouse=True)
def nodes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ray, "nodes", lambda: NODES)
    monkeypatch.setattr(room, "BOOTSTRAP", tmp_path / "bootstrap.yaml")
    monkeypatch.delenv(room.IN_KUBERAY, raising=False)


def started_by(provider: dict[str, Any], **more: Any) -> None:
    """`ray up` has left its file on this head."""
    room.BOOTSTRAP.write_text(json.dumps({"provider": provider, **more}))


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


KINDS = {
    "head_node_type": "head",
    "max_workers": 4,
    "available_node_types": {
        "head": {"resources": {"CPU": 4}, "max_workers": 0},
        "small": {"resources": {"CPU": 4, "GPU": 1}, "max_workers": 8},
        "large": {"resources": {"CPU": 4, "GPU": 4}, "max_workers": 1},
    },
}


def test_what_an_autoscaler_may_bring_is_waited_for_aloud(
    capsys: pytest.CaptureFixture[str],
) -> None:
    started_by({"type": "aws"}, **KINDS)
    room.check(7, 7, "cuda", "auto")  # four workers: one of four GPUs, three of one
    said = capsys.readouterr().err
    assert said.startswith("launch.py: 7 hosts are wanted and the Ray cluster has room for 2; ")
    assert "asked for more GPUs" in said
    with pytest.raises(UserError, match="GPUs for 2 of 7 hosts and starts no more"):
        room.check(7, 7, "cuda", "local")  # this machine alone


def test_more_than_the_file_allows_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    started_by({"type": "aws"}, **KINDS)
    with pytest.raises(UserError, match=r"2 of 8 hosts and its file \(max_workers\) .* for 7;"):
        room.check(8, 8, "cuda", "auto")
    assert "asked for more" not in capsys.readouterr().err


@pytest.mark.parametrize(("workers", "refused"), [(1, True), (2, False)])
def test_machines_of_one_s_own_are_those_listed(
    workers: int, refused: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two nodes are alive: the head and one worker; another may still be on its way."""
    started_by({"type": "local", "head_ip": "10.0.0.11", "worker_ips": ["10.0.0.12"] * workers})
    if refused:
        with pytest.raises(UserError, match="2 of 3 hosts and all 2 machines of its file are in"):
            room.check(3, 3, "cuda", "auto")
    else:
        room.check(3, 3, "cuda", "auto")
    assert ("asked for more" in capsys.readouterr().err) == (not refused)


@pytest.mark.parametrize(
    ("start", "grows"),
    [
        ("ray start --head --no-monitor --block", True),  # enableInTreeAutoscaling
        ("ray start --head --block", False),
        ("", False),
    ],
)
def test_kuberay_brings_more_where_its_autoscaler_stands_beside_the_head(
    start: str, grows: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(room.IN_KUBERAY, start)
    assert room.autoscaled() == grows
    assert (room.growth("cuda").hosts > 2) == grows


@pytest.mark.parametrize("grows", [True, False])
def test_engine_zero_waits_for_no_autoscaler_and_says_what_to_do(grows: bool) -> None:
    if grows:
        started_by({"type": "aws"}, **KINDS)
    spread = Spread("cuda", 4, {"stage": 2}, (2, 4), "/nowhere")
    with pytest.raises(UserError, match=r"zero\.workers is 4") as refused:
        train_run.room([each["Resources"] for each in NODES if each["Alive"]], spread, 1)
    assert ("min_workers of a GPU type in cluster.yaml" in str(refused.value)) == grows


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
