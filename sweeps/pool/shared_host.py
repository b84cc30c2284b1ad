"""A lane host whose checkpoints stand in a bucket, so that a host of any node goes on from them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from empathy.cache import write_atomically
from sweeps.pool.host import LaneHost
from sweeps.pool.hosts import HostProcess
from sweeps.pool.leases import Lease
from sweeps.storage.bucket import Bucket
from sweeps.storage.shared_results import staging


class SharedLanes(LaneHost):
    """Writes to its machine's staging folder; a checkpoint is shared before its report is told."""

    def __init__(
        self, settings: Mapping[str, Any], report_steps: Sequence[int], out: str, **process: Any
    ) -> None:
        """`out` is the bucket's URL; `process` is what a host in a process of its own is told."""
        self._bucket = Bucket(out)
        super().__init__(settings, report_steps, str(staging(self._bucket.url)), **process)

    def _save(self, lease: Lease) -> None:
        super()._save(lease)
        path = self._checkpoint(lease.trial_id)
        self._bucket.put_file(self._name(path), path)

    def _board(self, lease: Lease) -> None:
        if lease.resume:
            self._bring(lease.trial_id)
        super()._board(lease)

    def _finals(self, trials: Sequence[str]) -> dict[str, Any]:
        for trial in trials:
            self._bring(trial)
        return super()._finals(trials)

    def _export(self, trial_id: str, folder: Path) -> None:
        """Into the folder of that name here, wherever the runner's own stands, and the bucket."""
        self._bring(trial_id)
        here = self._out / folder.name
        shutil.rmtree(here, ignore_errors=True)  # an earlier end's
        super()._export(trial_id, here)
        for path in filter(Path.is_file, here.rglob("*")):
            self._bucket.put_file(self._name(path), path)

    def _bring(self, trial_id: str) -> None:
        """The trial's checkpoint, which another host may have left; none where there is none."""
        path = self._checkpoint(trial_id)
        try:
            content = self._bucket.get(self._name(path))
        except FileNotFoundError:
            return
        write_atomically(path, lambda temporary: temporary.write_bytes(content))

    def _name(self, path: Path) -> str:
        return path.relative_to(self._out).as_posix()


class SharedProcess(SharedLanes, HostProcess):
    """The same in a process of its own."""
