"""A server on this machine that takes W&B's runs, keeps what it is sent, and may die."""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from wandb_server import VIEWER

TEAM = {"id": "e", "name": "team"}


@dataclass
class Sent:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def unpacked(self) -> bytes:
        """The body as it was before it was compressed."""
        packed = self.headers.get("Content-Encoding", "").lower() == "gzip"
        return gzip.decompress(self.body) if packed else self.body

    @property
    def bytes(self) -> bytes:
        """All of it but the header that logs in."""
        told = [f"{k}: {v}" for k, v in self.headers.items() if k.lower() != "authorization"]
        return "\n".join([f"{self.method} {self.path}", *told, ""]).encode() + self.unpacked


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """Clients that are killed break connections: nothing to print."""


class RunServer:
    """Answers what W&B's client asks of runs, until it dies; `port` 0 takes a free one."""

    def __init__(self, port: int = 0) -> None:
        self.sent: list[Sent] = []
        """Every request, in order."""
        self._http = _Http(("127.0.0.1", port), _handler(self))
        self.port = self._http.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether somebody listens."""
        return self._thread.is_alive()

    @property
    def streamed(self) -> list[str]:
        """The bodies of what was streamed to a run's files, its history among them."""
        streams = [each for each in self.sent if "file_stream" in each.path]
        return [each.unpacked.decode("utf-8", "replace") for each in streams]

    def die(self) -> None:
        """From now on nobody listens at the address."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def answer(self, request: Sent) -> Any:
        """What W&B's client needs to go on."""
        if request.path == "/graphql":
            asked = json.loads(request.unpacked)
            return {"data": self._data(asked.get("query", ""), asked.get("variables") or {})}
        return {}

    def _data(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        names = re.findall(r"(?:query|mutation) (\w+)", query)
        known: dict[str, Callable[[], dict[str, Any]]] = {
            "Viewer": lambda: {"viewer": VIEWER},
            "ServerFeaturesQuery": lambda: {"serverInfo": {"features": []}},
            "RunResumeStatus": lambda: {"model": None},
            "UpsertBucket": lambda: {"upsertBucket": _bucket(variables)},
            "CreateRunFiles": lambda: {"createRunFiles": self._files(variables)},
        }
        return known[names[0]]() if names and names[0] in known else {}

    def _files(self, variables: dict[str, Any]) -> dict[str, Any]:
        files = [{"name": n, "uploadUrl": f"{self.url}/put/{n}"} for n in variables["files"]]
        return {"runID": "r", "uploadHeaders": [], "files": files}


def _bucket(variables: dict[str, Any]) -> dict[str, Any]:
    project = {"id": "p", "name": variables.get("project") or "empathy", "entity": TEAM}
    bucket = {
        "id": f"id-{variables.get('name')}",
        "name": variables.get("name"),
        "displayName": variables.get("displayName"),
        "description": None,
        "config": None,
        "sweepName": None,
        "project": project,
        "historyLineCount": 0,
    }
    return {"bucket": bucket, "inserted": True}


@contextmanager
def serving() -> Iterator[RunServer]:
    """The server, while it runs in a thread."""
    server = RunServer()
    try:
        yield server
    finally:
        if server.alive:
            server.die()


def _handler(server: RunServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Sent(self.command, self.path, dict(self.headers.items()), body)
            server.sent.append(request)
            told = json.dumps(server.answer(request)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def do_GET(self) -> None:
            self.do_POST()

        def do_PUT(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Silent."""

    return Handler
