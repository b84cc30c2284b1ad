"""A prefix of an S3 bucket as a place for results: whole objects come and go, nothing else.

An object is there whole or not at all: one that is uploaded in parts appears with the last of them.
The address of another S3 server is taken from AWS_ENDPOINT_URL, credentials from wherever AWS's own
tools take them. Files go by way of memory, so that no error of a disk can end an upload half-way.
"""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from empathy.errors import UserError

if TYPE_CHECKING:
    from pyarrow.fs import S3FileSystem

SCHEME = "s3://"
ATTEMPTS = 3
CONNECT_SECONDS, REQUEST_SECONDS = 5.0, 60.0


def in_bucket(out: str | None) -> bool:
    """Whether results kept there would be in a bucket; `s3:` alone is a slip, not a folder."""
    return out is not None and out.startswith("s3:")


def check_out(out: str | None) -> None:
    """Raises `UserError` for an --out that is neither a folder's name nor a bucket's."""
    if out == "":
        raise UserError("--out is empty, as an unset variable is: name a folder, or leave it out")
    if out and "://" in out and not in_bucket(out):
        raise UserError(f"--out {out} is neither a folder nor s3://bucket/prefix")


class Object(NamedTuple):
    """What tells whether an object is still the same."""

    size: int
    modified: int
    """Nanoseconds since 1970, as the server says."""


class Bucket:
    """A bucket's prefix, of which names are relative. Every method raises OSError of the server."""

    def __init__(self, url: str) -> None:
        """Raises `UserError` for anything but s3://bucket/prefix."""
        parts = urlsplit(url)
        prefix = parts.path.strip("/")
        if not url.startswith(SCHEME) or not parts.netloc or not prefix:
            raise UserError(f"--out {url} names no place in a bucket: give s3://bucket/prefix")
        self.url = f"{SCHEME}{parts.netloc}/{prefix}"
        self._root = f"{parts.netloc}/{prefix}"
        self._files = _connected(parts.netloc, self.url)

    def check(self) -> tuple[int, dict[str, Object]]:
        """What time it is by the server's clock, in nanoseconds, and the objects there are.

        Raises `UserError` unless objects can be written, listed and deleted.
        """
        probe = f".probe-{uuid.uuid4().hex}"
        try:
            self.put(probe, b"")
            there = self.objects()
            self.delete(probe)
        except OSError as error:
            raise UserError(
                f"--out {self.url} cannot be written to: {first_line(error)}; see that the bucket "
                "is there and that your credentials may list, write and delete in it"
            ) from error
        return there.pop(probe).modified, there

    def objects(self) -> dict[str, Object]:
        """All objects there are, by name."""
        from pyarrow.fs import FileSelector, FileType

        everything = FileSelector(self._root, recursive=True, allow_not_found=True)
        return {
            each.path.removeprefix(f"{self._root}/"): Object(each.size, each.mtime_ns)
            for each in self._files.get_file_info(everything)
            if each.type == FileType.File
        }

    def get(self, name: str) -> bytes:
        """An object's content."""
        with self._files.open_input_stream(f"{self._root}/{name}") as stream:
            content: bytes = stream.read()
        return content

    def put(self, name: str, content: bytes) -> None:
        """Make the object, or replace it, at once."""
        with self._files.open_output_stream(f"{self._root}/{name}") as stream:
            stream.write(content)

    def put_file(self, name: str, path: Path) -> None:
        """The same with a file's content."""
        self.put(name, path.read_bytes())

    def delete(self, name: str) -> None:
        """Remove an object, if it is there."""
        with suppress(FileNotFoundError):
            self._files.delete_file(f"{self._root}/{name}")


def _connected(bucket: str, url: str) -> S3FileSystem:
    from pyarrow import fs

    address = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    server = urlsplit(address) if address else None
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if server is None and not region:
        try:
            region = fs.resolve_s3_region(bucket)
        except OSError as error:
            raise UserError(f"--out {url} cannot be reached: {first_line(error)}") from error
    return fs.S3FileSystem(
        region=region,
        scheme=server.scheme if server else None,
        endpoint_override=server.netloc if server else None,
        connect_timeout=CONNECT_SECONDS,
        request_timeout=REQUEST_SECONDS,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
    )


def first_line(error: OSError) -> str:
    """What a server's error says first."""
    return (str(error) or type(error).__name__).strip().splitlines()[0].rstrip(".")
