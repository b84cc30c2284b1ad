"""Ctrl-C once, gracefully, and twice, at once: by hand-made hosts, and on a terminal of its own.

python -m pytest tests/test_stopping.py
"""

from __future__ import annotations

import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

import pytest
from running_sweep import ROOT, command, environment, reported, trials, wait_until

from sweeps.pool import stops
from sweeps.pool.leases import DrainingError
from sweeps.pool.stops import Terminated, all_done, heeding_sigterm
from sweeps.record.observers import Everyone
from sweeps.record.results_folder import in_use
from sweeps.watching import stopping
from sweeps.watching.stopping import attended


class Host:
    """A host that notes what is asked of it."""

    def __init__(self, breaks: bool = False) -> None:
        self.heard: list[str] = []
        self._breaks = breaks

    def drain(self) -> None:
        self.heard.append("drain")
        if self._breaks:
            raise DrainingError

    def close(self) -> None:
        self.heard.append("close")


def stopped(host: Host, out: Path, number: int = signal.SIGINT) -> str:
    """The sentence of a sweep that a signal stops."""

    def sweep() -> None:
        with heeding_sigterm(), attended(host, Everyone([]), out, "local"):
            os.kill(os.getpid(), number)
            time.sleep(5)

    before = signal.getsignal(number)
    with pytest.raises((KeyboardInterrupt, Terminated)) as stop:
        sweep()
    assert signal.getsignal(number) is before
    return str(stop.value)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_says_how_to_go_on(tmp_path: Path, number: int) -> None:
    host, out = Host(), tmp_path / "out"
    out.mkdir()
    (out / "history.jsonl").write_text("{}\n", "utf-8")
    said = stopped(host, out, number)
    assert said == f"stopped; to go on: python launch.py --sweep {out} --resume"
    assert host.heard == ["drain", "close"]


def test_before_anything_was_measured_there_is_nothing_to_go_on_with(tmp_path: Path) -> None:
    assert stopped(Host(), tmp_path).startswith("stopped before anything was measured")


def test_a_host_that_cannot_save_does_not_hold_anybody_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    host = Host(breaks=True)
    stopped(host, tmp_path)
    assert host.heard == ["drain", "close"]
    assert "the lanes could not be saved" in caplog.text


def test_an_error_is_passed_on_and_nothing_is_drained(tmp_path: Path) -> None:
    host = Host()
    with pytest.raises(ZeroDivisionError), attended(host, Everyone([]), tmp_path, "local"):
        raise ZeroDivisionError
    assert host.heard == ["close"]


def test_who_waits_for_a_host_does_not_hold_up_an_interrupt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free, waiting = threading.Event(), threading.Event()

    def wait() -> None:
        free.wait(60)

    def interrupt() -> None:
        waiting.wait()
        os.kill(os.getpid(), signal.SIGINT)

    def heard(running: Sequence[Future[None]]) -> Iterator[Future[None]]:
        waiting.set()
        return as_completed(running)

    monkeypatch.setattr(stops, "as_completed", heard)

    def run() -> None:
        with ThreadPoolExecutor(2) as pool:
            all_done(pool, [pool.submit(wait) for _ in range(3)], free.set)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        run()
    assert free.is_set(), "by the drain"


class Terminal:
    """A process on a terminal of its own, as a person starts it."""

    def __init__(self, arguments: list[str]) -> None:
        self._screen, its = pty.openpty()
        self.said = b""
        self.process = subprocess.Popen(
            arguments, env=environment(), cwd=ROOT, stdin=its, stdout=its, stderr=its,
            start_new_session=True, preexec_fn=_take_terminal,
        )  # fmt: skip
        os.close(its)
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        try:
            while piece := os.read(self._screen, 65536):
                self.said += piece
        except OSError:  # the process has gone
            pass

    def ctrl_c(self) -> None:
        """Press it."""
        os.write(self._screen, b"\x03")

    def end(self) -> tuple[int, str]:
        """Wait; returns the exit code and what was said, without colours and cursor moves."""
        code = self.process.wait(120)
        self._reading.join(5)
        os.close(self._screen)
        return code, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", self.said.decode())


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_ctrl_c_once_saves_what_was_learnt_and_twice_ends_at_once(
    tmp_path: Path, session_cache: Path
) -> None:
    out = tmp_path / "out"
    terminal = Terminal(command(out))
    wait_until(lambda: reported(out), terminal.process)
    terminal.ctrl_c()
    code, said = terminal.end()
    assert code == 130, said[-2000:]
    assert "demo  running" in said  # the live screen
    assert stopping.SAVING in said
    (told,) = re.findall(r"to go on: python (launch\.py .*)\n", said)
    assert "Traceback" not in said
    assert terminal.said.decode().rindex("\x1b[?25h") > terminal.said.decode().rindex("\x1b[?25l")
    assert in_use(out) is False
    assert {trial.state for trial in trials(out)} == {"running"}
    before = {trial.trial_id: trial.step or 0 for trial in trials(out)}
    terminal = Terminal([sys.executable, *shlex.split(told)])
    wait_until(lambda: any((t.step or 0) > before.get(t.trial_id, 0) for t in trials(out)),
               terminal.process)  # fmt: skip
    terminal.ctrl_c()
    terminal.ctrl_c()
    code, said = terminal.end()
    assert code == 130, said[-2000:]
    assert in_use(out) is False
    assert "Traceback" not in said
    assert all(trial.state != "failed" for trial in trials(out))


def test_a_second_signal_ends_the_process_there_and_then(tmp_path: Path) -> None:
    """Also while the first one waits for a step that does not end."""
    code = f"""
import os, signal, sys, time
sys.path[:0] = [{str(ROOT)!r}]
from pathlib import Path
from sweeps.record.observers import Everyone
from sweeps.watching.stopping import attended
class Host:
    def drain(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
    def close(self): raise AssertionError
with attended(Host(), Everyone([]), Path({str(tmp_path)!r}), "local"):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50)
    assert done.returncode == stopping.INTERRUPTED
    assert done.stderr.split("\n\n") == [
        f"\nlaunch.py: {stopping.SAVING}",
        f"launch.py: {stopping.AT_ONCE}\n",
    ]
