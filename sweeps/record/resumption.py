"""What a sweep had done when it was cut off, as its own files tell it, so that it can go on.

manifest.json says what it was, trials.csv which trials were begun and how they ended, history.jsonl
what they reported and in which order. Neither Ray's experiment state nor Optuna's generator is
needed: the search, the rungs and the leaderboard are made again by telling them the same once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Any

from empathy.errors import UserError
from sweeps.record.history import cut_torn_line, read_history, without_prompts
from sweeps.record.ledger import (
    HISTORY,
    TRIALS,
    Trial,
    read_trials,
)
from sweeps.record.observers import (
    BASELINES,
    Observer,
    Past,
    Row,
    State,
    SweepInfo,
    ending,
    of_search,
)
from sweeps.sweepfile.manifest import MANIFEST, DamagedError, read_manifest


@dataclass(frozen=True)
class Earlier:
    """What there is already; empty for a sweep that starts."""

    manifest: Mapping[str, Any] = field(default_factory=dict)
    past: tuple[Past, ...] = ()
    rows: tuple[Row, ...] = ()
    """All reports in the order in which they came, each once."""

    @property
    def started(self) -> datetime:
        """When the sweep was first started: part of its run id."""
        told = self.manifest.get("started")
        return datetime.fromisoformat(told) if told else datetime.now(UTC)

    @property
    def ended(self) -> bool:
        """Whether it came to its end, so that it was not cut off at all."""
        return self.manifest.get("ended") is not None

    @property
    def searched(self) -> tuple[Past, ...]:
        """Trials that the search proposed."""
        return tuple(each for each in self.past if of_search(each.trial_id))

    @property
    def searched_rows(self) -> tuple[Row, ...]:
        """The reports of these."""
        return tuple(row for row in self.rows if of_search(row["trial_id"]))

    def trial(self, name: str) -> Past | None:
        """What is known of a trial; None if it was never begun."""
        return next((each for each in self.past if each.trial_id == name), None)

    def over(self, name: str) -> bool:
        """Whether a trial has ended."""
        found = self.trial(name)
        return found is not None and found.state != "running"

    def with_end(self, name: str, state: State, reason: str | None) -> Earlier:
        """The same, with the end of a trial of which the end was not written down."""
        past = tuple(
            replace(each, state=state, reason=reason) if each.trial_id == name else each
            for each in self.past
        )
        return replace(self, past=past)


NOTHING = Earlier()


def read(out: Path) -> Earlier:
    """What the results folder tells. Raises `UserError` for one that is damaged or none.

    A line of the history that a crash has torn is cut off for good: the trial had not been heard.
    """
    manifest = _manifest(out)
    cut_torn_line(out / HISTORY)
    rows = _once(read_history(out / HISTORY))
    trials = read_trials(out / TRIALS) if (out / TRIALS).exists() else ()
    unknown = {row["trial_id"] for row in rows} - {trial.trial_id for trial in trials}
    if unknown:
        raise UserError(
            f"{out / HISTORY} has reports of {', '.join(sorted(unknown))}, which {TRIALS} does not "
            "know: files of two sweeps are mixed; start again with --overwrite"
        )
    reports: dict[str, list[Row]] = {}
    for row in rows:
        reports.setdefault(row["trial_id"], []).append(row)
    every = manifest["settings"].get("evaluation", {}).get("report_every", inf)
    _check_heard(out / HISTORY, trials, reports, every)
    past = tuple(_past(trial, reports.get(trial.trial_id, [])) for trial in trials)
    return Earlier(manifest, past, rows)


def _manifest(out: Path) -> dict[str, Any]:
    """The manifest, with all that going on needs of it."""
    manifest = read_manifest(out)
    settings = manifest.get("settings")
    if not isinstance(settings, dict) or not isinstance(settings.get("evaluation", {}), dict):
        raise DamagedError(out / MANIFEST, "its settings are no group")
    try:
        datetime.fromisoformat(manifest.get("started") or "2000-01-01")
    except (TypeError, ValueError) as error:
        raise DamagedError(out / MANIFEST, "started is no time") from error
    return manifest


def _check_heard(
    path: Path, trials: Sequence[Trial], reports: Mapping[str, Sequence[Row]], every: float
) -> None:
    """Raises `UserError` where reports are gone. A crash costs one trial its last report at most.

    Trials report `every` so many steps; a finalist's training once more does so at its end alone.
    """
    heard = {name: int(rows[-1]["step"]) for name, rows in reports.items()}
    gone = {t.trial_id: t.step - heard.get(t.trial_id, -1) for t in trials if t.step is not None}
    behind = [name for name, steps in gone.items() if steps > 0]
    more = [name for name in behind if of_search(name) and gone[name] - (name not in heard) > every]
    if more or len(behind) > 1:
        raise UserError(
            f"{path} was cut short: {TRIALS} knows of reports of {(more or behind)[0]} that it "
            "does not hold; put a copy of it back, or start again in another --out"
        )


def _once(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Without the reports that a trial repeated when it went on from its checkpoint."""
    heard: dict[str, int] = {}
    kept = []
    for row in rows:
        if row["step"] > heard.get(row["trial_id"], -1) or "failed" in row:
            heard[row["trial_id"]] = row["step"]
            kept.append({"done": False, **row})  # baselines are never asked whether they are
    last = {row["trial_id"]: number for number, row in enumerate(kept)}
    return tuple(  # who goes on is asked for the prompts' scores of the last report alone
        row if last[row["trial_id"]] == number else without_prompts(row)
        for number, row in enumerate(kept)
    )


def _past(trial: Trial, rows: Sequence[Row]) -> Past:
    """A trial whose last report is lost has not ended, whatever trials.csv says."""
    whole = trial.step == (rows[-1]["step"] if rows else None)
    state = trial.state if whole else "running"
    return Past(
        trial.trial_id,
        trial.parameters,
        state,
        trial.reason if whole else None,
        tuple(rows),
    )


def unheard_ends(earlier: Earlier, names: Sequence[str], watch: Observer) -> Earlier:
    """Tell of trials whose last report was written down, but not that they ended with it."""
    for each in earlier.past:
        if each.state != "running" or not each.rows or each.trial_id in BASELINES:
            continue
        found = ending(each.rows[-1], names if of_search(each.trial_id) else ())
        if found is not None:
            earlier = end(earlier, each, found, watch)
    return earlier


def end(earlier: Earlier, past: Past, found: tuple[State, str | None], watch: Observer) -> Earlier:
    """Tell how a trial ended that was cut off between its last report and its end."""
    watch.trial_started(past.trial_id, past.parameters)
    watch.trial_ended(past.trial_id, *found)
    return earlier.with_end(past.trial_id, *found)


def noted(earlier: Earlier, sweep: SweepInfo) -> dict[str, Any]:
    """What the manifest says of a sweep that goes on: the settings as they are now, and since when.

    Nothing for a sweep that starts.
    """
    if not earlier.manifest:
        return {}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        "settings": dict(sweep.settings),
        "given": dict(sweep.given),
        "run_cap": sweep.run_cap,
        "resumed": [*earlier.manifest.get("resumed", ()), now],
        "ended": None,
    }
