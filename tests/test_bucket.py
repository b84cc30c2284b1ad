"""Results in a bucket: on a real S3 server of this machine, with a driver that is killed.

python -m pytest tests/test_bucket.py
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bucket_sweep
import pytest
from moto.server import ThreadedMotoServer
from pyarrow import fs

import launch
from empathy.errors import UserError
from sweeps.record.ledger import Record, read_record
from sweeps.storage import mirror, shared_results
from sweeps.storage.bucket import Bucket
from sweeps.storage.mirror import Mirror
from sweeps.storage.shared_results import staging

pytestmark = pytest.mark.timeout(400)
BUCKET = "results"
WAIT_SECONDS = 240


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an S3 server that holds one bucket."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "anybody",
        "AWS_SECRET_ACCESS_KEY": "anything", "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        creator = fs.S3FileSystem(
            scheme="http", endpoint_override=f"{host}:{port}", allow_bucket_creation=True
        )
        creator.create_dir(BUCKET)
        yield environment["AWS_ENDPOINT_URL"]
    moto.stop()


@pytest.fixture
def url(server: str, request: pytest.FixtureRequest) -> str:
    """A prefix for this test."""
    return f"s3://{BUCKET}/{request.node.name}"


@pytest.fixture
def own_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in which nothing is staged."""
    monkeypatch.setenv("EMPATHY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def brought(url: str, to: Path) -> Record:
    """A sweep as another machine finds it in the bucket."""
    bucket = Bucket(url)
    for name in bucket.objects():
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_bytes(bucket.get(name))
    return read_record(to)


def test_objects_come_and_go_whole(url: str) -> None:
    bucket = Bucket(url + "/")
    assert bucket.objects() == {}
    bucket.put("a/b.json", b"{}")
    bucket.put("a/b.json", b"[1]")
    assert bucket.get("a/b.json") == b"[1]"
    (found,) = bucket.objects().items()
    assert (found[0], found[1].size) == ("a/b.json", 3)
    bucket.check()
    assert list(bucket.objects()) == ["a/b.json"]
    bucket.delete("a/b.json")
    assert bucket.objects() == {}
    with pytest.raises(FileNotFoundError):
        bucket.get("a/b.json")


def test_what_names_no_place_is_refused() -> None:
    for wrong in ("s3://", "s3://bucket", "s3:/bucket/prefix", "s3:///prefix"):
        with pytest.raises(UserError, match=r"names no place in a bucket: give s3://bucket/prefix"):
            Bucket(wrong)


def test_a_bucket_that_cannot_be_written_to_is_refused_at_the_start(
    server: str, own_machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bucket_sweep.main("s3://no-such-bucket/sweep") == 2
    told = capsys.readouterr().err
    assert told.startswith("launch.py: --out s3://no-such-bucket/sweep cannot be written to: ")
    assert told.count("\n") == 1
    assert not staging("s3://no-such-bucket/sweep").exists()


def test_a_plan_and_a_comparison_take_no_bucket(capsys: pytest.CaptureFixture[str]) -> None:
    assert launch.main(["--sweep", "demo", "--dry-run", "--out", "s3://bucket/prefix"]) == 2
    assert "--out s3://bucket/prefix is for a sweep that runs" in capsys.readouterr().err


def in_the_middle(bucket: Bucket) -> bool:
    """Whether the bucket has the baselines' reports and those of two trials, three of each."""
    there = bucket.objects()
    return "manifest.json" in there and bucket.get("history.jsonl").count(b"\n") >= 2 + 6


def test_a_killed_sweep_goes_on_on_a_machine_that_has_nothing(
    url: str, own_machine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole_url, killed_url = f"{url}/whole", f"{url}/killed"
    assert bucket_sweep.main(whole_url) == 0
    assert not staging(whole_url).exists()
    driver = subprocess.Popen([sys.executable, bucket_sweep.__file__, "hold", killed_url])
    try:
        deadline = time.monotonic() + WAIT_SECONDS
        while not in_the_middle(Bucket(killed_url)):
            assert driver.poll() is None, "the sweep ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert bucket_sweep.main(killed_url, "--resume") == 2, "another one writes there"
    finally:
        driver.send_signal(signal.SIGKILL)
        driver.wait()
    before = Bucket(killed_url).get("history.jsonl")
    assert bucket_sweep.main(killed_url) == 2, "there are results"
    shutil.rmtree(own_machine / "shared")
    assert bucket_sweep.main(killed_url, "--resume", silent=3600) == 2, "perhaps it still runs"
    assert "had a sign of life" in capsys.readouterr().err
    assert bucket_sweep.main(killed_url, "--resume") == 0
    whole, found = brought(whole_url, tmp_path / "whole"), brought(killed_url, tmp_path / "killed")
    assert Bucket(killed_url).get("history.jsonl").startswith(before), "nothing is trained again"
    assert "resumed" in found.manifest
    check_same(found, whole)
    names = set(Bucket(killed_url).objects())
    assert names == set(Bucket(whole_url).objects())
    assert {"report.html", "summary.json", "winner/adapter", "trials/t000/validation.json"} <= names
    assert not any(part.startswith(".") for name in names for part in name.split("/"))


def check_same(found: Record, whole: Record) -> None:
    def rows(record: Record) -> set[tuple[str, int, float]]:
        return {
            (row["trial_id"], row["step"], row["metrics"]["empathy"]["value"])
            for row in record.history
        }

    assert rows(found) == rows(whole)
    assert len(found.history) == len(whole.history)
    assert found.summary is not None
    assert whole.summary is not None
    for key in ("trials", "completed", "best", "tied", "finalists"):
        assert found.summary[key] == whole.summary[key]


class Folder:
    """A results folder with something measured, and its mirror."""

    def __init__(self, path: Path, url: str, **options: Any) -> None:
        self.path, self.bucket = path, Bucket(url)
        path.mkdir()
        there = self.bucket.objects()
        given = {"replace": False, "hosts_share": False, **options}
        self.mirror = Mirror(path, self.bucket, there, **given)

    def write(self, name: str, text: str) -> None:
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        (self.path / name).write_text(text)

    def names(self) -> set[str]:
        return set(self.bucket.objects())


def test_nothing_half_written_and_nothing_unmeasured_is_sent(url: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "out", url)
    folder.write("manifest.json", "{}")
    folder.mirror.sync()
    assert folder.names() == set()
    folder.write("history.jsonl", '{"step": 1}\n{"st')
    folder.write(".tmp-1-report.html", "<html>")
    folder.write("trials/t0/.tmp-2-lane.safetensors", "half")
    folder.write("tune/state.json", "{}")
    folder.write("wandb/run.wandb", "still open")
    folder.mirror.sync()
    assert folder.names() == {"manifest.json", "history.jsonl"}
    assert folder.bucket.get("history.jsonl") == b'{"step": 1}\n'
    folder.mirror.sync(ended=True)
    assert folder.names() == {"manifest.json", "history.jsonl", "wandb/run.wandb"}


def test_checkpoints_go_before_the_history_and_the_history_after_the_trials(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, put = Folder(tmp_path / "out", url), Bucket.put
    order: list[str] = []

    def noted(self: Bucket, name: str, content: bytes) -> None:
        order.append(name)
        put(self, name, content)

    monkeypatch.setattr(Bucket, "put", noted)
    for name in ("history.jsonl", "manifest.json", "trials.csv", "trials/t0/lane.safetensors"):
        folder.write(name, "1\n")
    folder.mirror.sync()
    folder.mirror.sync()  # nothing is new
    assert order == ["trials/t0/lane.safetensors", "trials.csv", "history.jsonl", "manifest.json"]


def test_what_goes_from_the_folder_goes_from_the_bucket(url: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "out", url, hosts_share=True)
    for name in ("history.jsonl", "manifest.json", "finals.json"):
        folder.write(name, "1\n")
    folder.bucket.put("trials/t0/lane.safetensors", b"a host's")
    folder.mirror.sync()
    (tmp_path / "out" / "finals.json").unlink()
    folder.mirror.sync()
    assert folder.names() == {"history.jsonl", "manifest.json", "trials/t0/lane.safetensors"}


def test_replaced_results_go_when_the_new_ones_are_measured_and_not_before(
    url: str, tmp_path: Path
) -> None:
    old = Folder(tmp_path / "old", url)
    for name in ("history.jsonl", "manifest.json", "trials/t9/lane.safetensors"):
        old.write(name, "old\n")
    old.mirror.sync()
    new = Folder(tmp_path / "new", url, replace=True, hosts_share=True)
    new.mirror.sync()
    assert "trials/t9/lane.safetensors" in new.names()
    new.bucket.put("trials/t0/lane.safetensors", b"a host's, and new")
    for name in ("history.jsonl", "manifest.json"):
        new.write(name, "new\n")
    new.mirror.sync()
    assert new.names() == {"history.jsonl", "manifest.json", "trials/t0/lane.safetensors"}
    assert new.bucket.get("manifest.json") == b"new\n"


def test_results_that_come_back_since_their_replacement_failed_stay_in_the_bucket(
    url: str, tmp_path: Path
) -> None:
    old = Folder(tmp_path / "old", url)
    for name in ("history.jsonl", "manifest.json", "trials/t9/validation.json"):
        old.write(name, "old\n")
    old.mirror.sync()
    old.bucket.put("trials/t9/lane.safetensors", b"a host's")
    there = old.bucket.objects()
    again = Mirror(old.path, old.bucket, there, replace=True, hosts_share=True)
    again.start()
    again.stop()
    again.sync(ended=True)
    assert old.names() == set(there)


def test_results_killed_here_are_not_replaced_by_older_ones_of_the_bucket(
    url: str, own_machine: Path
) -> None:
    bucket, folder = Bucket(url), staging(url)
    folder.mkdir(parents=True)
    manifest = json.dumps({"sweep": "demo", "started": "2030-01-02"})
    for name, ours, theirs in (("manifest.json", manifest, manifest),
                               ("history.jsonl", "1\n2\n", "1\n")):  # fmt: skip
        (folder / name).write_text(ours)
        bucket.put(name, theirs.encode())
    with shared_results.staged(url, replace=False, hosts_share=False) as found:
        assert (found / "history.jsonl").read_text() == "1\n2\n"
    assert bucket.get("history.jsonl") == b"1\n2\n"
    assert not folder.exists()


def test_a_server_that_fails_for_a_while_costs_nothing_but_time(
    url: str, own_machine: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(mirror, "PAUSE", 0.01)
    broken = SimpleNamespace(left=2)
    put = Bucket.put

    def failing(self: Bucket, name: str, content: bytes) -> None:
        if name == "manifest.json" and broken.left > 0:
            broken.left -= 1
            raise OSError("the server is down")
        put(self, name, content)

    monkeypatch.setattr(Bucket, "put", failing)
    with shared_results.staged(url, replace=False, hosts_share=False) as folder:
        (folder / "manifest.json").write_text("{}")
        (folder / "history.jsonl").write_text("1\n")
        deadline = time.monotonic() + WAIT_SECONDS
        while "manifest.json" not in Bucket(url).objects() and time.monotonic() < deadline:
            time.sleep(0.01)
    ours = [record for record in caplog.records if record.name == "sweeps.storage.mirror"]
    assert [record.message for record in ours] == [
        f"{url} is behind, and is tried again: the server is down"
    ]


def test_results_that_cannot_be_sent_stay_and_it_is_said_where(
    url: str, own_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(self: Bucket, name: str, content: bytes) -> None:
        raise OSError("the server is down")

    def measure() -> None:
        with shared_results.staged(url, replace=False, hosts_share=False) as folder:
            monkeypatch.setattr(Bucket, "put", failing)
            (folder / "manifest.json").write_text("{}")
            (folder / "history.jsonl").write_text("1\n")

    with pytest.raises(UserError, match=r"could not be brought up to date \(the server is down\)"):
        measure()
    assert (staging(url) / "history.jsonl").read_text() == "1\n"


def test_a_private_sweep_goes_to_no_bucket(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--sweep", "demo", "--set", "data.private=true", "--out", url]
    assert launch.main(words) == 2
    assert "is private and neither words nor weights" in capsys.readouterr().err
    assert Bucket(url).objects() == {}
