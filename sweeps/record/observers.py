"""Who watches a sweep: the ledger, Weights & Biases and the terminal all see the same events.

The runner sends every event from one process, in this order: `sweep_started`, any number of
`stage`, `trial_started`, `trial_reported` and `trial_ended`, then `sweep_ended`; `close` comes
last, also where a sweep is aborted. The untrained base and the SFT model arrive as the trials
"base" and "sft": no parameters, one report at step 0.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any, Literal, Protocol

BASELINES = ("base", "sft")
AGAIN = "-s"
"""Between a finalist's name and a number, the name of its training with another seed: t004-s1."""
WARNING = "warning: "  # how a stage begins that is none
State = Literal["running", "stopped", "completed", "failed"]
# A row as a trial reports it: {"trial_id", "step", "seconds", "metrics": {name: {"value", "low",
# "high", "n"}}, "curves": {name: float}}, perhaps with "warnings", which are sentences. Plain JSON,
# because it crosses processes.
Row = Mapping[str, Any]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Past:
    """A trial that a sweep had begun before it was cut off and resumed."""

    trial_id: str
    parameters: Mapping[str, Any]
    state: State
    """running: it goes on."""
    reason: str | None = None
    rows: tuple[Row, ...] = ()
    """What it had reported, a row per step."""

    @property
    def step(self) -> int:
        """Its last report's; -1 where it never reported."""
        return int(self.rows[-1]["step"]) if self.rows else -1


@dataclass(frozen=True)
class SweepInfo:
    """What is known of a sweep before its first trial."""

    name: str
    metric: str
    """The metric that the search optimises, judged on validation prompts."""
    goal: Literal["maximize", "minimize"]
    settings: Mapping[str, Any]
    """The whole sweep file after overrides, plain JSON; `parameters` says what is searched."""
    run_cap: int | None
    max_steps: int
    out: Path
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    given: Mapping[str, Any] = field(default_factory=dict)
    """Of `settings` those that were given, without defaults: a sweep can be made of them again."""
    resumed: bool = False
    """It goes on in a folder that it has written to before."""
    past: tuple[Past, ...] = ()
    """Trials from before the sweep was cut off and resumed; nobody is told of them otherwise."""

    @property
    def run_id(self) -> str:
        """A name that tells this run of the sweep from earlier ones."""
        return f"{self.name}-{self.started:%Y%m%d-%H%M%S}"

    def told(self) -> dict[str, Any]:
        """What its manifest says of it, JSON-able."""
        return {
            "sweep": self.name,
            "run_id": self.run_id,
            "metric": {"name": self.metric, "goal": self.goal},
            "run_cap": self.run_cap,
            "max_steps": self.max_steps,
            "settings": dict(self.settings),
            "given": dict(self.given),
            "started": self.started.isoformat(timespec="seconds"),
        }


class Observer(Protocol):
    """One who watches a sweep."""

    def sweep_started(self, sweep: SweepInfo) -> None: ...

    def stage(self, name: str, done: int, total: int | None) -> None:
        """`done` of `total` units of a named stage ("warm start") are over; None: unknown."""

    def trial_started(self, trial_id: str, parameters: Mapping[str, Any]) -> None: ...

    def trial_reported(self, row: Row) -> None: ...

    def trial_ended(self, trial_id: str, state: State, reason: str | None) -> None: ...

    def sweep_ended(self, summary: Mapping[str, Any]) -> None: ...

    def close(self) -> None:
        """Nothing more comes, however the sweep ended: wait for threads, free the terminal."""


def of_search(trial_id: str) -> bool:
    """Whether the search proposed it: neither a baseline nor a finalist's training once more."""
    return trial_id not in BASELINES and AGAIN not in trial_id


