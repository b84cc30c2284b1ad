"""Files that are expensive to make: named by their content, and never seen half-written."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import re
import shutil
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from filelock import FileLock

from empathy.errors import DiskError

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger(__name__)

Part: TypeAlias = str | bytes | int | float | Sequence["Part"] | Mapping[str, "Part"] | None

REFUSALS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}
)
"""What a disk may answer to who writes: no room, no quota, no right, broken."""
CHECKSUM = "crc32"  # the name of that note in a file of tensors
TEMPORARY = ".tmp-"  # begins the name of a file that is not whole yet
ROOM = 1 << 16  # bytes; less is none for a file and its folder


def cache_folder() -> Path:
    """The folder of everything that can be made again: EMPATHY_CACHE, else ~/.cache/empathy."""
    named = os.environ.get("EMPATHY_CACHE")
    folder = Path(named).expanduser() if named else Path.home() / ".cache" / "empathy"
    with writing(folder):
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
    leave nothing behind; where the disk refuses, the error is a `DiskError`.
    """
    temporary = path.with_name(f"{TEMPORARY}{uuid.uuid4().hex[:12]}-{path.name}")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(temporary)
            _sync(temporary)
            _move(temporary, path)
            _sync_one(path.parent)
        finally:
            _remove(temporary)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raises `DiskError` where the disk refuses what is written for `path` meanwhile."""
    try:
        yield
    except Exception as error:
        number = _number(error)
        if number not in REFUSALS:
            raise
        raise DiskError(
            f"{path} cannot be written: {os.strerror(number)}; mend that, for instance by making "
            "room, and run the same command again (a sweep goes on with --resume)"
        ) from error


def check_room(folder: Path) -> None:
    """Raises `DiskError` where the disk of a folder is full."""
    with writing(folder):
        if shutil.disk_usage(folder).free < ROOM:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _number(error: Exception) -> int:
    """The system's number of an error, 0 for none; safetensors tells it in words alone."""
    if isinstance(error, OSError):
        return error.errno or 0
    told = re.search(r"\(os error (\d+)\)", str(error))
    return int(told[1]) if told and type(error).__name__ == "SafetensorError" else 0


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
            notes = {CHECKSUM: checksum(computed)}
            write_atomically(path, lambda temporary: save_file(computed, temporary, notes))
    return found


def _tensors(path: Path) -> dict[str, Tensor] | None:
    """What the file holds; None if it is not there or damaged."""
    from safetensors import SafetensorError

    try:
        return checked_tensors(path)[0]
    except FileNotFoundError:
        return None
    except (SafetensorError, ValueError):
        log.warning("%s is damaged and is made again", path)
        return None


def checked_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """All tensors of a safetensors file by name, and its notes.

    Raises `SafetensorError` for a file that is damaged, `ValueError` for one whose numbers are not
    those that were written (if it says which these were), and `FileNotFoundError`.
    """
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        notes: dict[str, str] = file.metadata() or {}
        found: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no dict
    if notes.get(CHECKSUM) not in (None, checksum(found)):
        raise ValueError("its numbers are not those that were written")
    return found, notes


def checksum(tensors: Mapping[str, Tensor]) -> str:
    """CRC-32 of the bytes of all tensors, in the order of their names: it shows a flipped bit."""
    from torch import uint8

    found = 0
    for name in sorted(tensors):
        found = zlib.crc32(tensors[name].detach().reshape(-1).view(uint8).numpy().data, found)
    return f"{found:08x}"


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock of a cached file while it is made; other processes wait for their turn.

    The system frees the lock of a process that dies. Not re-entrant for one path.
    """
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


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
