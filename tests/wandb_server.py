"""A W&B server on this machine that takes, or refuses, reports and workspaces, and keeps them."""

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
    """Views as they were sent; `takes` False refuses them."""

    takes: bool = True
    sent: list[dict[str, Any]] = field(default_factory=list)
    """The variables of every view that was sent, in order."""
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What stands on the server, by id: a view that was sent with an id has replaced it."""

    @property
    def reports(self) -> list[dict[str, Any]]:
        """The variables of every report that was sent."""
        return [each for each in self.sent if each["type"] == "runs"]

    @property
    def workspaces(self) -> list[dict[str, Any]]:
        """The same of every workspace."""
        return [each for each in self.sent if each["type"] == "project-view"]

    def answer(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """GraphQL's answer to what the client of a report or workspace asks."""
        if "upsertView" in query:
            return self._upserted(variables)
        page = {"endCursor": "", "hasNextPage": False}
        found: dict[str, Any] = {
            "viewer": VIEWER,
            "models": {"edges": [{"node": PROJECT, "cursor": ""}], "pageInfo": page},
        }
        if "allViews" in query:
            kind, name = variables.get("viewType", "runs"), variables.get("viewName")
            edges = [
                {"node": view, "cursor": ""}
                for view in self.views.values()
                if view["type"] == kind and name in (None, view["name"])
            ]
            found["project"] = {"allViews": {"edges": edges, "pageInfo": page}}
        return {"data": found}

    def _upserted(self, variables: dict[str, Any]) -> dict[str, Any]:
        if not self.takes:
            return {"errors": [{"message": "permission denied"}], "data": None}
        self.sent.append(variables)
        known = variables.get("id") or "abc" + "c" * len(self.views)
        view = {
            **{name: variables[name] for name in ("type", "name", "spec")},
            **{name: variables[name] for name in ("displayName", "description")},
            "id": known,
            "project": {"name": variables["projectName"], "entityName": variables["entityName"]},
            "createdAt": "2030-01-01T00:00:00", "updatedAt": "2030-01-01T00:00:00", "user": {},
        }  # fmt: skip
        inserted = known not in self.views
        self.views[known] = view
        return {"data": {"upsertView": {"view": view, "inserted": inserted}}}


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
