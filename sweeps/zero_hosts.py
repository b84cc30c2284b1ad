"""Hosts that measure, and trials that train elsewhere: a sweep with engine zero on Ray."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ray

from sweeps.hosts import Clients, HostProcess, Hosts
from sweeps.place import Reporting
from sweeps.train_run import Spread, TrainRun, room
from sweeps.trial import LaneTrial
from sweeps.zero_host import FOLDER, ZeroHost

# A client waits on the head: on any other node its hundredth of a processor would cost a worker.
ON_THE_HEAD = {"node:__internal_head__": 0.001}


class ZeroHostProcess(ZeroHost, HostProcess):
    """A ZeroHost in a process of its own."""


class ZeroTrial(LaneTrial):
    """A Tune trial that waits for the workers of its Train run."""

    def setup(self, config: dict[str, Any], **shared: Any) -> None:
        """See `LaneTrial.setup`; `spread` is a `Spread`."""
        self._spread: Spread = shared.pop("spread")
        super().setup(config, **shared)

    def _placed(self, settings: Mapping[str, Any], resume: bool, heard: int) -> Reporting:
        return TrainRun(
            self._desk, self._name, settings, self._spread, resume=resume, heard=heard
        )


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
        self.at_once = room(nodes, spread, hosts)
        self._spread, self._out = spread, out
        super().__init__(settings, steps, out, spread.device, hosts=hosts, kind=kind)

    def clients(self, lanes: int) -> Clients:
        """As many as there is room for; none leaves its process, for its workers end with it."""
        return Clients(
            ZeroTrial, ON_THE_HEAD, self.at_once, reused=False, given={"spread": self._spread}
        )

    def _place(
        self, trial_id: str, settings: Mapping[str, Any], resume: bool, heard: int
    ) -> Reporting:
        return TrainRun(self.desk, trial_id, settings, self._spread, resume=resume, heard=heard)

    def close(self) -> None:
        """Stop the hosts, leave Ray, and delete what only trials needed."""
        super().close()
        shutil.rmtree(Path(self._out, FOLDER), ignore_errors=True)
