"""Results that many machines share: a bucket, and a folder of this machine that stands for it.

A sweep reads and writes the folder, `staging`; what the bucket holds is brought there first, and
what changes follows to the bucket (`sweeps.storage.mirror`). The folder goes when the sweep has
ended well.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from empathy.cache import cache_folder, write_atomically
from empathy.errors import UserError
from sweeps.record.ledger import HISTORY, SUMMARY
from sweeps.record.results_folder import PULSE, measured
from sweeps.storage.bucket import Bucket, Object
from sweeps.storage.mirror import TOLD, Mirror, shared_by_hosts
from sweeps.sweepfile.manifest import MANIFEST, read_manifest

SILENT_SECONDS = 60.0  # since its last sign of life here a sweep that runs would have given another
NANOSECONDS = 10**9

log = logging.getLogger(__name__)


def staging(url: str) -> Path:
    """The folder of this machine that stands for a bucket's prefix."""
    return cache_folder() / "shared" / hashlib.sha256(url.encode()).hexdigest()[:16]


@contextmanager
def staged(url: str, *, replace: bool, hosts_share: bool) -> Iterator[Path]:
    """The folder that stands for `url` while a sweep runs; `replace`: what is there may go.

    Raises `UserError` for a bucket that cannot be written to, where another sweep writes to it, and
    where it could not be brought up to date at the end.
    """
    bucket = Bucket(url)
    folder = staging(bucket.url)
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.with_suffix(".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(
            f"--out {bucket.url} is being written by a sweep that still runs: name another prefix"
        ) from None
    with lock:
        now, there = bucket.check()
        mirror = Mirror(folder, bucket, there, replace=replace, hosts_share=hosts_share)
        if not _ahead(folder, bucket, there):
            _check_silent(bucket, there, now)
            _bring(bucket, folder, there, checkpoints=not hosts_share)
            mirror.brought()
        with _mirrored(mirror, bucket, folder):
            yield folder
        shutil.rmtree(folder)


@contextmanager
def _mirrored(mirror: Mirror, bucket: Bucket, folder: Path) -> Iterator[None]:
    mirror.start()
    try:
        yield
    except UserError as error:  # which names the folder where the user has named the bucket
        raise UserError(str(error).replace(str(folder), bucket.url)) from error
    finally:
        mirror.stop()
        _catch_up(mirror, bucket, folder)


def _catch_up(mirror: Mirror, bucket: Bucket, folder: Path) -> None:
    try:
        mirror.sync(ended=True)
    except OSError as error:
        raise UserError(
            f"{bucket.url} could not be brought up to date ({str(error).splitlines()[0]}); all "
            f"results are in {folder}, and the same command with --resume sends them"
        ) from error


def _ahead(folder: Path, bucket: Bucket, there: Mapping[str, Object]) -> bool:
    """Whether the folder holds the bucket's sweep, as far or farther: it was killed here."""
    if not measured(folder) or not (folder / MANIFEST).is_file():
        return False
    if MANIFEST not in there:
        return True
    same = read_manifest(folder).get("started") == json.loads(bucket.get(MANIFEST)).get("started")
    heard = there[HISTORY].size if HISTORY in there else 0
    return same and (folder / HISTORY).stat().st_size >= heard


def _check_silent(bucket: Bucket, there: Mapping[str, Object], now: int) -> None:
    """Raises `UserError` where a sweep seems to run on another machine, by the server's clock."""
    if PULSE not in there or SUMMARY in there:
        return
    seconds = (now - there[PULSE].modified) / NANOSECONDS
    if seconds < SILENT_SECONDS:
        raise UserError(
            f"--out {bucket.url} had a sign of life of a sweep {seconds:.0f} s ago: it runs on "
            "another machine, or was cut off there just now; try again in "
            f"{SILENT_SECONDS:.0f} s, or name another prefix"
        )


def _bring(bucket: Bucket, folder: Path, there: Mapping[str, Object], *, checkpoints: bool) -> None:
    """Make the folder anew from the bucket."""
    if measured(folder):
        aside = folder.with_name(f"{folder.name}.{_started(folder)}")
        log.warning("%s holds another sweep now; the one left here went to %s", bucket.url, aside)
        folder.rename(aside)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    wanted = [name for name in there if checkpoints or not shared_by_hosts(name)]
    # The history comes late: a folder without it counts as empty, and is made anew.
    rank = {name: place for place, name in enumerate(TOLD, start=1)}
    for name in sorted(wanted, key=lambda each: rank.get(each, 0)):
        if ".." in name.split("/"):
            raise UserError(f"{bucket.url} holds {name!r}, which no sweep has written")
        write_atomically(folder / name, partial(Path.write_bytes, data=bucket.get(name)))


def _started(folder: Path) -> str:
    told = read_manifest(folder).get("started") if (folder / MANIFEST).is_file() else "unknown"
    return "".join(each for each in str(told) if each.isalnum())
