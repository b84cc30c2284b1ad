"""How a running sweep is stopped: Ctrl-C once gracefully, twice at once.

The first one saves what the lanes have learnt since their last report, as a host does whose machine
is about to go, and says how to go on. The second ends the process there and then, which costs what
a crash costs: the way from the last report. SIGTERM, which schedulers send, does what Ctrl-C does,
but for the exit code.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, Protocol

from sweeps.observers import Observer
from sweeps.results_folder import measured
from sweeps.status import resume_command

SIGNALS = (signal.SIGINT, signal.SIGTERM)

log = logging.getLogger(__name__)


class Terminated(BaseException):
    """The process was told to end by SIGTERM. Like KeyboardInterrupt it is no Exception."""


EXIT_CODES: dict[type[BaseException], int] = {KeyboardInterrupt: 130, Terminated: 143}
"""128 and the signal's number, as shells have it."""


class Host(Protocol):
    """What stopping needs of a LaneHost, wherever it stands."""

    def prepared(self, timeout: float) -> dict[str, Any] | None: ...
    def drain(self) -> None: ...
    def close(self) -> None: ...


@contextmanager
def attended(host: Host, watch: Observer, out: Path, address: str) -> Iterator[None]:
    """The sweep in `out`, whose host and observers are closed however the block ends.

    Where it is stopped, lanes are saved first, and the KeyboardInterrupt or Terminated that comes
    out says in one sentence how to go on.
    """
    before = _listen(_first)
    try:
        yield
    except (KeyboardInterrupt, Terminated, SystemExit) as stop:  # Ray turns SIGTERM into the last
        _listen(_second)
        _say("stopping after the step under way, to save the lanes; once more stops at once")
        _save(host)  # until then reports are heard
        watch.close()  # what is heard from here on happened to trials that were cut off
        kind = KeyboardInterrupt if isinstance(stop, KeyboardInterrupt) else Terminated
        raise kind(how_to_go_on(out, address)) from None
    finally:
        host.close()
        watch.close()
        for number, handler in before.items():
            signal.signal(number, handler)


def how_to_go_on(out: Path, address: str) -> str:
    """What a user who has stopped the sweep in `out` can do now."""
    if not measured(out):
        return "stopped before anything was measured: start it again when you like"
    return f"stopped; to go on: {resume_command(out, address=address)}"


def _listen(handler: Any) -> dict[int, Any]:
    """Have the signals handled so; returns what was done before. Only a main thread may do that."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {number: signal.signal(number, handler) for number in SIGNALS}


def _first(number: int, frame: FrameType | None) -> NoReturn:
    _listen(_second)
    raise Terminated if number == signal.SIGTERM else KeyboardInterrupt


def _second(number: int, frame: FrameType | None) -> NoReturn:
    _say("stopped at once; lanes go on from their last report")
    leave(EXIT_CODES[Terminated if number == signal.SIGTERM else KeyboardInterrupt])


def leave(code: int) -> NoReturn:
    """End the process without waiting for its threads, which may wait for a device themselves."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # it may be closed
            if stream.isatty():
                stream.write("\x1b[?25h")  # the cursor, which a live screen hides
            stream.flush()
    os._exit(code)


def _say(text: str) -> None:
    with suppress(OSError, ValueError):  # nobody may be there to read
        print(f"launch.py: {text}", file=sys.stderr, flush=True)


def _save(host: Host) -> None:
    """Checkpoint all lanes; a host that still prepares has none."""
    try:
        if host.prepared(0) is not None:
            host.drain()
    except Exception as error:  # then their last reports' checkpoints must do
        log.warning("the lanes could not be saved: %r", error)
