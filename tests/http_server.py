"""A real HTTP server on this machine that serves a folder of bytes, as badly as it is told to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE = 16_384  # bytes


@dataclass
class Behaviour:
    """What the server holds, what it does wrong, and what it was asked."""

    files: dict[str, bytes]
    status: int | None = None  # answered to everything
    failures: int | None = None  # the first so many requests misbehave; None: all of them
    ranges: bool = True
    stall_after: int | None = None  # bytes of the body, then silence
    cut_after: int | None = None  # bytes of the body, then the connection is closed
    drip: float | None = None  # seconds between single bytes
    announced: int | None = None  # Content-Length, whatever is sent
    chunked: bool = False  # no Content-Length
    content_range: str | None = None
    redirect: str | None = None  # a prefix that is cut from the path, by a redirect
    halfway: Callable[[], object] | None = None  # called in the middle of a body
    asked: list[tuple[str, str | None]] = field(default_factory=list)  # path, Range
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[str]:
    """The server's address, while it runs in a thread."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that went away is what the tests are about."""

    handler = type("Bound", (Handler,), {"behaviour": behaviour})
    server = Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        behaviour.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answers one GET as `behaviour` says."""

    behaviour: Behaviour
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: requests are kept in `asked`."""

    def do_GET(self) -> None:
        told = self.behaviour
        wanted = self.headers.get("Range")
        told.asked.append((self.path, wanted))
        self.close_connection = True
        bad = told.failures is None or len(told.asked) <= told.failures
        if bad and told.status is not None:
            return self.send_error(told.status)
        if told.redirect is not None and self.path.startswith(told.redirect):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix(told.redirect) or "/")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        body = told.files.get(self.path)
        if body is None:
            return self.send_error(404)
        self._answer(body, wanted, bad)

    def _answer(self, body: bytes, wanted: str | None, bad: bool) -> None:
        told, start = self.behaviour, 0
        if wanted is not None and told.ranges:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(body):
                return self.send_error(416)
            self.send_response(206)
            said = f"bytes {start}-{len(body) - 1}/{len(body)}"
            self.send_header("Content-Range", told.content_range or said)
        else:
            self.send_response(200)
        if told.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            length = len(body) - start if told.announced is None else told.announced
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self._body(body[start:], bad)

    def _body(self, body: bytes, bad: bool) -> None:
        told = self.behaviour
        limits = [each for each in (told.stall_after, told.cut_after) if each is not None and bad]
        send = body[: min(limits, default=len(body))]
        step = PIECE if told.drip is None else 1
        for number, at in enumerate(range(0, len(send), step)):
            if told.over.is_set():
                return
            if told.halfway is not None and number == len(send) // step // 2:
                told.halfway()
            self._piece(send[at : at + step])
            time.sleep(told.drip or 0)
        if told.stall_after is not None and bad:
            told.over.wait()
        elif told.chunked and len(send) == len(body):
            self.wfile.write(b"0\r\n\r\n")

    def _piece(self, piece: bytes) -> None:
        if self.behaviour.chunked:
            piece = b"%x\r\n%b\r\n" % (len(piece), piece)
        self.wfile.write(piece)
        self.wfile.flush()
