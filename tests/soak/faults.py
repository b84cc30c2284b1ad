"""What happens to a sweep on purpose. Each fault is done to a real process or server."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from ray.cluster_utils import Cluster
from wandb_runs import RunServer

from sweeps.search import on_ray

ROOT = Path(__file__).parent.parent.parent
NODE: dict[str, Any] = {"num_cpus": 2, "object_store_memory": 80_000_000}
HOST, CLIENT = "ray::HostProcess", "ray::ResourceTrainable"  # a trial with resources, says Tune
DARK = 8.0  # seconds that the W&B server is away


class Stage:
    """The cluster, the driver and the W&B server; all of them can be hurt and go on."""

    def __init__(self, words: list[str], out: Path) -> None:
        self._words, self._out = words, out
        self.drivers = 0
        """How many drivers it took."""
        self._driver: subprocess.Popen[bytes] | None = None
        self._server = RunServer()
        self._environment = {
            **os.environ,
            **on_ray.QUIET,
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}",
            "EMPATHY_CACHE": str(out / "cache"),
            "WANDB_BASE_URL": self._server.url,
            "WANDB_API_KEY": "0" * 40,
            "WANDB_DIR": str(out),
        }

    def undisturbed(self) -> int:
        """The same sweep alone, without Ray; its exit code."""
        alone = ("--set", "tracking.mode=disabled", "--set", "resources.hosts=auto")
        words = [*self._words, *alone, "--address", "inprocess"]
        return self._start(self._out / "undisturbed", words).wait()

    def open(self) -> None:
        """Start the cluster, then the driver."""
        os.environ.update(self._environment)  # nodes and their workers inherit it
        self.cluster = Cluster(True, head_node_args={**NODE, "include_dashboard": False})
        for _ in range(2):
            self.cluster.add_node(**NODE)
        self._environment["RAY_ADDRESS"] = self.cluster.address
        self.drive()

    def drive(self) -> None:
        """A driver: the first starts the sweep, the others go on with it."""
        more = ["--address", "auto", *(["--resume"] if self.drivers else [])]
        self._driver = self._start(self._out / "soaked", [*self._words, *more])
        self.drivers += 1

    def _start(self, folder: Path, words: list[str]) -> subprocess.Popen[bytes]:
        log = (self._out / f"{folder.name}.log").open("ab")
        command = [sys.executable, str(ROOT / "launch.py"), *words, "--out", str(folder)]
        return subprocess.Popen(
            command, env=self._environment, stdout=log, stderr=log, start_new_session=True
        )

    def wait(self, seconds: float) -> None:
        """Let the sweep run; a driver that has ended without finishing is followed by another."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.ended():
            time.sleep(0.5)
            self._revive()

    def _revive(self) -> None:
        assert self._driver is not None
        if self._driver.poll() not in (None, 0):
            self.drive()

    def ended(self) -> bool:
        """Whether the sweep is over."""
        return self._driver is not None and self._driver.poll() == 0

    def to_the_end(self, patience: float) -> int | None:
        """Without faults until the sweep is over; its exit code, None if that takes too long."""
        until = time.monotonic() + patience
        while not self.ended() and time.monotonic() < until:
            time.sleep(1)
            self._revive()
        assert self._driver is not None
        return self._driver.poll()

    def close(self) -> None:
        """End what was started, and give it a moment to go."""
        if self._driver is not None and self._driver.poll() is None:
            self._driver.kill()
        self.cluster.shutdown()
        self._server.die()
        time.sleep(10)

    def kill_driver(self) -> int:
        """SIGKILL."""
        assert self._driver is not None
        self._driver.kill()
        self._driver.wait()
        return self._driver.pid

    def lose_node(self, draw: random.Random) -> str:
        """A node is gone at once, and another one comes."""
        node = draw.choice(sorted(self.cluster.worker_nodes, key=lambda node: node.node_id))
        self.cluster.remove_node(node, allow_graceful=False)
        self.cluster.add_node(**NODE)
        return str(node.node_id[:8])

    def workers(self, name: str) -> list[psutil.Process]:
        """This cluster's processes of that name."""
        found = []
        for process in psutil.process_iter():
            try:
                told, mark = process.cmdline(), process.environ().get("EMPATHY_SOAK")
            except psutil.Error:
                continue
            if told and told[0].startswith(name) and mark == os.environ["EMPATHY_SOAK"]:
                found.append(process)
        return sorted(found, key=lambda process: process.pid)

    def darken(self) -> str:
        """Nobody listens at W&B's address for a while."""
        url = self._server.url
        self._server.die()
        time.sleep(DARK)
        self._server = RunServer(self._server.port)
        return url


def _kill_one(stage: Stage, draw: random.Random, name: str) -> str | None:
    """SIGKILL to one worker of that name; None where there is none just now."""
    there = stage.workers(name)
    if not there:
        return None
    chosen = draw.choice(there)
    chosen.send_signal(signal.SIGKILL)
    return f"{chosen.pid} of {len(there)}"


FAULTS: dict[str, Callable[[Stage, random.Random], object]] = {
    "client": lambda stage, draw: _kill_one(stage, draw, CLIENT),
    "host": lambda stage, draw: _kill_one(stage, draw, HOST),
    "node": lambda stage, draw: stage.lose_node(draw),
    "driver": lambda stage, _: stage.kill_driver(),
    "W&B": lambda stage, _: stage.darken(),
}
