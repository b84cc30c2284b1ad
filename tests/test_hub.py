"""Run: python -m pytest tests/test_hub.py"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import huggingface_hub.constants  # which the package alone brings only by chance
import pytest

from empathy.checkpoints import hub
from empathy.errors import UserError

COMMIT = "a" * 40


class _Server(ThreadingHTTPServer):
    """Answers like the hub for one refusal, or like a hub that is slow."""

    status, headers, delay = 200, {}, 0.0  # type: ignore[var-annotated]  # a stub
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_HEAD(self) -> None:
        time.sleep(self.server.delay)
        self.send_response(self.server.status)
        for name, value in {"Content-Length": "0", **self.server.headers}.items():
            self.send_header(name, value)
        self.end_headers()

    do_GET = do_HEAD  # noqa: N815  # the server's name

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Server]:
    """A false hub on this machine, and an empty hub cache."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()


@pytest.fixture(autouse=True)
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    return tmp_path / "hub"


def snapshot(cache: Path, *names: str) -> Path:
    """A snapshot of owner/model in the hub cache with files of these names."""
    repository = cache / "models--owner--model"
    folder = repository / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    for name in names:
        (folder / name).write_text("{}")
    return folder


WHOLE = ("config.json", "tokenizer.json", "model.safetensors")


def test_missing_files_of_a_sharded_checkpoint(tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json", "a.safetensors"):
        (tmp_path / name).touch()
    assert hub.missing_files(tmp_path) == ["model.safetensors"]
    shards = {"weight_map": {"x": "a.safetensors", "y": "b.safetensors", "z": "b.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(shards))
    assert hub.missing_files(tmp_path) == ["b.safetensors"]


def test_vocabulary_and_pickled_weights_make_a_checkpoint(tmp_path: Path) -> None:
    for name in ("config.json", "vocab.txt"):  # as BioBERT is released
        (tmp_path / name).touch()
    assert hub.missing_files(tmp_path) == ["model.safetensors"]
    (tmp_path / "pytorch_model.bin").touch()
    assert hub.missing_files(tmp_path) == []


@pytest.mark.parametrize("released", ["model.safetensors", "pytorch_model.bin"])
def test_pickled_weights_are_fetched_only_where_there_are_no_others(
    released: str, hub_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = snapshot(hub_cache, "config.json", "vocab.txt")
    asked: list[str] = []

    def download(hub_id: str, *, allow_patterns: list[str], **_: object) -> str:
        asked.extend(allow_patterns)
        if any(fnmatch(released, pattern) for pattern in allow_patterns):
            (folder / released).touch()
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert hub.fetch("owner/model") == folder
    assert ("pytorch_model.bin" in asked) == (released == "pytorch_model.bin")


def test_cached_takes_only_complete_snapshots(hub_cache: Path) -> None:
    assert hub.cached("owner/model") is None
    folder = snapshot(hub_cache, *WHOLE[:2])
    assert hub.cached("owner/model") is None
    (folder / WHOLE[2]).touch()
    assert hub.cached("owner/model") == folder


def test_offline_variable_is_obeyed(server: _Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert hub.unavailable("owner/model") == "HF_HUB_OFFLINE is set"


def test_hub_that_gives_the_file_is_available(server: _Server) -> None:
    server.headers = {"X-Repo-Commit": COMMIT, "ETag": '"1"'}
    assert hub.unavailable("owner/model") is None


def test_gated_model_names_the_page(server: _Server) -> None:
    server.status, server.headers = 401, {"X-Error-Code": "GatedRepo"}
    reason = "it is gated and this machine has no token that may read it"
    assert hub.unavailable("owner/model") == reason
    with pytest.raises(UserError, match=r"gated .* https://huggingface.co/owner/model, .*HF_TOKEN"):
        hub.fetch("owner/model")


def test_model_that_does_not_exist(server: _Server) -> None:
    server.status, server.headers = 401, {"X-Error-Code": "RepoNotFound"}
    with pytest.raises(UserError, match="owner/model cannot be had: the hub has no such model"):
        hub.fetch("owner/model")


def test_revision_that_does_not_exist(server: _Server) -> None:
    server.status, server.headers = 404, {"X-Error-Code": "RevisionNotFound"}
    with pytest.raises(UserError, match="the hub has no such revision"):
        hub.fetch("owner/model", "v9")


def test_slow_hub_is_not_waited_for(server: _Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_SECONDS", 0.3)
    server.delay = 2.0
    started = time.monotonic()
    assert hub.unavailable("owner/model") is not None
    assert time.monotonic() - started < 1.5


def test_unreachable_hub_serves_a_complete_cache_only(
    hub_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens on this port
    assert "ConnectError" in str(hub.unavailable("owner/model"))
    with pytest.raises(UserError, match=r"cannot be had: .*; give a local folder or package:NAME"):
        hub.fetch("owner/model")
    folder = snapshot(hub_cache, *WHOLE[:2])
    with pytest.raises(UserError, match=r"lacks model.safetensors: .*cannot be reached"):
        hub.fetch("owner/model")
    (folder / WHOLE[2]).touch()
    assert hub.fetch("owner/model") == folder
