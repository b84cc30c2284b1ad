"""Lane hosts that share their checkpoints through a bucket, on a real S3 server of this machine.

python -m pytest tests/test_shared_host.py
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest
from fake_study import FakeStudy, join, stand_in
from test_bucket import own_machine, server, url

from empathy.errors import UserError
from empathy.settings import StudySettings, TrainingSettings
from sweeps.pool.leases import NOT_THE_TRIALS_FAULT
from sweeps.pool.shared_host import SharedLanes, SharedProcess
from sweeps.storage.bucket import Bucket

__all__ = ["own_machine", "server", "url"]  # fixtures


def shared_host(url: str, monkeypatch: pytest.MonkeyPatch) -> SharedLanes:
    """As an actor is made, but in this process."""
    monkeypatch.setitem(sys.modules, "empathy.study", stand_in(FakeStudy))
    for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY"):
        monkeypatch.setenv(name, "1")  # a host sets them
    settings = StudySettings(family="tiny", lanes=2, training=TrainingSettings(max_steps=6))
    handler = signal.getsignal(signal.SIGTERM)
    try:
        return SharedProcess(settings.model_dump(mode="json"), (2, 4, 6), url, silence=60.0)
    finally:
        signal.signal(signal.SIGTERM, handler)


def test_a_trial_goes_on_at_a_host_of_another_machine(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMPATHY_CACHE", str(tmp_path / "one"))
    here = shared_host(url, monkeypatch)
    token = join(here, "t000", seed=3)
    assert [here.report(token)["step"] for _ in range(2)] == [2, 4]
    here.close()
    monkeypatch.setenv("EMPATHY_CACHE", str(tmp_path / "two"))
    there = shared_host(url, monkeypatch)
    token = join(there, "t000", resume=True, heard=4, seed=3)
    assert there.report(token)["step"] == 6
    there.export("t000", "/anywhere/winner")
    there.close()
    assert {"trials/t000/lane.safetensors", "winner/adapter"} == set(Bucket(url).objects())
    assert json.loads(Bucket(url).get("winner/adapter"))["step"] == 6


def test_another_sweep_s_checkpoint_is_no_start(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial begins, and its host dies at once: what the bucket has is of a sweep before it."""
    before = shared_host(url, monkeypatch)
    token = join(before, "t000", seed=3)
    assert [before.report(token)["step"] for _ in range(2)] == [2, 4]
    before.close()
    dying, after = shared_host(url, monkeypatch), shared_host(url, monkeypatch)
    join(dying, "t000", seed=4)
    assert after.report(join(after, "t000", resume=True, seed=4))["step"] == 2
    dying.close()
    after.close()


def test_a_host_leaves_nothing_on_its_machine(
    url: str, own_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = shared_host(url, monkeypatch)
    host.report(join(host, "t000"))
    assert list(own_machine.rglob("lane.safetensors"))
    host.close()
    assert not list(own_machine.rglob("lane.safetensors"))


def test_no_trial_is_to_blame_for_a_bucket_that_cannot_be_reached(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise OSError("NETWORK_CONNECTION")

    host = shared_host(url, monkeypatch)
    monkeypatch.setattr(Bucket, "put", failing)
    with pytest.raises(NOT_THE_TRIALS_FAULT, match=r"cannot be reached \(NETWORK.*--resume"):
        host.report(join(host, "t000"))
    host.close()


def test_a_checkpoint_that_the_bucket_has_lost_is_not_taken_from_this_machine(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies here may be older than what another host has told of since."""
    host = shared_host(url, monkeypatch)
    assert host.report(join(host, "t000"))["step"] == 2
    Bucket(url).delete("trials/t000/lane.safetensors")
    with pytest.raises(UserError, match=r"its checkpoint .* is not there"):
        host.report(join(host, "t000", resume=True, heard=2))
    host.close()
