"""A sweep at one moment: all that a screen shows of it, whether it runs, has ended or was cut off.

The process that runs a sweep takes one from its memory, anybody else from the results folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from sweeps.record.ledger import Figure, Trial
from sweeps.record.observers import BASELINES, of_search
from sweeps.watching.time_left import Left, seconds_left, steps_left

Being = Literal["running", "ended", "cut off"]


@dataclass(frozen=True)
class Stage:
    """What the sweep does beside training trials: `done` of `total` units, None: unknown."""

    name: str
    done: int
    total: int | None


@dataclass(frozen=True)
class Pulse:
    """Signs of life of the process that runs a sweep, of its present start alone."""

    at: datetime
    """When this was told."""
    since: datetime
    """When it started, or went on."""
    address: str | None = None
    """Where it runs, in the words of `--address`."""
    trials: int | None = None
    """Trials that the search will have at most."""
    repeats: int = 0
    """Trainings of finalists with other seeds, at most."""
    lanes: int | None = None
    """Trials that train at a time, on all devices together."""
    hosts: int | None = None
    """Devices."""
    stage: Stage | None = None
    training_since: datetime | None = None
    """When its first trial began."""
    last_report: datetime | None = None
    reports: int = 0
    """Reports of trials since then."""
    steps: int = 0
    """Optimizer steps reported since then, of all trials."""
    occupancy: Mapping[str, Any] | None = None
    """See `sweeps.pool.occupancy`; of each host by its name where there are several."""
    warnings: tuple[str, ...] = ()
    """What was found on the way and ends nothing."""

    @property
    def pace(self) -> float | None:
        """Steps a second of all trials together; None until each lane has spoken once on average.

        Lanes that train side by side report side by side: a first report alone would stand for
        the steps of all of them.
        """
        speakers = min(self.lanes or 1, self.trials or 1)
        if self.training_since is None or self.last_report is None or self.reports < speakers:
            return None
        seconds = (self.last_report - self.training_since).total_seconds()
        return self.steps / seconds if seconds > 0 and self.steps else None


@dataclass(frozen=True)
class Snapshot:
    """What is known of a sweep now."""

    sweep: str
    metric: str
    """The metric that is searched, on validation prompts."""
    goal: Literal["maximize", "minimize"]
    max_steps: int
    being: Being
    trials: tuple[Trial, ...]
    """All that were begun, baselines and finalists' further trainings included."""
    curves: Mapping[str, tuple[float, ...]]
    """The metric at each report, by trial."""
    now: datetime
    pulse: Pulse | None = None
    """None where the folder holds no sign of life."""
    wanted: int | None = None
    """Trials that the search will have at most; None: not known."""
    best: str | None = None
    """The winner, once the sweep has ended."""
    tied: tuple[str, ...] = ()
    """Those that are not shown to be worse than the winner, without it."""
    resume: str | None = None
    """The command that goes on with a sweep that was cut off."""
    report: str | None = None
    """Where the report of an ended sweep is."""
    rungs: Mapping[int, int] = field(default_factory=dict)
    """Trials that early stopping has ended, by the step."""

    @property
    def searched(self) -> list[Trial]:
        """Trials of the search."""
        return [trial for trial in self.trials if of_search(trial.trial_id)]

    @property
    def again(self) -> list[Trial]:
        """Finalists' trainings with other seeds."""
        known = [*BASELINES]
        return [t for t in self.trials if not of_search(t.trial_id) and t.trial_id not in known]

    @property
    def seconds(self) -> float | None:
        """Wall time of this start, up to now or to its last sign of life."""
        if self.pulse is None:
            return None
        until = self.now if self.being == "running" else self.pulse.at
        return max(0.0, (until - self.pulse.since).total_seconds())

    @property
    def steps(self) -> tuple[int, int | None]:
        """Optimizer steps that trials have reported, and all there can be; None: not known."""
        done = sum(trial.step or 0 for trial in [*self.searched, *self.again])
        if self.wanted is None or self.pulse is None:
            return done, None
        return done, (self.wanted + self.pulse.repeats) * self.max_steps

    @property
    def steps_left(self) -> Left | None:
        """Optimizer steps that are left; None where the sweep does not run, or not known."""
        if self.being != "running" or self.pulse is None or self.wanted is None:
            return None
        return steps_left(self.trials, self.max_steps, self.wanted, self.pulse.repeats)

    @property
    def left(self) -> Left | None:
        """Seconds of training that are left; None where the sweep does not run, or not known yet.

        What passed since the last report is taken off.
        """
        steps = self.steps_left
        if steps is None or self.pulse is None or self.pulse.last_report is None:
            return None
        found = seconds_left(steps, self.pulse.pace)
        if found is None:
            return None
        passed = (self.now - self.pulse.last_report).total_seconds()
        about = None if found.about is None else max(0.0, found.about - passed)
        return Left(max(0.0, found.at_most - passed), about)

    def score(self, trial: Trial) -> Figure | None:
        """A trial's number in the metric that is searched, at its last report."""
        return trial.metrics.get(self.metric)

    def ordered(self) -> list[Trial]:
        """Base and SFT, then the search's trials, best first, then those without a number."""
        sign = -1.0 if self.goal == "maximize" else 1.0

        def rank(trial: Trial) -> tuple[int, float]:
            figure = self.score(trial)
            if trial.trial_id in BASELINES:
                return BASELINES.index(trial.trial_id), 0.0
            return (2, sign * figure.value) if figure else (3, 0.0)

        shown = [t for t in self.trials if of_search(t.trial_id) or t.trial_id in BASELINES]
        return sorted(shown, key=rank)

    def leader(self) -> Trial | None:
        """The trial of the search with the best number so far, however far it has come."""
        able = [trial for trial in self.searched if self.score(trial) is not None]
        return next((trial for trial in self.ordered() if trial in able), None)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON: what the screen shows, as numbers."""
        done, of = self.steps
        left, pulse = self.left, self.pulse
        return {
            "sweep": self.sweep,
            "state": self.being,
            "at": told(self.now),
            "metric": {"name": self.metric, "goal": self.goal},
            "seconds": self.seconds,
            "seconds_left": None if left is None else left._asdict(),
            "steps": {"done": done, "at_most": of, "per_second": pulse.pace if pulse else None},
            "stage": asdict(pulse.stage) if pulse and pulse.stage else None,
            "lanes": pulse.lanes if pulse else None,
            "hosts": pulse.hosts if pulse else None,
            "occupancy": pulse.occupancy if pulse else None,
            "warnings": list(pulse.warnings) if pulse else [],
            "trials_wanted": self.wanted,
            "stopped_at": {str(step): count for step, count in sorted(self.rungs.items())},
            "trials": [self._trial(trial) for trial in [*self.ordered(), *self.again]],
            "best": self.best,
            "tied": list(self.tied),
            "report": self.report,
            "resume": self.resume,
        }

    def _trial(self, trial: Trial) -> dict[str, Any]:
        figure = self.score(trial)
        return {
            "trial": trial.trial_id,
            "state": trial.state,
            "reason": trial.reason,
            "step": trial.step,
            "parameters": dict(trial.parameters),
            "score": None if figure is None else figure.parts(),
            "curve": list(self.curves.get(trial.trial_id, ())),
        }


def stopped_at(trials: Sequence[Trial]) -> dict[int, int]:
    """How many trials early stopping has ended, by the step at which."""
    found: dict[int, int] = {}
    for trial in trials:
        if trial.state == "stopped" and trial.step is not None:
            found[trial.step] = found.get(trial.step, 0) + 1
    return found


def winners(summary: Mapping[str, Any]) -> tuple[str | None, tuple[str, ...]]:
    """Who won, by summary.json, and who is tied with it; None and nobody where nobody won."""
    best = (summary.get("best") or {}).get("trial")
    return best, tuple(trial for trial in summary.get("tied", ()) if trial != best)


def told(moment: datetime | None) -> str | None:
    """A moment as files hold it."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds")


def moment(text: str | None) -> datetime | None:
    """The inverse of `told`."""
    return None if text is None else datetime.fromisoformat(text)
