"""The sentences about networks and disks that no local server can bring about.

.venv/bin/python -m pytest tests/test_transfer_errors.py
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from requests import ConnectionError as RequestsConnectionError
from requests import RequestException
from requests.exceptions import InvalidURL
from urllib3 import exceptions as broken

from empathy.fetch.transfer_errors import (
    WrongContentError,
    broken_link,
    disk_error,
    other_sum,
    refused,
)

ADDRESS = "https://example.org/a.csv"


def after_tries(reason: Exception) -> RequestException:
    """As requests wraps what urllib3 gave up with."""
    return RequestsConnectionError(broken.MaxRetryError(None, ADDRESS, reason))  # type: ignore[arg-type]  # as requests does


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (after_tries(broken.SSLError("self-signed")), "certificate is not trusted"),
        (after_tries(broken.ProxyError("no", OSError("gone"))), "the proxy"),
        (after_tries(broken.ConnectTimeoutError("10 s")), "stopped answering"),
        (after_tries(broken.ProtocolError("reset")), "broke off"),
        (InvalidURL("no host supplied"), r"the request failed \(no host supplied\)"),
    ],
)
def test_the_reason_inside_is_what_is_said(error: RequestException, says: str) -> None:
    with pytest.raises(Exception, match=f"^{ADDRESS} was not fetched: .*{says}.*where it stopped$"):
        raise broken_link(ADDRESS, error)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_quota_is_a_full_disk(code: int) -> None:
    said = str(disk_error(Path("a.csv"), OSError(code, os.strerror(code))))
    assert said.startswith("the disk has no room for a.csv; free some")


def test_another_fault_of_the_disk_is_told_in_its_own_words() -> None:
    said = str(disk_error(Path("a.csv"), OSError(errno.EROFS, "Read-only file system")))
    assert said.startswith("a.csv cannot be written (Read-only file system); name a folder")


@pytest.mark.parametrize(
    ("status", "remedy"), [(429, "again later"), (404, "tell the authors"), (407, "a proxy")]
)
def test_each_status_has_its_remedy(status: int, remedy: str) -> None:
    assert remedy in str(refused(ADDRESS, status, "Reason"))


def test_both_sums_are_named() -> None:
    error = other_sum(ADDRESS, "a" * 64, "b" * 64)
    assert isinstance(error, WrongContentError)
    assert f"{'a' * 64} instead of {'b' * 64}" in str(error)
