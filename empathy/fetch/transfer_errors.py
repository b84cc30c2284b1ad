"""What a network, a server or a disk did wrong during a download, each as one sentence."""

from __future__ import annotations

import errno
from pathlib import Path

from requests import RequestException
from urllib3 import exceptions as broken

from empathy.errors import UserError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
BUSY = (429, 500, 502, 503, 504)  # may be better in a moment
# The first that fits counts: an address that cannot be reached is a timeout to urllib3, too.
CAUSES: dict[type[Exception], str] = {
    broken.ProxyError: "the proxy that HTTPS_PROXY or HTTP_PROXY names cannot be used",
    broken.SSLError: "the server's certificate is not trusted; REQUESTS_CA_BUNDLE names others",
    broken.NewConnectionError: "the server cannot be reached, so look whether there is a network",
    broken.TimeoutError: "the server stopped answering",
    broken.ProtocolError: "the connection broke off again and again",
}
NOTHING_KEPT = "nothing of it was kept; try another network, or tell the authors of this software"


class WrongContentError(UserError):
    """The server has another file than the one that is wanted."""


def other_length(address: str, offered: str, size: int) -> WrongContentError:
    """For an answer whose length, announced or real, is not that of the published file."""
    return WrongContentError(
        f"{address} offers {offered} where a file of {size:,} bytes was published: it has changed,"
        f" or your network answers with a page of its own; {NOTHING_KEPT}"
    )


def other_sum(address: str, found: str, expected: str) -> WrongContentError:
    """For content of the right length whose SHA-256 is not the published one."""
    return WrongContentError(
        f"{address} is not the file that was published: its SHA-256 is {found} instead of"
        f" {expected}; {NOTHING_KEPT}"
    )


def refused(address: str, status: int, reason: str) -> UserError:
    """For an answer with a status that brings no file."""
    if status in BUSY:
        remedy = "it is busy or out of order: run the same command again later"
    elif status == 404:
        remedy = "the file is no longer there: tell the authors of this software"
    else:
        remedy = "look whether a proxy or your network stands in between"
    return UserError(f"the server answers {status} {reason} for {address}; {remedy}")


def too_slow(address: str, slowest: float) -> UserError:
    """For a server that sends a little now and then, which no timeout notices."""
    return UserError(
        f"{address} arrives with less than {slowest:,.0f} bytes a second; run the same command"
        " again later, it goes on where it stopped"
    )


def broken_link(address: str, error: Exception) -> UserError:
    """For what `requests` and `urllib3` raise, after their own tries."""
    cause = _cause(error)
    known = (words for kind, words in CAUSES.items() if isinstance(cause, kind))
    words = next(known, f"the request failed ({cause})")
    return UserError(
        f"{address} was not fetched: {words}; run the same command again later, it goes on where"
        " it stopped"
    )


def disk_error(path: Path, error: OSError) -> UserError:
    """For what the file system says while the file is written."""
    if error.errno in FULL:
        return full_disk(path)
    return UserError(
        f"{path} cannot be written ({error.strerror or error}); name a folder of yours by --data or"
        " EMPATHY_DATA"
    )


def full_disk(path: Path) -> UserError:
    """For a disk, or a quota, without room for the file."""
    return UserError(
        f"the disk has no room for {path}; free some and run the same command again, or name"
        " another folder by --data or EMPATHY_DATA"
    )


def _cause(error: BaseException) -> BaseException:
    """The urllib3 error inside what requests made of it: the reason after the last try."""
    if isinstance(error, RequestException) and error.args:
        inner = error.args[0]
        return _cause(inner) if isinstance(inner, BaseException) else error
    if isinstance(error, broken.MaxRetryError) and error.reason is not None:
        return error.reason
    return error
