"""Files that are expensive to make: named by their content, and never seen half-written."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from filelock import FileLock

if TYPE_CHECKING:
    from torch import Tensor

Part: TypeAlias = str | bytes | int | float | Sequence["Part"] | Mapping[str, "Part"] | None


def cache_folder() -> Path:
    """The folder of everything that can be made again: EMPATHY_CACHE, else ~/.cache/empathy."""
    named = os.environ.get("EMPATHY_CACHE")
    folder = Path(named).expanduser() if named else Path.home() / ".cache" / "empathy"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # it may hold replies to real words
    return folder.resolve()


def content_key(*parts: Part) -> str:
    """SHA-256 (64 hex digits) of the parts as canonical JSON.

    1, 1.0, True and "1" give different keys; a tuple and a list of the same items give the same
    one, and so do mappings in any order. Raises TypeError for anything that JSON cannot say (a
    path is not content) and ValueError for NaN and infinity, which equal no other value.
    """
    text = json.dumps([_plain(part) for part in parts], sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(part: Part) -> object:
    """The part as JSON knows it; bytes and mappings are tagged, lest one mimics the other."""
    if isinstance(part, bytes):
        return {"bytes": hashlib.sha256(part).hexdigest()}
    if isinstance(part, Mapping):
        return {"mapping": {key: _plain(value) for key, value in part.items()}}
    if isinstance(part, Sequence) and not isinstance(part, str):
        return [_plain(item) for item in part]
    return part


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file or folder under a temporary name, then move it to `path` at once.

    Whoever opens `path` sees the whole of it or nothing, also after a power cut: everything is
    synced to disk before the rename. The temporary name stands in the same folder (a rename works
    only within one file system) and keeps the suffix, which some writers insist on. A file
    replaces the one that was there. A folder that is already there is kept and the new one
    thrown away: writers of one content key write the same. Errors of `write` pass through, and
    leave nothing behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".tmp-{uuid.uuid4().hex[:12]}-{path.name}")
    try:
        write(temporary)
        _sync(temporary)
        _move(temporary, path)
        _sync_one(path.parent)
    finally:
        _remove(temporary)


def kept_tensor(path: Path, name: str, compute: Callable[[], Tensor]) -> Tensor:
    """The tensor of this name in a safetensors file; computed and kept where there is no such file.

    See `kept_tensors`.
    """
    return kept_tensors(path, lambda: {name: compute()})[name]


def kept_tensors(path: Path, compute: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
    """All tensors of a safetensors file, by name; computed and kept where there is no such file.

    A damaged file (a failing disk, a copy cut short) counts as none. Of several processes that want
    it at once, one computes and the others wait for it.
    """
    from safetensors.torch import save_file

    found = _tensors(path)
    if found is not None:
        return found
    with alone(path):
        found = _tensors(path)  # another process may have computed it meanwhile
        if found is None:
            found = computed = compute()
            write_atomically(path, lambda temporary: save_file(computed, temporary))
    return found


def _tensors(path: Path) -> dict[str, Tensor] | None:
    """What the file holds; None if it is not there or damaged."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        found: dict[str, Tensor] = load_file(path)
    except (FileNotFoundError, SafetensorError):
        return None
    return found


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock of a cached file while it is made; other processes wait for their turn.

    The system frees the lock of a process that dies. Not re-entrant for one path.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock")):
        yield


def _move(temporary: Path, path: Path) -> None:
    try:
        os.replace(temporary, path)
    except OSError as error:
        kept = temporary.is_dir() and path.is_dir()
        if not kept or error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise


def _sync(path: Path) -> None:
    """Flush a file, or a folder with all that is in it, to the disk."""
    for folder, _, names in os.walk(path):
        for name in names:
            _sync_one(Path(folder, name))
        _sync_one(Path(folder))
    if path.is_file():
        _sync_one(path)


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
