"""The sweep that a dashboard shows, and under which names its runs log what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from empathy.errors import UserError
from empathy.metrics import METRICS
from sweeps.record.ledger import TRIALS, Record, read_record
from sweeps.sweepfile import spec as sweep_files
from sweeps.sweepfile.manifest import MANIFEST, read_manifest
from sweeps.sweepfile.sections import Aim
from sweeps.sweepfile.spec import SweepSpec
from sweeps.watching import status
from sweeps.watching.sweep_run import DRIFT, headline
from sweeps.watching.tracked import LEADERBOARD, OURS, is_curve, job_of, key_of, numbers

OPTION = "--dashboard"
TRL = {
    "dpo": (
        *("rewards/margins", "rewards/accuracies", "rewards/chosen", "rewards/rejected"),
        *("logps/chosen", "logps/rejected", "loss", "grad_norm"),
    ),
    "sft": ("loss", "logps/chosen", "grad_norm"),
}
"""The curves of training by objective, under TRL's names, the most telling first."""
BESIDE = ("empathy", "empathy_referee", "relevance", DRIFT, "words")
"""Of our metrics those that are shown of a sweep that has not reported any yet, beside its aims and
guards."""


@dataclass(frozen=True)
class Subject:
    """A sweep as its file or its results folder gives it."""

    spec: SweepSpec
    record: Record | None = None
    """Its results; None before there are any."""

    @property
    def run_id(self) -> str | None:
        """The name of this run of the sweep, which its W&B runs have as their group."""
        return None if self.record is None else str(self.record.manifest["run_id"])

    @property
    def metric(self) -> str:
        """The number that drives the search, as runs log it."""
        return key_of(self.spec.metric.name)

    @property
    def ascending(self) -> bool:
        """Whether the best run comes first when runs are sorted upwards by that number."""
        return self.spec.metric.goal == "minimize"

    @cached_property
    def logged(self) -> frozenset[str] | None:
        """Every name that trials, base, SFT and the sweep's own run of an ended sweep have logged;
        None where more may come."""
        if self.record is None or self.record.summary is None:
            return None
        rows = (row for row in self.record.history if job_of(row["trial_id"]) != "finalist")
        told = {name for row in rows for name in numbers(row)}
        return frozenset(told | {LEADERBOARD, *headline(self.record.summary)})

    def known(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys that runs log: no panel stays empty for one that nobody measured."""
        return [key for key in keys if self.logged is None or key in self.logged]

    @property
    def curves(self) -> list[str]:
        """The keys of the training curves."""
        return self.known(TRL[self.spec.objective])

    @property
    def rivals(self) -> list[str]:
        """Metrics to hold the score against: the other aims, the drift, the guards."""
        guards = self.spec.guards.limits
        names = dict.fromkeys((*self._also, DRIFT, *guards))
        own = self.spec.metric.name
        return [name for name in names if name != own and self.known([key_of(name)])]

    @property
    def metrics(self) -> list[str]:
        """Our metrics by name, the driving one first; of an ended sweep all that were measured."""
        aims = [aim.name for aim in self.spec.metric.aims]
        more = METRICS if self.logged is not None else (*BESIDE, *self.spec.guards.limits)
        names = dict.fromkeys((*aims, *more))
        return [name for name in names if self.known([f"{OURS}{name}"]) and not is_curve(name)]

    @property
    def _also(self) -> Sequence[str]:
        also: tuple[Aim, ...] = self.spec.metric.also
        return [aim.name for aim in also]


def find(sweep: str | None, overrides: Sequence[str], out: str | None) -> Subject:
    """The sweep of that name or in that folder; without either, the latest in `results`.

    Where it has results, its settings are those that it ran with. Raises UserError where there is
    no such sweep.
    """
    folder = Path(out) if out else None
    if sweep is None:
        folder = status.sweep_in(folder or Path("results"), OPTION)
        return Subject(sweep_files.load(str(folder), overrides), read_record(folder))
    found = sweep_files.load(sweep, overrides)
    if folder is None:
        folder = Path(sweep) if Path(sweep).is_dir() else Path("results") / found.name
    if not (folder / MANIFEST).is_file() or not (folder / TRIALS).is_file():
        return Subject(found)
    held = read_manifest(folder).get("sweep")
    if held != found.name:
        raise UserError(
            f"{folder} holds results of sweep '{held}', not of '{found.name}': name the folder "
            f"alone, as in {OPTION} --out {folder}, or another sweep"
        )
    return Subject(sweep_files.load(str(folder), overrides), read_record(folder))
