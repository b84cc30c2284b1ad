"""Who may use a lane: a trial's client takes a lease, and every call carries the lease's token.

Ray Tune may hand one trial's process to another trial, or start a second process for a trial
whose first one it believes dead. With leases keyed by trial, the late goodbye of the first would
close the lane of the second. A token names one incarnation, and a stale one is refused.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from empathy.errors import SweepStoppedError, UserError
from empathy.settings import TrialSettings

TRIAL = "trial_id"  # the key of a trial's short name in its Ray Tune config


def trial_name(number: int) -> str:
    """What people call the trial: t000, t001 ..."""
    return f"t{number:03d}"


def trial_number(name: str) -> int:
    """The number in a trial's name; the inverse of `trial_name`."""
    return int(name.removeprefix("t"))


class StaleLeaseError(LookupError):
    """The token belongs to a lease that has ended."""


class StoppedError(RuntimeError):
    """The host has stopped: it will never report anything again."""


class HungError(RuntimeError):
    """The host gives no sign of life."""


class DrainingError(RuntimeError):
    """The host is about to go: its trials go on from their checkpoints at another."""


NOT_THE_TRIALS_FAULT = (StoppedError, DrainingError, SweepStoppedError)
"""Errors that cut a trial off and do not fail it: it goes on elsewhere, or when resumed."""


@dataclass
class Lease:
    """One incarnation of a trial on a host."""

    trial_id: str
    settings: TrialSettings
    resume: bool
    """Go on from the trial's checkpoint."""
    heard: int = 0
    """The step of the last report that its client has heard: the checkpoint must have got there."""
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    step: int = 0
    """Steps its lane has finished."""
    lane: int | None = None
    """None while it waits for a lane to fall free."""
    wanted: bool = False
    """Its client waits for the next report: only then does the lane step on."""
    row: dict[str, Any] | None = None
    """A report that its client has not taken yet."""
    decided: float = field(default_factory=time.monotonic)
    """When its last report was handed out, or it was taken (monotonic seconds)."""
    curves: list[dict[str, float]] = field(default_factory=list)
    """Training curves of the steps since the last report."""
    seconds: float = 0.0
    """Wall time of the passes that this lane took part in."""
    resumed: bool = False
    """Its lane stands at a checkpoint's report, which its client has not got."""

    def since_report(self) -> float:
        """Seconds since its last report was handed out, or since it was taken."""
        return time.monotonic() - self.decided

    @property
    def told(self) -> dict[str, Any]:
        """What its checkpoint keeps: a report may be lost with its client, its curves are here."""
        return {"curves": self.curves, "seconds": self.seconds}

    def found(self, checkpoint: Path) -> Path | None:
        """The checkpoint to go on from, None for a trial that starts; `UserError` if it is gone."""
        if not self.resume or not (self.heard or checkpoint.exists()):
            return None
        if not checkpoint.exists():
            raise UserError(self._behind(checkpoint, "is not there"))
        return checkpoint

    def take_up(self, checkpoint: Path, step: int, told: Mapping[str, Any]) -> None:
        """Go on from a checkpoint. Raises `UserError` if its client has heard of later steps."""
        self.step, self.curves = step, list(told.get("curves", ()))
        self.seconds = max(self.seconds, told.get("seconds", 0.0))
        if step < self.heard:
            raise UserError(self._behind(checkpoint, f"is at step {step}"))

    def repeat_unless_heard(self, *, last: bool) -> None:
        """Its lane stands at a report, perhaps the last, without which it would not end."""
        self.resumed = last or self.step > self.heard
        if not self.resumed:
            self.curves = []  # which were heard as well

    def _behind(self, checkpoint: Path, what: str) -> str:
        return (
            f"{self.trial_id} has reported step {self.heard}, but here its checkpoint {checkpoint} "
            f"{what}: --out must be a folder that all nodes share; give one, and start again"
        )


class Leases:
    """All leases of a host, by token. Not thread-safe: the host holds its lock around each call."""

    def __init__(self) -> None:
        self._by_token: dict[str, Lease] = {}
        self._errors: dict[str, Exception] = {}

    def take(
        self, trial_id: str, settings: TrialSettings, *, resume: bool, heard: int = 0
    ) -> Lease:
        """A new lease; an earlier one of the same trial is over."""
        lease = Lease(trial_id, settings, resume, heard)
        self._by_token[lease.token] = lease
        return lease

    def of_trial(self, trial_id: str) -> list[Lease]:
        """The trial's leases, at most one outside of a hand-over."""
        return [lease for lease in self._by_token.values() if lease.trial_id == trial_id]

    def get(self, token: str) -> Lease:
        """The lease of that token; raises the error that ended it, or `StaleLeaseError`."""
        if token in self._errors:
            raise self._errors[token]
        if token not in self._by_token:
            raise StaleLeaseError(f"lease {token} has ended")
        return self._by_token[token]

    def end(self, token: str, error: Exception | None = None) -> Lease | None:
        """End a lease, perhaps by an error that its holder will meet; None if it had ended."""
        lease = self._by_token.pop(token, None)
        if lease is not None and error is not None:
            self._errors[token] = error
        return lease

    @property
    def waiting(self) -> list[Lease]:
        """Leases without a lane, oldest first."""
        return [lease for lease in self._by_token.values() if lease.lane is None]

    @property
    def seated(self) -> list[Lease]:
        """Leases with a lane, oldest first."""
        return [lease for lease in self._by_token.values() if lease.lane is not None]
