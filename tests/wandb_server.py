"""A W&B server on this machine that takes reports, or refuses them, and keeps what it was sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VIEWER = {
    "id": "u", "entity": "team", "username": "team", "name": "Team", "email": "t@example.org",
    "flags": "{}", "admin": False, "deletedAt": None,
    "teams": {"edges": []}, "apiKeys": {"edges": []},
}  # fmt: skip
PROJECT = {"id": "p", "name": "empathy", "entityName": "team", "user": None,
           "createdAt": "2030-01-01T00:00:00", "isBenchmark": False}  # fmt: skip


@dataclass
class Kept:
    """The variables of every report that was sent; `takes` False refuses them."""

    takes: bool = True
    reports: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """GraphQL's answer to what the client of a report asks."""
        if "upsertView" not in query:
            page = {"endCursor": "", "hasNextPage": False}
            return {"data": {
                "viewer": VIEWER,
                "models": {"edges": [{"node": PROJECT, "cursor": ""}], "pageInfo": page},
            }}  # fmt: skip
        if not self.takes:
            return {"errors": [{"message": "permission denied"}], "data": None}
        self.reports.append(variables)
        view = {
            "id": "abc", "type": "runs", "name": variables["name"], "spec": variables["spec"],
            "displayName": variables["displayName"], "description": variables["description"],
            "project": {"name": variables["projectName"], "entityName": variables["entityName"]},
            "createdAt": "2030-01-01T00:00:00", "updatedAt": "2030-01-01T00:00:00", "user": {},
        }  # fmt: skip
        return {"data": {"upsertView": {"view": view, "inserted": True}}}


@contextmanager
def serving(kept: Kept) -> Iterator[str]:
    """The server's address, while it runs in a thread."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            graphql = self.path == "/graphql"  # the other path is for the client's own statistics
            asked: dict[str, Any] = json.loads(body) if graphql else {}
            found = kept.answer(asked.get("query", ""), asked.get("variables") or {})
            told = json.dumps(found).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
