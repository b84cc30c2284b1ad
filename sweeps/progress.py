"""What a sweep shows while it runs: a live table in a terminal, plain lines anywhere else."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sweeps.ledger import Figure, Trial, figures
from sweeps.observers import BASELINES, Observer, Row, Shielded, State, SweepInfo, of_search
from sweeps.wording import said, settings

BARS = "▁▂▃▄▅▆▇█"
ROWS = 18  # of the table; a sweep of hundreds does not fit a screen
STYLES = {"running": "cyan", "stopped": "dim", "completed": "green", "failed": "red"}


def progress(console: Console | None = None) -> Observer:
    """The observer for this console: live in a terminal, lines of text elsewhere."""
    console = console or Console()
    view: Observer = LiveView(console) if console.is_terminal else PlainLines(console)
    return Shielded(view, "The progress display")


def clock(seconds: float) -> str:
    """Seconds as 0:07, 12:31 or 2:03:04."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def sparkline(values: list[float]) -> str:
    """Values as bars between their own least and most."""
    if not values:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return "".join(BARS[round((value - low) / span * (len(BARS) - 1))] for value in values)


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
    """A table that is redrawn twice a second until the sweep ends."""

    def __init__(self, console: Console, now: Callable[[], float] = time.monotonic) -> None:
        self._console, self._now = console, now
        self._begun = now()
        self._lock = threading.RLock()  # the drawing thread reads what events write
        self._sweep: SweepInfo | None = None
        self._stage: tuple[str, int, int | None] | None = None
        self._trials: dict[str, Trial] = {}
        self._curves: dict[str, list[float]] = {}
        self._live = Live(
            console=console, get_renderable=self.render, refresh_per_second=2, transient=False
        )

    def sweep_started(self, sweep: SweepInfo) -> None:
        self._sweep = sweep
        for past in sweep.past:
            self.trial_started(past.trial_id, past.parameters)
            for row in past.rows:
                self.trial_reported(row)
            self.trial_ended(past.trial_id, past.state, past.reason)
        self._live.start()
        atexit.register(self._live.stop)  # a crash must not leave the terminal without cursor

    def stage(self, name: str, done: int, total: int | None) -> None:
        with self._lock:
            over = total is not None and done >= total
            self._stage = None if over else (name, done, total)

    def trial_started(self, trial_id: str, parameters: Mapping[str, Any]) -> None:
        with self._lock:
            self._trials.setdefault(trial_id, Trial(trial_id, dict(parameters)))

    def trial_reported(self, row: Row) -> None:
        with self._lock:
            trial = self._trials.setdefault(row["trial_id"], Trial(row["trial_id"]))
            trial.step, trial.metrics = row["step"], figures(row.get("metrics", {}))
            figure = self._judged(trial)
            if figure is not None:
                self._curves.setdefault(trial.trial_id, []).append(figure.value)

    def trial_ended(self, trial_id: str, state: State, reason: str | None) -> None:
        with self._lock:
            trial = self._trials.setdefault(trial_id, Trial(trial_id))
            trial.state, trial.reason = state, reason

    def sweep_ended(self, summary: Mapping[str, Any]) -> None:
        with self._lock:
            self._stage = None
        self.close()

    def close(self) -> None:
        """Give the terminal back, when the sweep ends without saying so."""
        self._live.stop()

    def render(self) -> RenderableType:
        """The view as it stands now."""
        with self._lock:
            return Group(self._header(), self._table(), self._footer())

    def _judged(self, trial: Trial) -> Figure | None:
        return trial.metrics.get(self._sweep.metric) if self._sweep else None

    def _header(self) -> RenderableType:
        name = self._sweep.name if self._sweep else ""
        trials = [trial for key, trial in self._trials.items() if of_search(key)]
        counts = [(state, sum(trial.state == state for trial in trials)) for state in STYLES]
        told = ", ".join(f"{count} {state}" for state, count in counts if count)
        cap = self._sweep.run_cap if self._sweep else None
        of = f"{len(trials)} of {cap} trials" if cap else f"{len(trials)} trials"
        line = Text.assemble((name, "bold"), f"  {clock(self._now() - self._begun)}  {of}")
        return Text.assemble(line, f": {told}" if told else "")

    def _footer(self) -> RenderableType:
        if self._stage is None:
            return Text("")
        name, done, total = self._stage
        if total is None:
            return Text(f"{name} ...")
        grid = Table.grid(padding=(0, 1))
        grid.add_row(name, ProgressBar(total=total, completed=done, width=30), f"{done}/{total}")
        return grid

    def _table(self) -> RenderableType:
        table = Table(expand=False, header_style="bold", border_style="dim")
        metric = self._sweep.metric if self._sweep else "score"
        for heading in ("trial", f"{metric} [95 %]", "curve", "step", "state", "parameters"):
            table.add_column(heading, no_wrap=heading != "parameters")
        ordered = self._ordered()
        for trial in ordered[:ROWS]:
            table.add_row(
                *self._cells(trial, metric), style="dim" if trial.state == "stopped" else ""
            )
        if len(ordered) > ROWS:
            table.caption = f"and {len(ordered) - ROWS} more trials below these"
        return table

    def _cells(self, trial: Trial, metric: str) -> tuple[RenderableType, ...]:
        of = f"/{self._sweep.max_steps}" if self._sweep and trial.parameters else ""
        return (
            Text(trial.trial_id),
            said(self._judged(trial), metric),
            sparkline(self._curves.get(trial.trial_id, [])[-12:]),
            "" if trial.step is None else f"{trial.step}{of}",
            Text(trial.state, style=STYLES[trial.state]),
            Text(settings(trial.parameters)),
        )

    def _ordered(self) -> list[Trial]:
        """Base and SFT, then the best first, then those without a score."""
        sign = -1.0 if self._sweep is None or self._sweep.goal == "maximize" else 1.0

        def rank(trial: Trial) -> tuple[int, float]:
            figure = self._judged(trial)
            place = BASELINES.index(trial.trial_id) if trial.trial_id in BASELINES else 2
            return (place if place < 2 or figure else 3, sign * figure.value if figure else 0.0)

        return sorted(self._trials.values(), key=rank)
