"""One file from a real server that stalls, truncates and lies, onto a disk that fills up.

.venv/bin/python -m pytest tests/test_transfer.py
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import random
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from http_server import Behaviour, serving

from empathy.errors import UserError
from empathy.fetch.transfer import Patience, Wanted, download, part_of, session

BODY = random.Random(3).randbytes(200_000)
NAME = "/owner/repository/a%20b.csv"  # as asked for: a blank is quoted
HURRIED = Patience(connect=1.0, silence=0.3, retries=2, backoff=0.0, slowest=1000.0)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def get(behaviour: Behaviour, path: Path, size: int = len(BODY), body: bytes = BODY) -> list[int]:
    """Downloads from a server that behaves so; what `report` heard."""
    heard: list[int] = []
    with serving(behaviour) as address, session(HURRIED) as link:
        sha256 = hashlib.sha256(body).hexdigest()
        download(Wanted(address + NAME, path, size, sha256), link, heard.append, HURRIED)
    return heard


def good(**wrong: object) -> Behaviour:
    """A server that holds the right file, and what it does wrong."""
    return Behaviour(files={NAME: BODY}, **wrong)  # type: ignore[arg-type]  # from a table


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("wrong", [{}, {"chunked": True}, {"failures": 1, "status": 503}])
def test_a_file_arrives_whole_and_leaves_nothing_beside_it(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    heard = get(good(**wrong), tmp_path / "new folder" / "a.csv")
    assert (tmp_path / "new folder" / "a.csv").read_bytes() == BODY
    assert left(tmp_path / "new folder") == {"a.csv"}
    assert (heard[0], heard[-1]) == (0, len(BODY))
    assert heard == sorted(heard)


@pytest.mark.parametrize("wrong", [{"cut_after": 90_000}, {"stall_after": 90_000}])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_broken_connection_is_taken_up_where_it_broke(
    tmp_path: Path, wrong: dict[str, object], chunked: bool
) -> None:
    behaviour = good(failures=1, chunked=chunked, **wrong)
    heard = get(behaviour, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == BODY
    assert behaviour.asked == [(NAME, None), (NAME, "bytes=90000-")]
    assert heard == sorted(heard)


def test_a_part_of_an_earlier_run_is_gone_on_with(tmp_path: Path) -> None:
    part_of(tmp_path / "a.csv").write_bytes(BODY[:150_000])
    behaviour = good()
    heard = get(behaviour, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == BODY
    assert behaviour.asked == [(NAME, "bytes=150000-")]
    assert heard[0] == 150_000


def test_a_whole_part_needs_no_server(tmp_path: Path) -> None:
    part_of(tmp_path / "a.csv").write_bytes(BODY)
    behaviour = good(status=500)
    get(behaviour, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == BODY
    assert behaviour.asked == []


def test_a_server_that_ignores_range_starts_the_part_anew(tmp_path: Path) -> None:
    part_of(tmp_path / "a.csv").write_bytes(BODY[:150_000])
    heard = get(good(ranges=False), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == BODY
    assert heard[0] == 0


@pytest.mark.parametrize("part", [b"?" * 1000, b"?" * len(BODY), BODY + b"?"])
def test_a_wrong_part_is_thrown_away_and_the_file_fetched_once_more(
    tmp_path: Path, part: bytes
) -> None:
    part_of(tmp_path / "a.csv").write_bytes(part)
    behaviour = good()
    get(behaviour, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == BODY
    assert behaviour.asked[-1] == (NAME, None)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"files": {NAME: BODY[:-1] + b"!"}}, "is not the file that was published: its SHA-256"),
        ({"files": {NAME: BODY[:-1]}}, "bytes after byte .* where a file of 200,000 bytes"),
        ({"files": {NAME: BODY + b"!"}}, "offers .* where a file"),
        ({"files": {NAME: BODY + b"!"}, "chunked": True}, "offers more bytes"),
        ({"files": {NAME: b"<html>Please log in</html>"}}, "a page of its own"),
        ({"announced": 5}, "offers 5 bytes after byte"),
    ],
)
@pytest.mark.parametrize("resumed", [False, True])
def test_another_file_upstream_is_refused_and_nothing_of_it_kept(
    tmp_path: Path, wrong: dict[str, object], says: str, resumed: bool
) -> None:
    if resumed:
        part_of(tmp_path / "a.csv").write_bytes(BODY[:1000])
    with pytest.raises(UserError, match=says):
        get(Behaviour(**{"files": {NAME: BODY}, **wrong}), tmp_path / "a.csv")  # type: ignore[arg-type]  # from a table
    assert left(tmp_path) == set()


@pytest.mark.parametrize("said", ["bytes 0-199999/200000", "bytes 1000-1999/2000", "nonsense"])
def test_a_wrong_range_is_not_appended(tmp_path: Path, said: str) -> None:
    part_of(tmp_path / "a.csv").write_bytes(BODY[:1000])
    behaviour = good(content_range=said)
    get(behaviour, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == BODY
    assert behaviour.asked == [(NAME, "bytes=1000-"), (NAME, None)]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"stall_after": 0}, "the server stopped answering; run the same command again"),
        ({"cut_after": 0}, "the connection broke off"),
        ({"status": 404}, "answers 404 Not Found .* no longer there"),
        ({"status": 403}, "answers 403 Forbidden .* proxy"),
        ({"status": 500}, "answers 500 .* run the same command again later"),
        ({"redirect": ""}, "Exceeded 5 redirects"),
    ],
)
def test_a_server_that_gives_nothing_leaves_nothing(
    tmp_path: Path, wrong: dict[str, object], says: str
) -> None:
    with pytest.raises(UserError, match=says):
        get(good(**wrong), tmp_path / "a.csv")
    assert left(tmp_path) == set()


def test_what_came_before_the_server_fell_silent_is_kept_as_a_part(tmp_path: Path) -> None:
    behaviour = good(stall_after=20_000)
    with pytest.raises(UserError, match=r"stopped answering; .* goes on where it stopped"):
        get(behaviour, tmp_path / "a.csv")
    assert len(behaviour.asked) == 3  # the first and two retries, 20,000 bytes each
    assert left(tmp_path) == {"a.csv.part"}
    assert part_of(tmp_path / "a.csv").read_bytes() == BODY[:60_000]


def test_a_server_that_drips_is_given_up(tmp_path: Path) -> None:
    # 0.05 s a byte is 20 bytes a second, and no silence is ever as long as the 0.3 s allowed.
    with pytest.raises(UserError, match="less than 1,000 bytes a second"):
        get(good(drip=0.05), tmp_path / "a.csv")
    assert left(tmp_path) == {"a.csv.part"}


def test_a_redirect_is_followed(tmp_path: Path) -> None:
    behaviour = Behaviour(files={NAME.removeprefix("/owner"): BODY}, redirect="/owner")
    get(behaviour, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == BODY
    assert len(behaviour.asked) == 2


def test_no_network_is_said_so(tmp_path: Path) -> None:
    with serving(good()) as address:
        pass  # from here on nobody listens at this port
    wanted = Wanted(f"{address}{NAME}", tmp_path / "a.csv", 1, "0" * 64)
    with session(HURRIED) as link, pytest.raises(UserError, match="cannot be reached"):
        download(wanted, link, lambda here: None, HURRIED)
    assert left(tmp_path) == set()


def test_a_name_that_does_not_resolve_is_said_so(tmp_path: Path) -> None:
    wanted = Wanted("http://nowhere.invalid/a", tmp_path / "a.csv", 1, "0" * 64)
    with session(HURRIED) as link, pytest.raises(UserError, match="cannot be reached"):
        download(wanted, link, lambda here: None, HURRIED)


def test_the_proxy_of_the_environment_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "http://upstream.invalid/a.csv"
    wanted = Wanted(address, tmp_path / "a.csv", len(BODY), hashlib.sha256(BODY).hexdigest())
    behaviour = Behaviour(files={address: BODY})  # a proxy is asked for the whole address
    with serving(behaviour) as proxy, session(HURRIED) as link:
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("no_proxy", "")
        download(wanted, link, lambda here: None, HURRIED)
    assert behaviour.asked == [(address, None)]
    with session(HURRIED) as link, pytest.raises(UserError, match=r"proxy .* cannot be used"):
        download(wanted._replace(path=tmp_path / "b.csv"), link, lambda here: None, HURRIED)


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A real file system of 128 KiB at `folder`; skips where we may not mount one."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "empathy-test", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if done.returncode:
        pytest.skip("mounting needs privileges that are not here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_said_so_and_the_rest_comes_once_there_is_room(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with small_disk(disk):
        with pytest.raises(UserError, match="the disk has no room for"):
            get(good(), disk / "a.csv")
        assert left(disk) == {"a.csv.part"}
        kept = part_of(disk / "a.csv").read_bytes()
        assert 0 < len(kept) <= 128 * 1024
        assert BODY.startswith(kept)
        subprocess.run(["mount", "-o", "remount,size=1m", str(disk)], check=True)
        behaviour = good()
        get(behaviour, disk / "a.csv")
        assert (disk / "a.csv").read_bytes() == BODY
        assert behaviour.asked == [(NAME, f"bytes={len(kept)}-")]


def test_a_limit_on_file_sizes_is_a_full_disk_too(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(UserError, match="the disk has no room for"):
            get(good(), tmp_path / "a.csv")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert BODY.startswith(part_of(tmp_path / "a.csv").read_bytes())
    get(good(), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == BODY


def test_a_folder_that_is_a_file_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "mi").write_text("a file")
    with pytest.raises(UserError, match=rf"cannot be written \({os.strerror(errno.EEXIST)}\)"):
        get(good(), tmp_path / "mi" / "a.csv")


def test_two_at_once_do_not_write_the_same_part(tmp_path: Path) -> None:
    part = part_of(tmp_path / "a.csv")
    with part.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        other.write(b"theirs")
        other.flush()
        with pytest.raises(UserError, match="being written by another fetch"):
            get(good(), tmp_path / "a.csv")
        assert part.read_bytes() == b"theirs"
