"""A W&B server on this machine that takes runs, until it is told to die."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VIEWER = {"id": "u", "entity": "team", "username": "team", "name": "Team", "flags": "{}",
          "teams": {"edges": []}, "apiKeys": {"edges": []}}  # fmt: skip


class RunServer:
    """Answers what W&B's client asks of runs; `streamed` has the bodies of their file streams."""

    def __init__(self) -> None:
        self.streamed: list[str] = []
        self.asked: list[str] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._http.block_on_close = False
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def die(self) -> None:
        """From now on nobody listens at the address."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def answer(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """What GraphQL answers."""
        if "upsertBucket" in query:
            bucket = {
                "id": "b", "name": variables.get("name"), "displayName": "n", "description": "",
                "config": "{}", "sweepName": None, "historyLineCount": 0,
                "project": {"id": "p", "name": "empathy", "entity": {"id": "e", "name": "team"}},
            }  # fmt: skip
            return {"data": {"upsertBucket": {"bucket": bucket, "inserted": True}}}
        if "viewer" in query:
            return {"data": {"viewer": VIEWER, "serverInfo": {}}}
        return {"data": {"model": None, "project": None}}


@contextmanager
def serving() -> Iterator[RunServer]:
    """The server, while it runs in a thread."""
    server = RunServer()
    try:
        yield server
    finally:
        if server._thread.is_alive():
            server.die()


def _handler(server: RunServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found: dict[str, Any] = {}
            if self.path == "/graphql":
                asked = json.loads(body)
                server.asked.append(asked.get("query", "")[:200])
                found = server.answer(asked.get("query", ""), asked.get("variables") or {})
            elif "file_stream" in self.path:
                server.streamed.append(body.decode("utf-8", "replace"))
            self._say(found)

        do_PUT = do_POST  # noqa: N815  # the names that http.server calls

        def do_GET(self) -> None:
            self._say({})

        def _say(self, found: dict[str, Any]) -> None:
            told = json.dumps(found).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            """Silent."""

    return Handler
