"""One file over HTTP: whole and right under its name, or not there at all.

What has arrived stands in a `.part` file beside the target, so that a broken download goes on
where it stopped (RFC 9110, section 14: Range). Only a file of the right bytes and SHA-256 gets the
target's name; a part whose content proves wrong is removed. Anything that a network, a server or a
disk does wrong is a `UserError` of one sentence (`empathy.fetch.transfer_errors`).
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple, TypeAlias

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3 import exceptions as broken

from empathy.cache import file_sha256, write_atomically
from empathy.errors import UserError
from empathy.fetch.transfer_errors import (
    BUSY,
    WrongContentError,
    broken_link,
    disk_error,
    other_length,
    other_sum,
    refused,
    too_slow,
)

Report: TypeAlias = Callable[[int], None]
BLOCK = 1 << 16  # bytes


class Wanted(NamedTuple):
    """What to get from where: the file's address, its path here, its bytes and SHA-256 in hex."""

    address: str
    path: Path
    size: int
    sha256: str


class Patience(NamedTuple):
    """How long to wait, in seconds, how often to try again, and how slow is too slow."""

    connect: float = 10.0
    silence: float = 30.0  # without a byte
    retries: int = 3
    backoff: float = 0.5  # the first pause between tries; it doubles
    slowest: float = 1024.0  # bytes per second


PATIENCE = Patience()


@contextmanager
def session(patience: Patience = PATIENCE) -> Iterator[requests.Session]:
    """Connections that honour the environment's proxies and try again when a server is busy."""
    with requests.Session() as opened:
        for scheme in ("http://", "https://"):
            opened.mount(scheme, HTTPAdapter(max_retries=_retry(patience)))
        opened.max_redirects = 5
        yield opened


def part_of(path: Path) -> Path:
    """Where a download waits until it is whole."""
    return path.with_name(f"{path.name}.part")


def download(
    wanted: Wanted, link: requests.Session, report: Report, patience: Patience = PATIENCE
) -> None:
    """Gets the file, going on from its part; `report` hears how many of its bytes are here.

    Raises UserError for whatever goes wrong; a part of the right content stays for the next try.
    """
    part = part_of(wanted.path)
    try:
        wanted.path.parent.mkdir(parents=True, exist_ok=True)
        with _own_part(part, wanted.path) as file:
            _Download(wanted, link, report, patience, file).complete()
            write_atomically(wanted.path, lambda temporary: os.replace(part, temporary))
    except (requests.RequestException, broken.HTTPError) as error:  # the first is an OSError too
        raise broken_link(wanted.address, error) from error
    except OSError as error:
        raise disk_error(wanted.path, error) from error


@contextmanager
def _own_part(part: Path, path: Path) -> Iterator[IO[bytes]]:
    """The part, open at its end and ours alone; it leaves nothing when empty or wrong."""
    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"{part} is being written by another fetch; wait for it") from None
        # Whoever held the lock before us may just have given the file its name, or removed it.
        if not part.exists() or not os.path.samestat(os.fstat(file.fileno()), part.stat()):
            raise UserError(f"{path} was fetched by another process just now; run this again")
        try:
            yield file
        except WrongContentError:
            part.unlink()
            raise
        finally:
            with suppress(FileNotFoundError):
                if not part.stat().st_size:
                    part.unlink()


@dataclass(frozen=True, slots=True)
class _Download:
    """A file on its way into its part."""

    wanted: Wanted
    link: requests.Session
    report: Report
    patience: Patience
    part: IO[bytes]

    def complete(self) -> None:
        """Fills the part and checks it; one from earlier that proves wrong is done once anew."""
        earlier = self._here()
        try:
            self._fill()
        except WrongContentError:
            if not earlier:
                raise
            self.part.truncate(0)
            self._fill()

    def _here(self) -> int:
        return os.fstat(self.part.fileno()).st_size

    def _fill(self) -> None:
        """Receives until all bytes are here, over as many connections as patience allows."""
        wanted, retry = self.wanted, _retry(self.patience)
        while self._here() < wanted.size:
            try:
                self._receive()
            except (broken.ProtocolError, broken.ReadTimeoutError) as error:
                retry = retry.increment("GET", wanted.address, error=error)  # raises at the last
                retry.sleep()
        if self._here() > wanted.size:
            raise other_length(wanted.address, f"{self._here():,} bytes", wanted.size)
        found = file_sha256(part_of(wanted.path))
        if found != wanted.sha256:
            raise other_sum(wanted.address, found, wanted.sha256)

    def _receive(self) -> None:
        """One connection: asks for the bytes that are not here yet and appends them."""
        here, (connect, silence, *_) = self._here(), self.patience
        headers = {"Accept-Encoding": "identity"}  # lengths and ranges are those of the file itself
        if here:
            headers["Range"] = f"bytes={here}-"
        limits = (connect, silence)
        with self.link.get(
            self.wanted.address, headers=headers, stream=True, timeout=limits
        ) as answer:
            start = self._start(answer, here)
            self.part.truncate(start)
            try:
                end = self._append(answer, start)
            finally:
                self.part.flush()
        if end < self.wanted.size:
            raise broken.ProtocolError(f"{self.wanted.size - end} bytes are missing")

    def _append(self, answer: requests.Response, start: int) -> int:
        """Writes what arrives behind byte `start`; where it ended."""
        began, end = time.monotonic(), start
        self.report(end)
        # `read1` gives what is there: a fuller block would wait for a server that drips.
        while block := answer.raw.read1(BLOCK):
            end += len(block)
            if end > self.wanted.size:
                raise other_length(self.wanted.address, "more bytes", self.wanted.size)
            self.part.write(block)
            self.report(end)
            allowed = self.patience.silence + (end - start) / self.patience.slowest
            if time.monotonic() - began > allowed:
                raise too_slow(self.wanted.address, self.patience.slowest)
        return end

    def _start(self, answer: requests.Response, here: int) -> int:
        """The byte that the answer starts at: `here`, or 0 from a server that ignores Range."""
        address, size = self.wanted.address, self.wanted.size
        if answer.status_code == 416:
            raise other_length(address, f"no byte {here:,}", size)
        if answer.status_code not in (200, 206):
            raise refused(address, answer.status_code, answer.reason)
        start = here if answer.status_code == 206 else 0
        given = answer.headers.get("Content-Range", "")
        if start and not re.fullmatch(rf"bytes {start}-{size - 1}/({size}|\*)", given):
            raise other_length(address, f"the range '{given}'", size)
        length = answer.headers.get("Content-Length", str(size - start))
        if length != str(size - start):
            raise other_length(address, f"{length} bytes after byte {start:,}", size)
        return start


def _retry(patience: Patience) -> urllib3.Retry:
    """urllib3's count of tries with its pauses; a server may not ask for longer ones than ours."""
    return urllib3.Retry(
        total=patience.retries,
        status_forcelist=BUSY,
        raise_on_status=False,
        backoff_factor=patience.backoff,
        retry_after_max=int(patience.silence),
        redirect=False,  # requests follows them itself
    )
