"""Hosts that measure, and trials that train elsewhere: a sweep with engine zero on Ray."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from sweeps.pool.hosts import CALLS, Clients, HostProcess, Hosts
from sweeps.pool.place import Reporting
from sweeps.pool.trial import LaneTrial
from sweeps.zero.hang import MARGIN
from sweeps.zero.launcher import Launched, Launcher
from sweeps.zero.train_run import Spread, room
from sweeps.zero.zero_host import FOLDER, ZeroHost

# How long Ray Train waits for a worker to answer, before it replaces it and names nobody.
HEALTH_CHECK = "RAY_TRAIN_WORKER_HEALTH_CHECK_TIMEOUT_S"
# A client waits on the head: on any other node its hundredth of a processor would cost a worker.
ON_THE_HEAD = {"node:__internal_head__": 0.001}


class ZeroHostProcess(ZeroHost, HostProcess):
    """A ZeroHost in a process of its own."""


class ZeroTrial(LaneTrial):
    """A Tune trial that waits for the workers of its Train run."""

    def setup(self, config: dict[str, Any], **shared: Any) -> None:
        """See `LaneTrial.setup`; `launcher` is the actor of a `Launcher`."""
        self._launcher = shared.pop("launcher")
        super().setup(config, **shared)

    def _placed(self, settings: Mapping[str, Any], resume: bool, heard: int) -> Reporting:
        return Launched(self._launcher, self._name, settings, resume=resume, heard=heard)


class ZeroHosts(Hosts):
    """The pool, called as if it were one host that trains."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        steps: Sequence[int],
        out: str,
        spread: Spread,
        *,
        hosts: int = 1,
        kind: type[HostProcess] = ZeroHostProcess,
    ) -> None:
        """Raises UserError where the cluster has no room for one trial beside the hosts."""
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        self.at_once, self._out = room(nodes, spread, hosts), out
        super().__init__(
            settings, steps, out, spread.device, hosts=hosts, kind=kind, silence=spread.silence
        )
        here = ray.get_runtime_context().get_node_id()
        actor: Any = ray.remote(Launcher).options(
            num_cpus=0,
            max_concurrency=CALLS,
            scheduling_strategy=NodeAffinitySchedulingStrategy(here, soft=False),
            runtime_env={"env_vars": {HEALTH_CHECK: str(spread.silence + MARGIN)}},
        )
        self._launcher: Any = actor.remote(self.desk, spread)

    def clients(self, lanes: int) -> Clients:
        """As many as there is room for."""
        given = {"launcher": self._launcher}
        return Clients(ZeroTrial, ON_THE_HEAD, self.at_once, given)

    def release(self, trial_id: str) -> None:
        """End whatever a finished or dead trial may still hold: its workers, too."""
        self._launcher.release.remote(trial_id)
        super().release(trial_id)

    def close(self) -> None:
        """Stop the hosts, leave Ray, and delete what only trials needed."""
        super().close()
        shutil.rmtree(Path(self._out, FOLDER), ignore_errors=True)

    def _place(
        self, trial_id: str, settings: Mapping[str, Any], resume: bool, heard: int
    ) -> Reporting:
        return Launched(self._launcher, trial_id, settings, resume=resume, heard=heard)
