"""Real Ray Tune trials against a host without a device: what a client weighs, how fast Tune hears.

All lanes report at the same time and go on as soon as Tune has decided, so that Tune's own loop is
what everybody waits for.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import processes
import ray
from processes import Process
from simulation import Tally

from empathy.settings import StudySettings, TrainingSettings
from sweeps.pool.hosts import HostProcess, Hosts
from sweeps.pool.leases import Lease
from sweeps.record.observers import Row, State
from sweeps.search import on_ray
from sweeps.sweepfile import spec

PARTS = {
    "gcs_server": "Ray's control store", "raylet": "Ray's node manager",
    "ray::LaneTrial": "clients", "ray::ResourceTrainable": "clients",  # as Tune wraps it
    "ray::Desk": "desk", "ray::Tireless": "host",
}  # fmt: skip
DRIVER = "driver"
PATIENCE = 600.0  # seconds for the host to be ready


class Clients(NamedTuple):
    """What was measured while all clients reported."""

    clients: int
    results: int
    seconds: float
    cpu_per_result: dict[str, float]
    """Processor seconds by part: the driver's are Tune's loop, with search and observers."""
    rss: float
    """MiB of a client, the median."""
    pss: float
    """The same without what it shares with others."""
    driver_rss: float
    first_result_seconds: float
    """From the start of the search until every client had reported once."""

    @property
    def per_second(self) -> float:
        """Results."""
        return self.results / self.seconds


class Tireless(HostProcess):
    """A host whose steps take no time, once every lane has a trial; reports are of real size."""

    _full = False

    def _due(self) -> list[Lease]:
        """Nobody, until all clients have come: their processes start one after the other."""
        self._full = self._full or len(self._leases.seated) == self._settings.lanes
        return super()._due() if self._full else []

    def _prepare(self) -> None:
        from fake_study import stand_in
        from simulated_host import SimulatedStudy

        sys.modules["empathy.study"] = stand_in(SimulatedStudy)
        super()._prepare()


class Window(Tally):
    """Watches from when all clients have reported until the first one ends."""

    def __init__(self, clients: int) -> None:
        super().__init__()
        self._clients, self._begun = clients, time.monotonic()
        self.first_result_seconds = 0.0
        self.at: list[tuple[float, int, dict[str, float]]] = []
        """Seconds, reports and processor seconds by part, when it opens and when it closes."""
        self.memory: list[dict[str, float]] = []

    def trial_reported(self, row: Row) -> None:
        """A report; perhaps the one that opens the window."""
        super().trial_reported(row)
        if not self.at and len(self.steps) == self._clients:
            self.first_result_seconds = time.monotonic() - self._begun
            self._look()

    def trial_ended(self, trial_id: str, state: State, reason: str | None) -> None:
        """An end; perhaps the one that closes the window."""
        super().trial_ended(trial_id, state, reason)
        if len(self.at) == 1:
            self._look()
            found = [p for p in processes.below(os.getpid()) if _part(p) == "clients"]
            self.memory = [processes.memory(each.pid) for each in found]

    def _look(self) -> None:
        cpu: dict[str, float] = {}
        for each in processes.below(os.getpid()):
            cpu[_part(each)] = cpu.get(_part(each), 0.0) + each.cpu
        self.at.append((time.monotonic(), self.reports, cpu))


def _part(process: Process) -> str:
    if process.pid == os.getpid():
        return DRIVER
    known = (part for name, part in PARTS.items() if process.name.startswith(name))
    return next(known, "others")


def measure(clients: int, reports: int) -> Clients:
    """So many trials at once, each with so many reports, on a Ray of this machine."""
    sweep = spec.load("demo", [
        f"run_cap={clients}", "early_terminate=null", f"training.max_steps={reports}",
        "evaluation.report_every=1",
    ])  # fmt: skip
    watch = Window(clients)
    _connect()
    with tempfile.TemporaryDirectory() as out:
        settings = StudySettings(
            family="tiny", lanes=clients, training=TrainingSettings(max_steps=reports)
        ).model_dump(mode="json")
        pool = Hosts(settings, sweep.report_steps, out, "cpu", kind=Tireless)
        try:
            if pool.prepared(PATIENCE) is None:
                raise RuntimeError(f"the host was not ready within {PATIENCE:.0f} s")
            on_ray.run(sweep, pool, watch, out, clients)
        finally:
            pool.close()
    return _found(watch, clients)


def _connect() -> None:
    """As `on_ray.connect`, with this folder's modules for the processes."""
    os.environ.update(on_ray.QUIET)
    here = Path(__file__).parent
    places = (here, here.parent, here.parent.parent)
    os.environ["PYTHONPATH"] = os.pathsep.join(map(str, places))
    ray.init(
        address="local", include_dashboard=False, log_to_driver=False,
        logging_level=logging.ERROR, object_store_memory=on_ray.STORE_BYTES,
    )  # fmt: skip


def _found(watch: Window, clients: int) -> Clients:
    (begun, before, cpu_before), (ended, after, cpu_after) = watch.at
    results = after - before
    return Clients(
        clients,
        results,
        ended - begun,
        {part: (cpu_after[part] - cpu) / results for part, cpu in cpu_before.items()},
        median(each["rss"] for each in watch.memory),
        median(each["pss"] for each in watch.memory),
        processes.memory(os.getpid())["rss"],
        watch.first_result_seconds,
    )