class Shielded:
    """An observer whose failure costs one warning and its own absence, never the sweep."""

    def __init__(self, observer: Observer, name: str) -> None:
        self._observer: Observer | None = observer
        self._name = name

    def _tell(self, event: Callable[[Observer], None]) -> None:
        if self._observer is None:
            return
        try:
            event(self._observer)
        except Exception as error:
            self._observer = None
            log.warning("%s is off for the rest of this sweep: %r", self._name, error)

    def sweep_started(self, sweep: SweepInfo) -> None:
        self._tell(lambda observer: observer.sweep_started(sweep))

    def stage(self, name: str, done: int, total: int | None) -> None:
        self._tell(lambda observer: observer.stage(name, done, total))

    def trial_started(self, trial_id: str, parameters: Mapping[str, Any]) -> None:
        self._tell(lambda observer: observer.trial_started(trial_id, parameters))

    def trial_reported(self, row: Row) -> None:
        self._tell(lambda observer: observer.trial_reported(row))

    def trial_ended(self, trial_id: str, state: State, reason: str | None) -> None:
        self._tell(lambda observer: observer.trial_ended(trial_id, state, reason))

    def sweep_ended(self, summary: Mapping[str, Any]) -> None:
        self._tell(lambda observer: observer.sweep_ended(summary))

    def close(self) -> None:
        self._tell(lambda observer: observer.close())


def values_of(row: Row) -> dict[str, Any]:
    """All numbers of a report by name; where both bear one name, a metric before a curve."""
    given = {name: figure["value"] for name, figure in row["metrics"].items()}
    return {**row["curves"], **given}


def lacking(row: Row, names: Iterable[str]) -> str | None:
    """Why a report cannot be searched by: "no empathy measured at step 12"; None where it can."""
    values = values_of(row)
    for name in names:
        value = values.get(name)
        if value is None or not isfinite(value):
            return f"no {name} measured at step {row['step']}"
    return None


def ending(row: Row, names: Iterable[str]) -> tuple[State, str | None] | None:
    """How a trial with this report has ended by itself, and why; None if it goes on.

    One that is done without the numbers that are searched, `names`, has failed.
    """
    if "failed" in row:
        return "failed", row["failed"]
    if not row["done"]:
        return None
    missing = lacking(row, names)
    return ("failed", missing) if missing else ("completed", None)


def scored(row: Row, metric: str) -> Row:
    """The row with the sweep's metric among its metrics, also where that is a training curve."""
    value = row.get("curves", {}).get(metric)
    if value is None or metric in row.get("metrics", {}):
        return row
    figure = {"value": value, "low": None, "high": None, "n": None}
    return {**row, "metrics": {**row.get("metrics", {}), metric: figure}}


class Everyone:
    """Passes each event to all observers, in the order given.

    A report comes as `scored`, and its warnings, if any, before it as stages.
    """

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = tuple(observers)
        self._metric = ""

    def sweep_started(self, sweep: SweepInfo) -> None:
        self._metric = sweep.metric
        for observer in self._observers:
            observer.sweep_started(sweep)

    def stage(self, name: str, done: int, total: int | None) -> None:
        for observer in self._observers:
            observer.stage(name, done, total)

    def trial_started(self, trial_id: str, parameters: Mapping[str, Any]) -> None:
        for observer in self._observers:
            observer.trial_started(trial_id, parameters)

    def trial_reported(self, row: Row) -> None:
        for sentence in row.get("warnings", ()):
            self.stage(f"{WARNING}{row['trial_id']}: {sentence}", 1, None)
        told = scored(row, self._metric)
        for observer in self._observers:
            observer.trial_reported(told)

    def trial_ended(self, trial_id: str, state: State, reason: str | None) -> None:
        for observer in self._observers:
            observer.trial_ended(trial_id, state, reason)

    def sweep_ended(self, summary: Mapping[str, Any]) -> None:
        for observer in self._observers:
            observer.sweep_ended(summary)

    def close(self) -> None:
        """Close all; whatever is told after that, as by a thread that was cut off, is not heard."""
        observers, self._observers = self._observers, ()
        for observer in observers:
            observer.close()
