"""The truth about a sweep on disk: trials.csv, history.jsonl, manifest.json, summary.json.

Trackers lose rows when a process is killed; these files do not: every report is appended to
history.jsonl and trials.csv is rewritten whole, so at any moment the folder can be read. A metric
that was not measured is an empty cell, never 0.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast, get_args

from empathy.cache import write_atomically, writing
from empathy.errors import UserError
from sweeps.record.history import read_history, without_prompts
from sweeps.record.observers import BASELINES, Past, Row, State, SweepInfo
from sweeps.sweepfile.manifest import (
    DamagedError,
    begin,
    note,
    read_json,
    read_manifest,
    write_json,
)

TRIALS, HISTORY, SUMMARY, SAMPLES = "trials.csv", "history.jsonl", "summary.json", "samples.json"
FIXED = ("trial_id", "state", "reason", "step", "seconds")
PARTS = ("value", "low", "high", "n", "level")
TEST = "test_"
LEVEL = 0.95

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Figure:
    """A measured number: its 95 % interval and the count of items behind it, where known.

    `spread` is the range that stands where an interval would need more groups: it says nothing of
    how sure the number is, so that `low` and `high` are None.
    """

    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    spread: tuple[float, float] | None = None

    @classmethod
    def of(cls, parts: Mapping[str, Any] | float | None) -> Figure | None:
        """The figure in a row's `PARTS` or bare number; None if missing.

        A range has the level None; where no level is told at all, both ends are an interval's.
        """
        if parts is None:
            return None
        if isinstance(parts, int | float):
            return None if math.isnan(parts) else cls(float(parts))
        if parts.get("value") is None or math.isnan(parts["value"]):
            return None
        low, high, n = (parts.get(name) for name in ("low", "high", "n"))
        if low is None or high is None or parts.get("level", LEVEL) is not None:
            return cls(parts["value"], low, high, n)
        return cls(parts["value"], n=n, spread=(low, high))

    def parts(self) -> dict[str, float | None]:
        """What `of` reads, by the names of `PARTS`."""
        low, high = self.spread or (self.low, self.high)
        level = None if self.low is None else LEVEL
        return {"value": self.value, "low": low, "high": high, "n": self.n, "level": level}


@dataclass
class Trial:
    """A line of trials.csv: the last that was heard of a trial."""

    trial_id: str
    parameters: dict[str, Any] = field(default_factory=dict)
    state: State = "running"
    reason: str | None = None
    step: int | None = None
    seconds: float | None = None
    metrics: dict[str, Figure] = field(default_factory=dict)
    """By name, on validation prompts, as of `step`."""
    test: dict[str, Figure] = field(default_factory=dict)
    """By name, on test prompts; only base, SFT and the finalists have them."""


def figures(metrics: Mapping[str, Any]) -> dict[str, Figure]:
    """The metrics of a row or summary by name, without those that are missing."""
    found = {name: Figure.of(parts) for name, parts in metrics.items()}
    return {name: figure for name, figure in found.items() if figure is not None}


def _so_far(past: Past) -> Trial:
    """The line of trials.csv of a trial that was begun before the sweep was cut off."""
    trial = Trial(past.trial_id, dict(past.parameters), past.state, past.reason)
    if past.rows:
        trial.step, trial.seconds = past.step, past.rows[-1].get("seconds")
        trial.metrics = figures(past.rows[-1].get("metrics", {}))
    return trial


class Ledger:
    """Writes down everything that happens in a sweep; a full disk is an error, not a warning."""

    def __init__(self, command: Sequence[str], seed: int) -> None:
        self._command, self._seed = tuple(command), seed
        self._out = Path()
        self.trials: dict[str, Trial] = {}
        self._table = TrialsTable()

    def sweep_started(self, sweep: SweepInfo) -> None:
        self._out = sweep.out
        if sweep.resumed:  # nothing is changed before it is known to be the same sweep
            self.trials = {past.trial_id: _so_far(past) for past in sweep.past}
            return
        self._out.mkdir(parents=True, exist_ok=True)
        begin(sweep.out, sweep.told(), self._command, self._seed)
        for stale in (HISTORY, SUMMARY, SAMPLES):
            (self._out / stale).unlink(missing_ok=True)
        self._save()

    def note(self, **facts: Any) -> None:
        """Add to the manifest what was learnt on the way, such as data={...} or weights={...}."""
        note(self._out, facts)

    def stage(self, name: str, done: int, total: int | None) -> None:
        """Stages leave no trace on disk."""

    def trial_started(self, trial_id: str, parameters: Mapping[str, Any]) -> None:
        self.trials.setdefault(trial_id, Trial(trial_id, dict(parameters)))
        self._save(trial_id)

    def trial_reported(self, row: Row) -> None:
        append(self._out / HISTORY, json.dumps(row, allow_nan=True) + "\n")
        trial = self.trials.setdefault(row["trial_id"], Trial(row["trial_id"]))
        trial.step, trial.seconds = row["step"], row.get("seconds")
        trial.metrics = figures(row.get("metrics", {}))
        self._save(trial.trial_id)

    def trial_ended(self, trial_id: str, state: State, reason: str | None) -> None:
        trial = self.trials.setdefault(trial_id, Trial(trial_id))
        trial.state, trial.reason = state, reason
        self._save(trial_id)

    def close(self) -> None:
        """Nothing to do: every line is written as it comes."""

    def sweep_ended(self, summary: Mapping[str, Any]) -> None:
        measured = {name: item["metrics"] for name, item in summary["baselines"].items()}
        judged = [*summary.get("finalists", ()), *filter(None, [summary.get("best")])]
        measured |= {item["trial"]: item["metrics"] for item in judged}
        for trial_id, metrics in measured.items():
            self.trials.setdefault(trial_id, Trial(trial_id)).test = figures(metrics)
        self._save()
        write_json(self._out / SUMMARY, summary)
        note(self._out, {}, ended=True)

    def _save(self, changed: str | None = None) -> None:
        write_trials(self._out / TRIALS, self._table.text(self.trials, changed))


def append(path: Path, line: str) -> None:
    """Add a line and wait until it is on the disk: trials.csv must not know more than the history.

    What a full disk took of it is cut off again, lest the next line is joined to it.
    """
    rest = line.encode()
    with writing(path), path.open("ab", buffering=0) as file:
        whole = file.tell()
        try:
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(whole)
            raise


class TrialsTable:
    """The text of trials.csv, of which only the lines of trials that changed are made anew.

    A sweep of a thousand trials writes it thousands of times. Base and SFT come first; columns are
    the union over all trials, and one stays, empty, when the only trial that had it has it no more.
    """

    def __init__(self) -> None:
        self._columns: tuple[str, ...] = ()
        self._lines: dict[str, str] = {}

    def text(self, trials: Mapping[str, Trial], changed: str | None = None) -> str:
        """All trials, of which `changed` alone is another than the last time; None: any may be."""
        if changed is None or changed in BASELINES or not self._has_room(trials[changed]):
            ordered = sorted(trials.values(), key=_baselines_first)
            self._columns = _columns(ordered)
            self._lines = {trial.trial_id: self._line(_cells(trial)) for trial in ordered}
        else:
            self._lines[changed] = self._line(_cells(trials[changed]))
        head = self._line({name: name for name in self._columns})
        return "".join((head, *self._lines.values()))

    def _has_room(self, trial: Trial) -> bool:
        return _cells(trial).keys() <= set(self._columns)

    def _line(self, cells: Mapping[str, Any]) -> str:
        line = io.StringIO()
        csv.DictWriter(line, self._columns, restval="").writerow(cells)
        return line.getvalue()


def write_trials(path: Path, text: str) -> None:
    """Write trials.csv, at once."""

    def write(temporary: Path) -> None:
        temporary.write_text(text, encoding="utf-8", newline="")

    write_atomically(path, write)


def _columns(ordered: Sequence[Trial]) -> tuple[str, ...]:
    parameters = dict.fromkeys(name for trial in ordered for name in trial.parameters)
    metrics = dict.fromkeys(name for trial in ordered for name in trial.metrics)
    tests = dict.fromkeys(name for trial in ordered for name in trial.test)
    measured = [*metrics, *(TEST + name for name in tests)]
    return (*FIXED, *parameters, *(f"{name}_{part}" for name in measured for part in PARTS))


def _baselines_first(trial: Trial) -> int:
    """Stable order: base, SFT, then trials as they came."""
    return BASELINES.index(trial.trial_id) if trial.trial_id in BASELINES else len(BASELINES)


def _cells(trial: Trial) -> dict[str, Any]:
    cells: dict[str, Any] = {name: getattr(trial, name) for name in FIXED}
    for name, value in trial.parameters.items():
        cells[name] = value if isinstance(value, str) else json.dumps(value)
    for prefix, group in (("", trial.metrics), (TEST, trial.test)):
        for name, figure in group.items():
            cells |= {f"{prefix}{name}_{part}": cell for part, cell in figure.parts().items()}
    return cells


@dataclass(frozen=True)
class Record:
    """A sweep as its folder tells it."""

    manifest: dict[str, Any]
    trials: tuple[Trial, ...]
    history: tuple[dict[str, Any], ...]
    """All reports, in the order they came, without the scores of each prompt."""
    summary: dict[str, Any] | None
    """None while the sweep runs, or when it was cut off."""
    samples: tuple[dict[str, Any], ...]
    """Replies to invented prompts: {"prompt": str, "replies": {trial_id: text}}."""


def read_record(out: Path) -> Record:
    """Rebuild a sweep from the files under `out`; raises UserError where there is no sweep."""
    summary, samples = out / SUMMARY, out / SAMPLES
    return Record(
        manifest=read_manifest(out),
        trials=read_trials(out / TRIALS),
        history=read_history(out / HISTORY, without_prompts),
        summary=read_json(summary, dict) if summary.exists() else None,
        samples=tuple(read_json(samples, list)) if samples.exists() else (),
    )


def by_step(rows: Iterable[Row], metric: str) -> dict[str, dict[int, float]]:
    """The metric's values by trial and step, steps upwards, of reports that have it.

    Of a step that a resumed trial reports again the last counts.
    """
    found: dict[str, dict[int, float]] = {}
    for row in rows:
        figure = figures(row.get("metrics", {})).get(metric)
        if figure is not None:
            found.setdefault(row["trial_id"], {})[row["step"]] = figure.value
    return {trial: dict(sorted(steps.items())) for trial, steps in found.items()}


def read_trials(path: Path) -> tuple[Trial, ...]:
    """The trials in trials.csv, in its order; raises UserError for a file that is missing or
    damaged."""
    if not path.exists():
        raise UserError(f"{path} does not exist: give the folder of a sweep, such as results/demo")
    try:
        with path.open(newline="", encoding="utf-8") as file:
            trials = tuple(_trial(cells) for cells in csv.DictReader(file))
    except (KeyError, TypeError, ValueError, csv.Error, IsADirectoryError) as error:
        # not UTF-8 is a ValueError; a line that was cut short lacks cells
        raise DamagedError(
            path, f"a line is cut short, or is no trial's: {type(error).__name__}"
        ) from error
    for trial in trials:
        if trial.state not in get_args(State):
            raise DamagedError(path, f"no trial is {str(trial.state)!r}")
    if len({trial.trial_id for trial in trials}) < len(trials):
        raise DamagedError(path, "it has two lines of one trial")
    return trials


def _trial(cells: dict[str, str]) -> Trial:
    stems = [name.removesuffix("_value") for name in cells if name.endswith("_value")]
    measured = {f"{stem}_{part}" for stem in stems for part in PARTS}
    searched = [name for name in cells if name not in measured and name not in FIXED]
    found = {stem: _figure(cells, stem) for stem in stems}
    kept = {stem: figure for stem, figure in found.items() if figure is not None}
    return Trial(
        trial_id=cells["trial_id"],
        parameters={name: _plain(cells[name]) for name in searched if cells[name] != ""},
        state=cast(State, cells["state"]),
        reason=cells["reason"] or None,
        step=int(cells["step"]) if cells["step"] else None,
        seconds=float(cells["seconds"]) if cells["seconds"] else None,
        metrics={stem: kept[stem] for stem in kept if not stem.startswith(TEST)},
        test={stem.removeprefix(TEST): kept[stem] for stem in kept if stem.startswith(TEST)},
    )


def _figure(cells: Mapping[str, str], stem: str) -> Figure | None:
    known = (part for part in PARTS if f"{stem}_{part}" in cells)
    return Figure.of({part: _plain(cells[f"{stem}_{part}"]) for part in known})


def _plain(cell: str) -> Any:
    """A cell as the number it spells, None when empty, else itself."""
    if cell == "":
        return None
    try:
        return json.loads(cell)
    except json.JSONDecodeError:
        return cell
