"""What has happened in a running sweep, in memory: for the screen, and for who asks from elsewhere.

An observer that adds up what it hears. With `keep` it also leaves signs of life in the results
folder, which `--status` reads: the other files there say what was measured, not what is going on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sweeps.record.ledger import Trial, figures
from sweeps.record.observers import BASELINES, WARNING, Row, State, SweepInfo
from sweeps.record.results_folder import PULSE
from sweeps.sweepfile.manifest import write_json
from sweeps.watching.snapshot import Pulse, Snapshot, Stage, moment, stopped_at, told, winners

EVERY = 5.0  # seconds between two signs of life where nothing else happens
MOMENTS = ("at", "since", "training_since", "last_report")

log = logging.getLogger(__name__)


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


class Account:
    """Adds up the events of a sweep. Threads may ask for snapshots at any time."""

    def __init__(self, clock: Callable[[], datetime] = now) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._sweep: SweepInfo | None = None
        self._trials: dict[str, Trial] = {}
        self._curves: dict[str, list[float]] = {}
        self._pulse = Pulse(clock(), clock())
        self._best: str | None = None
        self._tied: tuple[str, ...] = ()

    def expect(self, **known: Any) -> None:
        """Say what `Pulse` should hold of what lies ahead: trials, repeats, lanes ..."""
        with self._lock:
            self._pulse = replace(self._pulse, **known)

    def pulse(self) -> Pulse:
        """The sign of life of this moment."""
        with self._lock:
            return replace(self._pulse, at=self._clock())

    def snapshot(self) -> Snapshot | None:
        """The sweep now; None before it has started."""
        with self._lock:
            if self._sweep is None:
                return None
            trials = tuple(replace(trial) for trial in self._trials.values())
            return Snapshot(
                sweep=self._sweep.name,
                metric=self._sweep.metric,
                goal=self._sweep.goal,
                max_steps=self._sweep.max_steps,
                being="running" if self._best is None else "ended",
                trials=trials,
                curves={name: tuple(values) for name, values in self._curves.items()},
                now=self._clock(),
                pulse=self.pulse(),
                wanted=self._pulse.trials or self._sweep.run_cap,
                best=self._best or None,
                tied=self._tied,
                rungs=stopped_at(trials),
            )

    # -- events -------------------------------------------------------------------------------

    def sweep_started(self, sweep: SweepInfo) -> None:
        with self._lock:
            self._sweep = sweep
            for past in sweep.past:
                self._trials[past.trial_id] = Trial(
                    past.trial_id, dict(past.parameters), past.state, past.reason
                )
                for row in past.rows:
                    self._hear(row)

    def stage(self, name: str, done: int, total: int | None) -> None:
        with self._lock:
            if name.startswith(WARNING):
                self.expect(warnings=(*self._pulse.warnings, name.removeprefix(WARNING)))
                return
            over = total is not None and done >= total
            self.expect(stage=None if over else Stage(name, done, total))

    def trial_started(self, trial_id: str, parameters: Mapping[str, Any]) -> None:
        with self._lock:
            self._trials.setdefault(trial_id, Trial(trial_id, dict(parameters)))
            if trial_id not in BASELINES:
                since = self._pulse.training_since or self._clock()
                self.expect(training_since=since, stage=None)

    def trial_reported(self, row: Row) -> None:
        with self._lock:
            before = self._trials.setdefault(row["trial_id"], Trial(row["trial_id"])).step or 0
            self._hear(row)
            if row["trial_id"] not in BASELINES:
                pulse = self._pulse
                self.expect(
                    last_report=self._clock(),
                    reports=pulse.reports + 1,
                    steps=pulse.steps + max(0, row["step"] - before),
                )

    def trial_ended(self, trial_id: str, state: State, reason: str | None) -> None:
        with self._lock:
            trial = self._trials.setdefault(trial_id, Trial(trial_id))
            trial.state, trial.reason = state, reason

    def sweep_ended(self, summary: Mapping[str, Any]) -> None:
        with self._lock:
            best, self._tied = winners(summary)
            self._best = best or ""
            self.expect(stage=None)

    def close(self) -> None:
        """Nothing to do."""

    def _hear(self, row: Row) -> None:
        trial = self._trials[row["trial_id"]]
        trial.step, trial.seconds = row["step"], row.get("seconds")
        trial.metrics = figures(row.get("metrics", {}))
        figure = self._sweep and trial.metrics.get(self._sweep.metric)
        if figure:
            self._curves.setdefault(trial.trial_id, []).append(figure.value)


class Heartbeat:
    """An observer that writes an account's sign of life into the results folder.

    A thread of its own goes on with that where nothing happens for long, and asks how busy the
    devices are.
    """

    def __init__(self, account: Account, every: float = EVERY) -> None:
        self._account, self._every = account, every
        self._path = Path()
        self._ask: Callable[[], Mapping[str, Any]] | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name="heartbeat")

    def listen(self, occupancy: Callable[[], Mapping[str, Any]]) -> None:
        """Whom to ask how busy the devices are."""
        self._ask = occupancy

    def sweep_started(self, sweep: SweepInfo) -> None:
        self._path = sweep.out / PULSE
        self._write()
        self._thread.start()

    def stage(self, name: str, done: int, total: int | None) -> None:
        """The thread tells it soon enough."""

    def trial_started(self, trial_id: str, parameters: Mapping[str, Any]) -> None:
        """The thread tells it soon enough."""

    def trial_reported(self, row: Row) -> None:
        self._write()

    def trial_ended(self, trial_id: str, state: State, reason: str | None) -> None:
        """The thread tells it soon enough."""

    def sweep_ended(self, summary: Mapping[str, Any]) -> None:
        self._write()

    def close(self) -> None:
        """Stop the thread. What it wrote last stays."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(timeout=self._every)

    def _beat(self) -> None:
        while not self._over.wait(self._every):
            try:
                if self._ask is not None:
                    self._account.expect(occupancy=self._ask())
                if not self._over.is_set():  # which may have come while a host was asked
                    self._write()
            except Exception as error:  # a host that goes, a full disk: the sweep's own to tell
                log.debug("no sign of life: %r", error)

    def _write(self) -> None:
        write_json(self._path, as_json(self._account.pulse()))


def as_json(pulse: Pulse) -> dict[str, Any]:
    """A sign of life as its file holds it."""
    return {**asdict(pulse), **{name: told(getattr(pulse, name)) for name in MOMENTS}}


def of_json(content: Mapping[str, Any]) -> Pulse:
    """The inverse of `as_json`."""
    moments = {name: moment(content[name]) for name in MOMENTS}
    stage, warnings = content["stage"], tuple(content["warnings"])
    known = {**content, **moments, "warnings": warnings}
    return Pulse(**{**known, "stage": Stage(**stage) if stage else None})
