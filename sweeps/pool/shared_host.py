"""A lane host whose checkpoints stand in a bucket, so that a host of any node goes on from them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from empathy.cache import cache_folder, write_atomically
from empathy.errors import SweepStoppedError
from sweeps.pool.host import LaneHost
from sweeps.pool.hosts import HostProcess
from sweeps.pool.leases import Lease
from sweeps.storage.bucket import Bucket, first_line


class SharedLanes(LaneHost):
    """Writes to a folder of its own; a checkpoint is in the bucket before its report is told."""

    def __init__(
        self, settings: Mapping[str, Any], report_steps: Sequence[int], out: str, **process: Any
    ) -> None:
        """`out` is the bucket's URL; `process` is what a host in a process of its own is told."""
        self._bucket = Bucket(out)
        cache_folder().mkdir(parents=True, exist_ok=True)
        # Of this process alone: another sweep's checkpoints bear the same names.
        self._folder = TemporaryDirectory(
            dir=cache_folder(), prefix="host-", ignore_cleanup_errors=True
        )
        super().__init__(settings, report_steps, self._folder.name, **process)

    def join(
        self, trial_id: str, settings: Mapping[str, Any], resume: bool = False, heard: int = 0
    ) -> str:
        """See `LaneHost.join`. A trial that begins leaves no checkpoint of an earlier sweep."""
        if not resume:
            with self._reached():
                self._bucket.delete(self._name(self._checkpoint(trial_id)))
        return super().join(trial_id, settings, resume, heard)

    def close(self) -> None:
        """See `LaneHost.close`."""
        super().close()
        self._folder.cleanup()

    def _save(self, lease: Lease) -> None:
        super()._save(lease)
        self._share(self._checkpoint(lease.trial_id))

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
            self._share(path)

    def _bring(self, trial_id: str) -> None:
        """The trial's checkpoint, which another host may have left; none where there is none."""
        path = self._checkpoint(trial_id)
        try:
            with self._reached():
                content = self._bucket.get(self._name(path))
        except FileNotFoundError:
            path.unlink(missing_ok=True)
            return
        write_atomically(path, lambda temporary: temporary.write_bytes(content))

    def _share(self, path: Path) -> None:
        with self._reached():
            self._bucket.put_file(self._name(path), path)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """No trial is to blame for a bucket that does not answer."""
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise SweepStoppedError(
                f"{self._bucket.url} cannot be reached ({first_line(error)}); when it can, the "
                "same command with --resume goes on"
            ) from error

    def _name(self, path: Path) -> str:
        return path.relative_to(self._out).as_posix()


class SharedProcess(SharedLanes, HostProcess):
    """The same in a process of its own."""
