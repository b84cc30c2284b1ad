"""What a user is told who stops a running sweep: how to go on, and that once more ends it at once.

The first Ctrl-C is raised in the main thread, and lanes are saved on the way out: see
`sweeps.pool.stops`. A second one does not wait for that and costs what a crash costs, the way from
the last report.
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
from typing import NoReturn, Protocol

from sweeps.record.observers import Observer
from sweeps.record.results_folder import measured
from sweeps.watching.status import resume_command

INTERRUPTED = 130  # the exit code that shells give a program ended by Ctrl-C
SAVING = "stopping after the step under way, to save the lanes; once more stops at once"
AT_ONCE = "stopped at once; lanes go on from their last report"

log = logging.getLogger(__name__)


class Host(Protocol):
    """What stopping needs of a LaneHost, wherever it stands."""

    def drain(self) -> None: ...
    def close(self) -> None: ...


@contextmanager
def attended(host: Host, watch: Observer, out: Path, address: str) -> Iterator[None]:
    """The sweep in `out`, whose host and observers are closed however the block ends.

    Where it is stopped, what comes out says in one sentence how to go on.
    """
    main = threading.current_thread() is threading.main_thread()  # no other may set handlers
    before = signal.signal(signal.SIGINT, _first) if main else None
    try:
        yield
    except KeyboardInterrupt as stop:
        _let_go(host)
        stop.args = (how_to_go_on(out, address),)
        raise
    finally:
        watch.close()  # first: whoever asks Ray for a host that is gone starts another Ray
        host.close()
        if main:
            signal.signal(signal.SIGINT, before)


def how_to_go_on(out: Path, address: str) -> str:
    """What a user who has stopped the sweep in `out` can do now."""
    if not measured(out):
        return "stopped before anything was measured: start it again when you like"
    return f"stopped; to go on: {resume_command(out, address=address)}"


def _let_go(host: Host) -> None:
    """Have a host that still prepares, or examines, not be waited for: it has nothing to save."""
    try:
        host.drain()
    except Exception as error:  # then their last reports' checkpoints must do
        log.warning("the lanes could not be saved: %r", error)


def _first(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(number, _second)
    _say(SAVING)
    raise KeyboardInterrupt


def _second(number: int, frame: FrameType | None) -> NoReturn:
    _say(AT_ONCE)
    leave()


def _say(text: str) -> None:
    """Past Python's buffers, one of which the signal may have come in the middle of."""
    with suppress(OSError):
        os.write(2, f"\nlaunch.py: {text}\n".encode())


def leave(code: int = INTERRUPTED) -> NoReturn:
    """End the process without waiting for its threads, which may wait for a device themselves."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, RuntimeError):  # closed, or in the middle of a write
            if stream.isatty():
                stream.write("\x1b[?25h")  # the cursor, which a live screen hides
            stream.flush()
    os._exit(code)
