"""What a sweep shows while it runs: a live screen in a terminal, plain lines anywhere else."""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from sweeps.record.ledger import figures
from sweeps.record.observers import Observer, Row, Shielded, State, SweepInfo, of_search
from sweeps.record.wording import said, settings
from sweeps.watching.account import Account
from sweeps.watching.screen import Screen, failures

AROUND = 16  # lines of a screen beside its table's rows
FEWEST = 4  # rows, however low the terminal


def progress(account: Account, console: Console | None = None) -> Observer:
    """The observer for this console: live in a terminal, lines of text elsewhere.

    The live screen shows what the account tells, which must hear every event first.
    """
    console = console or Console()
    view: Observer = LiveView(console, account) if console.is_terminal else PlainLines(console)
    return Shielded(view, "The progress display")


def clock(seconds: float) -> str:
    """Seconds as 0:07, 12:31 or 2:03:04."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class PlainLines:
    """One line per event, for log files and pipes."""

    def __init__(self, console: Console, now: Callable[[], float] = time.monotonic) -> None:
        self._console, self._now = console, now
        self._begun = now()
        self._metric = ""
        self._stages: dict[str, int] = {}

    def sweep_started(self, sweep: SweepInfo) -> None:
        self._metric = sweep.metric
        trials = "all" if sweep.run_cap is None else f"up to {sweep.run_cap}"
        self._say(
            f"sweep {sweep.name}: {trials} trials of {sweep.max_steps} steps, "
            f"{sweep.goal} {sweep.metric}"
        )
        if sweep.resumed:
            over = [of_search(past.trial_id) and past.state != "running" for past in sweep.past]
            self._say(f"resumed: {sum(over)} trials have ended and stay as they are")

    def stage(self, name: str, done: int, total: int | None) -> None:
        """The start, each quarter and the end of a stage; every call would flood a log."""
        quarter = 4 * done // total if total else 0
        if self._stages.get(name) == quarter:
            return
        self._stages[name] = quarter
        self._say(name if total is None else f"{name} {done}/{total}")

    def trial_started(self, trial_id: str, parameters: Mapping[str, Any]) -> None:
        self._say(f"{trial_id} started: {settings(parameters) or 'baseline'}")

    def trial_reported(self, row: Row) -> None:
        figure = figures(row.get("metrics", {})).get(self._metric)
        self._say(
            f"{row['trial_id']} step {row['step']}: {self._metric} {said(figure, self._metric)}"
        )

    def trial_ended(self, trial_id: str, state: State, reason: str | None) -> None:
        self._say(f"{trial_id} {state}{f': {reason}' if reason else ''}")

    def sweep_ended(self, summary: Mapping[str, Any]) -> None:
        best = summary.get("best")
        self._say(f"sweep over: best trial {best['trial']}" if best else "sweep over: no trial won")

    def close(self) -> None:
        """Nothing to do."""

    def _say(self, text: str) -> None:
        line = f"[{clock(self._now() - self._begun)}] {text}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class LiveView:
    """A screen that is redrawn twice a second until the sweep ends."""

    def __init__(self, console: Console, account: Account) -> None:
        self._console, self._account = console, account
        self._live = Live(
            console=console, get_renderable=self.render, refresh_per_second=2, transient=False
        )

    def sweep_started(self, sweep: SweepInfo) -> None:
        self._live.start()
        atexit.register(self._live.stop)  # a crash must not leave the terminal without cursor

    def stage(self, name: str, done: int, total: int | None) -> None:
        """The account has heard it."""

    def trial_started(self, trial_id: str, parameters: Mapping[str, Any]) -> None:
        """The account has heard it."""

    def trial_reported(self, row: Row) -> None:
        """The account has heard it."""

    def trial_ended(self, trial_id: str, state: State, reason: str | None) -> None:
        """The account has heard it."""

    def sweep_ended(self, summary: Mapping[str, Any]) -> None:
        self.close()

    def close(self) -> None:
        """Give the terminal back, also when the sweep ends without saying so."""
        self._live.stop()

    def render(self) -> RenderableType:
        """The screen as it stands now, no longer than the terminal."""
        snapshot = self._account.snapshot()
        if snapshot is None:
            return Text("")
        told = 2 * len([*failures(snapshot)])  # lines, for a reason may need a second one
        return Screen(snapshot, rows=max(FEWEST, self._console.size.height - AROUND - told))
