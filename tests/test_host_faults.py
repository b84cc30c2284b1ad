"""A lane host whose disk is full, or that is closed while it prepares: nobody waits for it.

python -m pytest tests/test_host_faults.py
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fake_study import FakeStudy, engine, join, stand_in
from test_host import Paced, Start, start

from empathy.errors import DiskError
from empathy.settings import StudySettings, TrainingSettings
from sweeps.pool.hosts import HostProcess
from sweeps.pool.leases import DrainingError, HungError, StoppedError

__all__ = ["start"]  # a fixture
pytestmark = pytest.mark.timeout(30)


def test_a_full_disk_leaves_no_client_waiting_when_the_host_is_drained(start: Start) -> None:
    class Full(Paced):
        def save(self, *given: Any) -> None:
            raise DiskError("no room")

    host = start(study=Full, steps=(50,))
    assert host.prepared(5) is not None
    token = join(host, "t000")
    with ThreadPoolExecutor(1) as pool:
        row = pool.submit(host.report, token)
        while len(engine(host).taken) < 2:
            time.sleep(0.005)
        with pytest.raises(DiskError, match="no room"):
            host.drain()
        with pytest.raises(DrainingError):
            row.result(5)


def test_a_host_that_is_closed_stops_preparing(start: Start) -> None:
    going = threading.Event()

    class Endless:
        def __init__(self, settings: StudySettings, progress: Callable[..., None]) -> None:
            while True:
                progress("warm start", 1, None)
                going.set()
                time.sleep(0.01)

    host = start(study=Endless)
    assert going.wait(5)
    host.close()
    with pytest.raises(StoppedError, match="has been closed"):
        host.prepared(5)


class Hangs(FakeStudy):
    """Its evaluation waits for something that never comes."""

    comes = threading.Event()

    def evaluate(self, policies: Any, split: str) -> Any:
        self.comes.wait(20)
        return super().evaluate(policies, split)


@pytest.fixture
def hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HostProcess]:
    monkeypatch.setitem(sys.modules, "empathy.study", stand_in(Hangs))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # a host of its own process sets it
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    before = signal.getsignal(signal.SIGTERM)
    settings = StudySettings(family="tiny", lanes=1, training=TrainingSettings(max_steps=2))
    yield HostProcess(settings.model_dump(mode="json"), [2], str(tmp_path), silence=0.2)
    signal.signal(signal.SIGTERM, before)


def test_a_step_that_never_ends_is_named(hanging: HostProcess) -> None:
    assert hanging.prepared(5) is not None
    assert hanging.draining(0) is False
    with ThreadPoolExecutor(1) as pool:
        row = pool.submit(hanging.report, join(hanging, "t000"))
        time.sleep(0.5)
        with pytest.raises(HungError, match=r"has lasted \d s \(resources\.silence_minutes\)"):
            hanging.draining(0)
        Hangs.comes.set()
        assert row.result(5)["step"] == 2
    assert hanging.draining(0) is False
    hanging.close()
