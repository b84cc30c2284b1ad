"""A server on this machine that takes W&B's runs and keeps every byte that it is sent."""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
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


@dataclass
class Server:
    """What it was sent, in order."""

    url: str = ""
    sent: list[Sent] = field(default_factory=list)

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
def serving() -> Iterator[Server]:
    """The server, while it runs in a thread."""
    kept = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Sent(self.command, self.path, dict(self.headers.items()), body)
            kept.sent.append(request)
            told = json.dumps(kept.answer(request)).encode()
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

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
