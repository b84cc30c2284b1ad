"""Who may write into a results folder, and what becomes of the results that were there before.

With --overwrite the earlier results are not deleted but moved to `.<name>.old` beside the folder.
They go once the new sweep has measured something, and come back where it ends before: at once, or,
where its process was killed, when the folder is next claimed.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from empathy.cache import TEMPORARY
from empathy.errors import UserError
from sweeps.record.ledger import HISTORY, TRIALS
from sweeps.sweepfile.manifest import MANIFEST, read_manifest

# What a start leaves before anything is measured.
PULSE = "progress.json"  # the sign of life of a sweep that runs
OF_A_START = {MANIFEST, TRIALS, HISTORY, PULSE, "wandb"}


@contextmanager
def claimed(out: Path, *, overwrite: bool) -> Iterator[None]:
    """`out` as an empty folder that no other sweep may claim until the block ends.

    Raises `UserError` for a folder that may not be used; see `check`.
    """
    place = Path(os.path.abspath(out))
    check(out, overwrite=overwrite)
    try:
        recover(place)
        _set_aside(place)
        place.mkdir(parents=True, exist_ok=True)
        lock = os.open(place, os.O_RDONLY)
    except OSError as error:
        raise _unusable(out, error) from error
    with _held(lock, place, out):
        yield


@contextmanager
def continued(out: Path) -> Iterator[None]:
    """`out` as the folder of a sweep that goes on, and that no other may claim meanwhile.

    Raises `UserError` where there is no sweep to go on with, or where it still runs.
    """
    place = Path(os.path.abspath(out))
    try:
        if not (place / MANIFEST).is_file() or "sweep" not in read_manifest(place):
            raise UserError(
                f"--resume finds no results of a sweep in {out}: leave it out to start one"
            )
        lock = os.open(place, os.O_RDONLY)
    except OSError as error:
        raise _unusable(out, error) from error
    with _held(lock, place, out):
        yield


@contextmanager
def _held(lock: int, place: Path, out: Path) -> Iterator[None]:
    """Nobody else has the open folder meanwhile; earlier results come back where it fails."""
    try:
        _lock(lock, out)
        try:
            _make_ready(place, out)
            yield
        except BaseException:
            recover(place)
            raise
        drop_old(place)
    finally:
        os.close(lock)


def _make_ready(place: Path, out: Path) -> None:
    """Raises `UserError` where nobody may write. What a killed sweep left half-written goes."""
    try:
        with TemporaryFile(dir=place):
            pass
        for left in place.rglob(f"{TEMPORARY}*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    except OSError as error:
        raise _unusable(out, error) from error


def check(out: Path, *, overwrite: bool) -> None:
    """Raises `UserError` if `out` cannot be claimed; changes nothing.

    Refused are a file, a link to a folder that holds something, files that are no results of a
    sweep, a folder that a sweep is writing to, and, without `overwrite`, results that hold a
    measurement. A start that failed before any was taken leaves nothing worth keeping.
    """
    place = Path(os.path.abspath(out))
    try:
        if not place.is_dir():
            if place.exists() or place.is_symlink():
                raise FileExistsError(17, "it is a file")
            return
        lock = os.open(place, os.O_RDONLY)
        try:
            _lock(lock, out)
        finally:
            os.close(lock)
        if any(place.iterdir()):
            _check_full(out, place, overwrite=overwrite)
        elif _old(place).is_dir() and not overwrite:
            _refuse(out, _manifest(_old(place)))
    except OSError as error:
        raise _unusable(out, error) from error


def in_use(out: Path) -> bool | None:
    """Whether a sweep that runs holds the folder; None on a drive where nobody can tell.

    Asked with a shared lock, which is held for a moment only and stands in the way of no other who
    asks.
    """
    lock = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a network drive without locks
        return None
    finally:
        os.close(lock)
    return False


def measured(out: Path) -> bool:
    """Whether a sweep has measured anything into this folder."""
    history = out / HISTORY
    return history.is_file() and history.stat().st_size > 0


def drop_old(out: Path) -> None:
    """Delete the results that were moved aside for this folder's sweep, if there are any."""
    if _old(out).is_dir():
        shutil.rmtree(_old(out))


def recover(out: Path) -> None:
    """Where a sweep ended before it measured anything, put back what was moved aside for it."""
    old = _old(out)
    if not old.is_dir():
        return
    if out.is_dir():
        if measured(out):
            drop_old(out)
            return
        shutil.rmtree(out)
    old.rename(out)


def _check_full(out: Path, place: Path, *, overwrite: bool) -> None:
    if place.is_symlink():
        raise FileExistsError(17, "it is a link to a folder that is not empty")
    manifest = _manifest(place)
    if manifest is None:
        raise UserError(f"--out {out} holds files that are no results of a sweep: name another")
    if overwrite:
        return
    if not _failed_start(place, manifest):
        _refuse(out, manifest)
    if _old(place).is_dir():
        _refuse(out, _manifest(_old(place)))


def _refuse(out: Path, manifest: dict[str, Any] | None) -> None:
    facts = manifest or {}
    state = f"ended {facts['ended']}" if facts.get("ended") else "did not end"
    raise UserError(
        f"--out {out} holds results of sweep '{facts.get('sweep')}', which {state}: add --resume "
        "to go on with it, name another folder, or add --overwrite to delete them"
    )


def _failed_start(place: Path, manifest: dict[str, Any]) -> bool:
    names = {path.name for path in place.iterdir()}
    return not measured(place) and not manifest.get("ended") and names <= OF_A_START


def _manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of the sweep whose results the folder holds; None where it holds none."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and "sweep" in manifest else None


def _set_aside(place: Path) -> None:
    """Move what the checked folder holds aside; a failed start is deleted."""
    if not place.is_dir() or not any(place.iterdir()):
        return
    if _failed_start(place, _manifest(place) or {}):
        shutil.rmtree(place)
    else:
        place.rename(_old(place))


def _old(out: Path) -> Path:
    return out.with_name(f".{out.name}.old")


def _lock(descriptor: int, out: Path) -> None:
    """Lock an open folder until it is closed, which the system does even for a killed process."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UserError(
            f"--out {out} is being written by a sweep that still runs: name another folder"
        ) from None
    except OSError:  # a network drive without locks: then only the user knows
        return


def _unusable(out: Path, error: OSError) -> UserError:
    return UserError(f"--out {out} cannot be used: {error.strerror or error}")
