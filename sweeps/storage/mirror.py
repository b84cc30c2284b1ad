"""A results folder kept in step with a bucket while a sweep writes to the folder.

Files are written here as ever, whole under their names, and follow to the bucket in an order in
which any cut between two of them can be gone on from: checkpoints before the history that tells of
them, trials.csv before the history, the manifest last.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from sweeps.record.ledger import HISTORY, TRIALS
from sweeps.record.results_folder import measured
from sweeps.storage.bucket import Bucket, Object
from sweeps.sweepfile.manifest import MANIFEST

CHECKPOINT = "lane.safetensors"
UNSHARED = "tune"  # Ray Tune's own files: a sweep goes on without them
GROWING = "wandb"  # written to until the end, and only then whole
WINNER = "winner"
TOLD = (TRIALS, HISTORY, MANIFEST)  # in the order in which they follow
PAUSE = 10.0  # seconds between two passes, at least
SHARE = 20  # so many times as long as a pass took, at least

log = logging.getLogger(__name__)


class Mirror:
    """Copies a folder's files to a bucket, from the first measurement on.

    Until then what the bucket held stays there. `there` is what it held when the sweep began. Where
    lane hosts share their checkpoints and the winner themselves (`hosts_share`), these are theirs.
    """

    def __init__(
        self,
        folder: Path,
        bucket: Bucket,
        there: Mapping[str, Object],
        *,
        replace: bool,
        hosts_share: bool,
    ) -> None:
        """With `replace` all that was there goes; what goes from the folder goes in any case."""
        self._folder, self._bucket, self._there = folder, bucket, there
        self._replace, self._hosts_share = replace, hosts_share
        self._sent: dict[str, object] = {}
        self._before: bytes | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="mirror")

    def brought(self) -> None:
        """All files of the folder have come from the bucket, and need not go there."""
        for name, path in self._files():
            content = self._read(name) if name in TOLD else None
            self._sent[name] = _version(path) if content is None else _digest(content)

    def start(self) -> None:
        """Begin to look every few seconds for what is new; what is here is of a sweep before it."""
        self._before = self._history()
        self._thread.start()

    def stop(self) -> None:
        """Make no pass any more."""
        self._over.set()
        self._thread.join()

    def sync(self, *, ended: bool = False) -> None:
        """One pass; the one at the end takes everything. Raises OSError of bucket or disk."""
        if not measured(self._folder):
            return
        if self._replace and self._history() != self._before:
            self._clear()  # not where the new sweep failed, and the old results came back
            self._sent, self._replace = {}, False
        # In this order, and before the rest: nothing is told of that has not come to be.
        told = {name: self._read(name) for name in (MANIFEST, HISTORY, TRIALS)}
        for name, path in self._files():
            if name not in told and (ended or not name.startswith(f"{GROWING}/")):
                self._send_file(name, path)
        for name in TOLD:
            self._send(name, told[name])
        for name in sorted(self._sent.keys() - {name for name, _ in self._files()}):
            self._bucket.delete(name)
            del self._sent[name]

    def _run(self) -> None:
        pause, failing = PAUSE, False
        while not self._over.wait(pause):
            begun = time.monotonic()
            try:
                self.sync()
                failing = False
            except OSError as error:
                if not failing:
                    log.warning("%s is behind, and is tried again: %s", self._bucket.url, error)
                failing = True
            pause = max(PAUSE, SHARE * (time.monotonic() - begun))

    def _files(self) -> Iterator[tuple[str, Path]]:
        """Finished files: others still have a name that begins with a dot."""
        for path in sorted(self._folder.rglob("*")):
            parts = path.relative_to(self._folder).parts
            hidden = parts[0] == UNSHARED or any(part.startswith(".") for part in parts)
            name = "/".join(parts)
            if path.is_file() and not hidden and not self._of_hosts(name):
                yield name, path

    def _of_hosts(self, name: str) -> bool:
        return self._hosts_share and shared_by_hosts(name)

    def _read(self, name: str) -> bytes | None:
        """A file's content, None without one; of the history whole lines."""
        try:
            content = (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        return content[: content.rfind(b"\n") + 1] if name == HISTORY else content

    def _history(self) -> bytes | None:
        content = self._read(HISTORY)
        return None if content is None else _digest(content)

    def _send(self, name: str, content: bytes | None) -> None:
        if content is None or self._sent.get(name) == _digest(content):
            return
        self._bucket.put(name, content)
        self._sent[name] = _digest(content)

    def _send_file(self, name: str, path: Path) -> None:
        try:
            version = _version(path)
            if self._sent.get(name) == version:
                return
            self._bucket.put_file(name, path)
        except FileNotFoundError:  # gone meanwhile
            return
        self._sent[name] = version

    def _clear(self) -> None:
        """Delete what was there before the sweep and is so still: a host's new file is not."""
        now = self._bucket.objects()
        for name in sorted(self._there, key=lambda each: each != MANIFEST):  # the manifest first
            if now.get(name) == self._there[name]:
                self._bucket.delete(name)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _version(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def shared_by_hosts(name: str) -> bool:
    """Whether a host that shares its files has put the one of this name there."""
    return name.endswith(f"/{CHECKPOINT}") or name.startswith(f"{WINNER}/")
